// Those who manage identities, but not all of them: what documented policies keep from them.

import { after } from 'node:test';
import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { ACCOUNT, allow, arn, deny, identityServer, newUser, policy, refused, sessionOf, trust } from './lib/identity.mjs';
import { givenEndpoint } from './lib/server.mjs';

const skip = givenEndpoint() ? 'the server is not ours to start' : false;
const server = skip ? undefined : await identityServer();
after(() => server?.stop());
const iam = server?.iam();
const ADMIN = 'arn:aws:iam::aws:policy/AdministratorAccess';
const READER = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
const byName = async (name, ...statements) => server.iam(await newUser(iam, name, policy(...statements)));

test('who may create users only within a boundary creates none without, and takes it from none', { skip }, async () => {
  const { Policy } = await iam.createPolicy({ PolicyName: 'limits', PolicyDocument: policy(allow('dynamodb:*')) });
  const bounded = { StringEquals: { 'iam:PermissionsBoundary': Policy.Arn } };
  const db = await byName('delegate', allow(['iam:CreateUser', 'iam:AttachUserPolicy', 'iam:PutUserPolicy'], arn('user/*'), { Condition: bounded }));
  await refused(db.createUser({ UserName: 'free' }), 'AccessDenied');
  await refused(db.createUser({ UserName: 'free', PermissionsBoundary: READER }), 'AccessDenied');
  await db.createUser({ UserName: 'bound', PermissionsBoundary: Policy.Arn });
  await db.attachUserPolicy({ UserName: 'bound', PolicyArn: READER });
  await refused(db.attachUserPolicy({ UserName: 'delegate', PolicyArn: ADMIN }), 'AccessDenied');
  await refused(db.putUserPolicy({ UserName: 'delegate', PolicyName: 'x', PolicyDocument: policy(allow('*')) }), 'AccessDenied');
});

test('a policy that must not be attached is attached to nobody', { skip }, async () => {
  const db = await byName('attacher', allow('iam:*'), deny('iam:Attach*', '*', { Condition: { ArnEquals: { 'iam:PolicyARN': ADMIN } } }));
  await iam.createRole({ RoleName: 'attached', AssumeRolePolicyDocument: trust('*') });
  await db.attachUserPolicy({ UserName: 'attacher', PolicyArn: READER });
  await db.attachRolePolicy({ RoleName: 'attached', PolicyArn: READER });
  for (const call of [db.attachUserPolicy({ UserName: 'attacher', PolicyArn: ADMIN }), db.attachRolePolicy({ RoleName: 'attached', PolicyArn: ADMIN })])
    await refused(call, 'AccessDenied', /with an explicit deny in an identity-based policy$/);
});

test('sessions of before a moment are revoked by a policy that says so', { skip }, async () => {
  const RoleName = 'revoked', RoleArn = arn(`role/${RoleName}`);
  await iam.createRole({ RoleName, AssumeRolePolicyDocument: trust(ACCOUNT) });
  await iam.putRolePolicy({ RoleName, PolicyName: 'all', PolicyDocument: policy(allow('*')) });
  const sts = server.sts(await newUser(iam, 'assumer', policy(allow('sts:AssumeRole'))));
  const db = server.db(sessionOf(await sts.assumeRole({ RoleArn, RoleSessionName: 'first' })));
  const revokeBefore = (time) => iam.putRolePolicy({ RoleName, PolicyName: 'AWSRevokeOlderSessions',
    PolicyDocument: policy(deny('*', '*', { Condition: { DateLessThan: { 'aws:TokenIssueTime': time.toISOString() } } })) });
  await db.listTables({});
  await revokeBefore(new Date(Date.now() + 60_000));
  await refused(db.listTables({}), 'AccessDeniedException', /explicit deny/);
  await revokeBefore(new Date(Date.now() - 60_000));
  await db.listTables({});
});

test('a name of a session can be demanded by the role', { skip }, async () => {
  await iam.createRole({ RoleName: 'named', AssumeRolePolicyDocument:
    trust(ACCOUNT, { Condition: { StringEquals: { 'sts:RoleSessionName': '${aws:username}' } } }) });
  const sts = server.sts(await newUser(iam, 'carla', policy(allow('sts:AssumeRole'))));
  await refused(sts.assumeRole({ RoleArn: arn('role/named'), RoleSessionName: 'other' }), 'AccessDenied');
  await sts.assumeRole({ RoleArn: arn('role/named'), RoleSessionName: 'carla' });
});
