// DescribeTimeToLive: on, off, and on which attribute.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { N, S, expectError, harness, load, refusals, uniqueName } from './lib/index.mjs';

const { db, table } = await harness();
const describe = async (TableName) => (await db.DescribeTimeToLive({ TableName })).TimeToLiveDescription;
const turn = (TableName, Enabled, AttributeName = 'ttl') =>
  db.UpdateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled, AttributeName } });

test('a new table has none, and no attribute', async () => {
  assert.deepEqual(await describe(await table({})), { TimeToLiveStatus: 'DISABLED' });
});

test('enabling shows status and attribute, disabling takes both back', async () => {
  const name = await table({});
  await turn(name, true);
  assert.deepEqual(await describe(name), { TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' });
  await turn(name, false);
  assert.deepEqual(await describe(name), { TimeToLiveStatus: 'DISABLED' });
});

test('a table with many items is enabled once all of them are filed', async () => {
  const name = await table({});
  await load(db, name, Array.from({ length: 450 }, (_, at) => ({ id: S(`i${at}`), ttl: N(4102444800 + at) })));
  await turn(name, true);
  let shown = await describe(name);
  for (let tries = 0; shown.TimeToLiveStatus === 'ENABLING' && tries < 200; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    shown = await describe(name);
  }
  assert.deepEqual(shown, { TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' });
});

test('a table can be named by its ARN', async () => {
  const { Table } = await db.DescribeTable({ TableName: await table({}) });
  assert.deepEqual(await describe(Table.TableArn), { TimeToLiveStatus: 'DISABLED' });
});

test('a missing table is named in the text', async () => {
  const missing = uniqueName();
  await expectError(db.DescribeTimeToLive({ TableName: missing }),
    { type: 'ResourceNotFoundException', message: `Requested resource not found: Table: ${missing} not found` });
});

refusals(db, 'DescribeTimeToLive', {}, [
  ['a request without TableName', {}, "The parameter 'TableName' is required but was not present in the request"],
  ['a name of one character', { TableName: 'a' }, 'TableName must be at least 3 characters long and at most 255 characters long'],
]);
