/* body_cost.h - what a large body may take while its request is handled.
 *
 * Purpose:   a bound, before anything is unpacked or parsed, for http_request_reserve.
 * Ownership: none.
 * Threads:   any.
 * Errors:    none.
 * Limits:    bodies up to BODY_COST_ABOVE bytes are not counted: a thread has one of them at a
 * time.
 */
#pragma once

#include "base/str.h"

enum { BODY_COST_ABOVE = 64 * 1024 };

/* Of unpacking so many bytes, without looking at them; `most` is what may come of them. */
size_t body_cost_unpacked(size_t compressed, size_t most);
/* Of what is made of this text, which is looked through once. */
size_t body_cost_parsed(str text);
