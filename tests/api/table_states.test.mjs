// What tables show as over time: the calls that tools for infrastructure make, with the SDK's waiters,
// and a server that is told to take its time.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { NO_TABLE, RawClient, S, expectError, harness, tableRequest, uniqueName, waitActive, waitGone } from './lib/index.mjs';
import { startServer } from './lib/server.mjs';

const { db, client } = await harness();
const DELAY_MS = 2000;
const RESTART_MS = 6000;
const IN_USE = 'Attempt to change a resource which is still in use: Table is being ';
const busy = (state, name) => ({ type: 'ResourceInUseException', message: `${IN_USE}${state}: ${name}` });

async function slowServer(delay, ...args) {
  const server = await startServer([...args, '--status-delay-ms', String(delay)]);
  const raw = new RawClient(server.endpoint);
  after(async () => {
    raw.close();
    await server.stop();
  });
  return { server, raw, slow: new Proxy({}, { get: (_, operation) => (body) => raw.call(operation, body) }) };
}

test('a table is made, awaited, described, changed and deleted the way Terraform and the CDK do it', async () => {
  const sdk = await client();
  const { CreateTableCommand, DeleteTableCommand, DescribeContinuousBackupsCommand, DescribeTableCommand, DescribeTimeToLiveCommand,
    ListTagsOfResourceCommand, UpdateTableCommand, waitUntilTableExists, waitUntilTableNotExists } = await import('@aws-sdk/client-dynamodb');
  const TableName = uniqueName();
  const waiting = [{ client: sdk, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName }];
  await sdk.send(new CreateTableCommand({
    TableName,
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }, { AttributeName: 'sk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }, { AttributeName: 'sk', KeyType: 'RANGE' }],
    BillingMode: 'PROVISIONED', ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 },
    TableClass: 'STANDARD', DeletionProtectionEnabled: true, SSESpecification: { Enabled: true, SSEType: 'KMS' },
    Tags: [{ Key: 'owner', Value: 'tests' }],
  }));
  assert.equal((await waitUntilTableExists(...waiting)).state, 'SUCCESS');
  const { Table } = await sdk.send(new DescribeTableCommand({ TableName }));
  assert.equal(Table.TableStatus, 'ACTIVE');
  assert.ok(Table.CreationDateTime instanceof Date);
  const { ContinuousBackupsDescription } = await sdk.send(new DescribeContinuousBackupsCommand({ TableName }));
  assert.equal(ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus, 'DISABLED');
  const { TimeToLiveDescription } = await sdk.send(new DescribeTimeToLiveCommand({ TableName }));
  assert.equal(TimeToLiveDescription.TimeToLiveStatus, 'DISABLED');
  const { Tags } = await sdk.send(new ListTagsOfResourceCommand({ ResourceArn: Table.TableArn }));
  assert.deepEqual(Tags, [{ Key: 'owner', Value: 'tests' }]);
  for (const change of [{ BillingMode: 'PAY_PER_REQUEST' }, { TableClass: 'STANDARD_INFREQUENT_ACCESS' },
    { SSESpecification: { Enabled: false } }, { DeletionProtectionEnabled: false }]) {
    await sdk.send(new UpdateTableCommand({ TableName, ...change }));
    assert.equal((await waitUntilTableExists(...waiting)).state, 'SUCCESS');
  }
  const { Table: changed } = await sdk.send(new DescribeTableCommand({ TableName }));
  assert.equal(changed.BillingModeSummary.BillingMode, 'PAY_PER_REQUEST');
  assert.ok(changed.BillingModeSummary.LastUpdateToPayPerRequestDateTime instanceof Date);
  assert.equal(changed.TableId, Table.TableId);
  const described = async (done) => {
    for (;;) {
      const { Table: now } = await sdk.send(new DescribeTableCommand({ TableName }));
      if (now.TableStatus === 'ACTIVE' && done(now.GlobalSecondaryIndexes)) return now;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await sdk.send(new UpdateTableCommand({
    TableName, AttributeDefinitions: [...Table.AttributeDefinitions, { AttributeName: 'g', AttributeType: 'N' }],
    GlobalSecondaryIndexUpdates: [{ Create: {
      IndexName: 'byG', KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }], Projection: { ProjectionType: 'ALL' },
    } }],
  }));
  const indexed = await described((list) => list?.every((index) => index.IndexStatus === 'ACTIVE'));
  assert.equal(indexed.GlobalSecondaryIndexes[0].Backfilling, undefined);
  assert.equal(indexed.AttributeDefinitions.length, 3);
  await sdk.send(new UpdateTableCommand({ TableName, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'byG' } }] }));
  assert.deepEqual((await described((list) => list === undefined)).AttributeDefinitions, Table.AttributeDefinitions);
  await sdk.send(new DeleteTableCommand({ TableName }));
  assert.equal((await waitUntilTableNotExists(...waiting)).state, 'SUCCESS');
  await expectError(sdk.send(new DescribeTableCommand({ TableName })), { type: 'ResourceNotFoundException' });
});

test('without a delay the answer says CREATING, UPDATING, DELETING, and what follows finds it done', async () => {
  const request = tableRequest({ gsi: { byG: { key: 'g' } } });
  const { TableDescription: created } = await db.CreateTable(request);
  assert.equal(created.TableStatus, 'CREATING');
  assert.equal(created.GlobalSecondaryIndexes[0].IndexStatus, 'CREATING');
  assert.equal(created.GlobalSecondaryIndexes[0].Backfilling, undefined);
  assert.deepEqual(created.BillingModeSummary, { BillingMode: 'PAY_PER_REQUEST' });
  await db.PutItem({ TableName: request.TableName, Item: { id: S('a') } });
  const { TableDescription: updated } = await db.UpdateTable({ TableName: request.TableName, DeletionProtectionEnabled: false });
  assert.equal(updated.TableStatus, 'UPDATING');
  assert.equal(updated.GlobalSecondaryIndexes[0].IndexStatus, 'ACTIVE');
  assert.equal((await db.DescribeTable({ TableName: request.TableName })).Table.TableStatus, 'ACTIVE');
  assert.equal((await db.DeleteTable({ TableName: request.TableName })).TableDescription.TableStatus, 'DELETING');
  await expectError(db.DescribeTable({ TableName: request.TableName }), { type: 'ResourceNotFoundException' });
});

test('with a delay a table is CREATING, UPDATING and DELETING for so long', async () => {
  const { slow } = await slowServer(DELAY_MS, '--in-memory');
  const request = tableRequest({});
  const { TableName } = request;
  const item = { TableName, Item: { id: S('a') } };
  const began = Date.now();
  await slow.CreateTable(request);
  assert.equal((await slow.DescribeTable({ TableName })).Table.TableStatus, 'CREATING');
  assert.deepEqual((await slow.ListTables({})).TableNames, [TableName]);
  await expectError(slow.PutItem(item), { type: 'ResourceNotFoundException', message: NO_TABLE });
  await expectError(slow.Query({ TableName, KeyConditionExpression: 'id = :a', ExpressionAttributeValues: { ':a': S('a') } }),
    { type: 'ResourceNotFoundException', message: NO_TABLE });
  await expectError(slow.UpdateTable({ TableName, DeletionProtectionEnabled: true }), busy('created', TableName));
  await expectError(slow.DeleteTable({ TableName }), busy('created', TableName));
  await expectError(slow.UpdateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: 't' } }),
    busy('created', TableName));
  const { Table: { TableArn: ResourceArn } } = await slow.DescribeTable({ TableName });
  await expectError(slow.TagResource({ ResourceArn, Tags: [{ Key: 'a', Value: 'b' }] }), busy('created', TableName));
  await expectError(slow.CreateTable(request), { type: 'ResourceInUseException', message: `Table already exists: ${TableName}` });
  await waitActive(slow, TableName);
  assert.ok(Date.now() - began >= DELAY_MS - 50, 'the table was CREATING for as long as was said');
  await slow.PutItem(item);

  await slow.UpdateTable({ TableName, DeletionProtectionEnabled: true });
  await expectError(slow.UpdateTable({ TableName, DeletionProtectionEnabled: false }), busy('updated', TableName));
  await expectError(slow.DeleteTable({ TableName }), busy('updated', TableName));
  assert.deepEqual((await slow.GetItem({ TableName, Key: { id: S('a') } })).Item, { id: S('a') });
  await waitActive(slow, TableName);
  await slow.UpdateTable({ TableName, DeletionProtectionEnabled: false });
  await waitActive(slow, TableName);

  const ended = Date.now();
  await slow.DeleteTable({ TableName });
  assert.equal((await slow.DescribeTable({ TableName })).Table.TableStatus, 'DELETING');
  assert.deepEqual((await slow.ListTables({})).TableNames, [TableName]);
  assert.equal((await slow.DeleteTable({ TableName })).TableDescription.TableStatus, 'DELETING');
  await expectError(slow.PutItem(item), { type: 'ResourceNotFoundException', message: NO_TABLE });
  await expectError(slow.UpdateTable({ TableName, DeletionProtectionEnabled: true }), busy('deleted', TableName));
  await expectError(slow.CreateTable(request), busy('deleted', TableName));
  await waitGone(slow, TableName);
  assert.ok(Date.now() - ended >= DELAY_MS - 50, 'the table was DELETING for as long as was said');
  assert.deepEqual((await slow.ListTables({})).TableNames, []);
  await slow.CreateTable(request);
  await waitActive(slow, TableName);
  assert.equal((await slow.Scan({ TableName })).Count, 0);
});

test('states outlive the server, and end when their time is over', async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'stator-states-'));
  after(() => rm(directory, { recursive: true, force: true }));
  const requests = [tableRequest({}), tableRequest({})];
  const [stays, goes] = requests.map((request) => request.TableName);
  const before = await slowServer(0, '--data-dir', directory);
  await before.slow.CreateTable(requests[1]);
  await before.slow.PutItem({ TableName: goes, Item: { id: S('a') } });
  await before.server.stop();
  const first = await slowServer(RESTART_MS, '--data-dir', directory);
  await first.slow.CreateTable(requests[0]);
  await first.slow.DeleteTable({ TableName: goes });
  await first.server.kill();
  const second = await slowServer(RESTART_MS, '--data-dir', directory);
  const states = {};
  for (const TableName of [stays, goes]) states[TableName] = (await second.slow.DescribeTable({ TableName })).Table.TableStatus;
  assert.deepEqual(states, { [stays]: 'CREATING', [goes]: 'DELETING' });
  await waitActive(second.slow, stays);
  await waitGone(second.slow, goes);
  await second.slow.CreateTable(requests[1]);
  await waitActive(second.slow, goes);
  assert.equal((await second.slow.Scan({ TableName: goes })).Count, 0);
});

test('a server without delay finds no table waiting', async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'stator-states-'));
  after(() => rm(directory, { recursive: true, force: true }));
  const [left, gone] = [tableRequest({}), tableRequest({})];
  const first = await slowServer(DELAY_MS, '--data-dir', directory);
  await first.slow.CreateTable(gone);
  await waitActive(first.slow, gone.TableName);
  await first.slow.DeleteTable({ TableName: gone.TableName });
  await first.slow.CreateTable(left);
  await first.server.stop();
  const second = await slowServer(0, '--data-dir', directory);
  assert.deepEqual((await second.slow.ListTables({})).TableNames, [left.TableName]);
  await second.slow.PutItem({ TableName: left.TableName, Item: { id: S('a') } });
});
