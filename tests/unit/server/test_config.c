#include "lib/test.h"
#include "server/config.h"

static struct arena *arena;

static int setup(void **state) {
    (void)state;
    arena = arena_new(4 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static bool read_words(const char *const *words, struct config *config, str *problem) {
    char *argv[16];
    int argc = 0;
    for (; words[argc] != NULL; argc++)
        argv[argc] = (char *)words[argc];
    return config_read(argc, argv, arena, config, problem);
}

#define READ(config, problem, ...)                                                                 \
    read_words((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL}, config, problem)

static void defaults_hold_where_nothing_is_said(void **state) {
    (void)state;
    struct config config = {};
    str problem;
    assert_true(READ(&config, &problem));
    assert_string_equal(config.host, "127.0.0.1");
    assert_int_equal(config.port, 8000);
    assert_false(config.in_memory);
}

static void both_forms_of_arguments_are_read(void **state) {
    (void)state;
    struct config config = {};
    str problem;
    assert_true(READ(&config, &problem, "--port", "0", "--region=eu-west-1", "--in-memory"));
    assert_int_equal(config.port, 0);
    assert_string_equal(config.region, "eu-west-1");
    assert_true(config.in_memory);
}

static void a_list_is_joined_from_one_place_and_not_from_the_next(void **state) {
    (void)state;
    struct config config = {};
    str problem;
    setenv("STATOR_FAULT", "conflict", 1);
    assert_true(READ(&config, &problem, "--fault", "after", "--fault=latency-ms=5,seed=1"));
    assert_string_equal(config.fault, "after;latency-ms=5,seed=1");
    config = (struct config){};
    assert_true(READ(&config, &problem));
    assert_string_equal(config.fault, "conflict");
    unsetenv("STATOR_FAULT");
    config = (struct config){};
    assert_true(READ(&config, &problem));
    assert_string_equal(config.fault, "");
}

static void arguments_win_over_the_environment_and_that_over_a_file(void **state) {
    (void)state;
    char path[] = "stator-config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    fputs("# comment\nport = 1111\nregion = from-file # why\ncache-mb=7\n", file);
    fclose(file);
    setenv("STATOR_PORT", "2222", 1);
    setenv("STATOR_CACHE_MB", "8", 1);
    struct config config = {};
    str problem;
    bool fine = READ(&config, &problem, "--config", path, "--port", "3333");
    unsetenv("STATOR_PORT");
    unsetenv("STATOR_CACHE_MB");
    remove(path);
    assert_true(fine);
    assert_int_equal(config.port, 3333);
    assert_int_equal(config.cache_mb, 8);
    assert_string_equal(config.region, "from-file");
}

static void a_file_is_read_whole_or_not_at_all(void **state) {
    (void)state;
    char path[] = "stator-config-XXXXXX";
    struct config config = {};
    str problem;
    assert_false(READ(&config, &problem, "--config", "."));
    assert_str(problem, ".: Is a directory");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    for (int i = 0; i < 8 * 1024; i++)
        fputs("# line\n\n", file);
    fputs("auth = true\n", file);
    fclose(file);
    bool fine = READ(&config, &problem, "--config", path);
    remove(path);
    assert_false(fine);
    assert_true(str_contains(problem, STR("65536 bytes or more")));
}

static void what_is_wrong_is_said(void **state) {
    (void)state;
    struct config config = {};
    str problem;
    assert_false(READ(&config, &problem, "--port", "65536"));
    assert_str(problem, "--port takes a whole number from 0 to 65535, not \"65536\"");
    assert_false(READ(&config, &problem, "--prot", "1"));
    assert_str(problem, "unknown option \"--prot\"");
    assert_false(READ(&config, &problem, "--port"));
    assert_str(problem, "--port needs a value");
    assert_false(READ(&config, &problem, "--in-memory=maybe"));
    assert_str(problem, "--in-memory is true or false, not \"maybe\"");
    assert_false(READ(&config, &problem, "here"));
    assert_str(problem, "unexpected argument \"here\"");
    assert_false(READ(&config, &problem, "--config", "/nonexistent/file"));
    assert_str(problem, "/nonexistent/file: No such file or directory");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_hold_where_nothing_is_said),
        cmocka_unit_test(both_forms_of_arguments_are_read),
        cmocka_unit_test(a_list_is_joined_from_one_place_and_not_from_the_next),
        cmocka_unit_test(arguments_win_over_the_environment_and_that_over_a_file),
        cmocka_unit_test(a_file_is_read_whole_or_not_at_all),
        cmocka_unit_test(what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
