// PartiQL: statements that mostly make sense on the items of values.mjs, their values written out or
// given as parameters.

import { ATTRIBUTES, TYPES, item, keyOf, keyValue, value } from './values.mjs';
import { returned } from './operations.mjs';

const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

// dynoxide reads a part of the grammar only (one SET, no exponents, few functions): what it does not
// read is rare here, for then nobody but Stator is asked.
const RARE = 0.04;

// A value as PartiQL writes it; undefined for those that it cannot, or that dynoxide takes for others.
function literal(made) {
  const [[type, inner]] = Object.entries(made);
  switch (type) {
  case 'S': return quoted(inner);
  case 'N': return /^-?\d+(\.\d+)?$/.test(inner) ? inner : undefined;
  case 'BOOL': return String(inner);
  case 'NULL': return 'null';
  case 'L': return all(inner.map(literal), (list) => `[${list.join(', ')}]`);
  case 'M': return all(Object.entries(inner).map(([name, one]) => all([literal(one)], ([text]) => `${quoted(name)}: ${text}`)), (list) => `{${list.join(', ')}}`);
  case 'SS': return `<<${inner.map(quoted).join(', ')}>>`;
  case 'NS': return `<<${inner.join(', ')}>>`;
  default: return undefined;
  }
}

const all = (list, make) => (list.includes(undefined) ? undefined : make(list));

// Texts are made from left to right, for parameters are counted so.
class Statement {
  constructor(random, schema) {
    this.random = random;
    this.schema = schema;
    this.parameters = [];
  }

  value(made) {
    const text = this.random.chance(0.55) ? literal(made) : undefined;
    if (text !== undefined) return text;
    this.parameters.push(made);
    return '?';
  }

  name(name) {
    return this.random.chance(0.7) ? name : `"${name}"`;
  }

  // dynoxide lets some statements write into keys, so these are rare where something is set.
  target() {
    return this.path(this.schema.removes ? 0.1 : 0);
  }

  path(keys = 0.1) {
    const { random } = this;
    let text = this.name(random.pick(random.chance(keys) ? this.schema.keys : ATTRIBUTES));
    while (random.chance(0.2)) text += random.chance(0.5) ? `.${this.name(random.pick(ATTRIBUTES))}` : `[${random.below(3)}]`;
    return text;
  }

  constant(type) {
    return this.value(value(this.random, 1, type));
  }

  // ---- conditions ----

  condition(depth = 1) {
    const { random } = this;
    if (depth === 0 || random.chance(0.65)) return this.simple();
    return random.weighted([
      [3, () => `${this.condition(depth - 1)} AND ${this.condition(depth - 1)}`],
      [3, () => `${this.condition(depth - 1)} OR ${this.condition(depth - 1)}`],
      [2, () => `NOT ${this.condition(depth - 1)}`],
      [2, () => `(${this.condition(depth - 1)})`],
    ])();
  }

  simple() {
    const { random } = this;
    return random.weighted([
      [9, () => `${this.path()} ${random.pick(['=', '<>', '<', '<=', '>', '>='])} ${this.constant(random.pick(['S', 'N', undefined]))}`],
      [1, () => `${this.path()} = ${this.path()}`],
      [2, () => { const type = random.pick(['S', 'N']); return `${this.path()} BETWEEN ${this.constant(type)} AND ${this.constant(type)}`; }],
      [2, () => `${this.path()} IN [${random.list(1, 3, () => this.constant(random.pick(['S', 'N']))).join(', ')}]`],
      [2, () => `${this.path()} IS ${random.pick(['', 'NOT '])}${random.chance(RARE) ? 'NULL' : 'MISSING'}`],
      [2, () => `begins_with(${this.path()}, ${this.constant('S')})`],
      [2, () => `contains(${this.path()}, ${this.constant(random.pick(['S', 'N']))})`],
      [1, () => (random.chance(RARE * 4) ? this.rareCall() : this.simple())],
    ])();
  }

  rareCall() {
    const { random } = this;
    if (random.chance(0.5)) return `attribute_type(${this.path()}, ${quoted(random.pick(TYPES))})`;
    return `size(${this.path()}) ${random.pick(['=', '<', '>'])} ${this.constant('N')}`;
  }

  // The whole key by equality, mostly.
  keyTerms(key) {
    const terms = Object.entries(key).map(([name, one]) => () => `${this.name(name)} = ${this.value(one)}`);
    if (this.random.chance(0.04)) terms.pop();
    if (this.random.chance(0.1)) terms.reverse();
    return terms.map((make) => make());
  }

  where(key, more) {
    const terms = this.keyTerms(key);
    if (this.random.chance(more)) terms.push(this.condition());
    return terms.length && this.random.chance(0.98) ? ` WHERE ${terms.join(' AND ')}` : '';
  }

  // ---- statements ----

  source() {
    const { random, schema } = this;
    const table = random.chance(0.9) ? '"@1"' : '@1';
    if (random.chance(0.01)) return `${table}."nope"`;
    this.index = schema.indexes.length && random.chance(0.5) ? random.pick(schema.indexes) : undefined;
    return this.index ? `${table}."${this.index.name}"` : table;
  }

  rangeTerm(name) {
    const { random } = this;
    const constant = () => this.value(keyValue(random, this.schema.types[name]));
    return random.weighted([
      [4, () => `${name} = ${constant()}`],
      [4, () => `${name} ${random.pick(['<', '<=', '>', '>='])} ${constant()}`],
      [2, () => `${name} BETWEEN ${constant()} AND ${constant()}`],
      [1, () => `begins_with(${name}, ${constant()})`],
    ])();
  }

  select() {
    const { random, schema } = this;
    const columns = random.chance(0.6) ? '*' : random.list(1, 3, () => this.path()).join(', ');
    const source = this.source();
    const queried = this.index ? this.index.keys : schema.keys;
    const constant = (name) => this.value(keyValue(random, schema.types[name]));
    const terms = random.weighted([
      [5, () => [`${queried[0]} = ${constant(queried[0])}`, ...(queried[1] && random.chance(0.6) ? [this.rangeTerm(queried[1])] : [])]],
      [2, () => [`${queried[0]} IN [${random.list(1, 3, () => constant(queried[0])).join(', ')}]`]],
      [3, () => []],
    ])();
    if (random.chance(0.3)) terms.push(this.condition());
    let text = `SELECT ${columns} FROM ${source}`;
    if (terms.length) text += ` WHERE ${terms.join(' AND ')}`;
    if (random.chance(0.15)) text += ` ORDER BY ${random.pick(queried)}${random.pick(['', ' ASC', ' DESC'])}`;
    return text;
  }

  // One item, by its whole key.
  selectOne(key = keyOf(this.random, this.schema)) {
    const columns = this.random.chance(0.7) ? '*' : this.random.list(1, 3, () => this.path()).join(', ');
    return `SELECT ${columns} FROM "@1"${this.where(key, 0.1)}`;
  }

  insert(key) {
    const made = { ...item(this.random, this.schema), ...key };
    if (this.random.chance(RARE)) { this.parameters.push({ M: made }); return 'INSERT INTO "@1" VALUE ?'; }
    return `INSERT INTO "@1" VALUE {${Object.entries(made).map(([name, one]) => `${quoted(name)}: ${this.value(one)}`).join(', ')}}`;
  }

  setOperand() {
    const { random } = this;
    if (!random.chance(RARE)) {
      return random.weighted([
        [6, () => this.constant(random.pick(['N', 'S', undefined]))],
        [3, () => `${this.path()} ${random.pick(['+', '-'])} ${this.constant('N')}`],
      ])();
    }
    return random.weighted([
      [1, () => this.path()],
      [1, () => `list_append(${this.path()}, ${this.constant('L')})`],
      [1, () => `if_not_exists(${this.path()}, ${this.constant()})`],
      [1, () => `${random.pick(['set_add', 'set_delete'])}(${this.path()}, ${this.constant(random.pick(['SS', 'NS']))})`],
    ])();
  }

  update(key = keyOf(this.random, this.schema)) {
    const { random } = this;
    const clauses = random.list(1, random.chance(RARE) ? 3 : 1, () => (random.chance(0.75) ? `SET ${this.target()} = ${this.setOperand()}` : `REMOVE ${this.target()}`));
    const text = `UPDATE "@1" ${clauses.join(' ')}${this.where(key, 0.2)}`;
    return random.chance(this.returning ?? 0.3) ? `${text} RETURNING ${random.pick(['ALL', 'MODIFIED'])} ${random.pick(['OLD', 'NEW'])} *` : text;
  }

  remove(key = keyOf(this.random, this.schema)) {
    const text = `DELETE FROM "@1"${this.where(key, 0.2)}`;
    return this.random.chance(this.returning ?? 0.3) ? `${text} RETURNING ${this.random.chance(0.9) ? 'ALL OLD' : 'ALL NEW'} *` : text;
  }

  exists(key) {
    return `EXISTS(${this.selectOne(key)})`;
  }

  write(key) {
    return this.random.weighted([[5, () => this.insert(key)], [5, () => this.update(key)], [3, () => this.remove(key)]])();
  }
}

// What `make` writes, with its parameters.
function row(random, schema, make) {
  const statement = new Statement(random, schema);
  const made = { Statement: make(statement) };
  if (statement.parameters.length) made.Parameters = statement.parameters;
  if (random.chance(0.01)) made.Parameters = [...(made.Parameters ?? []), value(random, 0)];
  return made;
}

const count = (random) => (random.chance(0.01) ? random.pick([0, 26]) : random.from(1, 4));

// Keys for the statements of one request, a repeated one now and then.
function distinctKeys(random, schema) {
  const made = new Map();
  for (let wanted = count(random); wanted > 0; wanted--) {
    const key = keyOf(random, schema);
    made.set(random.chance(0.05) ? wanted : JSON.stringify(key), key);
  }
  return [...made.values()];
}

export const makers = {
  ExecuteStatement(random, schema) {
    const request = row(random, schema, (one) => random.weighted([
      [7, () => one.select()], [2, () => one.selectOne()], [5, () => one.insert(keyOf(random, schema))], [6, () => one.update()], [3, () => one.remove()],
    ])());
    if (random.chance(0.1)) request.Limit = random.pick([1, 2, 1000, 0]);
    if (random.chance(0.1)) request.ConsistentRead = random.chance(0.5);
    if (random.chance(0.05)) request.ReturnValuesOnConditionCheckFailure = random.pick(['ALL_OLD', 'NONE']);
    return returned(random, request);
  },

  BatchExecuteStatement(random, schema) {
    const reads = random.chance(0.35);
    const Statements = distinctKeys(random, schema).map((key) => {
      const made = row(random, schema, (one) => (reads !== random.chance(0.02) ? one.selectOne(key) : one.write(key)));
      if (reads && random.chance(0.1)) made.ConsistentRead = random.chance(0.5);
      if (random.chance(0.05)) made.ReturnValuesOnConditionCheckFailure = 'ALL_OLD';
      return made;
    });
    return returned(random, { Statements });
  },

  ExecuteTransaction(random, schema) {
    const reads = random.chance(0.35);
    const TransactStatements = distinctKeys(random, schema).map((key) => {
      const made = row(random, schema, (one) => {
        one.returning = RARE;
        if (reads !== random.chance(0.02)) return one.selectOne(key);
        return random.chance(RARE) ? one.exists(key) : one.write(key);
      });
      if (!reads && random.chance(0.1)) made.ReturnValuesOnConditionCheckFailure = 'ALL_OLD';
      return made;
    });
    const request = { TransactStatements };
    if (random.chance(0.05)) request.ClientRequestToken = `@1-e${random.below(3)}`;
    return returned(random, request);
  },
};
