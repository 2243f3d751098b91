// What a server does behind a certificate: the same as without, and nothing for those who don't speak TLS.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';
import { givenEndpoint, runToEnd, sanitized, startServer } from './lib/server.mjs';

const require = createRequire(import.meta.url);
const { CreateTableCommand, DynamoDBClient, GetItemCommand, ListTablesCommand, PutItemCommand } = require('@aws-sdk/client-dynamodb');
const skip = givenEndpoint() ? 'the server is not ours to start' : false;
const servers = [];
const directory = mkdtempSync(path.join(tmpdir(), 'stator-tls-test-'));
after(async () => {
  for (const server of servers) await server.stop();
  rmSync(directory, { recursive: true });
});

async function start(args, options) {
  const server = await startServer(args, options);
  servers.push(server);
  server.port = Number(new URL(server.endpoint).port);
  return server;
}

// A key and a certificate for localhost, made by the openssl tool: another hand than ours.
function makePair(name, host = 'localhost', kind = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']) {
  const pair = { cert: path.join(directory, `${name}.crt`), key: path.join(directory, `${name}.key`) };
  execFileSync('openssl', ['req', '-x509', '-newkey', ...kind, '-nodes', '-days', '3', '-subj', `/CN=${name}`,
    '-addext', `subjectAltName=DNS:${host},IP:127.0.0.1`, '-keyout', pair.key, '-out', pair.cert], { stdio: 'ignore' });
  return pair;
}

const first = skip ? undefined : makePair('first');
const given = skip ? undefined
  : await start(['--in-memory', '--allow-unsigned', '--tls-cert', first.cert, '--tls-key', first.key]);
const ca = skip ? undefined : readFileSync(first.cert);

// A TLS connection that is there; rejects when it can't be made.
function connect(server, options = {}) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port: server.port, servername: 'localhost', ca, ...options }, () => resolve(socket));
    socket.on('error', reject);
  });
}

// What arrives until the end, or for so long.
function received(socket, ms = 30000) {
  return new Promise((resolve) => {
    const parts = [];
    const done = (how) => { clearTimeout(timer); resolve({ how, text: Buffer.concat(parts).toString('latin1') }); };
    const timer = setTimeout(() => done('open'), ms);
    socket.on('data', (part) => parts.push(part));
    socket.on('end', () => done('end'));
    socket.on('close', () => done('closed'));
    socket.on('error', () => done('error'));
  });
}

const sdk = (server, authority = ca) => new DynamoDBClient({ endpoint: server.endpoint.replace('127.0.0.1', 'localhost'), region: 'us-east-1', maxAttempts: 1,
  credentials: { accessKeyId: 'any', secretAccessKey: 'thing' },
  requestHandler: { httpsAgent: new https.Agent({ ca: authority, keepAlive: true }) } });
const serial = async (server) => {
  const socket = await connect(server, { rejectUnauthorized: false });
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
};
const rss = (server) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);

test('the SDK works over https, with small and with big items', { skip }, async () => {
  const client = sdk(given);
  await client.send(new CreateTableCommand({ TableName: 'music', BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] }));
  for (const size of [1, 1000, 15000, 16384, 17000, 390000]) {
    const Item = { id: { S: `of ${size}` }, text: { S: 'x'.repeat(size) } };
    await client.send(new PutItemCommand({ TableName: 'music', Item }));
    const { Item: got } = await client.send(new GetItemCommand({ TableName: 'music', Key: { id: Item.id } }));
    assert.deepEqual(got, Item);
  }
  client.destroy();
});

test('a certificate that the client does not trust is the client\'s to refuse', { skip }, async () => {
  await assert.rejects(sdk(given, readFileSync(makePair('stranger').cert)).send(new ListTablesCommand({})), /self-signed certificate/);
  await assert.rejects(connect(given, { servername: 'elsewhere.example' }), /not in the cert's altnames/);
});

test('TLS 1.2 and 1.3 are spoken, with http/1.1; older ones and other protocols are refused', { skip }, async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const socket = await connect(given, { minVersion: version, maxVersion: version, ALPNProtocols: ['h2', 'http/1.1'] });
    assert.equal(socket.getProtocol(), version);
    assert.equal(socket.alpnProtocol, 'http/1.1');
    assert.match(socket.getCipher().standardName, /GCM|CHACHA20/);
    socket.destroy();
  }
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  await assert.rejects(connect(given, old), /protocol version|ECONNRESET/);
  await assert.rejects(connect(given, { ALPNProtocols: ['h2'] }), /no application protocol/);
  await assert.rejects(connect(given, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }), /handshake failure/);
});

test('plain HTTP is told that this is no place for it', { skip }, async () => {
  const socket = net.connect(given.port, '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}');
  const { how, text } = await received(socket);
  assert.equal(how, 'end');
  assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\n\r\nthis port speaks TLS only: use https\n$/);
});

test('a connection is kept, takes several requests at once, and ends with a close_notify', { skip }, async () => {
  const socket = await connect(given);
  const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
  socket.write(get);
  await new Promise((resolve) => { socket.once('data', resolve); });
  socket.write(get + get + get.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  const { how, text } = await received(socket);
  assert.equal(how, 'end'); // an end without close_notify would be an error here
  assert.equal(text.match(/healthy: a/g).length, 3);
});

test('bytes that come one by one make a request', { skip }, async () => {
  const socket = await connect(given);
  socket.setNoDelay(true);
  for (const byte of 'GET / HTTP/1.1\r\nHost: slow\r\nConnection: close\r\n\r\n') {
    socket.write(byte);
    await pause(1);
  }
  assert.match((await received(socket)).text, /healthy: slow/);
});

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'])
  test(`a session is resumed (${maxVersion})`, { skip }, async () => {
    const socket = await connect(given, { maxVersion });
    const session = new Promise((resolve) => { socket.once('session', resolve); });
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const again = await connect(given, { maxVersion, session: maxVersion === 'TLSv1.2' ? socket.getSession() : await session });
    assert.ok(again.isSessionReused());
    socket.destroy();
    again.destroy();
  });

test('a big body and a big reply pass while the client reads slowly', { skip }, async () => {
  const server = await start(['--in-memory', '--allow-unsigned', '--test-mode', '--tls-cert', first.cert, '--tls-key', first.key]);
  const client = sdk(server);
  await client.send(new CreateTableCommand({ TableName: 'big', BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] }));
  const keys = [];
  for (let i = 0; i < 24; i++) {
    keys.push({ id: { S: `k${i}` } });
    await client.send(new PutItemCommand({ TableName: 'big', Item: { id: keys[i].id, text: { S: String(i).repeat(380000 / String(i).length | 0) } } }));
  }
  client.destroy();
  const body = JSON.stringify({ RequestItems: { big: { Keys: keys } } });
  const socket = await connect(server, { highWaterMark: 1024 });
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Amz-Target: DynamoDB_20120810.BatchGetItem\r\n` +
    `Content-Type: application/x-amz-json-1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  socket.pause();
  await pause(300); // the socket's buffers are full: the server has to wait
  const whole = received(socket);
  socket.resume();
  const { how, text } = await whole;
  assert.equal(how, 'end');
  const reply = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));
  assert.equal(reply.Responses.big.length, 24);
  for (const { id, text: { S: value } } of reply.Responses.big) assert.ok(value.startsWith(id.S.slice(1)) && value.length > 370000);
});

test('connections that break off, at any point, harm nobody', { skip }, async () => {
  for (let i = 0; i < 30; i++) {
    const socket = await connect(given);
    if (i % 3 > 0) socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n' + 'x'.repeat(i * 1000));
    if (i % 3 > 1) await pause(2);
    socket.destroy();
  }
  for (const bytes of [[], [0x16], [0x16, 3, 1, 0xff, 0xff, 1, 2, 3], [0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0], Array(5000).fill(0x16)]) {
    const socket = net.connect(given.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(Buffer.from(bytes));
    await pause(5);
    socket.resetAndDestroy();
  }
  assert.match((await sdk(given).send(new ListTablesCommand({}))).TableNames.join(), /music/);
});

test('a handshake that takes too long is cut, as is one that never begins', { skip }, async () => {
  const server = await start(['--in-memory', '--tls-self-signed', '--request-timeout-ms', '400']);
  const began = Date.now();
  const silent = net.connect(server.port, '127.0.0.1'), slow = net.connect(server.port, '127.0.0.1');
  slow.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]));
  const drip = setInterval(() => slow.write(Buffer.from([3])), 50);
  slow.on('error', () => {});
  const ends = await Promise.all([received(silent), received(slow)]);
  clearInterval(drip);
  for (const { how } of ends) assert.notEqual(how, 'open');
  assert.ok(Date.now() - began < 20000);
});

test('200 half-open handshakes take little memory, and others are served meanwhile', { skip }, async () => {
  const server = await start(['--in-memory', '--tls-self-signed', '--loops', '1', '--request-timeout-ms', '3000']);
  const authority = readFileSync(/AWS_CA_BUNDLE=(\S+)/.exec(server.stdout)[1]);
  await sdk(server, authority).send(new ListTablesCommand({}));
  const before = rss(server);
  const half = Array.from({ length: 200 }, () => net.connect(server.port, '127.0.0.1'));
  for (const socket of half) {
    socket.on('error', () => {});
    socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]));
  }
  await pause(300);
  await sdk(server, authority).send(new ListTablesCommand({}));
  const grown = rss(server) - before;
  const limit = sanitized ? 36 : 12; // MB; sanitizers keep what was freed for a while
  assert.ok(grown < limit * 1024, `${grown} kB`);
  const ended = await Promise.all(half.map((socket) => received(socket)));
  assert.ok(ended.every(({ how }) => how !== 'open'));
});

test('a new certificate is used from the next connection on; broken files keep the old one', { skip }, async () => {
  const pair = { cert: path.join(directory, 'live.crt'), key: path.join(directory, 'live.key') };
  const put = (from) => { for (const file of ['key', 'cert']) { writeFileSync(`${pair[file]}.new`, readFileSync(from[file])); renameSync(`${pair[file]}.new`, pair[file]); } };
  const one = makePair('one'), two = makePair('two', 'localhost', ['rsa:2048']), three = makePair('three');
  put(one);
  const server = await start(['--in-memory', '--tls-cert', pair.cert, '--tls-key', pair.key]);
  const kept = await connect(server, { rejectUnauthorized: false });
  const was = await serial(server);
  const until = async (enough, what) => {
    for (let i = 0; !(await enough()); i++) { assert.ok(i < 300, what); await pause(100); }
  };
  put(two);
  server.child.kill('SIGHUP');
  await until(async () => await serial(server) !== was, 'SIGHUP reads the files again');
  const second = await serial(server);
  writeFileSync(pair.cert, 'not a certificate');
  await until(() => /event=certificate_kept .*certificate can't be used/.test(server.stderr), 'a broken file is logged');
  writeFileSync(pair.cert, readFileSync(one.cert));
  await until(() => /event=certificate_kept .*not the certificate's|event=certificate_kept .*key/.test(server.stderr), 'a key of another certificate is logged');
  assert.equal(await serial(server), second);
  put(three);
  await until(async () => ![was, second].includes(await serial(server)), 'files that change are read again unasked');
  kept.write('GET / HTTP/1.1\r\nHost: kept\r\nConnection: close\r\n\r\n');
  assert.match((await received(kept)).text, /healthy: kept/);
});

// A socket in its place can't be opened, by root neither; where the server looks every two seconds, it would be told every two.
test('a certificate that can\'t be opened is told once and the old one stays, until there is one again', { skip }, async () => {
  const pair = { cert: path.join(directory, 'closed.crt'), key: path.join(directory, 'closed.key') };
  const one = makePair('before'), two = makePair('behind');
  for (const file of ['key', 'cert']) writeFileSync(pair[file], readFileSync(one[file]));
  const server = await start(['--in-memory', '--tls-cert', pair.cert, '--tls-key', pair.key]);
  const was = await serial(server);
  const until = async (enough, what) => {
    for (let i = 0; !(await enough()); i++) { assert.ok(i < 300, what); await pause(100); }
  };
  const place = net.createServer().listen(`${pair.cert}.socket`);
  try {
    await new Promise((resolve) => { place.once('listening', resolve); });
    renameSync(`${pair.cert}.socket`, pair.cert);
    const told = () => server.stderr.match(/event=certificate_kept .*closed\.crt/g)?.length ?? 0;
    await until(told, 'it is told');
    await pause(5000);
    assert.equal(told(), 1);
    assert.equal(await serial(server), was);
    writeFileSync(`${pair.cert}.new`, readFileSync(two.cert));
    writeFileSync(pair.key, readFileSync(two.key));
    renameSync(`${pair.cert}.new`, pair.cert);
    await until(async () => await serial(server) !== was, 'the new one is read');
  } finally {
    place.close();
  }
});

test('a client that asks first is told to go on before it sends its body, once', { skip }, async () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    const socket = await connect(given, { maxVersion });
    let text = '';
    socket.on('data', (part) => { text += part.toString('latin1'); });
    const until = async (enough) => {
      for (let i = 0; !enough(); i++) { assert.ok(i < 3000, text); await pause(10); }
    };
    const body = JSON.stringify({ TableName: 'asked' });
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nX-Amz-Target: DynamoDB_20120810.DescribeTable\r\n`
      + `Content-Type: application/x-amz-json-1.0\r\nContent-Length: ${body.length}\r\n\r\n`);
    await until(() => text.endsWith('\r\n\r\n'));
    assert.equal(text, 'HTTP/1.1 100 Continue\r\n\r\n');
    text = '';
    socket.write(body);
    await until(() => text.endsWith('}'));
    assert.match(text, /^HTTP\/1\.1 400 [^]*ResourceNotFoundException/);
    socket.destroy();
  }
});

test('a certificate of our own is made once, its key is private, and clients that trust it get in', { skip }, async () => {
  const data = path.join(directory, 'data');
  const args = ['--data-dir', data, '--tls-self-signed', '--allow-unsigned'];
  const server = await start(args);
  const cert = path.join(data, 'tls-cert.pem'), key = path.join(data, 'tls-key.pem');
  assert.match(server.stdout, new RegExp(`AWS_CA_BUNDLE=${cert}`));
  assert.equal(statSync(key).mode & 0o777, 0o600);
  assert.deepEqual((await sdk(server, readFileSync(cert)).send(new ListTablesCommand({}))).TableNames, []);
  const was = await serial(server);
  assert.equal((await server.stop()).code, 0);
  const again = await start(args);
  assert.equal(await serial(again), was);
});

test('in memory the key of a self-made certificate is in no file, and the certificate goes with the server', { skip }, async () => {
  const server = await start(['--in-memory', '--tls-self-signed']);
  const cert = /AWS_CA_BUNDLE=(\S+)/.exec(server.stdout)[1];
  assert.deepEqual((await sdk(server, readFileSync(cert)).send(new ListTablesCommand({}))).TableNames, []);
  await server.stop();
  assert.ok(!existsSync(path.dirname(cert)));
});

test('settings that make no sense are refused at the start, each with its reason', { skip }, async () => {
  const other = makePair('other'), missing = path.join(directory, 'missing');
  const locked = path.join(directory, 'locked.key');
  execFileSync('openssl', ['ec', '-in', other.key, '-aes128', '-passout', 'pass:secret', '-out', locked], { stdio: 'ignore' });
  for (const [args, problem] of [
    [['--tls-cert', first.cert], /go together/],
    [['--tls-self-signed', '--tls-cert', first.cert, '--tls-key', first.key], /say one of them/],
    [['--tls-cert', missing, '--tls-key', first.key], /missing: No such file/],
    [['--tls-cert', first.cert, '--tls-key', other.key], /key is not the certificate's|key can't be used/],
    [['--tls-cert', first.key, '--tls-key', first.key], /certificate can't be used/],
    [['--tls-cert', other.cert, '--tls-key', locked], /key can't be used/],
  ]) {
    const { code, stderr } = await runToEnd(['serve', '--port', '0', '--in-memory', ...args]);
    assert.notEqual(code, 0);
    assert.match(stderr, problem);
  }
});
