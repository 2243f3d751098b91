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

// Updates that only take something away, as a parameter or in a transaction, too.
function onlyRemoves(one) {
  if (one?.UpdateExpression !== undefined) return /^\s*(remove|delete)\b/i.test(one.UpdateExpression) && !/\b(set|add)\b/i.test(one.UpdateExpression);
  const updates = Object.values(one?.AttributeUpdates ?? {});
  return updates.length > 0 && updates.every((update) => update?.Action === 'DELETE');
}

const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem'];

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
  {
    peer: 'dynoxide', op: ['TransactWriteItems', 'ExecuteTransaction'], right: 'stator',
    why: 'what is wrong with one action has the words that the single operation has; dynoxide has its own',
    fold: (theirs, ours) => reasonsFold(theirs, ours),
  },
  {
    peer: 'dynoxide', op: ['BatchExecuteStatement'], right: 'stator',
    why: 'dynoxide reads a part of the statements\' grammar, and has words of its own for what is wrong',
    fold: (theirs, ours) => batchFold(theirs, ours),
  },
];

// Two columns that end in one name.
function sameColumns(statement) {
  const names = /select (.*?) from/i.exec(statement ?? '')?.[1].split(',').map((path) => /([a-z]+)"?(\[\d+\])*\s*$/i.exec(path)?.[1]) ?? [];
  return new Set(names).size < names.length;
}

// A statement that sets or removes something of the table's key.
function setsKey(request, schema) {
  const keys = new RegExp(`\\b(set|remove) +[\\\\"]*(${schema?.keys.join('|')})\\b`, 'i');
  return keys.test(JSON.stringify(request?.Statement ?? request?.Statements ?? request?.TransactStatements ?? ''));
}

// Whether the expressions do name all that a peer calls unused.
function isUsed(request, theirs) {
  const keys = /keys: \{(.*?)\}/.exec(theirs)?.[1].split(', ') ?? [];
  const texts = JSON.stringify(request).match(/"\w+Expression":"[^"]*"/g)?.join(' ') ?? '';
  return keys.length > 0 && keys.every((key) => texts.includes(key));
}

const hasFaultyParameter = (request) => request.Statements?.some?.((one) => one?.Parameters !== undefined);

const CANCELLED = /^(400 \S+TransactionCanceledException: )(\[.*\])$/;

function reasonsFold(theirs, ours) {
  const [, head, list] = CANCELLED.exec(theirs.text) ?? [];
  const wanted = JSON.parse(CANCELLED.exec(ours.text)?.[2] ?? '[]');
  if (!list || !wanted.length) return theirs;
  const reasons = JSON.parse(list).map((one, at) => (one.startsWith('ValidationError') && wanted[at]?.startsWith('ValidationError') ? wanted[at] : one));
  return { ...theirs, text: head + JSON.stringify(reasons) };
}

// Statements that dynoxide does not read.
const UNREAD = /wasn't well formed|requires a WHERE clause|does not support OR conditions|Parameter index \d+ out of range|UPDATE requires a WHERE clause|Unknown operator|Unsupported|RETURNING clause is not supported/;

// What Stator says of a statement before it looks at its condition, or as UpdateItem does.
const EARLY = /Number of parameters|Aggregated size|Size of hashkey|cannot contain an empty|Select statements within|document path provided|does not exist in the item|incorrect data type|The first operand of set_|wasn't well formed|part of the key|Type mismatch|key element does not match|Key attributes must be scalars|Two document paths|Supplied AttributeValue|Number (over|under)flow|significant digits|may not be empty|duplicates|numeric value|Null attribute|should not be empty|Incorrect operand type|Unsupported function/;

function batchFold(theirs, ours) {
  if (theirs.text === ours.text && JSON.stringify(theirs.body?.Responses) === JSON.stringify(ours.body?.Responses)) return { ...theirs, body: canonical({ ...theirs.body, ConsumedCapacity: ours.body?.ConsumedCapacity }) };
  if (!theirs.body?.Responses || theirs.body.Responses.length !== ours.body?.Responses?.length) return theirs;
  let changed = false;
  const Responses = theirs.body.Responses.map((one, at) => {
    const wanted = ours.body.Responses[at];
    if (JSON.stringify(one) === JSON.stringify(wanted)) return one;
    const unread = UNREAD.test(one.Error?.Message) || (wanted.Error && EARLY.test(wanted.Error.Message));
    if (!unread && (one.Error?.Code ?? '') !== wanted.Error?.Code) return one;
    changed = true;
    return wanted;
  });
  return changed ? { ...theirs, body: canonical({ ...theirs.body, Responses, ConsumedCapacity: ours.body.ConsumedCapacity }) } : theirs;
}

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
    when: (request, ours, made) => made?.schema?.removes && made.requests.some(([, one]) => onlyRemoves(one) || one?.TransactItems?.some?.((row) => onlyRemoves(row?.Update))),
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
    right: 'stator', ours: /cannot contain an empty (string|binary) value/, theirs: /^200|cannot contain an empty/,
    why: 'a key value is never empty; "are not valid" are the service\'s words for it, dynalite has older ones in starting keys',
  },
  {
    right: 'stator', op: ['CreateTable'], ours: /Duplicate attribute name in NonKeyAttributes|ProvisionedThroughput must be specified for index/, theirs: /^(200|400)/,
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
    peer: 'dynoxide', right: 'stator', theirs: /Supplied AttributeValue is empty|expected string|Null attribute value types|invalid type: null/, when: (request) => /[:,[]null\b|"NULL":"/.test(JSON.stringify(request)),
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
  {
    right: 'open', op: ['Query'], ours: /key element does not match|starting key is invalid/,
    theirs: /condition missed|Condition parameter type|condition not supported|must use equality|starting key is invalid: The provided key element|Unsupported KeyConditions/,
    when: (request) => request.ExclusiveStartKey !== undefined,
    why: 'Stator and dynoxide check a starting key as a whole before the conditions, dynalite attribute by attribute, each with its condition',
  },

  // ---- legacy parameters ----
  {
    right: 'stator', op: WRITES, ours: /ComparisonOperator \w+ is not valid for \w+ AttributeValue type/, theirs: /./,
    why: 'each legacy operator has its types, in Expected as in filters; the peers look at them in filters only',
  },
  {
    right: 'stator', ours: /Non-expression parameters: \{[^}]*ConditionalOperator/, theirs: /./,
    why: 'ConditionalOperator is a legacy parameter (the SDK\'s type file says so), and no mixture is allowed; the peers name it in reads only',
  },
  {
    right: 'stator', ours: /ConditionalOperator cannot be used without/, theirs: /./, why: 'ConditionalOperator without Expected or a filter is refused',
  },
  {
    right: 'stator', op: WRITES, ours: /^400/, theirs: /^(200|400)/,
    when: (request, ours) => request.Expected && /Number (over|under)flow|significant digits|Supplied AttributeValue|numeric value|may not be empty|should not be empty|contains duplicates|invalid value|SerializationException/.test(ours),
    why: 'values in Expected are values like any other and refused where they are wrong; dynalite looks at Value alone, dynoxide at none',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /One or more parameter values were invalid|BETWEEN condition/, theirs: /One or more parameter values were invalid|BETWEEN condition/,
    when: (request) => Object.keys(request.Expected ?? request.ScanFilter ?? request.QueryFilter ?? {}).length > 1 || request.AttributeUpdates,
    why: 'dynalite: attributes are checked in the order of the request, each wholly; dynoxide sorts them, and has a pass for each fault',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /AttributeValues inside AttributeValueList must be of same type/, theirs: /is not valid for/,
    why: 'dynalite: values of one list are held against each other before they are held against the operator',
  },

  // ---- what dynoxide checks later, or not ----
  {
    peer: 'dynoxide', right: 'stator', ours: /SerializationException/, theirs: /^400/,
    why: 'the form of a request is checked first, in words that dynalite has one by one; dynoxide has its JSON library\'s, and checks some values later',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /can only be specified when using expressions/, theirs: /^400/,
    why: 'dynalite: placeholders without an expression are told before their values are looked at',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /Invalid \w+Expression: /,
    theirs: /key element|starting key|Requested resource not found|unused in expressions|Type mismatch|Missing the key|contains invalid (key|value)|can only contain non-primary/,
    why: 'expressions are checked before tables and keys, and before what else they leave unused',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /value used in expression is not defined|name used in the document path is not defined|contains invalid key/, theirs: /./,
    why: 'placeholders are checked whether or not the part of the condition with them is evaluated, and told with the expression\'s name',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /Invalid \w+Expression: /, theirs: /Invalid \w+Expression: /, unagreed: true,
    why: 'of several faults in one expression dynalite and Stator tell them kind by kind, dynoxide as it meets them',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /^200/, theirs: /^200/, where: /^ConsumedCapacity\S*(, ConsumedCapacity\S*)*$/,
    when: (request) => /"(AttributesToGet|ProjectionExpression)":/.test(JSON.stringify(request)), why: 'a projection does not make a read cheaper',
  },
  {
    right: 'stator', op: ['BatchWriteItem'], ours: /has more than one datatypes set/, when: (request) => JSON.stringify(request).includes('PutRequest'),
    why: 'a row with two requests is refused before any of them is looked at; the peers take one of the two',
  },
  {
    peer: 'dynoxide', right: 'stator', theirs: /first operand: \[:/, why: 'only paths can be the same operand twice, not values: dynalite takes contains(:v, :v), too',
  },
  {
    peer: 'dynoxide', right: 'stator', op: [...WRITES, 'Scan', 'Query'], ours: /^400/, theirs: /^200|Either the KeyConditions/,
    when: (request) => request.Expected || request.ScanFilter || request.QueryFilter || request.KeyConditions,
    why: 'dynoxide drops conditions that it cannot read, and takes a request without them',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /^400/, theirs: /Consistent reads are not supported on global/, why: 'what needs no table is checked before what does',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /contains invalid value/, theirs: /Invalid \w+Expression/, why: 'values are checked before the expressions that use them',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /Can not use both expression and non-expression/, theirs: /^400/, why: 'members against each other come before the values they hold',
  },
  {
    peer: 'dynalite', right: 'stator', theirs: /ConditionalCheckFailed/, ours: /^(?!.*ConditionalCheck)/, when: (request) => /<>/.test(request.ConditionExpression),
    why: 'a missing attribute differs from everything, from another missing one, too; in dynalite the two are not different',
  },
  // ---- transactions and statements: only dynoxide has them ----
  {
    peer: 'dynoxide', right: 'stator', op: ['TransactWriteItems', 'TransactGetItems'], ours: /ValidationException/, theirs: /./,
    when: (request, ours) => /Invalid \w+Expression|ExpressionAttribute|Supplied AttributeValue|can only contain one/.test(ours),
    why: 'mistakes in the expressions and values of any action fail the whole request, before any action is looked at',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['TransactGetItems'], ours: /^200/, theirs: /^200/, where: /^Responses$/,
    when: (request) => JSON.stringify(request).includes('ProjectionExpression'), why: 'an item without the attributes asked for is an empty item, as GetItem has it; only a missing one is absent',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['TransactWriteItems'], ours: /ValidationError: (The document path|One or more parameter values were invalid: (Cannot update attribute|Type mismatch))/, theirs: /./,
    why: 'a path needs its parents, and keys are no targets of updates; dynoxide lets some of these pass in transactions',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement', 'ExecuteTransaction'], theirs: UNREAD,
    when: (request, ours) => !/RETURNING/i.test(JSON.stringify(request)) || !/RETURNING clause/.test(ours),
    why: 'dynoxide reads a part of the statements\' grammar: one SET, few functions, no exponents',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['ExecuteTransaction'], theirs: /RETURNING clause is not supported/,
    why: 'whether a transaction takes RETURNING: dynoxide refuses it in words that look like the service\'s; neither the SDK nor the facts say',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement'], ours: /ORDER BY|Aliasing|wasn't well formed|Number of parameters/, theirs: /./,
    why: 'what is no part of a statement, or no parameter of it, is refused; dynoxide passes over some of it, and sorts by anything',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteTransaction'], ours: /wasn't well formed|Number of parameters|ValidationException: "message|Select statements within/, theirs: /./,
    why: 'statements are read before any of them is run; a SELECT of a transaction names the whole key',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement', 'ExecuteTransaction'], ours: EARLY, theirs: /./,
    why: 'what a statement surely does wrong comes before the item and its condition',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteTransaction'], ours: /TransactionCanceledException/, theirs: /TransactionCanceledException: \["?.*"None"\]/,
    why: 'each action of a cancelled transaction has its reason; dynoxide stops at the first that fails in statements',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement'], ours: /attribute that does not exist in the item|document path provided|incorrect data type/, theirs: /./,
    why: 'SET reads what is there, as in UpdateItem; dynoxide\'s statements take a missing operand for nothing',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction'], ours: /ResourceNotFound/, theirs: /Requested resource not found: Table/,
    why: '"Requested resource not found", without the name, is what the other operations say',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement'], theirs: /^(200|400)/, where: /^(|ConsumedCapacity\S*(, ConsumedCapacity\S*)*)$/,
    when: (request) => / IN /.test(request.Statement), why: 'each partition of IN is a query of its own and rounded on its own',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['ExecuteStatement'], ours: /^200/, theirs: /does not project one or more filter attributes/,
    why: 'whether WHERE may name what the index has not: Query and Scan take such filters (both peers do), dynoxide refuses them in statements with a key',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['ExecuteStatement'], ours: /does not have the specified index/, theirs: /does not have the specified index/,
    why: 'the index is named, as Query and Scan name it; dynoxide does not name it in statements',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['ExecuteStatement'], ours: /^200/, theirs: /^200/, where: /^Items$/, when: (request) => sameColumns(request.Statement),
    why: 'of columns with one name the last one counts, even where it is missing; dynoxide takes one that is there',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction'],
    ours: /^200|ConditionalCheckFailed/, theirs: /^200|ConditionalCheckFailed/, when: (request) => /<>|NOT /.test(JSON.stringify(request)),
    why: 'a missing attribute differs from everything, in statements, too: NOT a = 1 is true of an item without a',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['BatchExecuteStatement'], ours: /^200/, theirs: /^400/,
    when: (request) => hasFaultyParameter(request), why: 'whether a wrong value among the parameters is its statement\'s fault or the request\'s',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['BatchExecuteStatement', 'ExecuteTransaction'], theirs: /duplicates|multiple operations on one item|Read and write requests/,
    why: 'statements that are wrong in themselves are left out when they are counted, compared and sorted into reads and writes; dynoxide counts them',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['TransactGetItems', 'TransactWriteItems'], ours: /^400/, theirs: /^400/, when: (request) => /"(SS|NS|BS)":\[/.test(JSON.stringify(request)),
    why: 'of a value that is wrong and in the wrong place, which fault is told',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement', 'ExecuteTransaction'], theirs: /Invalid key value/, why: 'words of its own',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['TransactWriteItems'], ours: /^200/, theirs: /^200/, where: /ItemCollectionMetrics \(ours alone\)/,
    why: 'the SDK: TransactWriteItems tells the item collections that it affected; dynoxide does so of some actions',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement'], ours: /^200/, theirs: /^200/, where: /^Items$/, when: (request) => / IN .*ORDER BY/i.test(request.Statement),
    why: 'ORDER BY orders partitions, too; dynoxide leaves those of IN in an order of its own',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement'], ours: /ConditionalCheckFailed/, theirs: /ConditionalCheckFailed/, when: (request) => request.ReturnValuesOnConditionCheckFailure === 'ALL_OLD',
    why: 'ReturnValuesOnConditionCheckFailure of a statement returns the item',
  },
  {
    peer: 'dynoxide', right: 'open', ours: /index \S+ does not project/, theirs: /index \S+ does not project/,
    why: 'of several attributes that an index does not hold Stator names one, dynoxide all, and one that is asked for twice twice',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction'], ours: /first operand must be distinct/, theirs: /./,
    why: 'whether a = a is refused in statements as it is in expressions',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /IdempotentParameterMismatch/, theirs: /IdempotentParameterMismatch/, why: 'words of its own',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['Query'], theirs: /Can not use both .*\{KeyConditions\}/, ours: /^(?!.*Can not use both)/,
    why: 'KeyConditions may be combined with FilterExpression and ProjectionExpression',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['BatchExecuteStatement'], ours: /Read and write requests/, theirs: /^200/,
    why: 'statements that dynoxide does not read are neither reads nor writes to it',
  },
  {
    right: 'stator', op: ['Query', 'Scan'], ours: /^200/, theirs: /^200/, where: /^(ConsumedCapacity\S*, )*Count(, Items\S*)?$/,
    when: (request, ours, made) => made.tables[0]?.LocalSecondaryIndexes?.some((index) => index.IndexName === request.IndexName) &&
      /"(ScanFilter|QueryFilter|FilterExpression)":/.test(JSON.stringify(request)),
    why: 'a filter on a local index sees what the index does not hold, too: it is fetched',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /^200/, theirs: /^200/, where: /Items|Item|Attributes|Responses/,
    when: (request, ours, made) => made?.kind === 'statements' && /SET [^=]+ = \\?"?[a-z]+\\?"?( |\.|\[)/.test(JSON.stringify(made.requests)),
    why: 'SET a = b copies attribute b; dynoxide\'s statements take the word for a string',
  },
  {
    right: 'stator', op: ['CreateTable'], ours: /have the same name/, theirs: /^(200|400)/,
    why: 'up to four hash and four range attributes in a global index, each once',
  },
  {
    peer: 'dynalite', right: 'stator', op: WRITES, theirs: /ConditionalCheckFailed/, when: (request) => request.ConditionalOperator === 'OR',
    why: 'of conditions joined by OR one true one is enough; dynalite gives up at the first that is false',
  },
  {
    peer: 'dynalite', right: 'stator', op: ['Query', 'Scan'], ours: /^200/, theirs: /^200/, when: (request) => request.ConditionalOperator === 'OR',
    why: 'of conditions joined by OR one true one is enough; dynalite gives up at the first that is false',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['UpdateItem'], where: /^Attributes \(theirs alone\)/, why: 'ALL_OLD of an item that was not there returns nothing, not the key',
  },
  {
    peer: 'dynalite', right: 'stator', op: ['UpdateItem'], theirs: /document path provided/, when: (request) => /remove/i.test(request.UpdateExpression),
    why: 'from an item that is not there anything may be removed, at any depth',
  },
  {
    right: 'stator', op: ['BatchWriteItem'], ours: /Too many items requested/, theirs: /./, why: 'the writes of all tables together are at most 25, and counted first',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['BatchWriteItem'], ours: /^400/, theirs: /Requested resource not found/,
    when: (request) => Object.keys(request.RequestItems ?? {}).length > 1,
    why: 'Stator and dynalite go from table to table, dynoxide looks for all tables first',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['Query'], theirs: /Unsupported KeyConditions ComparisonOperator/, why: 'words of its own, before the conditions are looked at',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement'], ours: /^200/, theirs: /^200/, where: /^ConsumedCapacity\S*(, ConsumedCapacity\S*)*$/,
    when: (request, ours, made) => made.tables[0]?.LocalSecondaryIndexes?.some((index) => request.Statement?.includes?.(`"${index.IndexName}"`)),
    why: 'a local index fetches what it does not hold, for WHERE, too, and is charged for it',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['BatchExecuteStatement'], ours: /contains duplicates/, theirs: /^200/,
    why: 'a statement that dynoxide does not read has no key for it',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['BatchExecuteStatement'], ours: /^400/, theirs: /^400/,
    why: 'which of several faults of a batch is told first: Stator tells those of the batch before those of its parameters',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteTransaction'], ours: /ResourceNotFound/, theirs: /./, why: 'all tables of a transaction are looked for before any of its statements is run',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement'], ours: /^200/, theirs: /^200/, where: /Items/, when: (request) => /begins_with/.test(request.Statement) && request.Parameters,
    why: 'begins_with takes binaries; dynoxide\'s statements find nothing by one',
  },
  {
    right: 'open', op: ['Query'], ours: /cannot contain an empty/, theirs: /^(200|400)/, why: 'the values of key conditions are checked before a starting key is held against them',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteTransaction'], ours: /Aliasing|wasn't well formed/, theirs: /./, why: 'what is no part of a statement is refused',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['BatchExecuteStatement'], ours: /^200/, theirs: /^200/, where: /^ConsumedCapacity/,
    why: 'a failed condition is charged, too, and what stands under Table is the sum of it',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteTransaction'], where: /./, ours: /TransactionCanceled/, theirs: /TransactionCanceled/, when: (request) => /ALL_OLD/.test(JSON.stringify(request)),
    why: 'ReturnValuesOnConditionCheckFailure of a statement returns the item with its reason',
  },
  {
    peer: 'dynoxide', right: 'stator', theirs: /./, when: (request, ours, made) => made?.schema && made.requests.some(([, one]) => setsKey(one, made.schema)),
    why: 'an UPDATE of a key attribute is refused; dynoxide lets some statements write into keys, and is no witness of that table any more',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['TransactWriteItems', 'ExecuteTransaction'], ours: /"ValidationError/, theirs: /./,
    why: 'what is surely wrong with an action is told whatever its condition says; dynoxide evaluates the condition first, and takes some wrong updates',
  },
  {
    peer: 'dynoxide', right: 'stator', theirs: /unused in expressions: keys: /, when: (request, ours, made, theirs) => isUsed(request, theirs),
    why: 'what an expression names is used, evaluated or not',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['ExecuteStatement'], ours: /Consistent reads are not supported/, theirs: /Strongly consistent read is not supported/,
    why: 'in statements dynoxide has other words for it than in Query; nothing settles them',
  },
  {
    peer: 'dynalite', right: 'stator', op: ['UpdateItem'], theirs: /incorrect data type/, when: (request) => /if_not_exists/.test(request.UpdateExpression),
    why: 'dynalite takes the type of if_not_exists to be that of its second operand, before the condition and the item are looked at',
  },
];

// Whether all peers that answered say one thing.
const agreed = (found) => {
  const texts = found.peers.filter(Boolean).map((peer) => (peer.same ? found.ours : peer.theirs));
  return texts.length > 1 && new Set(texts).size === 1;
};

// Requests are bent: a predicate that stumbles over one does not hold of it.
function holds(when, found, peer) {
  try {
    return when(found.request, found.ours, found.sequence, peer.theirs);
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

export function explained(found, peer) {
  return rows.find((row) =>
    (!row.peer || row.peer === peer.name) &&
    (!row.op || row.op.includes(found.operation)) &&
    (!row.ours || row.ours.test(found.ours)) &&
    (!row.theirs || row.theirs.test(peer.theirs)) &&
    (!row.where || row.where.test(peer.where)) &&
    !(row.unagreed && agreed(found)) &&
    (!row.when || holds(row.when, found, peer)));
}

export const known = [...folds, ...rows];
