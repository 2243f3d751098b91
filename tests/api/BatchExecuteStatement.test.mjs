// BatchExecuteStatement: an answer for each statement, and what refuses a batch as a whole.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { M, N, NO_TABLE, S, expectInvalid, harness, load, notNull, violations } from './lib/index.mjs';

const { db, client, table } = await harness();
const name = await table({ key: 'p s:N', gsi: { byG: { key: 'g' } } });
const other = await table({ key: 'id' });
await load(db, name, ['a', 'b'].flatMap((p) => [1, 2, 3].map((s) => ({ p: S(p), s: N(s), g: S('g'), m: M({ x: N(s) }) }))));
await load(db, other, [{ id: S('x'), v: N(1) }]);

const batch = (statements, more) => db.BatchExecuteStatement({
  Statements: statements.map((one) => (typeof one === 'string' ? { Statement: one } : one)), ...more });
const item = async (key) => (await db.GetItem({ TableName: name, Key: key })).Item;
let counter = 100;
const fresh = () => counter++;

test('reads answer item by item, in the order of the statements', async () => {
  const { Responses } = await batch([
    `SELECT * FROM "${other}" WHERE id = 'x'`,
    { Statement: `SELECT m.x, p FROM "${name}" WHERE s = ? AND p = ?`, Parameters: [N(2), S('a')] },
    { Statement: `SELECT s FROM "${name}" WHERE p = 'b' AND s = 3`, ConsistentRead: true },
  ]);
  assert.deepEqual(Responses, [
    { Item: { id: S('x'), v: N(1) }, TableName: other },
    { Item: { x: N(2), p: S('a') }, TableName: name },
    { Item: { s: N(3) }, TableName: name },
  ]);
});

test('what is not there, and what WHERE excludes, has no item', async () => {
  const { Responses } = await batch([`SELECT * FROM "${name}" WHERE p = 'gone' AND s = 1`, `SELECT * FROM "${name}" WHERE p = 'a' AND s = 1 AND g = 'h'`,
    `SELECT * FROM "${name}" WHERE p = 'a' AND s = 2 AND m.x = 2 AND NOT g = 'h'`]);
  assert.deepEqual(Responses.slice(0, 2), [{ TableName: name }, { TableName: name }]);
  assert.deepEqual(Responses[2].Item.s, N(2));
});

test('25 large items are answered', async () => {
  const large = await table({ key: 'id' });
  const x = S('x'.repeat(390000));
  for (let at = 0; at < 25; at++) await db.PutItem({ TableName: large, Item: { id: S(`k${at}`), x } });
  const { Responses } = await batch(Array.from({ length: 25 }, (_, at) => `SELECT * FROM "${large}" WHERE id = 'k${at}'`));
  assert.deepEqual(Responses.map(({ Item }) => `${Item.id.S} ${Item.x.S.length}`), Array.from({ length: 25 }, (_, at) => `k${at} 390000`));
});

const KEYLESS = 'Select statements within BatchExecuteStatement must specify the primary key in the where clause.';
test('a read that fails has its own error, the others their items', async () => {
  const { Responses } = await batch([
    `SELECT * FROM "${name}" WHERE p = 'a'`,
    `SELECT * FROM "${name}" WHERE p = 'a' AND s > 1`,
    `SELECT * FROM "${name}"."byG" WHERE g = 'g' AND p = 'a' AND s = 1`,
    'SELECT * FROM "not-there" WHERE id = 1',
    'SELEC',
    `SELECT * FROM "${name}" WHERE p = ? AND s = 1`,
    `SELECT * FROM "${name}" WHERE p = 1 AND s = 1`,
    `SELECT p FROM "${name}" WHERE p = 'a' AND s = 3`,
  ]);
  assert.deepEqual(Responses, [
    { Error: { Code: 'ValidationError', Message: KEYLESS }, TableName: name },
    { Error: { Code: 'ValidationError', Message: KEYLESS }, TableName: name },
    { Error: { Code: 'ValidationError', Message: KEYLESS }, TableName: name },
    { Error: { Code: 'ResourceNotFound', Message: NO_TABLE }, TableName: 'not-there' },
    { Error: { Code: 'ValidationError', Message: "Statement wasn't well formed, can't be processed: Expected data manipulation" } },
    { Error: { Code: 'ValidationError', Message: "Number of parameters in request and statement don't match." } },
    { Error: { Code: 'ValidationError', Message: 'The provided key element does not match the schema' }, TableName: name },
    { Item: { p: S('a') }, TableName: name },
  ]);
});

test('writes happen each by itself', async () => {
  const [one, two, three] = [fresh(), fresh(), fresh()];
  await batch([`INSERT INTO "${name}" VALUE {'p': 'w', 's': ${one}}`, `INSERT INTO "${name}" VALUE {'p': 'w', 's': ${two}, 'v': 1}`]);
  const { Responses } = await batch([
    `INSERT INTO "${name}" VALUE {'p': 'w', 's': ${three}}`,
    `INSERT INTO "${name}" VALUE {'p': 'w', 's': ${one}, 'v': 2}`,
    `UPDATE "${name}" SET v = v + 1 WHERE p = 'w' AND s = ${two} RETURNING ALL NEW *`,
    `UPDATE "${name}" SET v = 1 WHERE p = 'gone' AND s = 1`,
    `DELETE FROM "${name}" WHERE p = 'gone' AND s = 2`,
    `UPDATE "${name}" SET v = 1 WHERE p = 'gone'`,
    `INSERT INTO "${name}" VALUE {'p': 'w'}`,
  ]);
  assert.deepEqual(Responses, [
    { TableName: name },
    { Error: { Code: 'DuplicateItem', Message: 'Duplicate primary key exists in table' }, TableName: name },
    { Item: { p: S('w'), s: N(two), v: N(2) }, TableName: name },
    { Error: { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' }, TableName: name },
    { TableName: name },
    { Error: { Code: 'ValidationError', Message: 'Where clause does not contain a mandatory equality on all key attributes' }, TableName: name },
    { Error: { Code: 'ValidationError', Message: 'One or more parameter values were invalid: Missing the key s in the item' }, TableName: name },
  ]);
  assert.deepEqual(await item({ p: S('w'), s: N(three) }), { p: S('w'), s: N(three) });
  assert.deepEqual(await item({ p: S('w'), s: N(two) }), { p: S('w'), s: N(two), v: N(2) });
});

test('a false condition does not show the item', async () => {
  const { Responses } = await batch([{ Statement: `DELETE FROM "${name}" WHERE p = 'a' AND s = 1 AND g = 'h'`, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }]);
  assert.deepEqual(Responses, [{ Error: { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' }, TableName: name }]);
  assert.ok(await item({ p: S('a'), s: N(1) }));
});

test('what an update finds in an item is an error of its statement', async () => {
  const { Responses } = await batch([`UPDATE "${name}" SET v = gone WHERE p = 'a' AND s = 1`, `UPDATE "${name}" SET v = 1 WHERE p = 'a' AND s = 2`]);
  assert.deepEqual(Responses, [
    { Error: { Code: 'ValidationError', Message: 'The provided expression refers to an attribute that does not exist in the item' }, TableName: name },
    { TableName: name },
  ]);
});

// ---- the batch as a whole ----

test('reads and writes do not mix', async () => {
  const s = fresh();
  await expectInvalid(batch([`SELECT * FROM "${name}" WHERE p = 'a' AND s = 1`, `INSERT INTO "${name}" VALUE {'p': 'mix', 's': ${s}}`]),
    'Read and write requests together in the same batch is not supported.');
  assert.equal(await item({ p: S('mix'), s: N(s) }), undefined);
});

test('two statements on one item refuse the batch, and nothing is written', async () => {
  const s = fresh();
  await expectInvalid(batch([`INSERT INTO "${name}" VALUE {'p': 'twice', 's': ${s}}`, `DELETE FROM "${name}" WHERE s = ${s}.0 AND p = 'twice'`]),
    'Provided list of item keys contains duplicates');
  assert.equal(await item({ p: S('twice'), s: N(s) }), undefined);
  await expectInvalid(batch([`SELECT * FROM "${name}" WHERE p = 'a' AND s = 1`, `SELECT p FROM "${name}" WHERE p = 'a' AND s = 1`]),
    'Provided list of item keys contains duplicates');
});

test('items of one key in two tables are two items', async () => {
  const twin = await table({ key: 'id' });
  const { Responses } = await batch([`INSERT INTO "${twin}" VALUE {'id': 'same'}`, `INSERT INTO "${other}" VALUE {'id': 'same'}`]);
  assert.deepEqual(Responses, [{ TableName: twin }, { TableName: other }]);
});

test('a batch has 1 to 25 statements', async () => {
  const inserts = (count) => Array.from({ length: count }, () => `INSERT INTO "${name}" VALUE {'p': 'many', 's': ${fresh()}}`);
  const { Responses } = await batch(inserts(25));
  assert.deepEqual(Responses, Array(25).fill({ TableName: name }));
  await expectInvalid(batch(inserts(26)), /failed to satisfy constraint: Member must have length less than or equal to 25$/);
  await expectInvalid(batch([]), /failed to satisfy constraint: Member must have length greater than or equal to 1$/);
  await expectInvalid(db.BatchExecuteStatement({}), violations(notNull('statements')));
});

test('a parameter that is no value fails the batch, a wrong set or number of them its statement', async () => {
  const select = (...given) => ({ Statement: `SELECT p FROM "${name}" WHERE p = ? AND s = 1`, Parameters: given.length ? given : undefined });
  const good = select(S('a'));
  await expectInvalid(batch([good, select({ N: 'x' })]), 'The parameter cannot be converted to a numeric value: x');
  await expectInvalid(batch([select({}), good]), 'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes');
  for (const [wrong, Message] of [[[{ SS: [] }], 'One or more parameter values were invalid: An string set  may not be empty'],
    [[{ SS: ['a', 'a'] }], 'One or more parameter values were invalid: Input collection [a, a] contains duplicates.'],
    [[], "Number of parameters in request and statement don't match."],
    [[S('a'), S('b')], "Number of parameters in request and statement don't match."]]) {
    const { Responses } = await batch([select(...wrong), good]);
    assert.deepEqual(Responses, [{ Error: { Code: 'ValidationError', Message } }, { Item: { p: S('a') }, TableName: name }]);
  }
});

test('EXISTS is for transactions', async () => {
  const { Responses } = await batch([`EXISTS(SELECT * FROM "${name}" WHERE p = 'a' AND s = 1)`]);
  assert.equal(Responses[0].Error.Code, 'ValidationError');
});

test('capacity is summed for each table', async () => {
  const answer = await batch([`SELECT * FROM "${name}" WHERE p = 'a' AND s = 1`, `SELECT * FROM "${other}" WHERE id = 'x'`,
    { Statement: `SELECT * FROM "${name}" WHERE p = 'gone' AND s = 1`, ConsistentRead: true }, 'SELEC'], { ReturnConsumedCapacity: 'TOTAL' });
  assert.deepEqual(answer.ConsumedCapacity, [{ TableName: name, CapacityUnits: 1.5 }, { TableName: other, CapacityUnits: 0.5 }]);
  const writes = await batch([`INSERT INTO "${name}" VALUE {'p': 'c', 's': ${fresh()}, 'g': 'x'}`, `DELETE FROM "${other}" WHERE id = 'gone'`], { ReturnConsumedCapacity: 'INDEXES' });
  assert.deepEqual(writes.ConsumedCapacity, [
    { TableName: name, CapacityUnits: 2, Table: { CapacityUnits: 1 }, GlobalSecondaryIndexes: { byG: { CapacityUnits: 1 } } },
    { TableName: other, CapacityUnits: 1, Table: { CapacityUnits: 1 } },
  ]);
});

test('the SDK\'s client runs batches', async () => {
  const { BatchExecuteStatementCommand } = await import('@aws-sdk/client-dynamodb');
  const sdk = await client();
  const { Responses } = await sdk.send(new BatchExecuteStatementCommand({ Statements: [{ Statement: `SELECT id FROM "${other}" WHERE id = 'x'` }, { Statement: 'no' }] }));
  assert.deepEqual(Responses[0].Item, { id: S('x') });
  assert.equal(Responses[1].Error.Code, 'ValidationError');
});
