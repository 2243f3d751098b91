#include "identity_api/operations.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "identity_api/work_int.h"

/* ---- the table ---- */

static const struct identity_operation operations[] = {
#define OPERATION(service, action, kind, resource, keys, handler, members)                         \
    {SERVICE_##service, STR_INIT(#action), IDENTITY_##kind,  ASKED_##resource,                     \
     KEYS_##keys,       op_##handler,      STR_INIT(members)},
#include "identity_api/operations.def"
#undef OPERATION
};

enum { OPERATION_COUNT = sizeof operations / sizeof operations[0], UNKNOWN_MAX = 20 };

size_t identity_operation_count(void) {
    return OPERATION_COUNT;
}

const struct identity_operation *identity_operation_at(size_t index) {
    return &operations[index];
}

const struct identity_operation *identity_operation_find(str action) {
    for (size_t i = 0; i < OPERATION_COUNT; i++)
        if (str_eq(operations[i].action, action))
            return &operations[i];
    return NULL;
}

/* ---- members of a row ---- */

static str next_word(str *rest) {
    size_t end = str_find(*rest, ' ');
    str word = str_slice(*rest, 0, end);
    *rest = str_slice(*rest, end < rest->len ? end + 1 : end, rest->len);
    return word;
}

static struct member read_member(str word) {
    struct member member = {};
    size_t bracket = str_find(word, '[');
    if (bracket < word.len) {
        member.parts = str_slice(word, bracket + 1, word.len - 1);
        member.form = member.parts.len > 0 ? MEMBER_STRUCTURES : MEMBER_LIST;
        word.len = bracket;
    }
    member.needed = word.len > 0 && word.ptr[word.len - 1] == '!';
    if (member.needed)
        word.len--;
    member.name = word;
    return member;
}

size_t operation_members(const struct identity_operation *operation,
                         struct member out[MEMBERS_MAX]) {
    size_t count = 0;
    for (str rest = operation->members; rest.len > 0 && count < MEMBERS_MAX;)
        out[count++] = read_member(next_word(&rest));
    return count;
}

bool member_part_next(str *parts, str *out) {
    if (parts->len == 0)
        return false;
    size_t comma = str_find(*parts, ',');
    *out = str_slice(*parts, 0, comma);
    *parts = str_slice(*parts, comma < parts->len ? comma + 1 : comma, parts->len);
    return true;
}

/* ---- values ---- */

enum form_of {
    FORM_TEXT,
    FORM_NAME,
    FORM_WORD,
    FORM_PATH,
    FORM_PATH_PREFIX,
    FORM_DOCUMENT,
    FORM_EXTERNAL_ID,
    FORM_VERSION,
    FORM_NUMBER,
    FORM_BOOL,
    FORM_STATUS,
    FORM_SCOPE,
};

struct parameter {
    str name;
    enum form_of form;
    size_t min, max;
};

static const struct parameter parameters[] = {
#define PARAMETER(name, form, min, max) {STR_INIT(#name), FORM_##form, min, max},
#include "identity_api/parameters.def"
#undef PARAMETER
};

static const struct parameter *find_parameter(str name) {
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
        if (str_eq(parameters[i].name, name))
            return &parameters[i];
    return NULL;
}

static bool is_word(unsigned char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool all_of(str value, const char *signs) {
    for (size_t i = 0; i < value.len; i++)
        if (!is_word((unsigned char)value.ptr[i]) &&
            (value.ptr[i] == '\0' || strchr(signs, value.ptr[i]) == NULL))
            return false;
    return true;
}

static bool is_path(str value, bool prefix) {
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.ptr[i] <= 0x20 || (unsigned char)value.ptr[i] >= 0x7f)
            return false;
    return value.len > 0 && value.ptr[0] == '/' && (prefix || value.ptr[value.len - 1] == '/');
}

static bool is_version(str value) {
    uint64_t number;
    return value.len > 1 && value.ptr[0] == 'v' && value.ptr[1] != '0' &&
           str_to_u64(str_slice(value, 1, value.len), &number);
}

/* The constraint that a value of this form breaks; NULL when it breaks none. */
static const char *broken_form(enum form_of form, str value) {
    switch (form) {
    case FORM_TEXT:
    case FORM_DOCUMENT:
    case FORM_NUMBER:
        return NULL;
    case FORM_NAME:
        return all_of(value, "+=,.@-") ? NULL : "regular expression pattern: [\\w+=,.@-]+";
    case FORM_WORD:
        return all_of(value, "") ? NULL : "regular expression pattern: [\\w]+";
    case FORM_PATH:
        return is_path(value, false)
                   ? NULL
                   : "regular expression pattern: (\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)";
    case FORM_PATH_PREFIX:
        return is_path(value, true) ? NULL
                                    : "regular expression pattern: \\u002F[\\u0021-\\u007F]*";
    case FORM_EXTERNAL_ID:
        return all_of(value, "+=,.@:/-") ? NULL : "regular expression pattern: [\\w+=,.@:\\/-]*";
    case FORM_VERSION:
        return is_version(value) ? NULL
                                 : "regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?";
    case FORM_BOOL:
        return str_eq(value, STR("true")) || str_eq(value, STR("false"))
                   ? NULL
                   : "enum value set: [true, false]";
    case FORM_STATUS:
        return str_eq(value, STR("Active")) || str_eq(value, STR("Inactive"))
                   ? NULL
                   : "enum value set: [Active, Inactive]";
    case FORM_SCOPE:
        return str_eq(value, STR("All")) || str_eq(value, STR("AWS")) || str_eq(value, STR("Local"))
                   ? NULL
                   : "enum value set: [All, AWS, Local]";
    }
    return NULL;
}

/* All problems of one call become one sentence. */
struct findings {
    struct buf text;
    size_t count;
};

[[gnu::format(printf, 2, 3)]] static void found(struct findings *findings, const char *format,
                                                ...) {
    __builtin_va_list args;
    if (findings->count++ > 0)
        buf_add_lit(&findings->text, "; ");
    __builtin_va_start(args, format);
    buf_vprintf(&findings->text, format, args);
    __builtin_va_end(args);
}

/* "UserName" as the service quotes it: "userName". */
static str quoted_name(struct arena *arena, str name) {
    str quoted = arena_copy(arena, name);
    if (quoted.len > 0 && quoted.ptr[0] >= 'A' && quoted.ptr[0] <= 'Z')
        ((char *)quoted.ptr)[0] |= 0x20;
    return quoted;
}

static void check_number(struct findings *findings, const struct parameter *parameter, str value,
                         str at) {
    uint64_t number;
    if (!str_to_u64(value, &number))
        found(findings,
              "Value '%.*s' at '%.*s' failed to satisfy constraint: Member must be a number",
              STR_ARG(value), STR_ARG(at));
    else if (number < parameter->min)
        found(findings,
              "Value '%.*s' at '%.*s' failed to satisfy constraint: Member must have value greater "
              "than or equal to %zu",
              STR_ARG(value), STR_ARG(at), parameter->min);
    else if (number > parameter->max)
        found(findings,
              "Value '%.*s' at '%.*s' failed to satisfy constraint: Member must have value less "
              "than or equal to %zu",
              STR_ARG(value), STR_ARG(at), parameter->max);
}

static void check_text(struct findings *findings, const struct parameter *parameter, str value,
                       str at) {
    size_t characters = utf8_characters(value);
    const char *broken = broken_form(parameter->form, value);
    bool too_short = characters < parameter->min;
    if (parameter->max > 0 && (too_short || characters > parameter->max))
        found(findings,
              "Value at '%.*s' failed to satisfy constraint: Member must have length %s than or "
              "equal to %zu",
              STR_ARG(at), too_short ? "greater" : "less",
              too_short ? parameter->min : parameter->max);
    else if (broken != NULL)
        found(findings,
              "Value '%.*s' at '%.*s' failed to satisfy constraint: Member must satisfy %s",
              STR_ARG(value), STR_ARG(at), broken);
}

static void check_value(struct findings *findings, str name, str value, str at) {
    const struct parameter *parameter = find_parameter(name);
    if (parameter == NULL)
        return;
    if (parameter->form == FORM_NUMBER)
        check_number(findings, parameter, value, at);
    else
        check_text(findings, parameter, value, at);
}

static void check_missing(struct findings *findings, str at) {
    found(findings, "Value null at '%.*s' failed to satisfy constraint: Member must not be null",
          STR_ARG(at));
}

/* One element of a list; false when there is none. */
static bool check_element(struct findings *findings, const struct form *form,
                          const struct member *member, size_t n, struct arena *arena) {
    bool any = false;
    str part, parts = member->parts;
    str at = arena_printf(arena, "%.*s.%zu.member", STR_ARG(quoted_name(arena, member->name)), n);
    if (member->form == MEMBER_LIST) {
        str value = form_member(form, member->name, n, (str){});
        if (value.ptr != NULL)
            check_value(findings, member->name, value, at);
        return value.ptr != NULL;
    }
    for (str rest = parts; member_part_next(&rest, &part);)
        any = any || form_member(form, member->name, n, part).ptr != NULL;
    while (any && member_part_next(&parts, &part)) {
        str value = form_member(form, member->name, n, part);
        str part_at =
            arena_printf(arena, "%.*s.%.*s", STR_ARG(at), STR_ARG(quoted_name(arena, part)));
        if (value.ptr == NULL)
            check_missing(findings, part_at);
        else if (str_eq(part, STR("Key")))
            check_value(findings, STR("TagKeys"), value, part_at);
        else
            check_value(findings, member->name, value, part_at);
    }
    return any;
}

/* How many elements there are. */
static size_t check_list(struct findings *findings, const struct form *form,
                         const struct member *member, struct arena *arena) {
    size_t n = 1;
    while (n <= FORM_MEMBERS_MAX && check_element(findings, form, member, n, arena))
        n++;
    if (n > FORM_MEMBERS_MAX)
        found(findings,
              "Value at '%.*s' failed to satisfy constraint: Member must have length less than or "
              "equal to %d",
              STR_ARG(quoted_name(arena, member->name)), FORM_MEMBERS_MAX);
    /* An empty list is said by its name alone. */
    if (n == 1 && member->needed && form_value(form, member->name).ptr == NULL)
        check_missing(findings, quoted_name(arena, member->name));
    return n - 1;
}

/* ---- what was not read ---- */

/* "Tags" of "Tags.member.1.Key" */
static str list_name(str field) {
    return str_slice(field, 0, str_find(field, '.'));
}

/* "member.1.Key" of it; empty: there is nothing more. */
static str behind_name(str field) {
    size_t dot = str_find(field, '.');
    return str_slice(field, dot < field.len ? dot + 1 : dot, field.len);
}

/* Whether "member.N" or "member.N.PART" is of one of the list's elements. */
static bool is_of_element(str rest, const struct member *member, size_t length) {
    uint64_t n;
    str part, parts = member->parts, place = behind_name(rest), number = list_name(place);
    if (!str_eq(list_name(rest), STR("member")) || str_starts_with(number, STR("0")) ||
        !str_to_u64(number, &n) || n > length)
        return false;
    if (member->form == MEMBER_LIST)
        return number.len == place.len;
    while (member_part_next(&parts, &part))
        if (str_eq(part, behind_name(place)))
            return true;
    return false;
}

static bool was_read(const struct form_field *field, const struct member *member, size_t length) {
    str name = list_name(field->name);
    if (!str_eq(name, member->name))
        return false;
    if (name.len == field->name.len)
        return member->form == MEMBER_VALUE || field->value.len == 0;
    return member->form != MEMBER_VALUE && is_of_element(behind_name(field->name), member, length);
}

/* What is not done must not look as if it was: each field is one that was read, or is refused. */
static void check_unread(struct findings *findings, const struct form *form,
                         const struct member *members, const size_t *lengths, size_t count) {
    for (size_t i = 0; i < form->count; i++) {
        const struct form_field *field = &form->fields[i];
        str shown = list_name(field->name);
        bool read = str_eq(field->name, STR("Action")) || str_eq(field->name, STR("Version")) ||
                    str_starts_with(field->name, STR("X-Amz-"));
        for (size_t j = 0; j < count && !read; j++) {
            read = was_read(field, &members[j], lengths[j]);
            if (str_eq(members[j].name, list_name(field->name)))
                shown = field->name;
        }
        if (!read && findings->count < UNKNOWN_MAX)
            found(findings, "Member '%.*s' is not supported", STR_ARG(shown));
    }
}

str members_problem(const struct identity_operation *operation, const struct form *form,
                    struct arena *arena) {
    struct member members[MEMBERS_MAX];
    size_t lengths[MEMBERS_MAX] = {};
    struct findings findings = {};
    buf_init(&findings.text, arena, 256);
    size_t count = operation_members(operation, members);
    for (size_t i = 0; i < count; i++) {
        str value = form_value(form, members[i].name);
        if (members[i].form != MEMBER_VALUE)
            lengths[i] = check_list(&findings, form, &members[i], arena);
        else if (value.ptr != NULL)
            check_value(&findings, members[i].name, value, quoted_name(arena, members[i].name));
        else if (members[i].needed)
            check_missing(&findings, quoted_name(arena, members[i].name));
    }
    check_unread(&findings, form, members, lengths, count);
    if (findings.count == 0)
        return (str){NULL, 0};
    return arena_printf(arena, "%zu validation error%s detected: %.*s", findings.count,
                        findings.count > 1 ? "s" : "", STR_ARG(buf_str(&findings.text)));
}
