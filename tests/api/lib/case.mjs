// `test` and `after` as Node has them, with three differences.
//
// A server that doesn't take the legacy parameters says so by name, and a case that needs them is then
// shown as skipped, with that text as its reason.
//
// Node runs what a file gives to `after` as soon as all cases made so far have ended, even if the file still
// waits for something and has more of them to make: on a busy machine that stopped the server under cases to
// come. Here it waits until the file has been read to its end and all of its cases have ended.
//
// A case that fails leaves no server behind, and a file none at all: else the file would end by its time limit.

import { after as nodeAfter, test as nodeTest } from 'node:test';
import { pathToFileURL } from 'node:url';
import { endServers, owner } from './server.mjs';

const LEGACY = /The legacy parameter \w+ is not supported.*/;
const LET_GO_MS = 1000;
const ends = []; // of the file's own cases; how they ended is Node's to say
const afters = [];
let ending;

export function test(name, ...rest) {
  const body = rest.pop();
  const end = nodeTest(name, ...rest, (context) => owner.run({ name }, async () => {
    try {
      await body(context);
    } catch (error) {
      const reason = LEGACY.exec(`${error.actual} ${error.message}`);
      if (!reason) {
        await endServers(owner.getStore());
        throw error;
      }
      context.skip(reason[0]);
    }
  }));
  if (owner.getStore()) return;
  ends.push(end);
  watch();
}

export function after(body) {
  if (owner.getStore()) {
    nodeAfter(body); // what a case says belongs to that case
  } else {
    afters.push(body);
    watch();
  }
}

// A file that cannot be read to its end is told of by whoever runs it, once nothing keeps it running.
async function fileEnded() {
  await import(pathToFileURL(process.argv[1]).href).catch(() => endServers());
  for (const end of ends) await end; // more come while one is awaited
}

function watch() {
  if (ending) return;
  ending = fileEnded();
  nodeAfter(async () => {
    await ending;
    const wrong = [];
    for (const body of afters) {
      try {
        await body();
      } catch (error) {
        wrong.push(error);
      }
    }
    await endServers();
    setTimeout(letGo, LET_GO_MS).unref();
    if (wrong.length) throw wrong[0];
  });
}

// What a failed case may still hold: sockets, and servers of this process. Undisturbed, for Node has yet to report.
function letGo() {
  for (const handle of process._getActiveHandles()) if (handle !== process.stdout && handle !== process.stderr) handle.unref?.();
}
