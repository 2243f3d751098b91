// Many crash points: `make crash-points COUNT=1000 SEED=1` (power cuts), `make crash-kills COUNT=200`
// (kill -9). A failure prints the seed of its directory, which comes to the same point of the same
// requests again (what the threads of a server do meanwhile is not decided by a seed), and leaves
// the directory.
//
//   node tests/crash/points.mjs [--kill|--fault] [--ordered] [--lies] [COUNT [SEED]]

import { Rounds } from './lib/rounds.mjs';
import { hasShim, shim } from './lib/disk.mjs';

const PER_DIRECTORY = 20;
const options = process.argv.slice(2).filter((each) => each.startsWith('--'));
const [count = 1000, seed = Date.now() % 1e6] = process.argv.slice(2).filter((each) => !each.startsWith('--')).map(Number);
const kind = { kind: ['kill', 'fault'].find((each) => options.includes(`--${each}`)) ?? 'cut', ordered: options.includes('--ordered'), lies: options.includes('--lies') };
if (kind.kind !== 'kill' && !hasShim()) throw new Error(`${shim} is not there: build it`);

const totals = { points: 0, starting: 0, records: 0, acknowledged: 0, streamed: 0 };
const outcomes = new Map();
const began = Date.now();
for (let at = 0; at < count; at += PER_DIRECTORY) {
  const rounds = new Rounds(kind);
  for (let n = at; n < Math.min(at + PER_DIRECTORY, count); n++) {
    try {
      const seen = await rounds.round(seed * 100000 + n);
      totals.points++;
      totals.starting += !seen.started;
      totals.records += seen.records;
      totals.acknowledged += seen.acknowledged;
      totals.streamed += seen.streamed;
      if (seen.hits) outcomes.set(seen.state, (outcomes.get(seen.state) ?? 0) + 1);
    } catch (error) {
      console.error(`point ${n} of seed ${seed} (${rounds.directory}): ${error.stack}`);
      process.exit(1);
    }
  }
  rounds.done();
  console.log(`${totals.points} points, ${totals.starting} of them while starting, ${totals.acknowledged} acknowledged writes, 0 losses, `
    + `${[...outcomes].map(([state, n]) => `${n} ${state} after faults, `).join('')}${Math.round((Date.now() - began) / 1000)} s`);
}
