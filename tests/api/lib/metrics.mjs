// The text form of Prometheus, read as strictly as its specification is written.

import assert from 'node:assert/strict';

const HELP = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)$/;
const TYPE = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$/;
const SERIES = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)+)\})? (-?\d+(?:\.\d+)?(?:e[-+]\d+)?)$/;

function labelsOf(text = '') {
  assert.ok(!text.endsWith(','), text);
  return Object.fromEntries([...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]));
}

function checkHistogram(name, all) {
  const groups = new Map();
  for (const { name: of, labels: { le, ...rest }, value } of all) {
    const key = JSON.stringify(rest);
    const group = groups.get(key) ?? groups.set(key, { buckets: [] }).get(key);
    if (of === `${name}_bucket`) group.buckets.push([le === '+Inf' ? Infinity : Number(le), value]);
    else group[of.slice(name.length + 1)] = value;
  }
  for (const { buckets, sum, count } of groups.values()) {
    assert.ok(sum >= 0);
    assert.equal(buckets.at(-1)[0], Infinity);
    assert.equal(buckets.at(-1)[1], count);
    buckets.reduce(([le, value], next) => {
      assert.ok(next[0] > le && next[1] >= value, `${name}: ${le} ${value}, then ${next}`);
      return next;
    }, [-1, 0]);
  }
}

// [{ name, type, help, series: [{ name, labels, value }] }]
export function parseMetrics(text) {
  const families = [];
  const seen = new Set();
  assert.ok(text.endsWith('\n'));
  const lines = text.slice(0, -1).split('\n');
  for (let at = 0; at < lines.length;) {
    const [, name, help] = HELP.exec(lines[at]) ?? assert.fail(`no HELP: ${lines[at]}`);
    const [, same, type] = TYPE.exec(lines[at + 1]) ?? assert.fail(`no TYPE: ${lines[at + 1]}`);
    assert.equal(same, name);
    assert.ok(!families.some((family) => family.name === name), `${name} stands twice`);
    const series = [];
    for (at += 2; at < lines.length && !lines[at].startsWith('#'); at++) {
      const [, of, labels, value] = SERIES.exec(lines[at]) ?? assert.fail(`no series: ${lines[at]}`);
      assert.ok(type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`].includes(of) : of === name, lines[at]);
      assert.ok(!seen.has(`${of}{${labels}}`), `twice: ${lines[at]}`);
      seen.add(`${of}{${labels}}`);
      series.push({ name: of, labels: labelsOf(labels), value: Number(value) });
    }
    if (type === 'histogram') checkHistogram(name, series);
    families.push({ name, type, help, series });
  }
  return families;
}

// A function of a series' name and labels (as `name{a="b"}`), 0 where there is none.
export async function readMetrics(endpoint) {
  const answer = await fetch(`${endpoint}/metrics`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  const families = parseMetrics(await answer.text());
  const values = new Map(families.flatMap(({ series }) => series.map(({ name, labels, value }) => {
    const inside = Object.entries(labels).map(([label, of]) => `${label}="${of}"`).join(',');
    return [inside ? `${name}{${inside}}` : name, value];
  })));
  return Object.assign((name) => values.get(name) ?? 0, { families });
}
