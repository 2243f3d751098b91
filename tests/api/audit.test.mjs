// The audit log: who did what to which table, and nothing of what items hold.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createRequire } from 'node:module';
import { ROOT, allow, arn, newUser, policy } from './lib/identity.mjs';
import { RawClient, S, Wire, tableRequest } from './lib/index.mjs';
import { givenEndpoint, runToEnd, startServer } from './lib/server.mjs';

const require = createRequire(import.meta.url);
const { IAM } = require('@aws-sdk/client-iam');
const { DynamoDB } = require('@aws-sdk/client-dynamodb');
const skip = givenEndpoint() ? 'the server is not ours to start' : false;
const directory = mkdtempSync(path.join(tmpdir(), 'stator-audit-'));
const servers = [];
after(async () => {
  for (const server of servers) await server.stop();
  rmSync(directory, { recursive: true });
});

let counter = 0;
async function start(args = [], options) {
  const file = path.join(directory, `audit-${counter++}.log`);
  const server = await startServer(['--in-memory', '--audit-log', file, ...args], options);
  servers.push(server);
  return { server, file, client: new RawClient(server.endpoint) };
}

const lines = (file) => readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
// Waits until the thread that writes has caught up.
async function linesOf(file, count) {
  for (let i = 0; i < 200; i++) {
    const all = existsSync(file) ? lines(file) : [];
    if (all.length >= count) return all;
    await pause(20);
  }
  assert.fail(`${count} lines are not there: ${readFileSync(file, 'utf8')}`);
}

const MARK = 'marker-5d1c0f';

// Every way for a value to come in, right and wrong.
async function everything(client) {
  const key = { id: S(`${MARK}-key`) };
  const said = [];
  const call = async (operation, body) => { said.push([operation, (await client.send(operation, body)).status]); };
  await call('CreateTable', tableRequest({ name: 'secrets' }));
  await call('PutItem', { TableName: 'secrets', Item: { ...key, value: S(`${MARK}-value`), [`${MARK}-name`]: { N: '1' } } });
  await call('GetItem', { TableName: 'secrets', Key: key });
  await call('PutItem', { TableName: 'secrets', Item: key, ConditionExpression: 'attribute_not_exists(id)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' });
  await call('UpdateItem', { TableName: 'secrets', Key: key, UpdateExpression: 'SET v = :v', ExpressionAttributeValues: { ':v': S(`${MARK}-new`) } });
  await call('UpdateItem', { TableName: 'secrets', Key: key, UpdateExpression: `SET ${MARK} = :v`, ExpressionAttributeValues: { ':v': S(MARK) } });
  await call('Query', { TableName: 'secrets', IndexName: 'none-such', KeyConditionExpression: 'id = :v', ExpressionAttributeValues: { ':v': S(MARK) } });
  await call('BatchGetItem', { RequestItems: { secrets: { Keys: [key] } } });
  await call('ExecuteStatement', { Statement: `SELECT * FROM secrets WHERE id = '${MARK}'` });
  await call('ExecuteStatement', { Statement: `SELECT * FROM "secrets" WHERE ${MARK} = '` });
  await call('TransactWriteItems', { TransactItems: [{ Put: { TableName: 'secrets', Item: key } }, { Delete: { TableName: 'others', Key: key } }] });
  await call('GetItem', { TableName: 'missing', Key: key });
  await call('GetItem', { TableName: 'secrets', Key: { id: { N: MARK } } });
  await call('PutItem', `{"TableName":"secrets","Item":{"id":{"S":"${MARK}"}`);
  await call('PutItem', { TableName: 'secrets', Item: { ...key, big: S(MARK.repeat(40000)) } });
  await call(`DynamoDB_20120810.${MARK}`, { TableName: 'secrets' });
  return said;
}

test('each request has a line: who, what, which table, what came of it', { skip }, async () => {
  const { server, file, client } = await start();
  const said = await everything(client);
  const all = await linesOf(file, said.length);
  assert.equal(all.length, said.length);
  for (const [i, line] of all.entries()) {
    assert.equal(line.operation, said[i][0].includes('.') ? 'unknown' : said[i][0]);
    assert.equal(line.status, said[i][1]);
    assert.equal(line.source_ip, '127.0.0.1');
    assert.equal(line.access_key_id, 'local');
    assert.equal(line.tls, false);
    assert.match(line.request_id, /^[0-9A-Z]{52}$/);
    assert.ok(Math.abs(Date.parse(line.time) - Date.now()) < 60000);
    assert.ok(line.duration_us >= 0 && line.duration_us < 60e6);
  }
  const results = all.map(({ operation, tables, index, result }) => `${operation} [${tables}] ${index ?? '-'} ${result}`);
  assert.deepEqual(results.slice(0, 4), ['CreateTable [secrets] - ok', 'PutItem [secrets] - ok', 'GetItem [secrets] - ok',
    'PutItem [secrets] - ConditionalCheckFailedException']);
  assert.ok(results.includes('Query [secrets] none-such ValidationException'));
  assert.ok(results.includes('BatchGetItem [secrets] - ok'));
  assert.ok(results.includes('ExecuteStatement [secrets] - ok'));
  assert.ok(results.includes('GetItem [missing] - ResourceNotFoundException'));
  assert.ok(results.some((text) => /^TransactWriteItems \[secrets,others\] - ResourceNotFoundException$/.test(text)));
  assert.ok(!readFileSync(file, 'utf8').includes(MARK));
  await server.stop();
});

test('who is made, given rights and taken away is there, with who did it', { skip }, async () => {
  const { server, file } = await start(['--auth'], { env: { ...process.env,
    STATOR_ROOT_ACCESS_KEY_ID: ROOT.accessKeyId, STATOR_ROOT_SECRET_ACCESS_KEY: ROOT.secretAccessKey } });
  const client = (Kind, credentials) => new Kind({ endpoint: server.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  const root = client(IAM, ROOT);
  const keys = await newUser(root, 'ann', policy(allow('dynamodb:ListTables')));
  const [ann, db] = [client(IAM, keys), client(DynamoDB, keys)];
  await db.listTables({});
  await assert.rejects(ann.deleteUser({ UserName: 'bob' }));
  await assert.rejects(client(IAM, { ...keys, secretAccessKey: 'another' }).listUsers({}));
  for (const each of [root, ann, db]) each.destroy();
  const seen = (await linesOf(file, 6)).map(({ principal, operation, subject, result }) => [principal, operation, subject, result]);
  assert.deepEqual(seen, [
    [arn('root'), 'iam:CreateUser', 'ann', 'ok'],
    [arn('root'), 'iam:PutUserPolicy', 'ann', 'ok'],
    [arn('root'), 'iam:CreateAccessKey', 'ann', 'ok'],
    [arn('user/ann'), 'ListTables', undefined, 'ok'],
    [arn('user/ann'), 'iam:DeleteUser', 'bob', 'AccessDenied'],
    [undefined, 'iam:ListUsers', undefined, 'SignatureDoesNotMatch'],
  ]);
  assert.ok(!readFileSync(file, 'utf8').includes(keys.secretAccessKey));
});

test('a request with a false signature is there, with the key it claims and no signature', { skip }, async () => {
  const secret = `${MARK} secret`;
  const { server, file, client } = await start(['--auth'], { env: { ...process.env, STATOR_ROOT_ACCESS_KEY_ID: 'AKIDAUDIT', STATOR_ROOT_SECRET_ACCESS_KEY: secret } });
  const answer = await client.send('ListTables', {});
  assert.equal(answer.status, 400);
  const wire = new Wire(server.endpoint);
  await wire.send(`POST / HTTP/1.1\r\nHost: a\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\nUser-Agent: od\xffd "agent"\r\n` +
    `Content-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{}`);
  await wire.answer();
  wire.end();
  const [line, odd] = await linesOf(file, 2);
  assert.equal(line.operation, 'ListTables');
  assert.equal(line.access_key_id, 'local');
  assert.match(line.result, /^(UnrecognizedClient|InvalidSignature)Exception$/);
  assert.equal(line.principal, undefined);
  assert.equal(odd.result, 'MissingAuthenticationTokenException');
  assert.match(odd.user_agent, /^od.*d "agent"$/);
  const text = readFileSync(file, 'utf8');
  assert.ok(!text.includes('Signature=') && !text.includes(MARK));
});

test('SIGHUP opens the file anew, and no line is lost by it', { skip }, async () => {
  const { server, file, client } = await start();
  await client.call('ListTables', {});
  await linesOf(file, 1);
  renameSync(file, `${file}.1`);
  await client.call('ListTables', {});
  await linesOf(`${file}.1`, 2);
  server.child.kill('SIGHUP');
  for (let i = 0; !existsSync(file); i++) { assert.ok(i < 200); await pause(20); }
  await client.call('ListTables', {});
  assert.equal((await linesOf(file, 1)).length, 1);
  assert.equal(lines(`${file}.1`).length, 2);
});

// What a strict log does then is in tests/crash/audit_full.test.mjs.
test('a disk that is full stops nothing, and what waited is written when there is space', { skip }, async () => {
  const file = path.join(directory, 'full.log');
  symlinkSync('/dev/full', file);
  const server = await startServer(['--in-memory', '--audit-log', file]);
  servers.push(server);
  const client = new RawClient(server.endpoint);
  await client.call('ListTables', {});
  for (let i = 0; !/event=audit_log_failing/.test(server.stderr); i++) { assert.ok(i < 200); await pause(20); }
  await client.call('ListTables', {});
  unlinkSync(file);
  server.child.kill('SIGHUP');
  for (let i = 0; !/event=audit_log_works/.test(server.stderr); i++) { assert.ok(i < 200); await pause(20); }
  await client.call('ListTables', {});
  assert.ok((await linesOf(file, 3)).length >= 3);
});

test('a strict log where no space can be reserved ends the start', { skip }, async () => {
  const file = path.join(directory, 'device.log');
  symlinkSync('/dev/full', file);
  const { code, stderr } = await runToEnd(['serve', '--port', '0', '--in-memory', '--audit-log', file, '--audit-log-strict']);
  assert.equal(code, 1);
  assert.match(stderr, /can't open the audit log .*device\.log/);
});

// Each reserves 160 KB of 16 MB.
test('requests of a strict log give their room back however they end', { skip }, async () => {
  const { client, server, file } = await start(['--audit-log-strict', '--allow-unsigned']);
  const pad = 'x'.repeat(200000);
  const ends = [
    ['PutItem', { TableName: 'nowhere', Item: { id: S(pad) } }, {}, 400],
    ['PutItem', { pad }, { 'Content-Encoding': 'gzip' }, 500],
    ['PutItem', { pad }, { 'Content-Type': 'text/plain' }, 404],
    ['Unknown', { pad }, {}, 400],
    ['ListTables', { pad: pad + pad }, {}, 200], // goes to a worker
  ];
  for (const [operation, body, headers, status] of ends)
    for (let i = 0; i < 150; i++) assert.equal((await client.send(operation, body, headers)).status, status);
  for (let i = 0; i < 150; i++) {
    const wire = new Wire(server.endpoint);
    await wire.send(client.request('ListTables', { pad }));
    wire.end();
  }
  await client.call('ListTables', {});
  assert.ok((await linesOf(file, 3 * 150 + 1)).every(({ dropped }) => dropped === undefined));
});

test('a file that can\'t be opened ends the start', { skip }, async () => {
  const { code, stderr } = await runToEnd(['serve', '--port', '0', '--in-memory', '--audit-log', '/nowhere/at/all']);
  assert.equal(code, 1);
  assert.match(stderr, /can't open the audit log \/nowhere\/at\/all: No such file/);
});

test('neither item contents nor secrets reach the log, at any level', { skip }, async () => {
  const data = path.join(directory, 'data');
  const server = await startServer(['--data-dir', data, '--log-level', 'debug', '--allow-unsigned', '--kinesis-secret-access-key', `${MARK}-kinesis`]);
  servers.push(server);
  const client = new RawClient(server.endpoint);
  await everything(client);
  for (const broken of [`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n${MARK}`, `${MARK}\r\n\r\n`,
    `POST /${MARK} HTTP/1.1\r\nHost: ${MARK}\r\nAuthorization: AWS4-HMAC-SHA256 Credential=${MARK}\r\n\r\n`]) {
    const wire = new Wire(server.endpoint);
    await wire.send(broken);
    await wire.answer();
    wire.end();
  }
  await server.stop();
  const verifying = await startServer(['--in-memory', '--log-level', 'debug', '--auth'], { env: { ...process.env,
    STATOR_ROOT_ACCESS_KEY_ID: 'AKIDAUDIT', STATOR_ROOT_SECRET_ACCESS_KEY: `${MARK} secret` } });
  servers.push(verifying);
  await new RawClient(verifying.endpoint).send('ListTables', {});
  await verifying.stop();
  const said = [server, verifying].map(({ stdout, stderr }) => stdout + stderr).join('');
  assert.match(said, /event=stopped/);
  assert.ok(!said.includes(MARK), said);
});

test('a serving process has given up system calls, in all its threads, unless told to keep them', { skip }, async () => {
  for (const [args, mode] of [[[], '2'], [['--no-sandbox'], '0']]) {
    const server = await startServer(['--in-memory', ...args]);
    servers.push(server);
    if (/event=no_sandbox/.test(server.stderr)) return; // a build with sanitizers, or a kernel without
    for (const thread of readdirSync(`/proc/${server.pid}/task`))
      assert.equal(/Seccomp:\s+(\d)/.exec(readFileSync(`/proc/${server.pid}/task/${thread}/status`, 'utf8'))[1], mode);
    const client = new RawClient(server.endpoint);
    await client.call('CreateTable', tableRequest({ name: 'sandboxed' }));
    await client.call('PutItem', { TableName: 'sandboxed', Item: { id: S('a') } });
  }
});
