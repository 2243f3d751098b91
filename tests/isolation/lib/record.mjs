// Records a history: many connections, each with one request under way, on few keys. The recorder is one
// thread, so one counter orders what is asked and answered.
//
// Kinds:
//   registers     one key at a time, everything that can be done to it; judged key by key
//   transactions  reads and writes of one to four keys whose versions carry a trail; judged by their graph
//   mixed         all of it on three keys with few clients, deletions too; judged by search over all keys

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runToEnd, startServer } from '../../api/lib/server.mjs';
import { chanceFrom } from '../../model/lib/generator.mjs';
import { Connection, Gone } from './client.mjs';
import { itemOf, request, understand } from './requests.mjs';

export const KINDS = {
  registers: { keys: 5, clients: 24 },
  transactions: { keys: 8, clients: 32 },
  mixed: { keys: 3, clients: 8 },
};
const TableName = 'histories';

// What a client may ask next. It knows what it saw last of each key, and what another one wrote.
class Asker {
  constructor(number, history, kills) {
    this.number = number;
    this.kind = history.kind;
    this.keys = KINDS[history.kind].keys;
    this.chance = chanceFrom(`${history.seed}.${number}`);
    this.seen = history.initial.map((state) => state?.v ?? null);
    this.count = 0;
    this.kills = kills;
  }

  value() {
    return `${this.number}.${this.count++}`;
  }

  some(least, most) {
    const keys = [...Array(this.keys).keys()];
    const size = least + this.chance(most - least + 1);
    return Array.from({ length: size }, () => keys.splice(this.chance(keys.length), 1)[0]);
  }

  expected(key, always) {
    return always || this.chance(3) === 0 ? { expect: this.seen[key] } : {};
  }

  write(key) {
    const trailed = this.kind === 'transactions';
    const choice = this.chance(trailed ? 2 : 3);
    if (choice === 0) return { key, do: 'update', value: this.value(), ...(trailed ? { trailed } : { add: 1 + this.chance(9) }), ...this.expected(key) };
    // A trail goes on behind a put only if that says what it replaces.
    if (choice === 1) return { key, do: 'put', value: this.value(), ...(trailed ? { trailed } : { number: this.chance(100) }), ...this.expected(key, trailed) };
    return { key, do: 'delete', ...this.expected(key) };
  }

  single() {
    const key = this.chance(this.keys);
    if (this.chance(3) === 0) return { parts: [{ key, do: 'read' }] };
    const part = this.write(key);
    const told = { put: ['ALL_OLD'], delete: ['ALL_OLD'], update: ['ALL_OLD', 'ALL_NEW'] }[part.do];
    // Without a word of what was there, now and then: but a trail needs it.
    const silent = this.kind !== 'transactions' && this.chance(8) === 0;
    return { parts: [part], returns: silent ? 'NONE' : this.kind === 'transactions' && part.do === 'update' ? 'ALL_NEW' : told[this.chance(told.length)] };
  }

  transaction() {
    if (this.chance(3) === 0) return { transaction: true, parts: this.some(2, Math.min(4, this.keys)).map((key) => ({ key, do: 'read' })) };
    const parts = this.some(2, Math.min(4, this.keys)).map((key) => (this.chance(4) === 0 ? { key, do: 'check', ...this.expected(key, true) } : this.write(key)));
    return { transaction: true, parts, ...(this.chance(4) === 0 ? { token: `${this.number}-${this.count++}` } : {}) };
  }

  next() {
    const both = this.kind !== 'registers' && this.chance(2) === 0;
    return both ? this.transaction() : this.single();
  }

  learn({ parts, outcome }) {
    for (const part of parts) {
      const state = part.became !== undefined ? part.became : part.saw;
      if (outcome === 'ok' && part.value !== undefined) this.seen[part.key] = part.value;
      else if (outcome === 'ok' && part.do === 'delete') this.seen[part.key] = null;
      else if (state !== undefined) this.seen[part.key] = state === null ? null : state.v;
    }
  }
}

class Recorder {
  constructor(history, { count, kills, inMemory }) {
    this.history = history;
    this.count = count;
    this.kills = Array.from({ length: kills }, (_, at) => Math.floor((count * (at + 1)) / (kills + 1)));
    this.inMemory = inMemory;
    this.directory = inMemory ? undefined : mkdtempSync(path.join(os.tmpdir(), 'stator-history-'));
    this.clock = 1;
    this.asked = 0;
    this.open = new Set(); // operations without an answer
  }

  async start() {
    const where = this.inMemory ? ['--in-memory'] : ['--data-dir', this.directory, '--min-free-mb', '1'];
    this.server = await startServer([...where, '--allow-unsigned', '--loops', '4']);
  }

  async prepare() {
    await this.start();
    const db = new Connection(this.server.endpoint);
    await db.call('CreateTable', { TableName, BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] });
    for (const [key, state] of this.history.initial.entries()) if (state) await db.call('PutItem', { TableName, Item: itemOf(key, state) });
    db.close();
  }

  // kill -9, and a start on the same directory; what got no answer has happened by then, or never will.
  async kill() {
    const again = (async () => {
      await this.server.kill();
      await new Promise((resolve) => setImmediate(resolve));
      await this.start();
      for (const operation of this.open) operation.end = this.clock++;
      this.open.clear();
    })();
    this.restarted = again;
    await again;
  }

  async perform(connection, operation) {
    const history = this.history.operations;
    operation.id = this.asked++;
    operation.at = this.clock++;
    const [name, body] = request(operation, TableName);
    try {
      operation.outcome = understand(operation, await connection.send(name, body));
      operation.end = this.clock++;
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
      operation.outcome = 'maybe';
      // Of reads nobody needs to know that they were asked.
      if (operation.parts[0].do === 'read') return;
      if (operation.end === undefined) this.open.add(operation);
    }
    if (operation.outcome !== 'refused') history.push(operation);
    else this.history.refused++;
  }

  async client(number) {
    const asker = new Asker(number, this.history);
    let connection = new Connection(this.server.endpoint);
    while (this.asked < this.count) {
      if (this.kills.length && this.asked >= this.kills[0]) {
        this.kills.shift();
        await this.kill();
      }
      if (connection.gone) {
        await this.restarted;
        connection = new Connection(this.server.endpoint);
      }
      const operation = asker.next();
      await this.perform(connection, operation);
      if (operation.outcome !== 'maybe') asker.learn(operation);
    }
    connection.close();
  }

  async run() {
    try {
      await this.prepare();
      const clients = await Promise.allSettled(Array.from({ length: KINDS[this.history.kind].clients }, (_, number) => this.client(number)));
      const failed = clients.find(({ status }) => status === 'rejected');
      if (failed) throw failed.reason;
      const connection = new Connection(this.server.endpoint);
      for (const [key] of this.history.initial.entries()) await this.perform(connection, { parts: [{ key, do: 'read' }] });
      if (this.history.kind !== 'registers') await this.perform(connection, { transaction: true, parts: this.history.initial.map((_, key) => ({ key, do: 'read' })) });
      connection.close();
      const { code } = await this.server.stop();
      if (code !== 0) throw new Error(`the server ended with ${code}: ${this.server.stderr}`);
      if (this.directory) await this.verify();
    } finally {
      await this.server?.kill();
      if (this.directory) rmSync(this.directory, { recursive: true });
    }
    return this.history;
  }

  async verify() {
    const { code, stdout, stderr } = await runToEnd(['verify', this.directory], { timeout: 60000 });
    if (code !== 0) throw new Error(`stator verify: ${stdout}${stderr}`);
  }
}

// { kind, seed, initial, refused, operations }: `count` operations, with so many kill -9 between them.
export function record({ kind, seed, count, kills = 0, inMemory = false }) {
  const { keys } = KINDS[kind];
  const initial = Array.from({ length: keys }, (_, key) => (kind === 'transactions' ? { v: `initial ${key}`, trail: [] } : null));
  return new Recorder({ kind, seed, initial, refused: 0, operations: [] }, { count, kills, inMemory }).run();
}
