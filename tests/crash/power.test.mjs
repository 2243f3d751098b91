// A smoke of `make crash-points`: some power cuts under load, and the disk model itself.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Disk, hasShim } from './lib/disk.mjs';
import { randomFrom } from './lib/random.mjs';
import { Rounds } from './lib/rounds.mjs';

const SEED = Number(process.env.SEED ?? Date.now() % 1e6);
const POINTS = Number(process.env.POINTS ?? 6);
const skip = hasShim() ? false : 'sanitizers have no shim';
const home = mkdtempSync(path.join(os.tmpdir(), 'stator-disk-'));
after(() => rmSync(home, { recursive: true, force: true }));

const [CREATE, WRITE, SYNC_END, RENAME] = [1, 2, 6, 8];
let number = 0;
function record(kind, { inode = 0, offset = 0, names = '', data = '' }) {
  const head = Buffer.alloc(40);
  [kind, names.length].forEach((value, at) => head.writeUInt32LE(value, at * 4));
  [++number, inode, offset, data.length].forEach((value, at) => head.writeBigUInt64LE(BigInt(value), 8 + at * 8));
  return Buffer.concat([head, Buffer.from(names), Buffer.from(data)]);
}

// All that some hundred cuts of a journal leave, as texts.
function cuts(...parts) {
  const disk = new Disk(home);
  disk.play(Buffer.concat(parts));
  return new Set(Array.from({ length: 300 }, (_, seed) =>
    JSON.stringify([...disk.cut(randomFrom(seed + 1))].map(([name, bytes]) => [name, bytes.toString('latin1')]).sort())));
}

test('what was synced, bytes and name, is there after every cut', () => {
  number = 0;
  const left = cuts(record(CREATE, { inode: 7, names: 'log' }), record(WRITE, { inode: 7, data: 'saved' }), record(SYNC_END, { inode: 7, offset: 2 }),
    record(SYNC_END, { inode: 0, offset: 3 }));
  assert.deepEqual([...left], ['[["log","saved"]]']);
});

test('a write that was not synced is there, or torn, or not; so is the name of a file', () => {
  number = 0;
  const left = cuts(record(CREATE, { inode: 7, names: 'log' }), record(WRITE, { inode: 7, data: 'abc' }));
  for (const each of ['[]', '[["log",""]]', '[["log","ab"]]', '[["log","abc"]]']) assert.ok(left.has(each), `${each} of ${[...left]}`);
});

test('a later write may be there without an earlier one, and an earlier without a later', () => {
  number = 0;
  const left = cuts(record(CREATE, { inode: 7, names: 'log' }), record(SYNC_END, { inode: 0, offset: 1 }), record(WRITE, { inode: 7, data: 'a' }),
    record(WRITE, { inode: 7, offset: 1, data: 'b' }));
  for (const each of ['a', '\\u0000b', 'ab', '']) assert.ok(left.has(`[["log","${each}"]]`), each);
});

test('a rename that was not synced is undone as a whole', () => {
  number = 0;
  writeFileSync(path.join(home, 'CURRENT'), 'old');
  const left = cuts(record(CREATE, { inode: 7, names: 'new' }), record(WRITE, { inode: 7, data: 'new' }), record(SYNC_END, { inode: 7, offset: 2 }),
    record(SYNC_END, { inode: 0, offset: 3 }), record(RENAME, { names: 'new\0CURRENT' }));
  assert.deepEqual([...left].sort(), ['[["CURRENT","new"]]', '[["CURRENT","old"],["new","new"]]']);
});

test('a disk that says it has saved, and has not, is found out', { skip }, async () => {
  const rounds = new Rounds({ kind: 'cut', lies: true });
  await assert.rejects(async () => { for (let n = 0; n < 10; n++) await rounds.round(SEED * 1000 + n); });
  rounds.done();
});

test(`after ${POINTS} power cuts under load nothing acknowledged is lost, and nothing is half there`, { skip }, async (context) => {
  context.diagnostic(`SEED=${SEED}`);
  const rounds = new Rounds({ kind: 'cut' });
  let acknowledged = 0;
  for (let n = 0; n < POINTS; n++) acknowledged += (await rounds.round(SEED * 1000 + n)).acknowledged;
  assert.ok(acknowledged > POINTS, `${acknowledged} writes were acknowledged at all`);
  rounds.done();
});
