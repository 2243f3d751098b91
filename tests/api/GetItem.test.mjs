// GetItem: keys, projections old and new, absence.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { EMPTY_KEY, INVALID, KEY_MISMATCH, L, M, N, NO_TABLE, S, SS, expectError, expectInvalid, expectUnreadable, harness,
  notNull, refusals, tooShort, violations } from './lib/index.mjs';

const { db, table, client } = await harness();
const name = await table({});
const pairs = await table({ key: 'p s:N' });

const whole = {
  id: S('one'), a: N(1), t: S('text'), 'dot.ted': S('dotted'), ss: SS('x', 'y'),
  l: L(S('l0'), M({ x: S('l1x'), y: S('l1y') }), L(N(0), N(1), N(2))), m: M({ a: M({ b: N(2), c: N(3) }), 'dot.ted': N(4) }),
};
await db.PutItem({ TableName: name, Item: whole });
const get = async (more) => (await db.GetItem({ TableName: name, Key: { id: S('one') }, ...more })).Item;
const project = (ProjectionExpression, ExpressionAttributeNames) => get({ ProjectionExpression, ExpressionAttributeNames });

test('the whole item comes back', async () => {
  assert.deepEqual(await get(), whole);
  assert.deepEqual(await get({ ConsistentRead: true }), whole);
});

test('a missing item answers {} without Item', async () => {
  assert.deepEqual(await db.GetItem({ TableName: name, Key: { id: S('none') } }), {});
});

test('the SDK reads the same item', async () => {
  const { GetItemCommand } = await import('@aws-sdk/client-dynamodb');
  const { Item } = await (await client()).send(new GetItemCommand({ TableName: name, Key: { id: { S: 'one' } } }));
  assert.deepEqual(Item, whole);
});

test('a projection of top-level names answers those, without adding the key', async () => {
  assert.deepEqual(await project('a, t'), { a: N(1), t: S('text') });
  assert.deepEqual(await project('t,zz'), { t: S('text') });
});

test('a projection of nothing that is there answers an empty Item', async () => {
  assert.deepEqual(await db.GetItem({ TableName: name, Key: { id: S('one') }, ProjectionExpression: 'zz' }), { Item: {} });
});

test('nested paths keep their parents, and list elements are packed in the order of the list', async () => {
  assert.deepEqual(await project('m.a.b'), { m: M({ a: M({ b: N(2) }) }) });
  assert.deepEqual(await project('l[1].y, l[0]'), { l: L(S('l0'), M({ y: S('l1y') })) });
  assert.deepEqual(await project('l[2][2], l[2][0]'), { l: L(L(N(0), N(2))) });
  assert.deepEqual(await project('l[9], m.a.zz'), {});
});

test('a dot in the value of a #name is a literal dot', async () => {
  assert.deepEqual(await project('#d', { '#d': 'dot.ted' }), { 'dot.ted': S('dotted') });
  assert.deepEqual(await project('m.#d', { '#d': 'dot.ted' }), { m: M({ 'dot.ted': N(4) }) });
  assert.deepEqual(await project('#d', { '#d': 'm.a' }), {});
});

test('placeholders may begin with digits and underscores', async () => {
  assert.deepEqual(await project('#0, #_x', { '#0': 'a', '#_x': 't' }), { a: N(1), t: S('text') });
});

test('AttributesToGet answers top-level attributes', async () => {
  assert.deepEqual(await get({ AttributesToGet: ['a', 'zz', 'dot.ted'] }), { a: N(1), 'dot.ted': S('dotted') });
});

test('numbers equal in value find the same item', async () => {
  await db.PutItem({ TableName: pairs, Item: { p: S('n'), s: N('10') } });
  const { Item } = await db.GetItem({ TableName: pairs, Key: { p: S('n'), s: N('1.0E1') } });
  assert.deepEqual(Item, { p: S('n'), s: N(10) });
});

refusals(db, 'GetItem', {}, [
  ['an empty request', {}, violations(notNull('tableName'), notNull('key'))],
]);
refusals(db, 'GetItem', { TableName: name }, [
  ['a request without key', {}, violations(notNull('key'))],
  ['an empty key', { Key: {} }, KEY_MISMATCH],
  ['a key with another attribute', { Key: { id: S('a'), b: S('b') } }, KEY_MISMATCH],
  ['a key of another name', { Key: { b: S('a') } }, KEY_MISMATCH],
  ['a key of the wrong type', { Key: { id: N(1) } }, KEY_MISMATCH],
  ['a key that is a list', { Key: { id: L() } }, KEY_MISMATCH],
  ['an empty key value', { Key: { id: S('') } }, `${EMPTY_KEY}id`],
  ['a key of 2049 bytes', { Key: { id: S('k'.repeat(2049)) } }, `${INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes`],
  ['a key without range key', { TableName: pairs, Key: { p: S('a') } }, KEY_MISMATCH],
  ['a number that is none in the key', { TableName: pairs, Key: { p: S('a'), s: N('x') } }, 'The parameter cannot be converted to a numeric value: x'],
  ['a value without type in the key', { Key: { id: {} } }, 'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes'],
  ['a value of an unknown type in the key', { Key: { id: { Q: 'a' } } }, 'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes'],
  ['a value of two types in the key', { Key: { id: { S: 'a', N: '1' } } },
    'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes'],
  ['a set with a member twice in the key', { Key: { id: SS('a', 'a') } }, `${INVALID}Input collection [a, a] contains duplicates.`],
  ['a null that is false in the key', { Key: { id: { NULL: false } } }, `${INVALID}Null attribute value types must have the value of true`],
  ['an empty set in the key', { Key: { id: SS() } }, `${INVALID}An string set  may not be empty`],
]);

const syntax = /^Invalid ProjectionExpression: Syntax error; token: /;
refusals(db, 'GetItem', { TableName: name, Key: { id: S('one') } }, [
  ['AttributesToGet with a projection', { ProjectionExpression: 'a', AttributesToGet: ['a'] },
    'Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}'],
  ['empty AttributesToGet', { AttributesToGet: [] }, violations(tooShort('attributesToGet', '[]', 1))],
  ['one attribute twice in AttributesToGet', { AttributesToGet: ['a', 'a'] }, `${INVALID}Duplicate value in attribute name: a`],
  ['names without projection', { ExpressionAttributeNames: { '#a': 'a' } }, 'ExpressionAttributeNames can only be specified when using expressions'],
  ['names with AttributesToGet', { AttributesToGet: ['a'], ExpressionAttributeNames: { '#a': 'a' } },
    'ExpressionAttributeNames can only be specified when using expressions'],
  ['empty names', { ProjectionExpression: 'a', ExpressionAttributeNames: {} }, 'ExpressionAttributeNames must not be empty'],
  ['an unused name', { ProjectionExpression: 'a', ExpressionAttributeNames: { '#a': 'a' } },
    'Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}'],
  ['an undefined name', { ProjectionExpression: '#a' },
    'Invalid ProjectionExpression: An expression attribute name used in the document path is not defined; attribute name: #a'],
  ['an empty projection', { ProjectionExpression: '' }, 'Invalid ProjectionExpression: The expression can not be empty;'],
  ['a comma at the end', { ProjectionExpression: 'a,' }, syntax],
  ['a comma at the beginning', { ProjectionExpression: ',a' }, syntax],
  ['names without comma between', { ProjectionExpression: 'a b' }, syntax],
  ['a name that begins with a digit', { ProjectionExpression: '1a' }, syntax],
  ['a name that begins with _', { ProjectionExpression: '_a' }, syntax],
  ['a negative index', { ProjectionExpression: 'l[-1]' }, syntax],
  ['an index that is a name', { ProjectionExpression: 'l[x]' }, syntax],
  ['an open bracket', { ProjectionExpression: 'l[0' }, syntax],
  ['an index beyond 32 bits', { ProjectionExpression: 'l[99999999999]' }, /^Invalid ProjectionExpression: /],
  ['a value in place of a path', { ProjectionExpression: ':a' }, syntax],
  ['a reserved word', { ProjectionExpression: 'abort' },
    'Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: abort'],
  ['a reserved word in any case', { ProjectionExpression: 'a, NaMe' },
    'Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: NaMe'],
  ['a reserved word below the top', { ProjectionExpression: 'm.status' },
    'Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: status'],
  ['overlapping paths', { ProjectionExpression: 'm, m.a' },
    'Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path two: [m, a]'],
  ['one path twice', { ProjectionExpression: 'a, a' },
    'Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]'],
  ['overlapping paths behind names', { ProjectionExpression: 'm.a, #m.#a.b', ExpressionAttributeNames: { '#m': 'm', '#a': 'a' } },
    'Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m, a, b]'],
  ['conflicting paths', { ProjectionExpression: 'l[0], l.b' },
    'Invalid ProjectionExpression: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [l, [0]], path two: [l, b]'],
  ['a projection of 4097 bytes', { ProjectionExpression: `a${' '.repeat(4096)}` },
    'Invalid ProjectionExpression: Expression size has exceeded the maximum allowed size; expression size: 4097'],
]);

test('a projection of 4096 bytes is accepted', async () => {
  assert.deepEqual(await project(`a${' '.repeat(4095)}`), { a: N(1) });
});

test('a missing table is ResourceNotFoundException', () =>
  expectError(db.GetItem({ TableName: 'no-such-table', Key: { id: S('a') } }), { type: 'ResourceNotFoundException', message: NO_TABLE }));

test('a bad projection on a missing table reports the projection', () =>
  expectInvalid(db.GetItem({ TableName: 'no-such-table', Key: { id: S('a') }, ProjectionExpression: 'abort' }), /reserved keyword: abort$/));

for (const [member, value, text] of [
  ['Key', 'abc', 'Unexpected field type'],
  ['AttributesToGet', 'abc', 'Unexpected field type'],
  ['ConsistentRead', 'abc', 'Unexpected token received from parser'],
  ['ConsistentRead', 1, 'NUMBER_VALUE cannot be converted to Boolean'],
  ['ProjectionExpression', 5, 'NUMBER_VALUE cannot be converted to String'],
  ['ExpressionAttributeNames', { '#a': 5 }, 'NUMBER_VALUE cannot be converted to String'],
]) {
  test(`${JSON.stringify(value)} as ${member} is a SerializationException`, () =>
    expectUnreadable(db.GetItem({ TableName: name, Key: { id: S('one') }, [member]: value }), text));
}
