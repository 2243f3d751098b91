// What two other implementations agree on about keys, and Stator once answered otherwise.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { L, N, S, expectInvalid, harness } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table({ key: 'p s', gsi: { byG: { key: 'g:N' } } });
const Key = { p: S('a'), s: S('b') };
const nested = (key) => `Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: ${key}`;

for (const [what, path, key] of [['the partition key', 'p.x', 'Key: p'], ['the sort key', 's[0]', 'Key: s'], ['the key of an index', 'g[1].y', 'IndexKey: g']]) {
  test(`GetItem's projection may not look into ${what}`, () =>
    expectInvalid(db.GetItem({ TableName: name, Key, ProjectionExpression: `x, ${path}` }), nested(key)));

  test(`BatchGetItem's projection may not look into ${what}`, () =>
    expectInvalid(db.BatchGetItem({ RequestItems: { [name]: { Keys: [Key], ProjectionExpression: path } } }), nested(key)));

  test(`Scan's projection may not look into ${what}`, () =>
    expectInvalid(db.Scan({ TableName: name, ProjectionExpression: path }), nested(key)));

  test(`Scan's filter may not look into ${what}`, () =>
    expectInvalid(db.Scan({ TableName: name, FilterExpression: `x = y OR attribute_exists(${path})` }), nested(key)));

  test(`Query's projection may not look into ${what}`, () =>
    expectInvalid(db.Query({ TableName: name, KeyConditionExpression: 'p = :p', ProjectionExpression: path,
      ExpressionAttributeValues: { ':p': S('a') } }), nested(key)));

  test(`the right-hand side of an update may not look into ${what}`, () =>
    expectInvalid(db.UpdateItem({ TableName: name, Key, UpdateExpression: `SET x = if_not_exists(${path}, :v)`,
      ExpressionAttributeValues: { ':v': N(1) } }), nested(key)));
}

test('Query\'s filter may not look into the key of another index than the one it reads', () =>
  expectInvalid(db.Query({ TableName: name, KeyConditionExpression: 'p = :p', FilterExpression: 'g[0] = :p',
    ExpressionAttributeValues: { ':p': S('a') } }), nested('IndexKey: g')));

test('an update may not write into the key of an index', () =>
  expectInvalid(db.UpdateItem({ TableName: name, Key, UpdateExpression: 'SET g[0] = :v',
    ExpressionAttributeValues: { ':v': N(1) } }), nested('IndexKey: g')));

test('an update may not write into the table\'s key, and is told that it writes it', () =>
  expectInvalid(db.UpdateItem({ TableName: name, Key, UpdateExpression: 'REMOVE p.x' }),
    'One or more parameter values were invalid: Cannot update attribute p. This attribute is part of the key'));

test('a condition may look into keys: it finds nothing there', async () => {
  await db.PutItem({ TableName: name, Item: { ...Key, g: N(1), l: L(N(1)) }, ConditionExpression: 'attribute_not_exists(g[0]) AND attribute_not_exists(p.x)' });
  const { Item } = await db.GetItem({ TableName: name, Key, ProjectionExpression: 'p, g, l[0]' });
  assert.deepEqual(Item, { p: S('a'), g: N(1), l: L(N(1)) });
});

test('of all paths of a projection, one into the table\'s key is told first', () =>
  expectInvalid(db.GetItem({ TableName: name, Key, ProjectionExpression: 'g[0], s[1]' }), nested('Key: s')));

test('BatchGetItem tells keys that stand twice before paths into keys', () =>
  expectInvalid(db.BatchGetItem({ RequestItems: { [name]: { Keys: [Key, Key], ProjectionExpression: 'p.x' } } }), 'Provided list of item keys contains duplicates'));

test('Query looks at the starting key before its conditions', () =>
  expectInvalid(db.Query({ TableName: name, KeyConditionExpression: 'x = :x', ExpressionAttributeValues: { ':x': N(1) }, ExclusiveStartKey: { x: N(1) } }),
    'The provided starting key is invalid'));

test('a key is checked attribute by attribute: what is wrong with the first is told', async () => {
  const get = (key) => db.GetItem({ TableName: name, Key: key });
  const INVALID = 'One or more parameter values were invalid: ';
  await expectInvalid(get({ p: S('k'.repeat(2049)), s: N(1) }), `${INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes`);
  await expectInvalid(get({ p: S(''), s: N(1) }),
    'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: p');
  await expectInvalid(get({ p: N(1), s: S('k'.repeat(1025)) }), 'The provided key element does not match the schema');
  await expectInvalid(get({ p: S('k'.repeat(2049)) }), 'The provided key element does not match the schema');
});
