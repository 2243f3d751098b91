/* config.h - the settings of a process, from config.def.
 *
 * Purpose:   reading them from command line, environment and file, and explaining them.
 * Ownership: strings live in the arena given.
 * Threads:   read at the start, then constant.
 * Errors:    a sentence for the user in *out_problem.
 * Limits:    a configuration file of CONFIG_FILE_MAX bytes.
 */
#pragma once

#include "base/arena.h"

#include <stdio.h>

enum { CONFIG_FILE_MAX = 64 * 1024 };

struct config {
#define CONFIG_TYPE_STRING const char *
#define CONFIG_TYPE_LIST const char *
#define CONFIG_TYPE_INTEGER int64_t
#define CONFIG_TYPE_FLAG bool
#define CONFIG(name, kind, field, standard, min, max, sentence) CONFIG_TYPE_##kind field;
#include "server/config.def"
#undef CONFIG
};

/* Arguments are those behind the command. False: *out_problem says what is wrong with them. */
bool config_read(int argc, char **argv, struct arena *arena, struct config *out, str *out_problem);
/* The rows as text, for --help. */
void config_explain(FILE *out);
