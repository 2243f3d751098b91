/* Addresses, networks and times as policies write them. */
#include "iam/policy_int.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

struct network_row {
    const char *network, *address;
    bool want;
};

static const struct network_row networks[] = {
    {"10.1.2.3", "10.1.2.3", true},
    {"10.1.2.3", "10.1.2.4", false},
    {"10.1.2.3/32", "10.1.2.3", true},
    {"10.1.2.3/8", "10.9.9.9", true}, /* the bits behind the slash's are not looked at */
    {"10.1.2.0/23", "10.1.3.255", true},
    {"10.1.2.0/23", "10.1.4.0", false},
    {"10.1.2.128/25", "10.1.2.127", false},
    {"10.1.2.128/25", "10.1.2.128", true},
    {"10.1.2.3/31", "10.1.2.2", true},
    {"0.0.0.0/0", "255.255.255.255", true},
    {"0.0.0.0/0", "::1", false},
    {"::/0", "10.1.2.3", false},
    {"::/0", "::ffff:10.1.2.3", false},
    {"::/0", "2001:db8::1", true},
    {"10.0.0.0/8", "::ffff:10.1.2.3", true},
    {"::ffff:10.0.0.0/104", "10.1.2.3", true},
    {"::ffff:10.0.0.0/104", "11.1.2.3", false},
    {"2001:DB8::/32", "2001:db8:ffff::1", true},
    {"2001:db8::/32", "2001:db9::1", false},
    {"2001:db8::/33", "2001:db8:8000::1", false},
    {"2001:db8::1", "2001:0db8:0:0:0:0:0:1", true},
    {"2001:db8::1/128", "2001:db8::2", false},
};

static void networks_hold_their_addresses(void **state) {
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        struct network network;
        struct address address;
        assert_true(network_parse(str_from_c(networks[i].network), &network));
        assert_true(address_parse(str_from_c(networks[i].address), &address));
        if (network_holds(&network, &address) == networks[i].want)
            continue;
        print_error("%s, %s\n", networks[i].network, networks[i].address);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void what_is_no_address_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "x",
        "10.1.2",
        "10.1.2.256",
        "10.1.2.3/",
        "/8",
        "10.1.2.3/33",
        "::/129",
        "::1::",
        "10.1.2.3/-1",
        "::/ 1",
        "10.1.2.3/8/8",
        "01.2.3.4.5",
        "fe80::1%lo",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"};
    struct network network;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (network_parse(str_from_c(bad[i]), &network))
            fail_msg("%s is a network", bad[i]);
    assert_false(network_parse((str){"10.1.2.3\0", 9}, &network));
}

struct moment_row {
    const char *text;
    int64_t us;
};

static const struct moment_row moments[] = {
    {"1970", 0},
    {"1970-01", 0},
    {"1970-01-01", 0},
    {"2020-02-29", INT64_C(1582934400000000)},
    {"2020-05-21T12:00Z", INT64_C(1590062400000000)},
    {"2020-05-21T12:00:00Z", INT64_C(1590062400000000)},
    {"2020-05-21T12:00:00.5Z", INT64_C(1590062400500000)},
    {"2020-05-21T12:00:00.1234567Z", INT64_C(1590062400123456)},
    {"2020-05-21T14:30:00+02:30", INT64_C(1590062400000000)},
    {"2020-05-21T11:00:00-01:00", INT64_C(1590062400000000)},
    {"1969-12-31T23:59:59Z", -1000000},
    {"0", 0},
    {"1590062400", INT64_C(1590062400000000)},
    {"1590062400.25", INT64_C(1590062400250000)},
    {"99999", INT64_C(99999000000)},
};

static void dates_and_seconds_are_times(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        int64_t us = -7;
        if (!moment_parse(str_from_c(moments[i].text), &us) || us != moments[i].us)
            fail_msg("%s is %lld", moments[i].text, (long long)us);
    }
}

static void what_is_no_time_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "now",
                                      "-1",
                                      "1.",
                                      ".5",
                                      "1.5x",
                                      "1e3",
                                      "2020-",
                                      "2020-13",
                                      "2020-00",
                                      "2020-02-30",
                                      "2021-02-29",
                                      "2020-05-00",
                                      "2020-05-21T",
                                      "2020-05-21T12Z",
                                      "2020-05-21T12:00",
                                      "2020-05-21T24:00Z",
                                      "2020-05-21T12:60Z",
                                      "2020-05-21T12:00:60Z",
                                      "2020-05-21T12:00:00.Z",
                                      "2020-05-21T12:00:00+2:00",
                                      "2020-05-21T12:00:00+24:00",
                                      "2020-05-21T12:00:00Zx",
                                      "2020-05-21 12:00:00Z",
                                      "99999999999999999999"};
    int64_t us;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (moment_parse(str_from_c(bad[i]), &us))
            fail_msg("%s is a time", bad[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_hold_their_addresses),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(dates_and_seconds_are_times),
        cmocka_unit_test(what_is_no_time_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
