// `test` as Node has it, with one addition: a server that doesn't take the legacy parameters says so
// by name, and a case that needs them is then shown as skipped, with that text as its reason.

import { test as nodeTest } from 'node:test';

const LEGACY = /The legacy parameter \w+ is not supported.*/;

export function test(name, ...rest) {
  const body = rest.pop();
  nodeTest(name, ...rest, async (context) => {
    try {
      await body(context);
    } catch (error) {
      const reason = LEGACY.exec(`${error.actual} ${error.message}`);
      if (!reason) throw error;
      context.skip(reason[0]);
    }
  });
}
export { after } from 'node:test';
