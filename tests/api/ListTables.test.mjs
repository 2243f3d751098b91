// ListTables: order, pages, limits.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { badName, expectUnreadable, harness, refusals, tooLarge, tooShort, tooSmall, uniqueName, violations } from './lib/index.mjs';

const { db, table } = await harness();
const stem = uniqueName('list');
const names = [];
for (const letter of ['b', 'a', 'd', 'c', 'B']) names.push(await table({ name: `${stem}-${letter}` }));
const sorted = [...names].sort();

async function all(limit) {
  const found = [];
  let start;
  do {
    const page = await db.ListTables({ Limit: limit, ExclusiveStartTableName: start });
    assert.ok(page.TableNames.length <= (limit ?? 100));
    found.push(...page.TableNames);
    start = page.LastEvaluatedTableName;
  } while (start);
  return found.filter((name) => name.startsWith(stem));
}

test('tables are listed in the order of their names\' bytes', async () => assert.deepEqual(await all(), sorted));

test('pages of one and of two hold every table once', async () => {
  assert.deepEqual(await all(1), sorted);
  assert.deepEqual(await all(2), sorted);
});

test('LastEvaluatedTableName is the last name of its page', async () => {
  const page = await db.ListTables({ Limit: 1 });
  assert.equal(page.LastEvaluatedTableName, page.TableNames[0]);
});

test('ExclusiveStartTableName need not exist, and is not listed itself', async () => {
  const page = await db.ListTables({ ExclusiveStartTableName: `${stem}-a`, Limit: 2 });
  assert.deepEqual(page.TableNames, sorted.slice(sorted.indexOf(`${stem}-a`) + 1).slice(0, 2));
  const after = await db.ListTables({ ExclusiveStartTableName: `${stem}-aa`, Limit: 1 });
  assert.deepEqual(after.TableNames, [`${stem}-b`]);
});

test('a start beyond the last table gives an empty page without LastEvaluatedTableName', async () => {
  assert.deepEqual(await db.ListTables({ ExclusiveStartTableName: 'zzzzzzzzzzzzzzzz' }), { TableNames: [] });
});

refusals(db, 'ListTables', {}, [
  ['a limit of 0', { Limit: 0 }, violations(tooSmall('limit', 0, 1))],
  ['a limit of 101', { Limit: 101 }, violations(tooLarge('limit', 101, 100))],
  ['a start name that is too short', { ExclusiveStartTableName: 'a' }, violations(tooShort('exclusiveStartTableName', 'a', 3))],
  ['a start name of other characters', { ExclusiveStartTableName: 'abc;' }, violations(badName('exclusiveStartTableName', 'abc;'))],
  ['several violations in one message', { Limit: 0, ExclusiveStartTableName: 'abc;' },
    violations(tooSmall('limit', 0, 1), badName('exclusiveStartTableName', 'abc;'))],
]);

for (const [value, text] of [
  ['x', 'STRING_VALUE cannot be converted to Integer'],
  [true, 'TRUE_VALUE cannot be converted to Integer'],
  [[], 'Unrecognized collection type class java.lang.Integer'],
  [{}, 'Start of structure or map found where not expected'],
]) {
  test(`${JSON.stringify(value)} as Limit is a SerializationException`, () => expectUnreadable(db.ListTables({ Limit: value }), text));
}
