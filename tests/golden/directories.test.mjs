// Data directories that earlier versions wrote, as a kill -9 left them: this version opens each, finds no
// fault in it, answers from it what that version answered, goes on with what was half done, and writes to it.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sign } from '../api/lib/sign.mjs';
import { ask, askHalf } from './lib/ask.mjs';
import { N, RawClient, S, pages, root, runToEnd, startServer, waitActive } from './lib/names.mjs';

const RETENTION_S = 31536000; // the longest there is
const WAIT = ['--ttl-delay-ms', '604800000', '--stream-retention-s', String(RETENTION_S), '--stream-shard-ms', '86400000'];

const folder = path.join(root, 'tests/golden');
const scratch = mkdtempSync(path.join(os.tmpdir(), 'stator-golden-'));
after(() => rmSync(scratch, { recursive: true }));
const names = readdirSync(folder).filter((file) => file.endsWith('.tar.gz')).map((file) => file.slice(0, -'.tar.gz'.length)).sort();

test('there are golden directories', () => assert.ok(names.length >= 3, names.join()));

function unpacked(name, purpose) {
  const directory = path.join(scratch, `${name}-${purpose}`);
  mkdirSync(directory);
  execFileSync('tar', ['-xzf', path.join(folder, `${name}.tar.gz`), '-C', directory]);
  return directory;
}

async function serving(directory, more, work) {
  const server = await startServer(['--data-dir', directory, '--min-free-mb', '1', '--loops', '1', ...more]);
  const raw = new RawClient(server.endpoint);
  const db = new Proxy({}, { get: (_, operation) => (body, headers) => raw.call(operation, body, headers) });
  const streams = new Proxy({}, { get: (_, operation) => (body) => raw.call(`DynamoDBStreams_20120810.${operation}`, body) });
  try {
    await work(db, streams, raw);
  } finally {
    raw.close();
    assert.equal((await server.stop()).code, 0, server.stderr);
  }
}

async function verify(directory) {
  const { code, stdout, stderr } = await runToEnd(['verify', directory], { timeout: 60000 });
  assert.equal(code, 0, `stator verify: ${stdout}${stderr}`);
}

// All that was answered then is answered now; later versions may say more in an object.
function assertStill(then, now, where = '') {
  if (then === null || typeof then !== 'object') return assert.deepEqual(now, then, where);
  if (Array.isArray(then)) {
    assert.ok(Array.isArray(now), where);
    assert.equal(now.length, then.length, `${where}: ${JSON.stringify(now).slice(0, 300)}`);
    return then.forEach((each, at) => assertStill(each, now[at], `${where}[${at}]`));
  }
  assert.ok(now !== null && typeof now === 'object', `${where} is ${now}`);
  for (const key of Object.keys(then)) {
    assertStill(then[key], now[key], `${where}.${key}`);
    if (/^(items|indexes|records)$/.test(key)) assert.deepEqual(now[key], then[key], where); // not more, there
  }
  return undefined;
}

// A write to every table; answers what must be found of it.
async function write(db) {
  const { TableNames } = await db.ListTables({});
  for (const TableName of TableNames) {
    const { Table } = await db.DescribeTable({ TableName });
    const types = Object.fromEntries(Table.AttributeDefinitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]));
    const of = { S: S('written now'), N: N('77777'), B: { B: '/v7+' } };
    const Item = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, of[type]]));
    await db.PutItem({ TableName, Item: { ...Item, now: S('put') } });
    const Key = Object.fromEntries(Table.KeySchema.map(({ AttributeName }) => [AttributeName, Item[AttributeName]]));
    await db.UpdateItem({ TableName, Key, UpdateExpression: 'SET again = :a', ExpressionAttributeValues: { ':a': N(1) } });
  }
}

async function written(db) {
  for (const TableName of (await db.ListTables({})).TableNames) {
    const { Table } = await db.DescribeTable({ TableName });
    for (const IndexName of [undefined, ...[...(Table.GlobalSecondaryIndexes ?? []), ...(Table.LocalSecondaryIndexes ?? [])].map((index) => index.IndexName)]) {
      const items = (await pages(db, 'Scan', { TableName, IndexName })).flatMap((page) => page.Items);
      const found = items.filter((item) => Object.values(item).some((value) => ['written now', '77777', '/v7+'].includes(Object.values(value)[0])));
      assert.ok(found.length >= 1, `${TableName} ${IndexName}`);
      if (!IndexName) assert.ok(found.some((item) => item.again?.N === '1'), TableName);
    }
  }
}

for (const name of names) {
  const { version, made, key, answers } = JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8'));
  const { indexStatus, half, ...then } = answers;
  const old = Date.now() - Date.parse(made) > RETENTION_S * 900; // its streams' records may be over

  test(`${name} (${version}): verify finds no fault`, () => verify(unpacked(name, 'verify')));

  test(`${name}: everything is answered as that version answered, and again after a restart`, async () => {
    const directory = unpacked(name, 'answers');
    for (let start = 0; start < 2; start++)
      await serving(directory, WAIT, async (db, streams) => {
        const now = await ask(db, streams);
        if (old) delete then.streams;
        assertStill(then, now);
      });
    await verify(directory);
  });

  if (indexStatus === 'CREATING')
    test(`${name}: an index that was half built is built`, async () => {
      await serving(unpacked(name, 'half'), WAIT, async (db) => {
        assert.equal((await db.DescribeTable({ TableName: 'half' })).Table.GlobalSecondaryIndexes[0].IndexStatus, 'CREATING');
        assert.deepEqual(await askHalf(db), half);
      });
    });

  if (then.tables.later.timeToLive?.TimeToLiveStatus === 'ENABLED')
    test(`${name}: items whose time was over are deleted, and no others`, async () => {
      await serving(unpacked(name, 'due'), [], async (db) => {
        for (let left = 1; left > 0;) left = (await pages(db, 'Scan', { TableName: 'due', ConsistentRead: true })).flatMap((page) => page.Items).length;
        assert.equal((await db.Scan({ TableName: 'later' })).Count, 5);
      });
    });

  test(`${name}: it is written to, and what was written outlives kill -9`, async () => {
    const directory = unpacked(name, 'write');
    const server = await startServer(['--data-dir', directory, '--min-free-mb', '1', ...WAIT]);
    const raw = new RawClient(server.endpoint);
    const db = new Proxy({}, { get: (_, operation) => (body) => raw.call(operation, body) });
    await write(db);
    await waitActive(db, 'half');
    raw.close();
    await server.kill();
    await serving(directory, WAIT, async (again, streams) => {
      await waitActive(again, 'half');
      await written(again);
      const before = then.streams && Object.entries(then.streams).find(([, { TableName }]) => TableName === 'streamed');
      if (!before || old) return;
      const records = (await ask(again, streams)).streams[before[0]].records;
      assert.equal(records.length, before[1].records.length + 2, 'the stream goes on');
    });
    await verify(directory);
  });

  if (key)
    test(`${name}: its access key is still one`, async () => {
      const credentials = { accessKeyId: key.id, secretAccessKey: key.secret };
      await serving(unpacked(name, 'key'), ['--auth'], async (db, _, raw) => {
        const signed = (who) => sign(raw.host, 'DynamoDB_20120810.ListTables', Buffer.from('{}'), new Date(), who);
        const { TableNames } = await db.ListTables({}, signed(credentials));
        assert.deepEqual(TableNames, then.TableNames);
        await assert.rejects(db.ListTables({}, signed({ ...credentials, secretAccessKey: 'another' })), { name: 'InvalidSignatureException' });
      });
    });
}
