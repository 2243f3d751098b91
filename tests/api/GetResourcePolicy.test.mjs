// GetResourcePolicy: the policy of a table or stream. What is put there: PutResourcePolicy.test.mjs.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { expectError, harness, notNull, refusals, tooLong, uniqueName, violations } from './lib/index.mjs';

const { db, table } = await harness();
const Policy = JSON.stringify({ Version: '2012-10-17',
  Statement: { Effect: 'Deny', Principal: { AWS: '*' }, Action: 'dynamodb:DeleteTable', Resource: '*' } });
const name = await table({});
const ResourceArn = (await db.DescribeTable({ TableName: name })).Table.TableArn;

test('a table without a policy has none to show', () =>
  expectError(db.GetResourcePolicy({ ResourceArn }), { type: 'PolicyNotFoundException',
    message: `Resource-based policy not found for the provided ResourceArn: ${ResourceArn}` }));

test('a policy is shown as it was put, with its revision', async () => {
  const { RevisionId } = await db.PutResourcePolicy({ ResourceArn, Policy });
  assert.deepEqual(await db.GetResourcePolicy({ ResourceArn }), { Policy, RevisionId });
  assert.deepEqual(await db.GetResourcePolicy({ ResourceArn }), { Policy, RevisionId });
});

test('an unknown table is not found', () =>
  expectError(db.GetResourcePolicy({ ResourceArn: ResourceArn.replace(/[^/]+$/, uniqueName()) }), { type: 'ResourceNotFoundException' }));

test('an unknown stream is not found', () =>
  expectError(db.GetResourcePolicy({ ResourceArn: `${ResourceArn}/stream/2024-01-01T00:00:00.000` }), { type: 'ResourceNotFoundException',
    message: `Requested resource not found: Stream: ${ResourceArn}/stream/2024-01-01T00:00:00.000 not found` }));

const long = `${ResourceArn}${'x'.repeat(1300)}`;
refusals(db, 'GetResourcePolicy', { ResourceArn }, [
  ['a request without an ARN', { ResourceArn: undefined }, violations(notNull('resourceArn'))],
  ['an ARN that is too long', { ResourceArn: long }, violations(tooLong('resourceArn', long, 1283))],
  ['a name in place of an ARN', { ResourceArn: name }, `Invalid TableArn: Invalid ResourceArn provided as input ${name}`],
]);
