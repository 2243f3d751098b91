// ConsumedCapacity: who is charged what. Index parts are only there when an index was touched.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { N, S, expectError, harness, load } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table({});
const pairs = await table({ key: 'p s:N', gsi: { byG: { key: 'g', project: ['a'] } }, lsi: { byT: { key: 'p t:N', project: 'KEYS_ONLY' } } });
const text = (bytes) => S('x'.repeat(bytes));
const total = { ReturnConsumedCapacity: 'TOTAL' };
const indexes = { ReturnConsumedCapacity: 'INDEXES' };
const units = (answer) => answer.ConsumedCapacity.CapacityUnits;

await db.PutItem({ TableName: name, Item: { id: S('small') } });
await db.PutItem({ TableName: name, Item: { id: S('large'), b: text(10000) } });

test('NONE, and no member, report nothing', async () => {
  assert.equal('ConsumedCapacity' in await db.GetItem({ TableName: name, Key: { id: S('small') } }), false);
  assert.equal('ConsumedCapacity' in await db.GetItem({ TableName: name, Key: { id: S('small') }, ReturnConsumedCapacity: 'NONE' }), false);
});

test('TOTAL reports the table\'s name and the sum alone', async () => {
  const { ConsumedCapacity } = await db.GetItem({ TableName: name, Key: { id: S('small') }, ...total });
  assert.deepEqual(ConsumedCapacity, { TableName: name, CapacityUnits: 0.5 });
});

test('INDEXES adds the table\'s part', async () => {
  const { ConsumedCapacity } = await db.GetItem({ TableName: name, Key: { id: S('small') }, ConsistentRead: true, ...indexes });
  assert.deepEqual(ConsumedCapacity, { TableName: name, CapacityUnits: 1, Table: { CapacityUnits: 1 } });
});

const reads = [
  ['an item of under 4 KB', { Key: { id: S('small') } }, 0.5],
  ['a missing item', { Key: { id: S('none') } }, 0.5],
  ['an item of 10 KB', { Key: { id: S('large') } }, 1.5],
  ['a projection of an item of 10 KB, as much as all of it', { Key: { id: S('large') }, ProjectionExpression: 'id' }, 1.5],
];
for (const [what, request, expected] of reads) {
  test(`reading ${what} costs ${expected}, consistently ${expected * 2}`, async () => {
    assert.equal(units(await db.GetItem({ TableName: name, ...request, ...total })), expected);
    assert.equal(units(await db.GetItem({ TableName: name, ...request, ConsistentRead: true, ...total })), expected * 2);
  });
}

// An item { id, b } of exactly that many bytes.
const sized = (id, bytes) => ({ id: S(id), b: text(bytes - 2 - id.length - 1) });
for (const [bytes, expected] of [[100, 1], [1024, 1], [1025, 2], [2048, 2], [2049, 3], [10240, 10]]) {
  test(`putting an item of ${bytes} bytes costs ${expected}`, async () =>
    assert.equal(units(await db.PutItem({ TableName: name, Item: sized(`w${bytes}`, bytes), ...total })), expected));
}
for (const [bytes, expected] of [[4096, 0.5], [4097, 1], [8192, 1], [8193, 1.5]]) {
  test(`reading an item of ${bytes} bytes costs ${expected}`, async () => {
    await db.PutItem({ TableName: name, Item: sized(`r${bytes}`, bytes) });
    assert.equal(units(await db.GetItem({ TableName: name, Key: { id: S(`r${bytes}`) }, ...total })), expected);
  });
}

test('a number counts by its digits, not by its length as text', async () => {
  const one = { id: S('digits'), n: N('1e100'), b: text(1024 - 2 - 6 - 1 - 1 - 2) };
  assert.equal(units(await db.PutItem({ TableName: name, Item: one, ...total })), 1);
});

test('a write costs the larger of old and new item', async () => {
  await db.PutItem({ TableName: name, Item: sized('shrink', 3000) });
  assert.equal(units(await db.PutItem({ TableName: name, Item: sized('shrink', 100), ...total })), 3);
  await db.PutItem({ TableName: name, Item: sized('update', 3000) });
  const Key = { id: S('update') };
  assert.equal(units(await db.UpdateItem({ TableName: name, Key, UpdateExpression: 'REMOVE b', ...total })), 3);
  assert.equal(units(await db.UpdateItem({ TableName: name, Key, UpdateExpression: 'REMOVE b', ...total })), 1);
});

test('a delete costs the old item, and 1 when there is none', async () => {
  await db.PutItem({ TableName: name, Item: sized('delete', 3000) });
  assert.equal(units(await db.DeleteItem({ TableName: name, Key: { id: S('delete') }, ...total })), 3);
  assert.equal(units(await db.DeleteItem({ TableName: name, Key: { id: S('delete') }, ...total })), 1);
});

test('a query costs the sum of what it examined, rounded once', async () => {
  await load(db, pairs, Array.from({ length: 8 }, (_, s) => ({ p: S('sum'), s: N(s), b: text(1000) })));
  const ask = (more) => db.Query({ TableName: pairs, KeyConditionExpression: 'p = :p', ExpressionAttributeValues: { ':p': S('sum') }, ...total, ...more });
  assert.equal(units(await ask()), 1);
  assert.equal(units(await ask({ ConsistentRead: true })), 2);
  assert.equal(units(await ask({ FilterExpression: 'attribute_exists(zz)' })), 1, 'a filter saves nothing');
  assert.equal(units(await ask({ Select: 'COUNT' })), 1, 'counting saves nothing');
  assert.equal(units(await ask({ Limit: 1 })), 0.5);
  assert.equal(units(await ask({ ExpressionAttributeValues: { ':p': S('nobody') } })), 0.5, 'an empty answer costs the least');
});

test('a scan costs the sum of what it examined, rounded once', async () => {
  const scanned = await table({});
  await load(db, scanned, Array.from({ length: 9 }, (_, at) => ({ id: S(`k${at}`), b: text(1000) })));
  assert.equal(units(await db.Scan({ TableName: scanned, ...total })), 1.5);
  assert.equal(units(await db.Scan({ TableName: scanned, ConsistentRead: true, ...total })), 3);
});

test('a query of a global index is charged to the index', async () => {
  await db.PutItem({ TableName: pairs, Item: { p: S('gsi'), s: N(1), g: S('gsi'), b: text(8000) } });
  const { ConsumedCapacity } = await db.Query({ TableName: pairs, IndexName: 'byG', KeyConditionExpression: 'g = :g',
    ExpressionAttributeValues: { ':g': S('gsi') }, ...indexes });
  assert.equal(ConsumedCapacity.CapacityUnits, 0.5, 'by the size of the projected entry');
  assert.deepEqual(ConsumedCapacity.GlobalSecondaryIndexes, { byG: { CapacityUnits: 0.5 } });
  assert.equal(ConsumedCapacity.Table?.CapacityUnits ?? 0, 0);
});

test('a query of a local index is charged to the index', async () => {
  await db.PutItem({ TableName: pairs, Item: { p: S('lsi'), s: N(1), t: N(1) } });
  const { ConsumedCapacity } = await db.Query({ TableName: pairs, IndexName: 'byT', KeyConditionExpression: 'p = :p',
    ExpressionAttributeValues: { ':p': S('lsi') }, ConsistentRead: true, ...indexes });
  assert.equal(ConsumedCapacity.CapacityUnits, 1);
  assert.deepEqual(ConsumedCapacity.LocalSecondaryIndexes, { byT: { CapacityUnits: 1 } });
});

// One item goes through a life; each step is charged to the global index by what changed there.
test('a write is charged to each index it changes, and the total is the sum', async () => {
  const Key = { p: S('life'), s: N(1) };
  const put = async (item) => (await db.PutItem({ TableName: pairs, Item: { ...Key, ...item }, ...indexes })).ConsumedCapacity;
  const check = (capacity, onTable, byG, byT) => {
    assert.equal(capacity.Table.CapacityUnits, onTable);
    assert.deepEqual(capacity.GlobalSecondaryIndexes, byG ? { byG: { CapacityUnits: byG } } : undefined);
    assert.deepEqual(capacity.LocalSecondaryIndexes, byT ? { byT: { CapacityUnits: byT } } : undefined);
    assert.equal(capacity.CapacityUnits, onTable + byG + byT);
  };
  check(await put({}), 1, 0, 0);
  check(await put({ g: S('one'), a: N(1) }), 1, 1, 0);
  check(await put({ g: S('one'), a: N(1) }), 1, 0, 0);
  check(await put({ g: S('one'), a: N(2) }), 1, 1, 0);
  check(await put({ g: S('one'), a: N(2), other: N(1) }), 1, 0, 0);
  check(await put({ g: S('two'), a: N(2) }), 1, 2, 0);
  check(await put({ g: S('two'), a: N(2), t: N(1) }), 1, 0, 1);
  check(await put({ g: S('two'), a: N(2), t: N(2) }), 1, 0, 2);
  check(await put({}), 1, 1, 1);
});

test('a set in another order changes no index', async () => {
  const put = async (a) => (await db.PutItem({ TableName: pairs, Item: { p: S('set'), s: N(1), g: S('g'), a }, ...indexes })).ConsumedCapacity;
  await put({ SS: ['x', 'y'] });
  assert.deepEqual(await put({ SS: ['y', 'x'] }), { TableName: pairs, CapacityUnits: 1, Table: { CapacityUnits: 1 } });
});

test('an index entry costs by its own size', async () => {
  const Key = { p: S('entry'), s: N(1) };
  const put = async (a) => (await db.PutItem({ TableName: pairs, Item: { ...Key, g: S('g'), a, b: text(5000) }, ...indexes })).ConsumedCapacity.GlobalSecondaryIndexes.byG.CapacityUnits;
  assert.equal(await put(text(100)), 1, 'what is not projected does not count');
  assert.equal(await put(text(3000)), 3);
  assert.equal(await put(text(10)), 3, 'the larger of old and new');
});

test('what a local index fetches from the table is charged to the table, item by item', async () => {
  await load(db, pairs, [1, 2].map((s) => ({ p: S('fetch'), s: N(s), t: N(s), b: text(5000) })));
  const ask = async (more) => (await db.Query({ TableName: pairs, IndexName: 'byT', KeyConditionExpression: 'p = :p',
    ExpressionAttributeValues: { ':p': S('fetch') }, ...indexes, ...more })).ConsumedCapacity;
  const index = { LocalSecondaryIndexes: { byT: { CapacityUnits: 0.5 } } };
  assert.deepEqual(await ask(), { TableName: pairs, CapacityUnits: 0.5, Table: { CapacityUnits: 0 }, ...index });
  assert.deepEqual(await ask({ ProjectionExpression: 'b' }), { TableName: pairs, CapacityUnits: 2.5, Table: { CapacityUnits: 2 }, ...index });
});

test('deleting an indexed item is charged to its indexes', async () => {
  const Key = { p: S('life'), s: N(2) };
  await db.PutItem({ TableName: pairs, Item: { ...Key, g: S('g'), t: N(1) } });
  const { ConsumedCapacity } = await db.DeleteItem({ TableName: pairs, Key, ...indexes });
  assert.deepEqual(ConsumedCapacity, { TableName: pairs, CapacityUnits: 3, Table: { CapacityUnits: 1 },
    GlobalSecondaryIndexes: { byG: { CapacityUnits: 1 } }, LocalSecondaryIndexes: { byT: { CapacityUnits: 1 } } });
});

test('BatchGetItem rounds every item on its own, per table', async () => {
  const keys = [{ id: S('small') }, { id: S('large') }, { id: S('none') }];
  const { ConsumedCapacity } = await db.BatchGetItem({ RequestItems: { [name]: { Keys: keys } }, ...total });
  assert.deepEqual(ConsumedCapacity, [{ TableName: name, CapacityUnits: 2.5 }]);
  const consistent = await db.BatchGetItem({ RequestItems: { [name]: { Keys: keys, ConsistentRead: true } }, ...indexes });
  assert.deepEqual(consistent.ConsumedCapacity, [{ TableName: name, CapacityUnits: 5, Table: { CapacityUnits: 5 } }]);
});

test('BatchWriteItem is the sum of its writes, per table', async () => {
  const put = (Item) => ({ PutRequest: { Item } });
  const { ConsumedCapacity } = await db.BatchWriteItem({ RequestItems: {
    [name]: [put(sized('b1', 100)), put(sized('b2', 1500)), { DeleteRequest: { Key: { id: S('nothing') } } }], [pairs]: [put({ p: S('b'), s: N(1), g: S('g') })] }, ...total });
  const sums = Object.fromEntries(ConsumedCapacity.map((each) => [each.TableName, each.CapacityUnits]));
  assert.deepEqual(sums, { [name]: 4, [pairs]: 2 });
});

test('a refused write with a false condition reports no capacity in its error', async () => {
  const error = await expectError(db.PutItem({ TableName: name, Item: { id: S('small') }, ConditionExpression: 'attribute_not_exists(id)', ...total }),
    { type: 'ConditionalCheckFailedException' });
  assert.equal('ConsumedCapacity' in error.answer.json, false);
});
