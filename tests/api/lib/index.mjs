// What every test file starts with:
//
//   const { db, client, table } = await harness();
//   const users = await table({ hash: 'id' });
//   test('…', async () => { await db.PutItem({ TableName: users, Item: { id: S('a') } }); });
//
// `db` sends raw requests and answers parsed JSON, `streams` the same to the other service, `client`
// is the AWS SDK's.

import assert from 'node:assert/strict';
import { after, test } from './case.mjs';
import { RawClient, ApiError } from './raw.mjs';
import { cpuMs, givenEndpoint, startServer } from './server.mjs';
import { credentials, region } from './sign.mjs';

export { ApiError, ClosedError, RawClient, Wire, checkCrc } from './raw.mjs';
export * from './values.mjs';

let counter = 0;
export function uniqueName(stem = 'table') {
  return `${stem}-${process.pid}-${Date.now().toString(36)}-${counter++}`;
}

// A file that needs a server with arguments of its own starts it whatever endpoint is given.
export async function harness(args) {
  const given = args ? undefined : givenEndpoint();
  const server = given ? undefined : await startServer(args);
  const endpoint = given ?? server.endpoint;
  const raw = new RawClient(endpoint);
  const db = new Proxy({}, { get: (_, operation) => (body, headers) => raw.call(operation, body, headers) });
  const streams = new Proxy({}, {
    get: (_, operation) => (body, headers) => raw.call(`DynamoDBStreams_20120810.${operation}`, body, headers),
  });
  const context = { endpoint, raw, db, streams, made: [], sdk: undefined };
  context.table = (shape) => makeTable(context, shape);
  context.client = () => sdkClient(context);
  context.cpuMs = () => cpuMs(server);
  after(async () => {
    if (given) for (const name of context.made) await db.DeleteTable({ TableName: name }).catch(() => {});
    raw.close();
    context.sdk?.destroy();
    await server?.stop();
  });
  return context;
}

// The SDK's client; loaded on first use, for it takes longer to load than most files to run.
async function sdkClient(context) {
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  context.sdk ??= new DynamoDBClient({ endpoint: context.endpoint, region, credentials, maxAttempts: 1 });
  return context.sdk;
}

// A key is 'name' for a string, 'name:N' for another type, and hash + range of it 'a:S b:N'.
function keySchema(text, types) {
  return text.split(' ').map((part, at) => {
    const [name, type = 'S'] = part.split(':');
    types.set(name, type);
    return { AttributeName: name, KeyType: at === 0 ? 'HASH' : 'RANGE' };
  });
}

function indexes(list, types) {
  return Object.entries(list).map(([name, { key, project = 'ALL' }]) => ({
    IndexName: name,
    KeySchema: keySchema(key, types),
    Projection: Array.isArray(project)
      ? { ProjectionType: 'INCLUDE', NonKeyAttributes: project } : { ProjectionType: project },
  }));
}

// A CreateTable request from a short form: { key: 'id', gsi: { byMap: { key: 'map open:N' } } }.
export function tableRequest({ name = uniqueName(), key = 'id', gsi = {}, lsi = {}, ...rest }) {
  const types = new Map();
  const request = { TableName: name, KeySchema: keySchema(key, types), BillingMode: 'PAY_PER_REQUEST', ...rest };
  const globals = indexes(gsi, types);
  const locals = indexes(lsi, types);
  if (globals.length) request.GlobalSecondaryIndexes = globals;
  if (locals.length) request.LocalSecondaryIndexes = locals;
  request.AttributeDefinitions = [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }));
  return request;
}

export async function waitActive(db, name) {
  for (let wait = 1; ; wait = Math.min(wait * 2, 1000)) {
    const { Table } = await db.DescribeTable({ TableName: name });
    const all = [Table.TableStatus, ...(Table.GlobalSecondaryIndexes ?? []).map((index) => index.IndexStatus)];
    if (all.every((status) => status === 'ACTIVE')) return Table;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

export async function waitGone(db, name) {
  for (let wait = 1; ; wait = Math.min(wait * 2, 1000)) {
    try {
      await db.DescribeTable({ TableName: name });
    } catch (error) {
      if (error.name === 'ResourceNotFoundException') return;
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function makeTable(context, shape = {}) {
  const request = tableRequest(shape);
  context.made.push(request.TableName);
  await context.db.CreateTable(request);
  await waitActive(context.db, request.TableName);
  return request.TableName;
}

// Loads items of any number, 25 at a time.
export async function load(db, name, items) {
  for (let at = 0; at < items.length; at += 25) {
    const puts = items.slice(at, at + 25).map((Item) => ({ PutRequest: { Item } }));
    const { UnprocessedItems } = await db.BatchWriteItem({ RequestItems: { [name]: puts } });
    assert.deepEqual(UnprocessedItems, {});
  }
}

// All pages of a Query or Scan.
export async function pages(db, operation, request) {
  const all = [];
  let start;
  do {
    const page = await db[operation](start ? { ...request, ExclusiveStartKey: start } : request);
    all.push(page);
    start = page.LastEvaluatedKey;
  } while (start);
  return all;
}

const KNOWN_TYPE = /^(com\.amazonaws\.dynamodb\.v20120810|com\.amazon\.coral\.(service|validate|availability))#\w+$/;

// The call must be refused with this error type and this text (a string is the whole text).
export async function expectError(promise, { type, message, status = 400 }) {
  let result;
  try {
    result = await promise;
  } catch (error) {
    if (!(error instanceof ApiError) && !error.$metadata) throw error;
    assert.equal(error.name, type, `${error.name}: ${error.message}`);
    assert.equal(error.status ?? error.$metadata.httpStatusCode, status);
    if (error.type !== undefined) assert.match(error.type, KNOWN_TYPE);
    if (typeof message === 'function') message(error.message);
    else if (message instanceof RegExp) assert.match(error.message, message);
    else if (message !== undefined) assert.equal(error.message, message);
    return error;
  }
  assert.fail(`expected ${type}, but it succeeded: ${JSON.stringify(result)?.slice(0, 500)}`);
  return undefined;
}

export const expectInvalid = (promise, message) => expectError(promise, { type: 'ValidationException', message });
export const expectUnreadable = (promise, message) => expectError(promise, { type: 'SerializationException', message });

// The text that lists violated constraints. The order in which members are listed is nobody's
// promise, so it isn't compared; everything else is.
export function violations(...expected) {
  return (text) => {
    const head = `${expected.length} validation error${expected.length > 1 ? 's' : ''} detected: `;
    assert.equal(text.slice(0, head.length), head, text);
    assert.deepEqual(text.slice(head.length).split('; ').sort(), [...expected].sort());
  };
}

export const notNull = (member) => `Value null at '${member}' failed to satisfy constraint: Member must not be null`;
export const notIn = (member, value, ...allowed) =>
  `Value '${value}' at '${member}' failed to satisfy constraint: Member must satisfy enum value set: [${allowed.join(', ')}]`;
export const tooSmall = (member, value, least) =>
  `Value '${value}' at '${member}' failed to satisfy constraint: Member must have value greater than or equal to ${least}`;
export const tooLarge = (member, value, most) =>
  `Value '${value}' at '${member}' failed to satisfy constraint: Member must have value less than or equal to ${most}`;
export const tooShort = (member, value, least) =>
  `Value '${value}' at '${member}' failed to satisfy constraint: Member must have length greater than or equal to ${least}`;
export const tooLong = (member, value, most) =>
  `Value '${value}' at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${most}`;
export const badName = (member, value) =>
  `Value '${value}' at '${member}' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+`;

// One case for each row: [what is refused, what is different from the good request, the text].
export function refusals(db, operation, good, rows, type = 'ValidationException') {
  for (const [what, change, message] of rows) {
    test(`${operation} refuses ${what}`, () =>
      expectError(db[operation]({ ...(typeof good === 'function' ? good() : good), ...change }), { type, message }));
  }
}

export const INVALID = 'One or more parameter values were invalid: ';
export const NO_TABLE = 'Requested resource not found';
export const KEY_MISMATCH = 'The provided key element does not match the schema';
export const EMPTY_KEY = 'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ';
