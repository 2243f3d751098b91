/* What the tests of expressions share: a scope, and items and placeholders from short JSON (with '
 * for ", so that tables stay readable). */
#pragma once

/* Ours come first: cmocka has a macro fail(). */
#include "expr/expr.h"
#include "item/item_codec.h"
#include "item/item_json.h"
#include "item/number.h"
#include "lib/test.h"

struct world {
    struct arena *arena, *scratch;
    struct scope scope;
};

/* #n → name, #s → status, #d → a.b, #a → a, #h → #h */
extern const str world_name_keys[], world_names[];
extern const size_t world_name_count;

void world_open(struct world *world);
void world_close(struct world *world);
/* Forgets the error. */
void world_reset(struct world *world);

str world_json(struct world *world, const char *text);
struct item world_item(struct world *world, const char *json);
/* The stored form's map; VIEW_NONE for NULL. */
view world_view(struct world *world, const char *json);
/* The names above and these values (NULL: none). */
struct expr_placeholders world_placeholders(struct world *world, const char *values_json);
/* As JSON, attributes and sets sorted. */
str world_item_text(struct world *world, struct item *item);
/* "ok" or the error text. */
str world_outcome(struct world *world, status st);
/* Tables go on after a wrong row: prints it, answers whether it was one. */
bool world_differs(const char *row, str got, str want);
