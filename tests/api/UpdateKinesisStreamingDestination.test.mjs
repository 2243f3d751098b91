// UpdateKinesisStreamingDestination: the precision of times, from then on.

import assert from 'node:assert/strict';
import { after, test } from './lib/case.mjs';
import { S, expectError, expectInvalid, harness, notIn, notNull, refusals, uniqueName, violations } from './lib/index.mjs';
import { startKinesis, streamArn, waitStatus } from './lib/kinesis.mjs';

const kinesis = await startKinesis();
after(() => kinesis.stop());
const { db, table } = await harness(['--in-memory', '--kinesis-endpoint', kinesis.endpoint]);
const precise = (ApproximateCreationDateTimePrecision) => ({ UpdateKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision } });
async function enabled(stream) {
  const TableName = await table({});
  const StreamArn = await kinesis.createStream(stream);
  await db.EnableKinesisStreamingDestination({ TableName, StreamArn });
  await waitStatus(db, TableName, 'ACTIVE');
  return { TableName, StreamArn };
}

test('records have the precision that was set last, in number and in name', async () => {
  const { TableName, StreamArn } = await enabled('times');
  await db.PutItem({ TableName, Item: { id: S('ms') } });
  await kinesis.wait('times', 1);
  assert.deepEqual(await db.UpdateKinesisStreamingDestination({ TableName, StreamArn, ...precise('MICROSECOND') }),
    { TableName, StreamArn, DestinationStatus: 'UPDATING', ...precise('MICROSECOND') });
  assert.equal((await waitStatus(db, TableName, 'ACTIVE')).ApproximateCreationDateTimePrecision, 'MICROSECOND');
  await db.PutItem({ TableName, Item: { id: S('us') } });
  const [ms, us] = (await kinesis.wait('times', 2)).map(({ document }) => document.dynamodb);
  assert.equal(ms.ApproximateCreationDateTimePrecision, 'MILLISECOND');
  assert.equal(us.ApproximateCreationDateTimePrecision, 'MICROSECOND');
  assert.ok(Math.abs(ms.ApproximateCreationDateTime - Date.now()) < 60000);
  assert.ok(Math.abs(us.ApproximateCreationDateTime - Date.now() * 1000) < 60000000);
});

test('what is so already, and what says nothing, is refused', async () => {
  const { TableName, StreamArn } = await enabled('same');
  const { Table } = await db.DescribeTable({ TableName });
  await expectInvalid(db.UpdateKinesisStreamingDestination({ TableName, StreamArn, ...precise('MILLISECOND') }),
    `Invalid Request: Precision is already set to the desired value of MILLISECOND for tableId: ${Table.TableId}, kdsArn: ${StreamArn}`);
  for (const nothing of [{}, { UpdateKinesisStreamingConfiguration: {} }]) {
    await expectInvalid(db.UpdateKinesisStreamingDestination({ TableName, StreamArn, ...nothing }),
      'Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration cannot be null or contain only null values');
  }
});

test('one that is off is in use, another one is not found', async () => {
  const { TableName, StreamArn } = await enabled('off');
  await db.DisableKinesisStreamingDestination({ TableName, StreamArn });
  await expectError(db.UpdateKinesisStreamingDestination({ TableName, StreamArn, ...precise('MICROSECOND') }), { type: 'ResourceInUseException' });
  await expectError(db.UpdateKinesisStreamingDestination({ TableName, StreamArn: streamArn('none'), ...precise('MICROSECOND') }),
    { type: 'ResourceNotFoundException' });
});

test('a missing table is named in the text', async () => {
  const TableName = uniqueName();
  await expectError(db.UpdateKinesisStreamingDestination({ TableName, StreamArn: streamArn('x'), ...precise('MICROSECOND') }),
    { type: 'ResourceNotFoundException', message: `Requested resource not found: Table: ${TableName} not found` });
});

refusals(db, 'UpdateKinesisStreamingDestination', { TableName: await table({}), StreamArn: streamArn('x') }, [
  ['no table', { TableName: undefined }, violations(notNull('tableName'))],
  ['no stream', { StreamArn: undefined }, violations(notNull('streamArn'))],
  ['another precision', precise('DAY'), violations(
    notIn('updateKinesisStreamingConfiguration.approximateCreationDateTimePrecision', 'DAY', 'MILLISECOND', 'MICROSECOND'))],
]);
