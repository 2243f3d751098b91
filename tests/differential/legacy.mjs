// The parameters of before expressions: Expected, AttributeUpdates, KeyConditions, filters,
// ConditionalOperator, AttributesToGet. Requests of operations.mjs get them in the place of
// expressions, and now and then beside them, which is refused.

import { ATTRIBUTES, keyValue, value } from './values.mjs';

const OPERATORS = ['EQ', 'NE', 'LE', 'LT', 'GE', 'GT', 'NOT_NULL', 'NULL', 'CONTAINS', 'NOT_CONTAINS', 'BEGINS_WITH', 'IN', 'BETWEEN'];

function argumentCount(random, operator) {
  if (random.chance(0.04)) return random.below(4);
  if (operator === 'NULL' || operator === 'NOT_NULL') return 0;
  if (operator === 'BETWEEN') return 2;
  return operator === 'IN' ? random.from(1, 3) : 1;
}

function condition(random) {
  const ComparisonOperator = random.chance(0.98) ? random.pick(OPERATORS) : random.pick(['eq', '=', '']);
  const count = argumentCount(random, ComparisonOperator);
  const type = random.weighted([[5, 'S'], [5, 'N'], [2, 'B'], [3, undefined]]);
  const made = { ComparisonOperator };
  const list = random.list(count, count, () => value(random, 1, random.chance(0.95) ? type : undefined));
  if (count || random.chance(0.1)) made.AttributeValueList = list;
  return made;
}

function named(random, low, high, make) {
  const out = {};
  for (const name of random.shuffled(ATTRIBUTES).slice(0, random.from(low, high))) out[name] = make();
  if (random.chance(0.002)) out[''] = make();
  return out;
}

function expectation(random) {
  return random.weighted([
    [6, () => condition(random)],
    [3, () => ({ Value: value(random, 1) })],
    [2, () => ({ Exists: false })],
    [1, () => ({ Value: value(random, 0), Exists: random.chance(0.7) })],
    [1, () => ({ ...condition(random), ...random.pick([{ Exists: true }, { Value: { S: 'a' } }]) })],
    [1, () => ({ Exists: true })],
  ])();
}

function joined(random, request, member) {
  const several = request[member] && Object.keys(request[member]).length > 1;
  if (random.chance(several ? 0.5 : 0.015)) request.ConditionalOperator = random.chance(0.97) ? random.pick(['AND', 'OR']) : 'or';
}

export function expected(random, schema, request) {
  if (random.chance(0.7)) {
    request.Expected = named(random, 1, 3, () => expectation(random));
    if (random.chance(0.15)) request.Expected[random.pick(schema.keys)] = expectation(random);
    if (random.chance(0.02)) request.Expected = {};
  }
  joined(random, request, 'Expected');
}

function update(random, schema, name) {
  const declared = schema.types[name];
  const Action = random.weighted([[6, 'PUT'], [4, 'ADD'], [3, 'DELETE'], [2, undefined]]);
  const made = Action ? { Action } : {};
  if (Action !== 'DELETE' || random.chance(0.5)) {
    const type = Action === 'ADD' ? random.pick(['N', 'N', 'SS', 'NS', 'L', undefined]) : Action === 'DELETE' ? random.pick(['SS', 'NS', 'BS', undefined]) : undefined;
    made.Value = declared && random.chance(0.85) ? keyValue(random, declared) : value(random, 1, type);
  }
  if (random.chance(0.005)) made.Action = 'put';
  return made;
}

export function attributeUpdates(random, schema, request) {
  if (random.chance(0.05)) return;
  request.AttributeUpdates = {};
  const names = random.shuffled(random.chance(0.05) ? [...ATTRIBUTES, ...schema.keys] : ATTRIBUTES).slice(0, random.chance(0.04) ? 0 : random.from(1, 3));
  for (const name of names) request.AttributeUpdates[name] = update(random, schema, name);
  const updates = Object.values(request.AttributeUpdates);
  if (updates.length && !schema.removes && updates.every((one) => one.Action === 'DELETE')) updates[0].Action = 'PUT';
}

export function attributesToGet(random, schema, request) {
  if (!random.chance(0.4)) return;
  request.AttributesToGet = random.shuffled([...ATTRIBUTES, ...schema.keys]).slice(0, random.from(1, 4));
  if (random.chance(0.03)) request.AttributesToGet.push(random.pick([request.AttributesToGet[0], '', 'a.b', 'l[0]']));
  if (random.chance(0.02)) request.AttributesToGet = [];
}

export function keyConditions(random, schema, keys, request) {
  const typed = (name) => (random.chance(0.97) ? keyValue(random, schema.types[name]) : value(random, 1));
  const made = { [keys[0]]: { ComparisonOperator: random.chance(0.97) ? 'EQ' : random.pick(OPERATORS), AttributeValueList: [typed(keys[0])] } };
  if (keys[1] && random.chance(0.6)) {
    const operator = random.chance(0.96) ? random.pick(['EQ', 'LE', 'LT', 'GE', 'GT', 'BETWEEN', 'BEGINS_WITH']) : random.pick(OPERATORS);
    const count = argumentCount(random, operator);
    made[keys[1]] = { ComparisonOperator: operator, AttributeValueList: random.list(count, count, () => typed(keys[1])) };
  }
  if (random.chance(0.03)) made[random.pick(ATTRIBUTES)] = condition(random);
  if (random.chance(0.02)) delete made[keys[0]];
  request.KeyConditions = made;
}

export function filter(random, schema, request, member) {
  if (random.chance(0.4)) {
    request[member] = named(random, 1, 2, () => condition(random));
    if (random.chance(0.06)) request[member][random.pick(schema.keys)] = condition(random);
  }
  joined(random, request, member);
}
