// What identity calls look like on the wire: forms, presigned queries, and the XML of their errors.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { ROOT, identityServer } from './lib/identity.mjs';
import { givenEndpoint } from './lib/server.mjs';

const skip = givenEndpoint() ? 'the server is not ours to start' : false;
const server = skip ? undefined : await identityServer();
after(() => server?.stop());

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

// The signature of one request; its parts as a header or in the query have other names.
function signature(method, query, headers, body, time, service) {
  const names = Object.keys(headers).sort();
  const canonical = [method, '/', query, ...names.map((name) => `${name}:${headers[name]}`), '', names.join(';'), sha256(body)].join('\n');
  const scope = `${time.slice(0, 8)}/us-east-1/${service}/aws4_request`;
  const key = scope.split('/').reduce(hmac, `AWS4${ROOT.secretAccessKey}`);
  return hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex');
}

const now = (seconds = 0) => new Date(Date.now() + seconds * 1000).toISOString().replace(/[-:]|\.\d+/g, '');

async function post(body, { service = 'iam', signed = true, seconds = 0, secret } = {}) {
  const { host } = new URL(server.endpoint);
  const time = now(seconds);
  const made = signature('POST', '', { host, 'x-amz-date': time }, secret ?? body, time, service);
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', 'x-amz-date': time };
  if (signed)
    headers.authorization = `AWS4-HMAC-SHA256 Credential=${ROOT.accessKeyId}/${time.slice(0, 8)}/us-east-1/${service}/aws4_request, ` +
      `SignedHeaders=host;x-amz-date, Signature=${made}`;
  return read(await fetch(`${server.endpoint}/`, { method: 'POST', headers, body }));
}

async function read(response) {
  const text = await response.text();
  const of = (name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
  assert.equal(response.headers.get('content-type'), 'text/xml');
  assert.equal(response.headers.get('x-amzn-requestid'), of('RequestId'));
  assert.match(of('RequestId'), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  return { status: response.status, text, code: of('Code'), message: of('Message'), type: of('Type') };
}

const LIST = 'Action=ListUsers&Version=2010-05-08';
const WHO = 'Action=GetCallerIdentity&Version=2011-06-15';

test('an answer names its operation and the version of its service', { skip }, async () => {
  const { status, text } = await post(LIST);
  assert.equal(status, 200);
  assert.match(text, /^<ListUsersResponse xmlns="https:\/\/iam\.amazonaws\.com\/doc\/2010-05-08\/"><ListUsersResult><Users><\/Users>/);
  assert.match(text, /<ResponseMetadata><RequestId>[^<]+<\/RequestId><\/ResponseMetadata><\/ListUsersResponse>\n$/);
  assert.match((await post(WHO, { service: 'sts' })).text, /^<GetCallerIdentityResponse xmlns="https:\/\/sts\.amazonaws\.com\/doc\/2011-06-15\/">/);
});

test('the signature must be for the service that is asked', { skip }, async () => {
  for (const [body, service, right] of [[LIST, 'sts', 'iam'], [LIST, 'dynamodb', 'iam'], [WHO, 'iam', 'sts'], [WHO, 'dynamodb', 'sts']]) {
    const { status, code, message } = await post(body, { service });
    assert.deepEqual([status, code, message], [403, 'SignatureDoesNotMatch', `Credential should be scoped to correct service: '${right}'.`]);
  }
});

test('what is not signed, or not truly, is refused in XML', { skip }, async () => {
  const bare = await post(LIST, { signed: false });
  assert.deepEqual([bare.status, bare.code, bare.type], [403, 'MissingAuthenticationToken', 'Sender']);
  const other = await post(LIST, { secret: `${LIST}&UserName=x` });
  assert.deepEqual([other.status, other.code], [403, 'SignatureDoesNotMatch']);
  const late = await post(LIST, { seconds: -1000 });
  assert.deepEqual([late.status, late.code], [403, 'SignatureDoesNotMatch']);
  assert.match(late.message, /^Signature expired: /);
});

test('what is no call is refused before it is asked who sent it', { skip }, async () => {
  const cases = [
    ['Action=Frob%3Cb%3E&Version=2010-05-08', 'InvalidAction', 'Could not find operation Frob&lt;b&gt; for version 2010-05-08'],
    ['Action=ListUsers&Version=2011-06-15', 'InvalidAction', 'Could not find operation ListUsers for version 2011-06-15'],
    ['Action=ListUsers', 'InvalidAction', 'Could not find operation ListUsers for version '],
    ['Version=2010-05-08', 'MissingAction', 'The request is missing an action or a required parameter.'],
    ['Action=ListUsers&Version=%zz', 'MalformedQueryString', 'The query string contains a syntax error.'],
    ['Action=ListUsers&Version=2010-05-08&Marker=%00', 'MalformedQueryString', 'The query string contains a syntax error.'],
    [`${LIST}&${Array.from({ length: 1000 }, (_, n) => `n${n}=`).join('&')}`, 'MalformedQueryString',
      'The request has more parameters, or longer ones, than are taken.'],
    [`${LIST}&Marker=${'x'.repeat(600000)}`, 'MalformedQueryString', 'The request has more parameters, or longer ones, than are taken.'],
  ];
  for (const [body, code, message] of cases) {
    const answer = await post(body, { signed: false });
    assert.deepEqual([answer.status, answer.code, answer.message], [400, code, message]);
  }
});

test('a member that is not done is refused by name', { skip }, async () => {
  const { status, code, message } = await post(`${LIST}&Frob.member.1=x`);
  assert.deepEqual([status, code, message], [400, 'ValidationError', "1 validation error detected: Member 'Frob' is not supported"]);
});

test('a field that no element of a list is made of is refused, and nothing is done without it', { skip }, async () => {
  const unread = (...fields) => `${fields.length} validation error${fields.length > 1 ? 's' : ''} detected: ` +
    fields.map((field) => `Member '${field}' is not supported`).join('; ');
  const role = 'Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A000000000000%3Arole%2Fx&RoleSessionName=session';
  const user = 'Action=CreateUser&Version=2010-05-08&UserName=listed';
  const tag = (n) => `Tags.member.${n}.Key=k${n}&Tags.member.${n}.Value=v`;
  const cases = [
    ['sts', `${role}&PolicyArns.member.2.arn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FReadOnlyAccess`, ['PolicyArns.member.2.arn']],
    ['sts', `${role}&PolicyArns.member.1.Arn=x`, ['PolicyArns.member.1.Arn']],
    ['sts', `${role}&PolicyArns.1.arn=x`, ['PolicyArns.1.arn']],
    ['sts', `${role}&Policy.1=%7B%7D`, ['Policy.1']],
    ['sts', `${role}&${tag(2)}`, ['Tags.member.2.Key', 'Tags.member.2.Value']],
    ['iam', `${user}&${tag(1)}&${tag(3)}`, ['Tags.member.3.Key', 'Tags.member.3.Value']],
    ['iam', `${user}&${tag('01')}`, ['Tags.member.01.Key', 'Tags.member.01.Value']],
    ['iam', `${user}&Tags=x`, ['Tags']],
  ];
  for (const [service, body, fields] of cases) {
    const { status, code, message } = await post(body, { service });
    assert.deepEqual([status, code, message], [400, 'ValidationError', unread(...fields)], body);
  }
  assert.equal((await post('Action=GetUser&Version=2010-05-08&UserName=listed')).code, 'NoSuchEntity');
  assert.equal((await post(`${user}&Tags=`)).status, 200);
});

test('a presigned query says who made it, until it expires', { skip }, async () => {
  const { host } = new URL(server.endpoint);
  const presigned = (seconds) => {
    const time = now(seconds);
    const parts = { Action: 'GetCallerIdentity', Version: '2011-06-15', 'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': `${ROOT.accessKeyId}/${time.slice(0, 8)}/us-east-1/sts/aws4_request`, 'X-Amz-Date': time, 'X-Amz-Expires': '60',
      'X-Amz-SignedHeaders': 'host' };
    const query = Object.entries(parts).map(([name, value]) => `${encode(name)}=${encode(value)}`).sort().join('&');
    return `${server.endpoint}/?${query}&X-Amz-Signature=${signature('GET', query, { host }, '', time, 'sts')}`;
  };
  const url = presigned(0);
  assert.match((await read(await fetch(url))).text, /<Arn>arn:aws:iam::000000000000:root<\/Arn>/);
  assert.equal((await read(await fetch(url.replace('GetCallerIdentity', 'AssumeRole')))).code, 'SignatureDoesNotMatch');
  assert.equal((await read(await fetch(presigned(-100)))).code, 'SignatureDoesNotMatch');
});
