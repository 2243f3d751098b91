// Plays operations against a server and the model's table, and compares the answers.

import { ApiError } from '../../api/lib/raw.mjs';
import { Scribe } from './expression.mjs';
import { Failed } from './table.mjs';
import { chanceFrom } from './generator.mjs';
import { Invalid, canonicalItem, isSet, itemSize } from './value.mjs';

export class Difference extends Error {
  constructor(what, request, expected, actual) {
    super(`${what}\n  request:  ${JSON.stringify(request)}\n  expected: ${text(expected)}\n  actual:   ${text(actual)}`);
  }
}

// Members of sets and of objects have no order.
function ordered(value) {
  if (Array.isArray(value)) return value.map(ordered);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) =>
    [name, isSet(name) && Array.isArray(value[name]) ? [...value[name]].sort() : ordered(value[name])]));
}

const text = (value) => JSON.stringify(ordered(value));
const sortedTexts = (list) => list.map(text).sort();

function same(what, request, expected, actual) {
  if (text(expected) !== text(actual)) throw new Difference(what, request, expected, actual);
}

// What the model answers: { answer } or { error, item }.
function expectedOf(make) {
  try {
    return { answer: make() };
  } catch (error) {
    if (error instanceof Invalid) return { error: 'ValidationException', because: error.message };
    if (error instanceof Failed) return { error: 'ConditionalCheckFailedException', item: error.item };
    throw error;
  }
}

export class Player {
  // `alone`: nobody else's items are in the table.
  constructor(client, table, alone = true) {
    this.client = client;
    this.table = table;
    this.alone = alone;
  }

  // The answer, once it is known to be an answer or an error as expected. `tidy` is for answers without order.
  async ask(operation, body, expected, tidy = (answer) => answer) {
    const request = { [operation]: body };
    let answer;
    try {
      answer = await this.client.call(operation, body);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const actual = { error: error.name, item: error.answer.json?.Item };
      const { because, ...rest } = expected;
      if (expected.answer) throw new Difference('it was refused', request, expected.answer, { ...actual, message: error.message });
      same(`another error (${because ?? 'false condition'})`, request, rest, actual);
      return undefined;
    }
    if (expected.error) throw new Difference('it was not refused', request, expected, answer);
    if (expected.answer) same('another answer', request, tidy(expected.answer), tidy(answer));
    return answer;
  }

  play(operation) {
    // How a request is written depends on the operation alone, so it is the same when played again.
    const scribe = new Scribe(chanceFrom(JSON.stringify(operation).length));
    switch (operation.operation) {
      case 'PutItem': case 'UpdateItem': case 'DeleteItem': return this.write(operation, scribe);
      case 'BatchWriteItem': return this.batchWrite(operation);
      case 'GetItem': return this.getItem(operation, scribe);
      case 'BatchGetItem': return this.batchGet(operation, scribe);
      case 'Query': return this.query(operation, scribe);
      default: return this.scan(operation, scribe);
    }
  }

  write(write, scribe) {
    const body = { TableName: this.table.name, ...(write.item ? { Item: write.item } : { Key: write.key }), ReturnValues: write.returns,
      ReturnConsumedCapacity: write.capacity, ReturnItemCollectionMetrics: write.metrics };
    if (write.update) body.UpdateExpression = scribe.update(write.update);
    if (write.condition) body.ConditionExpression = scribe.condition(write.condition);
    if (write.onFailure) body.ReturnValuesOnConditionCheckFailure = write.onFailure;
    Object.assign(body, scribe.members());
    return this.ask(write.operation, body, expectedOf(() => this.table.write(write)));
  }

  batchWrite(batch) {
    const requests = batch.writes.map(({ item, key }) => (item ? { PutRequest: { Item: item } } : { DeleteRequest: { Key: key } }));
    return this.ask('BatchWriteItem', { RequestItems: { [this.table.name]: requests }, ReturnConsumedCapacity: batch.capacity },
      expectedOf(() => this.table.batchWrite(batch)));
  }

  getItem(get, scribe) {
    const body = { TableName: this.table.name, Key: get.key, ConsistentRead: get.consistent, ReturnConsumedCapacity: get.capacity };
    if (get.projection) body.ProjectionExpression = get.projection.map((path) => scribe.path(path)).join(', ');
    return this.ask('GetItem', { ...body, ...scribe.members() }, expectedOf(() => this.table.getItem(get)));
  }

  batchGet(get, scribe) {
    const part = { Keys: get.keys, ConsistentRead: get.consistent };
    if (get.projection) part.ProjectionExpression = get.projection.map((path) => scribe.path(path)).join(', ');
    const body = { RequestItems: { [this.table.name]: { ...part, ...scribe.members() } }, ReturnConsumedCapacity: get.capacity };
    return this.ask('BatchGetItem', body, expectedOf(() => this.table.batchGet(get)),
      (answer) => ({ ...answer, Responses: sortedTexts(answer.Responses[this.table.name]) }));
  }

  readBody(read, scribe) {
    const body = { TableName: this.table.name, IndexName: read.index, Select: read.select, ConsistentRead: read.consistent, ReturnConsumedCapacity: read.capacity };
    if (read.filter) body.FilterExpression = scribe.condition(read.filter);
    if (read.projection) body.ProjectionExpression = read.projection.map((path) => scribe.path(path)).join(',');
    return body;
  }

  // Page by page, to the end.
  async query(read, scribe) {
    const body = { ...this.readBody(read, scribe), ScanIndexForward: !read.backward,
      KeyConditionExpression: read.conditions.map((condition) => this.keyCondition(condition, scribe)).join(' AND '), ...scribe.members() };
    let start = read.start;
    for (let page = 0; ; page++) {
      const limit = read.limits[page % read.limits.length];
      const from = start;
      const answer = await this.ask('Query', { ...body, Limit: limit, ExclusiveStartKey: from }, expectedOf(() => this.table.queryPage(read, limit, from)));
      start = answer?.LastEvaluatedKey;
      if (!start) return;
    }
  }

  keyCondition({ name, op, values }, scribe) {
    if (op[0] !== 'b' && scribe.chance(4) === 0) return `${scribe.value(values[0])} ${{ '<': '>', '<=': '>=', '>': '<', '>=': '<=' }[op] ?? op} ${scribe.name(name)}`;
    return scribe.condition({ op, of: [{ path: [name] }, ...values.map((value) => ({ value }))] });
  }

  // Segments may come in any order, and so may their items; together they are all there is.
  async scan(read, scribe) {
    const body = { ...this.readBody(read, scribe), ...scribe.members() };
    const expected = expectedOf(() => {
      this.table.checkRead(read);
      return this.table.shown(read, this.table.entries(read.index));
    });
    const found = { items: [], count: 0, examined: 0 };
    for (let segment = 0; segment < read.segments; segment++) {
      const part = read.segments > 1 ? { Segment: segment, TotalSegments: read.segments } : {};
      const open = await this.scanSegment(read, { ...body, ...part }, expected, found);
      if (!open) return;
    }
    this.compareScan(read, body, expected.answer, found);
  }

  // False when it was refused, as expected.
  async scanSegment(read, body, expected, found) {
    let start;
    for (let page = 0; ; page++) {
      const Limit = read.limits[page % read.limits.length];
      const request = { ...body, Limit, ExclusiveStartKey: start };
      const answer = await this.ask('Scan', request, expected.error ? expected : {});
      if (!answer) return false;
      found.items.push(...(answer.Items ?? []));
      found.count += answer.Count;
      found.examined += answer.ScannedCount;
      start = answer.LastEvaluatedKey;
      this.checkScanPage(read, request, answer);
      if (!start) return true;
    }
  }

  checkScanPage(read, request, answer) {
    if (answer.LastEvaluatedKey && request.Limit !== undefined && answer.ScannedCount !== request.Limit) {
      const bytes = (answer.Items ?? []).reduce((sum, item) => sum + itemSize(canonicalItem(item)), 0);
      if (!read.filter && !read.projection && bytes < 1024 * 1024) throw new Difference('a page ended early', request, { ScannedCount: request.Limit }, answer);
    }
    if (answer.ScannedCount > (request.Limit ?? Infinity)) throw new Difference('a page is longer than its limit', request, request.Limit, answer);
    if (read.filter || read.projection || read.select) return; // what was examined is known only when all of it is shown
    const { ConsumedCapacity } = this.table.readCapacity(read, answer.Items.map((item) => canonicalItem(item)));
    same('another capacity', request, ConsumedCapacity, answer.ConsumedCapacity);
  }

  compareScan(read, body, expected, found) {
    const mine = found.items.filter((item) => this.alone || (item.p && this.owns(item)));
    if (this.alone || !read.projection) {
      if (read.select !== 'COUNT') same('other items', { Scan: { ...body, segments: read.segments } }, sortedTexts(expected), sortedTexts(mine));
    }
    if (!this.alone) return;
    same('another Count', body, expected.length, found.count);
    same('another ScannedCount', body, this.table.entries(read.index).length, found.examined);
  }

  owns(item) {
    return item.p.S.startsWith(this.table.owner);
  }

  // What DescribeTable counts, of this table or of several that share a name.
  static async compareSizes(client, tables) {
    const { Table } = await client.call('DescribeTable', { TableName: tables[0].name });
    const of = (described, bytes) => ({ items: described.ItemCount, bytes: described[bytes] });
    const actual = { '': of(Table, 'TableSizeBytes') };
    for (const index of [...Table.LocalSecondaryIndexes, ...Table.GlobalSecondaryIndexes]) actual[index.IndexName] = of(index, 'IndexSizeBytes');
    const expected = {};
    for (const table of tables) {
      for (const [name, { items, bytes }] of Object.entries(table.sizes())) {
        expected[name] ??= { items: 0, bytes: 0 };
        expected[name].items += items;
        expected[name].bytes += bytes;
      }
    }
    same('other sizes', { DescribeTable: { TableName: tables[0].name } }, expected, actual);
  }
}
