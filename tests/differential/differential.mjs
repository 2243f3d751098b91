#!/usr/bin/env node
// Sends the same seeded sequences of requests to Stator and to its peers and reports where the
// answers differ, each kind once and as small as it gets.
//
//   differential.mjs [--seed N] [--count N] [--only Operation,…] [--peers DIR] [--with dynalite,…]
//                    [--lanes N] [--sequence N] [--quiet-known] [--dissent]
//
// --count is requests a server. A difference is known (known.mjs says why), or a dissent (a peer
// answers as Stator does, another alone does not; --dissent shows them), or unexplained. The exit
// code is 1 when one is unexplained, or when Stator ended or left a request without an answer.

import process from 'node:process';
import { parseArgs } from 'node:util';
import { operations, sequence } from './generate.mjs';
import { bare } from './compare.mjs';
import { explained, known } from './known.mjs';
import { Lane, signature } from './lane.mjs';
import { peersFolder, peersIn, stator } from './servers.mjs';
import { shrunk } from './shrink.mjs';

const { values: options } = parseArgs({ options: {
  seed: { type: 'string', default: '1' }, count: { type: 'string', default: '20000' }, only: { type: 'string' },
  peers: { type: 'string', default: peersFolder }, with: { type: 'string' }, lanes: { type: 'string', default: '6' },
  sequence: { type: 'string' }, 'quiet-known': { type: 'boolean', default: false }, dissent: { type: 'boolean', default: false },
} });
const seed = Number(options.seed);
const only = options.only?.split(',');
for (const name of only ?? []) if (!operations.includes(name)) throw new Error(`${name} is none of ${operations.join(', ')}`);

const peers = peersIn(options.peers, options.with?.split(','));
const servers = [stator(), ...peers];
const groups = new Map(); // by signature: { count, found, sequence, explained }
const knownCounts = new Map();
const totals = { requests: 0, sequences: 0, restarts: 0, ourEnds: 0 };

// The peers of a difference, those whose difference is explained left out: they are no witnesses.
function witnesses(found) {
  return found.peers.map((peer) => (peer && !peer.same && explained(found, peer) ? undefined : peer));
}

const isDissent = (peers) => peers.some((peer) => peer?.same);

function note(found, at, made) {
  if (found.lost) { console.log(`stator, sequence ${at}, request ${found.at}: ${found.ours}`); totals.ourEnds++; return; }
  const rows = found.peers.map((peer) => peer && !peer.same && explained(found, peer));
  const folds = found.peers.flatMap((peer) => peer?.folds ?? []);
  for (const row of [...rows, ...folds]) if (row) knownCounts.set(row, (knownCounts.get(row) ?? 0) + 1);
  const peers = witnesses(found);
  if (!peers.some((peer) => peer && !peer.same)) return;
  const key = signature({ ...found, peers });
  const group = groups.get(key);
  if (group) group.count++;
  else groups.set(key, { key, count: 1, found, sequence: at, made, dissent: isDissent(peers) });
}

// A peer that died is started again; Stator, too, but that is a failure.
async function revive() {
  for (const server of servers) {
    if (!server.ended) continue;
    if (server === servers[0]) totals.ourEnds++;
    else totals.restarts++;
    console.log(`${server.name} ended (${server.ended}): ${server.log.slice(-600)}`);
    server.reviving ??= server.start().finally(() => { server.reviving = undefined; });
    await server.reviving;
  }
}

async function runLane(next) {
  const lane = new Lane(servers);
  for (let at = next(); at !== undefined; at = next()) {
    const made = sequence(seed, at, only);
    for (const found of await lane.differences(made)) note(found, at, made);
    totals.requests += made.requests.length;
    totals.sequences++;
    await revive();
  }
  lane.close();
}

// Shrinks what is left; in the smallest sequence a peer may answer that was out of the larger one.
async function settle(group, lane) {
  const shows = async (candidate) => {
    const all = await lane.differences(candidate);
    await revive();
    const last = all.find((found) => found.at === candidate.requests.length - 1);
    if (last && alike(last, group.found)) { group.last = last; return true; }
    return false;
  };
  group.small = await shrunk(group.made, group.found.at, shows);
  if (group.last) group.dissent = isDissent(witnesses(group.last));
}

// Stator says the same, and a peer that differed then differs in the same way now.
function alike(found, first) {
  if (found.operation !== first.operation || bare(found.ours) !== bare(first.ours)) return false;
  const now = witnesses(found);
  return witnesses(first).every((peer, at) => !peer || peer.same || (now[at] && !now[at].same &&
    bare(now[at].theirs) === bare(peer.theirs) && now[at].where === peer.where));
}

function show(group) {
  const made = group.small ?? { ...group.made, requests: group.made.requests.slice(0, group.found.at + 1) };
  const last = group.last ?? group.found;
  console.log(`\n${group.count} × ${group.dissent ? 'dissent: ' : ''}${group.key}\n  sequence ${group.sequence}, request ${group.found.at}`);
  for (const { KeySchema, AttributeDefinitions } of made.tables)
    console.log(`  table ${KeySchema.map((part) => part.AttributeName).join('+')} ${AttributeDefinitions.map((row) => `${row.AttributeName}:${row.AttributeType}`).join(' ')}`);
  for (const [operation, request] of made.requests.slice(-5)) console.log(`  ${operation} ${JSON.stringify(request).slice(0, 1500)}`);
  servers.forEach((server, which) => {
    const answer = last.answers?.[which];
    console.log(`  ${server.name.padEnd(9)} ${answer?.status ?? ''} ${(answer?.body ?? answer?.lost ?? 'not asked').slice(0, 700)}`);
  });
}

async function report() {
  const lane = new Lane(servers);
  const rows = [...groups.values()].sort((left, right) => right.count - left.count);
  for (const group of rows) if (!group.dissent || options.dissent) await settle(group, lane);
  lane.close();
  for (const group of rows) if (options.dissent || !group.dissent) show(group);
}

async function main() {
  await Promise.all(servers.map((server) => server.start()));
  const began = process.hrtime.bigint();
  let at = options.sequence ? Number(options.sequence) : 0;
  const next = () => {
    if (options.sequence) return at === Number(options.sequence) ? at++ : undefined;
    return totals.requests < Number(options.count) ? at++ : undefined;
  };
  await Promise.all(Array.from({ length: Number(options.lanes) }, () => runLane(next)));
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  await report();
  if (!options['quiet-known']) {
    console.log('');
    for (const row of known) if (knownCounts.get(row)) console.log(`${String(knownCounts.get(row)).padStart(7)} known, ${row.right} is right: ${row.why}`);
  }
  const sum = (counts) => counts.reduce((total, count) => total + count, 0);
  const open = [...groups.values()].filter((group) => !group.dissent);
  const dissents = [...groups.values()].filter((group) => group.dissent);
  console.log(`\nseed ${seed}: ${totals.requests} requests to each of ${servers.map((server) => server.name).join(', ')} in ${totals.sequences} sequences, ` +
    `${seconds.toFixed(1)} s (${Math.round(totals.requests / seconds)} a second and server)`);
  console.log(`${sum([...knownCounts.values()])} known differences, ${sum(dissents.map((group) => group.count))} dissents of ${dissents.length} kinds, ` +
    `${sum(open.map((group) => group.count))} unexplained of ${open.length} kinds; Stator ended or kept silent ${totals.ourEnds} times, peers ended ${totals.restarts} times`);
  return open.length || totals.ourEnds ? 1 : 0;
}

let code = 1;
try {
  code = await main();
} finally {
  await Promise.all(servers.map((server) => server.stop()));
}
process.exit(code);
