// boto3 against a server that verifies signatures: keys, profiles, sessions, presigned URLs, and what
// boto3 makes of refusals. None of them is worth another attempt, and boto3 must see that.

import { before } from 'node:test';
import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { ACCOUNT, ROOT, allow, arn, deny, identityServer, newUser, policy, sessionOf, trust } from '../api/lib/identity.mjs';
import { boto3, makeHome, noBoto3, noClock, serverWithEndingSession } from './lib/clients.mjs';

const skip = noBoto3();
const options = { skip, timeout: 120000 };
const TABLE = { TableName: 'music', BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] };
const LIST = ['dynamodb', 'list_tables'];
const WHO = ['sts', 'get_caller_identity'];
let server, home, ann, role;
const ask = (who, ...asks) => boto3(server, home, who, asks);

before(async () => {
  if (skip) return;
  server = await identityServer();
  const iam = server.iam();
  ann = await newUser(iam, 'ann', policy(allow('sts:AssumeRole'), allow('dynamodb:GetItem')));
  role = (await iam.createRole({ RoleName: 'reader', AssumeRolePolicyDocument: trust(arn('user/ann')) })).Role;
  await iam.putRolePolicy({ RoleName: 'reader', PolicyName: 'may', PolicyDocument: policy(allow(['dynamodb:ListTables', 'dynamodb:DescribeLimits'])) });
  home = makeHome(server, {
    ann: { aws_access_key_id: ann.accessKeyId, aws_secret_access_key: ann.secretAccessKey },
    reader: { role_arn: role.Arn, source_profile: 'ann', role_session_name: 'from-profile', duration_seconds: 900 },
    nobody: { role_arn: arn('role/none'), source_profile: 'ann', role_session_name: 'nobody' },
  });
});
after(() => server?.stop());

// Each answer is this error, and was asked for once.
function allRefused(answers, code, message, status) {
  for (const answer of answers) {
    assert.equal(answer.code, code, JSON.stringify(answer));
    if (message instanceof RegExp) assert.match(answer.message, message);
    else assert.equal(answer.message, message);
    assert.deepEqual([answer.status, answer.retries], [status, 0]);
  }
}

test('boto3 with keys writes and reads, and is told who it is', options, async () => {
  const item = { id: { S: 'é €' }, n: { N: '1.5' }, blob: { SS: ['a', 'b'] } };
  const [made, put, got, who] = await ask(ROOT, ['dynamodb', 'create_table', TABLE], ['dynamodb', 'put_item', { TableName: 'music', Item: item }],
    ['dynamodb', 'get_item', { TableName: 'music', Key: { id: item.id }, ConsistentRead: true }], WHO);
  assert.equal(made.value.TableDescription.TableName, 'music');
  assert.deepEqual(put, { value: {} });
  assert.deepEqual(got.value.Item, item);
  assert.deepEqual(who.value, { Account: ACCOUNT, Arn: arn('root'), UserId: ACCOUNT });
});

test('boto3 sees a wrong secret, an unknown key and a foreign token as what they are, at once', options, async () => {
  const wrong = await ask({ ...ann, secretAccessKey: 'another' }, LIST, WHO, ['iam', 'get_user']);
  allRefused(wrong.slice(0, 1), 'InvalidSignatureException', /^The request signature we calculated does not match the signature you provided/, 400);
  allRefused(wrong.slice(1), 'SignatureDoesNotMatch', /^The request signature we calculated does not match the signature you provided/, 403);
  const unknown = await ask({ ...ann, accessKeyId: 'AKIDNOBODYKNOWS' }, LIST, WHO, ['iam', 'get_user']);
  allRefused(unknown.slice(0, 1), 'UnrecognizedClientException', 'The security token included in the request is invalid.', 400);
  allRefused(unknown.slice(1), 'InvalidClientTokenId', 'The security token included in the request is invalid.', 403);
  const token = await ask({ ...ann, sessionToken: 'of nobody' }, LIST, WHO);
  allRefused(token.slice(0, 1), 'UnrecognizedClientException', 'The security token included in the request is invalid', 400);
  allRefused(token.slice(1), 'InvalidClientTokenId', 'The security token included in the request is invalid', 403);
});

test('boto3 sees what is not allowed as that, with the action and the resource', options, async () => {
  const [list, get, users] = await ask(ann, LIST, ['dynamodb', 'get_item', { TableName: 'none', Key: { id: { S: 'x' } } }], ['iam', 'list_users']);
  allRefused([list], 'AccessDeniedException', new RegExp(`^User: ${arn('user/ann')} is not authorized to perform: dynamodb:ListTables on resource: `), 400);
  allRefused([get], 'ResourceNotFoundException', /not found/, 400);
  allRefused([users], 'AccessDenied', /is not authorized to perform: iam:ListUsers on resource: /, 403);
});

test('a profile of boto3 with role_arn and source_profile is the role', options, async () => {
  const [who, list, get] = await ask('reader', WHO, LIST, ['dynamodb', 'get_item', { TableName: 'music', Key: { id: { S: 'x' } } }]);
  assert.equal(who.value?.Arn, `arn:aws:sts::${ACCOUNT}:assumed-role/reader/from-profile`, JSON.stringify(who));
  assert.equal(who.value.UserId, `${role.RoleId}:from-profile`);
  assert.ok(Array.isArray(list.value.TableNames));
  allRefused([get], 'AccessDeniedException', /is not authorized to perform: dynamodb:GetItem/, 400);
  const [refused] = await ask('nobody', LIST);
  allRefused([refused], 'AccessDenied', `User: ${arn('user/ann')} is not authorized to perform: sts:AssumeRole on resource: ${arn('role/none')} because no role trust policy allows the sts:AssumeRole action`, 403);
});

test('sessions that boto3 asked for do what their policies leave, and nothing with half of their parts', options, async () => {
  const wish = { RoleArn: role.Arn, RoleSessionName: 'boto3' };
  const [narrow, other, own] = (await ask(ann, ['sts', 'assume_role', { ...wish, Policy: policy(allow('*'), deny('dynamodb:DescribeLimits')) }],
    ['sts', 'assume_role', wish], ['sts', 'get_session_token', { DurationSeconds: 900 }])).map(({ value }) => value);
  assert.ok(narrow.PackedPolicySize > 0 && other.PackedPolicySize === undefined);
  assert.match(own.Credentials.Expiration, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00$/); // boto3 made a date of it
  const session = sessionOf(narrow);
  const [list, limits] = await ask(session, LIST, ['dynamodb', 'describe_limits']);
  assert.ok(list.value);
  allRefused([limits], 'AccessDeniedException', /with an explicit deny in a session policy$/, 400);
  const at = session.sessionToken.length >> 1;
  const tampered = session.sessionToken.slice(0, at) + (session.sessionToken[at] === 'A' ? 'B' : 'A') + session.sessionToken.slice(at + 1);
  for (const sessionToken of [tampered, sessionOf(other).sessionToken, undefined])
    allRefused(await ask({ ...session, sessionToken }, LIST), 'UnrecognizedClientException', /^The security token included in the request is invalid/, 400);
  const [get, who, user] = await ask(sessionOf(own), ['dynamodb', 'get_item', { TableName: 'none', Key: { id: { S: 'x' } } }], WHO, ['iam', 'get_user']);
  assert.equal(get.code, 'ResourceNotFoundException');
  assert.equal(who.value.Arn, arn('user/ann'));
  allRefused([user], 'InvalidClientTokenId', 'The security token included in the request is invalid', 403);
});

test('a URL that boto3 presigned says who made it, as long as it is whole and in time', options, async () => {
  const session = sessionOf(await server.sts(ann).assumeRole({ RoleArn: role.Arn, RoleSessionName: 'presigned' }));
  const urls = {};
  for (const [name, who] of Object.entries({ ann, session }))
    [urls[name]] = (await ask(who, [...WHO, {}, { how: 'presign' }])).map(({ value }) => value);
  const get = async (url) => {
    const response = await fetch(url);
    return [response.status, /<(?:Arn|Code)>([^<]*)</.exec(await response.text())?.[1]];
  };
  assert.deepEqual(await get(urls.ann), [200, arn('user/ann')]);
  assert.deepEqual(await get(urls.session), [200, `arn:aws:sts::${ACCOUNT}:assumed-role/reader/presigned`]);
  assert.deepEqual(await get(urls.ann.replace('X-Amz-Expires=60', 'X-Amz-Expires=600')), [403, 'SignatureDoesNotMatch']);
  assert.deepEqual(await get(`${urls.ann}&Extra=1`), [403, 'SignatureDoesNotMatch']);
  assert.deepEqual(await get(urls.session.replace(/&X-Amz-Security-Token=[^&]*/, '')), [403, 'InvalidClientTokenId']);
});

test('a presigned URL of boto3 is refused after its time', options, async () => {
  const [{ value }] = await ask(ann, [...WHO, {}, { how: 'presign', expires: 1 }]);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const response = await fetch(value);
  assert.equal(response.status, 403);
  assert.match(await response.text(), /<Code>SignatureDoesNotMatch<\/Code><Message>Signature expired: /);
});

test('boto3 pages through users, waits for them, and manages their keys and policies', options, async () => {
  const names = ['w1', 'w2', 'w3', 'w4', 'w5'];
  const may = policy(allow('dynamodb:ListTables'));
  const made = await ask(ROOT, ...names.map((UserName) => ['iam', 'create_user', { UserName, Path: '/w/', Tags: [{ Key: 'é', Value: '<&>' }] }]));
  for (const [i, { value }] of made.entries()) assert.equal(value?.User.Arn, arn(`user/w/${names[i]}`), JSON.stringify(made[i]));
  const [pages, waited, tags, put, got, key] = await ask(ROOT, ['iam', 'list_users', { PathPrefix: '/w/', PaginationConfig: { PageSize: 2 } }, { how: 'pages' }],
    ['iam', 'user_exists', { UserName: 'w1' }, { how: 'wait' }], ['iam', 'list_user_tags', { UserName: 'w1' }],
    ['iam', 'put_user_policy', { UserName: 'w1', PolicyName: 'may', PolicyDocument: may }],
    ['iam', 'get_user_policy', { UserName: 'w1', PolicyName: 'may' }], ['iam', 'create_access_key', { UserName: 'w1' }]);
  assert.deepEqual(pages.value.map(({ Users }) => Users.map(({ UserName }) => UserName)), [['w1', 'w2'], ['w3', 'w4'], ['w5']]);
  assert.deepEqual(waited, { value: null });
  assert.deepEqual(tags.value.Tags, [{ Key: 'é', Value: '<&>' }]);
  assert.deepEqual(put, { value: {} });
  assert.deepEqual(got.value.PolicyDocument, JSON.parse(may));
  const [list] = await ask({ accessKeyId: key.value.AccessKey.AccessKeyId, secretAccessKey: key.value.AccessKey.SecretAccessKey }, LIST);
  assert.ok(list.value);
  const [never] = await ask(ROOT, ['iam', 'user_exists', { UserName: 'never' }, { how: 'wait' }]);
  assert.match(never.error, /^WaiterError: .*Max attempts exceeded/);
});

test('boto3 on a machine whose clock is wrong is told so, and does not try again', { ...options, skip: skip || noClock() }, async () => {
  for (const [clock, words] of [[1200, /^Signature not yet current: /], [-1200, /^Signature expired: /]]) {
    const answers = await boto3(server, home, ann, [LIST, WHO], { clock });
    allRefused(answers.slice(0, 1), 'InvalidSignatureException', words, 400);
    allRefused(answers.slice(1), 'SignatureDoesNotMatch', words, 403);
  }
  assert.equal((await boto3(server, home, ann, [WHO], { clock: 600 }))[0].value.Arn, arn('user/ann'));
});

test('boto3 sees sessions whose time is over as expired', { ...options, skip: skip || noClock() }, async () => {
  const ending = await serverWithEndingSession(async (late) => {
    const iam = late.iam();
    const who = await newUser(iam, 'ann', policy(allow('sts:AssumeRole')));
    const { Role } = await iam.createRole({ RoleName: 'reader', AssumeRolePolicyDocument: trust(arn('user/ann')) });
    return { who, RoleArn: Role.Arn };
  });
  try {
    await ending.ended();
    for (const session of [ending.session, ending.own]) {
      const answers = await boto3(ending.server, home, session, [LIST, WHO, ['iam', 'list_users']]);
      allRefused(answers.slice(0, 1), 'ExpiredTokenException', 'The security token included in the request is expired', 400);
      allRefused(answers.slice(1), 'ExpiredToken', 'The security token included in the request is expired', 403);
    }
  } finally {
    await ending.server.stop();
  }
});
