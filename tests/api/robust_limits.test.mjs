// The largest that one request may ask for, where items, indexes and pages multiply each other.

import assert from 'node:assert/strict';
import { test } from './lib/case.mjs';
import { NULL, S, expectInvalid, harness, load } from './lib/index.mjs';
import { sanitized } from './lib/server.mjs';

const { db, table, cpuMs } = await harness();

const many = (count, make) => Object.fromEntries(Array.from({ length: count }, (_, i) => make(i)));
const globals = (count, project) => many(count, (i) => [`global${i}`, { key: `g${i}`, project }]);
const locals = (count, project) => many(count, (i) => [`local${i}`, { key: `h l${i}`, project }]);
const globalKeys = (count) => many(count, (i) => [`g${i}`, S('x')]);
const localKeys = (count) => many(count, (i) => [`l${i}`, S('x')]);
const almost400KB = S('x'.repeat(400000));

test('an item of 400 KB goes into 25 indexes that hold all of it', async () => {
  const TableName = await table({ key: 'h r', gsi: globals(20, 'ALL'), lsi: locals(5, 'ALL') });
  const Key = { h: S('a'), r: S('b') };
  const Item = { ...Key, ...globalKeys(20), ...localKeys(5), v: almost400KB };
  await db.PutItem({ TableName, Item });
  for (const IndexName of ['global19', 'local4']) {
    const { Items } = await db.Scan({ TableName, IndexName });
    assert.deepEqual(Items, [Item]);
  }
  await db.DeleteItem({ TableName, Key });
  assert.equal((await db.Scan({ TableName, IndexName: 'global0' })).Count, 0);
});

test('a batch of 16 MB goes into 20 indexes that hold all of it', async () => {
  const TableName = await table({ key: 'h', gsi: globals(20, 'ALL') });
  await load(db, TableName, Array.from({ length: 25 }, (_, i) => ({ h: S(`${i}`), ...globalKeys(20), v: almost400KB })));
  const { Count } = await db.Query({ TableName, IndexName: 'global0', Select: 'COUNT',
    KeyConditionExpression: 'g0 = :x', ExpressionAttributeValues: { ':x': S('x') } });
  assert.equal(Count, 3); // a page of 1 MB
});

test('items of as many values as fit are deleted in one batch from 20 indexes', async () => {
  const TableName = await table({ key: 'h', gsi: globals(20, ['v']) });
  const items = sanitized ? 4 : 25;
  for (let i = 0; i < items; i++) {
    await db.PutItem({ TableName, Item: { h: S(`${i}`), ...globalKeys(20), v: { L: Array(6000).fill(NULL) } } });
    for (let doubled = 0; doubled < 5; doubled++) // to 192,000
      await db.UpdateItem({ TableName, Key: { h: S(`${i}`) }, UpdateExpression: 'SET v = list_append(v, v)' });
  }
  await db.BatchWriteItem({ RequestItems: { [TableName]:
    Array.from({ length: items }, (_, i) => ({ DeleteRequest: { Key: { h: S(`${i}`) } } })) } });
  assert.equal((await db.Scan({ TableName })).Count, 0);
  assert.equal((await db.Scan({ TableName, IndexName: 'global7' })).Count, 0);
});

test('a page of an index counts what was fetched from the table to complete it', async () => {
  const TableName = await table({ key: 'h r', lsi: locals(1, 'KEYS_ONLY') });
  await load(db, TableName, Array.from({ length: 20 }, (_, i) => ({ h: S('a'), r: S(`${100 + i}`), ...localKeys(1), v: almost400KB })));
  const query = { TableName, IndexName: 'local0', Select: 'ALL_ATTRIBUTES', KeyConditionExpression: 'h = :h',
    ExpressionAttributeValues: { ':h': S('a') } };
  const seen = [];
  let ExclusiveStartKey;
  do {
    const page = await db.Query({ ...query, ExclusiveStartKey });
    assert.ok(page.Count <= 3, `${page.Count} items of 400 KB in a page`);
    seen.push(...page.Items.map((item) => item.r.S));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  assert.deepEqual(seen, Array.from({ length: 20 }, (_, i) => `${100 + i}`));
  const selected = [];
  let NextToken;
  do {
    const page = await db.ExecuteStatement({ Statement: `SELECT r, v FROM "${TableName}"."local0" WHERE h = 'a'`, NextToken });
    assert.ok(page.Items.length <= 3, `${page.Items.length} items of 400 KB in a page`);
    selected.push(...page.Items.map((item) => item.r.S));
    NextToken = page.NextToken;
  } while (NextToken);
  assert.deepEqual(selected, seen);
});

test('a table described by tens of thousands of names is refused at once', async () => {
  const TableName = 'too-much';
  const id = { AttributeName: 'id', KeyType: 'HASH' };
  const names = Array.from({ length: 49000 }, (_, i) => ({ AttributeName: `a${i}`, AttributeType: 'S' }));
  const request = { TableName, BillingMode: 'PAY_PER_REQUEST', KeySchema: [id], AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }] };
  const index = (i) => ({ IndexName: `index${i}`, KeySchema: [id], Projection: { ProjectionType: 'ALL' } });
  const deep = { ...index(0), KeySchema: Array.from({ length: 40000 }, (_, i) => ({ AttributeName: `a${i}`, KeyType: 'RANGE' })) };
  for (const part of [{ AttributeDefinitions: names }, { GlobalSecondaryIndexes: Array.from({ length: 12000 }, (_, i) => index(i)) },
    { LocalSecondaryIndexes: Array.from({ length: 12000 }, (_, i) => index(i)) }, { GlobalSecondaryIndexes: [deep] }]) {
    const began = cpuMs();
    await assert.rejects(db.CreateTable({ ...request, ...part }), { name: 'ValidationException' });
    assert.ok(cpuMs() - began < 1500, `${Object.keys(part)} took ${cpuMs() - began} ms`);
  }
});

test('columns that overlap show an item again and again, within bounds', { skip: sanitized && 'it is about amounts' }, async () => {
  const TableName = await table({ key: 'h' });
  const names = Array.from({ length: 28 }, (_, i) => `${String.fromCharCode(97 + i % 26)}${i}`);
  const deepest = { L: Array(300000).fill({ S: '' }) }; // a byte each, nine as JSON
  const value = names.slice(1).reduceRight((inner, name) => ({ M: { [name]: inner } }), deepest);
  for (let i = 0; i < 3; i++) await db.PutItem({ TableName, Item: { h: S(`${i}`), [names[0]]: value } });
  const columns = names.map((_, i) => names.slice(0, i + 1).join('.')).join(', ');
  const refused = /^The columns overlap and show more than an answer may hold$/;
  const Statements = Array.from({ length: 3 }, (_, i) => ({ Statement: `SELECT ${columns} FROM "${TableName}" WHERE h = '${i}'` }));
  await expectInvalid(db.BatchExecuteStatement({ Statements }), refused);
  await expectInvalid(db.ExecuteTransaction({ TransactStatements: Statements }), refused);
  const page = await db.ExecuteStatement({ Statement: `SELECT ${columns.split(', ').slice(0, 8).join(', ')} FROM "${TableName}"` });
  assert.equal(page.Items.length, 1);
  assert.equal(Object.keys(page.Items[0]).length, 8);
  assert.ok(page.NextToken);
});
