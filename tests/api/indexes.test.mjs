// Secondary indexes: what is in them, in which order, what they give back, and paging on equal keys.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { B, INVALID, L, M, N, S, expectInvalid, harness, load, pages, refusals, uniqueName, waitActive } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table({
  key: 'p s:N',
  gsi: { byG: { key: 'g' }, byGR: { key: 'g r:N', project: 'KEYS_ONLY' }, some: { key: 'h', project: ['a', 'b'] }, inverted: { key: 's:N p', project: 'KEYS_ONLY' } },
  lsi: { byT: { key: 'p t:N', project: 'KEYS_ONLY' }, all: { key: 'p u' }, few: { key: 'p v', project: ['a'] } },
});

const query = (IndexName, condition, values, more) => db.Query({ TableName: name, IndexName, KeyConditionExpression: condition,
  ExpressionAttributeValues: values, ...more });
const inIndex = async (IndexName, g) => (await query(IndexName, 'g = :g', { ':g': S(g) })).Items;
const put = (item) => db.PutItem({ TableName: name, Item: item });

test('an item is in an index only when it has all of the index\'s keys', async () => {
  const g = uniqueName();
  await put({ p: S('sparse'), s: N(1), g: S(g) });
  assert.equal((await inIndex('byG', g)).length, 1);
  assert.equal((await inIndex('byGR', g)).length, 0);
  await put({ p: S('sparse'), s: N(1), g: S(g), r: N(1) });
  assert.equal((await inIndex('byGR', g)).length, 1);
});

test('updates, replacements and deletes move items in and out of indexes', async () => {
  const [first, second] = [uniqueName(), uniqueName()];
  const Key = { p: S('moving'), s: N(1) };
  const update = (UpdateExpression, values) => db.UpdateItem({ TableName: name, Key, UpdateExpression, ExpressionAttributeValues: values });
  await put({ ...Key, a: N(1) });
  assert.equal((await inIndex('byG', first)).length, 0);
  await update('SET g = :g', { ':g': S(first) });
  assert.deepEqual(await inIndex('byG', first), [{ ...Key, a: N(1), g: S(first) }]);
  await update('SET g = :g', { ':g': S(second) });
  assert.equal((await inIndex('byG', first)).length, 0);
  assert.equal((await inIndex('byG', second)).length, 1);
  await update('SET a = :a', { ':a': N(2) });
  assert.deepEqual((await inIndex('byG', second))[0].a, N(2));
  await update('REMOVE g');
  assert.equal((await inIndex('byG', second)).length, 0);
  await put({ ...Key, g: S(first) });
  assert.equal((await inIndex('byG', first)).length, 1);
  await put(Key);
  assert.equal((await inIndex('byG', first)).length, 0);
  await put({ ...Key, g: S(first) });
  await db.DeleteItem({ TableName: name, Key });
  assert.equal((await inIndex('byG', first)).length, 0);
});

test('a failed condition changes no index', async () => {
  const g = uniqueName();
  await put({ p: S('failed'), s: N(1), g: S(g) });
  await db.PutItem({ TableName: name, Item: { p: S('failed'), s: N(1) }, ConditionExpression: 'attribute_not_exists(p)' }).catch(() => {});
  assert.equal((await inIndex('byG', g)).length, 1);
});

const whole = { p: S('projected'), s: N(1), g: S('projected'), r: N(1), h: S('projected'), t: N(1), u: S('u'), v: S('v'), a: L(N(1)), b: M({ c: N(2) }), c: N(3) };
await put(whole);
const value = { ':x': S('projected') };
const keysOf = (item, ...names) => Object.fromEntries(names.map((each) => [each, item[each]]));

test('ALL projects everything', async () => assert.deepEqual((await query('byG', 'g = :x', value)).Items, [whole]));
test('KEYS_ONLY projects the keys of index and table', async () =>
  assert.deepEqual((await query('byGR', 'g = :x', value)).Items, [keysOf(whole, 'p', 's', 'g', 'r')]));
test('INCLUDE projects the keys and the listed attributes', async () =>
  assert.deepEqual((await query('some', 'h = :x', value)).Items, [keysOf(whole, 'p', 's', 'h', 'a', 'b')]));
test('a local index answers what it projects, unless asked for more', async () => {
  assert.deepEqual((await query('byT', 'p = :x', value)).Items, [keysOf(whole, 'p', 's', 't')]);
  assert.deepEqual((await query('few', 'p = :x', value)).Items, [keysOf(whole, 'p', 's', 'v', 'a')]);
  assert.deepEqual((await query('all', 'p = :x', value)).Items, [whole]);
});
test('a local index fetches from the table what it does not project', async () => {
  assert.deepEqual((await query('byT', 'p = :x', value, { Select: 'ALL_ATTRIBUTES' })).Items, [whole]);
  assert.deepEqual((await query('byT', 'p = :x', value, { ProjectionExpression: 'b.c, t' })).Items, [{ b: M({ c: N(2) }), t: N(1) }]);
});
test('ALL_PROJECTED_ATTRIBUTES is what an index answers by itself', async () =>
  assert.deepEqual((await query('some', 'h = :x', value, { Select: 'ALL_PROJECTED_ATTRIBUTES' })).Items, [keysOf(whole, 'p', 's', 'h', 'a', 'b')]));
test('a projection of what an index has is answered', async () =>
  assert.deepEqual((await query('some', 'h = :x', value, { ProjectionExpression: 'a[0], s' })).Items, [{ a: L(N(1)), s: N(1) }]));
test('a local index whose filter needs other attributes still answers only what it projects', async () => {
  await put({ p: S('filtered'), s: N(1), t: N(1), extra: S('yes') });
  const ask = (more) => query('byT', 'p = :p', { ':p': S('filtered'), ':yes': S('yes') }, { FilterExpression: 'extra = :yes', ...more });
  const projected = { p: S('filtered'), s: N(1), t: N(1) };
  assert.deepEqual((await ask()).Items, [projected]);
  assert.deepEqual((await ask({ Select: 'ALL_PROJECTED_ATTRIBUTES' })).Items, [projected]);
  assert.deepEqual((await ask({ Select: 'ALL_ATTRIBUTES' })).Items, [{ ...projected, extra: S('yes') }]);
  assert.deepEqual((await ask({ ProjectionExpression: 'extra' })).Items, [{ extra: S('yes') }]);
});

test('a consistent read of a local index is answered', async () =>
  assert.equal((await query('byT', 'p = :x', value, { ConsistentRead: true })).Count, 1));
test('an inverted index answers the other direction', async () => {
  await load(db, name, ['zeta', 'alpha', 'mu'].map((p) => ({ p: S(p), s: N('777') })));
  const { Items } = await query('inverted', 's = :s', { ':s': N('7.77E2') });
  assert.deepEqual(Items.map((item) => item.p.S), ['alpha', 'mu', 'zeta']);
});
test('filters on an index may use the table\'s keys', async () =>
  assert.equal((await query('byG', 'g = :x', { ...value, ':s': N(1) }, { FilterExpression: 's = :s' })).Count, 1));

// Fifty items of one index key; r alternates between three values.
const equal = uniqueName('equal');
await load(db, name, Array.from({ length: 50 }, (_, at) => ({ p: S(`equal${at % 5}`), s: N(at), g: S(equal), r: N(at % 3), t: N(7), x: N(at) })));
const found = (list) => list.flatMap((page) => page.Items).map((item) => Number(item.s.N));
const everything = Array.from({ length: 50 }, (_, at) => at);
const ascending = (list) => [...list].sort((left, right) => left - right);

for (const IndexName of ['byG', 'byGR']) {
  for (const Limit of [1, 3, 7, 50]) {
    test(`items with equal keys of ${IndexName} are paged through by ${Limit} without loss or repetition, both ways`, async () => {
      const request = { TableName: name, IndexName, Limit, KeyConditionExpression: 'g = :g', ExpressionAttributeValues: { ':g': S(equal) } };
      const forward = found(await pages(db, 'Query', request));
      assert.deepEqual(ascending(forward), everything);
      const backward = found(await pages(db, 'Query', { ...request, ScanIndexForward: false }));
      assert.deepEqual(backward, [...forward].reverse());
    });
  }
}

test('an index\'s range key gives the order, by value', async () => {
  const { Items } = await query('byGR', 'g = :g', { ':g': S(equal) });
  const order = Items.map((item) => Number(item.r.N));
  assert.deepEqual(order, ascending(order));
});

test('conditions on an index\'s range key hold', async () => {
  assert.equal((await query('byGR', 'g = :g AND r = :r', { ':g': S(equal), ':r': N(1) })).Count, 17);
  assert.equal((await query('byGR', 'g = :g AND r > :r', { ':g': S(equal), ':r': N(0) })).Count, 33);
  assert.equal((await query('byGR', 'g = :g AND r BETWEEN :r AND :r', { ':g': S(equal), ':r': N(2) })).Count, 16);
});

test('equal keys of a local index are paged through without loss', async () => {
  const list = await pages(db, 'Query', { TableName: name, IndexName: 'byT', Limit: 3, KeyConditionExpression: 'p = :p AND t = :t',
    ExpressionAttributeValues: { ':p': S('equal2'), ':t': N(7) } });
  assert.deepEqual(ascending(found(list)), everything.filter((at) => at % 5 === 2));
});

test('LastEvaluatedKey of an index holds the index key and the table key', async () => {
  const global = await query('byGR', 'g = :g', { ':g': S(equal) }, { Limit: 1 });
  assert.deepEqual(Object.keys(global.LastEvaluatedKey).sort(), ['g', 'p', 'r', 's']);
  const local = await query('byT', 'p = :p', { ':p': S('equal1') }, { Limit: 1 });
  assert.deepEqual(Object.keys(local.LastEvaluatedKey).sort(), ['p', 's', 't']);
});

test('a scan of an index answers its items once, by pages', async () => {
  const list = await pages(db, 'Scan', { TableName: name, IndexName: 'byGR', Limit: 7, FilterExpression: 'g = :g', ExpressionAttributeValues: { ':g': S(equal) } });
  assert.deepEqual(ascending(found(list)), everything);
});

test('segments of an index hold its items once', async () => {
  const all = [];
  for (const Segment of [0, 1, 2, 3]) {
    const list = await pages(db, 'Scan', { TableName: name, IndexName: 'byG', Segment, TotalSegments: 4, FilterExpression: 'g = :g', ExpressionAttributeValues: { ':g': S(equal) } });
    all.push(...found(list));
  }
  assert.deepEqual(ascending(all), everything);
});

test('DescribeTable counts an index by its own items, never below 0', async () => {
  const { Table } = await db.DescribeTable({ TableName: name });
  for (const index of Table.GlobalSecondaryIndexes) assert.ok(index.ItemCount >= 0 && index.IndexSizeBytes >= 0);
});

const MISSED = (key) => `Query condition missed key schema element: ${key}`;
refusals(db, 'Query', { TableName: name, IndexName: 'byGR', KeyConditionExpression: 'g = :x', ExpressionAttributeValues: value }, [
  ['the table\'s key on an index', { KeyConditionExpression: 'p = :x' }, MISSED('g')],
  ['the table\'s sort key next to an index\'s hash key', { KeyConditionExpression: 'g = :x AND s = :s', ExpressionAttributeValues: { ...value, ':s': N(1) } }, MISSED('r')],
  ['a condition on the table\'s key of an index without range key', { IndexName: 'byG', KeyConditionExpression: 'g = :x AND p = :x' }, 'Query key condition not supported'],
  ['an index key of another type', { ExpressionAttributeValues: { ':x': N(1) } }, `${INVALID}Condition parameter type does not match schema type`],
  ['a consistent read of a global index', { ConsistentRead: true }, 'Consistent reads are not supported on global secondary indexes'],
  ['ALL_ATTRIBUTES of a global index without all', { Select: 'ALL_ATTRIBUTES' },
    `${INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index byGR because its projection type is not ALL`],
  ['a projection of what a global index has not', { ProjectionExpression: 'c' }, /^One or more parameter values were invalid: Global secondary index byGR does not project \[?c\]?$/],
  ['projections of several things that a global index has not, each named once', { ProjectionExpression: 'c.d, p, e, c.f' },
    `${INVALID}Global secondary index byGR does not project [c, e]`],
  ['a filter on the index\'s key', { FilterExpression: 'r = :r', ExpressionAttributeValues: { ...value, ':r': N(1) } },
    'Filter Expression can only contain non-primary key attributes: Primary key attribute: r'],
]);

test('ALL_ATTRIBUTES of a global index with all is answered', async () =>
  assert.deepEqual((await query('byG', 'g = :x', value, { Select: 'ALL_ATTRIBUTES' })).Items, [whole]));

test('binary and number index keys work', async () => {
  const typed = await table({ gsi: { byB: { key: 'b:B n:N' } } });
  await load(db, typed, [3, -1, 2].map((n) => ({ id: S(`i${n}`), b: B([0, 255]), n: N(n) })));
  const { Items } = await db.Query({ TableName: typed, IndexName: 'byB', KeyConditionExpression: 'b = :b', ExpressionAttributeValues: { ':b': B([0, 255]) } });
  assert.deepEqual(Items.map((item) => Number(item.n.N)), [-1, 2, 3]);
});

test('an index of several hash and range attributes: all hashes by =, ranges from left to right', async () => {
  const many = uniqueName();
  await db.CreateTable({ TableName: many, BillingMode: 'PAY_PER_REQUEST', KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: ['id', 'h1', 'h2', 'r1', 'r2'].map((AttributeName) => ({ AttributeName, AttributeType: AttributeName === 'r2' ? 'N' : 'S' })),
    GlobalSecondaryIndexes: [{ IndexName: 'many', Projection: { ProjectionType: 'ALL' }, KeySchema: ['h1', 'h2', 'r1', 'r2'].map((AttributeName) =>
      ({ AttributeName, KeyType: AttributeName[0] === 'h' ? 'HASH' : 'RANGE' })) }] });
  await waitActive(db, many);
  await load(db, many, Array.from({ length: 12 }, (_, at) => ({ id: S(`k${at}`), h1: S('x'), h2: S(at % 2 ? 'y' : 'z'), r1: S(`r${at % 3}`), r2: N(at) })));
  const ask = (KeyConditionExpression, values) => db.Query({ TableName: many, IndexName: 'many', KeyConditionExpression, ExpressionAttributeValues: values });
  const values = { ':x': S('x'), ':y': S('y') };
  assert.equal((await ask('h1 = :x AND h2 = :y', values)).Count, 6);
  const { Items } = await ask('r2 > :n AND h2 = :y AND r1 = :r AND h1 = :x', { ...values, ':r': S('r0'), ':n': N(3) });
  assert.deepEqual(Items.map((item) => item.id.S), ['k9']);
  await expectInvalid(ask('h1 = :x', { ':x': S('x') }));
  await expectInvalid(ask('h1 = :x AND h2 = :y AND r2 = :n', { ...values, ':n': N(1) }));
  await expectInvalid(ask('h1 = :x AND h2 = :y AND r1 > :r AND r2 = :n', { ...values, ':r': S('r'), ':n': N(1) }));
  await db.DeleteTable({ TableName: many });
});
