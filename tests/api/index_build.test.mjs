// A global index that is added to, or taken from, a table that is in use. ITEMS=200000 for a large
// one (make index-build); WRITERS and SEED as they are named.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { N, S, RawClient, expectInvalid, tableRequest, uniqueName, waitActive } from './lib/index.mjs';
import { IndexWriter, addIndex, checkIndex, checkKnown, describeIndex, loadOld, randomFrom } from './lib/index_load.mjs';
import { givenEndpoint, runToEnd, startServer } from './lib/server.mjs';

const ITEMS = Number(process.env.ITEMS ?? 20000);
const WRITERS = Number(process.env.WRITERS ?? 8);
const SEED = Number(process.env.SEED ?? Date.now() % 1e9);
const VERIFIED_MS = 60000 + ITEMS; // what an overloaded machine takes to look through them

const clients = [];
function connect(endpoint) {
  const client = new RawClient(endpoint);
  clients.push(client);
  return new Proxy({}, { get: (_, operation) => (body) => client.call(operation, body) });
}
after(() => clients.forEach((client) => client.close()));

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
async function until(condition) {
  for (let wait = 1; !(await condition()); wait = Math.min(wait * 2, 100)) await sleep(wait);
}

test(`an index of ${ITEMS} items is complete, whatever was written while it was built`, async (context) => {
  context.diagnostic(`SEED=${SEED}`);
  const directory = mkdtempSync(path.join(os.tmpdir(), 'stator-index-'));
  const server = givenEndpoint() ? undefined : await startServer(['--data-dir', directory]);
  const db = connect(server?.endpoint ?? givenEndpoint());
  const name = uniqueName();
  try {
    await db.CreateTable(tableRequest({ name }));
    await waitActive(db, name);
    await loadOld(db, name, ITEMS);
    let active = false;
    const begun = Date.now();
    await addIndex(db, name);
    const writers = Array.from({ length: WRITERS }, (_, at) => new IndexWriter(db, name, at, WRITERS, ITEMS, randomFrom(SEED + at)));
    const running = writers.map((writer) => writer.run(() => active));
    let progress = 0;
    await until(async () => {
      const index = await describeIndex(db, name);
      assert.ok(index.ItemCount >= 0);
      progress = Math.max(progress, index.ItemCount);
      active = index.IndexStatus === 'ACTIVE';
      if (!active) assert.equal(typeof index.Backfilling, 'boolean');
      return active;
    });
    context.diagnostic(`built in ${Date.now() - begun} ms, ${writers.reduce((sum, writer) => sum + writer.version, 0)} items written meanwhile`);
    await Promise.all(running);
    assert.ok(progress > 0);
    assert.ok(writers.every((writer) => writer.version > 0));
    checkKnown(await checkIndex(db, name), ITEMS, writers);
    await db.DeleteTable({ TableName: name });
    if (server) {
      assert.equal((await server.stop()).code, 0);
      const { code, stdout } = await runToEnd(['verify', directory], { timeout: VERIFIED_MS });
      assert.equal(code, 0, stdout);
    }
  } finally {
    await server?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});

// These want to see states that pass in a moment.
test('states of an index', { skip: givenEndpoint() ? 'needs a server of its own' : false }, async (all) => {
  const server = await startServer(['--in-memory', '--status-delay-ms', '1000']);
  const db = connect(server.endpoint);
  const build = async (items = [{ id: S('a'), g: S('x') }]) => {
    const name = uniqueName();
    await db.CreateTable(tableRequest({ name }));
    await waitActive(db, name);
    for (const Item of items) await db.PutItem({ TableName: name, Item });
    return name;
  };
  // A table whose index is backfilling. On a busy machine the state may be over before anybody looks: then another.
  const backfilling = async () => {
    for (;;) {
      const name = await build();
      await addIndex(db, name);
      let index;
      await until(async () => { index = await describeIndex(db, name); return index.Backfilling || index.IndexStatus === 'ACTIVE'; });
      if (index.Backfilling) return name;
    }
  };
  const query = (name) => db.Query({ TableName: name, IndexName: 'byG', KeyConditionExpression: 'g = :g', ExpressionAttributeValues: { ':g': S('x') } });
  const CREATING = 'Cannot read from backfilling global secondary index: byG';
  const MISSING = 'The table does not have the specified index: byG';
  const refusesReads = async (name, message) => {
    await expectInvalid(query(name), message);
    await expectInvalid(db.Scan({ TableName: name, IndexName: 'byG' }), message);
    await expectInvalid(db.ExecuteStatement({ Statement: `SELECT * FROM "${name}"."byG"` }), message);
  };

  await all.test('an index that is CREATING is not read, and is written', async () => {
    const name = await backfilling();
    await refusesReads(name, CREATING);
    const { ConsumedCapacity } = await db.PutItem({ TableName: name, Item: { id: S('b'), g: S('x') }, ReturnConsumedCapacity: 'INDEXES' });
    assert.equal(ConsumedCapacity.GlobalSecondaryIndexes.byG.CapacityUnits, 1);
    await expectInvalid(db.PutItem({ TableName: name, Item: { id: S('c'), g: N(1) } }),
      'One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: byG');
    await waitActive(db, name);
    assert.equal((await describeIndex(db, name)).Backfilling, undefined);
    assert.equal((await query(name)).Count, 2);
  });

  await all.test('an index that is DELETING is neither read nor written', async () => {
    const name = await build();
    await addIndex(db, name);
    await waitActive(db, name);
    await db.UpdateTable({ TableName: name, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'byG' } }] });
    assert.equal((await describeIndex(db, name)).IndexStatus, 'DELETING');
    await refusesReads(name, MISSING);
    const { ConsumedCapacity } = await db.PutItem({ TableName: name, Item: { id: S('b'), g: N(1) }, ReturnConsumedCapacity: 'INDEXES' });
    assert.equal(ConsumedCapacity.GlobalSecondaryIndexes, undefined);
    await until(async () => !(await describeIndex(db, name)));
    await refusesReads(name, MISSING);
    const { Table } = await db.DescribeTable({ TableName: name });
    assert.deepEqual(Table.AttributeDefinitions, [{ AttributeName: 'id', AttributeType: 'S' }]);
  });

  await all.test('an index can be deleted while it is built, and made again', async () => {
    const name = await backfilling();
    await db.UpdateTable({ TableName: name, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'byG' } }] });
    await until(async () => !(await describeIndex(db, name)));
    await waitActive(db, name);
    await addIndex(db, name);
    await waitActive(db, name);
    assert.equal((await query(name)).Count, 1);
  });

  await all.test('items whose key is no key of the index can be updated, mended and deleted', async () => {
    const wrong = [S(''), N(1), S('x'.repeat(2049))];
    const name = await build(wrong.map((g, at) => ({ id: S(`item${at}`), g })));
    await addIndex(db, name);
    await waitActive(db, name);
    assert.equal((await describeIndex(db, name)).ItemCount, 0);
    for (const at of wrong.keys()) {
      const update = (UpdateExpression, value) => db.UpdateItem({ TableName: name, Key: { id: S(`item${at}`) }, UpdateExpression,
        ExpressionAttributeValues: { ':v': value } });
      await update('SET v = :v', S('new'));
      assert.equal((await query(name)).Count, 0);
      await update('SET g = :v', S('x'));
      assert.equal((await query(name)).Count, 1);
      await db.DeleteItem({ TableName: name, Key: { id: S(`item${at}`) } });
      assert.equal((await query(name)).Count, 0);
    }
  });
  await server.stop();
});

test('an index and a stream can be given up when there is little space', { skip: givenEndpoint() ? 'needs a server of its own' : false }, async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'stator-index-'));
  const name = uniqueName();
  let server = await startServer(['--data-dir', directory]);
  try {
    let db = connect(server.endpoint);
    await db.CreateTable(tableRequest({ name }));
    await waitActive(db, name);
    await loadOld(db, name, 100);
    await addIndex(db, name);
    await until(async () => (await describeIndex(db, name)).IndexStatus === 'ACTIVE');
    await db.UpdateTable({ TableName: name, StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } });
    await server.stop();
    server = await startServer(['--data-dir', directory, '--min-free-mb', '1048576']);
    db = connect(server.endpoint);
    await assert.rejects(addIndex(db, name, 'another'));
    const remove = () => db.DeleteItem({ TableName: name, Key: { id: S('item1') } });
    await assert.rejects(remove()); // its record would take space
    await db.UpdateTable({ TableName: name, StreamSpecification: { StreamEnabled: false } });
    await remove();
    const { IndexName } = await describeIndex(db, name);
    await db.UpdateTable({ TableName: name, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName } }] });
    await until(async () => !(await db.DescribeTable({ TableName: name })).Table.GlobalSecondaryIndexes);
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});
