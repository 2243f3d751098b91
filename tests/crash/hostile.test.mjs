// Bodies of nearly 16 MB that are made to grow: each is answered, in bounded memory, and the server lives.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { startServer } from '../api/lib/server.mjs';
import { RawClient } from '../api/lib/raw.mjs';
import { S, tableRequest } from '../api/lib/index.mjs';

const BODY_MAX = 16 * 1024 * 1024;
const server = await startServer(['--in-memory', '--allow-unsigned', '--loops', '1']);
const client = new RawClient(server.endpoint);
after(async () => { client.close?.(); await server.stop(); });
await client.call('CreateTable', tableRequest({ name: 'hostile' }));

function post(operation, body) {
  const { hostname, port } = new URL(server.endpoint);
  const headers = { 'X-Amz-Target': `DynamoDB_20120810.${operation}`, 'Content-Type': 'application/x-amz-json-1.0', 'Content-Length': body.length };
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, method: 'POST', headers }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(parts) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

// `open`, as many elements as fit, `close`.
function filled(open, element, close, between = ',') {
  const room = BODY_MAX - open.length - close.length - 16;
  const many = typeof element === 'function';
  const size = (many ? element(0) : element).length + between.length;
  const count = Math.floor(room / size);
  const elements = many ? Array.from({ length: count }, (_, i) => element(i)).join(between) : `${element}${between}`.repeat(count).slice(0, between.length ? -1 : undefined);
  return Buffer.from(open + elements + close);
}

const item = '{"TableName":"hostile","Item":{"id":{"S":"x"},"l":';
const digits = (i) => String(1000000 + i);
const bodies = {
  'a list of numbers': ['PutItem', filled(`${item}{"L":[`, '{"N":"1"}', ']}}}')],
  'a list of nulls': ['PutItem', filled(`${item}{"L":[`, '{"NULL":true}', ']}}}')],
  'a list of empty maps': ['PutItem', filled(`${item}{"L":[`, '{"M":{}}', ']}}}')],
  'a list of nothing': ['PutItem', filled(`${item}{"L":[`, '{}', ']}}}')],
  'a table of no name, with numbers that are longer when they are told': ['BatchWriteItem', filled(
    `{"RequestItems":{"!":[{"PutRequest":{"Item":{"a":{"S":"${'x'.repeat(1060000)}"},"b":{"L":[`, '{"N":"1e125"}', ']}}}}]}}')],
  'a number set': ['PutItem', filled(`${item}{"NS":[`, (i) => `"${digits(i)}"`, ']}}}')],
  'a string set of one member again and again': ['PutItem', filled(`${item}{"SS":[`, '"a"', ']}}}')],
  'attributes without number': ['PutItem', filled('{"TableName":"hostile","Item":{', (i) => `"${digits(i)}":{"N":"1"}`, '}}')],
  'keys without number': ['BatchGetItem', filled('{"RequestItems":{"hostile":{"Keys":[', '{"id":{"S":"a"}}', ']}}}')],
  'empty write requests': ['BatchWriteItem', filled('{"RequestItems":{"hostile":[', '{}', ']}}')],
  'names without number': ['GetItem', filled('{"TableName":"hostile","Key":{"id":{"S":"a"}},"ProjectionExpression":"#a","ExpressionAttributeNames":{',
    (i) => `"#${digits(i)}":"a"`, '}}')],
  'values without number': ['UpdateItem', filled('{"TableName":"hostile","Key":{"id":{"S":"a"}},"UpdateExpression":"SET a = :a","ExpressionAttributeValues":{',
    (i) => `":${digits(i)}":{"N":"1"}`, '}}')],
  'a number of digits without end': ['PutItem', filled(`${item}{"N":"`, '9', '"}}}', '')],
  'a number whose exponent has no end': ['PutItem', filled(`${item}{"N":"1E`, '9', '"}}}', '')],
  'an update expression': ['UpdateItem', filled('{"TableName":"hostile","Key":{"id":{"S":"a"}},"UpdateExpression":"SET ', (i) => `a${digits(i)} = if_not_exists(b, c)`, '"}')],
  'parentheses without end': ['DeleteItem', filled('{"TableName":"hostile","Key":{"id":{"S":"a"}},"ConditionExpression":"', '(', '"}', '')],
  'a path without end': ['GetItem', filled('{"TableName":"hostile","Key":{"id":{"S":"a"}},"ProjectionExpression":"a', '[0]', '"}', '')],
  'a statement': ['ExecuteStatement', filled('{"Statement":"SELECT * FROM hostile WHERE id = 1', ' OR (id = 1)', '"}', '')],
  'statements without number': ['BatchExecuteStatement', filled('{"Statements":[', '{"Statement":"SELECT * FROM hostile"}', ']}')],
  'parts of a transaction without number': ['TransactWriteItems', filled('{"TransactItems":[', '{"Delete":{"TableName":"hostile","Key":{"id":{"S":"a"}}}}', ']}')],
  'tags without number': ['CreateTable', filled('{"TableName":"more","Tags":[', '{"Key":"a","Value":"b"}', ']}')],
  'lists within lists': ['PutItem', filled(`${item}`, '{"L":[', '', '')],
  'a name': ['PutItem', filled('{"TableName":"', 'x', '"}', '')],
  'a key': ['GetItem', filled('{"TableName":"hostile","Key":{"id":{"S":"', 'x', '"}}}', '')],
  'brackets without end': ['PutItem', filled('{"TableName":"hostile","Item":', () => '[[[[[[[[', '')],
};

for (const [name, [operation, body]] of Object.entries(bodies))
  test(`${name} of 16 MB is refused, and the server goes on`, async () => {
    const began = performance.now();
    const answer = await post(operation, body);
    assert.ok(performance.now() - began < 20000); // seconds, not minutes
    assert.equal(answer.status, 400);
    assert.match(JSON.parse(answer.body).__type, /(Validation|Serialization)Exception$/);
    await client.call('ListTables', {});
  });

test('a batch of control characters answers six times its size', async () => {
  const controls = '\\u0001'.repeat(400000);
  const keys = Array.from({ length: 45 }, (_, i) => ({ id: S(`k${i}`) }));
  for (const { id } of keys)
    assert.equal((await post('PutItem', Buffer.from(`{"TableName":"hostile","Item":{"id":{"S":"${id.S}"},"c":{"S":"${controls}"}}}`))).status, 200);
  const answer = await post('BatchGetItem', Buffer.from(JSON.stringify({ RequestItems: { hostile: { Keys: keys } } })));
  assert.equal(answer.status, 200);
  const reply = JSON.parse(answer.body);
  assert.equal(reply.Responses.hostile.length + reply.UnprocessedKeys.hostile.Keys.length, 45);
});

test('all of that took less than a gigabyte', () => {
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
  assert.ok(peak < 1024 * 1024, `${peak} kB`);
});

test('clients that do not read their replies are held to a budget of memory', async () => {
  const small = await startServer(['--in-memory', '--allow-unsigned', '--loops', '1', '--max-body-memory-mb', '17']);
  const db = new RawClient(small.endpoint);
  await db.call('CreateTable', tableRequest({ name: 'unread' }));
  const Keys = Array.from({ length: 42 }, (_, i) => ({ id: S(`k${i}`) }));
  for (const key of Keys) await db.call('PutItem', { TableName: 'unread', Item: { ...key, pad: S('x'.repeat(390000)) } });
  const { hostname, port } = new URL(small.endpoint);
  const body = JSON.stringify({ RequestItems: { unread: { Keys } } });
  const sockets = Array.from({ length: 60 }, () => {
    const socket = net.connect({ host: hostname, port: Number(port) });
    socket.on('error', () => {});
    socket.pause();
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nX-Amz-Target: DynamoDB_20120810.BatchGetItem\r\n'
      + `Content-Type: application/x-amz-json-1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    return socket;
  });
  for (let refused = false; !refused;) // only now are there enough of them
    await db.call('ListTables', {}).then(() => new Promise((resolve) => setTimeout(resolve, 20)), () => { refused = true; });
  for (const socket of sockets) socket.destroy();
  for (let served = false; !served;)
    await db.call('ListTables', {}).then(() => { served = true; }, () => new Promise((resolve) => setTimeout(resolve, 20)));
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${small.pid}/status`, 'utf8'))[1]);
  db.close();
  await small.stop();
  assert.ok(peak < 1024 * 1024, `${peak} kB`); // all 60 together would be 3 GB
});
