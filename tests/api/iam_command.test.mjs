// `stator iam`: on a data directory, and against a server that runs on it.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT, allow, arn, identityServer, newUser, policy, refused, sessionOf, trust } from './lib/identity.mjs';
import { givenEndpoint, runToEnd, startServer } from './lib/server.mjs';

const skip = givenEndpoint() ? 'the server is not ours to start' : false;
const directory = mkdtempSync(path.join(tmpdir(), 'stator-iam-'));
const data = path.join(directory, 'data');
const servers = [];
after(async () => {
  for (const server of servers) await server.stop();
  rmSync(directory, { recursive: true });
});

const KEYS = { STATOR_ROOT_ACCESS_KEY_ID: ROOT.accessKeyId, STATOR_ROOT_SECRET_ACCESS_KEY: ROOT.secretAccessKey };
const run = (args, env = {}) => runToEnd(['iam', ...args], { env: { ...process.env, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '',
  AWS_SESSION_TOKEN: '', ...env } });
const here = (...args) => run([...args, '--data-dir', data], KEYS);
const there = (server, { accessKeyId, secretAccessKey, sessionToken = '' }, ...args) => run([...args, '--endpoint', server.endpoint],
  { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken });

async function fine(promise) {
  const { code, stdout, stderr } = await promise;
  assert.equal(code, 0, stderr);
  return stdout;
}

async function fails(promise, status, text) {
  const { code, stdout, stderr } = await promise;
  assert.deepEqual([code, stdout], [status, '']);
  assert.match(stderr, text);
}

test('what is made without a server is there when one starts', { skip }, async () => {
  await fails(here('list-users'), 1, /: No such file or directory$/m);
  const first = await startServer(['--data-dir', data, '--auth'], { env: { ...process.env, ...KEYS } });
  await first.stop();
  const made = await fine(here('create-user', '--user-name', 'ann', '--path=/staff/', '--tags', 'Key=a,Value=b=c,d', 'Key=e,Value='));
  assert.match(made, /^User:\n {2}Path: \/staff\/\n {2}UserName: ann\n {2}UserId: AIDA\w+\n {2}Arn: arn:aws:iam::000000000000:user\/staff\/ann\n/);
  assert.match(made, /\n {2}Tags:\n {4}- Key: a\n {6}Value: b=c,d\n {4}- Key: e\n {6}Value:\n$/);
  const document = path.join(directory, 'policy.json');
  writeFileSync(document, policy(allow('dynamodb:ListTables')));
  assert.equal(await fine(here('put-user-policy', '--user-name', 'ann', '--policy-name', 'list', '--policy-document', `file://${document}`)), '');
  assert.ok((await fine(here('get-user-policy', '--user-name', 'ann', '--policy-name', 'list'))).endsWith(`PolicyDocument: ${policy(allow('dynamodb:ListTables'))}\n`));
  assert.equal(await fine(here('list-user-policies', '--user-name', 'ann')), 'PolicyNames:\n  - list\nIsTruncated: false\n');
  const key = await fine(here('create-access-key', '--user-name', 'ann'));
  const credentials = { accessKeyId: /AccessKeyId: (\w+)\n/.exec(key)[1], secretAccessKey: /SecretAccessKey: (\S+)\n/.exec(key)[1] };
  const server = await identityServer(['--data-dir', data]);
  servers.push(server);
  assert.deepEqual((await server.db(credentials).listTables({})).TableNames, []);
  await fails(here('list-users'), 1, /another process is using it; ask it by --endpoint URL$/m);
});

test('a running server is asked with a signature', { skip }, async () => {
  const server = servers[0];
  assert.match(await fine(there(server, ROOT, 'list-users')), /^Users:\n {2}- Path: \/staff\/\n {4}UserName: ann\n/);
  assert.match(await fine(there(server, ROOT, 'list-users', '--xml')), /^<ListUsersResponse xmlns="https:\/\/iam.amazonaws.com\/doc\/2010-05-08\/">/);
  assert.match(await fine(there(server, ROOT, 'get-caller-identity')), /^Arn: arn:aws:iam::000000000000:root\n/);
  await fine(there(server, ROOT, 'untag-user', '--user-name', 'ann', '--tag-keys', 'a', 'e'));
  assert.equal(await fine(there(server, ROOT, 'list-user-tags', '--user-name', 'ann')), 'Tags:\nIsTruncated: false\n');
  await fails(there(server, { ...ROOT, secretAccessKey: 'another' }, 'list-users'), 1, /^stator: SignatureDoesNotMatch: /);
  await fails(there(server, ROOT, 'get-user', '--user-name', 'bob'), 1, /^stator: NoSuchEntity: The user with name bob cannot be found\.$/m);
  await fails(there(server, { accessKeyId: '', secretAccessKey: '' }, 'list-users'), 1, /AWS_ACCESS_KEY_ID/);
});

test('a session asks with its token', { skip }, async () => {
  const server = servers[0];
  const iam = server.iam();
  const credentials = await newUser(iam, 'worker', policy(allow('sts:AssumeRole')));
  await iam.createRole({ RoleName: 'manager', AssumeRolePolicyDocument: trust(arn('root')) });
  await iam.putRolePolicy({ RoleName: 'manager', PolicyName: 'may', PolicyDocument: policy(allow('iam:ListUsers')) });
  const session = await server.sts(credentials).assumeRole({ RoleArn: arn('role/manager'), RoleSessionName: 'cli' });
  assert.match(await fine(there(server, sessionOf(session), 'get-caller-identity')), /assumed-role\/manager\/cli\n/);
  await fine(there(server, sessionOf(session), 'list-users'));
  await fails(there(server, sessionOf(session), 'list-roles'), 1, /^stator: AccessDenied: .* because no identity-based policy allows the iam:ListRoles action$/m);
  assert.match(await fine(there(server, credentials, 'assume-role', '--role-arn', arn('role/manager'), '--role-session-name', 'cli',
    '--policy-arns', 'arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess')), /^Credentials:\n {2}AccessKeyId: ASIA/);
});

test('words that make no call are refused with 2, and explained', { skip }, async () => {
  await fails(run(['frobnicate']), 2, /^stator: there is no operation "frobnicate" \(see stator iam --help\)$/m);
  await fails(run(['create-user', '--frob', 'x']), 2, /unknown option "--frob"/);
  await fails(run(['create-user', '--user-name']), 2, /--user-name needs a value/);
  await fails(run(['create-user', 'ann']), 2, /unexpected argument "ann"/);
  await fails(run(['tag-user', '--user-name', 'ann', '--tags', 'a=b']), 2, /--tags takes Key,Value, each with its =value/);
  await fails(run(['put-user-policy', '--policy-document', 'file:///none/such']), 2, /\/none\/such: No such file/);
  await fails(there(servers[0], ROOT, 'create-user'), 1, /^stator: ValidationError: 1 validation error detected: Value null at 'userName'/);
  assert.match(await fine(run(['--help'])), /\n {2}create-user\n/);
  assert.match(await fine(run(['create-user', '--help'])), /^stator iam create-user\n {2}--user-name VALUE {2}\(needed\)\n/);
});

test('where signatures are not verified there is nothing to manage', { skip }, async () => {
  const open = await startServer(['--in-memory']);
  servers.push(open);
  await fails(there(open, ROOT, 'list-users'), 1, /answered 404, as no server does that verifies signatures \(--auth\)$/m);
  await refused(servers[0].iam(ROOT, { endpoint: open.endpoint }).listUsers({}), 'NotFound', undefined, 404);
});
