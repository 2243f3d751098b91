// Faults on demand: each kind as a client meets it, by the options of the server, by a header, and
// switched on and off while it runs; and that what retries gets through in the end.

import assert from 'node:assert/strict';
import { beforeEach } from 'node:test';
import { after, test } from './lib/case.mjs';
import { RawClient, S, expectError, expectInvalid, tableRequest } from './lib/index.mjs';
import { readMetrics } from './lib/metrics.mjs';
import { runToEnd, startServer } from './lib/server.mjs';
import { credentials, region } from './lib/sign.mjs';

const server = await startServer(['--in-memory', '--test-mode', '--loops', '1', '--workers', '2']);
const raw = new RawClient(server.endpoint);
const db = new Proxy({}, { get: (_, operation) => (body, headers) => raw.call(operation, body, headers) });
const { DynamoDBClient, PutItemCommand, BatchWriteItemCommand } = await import('@aws-sdk/client-dynamodb');
const sdk = new DynamoDBClient({ endpoint: server.endpoint, region, credentials, maxAttempts: 3 });
for (const name of ['Orders', 'Others']) await db.CreateTable(tableRequest({ name }));
after(async () => {
  raw.close();
  sdk.destroy();
  await server.stop();
});

const page = `${server.endpoint}/_stator/faults`;
const faults = async (method, body) => {
  const answer = await fetch(page, { method, body });
  return { status: answer.status, text: await answer.text() };
};
async function make(...specs) {
  const { status, text } = await faults('PUT', specs.join('\n'));
  assert.equal(status, 200, text);
}
const told = async () => (await faults('GET')).text;
const put = (id, TableName = 'Orders', headers) => db.PutItem({ TableName, Item: { id: S(id) } }, headers);
const get = async (id, TableName = 'Orders') => (await db.GetItem({ TableName, Key: { id: S(id) } })).Item;
const fault = (spec) => ({ 'x-stator-fault': spec });

beforeEach(() => faults('DELETE'));

const arn = 'arn:aws:dynamodb:us-east-1:000000000000:table/Orders';
const refusing = (error) => raw.send('PutItem', { TableName: 'Orders', Item: { id: S('never') } }, fault(`error=${error}`));

test('a throttled call gets the error as the service sends it, and does nothing', async () => {
  const answer = await refusing('ProvisionedThroughputExceededException');
  assert.equal(answer.status, 400);
  assert.deepEqual(answer.json, {
    __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
    message: 'The level of configured provisioned throughput for the table was exceeded. '
      + 'Consider increasing your provisioning level with the UpdateTable API.',
    ThrottlingReasons: [{ reason: 'TableWriteProvisionedThroughputExceeded', resource: arn }],
  });
  assert.equal(await get('never'), undefined);
});

test('each error that may be asked for has its status, type and text', async () => {
  const rows = {
    ConditionalCheckFailedException: [400, 'The conditional request failed'],
    InternalServerError: [500, 'Internal server error'],
    ItemCollectionSizeLimitExceededException: [400, 'Collection size exceeded.'],
    LimitExceededException: [400, /^Subscriber limit exceeded/],
    ProvisionedThroughputExceededException: [400, /^The level of configured/],
    RequestLimitExceeded: [400, /^Throughput exceeds the current throughput limit for your account/],
    ResourceNotFoundException: [400, 'Requested resource not found'],
    ServiceUnavailable: [503, /^The service is unavailable/],
    ThrottlingException: [400, /^Throughput exceeds the current capacity of your table or index/],
    TransactionConflictException: [400, 'Transaction is ongoing for the item'],
    TransactionInProgressException: [400, /^The transaction with the given request token/],
    UnrecognizedClientException: [400, 'The security token included in the request is invalid.'],
  };
  for (const [type, [status, message]] of Object.entries(rows))
    await expectError(put('never', 'Orders', fault(`error=${type}`)), { type, status, message });
  const refused = await refusing('no such error');
  assert.deepEqual(/error is one of (.*), not/.exec(refused.json.message)[1].split(', '), Object.keys(rows));
  assert.equal(await get('never'), undefined);
});

test('a throttled operation on tables says so in its own words', async () => {
  const { json } = await raw.send('DescribeTable', { TableName: 'Orders' }, fault('error=ThrottlingException'));
  assert.equal(json.message, 'Rate of requests exceeds the allowed throughput.');
  assert.equal(json.throttlingReasons, undefined);
});

test('ThrottlingException and RequestLimitExceeded list their reasons as the model spells them', async () => {
  const query = { TableName: 'Orders', KeyConditionExpression: 'id = :a', ExpressionAttributeValues: { ':a': S('a') } };
  const throttled = (await raw.send('Query', query, fault('error=ThrottlingException'))).json;
  assert.deepEqual(throttled.throttlingReasons, [{ reason: 'TableReadKeyRangeThroughputExceeded', resource: arn }]);
  const limited = (await raw.send('Query', query, fault('error=RequestLimitExceeded'))).json;
  assert.deepEqual(limited.ThrottlingReasons, [{ reason: 'TableReadAccountLimitExceeded', resource: arn }]);
});

test('with --auth the page is not there, and the header goes with a signed request', async () => {
  const locked = await startServer(['--in-memory', '--test-mode', '--auth', '--root-access-key-id', credentials.accessKeyId,
    '--root-secret-access-key', credentials.secretAccessKey]);
  const client = new RawClient(locked.endpoint);
  assert.equal((await fetch(`${locked.endpoint}/_stator/faults`, { method: 'PUT', body: 'after' })).status, 404);
  await expectError(client.call('ListTables', {}, fault('error=ServiceUnavailable')), { type: 'ServiceUnavailable', status: 503 });
  await expectError(client.call('ListTables', {}, { ...fault('error=ServiceUnavailable'), Authorization: undefined }),
    { type: 'MissingAuthenticationTokenException' });
  await client.call('ListTables', {});
  client.close();
  await locked.stop();
});

test('the SDK retries what is throttled until it gets through', async () => {
  await make('operation=PutItem,table=Orders,error=ProvisionedThroughputExceededException,count=2');
  const { $metadata } = await sdk.send(new PutItemCommand({ TableName: 'Orders', Item: { id: S('retried') } }));
  assert.equal($metadata.attempts, 3);
  assert.deepEqual(await get('retried'), { id: S('retried') });
  assert.match(await told(), /# 2 of 2 calls$/m);
});

test('the SDK gives up when it goes on', async () => {
  await make('operation=PutItem,error=ThrottlingException');
  await expectError(sdk.send(new PutItemCommand({ TableName: 'Orders', Item: { id: S('given-up') } })), { type: 'ThrottlingException' });
  assert.match(await told(), /# 3 of 3 calls$/m);
});

test('after: the call is carried out, and then answered with a 500', async () => {
  await expectError(put('done', 'Orders', fault('after')), { type: 'InternalServerError', status: 500, message: 'Internal server error' });
  assert.deepEqual(await get('done'), { id: S('done') });
  await expectError(put('too', 'Orders', fault('after,error=ServiceUnavailable')), { type: 'ServiceUnavailable', status: 503 });
  assert.deepEqual(await get('too'), { id: S('too') });
});

test('after: a retry of a counter counts twice, and one with a condition does not', async () => {
  const { UpdateItemCommand } = await import('@aws-sdk/client-dynamodb');
  const update = { TableName: 'Orders', Key: { id: S('counter') }, UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': { N: '1' } } };
  await make('operation=UpdateItem,after,count=1');
  await sdk.send(new UpdateItemCommand(update));
  assert.equal((await get('counter')).n.N, '2');
  await make('operation=UpdateItem,after,count=1');
  await expectError(sdk.send(new UpdateItemCommand({ ...update, ConditionExpression: 'n < :three',
    ExpressionAttributeValues: { ':one': { N: '1' }, ':three': { N: '3' } } })), { type: 'ConditionalCheckFailedException' });
  assert.equal((await get('counter')).n.N, '3');
});

test('after: an error of the call itself is not hidden', () =>
  expectInvalid(db.GetItem({ TableName: 'Orders', Key: {} }, fault('after')), /./));

test('a conflict is TransactionConflictException for single writes, and does nothing', async () => {
  for (const [operation, rest] of [['PutItem', { Item: { id: S('c') } }], ['UpdateItem', { Key: { id: S('c') } }], ['DeleteItem', { Key: { id: S('c') } }]])
    await expectError(db[operation]({ TableName: 'Orders', ...rest }, fault('conflict')),
      { type: 'TransactionConflictException', message: 'Transaction is ongoing for the item' });
  assert.equal(await get('c'), undefined);
  assert.deepEqual(await db.GetItem({ TableName: 'Orders', Key: { id: S('c') } }, fault('conflict')), {}, 'reads meet no conflict');
});

test('a conflict cancels transactions, one action being the reason', async () => {
  const keys = ['x', 'y', 'z'];
  const requests = {
    TransactWriteItems: { TransactItems: keys.map((id) => ({ Put: { TableName: 'Orders', Item: { id: S(id) } } })) },
    TransactGetItems: { TransactItems: keys.map((id) => ({ Get: { TableName: 'Orders', Key: { id: S(id) } } })) },
    ExecuteTransaction: { TransactStatements: keys.map((id) => ({ Statement: `INSERT INTO Orders VALUE {'id': '${id}'}` })) },
  };
  for (const [operation, request] of Object.entries(requests)) {
    const { status, json } = await raw.send(operation, request, fault('conflict'));
    assert.equal(status, 400);
    assert.equal(json.__type, 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException');
    const codes = json.CancellationReasons.map(({ Code }) => Code);
    assert.deepEqual([...codes].sort(), ['None', 'None', 'TransactionConflict']);
    assert.deepEqual(json.CancellationReasons.find(({ Code }) => Code !== 'None'),
      { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' });
    assert.equal(json.Message, `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(', ')}]`);
  }
  for (const id of keys) assert.equal(await get(id), undefined);
});

test('the action that conflicts is by chance, and with a seed always the same', async () => {
  const request = { TransactItems: Array.from({ length: 10 }, (_, id) => ({ Put: { TableName: 'Orders', Item: { id: S(`${id}`) } } })) };
  const at = async (spec) => (await raw.send('TransactWriteItems', request, fault(spec))).json.CancellationReasons.findIndex(({ Code }) => Code !== 'None');
  const seen = new Set();
  for (let seed = 0; seed < 30; seed++) {
    const first = await at(`conflict,seed=${seed}`);
    assert.equal(await at(`conflict,seed=${seed}`), first);
    seen.add(first);
  }
  assert.ok(seen.size > 5);
});

// ---- batches ----

const batch = (ids, TableName = 'Orders') => ({ RequestItems: { [TableName]: ids.map((id) => ({ PutRequest: { Item: { id: S(id), pad: S('x') } } })) } });
const twenty = Array.from({ length: 20 }, (_, n) => `b${n}`);

test('part of a BatchWriteItem is left unprocessed, and the rest is done', async () => {
  const answer = await db.BatchWriteItem({ ...batch(twenty.map((id) => `w-${id}`)), ReturnConsumedCapacity: 'TOTAL' }, fault('unprocessed=0.5,seed=4'));
  const left = answer.UnprocessedItems.Orders.map(({ PutRequest }) => PutRequest.Item.id.S);
  assert.ok(left.length > 3 && left.length < 17, `${left.length}`);
  for (const id of twenty.map((one) => `w-${one}`)) assert.equal(await get(id) === undefined, left.includes(id), id);
  assert.deepEqual(answer.ConsumedCapacity, [{ TableName: 'Orders', CapacityUnits: 20 - left.length }]);
  assert.deepEqual(answer.UnprocessedItems.Orders[0], { PutRequest: { Item: { id: S(left[0]), pad: S('x') } } });
});

test('deletes are left unprocessed as deletes, and only those of the table that is named', async () => {
  const RequestItems = {
    Orders: [{ DeleteRequest: { Key: { id: S('d1') } } }, { PutRequest: { Item: { id: S('d2') } } }],
    Others: [{ PutRequest: { Item: { id: S('d3') } } }, { DeleteRequest: { Key: { id: S('d4') } } }],
  };
  const answer = await db.BatchWriteItem({ RequestItems, ReturnConsumedCapacity: 'TOTAL' }, fault('unprocessed=1,table=Others'));
  const byKey = (a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b));
  assert.deepEqual(Object.keys(answer.UnprocessedItems), ['Others']);
  assert.deepEqual(answer.UnprocessedItems.Others.sort(byKey), RequestItems.Others.sort(byKey));
  assert.deepEqual(answer.ConsumedCapacity.map(({ TableName }) => TableName), ['Orders']);
  const all = await db.BatchWriteItem({ RequestItems }, fault('unprocessed=1'));
  assert.deepEqual(Object.keys(all.UnprocessedItems).sort(), ['Orders', 'Others']);
  assert.deepEqual(all.UnprocessedItems.Orders.sort(byKey), RequestItems.Orders.sort(byKey));
});

test('an application that sends the rest again writes everything in the end', async () => {
  await make('operation=BatchWriteItem,unprocessed=0.5,seed=1');
  const ids = twenty.map((id) => `loop-${id}`);
  let { RequestItems } = batch(ids);
  let rounds = 0;
  while (Object.keys(RequestItems).length > 0) {
    RequestItems = (await sdk.send(new BatchWriteItemCommand({ RequestItems }))).UnprocessedItems;
    assert.ok(++rounds < 50);
  }
  assert.ok(rounds > 2);
  await faults('DELETE');
  for (const id of ids) assert.ok(await get(id), id);
});

test('part of a BatchGetItem is left unprocessed with its parameters, and the rest is answered', async () => {
  const ids = twenty.map((id) => `g-${id}`);
  await db.BatchWriteItem(batch(ids));
  const rest = { ConsistentRead: true, ProjectionExpression: '#i', ExpressionAttributeNames: { '#i': 'id' } };
  const request = { RequestItems: { Orders: { Keys: ids.map((id) => ({ id: S(id) })), ...rest } }, ReturnConsumedCapacity: 'TOTAL' };
  const { Responses, UnprocessedKeys, ConsumedCapacity } = await db.BatchGetItem(request, fault('unprocessed=0.5,seed=9'));
  const { Keys, ...same } = UnprocessedKeys.Orders;
  assert.deepEqual(same, rest);
  assert.ok(Keys.length > 3 && Keys.length < 17, `${Keys.length}`);
  assert.deepEqual([...Keys, ...Responses.Orders].map(({ id }) => id.S).sort(), [...ids].sort());
  assert.equal(ConsumedCapacity[0].CapacityUnits, Responses.Orders.length);
  const none = await db.BatchGetItem(request, fault('unprocessed=1'));
  assert.deepEqual(none.Responses.Orders, []);
  assert.equal(none.UnprocessedKeys.Orders.Keys.length, 20);
});

test('statements of a batch are throttled one by one', async () => {
  const Statements = twenty.map((id) => ({ Statement: `INSERT INTO Orders VALUE {'id': 's-${id}'}` }));
  const { Responses } = await db.BatchExecuteStatement({ Statements }, fault('unprocessed=0.5,seed=2'));
  const left = Responses.map(({ Error }) => Error !== undefined);
  assert.ok(left.includes(true) && left.includes(false));
  for (const [at, id] of twenty.entries()) assert.equal(await get(`s-${id}`) === undefined, left[at], id);
  const { Error } = Responses[left.indexOf(true)];
  assert.equal(Error.Code, 'ProvisionedThroughputExceeded');
  assert.match(Error.Message, /^The level of configured provisioned throughput/);
});

// ---- when ----

test('an answer is late by what was asked for, and nobody else waits', async () => {
  await make('operation=GetItem,table=Orders,latency-ms=3000');
  const clients = Array.from({ length: 30 }, () => new RawClient(server.endpoint)); // of one loop and two workers
  const began = Date.now();
  const late = Promise.all(clients.map((client) => client.call('GetItem', { TableName: 'Orders', Key: { id: S('a') } })));
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (let n = 0; n < 20; n++) {
    await put(`n${n}`);
    await get(`n${n}`, 'Others');
  }
  assert.ok(Date.now() - began < 3000, 'others were answered meanwhile');
  await late;
  const took = Date.now() - began;
  assert.ok(took >= 3000 && took < 30000, `${took} ms`);
  for (const client of clients) client.close();
});

test('a late error is late, and times add up', async () => {
  await make('latency-ms=100', 'operation=PutItem,error=ThrottlingException,latency-ms=100', 'operation=PutItem,error=ServiceUnavailable');
  const began = Date.now();
  await expectError(put('late'), { type: 'ThrottlingException' }); // the first error counts
  assert.ok(Date.now() - began >= 200);
});

test('a client that waits no longer may go, and the write is done all the same', async () => {
  const impatient = new DynamoDBClient({ endpoint: server.endpoint, region, credentials, maxAttempts: 1 });
  await make('operation=PutItem,latency-ms=20000');
  const abort = new AbortController();
  const gone = assert.rejects(impatient.send(new PutItemCommand({ TableName: 'Orders', Item: { id: S('timed-out') } }), { abortSignal: abort.signal }));
  let item;
  for (let tries = 0; tries < 200 && item === undefined; tries++) { // its answer would take twenty seconds; the write does not
    await new Promise((resolve) => setTimeout(resolve, 20));
    item = await get('timed-out');
  }
  abort.abort();
  await gone;
  impatient.destroy();
  assert.deepEqual(item, { id: S('timed-out') });
});

// ---- which, and how often ----

test('operation and table say which calls, by name or ARN, in batches, transactions and statements', async () => {
  await make('table=Others,error=ServiceUnavailable');
  const other = { type: 'ServiceUnavailable', status: 503 };
  await put('a', 'Orders');
  await expectError(put('a', 'Others'), other);
  await expectError(put('a', arn.replace('Orders', 'Others')), other);
  await expectError(db.DescribeTable({ TableName: 'Others' }), other);
  await expectError(db.BatchWriteItem({ RequestItems: { ...batch(['a']).RequestItems, ...batch(['a'], 'Others').RequestItems } }), other);
  await expectError(db.BatchGetItem({ RequestItems: { Others: { Keys: [{ id: S('a') }] } } }), other);
  const both = [{ Put: { TableName: 'Orders', Item: { id: S('t') } } }, { Delete: { TableName: 'Others', Key: { id: S('t') } } }];
  await expectError(db.TransactWriteItems({ TransactItems: both }), other);
  await db.TransactWriteItems({ TransactItems: both.slice(0, 1) });
  await expectError(db.TransactGetItems({ TransactItems: [{ Get: { TableName: 'Others', Key: { id: S('t') } } }] }), other);
  await expectError(db.ExecuteStatement({ Statement: 'SELECT * FROM "Others"' }), other);
  await expectError(db.BatchExecuteStatement({ Statements: [{ Statement: "SELECT * FROM Others WHERE id='t'" }] }), other);
  await expectError(db.ExecuteTransaction({ TransactStatements: [{ Statement: "SELECT * FROM Others WHERE id='t'" }] }), other);
  await db.ExecuteStatement({ Statement: 'SELECT * FROM Orders' });
  await db.ListTables({});
  await make('operation=Scan,error=ServiceUnavailable');
  await expectError(db.Scan({ TableName: 'Orders' }), other);
  await put('a', 'Others');
});

test('a probability hits about that part of the calls, and with a seed the same ones', async () => {
  const hits = async () => {
    await make('operation=GetItem,error=ThrottlingException,probability=0.3,seed=11');
    let text = '';
    for (let n = 0; n < 200; n++) text += (await raw.send('GetItem', { TableName: 'Orders', Key: { id: S('p') } })).status === 200 ? '.' : 'x';
    return text;
  };
  const first = await hits();
  const count = first.split('x').length - 1;
  assert.ok(count > 30 && count < 95, `${count} of 200`);
  assert.match(await told(), new RegExp(`# ${count} of 200 calls`));
  assert.equal(await hits(), first);
});

test('what is wrong with a call is said before any fault', async () => {
  await make('error=ServiceUnavailable');
  await expectInvalid(db.PutItem({ TableName: 'Orders' }), /Value null at 'item'/);
  await expectError(db.NoSuchThing({}), { type: 'UnknownOperationException' });
  assert.match(await told(), /# 0 of 0 calls/);
});

// ---- switching ----

test('faults are told, replaced and ended while the server runs', async () => {
  assert.deepEqual(await faults('GET'), { status: 200, text: '' });
  const set = await faults('PUT', '# for one case\nafter,operation=PutItem; conflict\n');
  assert.deepEqual(set, { status: 200, text: 'after,operation=PutItem # 0 of 0 calls\nconflict # 0 of 0 calls\n' });
  assert.deepEqual(await faults('GET'), set);
  const refused = await faults('PUT', 'after\nafter=maybe');
  assert.deepEqual(refused, { status: 400, text: 'fault "after=maybe": after takes no value\n' });
  assert.deepEqual(await faults('GET'), set, 'as they were');
  assert.deepEqual(await faults('DELETE'), { status: 200, text: '' });
  await put('fine');
  assert.equal((await faults('POST', 'after')).status, 405);
});

test('a malformed header is refused with what is allowed, and nothing is done', async () => {
  await expectInvalid(put('malformed', 'Orders', fault('latency-ms=soon')),
    'fault "latency-ms=soon": latency-ms is a whole number from 1 to 600000, not "soon"');
  assert.equal(await get('malformed'), undefined);
});

test('a header is for one call, beside those of the server', async () => {
  await make('operation=PutItem,latency-ms=150');
  const began = Date.now();
  await expectError(put('h', 'Orders', fault('error=ServiceUnavailable')), { type: 'ServiceUnavailable', status: 503 });
  assert.ok(Date.now() - began >= 150);
  await faults('DELETE');
  await put('h');
});

test('without test mode headers are ignored and the page is not there', async () => {
  const plain = await startServer(['--in-memory', '--fault', 'operation=PutItem,error=ThrottlingException,count=1', '--fault=operation=Scan,after']);
  const client = new RawClient(plain.endpoint);
  await client.call('CreateTable', tableRequest({ name: 'Orders' }));
  await expectError(client.call('PutItem', { TableName: 'Orders', Item: { id: S('a') } }), { type: 'ThrottlingException' });
  await client.call('PutItem', { TableName: 'Orders', Item: { id: S('a') } }, fault('conflict'));
  await client.call('PutItem', { TableName: 'Orders', Item: { id: S('a') } }, fault('no fault'));
  await expectError(client.call('Scan', { TableName: 'Orders' }), { type: 'InternalServerError', status: 500 });
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const answer = await fetch(`${plain.endpoint}/_stator/faults`, { method });
    assert.equal(answer.status, 404);
  }
  assert.match(plain.stdout, /faults\s+on demand: operation=PutItem/);
  client.close();
  await plain.stop();
});

test('without faults no call leaves its loop', async () => {
  const before = await readMetrics(server.endpoint);
  for (let n = 0; n < 20; n++) await get('a');
  const then = await readMetrics(server.endpoint);
  assert.equal(then('stator_worker_runs_total'), before('stator_worker_runs_total'));
});

test('a malformed fault is refused at the start with a sentence', async () => {
  const rows = [
    [['--fault', 'probability=0.5'], /it says what shall happen with at least one of error=, conflict, after, latency-ms=, unprocessed=/],
    [['--fault', 'after', '--fault', 'operation=Putitem,after'], /fault "operation=Putitem,after": operation is one that this server has/],
    [['--fault=error=Nonsense'], /error is one of ConditionalCheckFailedException, .*, not "Nonsense"/],
  ];
  for (const [args, says] of rows) {
    const { code, stderr } = await runToEnd(['serve', '--port', '0', '--in-memory', ...args]);
    assert.equal(code, 2);
    assert.match(stderr, /^stator: --fault: fault "/);
    assert.match(stderr, says);
  }
});

test('a durable write that is answered with a 500 is durable', async () => {
  const { mkdtempSync, rmSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const directory = mkdtempSync(`${tmpdir()}/stator-faults-`);
  const args = ['--data-dir', `${directory}/data`, '--fault', 'operation=PutItem,after,latency-ms=50'];
  let durable = await startServer(args);
  let client = new RawClient(durable.endpoint);
  await client.call('CreateTable', tableRequest({ name: 'Orders' }));
  await expectError(client.call('PutItem', { TableName: 'Orders', Item: { id: S('kept') } }), { type: 'InternalServerError', status: 500 });
  client.close();
  await durable.kill();
  durable = await startServer(args);
  client = new RawClient(durable.endpoint);
  assert.deepEqual((await client.call('GetItem', { TableName: 'Orders', Key: { id: S('kept') } })).Item, { id: S('kept') });
  client.close();
  await durable.stop();
  rmSync(directory, { recursive: true });
});
