// One point after another on one directory: load, an end in the middle of it, and a look at what is
// left. The end is a power cut (disk.mjs) or a kill.

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startServer } from '../../api/lib/server.mjs';
import { checkWorld, verify } from './check.mjs';
import { Control, Disk, onDisk } from './disk.mjs';
import { World } from './load.mjs';
import { randomFrom } from './random.mjs';

const ROUND_MS_MAX = 4000;
const SYNC_US = [0, 200, 1000, 3000];
const place = existsShm() ? '/dev/shm' : os.tmpdir();

function existsShm() {
  try { return rmSync(mkdtempSync('/dev/shm/stator-'), { recursive: true }) ?? true; } catch { return false; }
}

export class Rounds {
  // `cut`: a power cut, else kill -9.
  constructor({ cut, ordered = false, lies = false, writers = 12 }) {
    Object.assign(this, { cut, ordered, lies, world: new World(writers) });
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
    const seen = this.cut ? await this.powerCut(random, seed) : await this.kill(random, seed);
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

  async powerCut(random, seed) {
    rmSync(this.journal, { force: true });
    mkdirSync(this.directory, { recursive: true });
    const disk = new Disk(this.directory, this.lies);
    const control = new Control(path.join(this.home, 'control'));
    control.crashAt = 1 + random(random.chance(15) ? 80 : 700);
    control.syncUs = random.of(SYNC_US);
    // A crash while it starts is one, too.
    const server = await startServer(this.args, { env: onDisk(control, this.directory, this.journal) }).catch(() => undefined);
    if (server) await this.load(server, seed);
    const records = control.count;
    control.close();
    disk.play(readFileSync(this.journal));
    disk.write(disk.cut(random, this.ordered));
    return { records, started: server !== undefined };
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
