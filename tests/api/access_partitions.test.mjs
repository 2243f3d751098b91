// Which partitions a call reaches, as policies see it: leading keys part by part, and scans by statement.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { ACCOUNT, allow, deny, identityServer, newUser, policy, refused } from './lib/identity.mjs';
import { givenEndpoint } from './lib/server.mjs';

const skip = givenEndpoint() ? 'the server is not ours to start' : false;
const server = skip ? undefined : await identityServer();
after(() => server?.stop());
const iam = server?.iam();
const root = server?.db();
const ResourceArn = `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/parts`;
const S = (text) => ({ S: text });
let users = 0;
const who = async (...statements) => server.db(await newUser(iam, `user${users++}`, policy(...statements)));

const HASH = (AttributeName) => ({ AttributeName, KeyType: 'HASH' });
if (!skip) {
  await root.createTable({ TableName: 'parts', BillingMode: 'PAY_PER_REQUEST', KeySchema: [HASH('pk')],
    AttributeDefinitions: ['pk', 'h1', 'h2'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    GlobalSecondaryIndexes: [{ IndexName: 'both', Projection: { ProjectionType: 'ALL' }, KeySchema: [HASH('h1'), HASH('h2')] }] });
  for (const pk of ['a1', 'lk']) await root.putItem({ TableName: 'parts', Item: { pk: S(pk), h1: S('q'), h2: S('r') } });
}

test('parts of a partition key are asked for one by one', { skip }, async () => {
  const only = (more) => who(allow(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:PartiQLSelect'], [ResourceArn, `${ResourceArn}/index/*`],
    { Condition: { 'ForAllValues:StringEquals': more } }));
  const get = (db, pk) => db.getItem({ TableName: 'parts', Key: { pk: S(pk) } });
  const query = (db, h1, h2) => db.query({ TableName: 'parts', IndexName: 'both', KeyConditionExpression: 'h1 = :a AND h2 = :b',
    ExpressionAttributeValues: { ':a': S(h1), ':b': S(h2) } });
  const select = (db, h1, h2) => db.executeStatement({ Statement: `SELECT * FROM parts.both WHERE h1 = '${h1}' AND h2 = '${h2}'` });
  for (const key of ['dynamodb:FirstPartitionKeyValues', 'dynamodb:LeadingKeys']) {
    const table = await only({ [key]: ['lk'] });
    assert.ok((await get(table, 'lk')).Item);
    await refused(get(table, 'a1'), 'AccessDeniedException');
    const index = await only({ [key]: ['q'] });
    for (const read of [query, select]) {
      await read(index, 'q', 'r');
      await read(index, 'q', 'anything');
      await refused(read(index, 'r', 'q'), 'AccessDeniedException');
    }
  }
  const second = await only({ 'dynamodb:SecondPartitionKeyValues': ['r'] });
  for (const read of [query, select]) {
    await read(second, 'anything', 'r');
    await refused(read(second, 'r', 'q'), 'AccessDeniedException');
  }
  await get(second, 'a1'); // the table's key has no second part, and ForAllValues holds of none
  const third = await only({ 'dynamodb:ThirdPartitionKeyValues': ['x'], 'dynamodb:FourthPartitionKeyValues': ['y'] });
  await query(third, 'q', 'r');
  const there = await who(allow('dynamodb:Query', '*', { Condition: { Null: { 'dynamodb:ThirdPartitionKeyValues': 'false' } } }));
  await refused(query(there, 'q', 'r'), 'AccessDeniedException');
});

test('a statement that is run as a scan is one to policies', { skip }, async () => {
  const db = await who(allow('dynamodb:*'), deny('dynamodb:PartiQLSelect', '*', { Condition: { Bool: { 'dynamodb:FullTableScan': 'true' } } }));
  const run = (rest) => db.executeStatement({ Statement: `SELECT pk FROM ${rest}` });
  const either = (count) => Array.from({ length: count }, (_, n) => `pk = 'k${n}'`).join(' OR ');
  for (const rest of ["parts WHERE pk = 'a1'", "parts WHERE pk IN ['a1', 'lk']", `parts WHERE ${either(50)}`, "parts.both WHERE h1 = 'q' AND h2 = 'r'",
    "parts.both WHERE h1 = 'q' AND h2 = 'r' AND begins_with(pk, 'a')"]) await run(rest);
  for (const rest of ['parts', "parts WHERE begins_with(pk, 'a')", `parts WHERE ${either(51)}`, "parts WHERE h1 = 'q'", 'parts.both', "parts.both WHERE h1 = 'q'",
    "parts.both WHERE h2 = 'r'", "parts.both WHERE h1 IN ['q', 'r']", "parts.both WHERE h1 IN ['q', 'r'] AND h2 = 'r'", "parts.both WHERE pk = 'a1'"])
    await refused(run(rest), 'AccessDeniedException', /explicit deny/);
});
