// Scan: everything once, filters, segments, Select. Pages are in paging.test.mjs.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { INVALID, N, NO_TABLE, S, expectError, expectInvalid, harness, load, notIn, notNull, pages, refusals, tooLarge, tooShort, tooSmall,
  violations } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table({ key: 'p s:N', gsi: { byG: { key: 'g', project: 'KEYS_ONLY' } } });
const items = Array.from({ length: 120 }, (_, at) => ({ p: S(`p${at % 40}`), s: N(Math.floor(at / 40)), x: N(at), ...(at % 3 ? {} : { g: S('g') }) }));
await load(db, name, items);

const id = (item) => `${item.p.S}/${item.s.N}`;
const all = items.map(id).sort();
const scan = (more) => db.Scan({ TableName: name, ...more });

test('a scan answers every item once', async () => {
  const answer = await scan();
  assert.deepEqual(answer.Items.map(id).sort(), all);
  assert.equal(answer.Count, 120);
  assert.equal(answer.ScannedCount, 120);
  assert.equal('LastEvaluatedKey' in answer, false);
});

test('items of one partition key stand together, in the order of the sort key', async () => {
  const { Items } = await scan();
  const runs = [];
  for (const item of Items) {
    if (runs.at(-1)?.p === item.p.S) runs.at(-1).sorts.push(Number(item.s.N));
    else runs.push({ p: item.p.S, sorts: [Number(item.s.N)] });
  }
  assert.equal(runs.length, 40);
  for (const run of runs) assert.deepEqual(run.sorts, [0, 1, 2]);
});

test('two scans answer in the same order', async () =>
  assert.deepEqual((await scan()).Items.map(id), (await scan({ ConsistentRead: true })).Items.map(id)));

test('a filter may use keys, and counts what it left out', async () => {
  const answer = await scan({ FilterExpression: 'p = :p AND x > :x', ExpressionAttributeValues: { ':p': S('p1'), ':x': N(1) } });
  assert.deepEqual(answer.Items.map(id).sort(), ['p1/1', 'p1/2']);
  assert.equal(answer.ScannedCount, 120);
});

test('a projection applies to every item', async () => {
  const { Items } = await scan({ ProjectionExpression: 'g', FilterExpression: 'x = :x', ExpressionAttributeValues: { ':x': N(0) } });
  assert.deepEqual(Items, [{ g: S('g') }]);
});

test('Select COUNT has counts and no Items', async () => assert.deepEqual(await scan({ Select: 'COUNT' }), { Count: 120, ScannedCount: 120 }));

for (const total of [1, 2, 3, 7, 64, 1000000]) {
  test(`${total} segment(s) together hold every item once`, async () => {
    const segments = total > 100 ? [] : Array.from({ length: total }, (_, at) => at);
    const found = [];
    for (const Segment of segments) found.push(...(await scan({ Segment, TotalSegments: total })).Items.map(id));
    if (segments.length) assert.deepEqual(found.sort(), all);
    else assert.ok((await scan({ Segment: 999999, TotalSegments: total })).Count <= 1);
  });
}

test('segments can be paged through', async () => {
  const found = [];
  for (const Segment of [0, 1, 2]) {
    for (const page of await pages(db, 'Scan', { TableName: name, Segment, TotalSegments: 3, Limit: 7 })) found.push(...page.Items.map(id));
  }
  assert.deepEqual(found.sort(), all);
});

test('a segment\'s start key must lie in the segment', async () => {
  const home = (await scan({ Segment: 0, TotalSegments: 2, Limit: 1 })).LastEvaluatedKey;
  await expectInvalid(scan({ Segment: 1, TotalSegments: 2, ExclusiveStartKey: home }),
    'The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: 2 Segment: 1');
});

test('legacy ScanFilter filters, with AND and OR', async () => {
  const ScanFilter = { x: { ComparisonOperator: 'LT', AttributeValueList: [N(3)] }, g: { ComparisonOperator: 'NOT_NULL' } };
  assert.equal((await scan({ ScanFilter })).Count, 1);
  assert.equal((await scan({ ScanFilter, ConditionalOperator: 'OR' })).Count, 42);
});

test('AttributesToGet applies to every item', async () => {
  const { Items } = await scan({ AttributesToGet: ['x'], ScanFilter: { x: { ComparisonOperator: 'EQ', AttributeValueList: [N(5)] } } });
  assert.deepEqual(Items, [{ x: N(5) }]);
});

test('an empty table answers an empty list', async () =>
  assert.deepEqual(await db.Scan({ TableName: await table({}) }), { Items: [], Count: 0, ScannedCount: 0 }));

refusals(db, 'Scan', {}, [['an empty request', {}, violations(notNull('tableName'))]]);
const START = 'The provided starting key is invalid: The provided key element does not match the schema';
refusals(db, 'Scan', { TableName: name }, [
  ['Segment without TotalSegments', { Segment: 0 },
    'The TotalSegments parameter is required but was not present in the request when Segment parameter is present'],
  ['TotalSegments without Segment', { TotalSegments: 1 },
    'The Segment parameter is required but was not present in the request when parameter TotalSegments is present'],
  ['a segment beyond the last', { Segment: 2, TotalSegments: 2 },
    'The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2'],
  ['a negative segment', { Segment: -1, TotalSegments: 2 }, violations(tooSmall('segment', -1, 0))],
  ['no segments', { Segment: 0, TotalSegments: 0 }, violations(tooSmall('totalSegments', 0, 1))],
  ['too many segments', { Segment: 0, TotalSegments: 1000001 }, violations(tooLarge('totalSegments', 1000001, 1000000))],
  ['Limit 0', { Limit: 0 }, violations(tooSmall('limit', 0, 1))],
  ['unknown Select', { Select: 'FOO' }, violations(notIn('select', 'FOO', 'SPECIFIC_ATTRIBUTES', 'COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES'))],
  ['Select ALL_PROJECTED_ATTRIBUTES on a table', { Select: 'ALL_PROJECTED_ATTRIBUTES' }, /^ALL_PROJECTED_ATTRIBUTES can be used only when (Querying|Scanning) using an IndexName$/],
  ['Select COUNT with AttributesToGet', { Select: 'COUNT', AttributesToGet: ['x'] }, /Cannot specify the AttributesToGet when choosing to get only the Count$/],
  ['empty AttributesToGet', { AttributesToGet: [] }, violations(tooShort('attributesToGet', '[]', 1))],
  ['an unknown index', { IndexName: 'nope' }, 'The table does not have the specified index: nope'],
  ['an unknown index before ConsistentRead on it', { IndexName: 'nope', ConsistentRead: true }, 'The table does not have the specified index: nope'],
  ['ConsistentRead on a global index', { IndexName: 'byG', ConsistentRead: true }, 'Consistent reads are not supported on global secondary indexes'],
  ['ALL_ATTRIBUTES of an index without all', { IndexName: 'byG', Select: 'ALL_ATTRIBUTES' },
    `${INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index byG because its projection type is not ALL`],
  ['a start key without range key', { ExclusiveStartKey: { p: S('a') } }, START],
  ['a start key with another attribute', { ExclusiveStartKey: { p: S('a'), s: N(1), x: N(1) } }, START],
  ['a start key of the wrong type', { ExclusiveStartKey: { p: S('a'), s: S('1') } }, START],
  ['an index start key without index key', { IndexName: 'byG', ExclusiveStartKey: { p: S('a'), s: N(1) } }, 'The provided starting key is invalid'],
  ['both kinds of filter', { FilterExpression: 'x = :x', ExpressionAttributeValues: { ':x': N(1) }, ScanFilter: { x: { ComparisonOperator: 'NULL' } } },
    'Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {ScanFilter} Expression parameters: {FilterExpression}'],
  ['ConditionalOperator without filter', { ConditionalOperator: 'OR' }, 'ConditionalOperator cannot be used without Filter or Expected'],
  ['a filter with an undefined value', { FilterExpression: 'x = :x' },
    'Invalid FilterExpression: An expression attribute value used in expression is not defined; attribute value: :x'],
  ['an empty filter', { FilterExpression: '' }, 'Invalid FilterExpression: The expression can not be empty;'],
  ['a lone attribute as filter', { FilterExpression: 'x' }, /^Invalid FilterExpression: /],
  ['a legacy filter with too many values', { ScanFilter: { x: { ComparisonOperator: 'EQ', AttributeValueList: [N(1), N(2)] } } },
    `${INVALID}Invalid number of argument(s) for the EQ ComparisonOperator`],
  ['a legacy filter of mixed types', { ScanFilter: { x: { ComparisonOperator: 'IN', AttributeValueList: [N(1), S('a')] } } },
    `${INVALID}AttributeValues inside AttributeValueList must be of same type`],
]);

test('a bad filter is refused on an empty table, too', async () =>
  expectInvalid(db.Scan({ TableName: await table({}), FilterExpression: 'foo(x)' }), 'Invalid FilterExpression: Invalid function name; function: foo'));

test('a missing table is ResourceNotFoundException, but a bad request to it is not', async () => {
  await expectError(db.Scan({ TableName: 'no-such-table' }), { type: 'ResourceNotFoundException', message: NO_TABLE });
  await expectInvalid(db.Scan({ TableName: 'no-such-table', FilterExpression: 'x = :x' }));
});

for (const Limit of [2147483648, 4294967297, -2147483649])
  test(`Scan cannot read ${Limit} as a Limit`, () =>
    expectError(db.Scan({ TableName: name, Limit }), { type: 'SerializationException', message: `Numeric value (${Limit}) out of range of int (-2147483648 - 2147483647)` }));
