// A Kinesis endpoint to deliver to: kinesalite, behind a front that can be taken away and can refuse
// records, as the real one may.

import http from 'node:http';
import kinesalite from 'kinesalite';

export const streamArn = (name) => `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`;
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Until `check` answers something true, which is answered.
export async function until(check, what, ms = 60000) {
  for (const end = Date.now() + ms; Date.now() < end; await pause(20)) {
    const found = await check();
    if (found) return found;
  }
  throw new Error(`not within ${ms} ms: ${what}`);
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

const listen = (server, port) => new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server.address().port)));

export async function startKinesis() {
  const inner = kinesalite({ createStreamMs: 0, deleteStreamMs: 0, shardLimit: 100 });
  const innerPort = await listen(inner, 0);
  const kinesis = { calls: [], refuse: undefined, hold: undefined };

  // From the test's side: kinesalite looks at the form of a signature only.
  async function call(operation, request) {
    const answer = await fetch(`http://127.0.0.1:${innerPort}/`, { method: 'POST', body: JSON.stringify(request), headers: {
      'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Kinesis_20131202.${operation}`, 'x-amz-date': '20261122T000000Z',
      authorization: 'AWS4-HMAC-SHA256 Credential=local/20261122/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0' } });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${operation}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : {};
  }

  // Records for which `refuse` answers true do not get behind the front.
  async function put(body, headers) {
    const asked = JSON.parse(body);
    const refused = asked.Records.map((record) => Boolean(kinesis.refuse?.(record)));
    const Records = asked.Records.filter((_, at) => !refused[at]);
    let taken = [];
    if (Records.length > 0) {
      const answer = await fetch(`http://127.0.0.1:${innerPort}/`, { method: 'POST', headers, body: JSON.stringify({ ...asked, Records }) });
      const text = await answer.text();
      if (answer.status !== 200) return { status: answer.status, text };
      taken = JSON.parse(text).Records;
    }
    const all = refused.map((no) => (no ? { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' } : taken.shift()));
    return { status: 200, text: JSON.stringify({ FailedRecordCount: refused.filter(Boolean).length, Records: all }) };
  }

  const front = () => http.createServer(async (request, response) => {
    const body = await bodyOf(request).catch(() => undefined);
    if (body === undefined) return; // down() came in the middle of it
    const target = request.headers['x-amz-target'];
    const operation = target.split('.')[1];
    kinesis.calls.push({ operation, bytes: body.length, headers: request.headers });
    const headers = Object.fromEntries(['x-amz-target', 'content-type', 'authorization', 'x-amz-date'].map((name) => [name, request.headers[name]]));
    let answer;
    if (operation === 'PutRecords') {
      if (kinesis.hold) await kinesis.hold();
      answer = await put(body, headers);
    }
    if (!answer) {
      const got = await fetch(`http://127.0.0.1:${innerPort}/`, { method: 'POST', headers, body });
      answer = { status: got.status, text: await got.text() };
    }
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' }).end(answer.text);
  });
  let server = front();
  const port = await listen(server, 0);
  kinesis.endpoint = `http://127.0.0.1:${port}`;
  kinesis.down = () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); });
  kinesis.up = () => { server = front(); return listen(server, port); };

  kinesis.createStream = async (StreamName, ShardCount = 1) => {
    await call('CreateStream', { StreamName, ShardCount });
    await until(async () => (await call('DescribeStream', { StreamName })).StreamDescription.StreamStatus === 'ACTIVE', 'the stream');
    return streamArn(StreamName);
  };

  // Everything in a stream, shard by shard: { key, document }.
  kinesis.records = async (StreamName) => {
    const all = [];
    const { Shards } = await call('ListShards', { StreamName });
    for (const { ShardId } of Shards) {
      let { ShardIterator } = await call('GetShardIterator', { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' });
      for (;;) {
        const page = await call('GetRecords', { ShardIterator, Limit: 10000 });
        all.push(...page.Records.map((record) => ({ key: record.PartitionKey, document: JSON.parse(Buffer.from(record.Data, 'base64').toString()) })));
        if (page.Records.length === 0) break;
        ShardIterator = page.NextShardIterator;
      }
    }
    return all;
  };
  // Waits for as many different ones; one that came twice is there twice.
  kinesis.wait = async (StreamName, count, ms = 120000) => {
    let all = [];
    await until(async () => {
      all = await kinesis.records(StreamName);
      return new Set(all.map(({ document }) => document.eventID)).size >= count;
    }, `${count} records in ${StreamName}`, ms);
    return all;
  };
  kinesis.stop = async () => {
    await kinesis.down();
    inner.closeAllConnections();
    await new Promise((resolve) => inner.close(resolve));
  };
  return kinesis;
}

export async function destinations(db, TableName) {
  return (await db.DescribeKinesisStreamingDestination({ TableName })).KinesisDataStreamDestinations;
}

export async function waitStatus(db, TableName, status, StreamArn = undefined) {
  return until(async () => (await destinations(db, TableName)).find(
    (one) => one.DestinationStatus === status && (StreamArn === undefined || one.StreamArn === StreamArn)), `${status} of ${TableName}`);
}
