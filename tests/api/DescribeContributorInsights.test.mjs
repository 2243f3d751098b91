// DescribeContributorInsights: status, mode and the names of the rules.

import assert from 'node:assert/strict';
import { test } from './lib/case.mjs';
import { badName, expectError, harness, notNull, refusals, tooShort, uniqueName, violations, waitActive } from './lib/index.mjs';

const { db, table } = await harness();
const enable = (TableName, rest = {}) => db.UpdateContributorInsights({ TableName, ContributorInsightsAction: 'ENABLE', ...rest });
const describe = (TableName, rest = {}) => db.DescribeContributorInsights({ TableName, ...rest });
const name = await table({ key: 'p s', gsi: { byG: { key: 'g' } }, lsi: { byT: { key: 'p t' } } });

async function settled(TableName, rest, wanted) {
  for (;;) {
    const answer = await describe(TableName, rest);
    if (answer.ContributorInsightsStatus === wanted) return answer;
    assert.match(answer.ContributorInsightsStatus, /ING$/);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const kinds = (rules) => rules.map((rule) => /^DynamoDBContributorInsights-(PKC|SKC|PKT|SKT)-.+-\d{13}$/.exec(rule)?.[1]);

test('insights that were never enabled are DISABLED', async () => {
  assert.deepEqual(await describe(name), { TableName: name, ContributorInsightsStatus: 'DISABLED' });
  assert.deepEqual(await describe(name, { IndexName: 'byG' }), { TableName: name, IndexName: 'byG', ContributorInsightsStatus: 'DISABLED' });
});

test('a table with a sort key has rules for partition keys and for items, consumed and throttled', async () => {
  const TableName = await table({ key: 'p s' });
  const before = Date.now() / 1000 - 1;
  await enable(TableName);
  const answer = await settled(TableName, {}, 'ENABLED');
  assert.equal(answer.ContributorInsightsMode, 'ACCESSED_AND_THROTTLED_KEYS');
  assert.deepEqual(kinds(answer.ContributorInsightsRuleList).sort(), ['PKC', 'PKT', 'SKC', 'SKT']);
  for (const rule of answer.ContributorInsightsRuleList) assert.ok(rule.includes(TableName), rule);
  assert.ok(answer.LastUpdateDateTime >= before && answer.LastUpdateDateTime <= Date.now() / 1000 + 1);
  assert.equal(answer.FailureException, undefined);
});

test('an index without a sort key has rules for partition keys alone', async () => {
  await enable(name, { IndexName: 'byG' });
  const answer = await settled(name, { IndexName: 'byG' }, 'ENABLED');
  assert.equal(answer.IndexName, 'byG');
  assert.deepEqual(kinds(answer.ContributorInsightsRuleList).sort(), ['PKC', 'PKT']);
});

test('the mode of throttled keys has their rules alone', async () => {
  const TableName = await table({ key: 'p s' });
  await enable(TableName, { ContributorInsightsMode: 'THROTTLED_KEYS' });
  const answer = await settled(TableName, {}, 'ENABLED');
  assert.equal(answer.ContributorInsightsMode, 'THROTTLED_KEYS');
  assert.deepEqual(kinds(answer.ContributorInsightsRuleList).sort(), ['PKT', 'SKT']);
});

test('a mode can be changed', async () => {
  const TableName = await table({});
  await enable(TableName, { ContributorInsightsMode: 'THROTTLED_KEYS' });
  await enable(TableName);
  assert.equal((await settled(TableName, {}, 'ENABLED')).ContributorInsightsMode, 'ACCESSED_AND_THROTTLED_KEYS');
});

test('insights that were disabled have no rules and no mode, but a time', async () => {
  const TableName = await table({});
  await enable(TableName);
  await db.UpdateContributorInsights({ TableName, ContributorInsightsAction: 'DISABLE' });
  const { LastUpdateDateTime, ...rest } = await settled(TableName, {}, 'DISABLED');
  assert.deepEqual(rest, { TableName, ContributorInsightsStatus: 'DISABLED' });
  assert.ok(LastUpdateDateTime > 1e9);
});

test('the names of rules fit the pattern of the service, however long the table is named', async () => {
  const TableName = `${uniqueName()}-${'x'.repeat(200)}`;
  await table({ name: TableName });
  await enable(TableName);
  const { ContributorInsightsRuleList: rules } = await settled(TableName, {}, 'ENABLED');
  for (const rule of rules) assert.match(rule, /^[A-Za-z0-9][A-Za-z0-9\-_.]{0,126}[A-Za-z0-9]$/);
});

test('changes of status take the time that those of tables take', async () => {
  const slow = await harness(['--in-memory', '--status-delay-ms', '600']);
  const TableName = await slow.table({});
  const status = async () => (await slow.db.DescribeContributorInsights({ TableName })).ContributorInsightsStatus;
  for (const [ContributorInsightsAction, during, after] of [['ENABLE', 'ENABLING', 'ENABLED'], ['DISABLE', 'DISABLING', 'DISABLED']]) {
    await slow.db.UpdateContributorInsights({ TableName, ContributorInsightsAction });
    const begun = Date.now();
    const seen = new Set();
    while (!seen.has(after) && Date.now() - begun < 20000) seen.add(await status());
    assert.ok(Date.now() - begun > 300);
    assert.deepEqual([...seen], [during, after]);
  }
});

test('settings outlive a change of other settings of the table', async () => {
  const TableName = await table({ gsi: { byG: { key: 'g' } } });
  await enable(TableName);
  await enable(TableName, { IndexName: 'byG', ContributorInsightsMode: 'THROTTLED_KEYS' });
  await db.UpdateTable({ TableName, DeletionProtectionEnabled: true });
  await waitActive(db, TableName);
  await db.UpdateTable({ TableName, DeletionProtectionEnabled: false });
  await waitActive(db, TableName);
  assert.equal((await settled(TableName, {}, 'ENABLED')).ContributorInsightsMode, 'ACCESSED_AND_THROTTLED_KEYS');
  assert.equal((await settled(TableName, { IndexName: 'byG' }, 'ENABLED')).ContributorInsightsMode, 'THROTTLED_KEYS');
});

test('settings of an index go with it, those of its table stay', async () => {
  const TableName = await table({ gsi: { byG: { key: 'g' } } });
  await enable(TableName);
  await enable(TableName, { IndexName: 'byG' });
  await db.UpdateTable({ TableName, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'byG' } }] });
  const now = await describe(TableName, { IndexName: 'byG' }).catch((error) => error);
  assert.ok(now.ContributorInsightsStatus === 'DISABLED' || now.name === 'ResourceNotFoundException', JSON.stringify(now));
  assert.equal((await settled(TableName, {}, 'ENABLED')).ContributorInsightsStatus, 'ENABLED');
});

test('what is not there is not found', async () => {
  await expectError(describe(uniqueName()), { type: 'ResourceNotFoundException', message: /^Requested resource not found: Table: .* not found$/ });
  for (const IndexName of ['none', 'byT']) {
    await expectError(describe(name, { IndexName }), { type: 'ResourceNotFoundException', message: /^Requested resource not found/ });
  }
});

refusals(db, 'DescribeContributorInsights', { TableName: name }, [
  ['no table', { TableName: undefined }, violations(notNull('tableName'))],
  ['a short index name', { IndexName: 'ab' }, violations(tooShort('indexName', 'ab', 3))],
  ['an index name of other characters', { IndexName: 'a b c' }, violations(badName('indexName', 'a b c'))],
]);
