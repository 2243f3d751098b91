// Which checker a history gets.

import { linearizable, linearizableByKey } from './linearizable.mjs';
import { serializable } from './graph.mjs';

const JUDGES = { registers: linearizableByKey, transactions: serializable, mixed: linearizable };

export const judge = ({ kind, operations, initial }) => JUDGES[kind](operations, initial);

export function told({ ok, anomaly, detail, at, states, key }) {
  if (ok) return 'strictly serialisable';
  if (ok === undefined) return 'undecided: the search took too long';
  if (anomaly) return `${anomaly}: ${detail}`;
  return `no order explains operation ${at.id}${key === undefined ? '' : ` of key ${key}`}: ${JSON.stringify(at)}; before it, the keys could be ${JSON.stringify(states)}`;
}
