// kill -9 while an index is built and its table is written to: `stator verify` finds no fault in what
// is left, the build goes on after the start, and in the end every entry is there, once. A failure
// prints its SEED. The cases have no limits of time of their own: run_tests.py has one for the file.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { RawClient, tableRequest, waitActive } from '../api/lib/index.mjs';
import { IndexWriter, addIndex, checkIndex, describeIndex, loadOld, randomFrom } from '../api/lib/index_load.mjs';
import { runToEnd, startServer } from '../api/lib/server.mjs';

const ITEMS = Number(process.env.ITEMS ?? 20000);
const KILLS = Number(process.env.KILLS ?? 3);
const WRITERS = 4;
const SEED = Number(process.env.SEED ?? Date.now() % 1e9);
const directory = mkdtempSync(path.join(os.tmpdir(), 'stator-crash-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const name = 'crash';

// With the server running, `body` of it; then it is ended by `end`.
async function served(end, body) {
  const server = await startServer(['--data-dir', directory, '--min-free-mb', '1']);
  const client = new RawClient(server.endpoint);
  const db = new Proxy({}, { get: (_, operation) => (request) => client.call(operation, request) });
  await body(db, server);
  await server[end]();
  client.close();
}

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

async function writeUntilKilled(db, server, chance) {
  let stop = false;
  const writers = Array.from({ length: WRITERS }, (_, at) => new IndexWriter(db, name, at, WRITERS, ITEMS, randomFrom(chance(1e9))));
  const running = writers.map((writer) => writer.run(() => stop));
  await sleep(50 + chance(250));
  const index = await describeIndex(db, name);
  await server.kill();
  stop = true;
  await Promise.all(running);
  return index;
}

async function verify() {
  const { code, stdout, stderr } = await runToEnd(['verify', directory], { timeout: 60000 });
  assert.equal(code, 0, `stator verify: ${stdout}${stderr}`);
}

test('a table is loaded', () => served('stop', async (db) => {
  await db.CreateTable(tableRequest({ name }));
  await waitActive(db, name);
  await loadOld(db, name, ITEMS);
}));

for (let kill = 1; kill <= KILLS; kill++) {
  test(`kill ${kill}: what is there of an index under construction is right`, async (context) => {
    context.diagnostic(`SEED=${SEED}`);
    const chance = randomFrom(SEED + kill);
    await served('kill', async (db, server) => {
      if (!(await describeIndex(db, name))) await addIndex(db, name);
      const { IndexStatus, ItemCount } = await writeUntilKilled(db, server, chance);
      context.diagnostic(`${IndexStatus}, ${ItemCount} entries`);
    });
    await verify();
  });
}

test('the build goes on after the last start, and is complete', async () => {
  await served('stop', async (db) => {
    await waitActive(db, name);
    await checkIndex(db, name);
  });
  await verify();
});

test('kill -9 while an index is deleted leaves nothing of it in the end', async () => {
  await served('kill', async (db, server) => {
    await db.UpdateTable({ TableName: name, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'byG' } }] });
    await server.kill();
  });
  await verify();
  await served('stop', async (db) => {
    while (await describeIndex(db, name)) await sleep(5);
  });
  await verify();
});
