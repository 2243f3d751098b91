// Differences that are explained: whose answer is right, and what settles it. A row matches one
// peer's answer; a difference is explained when a row matches each peer that differs.
//
//   peer   'dynalite', 'dynoxide', or both
//   op     operations (all, when absent)
//   ours, theirs, where   what the two said, and where two bodies differ (a pattern each)
//   when   of the request, our text and the sequence, when the texts alone don't tell
//   unagreed  the row does not hold where all peers say the same
//   right  'stator', 'peer', or 'open' (nothing settles it)
//   why    the line that settles it

// Part of an answer that always differs is a fold: it makes the peer's answer what it would be
// without that, and the rest is compared.

import { canonical } from './compare.mjs';
import { requestRows } from './known_requests.mjs';
import { EARLY, UNREAD, statementRows } from './known_statements.mjs';

const folds = [
  {
    peer: 'dynoxide', right: 'stator',
    why: 'only constraints on single members are counted ("N validation errors detected"); expressions and members against each other are not',
    fold: (theirs) => ({ ...theirs, text: theirs.text.replace(/"1 validation error detected: (?!Value )/, '"') }),
  },
  {
    op: ['CreateTable'], right: 'stator',
    why: 'DeletionProtectionEnabled and WarmThroughput are there, TableThroughputModeSummary is no member',
    fold: (theirs, ours) => tableFold(theirs, ours),
  },
  {
    peer: 'dynoxide', op: ['TransactWriteItems', 'ExecuteTransaction'], right: 'stator',
    why: 'what is wrong with one action has the words that the single operation has; dynoxide has its own',
    fold: (theirs, ours) => reasonsFold(theirs, ours),
  },
  {
    peer: 'dynoxide', op: ['BatchExecuteStatement'], right: 'stator',
    why: 'dynoxide reads a part of the statements\' grammar, and has words of its own for what is wrong',
    fold: (theirs, ours) => batchFold(theirs, ours),
  },
];

const CANCELLED = /^(400 \S+TransactionCanceledException: )(\[.*\])$/;

function reasonsFold(theirs, ours) {
  const [, head, list] = CANCELLED.exec(theirs.text) ?? [];
  const wanted = JSON.parse(CANCELLED.exec(ours.text)?.[2] ?? '[]');
  if (!list || !wanted.length) return theirs;
  const reasons = JSON.parse(list).map((one, at) => (one.startsWith('ValidationError') && wanted[at]?.startsWith('ValidationError') ? wanted[at] : one));
  return { ...theirs, text: head + JSON.stringify(reasons) };
}

function batchFold(theirs, ours) {
  if (theirs.text === ours.text && JSON.stringify(theirs.body?.Responses) === JSON.stringify(ours.body?.Responses)) return { ...theirs, body: canonical({ ...theirs.body, ConsumedCapacity: ours.body?.ConsumedCapacity }) };
  if (!theirs.body?.Responses || theirs.body.Responses.length !== ours.body?.Responses?.length) return theirs;
  let changed = false;
  const Responses = theirs.body.Responses.map((one, at) => {
    const wanted = ours.body.Responses[at];
    if (JSON.stringify(one) === JSON.stringify(wanted)) return one;
    const unread = UNREAD.test(one.Error?.Message) || (wanted.Error && EARLY.test(wanted.Error.Message));
    if (!unread && (one.Error?.Code ?? '') !== wanted.Error?.Code) return one;
    changed = true;
    return wanted;
  });
  return changed ? { ...theirs, body: canonical({ ...theirs.body, Responses, ConsumedCapacity: ours.body.ConsumedCapacity }) } : theirs;
}

function tableFold(theirs, ours) {
  if (!theirs.body?.TableDescription || !ours.body?.TableDescription) return theirs;
  const { TableThroughputModeSummary, ...table } = theirs.body.TableDescription;
  const wanted = ours.body.TableDescription;
  if (wanted.WarmThroughput) table.WarmThroughput = wanted.WarmThroughput;
  const warm = new Map(wanted.GlobalSecondaryIndexes?.map((index) => [index.IndexName, index.WarmThroughput]));
  if (table.GlobalSecondaryIndexes)
    table.GlobalSecondaryIndexes = table.GlobalSecondaryIndexes.map((index) => ({ ...index, WarmThroughput: warm.get(index.IndexName) }));
  return { ...theirs, body: canonical({ TableDescription: { DeletionProtectionEnabled: false, ...table } }) };
}

// { folds used, theirs }
export function folded(peer, operation, request, ours, answer) {
  let theirs = answer;
  const used = [];
  for (const row of folds) {
    if ((row.peer && row.peer !== peer) || (row.op && !row.op.includes(operation))) continue;
    const made = row.fold(theirs, ours, request);
    if (made.text !== theirs.text || JSON.stringify(made.body) !== JSON.stringify(theirs.body)) used.push(row);
    theirs = made;
  }
  return { folds: used, theirs };
}

const rows = [...requestRows, ...statementRows];

// Whether all peers that answered say one thing.
const agreed = (found) => {
  const texts = found.peers.filter(Boolean).map((peer) => (peer.same ? found.ours : peer.theirs));
  return texts.length > 1 && new Set(texts).size === 1;
};

// Requests are bent: a predicate that stumbles over one does not hold of it.
function holds(when, found, peer) {
  try {
    return when(found.request, found.ours, found.sequence, peer.theirs);
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

export function explained(found, peer) {
  return rows.find((row) =>
    (!row.peer || row.peer === peer.name) &&
    (!row.op || row.op.includes(found.operation)) &&
    (!row.ours || row.ours.test(found.ours)) &&
    (!row.theirs || row.theirs.test(peer.theirs)) &&
    (!row.where || row.where.test(peer.where)) &&
    !(row.unagreed && agreed(found)) &&
    (!row.when || holds(row.when, found, peer)));
}

export const known = [...folds, ...rows];
