// DescribeLimits: the quotas of an account.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { harness } from './lib/index.mjs';

const { db } = await harness();

test('the limits are those that an account starts with', async () => {
  assert.deepEqual(await db.DescribeLimits({}), {
    AccountMaxReadCapacityUnits: 80000, AccountMaxWriteCapacityUnits: 80000,
    TableMaxReadCapacityUnits: 40000, TableMaxWriteCapacityUnits: 40000,
  });
});
