// GetRecords: what a record holds, what makes one, their order, pages, and iterators that are not ours.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { L, M, N, NULL, S, expectError, expectInvalid, harness, notNull, refusals, tooLarge, tooLong, tooShort, tooSmall, violations, waitActive }
  from './lib/index.mjs';
import { VIEWS, allRecords, allShards, inOrder, iterator, readOn, streamOf, streamed } from './lib/streams.mjs';

const context = await harness(['--in-memory', '--stream-shards', '3']);
const { db, streams, table } = context;

// Put, changed, deleted: three records.
async function threeChanges(view) {
  const made = await streamed(context, { key: 'p s:N' }, view);
  const { TableName } = made;
  const Key = { p: S('k'), s: N(7) };
  await db.PutItem({ TableName, Item: { ...Key, v: N(1) } });
  await db.UpdateItem({ TableName, Key, UpdateExpression: 'SET v = :v', ExpressionAttributeValues: { ':v': N(2) } });
  await db.DeleteItem({ TableName, Key });
  return { ...made, Key, records: await allRecords(streams, made.StreamArn) };
}

for (const view of VIEWS) {
  test(`records of a stream with ${view} hold the images it asks for`, async () => {
    const { Key, records } = await threeChanges(view);
    const images = [[undefined, { ...Key, v: N(1) }], [{ ...Key, v: N(1) }, { ...Key, v: N(2) }], [{ ...Key, v: N(2) }, undefined]];
    assert.deepEqual(records.map((record) => record.eventName), ['INSERT', 'MODIFY', 'REMOVE']);
    records.forEach((record, at) => {
      const [before, after] = images[at];
      const { dynamodb } = record;
      assert.deepEqual(dynamodb.Keys, Key);
      assert.deepEqual(dynamodb.OldImage, /OLD/.test(view) ? before : undefined);
      assert.deepEqual(dynamodb.NewImage, /NEW/.test(view) ? after : undefined);
      assert.equal(dynamodb.StreamViewType, view);
      // The size of attributes as items have it: keys 5, an item 7, for each time that one is there.
      assert.equal(dynamodb.SizeBytes, 5 + ['OldImage', 'NewImage'].filter((name) => dynamodb[name]).length * 8);
    });
  });
}

test('a record says who made it, when, where and under which number', async () => {
  const { records } = await threeChanges();
  for (const record of records) {
    assert.match(record.eventID, /^[0-9a-f]{32}$/);
    assert.equal(record.eventVersion, '1.1');
    assert.equal(record.eventSource, 'aws:dynamodb');
    assert.match(record.awsRegion, /^[a-z]+-[a-z]+-\d$/);
    assert.equal(record.userIdentity, undefined);
    assert.ok(Number.isInteger(record.dynamodb.ApproximateCreationDateTime));
    assert.ok(Math.abs(record.dynamodb.ApproximateCreationDateTime - Date.now() / 1000) < 60);
    assert.match(record.dynamodb.SequenceNumber, /^\d{21,40}$/);
  }
  assert.equal(new Set(records.map((record) => record.eventID)).size, 3);
  const sequence = records.map((record) => BigInt(record.dynamodb.SequenceNumber));
  assert.ok(sequence[0] < sequence[1] && sequence[1] < sequence[2]);
});

test('records read again are the same records', async () => {
  const { StreamArn, records } = await threeChanges();
  assert.deepEqual(await allRecords(streams, StreamArn), records);
});

test('the documented example has the documented sizes', async () => {
  const { TableName, StreamArn } = await streamed(context, { key: 'Id:N' });
  const put = (text) => db.PutItem({ TableName, Item: { Id: N(101), Message: S(text) } });
  await put('New item!');
  await put('This item has changed');
  await db.DeleteItem({ TableName, Key: { Id: N(101) } });
  assert.deepEqual((await allRecords(streams, StreamArn)).map((record) => record.dynamodb.SizeBytes), [26, 59, 38]);
});

test('a write that changes nothing makes no record, singly, in batches and in transactions', async () => {
  const { TableName, StreamArn } = await streamed(context);
  const Item = { id: S('a'), m: M({ a: N(1), b: L(S('x'), NULL) }) };
  const again = { m: M({ b: L(S('x'), NULL), a: N('1.0') }), id: S('a') };
  const Key = { id: S('a') };
  await db.PutItem({ TableName, Item });
  await db.PutItem({ TableName, Item: again });
  await db.BatchWriteItem({ RequestItems: { [TableName]: [{ PutRequest: { Item: again } }, { DeleteRequest: { Key: { id: S('none') } } }] } });
  await db.TransactWriteItems({ TransactItems: [
    { Put: { TableName, Item: again } }, { Delete: { TableName, Key: { id: S('none') } } },
    { ConditionCheck: { TableName, Key: { id: S('other') }, ConditionExpression: 'attribute_not_exists(id)' } }] });
  await db.DeleteItem({ TableName, Key: { id: S('none') } });
  await db.UpdateItem({ TableName, Key, UpdateExpression: 'REMOVE extra_one' });
  await db.UpdateItem({ TableName, Key, UpdateExpression: 'SET m = m' });
  await db.UpdateItem({ TableName, Key });
  await expectError(db.PutItem({ TableName, Item: { id: S('a') }, ConditionExpression: 'attribute_not_exists(id)' }), { type: 'ConditionalCheckFailedException' });
  assert.equal((await allRecords(streams, StreamArn)).length, 1);
});

test('replacing an item is one MODIFY; an item of its key alone has an image', async () => {
  const { TableName, StreamArn } = await streamed(context);
  await db.PutItem({ TableName, Item: { id: S('a') } });
  await db.PutItem({ TableName, Item: { id: S('a'), other: S('x') } });
  const records = await allRecords(streams, StreamArn);
  assert.deepEqual(records.map(({ eventName }) => eventName), ['INSERT', 'MODIFY']);
  assert.deepEqual(records[1].dynamodb.OldImage, { id: S('a') });
});

test('a transaction\'s changes, and a batch\'s, have a record each, with numbers of their own', async () => {
  const { TableName, StreamArn } = await streamed(context);
  const keys = Array.from({ length: 20 }, (_, at) => S(`k${at}`));
  await db.TransactWriteItems({ TransactItems: keys.map((id) => ({ Put: { TableName, Item: { id } } })) });
  await db.BatchWriteItem({ RequestItems: { [TableName]: keys.map((id) => ({ DeleteRequest: { Key: { id } } })) } });
  const records = inOrder(await allRecords(streams, StreamArn));
  assert.equal(new Set(records.map((record) => record.dynamodb.SequenceNumber)).size, 40);
  assert.deepEqual(records.map((record) => record.eventName), [...Array(20).fill('INSERT'), ...Array(20).fill('REMOVE')]);
  const names = (part) => part.map((record) => record.dynamodb.Keys.id.S).sort();
  assert.deepEqual(names(records.slice(0, 20)), keys.map((id) => id.S).sort());
  assert.deepEqual(names(records.slice(20)), keys.map((id) => id.S).sort());
});

test('a key\'s records are in one shard, in the order of its writes; keys spread over the shards', async () => {
  const { TableName, StreamArn } = await streamed(context);
  for (let n = 1; n <= 4; n++) {
    await Promise.all(Array.from({ length: 30 }, (_, at) => db.PutItem({ TableName, Item: { id: S(`k${at}`), n: N(n) } })));
  }
  const seen = new Map();
  const used = new Set();
  for (const { ShardId } of await allShards(streams, StreamArn)) {
    for (const record of (await readOn(streams, await iterator(streams, StreamArn, ShardId))).records) {
      const id = record.dynamodb.Keys.id.S;
      const entry = seen.get(id) ?? { ShardId, numbers: [] };
      assert.equal(entry.ShardId, ShardId);
      entry.numbers.push(Number(record.dynamodb.NewImage.n.N));
      seen.set(id, entry);
      used.add(ShardId);
    }
  }
  assert.equal(seen.size, 30);
  assert.equal(used.size, 3);
  for (const { numbers } of seen.values()) assert.deepEqual(numbers, [1, 2, 3, 4]);
});

test('Limit holds, pages join without loss, and an idle open shard gives empty pages', async () => {
  const { TableName, StreamArn } = await streamed(context);
  for (let n = 0; n < 7; n++) await db.PutItem({ TableName, Item: { id: S('a'), n: N(n) } });
  const all = await allRecords(streams, StreamArn);
  for (const Limit of [1, 3, 7, 1000]) {
    const records = [];
    for (const { ShardId } of await allShards(streams, StreamArn)) {
      let next = await iterator(streams, StreamArn, ShardId);
      for (let empty = 0; empty < 2;) {
        const page = await streams.GetRecords({ ShardIterator: next, Limit });
        assert.ok(page.Records.length <= Limit);
        records.push(...page.Records);
        empty += page.Records.length === 0;
        next = page.NextShardIterator;
        assert.equal(typeof next, 'string');
      }
    }
    assert.deepEqual(records, all);
  }
});

test('a page is at most about a megabyte', async () => {
  const { TableName, StreamArn } = await streamed(context);
  const pad = S('x'.repeat(300 * 1024));
  for (let n = 0; n < 6; n++) await db.PutItem({ TableName, Item: { id: S('a'), n: N(n), pad } });
  let found = 0;
  for (const { ShardId } of await allShards(streams, StreamArn)) {
    let next = await iterator(streams, StreamArn, ShardId);
    for (let page; next && page?.Records.length !== 0; next = page.NextShardIterator) {
      page = await streams.GetRecords({ ShardIterator: next });
      const bytes = page.Records.reduce((sum, record) => sum + record.dynamodb.SizeBytes, 0);
      assert.ok(bytes <= 1024 * 1024, `${bytes}`);
      found += page.Records.length;
    }
  }
  assert.equal(found, 6);
});

test('an item that expired is removed by the service, an item that a user deletes is not', async () => {
  const { TableName, StreamArn } = await streamed(context);
  await db.UpdateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: 'ends' } });
  const ends = N(Math.floor(Date.now() / 1000) - 5);
  await db.PutItem({ TableName, Item: { id: S('expired'), ends } });
  await db.PutItem({ TableName, Item: { id: S('deleted') } });
  await db.DeleteItem({ TableName, Key: { id: S('deleted') } });
  let removed = [];
  for (let tries = 0; removed.length < 2 && tries < 200; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    removed = (await allRecords(streams, StreamArn)).filter((record) => record.eventName === 'REMOVE');
  }
  const byId = Object.fromEntries(removed.map((record) => [record.dynamodb.Keys.id.S, record]));
  assert.deepEqual(byId.expired.userIdentity, { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' });
  assert.deepEqual(byId.expired.dynamodb.OldImage, { id: S('expired'), ends });
  assert.equal(byId.deleted.userIdentity, undefined);
});

test('what is written while a stream is off is in none', async () => {
  const { TableName, StreamArn } = await streamed(context);
  const put = (n) => db.PutItem({ TableName, Item: { id: S('a'), n: N(n) } });
  await put(1);
  await db.UpdateTable({ TableName, StreamSpecification: { StreamEnabled: false } });
  await waitActive(db, TableName);
  await put(2);
  const { TableDescription } = await db.UpdateTable({ TableName, ...streamOf('NEW_IMAGE') });
  await waitActive(db, TableName);
  await put(3);
  const numbers = (records) => records.map((record) => record.dynamodb.NewImage.n.N);
  assert.deepEqual(numbers(await allRecords(streams, StreamArn)), ['1']);
  assert.deepEqual(numbers(await allRecords(streams, TableDescription.LatestStreamArn)), ['3']);
});

test('the records of a deleted table can be read to their end, also by a table of its name', async () => {
  const { TableName, StreamArn } = await streamed(context);
  await db.PutItem({ TableName, Item: { id: S('a') } });
  await db.DeleteTable({ TableName });
  await table({ name: TableName, ...streamOf('KEYS_ONLY') });
  await db.PutItem({ TableName, Item: { id: S('b') } });
  assert.deepEqual((await allRecords(streams, StreamArn)).map((record) => record.dynamodb.Keys.id.S), ['a']);
  for (const { ShardId } of await allShards(streams, StreamArn)) {
    const page = await streams.GetRecords({ ShardIterator: await iterator(streams, StreamArn, ShardId) });
    assert.equal(page.NextShardIterator, undefined);
  }
});

const { StreamArn: someArn } = await streamed(context);
const [{ ShardId: someShard }] = await allShards(streams, someArn);
const good = await iterator(streams, someArn, someShard);

refusals(streams, 'GetRecords', { ShardIterator: good }, [
  ['no iterator', { ShardIterator: undefined }, violations(notNull('shardIterator'))],
  ['an empty iterator', { ShardIterator: '' }, violations(tooShort('shardIterator', '', 1))],
  ['an iterator that is too long', { ShardIterator: 'x'.repeat(2049) }, violations(tooLong('shardIterator', 'x'.repeat(2049), 2048))],
  ['a limit of 0', { Limit: 0 }, violations(tooSmall('limit', 0, 1))],
  ['a limit of 1,001', { Limit: 1001 }, violations(tooLarge('limit', 1001, 1000))],
  ['what is no iterator', { ShardIterator: 'nonsense' }, 'Invalid ShardIterator'],
  ['half an iterator', { ShardIterator: good.slice(0, -10) }, 'Invalid ShardIterator'],
  ['an iterator with a letter changed', { ShardIterator: good.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) }, 'Invalid ShardIterator'],
]);

test('an iterator under another stream\'s name is refused', async () => {
  const { StreamArn } = await streamed(context);
  await expectInvalid(streams.GetRecords({ ShardIterator: good.replace(someArn, StreamArn) }), 'Invalid ShardIterator');
});
