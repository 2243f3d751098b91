#include "server/copy.h"

#include "base/clock.h"
#include "kv/kv.h"
#include "server/encryption_key.h"
#include "server/open_problem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "usage: stator copy DIRECTORY TO [--encryption-key-file FILE | --encryption-key-command "
    "COMMAND]\n"
    "           --to-encryption-key-file FILE | --to-encryption-key-command COMMAND | "
    "--to-plain\n\n"
    "Copies a data directory that no server runs on into a new or empty one, reads that again, "
    "and\n"
    "compares. The copy has a data key of its own, or is plain.\n";

struct wishes {
    struct key_place key, to_key;
    bool to_plain;
};

static bool wishes_read(int argc, char **argv, struct wishes *out) {
    struct key_place given = {};
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--to-plain") == 0)
            out->to_plain = true;
        else if (!key_place_take(&given, "", argc, argv, &i) &&
                 !key_place_take(&out->to_key, "to-", argc, argv, &i))
            return false;
    }
    out->key = key_place_or_environment(&given);
    return true;
}

static void print_failure(const char *from, const char *to, const char *problem,
                          const struct kv_copied *copied) {
    fprintf(stderr, "stator: can't copy %s to %s: %s%s%s%s\n", from, to, problem,
            copied->failed_at[0] != '\0' ? " (" : "", copied->failed_at,
            copied->failed_at[0] != '\0' ? ")" : "");
    if (copied->begun)
        fprintf(stderr, "stator: %s is no database: delete it\n", to);
}

static int copy(const char *from, const char *to, const struct wishes *wishes,
                unsigned char key[KEY_LEN], unsigned char to_key[KEY_LEN]) {
    char problem[PROBLEM_SIZE];
    const char *sentence = NULL;
    bool given, to_given;
    struct kv_copied copied;
    if (!encryption_key_read(&wishes->key, key, &given, problem) ||
        !encryption_key_read(&wishes->to_key, to_key, &to_given, problem)) {
        fprintf(stderr, "stator: %s\n", problem);
        return EXIT_FAILURE;
    }
    if (to_given == wishes->to_plain) { /* what it shall be is said, and once */
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    struct kv_options options = {.encryption_key = given ? key : NULL, .out_problem = &sentence};
    int64_t begin_us = clock_monotonic_us();
    errno = 0;
    status st = kv_rocks_copy(from, &options, to, to_given ? to_key : NULL, &copied);
    if (st != ST_OK) {
        print_failure(from, to, open_problem(st, sentence), &copied);
        return EXIT_FAILURE;
    }
    printf("%s: %s, %llu files, %.1f MB, copied and compared in %.1f s\n", to,
           to_given ? "encrypted" : "plain", (unsigned long long)copied.files,
           (double)copied.bytes / 1e6, (double)(clock_monotonic_us() - begin_us) / 1e6);
    return EXIT_SUCCESS;
}

int command_copy(const char *from, const char *to, int argc, char **argv) {
    unsigned char key[KEY_LEN], to_key[KEY_LEN];
    struct wishes wishes = {};
    if (from[0] == '-' || to[0] == '-' || !wishes_read(argc, argv, &wishes)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    int code = copy(from, to, &wishes, key, to_key);
    key_wipe(key, sizeof key);
    key_wipe(to_key, sizeof to_key);
    return code;
}
