// Pages: the 1 MB limit, Limit, LastEvaluatedKey and every check of ExclusiveStartKey.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { N, S, expectInvalid, harness, load, pages } from './lib/index.mjs';

const { db, table } = await harness();

// 40 items of about 100 KB in one partition: a little more than ten a page.
const large = await table({ key: 'p s:N', gsi: { byG: { key: 'g s:N' } } });
for (let s = 0; s < 40; s++) await db.PutItem({ TableName: large, Item: { p: S('p'), s: N(s), g: S('g'), blob: S('x'.repeat(100000)) } });
const small = await table({ key: 'p s:N', gsi: { byG: { key: 'g' } }, lsi: { byT: { key: 'p t:N' } } });
await load(db, small, Array.from({ length: 60 }, (_, s) => ({ p: S(s % 2 ? 'odd' : 'even'), s: N(s), g: S('same'), t: N(1), x: N(s) })));

const sorts = (list) => list.flatMap((page) => page.Items ?? []).map((item) => Number(item.s.N));
const whole = Array.from({ length: 40 }, (_, s) => s);
const partition = { KeyConditionExpression: 'p = :p', ExpressionAttributeValues: { ':p': S('p') } };
const MB = 1024 * 1024;

for (const [operation, request] of [['Query', partition], ['Scan', {}], ['Query', { ...partition, ScanIndexForward: false }],
  ['Query', { IndexName: 'byG', KeyConditionExpression: 'g = :p', ExpressionAttributeValues: { ':p': S('g') } }], ['Scan', { IndexName: 'byG' }]]) {
  const what = `${operation}${request.IndexName ? ' of an index' : ''}${request.ScanIndexForward === false ? ' backward' : ''}`;
  test(`a ${what} ends its page at 1 MB of items and goes on from there`, async () => {
    const list = await pages(db, operation, { TableName: large, ...request });
    assert.deepEqual(sorts(list), request.ScanIndexForward === false ? [...whole].reverse() : whole);
    assert.equal(list.length, 4);
    for (const page of list.slice(0, -1)) {
      const bytes = page.Items.reduce((sum, item) => sum + item.blob.S.length, 0);
      assert.ok(bytes <= MB + 100100 && bytes > MB - 200000, `${bytes} bytes`);
      assert.equal(page.Count, page.ScannedCount);
    }
  });
}

test('the 1 MB limit is counted before the filter: pages may be empty and carry LastEvaluatedKey', async () => {
  const list = await pages(db, 'Query', { TableName: large, ...partition, FilterExpression: 'attribute_exists(zz)' });
  assert.equal(list.length, 4);
  for (const page of list) assert.equal(page.Count, 0);
  assert.equal(list.reduce((sum, page) => sum + page.ScannedCount, 0), 40);
});

test('the 1 MB limit is counted before the projection and before counting', async () => {
  assert.equal((await pages(db, 'Query', { TableName: large, ...partition, ProjectionExpression: 's' })).length, 4);
  const counts = await pages(db, 'Scan', { TableName: large, Select: 'COUNT' });
  assert.equal(counts.length, 4);
  assert.equal(counts.reduce((sum, page) => sum + page.Count, 0), 40);
});

const even = { TableName: small, KeyConditionExpression: 'p = :p', ExpressionAttributeValues: { ':p': S('even') } };

test('Limit counts examined items, not found ones', async () => {
  const page = await db.Query({ ...even, Limit: 5, FilterExpression: 'x > :x', ExpressionAttributeValues: { ':p': S('even'), ':x': N(6) } });
  assert.equal(page.ScannedCount, 5);
  assert.equal(page.Count, 1);
  assert.deepEqual(page.LastEvaluatedKey, { p: S('even'), s: N(8) });
});

for (const Limit of [1, 7, 29, 30, 31]) {
  test(`pages of ${Limit} hold every item once, forward and backward`, async () => {
    const expected = Array.from({ length: 30 }, (_, at) => at * 2);
    assert.deepEqual(sorts(await pages(db, 'Query', { ...even, Limit })), expected);
    assert.deepEqual(sorts(await pages(db, 'Query', { ...even, Limit, ScanIndexForward: false })), [...expected].reverse());
  });
}

test('a page that ends with the limit carries LastEvaluatedKey, even when nothing follows', async () => {
  const page = await db.Query({ ...even, Limit: 30 });
  assert.equal(page.Count, 30);
  assert.deepEqual(page.LastEvaluatedKey, { p: S('even'), s: N(58) });
  const last = await db.Query({ ...even, Limit: 30, ExclusiveStartKey: page.LastEvaluatedKey });
  assert.deepEqual(last, { Items: [], Count: 0, ScannedCount: 0 });
  assert.equal('LastEvaluatedKey' in await db.Query({ ...even, Limit: 31 }), false);
});

test('a start key need not exist', async () => {
  const { Items } = await db.Query({ ...even, ExclusiveStartKey: { p: S('even'), s: N('6.5') }, Limit: 2 });
  assert.deepEqual(sorts([{ Items }]), [8, 10]);
  const back = await db.Query({ ...even, ExclusiveStartKey: { p: S('even'), s: N('6.5') }, Limit: 2, ScanIndexForward: false });
  assert.deepEqual(sorts([back]), [6, 4]);
});

test('a scan goes on from a start key that has been deleted', async () => {
  const gone = await table({});
  await load(db, gone, Array.from({ length: 20 }, (_, at) => ({ id: S(`k${at}`) })));
  const first = await db.Scan({ TableName: gone, Limit: 10 });
  await db.DeleteItem({ TableName: gone, Key: first.LastEvaluatedKey });
  const rest = await db.Scan({ TableName: gone, ExclusiveStartKey: first.LastEvaluatedKey });
  assert.equal(rest.Count, 10);
  assert.equal(new Set([...first.Items, ...rest.Items].map((item) => item.id.S)).size, 20);
});

test('a scan paged by one holds every item once', async () => {
  const found = sorts(await pages(db, 'Scan', { TableName: small, Limit: 1 }));
  assert.deepEqual(found.sort((left, right) => left - right), Array.from({ length: 60 }, (_, s) => s));
});

test('a start key within the condition\'s range is accepted', async () => {
  const answer = await db.Query({ ...even, KeyConditionExpression: 'p = :p AND s BETWEEN :a AND :b',
    ExpressionAttributeValues: { ':p': S('even'), ':a': N(10), ':b': N(20) }, ExclusiveStartKey: { p: S('even'), s: N(14) } });
  assert.deepEqual(sorts([answer]), [16, 18, 20]);
});

const INVALID_START = 'The provided starting key is invalid';
const OUTSIDE = 'The provided starting key is outside query boundaries based on provided conditions';
const PREDICATE = 'The provided starting key does not match the range key predicate';
const above = { KeyConditionExpression: 'p = :p AND s > :s', ExpressionAttributeValues: { ':p': S('even'), ':s': N(20) } };
const below = { KeyConditionExpression: 'p = :p AND s < :s', ExpressionAttributeValues: { ':p': S('even'), ':s': N(20) } };
const global = { IndexName: 'byG', KeyConditionExpression: 'g = :g', ExpressionAttributeValues: { ':g': S('same') } };
const local = { IndexName: 'byT', KeyConditionExpression: 'p = :p', ExpressionAttributeValues: { ':p': S('even') } };
const starts = [
  ['a start key of another partition', {}, { p: S('odd'), s: N(1) }, OUTSIDE],
  ['a start key without range key', {}, { p: S('even') }, INVALID_START],
  ['an empty start key', {}, {}, INVALID_START],
  ['a start key with another attribute', {}, { p: S('even'), s: N(1), x: N(1) }, INVALID_START],
  ['a start key of another name', {}, { p: S('even'), y: N(1) }, INVALID_START],
  ['a start key of the wrong type', {}, { p: S('even'), s: S('1') }, /The provided key element does not match the schema$/],
  ['a start key below the condition\'s range', above, { p: S('even'), s: N(10) }, PREDICATE],
  ['a start key above the condition\'s range', below, { p: S('even'), s: N(30) }, PREDICATE],
  ['an index start key without table key', global, { g: S('same') }, INVALID_START],
  ['an index start key without index key', global, { p: S('even'), s: N(2) }, INVALID_START],
  ['an index start key with another attribute', global, { g: S('same'), p: S('even'), s: N(2), x: N(1) }, INVALID_START],
  ['an index start key of another partition', global, { g: S('other'), p: S('even'), s: N(2) }, OUTSIDE],
  ['a table\'s start key on a local index', local, { p: S('even'), s: N(2) }, INVALID_START],
  ['a local index start key of another partition', local, { p: S('odd'), s: N(1), t: N(1) }, OUTSIDE],
];
for (const [what, request, ExclusiveStartKey, message] of starts) {
  test(`Query refuses ${what}`, () => expectInvalid(db.Query({ ...even, ...request, ExclusiveStartKey }), message));
}

test('a Query of a table with a hash key alone refuses a start key', async () => {
  const lonely = await table({});
  await db.PutItem({ TableName: lonely, Item: { id: S('a') } });
  await expectInvalid(db.Query({ TableName: lonely, KeyConditionExpression: 'id = :i', ExpressionAttributeValues: { ':i': S('a') },
    ExclusiveStartKey: { id: S('a') } }), 'The query can return at most one row and cannot be restarted');
});

test('a bad start key is refused on an empty partition, too', () =>
  expectInvalid(db.Query({ ...even, ExpressionAttributeValues: { ':p': S('none') }, ExclusiveStartKey: { p: S('even'), s: N(1) } }), OUTSIDE));
