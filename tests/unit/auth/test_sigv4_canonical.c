/* The canonical form of a request, case by case: each signature is that of the published test suite
 * (the case's name there), or was made of the form in the comment by another implementation. */
#include "auth/sigv4.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

#define UNRESERVED "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define TOKEN                                                                                      \
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpS"  \
    "PfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYw" \
    "T7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKml" \
    "zm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
#define VANILLA "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
#define SLASHES "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"

enum { MORE_MAX = 4, HEADERS_MAX = MORE_MAX + 2 };

struct vector {
    const char *name, *method, *path, *query, *body;
    const char *more[MORE_MAX][2];
    const char *signed_headers, *signature;
};

#define PLAIN "host;x-amz-date"
#define ONE "host;my-header1;x-amz-date"

static const struct vector vectors[] = {
    /* queries */
    {"get-vanilla-query-order-key",
     "GET",
     "/",
     "Param1=value2&Param1=Value1",
     "",
     {},
     PLAIN,
     "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"},
    {"get-vanilla-query-order-value",
     "GET",
     "/",
     "Param1=value2&Param1=value1",
     "",
     {},
     PLAIN,
     "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
    {"get-vanilla-empty-query-key",
     "GET",
     "/",
     "Param1=value1",
     "",
     {},
     PLAIN,
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"get-vanilla-query-unreserved",
     "GET",
     "/",
     UNRESERVED "=" UNRESERVED,
     "",
     {},
     PLAIN,
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"get-vanilla-utf8-query",
     "GET",
     "/",
     "\u1234=bar",
     "",
     {},
     PLAIN,
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"the same, escaped",
     "GET",
     "/",
     "%E1%88%B4=bar",
     "",
     {},
     PLAIN,
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"empty value: a=&b=%3D",
     "GET",
     "/",
     "b=%3D&a=",
     "",
     {},
     PLAIN,
     "1badfa433d8dee55f7e35fedcb47943dd6bf2946fe7f903fb22c1429bf9a43b8"},
    {"no value at all: a=&b=%3D",
     "GET",
     "/",
     "b==&a",
     "",
     {},
     PLAIN,
     "1badfa433d8dee55f7e35fedcb47943dd6bf2946fe7f903fb22c1429bf9a43b8"},
    {"a query that is none", "GET", "/", "&", "", {}, PLAIN, VANILLA},
    /* paths */
    {"get-unreserved",
     "GET",
     "/" UNRESERVED,
     "",
     "",
     {},
     PLAIN,
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-utf8",
     "GET",
     "/\u1234",
     "",
     "",
     {},
     PLAIN,
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-space",
     "GET",
     "/example space/",
     "",
     "",
     {},
     PLAIN,
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"get-slash", "GET", "//", "", "", {}, PLAIN, VANILLA},
    {"get-slash-dot-slash", "GET", "/./", "", "", {}, PLAIN, VANILLA},
    {"get-relative", "GET", "/example/..", "", "", {}, PLAIN, VANILLA},
    {"get-relative-relative", "GET", "/example1/example2/../..", "", "", {}, PLAIN, VANILLA},
    {"above the root", "GET", "/../../", "", "", {}, PLAIN, VANILLA},
    {"get-slashes: /example/", "GET", "//example//", "", "", {}, PLAIN, SLASHES},
    {"dots in the middle: /example/", "GET", "/a/.././example/./", "", "", {}, PLAIN, SLASHES},
    /* headers */
    {"get-header-key-duplicate",
     "GET",
     "/",
     "",
     "",
     {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
     ONE,
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"get-header-value-order",
     "GET",
     "/",
     "",
     "",
     {{"My-Header1", "value4"},
      {"My-Header1", "value1"},
      {"My-Header1", "value3"},
      {"My-Header1", "value2"}},
     ONE,
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"names in any case",
     "GET",
     "/",
     "",
     "",
     {{"MY-HEADER1", "value4"},
      {"my-header1", "value1"},
      {"My-header1", " value3 "},
      {"mY-hEADER1", "value2"}},
     ONE,
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"blanks, tabs, nothing: my-header1: and my-header2:a b",
     "GET",
     "/",
     "",
     "",
     {{"My-Header1", "  "}, {"My-Header2", " a \t  b\t"}},
     "host;my-header1;my-header2;x-amz-date",
     "b2e96672360406871893e4dda43a14dfb4eefb519dc66a093e18f90fb90dcb64"},
    {"post-header-key-sort",
     "POST",
     "/",
     "",
     "",
     {{"My-Header1", "value1"}},
     ONE,
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-sts-header-before",
     "POST",
     "/",
     "",
     "",
     {{"X-Amz-Security-Token", TOKEN}},
     "host;x-amz-date;x-amz-security-token",
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
    {"post-sts-header-after",
     "POST",
     "/",
     "",
     "",
     {{"X-Amz-Security-Token", TOKEN}},
     PLAIN,
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    /* the body */
    {"post-vanilla",
     "POST",
     "/",
     "",
     "",
     {},
     PLAIN,
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     "",
     "Param1=value1",
     {{"Content-Type", "application/x-www-form-urlencoded"}},
     "content-type;host;x-amz-date",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
};

static bool is_signed(struct arena *arena, const struct vector *vector, const char *body) {
    struct scope scope = {.arena = arena, .scratch = arena};
    http_header headers[HEADERS_MAX] = {{STR_INIT("Host"), STR_INIT("example.amazonaws.com")}};
    size_t count = 1;
    for (size_t i = 0; i < MORE_MAX && vector->more[i][0] != NULL; i++)
        headers[count++] =
            (http_header){str_from_c(vector->more[i][0]), str_from_c(vector->more[i][1])};
    headers[count++] = (http_header){STR("X-Amz-Date"), STR("20150830T123600Z")};
    struct http_request request = {.arena = arena,
                                   .method = str_from_c(vector->method),
                                   .path = str_from_c(vector->path),
                                   .query = str_from_c(vector->query),
                                   .headers = headers,
                                   .header_count = count,
                                   .body = str_from_c(body)};
    struct sigv4_claim claim = {.date = STR("20150830"),
                                .region = STR("us-east-1"),
                                .service = STR("service"),
                                .terminator = STR("aws4_request"),
                                .time = STR("20150830T123600Z"),
                                .signed_headers = str_from_c(vector->signed_headers),
                                .signature = str_from_c(vector->signature)};
    struct hmac_key key;
    sigv4_signing_key(STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), claim.date, claim.region,
                      claim.service, &key);
    return sigv4_is_signed(&scope, &request, &claim, &key);
}

static void requests_are_signed_as_the_published_ones(void **state) {
    struct arena *arena = *state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        if (!is_signed(arena, &vectors[i], vectors[i].body))
            fail_msg("%s", vectors[i].name);
}

static void no_signature_serves_for_another_body_or_order_of_values(void **state) {
    struct arena *arena = *state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct vector changed = vectors[i];
        if (is_signed(arena, &changed, "x"))
            fail_msg("%s", changed.name);
        if (changed.more[1][0] == NULL || strcmp(changed.signed_headers, ONE) != 0)
            continue;
        changed.more[0][1] = vectors[i].more[2][1];
        changed.more[2][1] = vectors[i].more[0][1];
        if (is_signed(arena, &changed, changed.body))
            fail_msg("%s", changed.name);
    }
}

static int setup(void **state) {
    *state = arena_new(16 << 20);
    return 0;
}

static int teardown(void **state) {
    arena_free(*state);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(requests_are_signed_as_the_published_ones),
        CASE(no_signature_serves_for_another_body_or_order_of_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
