#include "server/config.h"

#include <ctype.h>
#include <errno.h>

enum kind { STRING, LIST, INTEGER, FLAG };

/* From the one that wins to the one that loses. */
enum place { NOWHERE, ARGUMENTS, ENVIRONMENT, CONFIG_FILE, STANDARD };

struct row {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *standard;
    int64_t min, max;
    const char *sentence;
};

static const struct row rows[] = {
#define CONFIG(name, kind, field, standard, min, max, sentence)                                    \
    {name, kind, offsetof(struct config, field), standard, min, max, sentence},
#include "server/config.def"
#undef CONFIG
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

struct reading {
    struct arena *arena;
    struct config *config;
    enum place place; /* that is being read */
    enum place set[ROW_COUNT];
    str problem;
};

static const struct row *find_row(str name) {
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (str_eq(str_from_c(rows[i].name), name))
            return &rows[i];
    return NULL;
}

static bool set_integer(struct reading *r, const struct row *row, str value, int64_t *out) {
    uint64_t number;
    if (!str_to_u64(value, &number) || number > INT64_MAX || (int64_t)number < row->min ||
        (int64_t)number > row->max) {
        r->problem =
            arena_printf(r->arena, "--%s takes a whole number from %lld to %lld, not \"%.*s\"",
                         row->name, (long long)row->min, (long long)row->max, STR_ARG(value));
        return false;
    }
    *out = (int64_t)number;
    return true;
}

static bool set_flag(struct reading *r, const struct row *row, str value, bool *out) {
    bool yes = str_eq(value, STR("true")) || str_eq(value, STR("1"));
    if (!yes && !str_eq(value, STR("false")) && !str_eq(value, STR("0"))) {
        r->problem = arena_printf(r->arena, "--%s is true or false, not \"%.*s\"", row->name,
                                  STR_ARG(value));
        return false;
    }
    *out = yes;
    return true;
}

static bool set(struct reading *r, const struct row *row, str value) {
    size_t at = (size_t)(row - rows);
    char *field = (char *)r->config + row->offset;
    bool more = row->kind == LIST && r->set[at] == r->place;
    if (r->set[at] != NOWHERE && !more)
        return true;
    r->set[at] = r->place;
    switch (row->kind) {
    case STRING:
        *(const char **)field = arena_printf(r->arena, "%.*s", STR_ARG(value)).ptr;
        return true;
    case LIST:
        *(const char **)field =
            arena_printf(r->arena, "%s%s%.*s", more ? *(const char **)field : "", more ? ";" : "",
                         STR_ARG(value))
                .ptr;
        return true;
    case INTEGER:
        return set_integer(r, row, value, (int64_t *)field);
    case FLAG:
        return set_flag(r, row, value, (bool *)field);
    }
    return false;
}

/* ---- the three places ---- */

static bool read_arguments(struct reading *r, int argc, char **argv, const char **out_file) {
    for (int i = 0; i < argc; i++) {
        str argument = str_from_c(argv[i]);
        if (!str_starts_with(argument, STR("--"))) {
            r->problem = arena_printf(r->arena, "unexpected argument \"%s\"", argv[i]);
            return false;
        }
        size_t equals = str_find(argument, '=');
        str name = str_slice(argument, 2, equals);
        bool has_value = equals < argument.len;
        str value = has_value ? str_slice(argument, equals + 1, argument.len) : STR("true");
        const struct row *row = find_row(name);
        bool is_file = str_eq(name, STR("config"));
        if (row == NULL && !is_file) {
            r->problem = arena_printf(r->arena, "unknown option \"%s\"", argv[i]);
            return false;
        }
        if (!has_value && (is_file || row->kind != FLAG)) {
            if (++i == argc) {
                r->problem = arena_printf(r->arena, "%s needs a value", argv[i - 1]);
                return false;
            }
            value = str_from_c(argv[i]);
        }
        if (is_file)
            *out_file = value.ptr;
        else if (!set(r, row, value))
            return false;
    }
    return true;
}

static bool read_environment(struct reading *r) {
    for (size_t i = 0; i < ROW_COUNT; i++) {
        str name = arena_printf(r->arena, "STATOR_%s", rows[i].name);
        char *at = (char *)name.ptr;
        for (; *at; at++)
            *at = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
        const char *value = getenv(name.ptr);
        if (value != NULL && !set(r, &rows[i], str_from_c(value)))
            return false;
    }
    return true;
}

static str trim(str text) {
    while (text.len && isspace((unsigned char)text.ptr[0]))
        text = str_slice(text, 1, text.len);
    while (text.len && isspace((unsigned char)text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static bool read_line(struct reading *r, const char *path, str line) {
    line = trim(str_slice(line, 0, str_find(line, '#')));
    if (line.len == 0)
        return true;
    size_t equals = str_find(line, '=');
    str name = trim(str_slice(line, 0, equals));
    const struct row *row = find_row(name);
    if (row == NULL || equals == line.len) {
        r->problem = arena_printf(r->arena, "%s: not a setting: \"%.*s\"", path, STR_ARG(line));
        return false;
    }
    return set(r, row, trim(str_slice(line, equals + 1, line.len)));
}

static bool read_file(struct reading *r, const char *path) {
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        r->problem = arena_printf(r->arena, "%s: %s", path, strerror(errno));
        return false;
    }
    char *text = arena_bytes(r->arena, CONFIG_FILE_MAX);
    size_t len = fread(text, 1, CONFIG_FILE_MAX, file);
    bool failed = ferror(file) != 0;
    int why = errno;
    fclose(file);
    if (failed || len == CONFIG_FILE_MAX) { /* half of it could leave out who may do what */
        r->problem = failed ? arena_printf(r->arena, "%s: %s", path, strerror(why))
                            : arena_printf(r->arena, "%s: %d bytes or more", path, CONFIG_FILE_MAX);
        return false;
    }
    str rest = {text, len};
    while (rest.len) {
        size_t end = str_find(rest, '\n');
        if (!read_line(r, path, str_slice(rest, 0, end)))
            return false;
        rest = str_slice(rest, end < rest.len ? end + 1 : end, rest.len);
    }
    return true;
}

bool config_read(int argc, char **argv, struct arena *arena, struct config *out, str *out_problem) {
    struct reading reading = {.arena = arena, .config = out, .place = ARGUMENTS};
    const char *file = NULL;
    bool fine = read_arguments(&reading, argc, argv, &file);
    reading.place = ENVIRONMENT;
    fine = fine && read_environment(&reading);
    reading.place = CONFIG_FILE;
    fine = fine && (file == NULL || read_file(&reading, file));
    reading.place = STANDARD;
    for (size_t i = 0; fine && i < ROW_COUNT; i++)
        fine = set(&reading, &rows[i], str_from_c(rows[i].standard));
    *out_problem = reading.problem;
    return fine;
}

void config_explain(FILE *out) {
    for (size_t i = 0; i < ROW_COUNT; i++) {
        static const char *const values[] = {"VALUE", "VALUE", "N", ""};
        char option[40];
        snprintf(option, sizeof option, "--%s %s", rows[i].name, values[rows[i].kind]);
        fprintf(out, "  %-26s %s", option, rows[i].sentence);
        if (rows[i].kind != FLAG && rows[i].standard[0] != '\0')
            fprintf(out, " [%s]", rows[i].standard);
        fputc('\n', out);
    }
}
