/* write_request.h - what PutItem, UpdateItem and DeleteItem share.
 *
 * Purpose:   one write with its condition, from expressions to reply.
 * Ownership: in the request's arena.
 * Threads:   one at a time.
 * Errors:    through the scope, in the service's words.
 * Limits:    none of its own.
 */
#pragma once

#include "api/request.h"
#include "table/table_write.h"

/* Members that the three inputs have in common. */
struct write_members {
    str table_name;
    str condition;                                  /* ConditionExpression; ptr NULL: none */
    const struct in_ExpectedAttributeMap *expected; /* its legacy form; never both */
    str conditional_operator;                       /* legacy */
    str return_on_failure;
    str return_capacity;
    str return_metrics; /* ReturnItemCollectionMetrics */
    struct parameters parameters;
};

/* Parses UpdateExpression; NULL when there is none. */
status write_update(struct request *request, str text, struct expr_placeholders *placeholders,
                    const struct expr_update **out);
/* An update may not write attributes of the key. */
status write_check_targets(struct request *request, const struct write *write);
/* Parses ConditionExpression into `out`; NULL when there is none. */
status write_condition(struct request *request, str text, struct expr_placeholders *placeholders,
                       const struct expr_condition **out);
/* The same for whichever form of a condition the members have. */
status write_any_condition(struct request *request, const struct write_members *members,
                           struct expr_placeholders *placeholders,
                           const struct expr_condition **out);

struct collection {
    const struct table *table; /* NULL: not asked for, or the table has no local index */
    const struct item *item;   /* holds the key */
    int64_t bytes;
};
status collection_read(struct request *request, str return_metrics, const struct write *write,
                       struct collection *out);
/* {ItemCollectionKey, SizeEstimateRangeGB}; nothing when it was not asked for. */
void reply_collection(struct request *request, str name, const struct collection *collection);
/* "ItemCollectionMetrics": {table: [each collection once]}; nothing when there are none. */
void reply_collections(struct request *request, const struct collection *collections, size_t count);

/* Does it, and turns its outcome into the request's error. */
status write_run(struct request *request, const struct write_members *members, struct write *write,
                 struct collection *out_collection);
/* ReturnValues of operations that have no new image to return. */
status write_check_return_values(struct request *request, str return_values);
/* PutItem (item: all of it) and DeleteItem (item: its key), from their expressions to the reply. */
status write_whole(struct request *request, const struct write_members *members,
                   enum write_kind kind, const struct item *item, str return_values);
/* ConsumedCapacity and ItemCollectionMetrics of one write. */
void write_reply_costs(struct request *request, const struct write_members *members,
                       const struct write *write, const struct collection *collection);
