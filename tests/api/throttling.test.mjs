// --enforce-throughput: what is refused, how it is told, and what goes on all the same.
//
// A table of one unit that is asked for something large is in debt for minutes: that is how these
// cases exhaust a table without racing against the clock.

import assert from 'node:assert/strict';
import { test } from './lib/case.mjs';
import { N, S, expectError, harness, tableRequest, waitActive } from './lib/index.mjs';
import { readMetrics } from './lib/metrics.mjs';

const { db, client, table, endpoint } = await harness(['--in-memory', '--enforce-throughput']);

const units = (read, write) => ({ BillingMode: 'PROVISIONED', ProvisionedThroughput: { ReadCapacityUnits: read, WriteCapacityUnits: write } });
const arn = (name) => `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`;
const kilobytes = (count) => S('x'.repeat(count * 1000));
const large = kilobytes(100);

const EXCEEDED = 'The level of configured provisioned throughput for the table was exceeded. '
  + 'Consider increasing your provisioning level with the UpdateTable API.';
const INDEX_EXCEEDED = 'The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. '
  + 'Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API.';

// Refused for want of provisioned capacity, with this reason alone.
async function refused(promise, reason, resource, message = EXCEEDED) {
  const error = await expectError(promise, { type: 'ProvisionedThroughputExceededException', message });
  assert.deepEqual(error.answer.json.ThrottlingReasons, [{ reason, resource }]);
}

// A table that has nothing left for writes, and one item, 'large'.
async function withoutWrites(shape = {}) {
  const TableName = await table({ ...units(10000, 1), ...shape });
  await db.PutItem({ TableName, Item: { id: S('large'), v: large } });
  return TableName;
}

// The same for reads.
async function withoutReads() {
  const TableName = await table(units(1, 10000));
  await db.PutItem({ TableName, Item: { id: S('large'), v: kilobytes(400) } });
  await db.GetItem({ TableName, Key: { id: S('large') }, ConsistentRead: true });
  return TableName;
}

// A table with capacity, whose index byG has none left for writes.
async function withFullIndex() {
  const request = tableRequest({ gsi: { byG: { key: 'g' } }, ...units(10000, 10000) });
  const { TableName } = request;
  request.GlobalSecondaryIndexes[0].ProvisionedThroughput = { ReadCapacityUnits: 10, WriteCapacityUnits: 1 };
  await db.CreateTable(request);
  await waitActive(db, TableName);
  await db.PutItem({ TableName, Item: { id: S('large'), g: S('g'), v: large } });
  return TableName;
}
const indexArn = (name) => `${arn(name)}/index/byG`;

// ---- single writes and reads ----

test('writes of a table in debt are refused with reason and ARN, reads go on', async () => {
  const TableName = await withoutWrites();
  const Key = { id: S('a') };
  for (const [operation, request] of [
    ['PutItem', { Item: Key }],
    ['UpdateItem', { Key, UpdateExpression: 'SET v = :v', ExpressionAttributeValues: { ':v': N(1) } }],
    ['DeleteItem', { Key: { id: S('large') } }],
  ]) {
    await refused(db[operation]({ TableName, ...request }), 'TableWriteProvisionedThroughputExceeded', arn(TableName));
  }
  assert.equal((await db.Scan({ TableName, Select: 'COUNT' })).Count, 1);
});

test('reads of a table in debt are refused with reason and ARN, writes go on', async () => {
  const TableName = await withoutReads();
  const ExpressionAttributeValues = { ':id': S('large') };
  for (const [operation, request] of [
    ['GetItem', { Key: { id: S('a') } }],
    ['Query', { KeyConditionExpression: 'id = :id', ExpressionAttributeValues }],
    ['Scan', {}],
  ]) {
    await refused(db[operation]({ TableName, ...request }), 'TableReadProvisionedThroughputExceeded', arn(TableName));
  }
  await db.PutItem({ TableName, Item: { id: S('a') } });
});

test('a page of a Query or Scan is admitted as a whole and charged as a whole', async () => {
  for (const [operation, request] of [
    ['Scan', {}], ['Query', { KeyConditionExpression: 'id = :id', ExpressionAttributeValues: { ':id': S('large') } }],
  ]) {
    const TableName = await table(units(1, 10000));
    await db.PutItem({ TableName, Item: { id: S('large'), v: kilobytes(400) } });
    assert.equal((await db[operation]({ TableName, ConsistentRead: true, ...request })).Count, 1);
    await refused(db[operation]({ TableName, ...request }), 'TableReadProvisionedThroughputExceeded', arn(TableName));
  }
});

test('a debt is paid by the units that flow in', async () => {
  const TableName = await table(units(10, 100));
  await db.PutItem({ TableName, Item: { id: S('large'), v: kilobytes(400) } });
  await refused(db.PutItem({ TableName, Item: { id: S('a') } }), 'TableWriteProvisionedThroughputExceeded', arn(TableName));
  for (const begun = Date.now(); ;) {
    const done = await db.PutItem({ TableName, Item: { id: S('a') } }).then(() => true, () => false);
    if (done) return;
    assert.ok(Date.now() - begun < 30000, 'four seconds are enough');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
});

test('a false condition costs what it looked at', async () => {
  const TableName = await table(units(10, 300));
  await db.PutItem({ TableName, Item: { id: S('large'), v: kilobytes(50) } });
  const again = () => db.PutItem({ TableName, Item: { id: S('large') }, ConditionExpression: 'attribute_not_exists(id)' });
  const names = [];
  for (let i = 0; i < 100 && names.at(-1) !== 'ProvisionedThroughputExceededException'; i++)
    names.push(await again().then(() => 'done', (error) => error.name));
  assert.equal(names[0], 'ConditionalCheckFailedException');
  assert.equal(names.at(-1), 'ProvisionedThroughputExceededException');
});

test('faults of the request are told before capacity is looked at', async () => {
  const TableName = await withoutWrites();
  await expectError(db.PutItem({ TableName, Item: { other: S('a') } }), { type: 'ValidationException' });
  await expectError(db.PutItem({ TableName: `${TableName}-not`, Item: { id: S('a') } }), { type: 'ResourceNotFoundException' });
});

test('a table that is made again owes nothing', async () => {
  const TableName = await withoutWrites();
  await db.DeleteTable({ TableName });
  await table({ name: TableName, ...units(1, 1) });
  await db.PutItem({ TableName, Item: { id: S('a') } });
});

test('the SDK knows the error and its reasons', async () => {
  const sdk = await client();
  const { PutItemCommand, ProvisionedThroughputExceededException } = await import('@aws-sdk/client-dynamodb');
  const TableName = await withoutWrites();
  await assert.rejects(sdk.send(new PutItemCommand({ TableName, Item: { id: S('a') } })), (error) => {
    assert.ok(error instanceof ProvisionedThroughputExceededException);
    assert.deepEqual(error.ThrottlingReasons, [{ reason: 'TableWriteProvisionedThroughputExceeded', resource: arn(TableName) }]);
    return true;
  });
});

// ---- on demand ----

const HOT = /^Throughput exceeds the current capacity of your table or index\. DynamoDB is automatically scaling your table or index so please try again shortly\. If exceptions persist, check if you have a hot key: https:/;

// A partition gives 1,000 units a second, however warm its table is; this asks one for almost 8,000
// at once, and then for one more. (A server that is slow enough has paid before it hears of that: then all of it again.)
async function hotKey(send) {
  for (let tries = 0; tries < 5; tries++) {
    const TableName = await table({ key: 'p s:N', WarmThroughput: { ReadUnitsPerSecond: 12000, WriteUnitsPerSecond: 40000 } });
    const put = (s) => ({ Put: { TableName, Item: { p: S('hot'), s: N(s), v: kilobytes(400) } } });
    await db.TransactWriteItems({ TransactItems: Array.from({ length: 10 }, (_, s) => put(s)) });
    const error = await send(TableName, { p: S('hot'), s: N(10) }).then(() => undefined, (thrown) => thrown);
    if (error) return { TableName, error };
  }
  return assert.fail('it is never refused');
}

test('a hot key of a table on demand is refused by its partition, other partitions go on', async () => {
  const { TableName, error } = await hotKey((name, Item) => db.PutItem({ TableName: name, Item }));
  assert.equal(error.type, 'com.amazon.coral.availability#ThrottlingException');
  assert.match(error.message, HOT);
  assert.deepEqual(error.answer.json.throttlingReasons, [{ reason: 'TableWriteKeyRangeThroughputExceeded', resource: arn(TableName) }]);
  const others = await Promise.allSettled(Array.from({ length: 64 }, (_, i) => db.PutItem({ TableName, Item: { p: S(`other${i}`), s: N(0) } })));
  assert.ok(others.filter((outcome) => outcome.status === 'fulfilled').length >= 32);
});

test('the SDK knows a ThrottlingException and its reasons', async () => {
  const sdk = await client();
  const { PutItemCommand, ThrottlingException } = await import('@aws-sdk/client-dynamodb');
  const { TableName, error } = await hotKey((name, Item) => sdk.send(new PutItemCommand({ TableName: name, Item })));
  assert.ok(error instanceof ThrottlingException);
  assert.deepEqual(error.throttlingReasons, [{ reason: 'TableWriteKeyRangeThroughputExceeded', resource: arn(TableName) }]);
});

test('a maximum of a table on demand holds, for reads and writes apart, and can be taken away', async () => {
  const TableName = await table({ OnDemandThroughput: { MaxWriteRequestUnits: 5 } });
  await db.PutItem({ TableName, Item: { id: S('large'), v: large } });
  const error = await expectError(db.PutItem({ TableName, Item: { id: S('a') } }),
    { type: 'ThrottlingException', message: 'Throughput exceeds the maximum OnDemandThroughput configured on table or index' });
  assert.deepEqual(error.answer.json.throttlingReasons, [{ reason: 'TableWriteMaxOnDemandThroughputExceeded', resource: arn(TableName) }]);
  await db.GetItem({ TableName, Key: { id: S('large') } });
  await db.UpdateTable({ TableName, OnDemandThroughput: { MaxWriteRequestUnits: -1 } });
  await waitActive(db, TableName);
  await db.PutItem({ TableName, Item: { id: S('a') } });
});

test('more capacity pays the debts of less', async () => {
  const TableName = await withoutWrites();
  await db.UpdateTable({ TableName, ProvisionedThroughput: { ReadCapacityUnits: 10000, WriteCapacityUnits: 10000 } });
  await waitActive(db, TableName);
  for (const begun = Date.now(); ;) {
    const done = await db.PutItem({ TableName, Item: { id: S('a') } }).then(() => true, () => false);
    if (done) return;
    assert.ok(Date.now() - begun < 15000, 'a second is enough');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

// ---- batches ----

const put = (Item) => ({ PutRequest: { Item } });
const small = (from, to) => Array.from({ length: to - from }, (_, i) => put({ id: S(`${from + i}`) }));

test('a batch of writes hands back what it had no capacity for', async () => {
  const TableName = await table(units(1000, 1));
  const other = await table(units(1000, 1000));
  const RequestItems = { [TableName]: [put({ id: S('large'), v: large }), ...small(0, 5)], [other]: small(0, 3) };
  const answer = await db.BatchWriteItem({ RequestItems, ReturnConsumedCapacity: 'TOTAL' });
  assert.deepEqual(answer.UnprocessedItems, { [TableName]: small(0, 5) });
  assert.deepEqual((await db.Scan({ TableName })).Items, [{ id: S('large'), v: large }]);
  assert.equal((await db.Scan({ TableName: other, Select: 'COUNT' })).Count, 3);
  const used = Object.fromEntries(answer.ConsumedCapacity.map((each) => [each.TableName, each.CapacityUnits]));
  assert.deepEqual(used, { [TableName]: 98, [other]: 3 });
});

test('a batch of writes of which nothing is admitted is refused as a whole', async () => {
  const TableName = await withoutWrites();
  await refused(db.BatchWriteItem({ RequestItems: { [TableName]: small(0, 5) } }), 'TableWriteProvisionedThroughputExceeded', arn(TableName));
});

test('a batch of reads hands back the keys it had no capacity for', async () => {
  const TableName = await table(units(1, 1000));
  const other = await table(units(1000, 1000));
  const Keys = Array.from({ length: 60 }, (_, i) => ({ id: S(`${i}`) }));
  for (const name of [TableName, other]) await db.BatchWriteItem({ RequestItems: { [name]: small(0, 25) } });
  const RequestItems = { [TableName]: { Keys, ConsistentRead: true, ProjectionExpression: '#i', ExpressionAttributeNames: { '#i': 'id' } },
    [other]: { Keys: Keys.slice(0, 25) } };
  const answer = await db.BatchGetItem({ RequestItems });
  assert.equal(answer.Responses[other].length, 25);
  const left = answer.UnprocessedKeys[TableName];
  assert.ok(left.Keys.length > 0 && left.Keys.length < Keys.length, `${left.Keys.length} left`);
  const sorted = (keys) => keys.map((key) => Number(key.id.S)).sort((x, y) => x - y);
  assert.deepEqual(sorted(left.Keys), sorted(Keys.slice(Keys.length - left.Keys.length)), 'the last ones, in any order');
  assert.deepEqual({ ...left, Keys: 0 }, { ...RequestItems[TableName], Keys: 0 });
  assert.equal(answer.UnprocessedKeys[other], undefined);
});

test('a batch of reads of which nothing is admitted is refused as a whole', async () => {
  const TableName = await withoutReads();
  await refused(db.BatchGetItem({ RequestItems: { [TableName]: { Keys: [{ id: S('a') }, { id: S('b') }] } } }),
    'TableReadProvisionedThroughputExceeded', arn(TableName));
});

// ---- transactions ----

// The reasons of a transaction that was cancelled.
async function cancelled(promise) {
  const error = await expectError(promise, { type: 'TransactionCanceledException' });
  const { CancellationReasons: reasons } = error.answer.json;
  assert.equal(error.message, 'Transaction cancelled, please refer cancellation reasons for specific reasons '
    + `[${reasons.map((reason) => reason.Code).join(', ')}]`);
  return reasons;
}
const NONE = { Code: 'None' };
const EXCEEDED_REASON = { Code: 'ProvisionedThroughputExceeded', Message: EXCEEDED };

test('a transaction tells which of its writes had no capacity, and does nothing', async () => {
  const poor = await withoutWrites();
  const rich = await table(units(1000, 1000));
  const TransactItems = [{ Put: { TableName: rich, Item: { id: S('a') } } }, { Delete: { TableName: poor, Key: { id: S('large') } } },
    { ConditionCheck: { TableName: poor, Key: { id: S('b') }, ConditionExpression: 'attribute_not_exists(id)' } }];
  assert.deepEqual(await cancelled(db.TransactWriteItems({ TransactItems })), [NONE, EXCEEDED_REASON, EXCEEDED_REASON]);
  assert.equal((await db.Scan({ TableName: rich, Select: 'COUNT' })).Count, 0);
});

test('a transaction on demand is cancelled with ThrottlingError', async () => {
  const { error } = await hotKey((TableName, Item) => db.TransactWriteItems({ TransactItems: [{ Put: { TableName, Item } }] }));
  const [reason] = error.answer.json.CancellationReasons;
  assert.equal(reason.Code, 'ThrottlingError');
  assert.match(reason.Message, HOT);
});

test('a transaction tells which of its reads had no capacity', async () => {
  const poor = await withoutReads();
  const rich = await table(units(1000, 1000));
  const TransactItems = [{ Get: { TableName: rich, Key: { id: S('a') } } }, { Get: { TableName: poor, Key: { id: S('a') } } }];
  assert.deepEqual(await cancelled(db.TransactGetItems({ TransactItems })), [NONE, EXCEEDED_REASON]);
});

test('a transaction costs twice', async () => {
  const TableName = await table(units(10, 100));
  await db.TransactWriteItems({ TransactItems: [{ Put: { TableName, Item: { id: S('large'), v: kilobytes(400) } } }] });
  const once = await table(units(10, 100));
  await db.PutItem({ TableName: once, Item: { id: S('large'), v: kilobytes(400) } });
  const open = (name) => db.PutItem({ TableName: name, Item: { id: S('a') } }).then(() => true, () => false);
  const begun = Date.now(); // four seconds of units against eight
  while (!await open(once) && Date.now() - begun < 60000) await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(await open(TableName), false);
});

// ---- indexes ----

test('a write that changes an index in debt is refused for it, one that does not is admitted', async () => {
  const TableName = await withFullIndex();
  const Key = { id: S('large') };
  for (const [operation, request] of [
    ['PutItem', { Item: { id: S('a'), g: S('g') } }],
    ['UpdateItem', { Key, UpdateExpression: 'SET w = :w', ExpressionAttributeValues: { ':w': N(1) } }],
    ['DeleteItem', { Key }],
  ]) {
    await refused(db[operation]({ TableName, ...request }), 'IndexWriteProvisionedThroughputExceeded', indexArn(TableName), INDEX_EXCEEDED);
  }
  await db.PutItem({ TableName, Item: { id: S('a') } });
  await db.DeleteItem({ TableName, Key: { id: S('a') } });
  assert.deepEqual((await db.Scan({ TableName })).Items, [{ ...Key, g: S('g'), v: large }]);
});

test('a condition is looked at before what the write would do to an index', async () => {
  const TableName = await withFullIndex();
  await expectError(db.PutItem({ TableName, Item: { id: S('large'), g: S('h') }, ConditionExpression: 'attribute_not_exists(id)' }),
    { type: 'ConditionalCheckFailedException' });
});

test('a batch hands back the writes that an index in debt refuses', async () => {
  const TableName = await withFullIndex();
  const RequestItems = { [TableName]: [put({ id: S('a') }), put({ id: S('b'), g: S('g') }), put({ id: S('c') })] };
  const { UnprocessedItems } = await db.BatchWriteItem({ RequestItems });
  assert.deepEqual(UnprocessedItems, { [TableName]: [put({ id: S('b'), g: S('g') })] });
});

test('a transaction is cancelled by an index in debt', async () => {
  const TableName = await withFullIndex();
  const TransactItems = [{ Put: { TableName, Item: { id: S('a') } } }, { Put: { TableName, Item: { id: S('b'), g: S('g') } } }];
  assert.deepEqual(await cancelled(db.TransactWriteItems({ TransactItems })), [NONE, { Code: 'ProvisionedThroughputExceeded', Message: INDEX_EXCEEDED }]);
  assert.equal((await db.Scan({ TableName, Select: 'COUNT' })).Count, 1);
});

test('reads of an index have its own capacity', async () => {
  const TableName = await withFullIndex();
  const read = (ConsistentRead) => db.Scan({ TableName, ...(ConsistentRead ? { ConsistentRead } : { IndexName: 'byG' }), Select: 'COUNT' });
  let error;
  for (let i = 0; i < 100 && !error; i++) await read(false).catch((thrown) => { error = thrown; });
  assert.deepEqual(error.answer.json.ThrottlingReasons, [{ reason: 'IndexReadProvisionedThroughputExceeded', resource: indexArn(TableName) }]);
  assert.equal((await read(true)).Count, 1);
});

// ---- PartiQL ----

test('statements are refused as the operations that they stand for', async () => {
  const TableName = await withoutWrites();
  const poor = await withoutReads();
  await refused(db.ExecuteStatement({ Statement: `INSERT INTO "${TableName}" VALUE {'id': 'a'}` }), 'TableWriteProvisionedThroughputExceeded', arn(TableName));
  await refused(db.ExecuteStatement({ Statement: `SELECT * FROM "${poor}" WHERE id = 'a'` }), 'TableReadProvisionedThroughputExceeded', arn(poor));
  const full = await withFullIndex();
  await refused(db.ExecuteStatement({ Statement: `INSERT INTO "${full}" VALUE {'id': 'a', 'g': 'g'}` }),
    'IndexWriteProvisionedThroughputExceeded', indexArn(full), INDEX_EXCEEDED);
});

test('a batch of statements tells it statement by statement', async () => {
  const TableName = await table(units(1000, 1));
  const insert = (id, rest = '') => ({ Statement: `INSERT INTO "${TableName}" VALUE {'id': '${id}'${rest}}` });
  const { Responses } = await db.BatchExecuteStatement({ Statements: [insert('large', `, 'v': '${'x'.repeat(7000)}'`), insert('a'), insert('b'), insert('c'), insert('d'), insert('e')] });
  assert.equal(Responses[0].Error, undefined);
  assert.deepEqual(Responses.at(-1).Error, { Code: 'ProvisionedThroughputExceeded', Message: EXCEEDED });
  const poor = await withoutReads();
  const reads = await db.BatchExecuteStatement({ Statements: [{ Statement: `SELECT * FROM "${poor}" WHERE id = 'a'` }, { Statement: `SELECT * FROM "${TableName}" WHERE id = 'large'` }] });
  assert.deepEqual(reads.Responses.map((response) => response.Error?.Code), ['ProvisionedThroughputExceeded', undefined]);
});

test('a transaction of statements is cancelled with the reasons of its statements', async () => {
  const TableName = await withoutWrites();
  const poor = await withoutReads();
  const writes = [{ Statement: `INSERT INTO "${poor}" VALUE {'id': 'a'}` }, { Statement: `INSERT INTO "${TableName}" VALUE {'id': 'a'}` }];
  assert.deepEqual(await cancelled(db.ExecuteTransaction({ TransactStatements: writes })), [NONE, EXCEEDED_REASON]);
  const reads = [{ Statement: `SELECT * FROM "${TableName}" WHERE id = 'a'` }, { Statement: `SELECT * FROM "${poor}" WHERE id = 'a'` }];
  assert.deepEqual(await cancelled(db.ExecuteTransaction({ TransactStatements: reads })), [NONE, EXCEEDED_REASON]);
});

// ---- without the option ----

test('nothing is refused by a server that was not told to', async () => {
  const plain = await harness(['--in-memory']);
  const TableName = await plain.table(units(1, 1));
  for (let i = 0; i < 10; i++) await plain.db.PutItem({ TableName, Item: { id: S('large'), v: large } });
  for (let i = 0; i < 10; i++) await plain.db.GetItem({ TableName, Key: { id: S('large') } });
});

test('/metrics has what tables and their indexes consumed, have, and refused', async () => {
  const request = tableRequest({ gsi: { byG: { key: 'g' } }, ...units(10000, 1) });
  request.GlobalSecondaryIndexes[0].ProvisionedThroughput = { ReadCapacityUnits: 5, WriteCapacityUnits: 500 };
  await db.CreateTable(request);
  const { TableName } = request;
  await db.PutItem({ TableName, Item: { id: S('large'), v: large, g: S('x') } });
  await refused(db.PutItem({ TableName, Item: { id: S('b') } }), 'TableWriteProvisionedThroughputExceeded', arn(TableName));
  await db.GetItem({ TableName, Key: { id: S('large') }, ConsistentRead: true });
  const read = await readMetrics(endpoint);
  const of = (name, more = '') => read(`dynamodb_${name}{table="${TableName}"${more}}`);
  assert.equal(of('consumed_write_capacity_units_total'), 98);
  assert.equal(of('consumed_write_capacity_units_total', ',index="byG"'), 98);
  assert.equal(of('consumed_read_capacity_units_total'), 25);
  assert.equal(of('write_throttle_events_total'), 1);
  assert.equal(of('read_throttle_events_total'), 0);
  assert.equal(of('provisioned_read_capacity_units'), 10000);
  assert.equal(of('provisioned_write_capacity_units', ',index="byG"'), 500);
});
