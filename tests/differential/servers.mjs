// Starts Stator and its peers on free ports, all in memory, and ends them.

import net from 'node:net';
import path from 'node:path';
import { existsSync, readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Connection } from './wire.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
export const ours = path.resolve(process.env.STATOR_BIN || path.join(here, '../../build/stator'));

// Lanes that share a connection: their requests leave together. When one makes a server drop
// the connection, all of them lose their answers.
const LANES_A_CONNECTION = 16;

const PEERS = {
  dynalite: {
    file: 'dynalite/cli.js',
    command: (file, port) => [process.execPath, '--require', path.join(here, 'guard.cjs'), file, '--host', '127.0.0.1', '--port', port, '--createTableMs', 0, '--deleteTableMs', 0],
    cannot: (text) => /[:,[]null\b/.test(text), // it ends on a null inside of a value
    lacks: ['TransactWriteItems', 'TransactGetItems', 'ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction'],
    slow: true,
    lanesAConnection: 1, // the guard drops the connection of a request
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
  // `cannot(text)`: the server is not to be asked that.
  constructor(name, command, { cannot, lanesAConnection = LANES_A_CONNECTION } = {}) {
    this.name = name;
    this.command = command;
    this.cannot = cannot;
    this.lanesAConnection = lanesAConnection;
    this.connections = [];
    this.starts = 0;
  }

  async start() {
    const port = await freePort();
    const [program, ...args] = this.command(String(port));
    for (const connection of this.connections) connection?.lose('the server is started again');
    this.connections = [];
    this.port = port;
    this.log = '';
    this.ended = undefined;
    this.starts++;
    const child = spawn(program, args.map(String), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    const keep = (data) => { this.log = (this.log + data).slice(-4000); };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => { this.ended = error.message; });
    child.on('close', (code, signal) => { this.ended ??= signal ? `signal ${signal}` : `code ${code}`; });
    await this.ready();
    return this;
  }

  async ready() {
    const connection = new Connection(this.port);
    for (const limit = Date.now() + 60000; ;) {
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

  // The connection of a lane.
  connection(lane) {
    const at = Math.floor(lane / this.lanesAConnection);
    return (this.connections[at] ??= new Connection(this.port));
  }

  // One that ended is started again: true when it had.
  async revive() {
    if (!this.ended && !this.reviving) return false;
    this.reviving ??= this.start().finally(() => { this.reviving = undefined; });
    await this.reviving;
    return true;
  }

  megabytes() {
    try {
      return Math.round(Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))[1]) / 1024);
    } catch {
      return 0; // ended, or not Linux
    }
  }

  async stop() {
    for (const connection of this.connections) connection?.close();
    if (this.ended || !this.child) return;
    this.child.kill('SIGKILL');
    while (!this.ended) await sleep(5);
  }
}

export const stator = () => new Server('stator', (port) => [ours, 'serve', '--in-memory', '--port', port]);

// Those whose packages are in `folder`, in the order of PEERS: { name, slow, lacks, servers, of(lane) }.
// A slow one runs as several processes.
export function peersIn(folder, wanted = Object.keys(PEERS), processes = 2) {
  return Object.keys(PEERS).filter((name) => wanted.includes(name)).map((name) => {
    const { file: place, command, slow = false, lacks = [], ...rest } = PEERS[name];
    const file = path.join(folder, place);
    if (!existsSync(file)) throw new Error(`${name} is not in ${folder}: npm install --prefix tests/differential, or name another with --peers`);
    const servers = Array.from({ length: slow ? processes : 1 }, () => new Server(name, (port) => command(file, port), rest));
    return { name, slow, lacks: new Set(lacks), servers, of: (lane) => servers[lane % servers.length] };
  });
}

export const peersFolder = path.join(here, 'node_modules');
