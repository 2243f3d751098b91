// Loaded before dynalite (node --require): a request that makes it throw costs that request its
// answer, and not the process. The lock of an item may stay held; its table is not used again.

'use strict';

const domain = require('node:domain');
const http = require('node:http');

const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function guarded(event, request, response) {
  if (event !== 'request') return emit.apply(this, arguments);
  const around = domain.create();
  around.on('error', () => response.destroy());
  around.add(request);
  around.add(response);
  return around.run(() => emit.apply(this, arguments));
};
