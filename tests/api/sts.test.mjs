// Who asks, and temporary credentials, through the SDK's client of STS and its role provider.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { ACCOUNT, ROOT, allow, arn, deny, identityServer, newUser, policy, refused, sessionOf, trust } from './lib/identity.mjs';
import { givenEndpoint } from './lib/server.mjs';

const { fromTemporaryCredentials } = createRequire(import.meta.url)('@aws-sdk/credential-providers');
const skip = givenEndpoint() ? 'the server is not ours to start' : false;
const server = skip ? undefined : await identityServer();
after(() => server?.stop());
const iam = server?.iam();
const LIST = policy(allow('dynamodb:ListTables'));

async function newRole(RoleName, document, may = LIST, more = {}) {
  const { Role } = await iam.createRole({ RoleName, AssumeRolePolicyDocument: document, ...more });
  await iam.putRolePolicy({ RoleName, PolicyName: 'may', PolicyDocument: may });
  return Role;
}

test('whoever has a key is told who it is', { skip }, async () => {
  const { $metadata: one, ...root } = await server.sts().getCallerIdentity({});
  assert.deepEqual(root, { Account: ACCOUNT, Arn: arn('root'), UserId: ACCOUNT });
  const credentials = await newUser(iam, 'ann', policy(deny('*')));
  const { $metadata: two, ...ann } = await server.sts(credentials).getCallerIdentity({});
  const { User } = await iam.getUser({ UserName: 'ann' });
  assert.deepEqual(ann, { Account: ACCOUNT, Arn: User.Arn, UserId: User.UserId });
});

test('the SDK\'s role provider gets credentials that do what the role may', { skip }, async () => {
  const credentials = await newUser(iam, 'worker', policy(allow('sts:AssumeRole', arn('role/reader'))));
  const role = await newRole('reader', trust(arn('root')));
  const provider = fromTemporaryCredentials({ masterCredentials: credentials, clientConfig: { endpoint: server.endpoint, region: 'us-east-1' },
    params: { RoleArn: role.Arn, RoleSessionName: 'a-session', DurationSeconds: 900 } });
  assert.deepEqual((await server.db(provider).listTables({})).TableNames, []);
  await refused(server.db(provider).describeLimits({}), 'AccessDeniedException');
  await refused(server.db(credentials).listTables({}), 'AccessDeniedException');
  const { $metadata, ...who } = await server.sts(provider).getCallerIdentity({});
  assert.deepEqual(who, { Account: ACCOUNT, Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/reader/a-session`, UserId: `${role.RoleId}:a-session` });
  await refused(server.iam(provider).getUser({}), 'ValidationError', 'Must specify userName when calling with non-User credentials');
});

test('the root assumes no role', { skip }, async () => {
  const role = await newRole('rootless', trust(arn('root')));
  await refused(server.sts().assumeRole({ RoleArn: role.Arn, RoleSessionName: 'session' }), 'AccessDenied', 'Roles may not be assumed by root accounts.', 403);
});

test('a role that trusts the account asks for the caller\'s own policies, too', { skip }, async () => {
  const role = await newRole('account', trust(arn('root')));
  const asked = async (who) => server.sts(who).assumeRole({ RoleArn: role.Arn, RoleSessionName: 'session' });
  await refused(asked(await newUser(iam, 'nothing')), 'AccessDenied');
  await refused(asked(await newUser(iam, 'elsewhere', policy(allow('sts:AssumeRole', arn('role/other'))))), 'AccessDenied');
  await refused(asked(await newUser(iam, 'denied', policy(allow('sts:*'), deny('sts:AssumeRole', role.Arn)))), 'AccessDenied');
  await asked(await newUser(iam, 'allowed', policy(allow('sts:AssumeRole', role.Arn))));
});

test('a duration is from 900 s to what the role says', { skip }, async () => {
  const credentials = await newUser(iam, 'patient', policy(allow('sts:AssumeRole')));
  const sts = server.sts(credentials);
  const role = await newRole('hour', trust(arn('root')));
  const asked = (DurationSeconds) => sts.assumeRole({ RoleArn: role.Arn, RoleSessionName: 'session', DurationSeconds });
  const { Credentials, AssumedRoleUser } = await asked(900);
  assert.ok(Math.abs(Credentials.Expiration - Date.now() - 900000) < 60000);
  assert.match(Credentials.AccessKeyId, /^ASIA[A-Z2-7]{16}$/);
  assert.equal(AssumedRoleUser.Arn, `arn:aws:sts::${ACCOUNT}:assumed-role/hour/session`);
  assert.ok(Math.abs((await asked()).Credentials.Expiration - Date.now() - 3600000) < 60000);
  await refused(asked(899), 'ValidationError', /'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900$/, 400);
  await refused(asked(3601), 'ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.', 400);
});

test('the trust policy decides who may, and wants its external id', { skip }, async () => {
  const credentials = await newUser(iam, 'guest');
  const other = await newUser(iam, 'stranger', policy(allow('sts:*')));
  const role = await newRole('shared', trust(arn('user/guest'), { Condition: { StringEquals: { 'sts:ExternalId': 'it is me' } } }));
  const asked = (who, more) => server.sts(who).assumeRole({ RoleArn: role.Arn, RoleSessionName: 'session', ...more });
  await refused(asked(credentials), 'AccessDenied', new RegExp(`^User: ${arn('user/guest')} is not authorized to perform: sts:AssumeRole on resource: ${role.Arn}`), 403);
  await refused(asked(credentials, { ExternalId: 'itsme' }), 'AccessDenied');
  await refused(asked(other, { ExternalId: 'itisme' }), 'AccessDenied');
  await iam.updateAssumeRolePolicy({ RoleName: 'shared', PolicyDocument: trust(arn('user/guest'), { Condition: { StringEquals: { 'sts:ExternalId': 'itisme' } } }) });
  await server.db(sessionOf(await asked(credentials, { ExternalId: 'itisme' }))).listTables({});
  await refused(asked(other, { ExternalId: 'itisme' }), 'AccessDenied');
  await refused(asked(credentials, { ExternalId: 'itisme', RoleArn: arn('role/none') }), 'AccessDenied');
});

test('session policies take away, and never add', { skip }, async () => {
  const credentials = await newUser(iam, 'limiter', policy(allow('sts:AssumeRole')));
  const role = await newRole('wide', trust(arn('root')), policy(allow(['dynamodb:ListTables', 'dynamodb:DescribeLimits'])));
  const asked = async (more) => server.db(sessionOf(await server.sts(credentials).assumeRole({ RoleArn: role.Arn, RoleSessionName: 'session', ...more })));
  const whole = await asked({});
  await whole.listTables({});
  await whole.describeLimits({});
  const narrow = await asked({ Policy: policy(allow(['dynamodb:ListTables', 'dynamodb:CreateTable'])) });
  await narrow.listTables({});
  await refused(narrow.describeLimits({}), 'AccessDeniedException');
  await refused(narrow.createTable({ TableName: 'none', BillingMode: 'PAY_PER_REQUEST', KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }] }), 'AccessDeniedException');
  const { Policy } = await iam.createPolicy({ PolicyName: 'limits', PolicyDocument: policy(allow('dynamodb:DescribeLimits')) });
  const managed = await asked({ PolicyArns: [{ arn: Policy.Arn }] });
  await managed.describeLimits({});
  await refused(managed.listTables({}), 'AccessDeniedException');
  await refused(asked({ Policy: '{' }), 'MalformedPolicyDocument');
  await refused(asked({ Policy: ' '.repeat(2049) }), 'ValidationError', /length less than or equal to 2048$/);
});

test('session tags are what policies see as tags of the principal', { skip }, async () => {
  const credentials = await newUser(iam, 'tagger', policy(allow(['sts:AssumeRole', 'sts:TagSession'])));
  const may = policy(allow('dynamodb:ListTables', '*', { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'a' } } }));
  const role = await newRole('tagged', policy({ Effect: 'Allow', Principal: { AWS: arn('root') }, Action: ['sts:AssumeRole', 'sts:TagSession'] }), may);
  const asked = async (Value) => server.db(sessionOf(await server.sts(credentials).assumeRole({ RoleArn: role.Arn, RoleSessionName: 'session',
    Tags: [{ Key: 'team', Value }] })));
  await (await asked('a')).listTables({});
  await refused((await asked('b')).listTables({}), 'AccessDeniedException');
});

test('a session is nothing without its token, or with another one', { skip }, async () => {
  const credentials = await newUser(iam, 'holder', policy(allow('sts:AssumeRole')));
  const role = await newRole('held', trust(arn('root')));
  const asked = async () => sessionOf(await server.sts(credentials).assumeRole({ RoleArn: role.Arn, RoleSessionName: 'session' }));
  const one = await asked();
  const other = await asked();
  await server.db(one).listTables({});
  const { sessionToken, ...bare } = one;
  await refused(server.sts(bare).getCallerIdentity({}), 'InvalidClientTokenId', undefined, 403);
  await refused(server.sts({ ...one, sessionToken: other.sessionToken }).getCallerIdentity({}), 'InvalidClientTokenId', undefined, 403);
  await refused(server.sts({ ...one, secretAccessKey: other.secretAccessKey }).getCallerIdentity({}), 'SignatureDoesNotMatch', undefined, 403);
  await iam.deleteRolePolicy({ RoleName: 'held', PolicyName: 'may' });
  await refused(server.db(one).listTables({}), 'AccessDeniedException');
});

test('GetSessionToken lends a user its own rights for a while, without any policy that says so', { skip }, async () => {
  const credentials = await newUser(iam, 'lender', policy(allow('dynamodb:ListTables'), deny('sts:*')));
  const sts = server.sts(credentials);
  const asked = (DurationSeconds) => sts.getSessionToken({ DurationSeconds });
  const { $metadata, ...answer } = await asked();
  assert.deepEqual(Object.keys(answer), ['Credentials']);
  assert.match(answer.Credentials.AccessKeyId, /^ASIA[A-Z2-7]{16}$/);
  assert.ok(Math.abs(answer.Credentials.Expiration - Date.now() - 43200000) < 60000);
  assert.ok(Math.abs((await asked(129600)).Credentials.Expiration - Date.now() - 129600000) < 60000);
  await refused(asked(899), 'ValidationError', "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: " +
    'Member must have value greater than or equal to 900', 400);
  await refused(asked(129601), 'ValidationError', /'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 129600$/, 400);
  await refused(sts.getSessionToken({ SerialNumber: arn('mfa/lender'), TokenCode: '123456' }), 'ValidationError', /Member 'SerialNumber' is not supported/);
  const session = sessionOf(answer);
  await server.db(session).listTables({});
  await refused(server.db(session).describeLimits({}), 'AccessDeniedException', new RegExp(`^User: ${arn('user/lender')} is not authorized`));
  const { $metadata: one, ...short } = await server.sts(session).getCallerIdentity({});
  const { $metadata: two, ...long } = await sts.getCallerIdentity({});
  assert.deepEqual(short, long);
  await iam.putUserPolicy({ UserName: 'lender', PolicyName: 'own', PolicyDocument: policy(allow('dynamodb:DescribeLimits')) });
  await server.db(session).describeLimits({});
  await refused(server.db(session).listTables({}), 'AccessDeniedException');
});

test('credentials of GetSessionToken manage no identities, and of STS serve for two operations', { skip }, async () => {
  const credentials = await newUser(iam, 'limited', policy(allow('*')));
  const role = await newRole('of-limited', trust(arn('user/limited')));
  for (const who of [credentials, ROOT]) {
    const session = sessionOf(await server.sts(who).getSessionToken({}));
    for (const call of [(it) => it.listUsers({}), (it) => it.getUser({}), (it) => it.createUser({ UserName: 'none' })])
      await refused(call(server.iam(session)), 'InvalidClientTokenId', 'The security token included in the request is invalid', 403);
    await refused(server.sts(session).getSessionToken({}), 'AccessDenied', 'Cannot call GetSessionToken with session credentials', 403);
    await server.sts(session).getCallerIdentity({});
    await server.db(session).describeLimits({});
    const assume = server.sts(session).assumeRole({ RoleArn: role.Arn, RoleSessionName: 'session' });
    if (who === ROOT) await refused(assume, 'AccessDenied', 'Roles may not be assumed by root accounts.', 403);
    else await refused(server.sts(sessionOf(await assume)).getSessionToken({}), 'AccessDenied', 'Cannot call GetSessionToken with session credentials', 403);
  }
  const { Users } = await iam.listUsers({});
  assert.ok(!Users.some((user) => user.UserName === 'none'));
});

test('the root\'s own session lasts an hour, whatever it asks for', { skip }, async () => {
  for (const DurationSeconds of [undefined, 129600]) {
    const { Credentials } = await server.sts().getSessionToken({ DurationSeconds });
    assert.ok(Math.abs(Credentials.Expiration - Date.now() - 3600000) < 60000);
  }
});

test('a request may be signed for the one region of these services, or for the server\'s', { skip }, async () => {
  const abroad = await identityServer(['--in-memory', '--region', 'eu-west-1']);
  try {
    for (const region of ['us-east-1', 'eu-west-1']) {
      assert.equal((await abroad.sts(ROOT, { region }).getCallerIdentity({})).Account, ACCOUNT);
      await abroad.iam(ROOT, { region }).listUsers({});
    }
    await refused(abroad.sts(ROOT, { region: 'ap-south-1' }).getCallerIdentity({}), 'SignatureDoesNotMatch',
      "Credential should be scoped to a valid region, not 'ap-south-1'.", 403);
  } finally {
    await abroad.stop();
  }
});

test('a guard of regions lets roles be assumed in its own', { skip }, async () => {
  const outside = (region) => deny('*', '*', { Condition: { StringNotEquals: { 'aws:RequestedRegion': region } } });
  const role = await newRole('regional', trust(arn('root')));
  const asked = async (name, region) => server.sts(await newUser(iam, name, policy(allow('sts:AssumeRole'), outside(region))))
    .assumeRole({ RoleArn: role.Arn, RoleSessionName: 'session' });
  await asked('insider', 'us-east-1');
  await refused(asked('outsider', 'eu-west-1'), 'AccessDenied', /with an explicit deny in an identity-based policy$/);
});

test('a refusal says which kind of policy it comes from, and not whether there is such a role', { skip }, async () => {
  const able = await newUser(iam, 'able', policy(allow('sts:*')));
  const unable = await newUser(iam, 'unable');
  const barred = await newUser(iam, 'barred', policy(allow('sts:*'), deny('sts:AssumeRole')));
  await iam.createUser({ UserName: 'other' });
  const role = await newRole('guarded', trust(arn('user/other')));
  const denying = await newRole('denying', policy({ Effect: 'Allow', Principal: { AWS: arn('root') }, Action: 'sts:AssumeRole' },
    { Effect: 'Deny', Principal: { AWS: arn('user/able') }, Action: 'sts:AssumeRole' }));
  const untagged = await newRole('untagged', trust(arn('root')));
  const says = (user, action, resource, why) => `User: ${arn(`user/${user}`)} is not authorized to perform: sts:${action} on resource: ${resource} ${why}`;
  const asked = (who, RoleArn, more) => server.sts(who).assumeRole({ RoleArn, RoleSessionName: 'session', ...more });
  for (const RoleArn of [role.Arn, arn('role/there-is-none')])
    for (const [user, credentials, why] of [
      ['able', able, 'because no role trust policy allows the sts:AssumeRole action'],
      ['unable', unable, 'because no identity-based policy allows the sts:AssumeRole action'],
      ['barred', barred, 'with an explicit deny in an identity-based policy'],
    ]) await refused(asked(credentials, RoleArn), 'AccessDenied', says(user, 'AssumeRole', RoleArn, why), 403);
  await refused(asked(able, denying.Arn), 'AccessDenied', says('able', 'AssumeRole', denying.Arn, 'with an explicit deny in the role trust policy'));
  await refused(asked(able, untagged.Arn, { Tags: [{ Key: 'a', Value: 'b' }] }), 'AccessDenied',
    says('able', 'TagSession', untagged.Arn, 'because no role trust policy allows the sts:TagSession action'));
});

test('a trust policy speaks of actions of STS alone', { skip }, async () => {
  const made = (Action, more = {}) => iam.createRole({ RoleName: 'trusting', AssumeRolePolicyDocument: policy({ Effect: 'Allow', Principal: { AWS: '*' }, Action, ...more }) });
  for (const action of ['dynamodb:*', '*', '*:AssumeRole', 'iam:CreateUser', ['sts:AssumeRole', 'dynamodb:GetItem'], 'stsx:AssumeRole'])
    await refused(made(action), 'MalformedPolicyDocument', action === '*:AssumeRole' ? 'Vendor * is not valid' : 'AssumeRole policy may only specify STS AssumeRole actions.', 400);
  await refused(made(undefined, { NotAction: 'iam:*' }), 'MalformedPolicyDocument', 'AssumeRole policy may only specify STS AssumeRole actions.', 400);
  await made(['STS:AssumeRole', 'sts:TagSession']);
  await refused(iam.updateAssumeRolePolicy({ RoleName: 'trusting', PolicyDocument: policy({ Effect: 'Allow', Principal: { AWS: '*' }, Action: '*' }) }), 'MalformedPolicyDocument');
});
