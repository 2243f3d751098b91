// Differences in transactions and statements, which only dynoxide has; see known.mjs for what a row says.

import { OF_ITEMS } from './known_requests.mjs';

// Statements that dynoxide does not read.
export const UNREAD = /wasn't well formed|requires a WHERE clause|does not support OR conditions|Parameter index \d+ out of range|UPDATE requires a WHERE clause|Unknown operator|Unsupported|RETURNING clause is not supported/;

// What Stator says of a statement before it looks at its condition, or as UpdateItem does.
export const EARLY = /Number of parameters|Item size has exceeded|Attribute name must not be empty|Only select from a single|BETWEEN operator requires|Aggregated size|Size of hashkey|cannot contain an empty|Select statements within|document path provided|does not exist in the item|incorrect data type|The first operand of set_|wasn't well formed|part of the key|Type mismatch|key element does not match|Key attributes must be scalars|Two document paths|Supplied AttributeValue|Number (over|under)flow|significant digits|may not be empty|duplicates|numeric value|Null attribute|should not be empty|Incorrect operand type|Unsupported function/;

// A statement that sets or removes something of the table's key.
function setsKey(request, schema) {
  const keys = new RegExp(`\\b(set|remove) +[\\\\"]*(${schema?.keys.join('|')})\\b`, 'i');
  return keys.test(JSON.stringify(request?.Statement ?? request?.Statements ?? request?.TransactStatements ?? ''));
}

export const statementRows = [
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
    why: 'dynoxide reads a part of the statements\' grammar: one SET, few functions, no exponents',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteTransaction'], theirs: /RETURNING clause is not supported/,
    when: (request, ours) => /^400 \S*ValidationException/.test(ours) && (EARLY.test(ours) || /Invalid returning clause/.test(ours)),
    why: 'what is wrong with the text or the parameters of this statement or one before it is told first',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement'], ours: /ORDER BY|Aliasing|wasn't well formed|Number of parameters/, theirs: /./,
    why: 'what is no part of a statement, or no parameter of it, is refused; dynoxide passes over some of it, and sorts by anything',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteTransaction'], ours: /wasn't well formed|Number of parameters|Select statements within/, theirs: /./,
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
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement'], ours: /^200/, theirs: /^200/, where: /^ConsumedCapacity\S*(, ConsumedCapacity\S*)*$/,
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
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction'],
    ours: /^200|ConditionalCheckFailed/, theirs: /^200|ConditionalCheckFailed|requires numeric/, when: (request) => /<>|NOT /.test(JSON.stringify(request)),
    why: 'a missing attribute differs from everything, in statements, too: NOT a = 1 is true of an item without a',
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
    peer: 'dynoxide', right: 'open', op: ['ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction'], ours: /first operand must be distinct/, theirs: /./,
    why: 'whether a = a is refused in statements as it is in expressions',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /IdempotentParameterMismatch/, theirs: /IdempotentParameterMismatch/, why: 'words of its own',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['BatchExecuteStatement'], ours: /Read and write requests/, theirs: /^200/,
    why: 'statements that dynoxide does not read are neither reads nor writes to it',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /^200/, theirs: /^200/, where: /Items|Item|Attributes|Responses/,
    when: (request, ours, made) => made?.kind === 'statements' && /SET [^=]+ = \\?"?[a-z]+\\?"?( |\.|\[)/.test(JSON.stringify(made.requests)),
    why: 'SET a = b copies attribute b; dynoxide\'s statements take the word for a string',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['ExecuteStatement'], ours: /Condition parameter type/, theirs: /does not project/,
    why: 'of a wrong key value and a column that the index does not hold, which is told first',
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
    peer: 'dynoxide', right: 'open', op: ['BatchExecuteStatement'], ours: /Read and write requests|contains duplicates/, theirs: /^400/,
    why: 'which of several faults of a batch is told first',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteTransaction'], ours: /ResourceNotFound/, theirs: /./, why: 'all tables of a transaction are looked for before any of its statements is run',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement'], ours: /^200/, theirs: /^200/, where: /Items/, when: (request) => /begins_with/.test(request.Statement) && request.Parameters,
    why: 'begins_with takes binaries; dynoxide\'s statements find nothing by one',
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
    peer: 'dynoxide', right: 'stator', ours: OF_ITEMS, theirs: OF_ITEMS, when: (request, ours, made) => made?.schema && made.requests.some(([, one]) => setsKey(one, made.schema)),
    why: 'an UPDATE of a key attribute is refused; dynoxide lets some statements write into keys, and is no witness of that table any more',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['TransactWriteItems', 'ExecuteTransaction'], ours: /"ValidationError/, theirs: /./,
    why: 'what is surely wrong with an action is told whatever its condition says; dynoxide evaluates the condition first, and takes some wrong updates',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['ExecuteStatement'], ours: /Consistent reads are not supported/, theirs: /Strongly consistent read is not supported/,
    why: 'in statements dynoxide has other words for it than in Query; nothing settles them',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction'], theirs: /SerializationException|Supplied AttributeValue/,
    when: (request) => /"ExpressionAttribute(Names|Values)":/.test(JSON.stringify(request)), why: 'members that an operation does not have are passed over, whatever they hold',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteStatement'], ours: /^200/, theirs: /^200/, where: /Items/, when: (request) => /"N":"(-0|[^"]*\.0|[^"]*e[^"]*|100e-2)"/i.test(JSON.stringify(request.Parameters)),
    why: 'numbers are compared by value; dynoxide\'s contains in statements compares their texts',
  },
  {
    peer: 'dynoxide', right: 'stator', ours: /^200/, theirs: /^200/, where: /Item/, when: (request, ours, made) => made !== undefined && /\[(10|[2-9])\] = /.test(JSON.stringify(made.requests)),
    why: 'SET beyond the end of a list appends; dynoxide fills the gap with NULL',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['ExecuteTransaction'], ours: /^200/, theirs: /IdempotentParameterMismatch/, when: (request) => /"Statement":"\s*select/i.test(JSON.stringify(request)),
    why: 'whether a ClientRequestToken means anything for reads: Stator does not look at it',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['ExecuteTransaction'], ours: /both read and write|multiple operations on one item|Validation failed in/, theirs: /^400 \S*ValidationException/,
    why: 'which of several faults of a transaction\'s statements is told first',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['TransactGetItems', 'TransactWriteItems'], ours: /multiple operations on one item/, theirs: /^400/,
    why: 'of an item that comes twice and a key that is none, which is told first',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['TransactWriteItems'], ours: /ResourceNotFound/, theirs: /IdempotentParameterMismatch/,
    why: 'of a table that is not there and a token of another request, which is told first: Stator looks the token up where it writes',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['ExecuteStatement'], ours: /A path may contain at most 2 components in the FROM clause at \d+:\d+:\d+"$/, theirs: /A path may contain at most 2 components in the FROM clause"$/,
    why: 'whether the place of the third component is told, as that of an unexpected one is',
  },
  {
    peer: 'dynoxide', right: 'open', op: ['ExecuteStatement'], ours: /Condition parameter type does not match/, theirs: /^200/, when: (request) => /\bIN\b/i.test(request.Statement),
    why: 'whether a value of IN must have the type of the key, as that of = must: Stator refuses it, dynoxide finds nothing by it',
  },
  {
    peer: 'dynoxide', right: 'stator', op: ['ExecuteTransaction'], ours: /multiple operations on one item/, theirs: /^200|TransactionCanceled/,
    when: (request) => /"N":"[^"]*[.e+]|\b\d+(\.\d*|e\d+)/i.test(JSON.stringify(request)), why: 'keys are compared by value: 1 and 1.0 are one key; to dynoxide\'s statements they are two',
  },
];
