/* Tokens of sessions: as text, which must not pass without its MAC, and as the bytes behind it.
 * What is read, written again, says the same. */
#include "auth/session_token.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { ARENA_MAX = 4 * 1024 * 1024 };

static bool same(const struct session_claim *a, const struct session_claim *b) {
    bool same = a->owner == b->owner && a->expires_us == b->expires_us &&
                a->issued_us == b->issued_us && str_eq(a->owner_name, b->owner_name) &&
                str_eq(a->owner_id, b->owner_id) && str_eq(a->session_name, b->session_name) &&
                str_eq(a->policy, b->policy) && a->policy_arn_count == b->policy_arn_count &&
                a->tags.count == b->tags.count;
    for (size_t i = 0; same && i < a->policy_arn_count; i++)
        same = str_eq(a->policy_arns[i], b->policy_arns[i]);
    for (size_t i = 0; same && i < a->tags.count; i++)
        same = str_eq(a->tags.entries[i].key, b->tags.entries[i].key) &&
               str_eq(a->tags.entries[i].value, b->tags.entries[i].value);
    return same;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const struct token_key key = {"the key of nobody's sessions..."};
    struct arena *arena = arena_new(ARENA_MAX);
    struct session_claim claim, again;
    str input = {(const char *)bytes, size}, text;
    CHECK(session_token_read(&key, input, arena, &claim) != ST_OK);
    if (size <= SESSION_TOKEN_BYTES_MAX && session_token_fields(input, arena, &claim) == ST_OK &&
        session_token_write(&key, &claim, arena, &text) == ST_OK) {
        CHECK(session_token_read(&key, text, arena, &again) == ST_OK);
        CHECK(same(&claim, &again));
    }
    arena_free(arena);
    return 0;
}
