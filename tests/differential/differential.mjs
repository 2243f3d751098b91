#!/usr/bin/env node
// Sends the same seeded sequences of requests to Stator and to its peers and reports where the
// answers differ, each kind once and as small as it gets. Whoever is asked, Stator's answers must
// be well formed and agree with each other (consistent.mjs).
//
//   differential.mjs [--seed N] [--count N] [--minutes N] [--only Operation,…] [--sequence N]
//                    [--peers DIR] [--with dynalite,… | --alone] [--every N] [--processes N] [--lanes N]
//                    [--log FILE] [--smallest N] [--quiet-known] [--dissent]
//
// --count is requests to Stator. --every N spares the slow peer (dynalite): it is asked for each Nth
// sequence, and for those in which another peer differs and nothing explains it. A difference is
// known (known.mjs says why), or a dissent (a peer answers as Stator does, another alone does not;
// --dissent shows them), or unexplained. The --smallest N commonest kinds are made small before they
// are shown. The exit code is 1 when a difference is unexplained, or an answer of Stator is faulty
// or missing. SIGINT and SIGTERM end a run early, with its report.

import process from 'node:process';
import { parseArgs } from 'node:util';
import { operations, sequence } from './generate.mjs';
import { Lane } from './lane.mjs';
import { Report } from './report.mjs';
import { peersFolder, peersIn, stator } from './servers.mjs';

const PROGRESS_MS = 30000;

const { values: options } = parseArgs({ options: {
  seed: { type: 'string', default: '1' }, count: { type: 'string', default: '20000' }, minutes: { type: 'string', default: '0' },
  only: { type: 'string' }, sequence: { type: 'string' }, peers: { type: 'string', default: peersFolder }, with: { type: 'string' },
  alone: { type: 'boolean', default: false }, every: { type: 'string', default: '1' }, processes: { type: 'string', default: '2' },
  lanes: { type: 'string', default: '32' }, log: { type: 'string' }, smallest: { type: 'string', default: '40' },
  'quiet-known': { type: 'boolean', default: false }, dissent: { type: 'boolean', default: false },
} });
const seed = Number(options.seed);
const every = Number(options.every);
const only = options.only?.split(',');
for (const name of only ?? []) if (!operations.includes(name)) throw new Error(`${name} is none of ${operations.join(', ')}`);

const peers = options.alone ? [] : peersIn(options.peers, options.with?.split(','), Number(options.processes));
const own = stator();
const servers = [own, ...peers.flatMap((peer) => peer.servers)];
const report = new Report(options.log);
let stopping = false;

// A peer that died is started again; Stator, too, but that is a fault.
async function revive() {
  for (const server of servers) {
    if (!server.ended) continue;
    const text = `${server.name} ended (${server.ended}): ${server.log.slice(-600)}`;
    if (!server.reviving) { if (server === own) report.fault(text); else report.say(text); }
    await server.revive();
  }
}

async function runLane(number, next) {
  const lane = new Lane(own, peers, number);
  for (let at = next(); at !== undefined; at = next()) {
    const made = sequence(seed, at, only);
    report.add(at, made, await lane.run(made, every > 1 && at % every !== 0));
    await revive();
  }
}

function sequenceNumbers() {
  let at = options.sequence ? Number(options.sequence) : 0;
  const limit = Number(options.minutes) ? Date.now() + Number(options.minutes) * 60000 : Infinity;
  if (options.sequence) return () => (at === Number(options.sequence) ? at++ : undefined);
  return () => (!stopping && report.requests < Number(options.count) && Date.now() < limit ? at++ : undefined);
}

async function settle() {
  const lane = new Lane(own, peers, 0);
  const run = async (candidate) => {
    const outcome = await lane.run(candidate);
    await revive();
    return outcome;
  };
  for (const group of report.open()) if (!stopping) await report.alone(group, run);
  const rows = [...report.open(), ...(options.dissent ? report.dissents() : [])];
  for (const group of rows.slice(0, Number(options.smallest))) if (!stopping) await report.settle(group, run);
  for (const group of rows) if (options.dissent || !group.dissent) report.show(group, peers);
}

async function main() {
  await Promise.all(servers.map((server) => server.start()));
  const began = Date.now();
  const seconds = () => (Date.now() - began) / 1000;
  report.say(`seed ${seed}: ${options.count} requests to ${servers.map((server) => server.name).join(', ')}`);
  const timer = setInterval(() => report.progress(seconds(), servers), PROGRESS_MS);
  const next = sequenceNumbers();
  try {
    await Promise.all(Array.from({ length: Number(options.lanes) }, (_, number) => runLane(number, next)));
  } catch (error) { // of the tester itself; what was found until then is still worth a report
    report.fault(error.stack);
    stopping = true;
  }
  clearInterval(timer);
  const taken = seconds();
  report.progress(taken, servers);
  await settle();
  if (!options['quiet-known']) report.knownRows();
  report.summary(seed, taken, peers);
  return report.open().length || report.beyond || report.faultCount ? 1 : 0;
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { stopping = true; });

let code = 1;
try {
  code = await main();
} finally {
  await Promise.all(servers.map((server) => server.stop()));
}
process.exit(code);
