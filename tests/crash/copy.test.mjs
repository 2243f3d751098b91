// `stator copy` from outside: a server is filled and stopped, its directory is copied each way, and a server
// on the copy holds the same. A copy that was killed, or met a power cut, is refused or whole.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { binary, runToEnd, startServer } from '../api/lib/server.mjs';
import { S } from '../api/lib/index.mjs';
import { Control, Disk, hasShim, onDisk } from './lib/disk.mjs';
import { randomFrom } from './lib/random.mjs';
import { connect, keyFile, makeTable, newDirectory, readable, refuses, top, write } from './lib/secrets.mjs';

const SEED = Number(process.env.SEED ?? Date.now() % 1e6);
const ITEMS = 1500;
const keyOf = (key, name = 'encryption-key-file') => (key ? [`--${name}`, key] : []);
const target = (key) => (key ? keyOf(key, 'to-encryption-key-file') : ['--to-plain']);
const copy = (from, key, to, toKey) => runToEnd(['copy', from, to, ...keyOf(key), ...target(toKey)], { timeout: 60000 });
const verify = (directory, key) => runToEnd(['verify', directory, ...keyOf(key)]);
const serve = (directory, key) => startServer(['--data-dir', directory, '--min-free-mb', '1', '--write-buffer-mb', '1', ...keyOf(key)]);

async function scan(db, request) {
  const items = [];
  let from;
  do {
    const page = await db.Scan({ ...request, ConsistentRead: !request.IndexName, ExclusiveStartKey: from });
    items.push(...page.Items);
    from = page.LastEvaluatedKey;
  } while (from);
  return items;
}

async function records(client, StreamArn) {
  const call = (operation, body) => client.call(`DynamoDBStreams_20120810.${operation}`, body);
  const found = [];
  for (const { ShardId } of (await call('DescribeStream', { StreamArn })).StreamDescription.Shards) {
    let { ShardIterator } = await call('GetShardIterator', { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' });
    while (ShardIterator) {
      const page = await call('GetRecords', { ShardIterator });
      found.push(...page.Records);
      ShardIterator = page.Records.length > 0 ? page.NextShardIterator : undefined;
    }
  }
  return found;
}

// All that the API shows: what tables there are and how, their items, their indexes, their streams' records.
async function contents(directory, key) {
  const server = await serve(directory, key);
  const { client, db } = connect(server);
  try {
    const all = {};
    for (const TableName of (await db.ListTables({})).TableNames) {
      const { Table } = await db.DescribeTable({ TableName });
      all[TableName] = { Table, records: await records(client, Table.LatestStreamArn), items: await scan(db, { TableName }),
        index: await scan(db, { TableName, IndexName: 'SecretIndex' }) };
    }
    return all;
  } finally {
    client.close();
    await server.stop();
  }
}

async function filled(key, items = ITEMS) {
  const directory = newDirectory();
  const server = await serve(directory, key);
  const { client, db } = connect(server);
  await makeTable(db);
  await write(db, 0, items);
  await db.DeleteItem({ TableName: 'TableOfSecrets', Key: { id: S('secret-key-3') } });
  client.close();
  await server.stop();
  return directory;
}

const fingerprint = (directory) => readdirSync(directory).sort()
  .map((name) => `${name} ${createHash('sha256').update(readFileSync(path.join(directory, name))).digest('hex')}`).join('\n');

test('plain to encrypted, to another key, and back to plain: each holds the same, and the source stays as it was', async () => {
  const [first, second] = [keyFile(), keyFile()];
  let [from, key] = [await filled(undefined), undefined];
  const wanted = await contents(from, key);
  assert.equal(wanted.TableOfSecrets.items.length, ITEMS - 1);
  assert.equal(wanted.TableOfSecrets.index.length, ITEMS - 1);
  assert.equal(wanted.TableOfSecrets.records.length, ITEMS + 1);
  for (const next of [first, second, undefined]) {
    const to = newDirectory();
    const before = fingerprint(from);
    const { code, stdout, stderr } = await copy(from, key, to, next);
    assert.equal(code, 0, stderr);
    assert.match(stdout, next ? /: encrypted, \d+ files/ : /: plain, \d+ files/);
    assert.equal(fingerprint(from), before);
    if (next) {
      assert.deepEqual(readable(to), []);
      await refuses(['--data-dir', to], /encrypted: give its key/);
      await refuses(['--data-dir', to, ...keyOf(key ?? second)], /not the one/);
    } else {
      const found = readable(to).join('\n');
      for (const word of ['TableOfSecrets', 'secret-key', 'leveldb']) assert.match(found, new RegExp(word)); // compression hides others
    }
    assert.match((await verify(to, next)).stdout, /1 tables, 1499 items.* 0 findings/);
    assert.deepEqual(await contents(to, next), wanted);
    if (next) assert.deepEqual(readable(to), [], 'and after it was served');
    [from, key] = [to, next];
  }
});

test('what can not be copied is said, and nothing is made', async () => {
  const [key, other] = [keyFile(), keyFile()];
  const from = await filled(key, 25);
  const to = newDirectory();
  const fails = async (args, wanted, exit = 1) => {
    const { code, stderr } = await runToEnd(['copy', ...args]);
    assert.equal(code, exit, stderr);
    assert.match(stderr, wanted);
    assert.equal(existsSync(to), false);
  };
  await fails([from, to, ...keyOf(key)], /usage/, 2);
  await fails([from, to, ...keyOf(key), '--to-plain', ...target(other)], /usage/, 2);
  await fails([from, to, '--to-plain'], /encrypted: give its key/);
  await fails([from, to, ...keyOf(other), '--to-plain'], /not the one/);
  await fails([newDirectory(), to, '--to-plain'], /not a data directory/);
  await fails([from, path.join(from, 'copy'), ...keyOf(key), '--to-plain'], /inside of it/);
  const server = await serve(from, key);
  await fails([from, to, ...keyOf(key), '--to-plain'], /another process/);
  await server.stop();
  assert.equal((await copy(from, key, to, other)).code, 0);
  assert.match((await copy(from, key, to, other)).stderr, /not empty/);
});

// "whole" when it holds all, "refused" when it says that it is no database, "none" when nothing was begun.
async function outcome(directory, key, items) {
  const files = existsSync(directory) ? readdirSync(directory) : [];
  if (!files.includes('STATOR')) {
    assert.deepEqual(files.filter((name) => !/^(LOCK\.stator|STATOR\.new)$/.test(name)), [], 'nothing comes before the mark');
    return 'none';
  }
  assert.deepEqual(readable(directory), []);
  const { code, stdout, stderr } = await verify(directory, key);
  if (code === 0) {
    assert.match(stdout, new RegExp(`1 tables, ${items} items.* 0 findings`));
    return 'whole';
  }
  assert.match(stderr, /a copy that was not finished: delete it/);
  return 'refused';
}

test('a copy that is killed at any moment is whole, or says that it is not finished', async (t) => {
  const key = keyFile();
  const from = await filled(undefined, 500);
  const before = fingerprint(from);
  const outcomes = { none: 0, refused: 0, whole: 0 };
  const begin = Date.now();
  assert.equal((await copy(from, undefined, newDirectory(), key)).code, 0);
  const step = (Date.now() - begin) / 16; // so that some come to their end
  for (let round = 0; round < 24; round++) {
    const to = newDirectory();
    const child = spawn(binary, ['copy', from, to, ...target(key)], { stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), round * step);
    const code = await new Promise((resolve) => { child.on('close', resolve); });
    clearTimeout(timer);
    const what = await outcome(to, key, 499);
    if (code === 0) assert.equal(what, 'whole');
    outcomes[what]++;
    rmSync(to, { recursive: true, force: true });
  }
  assert.equal(fingerprint(from), before);
  t.diagnostic(JSON.stringify(outcomes));
  assert.ok(outcomes.refused > 0 && outcomes.whole > 0, 'the kills came in time, and not all too early');
});

test('a copy that meets a power cut is whole, or says that it is not finished',
  { skip: hasShim() ? false : 'sanitizers have no shim' }, async (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const key = keyFile();
    const from = await filled(undefined, 500);
    const journal = path.join(top, 'journal');
    const outcomes = { none: 0, refused: 0, whole: 0 };
    for (let at = 1, ended = false; !ended; at++) {
      const to = newDirectory();
      mkdirSync(to);
      rmSync(journal, { force: true });
      const disk = new Disk(to);
      const control = new Control(path.join(top, 'control'));
      control.crashAt = at;
      const { code, stderr } = await runToEnd(['copy', from, to, ...target(key)], { env: onDisk(control, to, journal) });
      ended = code === 0;
      control.close();
      disk.play(readFileSync(journal));
      disk.write(disk.cut(randomFrom(SEED + at)));
      const what = await outcome(to, key, 499);
      if (ended) assert.equal(what, 'whole', stderr);
      outcomes[what]++;
      rmSync(to, { recursive: true });
      assert.ok(at < 2000, 'it comes to its end');
    }
    t.diagnostic(JSON.stringify(outcomes));
    assert.ok(outcomes.refused > 10);
  });
