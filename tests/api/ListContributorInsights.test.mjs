// ListContributorInsights: tables and indexes whose insights are on, page by page.

import assert from 'node:assert/strict';
import { test } from './lib/case.mjs';
import { expectError, expectInvalid, harness, refusals, tooLarge, uniqueName, violations } from './lib/index.mjs';

const { db, table } = await harness();
const enable = (TableName, rest = {}) => db.UpdateContributorInsights({ TableName, ContributorInsightsAction: 'ENABLE', ...rest });
const list = (rest = {}) => db.ListContributorInsights(rest);

const stem = uniqueName('insights');
const both = await table({ name: `${stem}-a`, gsi: { byG: { key: 'g' }, byH: { key: 'h' } } });
const index = await table({ name: `${stem}-b`, gsi: { byG: { key: 'g' } } });
const none = await table({ name: `${stem}-c` });
await enable(both);
await enable(both, { IndexName: 'byH', ContributorInsightsMode: 'THROTTLED_KEYS' });
await enable(index, { IndexName: 'byG' });

const short = ({ TableName, IndexName }) => (IndexName ? `${TableName}/${IndexName}` : TableName);
const ours = (summaries) => summaries.filter((each) => each.TableName.startsWith(stem)).map(short);
const expected = [both, `${both}/byH`, `${index}/byG`];

test('all that have insights are listed, with status and mode', async () => {
  const { ContributorInsightsSummaries, NextToken } = await list();
  assert.equal(NextToken, undefined);
  assert.deepEqual(ours(ContributorInsightsSummaries), expected);
  assert.deepEqual(ContributorInsightsSummaries.find((each) => short(each) === `${both}/byH`),
    { TableName: both, IndexName: 'byH', ContributorInsightsStatus: 'ENABLED', ContributorInsightsMode: 'THROTTLED_KEYS' });
});

test('one table lists itself and its indexes', async () => {
  assert.deepEqual(ours((await list({ TableName: both })).ContributorInsightsSummaries), [both, `${both}/byH`]);
  assert.deepEqual((await list({ TableName: none })).ContributorInsightsSummaries, []);
});

test('a table can be named by its ARN', async () => {
  const { Table } = await db.DescribeTable({ TableName: index });
  assert.deepEqual(ours((await list({ TableName: Table.TableArn })).ContributorInsightsSummaries), [`${index}/byG`]);
});

test('pages of any size hold each once, in the same order', async () => {
  for (const MaxResults of [1, 2, 3, 100]) {
    const seen = [];
    let NextToken;
    do {
      const page = await list({ MaxResults, ...(NextToken && { NextToken }) });
      assert.ok(page.ContributorInsightsSummaries.length <= MaxResults);
      seen.push(...page.ContributorInsightsSummaries);
      ({ NextToken } = page);
    } while (NextToken);
    assert.deepEqual(ours(seen), expected);
  }
});

test('the last page has no token', async () => {
  const page = await list({ TableName: both, MaxResults: 2 });
  assert.equal(page.ContributorInsightsSummaries.length, 2);
  assert.equal(page.NextToken, undefined);
});

test('a listing goes on behind a table that was deleted meanwhile', async () => {
  const gone = await table({ name: `${stem}-b0` });
  await enable(gone);
  await enable(none);
  let page = await list({ MaxResults: 1 });
  while (short(page.ContributorInsightsSummaries[0]) !== gone) page = await list({ MaxResults: 1, NextToken: page.NextToken });
  await db.DeleteTable({ TableName: gone });
  assert.deepEqual(ours((await list({ NextToken: page.NextToken })).ContributorInsightsSummaries), [none]);
  await db.UpdateContributorInsights({ TableName: none, ContributorInsightsAction: 'DISABLE' });
});

test('what was disabled is not listed', async () => {
  const TableName = await table({});
  await enable(TableName);
  await db.UpdateContributorInsights({ TableName, ContributorInsightsAction: 'DISABLE' });
  assert.deepEqual((await list({ TableName })).ContributorInsightsSummaries, []);
});

test('a table that is not there is not found', async () => {
  await expectError(list({ TableName: uniqueName() }), { type: 'ResourceNotFoundException', message: /^Requested resource not found/ });
});

test('tokens of other making are refused', async () => {
  for (const NextToken of ['x', '!', Buffer.from('no number/table').toString('base64'), Buffer.from('7').toString('base64')]) {
    await expectInvalid(list({ NextToken }), 'Invalid NextToken');
  }
});

refusals(db, 'ListContributorInsights', {}, [
  ['more than a hundred at once', { MaxResults: 101 }, violations(tooLarge('maxResults', 101, 100))],
  ['none at once', { MaxResults: 0 }, /Member must have value greater than or equal to 1$/],
]);
