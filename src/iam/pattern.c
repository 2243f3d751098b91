/* Patterns: wildcards and variables.
 *
 * What stands between two runs of anything is matched as early as can be, which is never worse. So
 * there is one place to go back to, time is pattern × text at most, and nothing recurses. */
#include "base/buf.h"
#include "iam/policy_int.h"

enum { RESOLVED_MAX = 32 * 1024 };

/* No pattern is longer than its source, nor has more variables than that has places for them. */
struct compiling {
    struct variable *variables;
    char *text;
    size_t count, len;
    context_set asks;
};

static void add_byte(struct compiling *c, unsigned char byte) {
    c->text[c->len++] = (char)byte;
}

static str trimmed(str s) {
    while (s.len && s.ptr[0] == ' ')
        s = str_slice(s, 1, s.len);
    while (s.len && s.ptr[s.len - 1] == ' ')
        s.len--;
    return s;
}

static void add_variable(struct compiling *c, struct variable variable) {
    c->variables[c->count++] = variable;
    c->asks |= key_ref_asks(&variable.key);
    add_byte(c, CODE_VARIABLE);
}

/* `inside` is what stands between the braces, 'default' in its quotes. */
static bool compile_variable(struct compiling *c, str inside) {
    if (inside.len == 1 && memchr("*?$", inside.ptr[0], 3)) {
        add_byte(c, (unsigned char)inside.ptr[0]);
        return true;
    }
    struct variable variable = {};
    size_t comma = str_find(inside, ',');
    str name = trimmed(str_slice(inside, 0, comma));
    if (comma < inside.len) {
        str rest = trimmed(str_slice(inside, comma + 1, inside.len));
        if (rest.len < 2 || rest.ptr[0] != '\'' || rest.ptr[rest.len - 1] != '\'')
            return false;
        variable.fallback = str_slice(rest, 1, rest.len - 1);
        if (str_find(variable.fallback, '\'') < variable.fallback.len)
            return false;
    }
    if (!key_ref_parse(name, &variable.key) || str_find(name, '$') < name.len ||
        str_find(name, '{') < name.len || str_find(name, '\'') < name.len)
        return false;
    add_variable(c, variable);
    return true;
}

size_t pattern_variable_end(str text, size_t from) {
    bool quoted = false;
    for (size_t i = from; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            quoted = !quoted;
        else if (text.ptr[i] == '}' && !quoted)
            return i;
    }
    return text.len;
}

/* Too few colons for an ARN: they are text. */
static void whole_again(struct compiling *c) {
    for (size_t i = 0; i < c->len; i++)
        if ((unsigned char)c->text[i] == CODE_COLON)
            c->text[i] = ':';
}

static bool is_variable_start(str text, size_t at, unsigned syntax) {
    return syntax & PATTERN_VARIABLES && text.ptr[at] == '$' && at + 1 < text.len &&
           text.ptr[at + 1] == '{';
}

/* At least: of braces in braces, and in quotes, too; not of "${*}" and its like. */
static size_t variable_places(str text, unsigned syntax) {
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count +=
            is_variable_start(text, i, syntax) && !(i + 3 < text.len && text.ptr[i + 3] == '}');
    return count;
}

bool pattern_compile(str text, unsigned syntax, struct arena *arena, struct pattern *out,
                     context_set *asks) {
    size_t places = variable_places(text, syntax), ahead = places * sizeof(struct variable);
    char *memory =
        places > 0 ? arena_alloc(arena, ahead + text.len) : arena_bytes(arena, text.len + 1);
    struct compiling c = {.variables = (void *)memory, .text = memory + ahead};
    unsigned colons = syntax & PATTERN_PARTS ? 0 : 5;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        if (is_variable_start(text, i, syntax)) {
            size_t end = pattern_variable_end(text, i + 2);
            if (end == text.len || !compile_variable(&c, str_slice(text, i + 2, end)))
                return false;
            i = end;
        } else if (byte == '*' && syntax & PATTERN_WILDCARDS) {
            add_byte(&c, CODE_ANY_RUN);
        } else if (byte == '?' && syntax & PATTERN_WILDCARDS) {
            add_byte(&c, CODE_ANY_ONE);
        } else if (byte == ':' && colons < 5) {
            add_byte(&c, CODE_COLON);
            colons++;
        } else {
            add_byte(&c, (unsigned char)byte);
        }
    }
    if (syntax & PATTERN_PARTS && colons < 5)
        whole_again(&c);
    if (c.count < places)
        memmove(memory + c.count * sizeof(struct variable), c.text, c.len);
    *out = (struct pattern){memory, (uint32_t)c.len, (uint32_t)c.count};
    *asks |= c.asks;
    return true;
}

str pattern_text(const struct pattern *pattern) {
    return (str){pattern->memory + pattern->variable_count * sizeof(struct variable),
                 pattern->text_len};
}

static bool holds_codes(str text) {
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= CODE_COLON)
            return true;
    return false;
}

/* A key with several values, one whose value is no text, and one that is not there have none. */
static bool variable_value(const struct variable *variable, const struct access_context *context,
                           struct arena *scratch, str *out) {
    str room = {};
    if (variable->key.key < CONTEXT_KEY_COUNT && !key_has_many_values(variable->key.key))
        (void)key_fetch(&variable->key, context, scratch, &room);
    *out = room.ptr ? room : variable->fallback;
    return out->ptr != NULL && !holds_codes(*out);
}

bool pattern_resolve(const struct pattern *pattern, const struct access_context *context,
                     struct arena *scratch, str *out) {
    str text = pattern_text(pattern);
    if (pattern->variable_count == 0) {
        *out = text;
        return true;
    }
    struct buf buf;
    buf_init(&buf, scratch, text.len + 64);
    const struct variable *variable = (const void *)pattern->memory;
    for (size_t i = 0; i < text.len; i++) {
        str value;
        if ((unsigned char)text.ptr[i] != CODE_VARIABLE) {
            buf_add_byte(&buf, (unsigned char)text.ptr[i]);
            continue;
        }
        if (!variable_value(variable++, context, scratch, &value) ||
            buf.len + value.len > RESOLVED_MAX)
            return false;
        buf_add_str(&buf, value);
    }
    *out = buf_str(&buf);
    return true;
}

/* Without a `?`: what stands between runs is searched for as a whole, so time is their sum. */
static bool match_runs(str pattern, str text) {
    size_t run = str_find(pattern, (char)CODE_ANY_RUN);
    if (run == pattern.len)
        return str_eq(pattern, text);
    if (!str_starts_with(text, str_slice(pattern, 0, run)))
        return false;
    text = str_slice(text, run, text.len);
    for (;;) {
        pattern = str_slice(pattern, run + 1, pattern.len);
        run = str_find(pattern, (char)CODE_ANY_RUN);
        if (run == pattern.len) /* the end of both */
            return text.len >= run && str_eq(str_slice(text, text.len - run, text.len), pattern);
        const char *found = run ? memmem(text.ptr, text.len, pattern.ptr, run) : text.ptr;
        if (found == NULL)
            return false;
        text = str_slice(text, (size_t)(found - text.ptr) + run, text.len);
    }
}

/* Bytes of the character that starts there; 1 for what is no UTF-8. */
static size_t character_bytes(str text, size_t at) {
    size_t n = 1;
    if ((unsigned char)text.ptr[at] >= 0xc0)
        while (at + n < text.len && n < 4 && ((unsigned char)text.ptr[at + n] & 0xc0) == 0x80)
            n++;
    return n;
}

/* Byte by byte, and back to behind the last run where that fails. */
static bool match_characters(str pattern, str text) {
    size_t p = 0, t = 0;
    size_t run = SIZE_MAX, run_text = 0; /* the last run, and the text it ends before */
    while (t < text.len) {
        int code = p < pattern.len ? (unsigned char)pattern.ptr[p] : -1;
        if (code == CODE_ANY_RUN) {
            run = ++p;
            run_text = t;
        } else if (code == CODE_ANY_ONE) {
            t += character_bytes(text, t);
            p++;
        } else if (code == (unsigned char)text.ptr[t]) {
            p++;
            t++;
        } else if (run != SIZE_MAX) {
            run_text += character_bytes(text, run_text);
            t = run_text;
            p = run;
        } else {
            return false;
        }
    }
    while (p < pattern.len && (unsigned char)pattern.ptr[p] == CODE_ANY_RUN)
        p++;
    return p == pattern.len;
}

bool pattern_match(str resolved, str text) {
    return str_find(resolved, (char)CODE_ANY_ONE) == resolved.len
               ? match_runs(resolved, text)
               : match_characters(resolved, text);
}

bool pattern_match_parts(str resolved, str arn) {
    str rest = arn, pattern = resolved;
    if (str_find(resolved, (char)CODE_COLON) == resolved.len)
        return pattern_match(resolved, arn);
    for (unsigned i = 0; i < 5; i++) {
        size_t cut = str_find(rest, ':'), pattern_cut = str_find(pattern, (char)CODE_COLON);
        if (cut == rest.len ||
            !pattern_match(str_slice(pattern, 0, pattern_cut), str_slice(rest, 0, cut)))
            return false;
        rest = str_slice(rest, cut + 1, rest.len);
        pattern = str_slice(pattern, pattern_cut + 1, pattern.len);
    }
    return pattern_match(pattern, rest);
}
