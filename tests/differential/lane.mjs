// A lane runs sequences on Stator and on its peers, one after the other, on tables of its own.

import { setTimeout as sleep } from 'node:timers/promises';
import { NoAnswer } from './wire.mjs';
import { bare, difference, judged } from './compare.mjs';
import { faultsOf } from './consistent.mjs';
import { explained, folded } from './known.mjs';

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems', 'ExecuteStatement', 'BatchExecuteStatement',
  'ExecuteTransaction']);

const TRIES = 3;

let tables = 0;

export class Lane {
  // `peers`: see servers.mjs; a peer of several processes gives one of them to a lane.
  constructor(stator, peers, number) {
    this.stator = stator;
    this.peers = peers;
    this.number = number;
    this.asked = new Map(); // requests to each server, those that make and drop tables, too
  }

  async ask(server, operation, text) {
    this.asked.set(server.name, (this.asked.get(server.name) ?? 0) + 1);
    try {
      return await server.connection(this.number).ask(operation, text);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      return { lost: error.message };
    }
  }

  async until(server, name, wanted) {
    for (let wait = 0; wait < 400; wait++) {
      const answer = await this.ask(server, 'DescribeTable', JSON.stringify({ TableName: name }));
      if (answer.lost || !answer.body) return; // what comes next tells
      const table = JSON.parse(answer.body).Table;
      const indexes = table?.GlobalSecondaryIndexes ?? [];
      if ((table?.TableStatus ?? 'none') === wanted && indexes.every((index) => index.IndexStatus === wanted)) return;
      await sleep(wait < 5 ? 0 : 5);
    }
  }

  drop(server, name) {
    return this.ask(server, 'DeleteTable', JSON.stringify({ TableName: name }));
  }

  // The answers of one server to a whole sequence, as far as it gave them.
  async answers(server, { tables: [table], requests }, texts, name) {
    if (table) {
      const made = await this.ask(server, 'CreateTable', JSON.stringify({ ...table, TableName: name }));
      if (made.status !== 200) return [{ lost: `no table: ${made.lost ?? made.body}` }];
      await this.until(server, name, 'ACTIVE');
    }
    const out = [];
    for (let at = 0; at < texts.length; at++) {
      const [operation] = requests[at];
      const cannot = server.cannot?.(texts[at]);
      const answer = cannot ? { unasked: true } : await this.ask(server, operation, texts[at]);
      out.push(answer);
      if (answer.lost) break;
      if (operation === 'CreateTable' && answer.status === 200) {
        const { TableName } = JSON.parse(texts[at]);
        await this.until(server, TableName, 'ACTIVE');
        await this.drop(server, TableName);
        await this.until(server, TableName, 'none'); // the name comes again
      }
    }
    if (table) await this.drop(server, name);
    return out;
  }

  // A peer's connection may be lost because of another lane: it is asked again, on another table.
  async patiently(server, sequence, texts, name) {
    let best = await this.answers(server, sequence, texts, name);
    for (let again = 0; again < TRIES && best.at(-1)?.lost; again++) {
      await server.revive();
      const other = `${name}r${again}`;
      const more = await this.answers(server, sequence, texts.map((text) => text.replaceAll(name, other)), other);
      for (const answer of more) if (answer.body) answer.body = answer.body.replaceAll(other, name);
      if (more.length >= best.length) best = more;
    }
    return best;
  }

  // What came of a sequence: { asked, found, faults, compared }. `sparing`: a slow peer is asked only
  // when another one differs from Stator and nothing explains that.
  async run(sequence, sparing = false) {
    const name = `T${String(tables++).padStart(8, '0')}`;
    const texts = sequence.requests.map(([, request]) => JSON.stringify(request).replaceAll('@1', name).replaceAll('@9', `${name}c`));
    const able = this.peers.filter((peer) => !sequence.requests.some(([operation]) => peer.lacks.has(operation)));
    const now = able.filter((peer) => !(sparing && peer.slow));
    const [ours, ...first] = await Promise.all([this.answers(this.stator, sequence, texts, name),
      ...now.map((peer) => this.patiently(peer.of(this.number), sequence, texts, name))]);
    const theirs = new Map(now.map((peer, at) => [peer, first[at]]));
    let outcome = this.compare(sequence, ours, theirs);
    const later = able.filter((peer) => !theirs.has(peer));
    if (later.length && outcome.found.some(isOpen)) {
      for (const peer of later) theirs.set(peer, await this.patiently(peer.of(this.number), sequence, texts, name));
      outcome = this.compare(sequence, ours, theirs);
    }
    return { ...outcome, asked: ours.length, faults: faultsOf(sequence, ours) };
  }

  // A peer that has taken a write otherwise than Stator is out of the rest of the sequence.
  compare(sequence, ours, theirs) {
    const out = new Set();
    const found = [];
    const compared = new Map();
    for (let at = 0; at < sequence.requests.length && ours[at]; at++) {
      const [operation, request] = sequence.requests[at];
      let read;
      const own = () => (read ??= judged(operation, request, ours[at])); // most answers are equal as they stand, or nobody else is asked
      if (ours[at].lost) { found.push({ at, operation, request, sequence, ours: own().text, lost: true, peers: [], answers: [ours[at]] }); break; }
      const peers = this.peers.map((peer) => {
        const answer = theirs.get(peer)?.[at];
        if (out.has(peer) || !theirs.has(peer)) return undefined;
        if (answer?.unasked && ours[at].status !== 200) return undefined;
        if (!answer || answer.lost || answer.unasked) { out.add(peer); return undefined; }
        compared.set(peer.name, (compared.get(peer.name) ?? 0) + 1);
        if (answer.status === ours[at].status && answer.body === ours[at].body) return { name: peer.name, same: true, folds: [] };
        const result = against(peer, operation, request, own(), answer);
        if (result.diverged) out.add(peer);
        return result;
      });
      if (peers.some((peer) => peer && (!peer.same || peer.folds.length)))
        found.push({ at, operation, request, sequence, ours: own().text, peers, answers: [ours[at], ...this.peers.map((peer) => theirs.get(peer)?.[at])] });
    }
    return { found, compared };
  }
}

function against(peer, operation, request, own, answer) {
  const plain = judged(operation, request, answer);
  const { folds, theirs } = difference(own, plain) ? folded(peer.name, operation, request, own, plain) : { folds: [], theirs: plain };
  const differs = difference(own, theirs);
  const diverged = WRITES.has(operation) && (plain.failed !== own.failed || done(plain) !== done(own));
  return { name: peer.name, same: !differs, folds, diverged, ...(differs ?? {}) };
}

// Which statements of a batch were carried out.
const done = (answer) => (answer.body?.Responses?.map?.((one) => !one.Error) ?? []).join();

// The peers of a difference, those whose difference is explained left out: they are no witnesses.
export function witnesses(found) {
  return found.peers.map((peer) => (peer && !peer.same && explained(found, peer) ? undefined : peer));
}

// Somebody differs, unexplained, and nobody agrees with Stator.
export function isOpen(found) {
  const left = witnesses(found);
  return left.some((peer) => peer && !peer.same) && !left.some((peer) => peer?.same);
}

// What makes two differences one kind: the operation, and what each server said.
export function signature(found) {
  const peers = found.peers.map((peer) => (!peer ? '-' : peer.same ? '=' : `${bare(peer.theirs)}${peer.where ? ` {${peer.where}}` : ''}`));
  return [found.operation, bare(found.ours), ...peers].join('\n    ');
}
