// Who may do what: users, sessions and policies of tables against every kind of call, through the SDK.

import { after, test } from './lib/case.mjs';
import assert from 'node:assert/strict';
import { ACCOUNT, allow, arn, deny, identityServer, newUser, policy, refused, sessionOf, trust } from './lib/identity.mjs';
import { givenEndpoint } from './lib/server.mjs';

const skip = givenEndpoint() ? 'the server is not ours to start' : false;
const server = skip ? undefined : await identityServer();
after(() => server?.stop());
const iam = server?.iam();
const root = server?.db();
const TABLE = `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/`;
const ResourceArn = `${TABLE}things`;
const S = (text) => ({ S: text });
const denied = (user, action, resource, why) =>
  `User: ${arn(`user/${user}`)} is not authorized to perform: dynamodb:${action} on resource: ${resource} ` +
  (why ?? `because no identity-based policy allows the dynamodb:${action} action`);
let users = 0;

// { name, db } of a user who has these statements and nothing else.
async function who(...statements) {
  const name = `user${users++}`;
  return { name, db: server.db(await newUser(iam, name, statements.length ? policy(...statements) : undefined)) };
}

const table = (TableName, more = {}) => root.createTable({ TableName, BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }], AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }], ...more });

if (!skip) {
  await table('things', { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }, { AttributeName: 'kind', AttributeType: 'S' }],
    GlobalSecondaryIndexes: [{ IndexName: 'byKind', Projection: { ProjectionType: 'ALL' },
      KeySchema: [{ AttributeName: 'kind', KeyType: 'HASH' }] }] });
  for (const id of ['ann', 'bob']) await root.putItem({ TableName: 'things', Item: { id: S(id), kind: S('user'), secret: S('x'), shown: S('y') } });
}

test('a user without policies may do nothing, and does not learn which tables there are', { skip }, async () => {
  const { name, db } = await who();
  for (const TableName of ['things', 'nothing'])
    await refused(db.getItem({ TableName, Key: { id: S('ann') } }), 'AccessDeniedException', denied(name, 'GetItem', TABLE + TableName), 400);
  await refused(db.listTables({}), 'AccessDeniedException', denied(name, 'ListTables', `${TABLE}*`), 400);
});

test('tables are listed by who may list any of them', { skip }, async () => {
  const { db } = await who(allow('dynamodb:ListTables', `${TABLE}*`));
  assert.ok((await db.listTables({})).TableNames.includes('things'));
  const one = await who(allow('dynamodb:ListTables', `${TABLE}things`));
  await refused(one.db.listTables({}), 'AccessDeniedException', denied(one.name, 'ListTables', `${TABLE}*`), 400);
});

test('what is allowed is allowed, on that table alone', { skip }, async () => {
  const { name, db } = await who(allow(['dynamodb:GetItem', 'dynamodb:Query'], ResourceArn));
  assert.equal((await db.getItem({ TableName: 'things', Key: { id: S('ann') } })).Item.shown.S, 'y');
  assert.equal((await db.getItem({ TableName: ResourceArn, Key: { id: S('ann') } })).Item.shown.S, 'y');
  await refused(db.putItem({ TableName: 'things', Item: { id: S('x') } }), 'AccessDeniedException', denied(name, 'PutItem', ResourceArn));
  const query = { TableName: 'things', IndexName: 'byKind', KeyConditionExpression: 'kind = :k', ExpressionAttributeValues: { ':k': S('user') } };
  await refused(db.query(query), 'AccessDeniedException', denied(name, 'Query', `${ResourceArn}/index/byKind`));
  await refused(db.getItem({ TableName: 'others', Key: { id: S('ann') } }), 'AccessDeniedException');
});

test('a denial wins over everything', { skip }, async () => {
  const { name, db } = await who(allow('*'), deny('dynamodb:Delete*', ResourceArn));
  await refused(db.deleteTable({ TableName: 'things' }), 'AccessDeniedException',
    denied(name, 'DeleteTable', ResourceArn, 'with an explicit deny in an identity-based policy'));
  assert.ok((await db.describeTable({ TableName: 'things' })).Table);
});

test('users see rows of their own by LeadingKeys', { skip }, async () => {
  const { db } = await who(allow('dynamodb:*', [ResourceArn, `${ResourceArn}/index/*`],
    { Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['ann'] } } }));
  const Key = (id) => ({ id: S(id) });
  const TableName = 'things';
  await db.getItem({ TableName, Key: Key('ann') });
  await refused(db.getItem({ TableName, Key: Key('bob') }), 'AccessDeniedException');
  await refused(db.batchGetItem({ RequestItems: { things: { Keys: [Key('ann'), Key('bob')] } } }), 'AccessDeniedException');
  await refused(db.transactGetItems({ TransactItems: ['ann', 'bob'].map((id) => ({ Get: { TableName, Key: Key(id) } })) }), 'AccessDeniedException');
  const query = (id) => db.query({ TableName, KeyConditionExpression: '#k = :v', ExpressionAttributeNames: { '#k': 'id' },
    ExpressionAttributeValues: { ':v': S(id) } });
  assert.equal((await query('ann')).Count, 1);
  await refused(query('bob'), 'AccessDeniedException');
  await refused(db.executeStatement({ Statement: "SELECT * FROM things WHERE id IN ['ann', 'bob']" }), 'AccessDeniedException');
  assert.equal((await db.executeStatement({ Statement: 'SELECT * FROM things WHERE id = ?', Parameters: [S('ann')] })).Items.length, 1);
});

test('users see columns of their own by Attributes and Select', { skip }, async () => {
  const { db } = await who(allow(['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:Scan', 'dynamodb:UpdateItem'], ResourceArn, { Condition: {
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['id', 'shown'] },
    StringEqualsIfExists: { 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES', 'dynamodb:ReturnValues': ['NONE', 'UPDATED_OLD', 'UPDATED_NEW'] } } }));
  const one = { TableName: 'things', Key: { id: S('ann') } };
  assert.deepEqual((await db.getItem({ ...one, ProjectionExpression: 'id, shown' })).Item, { id: S('ann'), shown: S('y') });
  await refused(db.getItem(one), 'AccessDeniedException');
  await refused(db.getItem({ ...one, ProjectionExpression: '#s', ExpressionAttributeNames: { '#s': 'secret' } }), 'AccessDeniedException');
  await refused(db.scan({ TableName: 'things', ProjectionExpression: 'id', FilterExpression: 'begins_with(secret, :x)',
    ExpressionAttributeValues: { ':x': S('x') } }), 'AccessDeniedException');
  const update = (UpdateExpression, more = {}) => db.updateItem({ ...one, UpdateExpression, ...more });
  await update('SET #o = :v', { ExpressionAttributeNames: { '#o': 'shown' }, ExpressionAttributeValues: { ':v': S('y') } });
  await refused(update('SET #o = secret', { ExpressionAttributeNames: { '#o': 'shown' } }), 'AccessDeniedException');
  await refused(update('SET #o = :v', { ExpressionAttributeNames: { '#o': 'shown' }, ExpressionAttributeValues: { ':v': S('y') },
    ReturnValues: 'ALL_NEW' }), 'AccessDeniedException');
  await refused(update('REMOVE secret'), 'AccessDeniedException');
});

test('a transaction in which one element is denied does nothing', { skip }, async () => {
  const { name, db } = await who(allow('dynamodb:PutItem', ResourceArn));
  const Put = { TableName: 'things', Item: { id: S('transacted') } };
  await refused(db.transactWriteItems({ TransactItems: [{ Put }, { Delete: { TableName: 'things', Key: { id: S('ann') } } }] }),
    'AccessDeniedException', denied(name, 'DeleteItem', ResourceArn));
  assert.equal((await root.getItem({ TableName: 'things', Key: { id: S('transacted') } })).Item, undefined);
  await db.transactWriteItems({ TransactItems: [{ Put }] });
  assert.ok((await root.getItem({ TableName: 'things', Key: { id: S('transacted') } })).Item);
});

test('statements of a batch are refused one by one', { skip }, async () => {
  const { db } = await who(allow('dynamodb:PartiQLSelect', ResourceArn));
  const { Responses } = await db.batchExecuteStatement({ Statements: [
    { Statement: "SELECT id FROM things WHERE id = 'ann'" }, { Statement: "SELECT id FROM nothing WHERE id = 'ann'" }] });
  assert.deepEqual(Responses[0].Item, { id: S('ann') });
  assert.equal(Responses[1].Error.Code, 'AccessDenied');
});

test('the policy of a table lets a user in and keeps another out', { skip }, async () => {
  const guest = await who();
  const member = await who(allow('dynamodb:*'));
  const read = (db) => db.getItem({ TableName: 'things', Key: { id: S('ann') } });
  const put = (...Statement) => root.putResourcePolicy({ ResourceArn, Policy: policy(...Statement) });
  const of = (user) => ({ Principal: { AWS: arn(`user/${user.name}`) } });
  await refused(read(guest.db), 'AccessDeniedException');
  await put(allow('dynamodb:GetItem', ResourceArn, of(guest)), deny('dynamodb:GetItem', ResourceArn, of(member)));
  assert.ok((await read(guest.db)).Item);
  await refused(read(member.db), 'AccessDeniedException',
    denied(member.name, 'GetItem', ResourceArn, 'with an explicit deny in a resource-based policy'));
  await root.deleteResourcePolicy({ ResourceArn });
  await refused(read(guest.db), 'AccessDeniedException');
  assert.ok((await read(member.db)).Item);
});

test('nobody locks themselves out by mistake, and the root is never locked out', { skip }, async () => {
  const { name, db } = await who(allow('dynamodb:*'));
  await table('locked');
  const locked = { ResourceArn: `${TABLE}locked`, Policy: policy(deny('dynamodb:*', '*', { Principal: '*' })) };
  await refused(db.putResourcePolicy(locked), 'ValidationException', /will not allow you to update/);
  await db.putResourcePolicy({ ...locked, ConfirmRemoveSelfResourceAccess: true });
  await refused(db.deleteResourcePolicy({ ResourceArn: locked.ResourceArn }), 'AccessDeniedException',
    denied(name, 'DeleteResourcePolicy', locked.ResourceArn, 'with an explicit deny in a resource-based policy'));
  await refused(root.describeTable({ TableName: 'locked' }), 'AccessDeniedException');
  await root.deleteResourcePolicy({ ResourceArn: locked.ResourceArn });
  await root.deleteTable({ TableName: 'locked' });
});

test('tags of a table decide who may use it', { skip }, async () => {
  await table('tagged', { Tags: [{ Key: 'team', Value: 'red' }] });
  const red = await who(allow('dynamodb:*', '*', { Condition: { StringEquals: { 'aws:ResourceTag/team': 'red' } } }));
  await red.db.describeTable({ TableName: 'tagged' });
  await refused(red.db.describeTable({ TableName: 'things' }), 'AccessDeniedException');
  await root.tagResource({ ResourceArn: `${TABLE}tagged`, Tags: [{ Key: 'team', Value: 'blue' }] });
  await refused(red.db.describeTable({ TableName: 'tagged' }), 'AccessDeniedException');
});

test('a table with tags takes the right to tag', { skip }, async () => {
  const { name, db } = await who(allow('dynamodb:CreateTable'));
  const request = (TableName, Tags) => ({ TableName, BillingMode: 'PAY_PER_REQUEST', Tags,
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }], AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }] });
  await refused(db.createTable(request('withTags', [{ Key: 'a', Value: 'b' }])), 'AccessDeniedException',
    denied(name, 'TagResource', `${TABLE}withTags`));
  await db.createTable(request('without'));
});

test('a session has what its role and its session policy both allow', { skip }, async () => {
  await iam.createRole({ RoleName: 'reader', AssumeRolePolicyDocument: trust(arn('root')) });
  await iam.putRolePolicy({ RoleName: 'reader', PolicyName: 'own', PolicyDocument: policy(allow(['dynamodb:GetItem', 'dynamodb:Scan'])) });
  const session = server.db(sessionOf(await server.sts(await newUser(iam, 'assumer', policy(allow('sts:AssumeRole')))).assumeRole({
    RoleArn: arn('role/reader'), RoleSessionName: 'short', Policy: policy(allow('dynamodb:GetItem')) })));
  assert.ok((await session.getItem({ TableName: 'things', Key: { id: S('ann') } })).Item);
  const me = `User: arn:aws:sts::${ACCOUNT}:assumed-role/reader/short is not authorized to perform: dynamodb:`;
  await refused(session.scan({ TableName: 'things' }), 'AccessDeniedException',
    `${me}Scan on resource: ${ResourceArn} because no session policy allows the dynamodb:Scan action`);
  await refused(session.deleteItem({ TableName: 'things', Key: { id: S('ann') } }), 'AccessDeniedException',
    `${me}DeleteItem on resource: ${ResourceArn} because no identity-based policy allows the dynamodb:DeleteItem action`);
});

test('a stream is a resource of its own, down to its records', { skip }, async () => {
  const { createRequire } = await import('node:module');
  const { DynamoDBStreams } = createRequire(import.meta.url)('@aws-sdk/client-dynamodb-streams');
  const { Table: { LatestStreamArn: StreamArn } } = await root.describeTable({ TableName: 'things' });
  const credentials = await newUser(iam, 'follower', policy(allow(['dynamodb:DescribeStream', 'dynamodb:GetShardIterator', 'dynamodb:GetRecords'],
    `${ResourceArn}/stream/*`)));
  const tableOnly = await newUser(iam, 'tableOnly', policy(allow('dynamodb:*', ResourceArn)));
  const clients = [credentials, tableOnly].map((each) =>
    new DynamoDBStreams({ endpoint: server.endpoint, region: 'us-east-1', credentials: each, maxAttempts: 1 }));
  const [streams, none] = clients;
  const { StreamDescription: { Shards: [{ ShardId }] } } = await streams.describeStream({ StreamArn });
  const { ShardIterator } = await streams.getShardIterator({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' });
  assert.ok((await streams.getRecords({ ShardIterator })).Records);
  await refused(streams.listStreams({}), 'AccessDeniedException');
  await refused(none.getRecords({ ShardIterator }), 'AccessDeniedException', denied('tableOnly', 'GetRecords', StreamArn));
  await root.putResourcePolicy({ ResourceArn: StreamArn,
    Policy: policy(allow('dynamodb:GetRecords', StreamArn, { Principal: { AWS: arn('user/tableOnly') } })) });
  assert.ok((await none.getRecords({ ShardIterator })).Records);
  for (const each of clients) each.destroy();
});

test('an item that a failed condition would return is returned to who may have whole items', { skip }, async () => {
  const { db } = await who(allow(['dynamodb:*Item', 'dynamodb:PartiQL*'], ResourceArn, { Condition: {
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['id', 'shown'] },
    StringEqualsIfExists: { 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES', 'dynamodb:ReturnValues': ['NONE', 'UPDATED_OLD', 'UPDATED_NEW'] } } }));
  const check = { TableName: 'things', Key: { id: S('ann') }, ConditionExpression: 'shown = :n', ExpressionAttributeValues: { ':n': S('never') } };
  const Statement = `UPDATE things SET shown='z' WHERE id='ann' AND shown='never'`;
  const whole = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }, none = { ReturnValuesOnConditionCheckFailure: 'NONE' };
  const calls = (more) => [
    () => db.deleteItem({ ...check, ...more }),
    () => db.updateItem({ ...check, UpdateExpression: 'SET shown = :n', ReturnValues: 'UPDATED_NEW', ...more }),
    () => db.transactWriteItems({ TransactItems: [{ ConditionCheck: { ...check, ...more } }] }),
    () => db.transactWriteItems({ TransactItems: [{ Delete: { ...check, ...more } }] }),
    () => db.executeStatement({ Statement, ...more }),
    () => db.executeTransaction({ TransactStatements: [{ Statement, ...more }] }),
  ];
  for (const call of calls(whole)) await refused(call(), 'AccessDeniedException');
  for (const call of [...calls(none), ...calls({})])
    await assert.rejects(call(), (error) => ['ConditionalCheckFailedException', 'TransactionCanceledException'].includes(error.name));
});

test('who is denied meets no fault on demand, and learns of none', { skip }, async () => {
  const tested = await identityServer(['--in-memory', '--test-mode']);
  try {
    const iam = tested.iam();
    const faulty = (credentials) => {
      const db = tested.db(credentials);
      db.middlewareStack.add((next) => (args) => {
        args.request.headers['x-stator-fault'] = 'error=ThrottlingException';
        return next(args);
      }, { step: 'build' });
      return db;
    };
    const calls = (db) => [
      () => db.getItem({ TableName: 'things', Key: { id: S('x') } }),
      () => db.listTables({}),
      () => db.transactGetItems({ TransactItems: [{ Get: { TableName: 'things', Key: { id: S('x') } } }] }),
      () => db.executeStatement({ Statement: "SELECT * FROM things WHERE id='x'" }),
      () => db.executeTransaction({ TransactStatements: [{ Statement: "SELECT * FROM things WHERE id='x'" }] }),
    ];
    for (const call of calls(faulty(await newUser(iam, 'nobody')))) await refused(call(), 'AccessDeniedException');
    for (const call of calls(faulty(await newUser(iam, 'all', policy(allow('*')))))) await refused(call(), 'ThrottlingException');
  } finally {
    await tested.stop();
  }
});
