// DeleteItem: what goes, what is returned, what is refused.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { EMPTY_KEY, KEY_MISMATCH, N, NO_TABLE, S, expectError, expectInvalid, harness, notIn, notNull, refusals, violations } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table({});
const pairs = await table({ key: 'p s:N', gsi: { byG: { key: 'g' } }, lsi: { byT: { key: 'p t:N' } } });

const put = (Item) => db.PutItem({ TableName: name, Item });
const remove = (id, more) => db.DeleteItem({ TableName: name, Key: { id: S(id) }, ...more });
const get = async (id) => (await db.GetItem({ TableName: name, Key: { id: S(id) }, ConsistentRead: true })).Item;

test('a deleted item is gone', async () => {
  await put({ id: S('gone') });
  assert.deepEqual(await remove('gone'), {});
  assert.equal(await get('gone'), undefined);
});

test('deleting a missing item succeeds and answers {}', async () => {
  assert.deepEqual(await remove('never'), {});
  assert.deepEqual(await remove('never', { ReturnValues: 'ALL_OLD' }), {});
});

test('ALL_OLD answers the whole item', async () => {
  const item = { id: S('old'), a: N(1) };
  await put(item);
  assert.deepEqual(await remove('old', { ReturnValues: 'ALL_OLD' }), { Attributes: item });
});

test('a deleted item leaves its indexes, too', async () => {
  await db.PutItem({ TableName: pairs, Item: { p: S('x'), s: N(1), g: S('g'), t: N(2) } });
  await db.DeleteItem({ TableName: pairs, Key: { p: S('x'), s: N('1.0') } });
  assert.equal((await db.Scan({ TableName: pairs, IndexName: 'byG' })).Count, 0);
  assert.equal((await db.Scan({ TableName: pairs, IndexName: 'byT' })).Count, 0);
});

test('a false condition keeps the item', async () => {
  await put({ id: S('kept'), a: N(1) });
  await expectError(remove('kept', { ConditionExpression: 'a > :one', ExpressionAttributeValues: { ':one': N(1) } }),
    { type: 'ConditionalCheckFailedException', message: 'The conditional request failed' });
  assert.ok(await get('kept'));
  await remove('kept', { ConditionExpression: 'a = :one', ExpressionAttributeValues: { ':one': N(1) } });
  assert.equal(await get('kept'), undefined);
});

test('a condition on a missing item is decided with no attributes', async () => {
  await expectError(remove('none', { ConditionExpression: 'attribute_exists(id)' }), { type: 'ConditionalCheckFailedException' });
  assert.deepEqual(await remove('none', { ConditionExpression: 'attribute_not_exists(id)' }), {});
});

test('legacy Expected decides', async () => {
  await put({ id: S('legacy'), a: N(1) });
  await expectError(remove('legacy', { Expected: { a: { Value: N(2) } } }), { type: 'ConditionalCheckFailedException' });
  await remove('legacy', { Expected: { a: { Value: N(1) } } });
  assert.equal(await get('legacy'), undefined);
});

test('ReturnValuesOnConditionCheckFailure ALL_OLD puts the item into the error', async () => {
  const item = { id: S('shown'), a: N(1) };
  await put(item);
  const error = await expectError(remove('shown', { ConditionExpression: 'attribute_not_exists(a)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
    { type: 'ConditionalCheckFailedException' });
  assert.deepEqual(error.answer.json.Item, item);
});

test('ItemCollectionMetrics come with local indexes only', async () => {
  const answer = await db.DeleteItem({ TableName: pairs, Key: { p: S('icm'), s: N(1) }, ReturnItemCollectionMetrics: 'SIZE' });
  assert.deepEqual(answer.ItemCollectionMetrics?.ItemCollectionKey, { p: S('icm') });
});

refusals(db, 'DeleteItem', {}, [['an empty request', {}, violations(notNull('tableName'), notNull('key'))]]);
refusals(db, 'DeleteItem', { TableName: name, Key: { id: S('a') } }, [
  ['ReturnValues ALL_NEW', { ReturnValues: 'ALL_NEW' }, 'ReturnValues can only be ALL_OLD or NONE'],
  ['ReturnValues UPDATED_NEW', { ReturnValues: 'UPDATED_NEW' }, 'ReturnValues can only be ALL_OLD or NONE'],
  ['ReturnValues UPDATED_OLD', { ReturnValues: 'UPDATED_OLD' }, 'ReturnValues can only be ALL_OLD or NONE'],
  ['unknown ReturnValues', { ReturnValues: 'X' }, violations(notIn('returnValues', 'X', 'ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW'))],
  ['an empty key', { Key: {} }, KEY_MISMATCH],
  ['a key with another attribute', { Key: { id: S('a'), b: S('b') } }, KEY_MISMATCH],
  ['a key of the wrong type', { Key: { id: N(1) } }, KEY_MISMATCH],
  ['an empty key value', { Key: { id: S('') } }, `${EMPTY_KEY}id`],
  ['an empty condition', { ConditionExpression: '' }, 'Invalid ConditionExpression: The expression can not be empty;'],
  ['an unused value', { ConditionExpression: 'attribute_not_exists(a)', ExpressionAttributeValues: { ':a': N(1) } },
    'Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}'],
  ['Expected with a ConditionExpression', { Expected: { a: { Exists: false } }, ConditionExpression: 'attribute_exists(a)' },
    'Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}'],
]);

test('a missing table is ResourceNotFoundException', () =>
  expectError(db.DeleteItem({ TableName: 'no-such-table', Key: { id: S('a') } }), { type: 'ResourceNotFoundException', message: NO_TABLE }));

test('a bad condition on a missing table reports the condition', () =>
  expectInvalid(db.DeleteItem({ TableName: 'no-such-table', Key: { id: S('a') }, ConditionExpression: 'foo(a)' }),
    'Invalid ConditionExpression: Invalid function name; function: foo'));
