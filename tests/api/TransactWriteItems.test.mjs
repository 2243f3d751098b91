// TransactWriteItems: puts, updates, deletes and checks that happen together or not at all.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EMPTY_KEY, INVALID, KEY_MISMATCH, L, M, N, NO_TABLE, NULL, NS, RawClient, S, SS, badName, expectError, expectInvalid,
  expectUnreadable, harness, notIn, notNull, refusals, tableRequest, tooLong, tooShort, violations } from './lib/index.mjs';
import { givenEndpoint, runToEnd, startServer } from './lib/server.mjs';

const { db, table, client, endpoint } = await harness();
const name = await table({});
const other = await table({});
const pairs = await table({ key: 'p s:N', gsi: { byG: { key: 'g' } }, lsi: { byT: { key: 'p t:N' } } });

const put = (Item, more) => ({ Put: { TableName: name, Item, ...more } });
const remove = (Key, more) => ({ Delete: { TableName: name, Key, ...more } });
const check = (Key, more) => ({ ConditionCheck: { TableName: name, Key, ConditionExpression: 'attribute_exists(id)', ...more } });
const update = (Key, more) => ({
  Update: { TableName: name, Key, UpdateExpression: 'SET a = :a', ExpressionAttributeValues: { ':a': N(1) }, ...more },
});
const write = (TransactItems, more) => db.TransactWriteItems({ TransactItems, ...more });
const get = async (id, TableName = name) => (await db.GetItem({ TableName, Key: { id: S(id) }, ConsistentRead: true })).Item;
const big = (bytes) => S('x'.repeat(bytes));
let counter = 0;
const fresh = (stem = 'i') => `${stem}-${counter++}`;
const absent = 'attribute_not_exists(id)';
const arn = async (TableName) => (await db.DescribeTable({ TableName })).Table.TableArn;

// The transaction must be cancelled for these reasons: 'None', a code, or [code, message, item].
async function cancelled(promise, ...reasons) {
  const want = reasons.map((reason) => {
    const [Code, Message, Item] = Array.isArray(reason) ? reason : [reason];
    const text = Message ?? (Code === 'ConditionalCheckFailed' ? 'The conditional request failed' : undefined);
    return { Code, ...(text && { Message: text }), ...(Item && { Item }) };
  });
  const error = await expectError(promise, {
    type: 'TransactionCanceledException',
    message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${want.map((reason) => reason.Code).join(', ')}]`,
  });
  assert.deepEqual(error.answer.json.CancellationReasons, want);
  return error.answer.json;
}

// ---- what it does ----

test('all four actions on two tables happen', async () => {
  const [a, b, c, d] = [fresh(), fresh(), fresh(), fresh()];
  await db.PutItem({ TableName: name, Item: { id: S(b), n: N(1) } });
  await db.PutItem({ TableName: other, Item: { id: S(c) } });
  await db.PutItem({ TableName: name, Item: { id: S(d) } });
  assert.deepEqual(await write([put({ id: S(a), x: S('new') }), update({ id: S(b) }, { UpdateExpression: 'ADD n :a' }),
    remove({ id: S(c) }, { TableName: other }), check({ id: S(d) })]), {});
  assert.deepEqual(await get(a), { id: S(a), x: S('new') });
  assert.deepEqual(await get(b), { id: S(b), n: N(2) });
  assert.equal(await get(c, other), undefined);
  assert.deepEqual(await get(d), { id: S(d) });
});

test('a put replaces the whole item', async () => {
  const id = fresh();
  await db.PutItem({ TableName: name, Item: { id: S(id), old: N(1) } });
  await write([put({ id: S(id), new: N(1) })]);
  assert.deepEqual(await get(id), { id: S(id), new: N(1) });
});

test('an update makes a missing item', async () => {
  const id = fresh();
  await write([update({ id: S(id) })]);
  assert.deepEqual(await get(id), { id: S(id), a: N(1) });
});

test('an update that only removes makes no item', async () => {
  const id = fresh();
  await write([update({ id: S(id) }, { UpdateExpression: 'REMOVE a', ExpressionAttributeValues: undefined })]);
  assert.equal(await get(id), undefined);
});

test('deleting a missing item succeeds', async () => assert.deepEqual(await write([remove({ id: S(fresh()) })]), {}));

test('a transaction of checks alone succeeds', async () =>
  assert.deepEqual(await write([check({ id: S(fresh()) }, { ConditionExpression: absent })]), {}));

test('conditions with names and values hold for each action', async () => {
  const id = fresh();
  await write([put({ id: S(id), n: N(5) }, { ConditionExpression: 'attribute_not_exists(#i)', ExpressionAttributeNames: { '#i': 'id' } })]);
  await write([update({ id: S(id) }, { ConditionExpression: 'n = :n', ExpressionAttributeValues: { ':a': N(1), ':n': N('5.0') } })]);
  await write([remove({ id: S(id) }, { ConditionExpression: '#n BETWEEN :a AND :b', ExpressionAttributeNames: { '#n': 'n' }, ExpressionAttributeValues: { ':a': N(4), ':b': N(6) } })]);
  assert.equal(await get(id), undefined);
});

test('100 actions happen', async () => {
  const stem = fresh('hundred');
  await write(Array.from({ length: 100 }, (_, at) => put({ id: S(`${stem}-${at}`) })));
  assert.ok(await get(`${stem}-0`));
  assert.ok(await get(`${stem}-99`));
});

test('indexes follow', async () => {
  await write([{ Put: { TableName: pairs, Item: { p: S('ix'), s: N(1), g: S('ix'), t: N(9) } } }]);
  const query = (IndexName, key) => db.Query({ TableName: pairs, IndexName, KeyConditionExpression: `${key} = :v`, ExpressionAttributeValues: { ':v': S('ix') } });
  assert.equal((await query('byG', 'g')).Count, 1);
  assert.equal((await query('byT', 'p')).Count, 1);
  await write([{ Delete: { TableName: pairs, Key: { p: S('ix'), s: N(1) } } }]);
  assert.equal((await query('byG', 'g')).Count, 0);
  assert.equal((await query('byT', 'p')).Count, 0);
});

test('a table may be named by its ARN', async () => {
  const id = fresh();
  await write([put({ id: S(id) }, { TableName: await arn(name) })]);
  assert.ok(await get(id));
});

test('one key value in two tables is two items', async () => {
  const id = fresh();
  await write([put({ id: S(id) }), put({ id: S(id) }, { TableName: other })]);
  assert.ok(await get(id, other));
});

test('deleting items of more than 4 MB together is fine', async () => {
  const ids = Array.from({ length: 12 }, () => fresh('large'));
  for (const id of ids) await db.PutItem({ TableName: name, Item: { id: S(id), x: big(400000) } });
  assert.deepEqual(await write(ids.map((id) => remove({ id: S(id) }))), {});
});

test('updates whose items come to less than the engine takes at once are fine', async () => {
  const ids = Array.from({ length: 12 }, () => fresh('large'));
  for (const id of ids) await db.PutItem({ TableName: name, Item: { id: S(id), x: big(400000) } });
  assert.deepEqual(await write(ids.map((id) => update({ id: S(id) }))), {});
  await write(ids.map((id) => remove({ id: S(id) })));
});

// ---- cancellation ----

test('a false condition cancels all, and says which', async () => {
  const [a, b, c] = [fresh(), fresh(), fresh()];
  await db.PutItem({ TableName: name, Item: { id: S(b), n: N(1) } });
  await cancelled(write([put({ id: S(a) }), update({ id: S(b) }, { ConditionExpression: absent }), remove({ id: S(c) })]),
    'None', 'ConditionalCheckFailed', 'None');
  assert.equal(await get(a), undefined);
  assert.deepEqual(await get(b), { id: S(b), n: N(1) });
});

test('a ConditionCheck that fails cancels the writes around it', async () => {
  const [a, b] = [fresh(), fresh()];
  await cancelled(write([put({ id: S(a) }), check({ id: S(fresh()) }), put({ id: S(b) })]), 'None', 'ConditionalCheckFailed', 'None');
  assert.equal(await get(a), undefined);
  assert.equal(await get(b), undefined);
});

for (const [what, action] of Object.entries({ put: (id, more) => put({ id: S(id) }, more), update: (id, more) => update({ id: S(id) }, more),
  delete: (id, more) => remove({ id: S(id) }, more), check: (id, more) => check({ id: S(id) }, more) })) {
  test(`ALL_OLD brings the item at which a ${what}'s condition failed`, async () => {
    const id = fresh();
    const item = { id: S(id), m: M({ l: L(N(1), NULL) }) };
    await db.PutItem({ TableName: name, Item: item });
    await cancelled(write([put({ id: S(fresh()) }), action(id, { ConditionExpression: absent, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })]),
      'None', ['ConditionalCheckFailed', undefined, item]);
    await cancelled(write([action(id, { ConditionExpression: absent, ReturnValuesOnConditionCheckFailure: 'NONE' })]), 'ConditionalCheckFailed');
    await cancelled(write([action(id, { ConditionExpression: absent })]), 'ConditionalCheckFailed');
  });
}

test('ALL_OLD brings no item where there is none', () =>
  cancelled(write([check({ id: S(fresh()) }, { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })]), 'ConditionalCheckFailed'));

test('ALL_OLD brings nothing for actions without fault', async () => {
  const id = fresh();
  await db.PutItem({ TableName: name, Item: { id: S(id) } });
  await cancelled(write([update({ id: S(id) }, { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }), check({ id: S(fresh()) })]), 'None', 'ConditionalCheckFailed');
});

test('a cancelled transaction answers nothing but its reasons', async () => {
  const json = await cancelled(write([check({ id: S(fresh()) })], { ReturnConsumedCapacity: 'INDEXES', ReturnItemCollectionMetrics: 'SIZE' }), 'ConditionalCheckFailed');
  assert.deepEqual(Object.keys(json).sort(), ['CancellationReasons', 'Message', '__type']);
});

test('the SDK understands the reasons', async () => {
  const { TransactWriteItemsCommand, TransactionCanceledException } = await import('@aws-sdk/client-dynamodb');
  const id = fresh();
  await db.PutItem({ TableName: name, Item: { id: S(id) } });
  const error = await (await client()).send(new TransactWriteItemsCommand({ TransactItems: [put({ id: S(fresh()) }),
    put({ id: S(id) }, { ConditionExpression: absent, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })] })).catch((refused) => refused);
  assert.ok(error instanceof TransactionCanceledException);
  assert.deepEqual(error.CancellationReasons, [{ Code: 'None' }, { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', Item: { id: S(id) } }]);
  assert.match(error.message, /\[None, ConditionalCheckFailed\]$/);
});

// Mistakes in one action's key or item. Each stands behind a good put that must not happen.
const pair = (Item) => ({ Put: { TableName: pairs, Item } });
const mistakes = [
  ['a delete with a key of the wrong type', remove({ id: N(1) }), KEY_MISMATCH],
  ['an update with a key of the wrong type', update({ id: N(1) }), KEY_MISMATCH],
  ['a check with a key of the wrong type', check({ id: N(1) }), KEY_MISMATCH],
  ['a put with a key of the wrong type', put({ id: N(1) }), `${INVALID}Type mismatch for key id expected: S actual: N`],
  ['a put without its key', put({ a: N(1) }), `${INVALID}Missing the key id in the item`],
  ['a delete with more than the key', remove({ id: S('a'), b: S('b') }), KEY_MISMATCH],
  ['a delete with another attribute for a key', remove({ b: S('b') }), KEY_MISMATCH],
  ['an update without sort key', { Update: { TableName: pairs, Key: { p: S('p') }, UpdateExpression: 'REMOVE a' } }, KEY_MISMATCH],
  ['a partition key of 2049 bytes', remove({ id: big(2049) }), `${INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes`],
  ['an index key of the wrong type', pair({ p: S('a'), s: N(1), g: N(1) }), `${INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: byG`],
  ['an empty set', put({ id: S('set'), a: SS() }), `${INVALID}An string set  may not be empty`],
  ['an empty set deep inside', put({ id: S('set'), a: M({ b: L(NS()) }) }), `${INVALID}An number set  may not be empty`],
  ['a set with a member twice', put({ id: S('set'), a: SS('b', 'b') }), `${INVALID}Input collection [b, b] contains duplicates.`],
  ['an update of the key', update({ id: S('key') }, { UpdateExpression: 'SET id = :a' }), `${INVALID}Cannot update attribute id. This attribute is part of the key`],
];
for (const [what, action, message] of mistakes) {
  test(`${what} cancels the transaction`, async () => {
    const id = fresh();
    await cancelled(write([put({ id: S(id) }), action]), 'None', ['ValidationError', message]);
    await cancelled(write([action]), ['ValidationError', message]);
    assert.equal(await get(id), undefined);
  });
}

// Updates that do not fit their item: { id, n: 1, l: [1], s: 'x' }.
const misfits = [
  ['an operand of the wrong type', 'SET z = s + :a', 'An operand in the update expression has an incorrect data type'],
  ['ADD to a string', 'ADD s :a', 'An operand in the update expression has an incorrect data type'],
  ['a path into a number', 'SET n.x = :a', 'The document path provided in the update expression is invalid for update'],
  ['a path into what is missing', 'SET miss.x = :a', 'The document path provided in the update expression is invalid for update'],
  ['an attribute that is missing', 'SET z = miss + :a', 'The provided expression refers to an attribute that does not exist in the item'],
];
for (const [what, UpdateExpression, message] of misfits) {
  test(`an update with ${what} cancels the transaction`, async () => {
    const [a, b] = [fresh(), fresh()];
    await db.PutItem({ TableName: name, Item: { id: S(b), n: N(1), l: L(N(1)), s: S('x') } });
    await cancelled(write([put({ id: S(a) }), update({ id: S(b) }, { UpdateExpression })]), 'None', ['ValidationError', message]);
    assert.equal(await get(a), undefined);
  });
}

test('an update that overflows a number cancels the transaction', async () => {
  const id = fresh();
  await db.PutItem({ TableName: name, Item: { id: S(id), n: N('9e125') } });
  await cancelled(write([update({ id: S(id) }, { UpdateExpression: 'ADD n :a', ExpressionAttributeValues: { ':a': N('9e125') } })]),
    ['ValidationError', 'Number overflow. Attempting to store a number with magnitude larger than supported range']);
});

test('an update that makes an item too large cancels the transaction', async () => {
  const id = fresh();
  await db.PutItem({ TableName: name, Item: { id: S(id), x: big(300000) } });
  await cancelled(write([put({ id: S(fresh()) }), update({ id: S(id) }, { ExpressionAttributeValues: { ':a': big(200000) } })]),
    'None', ['ValidationError', 'Item size to update has exceeded the maximum allowed size']);
});

test('an update that gives an index key the wrong type cancels the transaction', async () => {
  await cancelled(write([{ Update: { TableName: pairs, Key: { p: S('u'), s: N(1) }, UpdateExpression: 'SET g = :g', ExpressionAttributeValues: { ':g': N(1) } } }]),
    ['ValidationError', `${INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: byG`]);
});

test('conditions and updates that fail are all told, each at its place', async () => {
  const id = fresh();
  await db.PutItem({ TableName: name, Item: { id: S(id), s: S('x') } });
  await cancelled(write([check({ id: S(fresh()) }), put({ id: S(fresh()) }), update({ id: S(id) }, { UpdateExpression: 'ADD s :a' })]),
    'ConditionalCheckFailed', 'None', ['ValidationError', 'An operand in the update expression has an incorrect data type']);
});

// ---- what fails the request ----

const ONE_OF_FOUR = 'TransactItems can only contain one of Check, Put, Update or Delete';
const TWICE = 'Transaction request cannot include multiple operations on one item';
const good = put({ id: S('never') });
const items = (...TransactItems) => ({ TransactItems });
refusals(db, 'TransactWriteItems', {}, [
  ['an empty request', {}, violations(notNull('transactItems'))],
  ['no actions', items(), violations(tooShort('transactItems', '[]', 1))],
  ['101 actions', items(...Array.from({ length: 101 }, (_, at) => put({ id: S(`never${at}`) }))),
    /^1 validation error detected: Value '[^]*' at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100$/],
  ['an action that is none of the four', items(good, {}), ONE_OF_FOUR],
  ['an action that is two of the four', items({ ...good, ...remove({ id: S('b') }) }), ONE_OF_FOUR],
  ['an action that is all four', items({ ...good, ...remove({ id: S('b') }), ...update({ id: S('c') }), ...check({ id: S('d') }) }), ONE_OF_FOUR],
  ['two actions in one, even of a missing table', items(put({ id: S('a') }, { TableName: 'missing' }), { ...good, ...remove({ id: S('b') }) }), ONE_OF_FOUR],
  ['two puts of one item', items(good, good), TWICE],
  ['a check and an update of one item', items(check({ id: S('a') }), update({ id: S('a') })), TWICE],
  ['a put and a delete of one item', items(put({ id: S('a'), b: N(1) }), put({ id: S('b') }), remove({ id: S('a') })), TWICE],
  ['one number key in two spellings', items(pair({ p: S('p'), s: N('1.0'), x: N(1) }), { Delete: { TableName: pairs, Key: { p: S('p'), s: N('1e0') } } }), TWICE],
  ['one item by name and ARN', items(good, remove({ id: S('never') }, { TableName: await arn(name) })), TWICE],
  ['one item twice beside a wrong key', items(good, good, remove({ id: N(1) })), TWICE],
  ['an empty key', items(good, remove({ id: S('') })), `${EMPTY_KEY}id`],
  ['an empty key in a put', items(put({ id: S('') })), `${EMPTY_KEY}id`],
  ['an empty key behind a wrong one', items(remove({ id: N(1) }), check({ id: S('') })), `${EMPTY_KEY}id`],
  ['an empty index key', items(pair({ p: S('a'), s: N(1), g: S('') })),
    'One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: byG, IndexKey: g'],
  ['an item over 400 KB', items(good, put({ id: S('a'), x: big(409600) })), 'Item size has exceeded the maximum allowed size'],
  ['items over 4 MB', items(...Array.from({ length: 11 }, (_, at) => put({ id: S(`a${at}`), x: big(400000) }))), /aggregate size of the items in the transaction exceeding the 4MB limit$/],
  ['values over 4 MB', items(...Array.from({ length: 11 }, (_, at) => update({ id: S(`a${at}`) }, { ExpressionAttributeValues: { ':a': big(400000) } }))),
    /aggregate size of the items in the transaction exceeding the 4MB limit$/],
  ['a number that is none', items(put({ id: S('a'), b: N('x') })), 'The parameter cannot be converted to a numeric value: x'],
  ['a value without type', items(put({ id: S('a'), b: {} })), 'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes'],
  ['a value of two types', items(put({ id: S('a'), b: { S: 'a', N: '1' } })), 'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes'],
  ['a null that is false', items(put({ id: S('a'), b: { NULL: false } })), `${INVALID}Null attribute value types must have the value of true`],
  ['an empty token', { ...items(good), ClientRequestToken: '' }, violations(tooShort('clientRequestToken', '', 1))],
  ['a token of 37 characters', { ...items(good), ClientRequestToken: 'a'.repeat(37) }, violations(tooLong('clientRequestToken', 'a'.repeat(37), 36))],
  ['an unknown ReturnConsumedCapacity', { ...items(good), ReturnConsumedCapacity: 'ALL' }, violations(notIn('returnConsumedCapacity', 'ALL', 'INDEXES', 'TOTAL', 'NONE'))],
  ['an unknown ReturnItemCollectionMetrics', { ...items(good), ReturnItemCollectionMetrics: 'ALL' }, violations(notIn('returnItemCollectionMetrics', 'ALL', 'SIZE', 'NONE'))],
  ['an unknown ReturnValuesOnConditionCheckFailure', items(put({ id: S('a') }, { ReturnValuesOnConditionCheckFailure: 'ALL_NEW' })),
    violations(notIn('transactItems.1.member.put.returnValuesOnConditionCheckFailure', 'ALL_NEW', 'ALL_OLD', 'NONE'))],
  ['a table name that is none', items(put({ id: S('a') }, { TableName: 'a b c' })), violations(badName('transactItems.1.member.put.tableName', 'a b c'))],
  ['a put without item', items(good, { Put: { TableName: name } }), violations(notNull('transactItems.2.member.put.item'))],
  ['an update without expression', items({ Update: { TableName: name, Key: { id: S('a') } } }), violations(notNull('transactItems.1.member.update.updateExpression'))],
  ['a check without condition', items({ ConditionCheck: { TableName: name, Key: { id: S('a') } } }), violations(notNull('transactItems.1.member.conditionCheck.conditionExpression'))],
  ['a delete without key', items({ Delete: { TableName: name } }), violations(notNull('transactItems.1.member.delete.key'))],
  ['a condition that is none', items(good, put({ id: S('a') }, { ConditionExpression: 'a =' })), /^Invalid ConditionExpression: Syntax error; /],
  ['an update that is none', items(update({ id: S('a') }, { UpdateExpression: 'SET' })), /^Invalid UpdateExpression: Syntax error; /],
  ['an empty update', items(update({ id: S('a') }, { UpdateExpression: '' })), 'Invalid UpdateExpression: The expression can not be empty;'],
  ['an empty condition', items(check({ id: S('a') }, { ConditionExpression: '' })), 'Invalid ConditionExpression: The expression can not be empty;'],
  ['a condition that is wrong and would be short-circuited', items(check({ id: S('a') }, { ConditionExpression: 'attribute_exists(id) OR attribute_type(id, :t)', ExpressionAttributeValues: { ':t': S('XX') } })), /^Invalid ConditionExpression: /],
  ['a value that is not defined', items(put({ id: S('a') }, { ConditionExpression: 'a = :a' })), /^Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :a$/],
  ['a name that is not used', items(put({ id: S('a') }, { ConditionExpression: absent, ExpressionAttributeNames: { '#a': 'a' } })), 'Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}'],
  ['a value that is not used', items(check({ id: S('a') }, { ExpressionAttributeValues: { ':a': N(1) } })), 'Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}'],
  ['names without expression', items(put({ id: S('a') }, { ExpressionAttributeNames: { '#a': 'a' } })), 'ExpressionAttributeNames can only be specified when using expressions'],
  ['values without expression', items(remove({ id: S('a') }, { ExpressionAttributeValues: { ':a': N(1) } })), 'ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null'],
  ['a name shared with the next action', items(check({ id: S('a') }, { ConditionExpression: '#a = :a', ExpressionAttributeNames: { '#a': 'a' }, ExpressionAttributeValues: { ':a': N(1) } }), check({ id: S('b') }, { ConditionExpression: '#a = :a' })), /^Invalid ConditionExpression: An expression attribute (name|value) used/],
  ['an empty set among the values', items(check({ id: S('a') }, { ConditionExpression: 'a = :a', ExpressionAttributeValues: { ':a': SS() } })), /An string set {2}may not be empty/],
  ['a bad expression behind a wrong key', items(remove({ id: N(1) }), check({ id: S('a') }, { ConditionExpression: '(' })), /^Invalid ConditionExpression: /],
  ['a bad expression for a missing table', items(check({ id: S('a') }, { TableName: 'missing', ConditionExpression: '(' })), /^Invalid ConditionExpression: /],
]);

refusals(db, 'TransactWriteItems', {}, [
  ['a missing table', items(good, put({ id: S('a') }, { TableName: 'missing' })), NO_TABLE],
  ['a missing table behind a wrong key', items(remove({ id: N(1) }), put({ id: S('a') }, { TableName: 'missing' })), NO_TABLE],
  ['a missing table behind an item twice', items(good, good, put({ id: S('a') }, { TableName: 'missing' })), NO_TABLE],
], 'ResourceNotFoundException');

test('nothing that was refused has happened', async () => assert.equal(await get('never'), undefined));

test('actions that are no list are unreadable', () => expectUnreadable(db.TransactWriteItems({ TransactItems: { Put: {} } })));
test('an action that is no object is unreadable', () => expectUnreadable(write(['Put'])));

// ---- capacity and collections ----

const consumed = async (actions, more) => (await write(actions, { ReturnConsumedCapacity: 'TOTAL', ...more })).ConsumedCapacity;
const written = (TableName, units) => ({ TableName, CapacityUnits: units, WriteCapacityUnits: units });
const units = (count) => ({ CapacityUnits: count, WriteCapacityUnits: count });

test('a put costs two units for each KB', async () => {
  assert.deepEqual(await consumed([put({ id: S(fresh()) })]), [written(name, 2)]);
  assert.deepEqual(await consumed([put({ id: S(fresh()), x: big(1500) })]), [written(name, 4)]);
});

test('the larger of old and new counts', async () => {
  const id = fresh();
  await db.PutItem({ TableName: name, Item: { id: S(id), x: big(2500) } });
  assert.deepEqual(await consumed([update({ id: S(id) }, { UpdateExpression: 'SET x = :a' })]), [written(name, 6)]);
});

test('a delete costs by what it deletes, two for nothing', async () => {
  const id = fresh();
  await db.PutItem({ TableName: name, Item: { id: S(id), x: big(2500) } });
  assert.deepEqual(await consumed([remove({ id: S(id) })]), [written(name, 6)]);
  assert.deepEqual(await consumed([remove({ id: S(id) })]), [written(name, 2)]);
});

test('a check costs like a write of what it reads', async () => {
  const id = fresh();
  await db.PutItem({ TableName: name, Item: { id: S(id), x: big(2500) } });
  assert.deepEqual(await consumed([check({ id: S(id) })]), [written(name, 6)]);
  assert.deepEqual(await consumed([check({ id: S(fresh()) }, { ConditionExpression: absent })]), [written(name, 2)]);
});

test('costs are summed by table', async () => {
  const got = await consumed([put({ id: S(fresh()) }), put({ id: S(fresh()) }, { TableName: other }), remove({ id: S(fresh()) })]);
  assert.deepEqual(got.sort((a, b) => b.CapacityUnits - a.CapacityUnits), [written(name, 4), written(other, 2)]);
});

test('indexes cost once, and INDEXES tells them apart', async () => {
  const item = { p: S(fresh()), s: N(1), g: S('g'), t: N(1) };
  assert.deepEqual(await consumed([{ Put: { TableName: pairs, Item: item } }], { ReturnConsumedCapacity: 'INDEXES' }), [{
    ...written(pairs, 4), Table: units(2), LocalSecondaryIndexes: { byT: units(1) }, GlobalSecondaryIndexes: { byG: units(1) } }]);
  assert.deepEqual(await consumed([{ Put: { TableName: pairs, Item: item } }], { ReturnConsumedCapacity: 'INDEXES' }), [{ ...written(pairs, 2), Table: units(2) }]);
  assert.deepEqual(await consumed([{ Put: { TableName: pairs, Item: { ...item, g: S('h') } } }]), [written(pairs, 5)]);
});

test('NONE tells no capacity', async () => assert.deepEqual(await write([put({ id: S(fresh()) })], { ReturnConsumedCapacity: 'NONE' }), {}));

test('collections are told once, by table, for writes only', async () => {
  const p = fresh();
  const more = { ReturnItemCollectionMetrics: 'SIZE' };
  const answer = await write([{ Put: { TableName: pairs, Item: { p: S(p), s: N(1) } } }, put({ id: S(fresh()) }), { Delete: { TableName: pairs, Key: { p: S(p), s: N(2) } } },
    { ConditionCheck: { TableName: pairs, Key: { p: S(fresh()), s: N(1) }, ConditionExpression: 'attribute_not_exists(p)' } }], more);
  assert.deepEqual(answer.ItemCollectionMetrics, { [pairs]: [{ ItemCollectionKey: { p: S(p) }, SizeEstimateRangeGB: [0, 1] }] });
  assert.deepEqual(await write([put({ id: S(fresh()) })], more), {});
});

// ---- tokens ----

const add = (id, by = 1) => update({ id: S(id) }, { UpdateExpression: 'ADD n :n', ExpressionAttributeValues: { ':n': N(by) } });
const mismatch = (promise) => expectError(promise, { type: 'IdempotentParameterMismatchException' });

test('a repeat with the same token changes nothing', async () => {
  const [id, token] = [fresh(), fresh('token')];
  for (let times = 0; times < 3; times++) assert.deepEqual(await write([add(id)], { ClientRequestToken: token }), {});
  assert.deepEqual((await get(id)).n, N(1));
});

test('without a token, or with another, it happens again', async () => {
  const id = fresh();
  await write([add(id)]);
  await write([add(id)]);
  await write([add(id)], { ClientRequestToken: fresh('token') });
  await write([add(id)], { ClientRequestToken: fresh('token') });
  assert.deepEqual((await get(id)).n, N(4));
});

test('a repeat does not look at conditions again', async () => {
  const [id, token] = [fresh(), fresh('token')];
  const once = () => write([put({ id: S(id) }, { ConditionExpression: absent })], { ClientRequestToken: token });
  await once();
  assert.deepEqual(await once(), {});
});

test('a repeat costs reads, two units for each 4 KB', async () => {
  const [a, b, c, token] = [fresh(), fresh(), fresh(), fresh('token')];
  const once = (ReturnConsumedCapacity) => write([put({ id: S(a), x: big(5000) }), remove({ id: S(b) }), put({ id: S(c) }, { TableName: other })], { ClientRequestToken: token, ReturnConsumedCapacity });
  await once('NONE');
  const by = (answer) => Object.fromEntries(answer.ConsumedCapacity.map(({ TableName, ...rest }) => [TableName, rest]));
  const reads = (count) => ({ CapacityUnits: count, ReadCapacityUnits: count });
  assert.deepEqual(by(await once('TOTAL')), { [name]: reads(6), [other]: reads(2) });
  assert.deepEqual(by(await once('INDEXES')), { [name]: { ...reads(6), Table: reads(6) }, [other]: { ...reads(2), Table: reads(2) } });
});

test('a token may have 36 characters of any script', async () => {
  const [id, token] = [fresh(), `${Date.now()}${'ü'.repeat(36)}`.slice(0, 36)];
  await write([add(id)], { ClientRequestToken: token });
  await write([add(id)], { ClientRequestToken: token });
  assert.deepEqual((await get(id)).n, N(1));
});

test('a cancelled transaction leaves its token free', async () => {
  const [id, token] = [fresh(), fresh('token')];
  const once = () => write([add(id), check({ id: S(`${id}-other`) })], { ClientRequestToken: token });
  await cancelled(once(), 'None', 'ConditionalCheckFailed');
  await db.PutItem({ TableName: name, Item: { id: S(`${id}-other`) } });
  await once();
  assert.deepEqual((await get(id)).n, N(1));
});

test('the same content may be spelled differently', async () => {
  const [id, token] = [fresh(), fresh('token')];
  const once = (Item, more) => write([put(Item, { ConditionExpression: '#a = :a OR #i <> :b', ...more })], { ClientRequestToken: token });
  await once({ id: S(id), n: N('1.0'), s: SS('a', 'b') }, { ExpressionAttributeNames: { '#a': 'a', '#i': 'id' }, ExpressionAttributeValues: { ':a': N(1), ':b': N(2) } });
  await once({ s: SS('b', 'a'), n: N(1), id: S(id) }, { TableName: await arn(name), ExpressionAttributeNames: { '#i': 'id', '#a': 'a' }, ExpressionAttributeValues: { ':b': N('2e0'), ':a': N(1) } });
});

const base = (id) => ({ Item: { id: S(id), n: N(1) }, ConditionExpression: '#a <> :a', ExpressionAttributeNames: { '#a': 'a' }, ExpressionAttributeValues: { ':a': N(1) } });
for (const [what, change] of Object.entries({
  item: (id) => ({ Item: { id: S(id), n: N(2) } }),
  key: (id) => ({ Item: { id: S(`${id}-2`), n: N(1) } }),
  table: () => ({ TableName: other }),
  condition: () => ({ ConditionExpression: 'NOT #a = :a' }),
  name: () => ({ ExpressionAttributeNames: { '#a': 'b' } }),
  value: () => ({ ExpressionAttributeValues: { ':a': N(2) } }),
  ReturnValuesOnConditionCheckFailure: () => ({ ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
})) {
  test(`a token with another ${what} is refused`, async () => {
    const [id, token] = [fresh(), fresh('token')];
    await write([put(undefined, base(id))], { ClientRequestToken: token });
    await mismatch(write([put(undefined, { ...base(id), ...change(id) })], { ClientRequestToken: token }));
    assert.deepEqual(await get(id), { id: S(id), n: N(1) });
  });
}

test('a token with other actions is refused', async () => {
  const [a, b, token] = [fresh(), fresh(), fresh('token')];
  await write([add(a), add(b)], { ClientRequestToken: token });
  await mismatch(write([add(b), add(a)], { ClientRequestToken: token }));
  await mismatch(write([add(a)], { ClientRequestToken: token }));
  await mismatch(write([add(a), add(b), add(fresh())], { ClientRequestToken: token }));
  await mismatch(write([add(a), remove({ id: S(b) })], { ClientRequestToken: token }));
  await mismatch(write([update({ id: S(a) }, { UpdateExpression: 'SET n = :n', ExpressionAttributeValues: { ':n': N(1) } }), add(b)], { ClientRequestToken: token }));
  assert.deepEqual((await get(a)).n, N(1));
});

test('what is wrong with a request comes before its token', async () => {
  const [id, token] = [fresh(), fresh('token')];
  await write([add(id)], { ClientRequestToken: token });
  await expectInvalid(write([add(id), add(id)], { ClientRequestToken: token }), TWICE);
  await cancelled(write([add(id), remove({ id: N(1) })], { ClientRequestToken: token }), 'None', ['ValidationError', KEY_MISMATCH]);
});

test('parallel repeats happen once', async () => {
  for (let round = 0; round < 10; round++) {
    const [id, token] = [fresh(), fresh('token')];
    await Promise.all(Array.from({ length: 16 }, () => write([add(id), put({ id: S(`${id}-b`) })], { ClientRequestToken: token })));
    assert.deepEqual((await get(id)).n, N(1));
  }
});

test('parallel requests with one token and different content: one happens', async () => {
  const [id, token] = [fresh(), fresh('token')];
  const outcomes = await Promise.all(Array.from({ length: 12 }, (_, at) =>
    write([add(id, at + 1)], { ClientRequestToken: token }).then(() => at + 1, (error) => error.name)));
  const winners = outcomes.filter((outcome) => typeof outcome === 'number');
  assert.equal(winners.length, 1);
  assert.ok(outcomes.every((outcome) => typeof outcome === 'number' || outcome === 'IdempotentParameterMismatchException'));
  assert.deepEqual((await get(id)).n, N(winners[0]));
});

test('tokens hold across a restart and a kill', { skip: givenEndpoint() !== undefined }, async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'stator-tokens-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  const TransactItems = [{ Update: { TableName: 'counters', Key: { id: S('a') }, UpdateExpression: 'ADD n :n', ExpressionAttributeValues: { ':n': N(1) } } }];
  for (let start = 0; start < 3; start++) {
    const server = await startServer(['--data-dir', directory]);
    const raw = new RawClient(server.endpoint);
    if (start === 0) await raw.call('CreateTable', tableRequest({ name: 'counters' }));
    const answer = await raw.call('TransactWriteItems', { TransactItems, ClientRequestToken: 'one token', ReturnConsumedCapacity: 'TOTAL' });
    assert.equal(start === 0 ? answer.ConsumedCapacity[0].WriteCapacityUnits : answer.ConsumedCapacity[0].ReadCapacityUnits, 2);
    await expectError(raw.call('TransactWriteItems', { TransactItems: [...TransactItems, { Put: { TableName: 'counters', Item: { id: S('b') } } }], ClientRequestToken: 'one token' }),
      { type: 'IdempotentParameterMismatchException' });
    assert.deepEqual((await raw.call('GetItem', { TableName: 'counters', Key: { id: S('a') } })).Item.n, N(1));
    raw.close();
    await (start === 1 ? server.stop() : server.kill());
  }
  const verified = await runToEnd(['verify', directory]);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});

// ---- at the same time ----

const clients = (count, run) => Promise.all(Array.from({ length: count }, async (_, at) => {
  const raw = new RawClient(endpoint);
  try {
    return await run((operation, body) => raw.call(operation, body), at);
  } finally {
    raw.close();
  }
}));
const random = (below) => Math.floor(Math.random() * below);

test('eight clients that move money in all directions neither stick nor lose any', async () => {
  const [ACCOUNTS, EACH, MOVES] = [6, 100, 60];
  const bank = fresh('bank');
  const account = (at) => ({ id: S(`${bank}-${at}`) });
  for (let at = 0; at < ACCOUNTS; at++) await db.PutItem({ TableName: name, Item: { ...account(at), n: N(EACH) } });
  const change = (at, sign, by) => ({ Update: { TableName: name, Key: account(at), UpdateExpression: `SET n = n ${sign} :by`, ExpressionAttributeValues: { ':by': N(by) },
    ...(sign === '-' && { ConditionExpression: 'n >= :by' }) } });
  let refused = 0;
  await clients(8, async (call) => {
    for (let move = 0; move < MOVES; move++) {
      const from = random(ACCOUNTS);
      const to = (from + 1 + random(ACCOUNTS - 1)) % ACCOUNTS;
      const by = 1 + random(90);
      const actions = [change(from, '-', by), change(to, '+', by)];
      if (random(2)) actions.reverse();
      await call('TransactWriteItems', { TransactItems: actions }).catch((error) => {
        assert.equal(error.name, 'TransactionCanceledException');
        refused++;
      });
    }
  });
  let sum = 0;
  for (let at = 0; at < ACCOUNTS; at++) {
    const { n } = await get(`${bank}-${at}`);
    assert.ok(Number(n.N) >= 0);
    sum += Number(n.N);
  }
  assert.equal(sum, ACCOUNTS * EACH);
  assert.ok(refused < 8 * MOVES);
});

test('transactions over the same items in opposite order all end', async () => {
  const ids = Array.from({ length: 20 }, () => fresh('order'));
  await clients(6, async (call, at) => {
    const order = at % 2 ? [...ids].reverse() : ids;
    for (let round = 0; round < 25; round++) await call('TransactWriteItems', { TransactItems: order.map((id) => add(id)) });
  });
  for (const id of ids) assert.deepEqual((await get(id)).n, N(150));
});

test('single writes between transactions are neither lost nor refused', async () => {
  const [a, b] = [fresh(), fresh()];
  await clients(6, async (call, at) => {
    for (let round = 0; round < 40; round++) {
      if (at % 2) await call('UpdateItem', { TableName: name, Key: { id: S(a) }, UpdateExpression: 'ADD n :n', ExpressionAttributeValues: { ':n': N(1) } });
      else await call('TransactWriteItems', { TransactItems: [add(a), add(b)] });
    }
  });
  assert.deepEqual([(await get(a)).n, (await get(b)).n], [N(240), N(120)]);
});

test('of many that want to be first, one is', async () => {
  const [id, counts] = [fresh(), fresh()];
  const outcomes = await clients(8, (call, at) => call('TransactWriteItems', { TransactItems: [put({ id: S(id), at: N(at) }, { ConditionExpression: absent }), add(counts)] })
    .then(() => 'first', (error) => error.name));
  assert.equal(outcomes.filter((outcome) => outcome === 'first').length, 1);
  assert.equal(outcomes.filter((outcome) => outcome === 'TransactionCanceledException').length, 7);
  assert.deepEqual((await get(counts)).n, N(1));
});
