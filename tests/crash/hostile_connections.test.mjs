// Clients that mean harm by how they connect, send and read, rather than by what they ask: the server's
// memory stays bounded, and others are answered meanwhile.

import { test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { sanitized, startServer } from '../api/lib/server.mjs';
import { RawClient } from '../api/lib/raw.mjs';

const MB = 1024;
const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.';
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const rssOf = (server) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
const peakOf = (server) => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);

// A server, a client of good will, and `open(n)`, which makes so many connections of ill will.
async function attacked(args, work) {
  const server = await startServer(['--in-memory', '--loops', '1', ...args]);
  const good = new RawClient(server.endpoint);
  const { hostname, port } = new URL(server.endpoint);
  const sockets = [];
  const open = async (count, first) => {
    const made = Array.from({ length: count }, () => {
      const socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
      socket.heard = '';
      socket.on('data', (data) => { if (socket.heard.length < 4096) socket.heard += data.toString('latin1'); });
      socket.on('error', () => {});
      socket.on('close', () => { socket.over = true; });
      socket.setMaxListeners(0);
      return socket;
    });
    sockets.push(...made);
    await Promise.all(made.map((socket) => new Promise((resolve) => { socket.once('connect', resolve); socket.once('close', resolve); })));
    if (first) for (const socket of made) socket.write(first);
    return made;
  };
  try {
    await work({ server, good, open });
  } finally {
    for (const socket of sockets) socket.destroy();
    good.close();
    assert.equal((await server.stop()).code, 0, server.stderr);
  }
}

// The slowest of some answers to the client of good will, in ms.
async function answered(good, times = 20) {
  let slowest = 0;
  for (let at = 0; at < times; at++) {
    const began = performance.now();
    await good.call('ListTables', {});
    slowest = Math.max(slowest, performance.now() - began);
  }
  return slowest;
}

// What an answer may take under attack: 50 times what it takes without, for machines are busy with other things, too.
const patience = async (good, ms) => Math.max(ms, 50 * await answered(good));

const until = async (what, ms) => {
  for (const end = Date.now() + ms; !what(); await sleep(20)) assert.ok(Date.now() < end, `within ${ms} ms`);
};

for (const [name, first, megabytes] of [['without a word', undefined, 64], ['with half a head', 'POST / HTTP/1.1\r\nHost: a\r\nX-', 400],
  ['with half a body', `${HEAD}PutItem\r\nContent-Length: 100000\r\n\r\n{"TableName"`, 400]])
  test(`4,000 connections left open ${name} cost little, keep nobody waiting, and are closed in time`, async () => {
    await attacked(['--allow-unsigned', '--request-timeout-ms', '4000'], async ({ server, good, open }) => {
      const limit = await patience(good, 1000);
      const before = peakOf(server);
      const sockets = await open(4000, first);
      const slowest = await answered(good);
      assert.ok(slowest < limit, `${slowest} ms`);
      assert.ok(peakOf(server) - before < megabytes * MB, `${peakOf(server) - before} kB`);
      await until(() => sockets.every(({ over }) => over), 60000);
      if (first) assert.ok(sockets.filter(({ heard }) => heard.startsWith('HTTP/1.1 408')).length > 3900);
      await answered(good);
    });
  });

test('a head, or a body, that comes a byte at a time is ended in time', async () => {
  await attacked(['--allow-unsigned', '--request-timeout-ms', '1500'], async ({ good, open }) => {
    const heads = await open(50, 'POST / HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    const bodies = await open(50, `${HEAD}PutItem\r\nContent-Length: 100000\r\n\r\n`);
    const sockets = [...heads, ...bodies];
    const dripping = setInterval(() => { for (const socket of sockets) if (!socket.over) socket.write('a'); }, 100);
    const began = Date.now();
    await until(() => sockets.every(({ over, heard }) => over || heard), 30000).finally(() => clearInterval(dripping));
    assert.ok(Date.now() - began < 20000);
    for (const { heard } of sockets) assert.match(heard, /^(HTTP\/1\.1 408|$)/);
    await answered(good);
  });
});

test('connections beyond the limit are told so, and those that were there go on', async () => {
  await attacked(['--allow-unsigned', '--max-connections', '100', '--request-timeout-ms', '1500'], async ({ good, open }) => {
    await answered(good);
    const sockets = await open(300);
    await until(() => sockets.filter(({ heard }) => heard.startsWith('HTTP/1.1 503')).length >= 201, 30000);
    await answered(good);
    await until(() => sockets.every(({ over }) => over), 30000);
    const [again] = await open(1, `${HEAD}ListTables\r\nContent-Length: 2\r\n\r\n{}`);
    await until(() => again.heard.startsWith('HTTP/1.1 200'), 30000);
  });
});

test('heads without end, or of too many lines, are refused', async () => {
  await attacked(['--allow-unsigned'], async ({ server, good, open }) => {
    const [long] = await open(1, `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(100000)}`);
    const [many] = await open(1, `GET / HTTP/1.1\r\nHost: a\r\n${Array.from({ length: 200 }, (_, at) => `X-${at}: 1\r\n`).join('')}\r\n`);
    const [path] = await open(1, `GET /${'x'.repeat(100000)}`);
    for (const socket of [long, many, path]) await until(() => /^HTTP\/1\.1 4\d\d/.test(socket.heard), 30000);
    await answered(good);
    assert.ok(peakOf(server) < 100 * MB);
  });
});

test('120 bodies of 16 MB at one time are held to their budget of memory', async () => {
  await attacked(['--allow-unsigned', '--max-body-memory-mb', '64'], async ({ server, good, open }) => {
    await answered(good);
    const sockets = await open(120, `${HEAD}PutItem\r\nContent-Length: 16777216\r\n\r\n`);
    const part = Buffer.alloc(1 << 20, ' ');
    for (let megabyte = 0; megabyte < 15; megabyte++)
      await Promise.all(sockets.filter(({ over }) => !over).map((socket) => new Promise((resolve) => {
        socket.once('close', resolve);
        socket.write(part, resolve);
      })));
    assert.ok(sockets.filter(({ heard }) => heard.startsWith('HTTP/1.1 503')).length >= 100);
    for (const socket of sockets) socket.destroy();
    for (let served = false; !served;) served = await good.call('ListTables', {}).then(() => true, () => sleep(20));
    assert.ok(peakOf(server) < 300 * MB, `${peakOf(server)} kB`);
  });
});

test('bodies of some KB that unpack to more than 16 MB are refused, 64 at one time in little memory', async () => {
  await attacked(['--allow-unsigned', '--workers', '4'], async ({ server, good, open }) => {
    const limit = await patience(good, 2000);
    for (const [encoding, bomb] of [['gzip', gzipSync(Buffer.alloc(512 << 20, ' '))], ['gzip', Buffer.concat(Array(20).fill(gzipSync(Buffer.alloc(8 << 20, ' '))))]]) {
      const head = Buffer.from(`${HEAD}PutItem\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${bomb.length}\r\n\r\n`);
      const sockets = await open(64, Buffer.concat([head, bomb]));
      const slowest = await answered(good, 5);
      await until(() => sockets.every(({ heard, over }) => heard || over), 60000);
      for (const { heard } of sockets) assert.match(heard, /^HTTP\/1\.1 (413|503)/);
      assert.ok(slowest < limit, `${slowest} ms`);
    }
    assert.ok(peakOf(server) < 500 * MB, `${peakOf(server)} kB`);
  });
});

test('bodies of some KB that unpack to 16 MB of smallest elements take what they may, and it goes back', async () => {
  await attacked(['--allow-unsigned', '--workers', '8', '--max-body-memory-mb', '64'], async ({ server, good, open }) => {
    const nested = (open_, close) => `${open_.repeat(28)}${close.repeat(28)}`;
    const before = rssOf(server);
    for (const element of ['{"N":"1"}', nested('{"L":[', ']}'), nested('{"M":{"a":', '}}').replace(':}', ':{"S":""}}')]) {
      const opening = '{"TableName":"hostile","Item":{"id":{"S":"x"},"l":{"L":[';
      const count = Math.floor((16 * MB * MB - 100) / (element.length + 1));
      const bomb = gzipSync(Buffer.from(`${opening}${`${element},`.repeat(count).slice(0, -1)}]}}}`));
      const head = Buffer.from(`${HEAD}PutItem\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`);
      const sockets = await open(16, Buffer.concat([head, bomb]));
      const slowest = await answered(good, 5);
      await until(() => sockets.every(({ heard, over }) => heard || over), 60000);
      const told = sockets.map(({ heard }) => /^HTTP\/1\.1 (\d+)/.exec(heard)[1]);
      assert.ok(told.includes('400') && told.includes('503'), told.join(' ')); // the largest is served, too
      assert.ok(told.every((code) => code === '400' || code === '503'), told.join(' '));
      assert.ok(slowest < 2000, `${slowest} ms`);
      for (const socket of sockets) socket.destroy();
    }
    assert.ok(peakOf(server) < 300 * MB, `${peakOf(server)} kB`);
    await sleep(100);
    if (!sanitized) assert.ok(rssOf(server) < before + 24 * MB, `${rssOf(server)} kB, before ${before}`);
  });
});

test('a flood of bad signatures costs no memory, and good ones are answered meanwhile', async () => {
  const key = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  await attacked(['--auth', '--root-access-key-id', key.AWS_ACCESS_KEY_ID, '--root-secret-access-key', key.AWS_SECRET_ACCESS_KEY], async ({ server, good, open }) => {
    const limit = await patience(good, 1000);
    const before = peakOf(server);
    const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const wrong = (id) => `${HEAD}ListTables\r\nX-Amz-Date: ${date}\r\nAuthorization: AWS4-HMAC-SHA256 Credential=${id}/${date.slice(0, 8)}/us-east-1/dynamodb/aws4_request, `
      + `SignedHeaders=host;x-amz-date;x-amz-target, Signature=${'0'.repeat(64)}\r\nContent-Length: 2\r\n\r\n{}`;
    const sockets = await open(100);
    let sent = 0;
    const next = (socket, at) => { socket.write(wrong(at % 2 ? 'local' : `AKIA${sent}`)); sent++; };
    sockets.forEach((socket, at) => { socket.on('data', () => { if (!socket.destroyed) next(socket, at); }); next(socket, at); });
    const slowest = await answered(good, 200);
    await until(() => sent > 10000, 120000);
    for (const { heard } of sockets) assert.match(heard, /^HTTP\/1\.1 400 [^]*(InvalidSignature|UnrecognizedClient)Exception/);
    assert.ok(slowest < limit, `${slowest} ms`);
    assert.ok(peakOf(server) - before < 40 * MB, `${peakOf(server) - before} kB`);
  });
});
