// SIGTERM under load: the server ends by itself and in order, whoever waits for what.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
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
