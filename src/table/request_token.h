/* request_token.h - what makes a repeated request happen once.
 *
 * Purpose:   a transaction that brings a token leaves a record in the same update as its writes,
 *            so a repeat finds it, across a restart and in parallel, too.
 * Ownership: a token borrows its text; records are purged once they have ended.
 * Threads:   finding and putting: in an update that names the record's key exclusively. Purging:
 *            one thread, that may wait.
 * Errors:    ST_CORRUPT, ST_NEWER for a record that does not decode.
 * Limits:    36 characters (the caller checks), ten minutes.
 *
 * Record:    00  format version (1)
 *            01  when it ends, µs since 1970, 8 bytes big-endian
 *            09  hash of the request's content, 8 bytes big-endian
 *            17  length of the request's content, 8 bytes big-endian
 *
 * A second key, one version byte, stands for each record in the order in which they end. Both are
 * written by holders of the record's key only. A record that has ended counts as missing.
 */
#pragma once

#include "item/scope.h"
#include "kv/kv.h"
#include "table/database.h"

/* Each has tokens of its own. Stored. */
enum token_user { TOKEN_OF_TRANSACT_WRITE = 1, TOKEN_OF_EXECUTE_TRANSACTION = 2 };
enum token_outcome { TOKEN_FIRST, TOKEN_REPEATED, TOKEN_OF_ANOTHER };

struct request_token {
    enum token_user user;
    str text;
    uint64_t content_hash, content_len; /* of the request in a canonical form */

    /* Set by table_write_once: */
    enum token_outcome outcome;
    str key;        /* in storage */
    int64_t old_us; /* end of a record that is to be replaced; 0: none */
};

void request_token_content(struct request_token *token, str content);
/* Sets token->key. */
void request_token_prepare(struct arena *arena, struct request_token *token);
/* Sets token->outcome. */
status request_token_find(struct kv_txn *txn, struct scope *scope, struct request_token *token);
/* After TOKEN_FIRST. */
void request_token_put(struct kv_txn *txn, struct scope *scope, const struct request_token *token);

/* Forgets records that ended between *from_us and now_us, a bounded number of them, and moves
 * *from_us on (0 at first; a clock that was set back begins again). */
status request_tokens_purge(struct database *database, int64_t now_us, int64_t *from_us,
                            size_t *out_purged);

/* For verify: whether a pair of this key space decodes; then the key that must be there, too. */
bool request_token_check(str key, str value, struct arena *arena, str *out_other_key);
