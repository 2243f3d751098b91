// A strict audit log on a disk that fills up, for real: a small tmpfs, which only root may mount. What was done is
// told of in the file, and nothing more is done, while the disk is still full.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { RawClient, S, tableRequest } from '../api/lib/index.mjs';
import { startServer } from '../api/lib/server.mjs';

const directory = mkdtempSync(path.join(os.tmpdir(), 'stator-audit-'));
const UNDER_WAY = 64;
let mounted = false;
try {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', directory], { stdio: 'ignore' });
  mounted = true;
} catch { /* not root */ }
after(() => {
  if (mounted) execFileSync('umount', ['-l', directory]);
  rmSync(directory, { recursive: true });
});

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const file = path.join(directory, 'audit.log');
const ballast = path.join(directory, 'ballast');
function fill() {
  const fd = openSync(ballast, 'w');
  for (let size = 1 << 20; size >= 1;) {
    try {
      if (writeSync(fd, Buffer.alloc(size)) < size) size >>= 1;
    } catch (error) {
      assert.equal(error.code, 'ENOSPC');
      size >>= 1;
    }
  }
  closeSync(fd);
}
const told = () => readFileSync(file, 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line));
const until = async (what, ms) => {
  for (const end = Date.now() + ms; !what(); await sleep(20)) assert.ok(Date.now() < end, `within ${ms} ms`);
};

test('all that was done on a full disk is told of there, and what cannot be told of is not done', { skip: mounted ? false : 'mounting a small tmpfs needs root' }, async () => {
  const server = await startServer(['--in-memory', '--allow-unsigned', '--test-mode', '--audit-log', file, '--audit-log-strict']);
  const clients = Array.from({ length: UNDER_WAY }, () => new RawClient(server.endpoint));
  try {
    await clients[0].call('CreateTable', tableRequest({ name: 'told' }));
    const put = (client, id, headers) => client.send('PutItem', { TableName: 'told', Item: { id: S(id) } }, headers);
    // These are done at once, and answered when the disk has long been full.
    const underWay = clients.map((client, at) => put(client, `early-${at}`, { 'X-Stator-Fault': 'latency-ms=1500' }));
    await sleep(500);
    fill();
    assert.ok((await Promise.all(underWay)).every(({ status }) => status === 200));
    let done = UNDER_WAY;
    await Promise.all(clients.map(async (client, number) => {
      for (let at = 0; ; at++) {
        const { status } = await put(client, `late-${number}-${at}`, { 'User-Agent': 'x'.repeat(256) });
        if (status === 503) break;
        assert.equal(status, 200);
        done++;
      }
    }));
    await until(() => told().filter(({ operation }) => operation === 'PutItem').length === done, 10000);
    assert.match(server.stderr, /event=audit_log_failing .*No space left/);
    assert.ok(told().every((line) => line.dropped === undefined && (line.result === 'ok' || line.status < 500)));
    unlinkSync(ballast);
    await until(() => /event=audit_log_works/.test(server.stderr), 10000);
    let items = 0;
    for (let from; ;) {
      const page = await clients[0].call('Scan', { TableName: 'told', Select: 'COUNT', ExclusiveStartKey: from });
      items += page.Count;
      from = page.LastEvaluatedKey;
      if (!from) break;
    }
    assert.equal(items, done);
  } finally {
    clients.forEach((client) => client.close());
    assert.equal((await server.stop()).code, 0, server.stderr);
  }
  assert.ok(told().every(({ dropped }) => dropped === undefined));
});
