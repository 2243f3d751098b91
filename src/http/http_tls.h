/* http_tls.h - what the loops ask of TLS.
 *
 * Purpose:   handshake, reads and writes of one connection over its non-blocking socket.
 * Ownership: a connection owns its SSL, from its first byte to its end.
 * Threads:   the connection's loop.
 * Errors:    as recv and send answer them, with errno EAGAIN when the socket has no more.
 * Limits:    TLS_EMPTY_MAX records in a row that carry nothing for us. An idle connection holds no
 *            record buffers: 11 KB in all, its socket apart.
 */
#pragma once

#include "http/http_int.h"
#include "http/tls.h"

enum { TLS_EMPTY_MAX = 32, TLS_HANDSHAKE_BYTE = 0x16 };

enum tls_progress { TLS_DONE, TLS_WAITS, TLS_BROKEN };

/* False: out of memory. */
bool tls_begin(struct connection *c);
enum tls_progress tls_handshake(struct connection *c);
ssize_t tls_read(struct connection *c, char *at, size_t size);
/* Of both, as much as the socket takes of one record or, without the first, of all. */
ssize_t tls_write(struct connection *c, const struct iovec out[2]);
/* Whether bytes came that no read has taken. */
bool tls_pending(struct connection *c);
/* Says goodbye, when there was a handshake and nothing is broken, and forgets. */
void tls_end(struct connection *c);
