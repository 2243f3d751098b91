/* transport.h - the certificate and key that a server is served over.
 *
 * Purpose:   from files that are read again when they change, or made here on request.
 * Ownership: transport_open fills, transport_close takes back.
 * Threads:   the one that started the server; connections go on meanwhile.
 * Errors:    transport_open tells the user on standard error; later ones are logged, and what was
 *            used stays in use.
 * Limits:    files of TRANSPORT_FILE_MAX bytes.
 */
#pragma once

#include "http/tls.h"
#include "server/config.h"

#include <limits.h>
#include <sys/stat.h>

enum { TRANSPORT_FILE_MAX = 256 * 1024 };

struct transport {
    struct tls *tls; /* NULL: plain TCP */
    const char *certificate_file, *key_file;
    struct stat certificate_seen, key_seen; /* when they were last read */
    char certificate_made[PATH_MAX];        /* for clients to trust; "": none was made */
    char key_made[PATH_MAX];                /* "": not kept */
    char directory_made[PATH_MAX];          /* removed at the end; "": none */
};

/* The data directory is there, if there is one. */
bool transport_open(const struct config *config, struct transport *out);
/* Reads files again when they have changed, or when `asked` to. */
void transport_reload(struct transport *transport, bool asked);
void transport_close(struct transport *transport);
