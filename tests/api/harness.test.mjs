// What every file of these tests relies on: its server is there until its last case has ended, however long the file waits between
// two of them, and its cases have ended before anything of theirs is cleared away.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { harness } from './lib/index.mjs';

const { db } = await harness();
const WAIT_MS = 300;
const pause = () => new Promise((resolve) => setTimeout(resolve, WAIT_MS));
const seen = [];
after(() => seen.push('cleared away'));

test('a first case ends before the file is read to its end', () => seen.push('first'));
await pause();
test('a case that a file made after a wait finds its server', async () => {
  assert.ok((await db.ListTables({})).TableNames);
  await pause();
  seen.push('second');
});
test('nothing was cleared away before', () => assert.deepEqual(seen, ['first', 'second']));

test('what a case clears away is cleared away with it', async (context) => {
  const within = [];
  await context.test('a case within', () => { after(() => within.push('cleared away')); });
  assert.deepEqual(within, ['cleared away']);
});
