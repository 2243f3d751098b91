// Signatures: what a server asks of them without --auth, and what it verifies with it.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Wire } from './lib/raw.mjs';
import { sign } from './lib/sign.mjs';
import { givenEndpoint, runToEnd, startServer } from './lib/server.mjs';

const run = promisify(execFile);
const { DynamoDBClient, ListTablesCommand, PutItemCommand, CreateTableCommand } =
  createRequire(import.meta.url)('@aws-sdk/client-dynamodb');
const skip = givenEndpoint() ? 'the server is not ours to start' : false;
const servers = [];
const directory = mkdtempSync(path.join(tmpdir(), 'stator-auth-'));
after(async () => {
  for (const server of servers) await server.stop();
  rmSync(directory, { recursive: true });
});

async function start(args, options) {
  const server = await startServer(args, options);
  servers.push(server);
  return server;
}

const KEY = { accessKeyId: 'AKIDTEST', secretAccessKey: 'a secret of the tests' };
const verifying = () => start(['--in-memory', '--auth'], { env: { ...process.env, STATOR_ROOT_ACCESS_KEY_ID: KEY.accessKeyId,
  STATOR_ROOT_SECRET_ACCESS_KEY: KEY.secretAccessKey } });
const client = (server, credentials, more = {}) =>
  new DynamoDBClient({ endpoint: server.endpoint, region: 'us-east-1', credentials, maxAttempts: 1, ...more });

// One call with exactly these headers.
async function call(server, headers, { target = 'DynamoDB_20120810.ListTables', body = '{}', query = '' } = {}) {
  const wire = new Wire(server.endpoint);
  const head = Object.entries({ 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': target, ...headers });
  await wire.send(`POST /${query} HTTP/1.1\r\nHost: ${wire.host}\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  const answer = await wire.answer();
  wire.end();
  return { status: answer.status, body: JSON.parse(answer.body.toString()) };
}

const missing = { status: 400, body: { __type: 'com.amazon.coral.service#MissingAuthenticationTokenException',
  message: 'Request is missing Authentication Token' } };

test('without --auth any credentials do, but there must be some', { skip }, async () => {
  const server = await start(['--in-memory']);
  assert.deepEqual((await client(server, { accessKeyId: 'any', secretAccessKey: 'thing' }).send(new ListTablesCommand({}))).TableNames, []);
  assert.deepEqual(await call(server, {}), missing);
  assert.deepEqual(await call(server, { Authorization: 'Basic bWU6bWU=' }), missing);
  const half = 'AWS4-HMAC-SHA256 Credential=a/b/c/d/e';
  assert.deepEqual(await call(server, { Authorization: half }), { status: 400, body: {
    __type: 'com.amazon.coral.service#IncompleteSignatureException',
    message: "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. " +
      `Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=${half}` } });
});

test('an unknown operation is unknown before anybody is asked for a signature', { skip }, async () => {
  const { body } = await call(servers[0], {}, { target: 'DynamoDB_20120810.Frobnicate' });
  assert.equal(body.__type, 'com.amazon.coral.service#UnknownOperationException');
});

test('--allow-unsigned serves requests without a signature', { skip }, async () => {
  const server = await start(['--in-memory', '--allow-unsigned']);
  assert.deepEqual(await call(server, {}), { status: 200, body: { TableNames: [] } });
});

test('with --auth a true signature is served and any other refused', { skip }, async () => {
  const server = await verifying();
  const me = client(server, KEY);
  await me.send(new CreateTableCommand({ TableName: 'signed', BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] }));
  await me.send(new PutItemCommand({ TableName: 'signed', Item: { id: { S: 'é €' } } }));
  const fails = async (credentials, name, text, more) => {
    await assert.rejects(client(server, credentials, more).send(new ListTablesCommand({})), (error) => {
      assert.equal(error.name, name);
      assert.match(error.message, text);
      return true;
    });
  };
  await fails({ ...KEY, secretAccessKey: 'another' }, 'InvalidSignatureException', /^The request signature we calculated does not match/);
  await fails({ ...KEY, accessKeyId: 'AKIDNOBODY' }, 'UnrecognizedClientException', /^The security token included in the request is invalid\.$/);
  await fails({ ...KEY, sessionToken: 'of nobody' }, 'UnrecognizedClientException', /^The security token included in the request is invalid$/);
  await fails(KEY, 'InvalidSignatureException', /^Credential should be scoped to a valid region, not 'eu-west-1'\.$/, { region: 'eu-west-1' });
  assert.deepEqual(await call(server, {}), missing);
});

test('what a request does is signed: whoever catches one makes no other of it', { skip }, async () => {
  const server = servers.at(-1);
  const { host } = new URL(server.endpoint);
  const signed = (target) => sign(host, target, '{}', new Date(), KEY);
  const LIST = 'DynamoDB_20120810.ListTables', LIMITS = 'DynamoDB_20120810.DescribeLimits';
  assert.equal((await call(server, signed(LIST))).status, 200);
  assert.deepEqual(await call(server, signed()), { status: 400, body: { __type: 'com.amazon.coral.service#InvalidSignatureException',
    message: "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization." } });
  const wrong = { type: 'com.amazon.coral.service#InvalidSignatureException', text: /^The request signature we calculated does not match/ };
  const { Authorization } = signed(LIST);
  for (const [more, target] of [
    [signed(LIST), LIMITS],
    [{ ...signed(LIST), 'x-amz-target': LIMITS }, LIST],
    [{ 'x-amz-target': LIMITS, ...signed(LIST), 'X-Amz-Target': LIST }, LIST],
    [{ ...signed(LIST), 'x-amz-date': '20150830T123600Z' }, LIST],
    [{ ...signed(LIST), Authorization: `${Authorization.slice(0, -1)}${Authorization.endsWith('0') ? 1 : 0}`, authorization: Authorization }, LIST],
  ]) {
    const { body } = await call(server, more, { target });
    assert.equal(body.__type, wrong.type);
    assert.match(body.message, wrong.text);
  }
});

test('a signature that is too old or too new is refused before its key is looked up', { skip }, async () => {
  const server = servers.at(-1);
  const { host } = new URL(server.endpoint);
  const at = (minutes) => sign(host, 'DynamoDB_20120810.ListTables', '{}', new Date(Date.now() + minutes * 60000));
  const old = await call(server, at(-20));
  assert.equal(old.body.__type, 'com.amazon.coral.service#InvalidSignatureException');
  assert.match(old.body.message, /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)$/);
  assert.match((await call(server, at(20))).body.message, /^Signature not yet current: \S+ is still later than \S+ \(\S+ \+ 15 min\.\)$/);
  assert.equal((await call(server, at(0))).body.__type, 'com.amazon.coral.service#UnrecognizedClientException');
});

test('the root key is shown at the first start, and serves after a restart', { skip }, async () => {
  const args = ['--data-dir', path.join(directory, 'data'), '--auth'];
  let server = await startServer(args);
  while (!/list-tables/.test(server.stdout)) await new Promise((resolve) => setTimeout(resolve, 20)); // its last line
  const [, accessKeyId] = /root key {2}(AKIA[A-Z2-7]{16})\n/.exec(server.stdout);
  const [, secretAccessKey] = /secret {4}([A-Za-z0-9+/]{40})\n/.exec(server.stdout);
  assert.ok(!server.stderr.includes(secretAccessKey), 'the log has no secrets');
  await client(server, { accessKeyId, secretAccessKey }).send(new ListTablesCommand({}));
  await server.stop();
  server = await start(args);
  assert.ok(!server.stdout.includes('root key'));
  await client(server, { accessKeyId, secretAccessKey }).send(new ListTablesCommand({}));
  const env = { ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_DEFAULT_REGION: 'us-east-1' };
  if (existsSync('/usr/bin/aws')) {
    const { stdout } = await run('/usr/bin/aws', ['dynamodb', 'list-tables', '--endpoint-url', server.endpoint], { env });
    assert.deepEqual(JSON.parse(stdout), { TableNames: [] });
  }
  const script = `import boto3; print(boto3.client('dynamodb', endpoint_url='${server.endpoint}').list_tables()['TableNames'])`;
  const { stdout } = await run('/usr/bin/python3', ['-c', script], { env });
  assert.equal(stdout.trim(), '[]');
});

test('a secret that no signature could be made with is refused at the start', { skip }, async () => {
  const { code, stderr } = await runToEnd(['serve', '--port', '0', '--in-memory', '--auth', '--root-access-key-id', 'me',
    '--root-secret-access-key', 's'.repeat(257)]);
  assert.equal(code, 2);
  assert.equal(stderr, 'stator: --root-secret-access-key takes 256 bytes at most\n');
});

test('a server for all addresses wants --auth and TLS, or --insecure', { skip }, async () => {
  const everywhere = ['serve', '--host', '0.0.0.0', '--port', '0', '--in-memory'];
  for (const [more, problem] of [[[], /without --auth/], [['--tls-self-signed'], /without --auth/], [['--auth'], /without TLS/]]) {
    const { code, stderr } = await runToEnd([...everywhere, ...more]);
    assert.equal(code, 2);
    assert.match(stderr, problem);
  }
  for (const more of [['--auth', '--tls-self-signed'], ['--insecure']]) {
    const server = await start([...everywhere.slice(1, 3), '--in-memory', ...more]);
    assert.match(server.endpoint, more.length === 2 ? /^https:/ : /^http:/);
  }
});
