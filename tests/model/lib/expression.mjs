// Expressions as trees of plain objects: what they mean, and how they are written in a request.
//
//   path       ['map', 'name', 3]
//   operand    { path } { value } { size: path }; in updates also { plus: [a, b] } { minus: [a, b] }
//              { if_not_exists: [path, operand] } { list_append: [a, b] }
//   condition  { op: '<', of: [operand, operand] } and the like, { op: 'and' | 'or' | 'not', of: [condition…] }
//   update     { set: [{ path, to: operand }], remove: [{ path }], add: [{ path, value }], delete: [{ path, value }] }

import { Invalid, addNumbers, beginsWith, canonical, compare, contains, copy, count, equal, isOrdered, isSet, kindOf,
  subtractNumbers } from './value.mjs';

// ---- paths ----

function step(value, part) {
  if (value === undefined) return undefined;
  if (typeof part === 'number') return value.L?.[part];
  return value.M !== undefined && Object.hasOwn(value.M, part) ? value.M[part] : undefined;
}

export const find = (item, path) => path.reduce(step, { M: item });

// Neither may be the other's parent, nor may one take a list for what the other takes for a map.
function related(one, two) {
  for (let at = 0; at < Math.min(one.length, two.length); at++) {
    if (typeof one[at] !== typeof two[at]) return true;
    if (one[at] !== two[at]) return false;
  }
  return true;
}

export function checkDistinct(paths) {
  paths.forEach((one, at) => {
    if (paths.slice(at + 1).some((two) => related(one, two))) throw new Invalid('paths overlap or conflict');
  });
}

function projectValue(value, paths) {
  if (paths.some((path) => path.length === 0)) return value;
  const below = (part) => projectValue(step(value, part), paths.filter((path) => path[0] === part).map((path) => path.slice(1)));
  if (value === undefined) return undefined;
  const parts = [...new Set(paths.map((path) => path[0]))];
  if (typeof parts[0] === 'number') {
    const elements = parts.sort((left, right) => left - right).map(below).filter((element) => element !== undefined);
    return elements.length ? { L: elements } : undefined;
  }
  const members = parts.sort().map((part) => [part, below(part)]).filter(([, member]) => member !== undefined);
  return members.length ? { M: Object.fromEntries(members) } : undefined;
}

// The parts of an item under these paths; list elements stand close together.
export const project = (item, paths) => projectValue({ M: item }, paths)?.M ?? {};

// ---- conditions ----

function operand(of, item) {
  if (of.path) return find(item, of.path);
  if (of.value) return canonical(of.value);
  const size = count(find(item, of.size));
  return size === undefined ? undefined : { N: String(size) };
}

function holdsOrder(op, left, right) {
  const order = compare(left, right);
  if (order === undefined) return false;
  return { '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[op];
}

export function holds(condition, item) {
  const { op, of } = condition;
  if (op === 'and') return of.every((one) => holds(one, item));
  if (op === 'or') return of.some((one) => holds(one, item));
  if (op === 'not') return !holds(of[0], item);
  const [left, ...others] = of.map((one) => operand(one, item));
  switch (op) {
    case '=': return equal(left, others[0]);
    case '<>': return !equal(left, others[0]);
    case '<': case '<=': case '>': case '>=': return holdsOrder(op, left, others[0]);
    case 'between': return holdsOrder('>=', left, others[0]) && holdsOrder('<=', left, others[1]);
    case 'in': return others.some((other) => equal(left, other));
    case 'attribute_exists': return left !== undefined;
    case 'attribute_not_exists': return left === undefined;
    case 'attribute_type': return left !== undefined && kindOf(left) === others[0].S;
    case 'begins_with': return beginsWith(left, others[0]);
    case 'contains': return contains(left, others[0]);
    default: throw new Error(op);
  }
}

const constant = (of) => (of.value ? canonical(of.value) : undefined);
const isPair = (op) => ['=', '<>', '<', '<=', '>', '>=', 'begins_with', 'contains'].includes(op);

// What is refused whatever the item holds.
export function checkCondition({ op, of }) {
  if (op === 'and' || op === 'or' || op === 'not') {
    of.forEach(checkCondition);
    return;
  }
  const constants = of.map(constant);
  const kinds = constants.filter(Boolean).map(kindOf);
  if (['<', '<=', '>', '>=', 'between'].includes(op) && !kinds.every(isOrdered)) throw new Invalid(`a type without order: ${op}`);
  if (op === 'begins_with' && !kinds.every((kind) => kind === 'S' || kind === 'B')) throw new Invalid('begins_with of another type');
  if (isPair(op) && of[0].path && of[1].path && equal(of[0].path, of[1].path)) throw new Invalid('operands must be distinct');
  if (op === 'between' && constants[1] && constants[2] && !(compare(constants[1], constants[2]) <= 0)) throw new Invalid('bounds of BETWEEN');
}

// The attributes it looks at.
export function topNames({ op, of }) {
  if (op === 'and' || op === 'or' || op === 'not') return of.flatMap(topNames);
  return of.flatMap((one) => (one.path ?? one.size ?? []).slice(0, 1));
}

// ---- updates ----

export const targets = (update) => ['set', 'remove', 'add', 'delete'].flatMap((section) => (update[section] ?? []).map(({ path }) => path));

function checkOperand(of) {
  const wanted = of.list_append ? 'L' : 'N';
  for (const inner of of.list_append ?? of.plus ?? of.minus ?? []) {
    if (inner.value && kindOf(canonical(inner.value)) !== wanted) throw new Invalid('an operand of another type');
    checkOperand(inner);
  }
  if (of.if_not_exists) checkOperand(of.if_not_exists[1]);
  constant(of);
}

export function checkUpdate(update) {
  checkDistinct(targets(update));
  for (const { to } of update.set ?? []) checkOperand(to);
  for (const { value } of update.add ?? []) if (!isSet(kindOf(canonical(value))) && kindOf(value) !== 'N') throw new Invalid('ADD of another type');
  for (const { value } of update.delete ?? []) if (!isSet(kindOf(canonical(value)))) throw new Invalid('DELETE of another type');
}

// The type of an operand that has the same one for every item.
export function surelyMakes(of) {
  if (of.plus || of.minus) return 'N';
  if (of.list_append) return 'L';
  return of.value && kindOf(of.value);
}

function needKind(value, kind) {
  if (value[kind] === undefined) throw new Invalid(`${kindOf(value)} where ${kind} is needed`);
  return value;
}

function evaluate(of, before) {
  if (of.value) return canonical(of.value);
  if (of.path) {
    const found = find(before, of.path);
    if (found === undefined) throw new Invalid('no such attribute');
    return found;
  }
  if (of.if_not_exists) return find(before, of.if_not_exists[0]) ?? evaluate(of.if_not_exists[1], before);
  const [left, right] = (of.list_append ?? of.plus ?? of.minus).map((one) => needKind(evaluate(one, before), of.list_append ? 'L' : 'N'));
  if (of.list_append) return { L: [...left.L, ...right.L] };
  return of.plus ? addNumbers(left, right) : subtractNumbers(left, right);
}

function added(old, value) {
  if (old === undefined) return value;
  const kind = kindOf(value);
  needKind(old, kind);
  return kind === 'N' ? addNumbers(old, value) : { [kind]: [...new Set([...old[kind], ...value[kind]])].sort() };
}

// undefined: nothing is left.
function removed(old, value) {
  if (old === undefined) return undefined;
  const kind = kindOf(value);
  const rest = needKind(old, kind)[kind].filter((member) => !value[kind].includes(member));
  return rest.length ? { [kind]: rest } : undefined;
}

// Lists get holes where elements are removed, and behind their end: indexes stay as they were until
// `closed` takes the holes out.
function put(item, path, value) {
  const container = find(item, path.slice(0, -1));
  const last = path.at(-1);
  const members = typeof last === 'number' ? container?.L : container?.M;
  if (members === undefined) throw new Invalid('invalid document path');
  if (value === undefined) delete members[last];
  else members[last] = value;
}

function closed(value) {
  if (value.L) return { L: value.L.filter(() => true).map(closed) };
  if (value.M) return { M: Object.fromEntries(Object.keys(value.M).sort().map((name) => [name, closed(value.M[name])])) };
  return value;
}

// The item after the update. `before` is undefined, and `key` its key, when there is none; the answer
// is undefined when there still is none.
export function apply(update, before, key) {
  const old = before ?? key;
  const only = (update.set ?? update.add ?? update.delete) === undefined;
  if (before === undefined && only && update.remove) return undefined;
  const changes = [
    ...(update.set ?? []).map(({ path, to }) => [path, evaluate(to, old)]),
    ...(before ? update.remove ?? [] : []).map(({ path }) => [path, undefined]),
    ...(update.add ?? []).map(({ path, value }) => [path, added(find(old, path), canonical(value))]),
    ...(update.delete ?? []).map(({ path, value }) => [path, removed(find(old, path), canonical(value))]),
  ];
  const item = copy(before ?? key);
  for (const [path, value] of changes) put(item, path, copy(value));
  return closed({ M: item }).M;
}

// ---- in writing ----

const PLAIN = /^[a-z]{1,2}\d?$/; // none of these is a reserved word, but for:
const RESERVED = ['as', 'at', 'by', 'do', 'go', 'if', 'in', 'is', 'no', 'of', 'on', 'or', 'to'];

// Names and values of one request get their placeholders here. `chance(n)` answers 0…n-1.
export class Scribe {
  constructor(chance) {
    this.chance = chance;
    this.names = new Map();
    this.values = {};
  }

  members() {
    const names = Object.fromEntries([...this.names].map(([name, placeholder]) => [placeholder, name]));
    return { ...(this.names.size ? { ExpressionAttributeNames: names } : {}),
      ...(Object.keys(this.values).length ? { ExpressionAttributeValues: this.values } : {}) };
  }

  name(name) {
    if (PLAIN.test(name) && !RESERVED.includes(name) && this.chance(2)) return name;
    if (!this.names.has(name)) this.names.set(name, `#${this.names.size}`);
    return this.names.get(name);
  }

  path(path) {
    return path.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at ? '.' : ''}${this.name(part)}`)).join('');
  }

  value(value) {
    const placeholder = `:${Object.keys(this.values).length}`;
    this.values[placeholder] = value;
    return placeholder;
  }

  word(word) {
    return this.chance(4) ? word : word.toLowerCase();
  }

  operand(of) {
    if (of.path) return this.path(of.path);
    if (of.value) return this.value(of.value);
    if (of.size) return `size(${this.path(of.size)})`;
    if (of.if_not_exists) return `if_not_exists(${this.path(of.if_not_exists[0])}, ${this.operand(of.if_not_exists[1])})`;
    const [left, right] = (of.list_append ?? of.plus ?? of.minus).map((one) => this.operand(one));
    return of.list_append ? `list_append(${left}, ${right})` : `${left} ${of.plus ? '+' : '-'} ${right}`;
  }

  condition({ op, of }, inner = false) {
    if (op === 'not') return `${this.word('NOT')} ${this.condition(of[0], true)}`;
    if (op === 'and' || op === 'or') {
      const text = of.map((one) => this.condition(one, true)).join(` ${this.word(op.toUpperCase())} `);
      return inner ? `(${text})` : text;
    }
    const operands = of.map((one) => this.operand(one));
    if (op === 'between') return `${operands[0]} ${this.word('BETWEEN')} ${operands[1]} ${this.word('AND')} ${operands[2]}`;
    if (op === 'in') return `${operands[0]} ${this.word('IN')} (${operands.slice(1).join(', ')})`;
    if (/^[<=>]/.test(op)) return operands.join(op === '=' && this.chance(2) ? '=' : ` ${op} `);
    return `${op}(${operands.join(', ')})`;
  }

  update(update) {
    const sections = ['set', 'remove', 'add', 'delete'].filter((section) => update[section]?.length);
    if (this.chance(2)) sections.reverse();
    return sections.map((section) => `${this.word(section.toUpperCase())} ${update[section].map(({ path, to, value }) =>
      this.path(path) + (to ? ` = ${this.operand(to)}` : value ? ` ${this.value(value)}` : '')).join(', ')}`).join(' ');
  }
}
