// What a run found: kinds of differences, each with its first example, and figures as it goes on.

import { appendFileSync } from 'node:fs';
import { bare } from './compare.mjs';
import { explained, known } from './known.mjs';
import { isOpen, signature, witnesses } from './lane.mjs';
import { shrunk } from './shrink.mjs';

const KINDS_MAX = 800; // further kinds are counted without an example
const FAULTS_MAX = 100;

const isDissent = (peers) => peers.some((peer) => peer?.same);
const sum = (counts) => [...counts].reduce((total, count) => total + count, 0);

export class Report {
  constructor(log) {
    this.log = log;
    this.groups = new Map(); // by signature: { key, count, found, sequence, made, dissent }
    this.known = new Map(); // rows of known.mjs and how often each was needed
    this.compared = new Map(); // answers held against Stator's, by peer
    this.faults = [];
    this.faultCount = 0;
    this.beyond = 0;
    this.requests = 0;
    this.sequences = 0;
  }

  say(text) {
    process.stdout.write(`${text}\n`);
    if (this.log) appendFileSync(this.log, `${text}\n`);
  }

  fault(text) {
    this.faultCount++;
    if (this.faults.length < FAULTS_MAX) { this.faults.push(text); this.say(`FAULT ${text}`); }
  }

  // What a lane brought of sequence number `at`.
  add(at, made, outcome) {
    this.requests += outcome.asked;
    this.sequences++;
    for (const [name, count] of outcome.compared) this.compared.set(name, (this.compared.get(name) ?? 0) + count);
    for (const { at: which, why } of outcome.faults)
      this.fault(`sequence ${at}, request ${which}: ${why}: ${JSON.stringify(made.requests[which]).slice(0, 600)}`);
    for (const found of outcome.found) this.note(found, at, made);
  }

  note(found, at, made) {
    if (found.lost) { this.fault(`sequence ${at}, request ${found.at}: ${found.ours}: ${JSON.stringify(made.requests[found.at]).slice(0, 600)}`); return; }
    const rows = found.peers.map((peer) => peer && !peer.same && explained(found, peer));
    const folds = found.peers.flatMap((peer) => peer?.folds ?? []);
    for (const row of [...rows, ...folds]) if (row) this.known.set(row, (this.known.get(row) ?? 0) + 1);
    const peers = found.peers.map((peer, which) => (rows[which] ? undefined : peer));
    if (!peers.some((peer) => peer && !peer.same)) return;
    const key = signature({ ...found, peers });
    const group = this.groups.get(key);
    if (group) group.count++;
    else if (this.groups.size >= KINDS_MAX) this.beyond++;
    else this.groups.set(key, { key, count: 1, found, sequence: at, made, dissent: isDissent(peers) });
  }

  // A peer that is out of one sequence may have agreed with Stator in another.
  witnessed(group) {
    const [, ours, ...theirs] = group.key.split('\n    ');
    return this.dissents().some((other) => {
      const [, own, ...said] = other.key.split('\n    ');
      return own === ours && said.every((text, which) => text === theirs[which] || (theirs[which] === '-' && text === '='));
    });
  }

  open() {
    return [...this.groups.values()].filter((group) => !group.dissent && !this.witnessed(group)).sort((left, right) => right.count - left.count);
  }

  dissents() {
    return [...this.groups.values()].filter((group) => group.dissent).sort((left, right) => right.count - left.count);
  }

  // ---- figures ----

  progress(seconds, servers) {
    const compared = [...this.compared].map(([name, count]) => `${name} ${count}`).join(', ');
    const memory = servers.map((server) => `${server.name} ${server.megabytes()}`).join(', ');
    this.say(`${Math.round(seconds)} s: ${this.requests} requests (${Math.round(this.requests / seconds)} a second)${compared ? `, compared with ${compared}` : ''}; ` +
      `${this.open().length} kinds unexplained, ${this.faultCount} faults; MB: this ${Math.round(process.memoryUsage().rss / 1048576)}, ${memory}`);
  }

  knownRows() {
    for (const row of known) if (this.known.get(row)) this.say(`${String(this.known.get(row)).padStart(7)} known, ${row.right} is right: ${row.why}`);
  }

  summary(seed, seconds, peers) {
    const restarts = sum(peers.flatMap((peer) => peer.servers).map((server) => server.starts - 1));
    const compared = [...this.compared].map(([name, count]) => `, ${count} compared with ${name}`).join('');
    this.say(`\nseed ${seed}: ${this.requests} requests in ${this.sequences} sequences${compared}; ${seconds.toFixed(1)} s (${Math.round(this.requests / seconds)} a second)`);
    this.say(`${sum(this.known.values())} known differences, ${sum(this.dissents().map((group) => group.count))} dissents of ${this.dissents().length} kinds, ` +
      `${sum(this.open().map((group) => group.count)) + this.beyond} unexplained of ${this.open().length} kinds; ${this.faultCount} faults of Stator, peers ended ${restarts} times`);
  }

  // ---- examples ----

  show(group, peers) {
    const made = group.small ?? { ...group.made, requests: group.made.requests.slice(0, group.found.at + 1) };
    const last = group.last ?? group.found;
    this.say(`\n${group.count} × ${group.dissent ? 'dissent: ' : ''}${group.key}\n  sequence ${group.sequence}, request ${group.found.at}`);
    for (const { KeySchema, AttributeDefinitions } of made.tables)
      this.say(`  table ${KeySchema.map((part) => part.AttributeName).join('+')} ${AttributeDefinitions.map((row) => `${row.AttributeName}:${row.AttributeType}`).join(' ')}`);
    for (const [operation, request] of made.requests.slice(-5)) this.say(`  ${operation} ${JSON.stringify(request).slice(0, 1500)}`);
    ['stator', ...peers.map((peer) => peer.name)].forEach((name, which) => {
      const answer = last.answers?.[which];
      this.say(`  ${name.padEnd(9)} ${answer?.status ?? ''} ${(answer?.body ?? answer?.lost ?? 'not asked').slice(0, 700)}`);
    });
  }

  // A peer that was out of the sequence may agree with Stator about the request alone.
  async alone(group, run) {
    const { requests } = group.made;
    const candidate = { ...group.made, requests: [requests[group.found.at]] };
    const { found: [only] } = await run(candidate);
    if (!only || only.lost || bare(only.ours) !== bare(group.found.ours)) return;
    group.dissent = !isOpen(only) && (isDissent(witnesses(only)) || !witnesses(only).some((peer) => peer));
    if (group.dissent) { group.last = only; group.small = candidate; }
  }

  // In the smallest sequence a peer may answer that was out of the larger one.
  async settle(group, run) {
    const shows = async (candidate) => {
      const { found } = await run(candidate);
      const last = found.find((one) => one.at === candidate.requests.length - 1);
      if (!last || last.lost || !alike(last, group.found)) return false;
      group.last = last;
      return true;
    };
    group.small = await shrunk(group.made, group.found.at, shows);
    if (group.last && !isOpen(group.last)) group.dissent = isDissent(witnesses(group.last));
  }
}

// Stator says the same, and a peer that differed then differs in the same way now.
function alike(found, first) {
  if (found.operation !== first.operation || bare(found.ours) !== bare(first.ours)) return false;
  const now = witnesses(found);
  return witnesses(first).every((peer, at) => !peer || peer.same || (now[at] && !now[at].same &&
    bare(now[at].theirs) === bare(peer.theirs) && now[at].where === peer.where));
}
