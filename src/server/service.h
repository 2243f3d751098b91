/* service.h - between HTTP and operations.
 *
 * Purpose:   targets, content types, request ids, checksums, health and metrics; nothing of what an
 *            operation does.
 * Ownership: the service borrows database and traffic.
 * Threads:   any.
 * Errors:    none of its own; api.h's answers become replies.
 * Limits:    those of http.h.
 */
#pragma once

#include "api/fault.h"
#include "auth/auth.h"
#include "http/http.h"
#include "table/database.h"

#include <stdatomic.h>

struct audit;
struct traffic;

enum { BODY_BYTES_MAX = 16 * 1024 * 1024 }; /* as sent, and decompressed */

struct service {
    struct database *database;
    struct traffic *traffic;
    struct auth auth;
    struct audit *audit;   /* NULL: none is kept */
    struct faults *faults; /* to be made on demand; NULL: never any */
    bool test_mode;        /* clients may ask for faults, too; then `faults` is there */
    _Atomic(struct http_server *) server; /* set once it runs */
};

/* What kv_on_settled wants, with the service as context: wakes those who hold replies. */
void service_settled(void *service);
/* The server runs. Releases what was settled before it was known here. */
void service_set_server(struct service *service, struct http_server *server);

/* What http_server_start wants. */
struct http_service service_callbacks(struct service *service);
