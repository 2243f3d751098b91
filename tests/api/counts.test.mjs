// What a table says of its size, and what it is called: ItemCount, TableSizeBytes, TableId, ARNs.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { N, S, harness, load, tableRequest, waitActive } from './lib/index.mjs';
import { givenEndpoint } from './lib/server.mjs';

// The service counts every six hours; here the counts are those of the last write.
const options = { skip: givenEndpoint() ? 'needs counts that are up to date' : false };
const { db, table, made } = await harness();
const describe = async (TableName) => (await db.DescribeTable({ TableName })).Table;

test('items and their bytes are counted, in the table and in each index', options, async () => {
  const name = await table({ key: 'p s:N', gsi: { byG: { key: 'g', project: 'KEYS_ONLY' } }, lsi: { byT: { key: 'p t' } } });
  // p: 1 + 1, s: 1 + 2, g: 1 + 2, t: 1 + 1, fil: 3 + 10
  const item = (at, more) => ({ p: S('x'), s: N(10 + at), fil: S('0123456789'), ...more });
  await load(db, name, [item(0, { g: S('ab'), t: S('c') }), item(1, { g: S('ab') }), item(2)]);
  const counts = (of, size) => [of.ItemCount, of[size]];
  let shown = await describe(name);
  assert.deepEqual(counts(shown, 'TableSizeBytes'), [3, 3 * (2 + 3 + 13) + 2 * 3 + 2]);
  assert.deepEqual(counts(shown.GlobalSecondaryIndexes[0], 'IndexSizeBytes'), [2, 2 * (2 + 3 + 3)]);
  assert.deepEqual(counts(shown.LocalSecondaryIndexes[0], 'IndexSizeBytes'), [1, 2 + 3 + 13 + 3 + 2]);
  const Key = { p: S('x'), s: N(10) };
  await db.UpdateItem({ TableName: name, Key, UpdateExpression: 'REMOVE g, t SET fil = :p', ExpressionAttributeValues: { ':p': S('') } });
  shown = await describe(name);
  assert.deepEqual(counts(shown, 'TableSizeBytes'), [3, 3 * (2 + 3 + 13) - 10 + 3]);
  assert.deepEqual(counts(shown.GlobalSecondaryIndexes[0], 'IndexSizeBytes'), [1, 2 + 3 + 3]);
  assert.deepEqual(counts(shown.LocalSecondaryIndexes[0], 'IndexSizeBytes'), [0, 0]);
  for (const at of [0, 1, 2]) await db.DeleteItem({ TableName: name, Key: { p: S('x'), s: N(10 + at) } });
  shown = await describe(name);
  assert.deepEqual(counts(shown, 'TableSizeBytes'), [0, 0]);
});

test('a table id is a UUID, stays while the table lives, and is not used again', async () => {
  const request = tableRequest({});
  const ids = new Set();
  for (let times = 0; times < 2; times++) {
    made.push(request.TableName);
    await db.CreateTable(request);
    const { TableId } = await waitActive(db, request.TableName);
    assert.match(TableId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal((await describe(request.TableName)).TableId, TableId);
    ids.add(TableId);
    await db.DeleteTable({ TableName: request.TableName });
    for (let gone = false; !gone;) gone = await describe(request.TableName).then(() => false, () => true);
  }
  assert.equal(ids.size, 2);
});

test('ARNs name partition, region, account, table and index', async () => {
  const name = await table({ gsi: { byG: { key: 'g' } } });
  const { TableArn, GlobalSecondaryIndexes } = await describe(name);
  assert.match(TableArn, /^arn:aws:dynamodb:[a-z0-9-]+:\d{12}:table\/[^/]+$/);
  assert.ok(TableArn.endsWith(`:table/${name}`));
  assert.equal(GlobalSecondaryIndexes[0].IndexArn, `${TableArn}/index/byG`);
});
