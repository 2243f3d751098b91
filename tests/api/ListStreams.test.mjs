// ListStreams: order, pages, one table's, and streams that were switched off.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { badName, expectInvalid, harness, refusals, tooLarge, tooShort, tooSmall, uniqueName, violations, waitActive } from './lib/index.mjs';
import { streamed } from './lib/streams.mjs';

const context = await harness();
const { db, streams, table } = context;
const stem = uniqueName('list');
const made = [];
for (const letter of ['b', 'a', 'c']) made.push(await streamed(context, { name: `${stem}-${letter}` }));
await table({ name: `${stem}-without` });
made.sort((a, b) => (a.TableName < b.TableName ? -1 : 1));

async function all(Limit, request = {}) {
  const found = [];
  let start;
  do {
    const page = await streams.ListStreams({ Limit, ExclusiveStartStreamArn: start, ...request });
    assert.ok(page.Streams.length <= (Limit ?? 100));
    found.push(...page.Streams);
    start = page.LastEvaluatedStreamArn;
    if (start) assert.equal(start, page.Streams.at(-1).StreamArn);
  } while (start);
  return found.filter(({ TableName }) => TableName.startsWith(stem));
}

test('each stream is listed with its ARN, its table and its label', async () => {
  const found = await all();
  assert.deepEqual(found.map(({ StreamArn, TableName }) => ({ TableName, StreamArn })), made);
  for (const { StreamArn, StreamLabel } of found) {
    assert.match(StreamLabel, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/);
    assert.ok(StreamArn.endsWith(`/stream/${StreamLabel}`));
  }
});

test('pages of one and of two hold every stream once', async () => {
  assert.deepEqual(await all(1), await all());
  assert.deepEqual(await all(2), await all());
});

test('TableName picks the streams of one table', async () => {
  const [{ TableName, StreamArn }] = made;
  assert.deepEqual((await streams.ListStreams({ TableName })).Streams.map((stream) => stream.StreamArn), [StreamArn]);
  assert.deepEqual(await streams.ListStreams({ TableName: `${stem}-without` }), { Streams: [] });
  assert.deepEqual(await streams.ListStreams({ TableName: `${stem}-nowhere` }), { Streams: [] });
  assert.deepEqual(await streams.ListStreams({ TableName: TableName.slice(0, -1) }), { Streams: [] });
});

test('a start that does not exist is where it would be', async () => {
  const [first, second] = made;
  const before = first.StreamArn.replace(/stream\/.*/, 'stream/1999-01-01T00:00:00.000');
  const after = first.StreamArn.replace(/stream\/.*/, 'stream/2999-01-01T00:00:00.000');
  assert.equal((await streams.ListStreams({ ExclusiveStartStreamArn: before, Limit: 1 })).Streams[0].StreamArn, first.StreamArn);
  assert.equal((await streams.ListStreams({ ExclusiveStartStreamArn: after, Limit: 1 })).Streams[0].StreamArn, second.StreamArn);
  assert.deepEqual(await streams.ListStreams({ ExclusiveStartStreamArn: after, TableName: first.TableName }), { Streams: [] });
});

test('a stream that was switched off, and the one of a deleted table, stay listed', async () => {
  const { TableName, StreamArn } = await streamed(context);
  await db.UpdateTable({ TableName, StreamSpecification: { StreamEnabled: false } });
  await waitActive(db, TableName);
  await db.UpdateTable({ TableName, StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' } });
  const { LatestStreamArn } = await waitActive(db, TableName);
  assert.notEqual(LatestStreamArn, StreamArn);
  const arns = async () => (await streams.ListStreams({ TableName })).Streams.map((stream) => stream.StreamArn);
  assert.deepEqual(await arns(), [StreamArn, LatestStreamArn]);
  await db.DeleteTable({ TableName });
  assert.deepEqual(await arns(), [StreamArn, LatestStreamArn]);
});

refusals(streams, 'ListStreams', {}, [
  ['a limit of 0', { Limit: 0 }, violations(tooSmall('limit', 0, 1))],
  ['a limit of 101', { Limit: 101 }, violations(tooLarge('limit', 101, 100))],
  ['a table name that is too short', { TableName: 'a' }, violations(tooShort('tableName', 'a', 3))],
  ['a table name of other characters', { TableName: 'abc;' }, violations(badName('tableName', 'abc;'))],
  ['a start that is too short', { ExclusiveStartStreamArn: 'arn' }, violations(tooShort('exclusiveStartStreamArn', 'arn', 37))],
]);

test('a start that is no ARN is refused', () => expectInvalid(streams.ListStreams({ ExclusiveStartStreamArn: 'x'.repeat(40) }), /^Invalid StreamArn/));
