// Encrypted data directories from outside: nothing in them is readable, only their key opens them, and
// changing keys loses nothing, whenever it is interrupted.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { binary, runToEnd, startServer } from '../api/lib/server.mjs';
import { connect, holds, keyFile, makeTable, newDirectory, readable, refuses, top, words, write } from './lib/secrets.mjs';

test('nothing that was stored can be read in the directory: written, flushed, compacted, killed, restarted', async () => {
  const directory = newDirectory();
  const key = keyFile();
  const args = ['--data-dir', directory, '--encryption-key-file', key, '--write-buffer-mb', '1', '--min-free-mb', '1'];
  let server = await startServer(args);
  let { client, db } = connect(server);
  await makeTable(db);
  await write(db, 0, 100);
  assert.deepEqual(readable(directory), [], 'in the log');
  await write(db, 100, 3000);
  assert.ok(readdirSync(directory).some((name) => name.endsWith('.sst')), 'some of it has become tables');
  assert.deepEqual(readable(directory), [], 'in tables');
  client.close();
  await server.kill();
  assert.deepEqual(readable(directory), [], 'after a kill');
  await holds(args, 3000);
  server = await startServer(args);
  ({ client, db } = connect(server));
  await db.UpdateTable({ TableName: 'TableOfSecrets', StreamSpecification: { StreamEnabled: false } });
  await write(db, 0, 1000);
  client.close();
  await server.stop();
  assert.deepEqual(readable(directory), [], 'after restarts');
  assert.equal(readdirSync(directory).some((name) => name.startsWith('LOG')), false, 'RocksDB keeps no log');
  for (const text of [server.stdout, server.stderr]) assert.equal(text.includes(readFileSync(key, 'utf8').trim()), false);
  const { code, stdout } = await runToEnd(['verify', directory, '--encryption-key-file', key]);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /1 tables, 3000 items.* 0 findings/);
});

test('the search that finds nothing finds it in a directory that is not encrypted', async () => {
  const directory = newDirectory();
  const server = await startServer(['--data-dir', directory]);
  const { client, db } = connect(server);
  await makeTable(db);
  await write(db, 0, 100);
  client.close();
  await server.stop();
  const found = readable(directory).join('\n');
  for (const word of words.slice(0, 6)) assert.match(found, new RegExp(word));
});

test('a missing, a wrong and a needless key are refused, and what is stored stays as it was', async () => {
  const directory = newDirectory();
  const plain = newDirectory();
  const key = keyFile();
  await (await startServer(['--data-dir', directory, '--encryption-key-file', key])).stop();
  await (await startServer(['--data-dir', plain])).stop();
  const before = readdirSync(directory).sort();
  await refuses(['--data-dir', directory], /encrypted: give its key by --encryption-key-file/);
  await refuses(['--data-dir', directory, '--encryption-key-file', keyFile()], /not the one/);
  await refuses(['--data-dir', plain, '--encryption-key-file', key], /not encrypted/);
  assert.deepEqual(readdirSync(directory).sort(), before);
  const verify = await runToEnd(['verify', directory]);
  assert.notEqual(verify.code, 0);
  assert.match(verify.stderr, /encrypted/);
  await (await startServer(['--data-dir', directory, '--encryption-key-file', key])).stop();
  await (await startServer(['--data-dir', plain])).stop();
});

test('a key comes in three forms, from a file that others may not read, or from a command', async () => {
  const directory = newDirectory();
  const bytes = randomBytes(32);
  const forms = [bytes, bytes.toString('hex'), `${bytes.toString('base64')}\n`].map((form) => keyFile(form));
  for (const file of forms) await (await startServer(['--data-dir', directory, '--encryption-key-file', file])).stop();
  const command = ['--data-dir', directory, '--encryption-key-command'];
  await (await startServer([...command, `cat ${forms[2]}`])).stop();
  await refuses([...command, 'false'], /key command failed/);
  await refuses([...command, 'no-such-program-at-all'], /key command can't be run/);
  await refuses([...command, 'echo short'], /what the key command prints is no key/);
  await refuses([...command, `cat ${forms[2]}`, '--encryption-key-file', forms[0]], /one is enough/);
  await refuses(['--data-dir', directory, '--encryption-key-file', path.join(top, 'none')], /No such file/);
  await refuses(['--data-dir', directory, '--encryption-key-file', keyFile('too short')], /is no key/);
  chmodSync(forms[1], 0o644);
  await refuses(['--data-dir', directory, '--encryption-key-file', forms[1]], /chmod 600/);
});

test('a key command that hangs is ended, with what it started', async () => {
  const started = Date.now();
  await refuses(['--data-dir', newDirectory(), '--encryption-key-command', 'sleep 60'], /within 10 seconds/);
  assert.ok(Date.now() - started < 18000);
});

test('keys are changed: the user\'s, the data key, all files', async () => {
  const directory = newDirectory();
  const [first, second, third] = [keyFile(), keyFile(), keyFile()];
  const args = (key) => ['--data-dir', directory, '--encryption-key-file', key, '--min-free-mb', '1'];
  const server = await startServer(args(first));
  const { client, db } = connect(server);
  await makeTable(db);
  await write(db, 0, 500);
  const busy = await runToEnd(['rekey', directory, '--encryption-key-file', first, '--new-encryption-key-file', second]);
  assert.notEqual(busy.code, 0);
  assert.match(busy.stderr, /another process/);
  client.close();
  await server.stop();
  const rekey = async (from, ...more) => {
    const { code, stderr } = await runToEnd(['rekey', directory, '--encryption-key-file', from, ...more]);
    assert.equal(code, 0, stderr);
  };
  await rekey(first, '--new-encryption-key-file', second);
  await refuses(args(first), /not the one/);
  await holds(args(second), 500);
  await rekey(second, '--rotate');
  await holds(args(second), 500);
  await rekey(second, '--rewrite', `--new-encryption-key-file=${third}`);
  await refuses(args(second), /not the one/);
  await holds(args(third), 500);
  assert.equal(statSync(path.join(directory, 'KEYS')).size, 96, 'one data key is left');
  assert.equal((await runToEnd(['rekey', directory, '--encryption-key-file', third])).code, 2, 'nothing to do');
  assert.notEqual((await runToEnd(['rekey', directory, '--encryption-key-file', second, '--rotate'])).code, 0);
  assert.deepEqual(readable(directory), []);
});

test('a change of keys that is killed at any moment leaves one of both keys, and all data', async (t) => {
  const original = newDirectory();
  const [first, second] = [keyFile(), keyFile()];
  const server = await startServer(['--data-dir', original, '--encryption-key-file', first, '--min-free-mb', '1']);
  const { client, db } = connect(server);
  await makeTable(db);
  await write(db, 0, 250);
  client.close();
  await server.stop();
  const outcomes = { first: 0, second: 0, ended: 0 };
  for (let round = 0; round < 24; round++) {
    const directory = newDirectory();
    cpSync(original, directory, { recursive: true });
    const child = spawn(binary, ['rekey', directory, '--encryption-key-file', first,
      '--new-encryption-key-file', second, round % 2 ? '--rewrite' : '--rotate'], { stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), round * (round % 2 ? 4 : 1));
    await new Promise((resolve) => child.on('close', (code) => { outcomes.ended += code === 0; resolve(); }));
    clearTimeout(timer);
    const verify = (key) => runToEnd(['verify', directory, '--encryption-key-file', key]);
    const [a, b] = [await verify(first), await verify(second)];
    assert.notEqual(a.code === 0, b.code === 0, `round ${round}: ${a.stderr} ${b.stderr}`);
    assert.match(a.stdout + b.stdout, /1 tables, 250 items.* 0 findings/);
    outcomes[a.code === 0 ? 'first' : 'second']++;
    rmSync(directory, { recursive: true });
  }
  t.diagnostic(JSON.stringify(outcomes));
});
