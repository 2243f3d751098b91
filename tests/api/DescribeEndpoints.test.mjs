// DescribeEndpoints: where this server can be reached, as the caller reached it.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { Wire, harness } from './lib/index.mjs';

const { db, raw, endpoint } = await harness();
const expected = (Address) => ({ Endpoints: [{ Address, CachePeriodInMinutes: 1440 }] });

test('the address is that of the request', async () => {
  assert.deepEqual(await db.DescribeEndpoints({}), expected(new URL(endpoint).host));
});

const wire = new Wire(endpoint);
after(() => wire.end());
test('the address is the Host header, whatever it says', async () => {
  const bytes = raw.request('DescribeEndpoints', '{}').toString('latin1').replace(/\r\nhost: [^\r]*/i, '\r\nHost: some.where:123');
  await wire.send(Buffer.from(bytes, 'latin1'));
  const answer = raw.finish(await wire.answer());
  assert.deepEqual(answer.json, expected('some.where:123'));
});
