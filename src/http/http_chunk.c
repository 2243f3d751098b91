/* A state for each place the bytes may be cut at; sizes and line ends go byte by byte, data in one
 * run. Extensions and trailers are checked for bytes that may not stand there, counted, and
 * forgotten: nothing of ours reads them. */
#include "http/http_chunk.h"

enum state {
    SIZE,       /* digits, then CR, blank or ; */
    SIZE_BLANK, /* blanks after the digits: only ; may follow */
    EXTENSION,  /* up to CR */
    SIZE_LF,    /* LF that ends the size line */
    DATA,       /* left bytes of data */
    DATA_CR,    /* CRLF after the data */
    DATA_LF,    /**/
    LINE_START, /* after the last chunk: a trailer line or the empty line */
    TRAILER,    /* up to CR */
    TRAILER_LF, /**/
    LAST_LF,    /* LF of the empty line */
    DONE,
};

static int hex_digit(unsigned char byte) {
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool extra_byte(struct http_chunk *chunk, unsigned char byte) {
    return (byte >= 0x20 || byte == '\t') && byte != 0x7f && ++chunk->extra <= HTTP_CHUNK_EXTRA_MAX;
}

static bool size_byte(struct http_chunk *chunk, unsigned char byte) {
    int digit = hex_digit(byte);
    if (digit >= 0) {
        chunk->left = chunk->left << 4 | (unsigned)digit;
        return ++chunk->digits <= 16;
    }
    if (chunk->digits == 0)
        return false;
    if (byte == '\r') {
        chunk->state = SIZE_LF;
        return true;
    }
    if (byte != ';' && byte != ' ' && byte != '\t')
        return false;
    chunk->state = byte == ';' ? EXTENSION : SIZE_BLANK;
    return extra_byte(chunk, byte);
}

/* One byte that is not data; false when it may not stand there. */
static bool step(struct http_chunk *chunk, unsigned char byte) {
    switch ((enum state)chunk->state) {
    case SIZE:
        return size_byte(chunk, byte);
    case SIZE_BLANK:
        if (byte == ';')
            chunk->state = EXTENSION;
        else if (byte != ' ' && byte != '\t')
            return false;
        return extra_byte(chunk, byte);
    case EXTENSION:
        if (byte != '\r')
            return extra_byte(chunk, byte);
        chunk->state = SIZE_LF;
        return true;
    case SIZE_LF:
        chunk->state = chunk->left == 0 ? LINE_START : DATA;
        chunk->digits = 0;
        return byte == '\n';
    case DATA_CR:
        chunk->state = DATA_LF;
        return byte == '\r';
    case DATA_LF:
        chunk->state = SIZE;
        return byte == '\n';
    case LINE_START:
        chunk->state = byte == '\r' ? LAST_LF : TRAILER;
        return byte == '\r' || (byte != ' ' && byte != '\t' && extra_byte(chunk, byte));
    case TRAILER:
        if (byte != '\r')
            return extra_byte(chunk, byte);
        chunk->state = TRAILER_LF;
        return true;
    case TRAILER_LF:
        chunk->state = LINE_START;
        return byte == '\n';
    case LAST_LF:
        chunk->state = DONE;
        return byte == '\n';
    case DATA:
    case DONE:
        break;
    }
    return false;
}

enum http_chunk_result http_chunk_next(struct http_chunk *chunk, str *in, str *data) {
    while (in->len > 0) {
        if (chunk->state == DATA) {
            size_t len = chunk->left < in->len ? (size_t)chunk->left : in->len;
            *data = str_slice(*in, 0, len);
            *in = str_slice(*in, len, in->len);
            chunk->left -= len;
            if (chunk->left == 0)
                chunk->state = DATA_CR;
            return HTTP_CHUNK_DATA;
        }
        if (!step(chunk, (unsigned char)in->ptr[0]))
            return HTTP_CHUNK_BAD;
        *in = str_slice(*in, 1, in->len);
        if (chunk->state == DONE)
            return HTTP_CHUNK_DONE;
    }
    return HTTP_CHUNK_MORE;
}
