// An operation of a history (linearizable.mjs) as a request, and its answer as what the client was told.

const TRAIL = 6; // values before that an item carries; each reading of it tells so much of the past
const names = Array.from({ length: TRAIL }, (_, at) => `t${at + 1}`);
const SHIFT = [...names.map((name, at) => `${name} = ${at ? names[at - 1] : 'v'}`).reverse(), 'v = :v'].join(', ');

const S = (text) => ({ S: text });
const N = (number) => ({ N: String(number) });
export const keyName = (key) => `key ${key}`;

export const itemOf = (key, state) => ({ id: S(keyName(key)), v: S(state.v), ...(state.n === undefined ? {} : { n: N(state.n) }),
  ...(state.trail ? Object.fromEntries(names.map((name, at) => [name, S(state.trail[at] ?? '')])) : {}) });

export function stateOf(item) {
  if (!item) return null;
  const state = { v: item.v.S };
  if (item.n) state.n = Number(item.n.N);
  if (item.t1) state.trail = names.map((name) => item[name].S);
  return state;
}

function condition(expect) {
  if (expect === undefined) return {};
  if (expect === null) return { ConditionExpression: 'attribute_not_exists(id)' };
  return { ConditionExpression: 'v = :expected', ExpressionAttributeValues: { ':expected': S(expect) } };
}

// What a part is as a request of one item, or within a transaction.
function body(part, TableName) {
  const Key = { id: S(keyName(part.key)) };
  const { ExpressionAttributeValues = {}, ...condition_ } = condition(part.expect);
  const given = (values) => (Object.keys(values).length ? { ExpressionAttributeValues: values } : {});
  switch (part.do) {
    case 'read': return { TableName, Key };
    case 'put': return { TableName, Item: itemOf(part.key, { v: part.value, n: part.number, trail: part.trailed && [part.expect] }), ...condition_, ...given(ExpressionAttributeValues) };
    case 'update': {
      const values = { ...ExpressionAttributeValues, ':v': S(part.value), ...(part.trailed ? {} : { ':add': N(part.add) }) };
      return { TableName, Key, UpdateExpression: part.trailed ? `SET ${SHIFT}` : 'SET v = :v ADD n :add', ...condition_, ...given(values) };
    }
    default: return { TableName, Key, ...condition_, ...given(ExpressionAttributeValues) };
  }
}

const SINGLE = { read: 'GetItem', put: 'PutItem', update: 'UpdateItem', delete: 'DeleteItem' };
const MEMBER = { put: 'Put', update: 'Update', delete: 'Delete', check: 'ConditionCheck' };

// [operation's name, request]
export function request({ parts, returns, token, transaction }, TableName) {
  if (!transaction) {
    const [part] = parts;
    const whole = body(part, TableName);
    if (part.do === 'read') return ['GetItem', { ...whole, ConsistentRead: true }];
    return [SINGLE[part.do], { ...whole, ReturnValues: returns, ...(part.expect === undefined ? {} : { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }) }];
  }
  if (parts[0].do === 'read') return ['TransactGetItems', { TransactItems: parts.map((part) => ({ Get: body(part, TableName) })) }];
  const TransactItems = parts.map((part) => ({ [MEMBER[part.do]]: { ...body(part, TableName),
    ...(part.expect === undefined ? {} : { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }) } }));
  return ['TransactWriteItems', { TransactItems, ...(token ? { ClientRequestToken: token } : {}) }];
}

function succeeded({ parts, returns, transaction }, json) {
  if (parts[0].do === 'read') {
    const items = transaction ? json.Responses.map(({ Item }) => Item) : [json.Item];
    parts.forEach((part, at) => { part.saw = stateOf(items[at]); });
  } else if (returns === 'ALL_NEW') parts[0].became = stateOf(json.Attributes);
  else if (returns === 'ALL_OLD') parts[0].saw = stateOf(json.Attributes);
  return 'ok';
}

// The outcome; what was told goes into the parts.
export function understand(operation, { status, json }) {
  if (status === 200) return succeeded(operation, json);
  const name = json.__type?.split('#').pop();
  if (name === 'ConditionalCheckFailedException') {
    Object.assign(operation.parts[0], { failed: true, saw: stateOf(json.Item) });
    return 'false';
  }
  if (name === 'TransactionConflictException') return 'refused';
  if (name !== 'TransactionCanceledException') throw new Error(`${status} ${JSON.stringify(json)} to ${JSON.stringify(operation)}`);
  json.CancellationReasons.forEach(({ Code, Item }, at) => {
    if (Code === 'ConditionalCheckFailed') Object.assign(operation.parts[at], { failed: true, saw: stateOf(Item) });
    else if (!['None', 'TransactionConflict'].includes(Code)) throw new Error(JSON.stringify(json));
  });
  return operation.parts.some(({ failed }) => failed) ? 'false' : 'refused';
}
