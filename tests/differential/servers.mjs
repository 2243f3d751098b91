// Starts Stator and its peers on free ports, all in memory, and ends them.

import net from 'node:net';
import path from 'node:path';
import { existsSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Connection } from './wire.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
export const ours = path.resolve(process.env.STATOR_BIN || path.join(here, '../../build/stator'));

const PEERS = {
  dynalite: {
    file: 'dynalite/cli.js',
    command: (file, port) => [process.execPath, '--require', path.join(here, 'guard.cjs'), file, '--host', '127.0.0.1', '--port', port, '--createTableMs', 0, '--deleteTableMs', 0],
    cannot: (request) => /[:,[]null\b/.test(JSON.stringify(request)), // it ends on a null inside of a value
  },
  dynoxide: {
    file: '@dynoxide/linux-x64/dynoxide',
    command: (file, port) => [file, '--host', '127.0.0.1', '--port', port],
  },
};

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

export class Server {
  // `cannot(request)`: the server is not to be asked that.
  constructor(name, command, cannot) {
    this.cannot = cannot;
    this.name = name;
    this.command = command;
    this.starts = 0;
    this.stopping = false;
  }

  async start() {
    const port = await freePort();
    const [program, ...args] = this.command(String(port));
    this.port = port;
    this.log = '';
    this.ended = undefined;
    this.starts++;
    this.child = spawn(program, args.map(String), { stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (data) => { this.log = (this.log + data).slice(-4000); };
    this.child.stdout.on('data', keep);
    this.child.stderr.on('data', keep);
    this.child.on('error', (error) => { this.ended = error.message; });
    this.child.on('close', (code, signal) => { this.ended ??= signal ? `signal ${signal}` : `code ${code}`; });
    await this.ready();
    return this;
  }

  async ready() {
    const connection = new Connection(this.port);
    for (const limit = Date.now() + 20000; ;) {
      if (this.ended) throw new Error(`${this.name} ended (${this.ended}): ${this.log}`);
      try {
        await connection.ask('ListTables', '{}');
        connection.close();
        return;
      } catch {
        if (Date.now() > limit) throw new Error(`${this.name} did not answer: ${this.log}`);
        await sleep(20);
      }
    }
  }

  async stop() {
    if (this.ended || !this.child) return;
    this.child.kill('SIGKILL');
    while (!this.ended) await sleep(5);
  }
}

export const stator = () => new Server('stator', (port) => [ours, 'serve', '--in-memory', '--port', port]);

// Those whose packages are in `folder`, in the order of PEERS.
export function peersIn(folder, wanted = Object.keys(PEERS)) {
  return wanted.map((name) => {
    const file = path.join(folder, PEERS[name].file);
    if (!existsSync(file)) throw new Error(`${name} is not in ${folder}: npm install --prefix tests/differential, or name another with --peers`);
    return new Server(name, (port) => PEERS[name].command(file, port), PEERS[name].cannot);
  });
}

export const peersFolder = path.join(here, 'node_modules');
