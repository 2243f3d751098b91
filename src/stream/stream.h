/* stream.h - which streams there are, and their shards.
 *
 * Purpose:   the change logs of tables as the service shows them: found by ARN, listed, described.
 * Ownership: results live in scope->arena.
 * Threads:   any; ST_WOULD_WAIT on a loop that would have to read from disk.
 * Errors:    ValidationException for what is no ARN, ResourceNotFoundException; of the engine.
 * Limits:    a stream, and a closed shard, can be seen for the retention time after its end.
 */
#pragma once

#include "item/scope.h"
#include "table/change_log.h"
#include "table/database.h"

struct stream {
    struct log_description log;
    str arn, label;
};

status stream_find(struct database *database, struct scope *scope, str arn, struct stream *out);

struct stream_page {
    struct stream *streams;
    size_t count;
    bool more;
};

/* By table name, then by age; of one table when `table_name` is given, behind the stream
 * `after_arn` when that is given, which need not exist. */
status stream_list(struct database *database, struct scope *scope, str table_name, str after_arn,
                   size_t limit, struct stream_page *out);

struct shard_page {
    struct log_shard *shards;
    size_t count;
    bool more;
};

/* In the order in which they opened, parents before children. */
status stream_shards(struct database *database, struct scope *scope, const struct stream *stream,
                     uint32_t from, size_t limit, struct shard_page *out);
/* The shards whose parent it is. */
status stream_children(struct database *database, struct scope *scope, const struct stream *stream,
                       uint32_t parent, struct shard_page *out);
/* ST_NOT_FOUND when there is none of that id. */
status stream_shard_find(struct database *database, struct scope *scope,
                         const struct stream *stream, str shard_id, struct log_shard *out);

/* Whether all that it held, or was, is too old to be seen. closed_us 0: still open. */
static inline bool stream_is_past(const struct database *database, int64_t closed_us,
                                  int64_t now_us) {
    return closed_us != 0 && closed_us + database->stream_retention_us <= now_us;
}
