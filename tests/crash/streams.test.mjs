// What streams are for: a consumer that follows all shards of a table, parents before children, ends
// with a copy equal to the table. Meanwhile four writers change it, shards roll over at least twice,
// and the server is killed and started again. The clients are the AWS SDK's.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DynamoDBClient, CreateTableCommand, DeleteItemCommand, DescribeTableCommand, PutItemCommand, ScanCommand, TransactWriteItemsCommand,
  UpdateItemCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient, DescribeStreamCommand, GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-dynamodb-streams';
import { runToEnd, startServer } from '../api/lib/server.mjs';
import { credentials, region } from '../api/lib/sign.mjs';

const WRITERS = 4;
const PHASE_MS = 2500; // two of them, or longer on a slow machine, with a kill between
const directory = mkdtempSync(path.join(os.tmpdir(), 'stator-streams-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const TableName = 'followed';
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const args = ['--data-dir', directory, '--stream-shard-ms', '2000', '--stream-shards', '3'];
let server;
let db;
let streams;

// The clients of what listens now: each start has a port of its own.
async function start() {
  server = await startServer(args);
  const settings = { endpoint: server.endpoint, region, credentials, maxAttempts: 1 };
  for (const client of [db, streams]) client?.destroy();
  db = new DynamoDBClient(settings);
  streams = new DynamoDBStreamsClient(settings);
}

after(async () => {
  for (const client of [db, streams]) client?.destroy();
  await server?.kill();
});

// Until the server answers: it is down for a moment. A write may then happen twice; the stream must
// tell it as often as it happened.
async function insist(command) {
  const forStreams = /Stream|Shard|Records/.test(command.constructor.name);
  for (let tries = 0; ; tries++) {
    try {
      return await (forStreams ? streams : db).send(command);
    } catch (error) {
      if (error.name === 'TransactionCanceledException' || error.name === 'ValidationException' || tries === 200) throw error;
      await pause(50);
    }
  }
}

const id = (writer, n) => ({ id: { S: `w${writer}-${n % 25}` } });
const number = (n) => ({ N: String(n) });

// Own keys and one that all share, by all ways of writing.
async function write(writer, isOver) {
  let count = 0;
  for (let n = 0; n < 60 || !isOver(); n++) {
    const Key = id(writer, n * 7);
    const shared = { id: { S: 'shared' } };
    const increment = { TableName, Key: shared, UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': number(1) } };
    const pad = { S: 'x'.repeat(n % 500) };
    if (n % 5 === 0) await insist(new DeleteItemCommand({ TableName, Key }));
    else if (n % 5 === 1) await insist(new UpdateItemCommand(increment));
    else if (n % 5 === 2) {
      await insist(new TransactWriteItemsCommand({ TransactItems: [
        { Put: { TableName, Item: { ...id(writer, n), n: number(n) } } }, { Put: { TableName, Item: { ...id(writer, n + 1), pad } } }] }));
    } else await insist(new PutItemCommand({ TableName, Item: { ...Key, n: number(n), pad } }));
    count++;
  }
  return count;
}

class Consumer {
  constructor(arn) {
    Object.assign(this, { arn, copy: new Map(), shards: new Map(), numbers: new Set(), records: 0 });
  }

  // An image must be what the record before it left behind.
  take({ eventName, dynamodb: { Keys, OldImage, NewImage, SequenceNumber } }, shard) {
    const key = JSON.stringify(Keys);
    assert.ok(!this.numbers.has(SequenceNumber), `${SequenceNumber} came twice`);
    this.numbers.add(SequenceNumber);
    assert.ok(SequenceNumber > (shard.last ?? shard.from), 'numbers of a shard rise');
    shard.last = SequenceNumber;
    assert.deepEqual(OldImage, this.copy.get(key), `the old image of ${key}`);
    assert.equal(eventName, !OldImage ? 'INSERT' : NewImage ? 'MODIFY' : 'REMOVE');
    if (NewImage) this.copy.set(key, NewImage);
    else this.copy.delete(key);
    this.records++;
  }

  async discover() {
    let ExclusiveStartShardId;
    do {
      const { StreamDescription } = await insist(new DescribeStreamCommand({ StreamArn: this.arn, Limit: 20, ExclusiveStartShardId }));
      for (const { ShardId, ParentShardId, SequenceNumberRange: range } of StreamDescription.Shards) {
        const shard = this.shards.get(ShardId) ?? { ShardId, ParentShardId, from: range.StartingSequenceNumber, done: false };
        shard.to = range.EndingSequenceNumber;
        this.shards.set(ShardId, shard);
      }
      ExclusiveStartShardId = StreamDescription.LastEvaluatedShardId;
    } while (ExclusiveStartShardId);
  }

  async step(shard) {
    shard.iterator ??= (await insist(new GetShardIteratorCommand({
      StreamArn: this.arn, ShardId: shard.ShardId, ShardIteratorType: 'TRIM_HORIZON' }))).ShardIterator;
    const page = await insist(new GetRecordsCommand({ ShardIterator: shard.iterator, Limit: 50 }));
    for (const record of page.Records) this.take(record, shard);
    shard.iterator = page.NextShardIterator;
    shard.done = !page.NextShardIterator;
    return page.Records.length;
  }

  // One page of each shard whose parent is done; how many records there were.
  async round() {
    await this.discover();
    let found = 0;
    for (const shard of [...this.shards.values()]) {
      if (!shard.done && (!shard.ParentShardId || this.shards.get(shard.ParentShardId).done)) found += await this.step(shard);
    }
    return found;
  }

  async follow(isOver) {
    for (let quiet = 0; quiet < 3;) {
      const over = isOver();
      const open = [...this.shards.values()].filter((shard) => shard.to && !shard.done).length;
      quiet = (await this.round()) === 0 && open === 0 && over ? quiet + 1 : 0;
    }
  }
}

async function wholeTable() {
  const items = new Map();
  let ExclusiveStartKey;
  do {
    const page = await db.send(new ScanCommand({ TableName, ExclusiveStartKey, ConsistentRead: true }));
    for (const item of page.Items) items.set(JSON.stringify({ id: item.id }), item);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return items;
}

test('a consumer through two roll-overs and a kill has a copy equal to the table', async () => {
  await start();
  await db.send(new CreateTableCommand({ TableName, BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } }));
  const { Table } = await db.send(new DescribeTableCommand({ TableName }));
  const consumer = new Consumer(Table.LatestStreamArn);
  const generations = () => new Set([...consumer.shards.values()].map((shard) => shard.ShardId.slice(0, 28))).size;
  const until = Date.now() + 2 * PHASE_MS;
  const enough = () => Date.now() > until && generations() >= 3;
  let over = false;
  const writing = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer, enough))).finally(() => { over = true; });
  const following = consumer.follow(() => over);
  await pause(PHASE_MS);
  await server.kill();
  await start();
  const counts = await writing;
  await following;

  assert.deepEqual(consumer.copy, await wholeTable());
  await consumer.discover();
  for (const shard of consumer.shards.values()) {
    assert.ok(shard.to || !shard.done, 'a shard that ended is closed');
    assert.ok(!shard.to || !shard.last || shard.last < shard.to, 'its end is behind its last record');
  }
  assert.ok(generations() >= 3, `shards rolled over ${generations() - 1} times`);
  assert.ok(consumer.records > 100 && counts.every((count) => count > 10), `${consumer.records} records of ${counts}`);

  // From the beginning again, after another restart, and with the stream switched off: the same.
  await server.stop();
  await start();
  await db.send(new UpdateTableCommand({ TableName, StreamSpecification: { StreamEnabled: false } }));
  const again = new Consumer(consumer.arn);
  for (;;) {
    await again.round();
    if ([...again.shards.values()].every((shard) => shard.done)) break;
  }
  assert.deepEqual(again.copy, consumer.copy);
  assert.deepEqual(again.numbers, consumer.numbers);
  await server.stop();
  const verified = await runToEnd(['verify', directory]);
  assert.equal(verified.code, 0, verified.stdout);
  assert.match(verified.stdout, new RegExp(`${consumer.records} change records: 0 findings`));
});
