// Many clients at the same few items. Each success counts its item up by one and is told the new
// number, so the successes of an item have the numbers 1, 2, 3 … each once; and what a read or a false
// condition shows lies between what was acknowledged before it was asked and what was asked before it
// was answered. Index entries move with every write.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { RawClient } from '../api/lib/raw.mjs';
import { N, S, pages } from '../api/lib/index.mjs';
import { runToEnd, startServer } from '../api/lib/server.mjs';
import { chanceFrom } from './lib/generator.mjs';
import { makeTable } from './lib/sequence.mjs';

const CLIENTS = Number(process.env.CLIENTS || 24);
const COUNT = Number(process.env.COUNT || 3000);
const SEED = process.env.SEED || String(Date.now() % 1e9);
const ITEMS = 5;

const directory = mkdtempSync(path.join(os.tmpdir(), 'stator-model-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const items = Array.from({ length: ITEMS }, (_, s) => ({ key: { p: S('shared'), s: N(s) }, asked: 0, acknowledged: 0, numbers: [] }));

class Client {
  constructor(number, endpoint, TableName) {
    this.chance = chanceFrom(`${SEED}.${number}`);
    this.raw = new RawClient(endpoint);
    this.TableName = TableName;
    this.seen = Array(ITEMS).fill(0); // for conditions that are true only when nobody came between
  }

  // What is read between `before` acknowledged writes and now.
  check(at, item, before) {
    const number = Number(item?.nn.N ?? 0);
    assert.ok(number >= before && number <= items[at].asked, `item ${at}: read ${number}, with ${before} acknowledged before and ${items[at].asked} asked`);
    if (item) assert.equal(item.r2.N, String(number - 1), 'attributes of one write are seen together');
    this.seen[at] = number;
  }

  async count(at) {
    const item = items[at];
    const before = item.acknowledged;
    item.asked++;
    const conditional = this.chance(2) === 0;
    const request = { TableName: this.TableName, Key: item.key, ReturnValues: 'ALL_NEW', ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      UpdateExpression: 'ADD nn :one SET m1 = :m, m2 = :one, r1 = :m, r2 = if_not_exists(nn, :zero)',
      ExpressionAttributeValues: { ':one': N(1), ':zero': N(0), ':m': S('shared'), ...(conditional ? { ':seen': N(this.seen[at]) } : {}) } };
    if (conditional) request.ConditionExpression = this.seen[at] ? 'nn = :seen' : 'attribute_not_exists(nn) OR nn = :seen';
    try {
      const { Attributes } = await this.raw.call('UpdateItem', request);
      item.acknowledged++;
      item.numbers.push(Number(Attributes.nn.N));
      this.check(at, Attributes, before + 1);
    } catch (error) {
      if (error.name !== 'ConditionalCheckFailedException') throw error;
      this.check(at, error.answer.json.Item, before);
    }
  }

  async read(at) {
    const before = items[at].acknowledged;
    const { Item } = await this.raw.call('GetItem', { TableName: this.TableName, Key: items[at].key, ConsistentRead: true });
    this.check(at, Item, before);
  }

  async run(count) {
    for (let done = 0; done < count; done++) await (this.chance(4) ? this.count(this.chance(ITEMS)) : this.read(this.chance(ITEMS)));
    this.raw.close();
  }
}

test(`${CLIENTS} clients count the same items up, and no number is lost or told twice`, { timeout: 86400000 }, async (context) => {
  context.diagnostic(`SEED=${SEED}`);
  const server = await startServer(['--data-dir', directory, '--min-free-mb', '1', '--cache-mb', '1']);
  const raw = new RawClient(server.endpoint);
  const { name: TableName } = await makeTable(raw);
  const clients = Array.from({ length: CLIENTS }, (_, number) => new Client(number, server.endpoint, TableName));
  await Promise.all(clients.map((client) => client.run(Math.ceil(COUNT / CLIENTS))));
  for (const { numbers } of items) assert.deepEqual(numbers.sort((left, right) => left - right), numbers.map((_, at) => at + 1));
  const db = { Query: (request) => raw.call('Query', request) };
  const entries = (await pages(db, 'Query', { TableName, IndexName: 'multi', Limit: 2, KeyConditionExpression: 'm1 = :m AND m2 = :one',
    ExpressionAttributeValues: { ':m': S('shared'), ':one': N(1) } })).flatMap((page) => page.Items);
  assert.deepEqual(entries.map(({ s, nn }) => [s.N, nn.N]).sort(), items.map(({ numbers }, s) => [String(s), String(numbers.length)]));
  raw.close();
  assert.equal((await server.stop()).code, 0);
  const { code, stdout, stderr } = await runToEnd(['verify', directory], { timeout: 120000 });
  assert.equal(code, 0, `stator verify: ${stdout}${stderr}`);
});
