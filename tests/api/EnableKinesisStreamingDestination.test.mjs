// EnableKinesisStreamingDestination: what it answers, and which tables and streams it takes.

import assert from 'node:assert/strict';
import { after, test } from './lib/case.mjs';
import { S, expectError, expectInvalid, harness, notIn, notNull, refusals, tooShort, uniqueName, violations } from './lib/index.mjs';
import { destinations, startKinesis, streamArn, waitStatus } from './lib/kinesis.mjs';

const kinesis = await startKinesis();
after(() => kinesis.stop());
const { db, table } = await harness(['--in-memory', '--kinesis-endpoint', kinesis.endpoint]);
const without = await harness(['--in-memory']);
const StreamArn = await kinesis.createStream('taken');

test('the answer names table and stream, and says that it has begun', async () => {
  const TableName = await table({});
  assert.deepEqual(await db.EnableKinesisStreamingDestination({ TableName, StreamArn }), { TableName, StreamArn, DestinationStatus: 'ENABLING',
    EnableKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: 'MILLISECOND' } });
  await waitStatus(db, TableName, 'ACTIVE');
});

test('the precision that is asked for is answered and kept', async () => {
  const TableName = await table({});
  const EnableKinesisStreamingConfiguration = { ApproximateCreationDateTimePrecision: 'MICROSECOND' };
  const answer = await db.EnableKinesisStreamingDestination({ TableName, StreamArn, EnableKinesisStreamingConfiguration });
  assert.deepEqual(answer.EnableKinesisStreamingConfiguration, EnableKinesisStreamingConfiguration);
  assert.equal((await waitStatus(db, TableName, 'ACTIVE')).ApproximateCreationDateTimePrecision, 'MICROSECOND');
});

test('the table can be named by its ARN', async () => {
  const TableName = await table({});
  const { Table } = await db.DescribeTable({ TableName });
  assert.equal((await db.EnableKinesisStreamingDestination({ TableName: Table.TableArn, StreamArn })).TableName, TableName);
});

test('a table has one destination at a time', async () => {
  const TableName = await table({});
  await db.EnableKinesisStreamingDestination({ TableName, StreamArn });
  const text = 'Table is not in a valid state to enable Kinesis Streaming Destination: EnableKinesisStreamingDestination must be DISABLED or '
    + 'ENABLE_FAILED to perform ENABLE operation.';
  await expectInvalid(db.EnableKinesisStreamingDestination({ TableName, StreamArn }), text);
  await expectInvalid(db.EnableKinesisStreamingDestination({ TableName, StreamArn: streamArn('another') }), text);
});

test('of many callers at a time one enables', async () => {
  const TableName = await table({});
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => db.EnableKinesisStreamingDestination({ TableName, StreamArn })));
  assert.equal(all.filter((each) => each.status === 'fulfilled').length, 1);
});

test('a stream that is not there makes it fail, with the reason; then another can be enabled', async () => {
  const TableName = await table({});
  await db.EnableKinesisStreamingDestination({ TableName, StreamArn: streamArn('missing') });
  const failed = await waitStatus(db, TableName, 'ENABLE_FAILED');
  assert.match(failed.DestinationStatusDescription, /ResourceNotFoundException/);
  await db.EnableKinesisStreamingDestination({ TableName, StreamArn });
  await waitStatus(db, TableName, 'ACTIVE', StreamArn);
  assert.equal((await destinations(db, TableName)).length, 2);
});

test('a server without an endpoint says so and enables nothing', async () => {
  const TableName = await without.table({});
  await expectInvalid(without.db.EnableKinesisStreamingDestination({ TableName, StreamArn }), /--kinesis-endpoint/);
  assert.deepEqual(await destinations(without.db, TableName), []);
});

test('a missing table is named in the text', async () => {
  const TableName = uniqueName();
  await expectError(db.EnableKinesisStreamingDestination({ TableName, StreamArn }),
    { type: 'ResourceNotFoundException', message: `Requested resource not found: Table: ${TableName} not found` });
});

test('what is no ARN of a data stream is refused', async () => {
  const TableName = await table({});
  for (const wrong of ['arn:aws:dynamodb:us-east-1:000000000000:table/t', 'arn:aws:kinesis:us-east-1:0000:stream/name-of-it', `${streamArn('a')}"`,
    'arn:aws:kinesis:us-east-1:000000000000:stream/', 'x'.repeat(40)]) {
    await expectInvalid(db.EnableKinesisStreamingDestination({ TableName, StreamArn: wrong }), `Invalid StreamArn: ${wrong}`);
  }
});

const name = await table({});
refusals(db, 'EnableKinesisStreamingDestination', { TableName: name, StreamArn }, [
  ['no table', { TableName: undefined }, violations(notNull('tableName'))],
  ['no stream', { StreamArn: undefined }, violations(notNull('streamArn'))],
  ['a short ARN', { StreamArn: 'arn:x' }, violations(tooShort('streamArn', 'arn:x', 37))],
  ['another precision', { EnableKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: 'DAY' } }, violations(
    notIn('enableKinesisStreamingConfiguration.approximateCreationDateTimePrecision', 'DAY', 'MILLISECOND', 'MICROSECOND'))],
]);

test('writes go on while it is enabled', async () => {
  const TableName = await table({});
  const writes = Array.from({ length: 50 }, (_, at) => db.PutItem({ TableName, Item: { id: S(`k${at}`) } }));
  await db.EnableKinesisStreamingDestination({ TableName, StreamArn });
  await Promise.all(writes);
  assert.equal((await db.Scan({ TableName, Select: 'COUNT' })).Count, 50);
});
