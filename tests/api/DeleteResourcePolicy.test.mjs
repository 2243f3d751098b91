// DeleteResourcePolicy: taking the policy of a table or stream, or a certain revision of it.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { expectError, harness, notNull, refusals, uniqueName, violations } from './lib/index.mjs';

const { db, table } = await harness();
const policy = (Sid) => JSON.stringify({ Version: '2012-10-17',
  Statement: [{ Sid, Effect: 'Allow', Principal: '*', Action: 'dynamodb:*', Resource: '*' }] });
const arnOf = async (TableName) => (await db.DescribeTable({ TableName })).Table.TableArn;
const ResourceArn = await arnOf(await table({}));
const NO_POLICY = { type: 'PolicyNotFoundException', message: `Resource-based policy not found for the provided ResourceArn: ${ResourceArn}` };

test('where there is none, nothing happens, and no revision is told', async () => {
  assert.deepEqual(await db.DeleteResourcePolicy({ ResourceArn }), {});
  assert.deepEqual(await db.DeleteResourcePolicy({ ResourceArn }), {});
});

test('the policy goes, and its revision is told', async () => {
  const { RevisionId } = await db.PutResourcePolicy({ ResourceArn, Policy: policy('a') });
  assert.deepEqual(await db.DeleteResourcePolicy({ ResourceArn }), { RevisionId });
  await expectError(db.GetResourcePolicy({ ResourceArn }), NO_POLICY);
  assert.deepEqual(await db.DeleteResourcePolicy({ ResourceArn }), {});
});

test('a policy that is put again has a new revision', async () => {
  const first = await db.PutResourcePolicy({ ResourceArn, Policy: policy('b') });
  await db.DeleteResourcePolicy({ ResourceArn });
  const second = await db.PutResourcePolicy({ ResourceArn, Policy: policy('b') });
  assert.notEqual(second.RevisionId, first.RevisionId);
  await db.DeleteResourcePolicy({ ResourceArn });
});

test('only the expected revision goes', async () => {
  await expectError(db.DeleteResourcePolicy({ ResourceArn, ExpectedRevisionId: 'NO_POLICY' }), NO_POLICY);
  const { RevisionId } = await db.PutResourcePolicy({ ResourceArn, Policy: policy('c') });
  await expectError(db.DeleteResourcePolicy({ ResourceArn, ExpectedRevisionId: '1' }), NO_POLICY);
  await expectError(db.DeleteResourcePolicy({ ResourceArn, ExpectedRevisionId: 'NO_POLICY' }), NO_POLICY);
  assert.equal((await db.GetResourcePolicy({ ResourceArn })).RevisionId, RevisionId);
  assert.deepEqual(await db.DeleteResourcePolicy({ ResourceArn, ExpectedRevisionId: RevisionId }), { RevisionId });
});

test('an unknown table is not found', () =>
  expectError(db.DeleteResourcePolicy({ ResourceArn: ResourceArn.replace(/[^/]+$/, uniqueName()) }), { type: 'ResourceNotFoundException' }));

refusals(db, 'DeleteResourcePolicy', { ResourceArn }, [
  ['a request without an ARN', { ResourceArn: undefined }, violations(notNull('resourceArn'))],
  ['an empty revision', { ExpectedRevisionId: '' }, /at 'expectedRevisionId' failed to satisfy constraint: Member must have length/],
  ['a name in place of an ARN', { ResourceArn: 'users' }, 'Invalid TableArn: Invalid ResourceArn provided as input users'],
]);
