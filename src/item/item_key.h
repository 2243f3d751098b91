/* item_key.h - attribute values → bytes that sort as the service sorts, and back.
 *
 * Purpose:   the parts of storage keys.
 * Ownership: appended to the caller's buf; decoding slices or copies into the arena.
 * Threads:   any.
 * Errors:    decoding answers false on bytes that are none.
 * Limits:    the service's: partition key 2048 bytes, sort key 1024 (checked by table).
 *
 * Strings and binaries: bytes with 00 written as 00 ff, ended by 00 01. Numbers: number.h's
 * encoding. The type is known from the schema and not stored. Parts may follow each other.
 */
#pragma once

#include "base/buf.h"
#include "item/item_view.h"
#include "item/value.h"

/* kind: VALUE_STRING, VALUE_NUMBER or VALUE_BINARY; bytes as in struct value. */
void key_part_encode(enum value_kind kind, str bytes, struct buf *out);
/* For begins_with: without the end mark, so that all continuations sort behind it. */
void key_part_encode_prefix(str bytes, struct buf *out);
/* Reads one part at the start of *rest and moves *rest behind it. */
bool key_part_decode(enum value_kind kind, str *rest, struct arena *arena, str *out_bytes);
/* As policies name a key: a string as it is, a number as decimal text, a binary in base64. False
 * for kinds that no key has. */
bool key_part_text(enum value_kind kind, str bytes, struct arena *arena, str *out_text);
/* The least bytes that sort behind everything that starts with `prefix`; absent (NULL) when there
 * are none (all ff). */
str key_prefix_end(str prefix, struct arena *arena);
