// Policies are compiled once, by a worker, whoever asks and however many sessions there are.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { allow, arn, identityServer, newUser, policy, sessionOf, trust } from './lib/identity.mjs';
import { readMetrics } from './lib/metrics.mjs';
import { givenEndpoint, sanitized } from './lib/server.mjs';

const skip = givenEndpoint() ? 'the server is not ours to start' : false;
const server = skip ? undefined : await identityServer(['--in-memory', '--loops', '1']);
after(() => server?.stop());
const iam = server?.iam();

// What takes the most memory for its text.
const largest = policy(allow('*', '*', { Condition: { StringNotEquals: { 'a:b': Array(2980).fill(1) } } }));

async function workerRuns(action) {
  const before = await readMetrics(server.endpoint);
  await action();
  const then = await readMetrics(server.endpoint);
  return then('stator_worker_runs_total') - before('stator_worker_runs_total');
}

test('a worker compiles what a session brings, once; what its role has is there already', { skip }, async () => {
  const caller = await newUser(iam, 'one', policy(allow('sts:AssumeRole')));
  const { Role } = await iam.createRole({ RoleName: 'lister', AssumeRolePolicyDocument: trust(arn('user/one')) });
  await iam.putRolePolicy({ RoleName: 'lister', PolicyName: 'may', PolicyDocument: policy(allow('dynamodb:ListTables')) });
  const assume = async (RoleSessionName, Policy) =>
    server.db(sessionOf(await server.sts(caller).assumeRole({ RoleArn: Role.Arn, RoleSessionName, Policy })));
  const sessions = [await assume('first'), await assume('second'), await assume('third', policy(allow('*')))];
  const runs = [];
  for (const db of sessions.flatMap((each) => [each, each])) runs.push(await workerRuns(() => db.listTables({})));
  assert.deepEqual(runs, [1, 0, 0, 0, 1, 0]);
});

test('a change of something else makes nobody wait', { skip }, async () => {
  const db = server.db(await newUser(iam, 'two', policy(allow('dynamodb:ListTables'))));
  assert.equal(await workerRuns(() => db.listTables({})), 1);
  await iam.createUser({ UserName: 'three' });
  assert.equal(await workerRuns(() => db.listTables({})), 0);
});

test('the sessions of a role hold its policies once', { skip: skip || (sanitized && 'memory is not what it takes') }, async () => {
  const SESSIONS = 100;
  const caller = await newUser(iam, 'four', policy(allow('sts:AssumeRole')));
  const { Role } = await iam.createRole({ RoleName: 'large', AssumeRolePolicyDocument: trust(arn('user/four')) });
  for (let i = 0; i < 10; i++) {
    const { Policy } = await iam.createPolicy({ PolicyName: `large${i}`, PolicyDocument: largest });
    await iam.attachRolePolicy({ RoleName: 'large', PolicyArn: Policy.Arn });
  }
  const sts = server.sts(caller);
  const resident = () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
  let before;
  for (let i = 0; i < SESSIONS; i++) {
    const db = server.db(sessionOf(await sts.assumeRole({ RoleArn: Role.Arn, RoleSessionName: `s${i}` })));
    await db.listTables({});
    db.destroy();
    if (i === 9) before = resident();
  }
  const grown = resident() - before;
  assert.ok(grown < 16 * SESSIONS, `${grown} KB`); // its policies take 650 KB
});
