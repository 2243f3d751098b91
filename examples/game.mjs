// A game in one table, with the AWS SDK for JavaScript: node game.mjs [URL] [FILE]

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// The packages are found beside this file or in the tests' folder, wherever npm install was run.
const here = new URL('.', import.meta.url);
const load = (name) => {
  for (const base of [here, new URL('../tests/', here)]) {
    try {
      return createRequire(new URL('package.json', base))(name);
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error(`npm install ${name} first`);
};
const { DynamoDBClient, waitUntilTableExists } = load('@aws-sdk/client-dynamodb');
const { DynamoDBDocument } = load('@aws-sdk/lib-dynamodb');
const { CreateTableCommand, DeleteTableCommand } = load('@aws-sdk/client-dynamodb');

const endpoint = process.argv[2] ?? 'http://127.0.0.1:8000';
const source = process.argv[3] ?? new URL('game.jsonl', here);
const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
const game = DynamoDBDocument.from(client);

const TableName = `game-mjs-${process.pid}-${Date.now()}`;
const key = (hash, range) => [{ AttributeName: hash, KeyType: 'HASH' }, { AttributeName: range, KeyType: 'RANGE' }];
await client.send(new CreateTableCommand({
  TableName, BillingMode: 'PAY_PER_REQUEST', KeySchema: key('PK', 'SK'),
  AttributeDefinitions: ['PK', 'SK', 'map', 'open_since'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  GlobalSecondaryIndexes: [
    { IndexName: 'open', KeySchema: key('map', 'open_since'), Projection: { ProjectionType: 'ALL' } },
    { IndexName: 'inverted', KeySchema: key('SK', 'PK'), Projection: { ProjectionType: 'ALL' } },
  ],
}));
await waitUntilTableExists({ client, maxWaitTime: 60 }, { TableName });

const items = readFileSync(source, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
for (let at = 0; at < items.length; at += 25) {
  let pending = { [TableName]: items.slice(at, at + 25).map((Item) => ({ PutRequest: { Item } })) };
  while (Object.keys(pending).length) pending = (await game.batchWrite({ RequestItems: pending })).UnprocessedItems;
}

const profile = await game.get({ TableName, Key: { PK: 'USER#ada1', SK: '#PROFILE' } });
console.log('level of ada1:', profile.Item.level);

const players = await game.query({ TableName, KeyConditionExpression: 'PK = :match AND begins_with(SK, :user)',
  ExpressionAttributeValues: { ':match': 'MATCH#m003', ':user': 'USER#' } });
console.log('players of m003:', players.Items.map((each) => each.user).join(' '));

const matches = await game.query({ TableName, IndexName: 'inverted', KeyConditionExpression: 'SK = :user', ExpressionAttributeValues: { ':user': 'USER#ada1' } });
console.log('matches of ada1:', matches.Items.map((each) => each.match).join(' '));

const waiting = await game.query({ TableName, IndexName: 'open', KeyConditionExpression: '#map = :map',
  ExpressionAttributeNames: { '#map': 'map' }, ExpressionAttributeValues: { ':map': 'Deep Forest' } });
console.log('open matches in Deep Forest:', waiting.Items.map((each) => each.match).join(' '));

const started = await game.update({ TableName, Key: { PK: 'MATCH#m003', SK: '#MATCH' }, UpdateExpression: 'REMOVE open_since SET started = :now',
  ConditionExpression: 'attribute_exists(open_since)', ExpressionAttributeValues: { ':now': '2024-05-09T12:00' }, ReturnValues: 'ALL_NEW' });
console.log('m003 started:', started.Attributes.started);

const left = await game.scan({ TableName, IndexName: 'open', Select: 'COUNT' });
console.log('open matches left:', left.Count);
await client.send(new DeleteTableCommand({ TableName }));
