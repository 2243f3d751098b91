// UpdateTable: what may change, how it is described, how each mistake is named. What depends on time,
// and on an index that is being made, is in tests/unit/api/test_update_table.c.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { INVALID, S, expectError, expectInvalid, harness, notIn, notNull, refusals, tableRequest, tooShort, tooSmall, uniqueName,
  violations, waitActive } from './lib/index.mjs';

const { db, table, made } = await harness();

const units = (ReadCapacityUnits, WriteCapacityUnits) => ({ ReadCapacityUnits, WriteCapacityUnits });
const pay = (...of) => ({ ProvisionedThroughput: units(...of) });
const provisioned = (...of) => ({ BillingMode: 'PROVISIONED', ...pay(...of) });
const onDemand = { BillingMode: 'PAY_PER_REQUEST' };
const types = (...names) => names.map((name) => {
  const [AttributeName, AttributeType = 'S'] = name.split(':');
  return { AttributeName, AttributeType };
});
const global = (IndexName, key, change = {}) => ({
  IndexName, Projection: { ProjectionType: 'ALL' },
  KeySchema: key.split(' ').map((AttributeName, at) => ({ AttributeName, KeyType: at ? 'RANGE' : 'HASH' })), ...change,
});
const actions = (...list) => ({ GlobalSecondaryIndexUpdates: list });
const creating = (index, ...definitions) => ({ AttributeDefinitions: types(...definitions), ...actions({ Create: index }) });
const deleting = (IndexName) => actions({ Delete: { IndexName } });
const updating = (IndexName, change) => actions({ Update: { IndexName, ...change } });

const EMPTY = 'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or '
  + 'SSESpecification or ReplicaUpdates is required';
const NO_UNITS = `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`;
const ONE_INDEX = 'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table';
const BLOCKED = 'This operation cannot be performed with given input values. Please contact DynamoDB service team for more info: '
  + 'Action Blocked: IndexUpdate';
const unchanged = (what, kind, read, write) => `The provisioned throughput for the ${what} will not change. The requested value `
  + `equals the current value. Current ReadCapacityUnits provisioned for the ${kind}: ${read}. Requested ReadCapacityUnits: ${read}. `
  + `Current WriteCapacityUnits provisioned for the ${kind}: ${write}. Requested WriteCapacityUnits: ${write}. Refer to the Amazon `
  + 'DynamoDB Developer Guide for current limits and how to request higher limits.';

async function update(TableName, change) {
  const { TableDescription } = await db.UpdateTable({ TableName, ...change });
  assert.equal(TableDescription.TableStatus, 'UPDATING');
  return { answer: TableDescription, after: await waitActive(db, TableName) };
}

// A provisioned table with an index: the short form of tables leaves capacity of indexes out.
async function provisionedWithIndex() {
  const request = { ...tableRequest(provisioned(5, 5)), AttributeDefinitions: types('id', 'g'),
    GlobalSecondaryIndexes: [global('byG', 'g', pay(2, 3))] };
  made.push(request.TableName);
  await db.CreateTable(request);
  await waitActive(db, request.TableName);
  return request.TableName;
}

// ---- capacity ----

test('capacity of a table is raised and lowered, and says when', async () => {
  const name = await table(provisioned(5, 5));
  const { after: raised } = await update(name, pay(6, 5));
  assert.deepEqual([raised.ProvisionedThroughput.ReadCapacityUnits, raised.ProvisionedThroughput.WriteCapacityUnits], [6, 5]);
  assert.ok(Math.abs(raised.ProvisionedThroughput.LastIncreaseDateTime - Date.now() / 1000) < 60);
  assert.equal(raised.ProvisionedThroughput.LastDecreaseDateTime, undefined);
  assert.equal(raised.ProvisionedThroughput.NumberOfDecreasesToday, 0);
  const { after: lowered } = await update(name, pay(7, 1));
  assert.equal(lowered.ProvisionedThroughput.NumberOfDecreasesToday, 1);
  assert.ok(Math.abs(lowered.ProvisionedThroughput.LastDecreaseDateTime - Date.now() / 1000) < 60);
});

test('capacity of an index is raised beside the table\'s', async () => {
  const name = await provisionedWithIndex();
  const { answer, after } = await update(name, { ...pay(9, 9), ...updating('byG', pay(4, 4)) });
  assert.equal(answer.GlobalSecondaryIndexes[0].IndexStatus, 'UPDATING');
  assert.equal(after.ProvisionedThroughput.ReadCapacityUnits, 9);
  assert.equal(after.GlobalSecondaryIndexes[0].ProvisionedThroughput.ReadCapacityUnits, 4);
});

test('the same capacity again is refused, for the table and for an index', async () => {
  const name = await provisionedWithIndex();
  await expectInvalid(db.UpdateTable({ TableName: name, ...pay(5, 5) }), unchanged('table', 'table', 5, 5));
  await expectInvalid(db.UpdateTable({ TableName: name, ...provisioned(5, 5) }), unchanged('table', 'table', 5, 5));
  await expectInvalid(db.UpdateTable({ TableName: name, ...updating('byG', pay(2, 3)) }), unchanged('index byG', 'index', 2, 3));
});

test('the fifth decrease of a day is refused', async () => {
  const name = await table(provisioned(9, 9));
  for (const read of [8, 7, 6, 5]) await update(name, pay(read, 9));
  await expectError(db.UpdateTable({ TableName: name, ...pay(4, 9) }), {
    type: 'LimitExceededException',
    message: /^Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day\. After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds\. Number of decreases today: 4\. Last decrease at \w+, \w+ \d+, \d{4} \d+:\d\d:\d\d [AP]M UTC\. Next decrease can be made at /,
  });
});

// ---- billing mode ----

test('a table becomes on-demand, its indexes, too, and says since when after it is provisioned again', async () => {
  const name = await provisionedWithIndex();
  const { after } = await update(name, onDemand);
  assert.equal(after.BillingModeSummary.BillingMode, 'PAY_PER_REQUEST');
  const since = after.BillingModeSummary.LastUpdateToPayPerRequestDateTime;
  assert.ok(Math.abs(since - Date.now() / 1000) < 60);
  assert.deepEqual(after.ProvisionedThroughput, { NumberOfDecreasesToday: 0, ...units(0, 0) });
  assert.deepEqual(after.GlobalSecondaryIndexes[0].ProvisionedThroughput, { NumberOfDecreasesToday: 0, ...units(0, 0) });
  const { after: back } = await update(name, { ...provisioned(5, 5), ...updating('byG', pay(1, 1)) });
  assert.deepEqual(back.BillingModeSummary, { BillingMode: 'PROVISIONED', LastUpdateToPayPerRequestDateTime: since });
  assert.equal(back.ProvisionedThroughput.ReadCapacityUnits, 5);
  assert.equal(back.GlobalSecondaryIndexes[0].ProvisionedThroughput.ReadCapacityUnits, 1);
});

test('an on-demand table may be told to be on-demand', async () => {
  await update(await table({}), onDemand);
});

test('a table with indexes is not provisioned again without capacity for each', async () => {
  const name = await table({ gsi: { byG: { key: 'g' }, byH: { key: 'h' } } });
  await expectInvalid(db.UpdateTable({ TableName: name, ...provisioned(1, 1) }),
    `${INVALID}ProvisionedThroughput must be specified for index: byG,byH`);
  await expectInvalid(db.UpdateTable({ TableName: name, ...provisioned(1, 1), ...updating('byH', pay(1, 1)) }),
    `${INVALID}ProvisionedThroughput must be specified for index: byG`);
  assert.equal((await db.DescribeTable({ TableName: name })).Table.BillingModeSummary.BillingMode, 'PAY_PER_REQUEST');
});

const paid = await table({ gsi: { byG: { key: 'g' } } });
refusals(db, 'UpdateTable', { TableName: paid }, [
  ['capacity of an on-demand table', pay(1, 1), NO_UNITS],
  ['capacity beside PAY_PER_REQUEST', { ...onDemand, ...pay(1, 1) }, NO_UNITS],
  ['PROVISIONED without capacity', { BillingMode: 'PROVISIONED' },
    `${INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED`],
  ['capacity of an index of an on-demand table', updating('byG', pay(1, 1)),
    `${INVALID}ProvisionedThroughput should not be specified for index: byG when BillingMode is PAY_PER_REQUEST`],
  ['a new index with capacity on an on-demand table', creating(global('byH', 'h', pay(1, 1)), 'h'),
    `${INVALID}ProvisionedThroughput should not be specified for index: byH when BillingMode is PAY_PER_REQUEST`],
  ['an unknown billing mode', { BillingMode: 'FREE' },
    violations(notIn('billingMode', 'FREE', 'PROVISIONED', 'PAY_PER_REQUEST'))],
  ['zero units', { ...provisioned(0, 1) }, violations(tooSmall('provisionedThroughput.readCapacityUnits', 0, 1))],
  ['units beyond 10^12', { ...provisioned(1000000000001, 1) }, 'Given value 1000000000001 for ReadCapacityUnits is out of bounds'],
]);

// ---- settings ----

test('deletion protection is switched on and off', async () => {
  const name = await table({});
  assert.equal((await update(name, { DeletionProtectionEnabled: true })).after.DeletionProtectionEnabled, true);
  await expectInvalid(db.DeleteTable({ TableName: name }),
    'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.');
  assert.equal((await update(name, { DeletionProtectionEnabled: false })).after.DeletionProtectionEnabled, false);
});

test('the table class changes, and says when', async () => {
  const name = await table({});
  const { after } = await update(name, { TableClass: 'STANDARD_INFREQUENT_ACCESS' });
  assert.equal(after.TableClassSummary.TableClass, 'STANDARD_INFREQUENT_ACCESS');
  assert.ok(Math.abs(after.TableClassSummary.LastUpdateDateTime - Date.now() / 1000) < 60);
  const { after: same } = await update(name, { TableClass: 'STANDARD_INFREQUENT_ACCESS' });
  assert.deepEqual(same.TableClassSummary, after.TableClassSummary);
});

test('on-demand throughput is limited, and -1 lifts the limit', async () => {
  const name = await table({});
  const { after } = await update(name, { OnDemandThroughput: { MaxReadRequestUnits: 10 } });
  assert.deepEqual(after.OnDemandThroughput, { MaxReadRequestUnits: 10, MaxWriteRequestUnits: -1 });
  const { after: both } = await update(name, { OnDemandThroughput: { MaxWriteRequestUnits: 20 } });
  assert.deepEqual(both.OnDemandThroughput, { MaxReadRequestUnits: 10, MaxWriteRequestUnits: 20 });
  const { after: none } = await update(name, { OnDemandThroughput: { MaxReadRequestUnits: -1, MaxWriteRequestUnits: -1 } });
  assert.equal(none.OnDemandThroughput, undefined);
});

test('limits of on-demand throughput end with on-demand', async () => {
  const name = await table({ OnDemandThroughput: { MaxReadRequestUnits: 10 } });
  assert.equal((await update(name, provisioned(1, 1))).after.OnDemandThroughput, undefined);
  assert.equal((await update(name, onDemand)).after.OnDemandThroughput, undefined);
});

test('warm throughput is raised, and never lowered', async () => {
  const name = await table({ gsi: { byG: { key: 'g' } } });
  const { answer, after } = await update(name, { WarmThroughput: { ReadUnitsPerSecond: 15000 } });
  assert.deepEqual(answer.WarmThroughput, { ReadUnitsPerSecond: 15000, WriteUnitsPerSecond: 4000, Status: 'UPDATING' });
  assert.deepEqual(after.WarmThroughput, { ReadUnitsPerSecond: 15000, WriteUnitsPerSecond: 4000, Status: 'ACTIVE' });
  await expectInvalid(db.UpdateTable({ TableName: name, WarmThroughput: { ReadUnitsPerSecond: 14999 } }),
    `${INVALID}Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, decreasing `
    + 'WarmThroughput is not supported');
  const { after: index } = await update(name, updating('byG', { WarmThroughput: { WriteUnitsPerSecond: 5000 } }));
  assert.deepEqual(index.GlobalSecondaryIndexes[0].WarmThroughput,
    { ReadUnitsPerSecond: 12000, WriteUnitsPerSecond: 5000, Status: 'ACTIVE' });
});

test('a key of KMS is described, and not set twice', async () => {
  const name = await table({});
  const key = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const { after } = await update(name, { SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: key } });
  assert.deepEqual(after.SSEDescription, { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: key });
  await expectInvalid(db.UpdateTable({ TableName: name, SSESpecification: { Enabled: true, KMSMasterKeyId: key } }),
    `${INVALID}Table is already encrypted by given KMSMasterKeyId`);
  const { after: own } = await update(name, { SSESpecification: { Enabled: false } });
  assert.equal(own.SSEDescription, undefined);
  await expectInvalid(db.UpdateTable({ TableName: name, SSESpecification: { Enabled: false } }),
    `${INVALID}Table is already encrypted by default`);
});

const plain = await table(provisioned(5, 5));
const notThere = (member) => `${INVALID}${member} is not supported by this version of the server`;
refusals(db, 'UpdateTable', { TableName: plain }, [
  ['an empty update', {}, EMPTY],
  ['definitions alone', { AttributeDefinitions: types('id') }, EMPTY],
  ['an empty list of index updates', actions(), EMPTY],
  ['empty on-demand throughput alone', { OnDemandThroughput: {} }, EMPTY],
  ['empty warm throughput alone', { WarmThroughput: {} }, EMPTY],
  ['on-demand throughput of a provisioned table', { OnDemandThroughput: { MaxReadRequestUnits: 5 } },
    `${INVALID}MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED`],
  ['no units on demand', { ...onDemand, OnDemandThroughput: { MaxWriteRequestUnits: 0 } },
    `${INVALID}Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range`],
  ['units of -2 on demand', { ...onDemand, OnDemandThroughput: { MaxReadRequestUnits: -2 } },
    `${INVALID}Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range`],
  ['a warm throughput below the capacity', { WarmThroughput: { WriteUnitsPerSecond: 4 } }, /decreasing WarmThroughput is not supported$/],
  ['a warm throughput beyond 10^12', { WarmThroughput: { WriteUnitsPerSecond: 1000000000001 } }, /outside of valid range$/],
  ['an unknown table class', { TableClass: 'COLD' },
    violations(notIn('tableClass', 'COLD', 'STANDARD', 'STANDARD_INFREQUENT_ACCESS'))],
  ['encryption by AES256', { SSESpecification: { Enabled: true, SSEType: 'AES256' } }, /SSEType AES256 is not supported/],
  ['a key without encryption', { SSESpecification: { KMSMasterKeyId: 'alias/mine' } }, /KMSMasterKeyId can only be specified/],
  ['a key that fills the memory of a table', { SSESpecification: { Enabled: true, KMSMasterKeyId: 'k'.repeat(9000000) } },
    `${INVALID}KMSMasterKeyId may have 2048 bytes at most`],
  ['replicas', { ReplicaUpdates: [{ Create: { RegionName: 'eu-west-1' } }] }, notThere('ReplicaUpdates')],
  ['strong consistency of regions', { MultiRegionConsistency: 'STRONG' }, notThere('MultiRegionConsistency')],
  ['witnesses', { GlobalTableWitnessUpdates: [{ Create: { RegionName: 'eu-west-1' } }] }, notThere('GlobalTableWitnessUpdates')],
  ['settings replication', { GlobalTableSettingsReplicationMode: 'ENABLED' }, notThere('GlobalTableSettingsReplicationMode')],
  ['vector indexes', { VectorIndexUpdates: [{ Delete: { IndexName: 'byV' } }] }, notThere('VectorIndexUpdates')],
]);

// ---- indexes ----

test('a new index is CREATING, its key is defined, and unused definitions are ignored', async () => {
  const name = await table({});
  await db.PutItem({ TableName: name, Item: { id: S('a'), g: S('b') } });
  const { TableDescription } = await db.UpdateTable({ TableName: name, ...creating(global('byG', 'g'), 'unused', 'g', 'id:N') });
  assert.deepEqual(TableDescription.AttributeDefinitions, types('id', 'g'));
  const [index] = TableDescription.GlobalSecondaryIndexes;
  assert.equal(index.IndexStatus, 'CREATING');
  assert.equal(index.Backfilling, false);
  assert.deepEqual(index.KeySchema, [{ AttributeName: 'g', KeyType: 'HASH' }]);
  assert.equal(index.IndexArn, `${TableDescription.TableArn}/index/byG`);
});

test('a new index of four hash and four range attributes is accepted', async () => {
  const name = await table({});
  const names = [...'abcdefgh'];
  const KeySchema = names.map((AttributeName, at) => ({ AttributeName, KeyType: at < 4 ? 'HASH' : 'RANGE' }));
  const { TableDescription } = await db.UpdateTable({ TableName: name, ...creating(global('wide', 'a', { KeySchema }), ...names) });
  assert.deepEqual(TableDescription.GlobalSecondaryIndexes[0].KeySchema, KeySchema);
});

test('a new index has settings of its own', async () => {
  const name = await table({});
  const { TableDescription } = await db.UpdateTable({
    TableName: name,
    ...creating(global('byG', 'g', { OnDemandThroughput: { MaxReadRequestUnits: 7 }, WarmThroughput: { ReadUnitsPerSecond: 13000 } }), 'g'),
  });
  const [index] = TableDescription.GlobalSecondaryIndexes;
  assert.deepEqual(index.OnDemandThroughput, { MaxReadRequestUnits: 7, MaxWriteRequestUnits: -1 });
  assert.deepEqual(index.WarmThroughput, { ReadUnitsPerSecond: 13000, WriteUnitsPerSecond: 4000, Status: 'UPDATING' });
});

test('a deleted index is DELETING, and takes definitions that nothing else uses along', async () => {
  const name = await table({ gsi: { byG: { key: 'g h' }, byH: { key: 'h' } } });
  const { TableDescription } = await db.UpdateTable({ TableName: name, ...deleting('byG') });
  assert.deepEqual(TableDescription.AttributeDefinitions, types('id', 'h'));
  assert.equal(TableDescription.GlobalSecondaryIndexes[0].IndexStatus, 'DELETING');
});

test('the twenty-first index is refused', async () => {
  const gsi = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`global${at}`, { key: 'g' }]));
  const name = await table({ gsi });
  await expectInvalid(db.UpdateTable({ TableName: name, ...creating(global('more', 'g'), 'g') }),
    `${INVALID}GlobalSecondaryIndex count exceeds the per-table limit of 20`);
});

test('names projected by all indexes count together', async () => {
  const names = (stem) => Array.from({ length: 20 }, (_, at) => `${stem}${at}`);
  const gsi = Object.fromEntries([...'abcde'].map((stem) => [`by-${stem}`, { key: 'g', project: names(stem) }]));
  const name = await table({ gsi });
  const Projection = { ProjectionType: 'INCLUDE', NonKeyAttributes: ['one'] };
  await expectInvalid(db.UpdateTable({ TableName: name, ...creating(global('more', 'g', { Projection }), 'g') }),
    /NonKeyAttributes exceeds the limit of 100 attributes over all indexes: 101/);
});

test('a refused update changes nothing', async () => {
  const name = await provisionedWithIndex();
  const { Table: before } = await db.DescribeTable({ TableName: name });
  await expectInvalid(db.UpdateTable({ TableName: name, ...pay(50, 50), DeletionProtectionEnabled: true, ...updating('byG', pay(2, 3)) }));
  assert.deepEqual((await db.DescribeTable({ TableName: name })).Table, before);
});

const indexed = await provisionedWithIndex();
const redefined = (was, is) => `${INVALID}Attributes cannot be redefined. Please check that your attribute has the same type as `
  + `previously defined. Existing schema: Schema:[${was}] New schema: Schema:[${is}]`;
const undefinedKeys = (keys, defined) =>
  `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [${keys}], AttributeDefinitions: [${defined}]`;
const byH = (change) => creating(global('byH', 'h', { ...pay(1, 1), ...change }), 'h');
refusals(db, 'UpdateTable', { TableName: indexed }, [
  ['an action of nothing', actions({}), `${INVALID}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, `
    + 'GlobalSecondaryIndexUpdate.Delete must not be null'],
  ['two actions in one', actions({ ...deleting('byG').GlobalSecondaryIndexUpdates[0], Update: { IndexName: 'byG', ...pay(9, 9) } }),
    /^One or more parameter values were invalid: Only one of GlobalSecondaryIndexUpdate\.Update, /],
  ['two actions on one index', actions({ Update: { IndexName: 'byG', ...pay(9, 9) } }, { Delete: { IndexName: 'byG' } }),
    `${INVALID}Only one global secondary index update per index is allowed simultaneously. Index: byG`],
  ['an update of an index that is not there', updating('none', pay(1, 1)), BLOCKED],
  ['units of an index beyond 10^12', updating('byG', pay(1000000000001, 1)), BLOCKED],
  ['an update of an index to nothing', updating('byG', {}), /must be specified for index: byG$/],
  ['on-demand throughput of an index of a provisioned table', updating('byG', { OnDemandThroughput: { MaxReadRequestUnits: 5 } }),
    `${INVALID}MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED`],
  ['a warm throughput of an index below its capacity', updating('byG', { WarmThroughput: { ReadUnitsPerSecond: 1 } }),
    /^One or more parameter values were invalid: Requested ReadUnitsPerSecond for WarmThroughput for index byG is lower/],
  ['an index of a name that is there', creating(global('byG', 'h', pay(1, 1)), 'h'), 'Attempting to create an index which already exists'],
  ['an index without capacity', creating(global('byH', 'h'), 'h'), `${INVALID}ProvisionedThroughput must be specified for index: byH`],
  ['an index whose key is not defined at all', actions({ Create: global('byH', 'h', pay(1, 1)) }), undefinedKeys('h', '')],
  ['an index whose key the request does not define', creating(global('byH', 'g', pay(1, 1)), 'other'), undefinedKeys('g', 'other')],
  ['a key of another type than the table\'s', creating(global('byH', 'id', pay(1, 1)), 'id:N'),
    redefined('SchemaElement: key{id:S:HASH}', 'SchemaElement: key{id:N:HASH}')],
  ['a key of another type than another index\'s', creating(global('byH', 'h g', pay(1, 1)), 'h', 'g:N'),
    redefined('SchemaElement: key{id:S:HASH}', 'SchemaElement: key{h:S:HASH}, SchemaElement: key{g:N:RANGE}')],
  ['an attribute that is defined twice', creating(global('byH', 'h', pay(1, 1)), 'h', 'h:N'),
    `${INVALID}Duplicate AttributeName in AttributeDefinitions: h`],
  ['a range key first', byH({ KeySchema: [{ AttributeName: 'h', KeyType: 'RANGE' }] }), /The first KeySchemaElement is not a HASH key type/],
  ['a thousand key attributes', byH({ KeySchema: Array.from({ length: 1000 }, () => ({ AttributeName: 'h', KeyType: 'RANGE' })) }),
    'Invalid KeySchema: Number of RANGE keys exceeds the limit'],
  ['an unknown kind of projection', byH({ Projection: {} }), `${INVALID}Unknown ProjectionType: null`],
  ['a projection of nothing listed', byH({ Projection: { ProjectionType: 'INCLUDE' } }),
    `${INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified`],
  ['an index without key and projection', actions({ Create: { IndexName: 'byH' } }),
    violations(notNull('globalSecondaryIndexUpdates.1.member.create.keySchema'),
      notNull('globalSecondaryIndexUpdates.1.member.create.projection'))],
  ['a short name of an index', deleting('by'),
    violations(tooShort('globalSecondaryIndexUpdates.1.member.delete.indexName', 'by', 3))],
]);
refusals(db, 'UpdateTable', { TableName: indexed }, [
  ['two new indexes', { AttributeDefinitions: types('h'),
    ...actions({ Create: global('byH', 'h', pay(1, 1)) }, { Create: global('byI', 'h', pay(1, 1)) }) }, ONE_INDEX],
  ['a new and a deleted index', { AttributeDefinitions: types('h'),
    ...actions({ Create: global('byH', 'h', pay(1, 1)) }, { Delete: { IndexName: 'byG' } }) }, ONE_INDEX],
], 'LimitExceededException');
refusals(db, 'UpdateTable', { TableName: indexed }, [
  ['the deletion of an index that is not there', deleting('none'), 'Requested resource not found'],
], 'ResourceNotFoundException');

test('a local index is neither updated nor deleted', async () => {
  const name = await table({ key: 'p s', lsi: { byT: { key: 'p t' } } });
  await expectInvalid(db.UpdateTable({ TableName: name, ...updating('byT', { WarmThroughput: { ReadUnitsPerSecond: 20000 } }) }), BLOCKED);
  await expectError(db.UpdateTable({ TableName: name, ...deleting('byT') }), { type: 'ResourceNotFoundException' });
});

// ---- the table itself ----

test('a table is updated by its ARN', async () => {
  const name = await table({});
  const { Table } = await db.DescribeTable({ TableName: name });
  await update(Table.TableArn, { DeletionProtectionEnabled: true });
  await update(name, { DeletionProtectionEnabled: false });
});

test('a missing table is named in the text', async () => {
  const missing = uniqueName();
  await expectError(db.UpdateTable({ TableName: missing, DeletionProtectionEnabled: true }),
    { type: 'ResourceNotFoundException', message: `Requested resource not found: Table: ${missing} not found` });
});

refusals(db, 'UpdateTable', { DeletionProtectionEnabled: true }, [
  ['a request without TableName', {}, "The parameter 'TableName' is required but was not present in the request"],
  ['a name of one character', { TableName: 'a' }, 'TableName must be at least 3 characters long and at most 255 characters long'],
]);
