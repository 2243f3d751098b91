// How large an item is: what each type counts, and what every kind of write says at the limit.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { B, BOOL, BS, L, M, N, NS, NULL, S, SS, expectError, expectInvalid, harness } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table({});
const KB = 1024;

// A write costs a unit for each KB begun, so an item that is filled up to 1 KB tells its size.
const values = [
  ['a string, its bytes', S('é😀'), 6],
  ['an empty string, nothing', S(''), 0],
  ['a binary, its bytes', B([1, 2, 3]), 3],
  ['a boolean', BOOL(false), 1],
  ['a null', NULL, 1],
  ['zero', N(0), 1],
  ['one digit', N(7), 2],
  ['two digits', N(99), 2],
  ['three digits', N(100.5 * 2 + 1), 3],
  ['digits that are zeros at the end, not counted', N('1e100'), 2],
  ['zeros behind the point, not counted', N('0.001'), 2],
  ['digits on both sides of the point, counted apart', N('123.456'), 5],
  ['a digit on either side of the point', N('1.5'), 3],
  ['a minus sign, one more', N('-12.34'), 4],
  ['38 digits', N('1'.repeat(38)), 20],
  ['an empty list', L(), 3],
  ['a list, one more for each element', L(N(1), S('ab')), 3 + 2 + 2 + 2],
  ['an empty map', M({}), 3],
  ['a map, its names too, and one more for each member', M({ key: N(1) }), 3 + 3 + 2 + 1],
  ['lists within lists', L(L(L())), 3 + 1 + 3 + 1 + 3],
  ['a set of strings, its members', SS('a', 'bc'), 3],
  ['a set of numbers, its members', NS(1, -22), 2 + 3],
  ['a set of binaries, its members', BS([1], [2, 3]), 3],
];
for (const [what, value, bytes] of values) {
  test(`the size of ${what}`, async () => {
    const put = async (pad) => (await db.PutItem({ TableName: name, Item: { id: S('size'), v: value, b: S('x'.repeat(pad)) }, ReturnConsumedCapacity: 'TOTAL' }))
      .ConsumedCapacity.CapacityUnits;
    const room = KB - 'id'.length - 'size'.length - 'v'.length - bytes - 'b'.length;
    await db.DeleteItem({ TableName: name, Key: { id: S('size') } });
    assert.equal(await put(room), 1, 'it fits into 1 KB');
    assert.equal(await put(room + 1), 2, 'a byte more does not');
  });
}

test('names count with their bytes', async () => {
  const put = async (pad) => (await db.PutItem({ TableName: name, Item: { id: S('name'), ['é'.repeat(200)]: NULL, b: S('x'.repeat(pad)) }, ReturnConsumedCapacity: 'TOTAL' }))
    .ConsumedCapacity.CapacityUnits;
  const room = KB - 'idname'.length - 400 - 1 - 'b'.length;
  assert.equal(await put(room), 1);
  assert.equal(await put(room + 1), 2);
});

// ---- 400 KB, whoever writes ----

const LIMIT = 400 * KB;
let counter = 0;
const fresh = () => `k${String(counter++).padStart(3, '0')}`; // "id" and this are 6 bytes
const filling = (bytes) => S('x'.repeat(bytes - 6 - 'a'.length));
const TOO_LARGE = 'Item size has exceeded the maximum allowed size';
const TOO_LARGE_UPDATE = 'Item size to update has exceeded the maximum allowed size';
const answered = ({ Responses: [{ Error: error }] }) => { if (error) throw Object.assign(new Error(error.Message), { name: error.Code }); };

const puts = [
  ['PutItem', (id, a) => db.PutItem({ TableName: name, Item: { id: S(id), a } }), 'ValidationException'],
  ['BatchWriteItem', (id, a) => db.BatchWriteItem({ RequestItems: { [name]: [{ PutRequest: { Item: { id: S(id), a } } }] } }), 'ValidationException'],
  ['TransactWriteItems', (id, a) => db.TransactWriteItems({ TransactItems: [{ Put: { TableName: name, Item: { id: S(id), a } } }] }), 'ValidationException'],
  ['ExecuteStatement', (id, a) => db.ExecuteStatement({ Statement: `INSERT INTO "${name}" VALUE {'id': '${id}', 'a': ?}`, Parameters: [a] }), 'ValidationException'],
  ['BatchExecuteStatement', async (id, a) => answered(await db.BatchExecuteStatement({ Statements: [{ Statement: `INSERT INTO "${name}" VALUE {'id': '${id}', 'a': ?}`, Parameters: [a] }] })),
    'ValidationError'],
  ['ExecuteTransaction', (id, a) => db.ExecuteTransaction({ TransactStatements: [{ Statement: `INSERT INTO "${name}" VALUE {'id': '${id}', 'a': ?}`, Parameters: [a] }] }), /^(ValidationException|TransactionCanceledException)$/],
];
for (const [operation, write, type] of puts) {
  test(`a put of 400 KB by ${operation} is taken, a byte more is refused`, async () => {
    const [fits, not] = [fresh(), fresh()];
    await write(fits, filling(LIMIT));
    const error = await write(not, filling(LIMIT + 1)).then(() => assert.fail('it is refused'), (thrown) => thrown);
    assert.match(error.name, new RegExp(type));
    if (error.name !== 'TransactionCanceledException') assert.equal(error.message, TOO_LARGE);
    assert.equal((await db.GetItem({ TableName: name, Key: { id: S(fits) } })).Item.a.S.length, LIMIT - 7);
    assert.deepEqual(await db.GetItem({ TableName: name, Key: { id: S(not) } }), {});
  });
}

// An update counts 22 bytes for one SET, and not its key.
const MOST = LIMIT - 22 + 6;
const updates = [
  ['UpdateItem', (id, a) => db.UpdateItem({ TableName: name, Key: { id: S(id) }, UpdateExpression: 'SET a = :a', ExpressionAttributeValues: { ':a': a } })],
  ['UpdateItem with AttributeUpdates', (id, a) => db.UpdateItem({ TableName: name, Key: { id: S(id) }, AttributeUpdates: { a: { Value: a } } })],
  ['TransactWriteItems', (id, a) => db.TransactWriteItems({ TransactItems: [{ Update: { TableName: name, Key: { id: S(id) }, UpdateExpression: 'SET a = :a', ExpressionAttributeValues: { ':a': a } } }] })],
  ['ExecuteStatement', (id, a) => db.ExecuteStatement({ Statement: `UPDATE "${name}" SET a = ? WHERE id = '${id}'`, Parameters: [a] })],
  ['BatchExecuteStatement', async (id, a) => answered(await db.BatchExecuteStatement({ Statements: [{ Statement: `UPDATE "${name}" SET a = ? WHERE id = '${id}'`, Parameters: [a] }] }))],
  ['ExecuteTransaction', (id, a) => db.ExecuteTransaction({ TransactStatements: [{ Statement: `UPDATE "${name}" SET a = ? WHERE id = '${id}'`, Parameters: [a] }] })],
];
for (const [operation, write] of updates) {
  test(`an update to almost 400 KB by ${operation} is taken, a byte more is refused`, async () => {
    const id = fresh();
    await db.PutItem({ TableName: name, Item: { id: S(id) } });
    const error = await write(id, filling(MOST + 1)).then(() => assert.fail('it is refused'), (thrown) => thrown);
    assert.equal(error.answer?.json.CancellationReasons?.[0].Message ?? error.message, TOO_LARGE_UPDATE);
    assert.deepEqual((await db.GetItem({ TableName: name, Key: { id: S(id) } })).Item, { id: S(id) });
    await write(id, filling(MOST));
    assert.equal((await db.GetItem({ TableName: name, Key: { id: S(id) } })).Item.a.S.length, MOST - 7);
  });
}

// ---- keys, also those of indexes ----

const keyed = await table({ key: 'p s', gsi: { byG: { key: 'g r' } }, lsi: { byT: { key: 'p t' } } });
const text = (bytes) => S('x'.repeat(bytes));
const HASH = 'One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes';
const RANGE = 'One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes';

test('keys of tables and indexes take 2048 and 1024 bytes', async () => {
  const item = { p: text(2048), s: text(1024), g: text(2048), r: text(1024), t: text(1024) };
  await db.PutItem({ TableName: keyed, Item: item });
  assert.equal((await db.Query({ TableName: keyed, IndexName: 'byG', KeyConditionExpression: 'g = :g', ExpressionAttributeValues: { ':g': item.g } })).Count, 1);
  assert.equal((await db.Query({ TableName: keyed, IndexName: 'byT', KeyConditionExpression: 'p = :p', ExpressionAttributeValues: { ':p': item.p } })).Count, 1);
});

for (const [attribute, bytes, message] of [['g', 2049, HASH], ['r', 1025, RANGE], ['t', 1025, RANGE]]) {
  test(`a value of ${bytes} bytes for ${attribute}, an index's key, is refused by every write`, async () => {
    const Key = { p: S('large'), s: S('key') };
    const Item = { ...Key, [attribute]: text(bytes) };
    await expectInvalid(db.PutItem({ TableName: keyed, Item }), message);
    await expectInvalid(db.UpdateItem({ TableName: keyed, Key, UpdateExpression: `SET ${attribute} = :v`, ExpressionAttributeValues: { ':v': text(bytes) } }), message);
    await expectInvalid(db.BatchWriteItem({ RequestItems: { [keyed]: [{ PutRequest: { Item } }] } }), message);
    await expectError(db.TransactWriteItems({ TransactItems: [{ Put: { TableName: keyed, Item } }] }), { type: 'TransactionCanceledException' });
    await expectInvalid(db.ExecuteStatement({ Statement: `INSERT INTO "${keyed}" VALUE {'p': 'large', 's': 'key', '${attribute}': ?}`, Parameters: [text(bytes)] }), message);
    assert.deepEqual(await db.GetItem({ TableName: keyed, Key }), {});
  });
}
