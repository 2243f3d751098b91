#include "api/stream_settings.h"
#include "stream/stream.h"

enum { STREAMS_MAX = 100 };

status op_list_streams(struct request *request) {
    const struct in_ListStreamsInput *in = request->input;
    struct reply *reply = &request->reply;
    struct stream_page page;
    size_t limit;
    TRY(stream_limit(request->scope, &in->Limit, STREAMS_MAX, &limit));
    TRY(stream_list(request->database, request->scope, in->TableName, in->ExclusiveStartStreamArn,
                    limit, &page));
    reply_open_list(reply, STR("Streams"));
    for (size_t i = 0; i < page.count; i++) {
        reply_open(reply, ANON);
        reply_str(reply, STR("StreamArn"), page.streams[i].arn);
        reply_str(reply, STR("TableName"), page.streams[i].log.table_name);
        reply_str(reply, STR("StreamLabel"), page.streams[i].label);
        reply_close(reply);
    }
    reply_close_list(reply);
    if (page.more)
        reply_str(reply, STR("LastEvaluatedStreamArn"), page.streams[page.count - 1].arn);
    return ST_OK;
}
