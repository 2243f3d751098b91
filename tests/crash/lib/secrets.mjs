// What tests of encrypted directories share: keys, directories of their own, a table whose words can be
// searched for, and the search.

import { after } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runToEnd, startServer } from '../../api/lib/server.mjs';
import { RawClient } from '../../api/lib/raw.mjs';
import { S, tableRequest, waitActive } from '../../api/lib/index.mjs';

export const top = mkdtempSync(path.join(os.tmpdir(), 'stator-encryption-'));
after(() => rmSync(top, { recursive: true, force: true }));

let made = 0;
export function keyFile(text = randomBytes(32).toString('hex') + '\n') {
  const file = path.join(top, `key-${made++}`);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
export const newDirectory = () => path.join(top, `data-${made++}`);

export function connect(server) {
  const client = new RawClient(server.endpoint);
  return { client, db: new Proxy({}, { get: (_, operation) => (body) => client.call(operation, body) }) };
}

// Words that stand in what is stored: names, keys, values, and what RocksDB itself would write.
export const words = ['TableOfSecrets', 'SecretIndex', 'secretAttribute', 'secret-key', 'secret-value', 'secret-sort', 'rocksdb', 'leveldb'];

export function readable(directory) {
  const found = [];
  for (const name of readdirSync(directory)) {
    const file = path.join(directory, name);
    if (!statSync(file).isFile() || name === 'STATOR') continue; // which says that it is Stator's
    const bytes = readFileSync(file);
    for (const word of words) if (bytes.includes(word)) found.push(`${name}: ${word}`);
  }
  return found;
}

export async function write(db, from, to) {
  for (let i = from; i < to; i += 25) {
    await db.BatchWriteItem({ RequestItems: { TableOfSecrets: Array.from({ length: 25 }, (_, n) => ({
      PutRequest: { Item: { id: S(`secret-key-${i + n}`), sort: S(`secret-sort-${n}`),
        secretAttribute: S(`secret-value-${i + n} ${'some text that can be compressed '.repeat(20)}`) } } })) } });
  }
}

export async function makeTable(db) {
  await db.CreateTable({
    ...tableRequest({ name: 'TableOfSecrets', gsi: { SecretIndex: { key: 'sort' } } }),
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } });
  await waitActive(db, 'TableOfSecrets');
}

export async function holds(args, count) {
  const server = await startServer(args);
  const { client, db } = connect(server);
  for (let i = 0; i < count; i += 7) {
    const { Item } = await db.GetItem({ TableName: 'TableOfSecrets', Key: { id: S(`secret-key-${i}`) } });
    assert.ok(Item?.secretAttribute.S.startsWith(`secret-value-${i} `), `item ${i} is there`);
  }
  client.close();
  assert.equal((await server.stop()).code, 0);
}

export async function refuses(args, sentence) {
  const { code, signal, stdout, stderr } = await runToEnd(['serve', '--port', '0', ...args]);
  assert.equal(signal, null);
  assert.notEqual(code, 0);
  assert.equal(stdout.includes('stator ready'), false);
  assert.match(stderr, sentence);
}
