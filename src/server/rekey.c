#include "server/rekey.h"

#include "kv/kv.h"
#include "server/encryption_key.h"
#include "server/open_problem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2, MEGABYTE = 1024 * 1024, REWRITE_BUFFER_MB = 8 };

static const char usage[] =
    "usage: stator rekey DIRECTORY [--encryption-key-file FILE | --encryption-key-command "
    "COMMAND]\n"
    "           [--new-encryption-key-file FILE | --new-encryption-key-command COMMAND]\n"
    "           [--rotate | --rewrite]\n\n"
    "Seals the data keys by the new key, if one is given. --rotate gives a new data key to files\n"
    "that are written from now on, --rewrite writes all files anew with it.\n";

struct wishes {
    struct key_place key, new_key;
    enum kv_rekey what;
};

static bool wishes_read(int argc, char **argv, struct wishes *out) {
    struct key_place given = {};
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--rotate") == 0)
            out->what = KV_REKEY_ROTATE;
        else if (strcmp(argv[i], "--rewrite") == 0)
            out->what = KV_REKEY_REWRITE;
        else if (!key_place_take(&given, "", argc, argv, &i) &&
                 !key_place_take(&out->new_key, "new-", argc, argv, &i))
            return false;
    }
    out->key = key_place_or_environment(&given);
    return true;
}

static int rekey(const char *directory, const struct wishes *wishes, unsigned char key[KEY_LEN],
                 unsigned char new_key[KEY_LEN]) {
    char problem[PROBLEM_SIZE];
    const char *sentence = NULL;
    bool given, new_given;
    struct kv_options options = {.cache_bytes = REWRITE_BUFFER_MB * MEGABYTE,
                                 .write_buffer_bytes = REWRITE_BUFFER_MB * MEGABYTE,
                                 .encryption_key = key,
                                 .out_problem = &sentence};
    if (!encryption_key_read(&wishes->key, key, &given, problem) ||
        !encryption_key_read(&wishes->new_key, new_key, &new_given, problem)) {
        fprintf(stderr, "stator: %s\n", problem);
        return EXIT_FAILURE;
    }
    if (!given || (!new_given && wishes->what == KV_REKEY_ONLY)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    errno = 0;
    status st = kv_rocks_rekey(directory, &options, new_given ? new_key : key, wishes->what);
    if (st != ST_OK) {
        fprintf(stderr, "stator: can't change the keys of %s: %s\n", directory,
                open_problem(st, sentence));
        return EXIT_FAILURE;
    }
    printf("%s: %s%s\n", directory, new_given ? "opens with the new key" : "opens with its key",
           wishes->what == KV_REKEY_ROTATE    ? "; new files get a new data key"
           : wishes->what == KV_REKEY_REWRITE ? "; all files have a new data key"
                                              : "");
    return EXIT_SUCCESS;
}

int command_rekey(const char *directory, int argc, char **argv) {
    unsigned char key[KEY_LEN], new_key[KEY_LEN];
    struct wishes wishes = {.what = KV_REKEY_ONLY};
    if (!wishes_read(argc, argv, &wishes)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    int code = rekey(directory, &wishes, key, new_key);
    key_wipe(key, sizeof key);
    key_wipe(new_key, sizeof new_key);
    return code;
}
