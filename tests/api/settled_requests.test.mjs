// What two other implementations agree on about refusals, their order and their words, and Stator
// once answered otherwise.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { B, BOOL, INVALID, KEY_MISMATCH, L, M, N, NS, NULL, S, SS, expectError, expectInvalid, harness, uniqueName } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table({ key: 'p s', gsi: { byG: { key: 'g t:N' } } });
const START = 'The provided starting key is invalid';

// ---- BETWEEN ----

const between = (low, high) => db.PutItem({ TableName: name, Item: { p: S('a'), s: S('b') }, ConditionExpression: 'x BETWEEN :low AND :high',
  ExpressionAttributeValues: { ':low': low, ':high': high } });
const DIFFERENT = 'Invalid ConditionExpression: The BETWEEN operator requires same data type for lower and upper bounds; ';
const bounds = [
  ['a string set and a number', SS('a', 'b'), N('1e1'), 'lower bound operand: AttributeValue: {SS:["a", "b"]}, upper bound operand: AttributeValue: {N:10}'],
  ['a number and a number set', N(1), NS(2, 1), 'lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {NS:["1", "2"]}'],
  ['a list and a map', L(N(1)), M({}), 'lower bound operand: AttributeValue: {L:[...]}, upper bound operand: AttributeValue: {M:{...}}'],
  ['a binary and NULL', B([0]), NULL, 'lower bound operand: AttributeValue: {B:AA==}, upper bound operand: AttributeValue: {NULL:true}'],
  ['BOOL and a string', BOOL(false), S('x'), 'lower bound operand: AttributeValue: {BOOL:false}, upper bound operand: AttributeValue: {S:x}'],
];
for (const [what, low, high, text] of bounds) {
  test(`BETWEEN ${what} is told as two types, even where one has no order`, () => expectInvalid(between(low, high), DIFFERENT + text));
}

test('BETWEEN two values of one type without order is told as a wrong operand', () =>
  expectInvalid(between(L(), L(N(1))), 'Invalid ConditionExpression: Incorrect operand type for operator or function; operator: BETWEEN, operand type: L'));

test('BETWEEN bounds in the wrong order is told before an operand without order', () =>
  expectInvalid(db.PutItem({ TableName: name, Item: { p: S('a'), s: S('b') }, ConditionExpression: ':x BETWEEN :low AND :high',
    ExpressionAttributeValues: { ':x': M({}), ':low': N(100), ':high': N('0.5') } }),
  'Invalid ConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ' +
    'lower bound operand: AttributeValue: {N:100}, upper bound operand: AttributeValue: {N:0.5}'));

// ---- starting keys ----

const query = (ExclusiveStartKey, more) => db.Query({ TableName: name, KeyConditionExpression: 'p = :p', ExpressionAttributeValues: { ':p': S('a') },
  ExclusiveStartKey, ...more });
const ofIndex = { IndexName: 'byG', KeyConditionExpression: 'g = :p' };

test('a starting key with an empty value is told as a starting key\'s fault', () =>
  expectInvalid(query({ p: {}, s: S('b') }), `${START}: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes`));

test('a starting key with a wrong number is told as the number\'s fault', () =>
  expectInvalid(query({ p: N('x'), s: S('b') }), 'The parameter cannot be converted to a numeric value: x'));

test('a wrong type in the key of the queried table is told plainly', () => expectInvalid(query({ p: S('a'), s: N(1) }), KEY_MISMATCH));

// Of the two other implementations one checks the starting key as a whole, one attribute by attribute, each with its condition.
test('a starting key is checked as a whole before the conditions on the key', () =>
  expectInvalid(query({ p: S('a'), s: N(1) }, { KeyConditionExpression: 's = :p' }), KEY_MISMATCH));
test('a starting key of another length is told before a missing condition on the partition key', () =>
  expectInvalid(query({ p: S('a') }, { KeyConditionExpression: 's = :p' }), START));

test('a wrong type in the key of the queried index is told plainly', () =>
  expectInvalid(query({ p: S('a'), s: S('b'), g: S('a'), t: S('1') }, ofIndex), KEY_MISMATCH));

test('a wrong type in the table\'s key of an index\'s starting key is told as a starting key\'s fault', () =>
  expectInvalid(query({ p: S('a'), s: N(1), g: S('a'), t: N(1) }, ofIndex), `${START}: ${KEY_MISMATCH}`));

test('a missing table key in an index\'s starting key of the right length is told as a starting key\'s fault', () =>
  expectInvalid(query({ p: S('a'), x: N(1), g: S('a'), t: N(1) }, ofIndex), `${START}: ${KEY_MISMATCH}`));

test('Scan tells a wrong type in an index\'s key plainly', () =>
  expectInvalid(db.Scan({ TableName: name, IndexName: 'byG', ExclusiveStartKey: { p: S('a'), s: S('b'), g: M({}), t: N(1) } }), KEY_MISMATCH));

test('a starting key of another partition beyond the range is told as beyond the range', () =>
  expectInvalid(query({ p: S('z'), s: S('z') }, { KeyConditionExpression: 'p = :p AND s < :s', ExpressionAttributeValues: { ':p': S('a'), ':s': S('b') } }),
    'The provided starting key does not match the range key predicate'));

test('a starting key of another partition within the range is told as outside of the query', () =>
  expectInvalid(query({ p: S('z'), s: S('a') }, { KeyConditionExpression: 'p = :p AND s < :s', ExpressionAttributeValues: { ':p': S('a'), ':s': S('b') } }),
    'The provided starting key is outside query boundaries based on provided conditions'));

// ---- writes ----

for (const [what, Item] of [['of the wrong type', { p: S('a'), s: N(1) }], ['that is missing', { p: S('a') }]]) {
  test(`BatchWriteItem refuses a put with a key attribute ${what} as a key`, () =>
    expectInvalid(db.BatchWriteItem({ RequestItems: { [name]: [{ PutRequest: { Item } }] } }), KEY_MISMATCH));
}

test('an update that makes an item reads the key it is given', async () => {
  const Key = { p: S('new'), s: S('item') };
  const { Attributes } = await db.UpdateItem({ TableName: name, Key, UpdateExpression: 'SET a = p, b = if_not_exists(s, :v)',
    ExpressionAttributeValues: { ':v': N(1) }, ReturnValues: 'ALL_NEW' });
  assert.deepEqual(Attributes, { ...Key, a: S('new'), b: S('item') });
});

test('an update that makes an item finds nothing else in it', () =>
  expectInvalid(db.UpdateItem({ TableName: name, Key: { p: S('none'), s: S('item') }, UpdateExpression: 'SET a = b' }),
    'The provided expression refers to an attribute that does not exist in the item'));

test('a condition on an item that an update would make finds no key', () =>
  expectError(db.UpdateItem({ TableName: name, Key: { p: S('none'), s: S('item') }, UpdateExpression: 'SET a = p', ConditionExpression: 'attribute_exists(p)' }),
    { type: 'ConditionalCheckFailedException', message: 'The conditional request failed' }));

// ---- tables ----

test('an attribute that is defined twice is counted twice', () =>
  expectInvalid(db.CreateTable({ TableName: uniqueName(), KeySchema: [{ AttributeName: 'p', KeyType: 'HASH' }], BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'p', AttributeType: 'S' }, { AttributeName: 'p', AttributeType: 'N' }] }),
  `${INVALID}Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions`));

// ---- found later ----

test('a text that quotes a NUL says what follows it, too', () =>
  expectInvalid(between(S('b'), S('a\0c')), 'Invalid ConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ' +
    'lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a\0c}'));

test('an attribute type that is none is quoted whole, NULs too', () =>
  expectInvalid(db.Scan({ TableName: name, FilterExpression: 'attribute_type(x, :v)', ExpressionAttributeValues: { ':v': S('a\0c') } }),
    'Invalid FilterExpression: Invalid attribute type name found; type: a\0c, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}'));

test('a set with a member twice is quoted whole, NULs too', () =>
  expectInvalid(db.PutItem({ TableName: name, Item: { p: S('a'), s: S('b'), x: SS('\0', 'a', 'a') } }),
    `${INVALID}Input collection [\0, a, a] contains duplicates.`));

test('BatchWriteItem goes from item to item: a key twice is told before what is wrong behind it', async () => {
  const put = (Item) => ({ PutRequest: { Item } });
  const twice = [put({ p: S('a'), s: S('b') }), put({ p: S('a'), s: S('b') })];
  await expectInvalid(db.BatchWriteItem({ RequestItems: { [name]: [...twice, put({ p: S('a') })] } }), 'Provided list of item keys contains duplicates');
  await expectInvalid(db.BatchWriteItem({ RequestItems: { [name]: [put({ p: S('a') }), ...twice] } }), KEY_MISMATCH);
});

test('BatchWriteItem looks for requests that are neither put nor delete before it looks into the others', () =>
  expectInvalid(db.BatchWriteItem({ RequestItems: { [name]: [{ PutRequest: { Item: { p: N('x') } } }, {}] } }),
    'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes'));

const mismatch = (actual) => `${INVALID}Type mismatch for Index Key g Expected: S Actual: ${actual} IndexName: byG`;
const updates = [
  ['sets it to a number', 'SET g = :v', N(1), 'N'],
  ['sets it to a sum', 'SET g = x + :v', N(1), 'N'],
  ['sets it to a list', 'SET g = list_append(x, :v)', L(), 'L'],
  ['adds a set to it', 'ADD g :v', SS('a'), 'SS'],
];
for (const [what, UpdateExpression, v, actual] of updates) {
  test(`an update that ${what}, though it is an index's key, is refused whatever its condition`, () =>
    expectInvalid(db.UpdateItem({ TableName: name, Key: { p: S('none'), s: S('item') }, UpdateExpression, ConditionExpression: 'attribute_exists(p)',
      ExpressionAttributeValues: { ':v': v } }), mismatch(actual)));
}

test('what an update makes of an index\'s key is looked at before paths into keys', () =>
  expectInvalid(db.UpdateItem({ TableName: name, Key: { p: S('none'), s: S('item') }, UpdateExpression: 'SET t = :v, x = g[0]',
    ExpressionAttributeValues: { ':v': S('1') } }), `${INVALID}Type mismatch for Index Key t Expected: N Actual: S IndexName: byG`));

test('what a filter on a local index fetches is not shown', async () => {
  const local = await table({ key: 'p s', lsi: { byT: { key: 'p t', project: ['x'] } } });
  await db.PutItem({ TableName: local, Item: { p: S('a'), s: S('b'), t: S('c'), x: N(1), y: N(2) } });
  const shown = [{ p: S('a'), s: S('b'), t: S('c'), x: N(1) }];
  const request = { TableName: local, IndexName: 'byT', FilterExpression: 'y = :y', ExpressionAttributeValues: { ':y': N(2) } };
  assert.deepEqual((await db.Scan(request)).Items, shown);
  const query = { ...request, KeyConditionExpression: 'p = :p', ExpressionAttributeValues: { ':y': N(2), ':p': S('a') } };
  assert.deepEqual((await db.Query(query)).Items, shown);
  assert.deepEqual((await db.Query({ ...query, Select: 'ALL_ATTRIBUTES' })).Items, [{ ...shown[0], y: N(2) }]);
  assert.deepEqual((await db.Query({ ...query, ProjectionExpression: 'y' })).Items, [{ y: N(2) }]);
});

test('an update that makes an item may remove what isn\'t there, at any depth', async () => {
  const { Attributes } = await db.UpdateItem({ TableName: name, Key: { p: S('new'), s: S('deep') }, UpdateExpression: 'SET a = p REMOVE b.c, d[1].e',
    ReturnValues: 'UPDATED_NEW' });
  assert.deepEqual(Attributes, { a: S('new') });
});

test('of several faults of an update the first in its text is told', async () => {
  const Key = { p: S('faults'), s: S('b') };
  await db.PutItem({ TableName: name, Item: { ...Key, m: S('text') } });
  const update = (UpdateExpression, values = { ':v': N(1) }) => db.UpdateItem({ TableName: name, Key, UpdateExpression, ExpressionAttributeValues: values });
  const MISSING = 'The provided expression refers to an attribute that does not exist in the item';
  const TYPE = 'An operand in the update expression has an incorrect data type';
  await expectInvalid(update('SET x = m + :v, a = gone'), TYPE);
  await expectInvalid(update('SET a = gone, x = m + :v'), MISSING);
  await expectInvalid(update('SET x = gone, a = m + :v'), MISSING);
  await expectInvalid(update('ADD m :v SET a = gone'), MISSING); // SET is computed first
  await expectInvalid(update('DELETE m :s SET a = gone', { ':s': NS(1) }), MISSING);
});
