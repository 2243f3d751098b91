/* Tags that lie in front of other bytes, as texts with escapes do in an arena. */
#include "api/shapes.h"
#include "api/tags.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

static void a_key_is_reserved_by_its_own_bytes_only(void **state) {
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct scope scope = {.arena = arena, .scratch = arena};
    static const char text[] = "aws:x";
    for (size_t len = 1; len < sizeof text; len++) {
        const struct in_Tag tag = {.Key = {text, len}, .Value = STR("")};
        const struct in_Tag *at[] = {&tag};
        const struct in_TagList tags = {1, at};
        assert_status(tags_check(&scope, &tags), len < 4 ? ST_OK : ST_FAILED);
    }
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_reserved_by_its_own_bytes_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
