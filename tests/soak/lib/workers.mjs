// What goes on during a soak, one class each: turn() does one thing and checks its answer, recover()
// settles what a restart left open. Each has keys, or tables, of its own, so its model is exact.

import assert from 'node:assert/strict';
import { N, S, pages, tableRequest, waitActive, waitGone } from '../../api/lib/index.mjs';
import { Generator, chanceFrom } from '../../model/lib/generator.mjs';
import { Player } from '../../model/lib/play.mjs';
import { Table, createRequest, keyOf, keyText } from '../../model/lib/table.mjs';
import { canonicalItem, itemSize } from '../../model/lib/value.mjs';
import { Ledger } from './host.mjs';

const GROWN = 150000; // bytes of an item
const dbOf = (host) => new Proxy({}, { get: (_, operation) => (body) => host.call(operation, body) });
const texts = (items) => items.map(Ledger.text).sort();
const scan = async (host, request) => (await pages(dbOf(host), 'Scan', request)).flatMap((page) => page.Items);

async function make(host, request) {
  await host.call('CreateTable', request);
  return waitActive(dbOf(host), request.TableName);
}

// All operations and expressions of tests/model, on a table that several share.
export class Modelled {
  static TableName = 'modelled';

  static prepare(host) {
    return make(host, createRequest(Modelled.TableName));
  }

  constructor(host, seed, number) {
    this.table = new Table(Modelled.TableName, `m${number}-`);
    this.generator = new Generator(`${seed}.${number}`, this.table, { owner: this.table.owner, partitions: 3, sortKeys: 40, pad: 8000, padded: 3 });
    this.player = new Player(host, this.table, false);
    this.host = host;
    this.done = 0;
  }

  async turn() {
    const operation = this.generator.next();
    this.before = new Map([operation, ...(operation.writes ?? [])].filter(({ item, key }) => item ?? key).map(({ item, key }) => this.entry(key ?? keyOf(item))));
    await this.player.play(operation);
    const grown = [...this.before].filter(([name]) => itemSize(this.table.items.get(name) ?? {}) > GROWN);
    for (const [name, { key }] of grown) await this.cut(name, key);
    this.before = undefined;
    this.done++;
  }

  // In an hour lists grow to the largest item there is, where the model knows less than the service.
  async cut(name, key) {
    this.before = new Map([[name, { key, item: this.table.items.get(name) }]]);
    this.table.items.delete(name);
    await this.host.call('DeleteItem', { TableName: Modelled.TableName, Key: key });
  }

  entry(key) {
    try {
      return [keyText(key), { key: canonicalItem(key), item: this.table.get(key) }];
    } catch {
      return ['', {}]; // a key that will be refused
    }
  }

  // The model is where the write would lead; each of its keys is there, or where it was.
  async recover() {
    for (const [name, { key, item }] of this.before ?? []) {
      if (!name) continue;
      const { Item } = await this.host.call('GetItem', { TableName: Modelled.TableName, Key: key, ConsistentRead: true })
        .catch((error) => { if (error.name === 'ValidationException') return {}; throw error; });
      const found = Item && JSON.stringify(canonicalItem(Item));
      const [was, is] = [item, this.table.items.get(name)].map((each) => each && JSON.stringify(canonicalItem(each)));
      assert.ok(found === was || found === is, `${name}: found ${found}, was ${was}, would be ${is}`);
      if (found !== is) {
        if (item) this.table.items.set(name, item);
        else this.table.items.delete(name);
      }
    }
    this.before = undefined;
  }

  async finish() {
    const mine = (await scan(this.host, { TableName: Modelled.TableName, ConsistentRead: true })).filter((item) => item.p.S.startsWith(this.table.owner));
    assert.deepEqual(texts(mine.map(canonicalItem)), texts([...this.table.items.values()].map(canonicalItem)));
  }
}

// A table in use, whose global index comes and goes.
export class Indexed {
  static async prepare(host) {
    await make(host, tableRequest({ name: 'indexed' }));
  }

  constructor(host, seed) {
    this.host = host;
    this.chance = chanceFrom(`${seed}.indexed`);
    this.ledger = new Ledger(host, 'indexed', ['id']);
    this.done = 0;
    this.built = 0;
    this.steps = 0;
  }

  async turn() {
    const Key = { id: S(`i${this.chance(1500)}`) };
    const group = this.chance(4) ? { g: S(`g${this.chance(20)}`) } : {};
    if (this.chance(6) === 0) await this.ledger.delete(Key);
    else await this.ledger.put({ ...Key, ...group, n: N(this.chance(1000)), pad: S('x'.repeat(this.chance(300))) });
    this.done++;
    if (++this.steps % 100 === 0) await this.index();
  }

  async index() {
    const { Table } = await this.host.call('DescribeTable', { TableName: 'indexed' });
    const [index] = Table.GlobalSecondaryIndexes ?? [];
    const AttributeDefinitions = [{ AttributeName: 'id', AttributeType: 'S' }, { AttributeName: 'g', AttributeType: 'S' }];
    if (Table.TableStatus !== 'ACTIVE') return;
    if (!index) {
      await this.host.call('UpdateTable', { TableName: 'indexed', AttributeDefinitions, GlobalSecondaryIndexUpdates: [{ Create: { IndexName: 'byG',
        KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }], Projection: { ProjectionType: 'ALL' } } }] });
    } else if (index.IndexStatus === 'ACTIVE') {
      const entries = await scan(this.host, { TableName: 'indexed', IndexName: 'byG' });
      assert.deepEqual(texts(entries), texts([...this.ledger.items.values()].filter(({ g }) => g)), 'the index has what the table has');
      this.built++;
      await this.host.call('UpdateTable', { TableName: 'indexed', GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'byG' } }] });
    }
  }

  recover() {
    return this.ledger.recover();
  }

  async finish() {
    assert.deepEqual(texts(await scan(this.host, { TableName: 'indexed', ConsistentRead: true })), texts([...this.ledger.items.values()]));
  }
}

// Tables that are made, filled, read and deleted.
export class Tables {
  static async prepare() {}

  constructor(host, seed) {
    this.host = host;
    this.chance = chanceFrom(`${seed}.tables`);
    this.done = 0;
  }

  async turn() {
    const name = `short-${this.done++}`;
    const db = dbOf(this.host);
    this.name = name;
    await make(this.host, tableRequest({ name, key: 'p s:N', gsi: this.chance(2) ? { byG: { key: 'g s:N' } } : {},
      ...(this.chance(2) ? { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } } : {}) }));
    const items = Array.from({ length: 20 + this.chance(60) }, (_, s) => ({ p: S(`p${s % 3}`), s: N(s), g: S(`g${s % 2}`), pad: S('y'.repeat(this.chance(2000))) }));
    for (let at = 0; at < items.length; at += 25)
      await db.BatchWriteItem({ RequestItems: { [name]: items.slice(at, at + 25).map((Item) => ({ PutRequest: { Item } })) } });
    assert.deepEqual(texts(await scan(this.host, { TableName: name, Limit: 17 })), texts(items));
    const { Items } = await db.Query({ TableName: name, KeyConditionExpression: 'p = :p', ExpressionAttributeValues: { ':p': S('p1') } });
    assert.deepEqual(Items.map(({ s }) => Number(s.N)), items.map((_, s) => s).filter((s) => s % 3 === 1));
    await db.DeleteTable({ TableName: name });
    await waitGone(db, name);
    this.name = undefined;
  }

  async recover() {
    if (!this.name) return;
    const db = dbOf(this.host);
    await db.DeleteTable({ TableName: this.name }).catch((error) => { if (!/ResourceNotFound|ResourceInUse/.test(error.name)) throw error; });
    await waitGone(db, this.name);
    this.name = undefined;
  }

  async finish() {
    assert.deepEqual((await this.host.call('ListTables', {})).TableNames.filter((name) => name.startsWith('short-')), []);
  }
}

// Items that expire: there until their time, gone soon after it.
export class Expiring {
  static async prepare(host) {
    await make(host, tableRequest({ name: 'expiring' }));
    await host.call('UpdateTimeToLive', { TableName: 'expiring', TimeToLiveSpecification: { Enabled: true, AttributeName: 'end' } });
  }

  constructor(host, seed) {
    this.host = host;
    this.chance = chanceFrom(`${seed}.expiring`);
    this.ledger = new Ledger(host, 'expiring', ['id']);
    this.done = 0;
    this.expired = 0;
    this.count = 0;
    this.waiting = []; // items whose end will come
  }

  async turn() {
    const life = this.chance(4) === 0 ? 86400 : 2 + this.chance(20);
    const end = Math.floor(Date.now() / 1000) + life;
    const item = { id: S(life > 60 ? `long ${this.chance(50)}` : `short ${this.count++}`), end: N(end), pad: S('z'.repeat(this.chance(500))) };
    if (life <= 60) this.waiting.push({ item, end });
    await this.ledger.put(item);
    this.done++;
    await this.look();
  }

  async look() {
    const at = this.chance(this.waiting.length || 1);
    const one = this.waiting[at];
    if (!one) return;
    const Key = { id: one.item.id };
    const found = await this.ledger.read(Key);
    const over = Date.now() / 1000 - one.end;
    if (over < 0) assert.equal(Ledger.text(found), Ledger.text(this.ledger.items.get(Ledger.text(Key))), 'it is there until its time');
    if (over < 1) return;
    assert.ok(!found || over < 60, `an item is there ${over} s after its time`);
    if (found) return;
    this.waiting.splice(at, 1);
    this.ledger.items.delete(Ledger.text(Key));
    this.expired++;
  }

  async recover() {
    const { pending } = this.ledger;
    if (pending && Number(pending.after.end.N) < Date.now() / 1000 + 5) { // soon nobody can tell any more
      this.waiting = this.waiting.filter(({ item }) => item !== pending.after);
      this.ledger.pending = undefined;
    }
    await this.ledger.recover();
  }

  async finish() {
    const later = (item) => Number(item.end.N) > Date.now() / 1000 + 5;
    const items = await scan(this.host, { TableName: 'expiring', ConsistentRead: true });
    assert.deepEqual(texts(items.filter(later)), texts([...this.ledger.items.values()].filter(later)));
  }
}

// A stream whose shards roll over all the time, and its reader: no change is missing, none comes twice.
export class Streamed {
  static async prepare(host) {
    await make(host, tableRequest({ name: 'streamed', StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } }));
  }

  constructor(host, seed) {
    this.host = host;
    this.chance = chanceFrom(`${seed}.streamed`);
    this.ledger = new Ledger(host, 'streamed', ['id']);
    this.shards = new Map(); // id → { after: sequence number, ended }
    this.images = new Map(); // key → its last image, as the stream tells
    this.done = 0;
    this.records = 0;
    this.rolled = 0;
  }

  async turn() {
    const Key = { id: S(`k${this.chance(200)}`) };
    if (this.chance(4) === 0) await this.ledger.delete(Key);
    else await this.ledger.put({ ...Key, n: N(this.done), pad: S('w'.repeat(this.chance(200))) });
    this.done++;
    if (this.done % 100 === 0) await this.follow();
  }

  streams(operation, body) {
    return this.host.call(`DynamoDBStreams_20120810.${operation}`, body);
  }

  // Reads to the end of what is committed, parents first.
  async follow() {
    const { LatestStreamArn: StreamArn } = (await this.host.call('DescribeTable', { TableName: 'streamed' })).Table;
    const shards = [];
    for (let start; ;) {
      const { StreamDescription } = await this.streams('DescribeStream', { StreamArn, ExclusiveStartShardId: start });
      shards.push(...StreamDescription.Shards);
      start = StreamDescription.LastEvaluatedShardId;
      if (!start) break;
    }
    for (const { ShardId } of shards) await this.readShard(StreamArn, ShardId);
    const listed = new Set(shards.map(({ ShardId }) => ShardId));
    for (const [id, { ended }] of this.shards) {
      if (listed.has(id)) continue;
      assert.ok(ended, `shard ${id} went before it was read`);
      this.shards.delete(id);
    }
  }

  async readShard(StreamArn, ShardId) {
    const state = this.shards.get(ShardId) ?? { ended: false };
    this.shards.set(ShardId, state);
    if (state.ended) return;
    const from = state.after ? { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: state.after } : { ShardIteratorType: 'TRIM_HORIZON' };
    let { ShardIterator } = await this.streams('GetShardIterator', { StreamArn, ShardId, ...from });
    while (ShardIterator) {
      const { Records, NextShardIterator } = await this.streams('GetRecords', { ShardIterator });
      for (const { dynamodb } of Records) this.take(dynamodb, state);
      ShardIterator = NextShardIterator;
      if (Records.length === 0) break;
    }
    if (ShardIterator) return;
    state.ended = true;
    this.rolled++;
  }

  take({ Keys, OldImage, NewImage, SequenceNumber }, state) {
    const name = Ledger.text(Keys);
    assert.equal(Ledger.text(OldImage), this.images.get(name), `the record ${SequenceNumber} of ${name} goes on where the last one ended`);
    if (NewImage) this.images.set(name, Ledger.text(NewImage));
    else this.images.delete(name);
    state.after = SequenceNumber;
    this.records++;
  }

  recover() {
    return this.ledger.recover();
  }

  async finish() {
    await this.follow();
    assert.deepEqual([...this.images.values()].sort(), texts([...this.ledger.items.values()]), 'the stream ends where the table is');
  }
}

// Transfers between accounts, with tokens: one that got no answer is asked again, and happens once.
export class Transfers {
  static ACCOUNTS = 12;

  static async prepare(host) {
    await make(host, tableRequest({ name: 'accounts' }));
    for (let at = 0; at < Transfers.ACCOUNTS; at++) await host.call('PutItem', { TableName: 'accounts', Item: { id: S(`a${at}`), n: N(1000) } });
  }

  constructor(host, seed) {
    this.host = host;
    this.seed = seed;
    this.chance = chanceFrom(`${seed}.transfers`);
    this.balances = Array(Transfers.ACCOUNTS).fill(1000);
    this.done = 0;
    this.refused = 0;
    this.count = 0;
  }

  async turn() {
    const from = this.chance(Transfers.ACCOUNTS);
    const to = (from + 1 + this.chance(Transfers.ACCOUNTS - 1)) % Transfers.ACCOUNTS;
    this.pending = { from, to, amount: 1 + this.chance(600), token: `${this.seed}-${this.count++}` };
    await this.transfer();
    if (this.done % 4 === 0) await this.look();
  }

  async transfer() {
    const { from, to, amount, token } = this.pending;
    const enough = this.balances[from] >= amount;
    const add = (at, number, more) => ({ Update: { TableName: 'accounts', Key: { id: S(`a${at}`) }, UpdateExpression: 'ADD n :n', ...more,
      ExpressionAttributeValues: { ':n': N(number), ...(more ? { ':least': N(amount) } : {}) } } });
    try {
      await this.host.call('TransactWriteItems', { ClientRequestToken: token, TransactItems: [add(from, -amount, { ConditionExpression: 'n >= :least' }), add(to, amount)] });
      assert.ok(enough, `a transfer of ${amount} from ${this.balances[from]}`);
      this.balances[from] -= amount;
      this.balances[to] += amount;
    } catch (error) {
      if (error.name !== 'TransactionCanceledException') throw error;
      assert.deepEqual(error.answer.json.CancellationReasons.map(({ Code }) => Code), ['ConditionalCheckFailed', 'None']);
      assert.ok(!enough, `no transfer of ${amount} from ${this.balances[from]}`);
      this.refused++;
    }
    this.pending = undefined;
    this.done++;
  }

  async look() {
    const { Responses } = await this.host.call('TransactGetItems', { TransactItems: this.balances.map((_, at) => ({ Get: { TableName: 'accounts', Key: { id: S(`a${at}`) } } })) });
    assert.deepEqual(Responses.map(({ Item }) => Number(Item.n.N)), this.balances);
  }

  async recover() {
    if (this.pending) await this.transfer();
  }

  finish() {
    return this.look();
  }
}
