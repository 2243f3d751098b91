// Real input: four public data sets are loaded through the SDK, each into one table with the indexes
// its questions need, and every answer is compared with one computed from the file alone. The sets
// lie in STATOR_TEST_DATA (default: ../shared/data beside this tree) and are no part of it; without
// them those cases are skipped and the examples' own data stands in.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DynamoDBClient, CreateTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { givenEndpoint, root, startServer } from '../api/lib/server.mjs';
import { tableRequest } from '../api/lib/index.mjs';

const server = givenEndpoint() ? undefined : await startServer();
const client = new DynamoDBClient({ endpoint: givenEndpoint() ?? server.endpoint, region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
const db = DynamoDBDocument.from(client);
after(async () => {
  client.destroy();
  await server?.stop();
});

const folder = process.env.STATOR_TEST_DATA ?? path.resolve(root, '../shared/data');
const file = (name) => path.join(folder, name);
const missing = (name) => (existsSync(file(name)) ? false : `${file(name)} is not there (STATOR_TEST_DATA names its folder)`);

// Comma-separated values, quotes doubled within quotes.
function csv(name) {
  return readFileSync(file(name), 'utf8').split(/\r?\n/).filter(Boolean).map((line) =>
    [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map((match) => match[1].replace(/^"(.*)"$/s, '$1').replaceAll('""', '"')).slice(0, -1));
}
const jsonLines = (text) => text.trim().split('\n').map((line) => JSON.parse(line));

async function load(shape, items) {
  const request = tableRequest(shape);
  await client.send(new CreateTableCommand(request));
  const { TableName } = request;
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName });
  for (let at = 0; at < items.length; at += 25) {
    let pending = { [TableName]: items.slice(at, at + 25).map((Item) => ({ PutRequest: { Item } })) };
    while (Object.keys(pending).length) pending = (await db.batchWrite({ RequestItems: pending })).UnprocessedItems;
  }
  return TableName;
}

// All items of a query, page by page.
async function ask(TableName, IndexName, KeyConditionExpression, values, more) {
  const items = [];
  let ExclusiveStartKey;
  do {
    const page = await db.query({ TableName, IndexName, KeyConditionExpression, ExpressionAttributeValues: values, ExclusiveStartKey, Limit: 97, ...more });
    items.push(...page.Items);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return items;
}

const bytes = (left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right));
const by = (...members) => (left, right) => members.reduce((order, member) => order || bytes(left[member], right[member]), 0);
const canonical = (item) => JSON.stringify(Object.fromEntries(Object.entries(item).sort(([left], [right]) => bytes(left, right))));
const same = (found, expected, message) => assert.deepEqual(found.map(canonical).sort(), expected.map(canonical).sort(), message);
const ordered = (found, expected, message) => assert.deepEqual(found.map(canonical), expected.map(canonical), message);
const groups = (items, member) => Map.groupBy?.(items, (item) => item[member])
  ?? items.reduce((map, item) => map.set(item[member], [...(map.get(item[member]) ?? []), item]), new Map());

// Users, games and players of games in one table; `open` is the attribute that open games alone have.
async function questionsOfGames(items, open, people) {
  const TableName = await load({ key: 'PK SK', gsi: { open: { key: `map ${open}` }, inverted: { key: 'SK PK' } } }, items);
  const players = items.filter(people);
  for (const [PK, expected] of groups(players, 'PK')) {
    const found = await ask(TableName, undefined, 'PK = :game AND begins_with(SK, :user)', { ':game': PK, ':user': 'USER#' });
    ordered(found, expected.sort(by('SK')), `the players of ${PK}, in order`);
  }
  for (const [SK, expected] of groups(players, 'SK')) {
    const found = await ask(TableName, 'inverted', 'SK = :user', { ':user': SK });
    ordered(found, expected.sort(by('PK')), `the games of ${SK}`);
  }
  const waiting = items.filter((item) => item[open]);
  for (const [map, expected] of groups(waiting, 'map')) {
    const found = await ask(TableName, 'open', '#map = :map', { ':map': map }, { ExpressionAttributeNames: { '#map': 'map' } });
    assert.deepEqual(found.map((item) => item[open]), expected.map((item) => item[open]).sort(bytes), 'the longest waiting first');
    same(found, expected, `open games on ${map}`);
  }
  const all = await db.scan({ TableName, IndexName: 'open' });
  same(all.Items, waiting, 'the sparse index holds open games alone');
  for (const item of items.slice(0, 20)) {
    assert.deepEqual((await db.get({ TableName, Key: { PK: item.PK, SK: item.SK } })).Item, item);
  }
}

test('games: a user\'s games, a game\'s players in order, open games on a map', { skip: missing('battle-royale-items.jsonl') }, () =>
  questionsOfGames(jsonLines(readFileSync(file('battle-royale-items.jsonl'), 'utf8')), 'open_timestamp',
    (item) => item.PK.startsWith('GAME#') && item.SK.startsWith('USER#')));

test('the examples\' own game answers the same questions', () =>
  questionsOfGames(jsonLines(readFileSync(path.join(root, 'examples/game.jsonl'), 'utf8')), 'open_since', (item) => item.SK.startsWith('USER#')));

test('log file: requests by host, and by response code through a sharded index', { skip: missing('access-log.csv') }, async () => {
  const SHARDS = 10;
  const items = csv('access-log.csv').map(([id, host, date, hour, zone, method, url, code, size, agent]) => ({
    PK: `request#${id}`, host: `host#${host}`, shard_key: `shard#${Number(id) % SHARDS}`, code_date: `${code}#${date}#${hour}#${id}`,
    request: Number(id), date, hour: Number(hour), zone, method, url, code: Number(code), bytes: Number(size), agent }));
  assert.equal(items.length, 2000);
  const TableName = await load({ key: 'PK', gsi: { byHost: { key: 'host' }, byCode: { key: 'shard_key code_date', project: ['host', 'code', 'url'] } } }, items);
  for (const [host, expected] of groups(items, 'host')) same(await ask(TableName, 'byHost', 'host = :host', { ':host': host }), expected, host);
  const projected = ({ PK, shard_key: shardKey, code_date: codeDate, host, code, url }) => ({ PK, shard_key: shardKey, code_date: codeDate, host, code, url });
  for (const prefix of ['404', '4', '30', '2', '200#2017-07-20', '999']) {
    const found = [];
    for (let shard = 0; shard < SHARDS; shard++) {
      found.push(...await ask(TableName, 'byCode', 'shard_key = :shard AND begins_with(code_date, :code)', { ':shard': `shard#${shard}`, ':code': prefix }));
    }
    same(found, items.filter((item) => item.code_date.startsWith(prefix)).map(projected), `requests answered ${prefix}…`);
  }
  const large = await ask(TableName, 'byHost', 'host = :host', { ':host': 'host#66.249.67.3', ':least': 5000 },
    { FilterExpression: '#bytes >= :least', ExpressionAttributeNames: { '#bytes': 'bytes' } });
  same(large, items.filter((item) => item.host === 'host#66.249.67.3' && item.bytes >= 5000), 'a filter on a number');
});

test('employees: by city and department, by title and name, managers, through overloaded indexes', { skip: missing('employees.csv') }, async () => {
  const rows = csv('employees.csv').map(([id, name, title, department, city, state, born, hired, before, ended, manager]) =>
    ({ id, name, title, department, city, state, born, hired, before, ended, manager: manager === '1' }));
  assert.equal(rows.length, 1000);
  // One employee is four items; what an index key means depends on the item.
  const items = rows.flatMap((row) => [
    { PK: `e#${row.id}`, SK: 'root', GSI_1_PK: 'root', GSI_1_SK: row.name, name: row.name, born: row.born, ...(row.manager ? { is_manager: '1' } : {}), title: row.title },
    { PK: `e#${row.id}`, SK: `state#${row.state}`, GSI_1_PK: `state#${row.state}`, GSI_1_SK: `${row.city}#${row.department}`, name: row.name },
    { PK: `e#${row.id}`, SK: `current_title#${row.title}`, GSI_1_PK: `current_title#${row.title}`, GSI_1_SK: row.name, name: row.name },
    { PK: `e#${row.id}`, SK: `hired#${row.hired}`, GSI_1_PK: `hired#${row.hired.slice(0, 4)}`, GSI_1_SK: row.hired, name: row.name },
  ]);
  const unique = [...new Map(items.map((item) => [`${item.PK}/${item.SK}`, item])).values()];
  const TableName = await load({ key: 'PK SK', gsi: { overloaded: { key: 'GSI_1_PK GSI_1_SK' }, inverted: { key: 'SK PK', project: 'KEYS_ONLY' },
    managers: { key: 'is_manager title', project: ['name'] } } }, unique);
  for (const [key, expected] of groups(unique, 'GSI_1_PK')) {
    const found = await ask(TableName, 'overloaded', 'GSI_1_PK = :key', { ':key': key });
    assert.deepEqual(found.map((item) => item.GSI_1_SK), expected.map((item) => item.GSI_1_SK).sort(bytes), key);
    same(found, expected, key);
  }
  for (const { state, city, department } of rows.slice(0, 40)) {
    const found = await ask(TableName, 'overloaded', 'GSI_1_PK = :state AND GSI_1_SK = :place', { ':state': `state#${state}`, ':place': `${city}#${department}` });
    same(found.map(({ PK, name }) => ({ PK, name })), rows.filter((row) => row.state === state && row.city === city && row.department === department)
      .map((row) => ({ PK: `e#${row.id}`, name: row.name })), `${department} in ${city}`);
    const inCity = await ask(TableName, 'overloaded', 'GSI_1_PK = :state AND begins_with(GSI_1_SK, :city)', { ':state': `state#${state}`, ':city': `${city}#` });
    assert.equal(inCity.length, rows.filter((row) => row.state === state && row.city === city).length, `everybody in ${city}`);
  }
  const managers = await ask(TableName, 'managers', 'is_manager = :yes', { ':yes': '1' });
  assert.deepEqual(managers.map((item) => item.name).sort(bytes), rows.filter((row) => row.manager).map((row) => row.name).sort(bytes), 'the sparse index of managers');
});

test('invoices: the nodes of an invoice, and of a bill and a customer the other way round', { skip: missing('invoices.csv') }, async () => {
  const nodes = new Map();
  for (const [invoice, date, amount, state, due, bill, billed, billAmount, balance, customer, name, home] of csv('invoices.csv')) {
    for (const node of [{ PK: invoice, SK: 'root', date, amount, state, due }, { PK: invoice, SK: bill, amount: billAmount, balance, billed },
      { PK: invoice, SK: customer, name, home }]) nodes.set(`${node.PK}/${node.SK}`, node);
  }
  const items = [...nodes.values()];
  const TableName = await load({ key: 'PK SK', gsi: { inverted: { key: 'SK PK' } } }, items);
  for (const [PK, expected] of groups(items, 'PK')) ordered(await ask(TableName, undefined, 'PK = :invoice', { ':invoice': PK }), expected.sort(by('SK')), PK);
  for (const [SK, expected] of [...groups(items, 'SK')].filter(([, list]) => list.length > 1 || list[0].SK.startsWith('C')).slice(0, 400)) {
    ordered(await ask(TableName, 'inverted', 'SK = :node', { ':node': SK }), expected.sort(by('PK')), SK);
  }
});
