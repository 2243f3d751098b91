// ExecuteStatement: PartiQL as a client sees it. What the grammar takes and refuses word by word is in
// tests/unit/partiql; here are tables, keys, indexes, pages, capacity and the texts that need a table.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { B, BOOL, L, M, N, NO_TABLE, NULL, S, SS, expectError, expectInvalid, harness, load, unordered, violations, notNull, tooLong, tooShort,
  tooSmall, uniqueName } from './lib/index.mjs';

const { db, client, table } = await harness();
const name = await table({ key: 'p s:N', gsi: { byG: { key: 'g', project: 'KEYS_ONLY' }, byAll: { key: 'g s:N' } }, lsi: { byL: { key: 'p l:S', project: 'KEYS_ONLY' } } });
const lonely = await table({ key: 'id' });

const items = ['a', 'b', 'c'].flatMap((p) => [1, 2, 3, 4].map((s) => ({
  p: S(p), s: N(s), g: S(s % 2 ? 'odd' : 'even'), l: S(`l${5 - s}`), m: M({ deep: L(N(s), M({ x: S(p) })) }), t: SS(p, 'all') })));
await load(db, name, items);
await db.PutItem({ TableName: name, Item: { p: S('odd one'), s: N(0), z: NULL, b: B([1, 2]), yes: BOOL(true) } });

const run = (Statement, Parameters, more) => db.ExecuteStatement({ Statement, ...(Parameters ? { Parameters } : {}), ...more });
const select = async (rest, parameters, more) => (await run(`SELECT * FROM "${name}" ${rest}`, parameters, more)).Items;
const keys = (found) => found.map((item) => `${item.p.S}${item.s.N}`).join(' ');
const units = (answer) => answer.ConsumedCapacity.CapacityUnits;

// ---- SELECT: which items, in which order ----

const finds = [
  ["WHERE p = 'a'", 'a1 a2 a3 a4'],
  ["WHERE p = 'a' ORDER BY s DESC", 'a4 a3 a2 a1'],
  ["WHERE p = 'a' ORDER BY s", 'a1 a2 a3 a4'],
  ["WHERE p = 'a' ORDER BY p, s DESC", 'a4 a3 a2 a1'],
  ["WHERE p = 'a' AND s = 2", 'a2'],
  ["WHERE s = 2 AND 'a' = p", 'a2'],
  ["WHERE p = 'a' AND s > 2", 'a3 a4'],
  ["WHERE p = 'a' AND s >= 2 AND s < 4", 'a2 a3'],
  ["WHERE p = 'a' AND s BETWEEN 2 AND 3", 'a2 a3'],
  ["WHERE p = 'a' AND s BETWEEN 2 AND 3 ORDER BY s DESC", 'a3 a2'],
  ["WHERE p = 'a' AND s IN [1, 4]", 'a1 a4'],
  ["WHERE p = 'a' AND s <> 2", 'a1 a3 a4'],
  ["WHERE p = 'a' AND NOT s = 2", 'a1 a3 a4'],
  ["WHERE p = 'a' AND p = 'b'", ''],
  ["WHERE p = 'a' AND s = 1 AND s = 2", ''],
  ["WHERE p = 'a' AND (s = 1 OR s = 4)", 'a1 a4'],
  ["WHERE p = 'none'", ''],
  ["WHERE p IN ['b', 'a', 'b'] AND s < 3", 'b1 b2 a1 a2'],
  ["WHERE p IN ['b', 'a', 'c'] AND s = 1 ORDER BY p", 'a1 b1 c1'],
  ["WHERE p IN ('b', 'a', 'c') AND s = 1 ORDER BY p DESC", 'c1 b1 a1'],
  ["WHERE p IN ['a', 'b'] AND s < 3 ORDER BY p DESC, s DESC", 'b2 b1 a2 a1'],
  ["WHERE p IN ['a'] ORDER BY s DESC", 'a4 a3 a2 a1'],
  ["WHERE p IN ['b', 'a'] AND s < 3 ORDER BY p DESC", 'b1 b2 a1 a2'],
  ["WHERE p IN ['b', 'a'] AND s > 2 ORDER BY p, s DESC", 'a4 a3 b4 b3'],
  ["WHERE p = 'b' OR p = 'a' ORDER BY p, s DESC", 'a4 a3 a2 a1 b4 b3 b2 b1'],
  ["WHERE (p = 'b' OR 'a' = p OR p IN ['c', 'a']) AND s = 2 ORDER BY p DESC", 'c2 b2 a2'],
  ["WHERE (p = 'b' OR (p = 'a' OR p = 'none')) AND s = 1", 'b1 a1'],
  ["WHERE (p = 'b' OR p = 'a') AND p = 'a' AND s = 1", 'a1'],
  ["WHERE p = 'a' ORDER BY s DESC, p", 'a4 a3 a2 a1'],
  ["WHERE p = 'a' ORDER BY s DESC, s", 'a4 a3 a2 a1'],
  ["WHERE p = 'a' AND s = 1 ORDER BY s DESC", 'a1'],
  ["WHERE p = 'a' AND m.deep[0] = 3", 'a3'],
  ["WHERE p = 'a' AND contains(t, 'all') AND size(t) = 2 AND begins_with(l, 'l')", 'a1 a2 a3 a4'],
  ["WHERE p = 'a' AND t = <<'all', 'a'>> AND l = 'l1'", 'a4'],
];
for (const [where, expected] of finds)
  test(`SELECT … ${where} finds ${expected || 'nothing'}`, async () => assert.equal(keys(await select(where)), expected));

const scans = [
  ["WHERE s = 2", 'a2 b2 c2'],
  ["WHERE p = 'a' AND s = 1 OR p = 'b' AND s = 2", 'a1 b2'],
  ["WHERE l = 'a' OR p = 'b'", 'b1 b2 b3 b4'],
  ["WHERE p = 'a' AND s = 1 OR p = 'b'", 'a1 b1 b2 b3 b4'],
  ["WHERE p = 'a' OR NOT p <> 'b'", 'a1 a2 a3 a4 b1 b2 b3 b4'],
  ["WHERE z IS NULL", 'odd one0'],
  ["WHERE z = null", 'odd one0'],
  ["WHERE g IS MISSING", 'odd one0'],
  ["WHERE yes = true AND b IS NOT MISSING", 'odd one0'],
  ["WHERE NOT g = 'odd' AND NOT g = 'even'", 'odd one0'],
  ["WHERE m.deep[1].x = 'c' AND g = 'odd'", 'c1 c3'],
  ["WHERE m.deep = [4, {'x': 'b'}]", 'b4'],
];
for (const [where, expected] of scans)
  test(`without the partition key, ${where} looks everywhere`, async () =>
    assert.equal(keys((await select(where)).sort((x, y) => keys([x]).localeCompare(keys([y])))), expected));

test('SELECT * answers items as GetItem does', async () => {
  const [item] = await select("WHERE p = 'odd one' AND s = 0");
  const { Item } = await db.GetItem({ TableName: name, Key: { p: S('odd one'), s: N(0) } });
  assert.deepEqual(item, Item);
  const all = await select('');
  assert.equal(all.length, items.length + 1);
  const a1 = all.find((found) => keys([found]) === 'a1');
  assert.deepEqual(unordered(a1), unordered(items[0]));
});

test('columns are named by the last part of their path, and missing ones are left out', async () => {
  const { Items } = await run(`SELECT p, m.deep[0], "m"."deep"[1].x, gone FROM "${name}" WHERE p = 'a' AND s = 1`);
  assert.deepEqual(Items, [{ p: S('a'), 'deep[0]': N(1), x: S('a') }]);
  const none = await run(`SELECT gone FROM "${name}" WHERE p = 'a' AND s = 1`);
  assert.deepEqual(none.Items, [{}]);
});

test('of columns with one name the last one counts that is there', async () => {
  const first = async (columns) => (await run(`SELECT ${columns} FROM "${name}" WHERE p = 'a' AND s = 1`)).Items[0];
  const deep = await first('m.deep');
  assert.ok(deep.deep.L);
  assert.deepEqual(await first('p, s, m.p'), { p: S('a'), s: N(1) });
  assert.deepEqual(await first('m.s, s'), { s: N(1) });
  assert.deepEqual(await first('m.deep[1].x, p, x.x'), { x: S('a'), p: S('a') });
  assert.deepEqual(await first('m.deep, x.deep, p, m.deep, p'), { ...deep, p: S('a') });
});

test('a bare name, a quoted one and an ARN name the same table', async () => {
  const bare = await table({ name: `bare_${Date.now()}`, key: 'id' });
  await db.PutItem({ TableName: bare, Item: { id: S('x') } });
  const { Table } = await db.DescribeTable({ TableName: bare });
  for (const source of [bare, `"${bare}"`, `"${Table.TableArn}"`])
    assert.deepEqual((await run(`SELECT * FROM ${source}`)).Items, [{ id: S('x') }]);
});

test('parameters stand for values of every type, in their order', async () => {
  assert.equal(keys(await select('WHERE p = ? AND s BETWEEN ? AND ?', [S('b'), N(2), N(3)])), 'b2 b3');
  assert.equal(keys(await select('WHERE b = ? AND yes = ?', [B([1, 2]), BOOL(true)])), 'odd one0');
  assert.equal(keys(await select('WHERE p = ? AND t = ? AND s IN [?, 2]', [S('a'), SS('all', 'a'), N(1)])), 'a1 a2');
});

test('the SDK\'s client runs statements', async () => {
  const { ExecuteStatementCommand } = await import('@aws-sdk/client-dynamodb');
  const sdk = await client();
  const answer = await sdk.send(new ExecuteStatementCommand({ Statement: `SELECT s FROM "${name}" WHERE p = ?`, Parameters: [S('a')] }));
  assert.deepEqual(answer.Items.map((item) => item.s.N), ['1', '2', '3', '4']);
});

// ---- indexes ----

const from = async (index, rest, columns = '*') => (await run(`SELECT ${columns} FROM "${name}"."${index}" ${rest}`)).Items;

test('a global index is queried by its own keys and shows what it projects', async () => {
  const found = await from('byG', "WHERE g = 'odd'");
  assert.equal(found.length, 6);
  assert.deepEqual(Object.keys(found[0]).sort(), ['g', 'p', 's']);
  assert.deepEqual((await from('byAll', "WHERE g = 'odd' AND s > 1 ORDER BY s DESC")).map((item) => item.s.N), ['3', '3', '3']);
  assert.equal((await from('byAll', "WHERE g IN ['odd', 'even'] AND p = 'b'")).length, 4);
});

test('a scan of an index sees the entries it has', async () => {
  assert.equal((await from('byG', '')).length, 12);
  assert.equal((await from('byG', "WHERE p = 'a'")).length, 4);
});

test('a local index orders by its sort key and fetches what it lacks', async () => {
  assert.equal(keys(await from('byL', "WHERE p = 'a' ORDER BY l")), 'a4 a3 a2 a1');
  assert.deepEqual(await from('byL', "WHERE p = 'a' AND l = 'l4'", 's, g, m.deep[0]'), [{ s: N(1), g: S('odd'), 'deep[0]': N(1) }]);
  assert.equal(keys(await from('byL', "WHERE p = 'a' AND begins_with(l, 'l2')")), 'a3');
});

test('what WHERE fetches for a local index is not shown by *', async () => {
  assert.deepEqual(await from('byL', "WHERE p = 'a' AND l = 'l4'"), [{ p: S('a'), s: N(1), l: S('l4') }]);
  assert.deepEqual(await from('byL', "WHERE p = 'a' AND l = 'l4' AND g = 'odd'"), [{ p: S('a'), s: N(1), l: S('l4') }]);
  assert.deepEqual(await from('byL', "WHERE p = 'a' AND g = 'odd' AND l = 'l4'", 'm.deep[0]'), [{ 'deep[0]': N(1) }]);
});

test('an index is refused what it does not have', async () => {
  await expectInvalid(from('nope', ''), 'The table does not have the specified index: nope');
  await expectInvalid(from('byG', "WHERE g = 'odd'", 'm'), 'One or more parameter values were invalid: Global secondary index byG does not project [m]');
  await expectInvalid(run(`SELECT * FROM "${name}"."byG"`, undefined, { ConsistentRead: true }), 'Consistent reads are not supported on global secondary indexes');
});

test('an index of several attributes is ordered by all of them or by the first', async () => {
  const many = uniqueName();
  const names = ['id', 'h1', 'h2', 'r1', 'r2'];
  await db.CreateTable({ TableName: many, BillingMode: 'PAY_PER_REQUEST', KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: AttributeName[0] === 'r' ? 'N' : 'S' })),
    GlobalSecondaryIndexes: [{ IndexName: 'many', Projection: { ProjectionType: 'ALL' }, KeySchema: names.slice(1).map((AttributeName) =>
      ({ AttributeName, KeyType: AttributeName[0] === 'h' ? 'HASH' : 'RANGE' })) }] });
  await load(db, many, [0, 1, 2, 3].map((at) => ({ id: S(`k${at}`), h1: S('x'), h2: S('y'), r1: N(at >> 1), r2: N(at & 1) })));
  const order = async (rest) => (await run(`SELECT id FROM "${many}"."many" WHERE h1 = 'x' AND h2 = 'y' ${rest}`)).Items.map((item) => item.id.S[1]).join('');
  assert.equal(await order('ORDER BY r1'), '0123');
  assert.equal(await order('ORDER BY r1 DESC, r2 DESC'), '3210');
  assert.equal(await order('ORDER BY h2, r1 DESC, h1'), '3210');
  assert.equal(await order('AND r1 = 1 ORDER BY r2 DESC'), '32');
  assert.equal(await order('AND r1 = 1 ORDER BY r1, r2 DESC'), '32');
  const mixed = 'ORDER BY must name sort key attributes in the order of the key, all of them ascending or all descending';
  for (const rest of ['ORDER BY r2', 'ORDER BY r2, r1', 'ORDER BY r1, r2 DESC', 'AND r1 > 0 ORDER BY r2'])
    await expectInvalid(order(rest), mixed);
  await db.DeleteTable({ TableName: many });
});

// ---- refusals of SELECT ----

const refusals = [
  ['ORDER BY without WHERE', 'ORDER BY s', 'Must have WHERE clause in the statement when using ORDER BY clause.'],
  ['ORDER BY without a partition key', 'WHERE s = 1 ORDER BY s',
    'Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.'],
  ['ORDER BY with the partition key in one part of OR', "WHERE p = 'a' OR s = 1 ORDER BY s",
    'Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.'],
  ['ORDER BY with the partition key behind NOT', "WHERE NOT p = 'a' ORDER BY p",
    'Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.'],
  ['ORDER BY with the partition key among others in OR', "WHERE p = 'a' AND s = 1 OR p = 'b' ORDER BY p",
    'Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.'],
  ['ORDER BY another attribute', "WHERE p = 'a' ORDER BY g", 'Variable reference g in ORDER BY clause must be part of the primary key.'],
  ['an order across partitions by the sort key', "WHERE p IN ['a', 'b'] ORDER BY s",
    'ORDER BY must begin with the partition key when the WHERE clause names more than one value of it'],
  ['an order across partitions of OR by the sort key', "WHERE p = 'a' OR p = 'b' ORDER BY s",
    'ORDER BY must begin with the partition key when the WHERE clause names more than one value of it'],
  ['a partition key of another type in OR', "WHERE p = 'a' OR p = 1",
    'One or more parameter values were invalid: Condition parameter type does not match schema type'],
  ['a partition key of another type', 'WHERE p = 1',
    'One or more parameter values were invalid: Condition parameter type does not match schema type'],
  ['a sort key of another type', "WHERE p = 'a' AND s > 'x'",
    'One or more parameter values were invalid: Condition parameter type does not match schema type'],
  ['an empty partition key', "WHERE p = ''",
    'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: p'],
  ['a partition key that is too long', `WHERE p = '${'x'.repeat(2049)}'`,
    'One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes'],
  ['more than 50 partition keys', `WHERE p IN [${Array.from({ length: 51 }, (_, i) => `'${i}'`)}]`,
    'The IN operator takes at most 50 values of a partition key'],
  ['too few parameters', 'WHERE p = ?', "Number of parameters in request and statement don't match."],
  ['words behind the end', "WHERE p = 'a' p", "Statement wasn't well formed, can't be processed: Unexpected token after expression"],
];
for (const [what, rest, message] of refusals)
  test(`SELECT refuses ${what}`, () => expectInvalid(select(rest), message));

test('SELECT takes 50 partition keys', async () =>
  assert.equal(keys(await select(`WHERE p IN [${Array.from({ length: 49 }, (_, i) => `'${i}'`)}, 'c'] AND s = 1`)), 'c1'));

test('an OR of more than 50 partition keys is a filter, which has no order', async () => {
  const where = `WHERE (${Array.from({ length: 50 }, (_, i) => `p = '${i}'`).join(' OR ')} OR p = 'c')`;
  assert.equal(keys(await select(`${where} AND s = 1`)), 'c1');
  await expectInvalid(select(`${where} ORDER BY p`), 'Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.');
});

test('a missing table is told, but only of a statement that is well formed', async () => {
  await expectError(run('SELECT * FROM "not-there"'), { type: 'ResourceNotFoundException', message: NO_TABLE });
  await expectInvalid(run('SELECT * FROM "not-there" WHERE'), "Statement wasn't well formed, can't be processed: Expected expression");
  await expectInvalid(run('SELECT * FROM "not-there" WHERE begins_with(a, 1)'), /^Incorrect operand type/);
  await expectInvalid(run('SELECT * FROM "not-there" WHERE a = 1', [N(1)]), "Number of parameters in request and statement don't match.");
  await expectError(run("INSERT INTO \"not-there\" VALUE {'id': 'x'}"), { type: 'ResourceNotFoundException', message: NO_TABLE });
});

test('members are checked against the model', async () => {
  await expectInvalid(db.ExecuteStatement({}), violations(notNull('statement')));
  await expectInvalid(run('', undefined, { Limit: 0 }), violations(tooShort('statement', '', 1), tooSmall('limit', 0, 1)));
  const long = `SELECT * FROM "${'x'.repeat(8192)}"`;
  await expectInvalid(run(long), violations(tooLong('statement', long, 8192)));
  await expectInvalid(run('SELECT * FROM x', []), violations(tooShort('parameters', '[]', 1)));
  await expectInvalid(run('SELECT * FROM x WHERE a = ?', [{ N: 'x' }]), 'The parameter cannot be converted to a numeric value: x');
});

test('nesting without end is an error, not a crash', async () => {
  for (const where of [`${'('.repeat(250)}p = 'a'${')'.repeat(250)}`, `${'NOT '.repeat(2000)}p = 'a'`, '('.repeat(8000)])
    await expectInvalid(select(`WHERE ${where}`), /^Statement wasn't well formed/);
  await expectInvalid(run(`INSERT INTO "${lonely}" VALUE {'id': ${'['.repeat(8000)}`), /^Nesting Levels/);
  await expectInvalid(run("SELECT * FROM t WHERE a = 'x"), "Statement wasn't well formed, can't be processed: Unterminated string literal");
  assert.equal(keys(await select("WHERE NOT NOT ((p = 'a')) AND ((s = 1))")), 'a1');
});

// ---- pages ----

async function pagesOf(statement, Limit, parameters, more) {
  const all = [];
  let NextToken;
  do {
    const page = await run(statement, parameters, { Limit, ...(NextToken ? { NextToken } : {}), ...more });
    assert.equal('NextToken' in page, 'LastEvaluatedKey' in page);
    all.push(page);
    NextToken = page.NextToken;
  } while (NextToken);
  return all;
}

for (const [what, rest] of [['a scan', ''], ['a partition', "WHERE p = 'a'"], ['a partition backward', "WHERE p = 'a' ORDER BY s DESC"],
  ['several partitions', "WHERE p IN ['c', 'a', 'gone', 'b']"], ['several items', "WHERE p IN ['c', 'gone', 'b'] AND s = 2"],
  ['several partitions in their order', "WHERE p IN ['c', 'a', 'gone', 'b'] ORDER BY p DESC, s DESC"],
  ['partitions joined by OR in their order', "WHERE (p = 'c' OR p = 'a' OR p = 'b') AND NOT s = 2 ORDER BY p, s DESC"],
  ['a filter', "WHERE g = 'odd'"]]) {
  test(`pages of ${what} are the whole, in its order`, async () => {
    const whole = keys(await select(rest));
    for (const limit of [1, 2, 3, 5, 100]) {
      const pages = await pagesOf(`SELECT * FROM "${name}" ${rest}`, limit);
      assert.equal(keys(pages.flatMap((page) => page.Items)), whole);
      for (const page of pages) assert.ok(page.Items.length <= limit);
    }
  });
}

test('pages of indexes are the whole', async () => {
  for (const rest of [`"${name}"."byG" WHERE g = 'odd'`, `"${name}"."byL" WHERE p = 'b' ORDER BY l DESC`, `"${name}"."byAll"`]) {
    const whole = keys((await run(`SELECT * FROM ${rest}`)).Items);
    assert.equal(keys((await pagesOf(`SELECT * FROM ${rest}`, 2)).flatMap((page) => page.Items)), whole);
  }
});

test('Limit counts what is examined, not what the filter leaves', async () => {
  const page = await run(`SELECT * FROM "${name}" WHERE p = 'a' AND g = 'even'`, undefined, { Limit: 1 });
  assert.deepEqual(page.Items, []);
  assert.deepEqual(page.LastEvaluatedKey, { p: S('a'), s: N(1) });
});

test('one item named by its whole key leaves nothing to continue', async () => {
  const page = await run(`SELECT * FROM "${name}" WHERE p = 'a' AND s = 1`, undefined, { Limit: 1 });
  assert.deepEqual(Object.keys(page), ['Items']);
});

test('a NextToken belongs to its statement and its parameters', async () => {
  const statement = `SELECT * FROM "${name}" WHERE p = ?`;
  const { NextToken } = await run(statement, [S('a')], { Limit: 1 });
  assert.equal(keys((await run(statement, [S('a')], { NextToken })).Items), 'a2 a3 a4');
  await expectInvalid(run(statement, [S('b')], { NextToken }), 'NextToken does not match request');
  await expectInvalid(run(`${statement} `, [S('a')], { NextToken }), 'NextToken does not match request');
  await expectInvalid(run(`DELETE FROM "${name}" WHERE p = 'a' AND s = 99`, undefined, { NextToken }), 'NextToken does not match request');
});

test('what is no NextToken is refused, changed bytes do no harm', async () => {
  const statement = `SELECT * FROM "${name}"`;
  const { NextToken } = await run(statement, undefined, { Limit: 1 });
  for (const token of ['garbage', 'AAAA', NextToken.slice(0, 8), `${NextToken}=`, Buffer.alloc(40, 1).toString('base64')])
    await expectError(run(statement, undefined, { NextToken: token }), { type: 'ValidationException' });
  const bytes = Buffer.from(NextToken, 'base64');
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] ^= 0x41;
    const answer = await run(statement, undefined, { NextToken: changed.toString('base64') }).catch((error) => error);
    assert.ok(answer.Items || answer.name === 'ValidationException', `byte ${at}: ${answer}`);
  }
});

test('a page ends at 1 MB', async () => {
  const big = await table({ key: 'p s:N' });
  const text = 'x'.repeat(300000);
  for (let s = 0; s < 5; s++) await db.PutItem({ TableName: big, Item: { p: S('a'), s: N(s), text: S(text) } });
  const first = await run(`SELECT s FROM "${big}" WHERE p = 'a'`);
  assert.deepEqual(first.Items.map((item) => item.s.N), ['0', '1', '2', '3']);
  const second = await run(`SELECT s FROM "${big}" WHERE p = 'a'`, undefined, { NextToken: first.NextToken });
  assert.deepEqual(second, { Items: [{ s: N(4) }] });
});

// ---- INSERT ----

test('INSERT puts an item with values of all types', async () => {
  const answer = await run(`INSERT INTO "${lonely}" VALUE {'id': 'it''s', 'n': -1.50e1, 'l': [1, 'x', null, [], {'y': true}], 'ss': <<'a', 'b'>>, 'ns': <<1, 2>>, 'p': ?, 'é😀': ''}`, [B([7])]);
  assert.deepEqual(answer, {});
  const { Item } = await db.GetItem({ TableName: lonely, Key: { id: S("it's") } });
  assert.deepEqual(unordered(Item), { id: S("it's"), n: N(-15), l: L(N(1), S('x'), NULL, L(), M({ y: BOOL(true) })), ss: SS('a', 'b'), ns: { NS: ['1', '2'] }, p: B([7]), 'é😀': S('') });
});

test('INSERT onto an existing item is DuplicateItemException and changes nothing', async () => {
  await run(`INSERT INTO "${lonely}" VALUE {'id': 'twice', 'v': 1}`);
  await expectError(run(`INSERT INTO "${lonely}" VALUE {'id': 'twice', 'v': 2}`), { type: 'DuplicateItemException', message: 'Duplicate primary key exists in table' });
  const { Item } = await db.GetItem({ TableName: lonely, Key: { id: S('twice') } });
  assert.deepEqual(Item.v, N(1));
});

test('INSERT takes the whole item as a parameter', async () => {
  await run(`INSERT INTO "${lonely}" VALUE ?`, [M({ id: S('given'), v: N(1) })]);
  assert.deepEqual((await run(`SELECT v FROM "${lonely}" WHERE id = 'given'`)).Items, [{ v: N(1) }]);
});

const inserts = [
  ['an item without its key', "{'v': 1}", 'One or more parameter values were invalid: Missing the key id in the item'],
  ['a key of another type', "{'id': 1}", 'One or more parameter values were invalid: Type mismatch for key id expected: S actual: N'],
  ['an empty key', "{'id': ''}", /cannot contain an empty string value. Key: id$/],
  ['an empty set', "{'id': 'x', 's': <<>>}", /may not be empty$/],
  ['a member twice in a set', "{'id': 'x', 's': <<1, 1.0>>}", 'Input collection contains duplicates'],
  ['a number that is too large', "{'id': 'x', 'n': 1e126}", /^Number overflow/],
];
for (const [what, value, message] of inserts)
  test(`INSERT refuses ${what}`, () => expectInvalid(run(`INSERT INTO "${lonely}" VALUE ${value}`), message));

test('INSERT refuses an item that is too large', () =>
  expectInvalid(run(`INSERT INTO "${lonely}" VALUE {'id': 'x', 'v': ?}`, [S('x'.repeat(410000))]), 'Item size has exceeded the maximum allowed size'));

test('INSERT refuses an index key of another type', () =>
  expectInvalid(run(`INSERT INTO "${name}" VALUE {'p': 'x', 's': 1, 'g': 1}`), /Type mismatch for Index Key g Expected: S Actual: N IndexName: by(G|All)$/));

test('INSERT refuses an empty index key', () =>
  expectInvalid(run(`INSERT INTO "${name}" VALUE {'p': 'x', 's': 1, 'g': ''}`), /cannot contain an empty string value. IndexName: by(G|All), IndexKey: g$/));

// ---- UPDATE ----

const fresh = (() => {
  let count = 0;
  return async (more = {}) => {
    const id = `u${count++}`;
    await db.PutItem({ TableName: lonely, Item: { id: S(id), n: N(1), l: L(N(1)), ss: SS('a'), m: M({ x: N(1) }), ...more } });
    return id;
  };
})();
const update = (id, clauses, rest = '', parameters, more) => run(`UPDATE "${lonely}" ${clauses} WHERE id = '${id}' ${rest}`, parameters, more);

const updates = [
  ['SET n = n + 1', { n: N(2) }],
  ["SET n = 'x', added = [1] SET m.y = 2", { n: S('x'), added: L(N(1)), m: M({ x: N(1), y: N(2) }) }],
  ['SET l = list_append(l, [2])', { l: L(N(1), N(2)) }],
  ['SET l = list_append([0], l)', { l: L(N(0), N(1)) }],
  ['SET l[0] = 7 SET n = l[0]', { l: L(N(7)), n: N(1) }],
  ["SET ss = set_add(ss, <<'b'>>)", { ss: SS('a', 'b') }],
  ["SET ss = set_delete(ss, <<'a'>>)", { ss: undefined }],
  ['REMOVE m.x REMOVE n', { m: M({}), n: undefined }],
];
for (const [clauses, expected] of updates)
  test(`UPDATE … ${clauses} does what it says`, async () => {
    const id = await fresh();
    assert.deepEqual(await update(id, clauses), {});
    const { Item } = await db.GetItem({ TableName: lonely, Key: { id: S(id) } });
    for (const [attribute, value] of Object.entries(expected)) assert.deepEqual(unordered(Item[attribute]), unordered(value));
  });

test('RETURNING answers the image it names', async () => {
  const id = await fresh();
  const returned = async (what, clauses = 'SET n = n + 1') => (await update(id, clauses, `RETURNING ${what} *`)).Items;
  assert.deepEqual(await returned('MODIFIED OLD'), [{ n: N(1) }]);
  assert.deepEqual(await returned('MODIFIED NEW'), [{ n: N(3) }]);
  assert.deepEqual((await returned('ALL OLD'))[0].n, N(3));
  const [whole] = await returned('ALL NEW');
  assert.deepEqual(whole, { id: S(id), n: N(5), l: L(N(1)), ss: SS('a'), m: M({ x: N(1) }) });
  assert.deepEqual(await returned('MODIFIED NEW', 'SET m.y = 2 REMOVE n'), [{ m: M({ y: N(2) }) }]);
  assert.deepEqual(await returned('MODIFIED OLD', 'SET brand = 2'), []);
});

test('UPDATE of a missing item fails its condition and creates nothing', async () => {
  for (const clauses of ['SET n = 1', 'REMOVE n'])
    await expectError(update('missing', clauses), { type: 'ConditionalCheckFailedException', message: 'The conditional request failed' });
  assert.deepEqual(await db.GetItem({ TableName: lonely, Key: { id: S('missing') } }), {});
});

test('what WHERE says beside the key is a condition', async () => {
  const id = await fresh();
  const failed = { type: 'ConditionalCheckFailedException', message: 'The conditional request failed' };
  await update(id, 'SET n = 5', 'AND n = 1 AND (m.x = 1 OR l[0] = 9)');
  await expectError(update(id, 'SET n = 6', 'AND n = 1'), failed);
  await expectError(update(id, 'SET n = 6', "AND id = 'other'"), failed);
  const error = await expectError(update(id, 'SET n = 6', 'AND n = 1', undefined, { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }), failed);
  assert.deepEqual(error.answer.json.Item.n, N(5));
});

const badUpdates = [
  ['without WHERE', () => run(`UPDATE "${lonely}" SET n = 1`), 'Where clause does not contain a mandatory equality on all key attributes'],
  ['without the whole key', () => run(`UPDATE "${name}" SET n = 1 WHERE p = 'a'`), 'Where clause does not contain a mandatory equality on all key attributes'],
  ['with the key behind OR', () => run(`UPDATE "${name}" SET n = 1 WHERE p = 'a' OR s = 1`), 'Where clause does not contain a mandatory equality on all key attributes'],
  ['with IN on the key', () => run(`UPDATE "${lonely}" SET n = 1 WHERE id IN ['a']`), 'Where clause does not contain a mandatory equality on all key attributes'],
  ['of the key', () => update('x', "SET id = 'y'"), 'One or more parameter values were invalid: Cannot update attribute id. This attribute is part of the key'],
  ['with a key of another type', () => run(`UPDATE "${lonely}" SET n = 1 WHERE id = 1`), 'The provided key element does not match the schema'],
  ['of an index', () => run(`UPDATE "${name}"."byG" SET n = 1 WHERE p = 'a' AND s = 1`), /^FROM clause may only contain a single table name in data manipulation statements at 1:8:\d+$/],
  ['of one attribute twice', () => update('x', 'SET n = 1 REMOVE n'), /^Two document paths overlap/],
];
for (const [what, call, message] of badUpdates) test(`UPDATE ${what} is refused`, () => expectInvalid(call(), message));

test('UPDATE refuses what an index cannot have for a key', async () => {
  const set = (value) => run(`UPDATE "${name}" SET g = ${value} WHERE p = 'a' AND s = 1`);
  await expectInvalid(set('1'), /Type mismatch for Index Key g Expected: S Actual: N IndexName: by(G|All)$/);
  await expectInvalid(set("''"), /update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.$/);
});

test('what an update finds in the item may be wrong for it', async () => {
  const id = await fresh();
  await expectInvalid(update(id, 'SET n = gone'), 'The provided expression refers to an attribute that does not exist in the item');
  await expectInvalid(update(id, 'SET n = l + 1'), 'An operand in the update expression has an incorrect data type');
  await expectInvalid(update(id, 'SET gone.x = 1'), 'The document path provided in the update expression is invalid for update');
});

// Statements as people write them; each on an item { id, n: 1, l: [1], ss: <<'a'>>, m: {'x': 1} }.
const spellings = [
  ['words and functions in any case', "set ss = SET_ADD(ss, <<'b'>>), l = List_Append(l, [2]) Remove m.x", { ss: SS('a', 'b'), l: L(N(1), N(2)), m: M({}) }],
  ['names that need quotes', `SET "a b" = 1, m."c.d" = 2, m['it''s'] = 3, m."q""q" = 4`,
    { 'a b': N(1), m: M({ x: N(1), 'c.d': N(2), "it's": N(3), 'q"q': N(4) }) }],
  ['names that are words of the language, behind a dot', 'SET m."value" = 1, m.select = 2', { m: M({ x: N(1), value: N(1), select: N(2) }) }],
  ['names outside of ASCII, in quotes', `SET "ключ" = '日本'`, { ключ: S('日本') }],
  ['several sums', 'SET n = (n + 5) - 2 - -1', { n: N(5) }],
  ['lists in lists', 'SET l = list_append(list_append([0], l), [[], {}])', { l: L(N(0), N(1), L(), M({})) }],
  ['literals of all spellings', "SET a = TRUE, b = Null, c = +5, d = .5, e = 5., f = 1E3, g = '', h = -0", {
    a: BOOL(true), b: NULL, c: N(5), d: N('0.5'), e: N(5), f: N(1000), g: S(''), h: N(0) }],
  ['documents', "SET d = {'a': {'b': [1, {'c': <<'x'>>}]}, 'it''s': {}}", { d: M({ a: M({ b: L(N(1), M({ c: SS('x') })) }), "it's": M({}) }) }],
  ['lines and comments', "-- first\nSET n /* of it */ = 7,\n\tl = [] -- 'and an open quote\n", { n: N(7), l: L() }],
  ['a set that is not there yet', 'SET fresh = set_add(fresh, <<1, 2>>), m.s = set_add(m.s, <<3>>)', { fresh: { NS: ['1', '2'] }, m: M({ x: N(1), s: { NS: ['3'] } }) }],
];
for (const [what, clauses, expected] of spellings)
  test(`UPDATE takes ${what}`, async () => {
    const id = await fresh();
    await update(id, clauses);
    const { Item } = await db.GetItem({ TableName: lonely, Key: { id: S(id) } });
    for (const [attribute, value] of Object.entries(expected)) assert.deepEqual(unordered(Item[attribute]), unordered(value));
  });

test('parameters stand inside of documents and sets', async () => {
  await run(`insert into "${lonely}" value {'id': ?, 'd': {'l': [?, {'x': ?}]}, 's': <<?, 'b'>>};`, [S('inside'), N(1), BOOL(true), S('a')]);
  const { Item } = await db.GetItem({ TableName: lonely, Key: { id: S('inside') } });
  assert.deepEqual(unordered(Item), { id: S('inside'), d: M({ l: L(N(1), M({ x: BOOL(true) })) }), s: SS('a', 'b') });
});

test('the SDK\'s client pages through partitions in their order', async () => {
  const { ExecuteStatementCommand } = await import('@aws-sdk/client-dynamodb');
  const sdk = await client();
  const seen = [];
  const command = { Statement: `SELECT p, s FROM "${name}" WHERE p IN (?, ?) ORDER BY p DESC, s DESC`, Parameters: [S('a'), S('c')], Limit: 3 };
  let NextToken;
  do {
    const page = await sdk.send(new ExecuteStatementCommand({ ...command, NextToken }));
    seen.push(...page.Items);
    NextToken = page.NextToken;
  } while (NextToken);
  assert.equal(keys(seen), 'c4 c3 c2 c1 a4 a3 a2 a1');
});

// ---- DELETE ----

test('DELETE deletes, and tells the old item when asked', async () => {
  const id = await fresh();
  const answer = await run(`DELETE FROM "${lonely}" WHERE id = ? RETURNING ALL OLD *`, [S(id)]);
  assert.deepEqual(answer.Items.map((item) => item.id.S), [id]);
  assert.deepEqual(await db.GetItem({ TableName: lonely, Key: { id: S(id) } }), {});
});

test('DELETE of a missing item succeeds quietly, whatever else WHERE says', async () => {
  assert.deepEqual(await run(`DELETE FROM "${lonely}" WHERE id = 'missing'`), {});
  assert.deepEqual(await run(`DELETE FROM "${lonely}" WHERE id = 'missing' AND n = 1`), {});
  assert.deepEqual(await run(`DELETE FROM "${lonely}" WHERE id = 'missing' RETURNING ALL OLD *`), { Items: [] });
});

test('DELETE with a false condition leaves the item', async () => {
  const id = await fresh();
  const failed = { type: 'ConditionalCheckFailedException', message: 'The conditional request failed' };
  const error = await expectError(run(`DELETE FROM "${lonely}" WHERE id = '${id}' AND n = 2`, undefined, { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }), failed);
  assert.deepEqual(error.answer.json.Item.id, S(id));
  assert.deepEqual(await run(`DELETE FROM "${lonely}" WHERE id = '${id}' AND n = 1`), {});
  assert.deepEqual(await db.GetItem({ TableName: lonely, Key: { id: S(id) } }), {});
});

const badDeletes = [
  ['without WHERE', `DELETE FROM "${lonely}"`, 'Where clause does not contain a mandatory equality on all key attributes'],
  ['of a range', `DELETE FROM "${name}" WHERE p = 'a' AND s > 1`, 'Where clause does not contain a mandatory equality on all key attributes'],
  ['RETURNING ALL NEW', `DELETE FROM "${lonely}" WHERE id = 'x' RETURNING ALL NEW *`, 'Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements.'],
];
for (const [what, statement, message] of badDeletes) test(`DELETE ${what} is refused`, () => expectInvalid(run(statement), message));

test('other statements are none', async () => {
  for (const statement of ['DROP TABLE x', `EXISTS(SELECT * FROM "${name}" WHERE p = 'a' AND s = 1)`])
    await expectInvalid(run(statement), "Statement wasn't well formed, can't be processed: Expected data manipulation");
});

// ---- capacity ----

test('reads cost what the range examined', async () => {
  const cost = async (rest, more) => units(await run(`SELECT p FROM "${name}" ${rest}`, undefined, { ReturnConsumedCapacity: 'TOTAL', ...more }));
  assert.equal(await cost("WHERE p = 'a'"), 0.5);
  assert.equal(await cost("WHERE p = 'a'", { ConsistentRead: true }), 1);
  assert.equal(await cost("WHERE p = 'none'"), 0.5);
  assert.equal(await cost("WHERE p IN ['a', 'b', 'c']"), 1.5);
  assert.equal(await cost("WHERE p = 'a' OR p = 'b'"), 1);
});

test('an index is charged apart', async () => {
  const answer = await run(`SELECT * FROM "${name}"."byG" WHERE g = 'odd'`, undefined, { ReturnConsumedCapacity: 'INDEXES' });
  assert.deepEqual(answer.ConsumedCapacity, { TableName: name, CapacityUnits: 0.5, Table: { CapacityUnits: 0 }, GlobalSecondaryIndexes: { byG: { CapacityUnits: 0.5 } } });
});

test('writes cost what the item weighs', async () => {
  const cost = async (statement) => units(await run(statement, undefined, { ReturnConsumedCapacity: 'TOTAL' }));
  assert.equal(await cost(`INSERT INTO "${lonely}" VALUE {'id': 'cost', 'v': '${'x'.repeat(1500)}'}`), 2);
  assert.equal(await cost(`UPDATE "${lonely}" REMOVE v WHERE id = 'cost'`), 2);
  assert.equal(await cost(`DELETE FROM "${lonely}" WHERE id = 'cost'`), 1);
  assert.equal(await cost(`DELETE FROM "${lonely}" WHERE id = 'cost'`), 1);
});
