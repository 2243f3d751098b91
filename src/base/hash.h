/* hash.h - the hash that spreads keys.
 *
 * Purpose:   partition placement in stored keys (so its values are part of the stored format), and
 *            hash tables in memory.
 * Ownership: none.
 * Threads:   any.
 * Errors:    none.
 * Limits:    XXH3 64 (stable since libxxhash 0.8.0); not for hostile-input resistance beyond that.
 */
#pragma once

#include "base/str.h"

uint64_t hash_bytes(str bytes);
