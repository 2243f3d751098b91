#!/usr/bin/env node
// Everything at once for as long as is said (make soak MINUTES=60): soak.mjs [--minutes N] [--seed S]
//
// Two fifths of the time the server is ended again and again, by SIGTERM and kill -9 in turn; then it runs
// without a break, for its memory and descriptors to show whether they stay; then it is killed once more,
// and everything that is stored is compared and verified. Any difference ends the soak with 1.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../api/lib/server.mjs';
import { ClosedError, Host } from './lib/host.mjs';
import * as kinds from './lib/workers.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes || 60);
const seed = values.seed || String(Date.now() % 1e9);
const SAMPLE_MS = Math.min(5000, minutes * 200);
const RESTART_MS = Math.min(40000, minutes * 6000); // a life at the beginning
const PAUSE_MS = 4;
const ARGS = ['--cache-mb', '16', '--write-buffer-mb', '4', '--stream-shard-ms', '15000', '--stream-retention-s', '120', '--loops', '2'];

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const began = Date.now();
const elapsed = () => Date.now() - began;
const total = minutes * 60000;
let ended = false;

async function settle(host, worker) {
  for (;;) {
    await host.up();
    try {
      await worker.recover();
      return;
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error;
      await sleep(20);
    }
  }
}

async function work(host, worker) {
  while (!ended) {
    try {
      await worker.turn();
      await sleep(PAUSE_MS);
    } catch (error) {
      if (!(error instanceof ClosedError)) {
        error.message = `${worker.constructor.name}: ${error.message}`;
        throw error;
      }
      await sleep(20);
      await settle(host, worker);
    }
  }
}

async function restarts(host) {
  let count = 0;
  while (elapsed() < total * 0.4 && !ended) {
    await sleep(RESTART_MS * (0.7 + Math.random() * 0.6));
    if (ended) break;
    await host.restart(count % 2 ? 'term' : 'kill', count % 4 === 0);
    count++;
    report(host, `restart ${count}`);
  }
  while (elapsed() < total && !ended) {
    await sleep(Math.min(1000, SAMPLE_MS));
  }
  ended = true;
}

let workers = [];
function report(host, what) {
  const life = host.lives.at(-1);
  console.log(`${(elapsed() / 60000).toFixed(1)} min, ${what}: ${host.calls} calls, ${workers.map((worker) => `${worker.constructor.name} ${worker.done}`).join(', ')}; `
    + `${life.rss.at(-1) ?? '-'} kB, ${life.descriptors.at(-1) ?? '-'} descriptors`);
}

function summary(host, faults) {
  const [indexed, streamed, expiring, transfers] = ['Indexed', 'Streamed', 'Expiring', 'Transfers'].map((name) => workers.find((worker) => worker.constructor.name === name));
  const longest = host.lives.reduce((best, life) => (life.rss.length > best.rss.length ? life : best));
  const judged = Host.judgeLife(longest);
  faults.push(...judged.faults);
  const figures = { seed, minutes: (elapsed() / 60000).toFixed(1), calls: host.calls, ...Object.fromEntries(workers.map((worker, at) => [`${worker.constructor.name} ${at}`, worker.done])),
    'SIGTERM': host.restarts.term, 'kill -9': host.restarts.kill, 'verified': host.verified, 'index builds compared': indexed.built,
    'stream records': streamed.records, 'shards read to their end': streamed.rolled, 'items expired': expiring.expired, 'transfers refused': transfers.refused,
    'longest life, samples': longest.rss.length, 'RSS kB, second quarter': judged.before, 'RSS kB, last quarter': judged.last, 'RSS kB, most': judged.peak,
    'descriptors, second quarter': judged.descriptorsBefore, 'descriptors, last quarter': judged.descriptorsLast, faults: faults.length };
  console.table(figures);
  const folder = path.join(root, 'build/soak');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${seed}.json`), JSON.stringify({ figures, faults, lives: host.lives }));
  for (const fault of faults) console.log(`FAULT ${fault}`);
  console.log(faults.length ? `again: make soak MINUTES=${minutes} SEED=${seed}` : 'no fault');
}

const directory = mkdtempSync(path.join(os.tmpdir(), 'stator-soak-'));
const host = new Host(directory, ARGS);
const faults = [];
await host.up();
try {
  console.log(`soak of ${minutes} minutes, SEED=${seed}, data in ${directory}`);
  for (const kind of Object.values(kinds)) await kind.prepare(host);
  workers = [new kinds.Modelled(host, seed, 0), new kinds.Modelled(host, seed, 1), ...Object.values(kinds).filter((kind) => kind !== kinds.Modelled).map((Kind) => new Kind(host, seed))];
  const sampling = setInterval(() => host.sample(), SAMPLE_MS);
  const telling = setInterval(() => report(host, 'so far'), 60000);
  const running = workers.map((worker) => work(host, worker).catch((error) => { faults.push(error.stack); ended = true; }));
  await restarts(host).catch((error) => { faults.push(error.stack); ended = true; });
  await Promise.all(running);
  clearInterval(sampling);
  clearInterval(telling);
  if (!faults.length) {
    await host.restart('kill', false);
    for (const worker of workers) {
      await settle(host, worker);
      await worker.finish();
    }
  }
  await host.end('term');
  await host.verify();
} catch (error) {
  faults.push(error.stack);
  await host.server.kill();
}
summary(host, faults);
if (faults.length) console.log(`the data stays in ${directory}`);
else rmSync(directory, { recursive: true });
process.exit(faults.length ? 1 : 0);
