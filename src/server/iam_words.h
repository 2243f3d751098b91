/* iam_words.h - the words behind `stator iam`, as a call of IAM or STS.
 *
 * Purpose:   `create-user --user-name ann` becomes Action=CreateUser&UserName=ann, by the rows of
 *            identity_api/operations.def.
 * Ownership: all of it lives in the arena given, or in the arguments.
 * Threads:   one.
 * Errors:    a sentence for the user in *out_problem.
 * Limits:    IAM_FILE_MAX bytes of a file:// value; what the form may hold is form.h's.
 */
#pragma once

#include "identity_api/operations.h"

#include <stdio.h>

enum { IAM_FILE_MAX = 256 * 1024 };

struct iam_words {
    const struct identity_operation *operation; /* NULL: none was named */
    bool help, xml;
    const char *endpoint; /* NULL: none */
    const char *ca_file;
    str form;
    /* Settings of the program (config.h), which are not ours to read. */
    int setting_count;
    char **settings;
};

/* Arguments are those behind `iam`. */
bool iam_words_read(int argc, char **argv, struct arena *arena, struct iam_words *out,
                    str *out_problem);
/* The operations, or the members of the one that is named. */
void iam_words_explain(const struct iam_words *words, struct arena *arena, FILE *out);
