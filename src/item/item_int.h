/* item_int.h - what the files of this folder share and nobody else needs.
 *
 * Purpose:   sorting, and number text without a buf.
 * Ownership: sorts in place; what it needs meanwhile comes from the arena given.
 * Threads:   any.
 * Errors:    none.
 * Limits:    none.
 */
#pragma once

#include "base/arena.h"
#include "item/item_view.h"
#include "item/number.h"
#include "item/value.h"

/* By bytes of the name, or of the member; stable; cheap when they are in order already. */
void attributes_sort(struct attribute *attributes, size_t count, struct arena *arena);
void set_sort(str *members, size_t count, struct arena *arena);
/* In order and without duplicates. */
bool set_is_ascending(const str *members, size_t count);

/* number_to_text into NUMBER_TEXT_MAX bytes; answers the length. */
size_t number_put_text(str number, char *out);

/* The service's size of an item: its top map does not count as one. */
size_t item_map_size(view map);
