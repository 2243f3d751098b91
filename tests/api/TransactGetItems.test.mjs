// TransactGetItems: items of several tables as they were at one moment.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { EMPTY_KEY, KEY_MISMATCH, L, M, N, NO_TABLE, RawClient, S, expectError, expectUnreadable, harness, notIn, notNull, refusals,
  tooShort, violations } from './lib/index.mjs';

const { db, table, client, endpoint } = await harness();
const name = await table({});
const pairs = await table({ key: 'p s:N' });
const item = { id: S('a'), n: N(1), m: M({ x: N(1), y: L(N(1), N(2), N(3)) }), 'd.t': S('dot') };
await db.PutItem({ TableName: name, Item: item });
await db.PutItem({ TableName: name, Item: { id: S('large'), x: S('x'.repeat(5000)) } });
await db.PutItem({ TableName: pairs, Item: { p: S('p'), s: N(1), v: S('v') } });

const get = (Key, more) => ({ Get: { TableName: name, Key, ...more } });
const read = (TransactItems, more) => db.TransactGetItems({ TransactItems, ...more });
const a = { id: S('a') };
const items = (...TransactItems) => ({ TransactItems });

test('answers come position by position, of any tables', async () =>
  assert.deepEqual(await read([{ Get: { TableName: pairs, Key: { p: S('p'), s: N('1.0') } } }, get({ id: S('missing') }), get(a)]),
    { Responses: [{ Item: { p: S('p'), s: N(1), v: S('v') } }, {}, { Item: item }] }));

test('missing items alone are empty answers', async () =>
  assert.deepEqual(await read([get({ id: S('x') }), get({ id: S('y') })]), { Responses: [{}, {}] }));

for (const [what, more, want] of [
  ['one attribute', { ProjectionExpression: 'n' }, { n: N(1) }],
  ['nested paths', { ProjectionExpression: 'm.y[2], m.y[0], m.x' }, { m: M({ x: N(1), y: L(N(1), N(3)) }) }],
  ['a name with a dot', { ProjectionExpression: '#d', ExpressionAttributeNames: { '#d': 'd.t' } }, { 'd.t': S('dot') }],
  ['the key, when it is asked for', { ProjectionExpression: 'id, n' }, { id: S('a'), n: N(1) }],
  ['what is not there', { ProjectionExpression: 'zzz' }, {}],
]) {
  test(`a projection shows ${what} and nothing else`, async () => assert.deepEqual(await read([get(a, more)]), { Responses: [{ Item: want }] }));
}

test('each get has its own projection', async () =>
  assert.deepEqual(await read([get(a, { ProjectionExpression: 'n' }), get({ id: S('large') }, { ProjectionExpression: 'id' }), get({ id: S('x') }, { ProjectionExpression: 'id' })]),
    { Responses: [{ Item: { n: N(1) } }, { Item: { id: S('large') } }, {}] }));

test('a table may be named by its ARN', async () => {
  const { Table } = await db.DescribeTable({ TableName: name });
  assert.deepEqual(await read([get(a, { TableName: Table.TableArn, ProjectionExpression: 'id' })]), { Responses: [{ Item: a }] });
});

test('100 items are read', async () =>
  assert.equal((await read(Array.from({ length: 100 }, (_, at) => get({ id: S(`i${at}`) })))).Responses.length, 100));

test('the SDK understands the answer', async () => {
  const { TransactGetItemsCommand } = await import('@aws-sdk/client-dynamodb');
  const { Responses } = await (await client()).send(new TransactGetItemsCommand(items(get(a, { ProjectionExpression: 'n' }), get({ id: S('x') }))));
  assert.deepEqual(Responses, [{ Item: { n: N(1) } }, {}]);
});

const reads = (count) => ({ CapacityUnits: count, ReadCapacityUnits: count });
test('a get costs two units for each 4 KB of the whole item, a missing one two', async () => {
  const answer = await read([get(a, { ProjectionExpression: 'n' }), get({ id: S('large') }), get({ id: S('x') }), { Get: { TableName: pairs, Key: { p: S('p'), s: N(1) } } }], { ReturnConsumedCapacity: 'TOTAL' });
  assert.deepEqual(Object.fromEntries(answer.ConsumedCapacity.map(({ TableName, ...rest }) => [TableName, rest])), { [name]: reads(8), [pairs]: reads(2) });
});
test('INDEXES tells the table apart', async () =>
  assert.deepEqual((await read([get(a)], { ReturnConsumedCapacity: 'INDEXES' })).ConsumedCapacity, [{ TableName: name, ...reads(2), Table: reads(2) }]));
test('NONE tells no capacity', async () => assert.equal('ConsumedCapacity' in await read([get(a)], { ReturnConsumedCapacity: 'NONE' }), false));

refusals(db, 'TransactGetItems', {}, [
  ['an empty request', {}, violations(notNull('transactItems'))],
  ['no gets', items(), violations(tooShort('transactItems', '[]', 1))],
  ['101 gets', items(...Array.from({ length: 101 }, (_, at) => get({ id: S(`i${at}`) }))),
    /^1 validation error detected: Value '[^]*' at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100$/],
  ['an element without get', items(get(a), {}), violations(notNull('transactItems.2.member.get'))],
  ['a get without key', items({ Get: { TableName: name } }), violations(notNull('transactItems.1.member.get.key'))],
  ['a get without table', items({ Get: { Key: a } }), violations(notNull('transactItems.1.member.get.tableName'))],
  ['an unknown ReturnConsumedCapacity', { ...items(get(a)), ReturnConsumedCapacity: 'ALL' }, violations(notIn('returnConsumedCapacity', 'ALL', 'INDEXES', 'TOTAL', 'NONE'))],
  ['one item twice', items(get(a), get({ id: S('b') }), get(a, { ProjectionExpression: 'n' })), 'Transaction request cannot include multiple operations on one item'],
  ['an empty key', items(get(a), get({ id: S('') })), `${EMPTY_KEY}id`],
  ['a number that is none', items(get({ id: N('x') })), 'The parameter cannot be converted to a numeric value: x'],
  ['a projection that is none', items(get(a, { ProjectionExpression: 'a,' })), /^Invalid ProjectionExpression: Syntax error; /],
  ['an empty projection', items(get(a, { ProjectionExpression: '' })), 'Invalid ProjectionExpression: The expression can not be empty;'],
  ['overlapping paths', items(get(a, { ProjectionExpression: 'm, m.x' })), /^Invalid ProjectionExpression: Two document paths overlap/],
  ['names without projection', items(get(a, { ExpressionAttributeNames: { '#a': 'a' } })), 'ExpressionAttributeNames can only be specified when using expressions'],
  ['a name that is not used', items(get(a, { ProjectionExpression: 'n', ExpressionAttributeNames: { '#a': 'a' } })), 'Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}'],
  ['a bad projection of a missing table', items(get(a, { TableName: 'missing', ProjectionExpression: 'a,' })), /^Invalid ProjectionExpression: /],
]);
refusals(db, 'TransactGetItems', {}, [
  ['a missing table', items(get(a), get(a, { TableName: 'missing' })), NO_TABLE],
  ['a missing table behind a wrong key', items(get({ id: N(1) }), get(a, { TableName: 'missing' })), NO_TABLE],
], 'ResourceNotFoundException');

for (const [what, wrong] of [['of the wrong type', { id: N(1) }], ['with more than the key', { id: S('a'), b: N(1) }], ['of another name', { b: S('a') }]]) {
  test(`a key ${what} cancels the transaction`, async () => {
    const error = await expectError(read([get(a), get(wrong)]), { type: 'TransactionCanceledException',
      message: 'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ValidationError]' });
    assert.deepEqual(error.answer.json.CancellationReasons, [{ Code: 'None' }, { Code: 'ValidationError', Message: KEY_MISMATCH }]);
  });
}

test('gets that are no list are unreadable', () => expectUnreadable(db.TransactGetItems({ TransactItems: { Get: {} } })));

test('items of more than 4 MB together are refused', async () => {
  const keys = Array.from({ length: 11 }, (_, at) => ({ id: S(`huge${at}`) }));
  for (const key of keys) await db.PutItem({ TableName: name, Item: { ...key, x: S('x'.repeat(400000)) } });
  await expectError(read(keys.map((key) => get(key))), { type: 'ValidationException', message: /exceeding the 4MB limit$/ });
  assert.equal((await read(keys.slice(1).map((key) => get(key, { ProjectionExpression: 'id' })))).Responses.length, 10);
});

// Writers keep items of two tables equal, and a sum constant, in every transaction: no read may see
// it otherwise.
test('half a transaction is never seen', async () => {
  const keys = Array.from({ length: 8 }, (_, at) => ({ TableName: at % 2 ? pairs : name, Key: at % 2 ? { p: S('snap'), s: N(at) } : { id: S(`snap${at}`) } }));
  const set = (values) => ({ TransactItems: keys.map((key, at) => ({ Update: { ...key, UpdateExpression: 'SET v = :v, r = :r', ExpressionAttributeValues: { ':v': N(values[at]), ':r': S(values.join()) } } })) });
  const values = () => {
    const some = Array.from({ length: 7 }, () => Math.floor(Math.random() * 100));
    return [...some, 1000 - some.reduce((sum, one) => sum + one, 0)];
  };
  await db.TransactWriteItems(set(values()));
  let writing = 3;
  let seen = 0;
  const worker = async (run) => {
    const raw = new RawClient(endpoint);
    await run(raw).finally(() => raw.close());
  };
  const writer = worker.bind(null, async (raw) => {
    try {
      for (let round = 0; round < 60; round++) await raw.call('TransactWriteItems', set(values()));
    } finally {
      writing--;
    }
  });
  const reader = worker.bind(null, async (raw) => {
    const order = [...keys].sort(() => Math.random() - 0.5);
    do {
      const { Responses } = await raw.call('TransactGetItems', { TransactItems: order.map((Get) => ({ Get })) });
      assert.equal(new Set(Responses.map(({ Item }) => Item.r.S)).size, 1, 'all are of one transaction');
      assert.equal(Responses.reduce((sum, { Item }) => sum + Number(Item.v.N), 0), 1000);
      seen++;
    } while (writing > 0);
  });
  await Promise.all([writer(), writer(), writer(), reader(), reader(), reader()]);
  assert.ok(seen > 10);
});

test('what was acknowledged is seen', async () => {
  for (let round = 0; round < 50; round++) {
    await db.TransactWriteItems({ TransactItems: [{ Put: { TableName: name, Item: { id: S('ack'), n: N(round) } } }] });
    assert.deepEqual((await read([get({ id: S('ack') })])).Responses[0].Item.n, N(round));
  }
});
