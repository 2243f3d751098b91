// Query on a table: key conditions of both kinds, order, filters, Select. Pages are in
// paging.test.mjs, indexes in indexes.test.mjs.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { B, EMPTY_KEY, INVALID, L, N, NO_TABLE, S, SS, expectError, expectInvalid, harness, load, notIn, notNull, refusals, tooShort, tooSmall,
  violations } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table({ key: 'p s:N', gsi: { byG: { key: 'g', project: 'KEYS_ONLY' } } });
const texts = await table({ key: 'p s' });
const binary = await table({ key: 'p s:B' });
const lonely = await table({ key: 'p' });

const sorts = [-1000000, -2.5, -1, 0, 0.001, 1, 2, 10, 1e20];
await load(db, name, ['a', 'b'].flatMap((p) => sorts.map((s, x) => ({ p: S(p), s: N(s), x: N(x), parity: S(x % 2 ? 'odd' : 'even') }))));
const words = ['', 'A', 'Z', 'a', 'aa', 'ab', 'abc', 'b', 'é', '\ud7ff', '\ue000', '😀'].slice(1);
await load(db, texts, words.map((s) => ({ p: S('t'), s: S(s) })));
const blobs = [[0], [0, 0], [1], [127], [128], [255], [255, 0]];
await load(db, binary, blobs.map((s) => ({ p: S('b'), s: B(s) })));
await load(db, lonely, [{ p: S('x'), a: N(1) }, { p: S('y') }]);

const ask = (KeyConditionExpression, values, more) =>
  db.Query({ TableName: name, KeyConditionExpression, ...(values ? { ExpressionAttributeValues: values } : {}), ...more });
const sortKeys = (answer) => answer.Items.map((item) => Number(item.s.N));
const p = { ':p': S('a') };

for (const condition of ['s = :s', 's > :s', 's <= :s', 'begins_with(s, :s)', 's BETWEEN :s AND :t', 's BETWEEN :t AND :s'])
  test(`an empty sort key value is refused in ${condition}`, async () => {
    const values = { ':p': S('t'), ':s': S(''), ...(/:t/.test(condition) ? { ':t': S('t') } : {}) };
    const refused = ask(`p = :p AND ${condition}`, values, { TableName: texts });
    // The bounds of a range are compared before their lengths are looked at.
    await expectInvalid(refused, condition.endsWith(':t AND :s') ? /lower bound operand: |empty string value/ : `${EMPTY_KEY}s`);
  });

test('all items of a partition come in the order of their sort key\'s value', async () => {
  const answer = await ask('p = :p', p);
  assert.deepEqual(sortKeys(answer), sorts);
  assert.equal(answer.Count, sorts.length);
  assert.equal(answer.ScannedCount, sorts.length);
  assert.equal('LastEvaluatedKey' in answer, false);
});

test('ScanIndexForward false turns the order around', async () =>
  assert.deepEqual(sortKeys(await ask('p = :p', p, { ScanIndexForward: false })), [...sorts].reverse()));

test('strings sort by the bytes of their UTF-8', async () => {
  const { Items } = await db.Query({ TableName: texts, KeyConditionExpression: 'p = :p', ExpressionAttributeValues: { ':p': S('t') } });
  const expected = [...words].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  assert.deepEqual(Items.map((item) => item.s.S), expected);
});

test('binaries sort as unsigned bytes', async () => {
  const { Items } = await db.Query({ TableName: binary, KeyConditionExpression: 'p = :p', ExpressionAttributeValues: { ':p': S('b') } });
  assert.deepEqual(Items.map((item) => [...Buffer.from(item.s.B, 'base64')]), blobs);
});

test('an empty partition answers an empty list and counts of 0', async () =>
  assert.deepEqual(await ask('p = :p', { ':p': S('none') }), { Items: [], Count: 0, ScannedCount: 0 }));

const ranges = [
  ['p = :p AND s = :s', { ':s': N('1.0') }, [1]],
  ['p = :p AND s < :s', { ':s': N(0) }, [-1000000, -2.5, -1]],
  ['p = :p AND s <= :s', { ':s': N(0) }, [-1000000, -2.5, -1, 0]],
  ['p = :p AND s > :s', { ':s': N(2) }, [10, 1e20]],
  ['p = :p AND s >= :s', { ':s': N(2) }, [2, 10, 1e20]],
  ['p = :p AND s BETWEEN :s AND :t', { ':s': N(-1), ':t': N(1) }, [-1, 0, 0.001, 1]],
  ['p = :p AND s BETWEEN :s AND :s', { ':s': N(0) }, [0]],
  ['s > :s AND p = :p', { ':s': N(2) }, [10, 1e20]],
  [':s < s AND :p = p', { ':s': N(2) }, [10, 1e20]],
  ['(p = :p) AND (s > :s)', { ':s': N(2) }, [10, 1e20]],
  ['(p = :p AND s > :s)', { ':s': N(2) }, [10, 1e20]],
  ['p=:p and s between :s and :t', { ':s': N(-1), ':t': N(1) }, [-1, 0, 0.001, 1]],
];
for (const [condition, values, expected] of ranges) {
  test(`${condition} finds what it says`, async () => {
    assert.deepEqual(sortKeys(await ask(condition, { ...p, ...values })), expected);
    assert.deepEqual(sortKeys(await ask(condition, { ...p, ...values }, { ScanIndexForward: false })), [...expected].reverse());
  });
}

test('begins_with finds the strings of a prefix, and the binaries', async () => {
  const found = await db.Query({ TableName: texts, KeyConditionExpression: 'p = :p AND begins_with(s, :s)', ExpressionAttributeValues: { ':p': S('t'), ':s': S('a') } });
  assert.deepEqual(found.Items.map((item) => item.s.S), ['a', 'aa', 'ab', 'abc']);
  const bytes = await db.Query({ TableName: binary, KeyConditionExpression: 'p = :p AND begins_with(s, :s)', ExpressionAttributeValues: { ':p': S('b'), ':s': B([255]) } });
  assert.equal(bytes.Count, 2);
});

test('#names stand for keys', async () => {
  const answer = await ask('#p = :p AND #s > :s', { ...p, ':s': N(2) }, { ExpressionAttributeNames: { '#p': 'p', '#s': 's' } });
  assert.deepEqual(sortKeys(answer), [10, 1e20]);
});

test('a filter is applied after counting what was examined', async () => {
  const answer = await ask('p = :p', { ...p, ':x': N(6) }, { FilterExpression: 'x >= :x' });
  assert.equal(answer.Count, 3);
  assert.equal(answer.ScannedCount, sorts.length);
  assert.deepEqual(sortKeys(answer), [2, 10, 1e20]);
});

test('Select COUNT has counts and no Items', async () =>
  assert.deepEqual(await ask('p = :p', p, { Select: 'COUNT' }), { Count: sorts.length, ScannedCount: sorts.length }));

test('a projection applies to every item', async () => {
  const { Items } = await ask('p = :p AND s < :s', { ...p, ':s': N(-1) }, { ProjectionExpression: 'x' });
  assert.deepEqual(Items, [{ x: N(0) }, { x: N(1) }]);
  const specific = await ask('p = :p AND s < :s', { ...p, ':s': N(-1) }, { ProjectionExpression: 'x', Select: 'SPECIFIC_ATTRIBUTES' });
  assert.deepEqual(specific.Items, Items);
});

const eq = (value) => ({ ComparisonOperator: 'EQ', AttributeValueList: [value] });
const compare = (ComparisonOperator, ...AttributeValueList) => ({ ComparisonOperator, AttributeValueList });
const old = (KeyConditions, more) => db.Query({ TableName: name, KeyConditions, ...more });

test('legacy KeyConditions find the same', async () => {
  assert.deepEqual(sortKeys(await old({ p: eq(S('a')) })), sorts);
  assert.deepEqual(sortKeys(await old({ p: eq(S('a')), s: compare('GT', N(2)) })), [10, 1e20]);
  assert.deepEqual(sortKeys(await old({ p: eq(S('a')), s: compare('BETWEEN', N(-1), N(0)) })), [-1, 0]);
});

test('legacy QueryFilter filters, with AND and OR', async () => {
  const both = { x: compare('GE', N(4)), parity: eq(S('even')) };
  assert.deepEqual(sortKeys(await old({ p: eq(S('a')) }, { QueryFilter: both })), [0.001, 2, 1e20]);
  assert.equal((await old({ p: eq(S('a')) }, { QueryFilter: both, ConditionalOperator: 'OR' })).Count, 7);
});

test('legacy KeyConditions go with FilterExpression and ProjectionExpression', async () => {
  const { Items } = await old({ p: eq(S('a')) }, { FilterExpression: 'x > :x', ExpressionAttributeValues: { ':x': N(7) }, ProjectionExpression: 's' });
  assert.deepEqual(Items, [{ s: N('100000000000000000000') }]);
});

test('AttributesToGet goes with KeyConditions', async () => {
  const { Items } = await old({ p: eq(S('a')), s: eq(N(0)) }, { AttributesToGet: ['x'] });
  assert.deepEqual(Items, [{ x: N(3) }]);
});

const condition = (KeyConditionExpression, values, more) => ({ KeyConditionExpression, ...(values ? { ExpressionAttributeValues: values } : {}), ...more });
const ps = { ...p, ':s': N(1) };
const MISSED = (key) => `Query condition missed key schema element: ${key}`;
const OPERATOR = (operator) => `Invalid operator used in KeyConditionExpression: ${operator}`;
const TYPE = `${INVALID}Condition parameter type does not match schema type`;
refusals(db, 'Query', {}, [['an empty request', {}, violations(notNull('tableName'))]]);
refusals(db, 'Query', { TableName: name }, [
  ['a request without key condition', {}, 'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.'],
  ['an empty key condition', condition('', p), 'Invalid KeyConditionExpression: The expression can not be empty;'],
  ['an inequality on the partition key', condition('p > :p', p), 'Query key condition not supported'],
  ['a condition without partition key', condition('s = :s', { ':s': N(1) }), MISSED('p')],
  ['two conditions on the partition key', condition('p = :p AND p = :p', p), 'KeyConditionExpressions must only contain one condition per key'],
  ['two conditions on the sort key', condition('p = :p AND s > :s AND s < :t', { ...ps, ':t': N(2) }), 'KeyConditionExpressions must only contain one condition per key'],
  ['OR', condition('p = :p OR s = :s', ps), OPERATOR('OR')],
  ['NOT', condition('NOT p = :p', p), OPERATOR('NOT')],
  ['<>', condition('p = :p AND s <> :s', ps), OPERATOR('<>')],
  ['IN', condition('p = :p AND s IN (:s)', ps), OPERATOR('IN')],
  ['attribute_exists', condition('p = :p AND attribute_exists(s)', p), OPERATOR('attribute_exists')],
  ['contains', condition('p = :p AND contains(s, :s)', ps), OPERATOR('contains')],
  ['size', condition('p = :p AND size(s) = :s', ps), 'KeyConditionExpressions cannot contain nested operations'],
  ['begins_with on a number', condition('p = :p AND begins_with(s, :s)', ps),
    'Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N'],
  ['begins_with on the partition key', condition('begins_with(p, :p)', p), 'Query key condition not supported'],
  ['a condition on another attribute', condition('p = :p AND x = :s', ps), MISSED('s')],
  ['conditions on three attributes', condition('p = :p AND s = :s AND x = :s', ps), 'Conditions can be of length 1 or 2 only'],
  ['a partition key of another type', condition('p = :p', { ':p': N(1) }), TYPE],
  ['a sort key of another type', condition('p = :p AND s = :s', { ...p, ':s': S('1') }), TYPE],
  ['BETWEEN with bounds the wrong way', condition('p = :p AND s BETWEEN :a AND :b', { ...p, ':a': N(2), ':b': N(1) }),
    'Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; '
    + 'lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}'],
  ['a comparison of two attributes', condition('p = s', undefined), 'Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition'],
  ['a condition on a nested attribute', condition('p.a = :p', p), 'KeyConditionExpressions cannot have conditions on nested attributes'],
  ['redundant parentheses', condition('((p = :p))', p), 'Invalid KeyConditionExpression: The expression has redundant parentheses;'],
  ['an unknown function', condition('p = :p AND foo(s)', p), 'Invalid KeyConditionExpression: Invalid function name; function: foo'],
  ['a value that is not defined', condition('p = :zz'), 'Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; attribute value: :zz'],
  ['a value that nothing uses', condition('p = :p', ps), 'Value provided in ExpressionAttributeValues unused in expressions: keys: {:s}'],
  ['a syntax error', condition('p = ', p), /^Invalid KeyConditionExpression: Syntax error; token: /],
  ['an empty partition key value', condition('p = :p', { ':p': S('') }), /empty string value/],
  ['a filter on the sort key', condition('p = :p', ps, { FilterExpression: 's = :s' }),
    'Filter Expression can only contain non-primary key attributes: Primary key attribute: s'],
  ['a filter on the sort key behind a #name', condition('p = :p', ps, { FilterExpression: '#s = :s', ExpressionAttributeNames: { '#s': 's' } }),
    'Filter Expression can only contain non-primary key attributes: Primary key attribute: s'],
  ['a bad filter though nothing would be examined', condition('p = :p', { ':p': S('none') }, { FilterExpression: 'foo(x)' }),
    'Invalid FilterExpression: Invalid function name; function: foo'],
  ['an empty filter', condition('p = :p', p, { FilterExpression: '' }), 'Invalid FilterExpression: The expression can not be empty;'],
  ['unknown Select', condition('p = :p', p, { Select: 'FOO' }),
    violations(notIn('select', 'FOO', 'SPECIFIC_ATTRIBUTES', 'COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES'))],
  ['Select ALL_PROJECTED_ATTRIBUTES on a table', condition('p = :p', p, { Select: 'ALL_PROJECTED_ATTRIBUTES' }),
    /ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName$/],
  ['Select SPECIFIC_ATTRIBUTES without projection', condition('p = :p', p, { Select: 'SPECIFIC_ATTRIBUTES' }),
    /Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES$/],
  ['Select COUNT with projection', condition('p = :p', p, { Select: 'COUNT', ProjectionExpression: 'x' }),
    /Cannot specify the ProjectionExpression when choosing to get only the Count$/],
  ['Limit 0', condition('p = :p', p, { Limit: 0 }), violations(tooSmall('limit', 0, 1))],
  ['empty AttributesToGet', { KeyConditions: { p: eq(S('a')) }, AttributesToGet: [] }, violations(tooShort('attributesToGet', '[]', 1))],
  ['an unknown index', condition('p = :p', p, { IndexName: 'nope' }), 'The table does not have the specified index: nope'],
  ['an unknown index before ConsistentRead on it', condition('p = :p', p, { IndexName: 'nope', ConsistentRead: true }), 'The table does not have the specified index: nope'],
]);

const both = (left, right) => `Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {${left}} Expression parameters: {${right}}`;
refusals(db, 'Query', { TableName: name, KeyConditions: { p: eq(S('a')) } }, [
  ['both kinds of key condition', condition('p = :p', p), both('KeyConditions', 'KeyConditionExpression')],
  ['QueryFilter with KeyConditionExpression', condition('p = :p', p, { KeyConditions: undefined, QueryFilter: { x: eq(N(1)) } }),
    both('QueryFilter', 'KeyConditionExpression')],
  ['AttributesToGet with KeyConditionExpression', condition('p = :p', p, { KeyConditions: undefined, AttributesToGet: ['x'] }),
    both('AttributesToGet', 'KeyConditionExpression')],
  ['legacy NE on a key', { KeyConditions: { p: compare('NE', S('a')) } }, 'Attempted conditional constraint is not an indexable operation'],
  ['legacy CONTAINS on a key', { KeyConditions: { p: eq(S('a')), s: compare('CONTAINS', N(1)) } }, 'Attempted conditional constraint is not an indexable operation'],
  ['legacy GT on the partition key', { KeyConditions: { p: compare('GT', S('a')) } }, 'Query key condition not supported'],
  ['legacy conditions without partition key', { KeyConditions: { s: eq(N(1)) } }, MISSED('p')],
  ['legacy conditions on another attribute', { KeyConditions: { p: eq(S('a')), x: eq(N(1)) } }, MISSED('s')],
  ['legacy conditions on three attributes', { KeyConditions: { p: eq(S('a')), s: eq(N(1)), x: eq(N(1)) } }, 'Conditions can be of length 1 or 2 only'],
  ['a legacy filter on a key', { QueryFilter: { s: eq(N(1)) } }, 'QueryFilter can only contain non-primary key attributes: Primary key attribute: s'],
  ['a bad legacy filter', { QueryFilter: { x: compare('EQ', N(1), N(2)) } }, `${INVALID}Invalid number of argument(s) for the EQ ComparisonOperator`],
  ['a legacy key of another type', { KeyConditions: { p: eq(N(1)) } }, TYPE],
  ['a legacy comparison with a set', { KeyConditions: { p: eq(S('a')), s: compare('GT', SS('a')) } }, /./],
  ['ConditionalOperator without filter', { ConditionalOperator: 'OR' }, 'ConditionalOperator cannot be used without Filter or Expected'],
]);

test('a bad legacy filter is refused though nothing would be examined', () =>
  expectInvalid(old({ p: eq(S('none')) }, { QueryFilter: { x: compare('EQ', N(1), N(2)) } }), `${INVALID}Invalid number of argument(s) for the EQ ComparisonOperator`));

test('a table with a hash key alone can be queried', async () => {
  const { Items } = await db.Query({ TableName: lonely, KeyConditionExpression: 'p = :p', ExpressionAttributeValues: { ':p': S('x') } });
  assert.deepEqual(Items, [{ p: S('x'), a: N(1) }]);
});

test('a list as key value is refused', () => expectInvalid(ask('p = :p', { ':p': L() }),
  /^One or more parameter values were invalid: (Condition parameter type does not match schema type|ComparisonOperator EQ is not valid for L AttributeValue type)$/));

test('a missing table is ResourceNotFoundException, but a bad request to it is not', async () => {
  await expectError(ask('p = :p', p, { TableName: 'no-such-table' }), { type: 'ResourceNotFoundException', message: NO_TABLE });
  await expectInvalid(ask('p = :p', p, { TableName: 'no-such-table', FilterExpression: 'foo(x)' }));
});
