/* Signatures: those of the public examples, and what is refused. */
#include "auth/auth.h"
#include "base/buf.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

#define ID "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define EMPTY_SIGNATURE "0000000000000000000000000000000000000000000000000000000000000000"

static const int64_t signed_at_us = 1440938160000000; /* 2015-08-30 12:36:00 UTC */
static const int64_t minute_us = 60000000;

static struct scope scope;

static int setup(void **state) {
    (void)state;
    struct arena *arena = arena_new(16 << 20);
    scope = (struct scope){.arena = arena, .scratch = arena, .now_us = signed_at_us};
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(scope.arena);
    return 0;
}

struct example {
    const char *method, *path, *query, *body;
    http_header more[3];
    size_t more_count;
    const char *service, *signed_headers, *signature;
};

static http_header headers[8];

static struct http_request request_of(const struct example *e) {
    size_t count = 0;
    headers[count++] = (http_header){STR("HOST"), STR("example.amazonaws.com")};
    for (size_t i = 0; i < e->more_count; i++)
        headers[count++] = e->more[i];
    headers[count++] = (http_header){STR("X-Amz-Date"), STR("20150830T123600Z")};
    headers[count++] = (http_header){STR("Authorization"),
                                     arena_printf(scope.arena,
                                                  "AWS4-HMAC-SHA256 Credential=" ID
                                                  "/20150830/us-east-1/%s/aws4_request, "
                                                  "SignedHeaders=%s, Signature=%s",
                                                  e->service, e->signed_headers, e->signature)};
    return (struct http_request){.arena = scope.arena,
                                 .method = str_from_c(e->method),
                                 .path = str_from_c(e->path),
                                 .query = str_from_c(e->query),
                                 .headers = headers,
                                 .header_count = count,
                                 .body = str_from_c(e->body)};
}

static bool is_true(const struct http_request *request, const char *service) {
    struct sigv4_claim claim;
    struct hmac_key key;
    assert_status(sigv4_read(&scope, request, &claim), ST_OK);
    assert_status(sigv4_check(&scope, &claim, STR("us-east-1"), str_from_c(service)), ST_OK);
    assert_true(str_eq(claim.access_key_id, STR(ID)));
    sigv4_signing_key(STR(SECRET), claim.date, claim.region, claim.service, &key);
    return sigv4_is_signed(&scope, request, &claim, &key);
}

/* The first four are of the published test suite; the others were signed with another
 * implementation (botocore). */
static const struct example examples[] = {
    {"GET",
     "/",
     "",
     "",
     {},
     0,
     "service",
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"GET",
     "/",
     "Param2=value2&Param1=value1",
     "",
     {},
     0,
     "service",
     "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"GET",
     "/",
     "",
     "",
     {{STR_INIT("My-Header1"), STR_INIT("value1")},
      {STR_INIT("My-Header2"), STR_INIT("\"a   b   c\"")}},
     2,
     "service",
     "host;my-header1;my-header2;x-amz-date",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"GET",
     "/",
     "b=%20x&a=%2F~&a=1&c",
     "",
     {},
     0,
     "service",
     "host;x-amz-date",
     "c1daf62e58c1ce4ce42ac7d5d83e709fa0301aa476f27f31430a2ab3073fcb9d"},
    {"POST",
     "/",
     "",
     "{\"Limit\":1}",
     {{STR_INIT("x-amz-target"), STR_INIT("DynamoDB_20120810.ListTables")},
      {STR_INIT("content-TYPE"), STR_INIT("application/x-amz-json-1.0")}},
     2,
     "dynamodb",
     "content-type;host;x-amz-date;x-amz-target",
     "cd97005b7bd26b2e137f71eaabcc2de4b7c59c7f8cf99357ee1e650652cc4dd9"},
    {"GET",
     "/example/../a//./b%20c/",
     "",
     "",
     {},
     0,
     "service",
     "host;x-amz-date",
     "1705f9c9907cc9336c028fd14042434fd8a548f537f7119dc71e9f859bd507f9"},
};

static void the_examples_are_signed_as_published(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct http_request request = request_of(&examples[i]);
        assert_true(is_true(&request, examples[i].service));
    }
}

static void a_change_of_anything_signed_is_noticed(void **state) {
    (void)state;
    struct example e = examples[4];
    struct http_request request = request_of(&e);
    request.body = STR("{\"Limit\":2}");
    assert_false(is_true(&request, "dynamodb"));
    request = request_of(&e);
    request.method = STR("PUT");
    assert_false(is_true(&request, "dynamodb"));
    request = request_of(&e);
    request.query = STR("a=1");
    assert_false(is_true(&request, "dynamodb"));
    request = request_of(&e);
    headers[1].value = STR("DynamoDB_20120810.DeleteTable");
    assert_false(is_true(&request, "dynamodb"));
    e.signature = "cd97005b7bd26b2e137f71eaabcc2de4b7c59c7f8cf99357ee1e650652cc4dd8";
    request = request_of(&e);
    assert_false(is_true(&request, "dynamodb"));
    e.signature = "not-hexadecimal";
    request = request_of(&e);
    assert_false(is_true(&request, "dynamodb"));
}

static void a_presigned_request_is_as_good(void **state) {
    (void)state;
    struct example e = {
        .method = "POST",
        .path = "/",
        .query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2F"
                 "us-east-1%2Fdynamodb%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60"
                 "&X-Amz-SignedHeaders=host%3Bx-amz-target&X-Amz-Signature="
                 "327b7927734826cd01019bcf24e10f96d80a66e44c118d6486e69e14e62c26fa",
        .body = "",
        .more = {{STR_INIT("X-Amz-Target"), STR_INIT("DynamoDB_20120810.ListTables")}},
        .more_count = 1,
        .service = "dynamodb",
        .signed_headers = "host",
        .signature = EMPTY_SIGNATURE,
    };
    struct http_request request = request_of(&e);
    request.header_count = 2; /* without Authorization and the date */
    assert_true(is_true(&request, "dynamodb"));
    scope.now_us = signed_at_us + 2 * minute_us;
    struct sigv4_claim claim;
    assert_status(sigv4_read(&scope, &request, &claim), ST_OK);
    assert_status(sigv4_check(&scope, &claim, STR("us-east-1"), STR("dynamodb")), ST_FAILED);
    assert_str(scope.error_text, "Signature expired: 20150830T123600Z is now earlier than "
                                 "20150830T123700Z (20150830T123800Z - 1 min.)");
}

/* ---- what no signer makes ---- */

static struct hmac_key key_of_day(void) {
    struct hmac_key key;
    sigv4_signing_key(STR(SECRET), STR("20150830"), STR("us-east-1"), STR("service"), &key);
    return key;
}

static struct sigv4_claim claim_with(str signed_headers, str signature) {
    return (struct sigv4_claim){.date = STR("20150830"),
                                .region = STR("us-east-1"),
                                .service = STR("service"),
                                .terminator = STR("aws4_request"),
                                .time = STR("20150830T123600Z"),
                                .signed_headers = signed_headers,
                                .signature = signature};
}

static void a_header_that_is_named_again_and_again_is_not_copied_as_often(void **state) {
    (void)state;
    enum { TIMES = 3500, VALUE_LEN = 7000 };
    struct http_request request = request_of(&examples[0]);
    struct hmac_key key = key_of_day();
    struct buf names;
    buf_init(&names, scope.arena, 8192);
    buf_add_lit(&names, "host;x-amz-date");
    for (int i = 0; i < TIMES; i++)
        buf_add_lit(&names, ";a");
    char *value = arena_bytes(scope.arena, VALUE_LEN);
    memset(value, 'v', VALUE_LEN);
    headers[request.header_count++] = (http_header){STR("a"), {value, VALUE_LEN}};
    struct sigv4_claim claim = claim_with(buf_str(&names), STR(EMPTY_SIGNATURE));
    size_t before = arena_used(scope.arena);
    assert_false(sigv4_is_signed(&scope, &request, &claim, &key));
    assert_true(arena_used(scope.arena) - before < 1 << 20);
}

/* The signature of GET / with a query that is its own canonical form. */
static str signature_of_query(const struct hmac_key *key, str query) {
    char hex[SHA256_HEX_LEN];
    struct sha256_digest digest = sha256(STR(""));
    sha256_hex(&digest, hex);
    str canonical =
        arena_printf(scope.arena, "GET\n/\n%.*s\nhost:example.amazonaws.com\n\nhost\n%.*s",
                     STR_ARG(query), SHA256_HEX_LEN, hex);
    digest = sha256(canonical);
    sha256_hex(&digest, hex);
    str text = arena_printf(scope.arena,
                            "AWS4-HMAC-SHA256\n20150830T123600Z\n"
                            "20150830/us-east-1/service/aws4_request\n%.*s",
                            SHA256_HEX_LEN, hex);
    digest = hmac_sha256(key, text);
    sha256_hex(&digest, hex);
    return arena_copy(scope.arena, (str){hex, SHA256_HEX_LEN});
}

static void no_part_of_a_long_query_is_left_unsigned(void **state) {
    (void)state;
    enum { PAIRS = 200 };
    struct http_request request = request_of(&examples[0]);
    struct hmac_key key = key_of_day();
    struct buf query;
    buf_init(&query, scope.arena, 1024);
    for (int i = 0; i < PAIRS; i++)
        buf_printf(&query, "%sa=", i > 0 ? "&" : "");
    request.query = buf_str(&query);
    struct sigv4_claim claim = claim_with(STR("host"), signature_of_query(&key, request.query));
    assert_true(sigv4_is_signed(&scope, &request, &claim, &key));
    buf_add_lit(&query, "&b=1");
    request.query = buf_str(&query);
    assert_false(sigv4_is_signed(&scope, &request, &claim, &key));
}

static void bytes_that_are_no_text_are_not_quoted(void **state) {
    (void)state;
    struct auth auth = {.mode = AUTH_FORM};
    struct principal *principal;
    struct http_request request = request_of(&examples[0]);
    headers[request.header_count - 1].value = STR("AWS4-HMAC-SHA256 \xff\xc3x Credential=\x80");
    scope.error = ERROR_NONE;
    assert_status(auth_check(&auth, &scope, &request, &principal), ST_FAILED);
    assert_str(scope.error_text,
               "'??x' not a valid key=value pair (missing equal-sign) in Authorization header: "
               "'AWS4-HMAC-SHA256 ??x Credential=?'.");
}

/* ---- refusals ---- */

static void refused(struct http_request *request, enum error_code code, const char *text) {
    struct sigv4_claim claim;
    scope.error = ERROR_NONE;
    scope.error_text = (str){};
    status st = sigv4_read(&scope, request, &claim);
    if (st == ST_OK)
        st = sigv4_check(&scope, &claim, STR("us-east-1"), STR("dynamodb"));
    assert_status(st, ST_FAILED);
    assert_int_equal(scope.error, code);
    if (!str_eq(scope.error_text, str_from_c(text)))
        fail_msg("%.*s", STR_ARG(scope.error_text));
}

static struct http_request with_authorization(const char *text) {
    struct http_request request = request_of(&examples[4]);
    headers[request.header_count - 1].value = str_from_c(text);
    return request;
}

static void what_is_missing_is_said(void **state) {
    (void)state;
    struct http_request request = request_of(&examples[4]);
    request.header_count--;
    refused(&request, ERROR_MissingAuthenticationTokenException,
            "Request is missing Authentication Token");
    request = with_authorization("Basic bWU6bWU=");
    refused(&request, ERROR_MissingAuthenticationTokenException,
            "Request is missing Authentication Token");
    request = with_authorization("AWS4-HMAC-SHA256 Signature=b");
    refused(&request, ERROR_IncompleteSignatureException,
            "Authorization header requires 'Credential' parameter. Authorization header requires "
            "'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256 Signature=b");
    request = with_authorization("AWS4-HMAC-SHA256 Signature=b, Credential, SignedHeaders=host");
    refused(&request, ERROR_IncompleteSignatureException,
            "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: "
            "'AWS4-HMAC-SHA256 Signature=b, Credential, SignedHeaders=host'.");
    request = request_of(&examples[4]);
    request.query = STR("X-Amz-Algorithm=x");
    refused(&request, ERROR_InvalidSignatureException,
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP "
            "header.");
    request.header_count--;
    refused(&request, ERROR_IncompleteSignatureException,
            "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string "
            "parameters must include 'X-Amz-Signature'. AWS query-string parameters must include "
            "'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. "
            "Re-examine the query-string parameters.");
}

static void parts_may_be_separated_by_commas_alone(void **state) {
    (void)state;
    struct http_request request = with_authorization(
        "AWS4-HMAC-SHA256 SignedHeaders=content-type;host;x-amz-date;x-amz-target,Signature="
        "cd97005b7bd26b2e137f71eaabcc2de4b7c59c7f8cf99357ee1e650652cc4dd9,Credential=" ID
        "/20150830/us-east-1/dynamodb/aws4_request");
    assert_true(is_true(&request, "dynamodb"));
}

static void the_clock_counts_before_anything_else(void **state) {
    (void)state;
    struct http_request request = request_of(&examples[4]);
    scope.now_us = signed_at_us + 15 * minute_us;
    assert_true(is_true(&request, "dynamodb"));
    scope.now_us = signed_at_us + 16 * minute_us;
    refused(&request, ERROR_InvalidSignatureException,
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123700Z "
            "(20150830T125200Z - 15 min.)");
    scope.now_us = signed_at_us - 16 * minute_us;
    refused(&request, ERROR_InvalidSignatureException,
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123500Z "
            "(20150830T122000Z + 15 min.)");
    scope.now_us = signed_at_us;
    headers[3].value = STR("yesterday");
    refused(&request, ERROR_IncompleteSignatureException,
            "Date must be in ISO-8601 'basic format'. Got 'yesterday'. See "
            "http://en.wikipedia.org/wiki/ISO_8601");
}

static void the_scope_is_ours(void **state) {
    (void)state;
    struct http_request request = with_authorization(
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=" EMPTY_SIGNATURE);
    refused(&request, ERROR_InvalidSignatureException,
            "Credential should be scoped to a valid region, not 'c'. Credential should be scoped "
            "to correct service: 'dynamodb'. Credential should be scoped with a valid terminator: "
            "'aws4_request', not 'e'. Date in Credential scope does not match YYYYMMDD from "
            "ISO-8601 version of date from HTTP: 'b' != '20150830', from '20150830T123600Z'.");
    request =
        with_authorization("AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=x");
    refused(&request, ERROR_IncompleteSignatureException,
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/term, got 'a/b/c/d'");
    request = with_authorization(
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=date, Signature=x");
    refused(&request, ERROR_InvalidSignatureException,
            "'Host' must be a 'SignedHeader' in the AWS Authorization.");
    request =
        with_authorization("AWS4-HMAC-SHA25 Credential=a/b/c/d/e, SignedHeaders=host, Signature=x");
    refused(&request, ERROR_IncompleteSignatureException,
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). ");
}

/* What a line of the audit log says must be what decided. */
static void the_claimed_key_is_the_one_that_is_looked_up(void **state) {
    (void)state;
    static const char *const forms[] = {
        "AWS4-HMAC-SHA256 Credential=mine/b/c/d/e, SignedHeaders=host, Signature=x",
        "AWS4-HMAC-SHA256 Credential=other/b/c/d/e, Credential=mine/b/c/d/e, Signature=x",
        "AWS4-HMAC-SHA256 XCredential=other/b, SignedHeaders=Credential=o/, Credential=mine/b",
        "AWS4-HMAC-SHA256 Credential=mine/b/c/d/e, broken",
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct http_request request = with_authorization(forms[i]);
        assert_str(sigv4_claimed_id(&request), "mine");
    }
    struct http_request request = with_authorization("Basic abc");
    assert_int_equal(sigv4_claimed_id(&request).len, 0);
    request = (struct http_request){
        .arena = scope.arena,
        .query = STR("zX-Amz-Credential=other%2Fb&X-Amz-Credential=mine%2Fb%2Fc&"
                     "X-Amz-Credential=other%2Fb")};
    assert_str(sigv4_claimed_id(&request), "mine");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(the_examples_are_signed_as_published),
        CASE(a_change_of_anything_signed_is_noticed),
        CASE(a_presigned_request_is_as_good),
        CASE(a_header_that_is_named_again_and_again_is_not_copied_as_often),
        CASE(no_part_of_a_long_query_is_left_unsigned),
        CASE(bytes_that_are_no_text_are_not_quoted),
        CASE(what_is_missing_is_said),
        CASE(parts_may_be_separated_by_commas_alone),
        CASE(the_clock_counts_before_anything_else),
        CASE(the_scope_is_ours),
        CASE(the_claimed_key_is_the_one_that_is_looked_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
