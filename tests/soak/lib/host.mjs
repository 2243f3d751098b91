// The server of a soak: started again and again on one directory, asked by everybody, watched.

import { readFileSync, readdirSync } from 'node:fs';
import { ClosedError, RawClient } from '../../api/lib/raw.mjs';
import { runToEnd, startServer } from '../../api/lib/server.mjs';

const median = (list) => [...list].sort((left, right) => left - right)[Math.floor(list.length / 2)];
const GROWTH_PART = 0.1; // what is allowed to a life's last quarter above its second one
const GROWTH_KB = 8 * 1024;
const DESCRIPTORS = 24;

export class Host {
  constructor(directory, args) {
    this.args = ['--data-dir', directory, '--min-free-mb', '1', '--allow-unsigned', ...args];
    this.directory = directory;
    this.lives = []; // { rss: [kB], descriptors: [] }
    this.restarts = { term: 0, kill: 0 };
    this.verified = 0;
    this.calls = 0;
    this.ready = this.start();
  }

  async start() {
    this.server = await startServer(this.args);
    this.raw = new RawClient(this.server.endpoint);
    this.lives.push({ rss: [], descriptors: [] });
  }

  // Throws ClosedError when the server ends before it has answered, or has ended.
  async call(operation, body) {
    this.calls++;
    return this.raw.call(operation, body);
  }

  up() {
    return this.ready;
  }

  sample() {
    try {
      const life = this.lives.at(-1);
      const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.server.pid}/status`, 'utf8'))[1]);
      life.rss.push(rss);
      life.descriptors.push(readdirSync(`/proc/${this.server.pid}/fd`).length);
    } catch (error) {
      if (!['ENOENT', 'ESRCH'].includes(error.code) && !(error instanceof TypeError)) throw error; // between two lives
    }
  }

  async verify() {
    const { code, stdout, stderr } = await runToEnd(['verify', this.directory], { timeout: 300000 });
    if (code !== 0) throw new Error(`stator verify: ${code} ${stdout}${stderr}`);
    this.verified++;
  }

  async end(how) {
    this.restarts[how]++;
    const { code } = await (how === 'kill' ? this.server.kill() : this.server.stop());
    this.raw.close();
    if (how === 'term' && code !== 0) throw new Error(`SIGTERM ended the server with ${code}: ${this.server.stderr}`);
  }

  restart(how, verify) {
    this.ready = (async () => {
      await this.end(how);
      if (verify) await this.verify();
      await this.start();
    })();
    return this.ready;
  }

  // What is wrong with the memory or the descriptors of a life that was long enough to tell.
  static judgeLife({ rss, descriptors }) {
    const quarter = (list, number) => median(list.slice(Math.floor((list.length * number) / 4), Math.floor((list.length * (number + 1)) / 4)));
    const [before, last] = [quarter(rss, 1), quarter(rss, 3)];
    const [descriptorsBefore, descriptorsLast] = [quarter(descriptors, 1), quarter(descriptors, 3)];
    const faults = [];
    if (last > before * (1 + GROWTH_PART) + GROWTH_KB) faults.push(`memory grew from ${before} to ${last} kB`);
    if (descriptorsLast > descriptorsBefore + DESCRIPTORS) faults.push(`descriptors grew from ${descriptorsBefore} to ${descriptorsLast}`);
    return { before, last, peak: Math.max(...rss), descriptorsBefore, descriptorsLast, faults };
  }
}

// The items of one worker in one table, and what a request without answer left open.
export class Ledger {
  constructor(host, TableName, key) {
    Object.assign(this, { host, TableName, key, items: new Map(), unknown: 0 });
  }

  static text(item) {
    return item && JSON.stringify(Object.fromEntries(Object.entries(item).sort(([left], [right]) => (left < right ? -1 : 1))));
  }

  keyOf(item) {
    return Object.fromEntries(this.key.map((name) => [name, item[name]]));
  }

  // `after` is the whole item, or undefined.
  async write(operation, body, Key, after) {
    const name = Ledger.text(Key);
    this.pending = { Key, name, before: this.items.get(name), after };
    const answer = await this.host.call(operation, { TableName: this.TableName, ...body });
    this.keep(name, after);
    this.pending = undefined;
    return answer;
  }

  keep(name, item) {
    if (item) this.items.set(name, item);
    else this.items.delete(name);
  }

  put(item) {
    return this.write('PutItem', { Item: item }, this.keyOf(item), item);
  }

  delete(Key) {
    return this.write('DeleteItem', { Key }, Key, undefined);
  }

  async read(Key) {
    const { Item } = await this.host.call('GetItem', { TableName: this.TableName, Key, ConsistentRead: true });
    return Item;
  }

  // After a restart: either it happened, or it didn't.
  async recover() {
    if (!this.pending) return;
    const { Key, name, before, after } = this.pending;
    const found = Ledger.text(await this.read(Key));
    if (![Ledger.text(before), Ledger.text(after)].includes(found)) throw new Error(`${this.TableName} ${name}: ${found}, after ${Ledger.text(before)} → ${Ledger.text(after)}`);
    this.keep(name, found === Ledger.text(after) ? after : before);
    this.pending = undefined;
    this.unknown++;
  }
}

export { ClosedError };
