/* form.h - a body or query of the type application/x-www-form-urlencoded.
 *
 * Purpose:   names and values of a call, decoded once; lists as Name.member.N.
 * Ownership: a form lives in the arena given.
 * Threads:   one at a time.
 * Errors:    ST_INVALID: a broken escape, a name given twice, or what is not text (UTF-8 without
 *            control characters but tab, line feed and carriage return). ST_TOO_BIG: a limit.
 * Limits:    FORM_*.
 */
#pragma once

#include "base/arena.h"
#include "base/status.h"

enum {
    FORM_BYTES_MAX = 512 * 1024, /* as sent; the largest policy, escaped, is 393 kB */
    FORM_FIELDS_MAX = 1000,
    FORM_NAME_MAX = 256,
    FORM_MEMBERS_MAX = 200, /* of a list */
};

struct form_field {
    str name, value;
};

struct form {
    struct form_field *fields; /* sorted by name */
    size_t count;
};

status form_parse(str text, struct arena *arena, struct form *out);
/* Absent when there is no such field. */
str form_value(const struct form *form, str name);
/* Element n, counted from 1, of a list: LIST.member.N, or LIST.member.N.PART. */
str form_member(const struct form *form, str list, size_t n, str part);

/* Adds `text` as a name or a value is written in a form; also what policies are in replies. */
struct buf;
void form_escape(struct buf *out, str text);
/* False: a broken escape. A plus sign is a blank when plus_is_blank. */
bool form_unescape(str text, bool plus_is_blank, struct arena *arena, str *out);
