// What was told as lost stays lost: servers that are killed, or lose power, at each step between a
// failed fsync of the log and the first write that is accepted again (kv/rocks/lost_file.h).

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { N, RawClient, S, tableRequest } from '../api/lib/index.mjs';
import { startServer } from '../api/lib/server.mjs';
import { verify } from './lib/check.mjs';
import { CALL, ERRNO, FILE, hasShim } from './lib/disk.mjs';
import { randomFrom } from './lib/random.mjs';
import { Rounds } from './lib/rounds.mjs';

const SEED = Number(process.env.SEED ?? Date.now() % 1e6);
const skip = hasShim() ? false : 'sanitizers have no shim';
const all = [];
const servers = [];
after(async () => {
  for (const server of servers) await server.kill(); // those of a case that failed
  all.forEach((rounds) => rounds.done());
});

function roundsOf() {
  const rounds = new Rounds({ kind: 'fault' });
  all.push(rounds);
  return rounds;
}

async function using(endpoint, body) {
  const client = new RawClient(endpoint);
  try {
    return await body((operation, input) => client.call(operation, input));
  } finally {
    client.close();
  }
}

// What the lost group would have done: to a value, to a key, to a counter of items, to the catalogue.
const losses = {
  put: (call) => call('PutItem', { TableName: 'kept', Item: { id: S('a'), n: N(2) } }),
  new: (call) => call('PutItem', { TableName: 'kept', Item: { id: S('new'), n: N(2) } }),
  delete: (call) => call('DeleteItem', { TableName: 'kept', Key: { id: S('a') } }),
  transaction: (call) => call('TransactWriteItems', { TransactItems: [{ Delete: { TableName: 'kept', Key: { id: S('a') } } },
    { Put: { TableName: 'kept', Item: { id: S('new'), n: N(2) } } }] }),
  deleteTable: (call) => call('DeleteTable', { TableName: 'kept' }),
  createTable: (call) => call('CreateTable', tableRequest({ name: 'never' })),
};

// A server whose disk takes no more logs and tables, so that it can't begin anew by itself, and whose
// next fsync of the log fails.
async function beforeLoss(rounds, error) {
  const on = await rounds.start(() => {});
  assert.ok(on.server, on.control.why);
  servers.push(on.server);
  await using(on.server.endpoint, async (call) => {
    await call('CreateTable', tableRequest({ name: 'kept' }));
    await call('PutItem', { TableName: 'kept', Item: { id: S('a'), n: N(1) } });
  });
  on.control.rule(1, { calls: CALL.OPEN, files: FILE.LOG | FILE.TABLE, error });
  on.control.rule(0, { calls: CALL.SYNC, files: FILE.LOG, error, times: 1 });
  return on;
}

const found = (endpoint) => using(endpoint, async (call) => ({
  tables: (await call('ListTables', {})).TableNames,
  items: (await call('Scan', { TableName: 'kept', ConsistentRead: true })).Items.map(({ id, n }) => `${id.S}=${n.N}`).sort(),
  count: (await call('DescribeTable', { TableName: 'kept' })).Table.ItemCount }));

// As if the lost write had never been; and what is written now is there after the next kill.
async function staysLost(rounds, why) {
  const expected = { tables: ['kept'], items: ['a=1'], count: 1 };
  await verify(rounds.directory);
  const server = await startServer(rounds.args);
  try {
    assert.deepEqual(await found(server.endpoint), expected, why);
    await using(server.endpoint, (call) => call('PutItem', { TableName: 'kept', Item: { id: S('later'), n: N(3) } }));
  } finally {
    await server.kill();
  }
  const again = await startServer(rounds.args);
  try {
    assert.deepEqual(await found(again.endpoint), { ...expected, items: ['a=1', 'later=3'], count: 2 }, why);
  } finally {
    await again.kill();
  }
}

for (const [code, error] of [['ENOSPC', ERRNO.ENOSPC], ['EIO', ERRNO.EIO]]) {
  for (const end of ['kill -9', 'a power cut']) {
    test(`after an fsync that failed with ${code}, and ${end}, what was told as lost does not come back`, { skip }, async (context) => {
      context.diagnostic(`SEED=${SEED}`);
      const random = randomFrom(SEED);
      for (const [name, lose] of Object.entries(losses)) {
        const rounds = roundsOf();
        const on = await beforeLoss(rounds, error);
        await assert.rejects(using(on.server.endpoint, lose), { status: 500 }, name);
        assert.equal(on.control.hits(0), 1);
        await on.server.kill();
        if (end === 'kill -9') on.control.close();
        else rounds.fail(on, random);
        await staysLost(rounds, `${name}, ${code}`);
      }
    });
  }
}

test('killed at each step from the failed fsync to the answer: what was told is true, and what was not told is whole or not there', { skip }, async () => {
  let told = 0;
  for (let step = 1; told < 2; step++) {
    const rounds = roundsOf();
    const on = await beforeLoss(rounds, ERRNO.ENOSPC);
    on.control.crashAt = on.control.count + step;
    const answer = await using(on.server.endpoint, losses.transaction).catch((error) => error);
    const isTold = answer.status === 500;
    told += isTold;
    assert.ok(step < 30 && (isTold || told === 0), `${step} steps: ${answer}`);
    if (isTold) assert.ok(step > 6, `the loss was written down before it was told, after ${step} steps`);
    await on.server.kill();
    on.control.close();
    if (isTold) {
      await staysLost(rounds, `step ${step}`);
      continue;
    }
    await verify(rounds.directory);
    const server = await startServer(rounds.args);
    const { items } = await found(server.endpoint);
    await server.kill();
    assert.ok([['a=1'], ['new=2']].some((each) => `${each}` === `${items}`), `step ${step}: ${items}`);
  }
});

test('ended at each step of the start that leaves out what was lost: so does the next one', { skip }, async (context) => {
  context.diagnostic(`SEED=${SEED}`);
  const random = randomFrom(SEED);
  const rounds = roundsOf();
  const on = await beforeLoss(rounds, ERRNO.ENOSPC);
  await assert.rejects(using(on.server.endpoint, losses.transaction), { status: 500 });
  await on.server.kill();
  on.control.close();
  const saved = path.join(rounds.home, 'saved');
  cpSync(rounds.directory, saved, { recursive: true });
  let step = 1;
  for (let started = false; !started; step++) {
    rmSync(rounds.directory, { recursive: true });
    cpSync(saved, rounds.directory, { recursive: true });
    const starting = await rounds.start((control) => { control.crashAt = step; });
    started = starting.server !== undefined;
    if (started) await starting.server.kill();
    if (random.chance(50)) starting.control.close();
    else rounds.fail(starting, random);
    await staysLost(rounds, `step ${step}`);
  }
  assert.ok(step > 20, `${step} steps`);
});

test('a disk that does not take that either says that lost writes may return, and goes on when it does', { skip }, async () => {
  const rounds = roundsOf();
  const on = await beforeLoss(rounds, ERRNO.ENOSPC);
  on.control.rule(2, { calls: CALL.WRITE | CALL.SYNC | CALL.OPEN, files: FILE.OTHER, error: ERRNO.ENOSPC });
  await assert.rejects(using(on.server.endpoint, losses.transaction), { status: 500 });
  assert.ok(on.control.hits(2) > 0, 'it was tried');
  [1, 2].forEach((rule) => on.control.clear(rule));
  const { endpoint } = on.server;
  for (const until = Date.now() + 15000; ;) {
    const done = await using(endpoint, (call) => call('PutItem', { TableName: 'kept', Item: { id: S('a'), n: N(1) } })).catch(() => undefined);
    if (done) break;
    assert.ok(Date.now() < until, 'it accepts writes again');
  }
  assert.deepEqual(await found(endpoint), { tables: ['kept'], items: ['a=1'], count: 1 });
  on.control.rule(0, { calls: CALL.WRITE | CALL.SYNC | CALL.OPEN, files: FILE.LOG | FILE.TABLE | FILE.OTHER, error: ERRNO.ENOSPC });
  await assert.rejects(using(endpoint, losses.put), { status: 500 });
  await on.server.stop();
  assert.match(on.server.stderr + on.server.stdout, /event=lost_writes_may_return/);
  on.control.close();
  await verify(rounds.directory);
});
