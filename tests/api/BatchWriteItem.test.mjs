// BatchWriteItem: puts and deletes of several tables; all is checked before anything is written.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { EMPTY_KEY, INVALID, KEY_MISMATCH, N, NO_TABLE, S, SS, expectError, expectUnreadable, harness, notNull, refusals, tooShort,
  violations } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table({});
const pairs = await table({ key: 'p s:N', gsi: { byG: { key: 'g' } }, lsi: { byT: { key: 'p t:N' } } });

const put = (Item) => ({ PutRequest: { Item } });
const remove = (Key) => ({ DeleteRequest: { Key } });
const write = (RequestItems, more) => db.BatchWriteItem({ RequestItems, ...more });
const get = async (id) => (await db.GetItem({ TableName: name, Key: { id: S(id) }, ConsistentRead: true })).Item;
const many = (count, stem = 'many') => Array.from({ length: count }, (_, at) => put({ id: S(`${stem}${at}`) }));

test('25 puts are all there afterwards', async () => {
  assert.deepEqual(await write({ [name]: many(25) }), { UnprocessedItems: {} });
  for (let at = 0; at < 25; at++) assert.ok(await get(`many${at}`));
});

test('puts and deletes of two tables in one request', async () => {
  await db.PutItem({ TableName: pairs, Item: { p: S('p'), s: N(1), g: S('g') } });
  await write({ [name]: [put({ id: S('mixed'), a: N(1) }), remove({ id: S('many0') })], [pairs]: [remove({ p: S('p'), s: N('1.0') }), put({ p: S('p'), s: N(2), g: S('g') })] });
  assert.deepEqual(await get('mixed'), { id: S('mixed'), a: N(1) });
  assert.equal(await get('many0'), undefined);
  const { Items } = await db.Scan({ TableName: pairs, IndexName: 'byG' });
  assert.deepEqual(Items.map((item) => item.s), [N(2)]);
});

test('a put replaces the whole item', async () => {
  await write({ [name]: [put({ id: S('replaced'), a: N(1) })] });
  await write({ [name]: [put({ id: S('replaced'), b: N(2) })] });
  assert.deepEqual(await get('replaced'), { id: S('replaced'), b: N(2) });
});

test('deleting missing items succeeds', async () =>
  assert.deepEqual(await write({ [name]: [remove({ id: S('never') })] }), { UnprocessedItems: {} }));

test('ItemCollectionMetrics come for tables with local indexes', async () => {
  const answer = await write({ [pairs]: [put({ p: S('icm'), s: N(1) })], [name]: [put({ id: S('icm') })] }, { ReturnItemCollectionMetrics: 'SIZE' });
  assert.deepEqual(answer.ItemCollectionMetrics[pairs].map((each) => each.ItemCollectionKey), [{ p: S('icm') }]);
  assert.equal(name in answer.ItemCollectionMetrics, false);
});

const DUPLICATES = 'Provided list of item keys contains duplicates';
refusals(db, 'BatchWriteItem', {}, [
  ['an empty request', {}, violations(notNull('requestItems'))],
  ['no tables', { RequestItems: {} }, violations(tooShort('requestItems', '{}', 1))],
  ['an empty list', { RequestItems: { [name]: [] } }, /^1 validation error detected: Value '.*' at 'requestItems.*' failed to satisfy constraint: .*length greater than or equal to 1\]?$/],
  ['26 writes of one table', { RequestItems: { [name]: many(26) } }, /^1 validation error detected: Value '.*' at 'requestItems.*' failed to satisfy constraint: .*length less than or equal to 25/],
  ['26 writes of two tables', { RequestItems: { [name]: many(13), [pairs]: Array.from({ length: 13 }, (_, s) => put({ p: S('p'), s: N(s) })) } },
    /Too many items requested for the BatchWriteItem call$|length less than or equal to 25/],
  ['a put without item', { RequestItems: { [name]: [{ PutRequest: {} }] } }, /^1 validation error detected: Value null at 'requestItems\.[^']*\.putRequest\.item' failed to satisfy constraint: Member must not be null$/],
  ['a delete without key', { RequestItems: { [name]: [{ DeleteRequest: {} }] } }, /^1 validation error detected: Value null at 'requestItems\.[^']*\.deleteRequest\.key' failed to satisfy constraint: Member must not be null$/],
  ['a write that is neither', { RequestItems: { [name]: [{}] } }, 'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes'],
  ['a write that is both', { RequestItems: { [name]: [{ ...put({ id: S('a') }), ...remove({ id: S('b') }) }] } },
    'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes'],
]);

// Each of these stands after a good put; the good put must not have happened.
const wrong = [
  ['two puts of one key', name, [put({ id: S('dup') }), put({ id: S('dup'), a: N(1) })], DUPLICATES],
  ['a put and a delete of one key', name, [put({ id: S('dup') }), remove({ id: S('dup') })], DUPLICATES],
  ['one number key in two spellings', pairs, [put({ p: S('p'), s: N(1) }), remove({ p: S('p'), s: N('1e0') })], DUPLICATES],
  ['an item without key', name, [put({ a: N(1) })], /^The provided key element does not match the schema$|Missing the key id in the item$/],
  ['a key of the wrong type', name, [put({ id: N(1) })], /^The provided key element does not match the schema$|Type mismatch for key/],
  ['an empty key', name, [put({ id: S('') })], `${EMPTY_KEY}id`],
  ['a delete with more than the key', name, [remove({ id: S('a'), b: S('b') })], KEY_MISMATCH],
  ['a delete without range key', pairs, [remove({ p: S('p') })], KEY_MISMATCH],
  ['an empty set', name, [put({ id: S('a'), b: SS() })], `${INVALID}An string set  may not be empty`],
  ['a number that is none', name, [put({ id: S('a'), b: N('x') })], 'The parameter cannot be converted to a numeric value: x'],
  ['an index key of the wrong type', pairs, [put({ p: S('p'), s: N(1), g: N(1) })], /^One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: byG$/],
  ['an empty index key', pairs, [put({ p: S('p'), s: N(1), g: S('') })], /IndexName: byG, IndexKey: g$/],
  ['an item over 400 KB', name, [put({ id: S('a'), b: S('x'.repeat(410000)) })], 'Item size has exceeded the maximum allowed size'],
];
for (const [what, tableName, writes, message] of wrong) {
  test(`${what} refuses the whole batch`, async () => {
    const witness = `witness of ${what}`;
    const good = put({ id: S(witness) });
    const request = tableName === name ? { [name]: [good, ...writes] } : { [name]: [good], [tableName]: writes };
    await expectError(write(request), { type: 'ValidationException', message });
    assert.equal(await get(witness), undefined, 'nothing was written');
  });
}

test('a missing table refuses the whole batch with ResourceNotFoundException', async () => {
  await expectError(write({ [name]: [put({ id: S('lost') })], 'no-such-table': [put({ id: S('a') })] }),
    { type: 'ResourceNotFoundException', message: NO_TABLE });
  assert.equal(await get('lost'), undefined);
});

test('the same key in two tables is no duplicate', async () => {
  const other = await table({});
  assert.deepEqual(await write({ [name]: [put({ id: S('same') })], [other]: [put({ id: S('same') })] }), { UnprocessedItems: {} });
});

test('a string in place of a list is a SerializationException', () => expectUnreadable(write({ [name]: 'a' })));
