/* reply.h - what operations write their answer with.
 *
 * Purpose:   members by name, stored items as they are; no operation knows the protocol behind it
 *            (JSON today).
 * Ownership: writes into the request's arena.
 * Threads:   one at a time.
 * Errors:    none; unbalanced calls are a CHECK at the end.
 * Limits:    the arena's.
 *
 * `name` is the member's name, or absent (ANON) for an element of a list.
 */
#pragma once

#include "expr/expr.h"
#include "item/item_view.h"
#include "item/value.h"
#include "json/json_writer.h"

struct reply {
    struct buf body;
    struct json_writer json;
    bool nothing;
};

#define ANON ((str){NULL, 0})

void reply_init(struct reply *reply, struct arena *arena);
/* The text; everything opened must have been closed. */
str reply_finish(struct reply *reply);

/* No text at all, not even an empty object. */
void reply_nothing(struct reply *reply);

void reply_open(struct reply *reply, str name);
void reply_close(struct reply *reply);
void reply_open_list(struct reply *reply, str name);
void reply_close_list(struct reply *reply);

void reply_str(struct reply *reply, str name, str text);
void reply_i64(struct reply *reply, str name, int64_t value);
void reply_double(struct reply *reply, str name, double value);
void reply_bool(struct reply *reply, str name, bool value);
void reply_time(struct reply *reply, str name, int64_t time_us);

/* Stored bytes, whole or the projected part (projection may be NULL). */
void reply_stored(struct reply *reply, str name, str stored,
                  const struct expr_projection *projection, struct arena *scratch);
void reply_tree(struct reply *reply, str name, const struct item *item);
/* One attribute value. */
void reply_attribute(struct reply *reply, str name, view value);
