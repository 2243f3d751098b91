// A table that gets an index while it is written to: what is in it, who writes, and what must be
// true in the end. Each item has one writer, so its last state is known.

import assert from 'node:assert/strict';
import { N, S, load, pages } from './index.mjs';
import { ClosedError } from './raw.mjs';

const BATCHES = 8; // under way at once while loading

// Items from before the index: three of four have a good key for it, the others none, one of
// another type, an empty one, or one that is too long.
const oldKeys = [undefined, N(1), S(''), S('x'.repeat(2049))];
export const oldItem = (n) => {
  const item = { id: S(`item${n}`), v: N(0), pad: S('.'.repeat(n % 50)) };
  const g = n % 4 ? S(`g${n % 1000}`) : oldKeys[(n / 4) % oldKeys.length];
  return g === undefined ? item : { ...item, g };
};

export async function loadOld(db, name, count) {
  let next = 0;
  await Promise.all(Array.from({ length: BATCHES }, async () => {
    while (next < count) {
      const from = next;
      next += 500;
      await load(db, name, Array.from({ length: Math.min(500, count - from) }, (_, at) => oldItem(from + at)));
    }
  }));
}

export const addIndex = (db, name, IndexName = 'byG') => db.UpdateTable({
  TableName: name, AttributeDefinitions: [{ AttributeName: 'g', AttributeType: 'S' }],
  GlobalSecondaryIndexUpdates: [{ Create: { IndexName, KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }], Projection: { ProjectionType: 'ALL' } } }],
});

export async function describeIndex(db, name, IndexName = 'byG') {
  const { Table } = await db.DescribeTable({ TableName: name });
  return Table.GlobalSecondaryIndexes?.find((index) => index.IndexName === IndexName);
}

export class IndexWriter {
  constructor(db, name, number, writers, items, chance) {
    Object.assign(this, { db, name, number, writers, items, chance });
    this.known = new Map(); // by number of the item: what was written last; undefined: deleted
    this.version = 0;
  }

  item(n) {
    const item = { id: S(`item${n}`), v: N(++this.version), pad: S(String(n).repeat(this.version % 5)) };
    return this.chance(4) ? { ...item, g: S(`g${this.chance(1000)}`) } : item;
  }

  // Half of them new.
  some() {
    return this.chance(2 * Math.floor(this.items / this.writers)) * this.writers + this.number;
  }

  async put(n) {
    const item = this.item(n);
    await this.db.PutItem({ TableName: this.name, Item: item });
    this.known.set(n, item);
  }

  async delete(n) {
    await this.db.DeleteItem({ TableName: this.name, Key: { id: S(`item${n}`) } });
    this.known.set(n, undefined);
  }

  // Leaves g alone, whatever it is.
  async update(n) {
    const { Attributes } = await this.db.UpdateItem({ TableName: this.name, Key: { id: S(`item${n}`) },
      UpdateExpression: 'SET v = :v', ExpressionAttributeValues: { ':v': N(++this.version) }, ReturnValues: 'ALL_NEW' });
    this.known.set(n, Attributes);
  }

  async transact() {
    const numbers = [...new Set(Array.from({ length: 1 + this.chance(20) }, () => this.some()))];
    const items = numbers.map((n) => (this.chance(3) ? this.item(n) : undefined));
    await this.db.TransactWriteItems({ TransactItems: numbers.map((n, at) => (items[at]
      ? { Put: { TableName: this.name, Item: items[at] } }
      : { Delete: { TableName: this.name, Key: { id: S(`item${n}`) } } })) });
    numbers.forEach((n, at) => this.known.set(n, items[at]));
  }

  // Until told to stop, or the server is gone.
  async run(stopped) {
    try {
      while (!stopped()) {
        switch (this.chance(4)) {
          case 0: await this.delete(this.some()); break;
          case 1: await this.update(this.some()); break;
          case 2: await this.transact(); break;
          default: await this.put(this.some());
        }
      }
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error;
    }
  }
}

const text = (item) => JSON.stringify(Object.fromEntries(Object.entries(item).sort(([left], [right]) => (left < right ? -1 : 1))));
const hasEntry = (item) => item.g?.S !== undefined && item.g.S !== '' && item.g.S.length <= 2048;

async function scan(db, request) {
  const TotalSegments = 4;
  const parts = await Promise.all(Array.from({ length: TotalSegments }, (_, Segment) => pages(db, 'Scan', { ...request, Segment, TotalSegments })));
  return parts.flat().flatMap((page) => page.Items);
}

// Every item has its entry, every entry its item, and the counters say how many. Answers the items.
export async function checkIndex(db, name, IndexName = 'byG') {
  const items = await scan(db, { TableName: name, ConsistentRead: true });
  const entries = (await scan(db, { TableName: name, IndexName })).map(text).sort();
  const expected = items.filter(hasEntry).map(text).sort();
  assert.equal(entries.length, expected.length, 'as many entries as items with a key for them');
  for (let at = 0; at < entries.length; at++) assert.equal(entries[at], expected[at]);
  const { Table } = await db.DescribeTable({ TableName: name });
  assert.equal(Table.ItemCount, items.length);
  assert.equal(Table.GlobalSecondaryIndexes.find((index) => index.IndexName === IndexName).ItemCount, entries.length);
  return items;
}

// What the writers know is what is stored; what none of them touched is as it was loaded.
export function checkKnown(items, count, writers) {
  const expected = new Map(Array.from({ length: count }, (_, n) => [n, oldItem(n)]));
  for (const writer of writers) for (const [n, item] of writer.known) if (item) expected.set(n, item); else expected.delete(n);
  assert.equal(items.length, expected.size);
  for (const item of items) assert.equal(text(item), text(expected.get(Number(item.id.S.slice(4))) ?? {}));
}

export function randomFrom(seed) {
  let state = (seed >>> 0) || 1;
  return (below) => {
    state ^= state << 13; state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5; state >>>= 0;
    return state % below;
  };
}
