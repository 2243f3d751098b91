// Attribute values: few of them, so that they meet again in conditions, and those at the limits.

export const ATTRIBUTES = ['a', 'b', 'c', 'd', 'e', 'm', 'l'];

const STRINGS = ['a', 'ab', 'abc', 'b', '', 'é', '😀', '\u0000', '10', 'A'];
const NUMBERS = ['0', '1', '2', '-1', '10', '0.5', '1.0', '-0', '1e1', '100', '3.14'];
const ODD_NUMBERS = ['+1', '.5', '5.', '1.e2', '00012', '1e125', '9.9999999999999999999999999999999999999e125', '1e126', '1e-130',
  '1e-131', '-1e125', '-1e126', '12345678901234567890123456789012345678', '123456789012345678901234567890123456789', '1e+2',
  '0.00000000000000000000000000000000000000001', '1000000000000000000000000000000000000000000000000000', '100e-2', '0e200'];
const WRONG_NUMBERS = ['', ' 1', '1 ', 'x', '0x1', 'NaN', 'Infinity', '1e', '--1', '1,5', '1.2.3', 'e5', '.', '-', '1_0'];
const BINARIES = ['AA==', 'AQ==', 'AQI=', 'AQID', '', '/w==', 'gA=='];
const WRONG_BINARIES = ['A', 'AA', 'A===', 'AA=A', '%%%%', 'AB==', 'AQ=', 'AQI', ' AQ=='];

export const TYPES = ['S', 'N', 'B', 'BOOL', 'NULL', 'L', 'M', 'SS', 'NS', 'BS'];

const some = (random, list, low, high) => random.shuffled(list).slice(0, random.from(low, high));

export function number(random) {
  return random.chance(0.04) ? random.pick(ODD_NUMBERS) : random.pick(NUMBERS);
}

export function scalar(random, type) {
  switch (type) {
  case 'S': return { S: random.pick(STRINGS) };
  case 'N': return { N: number(random) };
  case 'B': return { B: random.pick(BINARIES) };
  default: throw new Error(type);
  }
}

export function value(random, depth = 2, type = undefined) {
  const inner = () => value(random, depth - 1);
  switch (type ?? random.weighted([[8, 'S'], [8, 'N'], [3, 'B'], [2, 'BOOL'], [2, 'NULL'], [4, 'L'], [4, 'M'], [2, 'SS'], [2, 'NS'], [1, 'BS']])) {
  case 'BOOL': return { BOOL: random.chance(0.5) };
  case 'NULL': return { NULL: true };
  case 'L': return { L: depth > 0 ? random.list(0, 3, inner) : [] };
  case 'M': return { M: depth > 0 ? Object.fromEntries(some(random, ATTRIBUTES, 0, 3).map((name) => [name, inner()])) : {} };
  case 'SS': return { SS: some(random, STRINGS, 1, 3) };
  case 'NS': return { NS: some(random, ['0', '1', '2', '-1', '10', '0.5', '3.14'], 1, 3) };
  case 'BS': return { BS: some(random, BINARIES, 1, 3) };
  case 'N': return { N: number(random) };
  case 'B': return { B: random.pick(BINARIES) };
  default: return { S: random.pick(STRINGS) };
  }
}

// Values that are refused, or that look as if they should be.
export function oddValue(random) {
  return random.weighted([
    [4, () => ({ N: random.pick(WRONG_NUMBERS) })],
    [4, () => ({ N: random.pick(ODD_NUMBERS) })],
    [3, () => ({ B: random.pick(WRONG_BINARIES) })],
    [2, () => ({ SS: [] })], [2, () => ({ NS: [] })], [2, () => ({ BS: [] })],
    [2, () => ({ SS: ['a', 'a'] })], [2, () => ({ NS: ['1', '1.0'] })], [1, () => ({ NS: ['1', '1'] })], [2, () => ({ BS: ['AA==', 'AA=='] })],
    [1, () => ({ SS: ['', 'a'] })], [1, () => ({ BS: ['', 'AA=='] })], [1, () => ({ NS: ['', '1'] })], [1, () => ({ NS: ['x'] })],
    [2, () => ({ NULL: false })],
    [2, () => ({})],
    [2, () => ({ S: 'a', N: '1' })],
    [1, () => ({ S: 'a', N: 'x' })],
    [1, () => ({ X: 'a' })],
    [1, () => ({ s: 'a' })],
    [1, () => ({ S: 5 })], [1, () => ({ N: 5 })], [1, () => ({ N: 5.5 })], [1, () => ({ S: null })], [1, () => ({ S: true })], [1, () => ({ S: {} })],
    [1, () => ({ S: [] })], [1, () => ({ BOOL: 'true' })], [1, () => ({ BOOL: 'maybe' })], [1, () => ({ BOOL: 1 })], [1, () => ({ NULL: 'true' })],
    [1, () => ({ B: 5 })], [1, () => ({ B: true })], [1, () => ({ L: 'x' })], [1, () => ({ L: {} })], [1, () => ({ M: [] })], [1, () => ({ M: 'x' })],
    [1, () => ({ L: [5] })], [1, () => ({ L: [{}] })], [1, () => ({ L: [null] })], [1, () => ({ M: { a: null } })], [1, () => ({ M: { a: {} } })],
    [1, () => ({ M: { '': { S: 'a' } } })], [1, () => ({ SS: 'a' })], [1, () => ({ SS: [1] })], [1, () => ({ SS: [null] })], [1, () => ({ NS: [1] })],
    [1, () => ({ L: [{ N: 'x' }] })], [1, () => ({ M: { a: { SS: [] } } })],
    [1, () => 'a'], [1, () => 5], [1, () => null], [1, () => []], [1, () => true],
  ])();
}

// The long ones cost much to send, so they are rare.
const ODD_NAMES = [[20, ''], [20, 'n'.repeat(255)], [20, 'n'.repeat(256)], [20, 'é'], [1, 'n'.repeat(65535)], [1, 'n'.repeat(65536)]];

const KEYS = {
  S: ['a', 'b', 'ab', 'é', '10'],
  N: ['1', '2', '10', '1.0', '-1', '0.5', '1e1'],
  B: ['AA==', 'AQ==', 'AQI=', '/w=='],
};

export function keyValue(random, type) {
  if (random.chance(0.01)) return { [type]: longKey(random, type) };
  return { [type]: random.pick(KEYS[type]) };
}

function longKey(random, type) {
  if (type === 'N') return random.pick(ODD_NUMBERS);
  const length = random.pick([1023, 1024, 1025, 2047, 2048, 2049]);
  return type === 'S' ? 'k'.repeat(length) : Buffer.alloc(length, 7).toString('base64');
}

export function keyOf(random, schema) {
  return Object.fromEntries(schema.keys.map((name) => [name, keyValue(random, schema.types[name])]));
}

export function item(random, schema) {
  const made = keyOf(random, schema);
  for (const name of some(random, ATTRIBUTES, 0, 5)) {
    const declared = schema.types[name];
    made[name] = declared && random.chance(0.85) ? keyValue(random, declared) : value(random);
  }
  if (random.chance(0.3)) made.m = value(random, 2, 'M');
  if (random.chance(0.3)) made.l = value(random, 2, 'L');
  if (random.chance(0.01)) made[random.weighted(ODD_NAMES)] = value(random, 0);
  if (random.chance(0.0015)) made.z = { S: 'z'.repeat(random.pick([1000, 4096, 100000, 409550, 409580, 409590, 409596, 409599, 409600, 409601])) };
  return made;
}
