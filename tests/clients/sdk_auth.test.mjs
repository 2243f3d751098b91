// The AWS SDK for JavaScript against a server that verifies signatures: providers of credentials,
// presigned calls, clocks that are wrong, and what it makes of refusals.

import { before } from 'node:test';
import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ACCOUNT, ROOT, allow, arn, identityServer, newUser, policy, refused, sessionOf, trust } from '../api/lib/identity.mjs';
import { makeHome, noClock, noServer, serverWithEndingSession, withClock } from './lib/clients.mjs';

const require = createRequire(new URL('../package.json', import.meta.url));
function optional(name) {
  try {
    return require(name);
  } catch {
    return undefined;
  }
}
const providers = optional('@aws-sdk/credential-providers');
const signer = optional('@smithy/signature-v4');
const skip = noServer();
const without = (module, name) => skip || (module ? false : `${name} is not installed`);
const options = { skip, timeout: 60000 };
// As programs have it: three attempts, where the SDK thinks that another one may help.
const TRYING = { maxAttempts: 3 };
let server, ann, role;

before(async () => {
  if (skip) return;
  server = await identityServer();
  const iam = server.iam();
  ann = await newUser(iam, 'ann', policy(allow('sts:AssumeRole')));
  role = (await iam.createRole({ RoleName: 'reader', AssumeRolePolicyDocument: trust(arn('user/ann')) })).Role;
  await iam.putRolePolicy({ RoleName: 'reader', PolicyName: 'may', PolicyDocument: policy(allow(['dynamodb:ListTables', 'dynamodb:DescribeLimits'])) });
});
after(() => server?.stop());

// The call must be refused so, and must have been asked for once.
async function once(promise, name, message) {
  const error = await promise.then(() => assert.fail(`${name} was expected`), (reason) => reason);
  await refused(Promise.reject(error), name, message);
  assert.equal(error.$metadata.attempts, 1);
}

test('the SDK tries no refusal again', options, async () => {
  const wrong = { ...ann, secretAccessKey: 'another' };
  const unknown = { ...ann, accessKeyId: 'AKIDNOBODYKNOWS' };
  await once(server.db(unknown, TRYING).listTables({}), 'UnrecognizedClientException', /is invalid\.$/);
  await once(server.iam(unknown, TRYING).listUsers({}), 'InvalidClientTokenId', /is invalid\.$/);
  await once(server.db(ann, TRYING).listTables({}), 'AccessDeniedException', /dynamodb:ListTables/);
  await once(server.sts(ann, TRYING).assumeRole({ RoleArn: arn('role/none'), RoleSessionName: 'none' }), 'AccessDenied', /role\/none because no role trust policy allows the sts:AssumeRole action$/);
  await once(server.iam(ROOT, TRYING).createUser({ UserName: 'ann' }), 'EntityAlreadyExists', /ann/);
  await once(server.iam(ROOT, TRYING).generateCredentialReport({}), 'InvalidAction', /^Could not find operation GenerateCredentialReport/);
  // A signature that doesn't match could come of a wrong clock: the SDK may look at the time once more, and gives up.
  await refused(server.db(wrong, TRYING).listTables({}), 'InvalidSignatureException', /^The request signature we calculated/, 400);
  await refused(server.sts(wrong, TRYING).getCallerIdentity({}), 'SignatureDoesNotMatch', /^The request signature we calculated/, 403);
});

test('the SDK corrects a clock that is wrong by what the server answers', { ...options, skip: noClock() }, async () => {
  for (const seconds of [1200, -1200]) {
    const elsewhere = await identityServer(['--in-memory'], { env: withClock(seconds) });
    try {
      for (const call of [(more) => elsewhere.db(ROOT, more).listTables({}), (more) => elsewhere.sts(ROOT, more).getCallerIdentity({}),
        (more) => elsewhere.iam(ROOT, more).listUsers({})]) {
        const { $metadata } = await call(TRYING);
        assert.equal($metadata.attempts, 2);
        await assert.rejects(call({}), /^\w+: Signature (expired|not yet current): /);
      }
    } finally {
      await elsewhere.stop();
    }
  }
});

test('fromTemporaryCredentials chains from a session of GetSessionToken to a role', { ...options, skip: without(providers, '@aws-sdk/credential-providers') }, async () => {
  const own = sessionOf(await server.sts(ann).getSessionToken({ DurationSeconds: 900 }));
  const clientConfig = { endpoint: server.endpoint, region: 'us-east-1' };
  const provider = providers.fromTemporaryCredentials({ masterCredentials: own, clientConfig,
    params: { RoleArn: role.Arn, RoleSessionName: 'chained', Policy: policy(allow('dynamodb:ListTables')) } });
  const db = server.db(provider);
  assert.ok((await db.listTables({})).TableNames);
  await refused(db.describeLimits({}), 'AccessDeniedException', /because no session policy allows/);
  assert.equal((await server.sts(provider).getCallerIdentity({})).Arn, `arn:aws:sts::${ACCOUNT}:assumed-role/reader/chained`);
  const nobody = providers.fromTemporaryCredentials({ masterCredentials: own, clientConfig, params: { RoleArn: arn('role/none'), RoleSessionName: 'none' } });
  await refused(server.db(nobody).listTables({}), 'AccessDenied', /sts:AssumeRole on resource: .*role\/none because no role trust policy allows the sts:AssumeRole action$/);
});

test('fromIni takes a profile with role_arn and source_profile', { ...options, skip: without(providers, '@aws-sdk/credential-providers') }, async () => {
  const home = makeHome(server, { ann: { aws_access_key_id: ann.accessKeyId, aws_secret_access_key: ann.secretAccessKey },
    reader: { role_arn: role.Arn, source_profile: 'ann', role_session_name: 'from-ini' } });
  const provider = providers.fromIni({ profile: 'reader', configFilepath: path.join(home, '.aws/config'), filepath: path.join(home, '.aws/credentials'),
    clientConfig: { endpoint: server.endpoint, region: 'us-east-1' } });
  assert.equal((await server.sts(provider).getCallerIdentity({})).Arn, `arn:aws:sts::${ACCOUNT}:assumed-role/reader/from-ini`);
  assert.ok((await server.db(provider).listTables({})).TableNames);
});

test('the SDK sees sessions whose time is over as expired, and asks once', { ...options, skip: noClock() }, async () => {
  const ending = await serverWithEndingSession(async (late) => {
    const iam = late.iam();
    const who = await newUser(iam, 'eve');
    return { who, RoleArn: (await iam.createRole({ RoleName: 'ending', AssumeRolePolicyDocument: trust(arn('user/eve')) })).Role.Arn };
  });
  try {
    await ending.ended();
    for (const session of [ending.session, ending.own]) {
      await once(ending.server.db(session, TRYING).listTables({}), 'ExpiredTokenException', 'The security token included in the request is expired');
      await once(ending.server.sts(session, TRYING).getCallerIdentity({}), 'ExpiredToken', 'The security token included in the request is expired');
    }
  } finally {
    await ending.server.stop();
  }
});

class Sha256 {
  constructor(secret) { this.hash = secret ? createHmac('sha256', secret) : createHash('sha256'); }
  update(data) { this.hash.update(data); }
  async digest() { return new Uint8Array(this.hash.digest()); }
}

// A POST of `body` to the tables, presigned for a minute as the SDK does it.
async function presigned(credentials, body) {
  const { hostname, port, host } = new URL(server.endpoint);
  const made = await new signer.SignatureV4({ credentials, region: 'us-east-1', service: 'dynamodb', sha256: Sha256 }).presign({
    method: 'POST', protocol: 'http:', hostname, port: Number(port), path: '/', query: {}, body,
    headers: { host, 'x-amz-target': 'DynamoDB_20120810.ListTables', 'content-type': 'application/x-amz-json-1.0' },
  }, { expiresIn: 60, unhoistableHeaders: new Set(['x-amz-target']) });
  const query = Object.entries(made.query).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
  return { url: `${server.endpoint}/?${query}`, headers: { 'x-amz-target': made.headers['x-amz-target'], 'content-type': 'application/x-amz-json-1.0' } };
}

test('a call that the SDK presigned is answered, and no other one', { ...options, skip: without(signer, '@smithy/signature-v4') }, async () => {
  const session = sessionOf(await server.sts(ann).assumeRole({ RoleArn: role.Arn, RoleSessionName: 'presigned' }));
  const send = async ({ url, headers }, body = '{"Limit":3}') => {
    const response = await fetch(url, { method: 'POST', headers, body });
    return [response.status, await response.json()];
  };
  for (const who of [ROOT, session]) {
    const call = await presigned(who, '{"Limit":3}');
    assert.deepEqual(await send(call), [200, { TableNames: [] }]);
    const others = [send(call, '{"Limit":4}'), send({ ...call, headers: { ...call.headers, 'x-amz-target': 'DynamoDB_20120810.DescribeLimits' } }),
      send({ ...call, url: call.url.replace('X-Amz-Expires=60', 'X-Amz-Expires=61') })];
    for (const [status, { __type }] of await Promise.all(others))
      assert.deepEqual([status, __type], [400, 'com.amazon.coral.service#InvalidSignatureException']);
  }
});
