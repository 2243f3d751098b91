// A few short histories of each kind; `make isolation` records long ones, and many.

import { test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { judge, told } from './lib/judge.mjs';
import { KINDS, record } from './lib/record.mjs';

const SEED = process.env.SEED || String(Date.now() % 1e9);
const OPERATIONS = 1200;

for (const kind of Object.keys(KINDS)) {
  for (const way of [{ inMemory: true }, { kills: 1 }]) {
    test(`a history of ${kind}, ${way.inMemory ? 'in memory' : 'on disk with a kill -9'}, is strictly serialisable`, async (context) => {
      context.diagnostic(`SEED=${SEED}`);
      const history = await record({ kind, seed: SEED, count: OPERATIONS, ...way });
      assert.ok(history.operations.length > OPERATIONS / 2);
      const verdict = judge(history);
      assert.equal(verdict.ok, true, told(verdict));
    });
  }
}

// What the server answered is strictly serialisable; the same with one answer changed is not.
for (const kind of Object.keys(KINDS)) {
  test(`a history of ${kind} in which one read is moved behind later writes is refused`, async () => {
    const history = await record({ kind, seed: SEED, count: 600, inMemory: true });
    const reads = history.operations.filter(({ outcome, parts }) => outcome === 'ok' && parts[0].do === 'read' && parts[0].saw);
    const early = reads[Math.floor(reads.length / 4)];
    const late = reads.at(-1).parts.find(({ key }) => key === early.parts[0].key) ?? reads.findLast(({ parts }) => parts[0].key === early.parts[0].key).parts[0];
    assert.notEqual(late.saw?.v, early.parts[0].saw.v, 'the key was written meanwhile');
    const end = Math.max(...history.operations.map((operation) => operation.end ?? 0));
    const last = history.operations.pop();
    history.operations.push({ id: 'moved', at: end + 1, end: end + 2, outcome: 'ok', parts: [early.parts[0]] }, { ...last, at: end + 3, end: end + 4 });
    assert.equal(judge(history).ok, false);
  });
}
