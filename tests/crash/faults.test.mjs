// Disks that fail, clocks that jump, and what runs out: the server answers or refuses, and what it
// acknowledged is there afterwards. Faults come from shim/shim.c.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import { ApiError, N, RawClient, S, tableRequest } from '../api/lib/index.mjs';
import { sign } from '../api/lib/sign.mjs';
import { startServer } from '../api/lib/server.mjs';
import { checkWorld, verify } from './lib/check.mjs';
import { CALL, ERRNO, FILE, MODE, hasShim } from './lib/disk.mjs';
import { randomFrom } from './lib/random.mjs';
import { Rounds, settle } from './lib/rounds.mjs';

const SEED = Number(process.env.SEED ?? Date.now() % 1e6);
const skip = hasShim() ? false : 'sanitizers have no shim';
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const all = [];
after(() => all.forEach((rounds) => rounds.done()));
function roundsOf(kind) {
  const rounds = new Rounds({ kind, writers: 6 });
  all.push(rounds);
  return rounds;
}
const dbOf = (endpoint) => {
  const client = new RawClient(endpoint);
  return new Proxy({ close: () => client.close() }, { get: (own, operation) => own[operation] ?? ((body) => client.call(operation, body)) });
};

// Starts again without faults and looks.
async function lookAgain(rounds) {
  await verify(rounds.directory);
  const server = await startServer([...rounds.args, '--ttl-delay-ms', '604800000']);
  try {
    await checkWorld(server.endpoint, rounds.world);
  } finally {
    await server.kill();
  }
  await verify(rounds.directory);
}

// ---- the disk ----

const once = { times: 1 };
const faults = {
  'an fsync of the log that fails with EIO': [{ calls: CALL.SYNC, files: FILE.LOG, error: ERRNO.EIO, skip: 20, ...once }, 'refusing'],
  'a write of the log that fails with EIO': [{ calls: CALL.WRITE, files: FILE.LOG, error: ERRNO.EIO, skip: 20, ...once }, 'refusing'],
  'an fsync of the log that fails with ENOSPC': [{ calls: CALL.SYNC, files: FILE.LOG, error: ERRNO.ENOSPC, skip: 20, ...once }, 'accepting'],
  'a write of the log of which half is done before ENOSPC': [{ calls: CALL.WRITE, files: FILE.LOG, error: ERRNO.ENOSPC, mode: MODE.PARTIAL, skip: 20, ...once }, 'accepting'],
  'short writes': [{ calls: CALL.WRITE, mode: MODE.SHORT, skip: 5, times: 30 }, 'accepting'],
  'interrupted writes': [{ calls: CALL.WRITE, error: ERRNO.EINTR, skip: 5, times: 30 }, 'accepting'],
};
for (const [name, [rule, expected]] of Object.entries(faults)) {
  test(`${name}: what was acknowledged is there, and the server is ${expected} writes`, { skip }, async (context) => {
    context.diagnostic(`SEED=${SEED}`);
    const rounds = roundsOf('fault');
    const { state, hits } = await rounds.fault(randomFrom(SEED), SEED, rule);
    assert.ok(hits > 0, 'the fault was met');
    assert.equal(state, expected);
    await lookAgain(rounds);
  });
}

test('after a failed fsync writes are refused until a restart, which the log, the metric and the error say; reads go on', { skip }, async () => {
  const rounds = roundsOf('fault');
  const on = await rounds.start(() => {});
  const db = dbOf(on.server.endpoint);
  await db.CreateTable(tableRequest({ name: 'kept' }));
  await db.PutItem({ TableName: 'kept', Item: { id: S('a'), n: N(1) } });
  on.control.rule(0, { calls: CALL.SYNC, files: FILE.LOG, error: ERRNO.EIO, times: 1 });
  const put = (id) => db.PutItem({ TableName: 'kept', Item: { id: S(id), n: N(2) } });
  await assert.rejects(put('b'), (error) => error instanceof ApiError && error.status === 500 && /may or may not have happened/.test(error.message));
  const syncs = on.control.count;
  for (let n = 0; n < 20; n++) {
    await assert.rejects(put('c'), { status: 500, message: 'The disk has failed: writes are refused until the server is started again.' });
    assert.deepEqual((await db.GetItem({ TableName: 'kept', Key: { id: S('a') }, ConsistentRead: true })).Item.n, N(1));
    await pause(60);
  }
  assert.equal((await db.Scan({ TableName: 'kept' })).Items.find(({ id }) => id.S === 'c'), undefined);
  assert.equal(on.control.count, syncs, 'nothing is written behind the failure');
  assert.match(await (await fetch(`${on.server.endpoint}/metrics`)).text(), /^stator_refusing_writes 1$/m);
  assert.match(on.server.stderr + on.server.stdout, /event=writes_refused reason="a write could not be made durable; no more until a restart"/);
  db.close();
  await on.server.kill();
  rounds.fail(on, randomFrom(SEED));
  await verify(rounds.directory);
  const again = await startServer(rounds.args);
  const after = dbOf(again.endpoint);
  assert.deepEqual((await after.GetItem({ TableName: 'kept', Key: { id: S('a') } })).Item.n, N(1));
  await after.PutItem({ TableName: 'kept', Item: { id: S('c'), n: N(3) } });
  after.close();
  await again.kill();
});

test('a description that could not be made durable does not come back with the log', { skip }, async () => {
  const rounds = roundsOf('fault');
  const on = await rounds.start(() => {});
  const db = dbOf(on.server.endpoint);
  await db.CreateTable(tableRequest({ name: 'other' }));
  await db.CreateTable(tableRequest({ name: 'kept' }));
  await db.PutItem({ TableName: 'kept', Item: { id: S('a'), g: S('g') } });
  const index = { TableName: 'kept', AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }, { AttributeName: 'g', AttributeType: 'S' }],
    GlobalSecondaryIndexUpdates: [{ Create: { IndexName: 'byG', KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }], Projection: { ProjectionType: 'ALL' } } }] };
  const noSpace = { calls: CALL.SYNC, files: FILE.LOG, error: ERRNO.ENOSPC, times: 1 };
  // Else RocksDB would at once begin another log by itself, and forget the one with the lost group.
  const noOtherLog = { calls: CALL.OPEN, files: FILE.LOG | FILE.TABLE, error: ERRNO.ENOSPC, times: 1 };
  const described = async (endpoint) => {
    const look = dbOf(endpoint);
    const { TableNames } = await look.ListTables({});
    const { Table } = await look.DescribeTable({ TableName: 'kept' });
    const { Items } = await look.Scan({ TableName: 'kept' });
    look.close();
    return { TableNames, indexes: Table.GlobalSecondaryIndexes ?? [], stream: Table.LatestStreamArn, ids: Items.map(({ id }) => id.S).sort() };
  };
  for (const lost of [() => db.UpdateTable(index), () => db.CreateTable(tableRequest({ name: 'never' })), () => db.DeleteTable({ TableName: 'kept' }),
    () => db.UpdateTable({ TableName: 'kept', StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } })]) {
    on.control.rule(1, noOtherLog);
    on.control.rule(0, noSpace);
    await assert.rejects(lost(), { status: 500 });
    assert.equal(on.control.hits(0), 1);
    assert.equal(await settle(on.server.endpoint), 'accepting');
  }
  await db.PutItem({ TableName: 'kept', Item: { id: S('b'), g: S('g') } });
  const before = await described(on.server.endpoint);
  assert.deepEqual(before, { TableNames: ['kept', 'other'], indexes: [], stream: undefined, ids: ['a', 'b'] });
  db.close();
  await on.server.kill();
  rounds.fail(on, randomFrom(SEED));
  await verify(rounds.directory);
  const again = await startServer(rounds.args);
  assert.deepEqual(await described(again.endpoint), before);
  await again.kill();
});

test('who ends while the disk is full puts back what was told as lost', { skip }, async () => {
  const rounds = roundsOf('fault');
  const on = await rounds.start(() => {});
  const db = dbOf(on.server.endpoint);
  await db.CreateTable(tableRequest({ name: 'kept' }));
  await db.PutItem({ TableName: 'kept', Item: { id: S('a') } });
  on.control.rule(1, { calls: CALL.OPEN, files: FILE.LOG | FILE.TABLE, error: ERRNO.ENOSPC, times: 1 }); // as above
  on.control.rule(0, { calls: CALL.SYNC, files: FILE.LOG, error: ERRNO.ENOSPC, times: 1 });
  await assert.rejects(db.DeleteTable({ TableName: 'kept' }), { status: 500 });
  db.close();
  await on.server.stop(); // before it has looked for space again
  assert.doesNotMatch(on.server.stderr + on.server.stdout, /lost_writes_may_return/);
  on.control.close();
  await verify(rounds.directory);
  const again = await startServer(rounds.args);
  const look = dbOf(again.endpoint);
  assert.deepEqual((await look.ListTables({})).TableNames, ['kept']);
  assert.equal((await look.Scan({ TableName: 'kept' })).Count, 1);
  look.close();
  await again.kill();
});

test('a table file that cannot be read is an error to who reads it, and no wrong answer', { skip }, async () => {
  const rounds = roundsOf('fault');
  const first = await rounds.start(() => {});
  const fill = dbOf(first.server.endpoint);
  await fill.CreateTable(tableRequest({ name: 'kept' }));
  for (let n = 0; n < 40; n++) await fill.PutItem({ TableName: 'kept', Item: { id: S(`i${n}`), pad: S('x'.repeat(20000)) } });
  fill.close();
  await first.server.stop(); // and the next start writes a table file
  first.control.close();
  const on = await rounds.start(() => {});
  const db = dbOf(on.server.endpoint);
  const seen = new Set();
  on.control.rule(0, { calls: CALL.READ, files: FILE.TABLE, error: ERRNO.EIO });
  for (let n = 0; n < 40; n++) {
    const answer = await db.GetItem({ TableName: 'kept', Key: { id: S(`i${n}`) } }).catch((error) => error);
    if (answer instanceof ApiError) assert.equal(answer.status, 500);
    else assert.equal(answer.Item?.pad.S.length, 20000);
    seen.add(answer instanceof ApiError);
  }
  assert.ok(seen.has(true), 'reads met the fault');
  on.control.clear(0);
  assert.equal((await db.Scan({ TableName: 'kept', Select: 'COUNT' })).Count, 40);
  db.close();
  await on.server.kill();
  on.control.close();
  await verify(rounds.directory);
});

// ---- the clock ----

const HOUR = 3600 * 1000;
test('jumps of the clock by hours and days, under load and over restarts, lose and repeat nothing', { skip }, async () => {
  const rounds = roundsOf('fault');
  const random = randomFrom(SEED);
  for (const jumps of [[0, HOUR, -HOUR], [-24 * HOUR, 24 * HOUR], [-26 * HOUR, -25 * HOUR, 0]]) {
    const on = await rounds.start((control) => { control.clockMs = jumps[0]; });
    jumps.forEach((jump, at) => setTimeout(() => { on.control.clockMs = jump; }, at * 150));
    setTimeout(() => rounds.world.stop(), jumps.length * 150 + 100);
    await rounds.world.run(on.server.endpoint, SEED + jumps[0] / HOUR + 100);
    await on.server.kill();
    rounds.fail(on, random);
    await lookAgain(rounds);
  }
});

test('a signature is refused while the clock is a day ahead, and taken when it is right again', { skip }, async () => {
  const rounds = roundsOf('fault');
  const keys = ['--auth', '--root-access-key-id', 'local', '--root-secret-access-key', 'local'];
  const on = await rounds.start(() => {}, keys);
  const client = new RawClient(on.server.endpoint);
  const ask = () => client.send('ListTables', {}, sign(client.host, 'DynamoDB_20120810.ListTables', Buffer.from('{}')));
  const answers = [];
  for (const jump of [0, 24 * HOUR, -24 * HOUR, 0]) {
    on.control.clockMs = jump;
    answers.push((await ask()).status);
  }
  assert.deepEqual(answers, [200, 400, 400, 200]);
  client.close();
  await on.server.kill();
  on.control.close();
});

// ---- what runs out ----

test('without file descriptors it goes on when there are some again', async () => {
  const rounds = roundsOf('kill');
  const server = await startServer([...rounds.args]);
  const open = readdirSync(`/proc/${server.pid}/fd`).length;
  execFileSync('prlimit', ['--pid', String(server.pid), `--nofile=${open + 8}:4096`]);
  const { port } = new URL(server.endpoint);
  const sockets = Array.from({ length: 200 }, () => net.connect(Number(port), '127.0.0.1').on('error', () => {}));
  rounds.world.tolerates = (error) => error.status === 500;
  setTimeout(() => rounds.world.stop(), 400);
  const running = rounds.world.run(server.endpoint, SEED).catch((error) => { if (!/no whole answer/.test(error.message)) throw error; });
  await pause(300);
  sockets.forEach((socket) => socket.destroy());
  execFileSync('prlimit', ['--pid', String(server.pid), '--nofile=4096:4096']);
  await running;
  rounds.world.tolerates = undefined;
  setTimeout(() => rounds.world.stop(), 300);
  await rounds.world.run(server.endpoint, SEED + 1);
  assert.equal(await settle(server.endpoint), 'accepting');
  await server.kill();
  await lookAgain(rounds);
});

test('thousands of half-open connections cost descriptors, and give them back', async () => {
  const rounds = roundsOf('kill');
  const server = await startServer([...rounds.args, '--request-timeout-ms', '1500']);
  const { port } = new URL(server.endpoint);
  const before = readdirSync(`/proc/${server.pid}/fd`).length;
  const sockets = Array.from({ length: 3000 }, () => net.connect(Number(port), '127.0.0.1', function begin() { this.write('POST / HTTP/1.1\r\nHost: x'); })
    .on('error', () => {}).resume());
  const running = rounds.world.run(server.endpoint, SEED);
  for (const until = Date.now() + 20000; rounds.world.acknowledged <= 20 && Date.now() < until;) await pause(50);
  rounds.world.stop();
  await running;
  assert.ok(rounds.world.acknowledged > 20, `${rounds.world.acknowledged} writes meanwhile`);
  for (const until = Date.now() + 20000; readdirSync(`/proc/${server.pid}/fd`).length > before + 50; await pause(100)) assert.ok(Date.now() < until, 'they are closed');
  sockets.forEach((socket) => socket.destroy());
  await server.kill();
  await lookAgain(rounds);
});

test('with too little memory it ends or refuses, and what it acknowledged is there', async () => {
  const rounds = roundsOf('kill');
  const server = await startServer(rounds.args);
  const kilobytes = Number(/VmSize:\s+(\d+)/.exec(execFileSync('cat', [`/proc/${server.pid}/status`]).toString())[1]);
  execFileSync('prlimit', ['--pid', String(server.pid), `--as=${(kilobytes + 2048) * 1024}`]);
  rounds.world.tolerates = (error) => error.status === 500;
  setTimeout(() => rounds.world.stop(), 800);
  await rounds.world.run(server.endpoint, SEED);
  rounds.world.tolerates = undefined;
  await server.kill();
  await lookAgain(rounds);
});
