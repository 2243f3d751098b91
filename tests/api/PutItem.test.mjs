// PutItem: every kind of value, keys, sizes, conditions old and new, returned images.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { B, BOOL, BS, EMPTY_KEY, INVALID, L, M, N, NO_TABLE, NS, NULL, S, SS, expectError, expectInvalid,
  harness, notIn, notNull, refusals, unordered, violations } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table({});
const numbers = await table({ key: 'id:N' });
const bytes = await table({ key: 'id:B r:B' });
const pairs = await table({ key: 'p s:N', gsi: { byG: { key: 'g' } }, lsi: { byT: { key: 'p t:N' } } });

const get = async (TableName, Key) => (await db.GetItem({ TableName, Key, ConsistentRead: true })).Item;
const put = (Item, more) => db.PutItem({ TableName: name, Item, ...more });

test('a put without old item answers {} exactly', async () => {
  assert.deepEqual(await put({ id: S('new'), a: N(1) }), {});
  assert.deepEqual(await put({ id: S('newer') }, { ReturnValues: 'ALL_OLD' }), {});
  assert.deepEqual(await put({ id: S('newest') }, { ReturnValues: 'NONE' }), {});
});

test('every type of value comes back as it was put', async () => {
  const item = {
    id: S('types'), s: S('text'), empty: S(''), n: N('-1.5'), b: B([0, 255, 128]), none: B(''), yes: BOOL(true), no: BOOL(false),
    nil: NULL, l: L(S('a'), N(1), L(), M({})), m: M({ a: S('x'), 'b.c': NULL }),
    ss: SS('a', 'b', ''), ns: NS(1, 2.5), bs: BS('x', 'y', ''),
  };
  await put(item);
  assert.deepEqual(unordered(await get(name, { id: S('types') })), unordered(item));
});

test('text outside of ASCII comes back byte for byte', async () => {
  for (const text of ['é', '日本語', '😀', '\u0000', '\u001f"\\/\u007f', '\ud83d\ude00 \u2028', '\u00e9 vs e\u0301']) {
    await put({ id: S('text'), text: S(text), [`${text}name`]: NULL });
    const item = await get(name, { id: S('text') });
    assert.equal(item.text.S, text);
    assert.deepEqual(item[`${text}name`], NULL);
  }
});

test('escapes in JSON mean the characters they stand for', async () => {
  await db.PutItem(`{"TableName":"${name}","\\u0049tem":{"id":{"S":"esc\\u0061ped"},"t":{"S":"\\ud83d\\ude00\\n\\t\\/"}}}`);
  assert.equal((await get(name, { id: S('escaped') })).t.S, '😀\n\t/');
});

test('a put replaces the whole item', async () => {
  await put({ id: S('replace'), a: N(1), b: N(2) });
  await put({ id: S('replace'), c: N(3) });
  assert.deepEqual(await get(name, { id: S('replace') }), { id: S('replace'), c: N(3) });
});

test('ALL_OLD answers the whole item that was replaced', async () => {
  const old = { id: S('old'), a: N(1), m: M({ x: S('y') }) };
  await put(old);
  assert.deepEqual(await put({ id: S('old') }, { ReturnValues: 'ALL_OLD' }), { Attributes: old });
});

test('keys of 2048 and 1024 bytes are accepted, counted in bytes of the decoded value', async () => {
  await put({ id: S('k'.repeat(2048)) });
  await put({ id: S('é'.repeat(1024)) });
  await db.PutItem({ TableName: bytes, Item: { id: B(Buffer.alloc(2048, 1)), r: B(Buffer.alloc(1024, 2)) } });
  assert.ok(await get(bytes, { id: B(Buffer.alloc(2048, 1)), r: B(Buffer.alloc(1024, 2)) }));
});

test('"1000", "1e3" and "1.0E+3" are one number key', async () => {
  await db.PutItem({ TableName: numbers, Item: { id: N('1000'), put: N(1) } });
  await db.PutItem({ TableName: numbers, Item: { id: N('1e3'), put: N(2) } });
  assert.deepEqual(await get(numbers, { id: N('1.0E+3') }), { id: N(1000), put: N(2) });
});

test('an item of exactly 400 KB is accepted, one byte more is refused', async () => {
  const room = 409600 - 'id'.length - 'big'.length - 'b'.length;
  await put({ id: S('big'), b: S('x'.repeat(room)) });
  await expectInvalid(put({ id: S('big'), b: S('x'.repeat(room + 1)) }), 'Item size has exceeded the maximum allowed size');
  assert.equal((await get(name, { id: S('big') })).b.S.length, room);
});

test('the names of attributes count for the size, in bytes', async () => {
  const room = 409600 - 'id'.length - 'big'.length - 200;
  await put({ id: S('big'), ['é'.repeat(100)]: S('x'.repeat(room)) });
  await expectInvalid(put({ id: S('big'), ['é'.repeat(100)]: S('x'.repeat(room + 1)) }), 'Item size has exceeded the maximum allowed size');
});

const nested = (levels) => Array.from({ length: levels }).reduce((inner, _, at) => (at % 2 ? L(inner) : M({ m: inner })), S('x'));

test('31 levels of lists and maps below an attribute are accepted, 32 are refused', async () => {
  await put({ id: S('deep'), d: nested(31) });
  assert.deepEqual((await get(name, { id: S('deep') })).d, nested(31));
  await expectInvalid(put({ id: S('deep'), d: nested(32) }),
    'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit');
});

test('an attribute name of 65535 bytes is accepted', async () => {
  await put({ id: S('long name'), ['n'.repeat(65535)]: N(1) });
  assert.deepEqual((await get(name, { id: S('long name') }))['n'.repeat(65535)], N(1));
});

test('a false condition refuses the put and leaves the item', async () => {
  await put({ id: S('held'), a: N(1) });
  await expectError(put({ id: S('held'), a: N(2) }, { ConditionExpression: 'attribute_not_exists(id)' }),
    { type: 'ConditionalCheckFailedException', message: 'The conditional request failed' });
  assert.deepEqual((await get(name, { id: S('held') })).a, N(1));
});

test('ReturnValuesOnConditionCheckFailure ALL_OLD puts the item into the error', async () => {
  const item = { id: S('shown'), a: N(1) };
  await put(item);
  const error = await expectError(put({ id: S('shown') }, { ConditionExpression: 'a = id', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
    { type: 'ConditionalCheckFailedException' });
  assert.deepEqual(error.answer.json.Item, item);
  const silent = await expectError(put({ id: S('shown') }, { ConditionExpression: 'a = id' }), { type: 'ConditionalCheckFailedException' });
  assert.equal('Item' in silent.answer.json, false);
  const missing = await expectError(put({ id: S('not there') }, { ConditionExpression: 'a = id', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
    { type: 'ConditionalCheckFailedException' });
  assert.equal('Item' in missing.answer.json, false);
});

test('legacy Expected: Value, Exists and comparison operators decide', async () => {
  await put({ id: S('legacy'), a: N(5), t: S('hello'), l: L(N(1)), ss: SS('x', 'y') });
  const again = (Expected, more) => put({ id: S('legacy'), a: N(5), t: S('hello'), l: L(N(1)), ss: SS('x', 'y') }, { Expected, ...more });
  const compare = (ComparisonOperator, ...list) => ({ ComparisonOperator, ...(list.length ? { AttributeValueList: list } : {}) });
  const holds = [
    { a: { Value: N('5.0') } }, { a: { Exists: true, Value: N(5) } }, { zz: { Exists: false } },
    { a: compare('EQ', N(5)) }, { a: compare('NE', N(6)) }, { a: compare('LE', N(5)) }, { a: compare('LT', N(6)) },
    { a: compare('GE', N(5)) }, { a: compare('GT', N(4)) }, { a: compare('NOT_NULL') }, { zz: compare('NULL') },
    { t: compare('CONTAINS', S('ell')) }, { ss: compare('CONTAINS', S('x')) }, { t: compare('NOT_CONTAINS', S('z')) },
    { t: compare('BEGINS_WITH', S('he')) }, { a: compare('IN', N(4), N(5)) }, { a: compare('BETWEEN', N(5), N(6)) },
  ];
  for (const expected of holds) await again(expected);
  const fails = [
    { a: { Value: N(6) } }, { a: { Exists: false } }, { a: compare('EQ', S('5')) }, { a: compare('GT', N(5)) }, { a: compare('NULL') },
    { zz: compare('NOT_NULL') }, { t: compare('BEGINS_WITH', S('lo')) }, { a: compare('IN', N(1)) }, { zz: compare('LT', N(1)) },
  ];
  for (const expected of fails) await expectError(again(expected), { type: 'ConditionalCheckFailedException' });
  await again({ a: compare('EQ', N(5)), t: compare('EQ', S('no')) }, { ConditionalOperator: 'OR' });
  await expectError(again({ a: compare('EQ', N(5)), t: compare('EQ', S('no')) }, { ConditionalOperator: 'AND' }),
    { type: 'ConditionalCheckFailedException' });
});

test('ItemCollectionMetrics come with local indexes only', async () => {
  const answer = await db.PutItem({ TableName: pairs, Item: { p: S('icm'), s: N(1), t: N(2) }, ReturnItemCollectionMetrics: 'SIZE' });
  assert.deepEqual(answer.ItemCollectionMetrics.ItemCollectionKey, { p: S('icm') });
  assert.equal(answer.ItemCollectionMetrics.SizeEstimateRangeGB.length, 2);
  assert.deepEqual(await put({ id: S('icm') }, { ReturnItemCollectionMetrics: 'SIZE' }), {});
});

refusals(db, 'PutItem', {}, [
  ['an empty request', {}, violations(notNull('tableName'), notNull('item'))],
  ['unknown words, all in one message', { TableName: name, Item: {}, ReturnValues: 'X', ReturnConsumedCapacity: 'Y',
    ReturnItemCollectionMetrics: 'Z', ConditionalOperator: 'W' },
  violations(notIn('returnConsumedCapacity', 'Y', 'INDEXES', 'TOTAL', 'NONE'), notIn('conditionalOperator', 'W', 'OR', 'AND'),
    notIn('returnValues', 'X', 'ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW'),
    notIn('returnItemCollectionMetrics', 'Z', 'SIZE', 'NONE'))],
]);

const onlyOld = 'ReturnValues can only be ALL_OLD or NONE';
refusals(db, 'PutItem', { TableName: name }, [
  ['a request without item', {}, violations(notNull('item'))],
  ['ReturnValues ALL_NEW', { Item: { id: S('a') }, ReturnValues: 'ALL_NEW' }, onlyOld],
  ['ReturnValues UPDATED_OLD', { Item: { id: S('a') }, ReturnValues: 'UPDATED_OLD' }, onlyOld],
  ['ReturnValues UPDATED_NEW', { Item: { id: S('a') }, ReturnValues: 'UPDATED_NEW' }, onlyOld],
  ['an item without key', { Item: { a: S('a') } }, `${INVALID}Missing the key id in the item`],
  ['an empty item', { Item: {} }, `${INVALID}Missing the key id in the item`],
  ['a key of the wrong type', { Item: { id: N(1) } }, `${INVALID}Type mismatch for key id expected: S actual: N`],
  ['an empty key', { Item: { id: S('') } }, `${EMPTY_KEY}id`],
  ['a hash key of 2049 bytes', { Item: { id: S('k'.repeat(2049)) } }, `${INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes`],
  ['an item without range key', { TableName: pairs, Item: { p: S('a') } }, `${INVALID}Missing the key s in the item`],
  ['a range key of the wrong type', { TableName: pairs, Item: { p: S('a'), s: S('1') } }, `${INVALID}Type mismatch for key s expected: N actual: S`],
  ['a range key of 1025 bytes', { TableName: bytes, Item: { id: B('a'), r: B(Buffer.alloc(1025)) } },
    /^One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes$/],
  ['an empty binary key', { TableName: bytes, Item: { id: B(''), r: B('a') } },
    'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty binary value. Key: id'],
  ['an index key of the wrong type', { TableName: pairs, Item: { p: S('a'), s: N(1), g: N(1) } },
    `${INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: byG`],
  ['a local index key of the wrong type', { TableName: pairs, Item: { p: S('a'), s: N(1), t: S('1') } },
    `${INVALID}Type mismatch for Index Key t Expected: N Actual: S IndexName: byT`],
  ['an empty index key', { TableName: pairs, Item: { p: S('a'), s: N(1), g: S('') } },
    'One or more parameter values are not valid. A value specified for a secondary index key is not supported. '
    + 'The AttributeValue for a key attribute cannot contain an empty string value. IndexName: byG, IndexKey: g'],
  ['an index key of 2049 bytes', { TableName: pairs, Item: { p: S('a'), s: N(1), g: S('k'.repeat(2049)) } }, /2048 bytes/],
  ['an empty attribute name', { Item: { id: S('a'), '': S('x') } }, /empty/i],
  ['an attribute name of 65536 bytes', { Item: { id: S('a'), ['n'.repeat(65536)]: N(1) } }, `${INVALID}Attribute name is too large, must be less than 65536 bytes`],
]);

test('a missing table is ResourceNotFoundException', () =>
  expectError(db.PutItem({ TableName: 'no-such-table', Item: { id: S('a') } }), { type: 'ResourceNotFoundException', message: NO_TABLE }));

test('a bad request to a missing table reports the bad request', async () => {
  const missing = { TableName: 'no-such-table', Item: { id: S('a') } };
  await expectInvalid(db.PutItem({ ...missing, ConditionExpression: 'a = :b' }),
    'Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :b');
  await expectInvalid(db.PutItem({ ...missing, ReturnValues: 'ALL_NEW' }), onlyOld);
  await expectInvalid(db.PutItem({ ...missing, Item: { id: S('a'), b: SS() } }));
});

test('what cannot be read is told before what breaks a constraint, and that before members that do not go together', async () => {
  const all = { TableName: name, Item: { id: S('a') }, ReturnValues: 'X', Expected: {}, ConditionExpression: '' };
  await expectError(db.PutItem({ ...all, Item: { id: { S: 5 } } }), { type: 'SerializationException', message: 'NUMBER_VALUE cannot be converted to String' });
  await expectInvalid(db.PutItem(all), violations(notIn('returnValues', 'X', 'ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW')));
  await expectInvalid(db.PutItem({ ...all, ReturnValues: 'NONE' }), /^Can not use both expression and non-expression parameters in the same request/);
});

test('the key is checked before the condition is looked at', async () => {
  await expectInvalid(put({ id: N(1) }, { ConditionExpression: 'attribute_exists(zz)' }), `${INVALID}Type mismatch for key id expected: S actual: N`);
  await expectInvalid(db.PutItem({ TableName: pairs, Item: { p: S('a'), s: N(1), g: N(1) }, ConditionExpression: 'attribute_exists(zz)' }),
    `${INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: byG`);
});

test('the key is checked after the table was found', () =>
  expectError(db.PutItem({ TableName: 'no-such-table', Item: {} }), { type: 'ResourceNotFoundException' }));

const EMPTY = 'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes';
const values = [
  ['a value without type', {}, EMPTY],
  ['a value of an unknown type', { Q: 'a' }, EMPTY],
  ['a value of two types', { S: 'a', N: '1' }, 'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes'],
  ['NULL false', { NULL: false }, `${INVALID}Null attribute value types must have the value of true`],
  ['an empty string set', SS(), `${INVALID}An string set  may not be empty`],
  ['an empty number set', NS(), `${INVALID}An number set  may not be empty`],
  ['an empty binary set', BS(), `${INVALID}Binary sets should not be empty`],
  ['a string twice in a set', SS('a', 'b', 'a'), `${INVALID}Input collection [a, b, a] contains duplicates.`],
  ['a number twice in a set', NS('1', '1'), 'Input collection contains duplicates'],
  ['one number in two spellings in a set', NS('1', '1.0'), 'Input collection contains duplicates'],
  ['bytes twice in a set', BS('b', 'b'), `${INVALID}Input collection [Yg==, Yg==]of type BS contains duplicates.`],
  ['a word as number', N('abc'), 'The parameter cannot be converted to a numeric value: abc'],
  ['an empty number', N(''), 'The parameter cannot be converted to a numeric value'],
];
for (const [what, value, message] of values) {
  test(`${what} is refused as an attribute`, () => expectInvalid(put({ id: S('a'), v: value }), message));
  test(`${what} is refused within lists and maps`, () => expectInvalid(put({ id: S('a'), v: L(NULL, M({ x: L(value) })) }), message));
  test(`${what} is refused as an expression value`, () => expectInvalid(
    put({ id: S('a') }, { ConditionExpression: 'v = :v', ExpressionAttributeValues: { ':v': value } }),
    `ExpressionAttributeValues contains invalid value: ${message} for key :v`));
}

const shapes = [
  ['a string in place of a value', 'a', 'Unexpected value type in payload'],
  ['a list in place of a value', [], 'Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue'],
  ['a number in N', { N: 5 }, 'NUMBER_VALUE cannot be converted to String'],
  ['a number in S', { S: 5 }, 'NUMBER_VALUE cannot be converted to String'],
  ['true in S', { S: true }, 'TRUE_VALUE cannot be converted to String'],
  ['a map in S', { S: {} }, 'Start of structure or map found where not expected'],
  ['a number in BOOL', { BOOL: 1 }, 'NUMBER_VALUE cannot be converted to Boolean'],
  ['a string in SS', { SS: 'a' }, 'Unexpected field type'],
  ['a number within SS', { SS: [1] }, 'NUMBER_VALUE cannot be converted to String'],
  ['a string in L', { L: 'x' }, 'Unexpected field type'],
  ['a map in L', { L: {} }, 'Start of structure or map found where not expected'],
  ['a string within L', { L: ['x'] }, 'Unexpected value type in payload'],
  ['a list in M', { M: [] }, 'Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>'],
  ['a string in M', { M: 'x' }, 'Unexpected field type'],
  ['a number in B', { B: 5 }, 'only base-64-encoded strings are convertible to bytes'],
  ['base64 without padding', { B: 'abc' }, 'Base64 encoded length is expected a multiple of 4 bytes but found: 3'],
  ['base64 with other characters', { B: 'ab!=' }, /./],
  ['base64 with bits after the last byte', { B: 'aaB=' }, /./],
  ['base64 with padding inside', { B: 'YQ==YQ==' }, /./],
  ['base64 of the URL alphabet', { B: '-_-_' }, /./],
  ['base64 with a line break', { B: 'YWJj\nYQ==' }, /./],
];
for (const [what, value, message] of shapes) {
  test(`${what}, among expression values or in a key, is a SerializationException`, async () => {
    await expectError(put({ id: S('a') }, { ConditionExpression: 'a = :a', ExpressionAttributeValues: { ':a': value } }), { type: 'SerializationException', message });
    await expectError(db.UpdateItem({ TableName: name, Key: { id: S('a') }, UpdateExpression: 'SET a = :a', ExpressionAttributeValues: { ':a': value } }),
      { type: 'SerializationException', message });
    await expectError(db.GetItem({ TableName: name, Key: { id: value } }), { type: 'SerializationException', message });
  });
  test(`${what} is a SerializationException`, () =>
    expectError(put({ id: S('a'), v: value }), { type: 'SerializationException', message }));
}

test('a table can be named by its ARN', async () => {
  const { Table } = await db.DescribeTable({ TableName: name });
  await db.PutItem({ TableName: Table.TableArn, Item: { id: S('by arn') } });
  assert.ok(await get(name, { id: S('by arn') }));
});

const both = (left, right) => `Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {${left}} Expression parameters: {${right}}`;
const list = (ComparisonOperator, ...AttributeValueList) => ({ Expected: { a: { ComparisonOperator, AttributeValueList } } });
const count = (operator) => `${INVALID}Invalid number of argument(s) for the ${operator} ComparisonOperator`;
refusals(db, 'PutItem', { TableName: name, Item: { id: S('a') } }, [
  ['Expected with a ConditionExpression', { Expected: { a: { Exists: false } }, ConditionExpression: 'attribute_exists(a)' },
    both('Expected', 'ConditionExpression')],
  ['names without an expression', { ExpressionAttributeNames: { '#a': 'a' } }, 'ExpressionAttributeNames can only be specified when using expressions'],
  ['values without an expression', { ExpressionAttributeValues: { ':a': S('a') } },
    'ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null'],
  ['Exists true without value', { Expected: { a: { Exists: true } } }, `${INVALID}Value must be provided when Exists is true for Attribute: a`],
  ['Exists false with a value', { Expected: { a: { Exists: false, Value: S('a') } } }, `${INVALID}Value cannot be used when Exists is false for Attribute: a`],
  ['an empty Expected', { Expected: { a: {} } }, `${INVALID}Value must be provided when Exists is null for Attribute: a`],
  ['Value with AttributeValueList', { Expected: { a: { Value: S('a'), AttributeValueList: [S('a')] } } },
    `${INVALID}Value and AttributeValueList cannot be used together for Attribute: a`],
  ['AttributeValueList without operator', { Expected: { a: { AttributeValueList: [S('a')] } } },
    `${INVALID}AttributeValueList can only be used with a ComparisonOperator for Attribute: a`],
  ['Exists with an operator', { Expected: { a: { Exists: true, ComparisonOperator: 'EQ', AttributeValueList: [S('a')] } } },
    `${INVALID}Exists and ComparisonOperator cannot be used together for Attribute: a`],
  ['an operator in lower case', list('eq', S('a')), violations(notIn('expected.a.member.comparisonOperator', 'eq', 'IN', 'NULL',
    'BETWEEN', 'LT', 'NOT_CONTAINS', 'EQ', 'GT', 'NOT_NULL', 'NE', 'LE', 'BEGINS_WITH', 'GE', 'CONTAINS'))],
  ['EQ without value', { Expected: { a: { ComparisonOperator: 'EQ' } } },
    `${INVALID}Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a`],
  ['EQ of two values', list('EQ', S('a'), S('b')), count('EQ')],
  ['BETWEEN of one value', list('BETWEEN', S('a')), count('BETWEEN')],
  ['NULL of a value', list('NULL', S('a')), count('NULL')],
  ['IN of no value', list('IN'), count('IN')],
  ['BETWEEN of mixed types', list('BETWEEN', S('a'), N(1)), `${INVALID}AttributeValues inside AttributeValueList must be of same type`],
  ['IN of mixed types', list('IN', S('a'), N(1)), `${INVALID}AttributeValues inside AttributeValueList must be of same type`],
  ['BETWEEN with bounds the wrong way', list('BETWEEN', S('b'), S('a')),
    'The BETWEEN condition was provided a range where the lower bound is greater than the upper bound'],
  ['LT of a set', list('LT', SS('a')), `${INVALID}ComparisonOperator LT is not valid for SS AttributeValue type`],
  ['BEGINS_WITH of a number', list('BEGINS_WITH', N(1)), `${INVALID}ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type`],
  ['CONTAINS of a set', list('CONTAINS', SS('a')), `${INVALID}ComparisonOperator CONTAINS is not valid for SS AttributeValue type`],
  ['ConditionalOperator without Expected', { ConditionalOperator: 'OR' }, 'ConditionalOperator cannot be used without Filter or Expected'],
  ['an unknown ReturnValuesOnConditionCheckFailure, also when the condition is false',
    { ConditionExpression: 'attribute_exists(zz)', ReturnValuesOnConditionCheckFailure: 'ALL_NEW' },
    /Value 'ALL_NEW' at 'returnValuesOnConditionCheckFailure' failed to satisfy constraint: Member must satisfy enum value set: \[/],
]);
