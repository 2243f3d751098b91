// One client, whose every answer is compared with the model's: COUNT operations in sequences, each
// with a seed of its own (SEED.number). SEED=7.12 plays sequence 12 of seed 7 alone.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { RawClient } from '../api/lib/raw.mjs';
import { givenEndpoint, startServer } from '../api/lib/server.mjs';
import { SEQUENCE, playSeed, shrink, told } from './lib/sequence.mjs';

const COUNT = Number(process.env.COUNT || 3000);
const SEED = process.env.SEED || String(Date.now() % 1e9);

const server = givenEndpoint() ? undefined : await startServer();
const client = new RawClient(givenEndpoint() ?? server.endpoint);
after(async () => {
  client.close();
  await server?.stop();
});

const seeds = SEED.includes('.') ? [SEED] : Array.from({ length: Math.ceil(COUNT / SEQUENCE) }, (_, at) => `${SEED}.${at}`);

test(`${seeds.length} sequences of operations are answered as the model answers`, { timeout: 86400000 }, async (context) => {
  context.diagnostic(`SEED=${SEED}`);
  for (const seed of seeds) {
    const { played, difference } = await playSeed(client, seed);
    if (difference) assert.fail(told(await shrink(client, played, difference), seed));
  }
});

// The checker checked: a client that answers some requests itself.
test('a delete that is acknowledged and not done is found, and shrunk to a few operations', async () => {
  const broken = { call: (operation, body) => (operation === 'DeleteItem' && !body.ConditionExpression ? { } : client.call(operation, body)) };
  const { played, difference } = await playSeed(broken, 'broken');
  assert.ok(difference, 'it is found');
  const { operations, again } = await shrink(broken, played, difference);
  assert.ok(again, 'it is found again');
  assert.ok(operations.length <= 3, JSON.stringify(operations));
});
