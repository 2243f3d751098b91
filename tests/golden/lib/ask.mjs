// Everything a golden directory is asked, as one object. What is asked follows from what is there; what
// time changes (tables named here) is asked by the tests themselves.

import { createHash } from 'node:crypto';
import { allRecords, pages, unordered, waitActive } from './names.mjs';

const CHANGES = ['half', 'due'];
const sorted = (items) => items.map((item) => JSON.stringify(inOrder(unordered(item)))).sort().map((text) => JSON.parse(text));

function inOrder(value) {
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, inOrder(value[name])]));
}

const all = async (db, operation, request) => (await pages(db, operation, request)).flatMap((page) => page.Items);
export const hashOf = (items) => createHash('sha256').update(JSON.stringify(sorted(items))).digest('hex');

// An answer; nothing when the version does not know the question.
async function known(asked) {
  try {
    return await asked;
  } catch (error) {
    if (/UnknownOperation|ValidationException/.test(error.name)) return undefined;
    throw error;
  }
}

// Long strings would only make the file long.
const short = (text) => (text.length <= 200 ? text : `${text.length} characters, sha256 ${createHash('sha256').update(text).digest('hex')}`);
const shortened = (value) => JSON.parse(JSON.stringify(value), (_, inner) => (typeof inner === 'string' ? short(inner) : inner));

async function askTable(db, TableName) {
  const { Table } = await db.DescribeTable({ TableName });
  const answers = { description: inOrder(Table) };
  const items = await all(db, 'Scan', { TableName, ConsistentRead: true });
  answers.items = sorted(items);
  const keys = Table.KeySchema.map(({ AttributeName }) => AttributeName);
  answers.ordered = {}; // by the sort key, of each partition
  if (keys.length === 2) {
    for (const hash of new Set(items.map((item) => JSON.stringify(item[keys[0]])))) {
      const found = await all(db, 'Query', { TableName, KeyConditionExpression: '#h = :h', ExpressionAttributeNames: { '#h': keys[0] },
        ExpressionAttributeValues: { ':h': JSON.parse(hash) } });
      answers.ordered[short(hash)] = found.map((item) => item[keys[1]]);
    }
  }
  for (const item of items) {
    const Key = Object.fromEntries(keys.map((name) => [name, item[name]]));
    const { Item } = await db.GetItem({ TableName, Key, ConsistentRead: true });
    if (hashOf([Item]) !== hashOf([item])) throw new Error(`GetItem and Scan differ: ${JSON.stringify(Key)}`);
  }
  answers.indexes = {};
  for (const { IndexName } of [...(Table.GlobalSecondaryIndexes ?? []), ...(Table.LocalSecondaryIndexes ?? [])])
    answers.indexes[IndexName] = sorted(await all(db, 'Scan', { TableName, IndexName }));
  answers.timeToLive = (await known(db.DescribeTimeToLive({ TableName })))?.TimeToLiveDescription;
  answers.tags = (await known(db.ListTagsOfResource({ ResourceArn: Table.TableArn })))?.Tags;
  answers.insights = (await known(db.DescribeContributorInsights({ TableName })))?.ContributorInsightsStatus;
  answers.destinations = (await known(db.DescribeKinesisStreamingDestination({ TableName })))?.KinesisDataStreamDestinations
    ?.map(({ StreamArn }) => StreamArn);
  return answers;
}

// Records by the stream's label: each shard's in its order, shards in theirs.
async function askStreams(streams) {
  const list = (await known(streams.ListStreams({})))?.Streams;
  if (!list) return undefined;
  const answers = {};
  for (const { StreamArn } of list) {
    const { StreamDescription } = await streams.DescribeStream({ StreamArn });
    const { StreamLabel, StreamViewType, TableName, KeySchema } = StreamDescription;
    const records = (await allRecords(streams, StreamArn)).map(({ eventName, dynamodb, userIdentity }) => ({ eventName, userIdentity, ...dynamodb }));
    answers[StreamArn] = { StreamLabel, StreamViewType, TableName, KeySchema, records: records.map((record) => inOrder(unordered(record))) };
  }
  return answers;
}

export async function ask(db, streams) {
  const { TableNames } = await db.ListTables({});
  const answers = { TableNames, tables: {}, streams: await askStreams(streams) };
  for (const name of TableNames) if (!CHANGES.includes(name)) answers.tables[name] = await askTable(db, name);
  return shortened(answers);
}

// The table with the half-built index: once that is built, both of these are the same.
export async function askHalf(db) {
  const Table = await waitActive(db, 'half');
  const items = await all(db, 'Scan', { TableName: 'half', ConsistentRead: true });
  const found = { count: items.length, hash: hashOf(items) };
  if (Table.GlobalSecondaryIndexes) {
    const entries = await all(db, 'Scan', { TableName: 'half', IndexName: 'byG' });
    found.index = { count: entries.length, hash: hashOf(entries) };
  }
  return found;
}
