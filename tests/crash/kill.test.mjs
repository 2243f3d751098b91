// kill -9 in the middle of the load, start again, and look: what was acknowledged is there, what was
// not is whole or absent, the indexes say what the table says, and `stator verify` finds no fault.
// ROUNDS sets the number of kills on one directory; a failure prints the seed of its round (SEED).

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runToEnd, startServer } from '../api/lib/server.mjs';
import { ClosedError, RawClient } from '../api/lib/raw.mjs';
import { N, S, pages, tableRequest, waitActive } from '../api/lib/index.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const WRITERS = Number(process.env.WRITERS ?? 16);
const LOAD_MS = Number(process.env.LOAD_MS ?? 1500);
const SEED = Number(process.env.SEED ?? Date.now() % 1e9);
const KEYS = 200; // a writer's keys; every key has one writer, so its order of writes is known

const directory = mkdtempSync(path.join(os.tmpdir(), 'stator-crash-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const TableName = 'crash';

function randomFrom(seed) {
  let state = (seed >>> 0) || 1;
  return (below) => {
    state ^= state << 13; state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5; state >>>= 0;
    return state % below;
  };
}

// An item says the same number in every attribute: half of an item would show.
const item = (p, s, version) => ({ p: S(p), s: N(s), version: N(version), g: S(`g${version % 7}`), h: S(`h${version % 5}`),
  t: N(version), copy: N(version), pad: S(String(version).repeat(1 + version % 200)) });

// `known` is the last acknowledged state of each key (a version, or 0 for none); `open` holds those
// writes that got no answer, any of which may have happened.
class Writer {
  constructor(number) {
    this.p = `writer${number}`;
    this.known = new Map();
    this.open = new Map();
    this.version = 0;
    this.acknowledged = 0;
  }

  // Keys and the versions that they are about to have, and the request that does it.
  next(chance) {
    const s = chance(KEYS);
    const Key = { p: S(this.p), s: N(s) };
    const version = ++this.version;
    switch (chance(4)) {
      case 0:
        return { operation: 'DeleteItem', states: [[s, 0]], body: { TableName, Key } };
      case 1: {
        const { p, s: _, ...values } = item(this.p, s, version);
        const names = Object.keys(values);
        return { operation: 'UpdateItem', states: [[s, version]], body: { TableName, Key,
          UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
          ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: Object.fromEntries(names.map((name) => [`:${name}`, values[name]])) } };
      }
      case 2: {
        const keys = [...new Set(Array.from({ length: 1 + chance(25) }, () => chance(KEYS)))];
        const writes = keys.map((key) => (chance(3) ? { PutRequest: { Item: item(this.p, key, version) } }
          : { DeleteRequest: { Key: { p: S(this.p), s: N(key) } } }));
        return { operation: 'BatchWriteItem', states: keys.map((key, at) => [key, writes[at].PutRequest ? version : 0]),
          body: { RequestItems: { [TableName]: writes } } };
      }
      default:
        return { operation: 'PutItem', states: [[s, version]], body: { TableName, Item: item(this.p, s, version) } };
    }
  }

  async run(endpoint, chance, stopped) {
    const client = new RawClient(endpoint);
    while (!stopped()) {
      const { operation, states, body } = this.next(chance);
      try {
        const answer = await client.call(operation, body);
        if (operation === 'BatchWriteItem') assert.deepEqual(answer.UnprocessedItems, {});
        for (const [s, version] of states) this.known.set(s, version);
        this.acknowledged++;
      } catch (error) {
        for (const [s, version] of states) this.open.set(s, version);
        if (error instanceof ClosedError) break;
        throw error;
      }
    }
    client.close();
  }

  // Compares with what is stored; what is found becomes what is known.
  check(stored) {
    for (const [s, version] of this.known) {
      const found = stored.get(`${this.p}/${s}`) ?? 0;
      const allowed = this.open.has(s) ? [version, this.open.get(s)] : [version];
      assert.ok(allowed.includes(found), `${this.p}/${s}: found version ${found}, allowed ${allowed}`);
    }
    for (const [s, version] of this.open) {
      if (!this.known.has(s)) assert.ok([0, version].includes(stored.get(`${this.p}/${s}`) ?? 0));
    }
    for (let s = 0; s < KEYS; s++) {
      const found = stored.get(`${this.p}/${s}`) ?? 0;
      assert.ok(!found || this.known.has(s) || this.open.has(s), `${this.p}/${s} was never written`);
      this.known.set(s, found);
    }
    this.open.clear();
  }
}

const writers = Array.from({ length: WRITERS }, (_, at) => new Writer(at));

const read = async (db, request) => (await pages(db, 'Scan', { TableName, ...request })).flatMap((page) => page.Items);
const text = (each) => JSON.stringify(Object.fromEntries(Object.entries(each).sort(([left], [right]) => (left < right ? -1 : 1))));

async function checkAll(endpoint) {
  const client = new RawClient(endpoint);
  const db = { Scan: (request) => client.call('Scan', request) };
  const table = await read(db, { ConsistentRead: true });
  const stored = new Map();
  for (const each of table) {
    const version = Number(each.version.N);
    assert.equal(text(each), text(item(each.p.S, Number(each.s.N), version)), 'an item is whole');
    stored.set(`${each.p.S}/${each.s.N}`, version);
  }
  assert.equal(stored.size, table.length, 'no item is there twice');
  for (const writer of writers) writer.check(stored);
  for (const [IndexName, names] of [['byG', undefined], ['byH', ['p', 's', 'h', 't']], ['byT', ['p', 's', 't', 'copy']]]) {
    const project = (each) => (names ? Object.fromEntries(names.map((name) => [name, each[name]])) : each);
    const entries = (await read(db, { IndexName })).map(text).sort();
    assert.deepEqual(entries, table.map((each) => text(project(each))).sort(), `${IndexName} agrees with the table`);
  }
  client.close();
  return table.length;
}

async function verify() {
  const { code, stdout, stderr } = await runToEnd(['verify', directory], { timeout: 60000 });
  assert.equal(code, 0, `stator verify: ${stdout}${stderr}`);
  assert.match(stdout.trim().split('\n').at(-1), /\w/, 'a final line');
}

test('a table is made, with two global indexes and a local one', async () => {
  const server = await startServer(['--data-dir', directory, '--min-free-mb', '1']);
  const client = new RawClient(server.endpoint);
  const db = new Proxy({}, { get: (_, operation) => (body) => client.call(operation, body) });
  await db.CreateTable(tableRequest({ name: TableName, key: 'p s:N', gsi: { byG: { key: 'g version:N' }, byH: { key: 'h t:N', project: 'KEYS_ONLY' } },
    lsi: { byT: { key: 'p t:N', project: ['copy'] } } }));
  await waitActive(db, TableName);
  client.close();
  await server.kill();
});

for (let round = 1; round <= ROUNDS; round++) {
  test(`round ${round}: everything acknowledged before kill -9 is there afterwards, and nothing is half there`, { timeout: 120000 }, async (context) => {
    context.diagnostic(`SEED=${SEED}`);
    const server = await startServer(['--data-dir', directory, '--min-free-mb', '1']);
    let stop = false;
    const running = writers.map((writer, at) => writer.run(server.endpoint, randomFrom(SEED + round * 1000 + at), () => stop));
    await new Promise((resolve) => setTimeout(resolve, LOAD_MS + randomFrom(SEED + round)(500)));
    await server.kill();
    stop = true;
    await Promise.all(running);
    const again = await startServer(['--data-dir', directory, '--min-free-mb', '1']);
    const count = await checkAll(again.endpoint);
    context.diagnostic(`${writers.reduce((sum, writer) => sum + writer.acknowledged, 0)} writes acknowledged so far, ${count} items`);
    const { code } = await again.stop();
    assert.equal(code, 0, 'SIGTERM ends the server with 0');
    await verify();
  });
}

test('writes were acknowledged at all', () => assert.ok(writers.every((writer) => writer.acknowledged > 10)));
