// How a table is named: by its name or its ARN, and what is neither.
import assert from 'node:assert/strict';
import { test } from './lib/case.mjs';
import { NO_TABLE, S, badName, expectError, expectInvalid, harness, tooShort, violations } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table();
const { Table: { TableArn: arn } } = await db.DescribeTable({ TableName: name });
const noArn = (text) => `Invalid TableArn: Invalid ResourceArn provided as input ${text}`;
const Key = { id: S('a') };

const items = {
  GetItem: (TableName) => db.GetItem({ TableName, Key }),
  PutItem: (TableName) => db.PutItem({ TableName, Item: Key }),
  UpdateItem: (TableName) => db.UpdateItem({ TableName, Key }),
  DeleteItem: (TableName) => db.DeleteItem({ TableName, Key }),
  Query: (TableName) => db.Query({ TableName, KeyConditionExpression: 'id = :a', ExpressionAttributeValues: { ':a': S('a') } }),
  Scan: (TableName) => db.Scan({ TableName }),
};
const tables = {
  DescribeTable: (TableName) => db.DescribeTable({ TableName }),
  UpdateTable: (TableName) => db.UpdateTable({ TableName, DeletionProtectionEnabled: true }),
  DeleteTable: (TableName) => db.DeleteTable({ TableName }),
  UpdateTimeToLive: (TableName) => db.UpdateTimeToLive({ TableName, TimeToLiveSpecification: { AttributeName: 't', Enabled: true } }),
};

for (const [operation, call] of Object.entries({ ...items, ...tables }))
  test(`${operation} takes no ARN of a part of a table or of nothing`, async () => {
    for (const wrong of [`${arn}/index/byG`, `${arn}/stream/2026-01-01T00:00:00.000`, `${arn}/`, `${arn}/x/y`, 'arn:', 'arn:aws:foo',
      'arn:aws:s3:::x', 'arn:aws:dynamodb:us-east-1:abc:table/hash', 'arn:aws:dynamodb:us-east-1:000000000000:table/ab'])
      await expectInvalid(call(wrong), noArn(wrong));
    const { Count } = await db.Scan({ TableName: name });
    assert.equal(Count, 0);
  });

test('batches, transactions and statements take no ARN of a part of a table', async () => {
  const wrong = `${arn}/index/byG`;
  await expectInvalid(db.BatchGetItem({ RequestItems: { [wrong]: { Keys: [Key] } } }), noArn(wrong));
  await expectInvalid(db.BatchWriteItem({ RequestItems: { [wrong]: [{ PutRequest: { Item: Key } }] } }), noArn(wrong));
  await expectInvalid(db.TransactWriteItems({ TransactItems: [{ Put: { TableName: wrong, Item: Key } }] }), noArn(wrong));
  await expectInvalid(db.TransactGetItems({ TransactItems: [{ Get: { TableName: wrong, Key } }] }), noArn(wrong));
  await expectInvalid(db.ExecuteStatement({ Statement: `SELECT * FROM "${wrong}"` }), noArn(wrong));
  assert.equal((await db.Scan({ TableName: name })).Count, 0);
});

for (const [operation, call] of Object.entries(items))
  test(`${operation} knows no table of a short name`, async () => {
    await expectInvalid(call(''), violations(tooShort('tableName', '', 1)));
    await expectError(call('ab'), { type: 'ResourceNotFoundException', message: NO_TABLE });
    await expectInvalid(call('a;'), violations(badName('tableName', 'a;')));
    await expectInvalid(call('x'.repeat(256)), /^1 validation error detected: .*less than or equal to 255$/);
  });

test('an ARN of another region or account names no table', async () => {
  for (const other of [arn.replace('us-east-1', 'eu-west-1'), arn.replace('000000000000', '111111111111')]) {
    assert.notEqual(other, arn);
    await expectError(items.GetItem(other), { type: 'ResourceNotFoundException', message: NO_TABLE });
  }
});
