// The data directory: who may open it, and what is said when it can't be opened or is full.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runToEnd, startServer } from '../api/lib/server.mjs';
import { RawClient } from '../api/lib/raw.mjs';
import { S, tableRequest, waitActive } from '../api/lib/index.mjs';

const top = mkdtempSync(path.join(os.tmpdir(), 'stator-directory-'));
after(() => rmSync(top, { recursive: true, force: true }));

const root = process.getuid() === 0;
const serve = (directory, ...more) => runToEnd(['serve', '--port', '0', '--data-dir', directory, ...more]);

// The start must fail by itself, with a sentence on stderr that says what is wrong.
async function refuses(directory, sentence) {
  const { code, signal, stdout, stderr } = await serve(directory);
  assert.equal(signal, null, 'it ends by itself');
  assert.notEqual(code, 0);
  assert.equal(stdout.includes('stator ready'), false);
  assert.match(stderr, sentence);
  assert.ok(stderr.trim().split('\n').length <= 5, 'a few lines, not a trace');
}

function connect(server) {
  const client = new RawClient(server.endpoint);
  return { client, db: new Proxy({}, { get: (_, operation) => (body) => client.call(operation, body) }) };
}

async function made(directory) {
  const server = await startServer(['--data-dir', directory]);
  const { client, db } = connect(server);
  await db.CreateTable(tableRequest({ name: 'kept' }));
  await waitActive(db, 'kept');
  await db.PutItem({ TableName: 'kept', Item: { id: S('a') } });
  client.close();
  return server;
}

test('a directory in use is refused to a second server, and the first goes on', async () => {
  const directory = path.join(top, 'used');
  const server = await made(directory);
  await refuses(directory, /in use|another|already/i);
  const { client, db } = connect(server);
  assert.deepEqual(await db.GetItem({ TableName: 'kept', Key: { id: S('a') } }), { Item: { id: S('a') } });
  client.close();
  assert.equal((await server.stop()).code, 0);
});

test('stator verify is refused on a directory in use', async () => {
  const directory = path.join(top, 'verified');
  const server = await made(directory);
  const { code, stderr } = await runToEnd(['verify', directory]);
  assert.notEqual(code, 0);
  assert.match(stderr, /in use|another|already/i);
  await server.stop();
  assert.equal((await runToEnd(['verify', directory])).code, 0);
});

test('a directory of a newer version is refused and left alone', async () => {
  const directory = path.join(top, 'newer');
  await (await made(directory)).stop();
  const mark = path.join(directory, 'STATOR');
  const text = readFileSync(mark, 'utf8');
  const newer = text.replace(/^(stator-data|version) \d+$/m, '$1 999');
  assert.notEqual(newer, text, 'the mark names a version');
  writeFileSync(mark, newer);
  await refuses(directory, /newer|version/i);
  assert.equal(readFileSync(mark, 'utf8'), newer);
  writeFileSync(mark, text);
  const server = await startServer(['--data-dir', directory]);
  const { client, db } = connect(server);
  assert.deepEqual((await db.GetItem({ TableName: 'kept', Key: { id: S('a') } })).Item, { id: S('a') });
  client.close();
  await server.stop();
});

test('somebody else\'s directory is refused, and nothing is written there', async () => {
  const directory = path.join(top, 'other');
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'letter.txt'), 'dear reader');
  await refuses(directory, /other/);
  assert.deepEqual(readdirSync(directory).filter((name) => name !== 'LOCK'), ['letter.txt']);
});

test('a damaged mark is refused', async () => {
  const directory = path.join(top, 'damaged');
  await (await made(directory)).stop();
  writeFileSync(path.join(directory, 'STATOR'), 'nonsense\n');
  await refuses(directory, /damaged/);
});

test('a file in place of a directory is refused', async () => {
  const file = path.join(top, 'file');
  writeFileSync(file, '');
  await refuses(file, /file/);
});

test('a directory below a missing one is refused', () => refuses(path.join(top, 'missing', 'deep'), /missing/));

test('an unwritable directory is refused', async (context) => {
  // Root may write anywhere but in /proc.
  if (root && !existsSync('/proc/self')) return context.skip('root, and no /proc');
  if (root) return refuses('/proc/stator-data', /\/proc\/stator-data/);
  const directory = path.join(top, 'unwritable');
  mkdirSync(directory);
  chmodSync(directory, 0o555);
  return refuses(directory, /unwritable/);
});

// A small disk of our own; only root can mount one.
function smallDisk(megabytes) {
  const directory = path.join(top, 'disk');
  mkdirSync(directory);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory], { stdio: 'ignore' });
  after(() => execFileSync('umount', ['-l', directory], { stdio: 'ignore' }));
  return directory;
}

test('on a full disk writes are refused, reads go on, and writes come back with the space', { timeout: 120000 }, async (context) => {
  if (!root) return context.skip('only root can mount a small disk');
  let directory;
  try {
    directory = smallDisk(96);
  } catch {
    return context.skip('tmpfs can\'t be mounted here');
  }
  const server = await startServer(['--data-dir', path.join(directory, 'data'), '--min-free-mb', '16', '--write-buffer-mb', '4']);
  const { client, db } = connect(server);
  await db.CreateTable(tableRequest({ name: 'full' }));
  await waitActive(db, 'full');
  const put = (id) => db.PutItem({ TableName: 'full', Item: { id: S(id), pad: S(randomBytes(30000).toString('base64')) } });
  await put('before');
  writeFileSync(path.join(directory, 'ballast'), Buffer.alloc(70 * 1024 * 1024));
  let refusal;
  for (let at = 0, limit = Date.now() + 40000; !refusal && Date.now() < limit; at++) {
    await put(`k${at}`).catch((error) => { refusal = error; });
  }
  assert.ok(refusal, 'writes are refused at last');
  assert.match(refusal.name, /^(InternalServerError|ServiceUnavailable|LimitExceededException)$/);
  assert.ok(refusal.status >= 400);
  assert.equal((await db.GetItem({ TableName: 'full', Key: { id: S('before') } })).Item.id.S, 'before');
  rmSync(path.join(directory, 'ballast'));
  let recovered = false;
  for (const limit = Date.now() + 40000; !recovered && Date.now() < limit;) {
    recovered = await put('after').then(() => true, () => false);
    if (!recovered) await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.ok(recovered, 'writes are taken again');
  client.close();
  assert.equal((await server.stop()).code, 0);
  assert.equal((await runToEnd(['verify', path.join(directory, 'data')])).code, 0);
  return undefined;
});
