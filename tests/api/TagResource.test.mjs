// TagResource: which tags a table may have, and which resources may have any.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { INVALID, checkCrc, expectError, expectInvalid, harness, notNull, refusals, tableRequest, tooLong, tooShort, uniqueName, violations }
  from './lib/index.mjs';

const { db, raw, table, made, client } = await harness();
const arnOf = async (TableName) => (await db.DescribeTable({ TableName })).Table.TableArn;
const tag = (Key, Value = 'v') => ({ Key, Value });
const many = (count, from = 0) => Array.from({ length: count }, (_, at) => tag(`k${String(from + at).padStart(3, '0')}`, `v${at}`));

async function listed(ResourceArn) {
  const all = [];
  let NextToken;
  do {
    const page = await db.ListTagsOfResource({ ResourceArn, NextToken });
    all.push(...page.Tags);
    ({ NextToken } = page);
  } while (NextToken);
  return all.sort((a, b) => (a.Key < b.Key ? -1 : 1));
}

const ResourceArn = await arnOf(await table({}));

test('the answer has no body, and its headers say so', async () => {
  const answer = await raw.send('TagResource', { ResourceArn, Tags: [tag('a')] });
  assert.equal(answer.status, 200);
  assert.equal(answer.body.length, 0);
  assert.equal(answer.headers['content-length'], '0');
  assert.equal(answer.headers['x-amz-crc32'], '0');
  checkCrc(answer);
  assert.match(answer.headers['x-amzn-requestid'], /^[A-Z0-9]{52}$/);
});

test('the connection goes on behind an answer without a body', async () => {
  for (let times = 0; times < 3; times++) await raw.send('TagResource', { ResourceArn, Tags: [tag('again')] });
  assert.ok((await listed(ResourceArn)).some((each) => each.Key === 'again'));
});

test('the SDK takes the answer', async () => {
  const { TagResourceCommand, UntagResourceCommand } = await import('@aws-sdk/client-dynamodb');
  const sdk = await client();
  await sdk.send(new TagResourceCommand({ ResourceArn, Tags: [tag('sdk')] }));
  await sdk.send(new UntagResourceCommand({ ResourceArn, TagKeys: ['sdk'] }));
});

test('tags are added to those that are there, and replace those of the same key', async () => {
  const arn = await arnOf(await table({ Tags: [tag('a', '1'), tag('b', '2')] }));
  await db.TagResource({ ResourceArn: arn, Tags: [tag('b', 'new'), tag('c', '3')] });
  assert.deepEqual(await listed(arn), [tag('a', '1'), tag('b', 'new'), tag('c', '3')]);
});

test('keys differ by case, and values may be empty', async () => {
  const arn = await arnOf(await table({}));
  await db.TagResource({ ResourceArn: arn, Tags: [tag('Key', ''), tag('key', 'x')] });
  assert.deepEqual(await listed(arn), [tag('Key', ''), tag('key', 'x')]);
});

test('lengths count characters, not bytes', async () => {
  const arn = await arnOf(await table({}));
  const longest = tag('ü'.repeat(128), '中'.repeat(256));
  await db.TagResource({ ResourceArn: arn, Tags: [longest] });
  assert.deepEqual(await listed(arn), [longest]);
  await expectInvalid(db.TagResource({ ResourceArn: arn, Tags: [tag('ü'.repeat(129))] }),
    violations(tooLong('tags.1.member.key', 'ü'.repeat(129), 128)));
  await expectInvalid(db.TagResource({ ResourceArn: arn, Tags: [tag('k', '中'.repeat(257))] }),
    violations(tooLong('tags.1.member.value', '中'.repeat(257), 256)));
});

test('letters of any script, digits, spaces and + - = . _ : / @ are allowed', async () => {
  const arn = await arnOf(await table({}));
  const all = [tag('Größe 1', 'a+b-c=d.e_f:g/h@i'), tag('ключ', 'значение'), tag('鍵', '値')];
  await db.TagResource({ ResourceArn: arn, Tags: all });
  assert.equal((await listed(arn)).length, 3);
});

for (const character of '!%"#$&\'()*,;<>?[\\]^`{|}~') {
  test(`${character} is refused in keys and in values`, async () => {
    await expectInvalid(db.TagResource({ ResourceArn, Tags: [tag(`a${character}`)] }), `${INVALID}Tag a${character} has characters that are not allowed`);
    await expectInvalid(db.TagResource({ ResourceArn, Tags: [tag('a', character)] }), `${INVALID}Tag a has characters that are not allowed`);
  });
}

test('fifty tags are allowed, one more is not, and then nothing is changed', async () => {
  const arn = await arnOf(await table({}));
  await expectInvalid(db.TagResource({ ResourceArn: arn, Tags: many(51) }), `${INVALID}Too many tags: tag limit is 50`);
  assert.deepEqual(await listed(arn), []);
  await db.TagResource({ ResourceArn: arn, Tags: many(49) });
  await expectInvalid(db.TagResource({ ResourceArn: arn, Tags: many(2, 100) }), `${INVALID}Too many tags: tag limit is 50`);
  assert.deepEqual(await listed(arn), many(49));
  await db.TagResource({ ResourceArn: arn, Tags: [tag('k000', 'replaced'), tag('last')] });
  assert.equal((await listed(arn)).length, 50);
});

test('CreateTable checks its tags in the same way, and then makes nothing', async () => {
  for (const [Tags, message] of [
    [many(51), `${INVALID}Too many tags: tag limit is 50`],
    [[tag('a!')], `${INVALID}Tag a! has characters that are not allowed`],
    [[tag('aws:x')], `${INVALID}Tag keys starting with aws: are reserved: aws:x`],
    [[tag('a', '1'), tag('a', '2')], `${INVALID}Duplicate tag key: a`],
    [[tag('')], violations(tooShort('tags.1.member.key', '', 1))],
  ]) {
    const request = tableRequest({ Tags });
    await expectInvalid(db.CreateTable(request), message);
    await expectError(db.DescribeTable({ TableName: request.TableName }), { type: 'ResourceNotFoundException' });
  }
  const request = tableRequest({ Tags: many(50) });
  made.push(request.TableName);
  const { TableDescription } = await db.CreateTable(request);
  assert.deepEqual(await listed(TableDescription.TableArn), many(50));
});

test('many callers at a time lose no tag', async () => {
  const arn = await arnOf(await table({}));
  await Promise.all(many(30).map((each) => db.TagResource({ ResourceArn: arn, Tags: [each] })));
  assert.deepEqual((await listed(arn)).map((each) => each.Key), many(30).map((each) => each.Key));
});

test('an unknown table is named by its ARN', async () => {
  const unknown = ResourceArn.replace(/[^/]+$/, uniqueName());
  await expectError(db.TagResource({ ResourceArn: unknown, Tags: [tag('a')] }),
    { type: 'ResourceNotFoundException', message: `Requested resource not found: ResourcArn: ${unknown} not found` });
});

test('tables of other accounts and regions are not found', async () => {
  for (const [from, to] of [[/:\d{12}:/, ':999999999999:'], [/dynamodb:[^:]+/, 'dynamodb:mars-north-1']])
    await expectError(db.TagResource({ ResourceArn: ResourceArn.replace(from, to), Tags: [tag('a')] }), { type: 'ResourceNotFoundException' });
});

for (const [what, arn] of [['text', 'abc'], ['a name', 'some-table'], ['an index', `${ResourceArn}/index/byG`], ['a stream', `${ResourceArn}/stream/2026-01-01T00:00:00.000`],
  ['another service', 'arn:aws:s3:us-east-1:000000000000:table/abc'], ['no account', 'arn:aws:dynamodb:us-east-1::table/abc'],
  ['no table', 'arn:aws:dynamodb:us-east-1:000000000000:backup/abc'], ['too short a name', 'arn:aws:dynamodb:us-east-1:000000000000:table/ab']]) {
  test(`an ARN of ${what} is refused`, () =>
    expectInvalid(db.TagResource({ ResourceArn: arn, Tags: [tag('a')] }), `Invalid TableArn: Invalid ResourceArn provided as input ${arn}`));
}

refusals(db, 'TagResource', { ResourceArn, Tags: [tag('a')] }, [
  ['a request without an ARN', { ResourceArn: undefined }, 'Invalid TableArn'],
  ['a request without tags', { Tags: undefined }, violations(notNull('tags'))],
  ['an empty list', { Tags: [] }, 'Atleast one Tag needs to be provided as Input.'],
  ['a tag without a key', { Tags: [{ Value: 'v' }] }, violations(notNull('tags.1.member.key'))],
  ['a tag without a value', { Tags: [{ Key: 'k' }] }, violations(notNull('tags.1.member.value'))],
  ['a reserved key', { Tags: [tag('aws:x')] }, `${INVALID}Tag keys starting with aws: are reserved: aws:x`],
  ['a reserved key in capitals', { Tags: [tag('AWS:x')] }, `${INVALID}Tag keys starting with aws: are reserved: AWS:x`],
  ['a key twice', { Tags: [tag('a', '1'), tag('a', '2')] }, `${INVALID}Duplicate tag key: a`],
]);
