// DescribeStream: what a stream is, its shards in pages, children, and the ends of streams.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { INVALID, S, expectError, expectInvalid, harness, notIn, notNull, refusals, tooLarge, tooShort, tooSmall, violations, waitActive }
  from './lib/index.mjs';
import { VIEWS, allShards, streamOf, streamed } from './lib/streams.mjs';

const context = await harness();
const { db, streams, table } = context;
const { TableName, StreamArn } = await streamed(context, { key: 'p s:N' });
const describe = async (request) => (await streams.DescribeStream({ StreamArn, ...request })).StreamDescription;
const NUMBER = /^\d{21,40}$/;
const SHARD = /^shardId-\d{20}-[0-9a-f]{8}$/;

test('a stream is described with ARN, label, status, view, time, table and key', async () => {
  const described = await describe();
  assert.equal(described.StreamArn, StreamArn);
  assert.ok(StreamArn.endsWith(`:table/${TableName}/stream/${described.StreamLabel}`));
  assert.equal(described.StreamStatus, 'ENABLED');
  assert.equal(described.StreamViewType, 'NEW_AND_OLD_IMAGES');
  assert.equal(described.TableName, TableName);
  assert.deepEqual(described.KeySchema, [{ AttributeName: 'p', KeyType: 'HASH' }, { AttributeName: 's', KeyType: 'RANGE' }]);
  assert.equal(new Date(described.CreationRequestDateTime * 1000).toISOString(), `${described.StreamLabel}Z`);
  assert.ok(Math.abs(described.CreationRequestDateTime - Date.now() / 1000) < 60, 'seconds since 1970');
});

test('a new stream has several open shards without parents, each with its first number', async () => {
  const { Shards, ...rest } = await describe();
  assert.ok(Shards.length > 1);
  assert.equal(rest.LastEvaluatedShardId, undefined);
  assert.equal(new Set(Shards.map((shard) => shard.ShardId)).size, Shards.length);
  for (const shard of Shards) {
    assert.match(shard.ShardId, SHARD);
    assert.ok(shard.ShardId.length >= 28 && shard.ShardId.length <= 65);
    assert.deepEqual(Object.keys(shard.SequenceNumberRange), ['StartingSequenceNumber']);
    assert.match(shard.SequenceNumberRange.StartingSequenceNumber, NUMBER);
    assert.equal(shard.ParentShardId, undefined);
  }
});

test('pages of shards hold every shard once', async () => {
  const { Shards } = await describe();
  for (const Limit of [1, 2, 3, 100]) assert.deepEqual(await allShards(streams, StreamArn, { Limit }), Shards);
  const page = await describe({ Limit: 1 });
  assert.equal(page.LastEvaluatedShardId, page.Shards[0].ShardId);
});

test('behind a shard that is not there is nothing', async () => {
  assert.deepEqual((await describe({ ExclusiveStartShardId: `shardId-${'9'.repeat(20)}-ffffffff` })).Shards, []);
  assert.deepEqual((await describe({ ExclusiveStartShardId: 'x'.repeat(30) })).Shards, []);
});

test('CHILD_SHARDS of an open shard, or of none, are none', async () => {
  const [{ ShardId }] = (await describe()).Shards;
  for (const id of [ShardId, 'x'.repeat(30)]) {
    assert.deepEqual((await describe({ ShardFilter: { Type: 'CHILD_SHARDS', ShardId: id } })).Shards, []);
  }
});

test('each view is shown as it was asked for, by the table and by the stream', async () => {
  for (const view of VIEWS) {
    const name = await table(streamOf(view));
    const described = await waitActive(db, name);
    assert.deepEqual(described.StreamSpecification, { StreamEnabled: true, StreamViewType: view });
    assert.ok(described.LatestStreamArn.endsWith(`/stream/${described.LatestStreamLabel}`));
    assert.equal((await describe({ StreamArn: described.LatestStreamArn })).StreamViewType, view);
  }
});

test('a table without a stream says nothing of streams', async () => {
  const described = await waitActive(db, await table({ StreamSpecification: { StreamEnabled: false } }));
  for (const member of ['StreamSpecification', 'LatestStreamArn', 'LatestStreamLabel']) assert.equal(described[member], undefined);
});

test('a stream that is switched off is DISABLED, its shards are closed, and it stays the latest', async () => {
  const made = await streamed(context);
  await db.PutItem({ TableName: made.TableName, Item: { id: S('a') } });
  const { TableDescription } = await db.UpdateTable({ TableName: made.TableName, StreamSpecification: { StreamEnabled: false } });
  assert.equal(TableDescription.StreamSpecification, undefined);
  const described = await describe({ StreamArn: made.StreamArn });
  assert.equal(described.StreamStatus, 'DISABLED');
  for (const { SequenceNumberRange: range } of described.Shards) {
    assert.match(range.EndingSequenceNumber, NUMBER);
    assert.ok(BigInt(range.EndingSequenceNumber) > BigInt(range.StartingSequenceNumber));
  }
  const after = await waitActive(db, made.TableName);
  assert.equal(after.LatestStreamArn, made.StreamArn);
  assert.equal(after.StreamSpecification, undefined);
});

test('the stream of a deleted table is DISABLED and described', async () => {
  const made = await streamed(context);
  await db.DeleteTable({ TableName: made.TableName });
  const described = await describe({ StreamArn: made.StreamArn });
  assert.equal(described.StreamStatus, 'DISABLED');
  assert.equal(described.TableName, made.TableName);
});

test('switching on what is on, and off what is off, is refused', async () => {
  const made = await streamed(context);
  const update = (StreamSpecification) => db.UpdateTable({ TableName: made.TableName, StreamSpecification });
  for (const StreamViewType of ['NEW_AND_OLD_IMAGES', 'KEYS_ONLY']) {
    await expectInvalid(update({ StreamEnabled: true, StreamViewType }), `Table already has an enabled stream: TableName: ${made.TableName}`);
  }
  await update({ StreamEnabled: false });
  await waitActive(db, made.TableName);
  await expectInvalid(update({ StreamEnabled: false }), `Table has no stream to disable: TableName: ${made.TableName}`);
});

test('a view without a stream, and a stream without a view, are refused', async () => {
  const disabled = `${INVALID}Table is being created with a stream disabled, UpdateViewType should not be specified`;
  await expectInvalid(table({ StreamSpecification: { StreamEnabled: false, StreamViewType: 'KEYS_ONLY' } }), disabled);
  await expectInvalid(table({ StreamSpecification: { StreamEnabled: true } }), /UpdateViewType should be specified/);
  await expectInvalid(table({ StreamSpecification: { StreamEnabled: true, StreamViewType: 'ALL' } }),
    violations(notIn('streamSpecification.streamViewType', 'ALL', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES', 'KEYS_ONLY')));
});

refusals(streams, 'DescribeStream', { StreamArn }, [
  ['no ARN', { StreamArn: undefined }, violations(notNull('streamArn'))],
  ['an ARN that is too short', { StreamArn: 'arn' }, violations(tooShort('streamArn', 'arn', 37))],
  ['what is no ARN', { StreamArn: 'sdfadfsdfnlfkajakfgjalksfgklasjklasdjfklasdfasdfgasf' }, /^Invalid StreamArn/],
  ['the ARN of a table', { StreamArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/some' }, /^Invalid StreamArn/],
  ['a limit of 0', { Limit: 0 }, violations(tooSmall('limit', 0, 1))],
  ['a limit of 101', { Limit: 101 }, violations(tooLarge('limit', 101, 100))],
  ['a start that is too short', { ExclusiveStartShardId: 'x' }, violations(tooShort('exclusiveStartShardId', 'x', 28))],
  ['a filter of another type', { ShardFilter: { Type: 'PARENTS' } }, violations(notIn('shardFilter.type', 'PARENTS', 'CHILD_SHARDS'))],
  ['a filter without a shard', { ShardFilter: { Type: 'CHILD_SHARDS' } }, /^One or more parameter values were invalid: ShardFilter/],
]);

for (const [what, arn] of [
  ['another time', StreamArn.replace(/stream\/.*/, 'stream/2020-01-01T00:00:00.000')],
  ['no time', StreamArn.replace(/stream\/.*/, 'stream/latest')],
  ['another table', StreamArn.replace(TableName, 'nowhere')],
  ['another account', StreamArn.replace(/:\d{12}:/, ':999999999999:')],
  ['another region', StreamArn.replace(/dynamodb:[a-z0-9-]+:/, 'dynamodb:mars-north-1:')],
]) {
  test(`a stream of ${what} is not found`, () => expectError(streams.DescribeStream({ StreamArn: arn }),
    { type: 'ResourceNotFoundException', message: `Requested resource not found: Stream: ${arn} not found` }));
}
