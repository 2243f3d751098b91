// kill -9 while items expire and time to live is turned on and off: what is left fits together, nothing
// that should stay has gone, and what has expired goes after all.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runToEnd, startServer } from '../api/lib/server.mjs';
import { RawClient } from '../api/lib/raw.mjs';
import { N, S, pages, tableRequest } from '../api/lib/index.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 4);
const directory = mkdtempSync(path.join(os.tmpdir(), 'stator-expiry-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const TableName = 'ends';
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const now = () => Math.floor(Date.now() / 1000);

async function serve(body) {
  const server = await startServer(['--data-dir', directory]);
  const client = new RawClient(server.endpoint);
  const db = new Proxy({}, { get: (_, operation) => (request) => client.call(operation, request) });
  try {
    return await body(db, server);
  } finally {
    client.close();
    await server.stop();
  }
}

async function writeBatch(db, stem, count, ttl) {
  for (let at = 0; at < count; at += 25)
    await db.BatchWriteItem({ RequestItems: { [TableName]: Array.from({ length: 25 }, (_, i) =>
      ({ PutRequest: { Item: { id: S(`${stem}-${at + i}`), g: S(`g${i}`), ttl: N(ttl) } } })) } });
}

const turn = (db, Enabled) => db.UpdateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled, AttributeName: 'ttl' } });

async function verified() {
  const { code, stdout, stderr } = await runToEnd(['verify', directory]);
  assert.equal(code, 0, stdout + stderr);
}

test('items expire once and for all, however often the server is killed', async () => {
  let staying = 0;
  await serve((db) => db.CreateTable(tableRequest({ name: TableName, gsi: { byG: { key: 'g' } } })));
  for (let round = 0; round < ROUNDS; round++) {
    await serve(async (db, server) => {
      await writeBatch(db, `before${round}`, 500, now() - 60);
      await turn(db, true);
      await writeBatch(db, `stay${round}`, 100, now() + 86400);
      staying += 100;
      await writeBatch(db, `past${round}`, 500, now() - 60);
      if (round % 2) await turn(db, false);
      await sleep(50 * round);
      await server.kill();
    });
    await verified();
    await serve(async (db) => {
      if (round % 2) await turn(db, true);
      let items = [];
      for (const end = Date.now() + 30000; Date.now() < end; await sleep(100)) {
        items = (await pages(db, 'Scan', { TableName })).flatMap((page) => page.Items);
        if (items.length === staying) break;
      }
      assert.equal(items.length, staying);
      assert.ok(items.every((item) => item.id.S.startsWith('stay')));
      const { Table } = await db.DescribeTable({ TableName });
      assert.deepEqual([Table.ItemCount, Table.GlobalSecondaryIndexes[0].ItemCount], [staying, staying]);
      await turn(db, false);
    });
    await verified();
  }
});
