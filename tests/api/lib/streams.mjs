// Streams from a test's side: a table with one, its shards, and all its records so far.

import { waitActive } from './index.mjs';

export const VIEWS = ['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'];
export const streamOf = (StreamViewType = 'NEW_AND_OLD_IMAGES') => ({ StreamSpecification: { StreamEnabled: true, StreamViewType } });

export async function streamed({ db, table }, shape = {}, view = undefined) {
  const TableName = await table({ ...shape, ...streamOf(view) });
  const { LatestStreamArn: StreamArn } = await waitActive(db, TableName);
  return { TableName, StreamArn };
}

export async function allShards(streams, StreamArn, request = {}) {
  const shards = [];
  let start;
  do {
    const { StreamDescription } = await streams.DescribeStream({ StreamArn, ExclusiveStartShardId: start, ...request });
    shards.push(...StreamDescription.Shards);
    start = StreamDescription.LastEvaluatedShardId;
  } while (start);
  return shards;
}

export async function iterator(streams, StreamArn, ShardId, ShardIteratorType = 'TRIM_HORIZON', SequenceNumber = undefined) {
  return (await streams.GetShardIterator({ StreamArn, ShardId, ShardIteratorType, SequenceNumber })).ShardIterator;
}

// From an iterator to the end of a closed shard, or to an empty page of an open one.
export async function readOn(streams, ShardIterator, request = {}) {
  const records = [];
  let next = ShardIterator;
  while (next) {
    const page = await streams.GetRecords({ ShardIterator: next, ...request });
    records.push(...page.Records);
    next = page.NextShardIterator;
    if (page.Records.length === 0) break;
  }
  return { records, next };
}

// Of all shards, each shard's in its order; shards in the order in which they opened.
export async function allRecords(streams, StreamArn) {
  const records = [];
  for (const { ShardId } of await allShards(streams, StreamArn)) {
    records.push(...(await readOn(streams, await iterator(streams, StreamArn, ShardId))).records);
  }
  return records;
}

// In the order of commits, whichever shards they are from.
export const inOrder = (records) => [...records].sort((a, b) => (a.dynamodb.SequenceNumber < b.dynamodb.SequenceNumber ? -1 : 1));
