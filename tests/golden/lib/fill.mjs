// What a golden directory holds. These requests are sent to the version that a directory is made by; what
// that version does not know yet is left out of it. Change this freely: the directories that are there
// carry their own answers.

import { B, BOOL, BS, L, M, N, NS, NULL, S, SS, load, streamOf, tableRequest, waitActive, waitGone } from './names.mjs';

export const HALF = 2500; // items of the table whose index is half built

const NUMBERS = ['0', '1', '-1', '10', '99', '100', '-100', '0.5', '-0.05', '1E-130', '-1E-130', '9.9999999999999999999999999999999999999E+125',
  '-9.9999999999999999999999999999999999999E+125', '12345678901234567890123456789012345678', '0.00000000000000000000000000000000000001',
  '-98765432109876543210.987654321098765432', '9007199254740993', '1000000000000000000000', '123.456'];
const BYTES = [[0], [0, 0], [0, 255], [1, 2, 3], [255, 255, 255], [97]];
const TEXTS = ['a', 'a\0', 'a\0b', '\x01', 'é', '\u{1f600}', '\uffff', ' ', '"\\/', 'x'.repeat(1024)];

const deep = (levels) => (levels === 0 ? S('bottom') : levels % 2 ? M({ down: deep(levels - 1) }) : L(deep(levels - 1), NULL));
const values = { number: N('42'), text: S('text'), empty: S(''), binary: B([0, 1, 254, 255]), emptyBinary: B([]), yes: BOOL(true), no: BOOL(false),
  nothing: NULL, list: L(N(1), S('two'), L(), M({})), map: M({ a: N('-1.5'), 'with space': SS('x', 'y'), é: B([9]) }),
  texts: SS('b', 'a', '\u{1f600}'), numbers: NS(...NUMBERS.slice(0, 15)), binaries: BS([0], [255], [1, 2]), deep: deep(30) };

const few = { text: values.text, list: values.list, texts: values.texts };

// Says which requests were refused as unknown.
class Sender {
  constructor(db) {
    this.db = db;
    this.unknown = [];
  }

  async try(operation, body) {
    try {
      return await this.db[operation](body);
    } catch (error) {
      if (!/UnknownOperation|ValidationException|SerializationException/.test(error.name)) throw error;
      this.unknown.push(`${operation} ${body.TableName ?? ''}: ${error.message}`);
      return undefined;
    }
  }
}

async function allKinds(db) {
  await db.CreateTable(tableRequest({ name: 'kinds', key: 'p s:N', gsi: { by_text: { key: 'text s:N' }, by_bytes: { key: 'bytes:B', project: 'KEYS_ONLY' },
    part: { key: 'text number:N', project: ['list', 'texts'] } }, lsi: { local: { key: 'p bytes:B', project: ['map'] } } }));
  await waitActive(db, 'kinds');
  const items = NUMBERS.map((number, at) => ({ p: S(TEXTS[at % TEXTS.length]), s: N(number), ...(at % 4 ? few : values), bytes: B(BYTES[at % BYTES.length]), number: N(NUMBERS[NUMBERS.length - 1 - at]) }));
  items.push({ p: S('sparse'), s: N(1) }, { p: S('sparse'), s: N(2), text: S('only by text') }, { p: S('large'), s: N(1), bulk: S('0123456789abcdef'.repeat(20000)) });
  for (const Item of items) await db.PutItem({ TableName: 'kinds', Item });
  await db.UpdateItem({ TableName: 'kinds', Key: { p: S('sparse'), s: N(2) }, UpdateExpression: 'SET #t = :t, counted = :one ADD members :m',
    ExpressionAttributeNames: { '#t': 'text' }, ExpressionAttributeValues: { ':t': S('moved'), ':one': N(1), ':m': NS(1, 2) } });
  await db.DeleteItem({ TableName: 'kinds', Key: { p: S('sparse'), s: N(1) } });
}

async function keysOfAllTypes(db) {
  for (const [name, key, items] of [
    ['by-text', 'id', TEXTS.map((text) => ({ id: S(text) }))],
    ['by-number', 'id:N', NUMBERS.map((text) => ({ id: N(text) }))],
    ['by-binary', 'id:B r:B', BYTES.flatMap((a) => BYTES.map((b) => ({ id: B(a), r: B(b) })))],
    ['by-two', 'p r', TEXTS.map((text) => ({ p: S('one'), r: S(text) }))]]) {
    await db.CreateTable(tableRequest({ name, key, BillingMode: 'PROVISIONED', ProvisionedThroughput: { ReadCapacityUnits: 50, WriteCapacityUnits: 60 } }));
    await waitActive(db, name);
    await load(db, name, items.map((item, at) => ({ ...item, at: N(at) })));
  }
}

// Streams of each view; one that was switched off; one of a table that is gone.
async function streams(db, send) {
  for (const [name, view] of [['streamed', 'NEW_AND_OLD_IMAGES'], ['streamed-keys', 'KEYS_ONLY'], ['silenced', 'OLD_IMAGE'], ['gone', 'NEW_IMAGE']]) {
    if (!await send.try('CreateTable', tableRequest({ name, key: 'p s:N', ...streamOf(view) }))) continue;
    await waitActive(db, name);
    for (let s = 0; s < 12; s++) await db.PutItem({ TableName: name, Item: { p: S(`p${s % 5}`), s: N(s), ...(s === 1 ? values : few) } });
    for (let s = 0; s < 6; s++) await db.UpdateItem({ TableName: name, Key: { p: S(`p${s % 5}`), s: N(s) }, UpdateExpression: 'SET changed = :c REMOVE #l',
      ExpressionAttributeNames: { '#l': 'list' }, ExpressionAttributeValues: { ':c': N(s) } });
    await db.DeleteItem({ TableName: name, Key: { p: S('p3'), s: N(3) } });
    if (name === 'silenced') await db.UpdateTable({ TableName: name, StreamSpecification: { StreamEnabled: false } });
    if (name === 'gone') await db.DeleteTable({ TableName: name }).then(() => waitGone(db, name));
  }
}

async function settings(db, send) {
  await send.try('CreateTable', tableRequest({ name: 'settings', Tags: [{ Key: 'team', Value: 'storage' }, { Key: 'empty', Value: '' }] }));
  await send.try('CreateTable', tableRequest({ name: 'settings' })).catch(() => {}); // there already, unless tags are unknown
  const { TableArn } = await waitActive(db, 'settings');
  await send.try('TagResource', { ResourceArn: TableArn, Tags: [{ Key: 'später', Value: 'é' }] });
  await send.try('UpdateTable', { TableName: 'settings', DeletionProtectionEnabled: true });
  await send.try('UpdateTable', { TableName: 'settings', TableClass: 'STANDARD_INFREQUENT_ACCESS' });
  await send.try('UpdateContributorInsights', { TableName: 'settings', ContributorInsightsAction: 'ENABLE' });
  await send.try('EnableKinesisStreamingDestination', { TableName: 'settings', StreamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/golden' });
  await db.PutItem({ TableName: 'settings', Item: { id: S('a'), ...values } });
}

// One item whose time will come in the year 2100, and in a table of their own some whose time is over
// (the server that makes this is told to wait).
async function expiring(db, send) {
  for (const [name, end] of [['later', 4102444800], ['due', 1700000000 + 86400 * 365 * 3]]) {
    await db.CreateTable(tableRequest({ name }));
    await waitActive(db, name);
    await send.try('UpdateTimeToLive', { TableName: name, TimeToLiveSpecification: { Enabled: true, AttributeName: 'end' } });
    const now = Math.floor(Date.now() / 1000);
    for (let at = 0; at < 5; at++) await db.PutItem({ TableName: name, Item: { id: S(`i${at}`), end: N(name === 'due' ? now - 10 + at : end + at) } });
  }
}

async function tokens(db, send) {
  await db.CreateTable(tableRequest({ name: 'transacted' }));
  await waitActive(db, 'transacted');
  for (let at = 0; at < 3; at++)
    await send.try('TransactWriteItems', { ClientRequestToken: `token-${at}`, TransactItems: [0, 1, 2].map((part) =>
      ({ Update: { TableName: 'transacted', Key: { id: S(`i${part}`) }, UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': N(1) } } })) });
  await db.CreateTable(tableRequest({ name: 'empty' }));
}

export const halfItem = (at) => ({ id: S(`item ${String(at).padStart(5, '0')}`), g: S(`group ${at % 7}`), at: N(at) });

// All but the half-built index; answers what was unknown.
export async function fill(db) {
  const send = new Sender(db);
  await allKinds(db);
  await keysOfAllTypes(db);
  await streams(db, send);
  await settings(db, send);
  await expiring(db, send);
  await tokens(db, send);
  await db.CreateTable(tableRequest({ name: 'half' }));
  await waitActive(db, 'half');
  await load(db, 'half', Array.from({ length: HALF }, (_, at) => halfItem(at)));
  return send.unknown;
}

// What the next start finds in the log only, and the index that a kill -9 finds half built.
export async function half(db) {
  await db.PutItem({ TableName: 'transacted', Item: { id: S('in the log only'), ...values } });
  const send = new Sender(db);
  await send.try('UpdateTable', { TableName: 'half', AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }, { AttributeName: 'g', AttributeType: 'S' },
    { AttributeName: 'at', AttributeType: 'N' }],
  GlobalSecondaryIndexUpdates: [{ Create: { IndexName: 'byG', Projection: { ProjectionType: 'ALL' },
    KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }, { AttributeName: 'at', KeyType: 'RANGE' }] } }] });
  return send.unknown;
}
