// One I/O loop, one long request: others are answered meanwhile.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { startServer } from '../api/lib/server.mjs';
import { RawClient } from '../api/lib/raw.mjs';
import { NULL, S, tableRequest } from '../api/lib/index.mjs';

const server = await startServer(['--in-memory', '--allow-unsigned', '--loops', '1']);
const busy = new RawClient(server.endpoint);
const other = new RawClient(server.endpoint);
after(async () => { busy.close(); other.close(); await server.stop(); });

const TableName = 'long';
await busy.call('CreateTable', tableRequest({ name: TableName }));
await busy.call('PutItem', { TableName, Item: { id: S('a'), v: { L: Array(6000).fill(NULL) } } });
for (let doubled = 0; doubled < 5; doubled++)
  await busy.call('UpdateItem', { TableName, Key: { id: S('a') }, UpdateExpression: 'SET v = list_append(v, v)' });
for (const id of ['b', 'c']) {
  const { Item } = await busy.call('GetItem', { TableName, Key: { id: S('a') } });
  await busy.call('PutItem', { TableName, Item: { ...Item, id: S(id) } });
}

const expression = Array(150).fill('contains(v, :v)').join(' OR ');
const values = { ':v': S('nowhere') };
const requests = {
  'a filter that walks all of an item again and again': ['Scan', { TableName, FilterExpression: expression, ExpressionAttributeValues: values },
    (answer) => assert.equal(answer.Count, 0)],
  'a WHERE that does': ['ExecuteStatement', { Statement: `SELECT id FROM "${TableName}" WHERE ${expression.replaceAll(':v', "'nowhere'")}` },
    (answer) => assert.deepEqual(answer.Items, [])],
  'a condition that does': ['PutItem', { TableName, Item: { id: S('a') }, ConditionExpression: `NOT (${expression.slice(0, -19)})`, ExpressionAttributeValues: values }, () => {}],
  'a body of 15 MB': ['PutItem', { TableName, Item: { id: S('a'), v: { L: Array(190000).fill({ S: 'x'.repeat(64) }) } } }, () => {}],
};

for (const [name, [operation, body, check]] of Object.entries(requests))
  test(`while ${name} takes its time, another connection is answered`, async () => {
    let ended = false;
    const long = busy.call(operation, body).then((answer) => { ended = true; return answer; }, (error) => { ended = true; assert.equal(error.name, 'ValidationException'); });
    let slowest = 0;
    let answered = 0;
    while (!ended) {
      const began = performance.now();
      await other.call('ListTables', {});
      slowest = Math.max(slowest, performance.now() - began);
      answered++;
    }
    check(await long);
    assert.ok(answered > 5, `${answered} answers meanwhile, the slowest after ${slowest} ms`);
  });

test('a body of 20 KB that becomes 15 MB is read whole, elsewhere', async () => {
  const body = gzipSync(Buffer.from(`{"TableName":"${TableName}",${' '.repeat(15 * 1024 * 1024)}"Key":{"id":{"S":"b"}},"ProjectionExpression":"id"}`));
  const before = await workerRuns();
  const answer = await fetch(server.endpoint, { method: 'POST', body,
    headers: { 'X-Amz-Target': 'DynamoDB_20120810.GetItem', 'Content-Type': 'application/x-amz-json-1.0', 'Content-Encoding': 'gzip' } });
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), { Item: { id: S('b') } });
  assert.equal(await workerRuns(), before + 1);
});

async function workerRuns() {
  const text = await (await fetch(`${server.endpoint}/metrics`)).text();
  return Number(/^stator_worker_runs_total (\d+)$/m.exec(text)[1]);
}
