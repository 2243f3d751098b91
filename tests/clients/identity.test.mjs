// The AWS CLI manages users and roles, and works with what it was given.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { ACCOUNT, ROOT, allow, arn, identityServer, keysOf, policy, sessionOf, trust } from '../api/lib/identity.mjs';
import { aws, makeHome, noAws, noClock, serverWithEndingSession } from './lib/clients.mjs';

const skip = noAws();
const options = { skip, timeout: 170000 };
let server, home;
before(async () => {
  if (skip) return;
  server = await identityServer();
  home = makeHome(server, {});
});
after(() => server?.stop());

// What a command answers that must succeed.
async function fine(who, ...args) {
  const { code, value, stderr } = await aws(server, home, who, ...args);
  assert.equal(code, 0, stderr.slice(-2000));
  return value;
}

// A command must fail with the service's words, and have asked once.
async function fails({ code, stderr, sent }, name, operation, text) {
  assert.ok(code === 254 || code === 255, stderr.slice(-2000)); // the CLI's second version, and its first
  const said = new RegExp(`(?:^|: )An error occurred \\(${name}\\) when calling the ${operation} operation: (.*)$`, 'm').exec(stderr);
  assert.ok(said, stderr.slice(-2000));
  assert.match(said[1], text);
  assert.equal(sent, 1);
}
const refused = async (who, args, ...rest) => fails(await aws(server, home, who, ...args), ...rest);

test('aws iam and aws sts do what they do elsewhere', options, async () => {
  const { User } = await fine(ROOT, 'iam', 'create-user', '--user-name', 'ann', '--tags', 'Key=team,Value=a');
  assert.equal(User.Arn, arn('user/ann'));
  const { Role } = await fine(ROOT, 'iam', 'create-role', '--role-name', 'reader', '--assume-role-policy-document', trust(arn('root')));
  assert.equal(Role.AssumeRolePolicyDocument.Statement[0].Action, 'sts:AssumeRole');
  const may = policy(allow('dynamodb:ListTables'));
  await fine(ROOT, 'iam', 'put-role-policy', '--role-name', 'reader', '--policy-name', 'list', '--policy-document', may);
  assert.deepEqual((await fine(ROOT, 'iam', 'get-role-policy', '--role-name', 'reader', '--policy-name', 'list')).PolicyDocument, JSON.parse(may));
  await fine(ROOT, 'iam', 'put-user-policy', '--user-name', 'ann', '--policy-name', 'roles', '--policy-document', policy(allow('sts:AssumeRole')));
  const ann = keysOf(await fine(ROOT, 'iam', 'create-access-key', '--user-name', 'ann'));
  const session = sessionOf(await fine(ann, 'sts', 'assume-role', '--role-arn', Role.Arn, '--role-session-name', 'cli'));
  assert.match((await fine(session, 'sts', 'get-caller-identity')).Arn, /assumed-role\/reader\/cli$/);
  assert.deepEqual((await fine(session, 'dynamodb', 'list-tables')).TableNames, []);
  assert.deepEqual((await fine(ROOT, 'iam', 'list-users')).Users.map((user) => user.UserName), ['ann']);
  await refused(ann, ['iam', 'list-users'], 'AccessDenied', 'ListUsers', /iam:ListUsers/);
  await refused(ROOT, ['iam', 'create-user', '--user-name', 'ann'], 'EntityAlreadyExists', 'CreateUser', /ann/);
  // What is not served is said to be that, and not as if a later attempt could do better.
  await refused(ROOT, ['iam', 'simulate-principal-policy', '--policy-source-arn', User.Arn, '--action-names', 'dynamodb:GetItem'],
    'InvalidAction', 'SimulatePrincipalPolicy', /^Could not find operation SimulatePrincipalPolicy for version 2010-05-08/);
});

test('a profile of the CLI with role_arn and source_profile is the role', options, async () => {
  const iam = server.iam();
  await iam.createUser({ UserName: 'bob' });
  const bob = keysOf(await iam.createAccessKey({ UserName: 'bob' }));
  const { Role } = await iam.createRole({ RoleName: 'lister', AssumeRolePolicyDocument: trust(arn('user/bob')) });
  await iam.putRolePolicy({ RoleName: 'lister', PolicyName: 'may', PolicyDocument: policy(allow('dynamodb:ListTables')) });
  const own = makeHome(server, { bob: { aws_access_key_id: bob.accessKeyId, aws_secret_access_key: bob.secretAccessKey },
    lister: { role_arn: Role.Arn, source_profile: 'bob', role_session_name: 'cli-profile' },
    none: { role_arn: arn('role/none'), source_profile: 'bob' } });
  const who = await aws(server, own, 'lister', 'sts', 'get-caller-identity');
  assert.equal(who.value?.Arn, `arn:aws:sts::${ACCOUNT}:assumed-role/lister/cli-profile`, who.stderr.slice(-2000));
  assert.deepEqual((await aws(server, own, 'lister', 'dynamodb', 'list-tables')).value, { TableNames: [] });
  await fails(await aws(server, own, 'lister', 'dynamodb', 'describe-limits'), 'AccessDeniedException', 'DescribeLimits', /dynamodb:DescribeLimits/);
  await fails(await aws(server, own, 'none', 'dynamodb', 'list-tables'), 'AccessDenied', 'AssumeRole', /sts:AssumeRole on resource: .*role\/none$/);
});

test('the CLI says at once what is wrong with credentials', options, async () => {
  await refused({ ...ROOT, secretAccessKey: 'another' }, ['sts', 'get-caller-identity'], 'SignatureDoesNotMatch', 'GetCallerIdentity', /^The request signature/);
  await refused({ ...ROOT, secretAccessKey: 'another' }, ['dynamodb', 'list-tables'], 'InvalidSignatureException', 'ListTables', /^The request signature/);
  await refused({ ...ROOT, accessKeyId: 'AKIDNOBODYKNOWS' }, ['dynamodb', 'list-tables'], 'UnrecognizedClientException', 'ListTables', /is invalid\.$/);
  await refused({ ...ROOT, sessionToken: 'of nobody' }, ['iam', 'list-users'], 'InvalidClientTokenId', 'ListUsers', /is invalid$/);
});

test('aws sts get-session-token gives credentials that manage no users', options, async () => {
  const session = sessionOf(await fine(ROOT, 'sts', 'get-session-token', '--duration-seconds', '900'));
  assert.equal((await fine(session, 'sts', 'get-caller-identity')).Arn, arn('root'));
  await refused(session, ['iam', 'list-users'], 'InvalidClientTokenId', 'ListUsers', /^The security token included in the request is invalid$/);
  await refused(ROOT, ['sts', 'get-session-token', '--duration-seconds', '129601'], 'ValidationError', 'GetSessionToken', /less than or equal to 129600$/);
});

test('the CLI sees sessions whose time is over as expired', { ...options, skip: skip || noClock() }, async () => {
  const ending = await serverWithEndingSession(async (late) => {
    const iam = late.iam();
    await iam.createUser({ UserName: 'eve' });
    const who = keysOf(await iam.createAccessKey({ UserName: 'eve' }));
    return { who, RoleArn: (await iam.createRole({ RoleName: 'ending', AssumeRolePolicyDocument: trust(arn('user/eve')) })).Role.Arn };
  });
  try {
    await ending.ended();
    await fails(await aws(ending.server, home, ending.session, 'dynamodb', 'list-tables'), 'ExpiredTokenException', 'ListTables', /is expired$/);
    await fails(await aws(ending.server, home, ending.own, 'sts', 'get-caller-identity'), 'ExpiredToken', 'GetCallerIdentity', /is expired$/);
  } finally {
    await ending.server.stop();
  }
});

test('aws dynamodb put-resource-policy lets a user at a table', options, async (context) => {
  const known = await aws(server, home, ROOT, 'dynamodb', 'put-resource-policy', '--generate-cli-skeleton');
  if (known.code === 252) return context.skip('this awscli does not know put-resource-policy');
  const iam = server.iam();
  await iam.createUser({ UserName: 'guest' });
  const guest = keysOf(await iam.createAccessKey({ UserName: 'guest' }));
  const { TableDescription } = await fine(ROOT, 'dynamodb', 'create-table', '--table-name', 'shared', '--billing-mode', 'PAY_PER_REQUEST',
    '--attribute-definitions', 'AttributeName=id,AttributeType=S', '--key-schema', 'AttributeName=id,KeyType=HASH');
  const get = ['dynamodb', 'get-item', '--table-name', 'shared', '--key', '{"id":{"S":"x"}}'];
  await refused(guest, get, 'AccessDeniedException', 'GetItem', /because no identity-based policy allows/);
  const document = policy({ Effect: 'Allow', Principal: { AWS: arn('user/guest') }, Action: 'dynamodb:GetItem', Resource: TableDescription.TableArn });
  const { RevisionId } = await fine(ROOT, 'dynamodb', 'put-resource-policy', '--resource-arn', TableDescription.TableArn, '--policy', document);
  assert.equal((await aws(server, home, guest, ...get)).code, 0);
  const got = await fine(ROOT, 'dynamodb', 'get-resource-policy', '--resource-arn', TableDescription.TableArn);
  assert.deepEqual([JSON.parse(got.Policy), got.RevisionId], [JSON.parse(document), RevisionId]);
});
