// Requests of the operations on items: right ones, with expressions or with what came before them.

import { ATTRIBUTES, item, keyOf, keyValue, value } from './values.mjs';
import { Expressions } from './expressions.mjs';
import * as legacy from './legacy.mjs';

export const TABLE = '@1';

// ---- members that several operations have ----

export function returned(random, request, { metrics = false } = {}) {
  if (random.chance(0.25)) request.ReturnConsumedCapacity = random.weighted([[12, 'TOTAL'], [12, 'INDEXES'], [3, 'NONE'], [1, 'total']]);
  if (metrics && random.chance(0.06)) request.ReturnItemCollectionMetrics = random.weighted([[8, 'SIZE'], [4, 'NONE'], [1, 'size']]);
  return request;
}

const isLegacy = (random) => random.chance(0.25);
const both = (random) => random.chance(0.03);

function writeMembers(random, schema, expressions, request, returnValues, old) {
  if (old || both(random)) legacy.expected(random, schema, request);
  if (!old || both(random)) if (random.chance(0.45)) request.ConditionExpression = expressions.condition();
  if (random.chance(0.4)) request.ReturnValues = random.chance(0.98) ? random.pick(returnValues) : random.pick(['ALL_NEW', 'UPDATED_OLD', 'all_old', '']);
  if (random.chance(0.1)) request.ReturnValuesOnConditionCheckFailure = random.weighted([[24, 'ALL_OLD'], [12, 'NONE'], [1, 'ALL_NEW']]);
  returned(random, request, { metrics: true });
  return expressions.into(request);
}

export function projected(random, schema, expressions, request, old = isLegacy(random)) {
  if (old || both(random)) legacy.attributesToGet(random, schema, request);
  if (!old || both(random)) if (random.chance(0.4)) request.ProjectionExpression = expressions.projection();
  return request;
}

function chooseIndex(random, schema, request) {
  if (random.chance(0.015)) request.IndexName = random.pick(['missing', 'ab', '']);
  if (!schema.indexes.length || !random.chance(0.6)) return undefined;
  const index = random.pick(schema.indexes);
  request.IndexName = index.name;
  return index;
}

function startKey(random, schema, indexKeys) {
  const names = new Set([...schema.keys, ...indexKeys]);
  if (random.chance(0.15)) names.add(random.pick(ATTRIBUTES));
  if (random.chance(0.15)) names.delete(random.pick([...names]));
  return Object.fromEntries([...names].map((name) =>
    [name, schema.types[name] && !random.chance(0.05) ? keyValue(random, schema.types[name]) : value(random, 0)]));
}

function pageMembers(random, schema, expressions, request, indexKeys, old, oldFilter) {
  if (old || both(random)) legacy.filter(random, schema, request, oldFilter);
  if (!old || random.chance(0.1)) if (random.chance(0.3)) request.FilterExpression = expressions.condition();
  projected(random, schema, expressions, request, old);
  if (random.chance(0.12))
    request.Select = random.pick(['ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES', 'COUNT', 'SPECIFIC_ATTRIBUTES', 'some']);
  if (random.chance(0.25)) request.Limit = random.weighted([[5, 1], [5, 2], [2, 3], [1, 0], [1, -1], [2, 1000]]);
  if (random.chance(0.3)) request.ConsistentRead = random.chance(0.3);
  if (random.chance(0.12)) request.ExclusiveStartKey = startKey(random, schema, indexKeys);
}

// Distinct as values, mostly: "1" and "1.0" are one key.
export function keys(random, schema, count) {
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

// ---- operations ----

export const makers = {
  PutItem(random, schema) {
    return writeMembers(random, schema, new Expressions(random, schema), { TableName: TABLE, Item: item(random, schema) }, ['NONE', 'ALL_OLD'], isLegacy(random));
  },

  GetItem(random, schema) {
    const expressions = new Expressions(random, schema);
    const request = projected(random, schema, expressions, { TableName: TABLE, Key: keyOf(random, schema) });
    if (random.chance(0.3)) request.ConsistentRead = random.chance(0.5);
    return expressions.into(returned(random, request), { withValues: false });
  },

  UpdateItem(random, schema) {
    const expressions = new Expressions(random, schema);
    const request = { TableName: TABLE, Key: keyOf(random, schema) };
    const old = isLegacy(random);
    if (old || both(random)) legacy.attributeUpdates(random, schema, request);
    if (!old || both(random)) if (random.chance(0.97)) request.UpdateExpression = expressions.update();
    return writeMembers(random, schema, expressions, request, ['NONE', 'ALL_OLD', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW'], old);
  },

  DeleteItem(random, schema) {
    return writeMembers(random, schema, new Expressions(random, schema), { TableName: TABLE, Key: keyOf(random, schema) }, ['NONE', 'ALL_OLD'], isLegacy(random));
  },

  Query(random, schema) {
    const expressions = new Expressions(random, schema);
    const request = { TableName: TABLE };
    const index = chooseIndex(random, schema, request);
    const queried = index ? index.keys : schema.keys;
    const old = isLegacy(random);
    if (old || both(random)) legacy.keyConditions(random, schema, queried, request);
    if (!old || both(random)) if (random.chance(0.98)) request.KeyConditionExpression = expressions.keyCondition(queried);
    pageMembers(random, schema, expressions, request, queried, old, 'QueryFilter');
    if (random.chance(0.3)) request.ScanIndexForward = random.chance(0.5);
    return expressions.into(returned(random, request));
  },

  Scan(random, schema) {
    const expressions = new Expressions(random, schema);
    const request = { TableName: TABLE };
    const index = chooseIndex(random, schema, request);
    pageMembers(random, schema, expressions, request, index ? index.keys : schema.keys, isLegacy(random), 'ScanFilter');
    if (random.chance(0.12)) {
      request.TotalSegments = random.weighted([[4, 1], [4, 2], [1, 0], [1, 1000000], [1, 1000001]]);
      if (random.chance(0.9)) request.Segment = random.weighted([[6, 0], [3, 1], [1, 2], [1, -1]]);
    }
    return expressions.into(returned(random, request));
  },

  BatchGetItem(random, schema) {
    const expressions = new Expressions(random, schema);
    const count = random.chance(0.02) ? random.pick([0, 100, 101]) : random.from(1, 4);
    const part = projected(random, schema, expressions, { Keys: keys(random, schema, count) });
    if (random.chance(0.2)) part.ConsistentRead = random.chance(0.5);
    expressions.into(part, { withValues: false });
    const request = { RequestItems: { [TABLE]: part } };
    if (random.chance(0.02)) request.RequestItems.missing = { Keys: [keyOf(random, schema)] };
    if (random.chance(0.01)) request.RequestItems = {};
    return returned(random, request);
  },

  BatchWriteItem(random, schema) {
    const count = random.chance(0.03) ? random.pick([0, 25, 26]) : random.from(1, 4);
    const rows = keys(random, schema, count).map((key) => (random.chance(0.7)
      ? { PutRequest: { Item: { ...item(random, schema), ...key } } }
      : { DeleteRequest: { Key: key } }));
    if (rows.length && random.chance(0.01)) rows[0].DeleteRequest = { Key: keyOf(random, schema) };
    const request = { RequestItems: { [TABLE]: rows } };
    if (random.chance(0.02)) request.RequestItems.missing = [{ DeleteRequest: { Key: keyOf(random, schema) } }];
    if (random.chance(0.01)) request.RequestItems = {};
    return returned(random, request, { metrics: true });
  },
};
