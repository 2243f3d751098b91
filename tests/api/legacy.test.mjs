// The parameters that were there before expressions, over all operators and operations: Expected,
// AttributeUpdates, KeyConditions, QueryFilter, ScanFilter, ConditionalOperator, AttributesToGet.

import { before } from 'node:test';
import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import {
  B, BOOL, BS, INVALID, KEY_MISMATCH, L, M, N, NO_TABLE, NS, NULL, S, SS, expectError, expectInvalid, harness, load, notIn, notNull, pages,
  refusals, tooShort, unordered, violations,
} from './lib/index.mjs';

const { db, client, table } = await harness();
const name = await table({ key: 'id' });
const pairs = await table({ key: 'p s:N', gsi: { byG: { key: 'g', project: 'KEYS_ONLY' } }, lsi: { byT: { key: 'p t:N', project: ['x'] } } });

const is = (ComparisonOperator, ...AttributeValueList) => ({ ComparisonOperator, ...(AttributeValueList.length ? { AttributeValueList } : {}) });
const count = (operator) => `${INVALID}Invalid number of argument(s) for the ${operator} ComparisonOperator`;
const kind = (operator, type) => `${INVALID}ComparisonOperator ${operator} is not valid for ${type} AttributeValue type`;
const SAME = `${INVALID}AttributeValues inside AttributeValueList must be of same type`;
const BOUNDS = 'The BETWEEN condition was provided a range where the lower bound is greater than the upper bound';
const MISMATCH = 'Type mismatch for attribute to update';
const EMPTY = 'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes';
const OPERATOR = 'ConditionalOperator cannot be used without Filter or Expected';
const both = (left, right) => `Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {${left}} Expression parameters: {${right}}`;
const OPERATORS = ['IN', 'NULL', 'BETWEEN', 'LT', 'NOT_CONTAINS', 'EQ', 'GT', 'NOT_NULL', 'NE', 'LE', 'BEGINS_WITH', 'GE', 'CONTAINS'];

const item = {
  id: S('item'), p: S('one'), s: N(1), n: N(5), t: S('hello'), b: B([1, 2, 3]), l: L(N(1), S('x')), m: M({ k: N(1) }), yes: BOOL(true), nil: NULL,
  ss: SS('x', 'y'), ns: NS(1, 2), bs: BS([1], [2]), e: S(''),
};
const get = async (id) => (await db.GetItem({ TableName: name, Key: { id: S(id) }, ConsistentRead: true })).Item;

before(async () => {
  const { p, s, t, ...whole } = item;
  await db.PutItem({ TableName: name, Item: { ...whole, t } });
  await db.PutItem({ TableName: pairs, Item: { ...whole, p, s, tt: t } });
  await load(db, pairs, Array.from({ length: 12 }, (_, at) =>
    ({ p: S('many'), s: N(at), t: N(100 - at), x: N(at % 4), ...(at % 2 ? { g: S('odd') } : {}), name: S(`n${at}`) })));
});

// One row, three places: a condition of a write, a filter of Query, a filter of Scan.
const truths = [
  ['EQ of a number by value', 'n', is('EQ', N('5.00')), true],
  ['EQ of another type', 'n', is('EQ', S('5')), false],
  ['EQ of a missing attribute', 'gone', is('EQ', N(5)), false],
  ['EQ of a string set in another order', 'ss', is('EQ', SS('y', 'x')), true],
  ['EQ of a number set by value', 'ns', is('EQ', NS('2.0', '1')), true],
  ['EQ of a smaller set', 'ns', is('EQ', NS(1)), false],
  ['EQ of a list', 'l', is('EQ', L(N(1), S('x'))), true],
  ['EQ of a map', 'm', is('EQ', M({ k: N(1) })), true],
  ['EQ of a boolean', 'yes', is('EQ', BOOL(true)), true],
  ['EQ of null', 'nil', is('EQ', NULL), true],
  ['EQ of an empty string', 'e', is('EQ', S('')), true],
  ['NE of the same', 'n', is('NE', N(5)), false],
  ['NE of another', 'n', is('NE', N(6)), true],
  ['NE of another type', 'n', is('NE', S('5')), true],
  ['NE of a missing attribute', 'gone', is('NE', N(5)), true],
  ['LT', 'n', is('LT', N(10)), true],
  ['LT of the same', 'n', is('LT', N(5)), false],
  ['LE of the same', 'n', is('LE', N(5)), true],
  ['GT of a string', 't', is('GT', S('hell')), true],
  ['GT of another type', 'n', is('GT', S('')), false],
  ['GE of a binary', 'b', is('GE', B([1, 2])), true],
  ['GE of a missing attribute', 'gone', is('GE', N(0)), false],
  ['NULL of a missing attribute', 'gone', is('NULL'), true],
  ['NULL of an attribute that holds null', 'nil', is('NULL'), false],
  ['NOT_NULL of an attribute that holds null', 'nil', is('NOT_NULL'), true],
  ['NOT_NULL of a missing attribute', 'gone', is('NOT_NULL'), false],
  ['NULL with an empty list of values', 'gone', { ComparisonOperator: 'NULL', AttributeValueList: [] }, true],
  ['CONTAINS of a substring of binary', 'b', is('CONTAINS', B([2, 3])), true],
  ['CONTAINS of a set member', 'bs', is('CONTAINS', B([2])), true],
  ['CONTAINS of a list element', 'l', is('CONTAINS', S('x')), true],
  ['CONTAINS of a number in a number', 'n', is('CONTAINS', N(5)), false],
  ['CONTAINS of a missing attribute', 'gone', is('CONTAINS', S('x')), false],
  ['NOT_CONTAINS of a set member', 'ss', is('NOT_CONTAINS', S('x')), false],
  ['NOT_CONTAINS of another type', 'ss', is('NOT_CONTAINS', N(1)), true],
  ['NOT_CONTAINS of a missing attribute', 'gone', is('NOT_CONTAINS', S('x')), true],
  ['BEGINS_WITH of a binary', 'b', is('BEGINS_WITH', B([1])), true],
  ['BEGINS_WITH of another type', 'b', is('BEGINS_WITH', S('a')), false],
  ['BEGINS_WITH of a missing attribute', 'gone', is('BEGINS_WITH', S('')), false],
  ['IN with the value', 'n', is('IN', N(4), N('5.0')), true],
  ['IN without the value', 'n', is('IN', N(4)), false],
  ['IN of a missing attribute', 'gone', is('IN', N(4)), false],
  ['IN with 200 values', 'n', is('IN', ...Array.from({ length: 200 }, (_, at) => N(at))), true],
  ['BETWEEN with equal bounds', 'n', is('BETWEEN', N(5), N(5)), true],
  ['BETWEEN beyond', 'n', is('BETWEEN', N(6), N(10)), false],
  ['BETWEEN of another type', 'n', is('BETWEEN', S('0'), S('9')), false],
  ['BETWEEN of a missing attribute', 'gone', is('BETWEEN', N(0), N(9)), false],
];
for (const [what, attribute, condition, want] of truths) {
  test(`${what} is ${want} in Expected, QueryFilter and ScanFilter`, async () => {
    const update = db.UpdateItem({ TableName: name, Key: { id: S('item') }, AttributeUpdates: { zz: { Action: 'DELETE' } }, Expected: { [attribute]: condition } });
    if (want) await update;
    else await expectError(update, { type: 'ConditionalCheckFailedException', message: 'The conditional request failed' });
    const query = await db.Query({ TableName: pairs, KeyConditions: { p: is('EQ', S('one')) }, QueryFilter: { [attribute === 't' ? 'tt' : attribute]: condition } });
    assert.deepEqual([query.Count, query.ScannedCount], [want ? 1 : 0, 1]);
    const scan = await db.Scan({ TableName: name, ScanFilter: { id: is('EQ', S('item')), [attribute]: condition } });
    assert.equal(scan.Count, want ? 1 : 0);
  });
}

// ---- Expected ----

const expecting = (Expected, more) => db.UpdateItem({ TableName: name, Key: { id: S('item') }, Expected, ...more });
const holds = async (Expected, more) => assert.deepEqual(await expecting(Expected, more), {});
const fails = (Expected, more) => expectError(expecting(Expected, more), { type: 'ConditionalCheckFailedException' });

test('Exists true compares with Value, it does not only look', async () => {
  await holds({ n: { Exists: true, Value: N(5) } });
  await fails({ n: { Exists: true, Value: N(6) } });
});

test('Exists false holds for a missing attribute and a missing item', async () => {
  await fails({ n: { Exists: false } });
  await holds({ gone: { Exists: false } });
  await db.PutItem({ TableName: name, Item: { id: S('new') }, Expected: { id: { Exists: false } } });
  await expectError(db.PutItem({ TableName: name, Item: { id: S('new') }, Expected: { id: { Exists: false } } }), { type: 'ConditionalCheckFailedException' });
});

test('an operator takes Value in place of a list of one', async () => {
  await holds({ n: { ComparisonOperator: 'LT', Value: N(6) } });
  await fails({ n: { ComparisonOperator: 'LT', Value: N(5) } });
});

test('all of Expected must hold, or any with OR', async () => {
  const mixed = { n: { Value: N(5) }, t: { Value: S('no') } };
  await fails(mixed);
  await fails(mixed, { ConditionalOperator: 'AND' });
  await holds(mixed, { ConditionalOperator: 'OR' });
  await fails({ n: { Value: N(6) }, t: { Value: S('no') } }, { ConditionalOperator: 'OR' });
  await holds({ n: { Value: N(5) } }, { ConditionalOperator: 'OR' });
  await fails({ n: { Value: N(6) } }, { ConditionalOperator: 'OR' });
});

test('an empty Expected expects nothing', () => holds({}));

test('Expected of a top-level name with dots and a reserved word', async () => {
  await db.PutItem({ TableName: name, Item: { id: S('odd'), 'a.b[0]': N(1), name: N(2) } });
  await db.DeleteItem({ TableName: name, Key: { id: S('odd') }, Expected: { 'a.b[0]': { Value: N(1) }, name: is('GT', N(1)), '#x': { Exists: false } } });
  assert.equal(await get('odd'), undefined);
});

test('DeleteItem with a false Expected keeps the item, and answers it with the error when asked', async () => {
  await db.PutItem({ TableName: name, Item: { id: S('kept'), n: N(1) } });
  const error = await expectError(db.DeleteItem({ TableName: name, Key: { id: S('kept') }, Expected: { n: is('GT', N(1)) }, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
    { type: 'ConditionalCheckFailedException' });
  assert.deepEqual(error.answer.json.Item, { id: S('kept'), n: N(1) });
});

const bad = [
  ['a fault in the second of two values before their number', { a: { ComparisonOperator: 'EQ', AttributeValueList: [N(1), {}] } }, EMPTY],
  ['an empty Value', { a: { Value: {} } }, EMPTY],
  ['a Value of two types', { a: { Value: { N: '1', S: 'a' } } },
    'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes'],
  ['a Value that is no number', { a: { Value: N('x') } }, 'The parameter cannot be converted to a numeric value: x'],
  ['a set with duplicates', { a: is('EQ', SS('a', 'a')) }, `${INVALID}Input collection [a, a] contains duplicates.`],
  ['NULL with Value', { a: { ComparisonOperator: 'NULL', Value: N(1) } }, count('NULL')],
  ['BETWEEN with Value', { a: { ComparisonOperator: 'BETWEEN', Value: N(1) } }, count('BETWEEN')],
  ['EQ of no value', { a: { ComparisonOperator: 'EQ', AttributeValueList: [] } }, count('EQ')],
  ['Exists false with an operator', { a: { Exists: false, ComparisonOperator: 'NULL' } }, `${INVALID}Exists and ComparisonOperator cannot be used together for Attribute: a`],
  ['Exists with AttributeValueList', { a: { Exists: false, AttributeValueList: [N(1)] } },
    `${INVALID}AttributeValueList can only be used with a ComparisonOperator for Attribute: a`],
  ['LT of a set by Value', { a: { ComparisonOperator: 'LT', Value: SS('a') } }, kind('LT', 'SS')],
  ['GE of a boolean', { a: is('GE', BOOL(true)) }, kind('GE', 'BOOL')],
  ['IN of lists', { a: is('IN', L()) }, kind('IN', 'L')],
  ['BETWEEN of nulls', { a: is('BETWEEN', NULL, NULL) }, kind('BETWEEN', 'NULL')],
  ['NOT_CONTAINS of a map', { a: is('NOT_CONTAINS', M({})) }, kind('NOT_CONTAINS', 'M')],
  ['mixed types before types that do not fit', { a: is('BETWEEN', SS('a'), N(1)) }, SAME],
  ['bounds of numbers the wrong way', { a: is('BETWEEN', N(10), N(9)) }, BOUNDS],
  ['an empty attribute name', { '': { Exists: false } }, `${INVALID}Attribute name must not be empty`],
];
for (const operation of ['PutItem', 'UpdateItem', 'DeleteItem'])
  refusals(db, operation, { TableName: name, ...(operation === 'PutItem' ? { Item: { id: S('r') } } : { Key: { id: S('r') } }) },
    [...bad.map(([what, Expected, text]) => [`${what} in Expected`, { Expected }, text]),
      ['ConditionalOperator with an empty Expected', { Expected: {}, ConditionalOperator: 'AND' }, OPERATOR],
      ['ConditionalOperator with a ConditionExpression', { ConditionExpression: 'attribute_exists(id)', ConditionalOperator: 'AND' },
        both('ConditionalOperator', 'ConditionExpression')],
      ['of two attributes of Expected the first one, whatever is wrong with it', { Expected: { b: is('BETWEEN', N(1)), a: { Exists: true } } },
        `${INVALID}Invalid number of argument(s) for the BETWEEN ComparisonOperator`],
      ['a bad Expected before a missing table', { TableName: 'no-such-table', Expected: { a: {} } },
        `${INVALID}Value must be provided when Exists is null for Attribute: a`],
    ]);
test('a good Expected of a missing table is ResourceNotFoundException', () =>
  expectError(db.DeleteItem({ TableName: 'no-such-table', Key: { id: S('r') }, Expected: { a: { Exists: false } } }), { type: 'ResourceNotFoundException', message: NO_TABLE }));

// ---- AttributeUpdates ----

const updating = (id, AttributeUpdates, more) => db.UpdateItem({ TableName: name, Key: { id: S(id) }, AttributeUpdates, ...more });
const result = async (id, from, AttributeUpdates) => {
  if (from) await db.PutItem({ TableName: name, Item: { id: S(id), ...from } });
  await updating(id, AttributeUpdates);
  return unordered(await get(id));
};
const effects = [
  ['PUT replaces, whatever was there', { a: L(N(1)) }, { a: { Action: 'PUT', Value: NULL } }, { a: NULL }],
  ['no action is PUT', {}, { a: { Value: M({ b: BOOL(false) }) } }, { a: M({ b: BOOL(false) }) }],
  ['PUT takes a dotted name for one attribute', { a: M({ b: N(1) }) }, { 'a.b': { Value: N(2) } }, { a: M({ b: N(1) }), 'a.b': N(2) }],
  ['ADD subtracts a negative number', { a: N(1) }, { a: { Action: 'ADD', Value: N('-1.5') } }, { a: N('-0.5') }],
  ['ADD of a number counts from 0', {}, { a: { Action: 'ADD', Value: N(7) } }, { a: N(7) }],
  ['ADD unites sets by value', { a: NS(1, 2) }, { a: { Action: 'ADD', Value: NS('2.0', '3') } }, { a: NS(1, 2, 3) }],
  ['ADD makes a set', {}, { a: { Action: 'ADD', Value: BS([1]) } }, { a: BS([1]) }],
  ['ADD appends to a list, duplicates too', { a: L(N(1)) }, { a: { Action: 'ADD', Value: L(N(1), S('x')) } }, { a: L(N(1), N(1), S('x')) }],
  ['ADD makes a list', {}, { a: { Action: 'ADD', Value: L(N(1)) } }, { a: L(N(1)) }],
  ['DELETE removes an attribute of any type', { a: M({}), b: N(1) }, { a: { Action: 'DELETE' } }, { b: N(1) }],
  ['DELETE removes members', { a: SS('x', 'y', 'z') }, { a: { Action: 'DELETE', Value: SS('x', 'z', 'zz') } }, { a: SS('y') }],
  ['DELETE of the last member removes the set', { a: SS('x'), b: N(1) }, { a: { Action: 'DELETE', Value: SS('x') } }, { b: N(1) }],
  ['DELETE of members of a missing set does nothing', { b: N(1) }, { a: { Action: 'DELETE', Value: SS('x') } }, { b: N(1) }],
];
for (const [what, from, updates, want] of effects) test(`legacy ${what}`, async () => assert.deepEqual(await result(what, from, updates), unordered({ id: S(what), ...want })));

test('legacy ADD and PUT make a missing item', async () => {
  assert.deepEqual(await result('made by ADD', undefined, { a: { Action: 'ADD', Value: L(N(1)) } }), { id: S('made by ADD'), a: L(N(1)) });
  assert.deepEqual(await result('made by PUT', undefined, { a: { Value: S('') } }), { id: S('made by PUT'), a: S('') });
});

test('legacy DELETE alone, with and without value, makes no item', async () => {
  assert.deepEqual(await updating('unmade', { a: { Action: 'DELETE' }, b: { Action: 'DELETE', Value: SS('x') } }, { ReturnValues: 'ALL_NEW' }), {});
  assert.equal(await get('unmade'), undefined);
  assert.equal((await result('half made', undefined, { a: { Action: 'DELETE' }, b: { Action: 'PUT', Value: N(1) } })).b.N, '1');
});

test('a thousand updates in one request', async () => {
  const updates = (action, value) => Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`a${at}`, { Action: action, Value: value }]));
  await updating('wide', updates('PUT', N(1)));
  const { Attributes } = await updating('wide', updates('ADD', N(1)), { ReturnValues: 'UPDATED_NEW' });
  assert.equal(Object.keys(Attributes).length, 1000);
  assert.ok(Object.values(Attributes).every((value) => value.N === '2'));
});

test('ReturnValues of legacy updates', async () => {
  const from = { id: S('returns'), a: N(1), b: SS('x', 'y'), c: S('c'), d: N(4) };
  const change = { a: { Action: 'ADD', Value: N(1) }, b: { Action: 'DELETE', Value: SS('x') }, c: { Action: 'DELETE' }, l: { Action: 'ADD', Value: L(N(1)) } };
  const returned = async (ReturnValues) => {
    await db.PutItem({ TableName: name, Item: from });
    return unordered((await updating('returns', change, { ReturnValues })).Attributes);
  };
  assert.deepEqual(await returned('ALL_OLD'), from);
  assert.deepEqual(await returned('ALL_NEW'), { id: S('returns'), a: N(2), b: SS('y'), d: N(4), l: L(N(1)) });
  assert.deepEqual(await returned('UPDATED_OLD'), { a: N(1), b: SS('x', 'y'), c: S('c') });
  assert.deepEqual(await returned('UPDATED_NEW'), { a: N(2), b: SS('y'), l: L(N(1)) });
  assert.equal(await returned('NONE'), undefined);
  for (const ReturnValues of ['UPDATED_OLD', 'UPDATED_NEW']) assert.deepEqual(await updating('returns', {}, { ReturnValues }), {});
});

test('AttributeUpdates with Expected: a counter that is compared and set', async () => {
  await db.PutItem({ TableName: name, Item: { id: S('version'), v: N(1) } });
  const step = () => updating('version', { v: { Action: 'ADD', Value: N(1) } }, { Expected: { v: { Value: N(1) } }, ReturnValues: 'UPDATED_NEW' });
  assert.deepEqual(await step(), { Attributes: { v: N(2) } });
  await expectError(step(), { type: 'ConditionalCheckFailedException' });
});

const mismatches = [
  ['ADD of a number to a string', { a: S('1') }, { Action: 'ADD', Value: N(1) }],
  ['ADD of a number to a set', { a: NS(1) }, { Action: 'ADD', Value: N(1) }],
  ['ADD of a set to another kind of set', { a: NS(1) }, { Action: 'ADD', Value: SS('1') }],
  ['ADD of a list to a number', { a: N(1) }, { Action: 'ADD', Value: L(N(1)) }],
  ['DELETE of members of another kind of set', { a: NS(1) }, { Action: 'DELETE', Value: SS('1') }],
];
for (const [what, from, action] of mismatches)
  test(`legacy ${what} is refused, and the item stays`, async () => {
    await db.PutItem({ TableName: name, Item: { id: S(what), ...from } });
    await expectInvalid(updating(what, { a: action }), MISMATCH);
    assert.deepEqual(await get(what), { id: S(what), ...from });
  });

const updates = (update) => ({ AttributeUpdates: { a: update } });
const WITHOUT = `${INVALID}Only DELETE action is allowed when no attribute value is specified`;
refusals(db, 'UpdateItem', { TableName: name, Key: { id: S('r') } }, [
  ['an empty update', updates({}), WITHOUT],
  ['legacy ADD without value', updates({ Action: 'ADD' }), WITHOUT],
  ['legacy ADD of a map', updates({ Action: 'ADD', Value: M({}) }), `${INVALID}ADD action is not supported for the type M`],
  ['legacy ADD of a boolean', updates({ Action: 'ADD', Value: BOOL(true) }), `${INVALID}ADD action is not supported for the type BOOL`],
  ['legacy DELETE of a list', updates({ Action: 'DELETE', Value: L() }), `${INVALID}DELETE action with value is not supported for the type L`],
  ['legacy PUT of an empty value', updates({ Value: {} }), EMPTY],
  ['legacy DELETE of an empty set', updates({ Action: 'DELETE', Value: SS() }), `${INVALID}An string set  may not be empty`],
  ['an empty attribute name in AttributeUpdates', { AttributeUpdates: { '': { Value: N(1) } } }, `${INVALID}Attribute name must not be empty`],
  ['AttributeUpdates before Expected', { ...updates({}), Expected: { a: {} } }, WITHOUT],
  ['AttributeUpdates with a ConditionExpression', { ...updates({ Value: N(1) }), ConditionExpression: 'attribute_exists(id)' },
    both('AttributeUpdates', 'ConditionExpression')],
  ['Expected with an UpdateExpression', { UpdateExpression: 'REMOVE a', Expected: { a: { Exists: false } } }, both('Expected', 'UpdateExpression')],
  ['all legacy parameters with both expressions', { ...updates({ Value: N(1) }), Expected: {}, ConditionalOperator: 'OR', UpdateExpression: 'REMOVE a',
    ConditionExpression: 'attribute_exists(id)' }, both('AttributeUpdates, Expected, ConditionalOperator', 'UpdateExpression, ConditionExpression')],
  ['names with AttributeUpdates', { ...updates({ Value: N(1) }), ExpressionAttributeNames: { '#a': 'a' } }, 'ExpressionAttributeNames can only be specified when using expressions'],
  ['a bad legacy update before a missing table', { TableName: 'no-such-table', ...updates({}) }, WITHOUT],
  ['a legacy update after a bad key', { Key: { id: N(1) }, ...updates({ Value: N(1) }) }, KEY_MISMATCH],
]);

test('a legacy update of an index key to another type is refused', () =>
  expectInvalid(db.UpdateItem({ TableName: pairs, Key: { p: S('many'), s: N(1) }, AttributeUpdates: { g: { Value: N(1) } } }),
    `${INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: byG`));

// ---- KeyConditions, QueryFilter ----

const query = (KeyConditions, more) => db.Query({ TableName: pairs, KeyConditions, ...more });
const many = { p: is('EQ', S('many')) };
const found = async (...args) => (await query(...args)).Items.map((one) => Number(one.s.N));

for (const [condition, want] of [
  [is('EQ', N('3.0')), [3]], [is('LT', N(2)), [0, 1]], [is('LE', N(2)), [0, 1, 2]], [is('GT', N(9)), [10, 11]], [is('GE', N(10)), [10, 11]],
  [is('BETWEEN', N(4), N(6)), [4, 5, 6]], [is('EQ', N(99)), []],
]) test(`legacy sort key condition ${condition.ComparisonOperator} ${condition.AttributeValueList.map((v) => v.N)}`, async () => {
  assert.deepEqual(await found({ ...many, s: condition }), want);
  assert.deepEqual(await found({ ...many, s: condition }, { ScanIndexForward: false }), [...want].reverse());
});

test('legacy BEGINS_WITH on a string sort key', async () => {
  const words = await table({ key: 'p s' });
  await load(db, words, ['a', 'ab', 'abc', 'b'].map((word) => ({ p: S('w'), s: S(word) })));
  const { Items } = await db.Query({ TableName: words, KeyConditions: { s: is('BEGINS_WITH', S('ab')), p: is('EQ', S('w')) } });
  assert.deepEqual(Items.map((one) => one.s.S), ['ab', 'abc']);
});

test('legacy conditions on the keys of indexes', async () => {
  const odd = await db.Query({ TableName: pairs, IndexName: 'byG', KeyConditions: { g: is('EQ', S('odd')) }, Select: 'COUNT' });
  assert.equal(odd.Count, 6);
  assert.deepEqual(await found({ ...many, t: is('LE', N(91)) }, { IndexName: 'byT' }), [11, 10, 9]);
});

test('a legacy query pages with Limit and filter, and loses nothing', async () => {
  const all = await pages(db, 'Query', { TableName: pairs, KeyConditions: many, QueryFilter: { x: is('IN', N(1), N(3)) }, Limit: 5 });
  assert.deepEqual(all.flatMap((page) => page.Items).map((one) => Number(one.s.N)), [1, 3, 5, 7, 9, 11]);
  assert.deepEqual(all.map((page) => page.ScannedCount), [5, 5, 2]);
});

test('AttributesToGet of a local index fetches what it lacks', async () => {
  const { Items } = await query({ ...many, t: is('EQ', N(98)) }, { IndexName: 'byT', AttributesToGet: ['name', 'x'] });
  assert.deepEqual(Items, [{ name: S('n2'), x: N(2) }]);
});

test('Select SPECIFIC_ATTRIBUTES takes AttributesToGet', async () =>
  assert.deepEqual((await query({ ...many, s: is('EQ', N(2)) }, { Select: 'SPECIFIC_ATTRIBUTES', AttributesToGet: ['x', 'gone'] })).Items, [{ x: N(2) }]));

const NOT_INDEXABLE = 'Attempted conditional constraint is not an indexable operation';
const conditions = (KeyConditions) => ({ KeyConditions });
refusals(db, 'Query', { TableName: pairs, KeyConditions: many }, [
  ['no legacy conditions', conditions({}), 'Conditions can be of length 1 or 2 only'],
  ...['NE', 'IN', 'CONTAINS', 'NOT_CONTAINS'].map((operator) => [`legacy ${operator} on the sort key`, conditions({ ...many, s: is(operator, N(1)) }), NOT_INDEXABLE]),
  ...['NULL', 'NOT_NULL'].map((operator) => [`legacy ${operator} on the partition key`, conditions({ p: is(operator) }), NOT_INDEXABLE]),
  ['legacy conditions without operator', conditions({ p: { AttributeValueList: [S('a')] } }), violations(notNull('keyConditions.p.member.comparisonOperator'))],
  ['a legacy operator nobody knows', conditions({ p: is('==', S('a')) }), violations(notIn('keyConditions.p.member.comparisonOperator', '==', ...OPERATORS))],
  ['the type of a legacy key before its operator', conditions({ p: is('GT', N(1)) }), `${INVALID}Condition parameter type does not match schema type`],
  ['a legacy sort key of another type', conditions({ ...many, s: is('EQ', S('1')) }), `${INVALID}Condition parameter type does not match schema type`],
  ['a legacy EQ of a set on a key', conditions({ ...many, s: is('EQ', NS(1)) }), `${INVALID}Condition parameter type does not match schema type`],
  ['a legacy BEGINS_WITH of a number', conditions({ ...many, s: is('BEGINS_WITH', N(1)) }), kind('BEGINS_WITH', 'N')],
  ['legacy BETWEEN bounds of two types', conditions({ ...many, s: is('BETWEEN', N(1), S('2')) }), SAME],
  ['legacy BETWEEN bounds the wrong way', conditions({ ...many, s: is('BETWEEN', N(2), N(1)) }), BOUNDS],
  ['legacy BETWEEN with one bound', conditions({ ...many, s: is('BETWEEN', N(2)) }), count('BETWEEN')],
  ['legacy conditions on the keys of the table when an index is read', { IndexName: 'byG' }, 'Query condition missed key schema element: g'],
  ['two legacy conditions on an index with one key', { IndexName: 'byG', ...conditions({ g: is('EQ', S('odd')), s: is('EQ', N(1)) }) }, 'Query key condition not supported'],
  ['a bad QueryFilter before a bad AttributesToGet', { QueryFilter: { x: is('EQ') }, AttributesToGet: ['a', 'a'] }, count('EQ')],
  ['a bad AttributesToGet before bad KeyConditions', { AttributesToGet: ['a', 'b', 'a'], ...conditions({ p: is('EQ') }) }, `${INVALID}Duplicate value in attribute name: a`],
  ['a bad FilterExpression before bad KeyConditions', { FilterExpression: 'foo(x)', ...conditions({ p: is('EQ') }) },
    'Invalid FilterExpression: Invalid function name; function: foo'],
  ['bad KeyConditions before a missing table', { TableName: 'no-such-table', ...conditions({ p: is('EQ') }) }, count('EQ')],
  ['a legacy filter on the partition key', { QueryFilter: { p: is('EQ', S('a')) } }, 'QueryFilter can only contain non-primary key attributes: Primary key attribute: p'],
  ['a FilterExpression on a key beside KeyConditions', { FilterExpression: 's = :s', ExpressionAttributeValues: { ':s': N(1) } },
    'Filter Expression can only contain non-primary key attributes: Primary key attribute: s'],
  ['ConditionalOperator with an empty QueryFilter', { QueryFilter: {}, ConditionalOperator: 'AND' }, OPERATOR],
  ['QueryFilter with a ProjectionExpression', { QueryFilter: { x: is('NULL') }, ProjectionExpression: 'x' }, both('QueryFilter', 'ProjectionExpression')],
  ['names that nothing uses beside KeyConditions', { FilterExpression: 'x = #x', ExpressionAttributeNames: { '#x': 'x2', '#y': 'y' } },
    'Value provided in ExpressionAttributeNames unused in expressions: keys: {#y}'],
  ['values with KeyConditions alone', { ExpressionAttributeValues: { ':a': N(1) } },
    'ExpressionAttributeValues can only be specified when using expressions: FilterExpression and KeyConditionExpression are null'],
  ['Select ALL_ATTRIBUTES with AttributesToGet', { Select: 'ALL_ATTRIBUTES', AttributesToGet: ['x'] }, /Cannot specify the AttributesToGet when choosing to get ALL_ATTRIBUTES$/],
  ['AttributesToGet that a global index lacks', { IndexName: 'byG', ...conditions({ g: is('EQ', S('odd')) }), AttributesToGet: ['x'] },
    `${INVALID}Global secondary index byG does not project [x]`],
]);
test('legacy conditions that no key answers are told after a missing table', () =>
  expectError(query({ p: is('NE', S('a')) }, { TableName: 'no-such-table' }), { type: 'ResourceNotFoundException', message: NO_TABLE }));

// ---- ScanFilter, AttributesToGet ----

test('a ScanFilter may mention keys', async () =>
  assert.equal((await db.Scan({ TableName: pairs, ScanFilter: { p: is('EQ', S('many')), s: is('LT', N(3)) } })).Count, 3));

test('ScanFilter and AttributesToGet apply to an index and to every segment', async () => {
  const request = { TableName: pairs, IndexName: 'byT', ScanFilter: { x: is('EQ', N(1)) }, AttributesToGet: ['s'], TotalSegments: 3 };
  const all = await Promise.all([0, 1, 2].map((Segment) => db.Scan({ ...request, Segment })));
  assert.deepEqual(all.flatMap((page) => page.Items).map((one) => Number(one.s.N)).sort((left, right) => left - right), [1, 5, 9]);
});

refusals(db, 'Scan', { TableName: pairs }, [
  ['a bad AttributesToGet before a bad ScanFilter', { ScanFilter: { x: is('EQ') }, AttributesToGet: ['a', 'a'] }, `${INVALID}Duplicate value in attribute name: a`],
  ['a bad ScanFilter before a missing table', { TableName: 'no-such-table', ScanFilter: { x: is('NULL', N(1)) } }, count('NULL')],
  ['a ScanFilter of LT of a set', { ScanFilter: { x: is('LT', NS(1)) } }, kind('LT', 'NS')],
  ['a ScanFilter of an empty value', { ScanFilter: { x: is('EQ', {}) } }, EMPTY],
  ['ConditionalOperator with an empty ScanFilter', { ScanFilter: {}, ConditionalOperator: 'OR' }, OPERATOR],
  ['an unknown ConditionalOperator', { ScanFilter: { x: is('NULL') }, ConditionalOperator: 'or' }, violations(notIn('conditionalOperator', 'or', 'OR', 'AND'))],
  ['AttributesToGet with a FilterExpression', { FilterExpression: 'attribute_exists(x)', AttributesToGet: ['x'] }, both('AttributesToGet', 'FilterExpression')],
  ['a ScanFilter without operator', { ScanFilter: { x: { AttributeValueList: [N(1)] } } }, violations(notNull('scanFilter.x.member.comparisonOperator'))],
]);

test('AttributesToGet of 256 names is refused', () => expectInvalid(db.GetItem({ TableName: name, Key: { id: S('item') },
  AttributesToGet: Array.from({ length: 256 }, (_, at) => `a${at}`) }), /Member must have length less than or equal to 255$/));

refusals(db, 'BatchGetItem', {}, [
  ['one attribute twice in AttributesToGet', { RequestItems: { [name]: { Keys: [{ id: S('item') }], AttributesToGet: ['a', 'a'] } } }, `${INVALID}Duplicate value in attribute name: a`],
  ['an empty AttributesToGet', { RequestItems: { [name]: { Keys: [{ id: S('item') }], AttributesToGet: [] } } },
    violations(tooShort(`requestItems.${name}.member.attributesToGet`, '[]', 1))],
]);

test('unprocessed keys of a batch keep their AttributesToGet', async () => {
  const big = await table({ key: 'id' });
  const ids = Array.from({ length: 45 }, (_, at) => S(`big ${at}`));
  for (const id of ids) await db.PutItem({ TableName: big, Item: { id, a: S('x'.repeat(390 * 1024)), n: N(1) } });
  let request = { [big]: { Keys: ids.map((id) => ({ id })), AttributesToGet: ['n'] } };
  let rounds = 0;
  const all = [];
  for (; Object.keys(request).length; rounds++) {
    const { Responses, UnprocessedKeys } = await db.BatchGetItem({ RequestItems: request });
    if (rounds === 0) assert.deepEqual(UnprocessedKeys[big].AttributesToGet, ['n']);
    all.push(...Responses[big]);
    request = UnprocessedKeys;
  }
  assert.ok(rounds > 1);
  assert.deepEqual(all, ids.map(() => ({ n: N(1) })));
});

test('an SDK sends legacy parameters, too', async () => {
  const { GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand } = await import('@aws-sdk/client-dynamodb');
  const sdk = await client();
  await sdk.send(new PutItemCommand({ TableName: name, Item: { id: S('sdk'), n: N(1) }, Expected: { id: { Exists: false } } }));
  await sdk.send(new UpdateItemCommand({ TableName: name, Key: { id: S('sdk') }, AttributeUpdates: { n: { Action: 'ADD', Value: N(1) } } }));
  const { Item } = await sdk.send(new GetItemCommand({ TableName: name, Key: { id: S('sdk') }, AttributesToGet: ['n'] }));
  assert.deepEqual(Item, { n: N(2) });
  const { Count } = await sdk.send(new QueryCommand({ TableName: name, KeyConditions: { id: is('EQ', S('sdk')) }, QueryFilter: { n: is('GT', N(1)) } }));
  assert.equal(Count, 1);
});
