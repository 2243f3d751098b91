#include "api/stream_settings.h"
#include "api/table_reply.h"
#include "stream/stream_read.h"

enum { SHARDS_MAX = 100 };

static void reply_shard(struct request *request, const struct log_shard *shard) {
    struct reply *reply = &request->reply;
    struct arena *arena = request->scope->arena;
    reply_open(reply, ANON);
    reply_str(reply, STR("ShardId"), shard_id_write(arena, shard));
    reply_open(reply, STR("SequenceNumberRange"));
    reply_str(reply, STR("StartingSequenceNumber"),
              sequence_number_write(arena, shard_start(shard)));
    if (shard->closed_us != 0)
        reply_str(reply, STR("EndingSequenceNumber"),
                  sequence_number_write(arena, shard_end(shard)));
    reply_close(reply);
    if (shard->parent != no_shard) {
        struct log_shard parent = {.number = shard->parent, .opened_us = shard->parent_opened_us};
        reply_str(reply, STR("ParentShardId"), shard_id_write(arena, &parent));
    }
    reply_close(reply);
}

static void reply_stream(struct request *request, const struct stream *stream) {
    struct reply *reply = &request->reply;
    bool open = stream->log.closed_us == 0;
    reply_str(reply, STR("StreamArn"), stream->arn);
    reply_str(reply, STR("StreamLabel"), stream->label);
    reply_str(reply, STR("StreamStatus"), open ? STR("ENABLED") : STR("DISABLED"));
    reply_str(reply, STR("StreamViewType"), stream_view_name(stream->log.view));
    reply_time(reply, STR("CreationRequestDateTime"), stream->log.created_us);
    reply_str(reply, STR("TableName"), stream->log.table_name);
    reply_key_schema(reply, &stream->log.key);
}

static status children(struct request *request, const struct stream *stream,
                       const struct in_ShardFilter *filter, struct shard_page *out) {
    struct log_shard parent;
    *out = (struct shard_page){};
    if (filter->Type.ptr == NULL || filter->ShardId.ptr == NULL)
        return fail_validation(request->scope, "One or more parameter values were invalid: "
                                               "ShardFilter needs both Type and ShardId");
    status st =
        stream_shard_find(request->database, request->scope, stream, filter->ShardId, &parent);
    if (st != ST_OK)
        return st == ST_NOT_FOUND ? ST_OK : st;
    return stream_children(request->database, request->scope, stream, parent.number, out);
}

/* A start that is no shard of ours is behind all that are, as it is at the service. */
static status shards(struct request *request, const struct stream *stream, str start, size_t limit,
                     struct shard_page *out) {
    uint32_t from = 0;
    int64_t opened_ms;
    *out = (struct shard_page){};
    if (start.ptr != NULL && (!shard_id_read(start, &from, &opened_ms) || ++from == 0))
        return ST_OK;
    return stream_shards(request->database, request->scope, stream, from, limit, out);
}

status op_describe_stream(struct request *request) {
    const struct in_DescribeStreamInput *in = request->input;
    struct reply *reply = &request->reply;
    struct stream stream;
    struct shard_page page;
    size_t limit;
    TRY(stream_limit(request->scope, &in->Limit, SHARDS_MAX, &limit));
    TRY(stream_find(request->database, request->scope, in->StreamArn, &stream));
    if (in->ShardFilter != NULL)
        TRY(children(request, &stream, in->ShardFilter, &page));
    else
        TRY(shards(request, &stream, in->ExclusiveStartShardId, limit, &page));
    reply_open(reply, STR("StreamDescription"));
    reply_stream(request, &stream);
    reply_open_list(reply, STR("Shards"));
    for (size_t i = 0; i < page.count; i++)
        reply_shard(request, &page.shards[i]);
    reply_close_list(reply);
    if (page.more)
        reply_str(reply, STR("LastEvaluatedShardId"),
                  shard_id_write(request->scope->arena, &page.shards[page.count - 1]));
    reply_close(reply);
    return ST_OK;
}
