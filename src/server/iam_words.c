#include "server/iam_words.h"

#include "base/buf.h"

#include <errno.h>

struct reading {
    int argc;
    char **argv;
    int at;
    struct arena *arena;
    struct iam_words *words;
    struct buf form;
    str problem;
};

/* "CreateUser" as it is typed: "create-user". */
static str typed(str name, struct arena *arena) {
    struct buf text;
    buf_init(&text, arena, name.len + 8);
    for (size_t i = 0; i < name.len; i++) {
        bool capital = name.ptr[i] >= 'A' && name.ptr[i] <= 'Z';
        if (capital && i > 0)
            buf_add_byte(&text, '-');
        buf_add_byte(&text, (unsigned char)(capital ? name.ptr[i] | 0x20 : name.ptr[i]));
    }
    return buf_str(&text);
}

/* ---- values ---- */

static bool read_file(struct reading *r, str path, str *out) {
    FILE *file = fopen(path.ptr, "re"); /* an argument's tail: a NUL stands behind it */
    if (file == NULL) {
        r->problem = arena_printf(r->arena, "%s: %s", path.ptr, strerror(errno));
        return false;
    }
    char *bytes = arena_bytes(r->arena, IAM_FILE_MAX);
    size_t len = fread(bytes, 1, IAM_FILE_MAX, file);
    bool fine = !ferror(file) && feof(file);
    fclose(file);
    *out = (str){bytes, len};
    if (!fine)
        r->problem = arena_printf(r->arena, "%s can't be read, or is larger than %d bytes",
                                  path.ptr, IAM_FILE_MAX);
    return fine;
}

/* file://PATH means what is in the file. */
static bool read_value(struct reading *r, str text, str *out) {
    static const str scheme = STR_INIT("file://");
    *out = text;
    return !str_starts_with(text, scheme) ||
           read_file(r, str_slice(text, scheme.len, text.len), out);
}

static void add_field(struct reading *r, str name, str value) {
    if (r->form.len > 0)
        buf_add_byte(&r->form, '&');
    form_escape(&r->form, name);
    buf_add_byte(&r->form, '=');
    form_escape(&r->form, value);
}

/* Where ",NEXT=" stands, or the end. */
static size_t find_part(str text, str next, struct arena *arena) {
    str sign = arena_printf(arena, ",%.*s=", STR_ARG(next));
    for (size_t i = 0; i + sign.len <= text.len; i++)
        if (str_eq(str_slice(text, i, i + sign.len), sign))
            return i;
    return text.len;
}

/* "Key=a,Value=b", in the order of the row; of a structure with one part, its name may be left
 * out. */
static bool add_structure(struct reading *r, const struct member *member, size_t n, str text) {
    str part, next = {}, parts = member->parts;
    bool single = str_find(parts, ',') == parts.len;
    (void)member_part_next(&parts, &part); /* there is one, or it would be a plain list */
    for (bool more = true; more; part = next) {
        str sign = arena_printf(r->arena, "%.*s=", STR_ARG(part));
        more = member_part_next(&parts, &next);
        if (str_starts_with(text, sign)) {
            text = str_slice(text, sign.len, text.len);
        } else if (!single) {
            r->problem =
                arena_printf(r->arena, "--%.*s takes %.*s, each with its =value",
                             STR_ARG(typed(member->name, r->arena)), STR_ARG(member->parts));
            return false;
        }
        size_t end = more ? find_part(text, next, r->arena) : text.len;
        add_field(
            r,
            arena_printf(r->arena, "%.*s.member.%zu.%.*s", STR_ARG(member->name), n, STR_ARG(part)),
            str_slice(text, 0, end));
        text = str_slice(text, end < text.len ? end + 1 : end, text.len);
    }
    return true;
}

static bool add_element(struct reading *r, const struct member *member, size_t n, str text) {
    if (member->form == MEMBER_STRUCTURES)
        return add_structure(r, member, n, text);
    add_field(r, arena_printf(r->arena, "%.*s.member.%zu", STR_ARG(member->name), n), text);
    return true;
}

/* ---- options ---- */

static bool is_option(const char *argument) {
    return argument[0] == '-' && argument[1] == '-';
}

/* The value of an option: behind its =, or the next argument. */
static bool option_value(struct reading *r, str inline_value, str *out) {
    if (inline_value.ptr != NULL) {
        *out = inline_value;
        return true;
    }
    if (r->at == r->argc || is_option(r->argv[r->at])) {
        r->problem = arena_printf(r->arena, "%s needs a value", r->argv[r->at - 1]);
        return false;
    }
    *out = str_from_c(r->argv[r->at++]);
    return true;
}

static bool read_member(struct reading *r, const struct member *member, str inline_value) {
    str value;
    size_t n = 0;
    if (member->form == MEMBER_VALUE) {
        if (!option_value(r, inline_value, &value) || !read_value(r, value, &value))
            return false;
        add_field(r, member->name, value);
        return true;
    }
    if (inline_value.ptr != NULL)
        return add_element(r, member, 1, inline_value);
    while (r->at < r->argc && !is_option(r->argv[r->at]))
        if (!add_element(r, member, ++n, str_from_c(r->argv[r->at++])))
            return false;
    if (n == 0)
        add_field(r, member->name, (str){});
    return true;
}

/* What is none of ours is a setting of the program, with all up to the next option. */
static void pass_on(struct reading *r) {
    struct iam_words *words = r->words;
    words->settings[words->setting_count++] = r->argv[r->at - 1];
    while (r->at < r->argc && !is_option(r->argv[r->at]))
        words->settings[words->setting_count++] = r->argv[r->at++];
}

static const struct member *find_member(const struct member *members, size_t count, str option,
                                        struct arena *arena) {
    for (size_t i = 0; i < count; i++)
        if (str_eq(typed(members[i].name, arena), option))
            return &members[i];
    return NULL;
}

static bool read_option(struct reading *r, const struct member *members, size_t count) {
    str argument = str_from_c(r->argv[r->at++]), value;
    size_t equals = str_find(argument, '=');
    str name = str_slice(argument, 2, equals);
    str inline_value =
        equals < argument.len ? str_slice(argument, equals + 1, argument.len) : (str){};
    const struct member *member = find_member(members, count, name, r->arena);
    bool endpoint = str_eq(name, STR("endpoint")), ca = str_eq(name, STR("ca-file"));
    if (member != NULL)
        return read_member(r, member, inline_value);
    if (str_eq(argument, STR("--xml"))) {
        r->words->xml = true;
    } else if (endpoint || ca) {
        if (!option_value(r, inline_value, &value))
            return false;
        *(endpoint ? &r->words->endpoint : &r->words->ca_file) = value.ptr;
    } else {
        pass_on(r);
    }
    return true;
}

static const struct identity_operation *find_operation(str word, struct arena *arena) {
    for (size_t i = 0; i < identity_operation_count(); i++)
        if (str_eq(typed(identity_operation_at(i)->action, arena), word))
            return identity_operation_at(i);
    return NULL;
}

static bool asks_for_help(int argc, char **argv) {
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return argc == 0;
}

static bool read_all(struct reading *r) {
    struct member members[MEMBERS_MAX];
    const struct identity_operation *operation = r->words->operation;
    size_t count = operation_members(operation, members);
    add_field(r, STR("Action"), operation->action);
    add_field(r, STR("Version"), identity_service_version(operation->service));
    while (r->at < r->argc) {
        if (!is_option(r->argv[r->at])) {
            r->problem = arena_printf(r->arena, "unexpected argument \"%s\"", r->argv[r->at]);
            return false;
        }
        if (!read_option(r, members, count))
            return false;
    }
    r->words->form = buf_str(&r->form);
    return true;
}

bool iam_words_read(int argc, char **argv, struct arena *arena, struct iam_words *out,
                    str *out_problem) {
    struct reading reading = {.argc = argc, .argv = argv, .at = 1, .arena = arena, .words = out};
    *out = (struct iam_words){.settings = arena_array(arena, char *, argc + 1),
                              .help = asks_for_help(argc, argv)};
    buf_init(&reading.form, arena, 1024);
    if (argc > 0 && !(out->help && is_option(argv[0]))) {
        out->operation = find_operation(str_from_c(argv[0]), arena);
        if (out->operation == NULL) {
            *out_problem = arena_printf(arena, "there is no operation \"%s\"", argv[0]);
            return false;
        }
    }
    bool fine = out->help || read_all(&reading);
    *out_problem = reading.problem;
    return fine;
}

/* ---- help ---- */

static void explain_member(const struct member *member, struct arena *arena, FILE *out) {
    static const char *const values[] = {
        [MEMBER_VALUE] = "VALUE", [MEMBER_LIST] = "VALUE...", [MEMBER_STRUCTURES] = ""};
    str part, parts = member->parts;
    const char *between = "";
    fprintf(out, "  --%.*s %s", STR_ARG(typed(member->name, arena)), values[member->form]);
    while (member_part_next(&parts, &part)) {
        fprintf(out, "%s%.*s=VALUE", between, STR_ARG(part));
        between = ",";
    }
    fprintf(out, "%s%s\n", member->form == MEMBER_STRUCTURES ? "..." : "",
            member->needed ? "  (needed)" : "");
}

void iam_words_explain(const struct iam_words *words, struct arena *arena, FILE *out) {
    struct member members[MEMBERS_MAX];
    if (words->operation == NULL) {
        fputs("stator iam OPERATION [--member VALUE ...]    manage users, roles and policies\n\n"
              "On a data directory that no server uses (as its root), or of a running server:\n"
              "  --data-dir DIR    and other settings that stator serve was given\n"
              "  --endpoint URL    with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and perhaps\n"
              "                    AWS_SESSION_TOKEN of the environment\n"
              "  --ca-file FILE    whom to trust when URL is https; else AWS_CA_BUNDLE\n"
              "  --xml             print the answer as it came\n\n"
              "A value file://PATH is what the file holds. Operations (--help behind one lists its "
              "members):\n",
              out);
        for (size_t i = 0; i < identity_operation_count(); i++)
            fprintf(out, "  %.*s\n", STR_ARG(typed(identity_operation_at(i)->action, arena)));
        return;
    }
    size_t count = operation_members(words->operation, members);
    fprintf(out, "stator iam %.*s\n", STR_ARG(typed(words->operation->action, arena)));
    for (size_t i = 0; i < count; i++)
        explain_member(&members[i], arena, out);
}
