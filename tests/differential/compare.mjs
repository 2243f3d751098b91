// Answers in a form in which equal answers are equal: sets sorted, members unordered, names of
// tables, ids and times masked. And a difference in a form in which like ones fall together.

const MASKED = new Set(['TableArn', 'TableId', 'CreationDateTime', 'IndexArn', 'TableStatus', 'IndexStatus', 'LastUpdateToPayPerRequestDateTime',
  'ItemCollectionMetrics']);
const SETS = new Set(['SS', 'NS', 'BS']);
// Lists in which the order of the elements says nothing.
const UNORDERED = new Set(['AttributeDefinitions', 'GlobalSecondaryIndexes', 'LocalSecondaryIndexes', 'NonKeyAttributes', 'ConsumedCapacity']);

const text = (value) => JSON.stringify(value);

export function canonical(value, name = '', loose = false) {
  if (Array.isArray(value)) {
    const list = value.map((element) => canonical(element, '', loose));
    const sorted = (SETS.has(name) && list.every((one) => typeof one === 'string')) || UNORDERED.has(name) || (loose && (name === 'Items' || name === 'rows'));
    return sorted ? list.sort((left, right) => (text(left) < text(right) ? -1 : 1)) : list;
  }
  if (value === null || typeof value !== 'object') return value;
  const out = {};
  for (const member of Object.keys(value).sort()) out[member] = MASKED.has(member) ? '*' : canonical(value[member], member, loose);
  return out;
}

// Violations come in no order that a client can rely on; nor do the members of an enum.
function sortedMessage(message) {
  const match = /^(\d+ validation errors? detected: )(.*)$/s.exec(message);
  if (!match) return message;
  const parts = match[2].split(/; (?=Value )/).map((part) => part.replace(/(enum value set: \[)([^\]]*)\]/g, (_, start, list) => `${start}${list.split(', ').sort().join(', ')}]`));
  return match[1] + parts.sort().join('; ');
}

// What a page holds depends on where hash keys land, so of a cut page only the figures are compared;
// and with a filter, a cut page's figures depend on that, too.
function pageOf(operation, request, body) {
  if (operation === 'BatchGetItem' && body.Responses) {
    const responses = Object.fromEntries(Object.entries(body.Responses).map(([name, rows]) => [name, canonical(rows, 'rows', true)]));
    return { ...body, Responses: responses };
  }
  if (operation === 'ExecuteStatement' && body.Items) {
    const ordered = /order by/i.test(request.Statement);
    if (request.Limit !== undefined) return { ConsumedCapacity: '*' };
    return ordered ? body : { ...body, Items: canonical(body.Items, 'Items', true) };
  }
  if (!('ScannedCount' in body)) return body;
  const scan = operation === 'Scan';
  const unsorted = scan || request.IndexName !== undefined;
  const out = { ...body };
  if (out.LastEvaluatedKey) out.LastEvaluatedKey = Object.keys(out.LastEvaluatedKey).sort();
  if (!unsorted) return { ...out, LastEvaluatedKey: body.LastEvaluatedKey };
  if (request.ExclusiveStartKey || request.TotalSegments > 1) return { Count: '*' };
  if (request.Limit === undefined) return { ...out, Items: out.Items && canonical(out.Items, 'Items', true) };
  if (body.LastEvaluatedKey) { delete out.Items; delete out.ConsumedCapacity; if (request.FilterExpression || request.ScanFilter || request.QueryFilter) delete out.Count; }
  else if (out.Items) out.Items = canonical(out.Items, 'Items', true);
  return out;
}

// `answer` is { status, body } or { lost }.
export function judged(operation, request, answer) {
  if (answer.lost) return { failed: true, text: `no answer: ${answer.lost}`, body: undefined };
  let body;
  try {
    body = JSON.parse(answer.body);
  } catch {
    return { failed: true, text: `${answer.status} ${answer.body.slice(0, 200)}`, body: undefined };
  }
  if (answer.status === 200) return { failed: false, text: '200', body: canonical(pageOf(operation, request, body)) };
  const reasons = body.CancellationReasons?.map((one) => `${one.Code}${one.Message ? `: ${sortedMessage(one.Message)}` : ''}`);
  if (reasons) return { failed: true, text: `400 ${body.__type}: ${text(reasons)}`, body: canonical(body.CancellationReasons.map((one) => one.Item ?? null)) };
  const said = 'message' in body ? `message ${text(sortedMessage(String(body.message)))}` : 'Message' in body ? `Message ${text(body.Message)}` : 'no message';
  return { failed: true, text: `${answer.status} ${body.__type}: ${said}`, body: body.Item ? canonical({ Item: body.Item }) : undefined };
}

// Where two bodies differ, attributes' names left out.
function differing(left, right, path, found) {
  if (text(left) === text(right)) return;
  const inside = /^(Item|Attributes|LastEvaluatedKey|Responses|UnprocessedItems|UnprocessedKeys)$/.test(path);
  const both = left !== null && right !== null && typeof left === 'object' && typeof right === 'object' && Array.isArray(left) === Array.isArray(right);
  if (inside && both) { found.add(path); return; }
  if (!both) { found.add(`${path}${left === undefined ? ' (theirs alone)' : right === undefined ? ' (ours alone)' : ''}`); return; }
  if (path === 'Items') { found.add(left.length === right.length ? 'Items' : 'Items.length'); return; }
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const at = Array.isArray(left) ? `${path}[]` : path ? `${path}.${name}` : name;
    differing(left[name], right[name], at, found);
  }
}

// Undefined when they are equal; else { ours, theirs, where }.
export function difference(ours, theirs) {
  if (ours.text === theirs.text && text(ours.body) === text(theirs.body)) return undefined;
  const found = new Set();
  if (ours.text === theirs.text) differing(ours.body ?? {}, theirs.body ?? {}, '', found);
  return { ours: ours.text, theirs: theirs.text, where: [...found].sort().join(', ') };
}

// Like differences have like signatures: what a message quotes is left out.
export function bare(said) {
  return said
    .replace(/\\"/g, '"')
    .replace(/Value '.*?' at '[^']*'/gs, "Value '…' at '…'")
    .replace(/(token|near|name|attribute|Key|key|path|operand|function|operator|type|value|index|parameter|set|numeric value|region|reserved keyword|overlap with other: )(s?): .*?(?=[,;]|"$|$| with | Type| Actual|\\n)/gs, '$1$2: …')
    .replace(/\[[^\]]*\]/g, '[…]')
    .replace(/\d+/g, '#');
}
