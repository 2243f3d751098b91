// GetShardIterator: where each kind begins, its form, and what is refused.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { N, S, expectError, expectInvalid, harness, notIn, notNull, refusals, tooLong, tooShort, violations } from './lib/index.mjs';
import { allShards, iterator, readOn, streamed } from './lib/streams.mjs';

const context = await harness(['--in-memory', '--stream-shards', '1']);
const { db, streams } = context;
const { TableName, StreamArn } = await streamed(context);
const [{ ShardId, SequenceNumberRange: range }] = await allShards(streams, StreamArn);
const put = (n) => db.PutItem({ TableName, Item: { id: S('a'), n: N(n) } });
const numbers = (records) => records.map((record) => Number(record.dynamodb.NewImage.n.N));
const from = async (type, number) => numbers((await readOn(streams, await iterator(streams, StreamArn, ShardId, type, number))).records);

const early = await iterator(streams, StreamArn, ShardId, 'LATEST');
for (const n of [1, 2, 3]) await put(n);
const { records } = await readOn(streams, await iterator(streams, StreamArn, ShardId));
const second = records[1].dynamodb.SequenceNumber;

test('an iterator is the ARN, a number and base64, at most 2,048 characters', async () => {
  const text = await iterator(streams, StreamArn, ShardId);
  assert.ok(text.startsWith(`${StreamArn}|1|`));
  assert.match(text.slice(StreamArn.length + 3), /^[A-Za-z0-9+/]+=*$/);
  assert.ok(text.length <= 2048);
});

test('TRIM_HORIZON begins with the oldest record', async () => assert.deepEqual((await from('TRIM_HORIZON')).slice(0, 3), [1, 2, 3]));

test('AT_SEQUENCE_NUMBER begins with the record, AFTER_SEQUENCE_NUMBER behind it', async () => {
  assert.deepEqual((await from('AT_SEQUENCE_NUMBER', second)).slice(0, 2), [2, 3]);
  assert.deepEqual((await from('AFTER_SEQUENCE_NUMBER', second)).slice(0, 1), [3]);
});

test('the first number of a shard is as good as any of its records\'', async () => {
  assert.deepEqual((await from('AT_SEQUENCE_NUMBER', range.StartingSequenceNumber)).slice(0, 3), [1, 2, 3]);
  assert.deepEqual((await from('AFTER_SEQUENCE_NUMBER', range.StartingSequenceNumber)).slice(0, 3), [1, 2, 3]);
});

test('LATEST sees what is written after it was asked for, and nothing from before', async () => {
  assert.deepEqual(numbers((await readOn(streams, early)).records).slice(0, 3), [1, 2, 3]);
  const latest = await iterator(streams, StreamArn, ShardId, 'LATEST');
  assert.deepEqual((await readOn(streams, latest)).records, []);
  await put(100);
  assert.deepEqual(numbers((await readOn(streams, latest)).records), [100]);
});

refusals(streams, 'GetShardIterator', { StreamArn, ShardId, ShardIteratorType: 'LATEST' }, [
  ['nothing', { StreamArn: undefined, ShardId: undefined, ShardIteratorType: undefined },
    violations(notNull('streamArn'), notNull('shardId'), notNull('shardIteratorType'))],
  ['another type', { ShardIteratorType: 'AT_TIMESTAMP' },
    violations(notIn('shardIteratorType', 'AT_TIMESTAMP', 'TRIM_HORIZON', 'LATEST', 'AT_SEQUENCE_NUMBER', 'AFTER_SEQUENCE_NUMBER'))],
  ['a shard id that is too short', { ShardId: 'x' }, violations(tooShort('shardId', 'x', 28))],
  ['a number that is too short', { SequenceNumber: '1' }, violations(tooShort('sequenceNumber', '1', 21))],
  ['a number that is too long', { SequenceNumber: '1'.repeat(41) }, violations(tooLong('sequenceNumber', '1'.repeat(41), 40))],
  ['AT_SEQUENCE_NUMBER without a number', { ShardIteratorType: 'AT_SEQUENCE_NUMBER' }, /^SequenceNumber must be specified/],
  ['AFTER_SEQUENCE_NUMBER without a number', { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' }, /^SequenceNumber must be specified/],
  ['a number that is none', { ShardIteratorType: 'AT_SEQUENCE_NUMBER', SequenceNumber: 'x'.repeat(26) }, /^Invalid SequenceNumber/],
  ['a number below the shard\'s', { ShardIteratorType: 'AT_SEQUENCE_NUMBER', SequenceNumber: `1${'0'.repeat(25)}` }, /^Invalid SequenceNumber/],
]);

test('a number behind the end of a closed shard is refused, the end itself is not', async () => {
  const made = await streamed(context);
  await db.PutItem({ TableName: made.TableName, Item: { id: S('a'), n: N(1) } });
  await db.DeleteTable({ TableName: made.TableName });
  const [shard] = await allShards(streams, made.StreamArn);
  const end = shard.SequenceNumberRange.EndingSequenceNumber;
  const at = (type, number) => iterator(streams, made.StreamArn, shard.ShardId, type, number);
  assert.deepEqual(await readOn(streams, await at('AFTER_SEQUENCE_NUMBER', end)), { records: [], next: undefined });
  assert.deepEqual(await readOn(streams, await at('LATEST')), { records: [], next: undefined });
  await expectInvalid(at('AT_SEQUENCE_NUMBER', String(BigInt(end) + 1n)), /^Invalid SequenceNumber/);
});

test('a shard that is not there is not found', async () => {
  for (const id of ['x'.repeat(30), ShardId.replace(/.$/, (last) => (last === '1' ? '2' : '1')), ShardId.replace('-0', '-1')]) {
    await expectError(iterator(streams, StreamArn, id), { type: 'ResourceNotFoundException', message: 'Requested resource not found: Shard does not exist' });
  }
});

test('a stream that is not there is not found', () => expectError(iterator(streams, StreamArn.replace(TableName, 'nowhere'), ShardId),
  { type: 'ResourceNotFoundException', message: /^Requested resource not found: Stream: / }));
