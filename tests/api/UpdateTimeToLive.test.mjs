// UpdateTimeToLive: what may be turned on and off, and in which words the rest is refused.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { N, S, expectError, expectInvalid, harness, notNull, refusals, tableRequest, tooLong, tooShort, uniqueName, violations, waitActive }
  from './lib/index.mjs';
import { RawClient } from './lib/raw.mjs';
import { givenEndpoint, startServer } from './lib/server.mjs';

const { db, table } = await harness();
const turn = (TableName, Enabled, AttributeName = 'ttl') =>
  db.UpdateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled, AttributeName } });
const describe = async (TableName) => (await db.DescribeTimeToLive({ TableName })).TimeToLiveDescription;

test('the answer is the specification', async () => {
  const name = await table({});
  assert.deepEqual(await turn(name, true), { TimeToLiveSpecification: { Enabled: true, AttributeName: 'ttl' } });
  assert.deepEqual(await turn(name, false), { TimeToLiveSpecification: { Enabled: false, AttributeName: 'ttl' } });
});

test('a table can be named by its ARN', async () => {
  const name = await table({});
  const { Table } = await db.DescribeTable({ TableName: name });
  await turn(Table.TableArn, true);
  assert.equal((await describe(name)).AttributeName, 'ttl');
});

test('enabling twice is refused, with the same and with another attribute', async () => {
  const name = await table({});
  await turn(name, true);
  await expectInvalid(turn(name, true), 'TimeToLive is already enabled');
  await expectInvalid(turn(name, true, 'other'), 'TimeToLive is active on a different AttributeName: current AttributeName is ttl');
  assert.equal((await describe(name)).AttributeName, 'ttl');
});

test('disabling needs the attribute, and something to disable', async () => {
  const name = await table({});
  await expectInvalid(turn(name, false), 'TimeToLive is already disabled');
  await turn(name, true);
  await expectInvalid(turn(name, false, 'other'), 'TimeToLive is active on a different AttributeName: current AttributeName is ttl');
  await turn(name, false);
  await expectInvalid(turn(name, false), 'TimeToLive is already disabled');
});

test('another attribute takes disabling and enabling', async () => {
  const name = await table({});
  await turn(name, true, 'first');
  await turn(name, false, 'first');
  await turn(name, true, 'second');
  assert.equal((await describe(name)).AttributeName, 'second');
});

test('of many callers at a time one turns it on', async () => {
  const name = await table({});
  const all = await Promise.allSettled(Array.from({ length: 10 }, (_, at) => turn(name, true, `a${at}`)));
  assert.equal(all.filter((each) => each.status === 'fulfilled').length, 1);
  for (const each of all) if (each.status === 'rejected') assert.match(each.reason.message, /^TimeToLive is active on a different AttributeName/);
});

test('a missing table is named in the text', async () => {
  const missing = uniqueName();
  await expectError(turn(missing, true),
    { type: 'ResourceNotFoundException', message: `Requested resource not found: Table: ${missing} not found` });
});

test('the longest name of an attribute has 255 characters', async () => {
  const name = await table({});
  await turn(name, true, 'ü'.repeat(255));
  assert.equal((await describe(name)).AttributeName, 'ü'.repeat(255));
});

const good = { TableName: 'some-table', TimeToLiveSpecification: { Enabled: true, AttributeName: 'ttl' } };
const specification = (TimeToLiveSpecification) => ({ TimeToLiveSpecification });
refusals(db, 'UpdateTimeToLive', good, [
  ['a request without a table', { TableName: undefined }, "The parameter 'TableName' is required but was not present in the request"],
  ['a request without a specification', specification(undefined), violations(notNull('timeToLiveSpecification'))],
  ['an empty specification', specification({}),
    violations(notNull('timeToLiveSpecification.enabled'), notNull('timeToLiveSpecification.attributeName'))],
  ['an empty name', specification({ Enabled: true, AttributeName: '' }), violations(tooShort('timeToLiveSpecification.attributeName', '', 1))],
  ['a name of 256 characters', specification({ Enabled: true, AttributeName: 'a'.repeat(256) }),
    violations(tooLong('timeToLiveSpecification.attributeName', 'a'.repeat(256), 255))],
]);

// A change that takes its time: only where the server is ours.
const options = { skip: givenEndpoint() ? 'needs a server of its own' : false };
test('while a change is under way it shows, and another one is refused', options, async () => {
  const server = await startServer(['--in-memory', '--status-delay-ms', '400']);
  const client = new RawClient(server.endpoint);
  const call = (operation, body) => client.call(operation, body);
  const request = tableRequest({ name: 'slow' });
  const change = (Enabled) => call('UpdateTimeToLive', { TableName: 'slow', TimeToLiveSpecification: { Enabled, AttributeName: 'ttl' } });
  const show = async () => (await call('DescribeTimeToLive', { TableName: 'slow' })).TimeToLiveDescription;
  const settled = async (status) => {
    for (let tries = 0; tries < 100; tries++) {
      const shown = await show();
      if (shown.TimeToLiveStatus === status) return shown;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return show();
  };
  try {
    await call('CreateTable', request);
    await expectError(change(true), { type: 'ResourceInUseException',
      message: 'Attempt to change a resource which is still in use: Table is being created: slow' });
    await waitActive({ DescribeTable: (body) => call('DescribeTable', body) }, 'slow');
    await change(true);
    assert.deepEqual(await show(), { TimeToLiveStatus: 'ENABLING', AttributeName: 'ttl' });
    await expectInvalid(change(false), 'Time to live has been modified multiple times within a fixed interval');
    await expectInvalid(change(true), 'TimeToLive is already enabled');
    assert.deepEqual(await settled('ENABLED'), { TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' });
    await change(false);
    assert.deepEqual(await show(), { TimeToLiveStatus: 'DISABLING', AttributeName: 'ttl' });
    await expectInvalid(change(true), 'Time to live has been modified multiple times within a fixed interval');
    assert.deepEqual(await settled('DISABLED'), { TimeToLiveStatus: 'DISABLED' });
  } finally {
    client.close();
    await server.stop();
  }
});

test('the setting survives a table full of items', async () => {
  const name = await table({});
  await db.PutItem({ TableName: name, Item: { id: S('a'), ttl: N(4102444800) } });
  await turn(name, true);
  assert.deepEqual((await db.GetItem({ TableName: name, Key: { id: S('a') } })).Item, { id: S('a'), ttl: N(4102444800) });
});
