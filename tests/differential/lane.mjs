// A lane runs sequences on every server, one after the other, on tables of its own.

import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, NoAnswer } from './wire.mjs';
import { bare, difference, judged } from './compare.mjs';
import { folded } from './known.mjs';

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']);

export class Lane {
  static tables = 0;

  constructor(servers) {
    this.servers = servers;
    this.connections = servers.map((server) => new Connection(server.port));
    this.asked = 0;
  }

  close() {
    for (const connection of this.connections) connection.close();
  }

  async ask(which, operation, request, name) {
    const server = this.servers[which];
    if (server.cannot?.(request)) return { unasked: true };
    const connection = this.connections[which];
    if (connection.port !== server.port) { connection.close(); connection.port = server.port; }
    this.asked++;
    try {
      const answer = await connection.ask(operation, JSON.stringify(request).replaceAll('@1', name).replaceAll('@9', `${name}c`));
      return { status: answer.status, body: answer.body.replaceAll(`${name}c`, '@9').replaceAll(name, '@1') };
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      return { lost: error.message };
    }
  }

  async until(which, name, wanted) {
    for (let wait = 0; wait < 200; wait++) {
      const answer = await this.ask(which, 'DescribeTable', { TableName: name }, name);
      const body = answer.body ? JSON.parse(answer.body) : undefined;
      const state = body?.Table?.TableStatus ?? 'none';
      const indexes = body?.Table?.GlobalSecondaryIndexes ?? [];
      if (state === wanted && indexes.every((index) => index.IndexStatus === wanted)) return;
      await sleep(wait < 5 ? 0 : 5);
    }
  }

  drop(which, name) {
    return this.ask(which, 'DeleteTable', { TableName: name }, '');
  }

  // The answers of one server to a whole sequence.
  async answers(which, { tables, requests }) {
    const name = `T${String(Lane.tables++).padStart(8, '0')}`;
    for (const table of tables) {
      const made = await this.ask(which, 'CreateTable', table, name);
      if (made.status !== 200) return requests.map(() => ({ lost: `no table: ${made.lost ?? made.body}` }));
      await this.until(which, name, 'ACTIVE');
    }
    const out = [];
    for (const [operation, request] of requests) {
      out.push(await this.ask(which, operation, request, name));
      if (out.at(-1).lost) break;
      if (operation === 'CreateTable' && out.at(-1).status === 200) {
        const real = request.TableName.replaceAll('@9', `${name}c`).replaceAll('@1', name);
        await this.until(which, real, 'ACTIVE');
        await this.drop(which, real);
        await this.until(which, real, 'none'); // the name comes again
      }
    }
    if (tables.length) await this.drop(which, name);
    return out;
  }

  // The differences of a sequence: [{ at, operation, ours, peers: [{ name, theirs, where } or undefined] }].
  // A peer that has taken a write which Stator refused, or the other way round, is out of the sequence.
  async differences(sequence) {
    const all = await Promise.all(this.servers.map((_, which) => this.answers(which, sequence)));
    const out = new Set();
    const found = [];
    for (let at = 0; at < sequence.requests.length; at++) {
      const [operation, request] = sequence.requests[at];
      if (!all[0][at]) break;
      const ours = judged(operation, request, all[0][at]);
      if (all[0][at].lost) { found.push({ at, operation, ours: ours.text, lost: true, peers: [] }); break; }
      const peers = this.servers.slice(1).map((server, peer) => {
        if (out.has(peer)) return undefined;
        const answer = all[peer + 1][at];
        if (answer?.unasked && ours.failed) return undefined;
        if (!answer || answer.lost || answer.unasked) { out.add(peer); return undefined; }
        const plain = judged(operation, request, answer);
        if (plain.failed !== ours.failed && WRITES.has(operation)) out.add(peer);
        if (!difference(ours, plain)) return { name: server.name, same: true, folds: [] };
        const { folds, theirs } = folded(server.name, operation, request, ours, plain);
        const differs = difference(ours, theirs);
        return { name: server.name, same: !differs, folds, ...(differs ?? {}) };
      });
      if (peers.some((peer) => peer && (!peer.same || peer.folds.length))) found.push({ at, operation, request, sequence, ours: ours.text, peers, answers: all.map((list) => list[at]) });
    }
    return found;
  }
}

// What makes two differences one kind: the operation, and what each server said.
export function signature(found) {
  const peers = found.peers.map((peer) => (!peer ? '-' : peer.same ? '=' : `${bare(peer.theirs)}${peer.where ? ` {${peer.where}}` : ''}`));
  return [found.operation, bare(found.ours), ...peers].join('\n    ');
}
