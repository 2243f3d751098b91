// DeleteTable: what it answers, and that nothing is left.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { NO_TABLE, S, badName, expectError, harness, load, refusals, tableRequest, uniqueName, violations, waitActive,
  waitGone } from './lib/index.mjs';

const { db, table } = await harness();

test('the answer describes a table that is DELETING, without key schema, definitions, indexes and time', async () => {
  const name = await table({ key: 'p s', gsi: { byG: { key: 'g' } }, lsi: { byT: { key: 'p t' } } });
  const { TableDescription } = await db.DeleteTable({ TableName: name });
  assert.equal(TableDescription.TableName, name);
  assert.equal(TableDescription.TableStatus, 'DELETING');
  for (const member of ['KeySchema', 'AttributeDefinitions', 'GlobalSecondaryIndexes', 'LocalSecondaryIndexes', 'CreationDateTime']) {
    assert.equal(member in TableDescription, false, `${member} is absent`);
  }
  await waitGone(db, name);
});

test('a deleted table is gone for reads and writes', async () => {
  const name = await table({});
  await db.PutItem({ TableName: name, Item: { id: S('a') } });
  await db.DeleteTable({ TableName: name });
  await waitGone(db, name);
  const gone = { type: 'ResourceNotFoundException', message: NO_TABLE };
  await expectError(db.GetItem({ TableName: name, Key: { id: S('a') } }), gone);
  await expectError(db.PutItem({ TableName: name, Item: { id: S('a') } }), gone);
  await expectError(db.Scan({ TableName: name }), gone);
  assert.equal((await db.ListTables({ Limit: 100 })).TableNames.includes(name), false);
});

test('a table created again under the name of a deleted one is empty and has another id', async () => {
  const request = tableRequest({ gsi: { byG: { key: 'g' } } });
  await db.CreateTable(request);
  const before = await waitActive(db, request.TableName);
  await load(db, request.TableName, Array.from({ length: 50 }, (_, at) => ({ id: S(`k${at}`), g: S('g') })));
  await db.DeleteTable({ TableName: request.TableName });
  await waitGone(db, request.TableName);
  await db.CreateTable(request);
  const after = await waitActive(db, request.TableName);
  assert.notEqual(after.TableId, before.TableId);
  assert.equal((await db.Scan({ TableName: request.TableName })).Count, 0);
  assert.equal((await db.Scan({ TableName: request.TableName, IndexName: 'byG' })).Count, 0);
  await db.DeleteTable({ TableName: request.TableName });
});

test('deleting a table by its ARN works', async () => {
  const name = await table({});
  const { Table } = await db.DescribeTable({ TableName: name });
  await db.DeleteTable({ TableName: Table.TableArn });
  await waitGone(db, name);
});

test('a missing table is named in the text', async () => {
  const missing = uniqueName();
  await expectError(db.DeleteTable({ TableName: missing }),
    { type: 'ResourceNotFoundException', message: `Requested resource not found: Table: ${missing} not found` });
});

test('a table under deletion protection is not deleted', async () => {
  const name = await table({ DeletionProtectionEnabled: true });
  await expectError(db.DeleteTable({ TableName: name }), { type: 'ValidationException', message: /deletion protection/i });
  assert.equal((await db.DescribeTable({ TableName: name })).Table.TableStatus, 'ACTIVE');
});

const LENGTH = 'TableName must be at least 3 characters long and at most 255 characters long';
refusals(db, 'DeleteTable', {}, [
  ['a request without TableName', {}, "The parameter 'TableName' is required but was not present in the request"],
  ['a name of one character', { TableName: 'a' }, LENGTH],
  ['a name of 256 characters', { TableName: 'a'.repeat(256) }, LENGTH],
  ['a name with a semicolon', { TableName: 'abc;' }, violations(badName('tableName', 'abc;'))],
]);
