// ExecuteTransaction: statements that read at one moment, or write all or nothing.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { N, NO_TABLE, S, expectError, expectInvalid, harness, load, notNull, violations } from './lib/index.mjs';

const { db, table } = await harness();
const name = await table({ key: 'p s:N', gsi: { byG: { key: 'g' } } });
const other = await table({ key: 'id' });
await load(db, name, ['a', 'b'].flatMap((p) => [1, 2, 3].map((s) => ({ p: S(p), s: N(s), g: S('g'), v: N(s) }))));
await load(db, other, [{ id: S('x'), v: N(1) }]);

const statements = (list) => list.map((one) => (typeof one === 'string' ? { Statement: one } : one));
const execute = (list, more) => db.ExecuteTransaction({ TransactStatements: statements(list), ...more });
const item = async (key) => (await db.GetItem({ TableName: name, Key: key, ConsistentRead: true })).Item;
let counter = 100;
const fresh = () => counter++;

async function cancelled(list, ...reasons) {
  const codes = reasons.map(({ Code }) => Code).join(', ');
  const error = await execute(list).then(() => assert.fail('it is refused'), (thrown) => thrown);
  assert.equal(error.name, 'TransactionCanceledException', error.message);
  assert.equal(error.message, `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`);
  assert.deepEqual(error.answer.json.CancellationReasons, reasons);
}
const NONE = { Code: 'None' };
const FAILED = { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' };

test('reads answer item by item, of several tables, an empty object for what is not there', async () => {
  const { Responses } = await execute([
    `SELECT * FROM "${other}" WHERE id = 'x'`,
    { Statement: `SELECT v FROM "${name}" WHERE s = ? AND p = ?`, Parameters: [N(2), S('a')] },
    `SELECT * FROM "${name}" WHERE p = 'gone' AND s = 1`,
    `SELECT p FROM "${name}" WHERE p = 'a' AND s = 1 AND g = 'h'`,
  ]);
  assert.deepEqual(Responses, [{ Item: { id: S('x'), v: N(1) } }, { Item: { v: N(2) } }, {}, {}]);
});

test('writes of all kinds happen together', async () => {
  const [a, b, c] = [fresh(), fresh(), fresh()];
  await load(db, name, [{ p: S('w'), s: N(b), v: N(1) }, { p: S('w'), s: N(c) }]);
  const { Responses } = await execute([
    `INSERT INTO "${name}" VALUE {'p': 'w', 's': ${a}, 'v': 7}`,
    { Statement: `UPDATE "${name}" SET v = v + ? WHERE p = 'w' AND s = ${b}`, Parameters: [N(4)] },
    `DELETE FROM "${name}" WHERE p = 'w' AND s = ${c}`,
    `EXISTS(SELECT * FROM "${other}" WHERE id = 'x' AND v = 1)`,
  ]);
  assert.deepEqual(Responses, [{}, {}, {}, {}]);
  assert.deepEqual(await item({ p: S('w'), s: N(a) }), { p: S('w'), s: N(a), v: N(7) });
  assert.deepEqual((await item({ p: S('w'), s: N(b) })).v, N(5));
  assert.equal(await item({ p: S('w'), s: N(c) }), undefined);
});

test('a false condition cancels all of it, with a reason each', async () => {
  const a = fresh();
  await cancelled([
    `INSERT INTO "${name}" VALUE {'p': 'w', 's': ${a}}`,
    `UPDATE "${name}" SET v = 9 WHERE p = 'a' AND s = 1 AND v = 5`,
    `EXISTS(SELECT * FROM "${other}" WHERE id = 'x' AND v = 2)`,
  ], NONE, FAILED, FAILED);
  assert.equal(await item({ p: S('w'), s: N(a) }), undefined);
  assert.deepEqual((await item({ p: S('a'), s: N(1) })).v, N(1));
});

test('EXISTS takes parameters, and needs an item that WHERE names whole', async () => {
  const s = fresh();
  await execute([{ Statement: `exists(select v from "${other}" where id = ? and v between ? and 2)`, Parameters: [S('x'), N(1)] },
    { Statement: `INSERT INTO "${name}" VALUE {'p': 'e', 's': ?}`, Parameters: [N(s)] }]);
  assert.ok(await item({ p: S('e'), s: N(s) }));
  await cancelled([`EXISTS(SELECT * FROM "${other}" WHERE id = 'gone' AND v IS MISSING)`], FAILED);
  await cancelled([`EXISTS(SELECT * FROM "${name}" WHERE p = 'a')`],
    { Code: 'ValidationError', Message: 'Where clause does not contain a mandatory equality on all key attributes' });
});

test('RETURNING is refused, at the place of its statement, and nothing is written', async () => {
  const s = fresh();
  const insert = `INSERT INTO "${name}" VALUE {'p': 'r', 's': ${s}}`;
  for (const [at, list] of [[1, [insert, `DELETE FROM "${name}" WHERE p = 'gone' AND s = 1 RETURNING ALL OLD *`]],
    [0, [`UPDATE "not-there" SET v = 1 WHERE p = 'a' AND s = 1 RETURNING MODIFIED NEW *`, insert]]])
    await expectInvalid(execute(list), `Validation failed in TransactStatements[${at}]: RETURNING clause is not supported in ExecuteTransaction.`);
  assert.equal(await item({ p: S('r'), s: N(s) }), undefined);
});

test('a token says nothing of reads: they are done again, whatever it stood for', async () => {
  const [s, ClientRequestToken] = [fresh(), `reads-${process.pid}-${Date.now()}`];
  const read = async (columns) => (await execute([`SELECT ${columns} FROM "${name}" WHERE p = 'r' AND s = ${s}`], { ClientRequestToken })).Responses;
  assert.deepEqual(await read('v'), [{}]);
  await load(db, name, [{ p: S('r'), s: N(s), v: N(1) }]);
  assert.deepEqual(await read('v'), [{ Item: { v: N(1) } }]);
  await execute([`UPDATE "${name}" SET v = 2 WHERE p = 'r' AND s = ${s}`], { ClientRequestToken });
  assert.deepEqual(await read('v, p'), [{ Item: { v: N(2), p: S('r') } }]);
});

test('an insert onto an item that is there is a DuplicateItem', () =>
  cancelled([`INSERT INTO "${name}" VALUE {'p': 'a', 's': 1}`, `DELETE FROM "${name}" WHERE p = 'gone' AND s = 1`],
    { Code: 'DuplicateItem', Message: 'Duplicate primary key exists in table' }, NONE));

test('an update of an item that is not there is a failed condition', () =>
  cancelled([`UPDATE "${name}" SET v = 1 WHERE p = 'gone' AND s = 1`], FAILED));

test('ALL_OLD brings the item that a condition was false of', () =>
  cancelled([{ Statement: `UPDATE "${name}" SET v = 9 WHERE p = 'a' AND s = 2 AND v = 5`, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }],
    { ...FAILED, Item: { p: S('a'), s: N(2), g: S('g'), v: N(2) } }));

test('an update that does not fit its item is a ValidationError', () =>
  cancelled([`UPDATE "${name}" SET v = v + 1 WHERE p = 'a' AND s = 3`, `UPDATE "${name}" SET v = p + 1 WHERE p = 'a' AND s = 1`],
    NONE, { Code: 'ValidationError', Message: 'An operand in the update expression has an incorrect data type' }));

test('a key of another type cancels', async () => {
  const error = await execute([`INSERT INTO "${name}" VALUE {'p': 1, 's': 1}`]).catch((thrown) => thrown);
  assert.equal(error.name, 'TransactionCanceledException');
  assert.equal(error.answer.json.CancellationReasons[0].Code, 'ValidationError');
});

test('reads and writes do not mix', () =>
  expectInvalid(execute([`SELECT * FROM "${other}" WHERE id = 'x'`, `DELETE FROM "${name}" WHERE p = 'gone' AND s = 1`]),
    'ExecuteTransaction API does not support both read and write operations in the same request.'));

test('one item may be named once', async () => {
  const text = 'Transaction request cannot include multiple operations on one item';
  await expectInvalid(execute([`DELETE FROM "${name}" WHERE p = 'a' AND s = 1`, `UPDATE "${name}" SET v = 1 WHERE s = 1.0 AND p = 'a'`]), text);
  await expectInvalid(execute([`SELECT * FROM "${other}" WHERE id = 'x'`, `SELECT v FROM "${other}" WHERE id = 'x'`]), text);
});

test('a read that does not name the whole key, or reads an index, is refused', async () => {
  for (const one of [`SELECT * FROM "${name}" WHERE p = 'a'`, `SELECT * FROM "${name}"."byG" WHERE g = 'g'`, `SELECT * FROM "${name}"`]) {
    const error = await execute([one]).catch((thrown) => thrown);
    assert.equal(error.name, 'TransactionCanceledException', one);
    assert.equal(error.answer.json.CancellationReasons[0].Code, 'ValidationError');
  }
});

test('a table that is not there is a ResourceNotFoundException', () =>
  expectError(execute([`SELECT * FROM "not-there" WHERE id = 'x'`]), { type: 'ResourceNotFoundException', message: NO_TABLE }));

test('a statement that is none fails the request', async () => {
  const error = await execute([`DELETE FROM "${name}" WHERE p = 'gone' AND s = 1`, 'SELEC']).catch((thrown) => thrown);
  assert.equal(error.name, 'ValidationException');
});

test('a hundred statements are fine, more are not, none are not', async () => {
  const many = (count) => Array.from({ length: count }, () => `INSERT INTO "${name}" VALUE {'p': 'many', 's': ${fresh()}}`);
  assert.equal((await execute(many(100))).Responses.length, 100);
  await expectInvalid(execute(many(101)), /Member must have length less than or equal to 100/);
  await expectInvalid(execute([]), /Member must have length greater than or equal to 1/);
  await expectInvalid(db.ExecuteTransaction({}), violations(notNull('transactStatements')));
});

test('a repeat with its token happens once, with other content it is refused', async () => {
  const [a, token] = [fresh(), `token-${process.pid}-${Date.now()}`];
  const add = (by) => [{ Statement: `UPDATE "${name}" SET v = v + ? WHERE p = 'w' AND s = ${a}`, Parameters: [N(by)] }];
  await load(db, name, [{ p: S('w'), s: N(a), v: N(0) }]);
  await Promise.all(Array.from({ length: 8 }, () => execute(add(5), { ClientRequestToken: token })));
  assert.deepEqual((await item({ p: S('w'), s: N(a) })).v, N(5));
  await expectError(execute(add(6), { ClientRequestToken: token }), { type: 'IdempotentParameterMismatchException' });
  assert.deepEqual((await item({ p: S('w'), s: N(a) })).v, N(5));
});

test('its tokens are not those of TransactWriteItems', async () => {
  const [a, token] = [fresh(), `shared-${process.pid}-${Date.now()}`];
  await db.TransactWriteItems({ ClientRequestToken: token, TransactItems: [{ Put: { TableName: name, Item: { p: S('w'), s: N(a), v: N(1) } } }] });
  await execute([`UPDATE "${name}" SET v = 2 WHERE p = 'w' AND s = ${a}`], { ClientRequestToken: token });
  assert.deepEqual((await item({ p: S('w'), s: N(a) })).v, N(2));
});

test('writes cost twice, indexes once; reads cost twice', async () => {
  const a = fresh();
  const write = await execute([`INSERT INTO "${name}" VALUE {'p': 'w', 's': ${a}, 'g': 'new'}`], { ReturnConsumedCapacity: 'INDEXES' });
  assert.deepEqual(write.ConsumedCapacity.map(({ CapacityUnits, Table, GlobalSecondaryIndexes }) => [CapacityUnits, Table.CapacityUnits, GlobalSecondaryIndexes.byG.CapacityUnits]), [[3, 2, 1]]);
  const read = await execute([`SELECT * FROM "${name}" WHERE p = 'w' AND s = ${a}`, `SELECT * FROM "${other}" WHERE id = 'x'`], { ReturnConsumedCapacity: 'TOTAL' });
  assert.deepEqual(read.ConsumedCapacity.map((one) => [one.TableName, one.CapacityUnits]).sort(), [[name, 2], [other, 2]].sort());
});

test('readers never see half of a transfer', async () => {
  const [a, b] = [fresh(), fresh()];
  await load(db, name, [{ p: S('w'), s: N(a), v: N(50) }, { p: S('w'), s: N(b), v: N(50) }]);
  const transfer = (from, to) => execute([`UPDATE "${name}" SET v = v - 1 WHERE p = 'w' AND s = ${from}`, `UPDATE "${name}" SET v = v + 1 WHERE p = 'w' AND s = ${to}`]);
  let going = true;
  const writers = [[a, b], [b, a]].map(async ([from, to]) => { for (let i = 0; i < 40; i++) await transfer(from, to); });
  const reader = (async () => {
    let seen = 0;
    for (; going; seen++) {
      const { Responses } = await execute([`SELECT v FROM "${name}" WHERE p = 'w' AND s = ${a}`, `SELECT v FROM "${name}" WHERE p = 'w' AND s = ${b}`]);
      assert.equal(Number(Responses[0].Item.v.N) + Number(Responses[1].Item.v.N), 100);
    }
    return seen;
  })();
  await Promise.all(writers);
  going = false;
  assert.ok(await reader > 0);
});
