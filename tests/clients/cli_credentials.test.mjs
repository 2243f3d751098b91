// Where the AWS CLI takes its credentials from, and what it says when they are not good.

import { before } from 'node:test';
import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { ACCOUNT, ROOT, allow, arn, identityServer, keysOf, policy, trust } from '../api/lib/identity.mjs';
import { aws, awsFailed, makeHome, noAws, noClock, serverWithEndingSession } from './lib/clients.mjs';

const skip = noAws();
const options = { skip, timeout: 170000 };
let server, home;
before(async () => {
  if (skip) return;
  server = await identityServer();
  home = makeHome(server, {});
});
after(() => server?.stop());

const refused = async (who, args, ...rest) => awsFailed(await aws(server, home, who, ...args), ...rest);

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
  awsFailed(await aws(server, own, 'lister', 'dynamodb', 'describe-limits'), 'AccessDeniedException', 'DescribeLimits', /dynamodb:DescribeLimits/);
  awsFailed(await aws(server, own, 'none', 'dynamodb', 'list-tables'), 'AccessDenied', 'AssumeRole', /sts:AssumeRole on resource: .*role\/none because no identity-based policy allows the sts:AssumeRole action$/);
});

test('the CLI says at once what is wrong with credentials', options, async () => {
  await Promise.all([
    refused({ ...ROOT, secretAccessKey: 'another' }, ['sts', 'get-caller-identity'], 'SignatureDoesNotMatch', 'GetCallerIdentity', /^The request signature/),
    refused({ ...ROOT, secretAccessKey: 'another' }, ['dynamodb', 'list-tables'], 'InvalidSignatureException', 'ListTables', /^The request signature/),
    refused({ ...ROOT, accessKeyId: 'AKIDNOBODYKNOWS' }, ['dynamodb', 'list-tables'], 'UnrecognizedClientException', 'ListTables', /is invalid\.$/),
    refused({ ...ROOT, sessionToken: 'of nobody' }, ['iam', 'list-users'], 'InvalidClientTokenId', 'ListUsers', /is invalid$/),
  ]);
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
    awsFailed(await aws(ending.server, home, ending.session, 'dynamodb', 'list-tables'), 'ExpiredTokenException', 'ListTables', /is expired$/);
    awsFailed(await aws(ending.server, home, ending.own, 'sts', 'get-caller-identity'), 'ExpiredToken', 'GetCallerIdentity', /is expired$/);
  } finally {
    await ending.server.stop();
  }
});
