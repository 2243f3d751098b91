// The checkers find what is planted, and nothing else.

import { test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { linearizable, linearizableByKey } from './lib/linearizable.mjs';
import { serializable } from './lib/graph.mjs';

// Operations one behind the other, unless times are given.
function history(...operations) {
  return operations.map((operation, id) => ({ id, at: 2 * id + 1, end: 2 * id + 2, outcome: 'ok', ...operation }));
}

// ---- search ----

const is = (v, n = 0) => ({ v, n });
const put = (value, more) => ({ parts: [{ key: 0, do: 'put', value, number: 0, ...more }] });
const read = (saw) => ({ parts: [{ key: 0, do: 'read', saw }] });
const add = (value, more) => ({ parts: [{ key: 0, do: 'update', value, add: 1, ...more }] });
const judged = (...operations) => linearizableByKey(history(...operations), [null]).ok;

const SEARCH = [
  ['reads of what was written before', true, [put('a'), read(is('a')), put('b', { saw: is('a') }), read(is('b'))]],
  ['a read of what nobody wrote', false, [put('a'), read(is('b'))]],
  ['a stale read', false, [put('a'), put('b'), read(is('a'))]],
  ['a read of the old value while the new one is written', true, [put('a'), { ...put('b'), at: 3, end: 10 }, { ...read(is('a')), at: 4, end: 5 }, { ...read(is('b')), at: 6, end: 7 }]],
  ['a non-monotonic read', false, [put('a'), { ...put('b'), at: 3, end: 10 }, { ...read(is('b')), at: 4, end: 5 }, { ...read(is('a')), at: 6, end: 7 }]],
  ['a lost update', false, [put('a'), { ...add('b', { became: is('b', 1) }), at: 3, end: 6 }, { ...add('c', { became: is('c', 1) }), at: 4, end: 7 }]],
  ['two updates, one behind the other', true, [put('a'), { ...add('b', { became: is('b', 2) }), at: 3, end: 6 }, { ...add('c', { became: is('c', 1) }), at: 4, end: 7 }]],
  ['a condition reported false that was true', false, [put('a'), { ...put('b', { expect: 'a', failed: true, saw: is('a') }), outcome: 'false' }]],
  ['a condition reported true that was false', false, [put('a'), put('b'), put('c', { expect: 'a' })]],
  ['a dirty read, of a write that failed', false, [put('a'), { ...put('b', { expect: 'x', failed: true }), outcome: 'false' }, read(is('b'))]],
  ['a deletion that is seen', true, [put('a'), { parts: [{ key: 0, do: 'delete', saw: is('a') }] }, read(null)]],
  ['a deletion that is not seen', false, [put('a'), { parts: [{ key: 0, do: 'delete' }] }, read(is('a'))]],
  ['a write without answer that happened', true, [put('a'), { ...put('b'), outcome: 'maybe' }, read(is('b'))]],
  ['a write without answer that did not happen', true, [put('a'), { ...put('b'), outcome: 'maybe' }, read(is('a'))]],
  ['a write without answer that happens after the restart', false, [put('a'), { ...put('b'), outcome: 'maybe' }, read(is('a')), read(is('b'))]],
  ['an acknowledged write that a kill lost', false, [put('a'), put('b'), { ...put('c'), outcome: 'maybe' }, read(is('a'))]],
];

for (const [name, ok, operations] of SEARCH)
  test(`the search ${ok ? 'accepts' : 'refuses'} ${name}`, () => assert.equal(judged(...operations), ok));

test('the search says which operation cannot be explained', () => {
  assert.equal(linearizableByKey(history(put('a'), put('b'), read(is('a')), read(is('b'))), [null]).at.id, 2);
});

test('the search refuses half a transaction', () => {
  const both = (first, second) => [{ key: 0, ...first }, { key: 1, ...second }];
  const writes = { parts: both({ do: 'put', value: 'a', number: 0 }, { do: 'put', value: 'b', number: 0 }) };
  const reads = (first, second) => ({ parts: both({ do: 'read', saw: first }, { do: 'read', saw: second }) });
  assert.equal(linearizable(history(writes, reads(is('a'), is('b'))), [null, null]).ok, true);
  assert.equal(linearizable(history({ ...writes, at: 1, end: 9 }, reads(is('a'), null)), [null, null]).ok, false);
  assert.equal(linearizable(history({ ...writes, outcome: 'maybe' }, reads(is('a'), null)), [null, null]).ok, false);
});

test('the search gives up when it may look at too little', () => {
  const many = Array.from({ length: 12 }, (_, at) => ({ ...put(`v${at}`), at: at + 1, end: 100 + at }));
  assert.equal(linearizable(history(...many, { ...read(is('none')), at: 50, end: 300 }), [null], 1000).ok, undefined);
});

// ---- graph: keys x and y, which begin as x0 and y0 ----

const initial = [{ v: 'x0', trail: [] }, { v: 'y0', trail: [] }];
const KEYS = { x: 0, y: 1 };
const state = (values) => ({ v: values[0], trail: [...values.slice(1), '', ''] });
// sees('x1 x0', 'y0'): newest first, which says the key.
const sees = (...items) => ({ parts: items.map((text) => ({ key: KEYS[text[0]], do: 'read', saw: state(text.split(' ')) })) });
const sets = (...values) => values.map((value) => ({ key: KEYS[value[0]], do: 'update', value }));
const checks = (value) => ({ key: KEYS[value[0]], do: 'check', expect: value });
// Operations under way all at once, before a last read of everything.
const together = (...operations) => operations.map((operation, at) => ({ at: at + 1, end: 1000 + at, ...operation }));
const then = (last) => ({ ...last, at: 3000, end: 3001 });

const GRAPH = [
  ['transactions one behind the other', null, [{ parts: sets('x1', 'y1') }, sees('x1 x0', 'y1 y0'), { parts: [checks('x1'), ...sets('y2')] }, sees('x1 x0', 'y2 y1 y0')]],
  ['reads of either side of a write under way', null, [...together({ parts: sets('x1', 'y1') }, sees('x0', 'y0'), sees('x1 x0', 'y1 y0')), then(sees('x1 x0', 'y1 y0'))]],
  ['a fractured read', 'fractured read', [...together({ parts: sets('x1', 'y1') }, sees('x1 x0', 'y0')), then(sees('x1 x0', 'y1 y0'))]],
  ['write skew', 'write skew', [...together({ parts: [checks('y0'), ...sets('x1')] }, { parts: [checks('x0'), ...sets('y1')] }), then(sees('x1 x0', 'y1 y0'))]],
  ['a lost update', 'lost update', [...together({ parts: [{ key: 0, do: 'put', value: 'x1', expect: 'x0' }] }, { parts: [{ key: 0, do: 'put', value: 'x2', expect: 'x0' }] }), then(sees('x2 x0', 'y0'))]],
  ['a write that is gone', 'lost write', [{ parts: sets('x1') }, sees('x0', 'y0')]],
  ['a stale read', 'stale read', [{ parts: sets('x1') }, sees('x0'), sees('x1 x0', 'y0')]],
  ['a non-monotonic read', 'stale read', [{ parts: sets('x1'), at: 1, end: 100 }, { ...sees('x1 x0'), at: 2, end: 3 }, { ...sees('x0'), at: 4, end: 5 }, then(sees('x1 x0', 'y0'))]],
  ['a dirty read', 'dirty read', [{ parts: sets('x1'), outcome: 'maybe' }, { ...sees('x1 x0') }, sees('x0', 'y0')]],
  ['a read of a write that failed', 'aborted read', [{ parts: sets('x1'), outcome: 'false' }, sees('x1 x0'), sees('x1 x0', 'y0')]],
  ['a value from nowhere', 'garbage read', [sees('x9 x0'), sees('x9 x0', 'y0')]],
  ['two orders of the same versions', 'contradicting versions', [{ parts: sets('x1') }, { parts: sets('x2') }, sees('x2 x1 x0'), sees('x2 x0', 'y0')]],
  ['writes in another order than they were asked in', 'write out of order', [{ parts: sets('x1') }, { parts: sets('x2') }, sees('x1 x2 x0', 'y0')]],
  ['transactions that read from each other', 'circular information flow',
    [...together({ parts: [...sets('x1'), { key: 1, do: 'read', saw: state(['y1', 'y0']) }] }, { parts: [...sets('y1'), { key: 0, do: 'read', saw: state(['x1', 'x0']) }] }), then(sees('x1 x0', 'y1 y0'))]],
  ['transactions whose writes cross', 'circular writes', [...together({ parts: sets('x1', 'y1') }, { parts: sets('x2', 'y2') }), then(sees('x2 x1 x0', 'y1 y2 y0'))]],
  ['half a transaction without answer', 'half a transaction', [{ parts: sets('x1', 'y1'), outcome: 'maybe' }, sees('x1 x0', 'y0')]],
  ['a transaction without answer that happened', null, [{ parts: sets('x1', 'y1'), outcome: 'maybe' }, sees('x1 x0', 'y1 y0')]],
  ['a transaction without answer that did not', null, [{ parts: sets('x1', 'y1'), outcome: 'maybe' }, sees('x0', 'y0')]],
];

for (const [name, anomaly, operations] of GRAPH)
  test(`the graph ${anomaly ? 'shows' : 'accepts'} ${name}`, () => {
    const verdict = serializable(history(...operations), initial);
    assert.equal(verdict.anomaly ?? null, anomaly, verdict.detail);
  });
