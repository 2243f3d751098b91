// PutResourcePolicy: policies of tables and streams, their revisions, and what is no policy.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { RawClient, expectError, expectInvalid, harness, notNull, refusals, tableRequest, tooLong, uniqueName, violations } from './lib/index.mjs';
import { startServer } from './lib/server.mjs';

const { db, raw, table, client } = await harness();
const described = async (TableName) => (await db.DescribeTable({ TableName })).Table;
const arnOf = async (name) => (await described(name)).TableArn;
const statement = (more = {}) => ({ Effect: 'Allow', Principal: '*', Action: 'dynamodb:GetItem', Resource: '*', ...more });
const policy = (more, space) => JSON.stringify({ Version: '2012-10-17', Statement: [statement(more)] }, null, space);
const NO_POLICY = (arn) => ({ type: 'PolicyNotFoundException',
  message: `Resource-based policy not found for the provided ResourceArn: ${arn}` });

const ResourceArn = await arnOf(await table({}));
const get = (arn = ResourceArn) => db.GetResourcePolicy({ ResourceArn: arn });

test('what was put is what is got, white space included', async () => {
  const Policy = policy({}, 3);
  const put = await db.PutResourcePolicy({ ResourceArn, Policy });
  assert.deepEqual(Object.keys(put), ['RevisionId']);
  assert.match(put.RevisionId, /^\d+$/);
  assert.deepEqual(await get(), { Policy, RevisionId: put.RevisionId });
});

test('the same policy again keeps its revision, another one has a new one', async () => {
  const arn = await arnOf(await table({}));
  const first = await db.PutResourcePolicy({ ResourceArn: arn, Policy: policy() });
  assert.deepEqual(await db.PutResourcePolicy({ ResourceArn: arn, Policy: policy() }), first);
  const second = await db.PutResourcePolicy({ ResourceArn: arn, Policy: policy({ Sid: 'other' }) });
  assert.notEqual(second.RevisionId, first.RevisionId);
  const third = await db.PutResourcePolicy({ ResourceArn: arn, Policy: policy() });
  assert.equal(new Set([first, second, third].map((each) => each.RevisionId)).size, 3);
});

test('a revision can be expected, and NO_POLICY where there is none', async () => {
  const arn = await arnOf(await table({}));
  const put = (Policy, ExpectedRevisionId) => db.PutResourcePolicy({ ResourceArn: arn, Policy, ExpectedRevisionId });
  await expectError(put(policy(), '17'), NO_POLICY(arn));
  await expectError(get(arn), NO_POLICY(arn));
  const { RevisionId } = await put(policy(), 'NO_POLICY');
  await expectError(put(policy({ Sid: 'b' }), 'NO_POLICY'), NO_POLICY(arn));
  await expectError(put(policy({ Sid: 'b' }), `${RevisionId}0`), NO_POLICY(arn));
  assert.equal((await get(arn)).RevisionId, RevisionId);
  await put(policy({ Sid: 'b' }), RevisionId);
  assert.equal((await get(arn)).Policy, policy({ Sid: 'b' }));
});

test('a stream has a policy of its own', async () => {
  const name = await table({ StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' } });
  const { LatestStreamArn, TableArn } = await described(name);
  await db.PutResourcePolicy({ ResourceArn: LatestStreamArn, Policy: policy({ Action: 'dynamodb:GetRecords' }) });
  assert.equal((await get(LatestStreamArn)).Policy, policy({ Action: 'dynamodb:GetRecords' }));
  await expectError(get(TableArn), NO_POLICY(TableArn));
  await db.UpdateTable({ TableName: name, StreamSpecification: { StreamEnabled: false } });
  assert.equal((await get(LatestStreamArn)).Policy, policy({ Action: 'dynamodb:GetRecords' }), 'records can still be read');
  await db.UpdateTable({ TableName: name, StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' } });
  const newer = (await described(name)).LatestStreamArn;
  await expectError(get(newer), NO_POLICY(newer));
  const { RevisionId } = await db.PutResourcePolicy({ ResourceArn: newer, Policy: policy(), ExpectedRevisionId: 'NO_POLICY' });
  assert.equal((await get(newer)).RevisionId, RevisionId);
});

test('policies stay over changes of the table and go with it', async () => {
  const name = await table({});
  const arn = await arnOf(name);
  await db.PutResourcePolicy({ ResourceArn: arn, Policy: policy() });
  await db.TagResource({ ResourceArn: arn, Tags: [{ Key: 'a', Value: 'b' }] });
  assert.equal((await get(arn)).Policy, policy());
  await db.DeleteTable({ TableName: name });
  await expectError(get(arn), { type: 'ResourceNotFoundException' });
  await db.CreateTable(tableRequest({ name }));
  await expectError(get(arn), NO_POLICY(arn));
});

test('CreateTable takes a policy', async () => {
  const name = await table({ ResourcePolicy: policy() });
  const arn = await arnOf(name);
  const got = await get(arn);
  assert.equal(got.Policy, policy());
  assert.match(got.RevisionId, /^\d+$/);
  const bad = tableRequest({ ResourcePolicy: '{}' });
  await expectInvalid(db.CreateTable(bad), /^Invalid policy document: /);
  await expectError(db.DescribeTable({ TableName: bad.TableName }), { type: 'ResourceNotFoundException' });
});

test('the SDK puts, gets and deletes', async () => {
  const { DeleteResourcePolicyCommand, GetResourcePolicyCommand, PutResourcePolicyCommand } = await import('@aws-sdk/client-dynamodb');
  const sdk = await client();
  const arn = await arnOf(await table({}));
  const put = await sdk.send(new PutResourcePolicyCommand({ ResourceArn: arn, Policy: policy(), ConfirmRemoveSelfResourceAccess: true }));
  assert.equal((await sdk.send(new GetResourcePolicyCommand({ ResourceArn: arn }))).RevisionId, put.RevisionId);
  assert.equal((await sdk.send(new DeleteResourcePolicyCommand({ ResourceArn: arn }))).RevisionId, put.RevisionId);
  await assert.rejects(sdk.send(new GetResourcePolicyCommand({ ResourceArn: arn })), { name: 'PolicyNotFoundException' });
});

test('a policy of 20 KB is fine, one byte more is not', async () => {
  const arn = await arnOf(await table({}));
  const exact = policy().padEnd(20 * 1024);
  await db.PutResourcePolicy({ ResourceArn: arn, Policy: exact });
  assert.equal((await get(arn)).Policy, exact);
  await expectInvalid(db.PutResourcePolicy({ ResourceArn: arn, Policy: `${exact} ` }), /too large/);
});

refusals(db, 'PutResourcePolicy', { ResourceArn, Policy: policy() }, [
  ['a request without a policy', { Policy: undefined }, violations(notNull('policy'))],
  ['what is no JSON', { Policy: 'allow everyone' }, /^Invalid policy document: /],
  ['JSON that is no policy', { Policy: '[]' }, /^Invalid policy document: /],
  ['a policy that names nobody', { Policy: policy({ Principal: undefined }) }, /^Invalid policy document: /],
  ['a policy with an unknown member', { Policy: policy({ Pardon: 'x' }) }, /^Invalid policy document: /],
  ['a revision that is too long', { ExpectedRevisionId: '1'.repeat(256) }, violations(tooLong('expectedRevisionId', '1'.repeat(256), 255))],
  ['a name in place of an ARN', { ResourceArn: 'users' }, 'Invalid TableArn: Invalid ResourceArn provided as input users'],
  ['the ARN of an index', { ResourceArn: `${ResourceArn}/index/byG` },
    `Invalid TableArn: Invalid ResourceArn provided as input ${ResourceArn}/index/byG`],
]);

test('a table or a stream that is not there is not found', async () => {
  const other = ResourceArn.replace(/[^/]+$/, uniqueName());
  const notFound = { type: 'ResourceNotFoundException' };
  await expectError(db.PutResourcePolicy({ ResourceArn: other, Policy: policy() }), notFound);
  await expectError(db.PutResourcePolicy({ ResourceArn: `${ResourceArn}/stream/2024-01-01T00:00:00.000`, Policy: policy() }), notFound);
  await expectError(db.PutResourcePolicy({ ResourceArn: ResourceArn.replace(/:\d{12}:/, ':999999999999:'), Policy: policy() }), notFound);
});

test('a policy is there after a restart', async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'stator-policy-'));
  after(() => rm(directory, { recursive: true }));
  const request = tableRequest({ ResourcePolicy: policy({ Sid: 'first' }) });
  let revision;
  for (const round of [0, 1]) {
    const server = await startServer(['--data-dir', directory]);
    const own = new RawClient(server.endpoint);
    if (round === 0) await own.call('CreateTable', request);
    const arn = (await own.call('DescribeTable', { TableName: request.TableName })).Table.TableArn;
    if (round === 0) revision = (await own.call('PutResourcePolicy', { ResourceArn: arn, Policy: policy({ Sid: 'second' }) })).RevisionId;
    else assert.deepEqual(await own.call('GetResourcePolicy', { ResourceArn: arn }), { Policy: policy({ Sid: 'second' }), RevisionId: revision });
    own.close();
    await server.stop();
  }
});

test('with a status delay, the next change has to wait', async () => {
  const server = await startServer(['--in-memory', '--status-delay-ms', '1500']);
  const own = new RawClient(server.endpoint);
  after(async () => {
    own.close();
    await server.stop();
  });
  const request = tableRequest({});
  const { TableDescription: { TableArn: arn } } = await own.call('CreateTable', request);
  const put = (Sid) => own.call('PutResourcePolicy', { ResourceArn: arn, Policy: policy({ Sid }) });
  for (;;) {
    const { Table } = await own.call('DescribeTable', { TableName: request.TableName });
    if (Table.TableStatus === 'ACTIVE') break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const first = await put('a');
  assert.deepEqual(await put('a'), first, 'nothing changes');
  const busy = { type: 'ResourceInUseException', message: /Resource-based policy is being updated/ };
  await expectError(put('b'), busy);
  await expectError(own.call('DeleteResourcePolicy', { ResourceArn: arn }), busy);
  await new Promise((resolve) => setTimeout(resolve, 1600));
  assert.notDeepEqual(await put('b'), first);
});

test('the answer is small and plain', async () => {
  const answer = await raw.send('PutResourcePolicy', { ResourceArn, Policy: policy({ Sid: 'plain' }) });
  assert.match(answer.body.toString(), /^\{"RevisionId":"\d+"\}$/);
});
