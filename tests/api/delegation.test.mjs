// Those who manage identities, but not all of them: what documented policies keep from them.

import { after, test } from './lib/case.mjs';
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
  for (const call of [() => db.attachUserPolicy({ UserName: 'attacher', PolicyArn: ADMIN }), () => db.attachRolePolicy({ RoleName: 'attached', PolicyArn: ADMIN })])
    await refused(call(), 'AccessDenied', /with an explicit deny in an identity-based policy$/);
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

test('who renames or moves a user or group must be allowed to do so to the new name, too', { skip }, async () => {
  const db = await byName('mover', allow(['iam:UpdateUser', 'iam:UpdateGroup'], [arn('user/low/*'), arn('group/low/*')]));
  await iam.createUser({ UserName: 'pawn', Path: '/low/' });
  await iam.createGroup({ GroupName: 'pawns', Path: '/low/' });
  await refused(db.updateUser({ UserName: 'pawn', NewPath: '/high/' }), 'AccessDenied', /user\/high\/pawn because/);
  await refused(db.updateGroup({ GroupName: 'pawns', NewPath: '/high/' }), 'AccessDenied', /group\/high\/pawns because/);
  await db.updateUser({ UserName: 'pawn', NewUserName: 'knight' });
  await db.updateGroup({ GroupName: 'pawns', NewGroupName: 'knights', NewPath: '/low/er/' });
  const named = await byName('namer', allow('iam:UpdateUser', arn('user/low/knight')));
  await refused(named.updateUser({ UserName: 'knight', NewUserName: 'queen' }), 'AccessDenied', /user\/low\/queen because/);
});

test('who creates something with tags must be allowed to tag it', { skip }, async () => {
  const db = await byName('creator', allow(['iam:CreateUser', 'iam:CreateRole', 'iam:CreatePolicy']));
  const Tags = [{ Key: 'team', Value: 'admins' }];
  const AssumeRolePolicyDocument = trust(ACCOUNT), PolicyDocument = policy(allow('dynamodb:*'));
  await refused(db.createUser({ UserName: 'tagged', Tags }), 'AccessDenied', /iam:TagUser/);
  await refused(db.createRole({ RoleName: 'tagged', AssumeRolePolicyDocument, Tags }), 'AccessDenied', /iam:TagRole/);
  await refused(db.createPolicy({ PolicyName: 'tagged', PolicyDocument, Tags }), 'AccessDenied', /iam:TagPolicy/);
  await db.createUser({ UserName: 'tagged' });
  const tagger = await byName('tagger', allow(['iam:CreateUser', 'iam:TagUser'], arn('user/*'), { Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': 'team' } } }));
  await tagger.createUser({ UserName: 'tagged2', Tags });
  await refused(tagger.createUser({ UserName: 'tagged3', Tags: [{ Key: 'rank', Value: '1' }] }), 'AccessDenied');
});

test('policies that come with the server are read by who may read policies, and changed by nobody', { skip }, async () => {
  const reader = await byName('policy-reader', allow('iam:Get*'));
  for (const who of [iam, reader]) assert.equal((await who.getPolicy({ PolicyArn: READER })).Policy.PolicyName, 'ReadOnlyAccess');
  await refused((await byName('policy-blind', allow('sts:*'))).getPolicy({ PolicyArn: READER }), 'AccessDenied', /because no identity-based policy allows/);
  for (const call of [
    () => iam.createPolicyVersion({ PolicyArn: READER, PolicyDocument: policy(allow('*')), SetAsDefault: true }),
    () => iam.deletePolicy({ PolicyArn: READER }),
    () => iam.tagPolicy({ PolicyArn: READER, Tags: [{ Key: 'a', Value: 'b' }] }),
  ]) await assert.rejects(call(), (error) => error.$metadata.httpStatusCode < 500);
  assert.match((await iam.getPolicyVersion({ PolicyArn: READER, VersionId: 'v1' })).PolicyVersion.Document, /GetItem|Get%2A/);
});

test('who takes tags away is asked which', { skip }, async () => {
  const guard = { Condition: { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['protected'] } } };
  const guarded = await byName('untagger', allow('iam:Untag*'), deny('iam:Untag*', '*', guard));
  const only = await byName('untagger-of-one', allow('iam:Untag*', '*', { Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['free'] } } }));
  const Tags = ['protected', 'free', 'other'].map((Key) => ({ Key, Value: 'x' }));
  await iam.createUser({ UserName: 'labelled', Tags });
  await iam.createRole({ RoleName: 'labelled', AssumeRolePolicyDocument: trust(ACCOUNT), Tags });
  const { Policy } = await iam.createPolicy({ PolicyName: 'labelled', PolicyDocument: policy(allow('dynamodb:*')), Tags });
  for (const call of [
    (db, ...TagKeys) => db.untagUser({ UserName: 'labelled', TagKeys }),
    (db, ...TagKeys) => db.untagRole({ RoleName: 'labelled', TagKeys }),
    (db, ...TagKeys) => db.untagPolicy({ PolicyArn: Policy.Arn, TagKeys }),
  ]) {
    await refused(call(guarded, 'protected'), 'AccessDenied', /explicit deny/);
    await refused(call(guarded, 'free', 'protected'), 'AccessDenied', /explicit deny/);
    await refused(call(only, 'free', 'other'), 'AccessDenied');
    await call(only, 'free');
    await call(guarded, 'other');
  }
  assert.deepEqual((await iam.listUserTags({ UserName: 'labelled' })).Tags, [{ Key: 'protected', Value: 'x' }]);
});

test('tags of users and roles are asked for by either name', { skip }, async () => {
  const Tags = [{ Key: 'Protected', Value: '1' }];
  for (const key of ['iam:ResourceTag/protected', 'aws:ResourceTag/protected']) {
    const name = key.slice(0, 3);
    const db = await byName(`${name}-guarded`, allow('iam:*'), deny('iam:Delete*', '*', { Condition: { StringEquals: { [key]: '1' } } }));
    await iam.createUser({ UserName: `${name}-kept`, Tags });
    await iam.createRole({ RoleName: `${name}-kept`, AssumeRolePolicyDocument: trust(ACCOUNT), Tags });
    await iam.createUser({ UserName: `${name}-gone` });
    await refused(db.deleteUser({ UserName: `${name}-kept` }), 'AccessDenied', /explicit deny/);
    await refused(db.deleteRole({ RoleName: `${name}-kept` }), 'AccessDenied', /explicit deny/);
    await db.deleteUser({ UserName: `${name}-gone` });
  }
});

test('a boundary is asked about by the calls that have the key, and by no others', { skip }, async () => {
  const { Policy } = await iam.createPolicy({ PolicyName: 'fence', PolicyDocument: policy(allow('dynamodb:*')) });
  const PermissionsBoundary = Policy.Arn, UserName = 'fenced', RoleName = 'fenced', PolicyName = 'own', PolicyDocument = policy(allow('dynamodb:*'));
  const db = await byName('fencer', allow('iam:*', '*', { Condition: { StringEquals: { 'iam:PermissionsBoundary': PermissionsBoundary } } }));
  await db.createUser({ UserName, PermissionsBoundary });
  await db.createRole({ RoleName, PermissionsBoundary, AssumeRolePolicyDocument: trust(ACCOUNT) });
  await db.attachUserPolicy({ UserName, PolicyArn: READER });
  await db.detachUserPolicy({ UserName, PolicyArn: READER });
  await db.putUserPolicy({ UserName, PolicyName, PolicyDocument });
  await db.deleteUserPolicy({ UserName, PolicyName });
  await db.attachRolePolicy({ RoleName, PolicyArn: READER });
  await db.detachRolePolicy({ RoleName, PolicyArn: READER });
  await db.putRolePolicy({ RoleName, PolicyName, PolicyDocument });
  await db.deleteRolePolicy({ RoleName, PolicyName });
  for (const call of [
    () => db.createAccessKey({ UserName }), () => db.updateUser({ UserName, NewPath: '/x/' }), () => db.tagUser({ UserName, Tags: [{ Key: 'a', Value: 'b' }] }),
    () => db.updateAssumeRolePolicy({ RoleName, PolicyDocument: trust('*') }), () => db.getUser({ UserName }), () => db.deleteUser({ UserName }),
    () => db.deleteRole({ RoleName }),
  ]) await refused(call(), 'AccessDenied');
  await db.putUserPermissionsBoundary({ UserName, PermissionsBoundary });
  await db.putRolePermissionsBoundary({ RoleName, PermissionsBoundary });
  await db.deleteUserPermissionsBoundary({ UserName });
  await db.deleteRolePermissionsBoundary({ RoleName });
  await refused(db.deleteUserPermissionsBoundary({ UserName }), 'AccessDenied');
});
