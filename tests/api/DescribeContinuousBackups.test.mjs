// DescribeContinuousBackups: enabled with every table, while recovery to a point in time is off.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { expectError, harness, notNull, refusals, uniqueName, violations } from './lib/index.mjs';

const { db, table } = await harness();

test('continuous backups are enabled, point-in-time recovery is not', async () => {
  assert.deepEqual(await db.DescribeContinuousBackups({ TableName: await table({}) }), {
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED', PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' },
    },
  });
});

test('a table can be named by its ARN', async () => {
  const { Table } = await db.DescribeTable({ TableName: await table({}) });
  const answer = await db.DescribeContinuousBackups({ TableName: Table.TableArn });
  assert.equal(answer.ContinuousBackupsDescription.ContinuousBackupsStatus, 'ENABLED');
});

test('a missing table is a TableNotFoundException', async () => {
  const missing = uniqueName();
  await expectError(db.DescribeContinuousBackups({ TableName: missing }),
    { type: 'TableNotFoundException', message: `Table not found: ${missing}` });
});

refusals(db, 'DescribeContinuousBackups', {}, [
  ['a request without TableName', {}, violations(notNull('tableName'))],
]);
