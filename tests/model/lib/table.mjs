// The model: a table with its indexes as a Map of items, and what each operation must answer. Nothing
// here is clever or fast: an index is made anew from all items whenever it is read.

import { Invalid, beginsWith, canonical, canonicalItem, compare, equal, itemSize, kindOf } from './value.mjs';
import { apply, checkCondition, checkDistinct, checkUpdate, holds, project, surelyMakes, targets, topNames } from './expression.mjs';

const ITEM_BYTES_MAX = 400 * 1024;
const PAGE_BYTES_MAX = 1024 * 1024;

export class Failed extends Error { // the condition was false; `item` is what it was false of
  constructor(item) {
    super('the condition is false');
    this.item = item;
  }
}

// { hash: { name: type }, range: { name: type } }; an index also has `local` and `project`.
export const SHAPE = {
  key: { hash: { p: 'S' }, range: { s: 'N' } },
  indexes: {
    local: { local: true, hash: { p: 'S' }, range: { t: 'S' }, project: [] },
    sparse: { local: false, hash: { g: 'S' }, range: { h: 'B' }, project: [] },
    multi: { local: false, hash: { m1: 'S', m2: 'N' }, range: { r1: 'S', r2: 'N' }, project: ['nn', 'mm'] },
  },
};

const typesOf = (schema) => ({ ...schema.hash, ...schema.range });
const KEY = typesOf(SHAPE.key);
const pick = (item, names) => Object.fromEntries(names.filter((name) => item[name] !== undefined).sort().map((name) => [name, item[name]]));
export const keyOf = (item) => pick(item, Object.keys(KEY));
export const keyText = (item) => JSON.stringify(keyOf(canonicalItem(keyOf(item))));

export function createRequest(TableName) {
  const keySchema = (schema) => ['hash', 'range'].flatMap((type) => Object.keys(schema[type]).map((AttributeName) => ({ AttributeName, KeyType: type.toUpperCase() })));
  const list = (local) => Object.entries(SHAPE.indexes).filter(([, index]) => index.local === local).map(([IndexName, index]) => ({
    IndexName, KeySchema: keySchema(index),
    Projection: index.project.length ? { ProjectionType: 'INCLUDE', NonKeyAttributes: index.project } : { ProjectionType: 'KEYS_ONLY' } }));
  const types = Object.assign({}, KEY, ...Object.values(SHAPE.indexes).map(typesOf));
  return { TableName, BillingMode: 'PAY_PER_REQUEST', KeySchema: keySchema(SHAPE.key),
    AttributeDefinitions: Object.entries(types).map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    LocalSecondaryIndexes: list(true), GlobalSecondaryIndexes: list(false) };
}

// ---- index entries ----

const projectedNames = (index) => [...Object.keys(KEY), ...Object.keys(typesOf(index)), ...index.project];

// What an index holds of an item; undefined when it isn't in it.
function entryOf(index, item) {
  if (item === undefined || Object.keys(typesOf(index)).some((name) => item[name] === undefined)) return undefined;
  return pick(item, projectedNames(index));
}

const units = (item, step) => Math.max(1, Math.ceil(itemSize(item) / step));
const writeUnits = (item) => (item === undefined ? 0 : units(item, 1024));

function entryUnits(index, before, after) {
  const old = entryOf(index, before);
  const now = entryOf(index, after);
  if (old === undefined || now === undefined) return writeUnits(old ?? now);
  if (equal(old, now)) return 0;
  const same = Object.keys(typesOf(index)).every((name) => equal(old[name], now[name]));
  return same ? Math.max(writeUnits(old), writeUnits(now)) : writeUnits(old) + writeUnits(now);
}

// ---- checks against the schema ----

function checkKeyValue(value, type, most) {
  if (value === undefined || kindOf(value) !== type) throw new Invalid('a key of another type');
  if (type === 'N') return;
  const bytes = Buffer.byteLength(value[type], type === 'S' ? 'utf8' : 'base64');
  if (bytes === 0 || bytes > most) throw new Invalid('length of a key');
}

function checkSchema(schema, item, sparse) {
  for (const [name, type] of Object.entries(schema.hash)) if (!sparse || item[name]) checkKeyValue(item[name], type, 2048);
  for (const [name, type] of Object.entries(schema.range)) if (!sparse || item[name]) checkKeyValue(item[name], type, 1024);
}

function checkItem(item) {
  checkSchema(SHAPE.key, item, false);
  for (const index of Object.values(SHAPE.indexes)) checkSchema(index, item, true);
  if (itemSize(item) > ITEM_BYTES_MAX) throw new Invalid('size of the item');
}

// What an update surely makes of a key of an index has its type, whatever the item holds.
function checkUpdateKinds(update) {
  const types = Object.assign({}, ...Object.values(SHAPE.indexes).map(typesOf));
  for (const { path, to, value } of Object.values(update).flat()) {
    const kind = surelyMakes(to ?? { value });
    if (path.length === 1 && kind && types[path[0]] && types[path[0]] !== kind) throw new Invalid('an index key of another type');
  }
}

export class Table {
  constructor(name, owner = '') {
    this.name = name;
    this.owner = owner; // what its partition keys begin with, when others have items in the same table
    this.items = new Map(); // by key; insertion order means nothing
  }

  get(key) {
    return this.items.get(keyText(key));
  }

  capacity(detail, onTable, onIndexes = {}) {
    if (detail !== 'TOTAL' && detail !== 'INDEXES') return {};
    const touched = Object.entries(onIndexes).filter(([, number]) => number > 0);
    const part = (local) => Object.fromEntries(touched.filter(([name]) => SHAPE.indexes[name].local === local).map(([name, number]) => [name, { CapacityUnits: number }]));
    const all = { TableName: this.name, CapacityUnits: touched.reduce((sum, [, number]) => sum + number, onTable) };
    if (detail === 'INDEXES') {
      all.Table = { CapacityUnits: onTable };
      if (Object.keys(part(true)).length) all.LocalSecondaryIndexes = part(true);
      if (Object.keys(part(false)).length) all.GlobalSecondaryIndexes = part(false);
    }
    return { ConsumedCapacity: all };
  }

  // ---- writes ----

  // Puts `after` where `before` was, and tells what that costs.
  replace(key, after) {
    const before = this.get(key);
    const onIndexes = Object.fromEntries(Object.entries(SHAPE.indexes).map(([name, index]) => [name, entryUnits(index, before, after)]));
    if (after === undefined) this.items.delete(keyText(key));
    else this.items.set(keyText(key), after);
    return { onTable: Math.max(1, writeUnits(before), writeUnits(after)), onIndexes };
  }

  metrics(write, key) {
    if (write.metrics !== 'SIZE') return {};
    return { ItemCollectionMetrics: { ItemCollectionKey: { p: canonical(key.p) }, SizeEstimateRangeGB: [0, 1] } };
  }

  checkedCondition({ condition, onFailure }, before) {
    if (condition && !holds(condition, before ?? {})) throw new Failed(onFailure === 'ALL_OLD' ? before : undefined);
  }

  // One of PutItem, UpdateItem, DeleteItem: the answer, or Invalid or Failed is thrown.
  write(write) {
    if (write.condition) checkCondition(write.condition);
    if (write.update) checkUpdate(write.update);
    const key = canonicalItem(write.key ?? keyOf(write.item));
    checkSchema(SHAPE.key, key, false);
    const item = write.item && canonicalItem(write.item);
    if (item) checkItem(item);
    if (write.update && targets(write.update).some(([name]) => name in KEY)) throw new Invalid('an update of the key');
    if (write.update) checkUpdateKinds(write.update);
    const before = this.get(key);
    this.checkedCondition(write, before);
    let after = item;
    if (write.operation === 'UpdateItem') after = apply(write.update ?? {}, before, key);
    if (after !== undefined) checkItem(after);
    const cost = this.replace(key, after);
    return { ...this.attributes(write, before, after), ...this.capacity(write.capacity, cost.onTable, cost.onIndexes), ...this.metrics(write, key) };
  }

  attributes({ returns, update }, before, after) {
    const image = { ALL_OLD: before, UPDATED_OLD: before, ALL_NEW: after, UPDATED_NEW: after }[returns];
    if (image === undefined) return {};
    if (returns.startsWith('ALL')) return { Attributes: image };
    const touched = update ? project(image, targets(update)) : {};
    return Object.keys(touched).length ? { Attributes: touched } : {};
  }

  batchWrite({ writes, capacity }) {
    const all = writes.map(({ item, key }) => ({ item: item && canonicalItem(item), key: canonicalItem(key ?? keyOf(item)) }));
    for (const { item, key } of all) {
      checkSchema(SHAPE.key, key, false);
      if (item) checkItem(item);
    }
    if (new Set(all.map(({ key }) => keyText(key))).size < all.length) throw new Invalid('a key twice');
    let onTable = 0;
    const onIndexes = Object.fromEntries(Object.keys(SHAPE.indexes).map((name) => [name, 0]));
    for (const { item, key } of all) {
      const cost = this.replace(key, item);
      onTable += cost.onTable;
      for (const name of Object.keys(onIndexes)) onIndexes[name] += cost.onIndexes[name];
    }
    const { ConsumedCapacity } = this.capacity(capacity, onTable, onIndexes);
    return { UnprocessedItems: {}, ...(ConsumedCapacity ? { ConsumedCapacity: [ConsumedCapacity] } : {}) };
  }

  // ---- reads ----

  readUnits(bytes, consistent) {
    return Math.max(1, Math.ceil(bytes / 4096)) * (consistent ? 1 : 0.5);
  }

  getItem({ key, projection, consistent, capacity }) {
    if (projection) checkDistinct(projection);
    checkSchema(SHAPE.key, canonicalItem(key), false);
    const item = this.get(key);
    const shown = item && (projection ? project(item, projection) : item);
    return { ...(item ? { Item: shown } : {}), ...this.capacity(capacity, this.readUnits(item ? itemSize(item) : 0, consistent)) };
  }

  // Its items in the order of the keys: the service's is nobody's promise.
  batchGet({ keys, projection, consistent, capacity }) {
    if (projection) checkDistinct(projection);
    for (const key of keys) checkSchema(SHAPE.key, canonicalItem(key), false);
    if (new Set(keys.map(keyText)).size < keys.length) throw new Invalid('a key twice');
    const found = keys.map((key) => this.get(key));
    const items = found.filter(Boolean).map((item) => (projection ? project(item, projection) : item));
    const onTable = found.reduce((sum, item) => sum + this.readUnits(item ? itemSize(item) : 0, consistent), 0);
    const { ConsumedCapacity } = this.capacity(capacity, onTable);
    return { Responses: { [this.name]: items }, UnprocessedKeys: {}, ...(ConsumedCapacity ? { ConsumedCapacity: [ConsumedCapacity] } : {}) };
  }

  // The entries of an index, or the items of the table.
  entries(indexName) {
    const items = [...this.items.values()];
    if (!indexName) return items;
    return items.map((item) => entryOf(SHAPE.indexes[indexName], item)).filter(Boolean);
  }

  checkRead(read) {
    const index = SHAPE.indexes[read.index];
    if (read.filter) checkCondition(read.filter);
    if (read.projection) checkDistinct(read.projection);
    if (!index) return;
    if (!index.local && read.consistent) throw new Invalid('a consistent read of a global index');
    if (!index.local && read.select === 'ALL_ATTRIBUTES') throw new Invalid('all attributes of a global index');
    const unknown = (read.projection ?? []).some(([name]) => !projectedNames(index).includes(name));
    if (!index.local && unknown) throw new Invalid('an attribute that the index has not');
  }

  // A local index has its items fetched for what it doesn't hold.
  fetches(read) {
    const index = SHAPE.indexes[read.index];
    if (!index?.local) return false;
    const names = [...(read.projection ?? []).map(([name]) => name), ...(read.filter ? topNames(read.filter) : [])];
    return read.select === 'ALL_ATTRIBUTES' || names.some((name) => !projectedNames(index).includes(name));
  }

  // What a Query or Scan shows of these entries.
  shown(read, entries) {
    const whole = this.fetches(read);
    const all = entries.map((entry) => [entry, whole ? this.get(entry) : entry]);
    const kept = all.filter(([, item]) => !read.filter || holds(read.filter, item));
    if (read.projection) return kept.map(([, item]) => project(item, read.projection));
    return kept.map(([entry, item]) => (read.select === 'ALL_ATTRIBUTES' ? item : entry));
  }

  // All that a Query may find, in its order. Entries of equal index keys come in the order of the table's.
  queryRows(read) {
    const schema = SHAPE.indexes[read.index] ?? SHAPE.key;
    this.checkRead(read);
    checkKeyConditions(read, schema);
    if (read.filter && topNames(read.filter).some((name) => name in typesOf(schema))) throw new Invalid('a filter on the key');
    const order = [...Object.keys(schema.range), ...Object.keys(KEY)];
    const rows = this.entries(read.index).filter((entry) => matches(read, entry));
    rows.sort((left, right) => {
      const name = order.find((each) => compare(left[each], right[each]) !== 0);
      return name ? compare(left[name], right[name]) : 0;
    });
    return read.backward ? rows.reverse() : rows;
  }

  // One page of a Query: what is behind `start` (a key, or undefined) among its rows.
  queryPage(read, limit, start) {
    const schema = SHAPE.indexes[read.index] ?? SHAPE.key;
    const order = [...Object.keys(schema.range), ...Object.keys(KEY)];
    const rows = this.queryRows(read);
    if (start && !matches(read, canonicalItem(start))) throw new Invalid('a start outside of the query');
    const behind = (entry) => {
      const name = order.find((each) => compare(entry[each], start[each]) !== 0);
      return name !== undefined && (compare(entry[name], start[name]) > 0) !== Boolean(read.backward);
    };
    const fetches = this.fetches(read);
    const examined = [];
    let bytes = 0;
    let ended = false;
    for (const entry of start ? rows.filter(behind) : rows) {
      examined.push(entry);
      bytes += itemSize(entry) + (fetches ? itemSize(this.get(entry)) : 0);
      ended = examined.length === limit || bytes >= PAGE_BYTES_MAX;
      if (ended) break;
    }
    const items = this.shown(read, examined);
    return { ...(read.select === 'COUNT' ? {} : { Items: items }), Count: items.length, ScannedCount: examined.length,
      ...(ended ? { LastEvaluatedKey: pick(examined.at(-1), [...Object.keys(KEY), ...Object.keys(typesOf(schema))]) } : {}),
      ...this.readCapacity(read, examined) };
  }

  readCapacity(read, examined) {
    const bytes = examined.reduce((sum, entry) => sum + itemSize(entry), 0);
    const here = this.readUnits(bytes, read.consistent);
    const fetched = this.fetches(read) ? examined.map((entry) => this.readUnits(itemSize(this.get(entry)), read.consistent)) : [];
    const sum = fetched.reduce((total, each) => total + each, 0);
    return read.index ? this.capacity(read.capacity, sum, { [read.index]: here }) : this.capacity(read.capacity, here);
  }

  // ---- at the end ----

  sizes() {
    const of = (entries) => ({ items: entries.length, bytes: entries.reduce((sum, entry) => sum + itemSize(entry), 0) });
    return Object.fromEntries([['', of(this.entries())], ...Object.keys(SHAPE.indexes).map((name) => [name, of(this.entries(name))])]);
  }
}

// ---- key conditions: { name, op, values }, one an attribute ----

function holdsKey({ name, op, values }, entry) {
  const value = entry[name];
  const [first, second] = values.map(canonical);
  const order = compare(value, first);
  switch (op) {
    case '=': return order === 0;
    case '<': return order < 0;
    case '<=': return order <= 0;
    case '>': return order > 0;
    case '>=': return order >= 0;
    case 'between': return order >= 0 && compare(value, second) <= 0;
    case 'begins_with': return beginsWith(value, first);
    default: throw new Error(op);
  }
}

const matches = (read, entry) => read.conditions.every((condition) => holdsKey(condition, entry));

function checkKeyConditions({ conditions }, schema) {
  const types = typesOf(schema);
  const of = (name) => conditions.find((condition) => condition.name === name);
  for (const { name, op, values } of conditions) {
    if (values.some((value) => kindOf(canonical(value)) !== types[name])) throw new Invalid('a key of another type');
    if (op === '=') checkKeyValue(canonical(values[0]), types[name], name in schema.hash ? 2048 : 1024);
    if (op === 'begins_with' && types[name] === 'N') throw new Invalid('begins_with on a number');
    if (op === 'between' && compare(canonical(values[0]), canonical(values[1])) > 0) throw new Invalid('bounds of BETWEEN');
  }
  if (Object.keys(schema.hash).some((name) => of(name)?.op !== '=')) throw new Invalid('a partition key without =');
  let last = false; // an inequality, or nothing at all, is the last
  for (const name of Object.keys(schema.range)) {
    if (of(name) && last) throw new Invalid('a gap among the sort keys');
    last ||= of(name)?.op !== '=';
  }
}
