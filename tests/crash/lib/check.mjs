// What must be true of a database that was left in the middle of load.mjs: all that was
// acknowledged is there, what was not is there as a whole or not at all, indexes say what tables say,
// streams tell each change once, and `stator verify` finds no fault. Afterwards what was found is
// what is known.

import assert from 'node:assert/strict';
import { RawClient } from '../../api/lib/index.mjs';
import { runToEnd } from '../../api/lib/server.mjs';
import { allShards, inOrder, iterator, readOn } from '../../api/lib/streams.mjs';
import { CRASH, OTHER, expires, nameOf, values } from './load.mjs';

const text = (each) => JSON.stringify(Object.fromEntries(Object.entries(each).sort(([left], [right]) => (left < right ? -1 : 1))));

async function read(db, request) {
  const items = [];
  let ExclusiveStartKey;
  do {
    const page = await db.Scan({ ...request, ExclusiveStartKey });
    items.push(...page.Items);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return items;
}

export async function verify(directory) {
  const { code, stdout, stderr } = await runToEnd(['verify', directory], { timeout: 60000 });
  assert.equal(code, 0, `stator verify: ${stdout}${stderr}`);
}

const sharedOf = (items) => items.find((item) => item.id.S === 'shared');

// Items are whole, and each is there once.
function storedVersions(table, items) {
  const stored = new Map();
  for (const item of items) {
    if (table === OTHER && item.id.S === 'shared') continue;
    const version = Number(item.version.N);
    const { e, ...rest } = item;
    const { e: _, ...wanted } = values(table, version);
    const key = table === CRASH ? { p: item.p, s: item.s } : { id: item.id };
    assert.equal(text(rest), text({ ...key, ...wanted }), 'an item is whole');
    assert.equal(e !== undefined, expires(table, version), 'an item is whole');
    assert.ok(!stored.has(nameOf(table, item)), `${nameOf(table, item)} is there once`);
    stored.set(nameOf(table, item), version);
  }
  return stored;
}

function allowed(found, state, table) {
  return found === state || (found === 0 && state !== 0 && expires(table, state));
}

// How much of a writer's open write is there: [certainly, perhaps] once for a transaction.
function openOutcome(writer, stored) {
  const write = writer.open;
  let done = 0;
  let undone = 0;
  for (const { name, version, table } of write.states) {
    const known = writer.known.get(name) ?? 0;
    const found = stored.get(name) ?? 0;
    const isNew = allowed(found, version, table);
    const isOld = allowed(found, known, table);
    assert.ok(isNew || isOld, `${name}: found ${found}, allowed ${known} or ${version} of an open ${write.operation}`);
    if (isNew && !isOld) done++;
    if (isOld && !isNew) undone++;
  }
  if (write.whole) assert.ok(done === 0 || undone === 0, `${writer.name}: a transaction is whole (${done} there, ${undone} not)`);
  return { done, undone };
}

function checkWriters(world, stored, shared) {
  let whole = [world.whole, world.whole];
  let added = [world.added, world.added];
  const mine = new Map(world.writers.map((writer) => [writer.name, new Set()]));
  for (const name of stored.keys()) mine.get(name.split('/')[1]).add(name);
  for (const writer of world.writers) {
    const open = new Set(writer.open?.states.map(({ name }) => name));
    for (const name of new Set([...writer.known.keys(), ...mine.get(writer.name)])) {
      const found = stored.get(name) ?? 0;
      const known = writer.known.get(name) ?? 0;
      if (!open.has(name)) assert.ok(allowed(found, known, name.split('/')[0]), `${name}: found ${found}, acknowledged ${known}`);
    }
    if (!writer.open) continue;
    const { done, undone } = openOutcome(writer, stored);
    if (writer.open.whole) whole = [whole[0] + (done > 0), whole[1] + (undone === 0)];
    if (writer.open.adds) added = [added[0], added[1] + 1];
    for (const name of open) writer.known.set(name, stored.get(name) ?? 0);
    writer.open = undefined;
  }
  const between = (value, [least, most], what) => assert.ok(value >= least && value <= most, `${what}: ${value}, not ${least} to ${most}`);
  world.whole = Number(shared?.whole?.N ?? 0);
  world.added = Number(shared?.added?.N ?? 0);
  between(world.whole, whole, 'the counter of transactions');
  between(world.added, added, 'the counter of additions');
  for (const writer of world.writers) for (const [name] of writer.known) writer.known.set(name, stored.get(name) ?? 0);
}

async function checkIndexes(db, items, late) {
  const project = (each, names) => (names ? Object.fromEntries(names.filter((name) => each[name]).map((name) => [name, each[name]])) : each);
  const wanted = [[CRASH, 'byG'], [CRASH, 'byH', ['p', 's', 'h', 't']], [CRASH, 'byT', ['p', 's', 't', 'copy']]];
  if (late) wanted.push([OTHER, 'late']);
  for (const [TableName, IndexName, names] of wanted) {
    const entries = (await read(db, { TableName, IndexName })).map(text).sort();
    const expected = items[TableName].filter((item) => item.version).map((item) => text(project(item, names))).sort();
    assert.deepEqual(entries, expected, `${IndexName} agrees with ${TableName}`);
  }
}

// Records of each shard in their order; shards of a parent behind it.
async function recordsOf(streams, arn) {
  const shards = await allShards(streams, arn);
  const ends = new Map(shards.map((shard) => [shard.ShardId, shard.SequenceNumberRange.EndingSequenceNumber]));
  const all = [];
  for (const { ShardId, ParentShardId, SequenceNumberRange: range } of shards) {
    const { records } = await readOn(streams, await iterator(streams, arn, ShardId));
    let last = ParentShardId && ends.has(ParentShardId) ? ends.get(ParentShardId) : '';
    for (const { dynamodb: { SequenceNumber } } of records) {
      assert.ok(SequenceNumber > last, 'numbers of a shard rise, and are behind its parent');
      last = SequenceNumber;
    }
    if (range.EndingSequenceNumber && records.length) assert.ok(range.EndingSequenceNumber >= last, 'the end of a shard is behind its records');
    all.push(...records);
  }
  return inOrder(all);
}

// Every record's old image is what the one before it left behind, and the last is the table.
async function checkStream(db, streams, table, items, world) {
  const { Table } = await db.DescribeTable({ TableName: table });
  const records = await recordsOf(streams, Table.LatestStreamArn);
  const images = new Map();
  const told = new Set();
  const numbers = new Set();
  for (const { dynamodb: { Keys, OldImage, NewImage, SequenceNumber }, eventName } of records) {
    const name = nameOf(table, Keys);
    assert.ok(!numbers.has(SequenceNumber), `${SequenceNumber} comes once`);
    numbers.add(SequenceNumber);
    assert.equal(OldImage && text(OldImage), images.get(name), `the old image of ${name} is the last new one`);
    assert.equal(eventName, !OldImage ? 'INSERT' : NewImage ? 'MODIFY' : 'REMOVE');
    if (NewImage) images.set(name, text(NewImage));
    else images.delete(name);
    if (NewImage?.version) told.add(`${name}/${NewImage.version.N}`);
  }
  assert.deepEqual(images, new Map([...images].map(([name]) => [name, items.get(name)])), `the stream of ${table} ends with the table`);
  assert.equal(images.size, items.size, `the stream of ${table} has told of every item`);
  for (const image of world.images) {
    if (image.startsWith(`${table}/`)) assert.ok(told.has(image), `the stream tells of ${image}`);
  }
  return records.length;
}

async function checkTables(db, administrator, names) {
  for (const [name, count] of administrator.there) {
    if (administrator.unsure.has(name)) continue;
    assert.ok(names.has(name), `${name} was made and is there`);
    const items = await read(db, { TableName: name });
    assert.ok(items.length >= count, `${name} has ${items.length} items, not ${count}`);
  }
  for (const name of administrator.gone) assert.ok(!names.has(name), `${name} was deleted and is gone`);
  for (const name of administrator.unsure) {
    if (names.has(name)) administrator.there.set(name, administrator.there.get(name) ?? 0);
    else administrator.there.delete(name);
  }
  administrator.unsure.clear();
}

// The writes acknowledged so far, and how many records the streams hold.
export async function checkWorld(endpoint, world) {
  const client = new RawClient(endpoint);
  const db = new Proxy({}, { get: (_, operation) => (body) => client.call(operation, body) });
  const streams = new Proxy({}, { get: (_, operation) => (body) => client.call(`DynamoDBStreams_20120810.${operation}`, body) });
  const names = new Set();
  for (let page = {}, from; ;from = page.LastEvaluatedTableName) {
    page = await db.ListTables({ ExclusiveStartTableName: from });
    page.TableNames.forEach((name) => names.add(name));
    if (!page.LastEvaluatedTableName) break;
  }
  for (const name of world.made) assert.ok(names.has(name), `${name} is there`);
  await checkTables(db, world.administrator, names);
  let records = 0;
  if (names.has(CRASH) && names.has(OTHER)) {
    const items = {};
    const stored = new Map();
    for (const table of [CRASH, OTHER]) {
      items[table] = await read(db, { TableName: table, ConsistentRead: true });
      for (const [name, version] of storedVersions(table, items[table])) stored.set(name, version);
    }
    checkWriters(world, stored, sharedOf(items[OTHER]));
    const { Table } = await db.DescribeTable({ TableName: OTHER });
    const late = Table.GlobalSecondaryIndexes?.some(({ IndexName, IndexStatus }) => IndexName === 'late' && IndexStatus === 'ACTIVE');
    await checkIndexes(db, items, late);
    for (const table of [CRASH, OTHER]) {
      records += await checkStream(db, streams, table, new Map(items[table].map((item) => [nameOf(table, item), text(item)])), world);
    }
  }
  client.close();
  return records;
}
