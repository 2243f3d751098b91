// TransactWriteItems and TransactGetItems: a few actions on distinct items, mostly.

import { item } from './values.mjs';
import { Expressions } from './expressions.mjs';
import { TABLE, keys, projected, returned } from './operations.mjs';

function action(random, schema, key) {
  const expressions = new Expressions(random, schema);
  const kind = random.weighted([[5, 'Put'], [6, 'Update'], [3, 'Delete'], [3, 'ConditionCheck']]);
  const made = { TableName: TABLE };
  if (kind === 'Put') made.Item = { ...item(random, schema), ...key };
  else made.Key = key;
  if (kind === 'Update' && random.chance(0.98)) made.UpdateExpression = expressions.update();
  if (random.chance(kind === 'ConditionCheck' ? 0.98 : 0.3)) made.ConditionExpression = expressions.condition();
  if (random.chance(0.2)) made.ReturnValuesOnConditionCheckFailure = random.weighted([[8, 'ALL_OLD'], [3, 'NONE'], [1, 'ALL_NEW']]);
  expressions.into(made);
  const row = { [kind]: made };
  if (random.chance(0.005)) row[kind === 'Put' ? 'Delete' : 'Put'] = { TableName: TABLE, Key: key };
  return row;
}

// A token is for its sequence: another one has another table, and so other content.
const token = (random) => (random.chance(0.95) ? `@1-${random.below(3)}` : random.pick(['', 'x'.repeat(37)]));

const count = (random) => (random.chance(0.02) ? random.pick([0, 25, 100, 101]) : random.weighted([[4, 1], [5, 2], [3, 3], [2, 5]]));

export const makers = {
  TransactWriteItems(random, schema) {
    const request = { TransactItems: keys(random, schema, count(random)).map((key) => action(random, schema, key)) };
    if (random.chance(0.12)) request.ClientRequestToken = token(random);
    return returned(random, request, { metrics: true });
  },

  TransactGetItems(random, schema) {
    const rows = keys(random, schema, count(random)).map((key) => {
      const expressions = new Expressions(random, schema);
      const made = projected(random, schema, expressions, { TableName: TABLE, Key: key }, false);
      return { Get: expressions.into(made, { withValues: false }) };
    });
    return returned(random, { TransactItems: rows });
  },
};
