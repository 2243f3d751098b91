// Differences that are explained: whose answer is right, and what settles it. A row matches one
// peer's answer; a difference is explained when a row matches each peer that differs.
//
//   peer   'dynalite', 'dynoxide', or both
//   op     operations (all, when absent)
//   ours, theirs, where   what the two said, and where two bodies differ (a pattern each)
//   when   of the request, when the texts don't tell
//   right  'stator', 'peer', or 'open' (nothing settles it)
//   why    the line that settles it

// Part of an answer that always differs is a fold: it makes the peer's answer what it would be
// without that, and the rest is compared.

import { canonical } from './compare.mjs';

const folds = [
  {
    peer: 'dynoxide', right: 'stator',
    why: 'behaviours 1: only constraints on single members are counted ("N validation errors detected"); expressions and members against each other are not',
    fold: (theirs) => ({ ...theirs, text: theirs.text.replace(/"1 validation error detected: (?!Value )/, '"') }),
  },
  {
    op: ['CreateTable'], right: 'stator',
    why: 'behaviours 53, the SDK\'s TableDescription: LastUpdateToPayPerRequestDateTime and DeletionProtectionEnabled are there, TableThroughputModeSummary is no member',
    fold: (theirs, ours) => tableFold(theirs, ours),
  },
];

function tableFold(theirs, ours) {
  if (!theirs.body?.TableDescription || !ours.body?.TableDescription) return theirs;
  const { TableThroughputModeSummary, ...table } = theirs.body.TableDescription;
  const wanted = ours.body.TableDescription;
  if (wanted.BillingModeSummary && table.BillingModeSummary) table.BillingModeSummary = { LastUpdateToPayPerRequestDateTime: '*', ...table.BillingModeSummary };
  return { ...theirs, body: canonical({ TableDescription: { DeletionProtectionEnabled: false, ...table } }) };
}

// { folds used, theirs }
export function folded(peer, operation, request, ours, answer) {
  let theirs = answer;
  const used = [];
  for (const row of folds) {
    if ((row.peer && row.peer !== peer) || (row.op && !row.op.includes(operation))) continue;
    const made = row.fold(theirs, ours, request);
    if (made.text !== theirs.text || JSON.stringify(made.body) !== JSON.stringify(theirs.body)) used.push(row);
    theirs = made;
  }
  return { folds: used, theirs };
}

export const rows = [
  {
    peer: 'dynalite', right: 'stator', ours: /^200/, theirs: /^200/, where: /^(ConsumedCapacity\S*(, )?|ItemCollectionMetrics|\(ours alone\)(, )?| )+$/,
    why: 'behaviours 64, limits 4.3: dynalite counts no reads of nothing, no indexes, and sizes numbers by their text',
  },
  {
    right: 'stator', ours: /^400/, theirs: /^(200|400 .*ConditionalCheckFailed)/, op: ['PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'Scan'],
    when: (request, ours) => /Incorrect operand type|BETWEEN operator requires|ExpressionAttribute(Names|Values) unused|part of the key|first operand must be distinct|redundant parentheses/.test(ours),
    why: 'behaviours 2, 3, 9, 14: what is wrong with a request is told before an item is looked at',
  },
  {
    right: 'stator', op: ['UpdateItem', 'GetItem', 'BatchGetItem', 'Query', 'Scan'], where: /^(Attributes \(theirs alone\)|Item \(theirs alone\)|Responses|Count.*|Items.*|ScannedCount.*)$/,
    when: (request, ours, made) => made?.requests.some(([operation, one]) => operation === 'UpdateItem' && /^\s*(remove|delete)\b/i.test(one.UpdateExpression ?? '') && !/\b(set|add)\b/i.test(one.UpdateExpression)),
    why: 'behaviours 22: an update that only removes makes no item, so there is none to return later',
  },
  {
    right: 'stator', ours: /index \S+ does not project/, op: ['Query', 'Scan'], why: 'behaviours 41: naming an attribute that a global index does not hold is refused',
  },
  {
    right: 'stator', ours: /Size of (hash|range)key has exceeded/, theirs: /^200/, why: 'behaviours 32: keys of indexes have the limits of keys',
  },
  {
    right: 'stator', ours: /can return at most one row and cannot be restarted/, theirs: /^200/, why: 'behaviours 37: on a table without sort key Query refuses ExclusiveStartKey',
  },
  {
    right: 'stator', ours: /validation errors? detected: /, theirs: /^400/, why: 'behaviours 1, the service model: constraints on single members come before all else, and these peers do not have all of them',
  },
  {
    right: 'stator', ours: /Syntax error; token|redundant parentheses/, theirs: /^400/,
    why: 'no oracle: dynalite words syntax errors as its parser generator does, dynoxide in many ways of its own; Stator says token and near as the service does',
  },
  {
    peer: 'dynalite', right: 'stator', ours: /Incorrect operand type for operator or function/, theirs: /^400/,
    why: 'behaviours 2, 9: dynalite does not look at the types of comparisons\' constants, and so tells what it finds next',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /Incorrect operand type for operator or function/, theirs: /^400/,
    why: 'behaviours 1, 2, 9: dynoxide checks operands while it evaluates, behind the key and the placeholders',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /^400/, op: ['Query'],
    theirs: /KeyConditionExpression: \S+"$|Expected (attribute name|value reference|AND)|partition key must use equality|unsupported operator|Cannot convert partition key|Unexpected (operator|token)|condition missed/,
    why: 'behaviours 6, 7: one grammar serves all expressions, and each kind of condition that a key cannot have is refused by name; dynoxide reads key conditions by a small parser of its own',
  },
  {
    right: 'stator', ours: /starting key|can return at most one row/, theirs: /^200/, op: ['Query', 'Scan'],
    why: 'behaviours 37: ExclusiveStartKey must lie in what is queried',
  },
  {
    right: 'stator', ours: /Attribute name (must not be empty|is too large)|Empty attribute name/, why: 'behaviours 32: an attribute name has 1 to 65535 bytes',
  },
  {
    peer: 'dynalite', right: 'stator', theirs: /cannot be converted to a numeric value: \+/, why: 'limits 4.16: a leading + is accepted and dropped',
  },
  {
    peer: 'dynalite', right: 'stator', theirs: /ComparisonOperator \w+ is not valid for \w+ AttributeValue type/,
    why: 'dynalite turns key conditions into legacy ones and tells their words; behaviours 7: values must have the schema\'s type',
  },
  {
    peer: 'dynalite', right: 'stator', theirs: /Syntax error; Expected/, when: (request) => /NOT\s+NOT/i.test(JSON.stringify(request)),
    why: 'behaviours 6: the grammar nests NOT',
  },
  {
    peer: 'dynoxide', right: 'stator', theirs: /SerializationException/, when: (request) => /[:,[]null\b|"(true|false|maybe|TRUE)"|":\d|\[\d/.test(JSON.stringify(request)),
    why: 'the service reads null as absent, and text as a Boolean: dynalite has its conversions one by one, dynoxide its JSON library\'s',
  },
  {
    peer: 'dynalite', right: 'stator', ours: /^200|Conditional/, theirs: /^200|Conditional/, where: /^Item \(ours alone\)$/,
    why: 'limits 1.1: ReturnValuesOnConditionCheckFailure (2023) returns the item; dynalite does not know it',
  },
  {
    right: 'stator', op: ['Query', 'Scan'], theirs: /^(200|400)/,
    ours: /when choosing to get|ALL_PROJECTED_ATTRIBUTES can be used only/,
    why: 'the SDK\'s Select: which values go with which projection; dynalite does not check it, dynoxide in another order',
  },
  {
    right: 'stator', op: ['CreateTable'], ours: /is out of bounds|AttributeDefinitions are not used/, why: 'behaviours 39; limits 4.1: throughput of indexes has the bounds of tables',
  },
  {
    right: 'stator', op: ['CreateTable'], ours: /^200/, theirs: /The second KeySchemaElement is not a RANGE key type/, why: 'behaviours 40: up to four hash and four range attributes in a global index',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['UpdateItem'], theirs: /Operands for [+-] must be numbers|list_append requires two list operands/,
    why: 'words of its own; dynalite has "An operand in the update expression has an incorrect data type"',
  },
];

export function explained(found, peer) {
  return rows.find((row) =>
    (!row.peer || row.peer === peer.name) &&
    (!row.op || row.op.includes(found.operation)) &&
    (!row.ours || row.ours.test(found.ours)) &&
    (!row.theirs || row.theirs.test(peer.theirs)) &&
    (!row.where || row.where.test(peer.where)) &&
    (!row.when || row.when(found.request, found.ours, found.sequence)));
}

export const known = [...folds, ...rows];
