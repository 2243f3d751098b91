// UpdateTable: what may change, how it is described, how each mistake is named.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { S, expectError, expectInvalid, harness, uniqueName, waitActive } from './lib/index.mjs';

const { db, table } = await harness();

const units = (ReadCapacityUnits, WriteCapacityUnits) => ({ ReadCapacityUnits, WriteCapacityUnits });
const provisioned = (read = 5, write = 5) => ({ BillingMode: 'PROVISIONED', ProvisionedThroughput: units(read, write) });
const types = (...names) => names.map((name) => {
  const [AttributeName, AttributeType = 'S'] = name.split(':');
  return { AttributeName, AttributeType };
});
const global = (IndexName, key, change = {}) => ({
  IndexName, Projection: { ProjectionType: 'ALL' }, ...change,
  KeySchema: key.split(' ').map((AttributeName, at) => ({ AttributeName, KeyType: at ? 'RANGE' : 'HASH' })),
});
const creating = (index) => ({ GlobalSecondaryIndexUpdates: [{ Create: index }] });

test('an empty update is refused', async () => {
  const name = await table({});
  await expectInvalid(db.UpdateTable({ TableName: name }),
    'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or '
    + 'SSESpecification or ReplicaUpdates is required');
});

test('capacity is raised, and the same again is refused', async () => {
  const name = await table(provisioned());
  const { TableDescription } = await db.UpdateTable({ TableName: name, ProvisionedThroughput: units(6, 7) });
  assert.equal(TableDescription.TableStatus, 'UPDATING');
  const { ProvisionedThroughput } = await waitActive(db, name);
  assert.equal(ProvisionedThroughput.ReadCapacityUnits, 6);
  assert.equal(ProvisionedThroughput.WriteCapacityUnits, 7);
  await expectInvalid(db.UpdateTable({ TableName: name, ProvisionedThroughput: units(6, 7) }),
    'The provisioned throughput for the table will not change. The requested value equals the current value. '
    + 'Current ReadCapacityUnits provisioned for the table: 6. Requested ReadCapacityUnits: 6. '
    + 'Current WriteCapacityUnits provisioned for the table: 7. Requested WriteCapacityUnits: 7. '
    + 'Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.');
});

test('a new index is CREATING, and its key is defined', async () => {
  const name = await table({});
  await db.PutItem({ TableName: name, Item: { id: S('a') } });
  const { TableDescription } = await db.UpdateTable({
    TableName: name, AttributeDefinitions: types('g', 'unused'), ...creating(global('byG', 'g')),
  });
  assert.deepEqual(TableDescription.AttributeDefinitions, types('id', 'g'));
  assert.equal(TableDescription.GlobalSecondaryIndexes[0].IndexStatus, 'CREATING');
  assert.equal(TableDescription.GlobalSecondaryIndexes[0].Backfilling, false);
});

test('a missing table is named in the text', async () => {
  const missing = uniqueName();
  await expectError(db.UpdateTable({ TableName: missing, DeletionProtectionEnabled: true }),
    { type: 'ResourceNotFoundException', message: `Requested resource not found: Table: ${missing} not found` });
});
