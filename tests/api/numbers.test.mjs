// Numbers: what is accepted, how it comes back, how it is compared, added and sorted.

import { test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { N, NS, S, expectInvalid, harness } from './lib/index.mjs';

const { db, table, cpuMs } = await harness();
const name = await table({});
const sorted = await table({ key: 'p s:N' });

async function stored(text) {
  await db.PutItem({ TableName: name, Item: { id: S('n'), n: { N: text } } });
  return (await db.GetItem({ TableName: name, Key: { id: S('n') }, ConsistentRead: true })).Item.n.N;
}

const ones = '1'.repeat(38);
const zeros = (count) => '0'.repeat(count);
const canonical = [
  ['0', '0'], ['-0', '0'], ['-0.0', '0'], ['0e500', '0'], ['000', '0'], ['1', '1'], ['+1', '1'], ['-1', '-1'], ['01', '1'], ['1.0', '1'], ['1.50', '1.5'],
  ['00012.3400', '12.34'], ['.5', '0.5'], ['-.5', '-0.5'], ['5.', '5'], ['1.e5', '100000'], ['1e3', '1000'], ['1E+3', '1000'], ['1e-3', '0.001'],
  ['1.5e1', '15'], ['123456e-3', '123.456'], ['1e125', `1${zeros(125)}`], ['-1e125', `-1${zeros(125)}`], ['9.9999999999999999999999999999999999999E+125', `${'9'.repeat(38)}${zeros(88)}`],
  ['1e-130', `0.${zeros(129)}1`], ['-1e-130', `-0.${zeros(129)}1`], [ones, ones], [`${ones}0`, `${ones}0`], [`0.${zeros(50)}${ones}`, `0.${zeros(50)}${ones}`],
  [`${zeros(100)}7`, '7'], [`7.${zeros(100)}`, '7'], ['0.1e1', '1'], ['1000e-3', '1'], ['12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
  ['3.1415926535897932384626433832795028841', '3.1415926535897932384626433832795028841'],
];
for (const [text, expected] of canonical) {
  const show = (value) => (value.length > 45 ? `${value.slice(0, 20)}…(${value.length})` : value);
  test(`${show(text)} comes back as ${show(expected)}`, async () => assert.equal(await stored(text), expected));
}

const NUMERIC = (text) => `The parameter cannot be converted to a numeric value: ${text}`;
for (const text of ['abc', ' 1', '1 ', '1 2', '0x10', 'NaN', 'Infinity', '-Infinity', '1e', 'e1', '.', '+', '-', '--1', '+-1', '1_000', '1,5', '1e5.5', '1e+', '١', '1.2.3', '1d', '1f']) {
  test(`${JSON.stringify(text)} is refused as not numeric`, () => expectInvalid(stored(text), NUMERIC(text)));
}
test('an empty number is refused', () => expectInvalid(stored(''), 'The parameter cannot be converted to a numeric value'));

const OVER = 'Number overflow. Attempting to store a number with magnitude larger than supported range';
const UNDER = 'Number underflow. Attempting to store a number with magnitude smaller than supported range';
const DIGITS = 'Attempting to store more than 38 significant digits in a Number';
for (const [text, message] of [
  ['1e126', OVER], ['-1e126', OVER], [`1${zeros(126)}`, OVER], ['1e99999999999', OVER], ['1e2147483648', OVER], ['1e-131', UNDER], ['-1e-131', UNDER],
  ['1e-99999999999', UNDER], [`${ones}1`, DIGITS], [`0.${ones}1`, DIGITS], [`1${zeros(37)}1`, DIGITS], [`1.${zeros(37)}1`, DIGITS],
]) {
  test(`${text.length > 45 ? `${text.slice(0, 20)}… of ${text.length} characters` : text} is refused: ${message.slice(0, 30)}…`, () => expectInvalid(stored(text), message));
}

test('numbers in sets and below lists come back in canonical form, too', async () => {
  await db.PutItem({ TableName: name, Item: { id: S('set'), set: NS('1.0', '02', '.5'), l: { L: [N('1e2'), { M: { x: N('+3') } }] } } });
  const { Item } = await db.GetItem({ TableName: name, Key: { id: S('set') } });
  assert.deepEqual([...Item.set.NS].sort(), ['0.5', '1', '2']);
  assert.deepEqual(Item.l, { L: [N(100), { M: { x: N(3) } }] });
});

test('a number sort key sorts by value over the whole range', async () => {
  const order = ['-9.9e125', '-1e100', '-123.45', '-123.4', '-1', '-0.1', '-1e-130', '0', '1e-130', '1e-129', '0.1', '0.11', '0.2', '1', '1.0000000000000000000000000000000000001',
    '2', '9', '10', '11', '99', '100', '1e100', '9.8e125', '9.9e125'];
  for (const [at, s] of [...order.entries()].reverse()) await db.PutItem({ TableName: sorted, Item: { p: S('p'), s: N(s), at: N(at) } });
  const { Items } = await db.Query({ TableName: sorted, KeyConditionExpression: 'p = :p', ExpressionAttributeValues: { ':p': S('p') } });
  assert.deepEqual(Items.map((item) => Number(item.at.N)), order.map((_, at) => at));
});

async function sum(expression, a, b) {
  await db.PutItem({ TableName: name, Item: { id: S('sum'), a: N(a) } });
  const { Attributes } = await db.UpdateItem({ TableName: name, Key: { id: S('sum') }, UpdateExpression: expression,
    ExpressionAttributeValues: { ':b': N(b) }, ReturnValues: 'UPDATED_NEW' });
  return Attributes.a.N;
}
const plus = 'SET a = a + :b';
const minus = 'SET a = a - :b';
const add = 'ADD a :b';
for (const [expression, a, b, expected] of [
  [plus, '0.1', '0.2', '0.3'], [minus, '0.3', '0.1', '0.2'], [plus, '99999999999999999999999999999999999999', '1', `1${zeros(38)}`],
  [minus, '1', '1', '0'], [minus, '1', '3', '-2'], [plus, '-1', '-2.5', '-3.5'], [plus, `1${zeros(37)}`, '1', `1${zeros(36)}1`],
  [plus, '1e-130', '1e-130', `0.${zeros(129)}2`], [minus, '1e125', '1e125', '0'], [plus, '5e124', '5e124', `1${zeros(125)}`], [add, '1.5', '-1.5', '0'],
  [add, '9007199254740993', '1', '9007199254740994'], [minus, `1${zeros(37)}`, '1', '9'.repeat(37)], [plus, '1e125', '0', `1${zeros(125)}`],
]) {
  test(`${a.slice(0, 20)} ${expression.includes('-') ? '-' : '+'} ${b.slice(0, 20)} is exact (${expression})`, async () => assert.equal(await sum(expression, a, b), expected));
}
for (const [expression, a, b] of [
  [plus, '1e125', '1e-130'], [add, '1e125', '1e-130'], [plus, '1e37', '0.1'], [minus, '1e38', '0.1'], [plus, '9.9e125', '9.9e125'], [minus, '-9.9e125', '9.9e125'],
]) {
  test(`${a} ${expression.includes('-') ? '-' : '+'} ${b} is refused, quickly and without rounding (${expression})`, async () => {
    const started = cpuMs();
    await expectInvalid(sum(expression, a, b));
    assert.ok(cpuMs() - started < 1000);
  });
}

test('ten thousandths added one by one are exact', async () => {
  await db.PutItem({ TableName: name, Item: { id: S('sum'), a: N(0) } });
  for (let at = 0; at < 100; at++) {
    await db.UpdateItem({ TableName: name, Key: { id: S('sum') }, UpdateExpression: add, ExpressionAttributeValues: { ':b': N('0.0001') } });
  }
  assert.equal((await db.GetItem({ TableName: name, Key: { id: S('sum') } })).Item.a.N, '0.01');
});
