// Differences that are explained: whose answer is right, and what settles it. A row matches one
// peer's answer; a difference is explained when a row matches each peer that differs.
//
//   peer   'dynalite', 'dynoxide', or both
//   op     operations (all, when absent)
//   ours, theirs, where   what the two said, and where two bodies differ (a pattern each)
//   when   of the request, our text and the sequence, when the texts alone don't tell
//   unagreed  the row does not hold where all peers say the same
//   right  'stator', 'peer', or 'open' (nothing settles it)
//   why    the line that settles it

// Part of an answer that always differs is a fold: it makes the peer's answer what it would be
// without that, and the rest is compared.

import { canonical } from './compare.mjs';

const folds = [
  {
    peer: 'dynoxide', right: 'stator',
    why: 'only constraints on single members are counted ("N validation errors detected"); expressions and members against each other are not',
    fold: (theirs) => ({ ...theirs, text: theirs.text.replace(/"1 validation error detected: (?!Value )/, '"') }),
  },
  {
    op: ['CreateTable'], right: 'stator',
    why: 'DeletionProtectionEnabled and WarmThroughput are there, TableThroughputModeSummary is no member',
    fold: (theirs, ours) => tableFold(theirs, ours),
  },
];

function tableFold(theirs, ours) {
  if (!theirs.body?.TableDescription || !ours.body?.TableDescription) return theirs;
  const { TableThroughputModeSummary, ...table } = theirs.body.TableDescription;
  const wanted = ours.body.TableDescription;
  if (table.BillingModeSummary) table.BillingModeSummary = { BillingMode: table.BillingModeSummary.BillingMode };
  if (wanted.WarmThroughput) table.WarmThroughput ??= wanted.WarmThroughput;
  table.GlobalSecondaryIndexes &&= table.GlobalSecondaryIndexes.map((index) => {
    const same = wanted.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === index.IndexName);
    return same?.WarmThroughput ? { WarmThroughput: same.WarmThroughput, ...index } : index;
  });
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
    why: 'dynalite counts no reads of nothing, no indexes, and sizes numbers by their text',
  },
  {
    right: 'stator', ours: /^400/, theirs: /^(200|400 .*ConditionalCheckFailed)/, op: ['PutItem', 'GetItem', 'UpdateItem', 'DeleteItem', 'Query', 'Scan', 'BatchGetItem'],
    when: (request, ours) => /Incorrect operand type|BETWEEN operator requires|ExpressionAttribute(Names|Values) unused|part of the key|first operand must be distinct|redundant parentheses|Invalid attribute type name|Invalid function name|document paths/.test(ours),
    why: 'what is wrong with a request is told before an item is looked at',
  },
  {
    right: 'stator', theirs: /./,
    when: (request, ours, made) => made?.requests.some(([operation, one]) => operation === 'UpdateItem' && /^\s*(remove|delete)\b/i.test(one.UpdateExpression ?? '') && !/\b(set|add)\b/i.test(one.UpdateExpression)),
    why: 'an update that only removes makes no item, so there is none to return, to find or to update later',
  },
  {
    right: 'stator', ours: /index \S+ does not project/, op: ['Query', 'Scan'], why: 'naming an attribute that a global index does not hold is refused',
  },
  {
    right: 'stator', ours: /Size of hashkey has exceeded|Aggregated size of all range keys/, why: 'keys of indexes have the limits of keys',
  },
  {
    right: 'stator', ours: /can return at most one row and cannot be restarted/, theirs: /^200/, why: 'on a table without sort key Query refuses ExclusiveStartKey',
  },
  {
    right: 'stator', ours: /validation errors? detected: /, theirs: /./, why: 'constraints on single members come before all else, and these peers do not have all of them',
  },
  {
    right: 'stator', ours: /Syntax error; token|redundant parentheses/, theirs: /^400/,
    why: 'no oracle: dynalite words syntax errors as its parser generator does, dynoxide in many ways of its own; Stator says token and near as the service does',
  },
  {
    peer: 'dynalite', right: 'stator', ours: /Incorrect operand type for operator or function/, theirs: /^400/,
    why: 'dynalite does not look at the types of comparisons\' constants, and so tells what it finds next',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /Incorrect operand type for operator or function/, theirs: /^400/,
    why: 'dynoxide checks operands while it evaluates, behind the key and the placeholders',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /^400/, op: ['Query'],
    theirs: /KeyConditionExpression: \S+"$|Expected (attribute name|value reference|AND)|partition key must use equality|unsupported operator|Cannot convert partition key|Unexpected (operator|token)|condition missed/,
    why: 'one grammar serves all expressions, and each kind of condition that a key cannot have is refused by name; dynoxide reads key conditions by a small parser of its own',
  },
  {
    right: 'stator', ours: /starting key|can return at most one row/, theirs: /^200/, op: ['Query', 'Scan'],
    why: 'ExclusiveStartKey must lie in what is queried',
  },
  {
    right: 'stator', ours: /Attribute name (must not be empty|is too large)|Empty attribute name/, why: 'an attribute name has 1 to 65535 bytes',
  },
  {
    peer: 'dynalite', right: 'stator', theirs: /cannot be converted to a numeric value: \+/, why: 'a leading + is accepted and dropped',
  },
  {
    peer: 'dynalite', right: 'stator', theirs: /ComparisonOperator \w+ is not valid for \w+ AttributeValue type/,
    why: 'dynalite turns key conditions into legacy ones and tells their words; values must have the schema\'s type',
  },
  {
    peer: 'dynalite', right: 'stator', theirs: /Syntax error; Expected/,
    why: 'the grammar nests NOT, and needs no blank before : or #; dynalite\'s does not',
  },
  {
    peer: 'dynoxide', right: 'stator', theirs: /SerializationException/, when: (request) => /[:,[]null\b|"(true|false|maybe|TRUE)"|":\d|\[\d/.test(JSON.stringify(request)),
    why: 'the service reads null as absent, and text as a Boolean: dynalite has its conversions one by one, dynoxide its JSON library\'s',
  },
  {
    peer: 'dynalite', right: 'stator', ours: /^200|Conditional/, theirs: /^200|Conditional/, where: /^Item \(ours alone\)$/,
    why: 'ReturnValuesOnConditionCheckFailure (2023) returns the item; dynalite does not know it',
  },
  {
    right: 'stator', op: ['Query', 'Scan'], theirs: /^(200|400)/,
    ours: /when choosing to get|ALL_PROJECTED_ATTRIBUTES can be used only/,
    why: 'the SDK\'s Select: which values go with which projection; dynalite does not check it, dynoxide in another order',
  },
  {
    right: 'stator', op: ['CreateTable'], ours: /is out of bounds|AttributeDefinitions are not used/, why: 'throughput of indexes has the bounds of tables',
  },
  {
    right: 'stator', op: ['CreateTable'], ours: /^200/, theirs: /The second KeySchemaElement is not a RANGE key type/, why: 'up to four hash and four range attributes in a global index',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['UpdateItem'], theirs: /Operands for [+-] must be numbers|list_append requires two list operands/,
    why: 'words of its own; dynalite has "An operand in the update expression has an incorrect data type"',
  },
  {
    right: 'stator', ours: /can return at most one row/, theirs: /^400/, why: 'on a table without sort key Query refuses ExclusiveStartKey whatever it holds',
  },
  {
    peer: 'dynalite', right: 'stator', ours: /BETWEEN operator requires/, theirs: /BETWEEN operator requires/,
    why: 'dynalite quotes sets, lists and maps as JavaScript prints them; dynoxide as Stator',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /BETWEEN operator requires/, theirs: /^(200|400)/,
    why: 'bounds are checked before the item is read; dynoxide quotes numbers as sent, dynalite and Stator in their canonical form',
  },
  {
    right: 'stator', ours: /ReturnValues can only be/, theirs: /^(200|400)/,
    why: 'PutItem and DeleteItem accept NONE and ALL_OLD alone; the words are dynalite\'s for PutItem, before key and condition',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /ExpressionAttribute(Values|Names) (contains invalid value|must not be empty)/,
    theirs: /Supplied AttributeValue|Number (over|under)flow|significant digits|numeric value|duplicates|may not be empty|should not be empty|invalid value/,
    why: 'dynalite: a fault in a value is told with its placeholder',
  },
  {
    right: 'stator', op: ['Query', 'Scan'], where: /^(Items|ConsumedCapacity.*|Items, ConsumedCapacity.*|ConsumedCapacity.*, Items)$/,
    when: (request, ours, made) => made.tables[0]?.LocalSecondaryIndexes?.some((index) => index.IndexName === request.IndexName),
    why: 'a local index fetches what it does not hold, and is charged for it, and its units stand beside the table\'s',
  },
  {
    right: 'stator', ours: /cannot contain an empty (string|binary) value/, theirs: /^200/, why: 'a key value is never empty',
  },
  {
    right: 'stator', op: ['CreateTable'], ours: /Duplicate attribute name in NonKeyAttributes|ProvisionedThroughput must be specified for index/, theirs: /^200/,
    why: 'duplicates in NonKeyAttributes are refused; PROVISIONED needs throughput for each index',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['UpdateItem', 'PutItem', 'DeleteItem'], ours: /Type mismatch for Index Key|Key attributes must be scalars/, theirs: /./,
    why: 'what a request surely does wrong comes before its condition; dynalite checks the same',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /Two document paths|cannot be|reserved keyword/, theirs: /Incorrect operand type/,
    why: 'dynalite: paths are held against each other before operands are looked at',
  },
  {
    peer: 'dynoxide', right: 'stator', theirs: /Expected (attribute name|operand|comparison)|Unexpected|reserved keyword: size/, why: 'size() takes values, too, and nothing is reserved before (; dynoxide says this in words of its own',
  },
  {
    peer: 'dynoxide', right: 'stator', theirs: /Supplied AttributeValue is empty|expected string in SS|Null attribute value types/, when: (request) => /[:,[]null\b|"NULL":"/.test(JSON.stringify(request)),
    why: 'the service reads null as absent, and "true" as true',
  },
  {
    right: 'stator', op: ['CreateTable'], ours: /Duplicate AttributeName/, why: 'duplicates are refused; nothing settles the words when there are indexes',
  },
  {
    peer: 'dynalite', right: 'open', op: ['UpdateItem'], theirs: /Type mismatch for Index Key/, when: (request) => /if_not_exists/.test(JSON.stringify(request)),
    why: 'dynalite takes the type of if_not_exists to be that of its second operand, before the item is read; Stator looks at what comes out',
  },
  {
    right: 'open', op: ['Query'], ours: /outside query boundaries/, theirs: /can return at most one row|^200/,
    why: 'outside of the partition is refused; dynalite has other words for it when there is a condition on the sort key, dynoxide does not look',
  },
  {
    right: 'open', op: ['CreateTable'], ours: /^400/, theirs: /^400/, unagreed: true,
    why: 'which of several mistakes in one request is told first: nothing settles it where the two peers differ, or do not know the mistake that Stator tells',
  },
  {
    right: 'open', ours: /Two document paths/, theirs: /Two document paths/, unagreed: true,
    why: 'such paths are refused; of several pairs, which is told first nothing settles',
  },
  {
    right: 'open', ours: /unused in expressions/, theirs: /./, unagreed: true,
    why: 'all that is unused is named; nothing settles in which order, and dynoxide looks for the table first',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /attribute that does not exist in the item|incorrect data type|document path provided/, theirs: /^400/,
    why: 'dynalite and Stator tell the first fault in the text, dynoxide the first of its own order, in words of its own',
  },
  {
    right: 'stator', ours: /List index is not within the allowable range/, theirs: /./, why: 'an index beyond 32 bits is an error of the text, found before what the path is for',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['CreateTable'], ours: /The second KeySchemaElement is not a RANGE key type/, theirs: /^200/,
    why: 'no hash attribute follows a range attribute, in whatever index',
  },
];

// Whether all peers that answered say one thing.
const agreed = (found) => {
  const texts = found.peers.filter(Boolean).map((peer) => (peer.same ? found.ours : peer.theirs));
  return texts.length > 1 && new Set(texts).size === 1;
};

export function explained(found, peer) {
  return rows.find((row) =>
    (!row.peer || row.peer === peer.name) &&
    (!row.op || row.op.includes(found.operation)) &&
    (!row.ours || row.ours.test(found.ours)) &&
    (!row.theirs || row.theirs.test(peer.theirs)) &&
    (!row.where || row.where.test(peer.where)) &&
    !(row.unagreed && agreed(found)) &&
    (!row.when || row.when(found.request, found.ours, found.sequence)));
}

export const known = [...folds, ...rows];
