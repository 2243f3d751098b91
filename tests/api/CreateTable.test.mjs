// CreateTable: which shapes of tables are accepted, how they are described, how each mistake is named.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { INVALID, badName, expectError, expectInvalid, harness, notIn, notNull, refusals, tableRequest, tooShort, tooSmall,
  uniqueName, violations, waitActive } from './lib/index.mjs';

const { db, table, made } = await harness();


const hash = { AttributeName: 'id', KeyType: 'HASH' };
const range = { AttributeName: 's', KeyType: 'RANGE' };
const types = (...names) => names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' }));
const good = () => ({ TableName: uniqueName(), KeySchema: [hash], AttributeDefinitions: types('id'), BillingMode: 'PAY_PER_REQUEST' });
const global = (change = {}) => ({
  IndexName: 'byG', KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }], Projection: { ProjectionType: 'ALL' }, ...change,
});
const globals = (...list) => ({ AttributeDefinitions: types('id', 'g'), GlobalSecondaryIndexes: list });
const projecting = (Projection) => globals(global({ Projection }));
const local = (change = {}) => ({
  IndexName: 'local', KeySchema: [hash, { AttributeName: 'g', KeyType: 'RANGE' }], Projection: { ProjectionType: 'ALL' }, ...change,
});
const locals = (...list) => ({
  KeySchema: [hash, range], AttributeDefinitions: types('id', 's', 'g'), LocalSecondaryIndexes: list,
});
const pay = (ReadCapacityUnits, WriteCapacityUnits) => ({
  BillingMode: 'PROVISIONED', ProvisionedThroughput: { ReadCapacityUnits, WriteCapacityUnits },
});

async function create(shape) {
  const request = tableRequest(shape);
  made.push(request.TableName);
  const { TableDescription } = await db.CreateTable(request);
  return { request, described: TableDescription };
}

test('a new table is described with its name, ARN, id, key, types, time and status CREATING or ACTIVE', async () => {
  const { request, described } = await create({ key: 'p s:N' });
  assert.equal(described.TableName, request.TableName);
  assert.match(described.TableArn, new RegExp(`^arn:aws:dynamodb:[a-z0-9-]+:\\d{12}:table/${request.TableName}$`));
  assert.match(described.TableId, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  assert.deepEqual(described.KeySchema, request.KeySchema);
  assert.deepEqual(described.AttributeDefinitions, request.AttributeDefinitions);
  assert.match(described.TableStatus, /^(CREATING|ACTIVE)$/);
  assert.equal(described.ItemCount, 0);
  assert.equal(described.TableSizeBytes, 0);
  assert.ok(Math.abs(described.CreationDateTime - Date.now() / 1000) < 60, 'seconds since 1970');
});

test('an on-demand table shows BillingModeSummary and zero throughput', async () => {
  const { request } = await create({});
  const described = await waitActive(db, request.TableName);
  assert.equal(described.BillingModeSummary.BillingMode, 'PAY_PER_REQUEST');
  assert.equal(typeof described.BillingModeSummary.LastUpdateToPayPerRequestDateTime, 'number');
  assert.deepEqual(described.ProvisionedThroughput, { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 });
});

test('a provisioned table shows its throughput and no BillingModeSummary', async () => {
  const { described } = await create({ ...pay(3, 4) });
  assert.deepEqual(described.ProvisionedThroughput, { NumberOfDecreasesToday: 0, ReadCapacityUnits: 3, WriteCapacityUnits: 4 });
  assert.equal(described.BillingModeSummary, undefined);
});

test('the default billing mode is PROVISIONED: throughput alone is enough', async () => {
  const { described } = await create({ BillingMode: undefined, ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } });
  assert.equal(described.ProvisionedThroughput.ReadCapacityUnits, 1);
});

test('a global index is described with its key, projection, ARN, counts and status', async () => {
  const { request } = await create({ gsi: { byG: { key: 'g s:N', project: ['a', 'b'] } } });
  const described = await waitActive(db, request.TableName);
  assert.equal(described.GlobalSecondaryIndexes.length, 1);
  const [index] = described.GlobalSecondaryIndexes;
  assert.equal(index.IndexName, 'byG');
  assert.deepEqual(index.KeySchema, request.GlobalSecondaryIndexes[0].KeySchema);
  assert.equal(index.Projection.ProjectionType, 'INCLUDE');
  assert.deepEqual([...index.Projection.NonKeyAttributes].sort(), ['a', 'b']);
  assert.equal(index.IndexArn, `${described.TableArn}/index/byG`);
  assert.equal(index.IndexStatus, 'ACTIVE');
  assert.equal(index.ItemCount, 0);
  assert.equal(index.IndexSizeBytes, 0);
});

test('a local index is described without status and throughput', async () => {
  const { described } = await create({ key: 'p s', lsi: { byT: { key: 'p t:N', project: 'KEYS_ONLY' } } });
  const [index] = described.LocalSecondaryIndexes;
  assert.equal(index.IndexName, 'byT');
  assert.deepEqual(index.Projection, { ProjectionType: 'KEYS_ONLY' });
  assert.equal(index.IndexStatus, undefined);
  assert.equal(index.ProvisionedThroughput, undefined);
});

test('twenty global and five local indexes are accepted', async () => {
  const gsi = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`global${at}`, { key: 'g' }]));
  const lsi = Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`local${at}`, { key: 'p g' }]));
  const { request } = await create({ key: 'p s', gsi, lsi });
  const described = await waitActive(db, request.TableName);
  assert.equal(described.GlobalSecondaryIndexes.length, 20);
  assert.equal(described.LocalSecondaryIndexes.length, 5);
});

test('names of 3 and of 255 characters are accepted', async () => {
  const short = `a.${String.fromCharCode(97 + process.pid % 26)}`;
  await create({ name: short });
  await create({ name: uniqueName('x').padEnd(255, '_') });
});

test('table names are case-sensitive', async () => {
  const first = await table({ name: uniqueName('case') });
  const second = await table({ name: first.replace('case', 'CASE') });
  assert.notEqual(first, second);
});

test('a key attribute name of 255 bytes is accepted', async () => {
  await create({ key: 'k'.repeat(255) });
});

test('an existing name is ResourceInUseException', async () => {
  const existing = await table({});
  await expectError(db.CreateTable({ ...good(), TableName: existing }),
    { type: 'ResourceInUseException', message: `Table already exists: ${existing}` });
});

test('a refused CreateTable creates nothing', async () => {
  const refused = uniqueName();
  await expectInvalid(db.CreateTable({ ...good(), TableName: refused, KeySchema: [{ ...hash, AttributeName: 'x' }] }));
  await expectError(db.DescribeTable({ TableName: refused }), { type: 'ResourceNotFoundException' });
});

test('limits of on-demand throughput are shown, of a table and of an index', async () => {
  const request = { ...good(), OnDemandThroughput: { MaxReadRequestUnits: 5, MaxWriteRequestUnits: -1 },
    ...globals(global({ OnDemandThroughput: { MaxReadRequestUnits: 6, MaxWriteRequestUnits: 7 } })) };
  made.push(request.TableName);
  await db.CreateTable(request);
  const described = await waitActive(db, request.TableName);
  assert.deepEqual(described.OnDemandThroughput, { MaxReadRequestUnits: 5, MaxWriteRequestUnits: -1 });
  assert.deepEqual(described.GlobalSecondaryIndexes[0].OnDemandThroughput, { MaxReadRequestUnits: 6, MaxWriteRequestUnits: 7 });
});

test('warm throughput is 12000 and 4000 on demand, the capacity when provisioned, or what was asked for', async () => {
  const { request } = await create({ gsi: { byG: { key: 'g' } } });
  const described = await waitActive(db, request.TableName);
  const warm = (ReadUnitsPerSecond, WriteUnitsPerSecond, Status = 'ACTIVE') => ({ ReadUnitsPerSecond, WriteUnitsPerSecond, Status });
  assert.deepEqual(described.WarmThroughput, warm(12000, 4000));
  assert.deepEqual(described.GlobalSecondaryIndexes[0].WarmThroughput, warm(12000, 4000));
  assert.deepEqual((await create(pay(3, 4))).described.WarmThroughput, warm(3, 4, 'UPDATING'));
  const asked = { ...pay(3, 4), WarmThroughput: { ReadUnitsPerSecond: 30, WriteUnitsPerSecond: 40 } };
  assert.deepEqual((await create(asked)).described.WarmThroughput, warm(30, 40, 'UPDATING'));
});

test('a key of KMS is described by its ARN, whichever way it was named', async () => {
  const arn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd';
  for (const [KMSMasterKeyId, shown] of [[undefined, /^arn:aws:kms:[a-z0-9-]+:\d{12}:(key\/|alias\/aws\/dynamodb$)/],
    ['1234abcd', /^arn:aws:kms:[a-z0-9-]+:\d{12}:key\/1234abcd$/], ['alias/mine', /^arn:aws:kms:[a-z0-9-]+:\d{12}:alias\/mine$/],
    [arn, new RegExp(`^${arn}$`)]]) {
    const { described } = await create({ SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId } });
    const { KMSMasterKeyArn, ...rest } = described.SSEDescription;
    assert.deepEqual(rest, { Status: 'ENABLED', SSEType: 'KMS' });
    assert.match(KMSMasterKeyArn, shown);
  }
});

test('encryption that was not asked for is not described', async () => {
  assert.equal((await create({})).described.SSEDescription, undefined);
  assert.equal((await create({ SSESpecification: { Enabled: false } })).described.SSEDescription, undefined);
});

test('the table class is shown when it was given, without a time of change', async () => {
  const { described } = await create({ TableClass: 'STANDARD_INFREQUENT_ACCESS' });
  assert.deepEqual(described.TableClassSummary, { TableClass: 'STANDARD_INFREQUENT_ACCESS' });
});

test('deletion protection is shown', async () => {
  const { request, described } = await create({ DeletionProtectionEnabled: false });
  assert.equal(described.DeletionProtectionEnabled, false);
  assert.equal((await waitActive(db, request.TableName)).DeletionProtectionEnabled, false);
});

test('hash keys of types S, N and B are accepted', async () => {
  for (const type of ['S', 'N', 'B']) await create({ key: `id:${type}` });
});

test('a global index may use the table\'s own key attributes, in another order', async () => {
  const { described } = await create({ key: 'p s', gsi: { inverted: { key: 's p' } } });
  assert.equal(described.GlobalSecondaryIndexes[0].KeySchema[0].AttributeName, 's');
});

test('a global index may have several hash and range attributes, four each', async () => {
  const parts = ['h1', 'h2', 'h3', 'h4', 'r1', 'r2', 'r3', 'r4'];
  const request = { ...good(), TableName: uniqueName(), AttributeDefinitions: types('id', ...parts),
    GlobalSecondaryIndexes: [global({ KeySchema: parts.map((AttributeName) =>
      ({ AttributeName, KeyType: AttributeName[0] === 'h' ? 'HASH' : 'RANGE' })) })] };
  made.push(request.TableName);
  const { TableDescription } = await db.CreateTable(request);
  assert.equal(TableDescription.GlobalSecondaryIndexes[0].KeySchema.length, 8);
});

refusals(db, 'CreateTable', {}, [
  ['a request without TableName', {}, "The parameter 'TableName' is required but was not present in the request"],
]);

const LENGTH = 'TableName must be at least 3 characters long and at most 255 characters long';
refusals(db, 'CreateTable', good, [
  ['a name of two characters', { TableName: 'ab' }, LENGTH],
  ['a name of 256 characters', { TableName: 'a'.repeat(256) }, LENGTH],
  ['an empty name', { TableName: '' }, LENGTH],
  ['a name with a semicolon', { TableName: 'abc;' }, violations(badName('tableName', 'abc;'))],
  ['a request without key schema and definitions', { KeySchema: undefined, AttributeDefinitions: undefined },
    violations(notNull('keySchema'), notNull('attributeDefinitions'))],
  ['an empty key schema', { KeySchema: [] }, violations(tooShort('keySchema', '[]', 1))],
  ['an unknown key type', { KeySchema: [{ ...hash, KeyType: 'MAIN' }] },
    violations(notIn('keySchema.1.member.keyType', 'MAIN', 'HASH', 'RANGE'))],
  ['a key element without name', { KeySchema: [{ KeyType: 'HASH' }] }, violations(notNull('keySchema.1.member.attributeName'))],
  ['an unknown attribute type', { AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'BOOL' }] },
    violations(notIn('attributeDefinitions.1.member.attributeType', 'BOOL', 'B', 'N', 'S'))],
  ['an unknown billing mode', { BillingMode: 'FREE' }, violations(notIn('billingMode', 'FREE', 'PROVISIONED', 'PAY_PER_REQUEST'))],
  ['several violations in one message', { BillingMode: 'FREE', KeySchema: [] },
    violations(notIn('billingMode', 'FREE', 'PROVISIONED', 'PAY_PER_REQUEST'), tooShort('keySchema', '[]', 1))],
  ['zero capacity', pay(0, 0),
    violations(tooSmall('provisionedThroughput.readCapacityUnits', 0, 1), tooSmall('provisionedThroughput.writeCapacityUnits', 0, 1))],
  ['throughput without one of its members', { BillingMode: 'PROVISIONED', ProvisionedThroughput: { ReadCapacityUnits: 1 } },
    violations(notNull('provisionedThroughput.writeCapacityUnits'))],
  ['capacity beyond all bounds', pay(1000000000001, 1), 'Given value 1000000000001 for ReadCapacityUnits is out of bounds'],
  ['throughput with PAY_PER_REQUEST', { ...pay(1, 1), BillingMode: 'PAY_PER_REQUEST' },
    `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`],
  ['PROVISIONED without throughput', { BillingMode: 'PROVISIONED' },
    `${INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`],
  ['no billing mode and no throughput', { BillingMode: undefined },
    `${INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`],
  ['a range key alone', { KeySchema: [{ AttributeName: 'id', KeyType: 'RANGE' }] },
    'Invalid KeySchema: The first KeySchemaElement is not a HASH key type'],
  ['two hash keys', { KeySchema: [hash, { AttributeName: 'b', KeyType: 'HASH' }], AttributeDefinitions: types('id', 'b') },
    'Invalid KeySchema: The second KeySchemaElement is not a RANGE key type'],
  ['three key elements', { KeySchema: [hash, range, { AttributeName: 'b', KeyType: 'RANGE' }], AttributeDefinitions: types('id', 's', 'b') },
    /^1 validation error detected: Value '.*' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2$/],
  ['a key attribute without definition', { KeySchema: [{ AttributeName: 'x', KeyType: 'HASH' }] },
    `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [x], AttributeDefinitions: [id]`],
  ['a range key without definition', { KeySchema: [hash, range] }, 'Invalid KeySchema: Some index key attribute have no definition'],
  ['a definition that no key uses', { AttributeDefinitions: types('id', 'x') },
    `${INVALID}Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions`],
  ['one attribute defined twice', { AttributeDefinitions: [...types('id'), { AttributeName: 'id', AttributeType: 'N' }] }, /^One or more parameter values were invalid: /],
  ['a key name of 256 characters, as too long rather than as undefined', { KeySchema: [{ AttributeName: 'x'.repeat(256), KeyType: 'HASH' }] },
    /keySchema\.1\.member\.attributeName' failed to satisfy constraint: Member must have length less than or equal to 255$/],
]);

refusals(db, 'CreateTable', good, [
  ['an empty list of global indexes', globals(), `${INVALID}List of GlobalSecondaryIndexes is empty`],
  ['an index key without definition', { ...globals(global()), AttributeDefinitions: types('id') },
    `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [g], AttributeDefinitions: [id]`],
  ['two global indexes of one name', globals(global(), global()), `${INVALID}Duplicate index name: byG`],
  ['21 global indexes', globals(...Array.from({ length: 21 }, (_, at) => global({ IndexName: `global${at}` }))),
    `${INVALID}GlobalSecondaryIndex count exceeds the per-table limit of 20`],
  ['an index name of one character', globals(global({ IndexName: 'g' })), violations(tooShort('globalSecondaryIndexes.1.member.indexName', 'g', 3))],
  ['an index name with other characters', globals(global({ IndexName: 'g;;;' })), violations(badName('globalSecondaryIndexes.1.member.indexName', 'g;;;'))],
  ['an index without projection', projecting(undefined), violations(notNull('globalSecondaryIndexes.1.member.projection'))],
  ['a projection without type', projecting({}), `${INVALID}Unknown ProjectionType: null`],
  ['an unknown projection type', projecting({ ProjectionType: 'SOME' }),
    violations(notIn('globalSecondaryIndexes.1.member.projection.projectionType', 'SOME', 'ALL', 'INCLUDE', 'KEYS_ONLY'))],
  ['INCLUDE without attributes', projecting({ ProjectionType: 'INCLUDE' }), `${INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified`],
  ['ALL with attributes', projecting({ ProjectionType: 'ALL', NonKeyAttributes: ['a'] }), `${INVALID}ProjectionType is ALL, but NonKeyAttributes is specified`],
  ['KEYS_ONLY with attributes', projecting({ ProjectionType: 'KEYS_ONLY', NonKeyAttributes: ['a'] }),
    `${INVALID}ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified`],
  ['INCLUDE of an empty list', projecting({ ProjectionType: 'INCLUDE', NonKeyAttributes: [] }),
    violations(tooShort('globalSecondaryIndexes.1.member.projection.nonKeyAttributes', '[]', 1))],
  ['INCLUDE naming one attribute twice', projecting({ ProjectionType: 'INCLUDE', NonKeyAttributes: ['a', 'a'] }), /^One or more parameter values were invalid: /],
  ['more than 100 projected names in total', globals(...Array.from({ length: 6 }, (_, at) => global({ IndexName: `global${at}`,
    Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: Array.from({ length: 17 }, (__, n) => `a${n}`) } }))),
  /^One or more parameter values were invalid: /],
  ['an index with throughput on an on-demand table',
    globals(global({ ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } })),
    `${INVALID}ProvisionedThroughput should not be specified for index: byG when BillingMode is PAY_PER_REQUEST`],
  ['an index without throughput on a provisioned table', { ...pay(1, 1), ...globals(global()) },
    /^One or more parameter values were invalid: ProvisionedThroughput must be specified for index: byG/],
  ['an index that begins with a range key', globals(global({ KeySchema: [{ AttributeName: 'g', KeyType: 'RANGE' }] })),
    'Invalid KeySchema: The first KeySchemaElement is not a HASH key type'],
  ['an index with one attribute as hash and range',
    globals(global({ KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }, { AttributeName: 'g', KeyType: 'RANGE' }] })),
    'Both the Hash Key and the Range Key element in the KeySchema have the same name'],
  ['two types for one attribute of table and index',
    { ...globals(global({ KeySchema: [hash] })), AttributeDefinitions: [...types('id'), { AttributeName: 'id', AttributeType: 'N' }] },
    /^One or more parameter values were invalid: /],
  ['an index key name of 256 characters', globals(global({ KeySchema: [{ AttributeName: 'x'.repeat(256), KeyType: 'HASH' }] })),
    /globalSecondaryIndexes\.1\.member\.keySchema\.1\.member\.attributeName' failed to satisfy constraint: Member must have length less than or equal to 255$/],
  ['a projected name of 256 characters', projecting({ ProjectionType: 'INCLUDE', NonKeyAttributes: ['x'.repeat(256)] }),
    /globalSecondaryIndexes\.1\.member\.projection\.nonKeyAttributes.*Member must have length less than or equal to 255/],
  ['an index with five hash attributes', { ...globals(global({ KeySchema: ['a', 'b', 'c', 'd', 'e'].map((AttributeName) => ({ AttributeName, KeyType: 'HASH' })) })),
    AttributeDefinitions: types('id', 'a', 'b', 'c', 'd', 'e') }, /./],
  ['a local index with three key elements', { ...locals(local({ KeySchema: [hash, { AttributeName: 'g', KeyType: 'RANGE' }, range] })) },
    /^1 validation error detected: Value '.*' at 'localSecondaryIndexes\.1\.member\.keySchema' failed to satisfy constraint: Member must have length less than or equal to 2$/],
  ['an empty list of local indexes', locals(), `${INVALID}List of LocalSecondaryIndexes is empty`],
  ['a local index on a table without range key', { AttributeDefinitions: types('id', 'g'), LocalSecondaryIndexes: [local()] },
    `${INVALID}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex`],
  ['a local index without range key', locals(local({ KeySchema: [hash] })), `${INVALID}Index KeySchema does not have a range key for index: local`],
  ['a local index with another hash key', locals(local({ KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }, range] })),
    `${INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: local. index hash key: g, table hash key: id`],
  ['two local indexes of one name', locals(local(), local()), `${INVALID}Duplicate index name: local`],
  ['a local and a global index of one name', { ...locals(local()), GlobalSecondaryIndexes: [global({ IndexName: 'local' })] },
    `${INVALID}Duplicate index name: local`],
  ['six local indexes', locals(...Array.from({ length: 6 }, (_, at) => local({ IndexName: `local${at}` }))),
    `${INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of 5`],
]);

refusals(db, 'CreateTable', good, [
  ['a number as TableName', { TableName: 5 }, 'NUMBER_VALUE cannot be converted to String'],
  ['a string as KeySchema', { KeySchema: 'id' }, 'Unexpected field type'],
  ['a string as a key element', { KeySchema: ['id'] }, 'Unexpected value type in payload'],
  ['a string as throughput', { ProvisionedThroughput: 'much' }, 'Unexpected field type'],
  ['a string as capacity', { ProvisionedThroughput: { ReadCapacityUnits: '1', WriteCapacityUnits: 1 } }, 'STRING_VALUE cannot be converted to Long'],
], 'SerializationException');

refusals(db, 'CreateTable', good, [
  ['on-demand throughput of a provisioned table', { ...pay(1, 1), OnDemandThroughput: { MaxReadRequestUnits: 5 } },
    `${INVALID}MaxReadRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED.`],
  ['no units on demand', { OnDemandThroughput: { MaxWriteRequestUnits: 0 } },
    `${INVALID}Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range`],
  ['no units on demand of an index', globals(global({ OnDemandThroughput: { MaxReadRequestUnits: 0 } })),
    `${INVALID}Requested MaxReadRequestUnits for OnDemandThroughput for index byG is outside of valid range`],
  ['a warm throughput below the least', { WarmThroughput: { ReadUnitsPerSecond: 11999 } },
    /Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current/],
  ['a warm throughput of an index below the least', globals(global({ WarmThroughput: { WriteUnitsPerSecond: 3999 } })),
    /Requested WriteUnitsPerSecond for WarmThroughput for index byG is lower than current/],
  ['encryption by AES256', { SSESpecification: { Enabled: true, SSEType: 'AES256' } }, /SSEType AES256 is not supported/],
  ['a key without encryption', { SSESpecification: { Enabled: false, KMSMasterKeyId: 'alias/mine' } },
    /KMSMasterKeyId can only be specified/],
  ['a key longer than any', { SSESpecification: { Enabled: true, KMSMasterKeyId: 'k'.repeat(2049) } },
    `${INVALID}KMSMasterKeyId may have 2048 bytes at most`],
  ['settings replication', { GlobalTableSettingsReplicationMode: 'ENABLED' }, /GlobalTableSettingsReplicationMode is not supported/],
]);
