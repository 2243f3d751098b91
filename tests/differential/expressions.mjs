// Expressions that mostly make sense on the items of values.mjs, with the placeholders they use.

import { ATTRIBUTES, TYPES, keyValue, value } from './values.mjs';

const RESERVED = ['name', 'size', 'Values', 'order'];

export class Expressions {
  constructor(random, schema) {
    this.random = random;
    this.schema = schema;
    this.names = {};
    this.values = {};
  }

  // ---- operands ----

  nameText(name) {
    const plain = /^[A-Za-z][A-Za-z0-9_]*$/.test(name);
    if (plain && this.random.chance(0.75)) return name;
    const at = this.random.chance(0.8) ? `#${name.slice(0, 6) || 'n'}` : `#n${this.random.below(3)}`;
    this.names[at] = name;
    return at;
  }

  valueText(made) {
    const at = `:v${Object.keys(this.values).length}`;
    this.values[at] = made;
    return at;
  }

  attribute() {
    if (this.random.chance(0.02)) return this.random.pick(RESERVED);
    return this.nameText(this.random.pick(this.random.chance(0.12) ? this.schema.keys : ATTRIBUTES));
  }

  path() {
    const { random } = this;
    let text = this.attribute();
    if (random.chance(0.25)) text = this.nameText(random.pick(['m', 'l', 'l', 'a']));
    while (random.chance(0.28)) text += random.chance(0.5) ? `.${this.nameText(random.pick(ATTRIBUTES))}` : `[${random.weighted([[6, 0], [4, 1], [2, 2], [1, 10]])}]`;
    return text;
  }

  constant(type) {
    const made = type ? value(this.random, 1, type) : value(this.random, 1);
    if (Object.keys(this.values).length && this.random.chance(0.1)) return this.random.pick(Object.keys(this.values));
    return this.valueText(made);
  }

  operand() {
    return this.random.weighted([
      [6, () => this.path()],
      [5, () => this.constant()],
      [1, () => `size(${this.random.chance(0.85) ? this.path() : this.constant()})`],
    ])();
  }

  // ---- conditions ----

  condition(depth = 2) {
    const { random } = this;
    if (depth === 0 || random.chance(0.55)) return this.simple();
    return random.weighted([
      [4, () => `${this.condition(depth - 1)} AND ${this.condition(depth - 1)}`],
      [4, () => `${this.condition(depth - 1)} OR ${this.condition(depth - 1)}`],
      [2, () => `NOT ${this.condition(depth - 1)}`],
      [3, () => `(${this.condition(depth - 1)})`],
    ])();
  }

  comparison() {
    const sign = this.random.pick(['=', '<>', '<', '<=', '>', '>=']);
    const right = this.random.chance(0.5) ? this.constant(this.random.pick(['S', 'N', 'B', undefined])) : this.operand();
    return `${this.operand()} ${sign} ${right}`;
  }

  between() {
    const type = this.random.pick(['S', 'N', 'B', undefined]);
    return `${this.operand()} BETWEEN ${this.constant(type)} AND ${this.random.chance(0.8) ? this.constant(type) : this.operand()}`;
  }

  simple() {
    const { random } = this;
    return random.weighted([
      [8, () => this.comparison()],
      [2, () => this.between()],
      [2, () => `${this.operand()} IN (${random.list(1, 3, () => this.operand()).join(', ')})`],
      [3, () => `attribute_exists(${this.path()})`],
      [3, () => `attribute_not_exists(${this.path()})`],
      [2, () => `attribute_type(${this.path()}, ${this.typeConstant()})`],
      [2, () => `begins_with(${this.path()}, ${this.constant(random.pick(['S', 'S', 'B', undefined]))})`],
      [2, () => `contains(${this.operand()}, ${this.operand()})`],
      [2, () => `size(${this.path()}) ${random.pick(['=', '<', '>'])} ${this.constant('N')}`],
    ])();
  }

  typeConstant() {
    const { random } = this;
    if (random.chance(0.08)) return this.operand();
    return this.valueText({ S: random.chance(0.9) ? random.pick(TYPES) : random.pick(['X', 's', '']) });
  }

  // ---- key conditions ----

  keyCondition(keys) {
    const { random } = this;
    const wrong = random.chance(0.08);
    const name = (key) => this.nameText(wrong && random.chance(0.4) ? random.pick(ATTRIBUTES) : key);
    const constant = (key) => this.valueText(wrong && random.chance(0.4) ? value(random, 1) : keyValue(random, this.schema.types[key]));
    const parts = [random.chance(0.95) ? this.ordered(name(keys[0]), wrong ? random.pick(['=', '<', '<>']) : '=', constant(keys[0])) : this.simple()];
    if (keys[1] && random.chance(0.65)) {
      parts.push(random.weighted([
        [6, () => this.ordered(name(keys[1]), random.pick(wrong ? ['=', '<>', '<'] : ['=', '<', '<=', '>', '>=']), constant(keys[1]))],
        [3, () => `${name(keys[1])} BETWEEN ${constant(keys[1])} AND ${constant(keys[1])}`],
        [2, () => `begins_with(${name(keys[1])}, ${constant(keys[1])})`],
        [1, () => this.simple()],
      ])());
    }
    if (random.chance(0.04)) parts.push(this.simple());
    if (random.chance(0.1)) parts.reverse();
    const grouped = parts.map((part) => (random.chance(0.08) ? `(${part})` : part));
    const text = grouped.join(wrong ? random.pick([' AND ', ' OR ']) : ' AND ');
    return random.chance(0.04) ? random.pick([`(${text})`, `NOT ${text}`]) : text;
  }

  ordered(path, sign, constant) {
    if (this.random.chance(0.93)) return `${path} ${sign} ${constant}`;
    return `${constant} ${{ '<': '>', '<=': '>=', '>': '<', '>=': '<=' }[sign] ?? sign} ${path}`;
  }

  // ---- updates and projections ----

  target() {
    const { random } = this;
    return random.chance(0.5) ? this.attribute() : this.path();
  }

  setOperand() {
    return this.random.weighted([
      [5, () => this.constant(this.random.pick(['N', 'N', undefined]))],
      [3, () => this.path()],
      [2, () => `if_not_exists(${this.path()}, ${this.random.chance(0.85) ? this.constant() : this.setOperand()})`],
      [2, () => `list_append(${this.listOperand()}, ${this.listOperand()})`],
    ])();
  }

  listOperand() {
    return this.random.chance(0.4) ? this.nameText('l') : this.random.chance(0.85) ? this.constant('L') : this.setOperand();
  }

  assignment() {
    const { random } = this;
    const right = random.chance(0.25) ? `${this.setOperand()} ${random.pick(['+', '-'])} ${this.setOperand()}` : this.setOperand();
    return `${this.target()} = ${right}`;
  }

  update() {
    const { random } = this;
    const sections = random.shuffled([
      [6, () => `SET ${random.list(1, 3, () => this.assignment()).join(', ')}`],
      [3, () => `REMOVE ${random.list(1, 3, () => this.target()).join(', ')}`],
      [2, () => `ADD ${random.list(1, 2, () => `${this.target()} ${this.constant(random.pick(['N', 'N', 'SS', 'NS', undefined]))}`).join(', ')}`],
      [2, () => `DELETE ${random.list(1, 2, () => `${this.target()} ${this.constant(random.pick(['SS', 'NS', 'BS', 'SS', undefined]))}`).join(', ')}`],
    ]);
    const made = sections.filter(([weight]) => random.chance(weight / 11)).map(([, make]) => make());
    const removesOnly = !made.some((section) => /^(SET|ADD)/.test(section));
    if (!made.length || (removesOnly && !this.schema.removes)) made.push(`SET ${this.assignment()}`);
    if (random.chance(0.02)) made.push(made[0]);
    return made.join(' ');
  }

  projection() {
    return this.random.list(1, 4, () => this.path()).join(', ');
  }

  // Puts the placeholders into a request.
  into(request, { withValues = true } = {}) {
    const { random } = this;
    if (random.chance(0.01)) this.names['#unused'] = 'a';
    if (random.chance(0.01)) this.values[':unused'] = { S: 'a' };
    const forget = (map) => random.chance(0.01) && delete map[random.pick(Object.keys(map))];
    if (Object.keys(this.names).length) { request.ExpressionAttributeNames = this.names; forget(this.names); }
    if (withValues && Object.keys(this.values).length) { request.ExpressionAttributeValues = this.values; forget(this.values); }
    return request;
  }
}

// One token taken away, doubled, swapped, put elsewhere or written otherwise.
const EXTRA = ['(', ')', ',', 'AND', 'OR', 'NOT', '=', '<', ':v0', '#a', 'a', '.', '[0]', '[', ']', '+', '-', 'SET', 'REMOVE', 'IN', 'BETWEEN', 'size',
  'contains', 'foo', ':', '#', '1', '_a', '&', '"x"', '[99999999999]', '[-1]', '[ 0 ]', 'if_not_exists(a, b)', 'ATTRIBUTE_EXISTS(a)'];

export function bentText(random, text) {
  const tokens = text.match(/[#:]?\w+|\s+|<>|<=|>=|./gs) ?? [];
  const at = random.below(tokens.length || 1);
  random.weighted([
    [4, () => tokens.splice(at, 1)],
    [2, () => tokens.splice(at, 0, tokens[at] ?? 'a')],
    [4, () => tokens.splice(at, 0, ` ${random.pick(EXTRA)} `)],
    [2, () => tokens.splice(at, 1, random.pick(EXTRA))],
    [2, () => { tokens[at] = (tokens[at] ?? '').toUpperCase(); }],
    [2, () => { tokens[at] = (tokens[at] ?? '').toLowerCase(); }],
    [1, () => { const other = random.below(tokens.length || 1); [tokens[at], tokens[other]] = [tokens[other], tokens[at]]; }],
    [1, () => tokens.splice(0, tokens.length)],
  ])();
  return tokens.join('');
}
