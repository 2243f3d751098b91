/* xml.h - XML text into a buf, and our own replies read back.
 *
 * Purpose:   the only place that knows how XML is written; callers name elements and texts.
 * Ownership: writes into the caller's buf; a reader borrows the text.
 * Threads:   one at a time.
 * Errors:    none when writing: unbalanced calls are a CHECK. A reader answers false.
 * Limits:    XML_DEPTH_MAX open elements.
 */
#pragma once

#include "base/buf.h"

enum { XML_DEPTH_MAX = 16 };

struct xml_writer {
    struct buf *out;
    const char *open[XML_DEPTH_MAX]; /* names of open elements; static text */
    size_t depth;
};

static inline void xml_init(struct xml_writer *w, struct buf *out) {
    *w = (struct xml_writer){.out = out};
}

void xml_begin(struct xml_writer *w, const char *name);
void xml_end(struct xml_writer *w);
/* Escapes what XML demands; characters that no XML can hold become question marks. */
void xml_text(struct xml_writer *w, const char *name, str text);
/* Nothing when the text is absent. */
void xml_optional(struct xml_writer *w, const char *name, str text);
void xml_number(struct xml_writer *w, const char *name, int64_t value);
void xml_bool(struct xml_writer *w, const char *name, bool value);
/* ISO 8601, in seconds. */
void xml_time(struct xml_writer *w, const char *name, int64_t time_us);
void xml_escape(struct buf *out, str text);

/* Reading: one element after the other, as they are met. */
enum xml_token { XML_BEGIN, XML_END, XML_TEXT, XML_DONE, XML_BROKEN };

struct xml_reader {
    str rest;
    str text;        /* XML_BEGIN, XML_END: the name; XML_TEXT: as written, escapes and all */
    bool closes_too; /* <a/> was a beginning; its end comes next */
};

enum xml_token xml_next(struct xml_reader *reader);
str xml_unescape(str text, struct arena *arena);
