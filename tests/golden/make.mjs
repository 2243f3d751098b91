#!/usr/bin/env node
// Makes a golden directory with the server named by STATOR_BIN:
//
//   STATOR_BIN=…/build/stator tests/golden/make.mjs NAME
//
// writes tests/golden/NAME.tar.gz, which is the directory as a kill -9 left it, and NAME.json: what
// that server itself answered from a copy of it.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fill, half } from './lib/fill.mjs';
import { ask, askHalf } from './lib/ask.mjs';
import { RawClient, binary, root, startServer } from './lib/names.mjs';

const BYTES_MAX = 300 * 1024;
const name = process.argv[2];
if (!/^[\w.-]+$/.test(name ?? '')) throw new Error('usage: STATOR_BIN=build/stator tests/golden/make.mjs NAME');

const folder = mkdtempSync(path.join(os.tmpdir(), 'stator-golden-'));
const data = path.join(folder, 'data');
const usage = execFileSync(binary, ['--help'], { encoding: 'utf8' });
const options = (directory, more = []) => ['--data-dir', directory, '--min-free-mb', '1', '--write-buffer-mb', '1',
  ...(usage.includes('--ttl-delay-ms') ? ['--ttl-delay-ms', '604800000'] : []),
  ...(usage.includes('--kinesis-endpoint') ? ['--kinesis-endpoint', 'http://127.0.0.1:9'] : []), ...more];

async function serving(directory, work, more) {
  const server = await startServer(options(directory, more));
  const raw = new RawClient(server.endpoint);
  const db = new Proxy({}, { get: (_, operation) => (body) => raw.call(operation, body) });
  const streams = new Proxy({}, { get: (_, operation) => (body) => raw.call(`DynamoDBStreams_20120810.${operation}`, body) });
  const result = await work(db, streams, server);
  raw.close();
  return result;
}

// The root's key, from a start that verifies signatures.
async function rootKey() {
  if (!usage.includes('--auth ')) return undefined;
  return serving(data, async (_, __, server) => {
    await server.stop();
    const [, id, secret] = /root key\s+(\S+)\n\s+secret\s+(\S+)/.exec(server.stdout);
    return { id, secret };
  }, ['--auth']);
}

try {
  const key = await rootKey();
  const unknown = await serving(data, async (db, _, server) => {
    const refused = await fill(db);
    await server.stop();
    return refused;
  });
  unknown.push(...await serving(data, async (db, _, server) => {
    const refused = await half(db);
    await server.kill();
    return refused;
  }));
  const copy = path.join(folder, 'copy');
  cpSync(data, copy, { recursive: true });
  const answers = await serving(copy, async (db, streams, server) => {
    const status = (await db.DescribeTable({ TableName: 'half' })).Table.GlobalSecondaryIndexes?.[0].IndexStatus;
    const found = { indexStatus: status, half: await askHalf(db), ...await ask(db, streams) };
    await server.stop();
    return found;
  });
  if (answers.indexStatus === 'ACTIVE') throw new Error('the index was built before the server was killed: make it again');
  const version = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim();
  const archive = path.join(root, 'tests/golden', `${name}.tar.gz`);
  execFileSync('tar', ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--use-compress-program=gzip -9n', '-cf', archive, '-C', data, '.']);
  writeFileSync(path.join(root, 'tests/golden', `${name}.json`),
    `${JSON.stringify({ version, made: new Date().toISOString(), key, unknown, answers })}\n`);
  const bytes = statSync(archive).size;
  console.log(`${archive}: ${bytes} bytes; unknown to it:`, unknown);
  if (bytes > BYTES_MAX) throw new Error(`a golden directory has ${BYTES_MAX} bytes at most`);
} finally {
  rmSync(folder, { recursive: true });
}
