// DynamoDB JSON in short.

export const S = (text) => ({ S: text });
export const N = (number) => ({ N: String(number) });
export const B = (bytes) => ({ B: Buffer.from(bytes).toString('base64') });
export const BOOL = (truth) => ({ BOOL: truth });
export const NULL = { NULL: true };
export const L = (...elements) => ({ L: elements });
export const M = (members) => ({ M: members });
export const SS = (...members) => ({ SS: members });
export const NS = (...members) => ({ NS: members.map(String) });
export const BS = (...members) => ({ BS: members.map((bytes) => Buffer.from(bytes).toString('base64')) });

// Sets have no order; compare them so.
export function unordered(value) {
  if (Array.isArray(value)) return value.map(unordered);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) =>
    [name, ['SS', 'NS', 'BS'].includes(name) && Array.isArray(inner) ? [...inner].sort() : unordered(inner)]));
}
