// The AWS CLI manages users and roles, and works with what it was given.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { ROOT, allow, arn, identityServer, policy, trust } from '../api/lib/identity.mjs';
import { givenEndpoint } from '../api/lib/server.mjs';

const run = promisify(execFile);
const AWS = process.env.AWS_CLI ?? '/usr/bin/aws';
function works() {
  try {
    execFileSync(AWS, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
const skip = givenEndpoint() ? 'the server is not ours to start' : works() ? false : 'awscli is not installed';
const server = skip ? undefined : await identityServer();
after(() => server?.stop());

async function aws(who, ...args) {
  const env = { ...process.env, AWS_ACCESS_KEY_ID: who.accessKeyId, AWS_SECRET_ACCESS_KEY: who.secretAccessKey, AWS_DEFAULT_REGION: 'us-east-1',
    ...(who.sessionToken ? { AWS_SESSION_TOKEN: who.sessionToken } : {}) };
  const { stdout } = await run(AWS, [...args, '--endpoint-url', server.endpoint, '--output', 'json'], { env });
  return stdout ? JSON.parse(stdout) : undefined;
}

test('aws iam and aws sts do what they do elsewhere', { skip, timeout: 120000 }, async () => {
  const { User } = await aws(ROOT, 'iam', 'create-user', '--user-name', 'ann', '--tags', 'Key=team,Value=a');
  assert.equal(User.Arn, arn('user/ann'));
  const { Role } = await aws(ROOT, 'iam', 'create-role', '--role-name', 'reader', '--assume-role-policy-document', trust(arn('root')));
  assert.equal(Role.AssumeRolePolicyDocument.Statement[0].Action, 'sts:AssumeRole');
  const may = policy(allow('dynamodb:ListTables'));
  await aws(ROOT, 'iam', 'put-role-policy', '--role-name', 'reader', '--policy-name', 'list', '--policy-document', may);
  assert.deepEqual((await aws(ROOT, 'iam', 'get-role-policy', '--role-name', 'reader', '--policy-name', 'list')).PolicyDocument, JSON.parse(may));
  await aws(ROOT, 'iam', 'put-user-policy', '--user-name', 'ann', '--policy-name', 'roles', '--policy-document', policy(allow('sts:AssumeRole')));
  const { AccessKey } = await aws(ROOT, 'iam', 'create-access-key', '--user-name', 'ann');
  const ann = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
  const { Credentials } = await aws(ann, 'sts', 'assume-role', '--role-arn', Role.Arn, '--role-session-name', 'cli');
  const session = { accessKeyId: Credentials.AccessKeyId, secretAccessKey: Credentials.SecretAccessKey, sessionToken: Credentials.SessionToken };
  assert.match((await aws(session, 'sts', 'get-caller-identity')).Arn, /assumed-role\/reader\/cli$/);
  assert.deepEqual((await aws(session, 'dynamodb', 'list-tables')).TableNames, []);
  assert.deepEqual((await aws(ROOT, 'iam', 'list-users')).Users.map((user) => user.UserName), ['ann']);
  await assert.rejects(aws(ann, 'iam', 'list-users'), /\(AccessDenied\).*iam:ListUsers/);
});
