// SIGTERM under load: the server ends by itself and in order, whoever waits for what.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runToEnd, startServer } from '../api/lib/server.mjs';
import { RawClient } from '../api/lib/raw.mjs';
import { S, tableRequest } from '../api/lib/index.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const directory = mkdtempSync(path.join(os.tmpdir(), 'stator-stop-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const TableName = 'stopped';

async function write(client, name) {
  let acknowledged = -1;
  try {
    for (let i = 0; ; i++) {
      await client.call('PutItem', { TableName, Item: { id: S(`${name}-${i}`), pad: S('x'.repeat(20000)) } });
      acknowledged = i;
    }
  } catch {
    return acknowledged;
  }
}

for (const drain of [0, 5000])
  test(`SIGTERM under load with ${drain} ms to drain ends with 0 and loses nothing acknowledged`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const server = await startServer(['--data-dir', directory, '--drain-ms', String(drain)]);
      const clients = Array.from({ length: 24 }, () => new RawClient(server.endpoint));
      await clients[0].call('CreateTable', tableRequest({ name: TableName })).catch(() => {});
      const writers = clients.map((client, i) => write(client, `${drain}-${round}-${i}`));
      await new Promise((resolve) => setTimeout(resolve, 300));
      for (const client of clients.slice(0, 8)) client.close(); // some leave with a write under way
      const { code, signal } = await server.stop();
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, server.stderr);
      const acknowledged = await Promise.all(writers);
      const again = await startServer(['--data-dir', directory]);
      const reader = new RawClient(again.endpoint);
      for (const [i, last] of acknowledged.entries())
        if (last >= 0)
          assert.ok((await reader.call('GetItem', { TableName, Key: { id: S(`${drain}-${round}-${i}-${last}`) } })).Item);
      reader.close();
      await again.stop();
    }
    const { code, stdout } = await runToEnd(['verify', directory], { timeout: 60000 });
    assert.equal(code, 0, stdout);
  });

// In builds with sanitizers it is they who tell.
test('a server that faults says so in one line, names the thread, and ends by that signal', async (context) => {
  const server = await startServer();
  server.stopped = true; // on purpose
  server.child.kill('SIGSEGV');
  const { code, signal } = await server.exit;
  if (/Sanitizer/.test(server.stderr)) {
    context.skip('a sanitizer has told');
    return;
  }
  assert.deepEqual({ code, signal }, { code: null, signal: 'SIGSEGV' });
  assert.match(server.stderr, /^event=crashed signal=SIGSEGV thread=stator code=0x[0-9a-f]+ calls=\+?0x[0-9a-f]+(,\+?0x[0-9a-f]+)*$/m);
});

test('a server that is asked to stop says who asked', async () => {
  const server = await startServer();
  await server.stop();
  assert.match(server.stderr, new RegExp(`event=stopping signal=15 sender=${process.pid}$`, 'm'));
});

test('a limit on the size of files makes a server refuse writes, not end', async () => {
  const server = await startServer(['--data-dir', path.join(directory, 'limited')]);
  const client = new RawClient(server.endpoint);
  await client.call('CreateTable', tableRequest({ name: TableName }));
  execFileSync('prlimit', ['--pid', String(server.pid), '--fsize=65536']);
  const put = (i) => client.call('PutItem', { TableName, Item: { id: S(`${i}`), pad: S('x'.repeat(20000)) } });
  let refused;
  for (let i = 0; i < 10 && !refused; i++) refused = await put(i).then(() => undefined, (error) => error);
  assert.equal(refused?.name, 'InternalServerError', `${refused}`);
  assert.ok((await client.call('GetItem', { TableName, Key: { id: S('0') } })).Item);
  client.close();
  assert.deepEqual(await server.stop(), { code: 0, signal: null }, server.stderr);
});
