// Attribute values in the form they have in a reply, made canonical: numbers in plain decimal, members
// of sets and names of maps in order. Equal values then have equal text.

import * as decimal from './decimal.mjs';
import { Invalid } from './decimal.mjs';

export { Invalid };

export const kindOf = (value) => Object.keys(value)[0];
export const isSet = (kind) => kind === 'SS' || kind === 'NS' || kind === 'BS';
export const isOrdered = (kind) => kind === 'S' || kind === 'N' || kind === 'B';

const numberText = (number) => decimal.text(decimal.parse(number));

function canonicalSet(kind, members) {
  if (members.length === 0) throw new Invalid('an empty set');
  const all = members.map((member) => (kind === 'NS' ? numberText(member) : member)).sort();
  if (new Set(all).size < all.length) throw new Invalid('a set with duplicates');
  return { [kind]: all };
}

// Checks a value that a client sent, too.
export function canonical(value) {
  const kind = kindOf(value);
  if (kind === 'N') return { N: numberText(value.N) };
  if (kind === 'L') return { L: value.L.map(canonical) };
  if (kind === 'M') return { M: canonicalItem(value.M) };
  if (isSet(kind)) return canonicalSet(kind, value[kind]);
  return { [kind]: value[kind] };
}

export function canonicalItem(item) {
  return Object.fromEntries(Object.keys(item).sort().map((name) => [name, canonical(item[name])]));
}

export const copy = (value) => structuredClone(value);
export const equal = (left, right) => left !== undefined && right !== undefined && JSON.stringify(left) === JSON.stringify(right);

const bytesOf = (value) => (value.S !== undefined ? Buffer.from(value.S, 'utf8') : Buffer.from(value.B, 'base64'));

// Of two values of one ordered kind; undefined when they have no order.
export function compare(left, right) {
  if (left === undefined || right === undefined) return undefined;
  const kind = kindOf(left);
  if (kind !== kindOf(right) || !isOrdered(kind)) return undefined;
  if (kind === 'N') return decimal.compare(decimal.parse(left.N), decimal.parse(right.N));
  return Buffer.compare(bytesOf(left), bytesOf(right));
}

export function beginsWith(value, prefix) {
  if (value === undefined || prefix === undefined) return false;
  const kind = kindOf(value);
  if (kind !== kindOf(prefix) || (kind !== 'S' && kind !== 'B')) return false;
  const bytes = bytesOf(prefix);
  return bytesOf(value).subarray(0, bytes.length).equals(bytes);
}

export function contains(value, part) {
  if (value === undefined || part === undefined) return false;
  const kind = kindOf(value);
  if (kind === 'S' || kind === 'B') return kind === kindOf(part) && bytesOf(value).includes(bytesOf(part));
  if (kind === 'L') return value.L.some((element) => equal(element, part));
  return isSet(kind) && kind === `${kindOf(part)}S` && value[kind].includes(part[kindOf(part)]);
}

// What size() answers; undefined when it has none.
export function count(value) {
  if (value === undefined) return undefined;
  const kind = kindOf(value);
  if (kind === 'S') return value.S.length;
  if (kind === 'B') return bytesOf(value).length;
  if (kind === 'M') return Object.keys(value.M).length;
  if (kind === 'L' || isSet(kind)) return value[kind].length;
  return undefined;
}

// ---- the service's size, in bytes ----

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

export function valueSize(value) {
  const kind = kindOf(value);
  switch (kind) {
    case 'S': case 'B': return bytesOf(value).length;
    case 'N': return decimal.size(decimal.parse(value.N));
    case 'L': return 3 + sum(value.L.map((element) => 1 + valueSize(element)));
    case 'M': return 3 + Object.keys(value.M).length + itemSize(value.M);
    case 'SS': return sum(value.SS.map((S) => valueSize({ S })));
    case 'NS': return sum(value.NS.map((N) => valueSize({ N })));
    case 'BS': return sum(value.BS.map((B) => valueSize({ B })));
    default: return 1;
  }
}

export function itemSize(item) {
  return sum(Object.entries(item).map(([name, value]) => Buffer.byteLength(name) + valueSize(value)));
}

// ---- arithmetic on values ----

export const addNumbers = (left, right) => ({ N: decimal.text(decimal.add(decimal.parse(left.N), decimal.parse(right.N))) });
export const subtractNumbers = (left, right) => ({ N: decimal.text(decimal.subtract(decimal.parse(left.N), decimal.parse(right.N))) });
