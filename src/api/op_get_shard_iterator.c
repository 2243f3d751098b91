#include "api/request.h"
#include "stream/stream_read.h"

static enum iterator_kind kind_of_name(str name) {
    static const str names[] = {[AT_TRIM_HORIZON] = STR_INIT("TRIM_HORIZON"),
                                [AT_LATEST] = STR_INIT("LATEST"),
                                [AT_SEQUENCE_NUMBER] = STR_INIT("AT_SEQUENCE_NUMBER"),
                                [AFTER_SEQUENCE_NUMBER] = STR_INIT("AFTER_SEQUENCE_NUMBER")};
    enum iterator_kind kind = AT_TRIM_HORIZON;
    while (kind < AFTER_SEQUENCE_NUMBER && !str_eq(names[kind], name))
        kind++;
    return kind;
}

status op_get_shard_iterator(struct request *request) {
    const struct in_GetShardIteratorInput *in = request->input;
    struct stream stream;
    str iterator;
    TRY(stream_find(request->database, request->scope, in->StreamArn, &stream));
    TRY(stream_iterator_make(request->database, request->scope, &stream, in->ShardId,
                             kind_of_name(in->ShardIteratorType), in->SequenceNumber, &iterator));
    reply_str(&request->reply, STR("ShardIterator"), iterator);
    return ST_OK;
}
