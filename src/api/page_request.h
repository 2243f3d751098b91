/* page_request.h - what Query and Scan share: what to show, where to start, one page.
 *
 * Purpose:   Select, projections, filters, ExclusiveStartKey, Limit and the 1 MB page.
 * Ownership: in the request's arena.
 * Threads:   one at a time.
 * Errors:    through the scope, in the service's words.
 * Limits:    a page examines PAGE_BYTES_MAX of items, before the filter.
 */
#pragma once

#include "api/request.h"
#include "table/table_read.h"

enum { PAGE_BYTES_MAX = 1024 * 1024 };

/* Members that the two inputs have in common. */
struct page_members {
    str select;
    str projection;
    str filter;
    const struct in_AttributeNameList *names;       /* AttributesToGet: never beside `projection` */
    const struct in_FilterConditionMap *conditions; /* legacy: never beside `filter` */
    str conditional_operator;                       /* legacy */
    const struct item *start_key;
    struct given_integer limit;
    bool consistent;
    str return_capacity;
};

struct page_request {
    const struct page_members *members;
    bool is_query;
    struct expr_placeholders placeholders;
    const struct expr_condition *filter;      /* NULL: none */
    const struct expr_projection *projection; /* NULL: everything there is */
    struct table_range range;
    bool whole_items; /* a local index's entries are completed from the table */
};

/* Select against projection and index name: no table needed. */
status page_check_select(struct request *request, const struct page_members *members,
                         bool has_index);
/* AttributesToGet; the legacy filter. */
status page_legacy_projection(struct request *request, struct page_request *page);
status page_legacy_filter(struct request *request, struct page_request *page);
/* Their successors, and whether all placeholders were of use. */
status page_parse(struct request *request, const struct page_members *members,
                  struct page_request *page);
/* Sets range.table and range.index. */
status page_find_table(struct request *request, str table_name, str index_name,
                       struct page_request *page);
/* Whether the index can show what is asked for. */
status page_check_projection(struct request *request, struct page_request *page);
/* A filter may not look into keys. */
status page_check_filter(struct request *request, const struct page_request *page);
/* Faults inside of ExclusiveStartKey's values. */
status page_check_start_value(struct request *request, const struct page_members *members);
/* Names, types and sizes of ExclusiveStartKey; sets range.start_after. */
status page_check_start_key(struct request *request, struct page_request *page);
/* Reads the page and writes the reply. */
status page_reply(struct request *request, struct page_request *page);
