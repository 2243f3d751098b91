// Several clients at once, each with keys of its own, so that each one's answers are still exact: on a
// durable server, with more data than its cache holds, whose requests must wait for the disk and whose
// writes share groups. Afterwards the sizes are right, and `stator verify` finds no fault.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { RawClient } from '../api/lib/raw.mjs';
import { runToEnd, startServer } from '../api/lib/server.mjs';
import { Generator } from './lib/generator.mjs';
import { Difference, Player } from './lib/play.mjs';
import { makeTable, shrink, told } from './lib/sequence.mjs';
import { Table } from './lib/table.mjs';

const CLIENTS = Number(process.env.CLIENTS || 12);
const COUNT = Number(process.env.COUNT || 1500);
const SEED = process.env.SEED || String(Date.now() % 1e9);
const BREADTH = { partitions: 4, sortKeys: 60, pad: 20000, padded: 2 }; // some megabytes in all

const directory = mkdtempSync(path.join(os.tmpdir(), 'stator-model-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const start = () => startServer(['--data-dir', directory, '--min-free-mb', '1', '--cache-mb', '1', '--write-buffer-mb', '1']);

class Client {
  constructor(number, name) {
    this.number = number;
    this.table = new Table(name, `c${number}-`);
    this.generator = new Generator(`${SEED}.${number}`, this.table, { owner: this.table.owner, ...BREADTH });
    this.played = [];
  }

  async run(endpoint, count) {
    const raw = new RawClient(endpoint);
    const player = new Player(raw, this.table, false);
    try {
      for (let at = 0; at < count; at++) {
        const operation = this.generator.next();
        this.played.push(operation);
        await player.play(operation);
      }
    } catch (error) {
      if (error instanceof Difference) error.client = this;
      throw error;
    } finally {
      raw.close();
    }
  }
}

// The client's operations again, without the others: what fails then is no race, and can be shrunk.
async function explained(difference) {
  const server = await startServer();
  const raw = new RawClient(server.endpoint);
  const found = await shrink(raw, difference.client.played, difference);
  raw.close();
  await server.stop();
  return `client ${difference.client.number} of ${CLIENTS}: ${told(found, SEED)}`;
}

async function metric(endpoint, name) {
  const text = await (await fetch(`${endpoint}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

test(`${CLIENTS} clients at once are each answered as the model answers`, { timeout: 86400000 }, async (context) => {
  context.diagnostic(`SEED=${SEED}`);
  let server = await start();
  const raw = new RawClient(server.endpoint);
  const { name } = await makeTable(raw);
  raw.close();
  const clients = Array.from({ length: CLIENTS }, (_, number) => new Client(number, name));
  // Half of it, a start over the same directory, and the other half.
  for (const half of [0, 1]) {
    if (half) server = await start();
    const results = await Promise.allSettled(clients.map((client) => client.run(server.endpoint, Math.ceil(COUNT / CLIENTS / 2))));
    const failed = results.find(({ status }) => status === 'rejected')?.reason;
    if (failed instanceof Difference) {
      await server.stop();
      assert.fail(await explained(failed));
    }
    if (failed) throw failed;
    const sizes = new RawClient(server.endpoint);
    await Player.compareSizes(sizes, clients.map(({ table }) => table));
    sizes.close();
    context.diagnostic(`${await metric(server.endpoint, 'stator_worker_runs_total')} requests were run on a worker`);
    assert.equal((await server.stop()).code, 0);
  }
  const { code, stdout, stderr } = await runToEnd(['verify', directory], { timeout: 120000 });
  assert.equal(code, 0, `stator verify: ${stdout}${stderr}`);
});
