// Time to live at work: what is deleted, when, and what stays.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { B, L, M, N, NS, S, harness, load, pages } from './lib/index.mjs';
import { RawClient } from './lib/raw.mjs';
import { givenEndpoint, startServer } from './lib/server.mjs';

// The service takes up to two days; only a server of our own is quick enough to be watched.
const options = { skip: givenEndpoint() ? 'needs a server that expires within seconds' : false };
const { db, table } = await harness();
const now = () => Math.floor(Date.now() / 1000);
const YEAR = 365 * 24 * 3600;

const enable = (TableName, AttributeName = 'ttl') =>
  db.UpdateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName } });
const all = async (TableName, request = {}) => (await pages(db, 'Scan', { TableName, ...request })).flatMap((page) => page.Items);
const ids = async (TableName) => (await all(TableName)).map((item) => item.id.S).sort();

async function until(what, holds, seconds = 20) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`not within ${seconds} s: ${what}`);
}

// Items that were written before this one have had their chance when this one is gone.
async function oneSweep(TableName, attribute = 'ttl') {
  for (let round = 0; round < 2; round++) {
    await db.PutItem({ TableName, Item: { id: S('witness'), [attribute]: N(now() - 10) } });
    await until('the witness expires', async () => !(await db.GetItem({ TableName, Key: { id: S('witness') }, ConsistentRead: true })).Item);
  }
}

test('an expired item is deleted, one of the future stays', options, async () => {
  const name = await table({});
  await enable(name);
  await load(db, name, [{ id: S('past'), ttl: N(now() - 60) }, { id: S('soon'), ttl: N(now() + 1) }, { id: S('future'), ttl: N(now() + 3600) }, { id: S('none') }]);
  await until('past is gone', async () => !(await ids(name)).includes('past'));
  await until('soon is gone', async () => !(await ids(name)).includes('soon'), 30);
  assert.deepEqual(await ids(name), ['future', 'none']);
});

test('items from before time to live was enabled expire, too', options, async () => {
  const name = await table({});
  await load(db, name, Array.from({ length: 300 }, (_, at) => ({ id: S(`old${at}`), ttl: N(now() - 100 - at) })));
  await load(db, name, [{ id: S('future'), ttl: N(now() + 3600) }]);
  await enable(name);
  await until('all old items are gone', async () => (await ids(name)).length === 1);
  assert.deepEqual(await ids(name), ['future']);
});

test('only numbers in the top level expire, and none that are five years old', options, async () => {
  const name = await table({});
  await enable(name);
  const past = now() - 60;
  const staying = [
    { id: S('text'), ttl: S(String(past)) }, { id: S('set'), ttl: NS(past) }, { id: S('list'), ttl: L(N(past)) }, { id: S('map'), ttl: M({ ttl: N(past) }) },
    { id: S('binary'), ttl: B('1') }, { id: S('nested'), inner: M({ ttl: N(past) }) }, { id: S('zero'), ttl: N(0) }, { id: S('negative'), ttl: N(-past) },
    { id: S('mistake'), ttl: N(now() - 5 * YEAR - 24 * 3600) }, { id: S('milliseconds'), ttl: N(past * 1000) }, { id: S('huge'), ttl: N('9e125') },
    { id: S('tiny'), ttl: N('1e-130') },
  ];
  const going = [{ id: S('fraction'), ttl: N(`${past}.5`) }, { id: S('exponent'), ttl: N(`${past}e0`) }, { id: S('years'), ttl: N(now() - 4 * YEAR) }];
  await load(db, name, [...staying, ...going]);
  await oneSweep(name);
  assert.deepEqual(await ids(name), staying.map((item) => item.id.S).sort());
});

test('an attribute that is a key expires as any other', options, async () => {
  const name = await table({ key: 'id at:N' });
  await enable(name, 'at');
  await load(db, name, [{ id: S('a'), at: N(now() - 60) }, { id: S('a'), at: N(now() + 3600) }]);
  await until('one of two items is gone', async () => (await all(name)).length === 1);
});

test('after disabling nothing expires any more', options, async () => {
  const name = await table({});
  await enable(name);
  await db.PutItem({ TableName: name, Item: { id: S('soon'), ttl: N(now() + 2) } });
  await db.UpdateTimeToLive({ TableName: name, TimeToLiveSpecification: { Enabled: false, AttributeName: 'ttl' } });
  await db.PutItem({ TableName: name, Item: { id: S('past'), ttl: N(now() - 60) } });
  await new Promise((resolve) => setTimeout(resolve, 4000));
  assert.deepEqual(await ids(name), ['past', 'soon']);
});

test('after a change of the attribute the other one counts', options, async () => {
  const name = await table({});
  await enable(name);
  await db.UpdateTimeToLive({ TableName: name, TimeToLiveSpecification: { Enabled: false, AttributeName: 'ttl' } });
  await load(db, name, [{ id: S('first'), ttl: N(now() - 60) }, { id: S('second'), other: N(now() - 60) }]);
  await enable(name, 'other');
  await oneSweep(name, 'other');
  assert.deepEqual(await ids(name), ['first']);
});

test('five thousand items vanish from table, indexes and counts, and those that are updated meanwhile stay', options, async () => {
  const name = await table({ key: 'id s:N', gsi: { byG: { key: 'g' } }, lsi: { byT: { key: 'id t:N' } } });
  const end = now() + 3;
  const item = (at) => ({ id: S(`p${at % 50}`), s: N(at), g: S(`g${at % 7}`), t: N(at), ttl: N(end) });
  await enable(name);
  const kept = new Set();
  const update = async (at) => {
    const Key = { id: S(`p${at % 50}`), s: N(at) };
    const change = at % 2
      ? { UpdateExpression: 'SET #t = :later', ExpressionAttributeValues: { ':later': N(end + 10000) } } : { UpdateExpression: 'REMOVE #t' };
    try {
      await db.UpdateItem({ TableName: name, Key, ConditionExpression: 'attribute_exists(id)', ExpressionAttributeNames: { '#t': 'ttl' }, ...change });
      kept.add(at);
    } catch (error) {
      assert.equal(error.name, 'ConditionalCheckFailedException'); // it was deleted first
    }
  };
  const items = Array.from({ length: 5000 }, (_, at) => item(at));
  await load(db, name, items.slice(0, 25));
  await Promise.all([1, 2].map(update)); // in time, however long it takes to load the others
  await load(db, name, items.slice(25));
  for (let at = 0; at < 5000; at += 50) await Promise.all([at, at + 13, at + 26].map(update));
  await until('all others are gone', async () => (await db.Scan({ TableName: name, Select: 'COUNT' })).Count === kept.size, 60);
  assert.ok(kept.size > 0);
  const left = (items) => items.map((each) => Number(each.s.N)).sort((a, b) => a - b);
  const wanted = [...kept].sort((a, b) => a - b);
  for (const IndexName of [undefined, 'byG', 'byT']) assert.deepEqual(left(await all(name, { IndexName })), wanted);
  const { Table } = await db.DescribeTable({ TableName: name });
  assert.equal(Table.ItemCount, kept.size);
  assert.equal(Table.GlobalSecondaryIndexes[0].ItemCount, kept.size);
});

test('an item that waits to be deleted is read, updated and kept like any other', options, async () => {
  const server = await startServer(['--in-memory', '--ttl-delay-ms', '1500']);
  const client = new RawClient(server.endpoint);
  const call = (operation, body) => client.call(operation, body);
  const TableName = 'waiting';
  const get = async (id) => (await call('GetItem', { TableName, Key: { id: S(id) } })).Item;
  try {
    await call('CreateTable', { TableName, KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }], BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }] });
    await call('UpdateTimeToLive', { TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: 'ttl' } });
    for (const id of ['a', 'b', 'c']) await call('PutItem', { TableName, Item: { id: S(id), ttl: N(now()) } });
    for (const id of ['a', 'b', 'c']) assert.ok(await get(id), id);
    assert.equal((await call('Scan', { TableName })).Count, 3);
    await call('UpdateItem', { TableName, Key: { id: S('b') }, UpdateExpression: 'SET #t = :t', ExpressionAttributeNames: { '#t': 'ttl' },
      ExpressionAttributeValues: { ':t': N(now() + 3600) } });
    await call('UpdateItem', { TableName, Key: { id: S('c') }, UpdateExpression: 'SET x = :x', ExpressionAttributeValues: { ':x': N(1) } });
    await until('a and c are gone', async () => !(await get('a')) && !(await get('c')));
    assert.ok(await get('b'));
    const metrics = await (await fetch(`${server.endpoint}/metrics`)).text();
    assert.match(metrics, /^dynamodb_time_to_live_deleted_item_count_total 2$/m);
  } finally {
    client.close();
    await server.stop();
  }
});
