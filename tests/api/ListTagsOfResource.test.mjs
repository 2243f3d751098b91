// ListTagsOfResource: all tags of a table.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { expectError, expectInvalid, harness, refusals, uniqueName } from './lib/index.mjs';

const { db, table, client } = await harness();
const arnOf = async (shape) => (await db.DescribeTable({ TableName: await table(shape) })).Table.TableArn;
const ResourceArn = await arnOf({});

test('a table without tags has an empty list', async () => {
  assert.deepEqual(await db.ListTagsOfResource({ ResourceArn }), { Tags: [] });
});

test('tags of creation are listed', async () => {
  const Tags = [{ Key: 'stage', Value: 'test' }, { Key: 'team', Value: '' }];
  assert.deepEqual(await db.ListTagsOfResource({ ResourceArn: await arnOf({ Tags }) }), { Tags });
});

test('as many tags as a table may have are one page', async () => {
  const Tags = Array.from({ length: 50 }, (_, at) => ({ Key: `k${at}`, Value: 'v'.repeat(256) }));
  assert.deepEqual(await db.ListTagsOfResource({ ResourceArn: await arnOf({ Tags }) }), { Tags });
});

test('the SDK takes the answer', async () => {
  const { ListTagsOfResourceCommand } = await import('@aws-sdk/client-dynamodb');
  const answer = await (await client()).send(new ListTagsOfResourceCommand({ ResourceArn }));
  assert.deepEqual(answer.Tags, []);
});

test('an unknown table is named by its ARN', async () => {
  const unknown = ResourceArn.replace(/[^/]+$/, uniqueName());
  await expectError(db.ListTagsOfResource({ ResourceArn: unknown }),
    { type: 'ResourceNotFoundException', message: `Requested resource not found: ResourcArn: ${unknown} not found` });
});

for (const arn of ['abc', `${ResourceArn}/index/byG`]) {
  test(`${arn} is refused`, () =>
    expectInvalid(db.ListTagsOfResource({ ResourceArn: arn }), `Invalid TableArn: Invalid ResourceArn provided as input ${arn}`));
}

refusals(db, 'ListTagsOfResource', { ResourceArn }, [
  ['a request without an ARN', { ResourceArn: undefined }, 'Invalid TableArn'],
  ['a token that is none', { NextToken: 'x' }, 'Invalid NextToken: x'],
]);
