// UpdateContributorInsights, and what is seen of it: GET /_stator/heat answers which keys and which
// parts of the hash range are hot. (A server that is not ours has no such page: those cases are skipped.)

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { allow, newUser, policy } from './lib/identity.mjs';
import { test } from './lib/case.mjs';
import { N, S, expectError, harness, load, notIn, notNull, refusals, uniqueName, violations } from './lib/index.mjs';
import { credentials } from './lib/sign.mjs';

const { IAM } = createRequire(import.meta.url)('@aws-sdk/client-iam');

const { db, endpoint, table } = await harness();
const name = await table({ key: 'p s:N', gsi: { byG: { key: 'g' } }, lsi: { byT: { key: 'p t' } } });
const enable = (TableName, rest = {}) => db.UpdateContributorInsights({ TableName, ContributorInsightsAction: 'ENABLE', ...rest });
const disable = (TableName, rest = {}) => db.UpdateContributorInsights({ TableName, ContributorInsightsAction: 'DISABLE', ...rest });

async function heat(context, TableName, IndexName) {
  const answer = await fetch(`${endpoint}/_stator/heat?table=${TableName}${IndexName ? `&index=${IndexName}` : ''}`);
  if (!(answer.headers.get('content-type') ?? '').startsWith('application/json')) {
    context.skip('no such page');
    return undefined;
  }
  assert.equal(answer.status, 200);
  return answer.json();
}
const partitions = (keys) => keys.filter((key) => !key.sortKey);
const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);

test('enabling answers with names, mode and that it has begun', async () => {
  assert.deepEqual(await enable(name), {
    TableName: name, ContributorInsightsStatus: 'ENABLING', ContributorInsightsMode: 'ACCESSED_AND_THROTTLED_KEYS' });
  assert.deepEqual(await enable(name, { IndexName: 'byG', ContributorInsightsMode: 'THROTTLED_KEYS' }), {
    TableName: name, IndexName: 'byG', ContributorInsightsStatus: 'ENABLING', ContributorInsightsMode: 'THROTTLED_KEYS' });
});

test('what is so already is left alone', async () => {
  const TableName = await table({});
  await enable(TableName);
  const { LastUpdateDateTime } = await db.DescribeContributorInsights({ TableName });
  assert.match((await enable(TableName)).ContributorInsightsStatus, /^ENABL/);
  assert.equal((await db.DescribeContributorInsights({ TableName })).LastUpdateDateTime, LastUpdateDateTime);
});

test('disabling answers that it has begun, and the table goes on', async () => {
  const TableName = await table({});
  await enable(TableName);
  assert.deepEqual(await disable(TableName), { TableName, ContributorInsightsStatus: 'DISABLING' });
  await db.PutItem({ TableName, Item: { id: S('a') } });
  assert.equal((await db.DescribeContributorInsights({ TableName })).ContributorInsightsStatus, 'DISABLED');
});

test('the table can be named by its ARN', async () => {
  const TableName = await table({});
  const { Table } = await db.DescribeTable({ TableName });
  assert.equal((await enable(Table.TableArn)).TableName, TableName);
});

test('table and index are switched apart from each other', async () => {
  const TableName = await table({ gsi: { byG: { key: 'g' } } });
  await enable(TableName, { IndexName: 'byG' });
  assert.equal((await db.DescribeContributorInsights({ TableName })).ContributorInsightsStatus, 'DISABLED');
  await enable(TableName);
  await disable(TableName, { IndexName: 'byG' });
  assert.match((await db.DescribeContributorInsights({ TableName })).ContributorInsightsStatus, /^ENABL/);
});

test('tables, indexes and local indexes that cannot have insights are not found', async () => {
  await expectError(enable(uniqueName()), { type: 'ResourceNotFoundException', message: /^Requested resource not found: Table: .* not found$/ });
  for (const IndexName of ['none', 'byT']) {
    await expectError(enable(name, { IndexName }), { type: 'ResourceNotFoundException', message: /^Requested resource not found/ });
  }
});

const good = { TableName: name, ContributorInsightsAction: 'ENABLE' };
refusals(db, 'UpdateContributorInsights', good, [
  ['no action', { ContributorInsightsAction: undefined }, violations(notNull('contributorInsightsAction'))],
  ['another action', { ContributorInsightsAction: 'BOOST' }, violations(notIn('contributorInsightsAction', 'BOOST', 'ENABLE', 'DISABLE'))],
  ['another mode', { ContributorInsightsMode: 'ALL' }, violations(notIn('contributorInsightsMode', 'ALL', 'ACCESSED_AND_THROTTLED_KEYS', 'THROTTLED_KEYS'))],
]);

// ---- heat ----

test('keys weigh one a read unit and three a write unit, as partitions and as items', async (context) => {
  const TableName = await table({ key: 'p s:N' });
  await enable(TableName);
  const Key = (p, s) => ({ p: S(p), s: N(s) });
  for (let i = 0; i < 10; i++) await db.PutItem({ TableName, Item: { ...Key('hot', i % 2) } });
  await db.PutItem({ TableName, Item: Key('warm', 1) });
  for (let i = 0; i < 4; i++) await db.GetItem({ TableName, Key: Key('warm', 1), ConsistentRead: true });
  await db.Query({ TableName, KeyConditionExpression: 'p = :p', ExpressionAttributeValues: { ':p': S('cold') } });
  const answer = await heat(context, TableName);
  if (!answer) return;
  assert.equal(answer.table, TableName);
  const [hot, warm, cold] = partitions(answer.keys);
  assert.deepEqual([hot, warm, cold].map((key) => key.partitionKey), [{ p: S('hot') }, { p: S('warm') }, { p: S('cold') }]);
  assert.ok(hot.units <= 30 && hot.units >= 15, `${hot.units} (half of it, when the minute has turned)`);
  assert.equal(hot.throttled, 0);
  const items = answer.keys.filter((key) => key.sortKey);
  assert.deepEqual(items.map((key) => [key.partitionKey.p.S, key.sortKey.s.N]).sort(), [['hot', '0'], ['hot', '1'], ['warm', '1']]);
  assert.ok(Math.abs(sum(answer.slices) - sum(partitions(answer.keys).map((key) => key.units))) < 0.5);
});

test('of many keys the hot ones are found, in bounded room', async (context) => {
  const TableName = await table({});
  await enable(TableName);
  const items = Array.from({ length: 500 }, (_, i) => ({ id: S(`key${i}`) }));
  await load(db, TableName, items);
  for (let round = 0; round < 15; round++) await load(db, TableName, items.slice(7, 10));
  const answer = await heat(context, TableName);
  if (!answer) return;
  assert.deepEqual(answer.keys.slice(0, 3).map((key) => key.partitionKey.id.S).sort(), ['key7', 'key8', 'key9']);
  assert.ok(answer.keys.length <= 128, `${answer.keys.length} keys`);
  assert.equal(answer.slices.length, 64);
  assert.ok(answer.slices.filter((slice) => slice > 0).length > 32, 'the load is spread over the hash range');
});

test('an index has heat of its own', async (context) => {
  const TableName = await table({ gsi: { byG: { key: 'g h:N' } } });
  await enable(TableName, { IndexName: 'byG' });
  for (let i = 0; i < 4; i++) await db.PutItem({ TableName, Item: { id: S(`${i}`), g: S('group'), h: N(7) } });
  await db.Query({ TableName, IndexName: 'byG', KeyConditionExpression: 'g = :g', ExpressionAttributeValues: { ':g': S('group') } });
  const answer = await heat(context, TableName, 'byG');
  if (!answer) return;
  assert.equal(answer.index, 'byG');
  assert.deepEqual(answer.keys.map(({ partitionKey, sortKey }) => ({ ...partitionKey, ...sortKey })), [{ g: S('group') }, { g: S('group'), h: N(7) }]);
  const ofTable = await heat(context, TableName);
  assert.deepEqual(ofTable.keys, []);
  assert.ok(sum(ofTable.slices) > 0, 'slices need no insights');
});

test('a table without insights shows no keys, nor does one of throttled keys that was never throttled', async (context) => {
  for (const mode of [undefined, 'THROTTLED_KEYS']) {
    const TableName = await table({});
    if (mode) await enable(TableName, { ContributorInsightsMode: mode });
    await db.PutItem({ TableName, Item: { id: S('a') } });
    const answer = await heat(context, TableName);
    if (!answer) return;
    assert.deepEqual(answer.keys, []);
    assert.ok(sum(answer.slices) > 0);
  }
});

test('keys of all types are told as they are in items', async (context) => {
  const TableName = await table({ key: 'n:N b:B' });
  await enable(TableName);
  const Item = { n: N('-1.25e-3'), b: { B: Buffer.from([0, 255, 0, 1]).toString('base64') } };
  await db.PutItem({ TableName, Item });
  const answer = await heat(context, TableName);
  if (!answer) return;
  const { Items } = await db.Scan({ TableName });
  assert.deepEqual({ ...answer.keys[1].partitionKey, ...answer.keys[1].sortKey }, Items[0]);
});

test('a table that is made again is cold', async (context) => {
  const TableName = await table({});
  await db.PutItem({ TableName, Item: { id: S('a') } });
  await db.DeleteTable({ TableName });
  await table({ name: TableName });
  const answer = await heat(context, TableName);
  if (!answer) return;
  assert.equal(sum(answer.slices), 0);
});

test('there is no heat of what is not there', async (context) => {
  if (!await heat(context, name)) return;
  for (const query of ['', '?table=', `?table=${uniqueName()}`, `?table=${name}&index=none`, `?table=${name}&index=byT`, '?&&=&table', '?table=%00']) {
    assert.equal((await fetch(`${endpoint}/_stator/heat${query}`)).status, 404, query);
  }
});

test('refused keys are counted where throughput is enforced', async () => {
  const enforced = await harness(['--in-memory', '--enforce-throughput']);
  const TableName = await enforced.table({ BillingMode: 'PROVISIONED', ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } });
  await enforced.db.UpdateContributorInsights({ TableName, ContributorInsightsAction: 'ENABLE', ContributorInsightsMode: 'THROTTLED_KEYS' });
  await enforced.db.PutItem({ TableName, Item: { id: S('large'), v: S('x'.repeat(300000)) } });
  for (let i = 0; i < 8; i++) {
    await expectError(enforced.db.PutItem({ TableName, Item: { id: S('hot') } }), { type: 'ProvisionedThroughputExceededException' });
  }
  const { keys } = await (await fetch(`${enforced.endpoint}/_stator/heat?table=${TableName}`)).json();
  assert.equal(keys.length, 1);
  assert.deepEqual(keys[0].partitionKey, { id: S('hot') });
  assert.ok(keys[0].throttled <= 8 && keys[0].throttled >= 4, `${keys[0].throttled}`);
  assert.equal(keys[0].units, 0);
});

// A GET without a body, signed as a client would.
function signedHeaders(url, credentials) {
  const { host, pathname, searchParams } = new URL(url);
  const sha256 = (text) => createHash('sha256').update(text).digest('hex');
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/us-east-1/dynamodb/aws4_request`;
  const canonical = ['GET', pathname, `${searchParams}`, `host:${host}`, `x-amz-date:${time}`, '', 'host;x-amz-date', sha256('')].join('\n');
  const key = scope.split('/').reduce((last, part) => createHmac('sha256', last).update(part).digest(), `AWS4${credentials.secretAccessKey}`);
  const signature = createHmac('sha256', key).update(['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).digest('hex');
  return { 'X-Amz-Date': time,
    Authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=host;x-amz-date, Signature=${signature}` };
}

test('keys are told to nobody who is not known, where requests are verified', async () => {
  const { accessKeyId, secretAccessKey } = credentials;
  const verified = await harness(['--in-memory', '--auth', '--root-access-key-id', accessKeyId, '--root-secret-access-key', secretAccessKey]);
  const TableName = await verified.table({});
  await verified.db.UpdateContributorInsights({ TableName, ContributorInsightsAction: 'ENABLE' });
  await verified.db.PutItem({ TableName, Item: { id: S('secret') } });
  const url = `${verified.endpoint}/_stator/heat?table=${TableName}`;
  const unsigned = await fetch(url);
  assert.equal(unsigned.status, 400);
  assert.doesNotMatch(await unsigned.text(), /secret/);
  const signed = await fetch(url, { headers: signedHeaders(url, credentials) });
  assert.equal(signed.status, 200);
  assert.deepEqual((await signed.json()).keys[0].partitionKey, { id: S('secret') });
  const iam = new IAM({ endpoint: verified.endpoint, region: 'us-east-1', credentials });
  const user = await newUser(iam, 'ann', policy(allow('*')));
  iam.destroy();
  const others = await fetch(url, { headers: signedHeaders(url, user) });
  assert.equal(others.status, 400);
  assert.match(await others.text(), /AccessDeniedException.*Only the root of the account may see keys/);
});
