// One thing of a right request made wrong, or merely odd.

import { ATTRIBUTES, oddValue, value } from './values.mjs';
import { bentText } from './expressions.mjs';

// All places in a request: [holder, name].
function places(node, found = []) {
  if (node === null || typeof node !== 'object') return found;
  for (const name of Object.keys(node)) {
    found.push([node, name]);
    places(node[name], found);
  }
  return found;
}

const isValue = (node) => node !== null && typeof node === 'object' && !Array.isArray(node) && Object.keys(node).length === 1 &&
  /^(S|N|B|BOOL|NULL|L|M|SS|NS|BS)$/.test(Object.keys(node)[0]);

const OTHER = [null, 5, 5.5, 'x', '', true, false, [], {}, [{}], -1, 'TRUE'];

export function bend(random, request) {
  const all = places(request);
  if (!all.length) return;
  const texts = all.filter(([holder, name]) => /Expression$|^Statement$/.test(name) && typeof holder[name] === 'string');
  const values = all.filter(([holder, name]) => isValue(holder[name]));
  const holders = all.map(([holder]) => holder).filter((holder) => !Array.isArray(holder) && ('TableName' in holder || 'Keys' in holder));
  const [holder, name] = random.pick(all);
  const within = holders.length ? random.pick(holders) : request;
  random.weighted([
    [3, () => { if (Array.isArray(holder)) holder.splice(Number(name), 1); else delete holder[name]; }],
    [2, () => { holder[name] = random.pick(OTHER); }],
    [values.length ? 6 : 0, () => { const [at, key] = random.pick(values); at[key] = random.chance(0.5) ? oddValue(random) : value(random, 1); }],
    [texts.length ? 6 : 0, () => { const [at, key] = random.pick(texts); at[key] = bentText(random, at[key]); }],
    [1, () => { if (!Array.isArray(holder)) holder[`${name}x`] = holder[name]; }],
    [1, () => { if (!Array.isArray(holder)) { holder[random.pick(ATTRIBUTES)] = holder[name]; delete holder[name]; } else holder.push(holder[name]); }],
    [1, () => { within.TableName = random.pick(['missing', 'ab', '', 'a b c', '@1x']); }],
    [1, () => { within.ExpressionAttributeNames = { ...within.ExpressionAttributeNames, [random.pick(['#u', 'u', '#', '#a b'])]: random.pick(['a', '', 5]) }; }],
    [1, () => { within.ExpressionAttributeValues = { ...within.ExpressionAttributeValues, [random.pick([':u', 'u', ':', ':a b'])]: random.chance(0.5) ? oddValue(random) : value(random, 0) }; }],
  ])();
}
