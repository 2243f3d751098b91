// Differences in operations on items and tables; see known.mjs for what a row says.

const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem'];

// What an answer may depend on the items for: only then it matters that a peer has others.
export const OF_ITEMS = /^200|ConditionalCheckFailed|DuplicateItem|TransactionCanceled|part of the key|does not exist in the item|document path provided|incorrect data type|Item size|Item collection|significant digits|Number (over|under)flow|does not match|must be numbers/;

// Updates that only take something away, as a parameter or in a transaction, too.
function onlyRemoves(one) {
  if (one?.UpdateExpression !== undefined) return /^\s*remove\b/i.test(one.UpdateExpression) && !/\b(set|add|delete)\b/i.test(one.UpdateExpression);
  const updates = Object.values(one?.AttributeUpdates ?? {});
  return updates.length > 0 && updates.every((update) => update?.Action === 'DELETE');
}

// Whether the expressions do name all that a peer calls unused.
function isUsed(request, theirs) {
  const keys = /keys: \{(.*?)\}/.exec(theirs)?.[1].split(', ') ?? [];
  const texts = JSON.stringify(request).match(/"\w+Expression":"[^"]*"/g)?.join(' ') ?? '';
  return keys.length > 0 && keys.every((key) => texts.includes(key));
}

export const requestRows = [
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
    right: 'stator', ours: OF_ITEMS, theirs: OF_ITEMS,
    when: (request, ours, made) => made?.requests.some(([, one]) => onlyRemoves(one) || one?.TransactItems?.some?.((row) => onlyRemoves(row?.Update))),
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
    peer: 'dynoxide', right: 'stator', theirs: /Supplied AttributeValue is empty|expected (string|array|object)|is not valid for \w+ AttributeValue type|Invalid number of argument|Null attribute value types|invalid type: null/, when: (request) => /[:,[]null\b|"NULL":"/.test(JSON.stringify(request)),
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
    theirs: /condition missed|Conditions can be of length|Condition parameter type|condition not supported|must use equality|starting key is invalid: The provided key element|Unsupported KeyConditions/,
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
    when: (request, ours) => request.Expected && /Number (over|under)flow|significant digits|Supplied AttributeValue|numeric value|may not be empty|should not be empty|Null attribute|contains duplicates|invalid value|SerializationException/.test(ours),
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
    peer: 'dynoxide', right: 'stator', ours: /SerializationException/, theirs: /./,
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
  {
    peer: 'dynoxide', right: 'open', ours: /index \S+ does not project/, theirs: /index \S+ does not project/,
    why: 'of several attributes that an index does not hold Stator and dynoxide name all, Stator each once and sorted',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['Query'], theirs: /Can not use both .*\{KeyConditions\}/, ours: /^(?!.*Can not use both)/,
    why: 'KeyConditions may be combined with FilterExpression and ProjectionExpression',
  },
  {
    right: 'stator', op: ['Query', 'Scan'], ours: /^200/, theirs: /^200/, where: /^(ConsumedCapacity\S*, )*Count(, Items\S*)?$/,
    when: (request, ours, made) => made.tables[0]?.LocalSecondaryIndexes?.some((index) => index.IndexName === request.IndexName) &&
      /"(ScanFilter|QueryFilter|FilterExpression)":/.test(JSON.stringify(request)),
    why: 'a filter on a local index sees what the index does not hold, too: it is fetched',
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
    peer: 'dynoxide', right: 'stator', op: ['Query'], ours: /^400/, theirs: /Invalid KeyConditionExpression/, when: (request) => request.KeyConditions !== undefined,
    why: 'what came as KeyConditions is told in the words of legacy parameters, as dynalite has them',
  },
  {
    right: 'stator', ours: /function is not allowed in an? (condition|update) expression/, theirs: /Invalid function name/,
    why: 'the functions of conditions and of updates are known in both, and not allowed in the other',
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
    right: 'open', op: ['Query'], ours: /cannot contain an empty/, theirs: /^(200|400)/, why: 'the values of key conditions are checked before a starting key is held against them',
  },
  {
    peer: 'dynoxide', right: 'stator', theirs: /unused in expressions: keys: /, when: (request, ours, made, theirs) => isUsed(request, theirs),
    why: 'what an expression names is used, evaluated or not',
  },
  {
    peer: 'dynalite', right: 'stator', op: ['UpdateItem'], theirs: /incorrect data type/, when: (request) => /if_not_exists/.test(request.UpdateExpression),
    why: 'dynalite takes the type of if_not_exists to be that of its second operand, before the condition and the item are looked at',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['Query'], ours: /^400/, theirs: /can only contain non-primary/, why: 'dynalite: a starting key is looked at before the names in a filter',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['Query', 'Scan'], ours: /starting key is invalid: /, theirs: /starting key is invalid: /,
    why: 'of several faults of a starting key, which is told first',
  },
  {
    right: 'open', op: ['Scan'], theirs: /^(200|400)/, when: (request, ours, made, theirs) => /correct Segment/.test(ours + theirs), why: 'which segment a key is in is for each implementation to say, so one may refuse what is none of another\'s',
  },
  {
    right: 'stator', ours: /Syntax error; token: \\?"_/, theirs: /./, why: 'a bare name begins with a letter',
  },
  {
    right: 'open', op: ['UpdateItem'], ours: /significant digits|incorrect data type/, theirs: /document path provided/,
    why: 'of a value that cannot be computed and a place that is not there, which is told first: Stator computes all values before it looks for places',
  },
  {
    right: 'stator', op: ['CreateTable'], ours: /^400/, theirs: /is not a RANGE key type/,
    why: 'several hash attributes in a global index are right, so something else is wrong; the peers know one alone',
  },
  {
    right: 'stator', ours: /Input collection \[(.*, )?, (, .*)?\] contains duplicates/, theirs: /^200|Number (over|under)flow/,
    why: 'a member that comes twice is refused; that an empty string is one, too, the peers pass over in places',
  },
];
