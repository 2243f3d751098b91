// `test` and `after` as Node has them, with three differences.
//
// A server that doesn't take the legacy parameters says so by name, and a case that needs them is then
// shown as skipped, with that text as its reason.
//
// Node runs what a file gives to `after` as soon as all cases made so far have ended, even if the file still
// waits for something and has more of them to make: on a busy machine that stopped the server under cases to
// come. Here it waits until the file has been read to its end and all of its cases have ended.
//
// What a case started and did not end, because it failed before, is ended behind it: a file with a server that
// nobody stops would only end by its time limit.

import { AsyncLocalStorage } from 'node:async_hooks';
import { after as nodeAfter, test as nodeTest } from 'node:test';
import { pathToFileURL } from 'node:url';

const LEGACY = /The legacy parameter \w+ is not supported.*/;
const inCase = new AsyncLocalStorage();
const ends = []; // of the file's own cases; how they ended is Node's to say

export function test(name, ...rest) {
  const body = rest.pop();
  const end = nodeTest(name, ...rest, (context) => inCase.run({ processes: [] }, async () => {
    try {
      await body(context);
    } catch (error) {
      for (const child of inCase.getStore().processes) child.kill('SIGKILL');
      const reason = LEGACY.exec(`${error.actual} ${error.message}`);
      if (!reason) throw error;
      context.skip(reason[0]);
    }
  }));
  if (!inCase.getStore()) ends.push(end);
}

// For processes that end when the case that starts them fails.
export function startedByCase(child) {
  inCase.getStore()?.processes.push(child);
}

async function fileEnded() {
  await import(pathToFileURL(process.argv[1]).href).catch(() => {}); // the file's failure is told by whoever runs it
  for (const end of ends) await end; // more come while one is awaited
}

export function after(body) {
  if (inCase.getStore()) nodeAfter(body); // what a case says belongs to that case
  else nodeAfter(() => fileEnded().then(body));
}
