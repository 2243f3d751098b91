// What one server's answers of a sequence must be, whoever else is asked: well formed, and in
// agreement with each other. What was written is what is read; what is in an index is what
// the table says. Only what a plain request tells is followed: of an item changed otherwise nothing
// is known until it is read again.

const MEMBERS = {
  PutItem: 'Attributes ConsumedCapacity ItemCollectionMetrics',
  UpdateItem: 'Attributes ConsumedCapacity ItemCollectionMetrics',
  DeleteItem: 'Attributes ConsumedCapacity ItemCollectionMetrics',
  GetItem: 'Item ConsumedCapacity',
  Query: 'Items Count ScannedCount LastEvaluatedKey ConsumedCapacity',
  Scan: 'Items Count ScannedCount LastEvaluatedKey ConsumedCapacity',
  BatchGetItem: 'Responses UnprocessedKeys ConsumedCapacity',
  BatchWriteItem: 'UnprocessedItems ItemCollectionMetrics ConsumedCapacity',
  TransactWriteItems: 'ItemCollectionMetrics ConsumedCapacity',
  TransactGetItems: 'Responses ConsumedCapacity',
  ExecuteStatement: 'Items NextToken LastEvaluatedKey ConsumedCapacity',
  BatchExecuteStatement: 'Responses ConsumedCapacity',
  ExecuteTransaction: 'Responses ConsumedCapacity',
  CreateTable: 'TableDescription',
};
for (const name of Object.keys(MEMBERS)) MEMBERS[name] = new Set(MEMBERS[name].split(' '));

const ERROR = /^com\.(amazonaws\.dynamodb\.v20120810|amazon\.coral\.(service|validate))#\w+Exception$/;

// What is wrong with the form of an answer; undefined: nothing.
function misshapen(operation, status, body) {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return 'the body is no object';
  if (status === 200) {
    for (const name of Object.keys(body)) if (!MEMBERS[operation].has(name)) return `${name} is no member of its answer`;
    return undefined;
  }
  if (status !== 400) return `status ${status}`;
  if (!ERROR.test(body.__type)) return `__type ${body.__type}`;
  if (body.__type.endsWith('#SerializationException')) return undefined; // of what is no JSON nothing is said
  return typeof (body.message ?? body.Message) === 'string' ? undefined : 'an error without a message';
}

// ---- values in a form in which equal ones are equal ----

class Odd extends Error {}

function plainNumber(text) {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!match || !(match[2] || match[3])) throw new Odd();
  const digits = (match[2] + match[3]).replace(/^0+/, '');
  const bare = digits.replace(/0+$/, '');
  if (!bare) return '0';
  return `${match[1] === '-' ? '-' : ''}${bare}e${Number(match[4] ?? 0) - match[3].length + digits.length - bare.length}`;
}

function plain(value) {
  const names = value !== null && typeof value === 'object' ? Object.keys(value) : [];
  if (names.length !== 1) throw new Odd();
  const [type] = names;
  const inner = value[type];
  if (type === 'L' ? !Array.isArray(inner) : type === 'M' ? inner === null || typeof inner !== 'object' : type === 'BOOL' || type === 'NULL' ? typeof inner !== 'boolean' : false) throw new Odd();
  switch (type) {
  case 'N': return `N${plainNumber(inner)}`;
  case 'S': case 'B': if (typeof inner !== 'string') throw new Odd(); return `${type}${JSON.stringify(inner)}`;
  case 'BOOL': case 'NULL': return `${type}${inner}`;
  case 'L': return `[${inner.map(plain).join()}]`;
  case 'M': return plainItem(inner);
  case 'NS': return `NS${inner.map(plainNumber).sort().join()}`;
  case 'SS': case 'BS': if (!inner.every((one) => typeof one === 'string')) throw new Odd(); return `${type}${JSON.stringify([...inner].sort())}`;
  default: throw new Odd();
  }
}

const plainItem = (item) => `{${Object.keys(item).sort().map((name) => `${JSON.stringify(name)}:${plain(item[name])}`).join()}}`;

// ---- what is known of a table ----

const ABSENT = 'absent';
const isWhole = (request) => !('ProjectionExpression' in request) && !('AttributesToGet' in request) && !('Select' in request);
const isAll = (request) => isWhole(request) && Object.keys(request).every((name) => name === 'TableName' || name === 'IndexName' || name === 'ConsistentRead');

class Known {
  constructor(schema) {
    this.schema = schema;
    this.items = new Map(); // by key: the item, or ABSENT; a key that is not there is absent
    this.unknown = new Set();
    this.nothing = false; // a statement may have written anything
    this.faults = [];
  }

  keyOf(item) {
    return this.schema.keys.map((name) => plain(item[name])).join();
  }

  set(key, state) {
    this.unknown.delete(key);
    this.items.set(key, state);
  }

  forget(key) {
    this.unknown.add(key);
  }

  // An answer says that a key has this item; from then on that is known.
  says(key, item) {
    const state = item ? plainItem(item) : ABSENT;
    const before = this.items.get(key) ?? ABSENT;
    if (!this.nothing && !this.unknown.has(key) && state !== before)
      this.faults.push(`the item is ${state.slice(0, 300)}, and was ${before.slice(0, 300)}`);
    if (!this.nothing) this.set(key, state);
  }

  saysAll(items) {
    const seen = new Set();
    for (const item of items) {
      const key = this.keyOf(item);
      if (seen.has(key)) this.faults.push(`${key} comes twice`);
      seen.add(key);
      this.says(key, item);
    }
    return seen;
  }

  whole(items) {
    const seen = this.saysAll(items);
    if (this.nothing) return;
    for (const [key, state] of this.items) if (state !== ABSENT && !seen.has(key) && !this.unknown.has(key)) this.faults.push(`${key} is missing`);
    this.all = items;
  }

  // Of all items, an index has those with all of its keys, with what it projects.
  index(name, items) {
    const { keys, projection } = this.schema.indexes.find((index) => index.name === name);
    if (!this.all) return;
    const shown = projection.ProjectionType === 'ALL' ? undefined : new Set([...this.schema.keys, ...keys, ...(projection.NonKeyAttributes ?? [])]);
    const has = (item) => keys.every((key) => item[key] && this.schema.types[key] in item[key]);
    const entry = (item) => plainItem(shown ? Object.fromEntries(Object.entries(item).filter(([key]) => shown.has(key))) : item);
    const wanted = this.all.filter(has).map(entry).sort();
    const found = items.map(plainItem).sort();
    if (wanted.join('\n') !== found.join('\n')) this.faults.push(`index ${name} has ${found.join(' ').slice(0, 400)}, not ${wanted.join(' ').slice(0, 400)}`);
  }
}

// ---- what each operation's answer tells ----

const rows = (items) => Object.values(items ?? {}).flat();

const followers = {
  PutItem(known, request, body) {
    const key = known.keyOf(request.Item);
    if (request.ReturnValues === 'ALL_OLD') known.says(key, body.Attributes);
    known.set(key, plainItem(request.Item));
  },

  DeleteItem(known, request, body) {
    const key = known.keyOf(request.Key);
    if (request.ReturnValues === 'ALL_OLD') known.says(key, body.Attributes);
    known.set(key, ABSENT);
  },

  UpdateItem(known, request, body) {
    const key = known.keyOf(request.Key);
    if (request.ReturnValues === 'ALL_OLD') known.says(key, body.Attributes);
    known.forget(key);
    if (request.ReturnValues === 'ALL_NEW' && body.Attributes) known.says(key, body.Attributes);
  },

  GetItem(known, request, body) {
    if (isWhole(request)) known.says(known.keyOf(request.Key), body.Item);
  },

  Scan(known, request, body) {
    if (request.IndexName !== undefined ? !isAll(request) : !isWhole(request)) return;
    if (request.IndexName !== undefined) known.index(request.IndexName, body.Items);
    else if (isAll(request) && !body.LastEvaluatedKey) known.whole(body.Items);
    else known.saysAll(body.Items);
  },

  Query(known, request, body) {
    if (request.IndexName === undefined && isWhole(request)) known.saysAll(body.Items);
  },

  BatchGetItem(known, request, body) {
    const [part] = Object.values(request.RequestItems);
    if (!isWhole(part) || Object.keys(body.UnprocessedKeys).length) return;
    const seen = known.saysAll(rows(body.Responses));
    for (const key of part.Keys.map((one) => known.keyOf(one))) if (!seen.has(key)) known.says(key, undefined);
  },

  BatchWriteItem(known, request) {
    for (const row of rows(request.RequestItems)) {
      if (row.PutRequest) known.set(known.keyOf(row.PutRequest.Item), plainItem(row.PutRequest.Item));
      else known.set(known.keyOf(row.DeleteRequest.Key), ABSENT);
    }
  },

  TransactWriteItems(known, request) {
    for (const { Put, Update, Delete } of request.TransactItems) {
      const one = Put ?? Update ?? Delete;
      if (!one) continue;
      const key = known.keyOf(Put ? Put.Item : one.Key);
      if (request.ClientRequestToken !== undefined || Update) known.forget(key);
      else known.set(key, Put ? plainItem(Put.Item) : ABSENT);
    }
  },

  TransactGetItems(known, request, body) {
    request.TransactItems.forEach(({ Get }, at) => { if (isWhole(Get)) known.says(known.keyOf(Get.Key), body.Responses[at].Item); });
  },

  ExecuteStatement(known, request) {
    if (!/^\s*select/i.test(request.Statement)) known.nothing = true;
  },

  BatchExecuteStatement(known, request) {
    if (!request.Statements.every((one) => /^\s*select/i.test(one.Statement))) known.nothing = true;
  },

  ExecuteTransaction(known, request) {
    if (!request.TransactStatements.every((one) => /^\s*(select|exists)/i.test(one.Statement))) known.nothing = true;
  },

  CreateTable() {},
};

// A request may say what it means in a way that is not followed here: then nothing is known any more.
function follow(known, operation, request, body) {
  try {
    followers[operation](known, request, body);
  } catch (error) {
    if (!(error instanceof Odd) && !(error instanceof TypeError)) throw error;
    known.nothing = true;
  }
}

const READS = new Set(['GetItem', 'Query', 'Scan', 'BatchGetItem', 'TransactGetItems']);

// The faults of a sequence's answers: [{ at, why }]. `answers` may be fewer than the requests.
export function faultsOf({ schema, requests }, answers) {
  const known = schema && new Known(schema);
  const found = [];
  for (let at = 0; at < answers.length; at++) {
    const [operation, request] = requests[at];
    const answer = answers[at];
    if (answer.lost) break;
    let body;
    try {
      body = JSON.parse(answer.body);
    } catch {
      found.push({ at, why: `no JSON: ${answer.status} ${answer.body.slice(0, 200)}` });
      continue;
    }
    const why = misshapen(operation, answer.status, body);
    if (why) found.push({ at, why });
    if (!known || why || answer.status !== 200) continue;
    if (known.nothing && READS.has(operation) && operation === 'Scan' && isAll(request) && !request.IndexName && !body.LastEvaluatedKey) {
      known.nothing = false; // from here on all is known again
      known.items.clear();
      known.unknown.clear();
      for (const item of body.Items) known.unknown.add(known.keyOf(item));
    }
    if (!READS.has(operation)) known.all = undefined;
    follow(known, operation, request, body);
    for (const fault of known.faults) found.push({ at, why: fault });
    known.faults = [];
  }
  return found;
}
