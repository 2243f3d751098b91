/* kinesis.h - the little that is said to a Kinesis-compatible endpoint.
 *
 * Purpose:   is a stream there; put records in it.
 * Ownership: requests and answers live in the arena given.
 * Threads:   one at a time.
 * Errors:    enum kinesis_outcome, with a sentence in *out_problem.
 * Limits:    of PutRecords: 500 records and 5 MB a call, 1 MB a record.
 */
#pragma once

#include "cloud/web_client.h"

enum {
    KINESIS_RECORDS_MAX = 500,
    KINESIS_RECORD_BYTES_MAX = 1024 * 1024, /* with its partition key */
    KINESIS_CALL_BYTES_MAX = 5 * 1024 * 1024
};

/* "arn:aws:kinesis:us-east-1:000000000000:stream/name" */
struct kinesis_arn {
    str region, name;
};
bool kinesis_arn_read(str arn, struct kinesis_arn *out);

struct kinesis_target {
    struct web_client *client;
    const char *url, *credentials;
    struct kinesis_arn stream;
};

struct kinesis_record {
    str data;
    char partition_key[16];
};

enum kinesis_outcome {
    KINESIS_DONE,
    KINESIS_LATER,    /* try again: not reached, throttled, out of order */
    KINESIS_NO_STREAM /* there is none of that name */
};

enum kinesis_outcome kinesis_look(const struct kinesis_target *target, struct arena *arena,
                                  str *out_problem);
/* `left` are the records to put, by their places; those that were not taken are left, in their
 * order. KINESIS_DONE: *left_count is 0. */
enum kinesis_outcome kinesis_put(const struct kinesis_target *target, struct arena *arena,
                                 const struct kinesis_record *records, uint16_t *left,
                                 size_t *left_count, str *out_problem);
