// Numbers as the service has them: exact decimals, { coefficient, exponent } for coefficient × 10^exponent
// with a BigInt coefficient that ends in no zero.

export class Invalid extends Error {} // what the service answers with a ValidationException

const DIGITS_MAX = 38;

function normal(coefficient, exponent) {
  if (coefficient === 0n) return { coefficient, exponent: 0 };
  while (coefficient % 10n === 0n) {
    coefficient /= 10n;
    exponent++;
  }
  const digits = String(coefficient).replace('-', '').length;
  const first = exponent + digits - 1;
  if (first > 125) throw new Invalid('number overflow');
  if (first < -130) throw new Invalid('number underflow');
  if (digits > DIGITS_MAX) throw new Invalid('more than 38 digits');
  return { coefficient, exponent };
}

export function parse(text) {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!match || !(match[2] || match[3])) throw new Invalid(`not a number: ${text}`);
  const [, sign, whole, fraction = '', exponent = '0'] = match;
  const magnitude = BigInt(`${whole}${fraction}`);
  return normal(sign === '-' ? -magnitude : magnitude, Number(exponent) - fraction.length);
}

// Plain decimal: no exponent, no zeros that say nothing.
export function text({ coefficient, exponent }) {
  const sign = coefficient < 0n ? '-' : '';
  const digits = String(coefficient).replace('-', '');
  if (exponent >= 0) return `${sign}${digits}${'0'.repeat(exponent)}`;
  const padded = digits.padStart(1 - exponent, '0');
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

// Both coefficients at the smaller exponent.
function aligned(left, right) {
  const exponent = Math.min(left.exponent, right.exponent);
  const at = (number) => number.coefficient * 10n ** BigInt(number.exponent - exponent);
  return [at(left), at(right), exponent];
}

export function add(left, right) {
  const [a, b, exponent] = aligned(left, right);
  return normal(a + b, exponent);
}

export function subtract(left, right) {
  const [a, b, exponent] = aligned(left, right);
  return normal(a - b, exponent);
}

export function compare(left, right) {
  const [a, b] = aligned(left, right);
  return a < b ? -1 : a > b ? 1 : 0;
}

// The service's bytes: one, one for two digits on each side of the point, one for a minus sign.
// Zeros in front and at the end do not count.
export function size(number) {
  if (number.coefficient === 0n) return 1;
  const [whole, fraction = ''] = text(number).replace('-', '').split('.');
  const outer = whole === '0';
  const left = outer ? 0 : fraction ? whole.length : whole.replace(/0+$/, '').length;
  const right = outer ? fraction.replace(/^0+/, '').length : fraction.length;
  return 1 + Math.ceil(left / 2) + Math.ceil(right / 2) + (number.coefficient < 0n ? 1 : 0);
}
