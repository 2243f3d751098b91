/* http_chunk.h - a body in chunks, as it arrives.
 *
 * Purpose:   takes the framing of RFC 9112 section 7.1 off a body, wherever its bytes are cut.
 * Ownership: data points into the bytes given; nothing is copied.
 * Threads:   one at a time.
 * Errors:    HTTP_CHUNK_BAD; the decoder is then of no more use.
 * Limits:    16 hexadecimal digits a size; HTTP_CHUNK_EXTRA_MAX bytes of extensions and trailers
 *            in the whole body (many small ones cost as much as a large one). The caller bounds
 *            the data.
 */
#pragma once

#include "base/str.h"

enum { HTTP_CHUNK_EXTRA_MAX = 16 * 1024 };

struct http_chunk {
    uint64_t left; /* of this chunk's data */
    uint32_t extra;
    uint8_t state;
    uint8_t digits;
};

enum http_chunk_result {
    HTTP_CHUNK_DATA, /* *data is set; call again */
    HTTP_CHUNK_MORE, /* all of *in was used, the body is not at its end */
    HTTP_CHUNK_DONE, /* what is left of *in belongs to the next request */
    HTTP_CHUNK_BAD,
};

/* The decoder begins as all zeros. */
enum http_chunk_result http_chunk_next(struct http_chunk *chunk, str *in, str *data);
