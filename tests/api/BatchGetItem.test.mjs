// BatchGetItem: several keys of several tables, limits, what is always present.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { KEY_MISMATCH, N, NO_TABLE, S, expectError, expectInvalid, expectUnreadable, harness, load, notNull, refusals, tooShort,
  violations } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table({});
const pairs = await table({ key: 'p s:N' });
const keys = (from, to) => Array.from({ length: to - from }, (_, at) => ({ id: S(`k${from + at}`) }));
await load(db, name, keys(0, 120).map((key, at) => ({ ...key, at: N(at), text: S(`text ${at}`) })));
await load(db, pairs, Array.from({ length: 10 }, (_, s) => ({ p: S('p'), s: N(s) })));

const ask = (RequestItems, more) => db.BatchGetItem({ RequestItems, ...more });
const ids = (items) => items.map((item) => item.id.S).sort();

test('100 keys answer 100 items', async () => {
  const { Responses, UnprocessedKeys } = await ask({ [name]: { Keys: keys(0, 100) } });
  assert.deepEqual(ids(Responses[name]), ids(keys(0, 100)));
  assert.deepEqual(UnprocessedKeys, {});
});

test('several tables in one request', async () => {
  const { Responses } = await ask({ [name]: { Keys: keys(0, 3) }, [pairs]: { Keys: [{ p: S('p'), s: N('3.0') }, { p: S('p'), s: N(4) }] } });
  assert.equal(Responses[name].length, 3);
  assert.deepEqual(Responses[pairs].map((item) => Number(item.s.N)).sort(), [3, 4]);
});

test('a table whose keys were all missing appears with an empty list', async () =>
  assert.deepEqual(await ask({ [name]: { Keys: [{ id: S('none') }] } }), { Responses: { [name]: [] }, UnprocessedKeys: {} }));

test('missing items are left out', async () => {
  const { Responses } = await ask({ [name]: { Keys: [{ id: S('none') }, { id: S('k1') }] } });
  assert.deepEqual(ids(Responses[name]), ['k1']);
});

test('a projection applies to its table', async () => {
  const { Responses } = await ask({
    [name]: { Keys: keys(1, 2), ProjectionExpression: '#a', ExpressionAttributeNames: { '#a': 'at' }, ConsistentRead: true },
    [pairs]: { Keys: [{ p: S('p'), s: N(1) }], AttributesToGet: ['s'] },
  });
  assert.deepEqual(Responses, { [name]: [{ at: N(1) }], [pairs]: [{ s: N(1) }] });
});

test('more than 16 MB come in several answers', async () => {
  const large = await table({});
  for (let at = 0; at < 50; at++) await db.PutItem({ TableName: large, Item: { id: S(`k${at}`), b: S('x'.repeat(390000)) } });
  let request = { [large]: { Keys: keys(0, 50) } };
  const found = [];
  let rounds = 0;
  while (Object.keys(request).length) {
    const { Responses, UnprocessedKeys } = await ask(request);
    const bytes = Responses[large].reduce((sum, item) => sum + item.b.S.length, 0);
    assert.ok(bytes <= 16 * 1024 * 1024, `${bytes} bytes in one answer`);
    found.push(...Responses[large]);
    request = UnprocessedKeys;
    rounds++;
  }
  assert.deepEqual(ids(found), ids(keys(0, 50)));
  assert.equal(rounds, 2);
});

refusals(db, 'BatchGetItem', {}, [
  ['an empty request', {}, violations(notNull('requestItems'))],
  ['no tables', { RequestItems: {} }, violations(tooShort('requestItems', '{}', 1))],
  ['a table without keys', { RequestItems: { [name]: {} } }, violations(notNull(`requestItems.${name}.member.keys`))],
  ['an empty list of keys', { RequestItems: { [name]: { Keys: [] } } }, violations(tooShort(`requestItems.${name}.member.keys`, '[]', 1))],
  ['101 keys of one table', { RequestItems: { [name]: { Keys: keys(0, 101) } } },
    new RegExp(`^1 validation error detected: Value '.*' at 'requestItems\\.${name}\\.member\\.keys' failed to satisfy constraint: Member must have length less than or equal to 100$`)],
  ['101 keys of two tables', { RequestItems: { [name]: { Keys: keys(0, 60) }, [pairs]: { Keys: Array.from({ length: 41 }, (_, s) => ({ p: S('p'), s: N(s) })) } } },
    'Too many items requested for the BatchGetItem call'],
  ['a key twice, before it is held against the schema', { RequestItems: { [name]: { Keys: [{ x: N(1) }, { x: N('1.0') }] } } },
    'Provided list of item keys contains duplicates'],
  ['a key twice in a table that is missing', { RequestItems: { 'no-such-table': { Keys: [{ x: N(1) }, { x: N(1) }] } } },
    'Provided list of item keys contains duplicates'],
  ['a key twice', { RequestItems: { [name]: { Keys: [...keys(1, 3), ...keys(1, 2)] } } }, 'Provided list of item keys contains duplicates'],
  ['one number key in two spellings', { RequestItems: { [pairs]: { Keys: [{ p: S('p'), s: N(1) }, { p: S('p'), s: N('1.0') }] } } },
    'Provided list of item keys contains duplicates'],
  ['a key of another name', { RequestItems: { [name]: { Keys: [{ b: S('a') }] } } }, KEY_MISMATCH],
  ['a key of the wrong type', { RequestItems: { [name]: { Keys: [{ id: S('ok') }, { id: N(1) }] } } }, KEY_MISMATCH],
  ['a key without range key', { RequestItems: { [pairs]: { Keys: [{ p: S('p') }] } } }, KEY_MISMATCH],
  ['both kinds of projection', { RequestItems: { [name]: { Keys: keys(0, 1), ProjectionExpression: 'a', AttributesToGet: ['a'] } } },
    'Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}'],
  ['a bad projection', { RequestItems: { [name]: { Keys: keys(0, 1), ProjectionExpression: 'abort' } } },
    'Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: abort'],
  ['an unused name', { RequestItems: { [name]: { Keys: keys(0, 1), ProjectionExpression: 'a', ExpressionAttributeNames: { '#a': 'a' } } } },
    'Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}'],
]);

test('a missing table is ResourceNotFoundException', () =>
  expectError(ask({ [name]: { Keys: keys(0, 1) }, 'no-such-table': { Keys: keys(0, 1) } }), { type: 'ResourceNotFoundException', message: NO_TABLE }));

test('the same key in two tables is no duplicate', async () => {
  const other = await table({});
  const { Responses } = await ask({ [name]: { Keys: keys(1, 2) }, [other]: { Keys: keys(1, 2) } });
  assert.equal(Responses[name].length, 1);
  assert.deepEqual(Responses[other], []);
});

test('a string as Keys is a SerializationException', () => expectUnreadable(ask({ [name]: { Keys: 'a' } }), 'Unexpected field type'));
test('a list as RequestItems is a SerializationException', () => expectUnreadable(ask([]),
  'Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.KeysAndAttributes>'));
test('a bad projection is refused before the table is looked up', () =>
  expectInvalid(ask({ 'no-such-table': { Keys: keys(0, 1), ProjectionExpression: 'abort' } })));

test('a missing table is told before what is wrong with the keys of another one', () =>
  expectError(db.BatchGetItem({ RequestItems: { [name]: { Keys: [{ b: S('a') }] }, 'no-such-table': { Keys: [{ a: S('a') }] } } }),
    { type: 'ResourceNotFoundException', message: NO_TABLE }));
