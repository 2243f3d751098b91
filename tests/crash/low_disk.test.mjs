// With less free space than the reserve nothing is written, but tables are deleted, for it is how space is made.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runToEnd, startServer } from '../api/lib/server.mjs';
import { RawClient } from '../api/lib/raw.mjs';
import { S, tableRequest } from '../api/lib/index.mjs';

const directory = mkdtempSync(path.join(os.tmpdir(), 'stator-low-'));
after(() => rmSync(directory, { recursive: true, force: true }));

async function serving(more, body) {
  const server = await startServer(['--data-dir', directory, ...more]);
  const client = new RawClient(server.endpoint);
  try {
    await body((operation, request) => client.call(operation, request));
  } finally {
    client.close();
    assert.equal((await server.stop()).code, 0);
  }
}

test('a table can be deleted, and items cannot be written, when space is low', async () => {
  await serving([], async (call) => {
    for (const name of ['kept', 'dropped']) {
      await call('CreateTable', tableRequest({ name }));
      for (let i = 0; i < 50; i++) await call('PutItem', { TableName: name, Item: { id: S(`${i}`) } });
    }
  });
  await serving(['--min-free-mb', '1048576'], async (call) => {
    await assert.rejects(call('PutItem', { TableName: 'kept', Item: { id: S('new') } }), /disk is full/);
    await assert.rejects(call('CreateTable', tableRequest({ name: 'new' })), /disk is full/);
    await call('DeleteTable', { TableName: 'dropped' });
    assert.deepEqual(await call('ListTables', {}), { TableNames: ['kept'] });
    assert.equal((await call('Scan', { TableName: 'kept' })).Count, 50);
  });
  const { code, stdout } = await runToEnd(['verify', directory], { timeout: 60000 });
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^1 tables, 50 items/m);
});
