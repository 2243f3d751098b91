// The tables that sequences work on, and CreateTable requests that are right or nearly so.
// A table is called `@1` in a sequence; the runner gives it a name of its own.

const key = (hash, range) => [
  { AttributeName: hash, KeyType: 'HASH' },
  ...(range ? [{ AttributeName: range, KeyType: 'RANGE' }] : []),
];
const definitions = (types) => Object.entries(types).map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }));
const index = (IndexName, hash, range, projection, names) => ({
  IndexName,
  KeySchema: key(hash, range),
  Projection: { ProjectionType: projection, ...(names ? { NonKeyAttributes: names } : {}) },
});

// What a generator knows of a table: its keys with their types, its indexes, the request.
function schema(hash, range, types, { globals = [], locals = [] } = {}) {
  const request = {
    TableName: '@1',
    KeySchema: key(hash, range),
    AttributeDefinitions: definitions(types),
    BillingMode: 'PAY_PER_REQUEST',
  };
  if (globals.length) request.GlobalSecondaryIndexes = globals;
  if (locals.length) request.LocalSecondaryIndexes = locals;
  const indexes = [...globals, ...locals].map((row) => ({
    name: row.IndexName,
    global: globals.includes(row),
    keys: row.KeySchema.map((part) => part.AttributeName),
    projection: row.Projection,
  }));
  return { request, keys: [hash, range].filter(Boolean), types, indexes };
}

export const schemas = [
  schema('p', undefined, { p: 'S' }),
  schema('p', 's', { p: 'S', s: 'N' }),
  schema('p', 's', { p: 'S', s: 'S' }),
  schema('p', 's', { p: 'N', s: 'B' }),
  schema('p', 's', { p: 'B', s: 'S', a: 'N', b: 'S' }, {
    globals: [index('byA', 'a', undefined, 'KEYS_ONLY'), index('byBA', 'b', 'a', 'INCLUDE', ['c', 'd'])],
    locals: [index('locA', 'p', 'a', 'ALL'), index('locB', 'p', 'b', 'KEYS_ONLY')],
  }),
  schema('p', 's', { p: 'S', s: 'N', a: 'S', b: 'B' }, {
    globals: [index('byA', 'a', 's', 'ALL'), index('byB', 'b', 'p', 'ALL')],
    locals: [index('locA', 'p', 'a', 'INCLUDE', ['b', 'e'])],
  }),
];

const NAMES = ['p', 's', 'a', 'b', 'c', 'd', 'x'];

function definition(random) {
  return { AttributeName: random.pick(NAMES), AttributeType: random.weighted([[6, 'S'], [3, 'N'], [3, 'B'], [1, 'SS'], [1, 'x']]) };
}

function throughput(random) {
  const units = () => random.weighted([[8, 1], [3, 5], [1, 0], [1, -1], [1, 1000000000001]]);
  return { ReadCapacityUnits: units(), WriteCapacityUnits: units() };
}

function keySchema(random, hash, range) {
  const rows = key(hash, range);
  if (random.chance(0.05)) rows.reverse();
  if (random.chance(0.05)) rows.push({ AttributeName: random.pick(NAMES), KeyType: random.pick(['HASH', 'RANGE']) });
  if (random.chance(0.04)) rows[0].KeyType = 'RANGE';
  if (random.chance(0.03) && rows[1]) rows[1].KeyType = 'HASH';
  if (random.chance(0.02)) rows[0].AttributeName = 'k'.repeat(random.pick([255, 256]));
  return rows;
}

function someIndex(random, local, hash, provisioned) {
  const projection = { ProjectionType: random.weighted([[4, 'ALL'], [3, 'KEYS_ONLY'], [4, 'INCLUDE'], [1, 'SOME']]) };
  if (projection.ProjectionType === 'INCLUDE' ? !random.chance(0.1) : random.chance(0.08))
    projection.NonKeyAttributes = random.list(random.chance(0.1) ? 0 : 1, random.chance(0.04) ? 21 : 4,
      (at) => random.chance(0.8) ? `n${at}` : random.pick([...NAMES, '', 'y'.repeat(256), 'n0']));
  if (random.chance(0.04)) delete projection.ProjectionType;
  const made = {
    IndexName: random.weighted([[20, `ix${random.below(30)}`], [1, 'ab'], [1, 'a b c'], [1, 'z'.repeat(256)], [1, '']]),
    KeySchema: keySchema(random, local && !random.chance(0.1) ? hash : random.pick(NAMES),
      local || random.chance(0.5) ? random.pick(NAMES) : undefined),
    Projection: projection,
  };
  if (random.chance(0.04)) delete made.Projection;
  if (!local && (provisioned ? !random.chance(0.1) : random.chance(0.1))) made.ProvisionedThroughput = throughput(random);
  if (local && random.chance(0.03)) made.ProvisionedThroughput = throughput(random);
  return made;
}

function usedNames(request) {
  const schemas_ = [request.KeySchema, ...[...(request.GlobalSecondaryIndexes ?? []), ...(request.LocalSecondaryIndexes ?? [])].map((row) => row.KeySchema)];
  return new Set(schemas_.flat().map((part) => part.AttributeName));
}

export function createTable(random) {
  const hash = random.pick(NAMES);
  const provisioned = random.chance(0.5);
  const request = {
    TableName: random.weighted([[30, '@9'], [1, 'ab'], [1, ''], [1, 'a/b/c'], [1, 'x'.repeat(256)]]),
    KeySchema: keySchema(random, hash, random.chance(0.6) ? random.pick(NAMES) : undefined),
  };
  if (provisioned ? random.chance(0.3) : !random.chance(0.1)) request.BillingMode = provisioned ? 'PROVISIONED' : 'PAY_PER_REQUEST';
  if (provisioned ? !random.chance(0.08) : random.chance(0.05)) request.ProvisionedThroughput = throughput(random);
  const count = () => random.weighted([[6, 1], [4, 2], [1, 0], [1, 6], [1, 21]]);
  if (random.chance(0.4)) request.GlobalSecondaryIndexes = random.list(1, count(), () => someIndex(random, false, hash, provisioned));
  if (random.chance(0.35)) request.LocalSecondaryIndexes = random.list(1, count(), () => someIndex(random, true, hash, provisioned));
  request.AttributeDefinitions = [...usedNames(request)].map((name) => ({ ...definition(random), AttributeName: name }));
  if (random.chance(0.7)) for (const row of request.AttributeDefinitions) if (row.AttributeType.length > 1 || row.AttributeType === 'x') row.AttributeType = 'S';
  if (random.chance(0.1)) request.AttributeDefinitions.push(definition(random));
  if (random.chance(0.06)) request.AttributeDefinitions.pop();
  return request;
}
