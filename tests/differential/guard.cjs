// Loaded before dynalite (node --require): a request that makes it throw costs the requests under way
// their answers, and not the process. The lock of an item may stay held; its table is not used again.
// A domain for each request would cost only that one, and a third of the speed.

'use strict';

const http = require('node:http');

const underWay = new Set();

const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function guarded(event, request, response) {
  if (event === 'request') {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
  }
  return emit.apply(this, arguments);
};

process.on('uncaughtException', (error) => {
  process.stderr.write(`${error.stack}\n`);
  for (const response of underWay) response.destroy();
  underWay.clear();
});
