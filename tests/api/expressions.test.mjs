// Conditions and filters: what is true, what is false, what is refused before an item is looked at.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { B, BOOL, BS, L, M, N, NS, NULL, S, SS, expectError, expectInvalid, harness, refusals } from './lib/index.mjs';

const { db, table, cpuMs } = await harness();
const name = await table({});
const Item = {
  id: S('x'), s: S('hello'), n: N(5), b: B('bytes'), t: BOOL(true), nil: NULL, l: L(N(1), S('two'), L(N(3))), m: M({ a: N(1), deep: M({ x: S('y') }) }),
  ss: SS('a', 'b', 'c'), ns: NS(1, 2, 3), bs: BS('x', 'y'), smile: S('😀é'), blank: S(''), hollow: L(),
  nest: L(SS('p', 'q'), M({ ns: NS(1, 2) })),
};
await db.PutItem({ TableName: name, Item });

// The condition guards a put of the same item: true if the put happens.
async function holds(ConditionExpression, values, names) {
  try {
    await db.PutItem({ TableName: name, Item, ConditionExpression, ...(values ? { ExpressionAttributeValues: values } : {}),
      ...(names ? { ExpressionAttributeNames: names } : {}) });
    return true;
  } catch (error) {
    if (error.name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}

// A filter must agree with the condition.
async function passes(FilterExpression, values, names) {
  const { Count } = await db.Scan({ TableName: name, FilterExpression, ...(values ? { ExpressionAttributeValues: values } : {}),
    ...(names ? { ExpressionAttributeNames: names } : {}) });
  return Count === 1;
}

const v = (value, second) => ({ ':v': value, ...(second ? { ':w': second } : {}) });
const truths = [
  ['n = :v', v(N('5.0')), true], ['n = :v', v(S('5')), false], ['n <> :v', v(S('5')), true], [':v = n', v(N(5)), true],
  ['n < :v', v(N(6)), true], ['n <= :v', v(N(5)), true], ['n > :v', v(N('4.99')), true], ['n >= :v', v(N(6)), false],
  ['n < :v', v(S('9')), false], ['s < :v', v(S('help')), true], ['s > :v', v(S('Hello')), true], ['b >= :v', v(B('bytes')), true],
  [':v < n', v(N(4)), true], ['n = m.a', undefined, false], ['l[0] = m.a', undefined, true], ['n > m.a', undefined, true],
  ['zz = :v', v(N(5)), false], ['zz <> :v', v(N(5)), true], ['zz < :v', v(N(5)), false], ['NOT zz < :v', v(N(5)), true],
  ['zz = yy', undefined, false], ['zz <> yy', undefined, true], ['zz >= yy', undefined, false], ['NOT zz = yy', undefined, true],
  ['t = :v', v(BOOL(true)), true], ['nil = :v', v(NULL), true], ['t <> :v', v(BOOL(false)), true],
  ['ss = :v', v(SS('c', 'a', 'b')), true], ['ss = :v', v(SS('a', 'b')), false], ['ns = :v', v(NS('3.0', '1e0', '2')), true],
  ['bs = :v', v(BS('y', 'x')), true], ['l = :v', v(L(N('1.0'), S('two'), L(N(3)))), true], ['l = :v', v(L(S('two'), N(1), L(N(3)))), false],
  ['m = :v', v(M({ deep: M({ x: S('y') }), a: N('1.00') })), true], ['m <> :v', v(M({})), true], ['blank = :v', v(S('')), true],
  ['nest = :v', v(L(SS('q', 'p'), M({ ns: NS('2.0', '1e0') }))), true], ['nest[0] = :v', v(SS('q', 'p')), true], ['contains(nest, :v)', v(SS('q', 'p')), true],
  ['nest = :v', v(L(SS('q'), M({ ns: NS(1, 2) }))), false],
  ['l[1] = :v', v(S('two')), true], ['l[2][0] = :v', v(N(3)), true], ['l[9] = :v', v(N(3)), false], ['m.deep.x = :v', v(S('y')), true],
  ['n BETWEEN :v AND :w', v(N(5), N(6)), true], ['n BETWEEN :v AND :w', v(N(6), N(7)), false], ['n NOT BETWEEN :v AND :w', undefined, null],
  ['s BETWEEN :v AND :w', v(S('h'), S('i')), true], ['s BETWEEN :v AND :w', v(N(1), N(2)), false], [':v BETWEEN m.a AND n', v(N(3)), true],
  ['zz BETWEEN :v AND :w', v(N(1), N(2)), false], ['n BETWEEN :v AND :w', v(S('4'), S('6')), false], ['l BETWEEN :v AND :w', v(N(4), N(6)), false],
  ['n = :0', { ':0': N(5) }, true], ['n = :_x', { ':_x': N(5) }, true], ['l < :v', v(N(9)), false], ['NOT l < :v', v(N(9)), true],
  ['n IN (:v, :w)', v(N(4), N(5)), true], ['n IN (:v)', v(S('5')), false], ['n IN (:v, :w)', v(S('5'), N('5.0')), true],
  ['n IN (:v, m.a)', v(N(4)), false], ['s IN (:v)', v(S('hello')), true], ['zz IN (:v)', v(S('hello')), false], ['m.a IN (l[0])', undefined, true],
  ['attribute_exists(n)', undefined, true], ['attribute_exists(zz)', undefined, false], ['attribute_exists(m.deep.x)', undefined, true],
  ['attribute_exists(nil)', undefined, true], ['attribute_not_exists(zz)', undefined, true], ['attribute_not_exists(l[3])', undefined, true],
  ['attribute_exists(l[2])', undefined, true], ['attribute_not_exists(s.x)', undefined, true],
  ...Object.entries({ s: 'S', n: 'N', b: 'B', t: 'BOOL', nil: 'NULL', l: 'L', m: 'M', ss: 'SS', ns: 'NS', bs: 'BS' })
    .map(([attribute, type]) => [`attribute_type(${attribute}, :v)`, v(S(type)), true]),
  ['attribute_type(n, :v)', v(S('S')), false], ['attribute_type(zz, :v)', v(S('S')), false],
  ['begins_with(s, :v)', v(S('hel')), true], ['begins_with(s, :v)', v(S('')), true], ['begins_with(s, :v)', v(S('lo')), false],
  ['begins_with(b, :v)', v(B('by')), true], ['begins_with(n, :v)', v(S('5')), false], ['begins_with(zz, :v)', v(S('5')), false],
  ['contains(s, :v)', v(S('ell')), true], ['contains(s, :v)', v(S('xyz')), false], ['contains(ss, :v)', v(S('b')), true],
  ['contains(ss, :v)', v(S('bb')), false], ['contains(ns, :v)', v(N('2.0')), true], ['contains(l, :v)', v(S('two')), true],
  ['contains(l, :v)', v(L(N(3))), true], ['contains(b, :v)', v(B('yte')), true], ['contains(bs, :v)', v(B('y')), true], ['contains(n, :v)', v(N(5)), false],
  ['contains(zz, :v)', v(N(5)), false], ['contains(:v, s)', v(S('oh hello')), true],
  ['size(s) = :v', v(N(5)), true], ['size(b) = :v', v(N(5)), true], ['size(l) = :v', v(N(3)), true], ['size(m) = :v', v(N(2)), true],
  ['size(ss) = :v', v(N(3)), true], ['size(hollow) = :v', v(N(0)), true], ['size(smile) = :v', v(N(3)), true], ['size(n) > :v', v(N(0)), false],
  ['size(zz) = :v', v(N(0)), false], ['size(zz) <> :v', v(N(0)), null], ['size(:w) = :v', v(N(3), S('abc')), true], ['size(s) > size(ss)', undefined, true],
  ['n = :v AND s = :w', v(N(5), S('hello')), true], ['n = :v AND s = :w', v(N(5), S('no')), false], ['n = :v OR s = :w', v(N(6), S('hello')), true],
  ['NOT n = :v', v(N(6)), true], ['NOT (n = :v OR s = :w)', v(N(6), S('no')), true], ['NOT NOT n = :v', v(N(5)), true],
  ['n = :v or s = :w and zz = :w', v(N(5), S('hello')), true], ['(n = :v OR s = :w) AND zz = :w', v(N(5), S('hello')), false],
  ['not n = :v And NoT s = :w', v(N(6), S('no')), true], ['((n = :v) AND (s = :w))', v(N(5), S('hello')), true], ['(n = :v)', v(N(5)), true],
  ['  n=:v\tAND\r\ns=:w ', v(N(5), S('hello')), true], ['n=:v AND(s=:w)', v(N(5), S('hello')), true], ['attribute_exists (n)', undefined, true],
].filter(([, , expected]) => expected !== null);
for (const [expression, values, expected] of truths) {
  test(`${expression.replace(/\s+/g, ' ')} with ${JSON.stringify(values ?? {})} is ${expected}`, async () => {
    assert.equal(await holds(expression, values), expected, 'as a condition');
    assert.equal(await passes(expression, values), expected, 'as a filter');
  });
}

test('#names with dots and reserved words are single names', async () => {
  assert.equal(await holds('attribute_not_exists(#d)', undefined, { '#d': 'm.a' }), true);
  assert.equal(await holds('#m.#a = :v', v(N(1)), { '#m': 'm', '#a': 'a' }), true);
  assert.equal(await holds('attribute_not_exists(#r)', undefined, { '#r': 'select' }), true);
});

test('a word ends where # or : begins, no blank is needed', async () => {
  const names = { '#n': 'n', '#zz': 'zz' };
  assert.equal(await holds('NOT#n = :v', v(N(6)), { '#n': 'n' }), true);
  assert.equal(await holds('#n BETWEEN:v AND:w AND#zz<>:v', v(N(5), N(6)), names), true);
  assert.equal(await holds('#n IN(:v)OR#zz=:v', v(N(6)), names), false);
  const { Attributes } = await db.UpdateItem({ TableName: name, Key: { id: S('dense') }, UpdateExpression: 'SET#n=:v REMOVE#zz', ReturnValues: 'ALL_NEW',
    ExpressionAttributeNames: names, ExpressionAttributeValues: v(N(1)) });
  await db.DeleteItem({ TableName: name, Key: { id: S('dense') } });
  assert.deepEqual(Attributes, { id: S('dense'), n: N(1) });
});

test('on a missing item every comparison is false and its NOT true', async () => {
  const put = (ConditionExpression) => db.DeleteItem({ TableName: name, Key: { id: S('missing') }, ConditionExpression, ExpressionAttributeValues: v(N(1)) });
  await expectError(put('n = :v'), { type: 'ConditionalCheckFailedException' });
  await put('NOT n = :v');
  await put('n <> :v');
});

const condition = (ConditionExpression, values, names) => ({ ConditionExpression,
  ...(values ? { ExpressionAttributeValues: values } : {}), ...(names ? { ExpressionAttributeNames: names } : {}) });
const WRONG = 'Invalid ConditionExpression: ';
const syntax = /^Invalid ConditionExpression: Syntax error; token: "/;
const operand = (operator, type) => `${WRONG}Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`;
const operands = (operator, count) => `${WRONG}Incorrect number of operands for operator or function; operator or function: ${operator}, number of operands: ${count}`;
const unordered = (operator, type) => new RegExp(`^Invalid ConditionExpression: Incorrect operand type for operator or function; operator( or function)?: ${operator}, operand type: ${type}$`);
const distinct = (operator) => `${WRONG}The first operand must be distinct from the remaining operands for this operator or function; operator: ${operator}, first operand: [a]`;
const misused = (name_) => `${WRONG}The function is not allowed to be used this way in an expression; function: ${name_}`;
const one = { ':a': N(1) };
refusals(db, 'PutItem', { TableName: name, Item: { id: S('refused') } }, [
  ['an empty condition', condition(''), `${WRONG}The expression can not be empty;`],
  ['half a comparison', condition('a =', one), syntax],
  ['two conditions side by side', condition('a = :a b', one), syntax],
  ['==', condition('a == :a', one), syntax],
  ['a character that has no meaning', condition('a = :a ! b', one), syntax],
  ['a lone value', condition(':a', one), syntax],
  ['a lone attribute', condition('a'), syntax],
  ['IN of nothing', condition('a IN ()'), syntax],
  ['an open parenthesis', condition('(a = :a', one), syntax],
  ['BETWEEN without AND', condition('a BETWEEN :a', one), syntax],
  ['a dot at the end', condition('a. = :a', one), syntax],
  ['an attribute as index', condition('a[b] = :a', one), syntax],
  ['a value as index', condition('a[:a] = :a', one), syntax],
  ['an empty index', condition('a[] = :a', one), syntax],
  ['a name that begins with _', condition('_a = :a', one), syntax],
  ['a name that begins with a digit', condition('1a = :a', one), syntax],
  ['a name with a dash', condition('a-b = :a', one), syntax],
  ['a number in place of a value', condition('a = 1'), syntax],
  ['a quoted string in place of a value', condition('a = "x"'), syntax],
  ['AND without right side', condition('a = :a AND', one), syntax],
  ['NOT alone', condition('NOT'), syntax],
  ['an empty function call', condition('attribute_exists()'), /^Invalid ConditionExpression: /],
  ['redundant parentheses', condition('((a = :a))', one), `${WRONG}The expression has redundant parentheses;`],
  ['redundant parentheses inside', condition('a = :a AND ((b = :a))', one), `${WRONG}The expression has redundant parentheses;`],
  ['an undefined value', condition('a = :zz'), `${WRONG}An expression attribute value used in expression is not defined; attribute value: :zz`],
  ['an undefined name', condition('#a = :a', one), `${WRONG}An expression attribute name used in the document path is not defined; attribute name: #a`],
  ['an unused name', condition('attribute_not_exists(a)', undefined, { '#b': 'b' }), 'Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}'],
  ['unused values, all of them', condition('attribute_not_exists(a)', { ':a': N(1), ':b': N(2) }), /^Value provided in ExpressionAttributeValues unused in expressions: keys: \{(:a, :b|:b, :a)\}$/],
  ['a name without #', condition('attribute_not_exists(a)', undefined, { b: 'b' }), 'ExpressionAttributeNames contains invalid key: Syntax error; key: "b"'],
  ['a name of # alone', condition('attribute_not_exists(a)', undefined, { '#': 'b' }), 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#"'],
  ['a name with a dash behind #', condition('attribute_not_exists(a)', undefined, { '#a-b': 'b' }), 'ExpressionAttributeNames contains invalid key: Syntax error; key: "#a-b"'],
  ['a value without :', condition('attribute_not_exists(a)', { b: N(1) }), 'ExpressionAttributeValues contains invalid key: Syntax error; key: "b"'],
  ['empty names', condition('attribute_not_exists(a)', undefined, {}), 'ExpressionAttributeNames must not be empty'],
  ['empty values', condition('attribute_not_exists(a)', {}), 'ExpressionAttributeValues must not be empty'],
  ['a reserved word', condition('abort = :a', one), `${WRONG}Attribute name is a reserved keyword; reserved keyword: abort`],
  ['a reserved word in other case', condition('Name = :a', one), `${WRONG}Attribute name is a reserved keyword; reserved keyword: Name`],
  ['a function\'s name as attribute', condition('size = :a', one), /^Invalid ConditionExpression: (Attribute name is a reserved keyword; reserved keyword: size|Syntax error; token: ".*)/],
  ['an unknown function', condition('foo(a)'), `${WRONG}Invalid function name; function: foo`],
  ['an unknown function behind a true OR', condition('attribute_not_exists(zz) OR foo(a)'), `${WRONG}Invalid function name; function: foo`],
  ['a function in other case', condition('ATTRIBUTE_EXISTS(a)'), `${WRONG}Invalid function name; function: ATTRIBUTE_EXISTS`],
  ['LIST_APPEND', condition('LIST_APPEND(a, b) = a'), `${WRONG}Invalid function name; function: LIST_APPEND`],
  ['list_append, which is for updates', condition('list_append(a, b) = :a', one), /^Invalid ConditionExpression: (The function is not allowed in a condition expression; function: list_append|Invalid function name; function: list_append)$/],
  ['if_not_exists, which is for updates', condition('if_not_exists(a, b) = :a', one), /^Invalid ConditionExpression: (The function is not allowed in a condition expression; function: if_not_exists|Invalid function name; function: if_not_exists)$/],
  ['attribute_exists of two', condition('attribute_exists(a, b)'), operands('attribute_exists', 2)],
  ['begins_with of one', condition('begins_with(a)'), operands('begins_with', 1)],
  ['contains of three', condition('contains(a, b, c)'), operands('contains', 3)],
  ['size of two', condition('size(a, b) = :a', one), operands('size', 2)],
  ['contains of an attribute in itself', condition('contains(a, a)'), distinct('contains')],
  ['begins_with of an attribute in itself', condition('begins_with(a, a)'), distinct('begins_with')],
  ['a = a', condition('a = a'), distinct('=')],
  ['begins_with a number', condition('begins_with(a, :a)', one), operand('begins_with', 'N')],
  ['attribute_exists of a value', condition('attribute_exists(:a)', one), `${WRONG}Operator or function requires a document path; operator or function: attribute_exists`],
  ['attribute_not_exists of size()', condition('attribute_not_exists(size(a))'), `${WRONG}Operator or function requires a document path; operator or function: attribute_not_exists`],
  ['attribute_exists that is compared', condition('attribute_exists(a) = :a', one), misused('attribute_exists')],
  ['size that isn\'t compared', condition('size(a)'), misused('size')],
  ['size of size', condition('size(size(a)) = :a', one), operand('size', 'N')],
  ['size of a number value', condition('size(:a) = :a', one), operand('size', 'N')],
  ['attribute_type of an unknown type', condition('attribute_type(a, :a)', { ':a': S('X') }), /^Invalid ConditionExpression: Invalid attribute type name found; type: X, valid types: \{[A-Z,]+\}$/],
  ['attribute_type of a number', condition('attribute_type(a, :a)', one), operand('attribute_type', 'N')],
  ['attribute_type of a path', condition('attribute_type(a, b)'), /^Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: attribute_type, operand type: \{[A-Z,]+\}$/],
  ['BETWEEN of mixed types', condition('a BETWEEN :a AND :b', { ...one, ':b': S('a') }),
    `${WRONG}The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}`],
  ['BETWEEN the wrong way', condition('a BETWEEN :a AND :b', { ':a': N(2), ':b': N(1) }),
    `${WRONG}The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}`],
  ...[['BOOL', BOOL(true)], ['NULL', NULL], ['L', L()], ['M', M({})], ['SS', SS('a')], ['NS', NS(1)], ['BS', BS('a')]].flatMap(([type, value]) => [
    [`< of a ${type}`, condition('a < :a', { ':a': value }), unordered('<', type)],
    [`a ${type} on the left of >=`, condition(':a >= a', { ':a': value }), unordered('>=', type)],
  ]),
  ['BETWEEN of lists', condition('a BETWEEN :a AND :b', { ':a': L(), ':b': L(N(1)) }), unordered('BETWEEN', 'L')],
  ['an unordered comparison behind a false AND', condition('attribute_exists(zz) AND a < :a', { ':a': BOOL(true) }), unordered('<', 'BOOL')],
  ['IN of 100 values, which are 101 operands', condition(`a IN (${Array(100).fill(':a').join(',')})`, one),
    `${WRONG}Incorrect number of operands for operator or function; operator or function: IN, number of operands: 101`],
  ['IN of 101 operands', condition(`a IN (${Array(101).fill(':a').join(',')})`, one), /^Invalid ConditionExpression: .*IN/],
  ['a path of 33 elements', condition(`${Array(33).fill('a').join('.')} = :a`, one), /^Invalid ConditionExpression: /],
  ['an index beyond 32 bits', condition('a[4294967296] = :a', one), /^Invalid ConditionExpression: /],
  ['301 operators', condition(`NOT NOT (${Array(150).fill('a=:a').join(' OR ')})`, one), `${WRONG}The expression contains too many operators; operator count: 301`],
  ['4097 bytes', condition(`a = :a${' '.repeat(4091)}`, one), `${WRONG}Expression size has exceeded the maximum allowed size; expression size: 4097`],
  ['4097 bytes in 2-byte characters', condition(`a = :a${'é'.repeat(2046)}`, one), `${WRONG}Expression size has exceeded the maximum allowed size; expression size: 4098`],
]);

test('4096 bytes, 300 operators, 99 IN operands and 32 path elements are accepted', async () => {
  await holds(`a = :a${' '.repeat(4090)}`, one);
  await holds(`NOT (${Array(150).fill('a=:a').join(' OR ')})`, one);
  await holds(`a IN (${Array(99).fill(':a').join(',')})`, one);
  await holds(`${Array(32).fill('a').join('.')} = :a`, one);
});

test('placeholders are of use when any expression of the request uses them', async () => {
  await db.UpdateItem({ TableName: name, Key: { id: S('shared') }, UpdateExpression: 'SET #a = :a', ConditionExpression: 'attribute_not_exists(#b) OR #b = :b',
    ExpressionAttributeNames: { '#a': 'a', '#b': 'b' }, ExpressionAttributeValues: { ':a': N(1), ':b': N(2) } });
  const query = (more) => db.Query({ TableName: name, KeyConditionExpression: '#i = :i', FilterExpression: '#a = :a', ProjectionExpression: '#p',
    ExpressionAttributeNames: { '#i': 'id', '#a': 'a', '#p': 'a', ...more }, ExpressionAttributeValues: { ':i': S('shared'), ':a': N(1) } });
  assert.deepEqual((await query()).Items, [{ a: N(1) }]);
  await expectInvalid(query({ '#z': 'z' }), 'Value provided in ExpressionAttributeNames unused in expressions: keys: {#z}');
});

test('values of more than 2 MB together are refused, not those that are used often', async () => {
  const large = (count) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`:v${at}`, S('x'.repeat(300000))]));
  const list = (count, value) => `NOT a IN (${Array.from({ length: count }, (_, at) => `:v${value ?? at}`)})`;
  await holds(list(6), large(6));
  await holds(list(8, 0), large(1));
  await expectInvalid(db.PutItem({ TableName: name, Item, ConditionExpression: list(8), ExpressionAttributeValues: large(8) }),
    'The total size of ExpressionAttributeNames and ExpressionAttributeValues has exceeded the maximum allowed size');
});

for (const [what, text] of [
  ['parentheses', '('.repeat(4096)], ['closed parentheses', `${'('.repeat(2000)}a=:a${')'.repeat(2000)}`], ['NOT', 'NOT '.repeat(1024)],
  ['NOT before a condition', `${'NOT '.repeat(1000)}a = :a`], ['function calls', 'f('.repeat(2048)], ['size calls', `${'size('.repeat(800)}a`],
  ['brackets', `a${'['.repeat(4000)}`], ['indexes', `a${'[0]'.repeat(1300)} = :a`], ['dots', `a${'.a'.repeat(2000)} = :a`], ['IN', 'a IN ('.repeat(600)],
  ['alternating parentheses and NOT', '(NOT '.repeat(800)], ['commas', `a IN (${',:a'.repeat(1300)}`],
]) {
  test(`4 KB of ${what} is refused within a second`, async () => {
    const started = cpuMs();
    await expectInvalid(db.PutItem({ TableName: name, Item: { id: S('deep') }, ...condition(text, one) }));
    assert.ok(cpuMs() - started < 1000);
  });
  if (!what.includes('IN') && !what.includes('comma')) {
    test(`4 KB of ${what} in an update is refused within a second`, async () => {
      const started = cpuMs();
      await expectInvalid(db.UpdateItem({ TableName: name, Key: { id: S('deep') }, UpdateExpression: `SET a = ${text}`.slice(0, 4096), ExpressionAttributeValues: one }));
      assert.ok(cpuMs() - started < 1000);
    });
  }
}
