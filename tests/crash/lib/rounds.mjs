// One point after another on one directory: load, an end in the middle of it, and a look at what is
// left. The end is a power cut (disk.mjs) or a kill, or there are faults of the disk before it.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startServer } from '../../api/lib/server.mjs';
import { RawClient, S } from '../../api/lib/index.mjs';
import { checkWorld, verify } from './check.mjs';
import { CALL, Control, Disk, ERRNO, FILE, MODE, onDisk } from './disk.mjs';
import { World } from './load.mjs';
import { randomFrom } from './random.mjs';

const ROUND_MS_MAX = 4000;
const MEET_MS_MAX = 60000;
const SYNC_US = [0, 200, 1000, 3000];
const place = existsShm() ? '/dev/shm' : os.tmpdir();

function existsShm() {
  try { return rmSync(mkdtempSync('/dev/shm/stator-'), { recursive: true }) ?? true; } catch { return false; }
}

function faultOf(random) {
  const kinds = [
    { calls: CALL.SYNC, error: ERRNO.EIO }, { calls: CALL.SYNC, error: ERRNO.ENOSPC }, { calls: CALL.SYNC, files: FILE.LOG, error: ERRNO.ENOSPC },
    { calls: CALL.WRITE, error: ERRNO.EIO }, { calls: CALL.WRITE, error: ERRNO.ENOSPC },
    { calls: CALL.WRITE, error: ERRNO.ENOSPC, mode: MODE.PARTIAL }, { calls: CALL.WRITE, mode: MODE.SHORT }, { calls: CALL.WRITE, error: ERRNO.EINTR },
    { calls: CALL.READ, error: ERRNO.EIO }, { calls: CALL.READ, mode: MODE.SHORT }, { calls: CALL.READ, error: ERRNO.EINTR },
    { calls: CALL.OPEN | CALL.RENAME, error: ERRNO.EIO }, { calls: CALL.OPEN, error: ERRNO.EMFILE },
    { calls: CALL.WRITE | CALL.SYNC | CALL.OPEN | CALL.RENAME, error: ERRNO.ENOSPC }];
  return { ...random.of(kinds), skip: random(150), times: 1 + random(random.chance(50) ? 1 : 20) };
}

// What becomes of writes once the faults are over: 'accepting', or 'refusing' for good, which it says.
export async function settle(endpoint) {
  const probe = { TableName: 'other', Key: { id: S('shared') }, UpdateExpression: 'ADD probe :one', ExpressionAttributeValues: { ':one': { N: '1' } } };
  const client = new RawClient(endpoint);
  try {
    for (const until = Date.now() + 15000; ;await new Promise((resolve) => setTimeout(resolve, 50))) {
      const { status, body } = await client.send('UpdateItem', probe);
      if (status === 200) return 'accepting';
      if (/until the server is started again/.test(body)) return 'refusing';
      assert.ok(Date.now() < until, `neither accepting nor refusing for good: ${status} ${body}`);
    }
  } finally {
    client.close();
  }
}

export class Rounds {
  // `kind` is cut (a power cut), kill, or fault.
  constructor({ kind, ordered = false, lies = false, writers = 12 }) {
    Object.assign(this, { kind, ordered, lies, world: new World(writers) });
    this.home = mkdtempSync(path.join(place, 'stator-crash-'));
    this.directory = path.join(this.home, 'data');
    this.journal = path.join(this.home, 'journal');
    this.args = ['--data-dir', this.directory, '--min-free-mb', '1', '--write-buffer-mb', '1', '--cache-mb', '8', '--stream-shard-ms', '1000',
      '--stream-shards', '2'];
  }

  // What was seen of one point: {records, acknowledged, …}; throws what is wrong.
  async round(seed) {
    const before = this.world.acknowledged;
    const random = randomFrom(seed);
    const seen = await this[this.kind](random, seed);
    // Half the time `verify` is first to see what is left, else the server.
    const first = random.chance(50);
    if (first) await verify(this.directory);
    const server = await startServer([...this.args, '--ttl-delay-ms', '604800000']); // nothing changes while we look
    try {
      seen.streamed = await checkWorld(server.endpoint, this.world);
    } finally {
      await server.kill();
    }
    if (!first) await verify(this.directory);
    return { ...seen, acknowledged: this.world.acknowledged - before };
  }

  async load(server, seed) {
    const timer = setTimeout(() => server.kill(), ROUND_MS_MAX);
    await this.world.run(server.endpoint, seed);
    clearTimeout(timer);
    await server.kill();
  }

  // A server on such a disk, with the directory as it is now; `server` is undefined when it ended at once.
  async start(set, args = []) {
    rmSync(this.journal, { force: true });
    mkdirSync(this.directory, { recursive: true });
    const disk = new Disk(this.directory, this.lies);
    const control = new Control(path.join(this.home, 'control'));
    set(control);
    const server = await startServer([...this.args, ...args], { env: onDisk(control, this.directory, this.journal) })
      .catch((error) => { control.why = error.message; });
    return { disk, control, server };
  }

  // The power fails here.
  fail({ disk, control }, random) {
    const records = control.count;
    control.close();
    disk.play(readFileSync(this.journal));
    disk.write(disk.cut(random, this.ordered));
    return records;
  }

  async cut(random, seed) {
    const on = await this.start((control) => {
      control.crashAt = 1 + random(random.chance(15) ? 80 : 700);
      control.syncUs = random.of(SYNC_US);
    });
    if (on.server) await this.load(on.server, seed); // a crash while it starts is one, too
    return { records: this.fail(on, random), started: on.server !== undefined };
  }

  // Faults begin at some call and end after some. What a server that goes on shows then must be what
  // one shows that is started after a power cut.
  async fault(random, seed, given) {
    const rule = given ?? faultOf(random);
    const on = await this.start((control) => { control.syncUs = random.of(SYNC_US); }, ['--ttl-delay-ms', '604800000']);
    assert.ok(on.server, on.control.why);
    this.world.tolerates = (error) => error.status === 500;
    await this.world.prepare(on.server.endpoint);
    on.control.rule(0, rule);
    const running = this.world.run(on.server.endpoint, seed);
    await this.stopAfter(300 + random(400), running, () => !given || on.control.hits(0) > 0);
    await running;
    const hits = on.control.hits(0);
    on.control.clear(0);
    const state = await settle(on.server.endpoint);
    if (state === 'accepting') {
      await checkWorld(on.server.endpoint, this.world);
      setTimeout(() => this.world.stop(), 100);
      await this.world.run(on.server.endpoint, seed + 1);
    }
    this.world.tolerates = undefined;
    await on.server.kill();
    return { records: this.fail(on, random), started: true, state, hits, rule };
  }

  // Stops the world after so long, and not before `enough`: a fault that is asked for must be met, on a slow machine, too.
  async stopAfter(ms, running, enough) {
    let over = false;
    running.catch(() => {}).then(() => { over = true; });
    await new Promise((resolve) => setTimeout(resolve, ms));
    for (const until = Date.now() + MEET_MS_MAX; !over && !enough() && Date.now() < until;)
      await new Promise((resolve) => setTimeout(resolve, 20));
    this.world.stop();
  }

  async kill(random, seed) {
    const server = await startServer(this.args);
    setTimeout(() => server.kill(), 5 + random(400));
    await this.load(server, seed);
    return { records: 0, started: true };
  }

  done() {
    rmSync(this.home, { recursive: true, force: true });
  }
}
