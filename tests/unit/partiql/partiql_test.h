/* What the tests of statements share: the world of expressions, and statements with parameters. */
#pragma once

#include "partiql/partiql.h"
#include "unit/expr/expr_test.h"

/* parameters: an item's JSON, whose values are taken in the order of the text; NULL: none. */
static inline status parse(struct world *world, const char *text, const char *parameters,
                           struct partiql_statement *out) {
    struct value values[16] = {};
    struct item given = parameters ? world_item(world, parameters) : (struct item){};
    for (size_t i = 0; i < given.count; i++)
        values[i] = given.attributes[i].value;
    return partiql_parse(&world->scope, str_from_c(text), values, given.count, out);
}
