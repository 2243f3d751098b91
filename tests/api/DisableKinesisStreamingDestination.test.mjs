// DisableKinesisStreamingDestination: what it answers, what is still delivered, and when it is refused.

import assert from 'node:assert/strict';
import { after, test } from './lib/case.mjs';
import { S, expectError, expectInvalid, harness, load, notNull, refusals, uniqueName, violations } from './lib/index.mjs';
import { destinations, startKinesis, streamArn, waitStatus } from './lib/kinesis.mjs';

const kinesis = await startKinesis();
after(() => kinesis.stop());
const { db, table } = await harness(['--in-memory', '--kinesis-endpoint', kinesis.endpoint]);
async function enabled(stream) {
  const TableName = await table({});
  const StreamArn = await kinesis.createStream(stream);
  await db.EnableKinesisStreamingDestination({ TableName, StreamArn });
  await waitStatus(db, TableName, 'ACTIVE');
  return { TableName, StreamArn };
}

test('the answer says that it has begun; then it is DISABLED and still described', async () => {
  const { TableName, StreamArn } = await enabled('first');
  assert.deepEqual(await db.DisableKinesisStreamingDestination({ TableName, StreamArn }), { TableName, StreamArn, DestinationStatus: 'DISABLING',
    EnableKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: 'MILLISECOND' } });
  await waitStatus(db, TableName, 'DISABLED');
  assert.deepEqual(await destinations(db, TableName), [{ StreamArn, DestinationStatus: 'DISABLED' }]);
});

test('what was written before is delivered, what is written after is not, and what comes when it is enabled again is', async () => {
  const { TableName, StreamArn } = await enabled('kept');
  await load(db, TableName, Array.from({ length: 700 }, (_, at) => ({ id: S(`k${at}`) })));
  await db.DisableKinesisStreamingDestination({ TableName, StreamArn });
  await db.PutItem({ TableName, Item: { id: S('after') } });
  await waitStatus(db, TableName, 'DISABLED');
  assert.equal((await kinesis.records('kept')).length, 700);
  await db.EnableKinesisStreamingDestination({ TableName, StreamArn });
  await waitStatus(db, TableName, 'ACTIVE');
  await db.PutItem({ TableName, Item: { id: S('again') } });
  const all = await kinesis.wait('kept', 701);
  assert.deepEqual(all.at(-1).document.dynamodb.Keys, { id: S('again') });
  assert.equal(all.some(({ document }) => document.dynamodb.Keys.id.S === 'after'), false);
});

test('with nobody there to deliver to, it ends all the same', async () => {
  const { TableName, StreamArn } = await enabled('left');
  await kinesis.down();
  await db.PutItem({ TableName, Item: { id: S('lost') } });
  await db.DisableKinesisStreamingDestination({ TableName, StreamArn });
  await waitStatus(db, TableName, 'DISABLED');
  await kinesis.up();
});

test('one that is not there is not found; one that is off is refused', async () => {
  const { TableName, StreamArn } = await enabled('off');
  await expectError(db.DisableKinesisStreamingDestination({ TableName, StreamArn: streamArn('other') }),
    { type: 'ResourceNotFoundException', message: /^Requested resource not found/ });
  await db.DisableKinesisStreamingDestination({ TableName, StreamArn });
  await waitStatus(db, TableName, 'DISABLED');
  await expectInvalid(db.DisableKinesisStreamingDestination({ TableName, StreamArn }),
    'Table is not in a valid state to disable Kinesis Streaming Destination: DisableKinesisStreamingDestination must be ACTIVE to perform DISABLE operation.');
});

test('a missing table is named in the text', async () => {
  const TableName = uniqueName();
  await expectError(db.DisableKinesisStreamingDestination({ TableName, StreamArn: streamArn('x') }),
    { type: 'ResourceNotFoundException', message: `Requested resource not found: Table: ${TableName} not found` });
});

refusals(db, 'DisableKinesisStreamingDestination', { TableName: await table({}), StreamArn: streamArn('x') }, [
  ['no table', { TableName: undefined }, violations(notNull('tableName'))],
  ['no stream', { StreamArn: undefined }, violations(notNull('streamArn'))],
]);
