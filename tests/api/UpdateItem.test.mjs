// UpdateItem: the four sections, legacy AttributeUpdates, returned values, what creates an item and what doesn't.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { EMPTY_KEY, INVALID, KEY_MISMATCH, L, M, N, NO_TABLE, NS, S, SS, expectError, expectInvalid, harness, notIn, notNull, refusals,
  unordered, uniqueName, violations } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table({});
const pairs = await table({ key: 'p s:N', gsi: { byG: { key: 'g' } } });

const get = async (id) => (await db.GetItem({ TableName: name, Key: { id: S(id) }, ConsistentRead: true })).Item;
const update = (id, UpdateExpression, values, more) => db.UpdateItem({ TableName: name, Key: { id: S(id) }, UpdateExpression,
  ...(values ? { ExpressionAttributeValues: values } : {}), ...more });

// Puts an item, updates it, answers what is stored then, without the key.
async function result(item, expression, values, more) {
  const id = uniqueName('u');
  await db.PutItem({ TableName: name, Item: { id: S(id), ...item } });
  await update(id, expression, values, more);
  const { id: _, ...rest } = await get(id);
  return unordered(rest);
}

// Puts an item, updates it, answers Attributes.
async function returned(ReturnValues, item, expression, values) {
  const id = uniqueName('u');
  if (item) await db.PutItem({ TableName: name, Item: { id: S(id), ...item } });
  const answer = await update(id, expression, values, { ReturnValues });
  if (answer.Attributes) delete answer.Attributes.id;
  return answer;
}

async function refused(item, expression, values, message) {
  const id = uniqueName('u');
  const whole = { id: S(id), ...item };
  await db.PutItem({ TableName: name, Item: whole });
  const before = await get(id);
  await expectInvalid(update(id, expression, values), message);
  assert.deepEqual(await get(id), before, 'the item is as it was');
}

const list = L(N(0), N(1), N(2));
const one = { ':a': N(1) };

const effects = [
  ['SET puts an attribute and replaces one', { a: N(1) }, 'SET a = :a, b = :b', { ':a': N(2), ':b': S('x') }, { a: N(2), b: S('x') }],
  ['keywords are not case-sensitive', {}, 'sEt a = :a remove b', one, { a: N(1) }],
  ['sections may come in any order, without separators', { r: N(1), n: N(1), ss: SS('a', 'b') },
    'REMOVE r DELETE ss :ss SET a = :a ADD n :a', { ...one, ':ss': SS('a') }, { a: N(1), n: N(2), ss: SS('b') }],
  ['SET copies another attribute', { a: M({ x: N(1) }) }, 'SET b = a', undefined, { a: M({ x: N(1) }), b: M({ x: N(1) }) }],
  ['all right-hand sides read the item as it was', { a: N(1), b: N(2) }, 'SET a = b, b = a', undefined, { a: N(2), b: N(1) }],
  ['two list elements can be exchanged', { l: list }, 'SET l[0] = l[2], l[2] = l[0]', undefined, { l: L(N(2), N(1), N(0)) }],
  ['SET reads what REMOVE removes', { a: N(1) }, 'REMOVE a SET b = a', undefined, { b: N(1) }],
  ['SET adds', { a: N('1.5') }, 'SET a = a + :a', { ':a': N('.5') }, { a: N(2) }],
  ['SET subtracts', { a: N(1) }, 'SET b = a - :a', { ':a': N('1.1') }, { a: N(1), b: N('-0.1') }],
  ['SET of a map element', { m: M({ a: N(1), b: N(2) }) }, 'SET m.a = :a', { ':a': S('x') }, { m: M({ a: S('x'), b: N(2) }) }],
  ['SET of a new map element', { m: M({}) }, 'SET m.a = :a', one, { m: M({ a: N(1) }) }],
  ['SET deep inside', { m: M({ l: L(M({ x: N(1) })) }) }, 'SET m.l[0].y = :a', one, { m: M({ l: L(M({ x: N(1), y: N(1) })) }) }],
  ['SET of a list element', { l: list }, 'SET l[1] = :a', { ':a': S('x') }, { l: L(N(0), S('x'), N(2)) }],
  ['SET beyond the end appends without padding', { l: list }, 'SET l[9] = :a', { ':a': S('x') }, { l: L(N(0), N(1), N(2), S('x')) }],
  ['several SETs beyond the end append in the order of their indexes', { l: list }, 'SET l[7] = :b, l[5] = :a',
    { ':a': S('five'), ':b': S('seven') }, { l: L(N(0), N(1), N(2), S('five'), S('seven')) }],
  ['list_append appends', { l: list }, 'SET l = list_append(l, :l)', { ':l': L(N(3)) }, { l: L(N(0), N(1), N(2), N(3)) }],
  ['list_append prepends', { l: list }, 'SET l = list_append(:l, l)', { ':l': L(N(3)) }, { l: L(N(3), N(0), N(1), N(2)) }],
  ['list_append takes if_not_exists', {}, 'SET l = list_append(if_not_exists(l, :none), :l)', { ':l': L(N(3)), ':none': L() }, { l: L(N(3)) }],
  ['if_not_exists keeps what is there', { a: N(5) }, 'SET a = if_not_exists(a, :a)', one, { a: N(5) }],
  ['if_not_exists puts what is not', {}, 'SET a = if_not_exists(a, :a)', one, { a: N(1) }],
  ['a function may be an operand of +', { a: N(5) }, 'SET a = if_not_exists(a, :a) + if_not_exists(zz, :a)', one, { a: N(6) }],
  ['REMOVE removes attributes', { a: N(1), b: N(2), c: N(3) }, 'REMOVE a, b, zz', undefined, { c: N(3) }],
  ['REMOVE of a map element leaves an empty map', { m: M({ a: N(1) }) }, 'REMOVE m.a', undefined, { m: M({}) }],
  ['REMOVE of a missing map element does nothing', { m: M({ a: N(1) }) }, 'REMOVE m.zz', undefined, { m: M({ a: N(1) }) }],
  ['REMOVE uses the original indexes', { l: list }, 'REMOVE l[0], l[1]', undefined, { l: L(N(2)) }],
  ['REMOVE uses the original indexes also next to SET', { l: list }, 'REMOVE l[0] SET l[2] = :a', { ':a': S('x') }, { l: L(N(1), S('x')) }],
  ['REMOVE beyond the end does nothing', { l: list }, 'REMOVE l[3]', undefined, { l: list }],
  ['REMOVE of all elements leaves an empty list', { l: L(N(0)) }, 'REMOVE l[0]', undefined, { l: L() }],
  ['ADD adds to a number', { a: N(1) }, 'ADD a :a', { ':a': N('-3') }, { a: N(-2) }],
  ['ADD counts a missing number as 0', {}, 'ADD a :a', { ':a': N(5) }, { a: N(5) }],
  ['ADD adds members to a set', { s: SS('a') }, 'ADD s :s', { ':s': SS('a', 'b') }, { s: SS('a', 'b') }],
  ['ADD makes a missing set', {}, 'ADD s :s', { ':s': SS('a') }, { s: SS('a') }],
  ['ADD and DELETE compare numbers by value', { s: NS(1, 10) }, 'ADD s :s', { ':s': NS('1.0', '1e1', '2') }, { s: NS(1, 10, 2) }],
  ['ADD works on nested paths', { m: M({ n: N(1) }) }, 'ADD m.n :a, m.fresh :a', one, { m: M({ n: N(2), fresh: N(1) }) }],
  ['DELETE takes members from a set', { s: SS('a', 'b', 'c') }, 'DELETE s :s', { ':s': SS('a', 'zz') }, { s: SS('b', 'c') }],
  ['DELETE of numbers compares by value', { s: NS(1, 2) }, 'DELETE s :s', { ':s': NS('2.0') }, { s: NS(1) }],
  ['DELETE of the last member removes the attribute', { s: SS('a'), b: N(1) }, 'DELETE s :s', { ':s': SS('a', 'b') }, { b: N(1) }],
  ['DELETE from a missing set does nothing', { b: N(1) }, 'DELETE s :s', { ':s': SS('a') }, { b: N(1) }],
  ['a #name with a dot is one name', { 'a.b': N(1) }, 'SET #n = :a', one, { 'a.b': N(1) }, { ExpressionAttributeNames: { '#n': 'a.b' } }],
];
for (const [sentence, item, expression, values, expected, more] of effects) {
  test(sentence, async () => assert.deepEqual(await result(item, expression, values, more), unordered(expected)));
}

const BAD_PATH = 'The document path provided in the update expression is invalid for update';
const NO_ATTRIBUTE = 'The provided expression refers to an attribute that does not exist in the item';
const BAD_TYPE = 'An operand in the update expression has an incorrect data type';
const failures = [
  ['SET below a missing map is refused', {}, 'SET m.a = :a', one, BAD_PATH],
  ['SET below a number is refused', { a: N(1) }, 'SET a.b = :a', one, BAD_PATH],
  ['SET of an element of a map is refused', { m: M({}) }, 'SET m[0] = :a', one, BAD_PATH],
  ['SET of a member of a list is refused', { l: list }, 'SET l.a = :a', one, BAD_PATH],
  ['SET of an element of a missing list is refused', {}, 'SET l[0] = :a', one, BAD_PATH],
  ['REMOVE below a missing map is refused on an item that exists', { b: N(1) }, 'REMOVE m.a', undefined, BAD_PATH],
  ['REMOVE of an element of a map is refused', { m: M({}) }, 'REMOVE m[0]', undefined, BAD_PATH],
  ['SET to a missing attribute is refused', {}, 'SET a = zz', undefined, NO_ATTRIBUTE],
  ['SET to a sum with a missing attribute is refused', {}, 'SET a = zz + :a', one, NO_ATTRIBUTE],
  ['list_append to a missing attribute is refused', {}, 'SET a = list_append(zz, :l)', { ':l': L() }, NO_ATTRIBUTE],
  ['adding to a map is refused', { m: M({}) }, 'SET a = m + :a', one, BAD_TYPE],
  ['list_append to a number is refused', { a: N(1) }, 'SET a = list_append(a, :l)', { ':l': L() }, BAD_TYPE],
  ['ADD of a number to a string is refused', { a: S('1') }, 'ADD a :a', one, BAD_TYPE],
  ['ADD of strings to a set of numbers is refused', { s: NS(1) }, 'ADD s :s', { ':s': SS('1') }, BAD_TYPE],
  ['DELETE of strings from a number is refused', { a: N(1) }, 'DELETE a :s', { ':s': SS('1') }, BAD_TYPE],
  ['a sum beyond 38 digits is refused, not rounded', { a: N('1e37') }, 'SET a = a + :a', { ':a': N('0.1') }, /./],
  ['a sum of wildly different exponents is refused', { a: N('1e125') }, 'ADD a :a', { ':a': N('1e-130') }, /./],
  ['a sum beyond the range is refused', { a: N('9.9e125') }, 'SET a = a + a', undefined, /overflow|38 significant/],
];
for (const [sentence, item, expression, values, message] of failures) {
  test(sentence, () => refused(item, expression, values, message));
}

test('an update of a missing item creates it', async () => {
  await update('made', 'SET a = :a', one);
  assert.deepEqual(await get('made'), { id: S('made'), a: N(1) });
});

test('an update without any action creates an item of only its key', async () => {
  await db.UpdateItem({ TableName: name, Key: { id: S('bare') } });
  assert.deepEqual(await get('bare'), { id: S('bare') });
  await db.UpdateItem({ TableName: name, Key: { id: S('bare too') }, AttributeUpdates: {} });
  assert.deepEqual(await get('bare too'), { id: S('bare too') });
});

test('an update that only removes creates no item', async () => {
  await update('not made', 'REMOVE a, b');
  assert.equal(await get('not made'), undefined);
  await update('not made', 'REMOVE a.b, c[0]');
  assert.equal(await get('not made'), undefined);
  await db.UpdateItem({ TableName: name, Key: { id: S('not made') }, AttributeUpdates: { a: { Action: 'DELETE' } } });
  assert.equal(await get('not made'), undefined);
});

test('DELETE in an expression is no removal: it makes the item of a key', async () => {
  await update('made by DELETE', 'DELETE a :s', { ':s': SS('x') });
  assert.deepEqual(await get('made by DELETE'), { id: S('made by DELETE') });
  await update('made by both', 'REMOVE b DELETE a :s', { ':s': SS('x') });
  assert.deepEqual(await get('made by both'), { id: S('made by both') });
  await db.UpdateItem({ TableName: name, Key: { id: S('made by none') }, AttributeUpdates: { a: { Action: 'DELETE', Value: SS('x') } } });
  assert.equal(await get('made by none'), undefined);
});

test('an update that makes an item may remove what is not there at any depth', async () => {
  await update('made of less', 'SET a = :a REMOVE b.c, d[2]', one);
  assert.deepEqual(await get('made of less'), { id: S('made of less'), a: one[':a'] });
});

test('a condition on UpdateItem keeps the item when it is false', async () => {
  await update('conditional', 'SET a = :a', one);
  await expectError(update('conditional', 'SET a = :b', { ':b': N(9) }, { ConditionExpression: 'a = :b' }),
    { type: 'ConditionalCheckFailedException', message: 'The conditional request failed' });
  assert.deepEqual((await get('conditional')).a, N(1));
  await expectError(update('conditional none', 'SET a = :a', one, { ConditionExpression: 'attribute_exists(id)' }),
    { type: 'ConditionalCheckFailedException' });
  assert.equal(await get('conditional none'), undefined);
});

test('NONE, and no ReturnValues, answer {}', async () => {
  assert.deepEqual(await returned('NONE', { a: N(1) }, 'SET a = :a', one), {});
  assert.deepEqual(await returned(undefined, { a: N(1) }, 'SET a = :a', one), {});
});

test('ALL_OLD and ALL_NEW answer the whole item before and after', async () => {
  const item = { a: N(1), b: N(2) };
  assert.deepEqual(await returned('ALL_OLD', item, 'SET a = :a', { ':a': N(9) }), { Attributes: item });
  assert.deepEqual(await returned('ALL_NEW', item, 'SET a = :a', { ':a': N(9) }), { Attributes: { a: N(9), b: N(2) } });
});

test('ALL_OLD and UPDATED_OLD of an item that did not exist have no Attributes', async () => {
  assert.deepEqual(await returned('ALL_OLD', undefined, 'SET a = :a', one), {});
  assert.deepEqual(await returned('UPDATED_OLD', undefined, 'SET a = :a', one), {});
});

test('UPDATED_OLD and UPDATED_NEW answer the touched attributes', async () => {
  const item = { a: N(1), b: N(2) };
  assert.deepEqual(await returned('UPDATED_OLD', item, 'SET a = :a, c = :a', { ':a': N(9) }), { Attributes: { a: N(1) } });
  assert.deepEqual(await returned('UPDATED_NEW', item, 'SET a = :a, c = :a REMOVE b', { ':a': N(9) }), { Attributes: { a: N(9), c: N(9) } });
});

test('touched nested paths are returned in their parents, list elements packed', async () => {
  const item = { m: M({ a: N(1), b: N(2) }), l: L(N(0), N(1), N(2), N(3)) };
  assert.deepEqual(await returned('UPDATED_OLD', item, 'SET m.a = :a, l[1] = :a, l[3] = :a', { ':a': N(9) }),
    { Attributes: { m: M({ a: N(1) }), l: L(N(1), N(3)) } });
  assert.deepEqual(await returned('UPDATED_NEW', item, 'SET m.a = :a, l[1] = :a, l[3] = :a', { ':a': N(9) }),
    { Attributes: { m: M({ a: N(9) }), l: L(N(9), N(9)) } });
});

test('UPDATED_NEW without anything to return has no Attributes', async () => {
  assert.deepEqual(await returned('UPDATED_NEW', { a: N(1), s: SS('x') }, 'REMOVE a'), {});
  assert.deepEqual(await returned('UPDATED_NEW', { s: SS('x') }, 'DELETE s :s', { ':s': SS('x') }), {});
  assert.deepEqual(await returned('UPDATED_OLD', { a: N(1) }, 'REMOVE zz'), {});
});

const legacy = (id, AttributeUpdates, more) => db.UpdateItem({ TableName: name, Key: { id: S(id) }, AttributeUpdates, ...more });

test('legacy PUT, ADD and DELETE work', async () => {
  await db.PutItem({ TableName: name, Item: { id: S('legacy'), a: N(1), b: N(2), s: SS('x', 'y'), l: L(N(1)), c: N(3) } });
  await legacy('legacy', { a: { Value: S('put') }, b: { Action: 'ADD', Value: N(5) }, s: { Action: 'DELETE', Value: SS('x') },
    l: { Action: 'ADD', Value: L(N(2)) }, c: { Action: 'DELETE' }, n: { Action: 'ADD', Value: NS(1) } });
  assert.deepEqual(await get('legacy'), { id: S('legacy'), a: S('put'), b: N(7), s: SS('y'), l: L(N(1), N(2)), n: NS(1) });
});

refusals(db, 'UpdateItem', {}, [['an empty request', {}, violations(notNull('tableName'), notNull('key'))]]);

const overlap = (first, second) =>
  `Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: ${first}, path two: ${second}`;
const key = (attribute) => `${INVALID}Cannot update attribute ${attribute}. This attribute is part of the key`;
const set = (UpdateExpression, values) => ({ UpdateExpression, ...(values ? { ExpressionAttributeValues: values } : {}) });
const syntax = /^Invalid UpdateExpression: Syntax error; token: /;
const operand = (operator, type) => `Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`;
const sectionOperand = (operator, type) => `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ${operator}, operand type: ${type}, typeSet: ALLOWED_FOR_${operator}_OPERAND`;
refusals(db, 'UpdateItem', { TableName: name, Key: { id: S('refused') } }, [
  ['an empty key', { Key: {} }, KEY_MISMATCH],
  ['a key of the wrong type', { Key: { id: N(1) } }, KEY_MISMATCH],
  ['an empty key value', { Key: { id: S('') } }, `${EMPTY_KEY}id`],
  ['an empty expression', set(''), 'Invalid UpdateExpression: The expression can not be empty;'],
  ['unknown ReturnValues', { ReturnValues: 'FOO' }, violations(notIn('returnValues', 'FOO', 'ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW'))],
  ['an expression with AttributeUpdates', { ...set('SET a = :a', one), AttributeUpdates: { a: { Value: N(1) } } },
    'Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributeUpdates} Expression parameters: {UpdateExpression}'],
  ['one section twice', set('SET a = :a SET b = :a', one), 'Invalid UpdateExpression: The "SET" section can only be used once in an update expression;'],
  ['one path twice', set('SET a = :a, a = :a', one), overlap('[a]', '[a]')],
  ['one path in two sections', set('SET a = :a REMOVE a', one), overlap('[a]', '[a]')],
  ['overlapping paths', set('SET a = :a, a.b = :a', one), overlap('[a]', '[a, b]')],
  ['conflicting paths', set('SET a[0] = :a, a.b = :a', one),
    'Invalid UpdateExpression: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, [0]], path two: [a, b]'],
  ['SET of the key', set('SET id = :a', { ':a': S('refused') }), key('id')],
  ['REMOVE of the key', set('REMOVE id'), key('id')],
  ['ADD to the key', set('ADD id :a', one), key('id')],
  ['a number plus a string', set('SET a = :a + :b', { ...one, ':b': S('1') }), operand('+', 'S')],
  ['list_append of a number', set('SET a = list_append(:a, :b)', { ...one, ':b': L() }), operand('list_append', 'N')],
  ['ADD of a string', set('ADD a :a', { ':a': S('5') }), sectionOperand('ADD', 'STRING')],
  ['ADD of a list', set('ADD a :a', { ':a': L() }), sectionOperand('ADD', 'LIST')],
  ['DELETE of a number', set('DELETE a :a', one), sectionOperand('DELETE', 'NUMBER')],
  ['if_not_exists of a value', set('SET a = if_not_exists(:a, :a)', one),
    'Invalid UpdateExpression: Operator or function requires a document path; operator or function: if_not_exists'],
  ['an unknown function', set('SET a = foo(b)'), 'Invalid UpdateExpression: Invalid function name; function: foo'],
  ['a function of another case', set('SET a = LIST_APPEND(b, b)'), 'Invalid UpdateExpression: Invalid function name; function: LIST_APPEND'],
  ['a condition\'s function', set('SET a = attribute_exists(b)'), /^Invalid UpdateExpression: (Invalid function name; function: attribute_exists|The function is not allowed in an update expression; function: attribute_exists)$/],
  ['a function with too few operands', set('SET a = if_not_exists(a)'),
    'Invalid UpdateExpression: Incorrect number of operands for operator or function; operator or function: if_not_exists, number of operands: 1'],
  ['two operators in one sum', set('SET a = a + :a + :a', one), syntax],
  ['a sum as an operand of a function', set('SET a = if_not_exists(a, :a + :a)', one), syntax],
  ['SET without =', set('SET a :a', one), syntax],
  ['SET without anything', set('SET'), syntax],
  ['a comma at the end', set('SET a = :a,', one), syntax],
  ['an unknown section', set('PUT a = :a', one), syntax],
  ['ADD of a path', set('ADD a b'), syntax],
  ['SET of a value', set('SET :a = :a', one), syntax],
  ['REMOVE of a value', set('REMOVE :a', one), syntax],
  ['an undefined value', set('SET a = :zz'), 'Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :zz'],
  ['an undefined name', set('SET #a = :a', one), 'Invalid UpdateExpression: An expression attribute name used in the document path is not defined; attribute name: #a'],
  ['an unused value', set('SET a = :a', { ...one, ':b': N(1) }), 'Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}'],
  ['a reserved word', set('SET status = :a', one), 'Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: status'],
  ['an expression of 4097 bytes', set(`SET a = :a${' '.repeat(4087)}`, one),
    'Invalid UpdateExpression: Expression size has exceeded the maximum allowed size; expression size: 4097'],
  ['legacy PUT without value', { AttributeUpdates: { a: { Action: 'PUT' } } }, `${INVALID}Only DELETE action is allowed when no attribute value is specified`],
  ['legacy ADD of a string', { AttributeUpdates: { a: { Action: 'ADD', Value: S('1') } } }, `${INVALID}ADD action is not supported for the type S`],
  ['legacy DELETE of a number', { AttributeUpdates: { a: { Action: 'DELETE', Value: N(1) } } }, `${INVALID}DELETE action with value is not supported for the type N`],
  ['a legacy update of the key', { AttributeUpdates: { id: { Value: S('x') } } }, key('id')],
  ['an unknown legacy action', { AttributeUpdates: { a: { Action: 'PUTT', Value: N(1) } } },
    /Value 'PUTT' at 'attributeUpdates\.a\.member\.action' failed to satisfy constraint: Member must satisfy enum value set: \[/],
]);

test('values that make an index key wrong or empty are refused, and the item stays', async () => {
  const item = { p: S('x'), s: N(1), g: S('g'), n: N(1), l: L(N(1)) };
  await db.PutItem({ TableName: pairs, Item: item });
  const setG = (value) => db.UpdateItem({ TableName: pairs, Key: { p: S('x'), s: N(1) }, UpdateExpression: 'SET g = :g', ExpressionAttributeValues: { ':g': value } });
  await expectInvalid(setG(N(1)), `${INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: byG`);
  for (const expression of ['g = n', 'g = if_not_exists(n, g)', 'g = l[0]', 'g = l'])
    await expectInvalid(db.UpdateItem({ TableName: pairs, Key: { p: S('x'), s: N(1) }, UpdateExpression: `SET ${expression}` }),
      'The update expression attempted to update the secondary index key to unsupported type');
  await expectInvalid(setG(S('')), 'One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.');
  assert.deepEqual((await db.GetItem({ TableName: pairs, Key: { p: S('x'), s: N(1) } })).Item, item);
});

test('an update that makes the item larger than 400 KB is refused', async () => {
  await db.PutItem({ TableName: name, Item: { id: S('big'), a: S('x'.repeat(300000)) } });
  await expectInvalid(update('big', 'SET b = a'), /^Item size to update has exceeded the maximum allowed size$|^Item size has exceeded the maximum allowed size$/);
});

// Key "id" of 10 bytes (name and value), one SET: 3 + 19 go on top of what is not the key.
for (const [bytes, fits] of [[409588, true], [409589, false]])
  test(`an update that makes an item of ${bytes} bytes is ${fits ? 'taken' : 'refused: what it does counts, too'}`, async () => {
    const key = { id: S(`gate${String(bytes).slice(-4)}`) };
    const grown = () => db.UpdateItem({ TableName: name, Key: key, UpdateExpression: 'SET a = :a', ExpressionAttributeValues: { ':a': S('x'.repeat(bytes - 10 - 1)) } });
    if (fits) await grown();
    else await expectInvalid(grown(), 'Item size to update has exceeded the maximum allowed size');
    const { Item } = await db.GetItem({ TableName: name, Key: key });
    assert.equal(Item !== undefined, fits);
  });

test('a missing table is ResourceNotFoundException', () =>
  expectError(db.UpdateItem({ TableName: 'no-such-table', Key: { id: S('a') } }), { type: 'ResourceNotFoundException', message: NO_TABLE }));

test('a bad expression on a missing table reports the expression', () =>
  expectInvalid(db.UpdateItem({ TableName: 'no-such-table', Key: { id: S('a') }, UpdateExpression: 'SET a = foo(b)' }), /function: foo$/));
