// Sequences of operations: one is generated and played on a new table; one that fails is made shorter
// and simpler as long as it still fails.

import { uniqueName, waitActive } from '../../api/lib/index.mjs';
import { Generator, chanceFrom } from './generator.mjs';
import { Difference, Player } from './play.mjs';
import { Table, createRequest } from './table.mjs';

export const SEQUENCE = 400; // operations; short enough to shrink, long enough to fill a table
const SHRINK_RUNS = 600;

export async function makeTable(client, owner) {
  const table = new Table(uniqueName('model'), owner);
  await client.call('CreateTable', createRequest(table.name));
  const db = { DescribeTable: (body) => client.call('DescribeTable', body) };
  await waitActive(db, table.name);
  return table;
}

// Plays what `operationAt(at, table)` answers until that is nothing, and then compares the sizes.
async function play(client, operationAt) {
  const table = await makeTable(client);
  const player = new Player(client, table);
  const played = [];
  try {
    for (let operation = operationAt(0, table); operation; operation = operationAt(played.length, table)) {
      played.push(operation);
      await player.play(operation);
    }
    await Player.compareSizes(client, [table]);
  } catch (error) {
    if (!(error instanceof Difference)) throw error;
    return { played, difference: error };
  } finally {
    await client.call('DeleteTable', { TableName: table.name });
  }
  return { played };
}

// One sequence in so many has large items in one partition, whose pages end by their bytes.
const LARGE_EVERY = 25;
const LARGE = { partitions: 1, sortKeys: 14, pad: 250000, padded: 2 };

// The sequence of a seed: { played, difference }.
export function playSeed(client, seed) {
  const large = chanceFrom(`shape of ${seed}`)(LARGE_EVERY) === 0;
  const length = large ? SEQUENCE / 4 : SEQUENCE;
  let generator;
  return play(client, (at, table) => {
    generator ??= new Generator(seed, table, large ? LARGE : {});
    return at < length ? generator.next() : undefined;
  });
}

export const replay = (client, operations) => play(client, (at) => operations[at]);

// ---- shrinking ----

const without = (list, at) => list.filter((_, index) => index !== at);

function* simplerLists(operation, name) {
  const list = operation[name];
  if (!Array.isArray(list) || list.length < 2) return;
  for (let at = 0; at < list.length; at++) yield { ...operation, [name]: without(list, at) };
}

function* simplerUpdates({ update, ...operation }) {
  for (const section of Object.keys(update ?? {})) {
    for (let at = 0; at < update[section].length; at++) {
      const { [section]: list, ...others } = update;
      const rest = without(list, at);
      const changed = rest.length ? { ...others, [section]: rest } : others;
      if (Object.keys(changed).length) yield { ...operation, update: changed };
    }
  }
}

function* simplerItems({ item, ...operation }) {
  for (const name of Object.keys(item ?? {})) {
    const { [name]: _, ...rest } = item;
    if (name !== 'p' && name !== 's') yield { ...operation, item: rest };
  }
}

function* simplerConditions(operation, name) {
  for (const inner of operation[name]?.of ?? []) if (inner.op) yield { ...operation, [name]: inner };
}

// The same operation with one thing less.
function* simpler(operation) {
  for (const name of ['condition', 'onFailure', 'filter', 'projection', 'returns', 'capacity', 'metrics', 'select', 'start', 'backward']) {
    if (operation[name] === undefined) continue;
    const { [name]: _, ...rest } = operation;
    yield rest;
  }
  for (const name of ['writes', 'keys', 'projection', 'limits']) yield* simplerLists(operation, name);
  for (const name of ['condition', 'filter']) yield* simplerConditions(operation, name);
  yield* simplerUpdates(operation);
  yield* simplerItems(operation);
  for (const [at, write] of (operation.writes ?? []).entries())
    for (const less of simplerItems(write)) yield { ...operation, writes: operation.writes.map((each, index) => (index === at ? less : each)) };
  if (operation.segments > 1) yield { ...operation, segments: operation.segments - 1 };
}

// `fails(operations)` answers the operations up to the one that failed, or nothing.
async function fewer(operations, fails) {
  let best = operations;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < best.length;) {
      const shorter = await fails([...best.slice(0, from), ...best.slice(from + size)]);
      if (shorter) best = shorter;
      else from += size;
    }
  }
  return best;
}

async function plainer(operations, fails) {
  let best = operations;
  for (let at = best.length - 1; at >= 0; at--) {
    for (let found = true; found;) {
      found = false;
      for (const one of simpler(best[at])) {
        const changed = await fails(best.map((each, index) => (index === at ? one : each)));
        if (changed?.length !== best.length) continue;
        best = changed;
        found = true;
        break;
      }
    }
  }
  return best;
}

// The shortest failing sequence that was found, with its difference.
export async function shrink(client, played, difference) {
  let last = difference;
  let runs = 0;
  const fails = async (operations) => {
    if (runs++ >= SHRINK_RUNS) return undefined;
    const result = await replay(client, operations);
    if (result.difference) last = result.difference;
    return result.difference ? result.played : undefined;
  };
  if (!await fails(played)) return { operations: played, difference, again: false };
  let operations = played;
  for (let length = Infinity; operations.length < length;) {
    length = operations.length;
    operations = await plainer(await fewer(operations, fails), fails);
  }
  return { operations, difference: last, again: true };
}

// What a person needs to see.
export function told({ operations, difference, again }, seed) {
  const lines = operations.slice(-40).map((operation) => `  ${JSON.stringify(operation)}`);
  return [`${difference.message}`, again ? `after ${operations.length} operations, the fewest that were found:` : 'not when played again; the last operations were:',
    ...lines, `again: make model SEED=${seed}`].join('\n');
}
