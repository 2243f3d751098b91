// Makes operations from a seed. An operation is plain data, so that a sequence of them can be played
// again with some left out; the model's table is only looked at for what would be worth asking.

import { SHAPE, keyOf } from './table.mjs';
import { kindOf } from './value.mjs';

// chance(n): 0…n-1, the same ones for the same seed.
export function chanceFrom(seed) {
  let state = 2166136261;
  for (const character of String(seed)) state = Math.imul(state ^ character.codePointAt(0), 16777619) >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const TEXTS = ['a', 'ab', 'abc', 'b', 'a\0', 'a\0b', 'a\0\0', '\x01', 'é', '\uffff', '\u{1f600}', 'Z', ' ', '"\\/'];
const BYTES = [[0], [0, 0], [0, 255], [0, 1], [1], [255], [255, 0], [255, 255], [254], [97, 98]].map((bytes) => Buffer.from(bytes).toString('base64'));
const NUMBERS = ['0', '1', '-1', '10', '100', '99', '9', '1.5', '-1.5', '0.05', '-10', '1e-130', '-1e-130', '9.9e125', '-9.9e125', '12345678901234567890123456789012345678',
  '-1.2345678901234567890123456789012345678', '1234567890.0123456789', '2', '3'];
const SPELLINGS = [(text) => text, (text) => text, (text) => (text.startsWith('-') ? text : `+${text}`), (text) => (text.includes('e') ? text : `${text}e0`),
  (text) => (/[.e]/.test(text) ? text : `${text}.00`), (text) => (/[.e]/.test(text) ? text : text.replace(/^-?/, '$&00')), (text) => (text === '0' ? '-0' : text)];
const NAMES = ['aa', 'bb', 'nn', 'mm', 'll', 'ss', 'ns', 'bs', 'x.y', 'size', 'ü b'];
const MEMBERS = ['aa', 'nn', 'ss', 'll', 'mm', 'k 1'];
const USUAL = { nn: 'N', mm: 'M', ll: 'L', ss: 'SS', ns: 'NS', bs: 'BS' };
const KINDS = ['S', 'N', 'B', 'BOOL', 'NULL', 'L', 'M', 'SS', 'NS', 'BS'];

export class Generator {
  // `owner` keeps several generators' keys apart; one item in `padded` has a string of up to `pad` bytes.
  constructor(seed, table, { owner = '', partitions = 3, sortKeys = NUMBERS.length, pad = 3000, padded = 8 } = {}) {
    this.chance = chanceFrom(seed);
    this.table = table;
    this.owner = owner;
    this.partitions = partitions;
    this.sortKeys = sortKeys;
    this.pad = pad;
    this.padded = padded;
  }

  one(list) {
    return list[this.chance(list.length)];
  }

  // One time in n.
  rarely(n) {
    return this.chance(n) === 0;
  }

  times(least, most, make) {
    return Array.from({ length: least + this.chance(most - least + 1) }, make);
  }

  // ---- values ----

  // Digits and an exponent as they come; at the ends of the range the service refuses some.
  longNumber() {
    const digits = this.times(1, this.rarely(30) ? 40 : 38, () => this.chance(10)).join('');
    const exponent = this.rarely(3) ? this.chance(250) - 145 : this.chance(20) - 30;
    return { N: `${this.rarely(2) ? '-' : ''}${digits}e${exponent}` };
  }

  number() {
    if (this.rarely(10)) return this.longNumber();
    const text = this.rarely(3) ? String(this.chance(2000) - 1000) : this.one(NUMBERS);
    return { N: this.one(SPELLINGS)(text) };
  }

  set(kind) {
    const make = { SS: () => this.one(TEXTS), NS: () => this.number().N, BS: () => this.one(BYTES) }[kind];
    const members = this.times(1, 4, make);
    return { [kind]: this.rarely(30) ? members : this.apart(kind, members) };
  }

  // Without members of one value, for those are refused.
  apart(kind, members) {
    const number = (text) => (kind === 'NS' ? String(Number(text) + 0) : text);
    return members.filter((member, at) => members.findIndex((other) => number(other) === number(member)) === at);
  }

  value(depth = 0, kind = this.one(KINDS)) {
    const inner = () => this.value(depth + 1, depth >= 3 ? this.one(['S', 'N', 'BOOL']) : undefined);
    switch (kind) {
      case 'S': return { S: this.rarely(12) ? '' : this.rarely(20) ? 'x'.repeat(this.chance(3000)) : this.one(TEXTS) };
      case 'N': return this.number();
      case 'B': return { B: this.rarely(12) ? '' : this.one(BYTES) };
      case 'BOOL': return { BOOL: this.rarely(2) };
      case 'NULL': return { NULL: true };
      case 'L': return { L: this.times(0, 4, inner) };
      case 'M': return { M: Object.fromEntries(this.times(0, 4, () => this.one(MEMBERS)).map((name) => [name, this.usual(name, depth + 1)])) };
      default: return this.set(kind);
    }
  }

  // What usually stands under that name, so that updates often fit.
  usual(name, depth = 0) {
    if (depth > 3) return this.number();
    return this.value(depth, USUAL[name] && !this.rarely(8) ? USUAL[name] : undefined);
  }

  // ---- keys and items ----

  key() {
    const items = [...this.table.items.values()];
    if (items.length && !this.rarely(3)) return keyOf(this.one(items));
    const at = this.chance(this.sortKeys);
    return { p: { S: `${this.owner}${this.rarely(150) ? '' : 'p'}${'\0'.repeat(this.chance(this.partitions))}` }, s: { N: this.one(SPELLINGS)(NUMBERS[at] ?? String(at * 7)) } };
  }

  // A value for an attribute that is a key of some index.
  indexKey(name) {
    if (this.rarely(40)) return this.value(0, this.owner ? 'BOOL' : undefined); // no one else's partition
    if (name === 'g' || name === 'm1') return { S: `${this.owner}${this.one(['g', 'g\0', 'ü'])}` };
    if (name === 'h') return { B: this.one(BYTES) };
    if (name === 'm2') return { N: this.one(['1', '1.0', '2.5']) };
    return name === 'r2' ? this.number() : { S: this.one(TEXTS) };
  }

  indexKeys() {
    return Object.values(SHAPE.indexes).filter((index) => !this.rarely(3)).flatMap((index) => [...Object.keys(index.hash), ...Object.keys(index.range)])
      .filter((name) => name !== 'p' && !this.rarely(12));
  }

  item() {
    const item = this.key();
    for (const name of this.indexKeys()) item[name] = this.indexKey(name);
    for (const name of this.times(0, 6, () => this.one(NAMES))) item[name] = this.usual(name);
    if (this.rarely(this.padded)) item.pad = { S: 'x'.repeat(this.chance(this.pad)) };
    if (this.rarely(3000)) item.pad = { S: 'x'.repeat(409300 + this.chance(600)) };
    return item;
  }

  // ---- paths ----

  // Mostly to something that is there, or right beside it.
  path(item) {
    const path = [this.one(NAMES)];
    let value = item?.[path[0]];
    while (!this.rarely(3)) {
      if (value?.M && !this.rarely(12)) path.push(this.one(this.rarely(2) && Object.keys(value.M).length ? Object.keys(value.M) : MEMBERS));
      else if (value?.L && !this.rarely(12)) path.push(this.rarely(4) ? this.chance(12) : this.chance(value.L.length + 1));
      else if (this.rarely(12)) path.push(this.rarely(2) ? this.one(MEMBERS) : this.chance(3));
      else break;
      value = typeof path.at(-1) === 'number' ? value?.L?.[path.at(-1)] : value?.M?.[path.at(-1)];
    }
    return path;
  }

  // The same, and if it can be found soon, to something that is there.
  present(item) {
    const tried = this.times(6, 6, () => this.path(item));
    return tried.find((path) => this.found(item, path)) ?? tried[0];
  }

  found(item, path) {
    return path.reduce((value, part) => (typeof part === 'number' ? value?.L?.[part] : value?.M?.[part]), { M: item ?? {} });
  }

  // Up to `most` paths, of which seldom two overlap.
  paths(item, most) {
    const all = this.times(1, most, () => this.path(item));
    const clash = (one, two) => JSON.stringify(one).startsWith(JSON.stringify(two).slice(0, -1)) || typeof one[1] !== typeof two[1] || one.length !== two.length;
    return this.rarely(40) ? all : all.filter((path, at) => all.slice(0, at).every((other) => other[0] !== path[0] || !clash(path, other) && !clash(other, path)));
  }

  // ---- conditions ----

  leaf(item, names) {
    const path = names ? [this.one(names)] : this.rarely(6) ? [this.one(['g', 'h', 't', 'm1', 'pad', 'p', 's'])] : this.path(item);
    const there = this.found(item, path);
    const near = () => ({ value: there && !this.rarely(3) ? there : this.usual(path[0]) });
    const ordered = () => (there && ['S', 'N', 'B'].includes(kindOf(there)) && this.rarely(2) ? there : this.rarely(30) ? this.value() : this.value(0, this.one(['S', 'N', 'N', 'B'])));
    switch (this.chance(11)) {
      case 0: case 1: return { op: this.one(['=', '<>']), of: [{ path }, near()] };
      case 2: return { op: this.one(['<', '<=', '>', '>=']), of: this.rarely(4) ? [{ value: ordered() }, { path }] : [{ path }, { value: ordered() }] };
      case 3: return { op: 'between', of: [{ path }, { value: ordered() }, this.rarely(2) ? { value: ordered() } : { path: this.path(item) }] };
      case 4: return { op: 'in', of: [{ path }, ...this.times(1, 4, near)] };
      case 5: return { op: this.one(['attribute_exists', 'attribute_not_exists']), of: [{ path }] };
      case 6: return { op: 'attribute_type', of: [{ path }, { value: { S: there && this.rarely(2) ? kindOf(there) : this.one(KINDS) } }] };
      case 7: return { op: 'begins_with', of: [{ path }, { value: { S: this.one(['', 'a', 'x', '\u{1f600}']) } }] };
      case 8: return { op: 'contains', of: [{ path }, this.rarely(4) ? { path: this.path(item) } : { value: this.element(there) }] };
      case 9: return { op: this.one(['=', '<', '>', '>=', '<>']), of: [{ size: path }, { value: { N: String(this.chance(5)) } }] };
      default: return { op: this.one(['=', '<>', '<', '>=']), of: [{ path }, { path: names ? [this.one(names)] : this.path(item) }] };
    }
  }

  // Something that may be in there.
  element(value) {
    if (value?.L?.length && this.rarely(2)) return this.one(value.L);
    for (const [set, kind] of [['SS', 'S'], ['NS', 'N'], ['BS', 'B']]) if (value?.[set]) return { [kind]: this.one(value[set]) };
    return this.value(1);
  }

  condition(item, names, depth = 0) {
    if (depth < 2 && this.rarely(3)) {
      const op = this.one(['and', 'or', 'not']);
      const inner = () => this.condition(item, names, depth + 1);
      return { op, of: op === 'not' ? [inner()] : this.times(2, 3, inner) };
    }
    return this.leaf(item, names);
  }

  // ---- updates ----

  operand(item, kind) {
    const same = Object.keys(item ?? {}).filter((name) => item[name][kind] !== undefined);
    if (same.length && this.rarely(2)) return { path: [this.one(same)] };
    if (this.rarely(12)) return { path: this.present(item) };
    if (this.rarely(4)) return { if_not_exists: [this.path(item), { value: this.value(1, kind) }] };
    return { value: this.value(1, this.rarely(60) ? undefined : kind) };
  }

  assigned(item, path) {
    switch (this.chance(7)) {
      case 0: return { plus: [this.operand(item, 'N'), this.operand(item, 'N')] };
      case 1: return { minus: [this.operand(item, 'N'), this.operand(item, 'N')] };
      case 2: return { list_append: [this.operand(item, 'L'), this.operand(item, 'L')] };
      case 3: return { if_not_exists: [this.path(item), { value: this.usual(path.at(-1)) }] };
      case 4: return { path: this.present(item) };
      default: return { value: this.usual(path.at(-1)) };
    }
  }

  update(item) {
    const update = {};
    const into = (section, action) => (update[section] ??= []).push(action);
    for (const path of this.paths(item, 6)) {
      const there = this.found(item, path);
      const kind = there ? kindOf(there) : this.one(['N', 'SS', 'NS', 'BS']);
      const choice = this.chance(10);
      if (choice < 5) into('set', { path, to: this.assigned(item, path) });
      else if (choice < 7) into('remove', { path });
      else if (/^[SNB]S$/.test(kind) && choice < 9) into('delete', { path, value: there && this.rarely(3) ? there : this.set(kind) });
      else into('add', { path, value: /^[SNB]S$/.test(kind) ? this.set(kind) : this.rarely(30) ? this.value() : this.number() });
    }
    for (const name of this.rarely(3) ? this.indexKeys().slice(0, 3) : []) {
      if (Object.values(update).flat().some(({ path }) => path[0] === name)) continue;
      if (this.rarely(3)) into('remove', { path: [name] });
      else into('set', { path: [name], to: { value: this.indexKey(name) } });
    }
    if (this.rarely(150)) into('set', { path: [this.one(['p', 's'])], to: { value: { N: '1' } } });
    return update;
  }

  // ---- operations ----

  detail() {
    return this.one([undefined, 'NONE', 'TOTAL', 'INDEXES', 'INDEXES', 'INDEXES']);
  }

  conditional(key) {
    if (!this.rarely(3)) return {};
    return { condition: this.condition(this.table.get(key)), onFailure: this.one([undefined, 'NONE', 'ALL_OLD']) };
  }

  write() {
    const common = { capacity: this.detail(), metrics: this.rarely(20) ? 'SIZE' : undefined };
    const choice = this.chance(12);
    if (choice < 3) {
      const item = this.item();
      return { operation: 'PutItem', item, ...common, returns: this.one([undefined, 'NONE', 'ALL_OLD']), ...this.conditional(keyOf(item)) };
    }
    const key = this.key();
    if (choice < 4) return { operation: 'DeleteItem', key, ...common, returns: this.one([undefined, 'NONE', 'ALL_OLD']), ...this.conditional(key) };
    return { operation: 'UpdateItem', key, ...common, update: this.rarely(50) ? undefined : this.update(this.table.get(key)),
      returns: this.one([undefined, 'NONE', 'ALL_OLD', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW', 'UPDATED_OLD', 'UPDATED_NEW']), ...this.conditional(key) };
  }

  batchWrite() {
    const writes = this.times(1, this.rarely(3) ? 25 : 6, () => (this.rarely(3) ? { key: this.key() } : { item: this.item() }));
    const spelled = ({ item, key }) => `${(key ?? item).p.S}/${Number((key ?? item).s.N)}`;
    return { operation: 'BatchWriteItem', capacity: this.detail(),
      writes: this.rarely(30) ? writes : writes.filter((write, at) => writes.findIndex((other) => spelled(other) === spelled(write)) === at) };
  }

  projection(item) {
    if (this.rarely(2)) return undefined;
    return [...(this.rarely(2) ? [['p']] : []), ...this.paths(item, 4)];
  }

  getItem() {
    const key = this.key();
    return { operation: 'GetItem', key, projection: this.projection(this.table.get(key)), consistent: this.rarely(2), capacity: this.detail() };
  }

  batchGet() {
    const keys = this.times(1, 12, () => this.key());
    const spelled = (key) => `${key.p.S}/${Number(key.s.N)}`;
    return { operation: 'BatchGetItem', capacity: this.detail(), consistent: this.rarely(2), projection: this.projection(this.table.get(keys[0])),
      keys: this.rarely(30) ? keys : keys.filter((key, at) => keys.findIndex((other) => spelled(other) === spelled(key)) === at) };
  }

  sortCondition(name, type, like) {
    const make = () => (like && this.rarely(2) ? like : type === 'N' ? this.number() : type === 'B' ? { B: this.one(BYTES) } : { S: this.one(TEXTS) });
    const op = this.one(['=', '<', '<=', '>', '>=', 'between', ...(type === 'N' ? [] : ['begins_with', 'begins_with'])]);
    return { name, op, values: op === 'between' ? [make(), make()] : [make()] };
  }

  query() {
    const index = this.one([undefined, undefined, 'local', 'sparse', 'multi']);
    const schema = SHAPE.indexes[index] ?? SHAPE.key;
    const entries = this.table.entries(index);
    const like = entries.length && !this.rarely(15) ? this.one(entries) : {};
    const other = (name) => (name === 'p' ? this.key().p : this.indexKey(name));
    const conditions = Object.keys(schema.hash).map((name) => ({ name, op: '=', values: [like[name] ?? other(name)] }));
    for (const [name, type] of Object.entries(schema.range)) {
      if (this.rarely(2)) break;
      const condition = this.rarely(3) ? { name, op: '=', values: [like[name] ?? other(name)] } : this.sortCondition(name, type, like[name]);
      conditions.push(condition);
      if (condition.op !== '=' && !this.rarely(30)) break;
    }
    if (this.rarely(2)) conditions.reverse();
    const read = this.read(index);
    const keys = [...Object.keys(schema.hash), ...Object.keys(schema.range)];
    if (read.filter && this.rarely(60)) read.filter = { op: 'attribute_exists', of: [{ path: [this.one(keys)] }] };
    return { operation: 'Query', ...read, conditions, backward: this.rarely(2), limits: this.limits(), start: this.start(like, schema) };
  }

  // A key to start behind; no item need be there.
  start(like, schema) {
    if (!this.rarely(8) || !like.p) return undefined;
    const names = ['p', 's', ...Object.keys(schema.hash), ...Object.keys(schema.range)];
    return { ...Object.fromEntries(names.map((name) => [name, like[name]])), ...(this.rarely(2) ? { s: this.number() } : {}) };
  }

  limits() {
    return this.rarely(3) ? [undefined] : this.times(1, 3, () => 1 + this.chance(this.rarely(2) ? 3 : 20));
  }

  read(index) {
    const item = this.table.entries(index).length ? this.one([...this.table.items.values()]) : undefined;
    const read = { index, capacity: this.detail(), consistent: index && index !== 'local' ? this.rarely(60) : this.rarely(2) };
    if (this.rarely(2)) read.filter = this.nonKey(this.condition(item, undefined), index, item);
    if (this.rarely(4)) {
      read.select = this.one(['COUNT', 'ALL_ATTRIBUTES', ...(index ? ['ALL_PROJECTED_ATTRIBUTES'] : [])]);
    } else if (this.rarely(3)) {
      const names = { sparse: ['p', 's', 'g', 'h'], multi: ['p', 's', 'm1', 'r2', 'nn'] }[index];
      read.projection = names && !this.rarely(15) ? [...new Set(this.times(1, 3, () => this.one(names)))].map((name) => [name]) : this.paths(item, 4);
    }
    return read;
  }

  // Filters of queries may not speak of keys; keys of all tables and indexes are left out of them.
  nonKey(condition, index, item) {
    const keys = JSON.stringify(condition).match(/"(path|size)":\["(p|s|g|h|t|m1)"/);
    return keys ? this.leaf(item, NAMES) : condition;
  }

  scan() {
    const read = this.read(this.one([undefined, undefined, 'local', 'sparse', 'multi']));
    return { operation: 'Scan', ...read, limits: this.limits(), segments: this.rarely(2) ? 1 : 2 + this.chance(6) };
  }

  next() {
    const choice = this.chance(100);
    if (choice < 52) return this.write();
    if (choice < 57) return this.batchWrite();
    if (choice < 67) return this.getItem();
    if (choice < 72) return this.batchGet();
    return choice < 94 ? this.query() : this.scan();
  }
}
