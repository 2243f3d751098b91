// Sequences of requests on one table: right ones, and ones with one thing bent.

import { Random } from './random.mjs';
import { createTable, schemas } from './tables.mjs';
import { item } from './values.mjs';
import { bend } from './bend.mjs';
import * as items from './operations.mjs';
import * as transactions from './transactions.mjs';
import * as statements from './statements.mjs';

const makers = { ...items.makers, ...transactions.makers, ...statements.makers, CreateTable: createTable };

export const operations = Object.keys(makers);

const ITEMS = [[18, 'PutItem'], [8, 'GetItem'], [22, 'UpdateItem'], [7, 'DeleteItem'], [16, 'Query'], [8, 'Scan'], [5, 'BatchGetItem'], [6, 'BatchWriteItem']];

// What a sequence is made of; not every peer has all of it.
const KINDS = [
  [50, { name: 'items', weights: ITEMS }],
  [20, { name: 'transactions', weights: [[40, 'TransactWriteItems'], [14, 'TransactGetItems'], [8, 'PutItem'], [4, 'DeleteItem'], [4, 'Scan']] }],
  [26, { name: 'statements', weights: [[50, 'ExecuteStatement'], [12, 'BatchExecuteStatement'], [12, 'ExecuteTransaction'], [8, 'PutItem'], [4, 'GetItem'], [3, 'DeleteItem'], [3, 'Scan']] }],
  [4, { name: 'tables', weights: [[1, 'CreateTable']] }],
];

const LENGTH = { items: 44, transactions: 30, statements: 40, tables: 16 };

function bent(random, operation, schema, share) {
  const request = makers[operation](random, schema);
  if (!random.chance(share)) return request;
  const copy = structuredClone(request); // parts may be shared, with other requests, too
  bend(random, copy);
  return copy;
}

// Reads of all there is, so that what a sequence left behind is compared as a whole.
function closing({ indexes }) {
  return [{ TableName: items.TABLE }, ...indexes.map((index) => ({ TableName: items.TABLE, IndexName: index.name }))].map((request) => ['Scan', request]);
}

// Sequence number `at` of a seed: { kind, schema, tables: [CreateTable requests], requests: [[operation, request], …] }.
export function sequence(seed, at, only) {
  const random = new Random(Math.imul(seed, 1000003) + at);
  const kinds = only ? KINDS.filter(([, kind]) => kind.weights.some(([, name]) => only.includes(name))) : KINDS;
  const kind = random.weighted(kinds);
  const weights = only ? kind.weights.filter(([, name]) => only.includes(name)) : kind.weights;
  if (kind.name === 'tables') {
    const requests = random.list(LENGTH.tables, LENGTH.tables, () => ['CreateTable', bent(random, 'CreateTable', undefined, 0.2)]);
    return { kind: kind.name, tables: [], requests };
  }
  // Updates that only remove are in some sequences alone: peers make an item by them that is not there.
  const schema = { ...random.pick(schemas), removes: random.chance(0.08) };
  const requests = random.list(4, 4, () => ['PutItem', { TableName: items.TABLE, Item: item(random, schema) }]);
  for (let i = 0; i < LENGTH[kind.name]; i++) {
    const operation = random.weighted(weights);
    requests.push([operation, bent(random, operation, schema, 0.25)]);
  }
  return { kind: kind.name, schema, tables: [schema.request], requests: [...requests, ...closing(schema)] };
}
