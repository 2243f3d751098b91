/* Which texts name a data stream. */
#include "cloud/kinesis.h"
#include "lib/test.h"

#define OURS "arn:aws:kinesis:us-east-1:000000000000:stream/"

static void an_arn_gives_its_region_and_name(void **state) {
    (void)state;
    struct kinesis_arn arn;
    assert_true(
        kinesis_arn_read(STR("arn:aws-cn:kinesis:cn-north-1:123456789012:stream/a.B_c-9"), &arn));
    assert_true(str_eq(arn.region, STR("cn-north-1")));
    assert_true(str_eq(arn.name, STR("a.B_c-9")));
}

static void whatever_else_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {"",
                                        "arn",
                                        "arn:aws:kinesis:us-east-1:000000000000",
                                        "arn:aws:kinesis:us-east-1:000000000000:table/a",
                                        "arn:aws:kinesis::000000000000:stream/a",
                                        "arn:aws:kinesis:us-east-1:00000000000a:stream/a",
                                        "arn:aws:kinesis:us-east-1:0000:stream/a",
                                        "arn:aws:firehose:us-east-1:000000000000:stream/a",
                                        "arn:gcp:kinesis:us-east-1:000000000000:stream/a",
                                        OURS,
                                        OURS "a/consumer/b",
                                        OURS "a\"",
                                        OURS "a b"};
    struct kinesis_arn arn;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(kinesis_arn_read(str_from_c(wrong[i]), &arn));
    char name[sizeof OURS + 129];
    memcpy(name, OURS, sizeof OURS - 1);
    memset(name + sizeof OURS - 1, 'x', 129);
    assert_true(kinesis_arn_read((str){name, sizeof OURS - 1 + 128}, &arn));
    assert_false(kinesis_arn_read((str){name, sizeof OURS - 1 + 129}, &arn));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arn_gives_its_region_and_name),
        cmocka_unit_test(whatever_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
