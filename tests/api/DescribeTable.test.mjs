// DescribeTable: what a table says of itself, by name and by ARN.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { S, badName, expectError, expectUnreadable, harness, load, refusals, uniqueName, violations } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table({ key: 'p s:N', gsi: { byG: { key: 'g', project: 'KEYS_ONLY' } }, lsi: { byT: { key: 'p t' } } });

test('DescribeTable answers with the key, the types and the indexes of creation', async () => {
  const { Table } = await db.DescribeTable({ TableName: name });
  assert.equal(Table.TableName, name);
  assert.equal(Table.TableStatus, 'ACTIVE');
  assert.deepEqual(Table.KeySchema, [{ AttributeName: 'p', KeyType: 'HASH' }, { AttributeName: 's', KeyType: 'RANGE' }]);
  const types = Object.fromEntries(Table.AttributeDefinitions.map((each) => [each.AttributeName, each.AttributeType]));
  assert.deepEqual(types, { p: 'S', s: 'N', g: 'S', t: 'S' });
  assert.deepEqual(Table.GlobalSecondaryIndexes.map((index) => index.IndexName), ['byG']);
  assert.deepEqual(Table.LocalSecondaryIndexes.map((index) => index.IndexName), ['byT']);
});

test('a table can be named by its ARN', async () => {
  const { Table } = await db.DescribeTable({ TableName: name });
  const again = await db.DescribeTable({ TableName: Table.TableArn });
  assert.deepEqual(again.Table, Table);
});

test('the table id stays the same from answer to answer', async () => {
  const first = await db.DescribeTable({ TableName: name });
  const second = await db.DescribeTable({ TableName: name });
  assert.equal(first.Table.TableId, second.Table.TableId);
});

test('a table without indexes has no index members', async () => {
  const { Table } = await db.DescribeTable({ TableName: await table({}) });
  assert.equal('GlobalSecondaryIndexes' in Table, false);
  assert.equal('LocalSecondaryIndexes' in Table, false);
});

test('ItemCount and TableSizeBytes are numbers, and never negative', async () => {
  const counted = await table({});
  await load(db, counted, Array.from({ length: 30 }, (_, at) => ({ id: S(`k${at}`) })));
  const { Table } = await db.DescribeTable({ TableName: counted });
  assert.ok(Number.isInteger(Table.ItemCount) && Table.ItemCount >= 0 && Table.ItemCount <= 30);
  assert.ok(Number.isInteger(Table.TableSizeBytes) && Table.TableSizeBytes >= 0);
});

test('unknown members of a request are ignored', async () => {
  const { Table } = await db.DescribeTable({ TableName: name, Nonsense: [1, { deep: null }] });
  assert.equal(Table.TableName, name);
});

test('a null member counts as absent', async () => {
  await expectError(db.DescribeTable({ TableName: null }),
    { type: 'ValidationException', message: "The parameter 'TableName' is required but was not present in the request" });
});

test('a missing table is named in the text', async () => {
  const missing = uniqueName();
  await expectError(db.DescribeTable({ TableName: missing }),
    { type: 'ResourceNotFoundException', message: `Requested resource not found: Table: ${missing} not found` });
});

const LENGTH = 'TableName must be at least 3 characters long and at most 255 characters long';
refusals(db, 'DescribeTable', {}, [
  ['a request without TableName', {}, "The parameter 'TableName' is required but was not present in the request"],
  ['a name of one character', { TableName: 'a' }, LENGTH],
  ['an empty name', { TableName: '' }, LENGTH],
  ['a name of 256 characters', { TableName: 'a'.repeat(256) }, LENGTH],
  ['a name with a semicolon', { TableName: 'abc;' }, violations(badName('tableName', 'abc;'))],
]);

for (const [value, text] of [
  [{}, 'Start of structure or map found where not expected'],
  [5, 'NUMBER_VALUE cannot be converted to String'],
  [5.5, 'DECIMAL_VALUE cannot be converted to String'],
  [true, 'TRUE_VALUE cannot be converted to String'],
  [false, 'FALSE_VALUE cannot be converted to String'],
  [[], 'Unrecognized collection type class java.lang.String'],
]) {
  test(`${JSON.stringify(value)} as TableName is a SerializationException`, () => expectUnreadable(db.DescribeTable({ TableName: value }), text));
}
