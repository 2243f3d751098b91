// Whom policies of tables and roles mean: who had the name when they were stored, and nobody who gets it later.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ACCOUNT, allow, arn, deny, identityServer, keysOf, newUser, policy, refused, sessionOf, trust } from './lib/identity.mjs';
import { RawClient } from './lib/index.mjs';
import { givenEndpoint, startServer } from './lib/server.mjs';

const skip = givenEndpoint() ? 'the server is not ours to start' : false;
const server = skip ? undefined : await identityServer();
after(() => server?.stop());
const iam = server?.iam();
const root = server?.db();
const tableArn = (name) => `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/${name}`;
const TABLE = { BillingMode: 'PAY_PER_REQUEST', KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }] };
const granting = (AWS) => policy(allow('dynamodb:*', '*', { Principal: { AWS } }));
const read = (credentials, TableName, on = server) => on.db(credentials).getItem({ TableName, Key: { id: { S: 'a' } } });

async function deleteUser(UserName, own = iam) {
  for (const { AccessKeyId } of (await own.listAccessKeys({ UserName })).AccessKeyMetadata) await own.deleteAccessKey({ UserName, AccessKeyId });
  for (const PolicyName of (await own.listUserPolicies({ UserName })).PolicyNames) await own.deleteUserPolicy({ UserName, PolicyName });
  await own.deleteUser({ UserName });
}

test('a user who gets the name of one that is gone has nothing that tables granted', { skip }, async () => {
  const bob = await newUser(iam, 'bob');
  const Policy = granting(arn('user/bob')), ResourceArn = tableArn('given');
  await root.createTable({ TableName: 'given', ...TABLE });
  await root.createTable({ TableName: 'made-with', ...TABLE, ResourcePolicy: Policy });
  const { RevisionId } = await root.putResourcePolicy({ ResourceArn, Policy });
  for (const name of ['given', 'made-with']) await read(bob, name);
  assert.equal((await root.putResourcePolicy({ ResourceArn, Policy })).RevisionId, RevisionId);
  await deleteUser('bob');
  const other = await newUser(iam, 'bob');
  for (const name of ['given', 'made-with']) await refused(read(other, name), 'AccessDeniedException', /because no identity-based policy allows/);
  assert.notEqual((await root.putResourcePolicy({ ResourceArn, Policy })).RevisionId, RevisionId);
  await read(other, 'given');
  await refused(read(other, 'made-with'), 'AccessDeniedException');
});

test('a user who is renamed keeps what was granted or denied, and leaves nothing to the next of that name', { skip }, async () => {
  const first = await newUser(iam, 'first');
  await root.createTable({ TableName: 'renamed', ...TABLE, ResourcePolicy: granting(arn('user/first')) });
  await iam.updateUser({ UserName: 'first', NewUserName: 'second', NewPath: '/moved/' });
  await read(first, 'renamed');
  await refused(read(await newUser(iam, 'first'), 'renamed'), 'AccessDeniedException');
  const able = await newUser(iam, 'able', policy(allow('*')));
  await root.createTable({ TableName: 'barred', ...TABLE, ResourcePolicy: policy(deny('dynamodb:GetItem', '*', { Principal: { AWS: arn('user/able') } })) });
  await iam.updateUser({ UserName: 'able', NewUserName: 'cunning' });
  await refused(read(able, 'barred'), 'AccessDeniedException', /explicit deny in a resource-based policy$/);
});

test('a role that is made anew is trusted by nobody who trusted the old one, nor are its sessions', { skip }, async () => {
  const caller = await newUser(iam, 'caller', policy(allow('sts:AssumeRole')));
  const sts = server.sts(caller);
  const make = () => iam.createRole({ RoleName: 'visitor', AssumeRolePolicyDocument: trust(ACCOUNT) });
  const session = async (RoleSessionName) => sessionOf(await sts.assumeRole({ RoleArn: arn('role/visitor'), RoleSessionName }));
  const sessionArn = `arn:aws:sts::${ACCOUNT}:assumed-role/visitor/named`;
  await make();
  await root.createTable({ TableName: 'of-role', ...TABLE, ResourcePolicy: granting(arn('role/visitor')) });
  await root.createTable({ TableName: 'of-session', ...TABLE, ResourcePolicy: granting(sessionArn) });
  await read(await session('named'), 'of-role');
  await read(await session('named'), 'of-session');
  await refused(read(await session('other'), 'of-session'), 'AccessDeniedException');
  await iam.deleteRole({ RoleName: 'visitor' });
  await make();
  for (const name of ['of-role', 'of-session']) await refused(read(await session('named'), name), 'AccessDeniedException');
});

test('a trust policy means who had the name when it was stored', { skip }, async () => {
  const old = await newUser(iam, 'trusted');
  const document = trust(arn('user/trusted'));
  const RoleArn = (await iam.createRole({ RoleName: 'trusting', AssumeRolePolicyDocument: document })).Role.Arn;
  const assume = (credentials) => server.sts(credentials).assumeRole({ RoleArn, RoleSessionName: 'session' });
  await assume(old);
  await iam.tagRole({ RoleName: 'trusting', Tags: [{ Key: 'a', Value: 'b' }] });
  await assume(old);
  await deleteUser('trusted');
  const other = await newUser(iam, 'trusted');
  await refused(assume(other), 'AccessDenied');
  await iam.updateAssumeRolePolicy({ RoleName: 'trusting', PolicyDocument: document });
  await assume(other);
});

test('a policy that names a user or role of the account that is not there is refused', { skip }, async () => {
  await root.createTable({ TableName: 'named', ...TABLE });
  await iam.createUser({ UserName: 'elsewhere', Path: '/there/' });
  const ResourceArn = tableArn('named');
  const wrong = [arn('user/nobody'), arn('role/nobody'), arn('user/elsewhere'), arn('user/there/Elsewhere'), `arn:aws:sts::${ACCOUNT}:assumed-role/nobody/session`,
    `arn:aws-cn:iam::${ACCOUNT}:user/there/elsewhere`];
  for (const one of wrong) {
    const said = `Invalid principal in policy: "AWS":"${one}"`;
    await refused(root.putResourcePolicy({ ResourceArn, Policy: granting(one) }), 'ValidationException', `Invalid policy document: ${said}`, 400);
    await refused(root.createTable({ TableName: 'never', ...TABLE, ResourcePolicy: granting([arn('root'), one]) }), 'ValidationException', `Invalid policy document: ${said}`);
    await refused(iam.createRole({ RoleName: 'never', AssumeRolePolicyDocument: trust(one) }), 'MalformedPolicyDocument', said, 400);
  }
  for (const one of [arn('user/there/elsewhere'), arn('root'), ACCOUNT, '*', 'arn:aws:iam::111122223333:user/nobody', `arn:aws:sts::${ACCOUNT}:federated-user/x`])
    await root.putResourcePolicy({ ResourceArn, Policy: granting(one), ConfirmRemoveSelfResourceAccess: true });
});

// Servers of one directory, one after the other.
async function ownDirectory() {
  const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'stator-'));
  after(() => fs.rm(directory, { recursive: true, force: true }));
  return async (work, start = identityServer) => {
    const own = await start(['--data-dir', directory]);
    try { return await work(own, own.iam?.()); } finally { await own.stop(); }
  };
}

test('what names meant is known after a restart', { skip }, async () => {
  const run = await ownDirectory();
  await run(async (own, admin) => {
    await newUser(admin, 'ada');
    await own.db().createTable({ TableName: 'kept', ...TABLE, ResourcePolicy: granting(arn('user/ada')) });
    await admin.createRole({ RoleName: 'kept', AssumeRolePolicyDocument: trust(arn('user/ada')) });
  });
  const assume = (own, credentials) => own.sts(credentials).assumeRole({ RoleArn: arn('role/kept'), RoleSessionName: 'session' });
  const other = await run(async (own, admin) => {
    const ada = keysOf(await admin.createAccessKey({ UserName: 'ada' }));
    await read(ada, 'kept', own);
    await assume(own, ada);
    await deleteUser('ada', admin);
    return newUser(admin, 'ada');
  });
  await run(async (own) => {
    await refused(read(other, 'kept', own), 'AccessDeniedException');
    await refused(assume(own, other), 'AccessDenied');
  });
});

test('a policy of which nobody noted whom it means is about names, until it is put again', { skip }, async () => {
  const run = await ownDirectory();
  const request = { ResourceArn: tableArn('noted'), Policy: granting(arn('user/eva')) };
  const anew = async (admin) => {
    await deleteUser('eva', admin);
    return newUser(admin, 'eva');
  };
  await run(async (own, admin) => {
    await newUser(admin, 'eva');
    await own.db().createTable({ TableName: 'noted', ...TABLE });
  });
  const { RevisionId } = await run((own) => new RawClient(own.endpoint).call('PutResourcePolicy', request), startServer);
  await run(async (own, admin) => {
    await read(await anew(admin), 'noted', own);
    assert.notEqual((await own.db().putResourcePolicy(request)).RevisionId, RevisionId);
    await refused(read(await anew(admin), 'noted', own), 'AccessDeniedException');
  });
});
