#!/usr/bin/env node
// Records histories and judges them (make isolation):
//
//   isolation.mjs [--count N] [--seed S] [--operations N] [--replay FILE]
//
// Histories take turns: each kind on disk, in memory, and on disk with two kill -9. A seed decides what
// each client asks, not how the answers come in between: so a history that fails is kept in a file, and
// --replay FILE judges that again.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../api/lib/server.mjs';
import { judge, told } from './lib/judge.mjs';
import { KINDS, record } from './lib/record.mjs';

const { values } = parseArgs({ options: { count: { type: 'string' }, seed: { type: 'string' }, operations: { type: 'string' }, replay: { type: 'string' } } });

function replay(file) {
  const verdict = judge(JSON.parse(readFileSync(file, 'utf8')));
  console.log(told(verdict));
  process.exit(verdict.ok ? 0 : 1);
}

const WAYS = [{ inMemory: false, kills: 0 }, { inMemory: true, kills: 0 }, { inMemory: false, kills: 2 }];
const nameOf = ({ inMemory, kills }) => (inMemory ? 'in memory' : kills ? 'disk, 2 kills' : 'disk');

function keep(history, verdict) {
  const folder = path.join(root, 'build/histories');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${history.kind}-${history.seed}.json`);
  writeFileSync(file, JSON.stringify(history));
  console.log(`FAILED seed ${history.seed}, ${history.kind}: ${told(verdict)}\n    again: make isolation REPLAY=${path.relative(root, file)}`);
}

async function main() {
  const seed = Number(values.seed || Date.now() % 1e9);
  const count = Number(values.count || 18);
  const operations = Number(values.operations || 3000);
  const table = {};
  let failed = 0;
  console.log(`${count} histories of ${operations} operations, SEED=${seed}`);
  for (let at = 0; at < count; at++) {
    const kind = Object.keys(KINDS)[at % 3];
    const way = WAYS[Math.floor(at / 3) % 3];
    const history = await record({ kind, seed: `${seed + at}`, count: operations, ...way });
    const verdict = judge(history);
    const row = table[`${kind}, ${nameOf(way)}`] ??= { histories: 0, operations: 0, 'conditions false': 0, conflicts: 0, unanswered: 0, failed: 0 };
    const of = (outcome) => history.operations.filter((operation) => operation.outcome === outcome).length;
    row.histories++;
    row.operations += history.operations.length;
    row['conditions false'] += of('false');
    row.unanswered += of('maybe');
    row.conflicts += history.refused;
    if (verdict.ok) continue;
    row.failed++;
    failed++;
    keep(history, verdict);
  }
  console.table(table);
  console.log(`${count} histories, ${failed} failed, ${(process.uptime()).toFixed(0)} s`);
  process.exit(failed ? 1 : 0);
}

if (values.replay) replay(values.replay);
else await main();
