// What the golden tests use of the API tests.

export { RawClient } from '../../api/lib/raw.mjs';
export { binary, root, runToEnd, startServer } from '../../api/lib/server.mjs';
export { load, pages, tableRequest, waitActive, waitGone } from '../../api/lib/index.mjs';
export { allRecords, streamOf } from '../../api/lib/streams.mjs';
export * from '../../api/lib/values.mjs';
