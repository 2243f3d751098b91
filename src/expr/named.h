/* named.h - which top-level attributes a request names.
 *
 * Purpose:   for policies that ask (dynamodb:Attributes): the names in an expression's text, in a
 *            tree, in an update, without a table and without judging whether any of it is valid.
 * Ownership: names are slices of the text, of placeholders or of the tree; the list is an arena's.
 * Threads:   one at a time.
 * Errors:    none: what does not parse names what its words look like, and is refused later.
 * Limits:    none of its own. A name may be listed more than once.
 */
#pragma once

#include "expr/expr.h"

struct named {
    struct arena *arena;
    str *at;
    size_t count, room;
};

/* Which words of a text are no names. */
enum named_text { NAMED_PROJECTION, NAMED_CONDITION, NAMED_UPDATE };

void named_add(struct named *named, str name);
/* `keys` and `names`: ExpressionAttributeNames; a placeholder that is not among them names nothing.
 */
void named_in_text(struct named *named, enum named_text kind, str text, const str *keys,
                   const str *names, size_t name_count);
void named_in_node(struct named *named, const struct expr_node *node);
void named_in_update(struct named *named, const struct expr_update *update);
