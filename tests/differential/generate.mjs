// Sequences of requests on one table: right ones, and ones with one thing bent.

import { Random } from './random.mjs';
import { createTable, schemas } from './tables.mjs';
import { ATTRIBUTES, item, keyOf, keyValue, oddValue, value } from './values.mjs';
import { Expressions, bentText } from './expressions.mjs';

const TABLE = '@1';

// ---- members that several operations have ----

function returned(random, request, { metrics = false } = {}) {
  if (random.chance(0.3)) request.ReturnConsumedCapacity = random.weighted([[5, 'TOTAL'], [5, 'INDEXES'], [1, 'NONE'], [1, 'total']]);
  if (metrics && random.chance(0.08)) request.ReturnItemCollectionMetrics = random.pick(['SIZE', 'NONE', 'size']);
  return request;
}

function writeMembers(random, expressions, request, returnValues) {
  if (random.chance(0.45)) request.ConditionExpression = expressions.condition();
  if (random.chance(0.4)) request.ReturnValues = random.chance(0.93) ? random.pick(returnValues) : random.pick(['ALL_NEW', 'UPDATED_OLD', 'all_old', '']);
  if (random.chance(0.1)) request.ReturnValuesOnConditionCheckFailure = random.weighted([[6, 'ALL_OLD'], [3, 'NONE'], [1, 'ALL_NEW']]);
  returned(random, request, { metrics: true });
  return expressions.into(request);
}

function projected(random, expressions, request) {
  if (random.chance(0.4)) request.ProjectionExpression = expressions.projection();
  return request;
}

// ---- operations ----

const makers = {
  PutItem(random, schema) {
    return writeMembers(random, new Expressions(random, schema), { TableName: TABLE, Item: item(random, schema) }, ['NONE', 'ALL_OLD']);
  },

  GetItem(random, schema) {
    const expressions = new Expressions(random, schema);
    const request = projected(random, expressions, { TableName: TABLE, Key: keyOf(random, schema) });
    if (random.chance(0.3)) request.ConsistentRead = random.chance(0.5);
    return expressions.into(returned(random, request), { withValues: false });
  },

  UpdateItem(random, schema) {
    const expressions = new Expressions(random, schema);
    const request = { TableName: TABLE, Key: keyOf(random, schema) };
    if (random.chance(0.97)) request.UpdateExpression = expressions.update();
    return writeMembers(random, expressions, request, ['NONE', 'ALL_OLD', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW']);
  },

  DeleteItem(random, schema) {
    return writeMembers(random, new Expressions(random, schema), { TableName: TABLE, Key: keyOf(random, schema) }, ['NONE', 'ALL_OLD']);
  },

  Query(random, schema) {
    const expressions = new Expressions(random, schema);
    const request = { TableName: TABLE };
    const index = chooseIndex(random, schema, request);
    const keys = index ? index.keys : schema.keys;
    if (random.chance(0.98)) request.KeyConditionExpression = expressions.keyCondition(keys);
    pageMembers(random, schema, expressions, request, keys);
    if (random.chance(0.3)) request.ScanIndexForward = random.chance(0.5);
    return expressions.into(returned(random, request));
  },

  Scan(random, schema) {
    const expressions = new Expressions(random, schema);
    const request = { TableName: TABLE };
    const index = chooseIndex(random, schema, request);
    pageMembers(random, schema, expressions, request, index ? index.keys : schema.keys);
    if (random.chance(0.12)) {
      request.TotalSegments = random.weighted([[4, 1], [4, 2], [1, 0], [1, 1000000], [1, 1000001]]);
      if (random.chance(0.9)) request.Segment = random.weighted([[6, 0], [3, 1], [1, 2], [1, -1]]);
    }
    return expressions.into(returned(random, request));
  },

  BatchGetItem(random, schema) {
    const expressions = new Expressions(random, schema);
    const part = projected(random, expressions, { Keys: keys(random, schema, random.chance(0.02) ? random.pick([0, 100, 101]) : random.from(1, 4)) });
    if (random.chance(0.2)) part.ConsistentRead = random.chance(0.5);
    expressions.into(part, { withValues: false });
    return returned(random, { RequestItems: { [TABLE]: part } });
  },

  BatchWriteItem(random, schema) {
    const count = random.chance(0.03) ? random.pick([0, 25, 26]) : random.from(1, 4);
    const wanted = keys(random, schema, count);
    const rows = wanted.map((key) => (random.chance(0.7)
      ? { PutRequest: { Item: { ...item(random, schema), ...key } } }
      : { DeleteRequest: { Key: key } }));
    return returned(random, { RequestItems: { [TABLE]: rows } }, { metrics: true });
  },

  CreateTable: createTable,
};

export const operations = Object.keys(makers);

function chooseIndex(random, schema, request) {
  if (random.chance(0.015)) request.IndexName = random.pick(['missing', 'ab', '']);
  if (!schema.indexes.length || !random.chance(0.6)) return undefined;
  const index = random.pick(schema.indexes);
  request.IndexName = index.name;
  return index;
}

function pageMembers(random, schema, expressions, request, indexKeys) {
  if (random.chance(0.3)) request.FilterExpression = expressions.condition();
  projected(random, expressions, request);
  if (random.chance(0.12))
    request.Select = random.pick(['ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES', 'COUNT', 'SPECIFIC_ATTRIBUTES', 'some']);
  if (random.chance(0.25)) request.Limit = random.weighted([[5, 1], [5, 2], [2, 3], [1, 0], [1, -1], [2, 1000]]);
  if (random.chance(0.3)) request.ConsistentRead = random.chance(0.3);
  if (random.chance(0.12)) {
    const names = new Set([...schema.keys, ...indexKeys]);
    if (random.chance(0.15)) names.add(random.pick(ATTRIBUTES));
    if (random.chance(0.15)) names.delete(random.pick([...names]));
    request.ExclusiveStartKey = Object.fromEntries([...names].map((name) =>
      [name, schema.types[name] && !random.chance(0.05) ? keyValue(random, schema.types[name]) : value(random, 0)]));
  }
}

// Distinct as values, mostly: "1" and "1.0" are one key.
function keys(random, schema, count) {
  const made = new Map();
  for (let tries = 0; made.size < count && tries < count * 20; tries++) {
    const key = count > 10 ? wideKey(schema, made.size) : keyOf(random, schema);
    made.set(random.chance(0.02) ? `again${tries}` : identity(key), key);
  }
  return [...made.values()];
}

function wideKey(schema, at) {
  const of = { S: () => `w${at}`, N: () => `${1000 + at}`, B: () => Buffer.from([at, 1]).toString('base64') };
  return Object.fromEntries(schema.keys.map((name) => [name, { [schema.types[name]]: of[schema.types[name]]() }]));
}

const identity = (key) => JSON.stringify(Object.values(key).map((one) => ('N' in one ? Number(one.N) : one)));

// ---- bending ----

// All places in a request: [holder, name].
function places(node, found = []) {
  if (node === null || typeof node !== 'object') return found;
  for (const name of Object.keys(node)) {
    found.push([node, name]);
    places(node[name], found);
  }
  return found;
}

const isValue = (node) => node !== null && typeof node === 'object' && !Array.isArray(node) && Object.keys(node).length === 1 &&
  /^(S|N|B|BOOL|NULL|L|M|SS|NS|BS)$/.test(Object.keys(node)[0]);

const OTHER = [null, 5, 5.5, 'x', '', true, false, [], {}, [{}], -1, 'TRUE'];

function bend(random, operation, request) {
  const all = places(request);
  if (!all.length) return;
  const expressions = all.filter(([holder, name]) => /Expression$/.test(name) && typeof holder[name] === 'string');
  const values = all.filter(([holder, name]) => isValue(holder[name]));
  const [holder, name] = random.pick(all);
  random.weighted([
    [3, () => { if (Array.isArray(holder)) holder.splice(Number(name), 1); else delete holder[name]; }],
    [2, () => { holder[name] = random.pick(OTHER); }],
    [values.length ? 6 : 0, () => { const [at, key] = random.pick(values); at[key] = random.chance(0.5) ? oddValue(random) : value(random, 1); }],
    [expressions.length ? 6 : 0, () => { const [at, key] = random.pick(expressions); at[key] = bentText(random, at[key]); }],
    [1, () => { if (!Array.isArray(holder)) holder[`${name}x`] = holder[name]; }],
    [1, () => { if (!Array.isArray(holder)) { holder[random.pick(ATTRIBUTES)] = holder[name]; delete holder[name]; } else holder.push(holder[name]); }],
    [1, () => { request.TableName = random.pick(['missing', 'ab', '', 'a b c', '@1x']); }],
    [1, () => { request.ExpressionAttributeNames = { ...request.ExpressionAttributeNames, [random.pick(['#u', 'u', '#', '#a b'])]: random.pick(['a', '', 5]) }; }],
    [1, () => { request.ExpressionAttributeValues = { ...request.ExpressionAttributeValues, [random.pick([':u', 'u', ':', ':a b'])]: random.chance(0.5) ? oddValue(random) : value(random, 0) }; }],
  ])();
}

const WEIGHTS = [[18, 'PutItem'], [8, 'GetItem'], [22, 'UpdateItem'], [7, 'DeleteItem'], [16, 'Query'], [8, 'Scan'], [5, 'BatchGetItem'],
  [6, 'BatchWriteItem']];

const usable = (made) => JSON.stringify(made).length < 500000;

// Sequence number `at` of a seed: { tables: [CreateTable requests], requests: [[operation, request], …] }.
export function sequence(seed, at, only) {
  const random = new Random(Math.imul(seed, 1000003) + at);
  const weights = only ? WEIGHTS.filter(([, name]) => only.includes(name)) : WEIGHTS;
  if (at % 12 === 11 ? !only || only.includes('CreateTable') : !weights.length)
    return { tables: [], requests: random.list(20, 20, () => ['CreateTable', bent(random, 'CreateTable', undefined, 0.2)]) };
  if (!weights.length) return { tables: [], requests: [] };
  const schema = random.pick(schemas);
  const requests = random.list(4, 4, () => ['PutItem', { TableName: TABLE, Item: item(random, schema) }]);
  for (let i = 0; i < 26; i++) {
    const operation = random.weighted(weights);
    requests.push([operation, bent(random, operation, schema, 0.3)]);
  }
  return { tables: [schema.request], requests: requests.filter(usable) };
}

function bent(random, operation, schema, share) {
  const request = structuredClone(makers[operation](random, schema));
  if (random.chance(share)) bend(random, operation, request);
  return request;
}
