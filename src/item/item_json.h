/* item_json.h - JSON text ↔ attribute values.
 *
 * Purpose:   both text arrows. Everything is checked and made canonical on the way in (numbers,
 *            base64, set duplicates, depth); past it, code never re-validates.
 * Ownership: trees live in the reader's arena and borrow from its text.
 * Threads:   any.
 * Errors:    wrong JSON types are SerializationException at once (ST_FAILED); what is wrong inside
 *            a well-typed value is kept as `fault` text for item_check, because other checks of
 *            the request come first.
 *            Text that is no JSON is SerializationException without a message.
 * Limits:    VALUE_DEPTH_MAX levels: deeper is a fault, found without recursion beyond it.
 */
#pragma once

#include "item/item_view.h"
#include "item/scope.h"
#include "item/value.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

/* Reads {"S": "…"} … where the reader stands. The first fault goes to *fault unless it already
 * holds one, and whether a set's members are wrong to *fault_of_a_set (NULL: nobody asks); the
 * value is then VALUE_NONE or partial and must not be used. */
status value_from_json(struct scope *scope, struct json_reader *reader, struct value *out,
                       str *fault, bool *fault_of_a_set);
/* Reads {"name": {"S": "…"}, …}; the attributes come sorted by name. A null in place of the object
 * is the caller's to take as absent. */
status item_from_json(struct scope *scope, struct json_reader *reader, struct item *out);
/* ValidationException when the item carries a fault. */
status item_check(struct scope *scope, const struct item *item);

/* {"S": "…"}; of a tree no more elements than the writer's end allows */
void value_to_json(const struct value *value, struct json_writer *out);
void view_to_json(view v, struct json_writer *out);
/* {"name": {"S": "…"}, …} */
void item_to_json(const struct item *item, struct json_writer *out);
void item_view_to_json(view map, struct json_writer *out);
