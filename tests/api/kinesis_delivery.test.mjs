// What a streaming destination gets: every change with its images, each item's in their order, none
// left out when the endpoint goes away, refuses some, or the server restarts.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from './lib/case.mjs';
import { L, N, NULL, S, harness, load, tableRequest, uniqueName } from './lib/index.mjs';
import { pause, startKinesis, until, waitStatus } from './lib/kinesis.mjs';
import { RawClient } from './lib/raw.mjs';
import { startServer } from './lib/server.mjs';

const kinesis = await startKinesis();
after(() => kinesis.stop());
const { db, table } = await harness(['--in-memory', '--stream-shard-ms', '1000', '--kinesis-endpoint', kinesis.endpoint]);
async function enable(here, TableName, stream, shards = 1) {
  await here.EnableKinesisStreamingDestination({ TableName, StreamArn: await kinesis.createStream(stream, shards) });
  await waitStatus(here, TableName, 'ACTIVE');
}

// Of each item: the numbers `n` of its new images, in the order of arrival, without what came twice.
function numbersByKey(records) {
  const byKey = new Map();
  const seen = new Set();
  for (const { document } of records) {
    if (seen.has(document.eventID)) continue;
    seen.add(document.eventID);
    const id = document.dynamodb.Keys.id.S;
    byKey.set(id, [...(byKey.get(id) ?? []), Number(document.dynamodb.NewImage.n.N)]);
  }
  return byKey;
}
const upTo = (count) => Array.from({ length: count }, (_, at) => at);

test('put, update, delete: three documents, each with all that the service says', async () => {
  const TableName = await table({ key: 'p s:N' });
  await enable(db, TableName, 'kinds');
  const Keys = { p: S('k'), s: N(7) };
  const one = { ...Keys, v: N(1) };
  const two = { ...Keys, v: N(2) };
  await db.PutItem({ TableName, Item: one });
  await db.UpdateItem({ TableName, Key: Keys, UpdateExpression: 'SET v = :v', ExpressionAttributeValues: { ':v': N(2) } });
  await db.DeleteItem({ TableName, Key: Keys });
  const records = await kinesis.wait('kinds', 3);
  assert.equal(records.length, 3);
  const documents = records.map(({ document }) => document);
  assert.deepEqual(documents.map(({ eventName }) => eventName), ['INSERT', 'MODIFY', 'REMOVE']);
  assert.deepEqual(documents.map(({ dynamodb }) => [dynamodb.OldImage, dynamodb.NewImage]), [[undefined, one], [one, two], [two, undefined]]);
  for (const { dynamodb, eventID, eventName, ...rest } of documents) {
    assert.deepEqual(rest, { awsRegion: 'us-east-1', userIdentity: null, recordFormat: 'application/json', tableName: TableName, eventSource: 'aws:dynamodb' });
    assert.match(eventID, /^[0-9a-f]{32}$/);
    assert.deepEqual(dynamodb.Keys, Keys);
    assert.ok(Math.abs(dynamodb.ApproximateCreationDateTime - Date.now()) < 60000, eventName);
    assert.ok(dynamodb.SizeBytes > 0);
  }
  assert.equal(new Set(records.map(({ key }) => key)).size, 1);
});

test('batches and transactions, too; and what expires, with who did it', async () => {
  const TableName = await table({});
  await db.UpdateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: 'ttl' } });
  await enable(db, TableName, 'batches', 3);
  await load(db, TableName, upTo(60).map((at) => ({ id: S(`b${at}`) })));
  await db.TransactWriteItems({ TransactItems: upTo(40).map((at) => ({ Put: { TableName, Item: { id: S(`t${at}`) } } })) });
  await db.PutItem({ TableName, Item: { id: S('old'), ttl: N(Math.floor(Date.now() / 1000) - 10) } });
  const records = await kinesis.wait('batches', 102);
  const expired = records.filter(({ document }) => document.userIdentity !== null);
  assert.deepEqual(expired.map(({ document }) => [document.eventName, document.userIdentity]),
    [['REMOVE', { principalId: 'dynamodb.amazonaws.com', type: 'Service' }]]);
  assert.equal(new Set(records.map(({ key }) => key)).size, 101);
});

test('each item\'s changes come in their order, over shards that are replaced meanwhile', async () => {
  const TableName = await table({});
  await enable(db, TableName, 'order', 2);
  for (const n of upTo(30)) {
    await Promise.all(upTo(20).map((key) => db.PutItem({ TableName, Item: { id: S(`k${key}`), n: N(n) } })));
    await pause(100);
  }
  const byKey = numbersByKey(await kinesis.wait('order', 600));
  assert.equal(byKey.size, 20);
  for (const numbers of byKey.values()) assert.deepEqual(numbers, upTo(30));
});

test('an endpoint that goes away and comes back gets everything, in order; requests don\'t wait for it', async () => {
  const TableName = await table({});
  await enable(db, TableName, 'away');
  const puts = (n) => Promise.all(upTo(20).map((key) => db.PutItem({ TableName, Item: { id: S(`k${key}`), n: N(n) } })));
  await puts(0);
  await kinesis.down();
  const began = Date.now();
  for (const n of [1, 2, 3]) await puts(n);
  assert.ok(Date.now() - began < 20000);
  await pause(500);
  await kinesis.up();
  const byKey = numbersByKey(await kinesis.wait('away', 80));
  for (const numbers of byKey.values()) assert.deepEqual(numbers, upTo(4));
});

test('records that are refused one by one are sent again, and the others not', async () => {
  const TableName = await table({});
  await enable(db, TableName, 'partly');
  const once = new Set();
  kinesis.refuse = ({ Data }) => {
    const { eventID, dynamodb } = JSON.parse(Buffer.from(Data, 'base64').toString());
    const no = Number(dynamodb.Keys.id.S.slice(1)) % 3 === 0 && !once.has(eventID);
    if (no) once.add(eventID);
    return no;
  };
  await load(db, TableName, upTo(300).map((at) => ({ id: S(`k${at}`) })));
  const records = await kinesis.wait('partly', 300);
  kinesis.refuse = undefined;
  assert.equal(once.size, 100);
  assert.equal(records.length, 300, 'none came twice');
});

test('large items arrive; images that don\'t fit a record are left out, the old one first', async () => {
  const TableName = await table({});
  await enable(db, TableName, 'large');
  const text = 'x'.repeat(390 * 1024);
  for (const at of upTo(20)) await db.PutItem({ TableName, Item: { id: S(`big${at}`), text: S(text) } });
  const wide = L(...Array(40000).fill(NULL)); // 80 KB stored, 560 KB as JSON
  await db.PutItem({ TableName, Item: { id: S('wide'), n: N(1), list: wide } });
  await db.PutItem({ TableName, Item: { id: S('wide'), n: N(2), list: wide } });
  const records = await kinesis.wait('large', 22);
  const one = records.find(({ document }) => document.dynamodb.Keys.id.S === 'big7').document;
  assert.equal(one.dynamodb.NewImage.text.S, text);
  const modified = records.find(({ document }) => document.eventName === 'MODIFY').document;
  assert.equal(modified.dynamodb.NewImage.n.N, '2');
  assert.equal(modified.dynamodb.OldImage, undefined);
});

test('a server that stops in between goes on from its cursor, also with what nobody was there to take', async () => {
  const data = mkdtempSync(path.join(os.tmpdir(), 'stator-kinesis-'));
  const args = ['--data-dir', data, '--min-free-mb', '0', '--kinesis-endpoint', kinesis.endpoint];
  const TableName = uniqueName();
  let server;
  let raw;
  const here = new Proxy({}, { get: (_, operation) => (body) => raw.call(operation, body) });
  async function begin() {
    server = await startServer(args);
    raw = new RawClient(server.endpoint);
  }
  await begin();
  await here.CreateTable(tableRequest({ name: TableName }));
  await enable(here, TableName, 'restart');
  const puts = (n) => Promise.all(upTo(100).map((key) => here.PutItem({ TableName, Item: { id: S(`k${key}`), n: N(n) } })));
  await puts(0);
  assert.equal((await kinesis.wait('restart', 100)).length, 100);
  await pause(300); // the cursor moves behind the answer
  raw.close();
  await server.stop();
  await begin();
  await puts(1);
  assert.equal((await kinesis.wait('restart', 200)).length, 200, 'nothing that had been taken came again');
  await kinesis.down();
  await puts(2);
  await pause(200);
  raw.close();
  await server.kill();
  await kinesis.up();
  await begin();
  const byKey = numbersByKey(await kinesis.wait('restart', 300));
  for (const numbers of byKey.values()) assert.deepEqual(numbers, upTo(3));
  raw.close();
  await server.stop();
  rmSync(data, { recursive: true });
});

test('stopping the server does not wait for an endpoint that never answers', async () => {
  const server = await startServer(['--in-memory', '--kinesis-endpoint', kinesis.endpoint]);
  const raw = new RawClient(server.endpoint);
  const here = new Proxy({}, { get: (_, operation) => (body) => raw.call(operation, body) });
  const TableName = uniqueName();
  await here.CreateTable(tableRequest({ name: TableName }));
  await enable(here, TableName, 'silent');
  let release;
  let held = false;
  kinesis.hold = () => { held = true; return new Promise((resolve) => { release = resolve; }); };
  await here.PutItem({ TableName, Item: { id: S('a') } });
  await until(() => held, 'a call');
  raw.close();
  const began = Date.now();
  await server.stop();
  const took = Date.now() - began;
  kinesis.hold = undefined;
  release();
  assert.ok(took < 8000, `${took} ms`);
});

test('calls are signed, and hold many records', async () => {
  const puts = kinesis.calls.filter(({ operation }) => operation === 'PutRecords');
  assert.ok(puts.length > 0);
  for (const { headers } of puts) assert.match(headers.authorization, /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/us-east-1\/kinesis\/aws4_request, /);
  const TableName = await table({});
  await enable(db, TableName, 'fast', 4);
  const before = kinesis.calls.length;
  await load(db, TableName, upTo(3000).map((at) => ({ id: S(`k${at}`) })));
  await kinesis.wait('fast', 3000);
  const calls = kinesis.calls.slice(before).filter(({ operation }) => operation === 'PutRecords').length;
  assert.ok(calls < 600, `${calls} calls`);
});
