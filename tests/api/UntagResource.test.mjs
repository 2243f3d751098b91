// UntagResource: taking tags from a table.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { checkCrc, expectError, expectInvalid, harness, notNull, refusals, uniqueName, violations } from './lib/index.mjs';

const { db, raw, table } = await harness();
const tags = (...keys) => keys.map((Key) => ({ Key, Value: `value of ${Key}` }));
const tagged = async (...keys) => (await db.DescribeTable({ TableName: await table({ Tags: tags(...keys) }) })).Table.TableArn;
const listed = async (ResourceArn) => (await db.ListTagsOfResource({ ResourceArn })).Tags.sort((a, b) => (a.Key < b.Key ? -1 : 1));

test('the answer has no body', async () => {
  const answer = await raw.send('UntagResource', { ResourceArn: await tagged('a', 'b'), TagKeys: ['a'] });
  assert.equal(answer.status, 200);
  assert.equal(answer.body.length, 0);
  assert.equal(answer.headers['content-length'], '0');
  checkCrc(answer);
});

test('named tags go, others stay', async () => {
  const ResourceArn = await tagged('a', 'b', 'c', 'd');
  await db.UntagResource({ ResourceArn, TagKeys: ['b', 'd'] });
  assert.deepEqual(await listed(ResourceArn), tags('a', 'c'));
});

test('keys that are not there, or named twice, do no harm', async () => {
  const ResourceArn = await tagged('a', 'b');
  await db.UntagResource({ ResourceArn, TagKeys: ['x', 'A'] });
  assert.deepEqual(await listed(ResourceArn), tags('a', 'b'));
  await db.UntagResource({ ResourceArn, TagKeys: ['a', 'a', 'x'] });
  assert.deepEqual(await listed(ResourceArn), tags('b'));
});

test('the last tag can go', async () => {
  const ResourceArn = await tagged('a');
  await db.UntagResource({ ResourceArn, TagKeys: ['a'] });
  assert.deepEqual(await listed(ResourceArn), []);
});

const ResourceArn = await tagged('a');
test('an unknown table is not found', () =>
  expectError(db.UntagResource({ ResourceArn: ResourceArn.replace(/[^/]+$/, uniqueName()), TagKeys: ['a'] }),
    { type: 'ResourceNotFoundException', message: 'Requested resource not found' }));

test('an index has no tags', () =>
  expectInvalid(db.UntagResource({ ResourceArn: `${ResourceArn}/index/byG`, TagKeys: ['a'] }),
    `Invalid TableArn: Invalid ResourceArn provided as input ${ResourceArn}/index/byG`));

refusals(db, 'UntagResource', { ResourceArn, TagKeys: ['a'] }, [
  ['a request without an ARN', { ResourceArn: undefined }, 'Invalid TableArn'],
  ['a request without keys', { TagKeys: undefined }, violations(notNull('tagKeys'))],
  ['an empty list', { TagKeys: [] }, 'Atleast one Tag Key needs to be provided as Input.'],
  ['an empty key', { TagKeys: [''] }, (text) => assert.match(text, /at 'tagKeys(\.1\.member)?' failed to satisfy constraint: Member must have length/)],
]);
