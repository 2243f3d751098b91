#include "identity_api/xml.h"

#include "base/check.h"

#include <time.h>

/* ---- writing ---- */

static bool is_noncharacter(str text, size_t at) {
    return text.len - at >= 3 && memcmp(text.ptr + at, "\xEF\xBF", 2) == 0 &&
           ((unsigned char)text.ptr[at + 2] == 0xBE || (unsigned char)text.ptr[at + 2] == 0xBF);
}

void xml_escape(struct buf *out, str text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '&')
            buf_add_lit(out, "&amp;");
        else if (c == '<')
            buf_add_lit(out, "&lt;");
        else if (c == '>')
            buf_add_lit(out, "&gt;");
        else if (c == '"')
            buf_add_lit(out, "&quot;");
        else if (c == '\r') /* which readers would take for a line feed */
            buf_add_lit(out, "&#13;");
        else if (c < 0x20 && c != '\t' && c != '\n')
            buf_add_byte(out, '?');
        else if (is_noncharacter(text, i)) {
            buf_add_byte(out, '?');
            i += 2;
        } else {
            buf_add_byte(out, c);
        }
    }
}

void xml_begin(struct xml_writer *w, const char *name) {
    CHECK(w->depth < XML_DEPTH_MAX);
    w->open[w->depth++] = name;
    buf_add_byte(w->out, '<');
    buf_add_str(w->out, str_from_c(name));
    buf_add_byte(w->out, '>');
}

void xml_end(struct xml_writer *w) {
    CHECK(w->depth > 0);
    buf_add_lit(w->out, "</");
    buf_add_str(w->out, str_from_c(w->open[--w->depth]));
    buf_add_byte(w->out, '>');
}

void xml_text(struct xml_writer *w, const char *name, str text) {
    xml_begin(w, name);
    xml_escape(w->out, text);
    xml_end(w);
}

void xml_optional(struct xml_writer *w, const char *name, str text) {
    if (text.ptr != NULL)
        xml_text(w, name, text);
}

void xml_number(struct xml_writer *w, const char *name, int64_t value) {
    xml_begin(w, name);
    buf_add_i64(w->out, value);
    xml_end(w);
}

void xml_bool(struct xml_writer *w, const char *name, bool value) {
    xml_text(w, name, value ? STR("true") : STR("false"));
}

void xml_time(struct xml_writer *w, const char *name, int64_t time_us) {
    char text[40];
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    size_t len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    xml_text(w, name, (str){text, len});
}

/* ---- reading ---- */

static enum xml_token broken(struct xml_reader *reader) {
    reader->rest.len = 0;
    return XML_BROKEN;
}

/* Instructions and comments mean nothing here. */
static bool skip_declarations(struct xml_reader *reader) {
    while (str_starts_with(reader->rest, STR("<?")) || str_starts_with(reader->rest, STR("<!"))) {
        size_t end = str_find(reader->rest, '>');
        if (end == reader->rest.len)
            return false;
        reader->rest = str_slice(reader->rest, end + 1, reader->rest.len);
    }
    return true;
}

static enum xml_token next_tag(struct xml_reader *reader) {
    size_t end = str_find(reader->rest, '>');
    if (end == reader->rest.len || end < 2)
        return broken(reader);
    str tag = str_slice(reader->rest, 1, end);
    reader->rest = str_slice(reader->rest, end + 1, reader->rest.len);
    if (tag.ptr[0] == '/') {
        reader->text = str_slice(tag, 1, tag.len);
        return XML_END;
    }
    reader->closes_too = tag.ptr[tag.len - 1] == '/';
    if (reader->closes_too)
        tag.len--;
    tag.len = str_find(tag, ' '); /* what follows are attributes */
    reader->text = tag;
    return XML_BEGIN;
}

enum xml_token xml_next(struct xml_reader *reader) {
    if (reader->closes_too) {
        reader->closes_too = false;
        return XML_END;
    }
    if (!skip_declarations(reader))
        return broken(reader);
    if (reader->rest.len == 0)
        return XML_DONE;
    if (reader->rest.ptr[0] == '<')
        return next_tag(reader);
    size_t end = str_find(reader->rest, '<');
    reader->text = str_slice(reader->rest, 0, end);
    reader->rest = str_slice(reader->rest, end, reader->rest.len);
    return XML_TEXT;
}

str xml_unescape(str text, struct arena *arena) {
    static const struct {
        str name;
        char means;
    } entities[] = {{STR_INIT("&amp;"), '&'},  {STR_INIT("&lt;"), '<'},
                    {STR_INIT("&gt;"), '>'},   {STR_INIT("&quot;"), '"'},
                    {STR_INIT("&#13;"), '\r'}, {STR_INIT("&apos;"), '\''}};
    char *bytes = arena_bytes(arena, text.len + 1);
    size_t len = 0;
    while (text.len > 0) {
        size_t taken = 1;
        char c = text.ptr[0];
        for (size_t i = 0; c == '&' && i < sizeof entities / sizeof entities[0]; i++)
            if (str_starts_with(text, entities[i].name)) {
                c = entities[i].means;
                taken = entities[i].name.len;
                break;
            }
        bytes[len++] = c;
        text = str_slice(text, taken, text.len);
    }
    return (str){bytes, len};
}
