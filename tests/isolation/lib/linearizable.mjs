// Whether a history has an order that explains it: one operation after the other, each in its moment
// between being asked and being answered. That is linearisability of the whole set of keys, which is
// strict serialisability of its transactions; for operations on one key each, keys can be judged apart.
//
// The search goes through the history's events and keeps all *configurations* that could be true: the
// state of the keys, and which of the operations under way have happened. (Lowe's just-in-time form of
// Wing and Gong's search; equal configurations are kept once.) When an operation is answered, each
// configuration in which it has not happened yet is continued in all ways that make it happen; if none is
// left, no order explains the history. Two things keep that small: what an operation was told must fit
// the state in which it happens, and what writes nothing happens as soon as it fits, which never harms.
//
// An operation: { id, at, end, outcome, parts }, at and end from one counter. A part names a key and what
// it does there:
//   do      read, put, update (as put, but `add` is added to the number), delete, check
//   value   of put and update: unique
//   number  of put; `add` of update
//   expect  the condition: the value that is there (null: nothing is there); undefined: none
//   saw     the state before, became the state after, as far as the client was told
//   failed  its condition was reported false
// A state is null or { v, n }. Outcomes: ok (all parts happened), false (none, for a condition was false),
// maybe (no answer: happened before `end`, or never); what was refused is not in a history.

const same = (left, right) => left === right || (left !== null && right !== null && left.v === right.v && left.n === right.n);
const holds = (part, state) => part.expect === undefined || (part.expect === null ? state === null : state !== null && state.v === part.expect);

function after(part, state) {
  switch (part.do) {
    case 'put': return { v: part.value, n: part.number };
    case 'update': return { v: part.value, n: (state?.n ?? 0) + part.add };
    case 'delete': return null;
    default: return state;
  }
}

// The states behind the operation; undefined when it can't have happened here.
export function step(operation, states) {
  let changed;
  let someFalse = false;
  for (const part of operation.parts) {
    const state = states[part.key];
    const true_ = holds(part, state);
    if (part.saw !== undefined && !same(part.saw, state)) return undefined;
    if (part.failed && true_) return undefined;
    someFalse ||= !true_;
    if (operation.outcome === 'false') continue;
    if (!true_) return undefined;
    const next = after(part, state);
    if (part.became !== undefined && !same(part.became, next)) return undefined;
    if (next !== state) (changed ??= [...states])[part.key] = next;
  }
  if (operation.outcome === 'false') return someFalse ? states : undefined;
  return changed ?? states;
}

const writes = (operation) => operation.outcome !== 'false' && operation.parts.some((part) => ['put', 'update', 'delete'].includes(part.do));
const keyOf = ({ states, done }) => `${done}/${states.map((state) => (state ? `${state.v}:${state.n}` : '')).join()}`;

class Search {
  constructor(initial, budget) {
    this.slots = []; // operations under way, by bit
    this.budget = budget;
    this.configurations = [{ states: initial, done: 0n }];
  }

  open(operation) {
    let slot = this.slots.indexOf(undefined);
    if (slot < 0) slot = this.slots.length;
    this.slots[slot] = operation;
    operation.slot = slot;
  }

  // Everything that writes nothing and fits happens now.
  settled({ states, done }) {
    for (const operation of this.slots) {
      if (!operation || operation.outcome === 'maybe' || writes(operation) || done & (1n << BigInt(operation.slot))) continue;
      if (step(operation, states) !== undefined) done |= 1n << BigInt(operation.slot);
    }
    return { states, done };
  }

  // All configurations that follow from these, in which `wanted` has happened; `wanted` that is a maybe
  // need not have.
  answer(wanted) {
    const bit = 1n << BigInt(wanted.slot);
    const seen = new Set();
    const kept = new Map();
    const open = this.configurations.map((each) => this.settled(each));
    while (open.length) {
      const configuration = open.pop();
      const name = keyOf(configuration);
      if (seen.has(name)) continue;
      seen.add(name);
      if (--this.budget < 0) return undefined;
      const happened = (configuration.done & bit) !== 0n;
      if (happened || wanted.outcome === 'maybe') {
        const freed = { states: configuration.states, done: configuration.done & ~bit };
        kept.set(keyOf(freed), freed);
        if (happened) continue;
      }
      for (const operation of this.slots) {
        if (!operation || configuration.done & (1n << BigInt(operation.slot)) || !writes(operation)) continue;
        const states = step(operation, configuration.states);
        if (states === undefined || (operation.outcome === 'maybe' && states === configuration.states)) continue;
        open.push(this.settled({ states, done: configuration.done | (1n << BigInt(operation.slot)) }));
      }
    }
    this.slots[wanted.slot] = undefined;
    return [...kept.values()];
  }
}

// { ok: true }, { ok: false, at: the operation that cannot be explained, states: those that were possible
// before } or { ok: undefined } when the budget of configurations did not suffice.
export function linearizable(operations, initial, budget = 3000000) {
  const events = operations.flatMap((operation) => [{ time: operation.at, operation }, { time: operation.end ?? Infinity, operation, answer: true }]);
  events.sort((left, right) => (left.time === right.time ? 0 : left.time - right.time));
  const search = new Search(initial, budget);
  let widest = 1;
  for (const { operation, answer } of events) {
    if (!answer) {
      search.open(operation);
      continue;
    }
    const before = search.configurations;
    const next = search.answer(operation);
    if (next === undefined) return { ok: undefined, widest };
    if (next.length === 0) return { ok: false, at: operation, states: before.slice(0, 5).map(({ states }) => states), widest };
    widest = Math.max(widest, next.length);
    search.configurations = next;
  }
  return { ok: true, widest };
}

// Operations on one key each: key by key. The first key that cannot be explained.
export function linearizableByKey(operations, initial) {
  let widest = 1;
  for (const key of initial.keys()) {
    const here = operations.filter(({ parts }) => parts[0].key === key);
    if (here.some(({ parts }) => parts.length !== 1)) throw new Error('an operation on several keys');
    const result = linearizable(here.map((operation) => ({ ...operation, parts: [{ ...operation.parts[0], key: 0 }] })), [initial[key]]);
    widest = Math.max(widest, result.widest);
    if (!result.ok) return { ...result, key, widest };
  }
  return { ok: true, widest };
}
