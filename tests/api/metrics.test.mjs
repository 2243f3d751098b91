// What /metrics says of requests that were made: each case fails when its metric isn't counted.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from './lib/case.mjs';
import { RawClient, S, N, Wire, expectError, tableRequest } from './lib/index.mjs';
import { parseMetrics, readMetrics } from './lib/metrics.mjs';
import { startServer } from './lib/server.mjs';

const directory = mkdtempSync(path.join(tmpdir(), 'stator-metrics-'));
const server = await startServer(['--data-dir', path.join(directory, 'data'), '--test-mode', '--cache-mb', '17']);
const raw = new RawClient(server.endpoint);
const db = new Proxy({}, { get: (_, operation) => (body, headers) => raw.call(operation, body, headers) });
const TableName = 'measured';
await db.CreateTable(tableRequest({ name: TableName, key: 'id n:N' }));
after(async () => {
  raw.close();
  await server.stop();
  rmSync(directory, { recursive: true });
});

// What has been added to a series by doing something.
async function added(action) {
  const before = await readMetrics(server.endpoint);
  await action();
  const then = await readMetrics(server.endpoint);
  return (name) => then(name) - before(name);
}

const of = (name, operation) => `${name}{operation="${operation}"}`;
const put = (n, rest) => db.PutItem({ TableName, Item: { id: S('a'), n: N(n) }, ...rest });
const LATENCY = 'dynamodb_successful_request_latency_seconds';

test('the text has a HELP and a TYPE for each metric, and consistent histograms', async () => {
  await put(0);
  const { families } = await readMetrics(server.endpoint);
  assert.ok(families.length > 25);
  for (const { name, type, help } of families) {
    assert.match(name, /^(dynamodb|stator)_[a-z0-9_]+$/);
    assert.equal(name.endsWith('_total'), type === 'counter', `${name} is a ${type}`);
    assert.match(help, /\.$/);
    if (name.startsWith('dynamodb_')) assert.match(help, /^[A-Z]\w+[a-z](?: \(|:)/, 'a HELP text begins with CloudWatch\'s name');
  }
});

test('a successful call is counted with the time it took', async () => {
  const by = await added(async () => {
    for (let n = 0; n < 5; n++) await put(n);
    for (let n = 0; n < 3; n++) await db.GetItem({ TableName, Key: { id: S('a'), n: N(n) } });
  });
  assert.equal(by(of('stator_requests_total', 'PutItem')), 5);
  assert.equal(by(of('stator_requests_total', 'GetItem')), 3);
  assert.equal(by(of(`${LATENCY}_count`, 'PutItem')), 5);
  assert.equal(by(of(`${LATENCY}_count`, 'GetItem')), 3);
  assert.ok(by(of(`${LATENCY}_sum`, 'GetItem')) > 0 && by(of(`${LATENCY}_sum`, 'GetItem')) < 3);
  assert.equal(by(of('dynamodb_user_errors_total', 'PutItem')), 0);
});

test('the time of a call is in the bucket it belongs to', async () => {
  const by = await added(() => db.GetItem({ TableName, Key: { id: S('a'), n: N(0) } }, { 'x-stator-fault': 'latency-ms=300' }));
  assert.equal(by(`${LATENCY}_bucket{operation="GetItem",le="0.262144"}`), 0);
  assert.equal(by(`${LATENCY}_bucket{operation="GetItem",le="4.194304"}`), 1);
  assert.ok(by(of(`${LATENCY}_sum`, 'GetItem')) >= 0.3);
  assert.equal(by(of('stator_faults_total', 'GetItem')), 1);
});

test('a durable write takes the time of its sync', async () => {
  const by = await added(() => put(7));
  assert.ok(by(of(`${LATENCY}_sum`, 'PutItem')) >= by('stator_commit_latency_seconds_sum'));
});

test('an error of the client is a user error and has no latency', async () => {
  const by = await added(async () => {
    await expectError(db.GetItem({ TableName, Key: {} }), { type: 'ValidationException' });
    await expectError(db.GetItem({ TableName: 'nowhere', Key: { id: S('a') } }), { type: 'ResourceNotFoundException' });
    await expectError(db.GetItem('{'), { type: 'SerializationException' });
    await expectError(db.NoSuchThing({}), { type: 'UnknownOperationException' });
  });
  assert.equal(by(of('dynamodb_user_errors_total', 'GetItem')), 3);
  assert.equal(by(of('dynamodb_user_errors_total', 'Unknown')), 1);
  assert.equal(by(of('stator_requests_total', 'GetItem')), 3);
  assert.equal(by(of(`${LATENCY}_count`, 'GetItem')), 0);
});

test('a false condition is no user error', async () => {
  const by = await added(async () => {
    for (let n = 0; n < 2; n++)
      await expectError(put(n, { ConditionExpression: 'attribute_not_exists(id)' }), { type: 'ConditionalCheckFailedException' });
  });
  assert.equal(by(of('dynamodb_conditional_check_failed_requests_total', 'PutItem')), 2);
  assert.equal(by(of('dynamodb_user_errors_total', 'PutItem')), 0);
  assert.equal(by(of('stator_requests_total', 'PutItem')), 2);
});

test('each false condition of a transaction counts', async () => {
  const action = (n) => ({ Put: { TableName, Item: { id: S('a'), n: N(n) }, ConditionExpression: 'attribute_not_exists(id)' } });
  const by = await added(() => expectError(db.TransactWriteItems({ TransactItems: [action(0), action(1), action(99)] }),
    { type: 'TransactionCanceledException' }));
  assert.equal(by(of('dynamodb_conditional_check_failed_requests_total', 'TransactWriteItems')), 2);
  assert.equal(by(of('dynamodb_user_errors_total', 'TransactWriteItems')), 1);
  assert.equal(by(of('dynamodb_transaction_conflict_total', 'TransactWriteItems')), 0);
});

test('each false condition of a batch of statements counts, though the batch is a success', async () => {
  const Statements = [0, 1, 99].map((n) => ({ Statement: `UPDATE "${TableName}" SET x = 1 WHERE id = 'a' AND n = ${n} AND nothing = 5` }));
  const by = await added(() => db.BatchExecuteStatement({ Statements }));
  assert.equal(by(of('dynamodb_conditional_check_failed_requests_total', 'BatchExecuteStatement')), 3);
  assert.equal(by(of(`${LATENCY}_count`, 'BatchExecuteStatement')), 1);
});

test('throttling, conflicts and errors of the server have counters of their own', async () => {
  const by = await added(async () => {
    for (const error of ['ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'ThrottlingException'])
      await expectError(db.PutItem({ TableName, Item: { id: S('a'), n: N(0) } }, { 'x-stator-fault': `error=${error}` }), { type: error });
    await expectError(db.UpdateItem({ TableName, Key: { id: S('a'), n: N(0) } }, { 'x-stator-fault': 'conflict' }),
      { type: 'TransactionConflictException' });
    await expectError(db.DeleteItem({ TableName, Key: { id: S('a'), n: N(0) } }, { 'x-stator-fault': 'after' }),
      { type: 'InternalServerError', status: 500 });
  });
  assert.equal(by(of('dynamodb_throttled_requests_total', 'PutItem')), 3);
  assert.equal(by(of('dynamodb_user_errors_total', 'PutItem')), 0);
  assert.equal(by(of('dynamodb_transaction_conflict_total', 'UpdateItem')), 1);
  assert.equal(by(of('dynamodb_system_errors_total', 'DeleteItem')), 1);
  assert.equal(by(of('dynamodb_user_errors_total', 'DeleteItem')), 0);
  assert.equal(by(of('stator_faults_total', 'PutItem')), 3);
});

test('items and bytes that are returned are counted', async () => {
  for (let n = 10; n < 14; n++) await db.PutItem({ TableName, Item: { id: S('q'), n: N(n) } });
  let bytes = 0;
  const by = await added(async () => {
    const request = { TableName, KeyConditionExpression: 'id = :q', ExpressionAttributeValues: { ':q': S('q') } };
    bytes += (await raw.send('Query', request)).body.length;
    bytes += (await raw.send('Query', { ...request, Limit: 1 })).body.length;
    await db.ExecuteStatement({ Statement: `SELECT * FROM "${TableName}" WHERE id = 'q' AND n > 10` });
  });
  assert.equal(by(of('dynamodb_returned_item_count_total', 'Query')), 5);
  assert.equal(by(of('dynamodb_returned_item_count_total', 'ExecuteStatement')), 3);
  assert.equal(by(of('dynamodb_returned_bytes_total', 'Query')), bytes);
});

test('groups of writes are counted with their size and time', async () => {
  const by = await added(() => Promise.all(Array.from({ length: 40 }, (_, n) => put(100 + n))));
  const groups = by('stator_commit_group_updates_count');
  assert.equal(by('stator_commit_group_updates_sum'), 40);
  assert.ok(groups >= 1 && groups <= 40);
  assert.equal(by('stator_commit_latency_seconds_count'), groups);
  assert.ok(by('stator_commit_latency_seconds_sum') > 0);
});

test('the engine says what it holds', async () => {
  const metrics = await readMetrics(server.endpoint);
  assert.ok(metrics('stator_memory_table_bytes') > 1000);
  assert.ok(metrics('stator_bytes_on_disk') >= metrics('stator_memory_table_bytes'));
  const [blocks, values] = ['stator_cache_capacity_bytes', 'stator_read_cache_capacity_bytes'].map((name) => metrics(name));
  assert.equal(blocks + values, 17 * 1024 * 1024);
  assert.ok(metrics('stator_cache_bytes') >= 0 && metrics('stator_cache_bytes') <= blocks);
  assert.ok(metrics('stator_read_cache_bytes') > 0 && metrics('stator_read_cache_bytes') <= values);
  const hits = metrics('stator_read_cache_hits_total');
  for (let n = 0; n < 3; n++) await db.GetItem({ TableName, Key: { id: S('a'), n: N(100) } });
  assert.ok((await readMetrics(server.endpoint))('stator_read_cache_hits_total') > hits);
  assert.equal(metrics('stator_refusing_writes'), 0);
  assert.equal(metrics('stator_writes_stopped'), 0);
  assert.equal(metrics.families.find(({ name }) => name === 'stator_files').series.length, 7);
});

test('connections and requests of HTTP are counted', async () => {
  const wire = new Wire(server.endpoint);
  const by = await added(async () => {
    await wire.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await wire.answer();
    const metrics = await readMetrics(server.endpoint);
    assert.ok(metrics('stator_connections_open') >= 2);
    await wire.send('nonsense\r\n\r\n');
    await wire.answer();
  });
  wire.end();
  assert.equal(by('stator_http_refused_total'), 1);
  assert.ok(by('stator_http_requests_total') >= 3);
});

test('reads that memory cannot answer are cache misses, and files and levels are seen, after a start', async () => {
  const big = 'x'.repeat(300000);
  const own = path.join(directory, 'files');
  let server = await startServer(['--data-dir', own, '--write-buffer-mb', '1']);
  let client = new RawClient(server.endpoint);
  await client.call('CreateTable', tableRequest({ name: TableName }));
  for (let i = 0; i < 12; i++) await client.call('PutItem', { TableName, Item: { id: S(`${i}`), big: S(big + i) } });
  client.close();
  await server.stop();
  // RocksDB tidies up behind a start, so the kernel may have fetched again what it was told to forget.
  let before;
  let then;
  for (let tries = 0; tries < 20; tries++) {
    server = await startServer(['--data-dir', own]);
    // Only tables are read, and RocksDB may remove one meanwhile: a file that is gone was not in the way.
    for (const name of readdirSync(own).filter((file) => file.endsWith('.sst')))
      spawnSync('dd', [`if=${path.join(own, name)}`, 'iflag=nocache', 'count=0', 'status=none']);
    client = new RawClient(server.endpoint);
    before = await readMetrics(server.endpoint);
    await client.call('GetItem', { TableName, Key: { id: S('3') } });
    then = await readMetrics(server.endpoint);
    client.close();
    await server.stop();
    if (then('stator_cache_misses_total') > before('stator_cache_misses_total')) break;
  }
  assert.ok(then('stator_cache_misses_total') > before('stator_cache_misses_total'));
  assert.ok(then('stator_worker_runs_total') > before('stator_worker_runs_total'));
  assert.ok(then('stator_cache_bytes') > 0);
  const files = [0, 1, 2, 3, 4, 5, 6].reduce((sum, level) => sum + then(`stator_files{level="${level}"}`), 0);
  assert.ok(files >= 1);
});

test('the reader of this test refuses what is not the format', () => {
  const good = '# HELP a Some.\n# TYPE a counter\na{b="c"} 1\n';
  assert.equal(parseMetrics(good)[0].series[0].value, 1);
  for (const bad of ['a 1\n', good + good, good.replace('"c"', 'c'), good.replace(' 1', ''), good.slice(0, -1),
    `${good}a{b="c"} 1\n`, good.replace('# TYPE a counter\n', ''), '# HELP h H.\n# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n'])
    assert.throws(() => parseMetrics(bad), assert.AssertionError, bad);
});
