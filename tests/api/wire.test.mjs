// The wire: headers of every answer, what HTTP is refused, what JSON is refused, unknown operations.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import { N, S, Wire, checkCrc, expectError, harness } from './lib/index.mjs';

const { db, raw, endpoint, table, cpuMs } = await harness();
const name = await table({});
await db.PutItem({ TableName: name, Item: { id: S('a') } });
const host = new URL(endpoint).host;

const open = [];
after(() => open.forEach((wire) => wire.end()));
function connect() {
  const wire = new Wire(endpoint);
  open.push(wire);
  return wire;
}

// Sends bytes on a new connection and answers the first answer.
async function exchange(bytes) {
  const wire = connect();
  await wire.send(bytes);
  return { wire, answer: raw.finish(await wire.answer()) };
}

// A refused head: 4xx and a closed connection, or a closed connection alone.
async function refused(bytes, statuses = [400]) {
  const wire = connect();
  await wire.send(bytes);
  try {
    const answer = await wire.answer(5000);
    assert.ok(statuses.includes(answer.status), `${answer.status} ${answer.body}`);
  } catch (error) {
    assert.match(error.message, /closed/);
  }
  assert.ok(await wire.closes(), 'the connection is closed afterwards');
  assert.deepEqual((await db.GetItem({ TableName: name, Key: { id: S('a') } })).Item, { id: S('a') }, 'the server goes on');
}

const list = (headers) => raw.request('ListTables', '{}', headers);
const text = (bytes) => bytes.toString('latin1');

test('a good answer has a request id, a CRC, a length and the content type', async () => {
  const answer = await raw.send('ListTables', {});
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'application/x-amz-json-1.0');
  assert.match(answer.headers['x-amzn-requestid'], /^[A-Z0-9]{52}$/);
  assert.equal(Number(answer.headers['content-length']), answer.body.length);
  checkCrc(answer);
});

test('an error answer has the same headers', async () => {
  const answer = await raw.send('GetItem', {});
  assert.equal(answer.status, 400);
  assert.equal(answer.headers['content-type'], 'application/x-amz-json-1.0');
  assert.match(answer.headers['x-amzn-requestid'], /^[A-Z0-9]{52}$/);
  checkCrc(answer);
});

test('request ids differ', async () => {
  const ids = await Promise.all(Array.from({ length: 50 }, async () => (await raw.send('ListTables', {})).headers['x-amzn-requestid']));
  assert.equal(new Set(ids).size, 50);
});

test('error types carry their families, and SerializationException its text in Message', async () => {
  const invalid = (await raw.send('GetItem', {})).json;
  assert.equal(invalid.__type, 'com.amazon.coral.validate#ValidationException');
  assert.equal(typeof invalid.message, 'string');
  const missing = (await raw.send('DescribeTable', { TableName: 'no-such-table' })).json;
  assert.equal(missing.__type, 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException');
  assert.equal(typeof missing.message, 'string');
  const broken = (await raw.send('GetItem', '{')).json;
  assert.equal(broken.__type, 'com.amazon.coral.service#SerializationException');
  assert.equal('message' in broken, false);
  const unknown = (await raw.send('Nonsense', {})).json;
  assert.equal(unknown.__type, 'com.amazon.coral.service#UnknownOperationException');
});

test('text that quotes the request is escaped', async () => {
  const answer = await raw.send('GetItem', { TableName: name, Key: { id: S('a') }, ReturnConsumedCapacity: '"\\\n\u0001é' });
  assert.match(answer.json.message, /^1 validation error detected: Value '"\\\n\u0001é' at 'returnConsumedCapacity'/);
});

test('text that quotes a NUL does not end there', async () => {
  const nul = 'a\0b';
  const keyed = await table({ key: `${nul} s` });
  const put = (Item, more) => db.PutItem({ TableName: name, Item: { id: S('nul'), ...Item }, ...more });
  const INVALID = 'One or more parameter values were invalid: ';
  await expectError(db.PutItem({ TableName: keyed, Item: { s: S('x') } }), { type: 'ValidationException', message: `${INVALID}Missing the key ${nul} in the item` });
  await expectError(put({ n: N('1\0x') }), { type: 'ValidationException', message: `The parameter cannot be converted to a numeric value: 1\0x` });
  await expectError(put({ v: { SS: [nul, nul] } }), { type: 'ValidationException', message: `${INVALID}Input collection [${nul}, ${nul}] contains duplicates.` });
  await expectError(put({}, { ConditionExpression: '#n.x = :v AND #n[0] = :v OR attribute_type(a, :t)', ExpressionAttributeNames: { '#n': nul },
    ExpressionAttributeValues: { ':v': N(1), ':t': S(nul) } }),
  { type: 'ValidationException', message: /^Invalid ConditionExpression: Invalid attribute type name found; type: a\0b, valid types: \{[A-Z,]+\}$/ });
  await expectError(db.UpdateItem({ TableName: name, Key: { id: S('nul') }, UpdateExpression: 'SET #n = :v, #n.b = :v', ExpressionAttributeNames: { '#n': nul },
    ExpressionAttributeValues: { ':v': N(1) } }), { type: 'ValidationException', message: 'Invalid UpdateExpression: Two document paths overlap with each other; '
    + `must remove or rewrite one of these paths; path one: [${nul}], path two: [${nul}, b]` });
  await expectError(db.DescribeTable({ TableName: nul }), { type: 'ValidationException', message: /'a\0b' at 'tableName'/ });
  await expectError(db.ExecuteStatement({ Statement: `SELECT * FROM "${name}" WHERE id = 'x' ORDER BY "${nul}"` }),
    { type: 'ValidationException', message: `Variable reference ${nul} in ORDER BY clause must be part of the primary key.` });
});

test('other content types are refused with 404', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
    const answer = await raw.send('ListTables', {}, { 'Content-Type': type });
    assert.equal(answer.status, 404, type);
    assert.match(answer.body.toString(), /UnknownOperationException/);
  }
});

test('header names may be written in any case', async () => {
  const { answer } = await exchange(Buffer.from(text(list()).replace('X-Amz-Target', 'x-AMZ-tArGeT').replace('Content-Length', 'CONTENT-length')));
  assert.equal(answer.status, 200);
});

test('GET / answers healthy and the Host of the request', async () => {
  const { answer } = await exchange('GET / HTTP/1.1\r\nHost: some.where:123\r\n\r\n');
  assert.equal(answer.status, 200);
  assert.equal(answer.body.toString().trim(), 'healthy: some.where:123');
});

test('other paths and methods are refused with 4xx', async () => {
  for (const line of ['GET /other', 'PUT /', 'DELETE /', 'POST /other']) {
    const { answer } = await exchange(`${line} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`);
    assert.ok(answer.status >= 400 && answer.status < 500, `${line}: ${answer.status}`);
  }
});

const served = ['CreateTable', 'DescribeTable', 'ListTables', 'DeleteTable', 'PutItem', 'GetItem', 'UpdateItem', 'DeleteItem', 'Query', 'Scan',
  'BatchGetItem', 'BatchWriteItem'];
test('the operations of this suite are known', async () => {
  for (const operation of served) assert.notEqual((await raw.send(operation, {})).json.__type?.split('#')[1], 'UnknownOperationException', operation);
});

// An operation either does its work or is unknown: an empty 200 would be a pretence.
const others = ['CancelBulkOperation', 'CreateBackup', 'CreateGlobalTable', 'DeleteBackup', 'DescribeBackup',
  'DescribeBulkOperation', 'DescribeExport', 'DescribeGlobalTable', 'DescribeGlobalTableSettings', 'DescribeImport',
  'DescribeTableReplicaAutoScaling',
  'ExportTableToPointInTime', 'ImportTable', 'ListBackups', 'ListBulkOperations',
  'ListExports', 'ListGlobalTables', 'ListImports', 'RestoreTableFromBackup', 'RestoreTableToPointInTime',
  'SearchVectors', 'StartBulkPutItems', 'UpdateContinuousBackups', 'UpdateGlobalTable', 'UpdateGlobalTableSettings',
  'UpdateTableReplicaAutoScaling'];
for (const operation of others) {
  test(`${operation}, not there yet, is UnknownOperationException 400`, () => expectError(db[operation]({}), { type: 'UnknownOperationException' }));
}
for (const operation of ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams']) {
  test(`${operation} belongs to the other service, so it is UnknownOperationException 400`, () =>
    expectError(db[operation]({}), { type: 'UnknownOperationException' }));
}
for (const operation of served) {
  test(`${operation} is unknown to the service of streams`, () =>
    expectError(db[operation]({}, { 'X-Amz-Target': `DynamoDBStreams_20120810.${operation}` }), { type: 'UnknownOperationException' }));
}
for (const target of ['DynamoDB_20120810.Nonsense', 'DynamoDB_20120810.getitem', 'DynamoDB_20120810', 'DynamoDB_20120810.', 'GetItem', 'DynamoDB_19990101.GetItem',
  'DynamoDB_20120810.GetItem.x', '', undefined]) {
  test(`X-Amz-Target ${JSON.stringify(target)} is UnknownOperationException`, () =>
    expectError(db.GetItem({}, { 'X-Amz-Target': target }), { type: 'UnknownOperationException' }));
}

const broken = ['', '{', '{"TableName"', '{"TableName":"x"', '{"TableName":}', '{"TableName":"x",}', "{'TableName':'x'}", '{TableName:"x"}', '[]', '"x"', '5', 'null', 'true',
  '{} {}', '{}x', '{"a":01}', '{"a":1.}', '{"a":.5}', '{"a":+1}', '{"a":1e}', '{"a":NaN}', '{"a":tru}', '{"a":"\\x"}', '{"a":"\\u12"}', '{"a":"\\ud800"}', '{"a":"line\nbreak"}',
  '{"a":"\u0001"}', '{"a" "b"}', '{"a":1,,"b":2}', '[1,2', '{"a":[1,]}', '\ufeff{}'];
for (const body of broken) {
  test(`the body ${JSON.stringify(body)} is a SerializationException`, () => expectError(db.GetItem(Buffer.from(body)), { type: 'SerializationException' }));
}
for (const [what, bytes] of [['a lone continuation byte', [0x80]], ['an overlong slash', [0xc0, 0xaf]], ['half a character', [0xe2, 0x82]], ['a surrogate', [0xed, 0xa0, 0x80]],
  ['a code point beyond the last', [0xf4, 0x90, 0x80, 0x80]], ['byte 255', [0xff]]]) {
  test(`${what} in a string is a SerializationException, with a body that is JSON`, async () => {
    const body = Buffer.concat([Buffer.from(`{"TableName":"${name}","Key":{"id":{"S":"`), Buffer.from(bytes), Buffer.from('"}}}')]);
    await expectError(db.GetItem(body), { type: 'SerializationException' });
  });
}
for (const [what, open_, close] of [['lists', '[', ']'], ['objects', '{"a":', '}'], ['values', '{"L":[', ']}']]) {
  test(`${what} nested 100,000 levels deep are refused within a second`, async () => {
    const body = `{"TableName":"${name}","Item":{"id":{"S":"deep"},"x":${open_.repeat(100000)}1${close.repeat(100000)}}}`;
    const started = cpuMs();
    const answer = await raw.send('PutItem', body);
    assert.equal(answer.status, 400);
    assert.match(answer.json.__type, /#(SerializationException|ValidationException)$/);
    assert.ok(cpuMs() - started < 1000);
  });
  test(`${what} opened 100,000 times and never closed are refused`, async () => {
    const answer = await raw.send('PutItem', `{"TableName":"${name}","Unknown":${open_.repeat(100000)}`);
    assert.equal(answer.status, 400);
    assert.match(answer.json.__type, /#SerializationException$/);
  });
}
test('a member given twice does not break the server', async () => {
  const answer = await raw.send('GetItem', `{"TableName":"none","TableName":"${name}","Key":{"id":{"S":"a"}}}`);
  assert.ok([200, 400].includes(answer.status));
});
test('white space around and within JSON is fine', async () => {
  assert.deepEqual(await db.GetItem(` \r\n\t{ "TableName" : "${name}" ,\n"Key":{"id" :{ "S":\t"a" } } } \n`), { Item: { id: S('a') } });
});

test('a body of 16 MB is read, one byte more is refused with 413', async () => {
  const limit = 16 * 1024 * 1024;
  const filled = Buffer.alloc(limit, ' ');
  filled.write(`{"TableName":"${name}","Key":{"id":{"S":"a"}}}`);
  assert.equal((await raw.send('GetItem', filled)).status, 200);
  const wire = connect();
  await wire.send(`POST / HTTP/1.1\r\nHost: ${host}\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\nContent-Length: ${limit + 1}\r\n\r\n`);
  assert.equal((await wire.answer(5000)).status, 413);
});
test('a chunked body beyond 16 MB is refused with 413', async () => {
  const wire = connect();
  wire.send(`POST / HTTP/1.1\r\nHost: ${host}\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x100000, ' '), Buffer.from('\r\n')]);
  for (let at = 0; at < 17 && !wire.closed; at++) wire.send(chunk);
  assert.equal((await wire.answer(10000)).status, 413);
});
test('an announced length of exabytes is refused with 413 or 400', async () => {
  for (const length of ['99999999999999999999', '9223372036854775808', '18446744073709551617']) {
    const wire = connect();
    await wire.send(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${length}\r\n\r\n`);
    assert.ok([400, 413].includes((await wire.answer(5000)).status));
  }
});

const line = `POST / HTTP/1.1\r\nHost: ${host}\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n`;
const heads = [
  ['a head above 16 KB', `${line}X-Long: ${'x'.repeat(17000)}\r\nContent-Length: 2\r\n\r\n{}`],
  ['a request line above 16 KB', `POST /${'x'.repeat(17000)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
  ['a head that never ends', `${line}${Array.from({ length: 3000 }, (_, at) => `X-${at}: y\r\n`).join('')}`],
  ['two different Content-Lengths', `${line}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} `],
  ['two equal Content-Lengths', `${line}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`],
  ['a list of Content-Lengths', `${line}Content-Length: 2, 2\r\n\r\n{}`],
  ['Content-Length with Transfer-Encoding', `${line}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`],
  ['a negative Content-Length', `${line}Content-Length: -2\r\n\r\n{}`],
  ['a Content-Length with a sign', `${line}Content-Length: +2\r\n\r\n{}`],
  ['a hexadecimal Content-Length', `${line}Content-Length: 0x2\r\n\r\n{}`],
  ['an empty Content-Length', `${line}Content-Length:\r\n\r\n{}`],
  ['bare LF after lines', `${line}Content-Length: 2\r\n\r\n{}`.replaceAll('\r\n', '\n')],
  ['one bare LF among CRLFs', `${line}X-A: b\nContent-Length: 2\r\n\r\n{}`],
  ['a bare CR in a value', `${line}X-A: b\rc\r\nContent-Length: 2\r\n\r\n{}`],
  ['a NUL in a value', `${line}X-A: b\0c\r\nContent-Length: 2\r\n\r\n{}`],
  ['a blank before the colon', `${line}X-A : b\r\nContent-Length: 2\r\n\r\n{}`],
  ['a folded header', `${line}X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}`],
  ['a header without colon', `${line}nonsense\r\nContent-Length: 2\r\n\r\n{}`],
  ['a header without name', `${line}: b\r\nContent-Length: 2\r\n\r\n{}`],
  ['a request line without version', `POST /\r\nHost: ${host}\r\n\r\n`],
  ['a request line with two blanks', `POST  / HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
  ['bytes that are no HTTP', `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${'\0'.repeat(40)}\r\n\r\n`],
  ['a chunk size that is none', `${line}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`],
  ['a chunk size of exabytes', `${line}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n`],
  ['a chunk that is longer than it says', `${line}Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n`],
];
for (const [what, bytes] of heads) {
  test(`${what} is refused and the connection closed`, () => refused(Buffer.from(bytes, 'latin1')));
}
test('an unknown transfer coding is refused', () => refused(Buffer.from(`${line}Transfer-Encoding: gzip\r\n\r\n`), [400, 501]));

test('a request without Host is refused', () => refused('GET / HTTP/1.1\r\n\r\n'));

test('a chunked body is joined', async () => {
  const body = `{"TableName":"${name}","Key":{"id":{"S":"a"}}}`;
  const parts = [body.slice(0, 1), body.slice(1, 20), body.slice(20)].map((part) => `${part.length.toString(16)};ext=1\r\n${part}\r\n`).join('');
  const head = text(raw.request('GetItem', body, { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' })).split('\r\n\r\n')[0];
  const { answer } = await exchange(`${head}\r\n\r\n${parts}0\r\nX-Trailer: y\r\n\r\n`);
  assert.deepEqual(answer.json, { Item: { id: S('a') } });
});

test('a request sent byte by byte is answered', async () => {
  const wire = connect();
  for (const byte of raw.request('GetItem', { TableName: name, Key: { id: S('a') } })) await wire.send(Buffer.from([byte]));
  assert.deepEqual(raw.finish(await wire.answer()).json, { Item: { id: S('a') } });
});

const packed = (bytes, encoding) => raw.send('GetItem', bytes, { 'Content-Encoding': encoding });
const wanted = Buffer.from(JSON.stringify({ TableName: name, Key: { id: S('a') } }));

test('a body may come as gzip, of several members too, or as deflate', async () => {
  const members = Buffer.concat([zlib.gzipSync(wanted.subarray(0, 10)), zlib.gzipSync(wanted.subarray(10))]);
  for (const [bytes, encoding] of [[zlib.gzipSync(wanted), 'gzip'], [members, 'gzip'], [zlib.deflateSync(wanted), 'deflate'], [zlib.deflateRawSync(wanted), 'deflate'], [wanted, 'identity']])
    assert.deepEqual((await packed(bytes, encoding)).json, { Item: { id: S('a') } }, encoding);
});

test('a body that is not what its Content-Encoding says, or says something unknown, is refused', async () => {
  for (const [bytes, encoding] of [[wanted, 'gzip'], [zlib.gzipSync(wanted).subarray(0, -9), 'gzip'], [wanted, 'br'], [zlib.gzipSync(wanted), 'deflate']])
    assert.equal((await packed(bytes, encoding)).status, 500, encoding);
});

test('a body that is more than 16 MB when it is unpacked is refused with 413', async () => {
  const limit = 16 * 1024 * 1024;
  const filled = Buffer.alloc(limit + 1, ' ');
  wanted.copy(filled);
  assert.equal((await packed(zlib.gzipSync(filled.subarray(0, limit)), 'gzip')).status, 200);
  assert.equal((await packed(zlib.gzipSync(filled), 'gzip')).status, 413);
});

test('an answer above 4 KB comes as gzip to who takes it, and its CRC is of the bytes as sent', async () => {
  await db.PutItem({ TableName: name, Item: { id: S('packed'), b: S('x'.repeat(5000)) } });
  const ask = async (headers, id = 'packed') => {
    const wire = connect();
    await wire.send(raw.request('GetItem', { TableName: name, Key: { id: S(id) } }, headers));
    return wire.answer();
  };
  const encoding = async (accepted, id) => (await ask({ 'Accept-Encoding': accepted }, id)).headers['content-encoding'];
  const answer = await ask({ 'Accept-Encoding': 'gzip' });
  checkCrc(answer);
  assert.equal(JSON.parse(zlib.gunzipSync(answer.body)).Item.b.S.length, 5000);
  for (const good of ['gzip', 'gzip;q=0.5, deflate', '*', 'br, gzip']) assert.equal(await encoding(good), 'gzip', good);
  for (const bad of [undefined, 'identity', 'gzip;q=0', '*;q=0', 'br']) assert.equal(await encoding(bad), undefined, bad);
  assert.equal(await encoding('gzip', 'a'), undefined, 'a small answer stays as it is');
});

test('a slow client does not hold up another', async () => {
  const slow = connect();
  await slow.send(list().subarray(0, 60));
  const started = Date.now();
  await db.ListTables({});
  assert.ok(Date.now() - started < 10000); // the slow one has longer
  await slow.send(list().subarray(60));
  assert.equal((await slow.answer()).status, 200);
});

test('pipelined requests are answered in their order', async () => {
  const wire = connect();
  const requests = Array.from({ length: 50 }, (_, at) => raw.request('PutItem', { TableName: name, Item: { id: S('pipe'), at: N(at) }, ReturnValues: 'ALL_OLD' }));
  await wire.send(Buffer.concat([...requests, raw.request('GetItem', { TableName: name, Key: { id: S('pipe') }, ConsistentRead: true })]));
  for (let at = 0; at < 50; at++) {
    const { json } = raw.finish(await wire.answer());
    assert.deepEqual(json, at === 0 ? {} : { Attributes: { id: S('pipe'), at: N(at - 1) } });
  }
  assert.deepEqual(raw.finish(await wire.answer()).json.Item.at, N(49));
});

test('a connection is kept for many requests, and closed when asked', async () => {
  const wire = connect();
  for (let at = 0; at < 5; at++) {
    await wire.send(list());
    assert.equal((await wire.answer()).status, 200);
  }
  await wire.send(list({ Connection: 'close' }));
  assert.equal((await wire.answer()).status, 200);
  assert.ok(await wire.closes());
});

test('HTTP/1.0 is answered and the connection closed', async () => {
  const { wire, answer } = await exchange(Buffer.from(text(list()).replace('HTTP/1.1', 'HTTP/1.0')));
  assert.equal(answer.status, 200);
  assert.ok(await wire.closes());
});

test('Expect: 100-continue is answered with 100 before the body', async () => {
  const wire = connect();
  const [head, body] = text(list({ Expect: '100-continue' })).split('\r\n\r\n');
  await wire.send(`${head}\r\n\r\n`);
  assert.equal((await wire.answer(5000)).status, 100);
  await wire.send(body);
  assert.equal((await wire.answer()).status, 200);
});

test('a client that goes away in the middle of its body harms nobody', async () => {
  for (let at = 0; at < 20; at++) {
    const wire = connect();
    await wire.send(raw.request('PutItem', { TableName: name, Item: { id: S('half') } }).subarray(0, -10));
    wire.end();
  }
  assert.deepEqual(await db.GetItem({ TableName: name, Key: { id: S('half') } }), {});
});

test('200 connections are served at one time', async () => {
  const wires = Array.from({ length: 200 }, connect);
  await Promise.all(wires.map((wire) => wire.send(list())));
  const statuses = await Promise.all(wires.map(async (wire) => (await wire.answer()).status));
  assert.deepEqual(new Set(statuses), new Set([200]));
});

test('answers of large items come whole', async () => {
  await db.PutItem({ TableName: name, Item: { id: S('large'), b: S('é'.repeat(190000)) } });
  const { Item } = await db.GetItem({ TableName: name, Key: { id: S('large') } });
  assert.equal(Item.b.S.length, 190000);
});
