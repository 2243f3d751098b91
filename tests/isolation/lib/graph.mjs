// Whether the dependencies of a history's transactions, and the times at which they were asked and
// answered, go round in a circle: then there is no serial order (Adya's anomalies, found as Elle does).
//
// Every write writes a value of its own, and an item carries the values that were there before it (its
// trail), so the order of each key's versions can be read off what clients saw; nothing is searched.
// Edges from one operation to one that must come later:
//   ww  it wrote the version before          wr  it wrote the version that was read
//   rw  it read the version before the write rt  it was answered before the other was asked
//
// Operations as in linearizable.mjs, but a state is { v, trail: [value before, …] }, items are always
// there, and the last operation reads all keys.

const observations = (operation) => operation.parts.flatMap((part) => [part.saw, part.became].filter(Boolean).map((state) => ({ key: part.key, state })));

class Anomaly extends Error {
  constructor(name, detail) {
    super(`${name}: ${detail}`);
    this.anomaly = name;
  }
}

// ---- versions ----

// By key: value → the value before it.
function predecessors(operations, keys) {
  const before = Array.from({ length: keys }, () => new Map());
  const after = Array.from({ length: keys }, () => new Map());
  const link = (key, value, older, operation) => {
    const known = before[key].get(value);
    if (known !== undefined && known !== older) throw new Anomaly('contradicting versions', `before ${value} of key ${key} came ${known} and ${older} (operation ${operation.id})`);
    const other = after[key].get(older);
    if (other !== undefined && other !== value) throw new Anomaly('lost update', `both ${other} and ${value} of key ${key} replaced ${older} (operation ${operation.id})`);
    before[key].set(value, older);
    after[key].set(older, value);
  };
  for (const operation of operations) {
    for (const { key, state } of observations(operation)) {
      const values = [state.v, ...state.trail];
      for (let at = 0; at + 1 < values.length && values[at + 1] !== ''; at++) link(key, values[at], values[at + 1], operation);
    }
    if (operation.outcome !== 'ok') continue;
    for (const { key, do: what, value, expect } of operation.parts) if (what === 'put' && expect !== undefined) link(key, value, expect, operation);
  }
  return before;
}

// The versions of each key, oldest first.
function versions(operations, initial) {
  const before = predecessors(operations, initial.length);
  const last = operations.at(-1);
  return initial.map((first, key) => {
    const chain = [];
    for (let value = last.parts.find((part) => part.key === key).saw.v; ; value = before[key].get(value)) {
      if (value === undefined) throw new Anomaly('unknown version', `key ${key}: what came before ${chain.at(-1)} was never seen`);
      chain.push(value);
      if (value === first.v) return chain.reverse();
    }
  });
}

function checkValues(operations, chains, initial) {
  const writers = new Map(initial.map(({ v }, key) => [`${key}/${v}`, null]));
  for (const operation of operations)
    for (const { key, value } of operation.parts) if (value !== undefined) writers.set(`${key}/${value}`, operation);
  const inOrder = chains.map((chain) => new Set(chain));
  for (const operation of operations) {
    for (const { key, state: { v } } of observations(operation)) {
      const writer = writers.get(`${key}/${v}`);
      if (writer === undefined) throw new Anomaly('garbage read', `${v} of key ${key} was never written (operation ${operation.id})`);
      if (writer?.outcome === 'false') throw new Anomaly('aborted read', `operation ${operation.id} read ${v} of key ${key}, whose writer ${writer.id} failed`);
      if (!inOrder[key].has(v)) throw new Anomaly('dirty read', `operation ${operation.id} read ${v} of key ${key}, which is no version of it`);
    }
    for (const { key, value } of operation.outcome === 'ok' ? operation.parts : [])
      if (value !== undefined && !inOrder[key].has(value)) throw new Anomaly('lost write', `${value} of key ${key}, acknowledged (operation ${operation.id}), is no version of it`);
  }
  for (const operation of operations.filter(({ outcome }) => outcome === 'maybe')) {
    const happened = operation.parts.filter(({ value }) => value !== undefined).map(({ key, value }) => inOrder[key].has(value));
    if (happened.includes(true) && happened.includes(false)) throw new Anomaly('half a transaction', `operation ${operation.id}, which got no answer, happened to some of its keys`);
  }
  return writers;
}

// ---- edges ----

class Graph {
  constructor(size) {
    this.edges = Array.from({ length: size }, () => []);
  }

  add(from, to, kind) {
    if (from !== to) this.edges[from].push({ to, kind });
  }

  // A node more.
  node() {
    return this.edges.push([]) - 1;
  }
}

// The version that a part read, which may be the one that it replaced.
function versionRead(operation, part) {
  if (part.saw) return part.saw.v;
  if (operation.outcome === 'ok' && part.expect !== undefined) return part.expect;
  return part.became?.trail[0];
}

function dependencies(graph, operations, chains, writers) {
  const position = chains.map((chain) => new Map(chain.map((value, at) => [value, at])));
  const writerAt = (key, at) => writers.get(`${key}/${chains[key][at]}`);
  for (const [key, chain] of chains.entries())
    for (let at = 1; at < chain.length; at++) {
      const [from, to] = [writerAt(key, at - 1), writerAt(key, at)];
      if (from) graph.add(from.node, to.node, 'ww');
    }
  for (const operation of operations) {
    for (const part of operation.parts) {
      const read = versionRead(operation, part);
      if (read === undefined) continue;
      const at = position[part.key].get(read);
      const [from, to] = [writerAt(part.key, at), writerAt(part.key, at + 1)];
      if (from) graph.add(from.node, operation.node, 'wr');
      if (to) graph.add(operation.node, to.node, 'rw');
    }
  }
}

// A node for each answer, one behind the other, stands for the edges from all that were answered to all
// that were asked later.
function realTime(graph, operations) {
  const events = operations.flatMap((operation) => [{ time: operation.at, operation }, ...(operation.end === undefined ? [] : [{ time: operation.end, operation, answer: true }])]);
  events.sort((left, right) => left.time - right.time);
  let latest;
  for (const { operation, answer } of events) {
    if (!answer) {
      if (latest !== undefined) graph.add(latest, operation.node, 'rt');
      continue;
    }
    const now = graph.node();
    if (latest !== undefined) graph.add(latest, now, 'rt');
    graph.add(operation.node, now, 'rt');
    latest = now;
  }
}

// ---- circles ----

// What is left when nodes without a way in, or out, are taken away again and again: circles, and ways between them.
function knots(graph) {
  const into = new Array(graph.edges.length).fill(0);
  for (const edges of graph.edges) for (const { to } of edges) into[to]++;
  const open = [...into.keys()].filter((node) => into[node] === 0);
  const gone = new Array(graph.edges.length).fill(false);
  while (open.length) {
    const node = open.pop();
    gone[node] = true;
    for (const { to } of graph.edges[node]) if (--into[to] === 0) open.push(to);
  }
  return [...into.keys()].filter((node) => !gone[node]);
}

// The shortest circle through the node, as edges; breadth first.
function circle(graph, start) {
  const from = new Map();
  const open = [start];
  for (let at = 0; at < open.length; at++) {
    for (const edge of graph.edges[open[at]]) {
      if (edge.to === start) {
        const way = [{ from: open[at], ...edge }];
        while (way[0].from !== start) way.unshift(from.get(way[0].from));
        return way;
      }
      if (from.has(edge.to)) continue;
      from.set(edge.to, { from: open[at], ...edge });
      open.push(edge.to);
    }
  }
  return undefined;
}

function shortest(graph) {
  let best;
  for (const node of knots(graph).slice(0, 200)) {
    const found = circle(graph, node);
    if (found && (!best || found.length < best.length)) best = found;
  }
  return best;
}

function nameOf(edges) {
  const kinds = edges.map(({ kind }) => kind);
  const reads = kinds.filter((kind) => kind === 'rw').length;
  if (kinds.includes('rt')) return reads ? 'stale read' : 'write out of order';
  if (reads >= 2) return 'write skew';
  if (reads === 1) return 'fractured read';
  return kinds.includes('wr') ? 'circular information flow' : 'circular writes';
}

function told(edges, operations) {
  return edges.filter(({ from, to }) => from < operations.length || to < operations.length)
    .map(({ from, to, kind }) => `${operations[from] ? `${operations[from].id} ` : ''}-${kind}→ ${operations[to]?.id ?? ''}`).join(' ');
}

// { ok: true } or { ok: false, anomaly, detail }.
export function serializable(operations, initial) {
  try {
    const chains = versions(operations, initial);
    const writers = checkValues(operations, chains, initial);
    const happened = operations.filter(({ outcome, parts }) => outcome !== 'maybe'
      || parts.some(({ key, value }) => value !== undefined && chains[key].includes(value)));
    happened.forEach((operation, node) => { operation.node = node; });
    const graph = new Graph(happened.length);
    dependencies(graph, happened, chains, writers);
    realTime(graph, happened);
    const found = shortest(graph);
    if (found) throw new Anomaly(nameOf(found), told(found, happened));
    return { ok: true, versions: chains.reduce((sum, chain) => sum + chain.length, 0) };
  } catch (error) {
    if (!(error instanceof Anomaly)) throw error;
    return { ok: false, anomaly: error.anomaly, detail: error.message };
  }
}
