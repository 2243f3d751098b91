// DescribeKinesisStreamingDestination: all that a table has and had, over a restart too.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from './lib/case.mjs';
import { expectError, harness, notNull, refusals, tableRequest, uniqueName, violations } from './lib/index.mjs';
import { destinations, startKinesis, waitStatus } from './lib/kinesis.mjs';
import { RawClient } from './lib/raw.mjs';
import { startServer } from './lib/server.mjs';

const kinesis = await startKinesis();
after(() => kinesis.stop());
const { db, table } = await harness(['--in-memory', '--kinesis-endpoint', kinesis.endpoint]);

test('a table without one has an empty list, and can be named by its ARN', async () => {
  const TableName = await table({});
  assert.deepEqual(await db.DescribeKinesisStreamingDestination({ TableName }), { TableName, KinesisDataStreamDestinations: [] });
  const { Table } = await db.DescribeTable({ TableName });
  assert.deepEqual(await db.DescribeKinesisStreamingDestination({ TableName: Table.TableArn }), { TableName, KinesisDataStreamDestinations: [] });
});

test('the ones that are off stay beside the one that is on; a precision that was never said is not shown', async () => {
  const TableName = await table({});
  const first = await kinesis.createStream('first');
  const second = await kinesis.createStream('second');
  await db.EnableKinesisStreamingDestination({ TableName, StreamArn: first });
  await waitStatus(db, TableName, 'ACTIVE');
  await db.DisableKinesisStreamingDestination({ TableName, StreamArn: first });
  await waitStatus(db, TableName, 'DISABLED');
  await db.EnableKinesisStreamingDestination({ TableName, StreamArn: second,
    EnableKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: 'MILLISECOND' } });
  await waitStatus(db, TableName, 'ACTIVE');
  assert.deepEqual(await destinations(db, TableName), [{ StreamArn: first, DestinationStatus: 'DISABLED' },
    { StreamArn: second, DestinationStatus: 'ACTIVE', ApproximateCreationDateTimePrecision: 'MILLISECOND' }]);
});

test('a restart forgets nothing of it', async () => {
  const data = mkdtempSync(path.join(os.tmpdir(), 'stator-kinesis-'));
  const args = ['--data-dir', data, '--min-free-mb', '0', '--kinesis-endpoint', kinesis.endpoint];
  const StreamArn = await kinesis.createStream('lasting');
  const TableName = uniqueName();
  const seen = [];
  for (const begin of [true, false]) {
    const server = await startServer(args);
    const raw = new RawClient(server.endpoint);
    const here = new Proxy({}, { get: (_, operation) => (body) => raw.call(operation, body) });
    if (begin) {
      await here.CreateTable(tableRequest({ name: TableName }));
      await here.EnableKinesisStreamingDestination({ TableName, StreamArn,
        EnableKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: 'MICROSECOND' } });
      await waitStatus(here, TableName, 'ACTIVE');
    }
    seen.push(await destinations(here, TableName));
    raw.close();
    await server.stop();
  }
  rmSync(data, { recursive: true });
  assert.deepEqual(seen[0], [{ StreamArn, DestinationStatus: 'ACTIVE', ApproximateCreationDateTimePrecision: 'MICROSECOND' }]);
  assert.deepEqual(seen[1], seen[0]);
});

test('a missing table is named in the text', async () => {
  const TableName = uniqueName();
  await expectError(db.DescribeKinesisStreamingDestination({ TableName }),
    { type: 'ResourceNotFoundException', message: `Requested resource not found: Table: ${TableName} not found` });
});

refusals(db, 'DescribeKinesisStreamingDestination', { TableName: 'x' }, [['no table', { TableName: undefined }, violations(notNull('tableName'))]]);

test('without its endpoint a server keeps what was enabled, and what was not yet has failed; it can be switched off', async () => {
  const data = mkdtempSync(path.join(os.tmpdir(), 'stator-kinesis-'));
  const args = ['--data-dir', data, '--min-free-mb', '0'];
  const StreamArn = await kinesis.createStream('gone');
  const [TableName, other] = [uniqueName(), uniqueName()];
  const start = async (more) => {
    const server = await startServer([...args, ...more]);
    const raw = new RawClient(server.endpoint);
    return { server, raw, db: new Proxy({}, { get: (_, operation) => (body) => raw.call(operation, body) }) };
  };
  let here = await start(['--kinesis-endpoint', kinesis.endpoint]);
  for (const name of [TableName, other]) await here.db.CreateTable(tableRequest({ name }));
  await here.db.EnableKinesisStreamingDestination({ TableName, StreamArn });
  await waitStatus(here.db, TableName, 'ACTIVE');
  here.raw.close();
  await here.server.stop();
  here = await start(['--kinesis-endpoint', 'http://127.0.0.1:9']);
  await here.db.EnableKinesisStreamingDestination({ TableName: other, StreamArn });
  here.raw.close();
  await here.server.stop();
  here = await start([]);
  assert.match((await waitStatus(here.db, other, 'ENABLE_FAILED')).DestinationStatusDescription, /--kinesis-endpoint/);
  assert.deepEqual(await destinations(here.db, TableName), [{ StreamArn, DestinationStatus: 'ACTIVE' }]);
  await here.db.DisableKinesisStreamingDestination({ TableName, StreamArn });
  await waitStatus(here.db, TableName, 'DISABLED');
  here.raw.close();
  await here.server.stop();
  rmSync(data, { recursive: true });
});
