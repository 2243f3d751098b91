// A load whose every outcome is known: writers with keys of their own, all ways of writing, and an
// administrator who makes and deletes tables and indexes beside them. What was acknowledged goes
// into `known`, what got no answer into `open`; check.mjs compares with what is found.

import assert from 'node:assert/strict';
import { ApiError, ClosedError, N, RawClient, S, tableRequest } from '../../api/lib/index.mjs';
import { randomFrom } from './random.mjs';

export const CRASH = 'crash';
export const OTHER = 'other';
const KEYS = 10; // of a writer in each table; every key has one writer, so its order of writes is known
const stream = { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } };
const tables = [
  tableRequest({ name: CRASH, key: 'p s:N', gsi: { byG: { key: 'g version:N' }, byH: { key: 'h t:N', project: 'KEYS_ONLY' } },
    lsi: { byT: { key: 'p t:N', project: ['copy'] } }, ...stream }),
  tableRequest({ name: OTHER, key: 'id', ...stream })];

// An item says the same number in every attribute: half of an item would show. Every eleventh
// version was to be gone a while ago.
export const expires = (table, version) => table === CRASH && version % 11 === 0;
export function values(table, version) {
  const all = { version: N(version), g: S(`g${version % 5}`), h: S(`h${version % 3}`), t: N(version), copy: N(version),
    pad: S(String(version).repeat(1 + version % 150)) };
  if (expires(table, version)) all.e = N(Math.floor(Date.now() / 1000) - 100);
  return all;
}
export const keyOf = (table, writer, s) => (table === CRASH ? { p: S(writer), s: N(s) } : { id: S(`${writer}/${s}`) });
export const nameOf = (table, key) => (table === CRASH ? `${table}/${key.p.S}/${key.s.N}` : `${table}/${key.id.S}`);
const SHARED = { id: S('shared') };

export class Writer {
  constructor(world, number) {
    Object.assign(this, { world, name: `w${number}`, known: new Map(), version: 0 });
    this.open = undefined;
  }

  state(table, s, version) { return { table, s, version, name: nameOf(table, keyOf(table, this.name, s)) }; }
  item(table, s, version) { return { ...keyOf(table, this.name, s), ...values(table, version) }; }

  // Of some distinct keys in both tables, what becomes of each.
  several(random, most) {
    const chosen = new Map();
    for (let left = 1 + random(most); left > 0; left--) {
      const table = random.of([CRASH, OTHER]);
      const s = random(KEYS);
      chosen.set(`${table}/${s}`, this.state(table, s, random.chance(70) ? this.version : 0));
    }
    return [...chosen.values()];
  }

  put(random, state, condition = {}) {
    return { operation: 'PutItem', states: [state],
      body: { TableName: state.table, Item: this.item(state.table, state.s, state.version), ...condition } };
  }

  update(random, state) {
    const all = values(state.table, state.version);
    const names = Object.keys(all);
    return { operation: 'UpdateItem', states: [state], body: { TableName: state.table, Key: keyOf(state.table, this.name, state.s),
      UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}${all.e ? '' : ' REMOVE e'}`,
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries(names.map((name) => [`:${name}`, all[name]])) } };
  }

  // A condition on what is known to be there; or on what is known not to be.
  conditional(random, state) {
    const known = this.known.get(state.name) ?? 0;
    if (known !== 0 && expires(state.table, known)) return this.put(random, state);
    const holds = random.chance(60);
    const condition = known === 0 ? { ConditionExpression: holds ? 'attribute_not_exists(version)' : 'attribute_exists(version)' }
      : { ConditionExpression: 'version = :v', ExpressionAttributeValues: { ':v': N(holds ? known : known + 1) } };
    return { ...this.put(random, state, condition), refused: holds ? undefined : 'ConditionalCheckFailedException' };
  }

  batch(random) {
    const states = this.several(random, 12);
    const RequestItems = {};
    for (const { table, s, version } of states) {
      (RequestItems[table] ??= []).push(version ? { PutRequest: { Item: this.item(table, s, version) } }
        : { DeleteRequest: { Key: keyOf(table, this.name, s) } });
    }
    return { operation: 'BatchWriteItem', states, body: { RequestItems } };
  }

  transaction(random) {
    const states = this.several(random, 8);
    const TransactItems = states.map(({ table, s, version }) => (version ? { Put: { TableName: table, Item: this.item(table, s, version) } }
      : { Delete: { TableName: table, Key: keyOf(table, this.name, s) } }));
    TransactItems.push({ Update: { TableName: OTHER, Key: SHARED, UpdateExpression: 'ADD whole :one', ExpressionAttributeValues: { ':one': N(1) } } });
    const refused = random.chance(15) ? 'TransactionCanceledException' : undefined;
    if (refused) {
      TransactItems.push({ ConditionCheck: { TableName: CRASH, Key: { p: S('nobody'), s: N(0) }, ConditionExpression: 'attribute_exists(p)' } });
    }
    return { operation: 'TransactWriteItems', states, body: { TransactItems }, whole: true, refused };
  }

  next(random) {
    this.version++;
    const state = this.state(random.of([CRASH, OTHER]), random(KEYS), this.version);
    switch (random(8)) {
      case 0: return { operation: 'DeleteItem', states: [{ ...state, version: 0 }],
        body: { TableName: state.table, Key: keyOf(state.table, this.name, state.s) } };
      case 1: return this.update(random, state);
      case 2: return this.batch(random);
      case 3: case 4: return this.transaction(random);
      case 5: return this.conditional(random, state);
      case 6: return { operation: 'UpdateItem', states: [], adds: true, body: { TableName: OTHER, Key: SHARED,
        UpdateExpression: 'ADD added :one', ExpressionAttributeValues: { ':one': N(1) } } };
      default: return this.put(random, state);
    }
  }

  acknowledge(write) {
    this.world.acknowledged++;
    for (const state of write.states) {
      this.known.set(state.name, state.version);
      if (state.version) this.world.images.add(`${state.name}/${state.version}`);
    }
    if (write.whole) this.world.whole++;
    if (write.adds) this.world.added++;
  }

  // Until the server is gone, or `world.over`.
  async run(endpoint, seed) {
    const client = new RawClient(endpoint);
    const random = randomFrom(seed);
    while (!this.world.over) {
      const write = this.next(random);
      this.open = write.refused ? undefined : write;
      try {
        const answer = await client.call(write.operation, write.body);
        assert.equal(write.refused, undefined, `${write.operation} must be refused`);
        if (write.operation === 'BatchWriteItem') assert.deepEqual(answer.UnprocessedItems, {});
        this.open = undefined;
        this.acknowledge(write);
      } catch (error) {
        if (error instanceof ClosedError) break;
        if (!(error instanceof ApiError)) throw error;
        if (this.world.tolerates?.(error, write)) break; // and the write stays open
        if (error.name !== write.refused && !conflicts(error)) throw error;
        this.open = undefined;
      }
    }
    client.close();
  }
}

// Others were at the shared item.
const conflicts = (error) => error.name === 'TransactionConflictException' || /TransactionConflict/.test(error.message);

// ---- tables and indexes ----

class Administrator {
  constructor(world) {
    Object.assign(this, { world, there: new Map(), unsure: new Set(), gone: new Set(), numbers: 0, late: false });
  }

  // Only what is sure when it returns is noted as such.
  async passing(client, random) {
    const name = `passing${this.numbers++}`;
    this.unsure.add(name);
    await client.call('CreateTable', tableRequest({ name, key: 'id', gsi: { byN: { key: 'n:N' } }, ...(random.chance(50) ? stream : {}) }));
    this.there.set(name, 0);
    for (let n = random(4); n > 0; n--) {
      await client.call('PutItem', { TableName: name, Item: { id: S(`i${n}`), n: N(n) } });
      this.there.set(name, this.there.get(name) + 1);
    }
    if (random.chance(40)) { // it stays for a while
      this.unsure.delete(name);
      return;
    }
    const kept = [...this.there].map(([each]) => each);
    const victim = random.of(kept);
    this.unsure.delete(name);
    this.unsure.add(victim);
    this.there.delete(victim);
    await client.call('DeleteTable', { TableName: victim });
    this.unsure.delete(victim);
    this.gone.add(victim);
  }

  async index(client) {
    const { Table } = await client.call('DescribeTable', { TableName: OTHER });
    const late = Table.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === 'late');
    if (late && late.IndexStatus !== 'ACTIVE') return;
    await client.call('UpdateTable', late ? { TableName: OTHER, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'late' } }] }
      : { TableName: OTHER, AttributeDefinitions: [{ AttributeName: 'g', AttributeType: 'S' }, { AttributeName: 'version', AttributeType: 'N' }, { AttributeName: 'id', AttributeType: 'S' }],
        GlobalSecondaryIndexUpdates: [{ Create: { IndexName: 'late', Projection: { ProjectionType: 'ALL' },
          KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }, { AttributeName: 'version', KeyType: 'RANGE' }] } }] });
  }

  async run(endpoint, seed) {
    const client = new RawClient(endpoint);
    const random = randomFrom(seed);
    try {
      while (!this.world.over) {
        await new Promise((resolve) => setTimeout(resolve, random(25)));
        if (random.chance(50)) await this.index(client);
        else await this.passing(client, random);
      }
    } catch (error) {
      if (!(error instanceof ClosedError) && !this.world.tolerates?.(error)) throw error;
    }
    client.close();
  }
}

// ---- all of it ----

export class World {
  constructor(writers) {
    Object.assign(this, { acknowledged: 0, whole: 0, added: 0, over: false, made: new Set(), images: new Set(), tolerates: undefined });
    this.writers = Array.from({ length: writers }, (_, number) => new Writer(this, number));
    this.administrator = new Administrator(this);
  }

  // False when the server went away meanwhile.
  async prepare(endpoint) {
    const client = new RawClient(endpoint);
    try {
      for (const table of tables) {
        if (this.made.has(table.TableName)) continue;
        await client.call('CreateTable', table).catch((error) => { if (error.name !== 'ResourceInUseException') throw error; });
        this.made.add(table.TableName);
      }
      if (!this.expiring) {
        const request = { TableName: CRASH, TimeToLiveSpecification: { Enabled: true, AttributeName: 'e' } };
        await client.call('UpdateTimeToLive', request).catch((error) => { if (error.name !== 'ValidationException') throw error; });
        this.expiring = true;
      }
      return true;
    } catch (error) {
      if (error instanceof ClosedError || this.tolerates?.(error)) return false;
      throw error;
    } finally {
      client.close();
    }
  }

  // Until the server is gone, or stop() is called.
  async run(endpoint, seed) {
    this.over = false;
    if (!await this.prepare(endpoint)) return;
    await Promise.all([...this.writers.map((writer, at) => writer.run(endpoint, seed * 100 + at)),
      this.administrator.run(endpoint, seed * 100 + 99)]);
  }

  stop() { this.over = true; }
}
