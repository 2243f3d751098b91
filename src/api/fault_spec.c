/* The text of a fault. Everything it may say is named in the sentence that refuses something else.
 */
#include "api/api.h"
#include "api/fault_int.h"
#include "base/random.h"

#include <stdarg.h>

const struct fault_error fault_errors[] = {
#define FAULT_ERROR(name, text) {STR_INIT(#name), ERROR_##name, STR_INIT(text)},
    FAULT_ERROR(ConditionalCheckFailedException, "") FAULT_ERROR(InternalServerError,
                                                                 "Internal server error")
        FAULT_ERROR(ItemCollectionSizeLimitExceededException, "") FAULT_ERROR(
            LimitExceededException,
            "Subscriber limit exceeded: Only 500 tables can be created, updated, or deleted "
            "simultaneously") FAULT_ERROR(ProvisionedThroughputExceededException,
                                          "The level of configured provisioned throughput for the "
                                          "table was exceeded. "
                                          "Consider increasing your provisioning level with the "
                                          "UpdateTable API.")
            FAULT_ERROR(RequestLimitExceeded,
                        "Throughput exceeds the current throughput limit for your "
                        "account. Please contact "
                        "AWS Support at https://aws.amazon.com/support request a "
                        "limit increase") FAULT_ERROR(ResourceNotFoundException, "")
                FAULT_ERROR(ServiceUnavailable, "") FAULT_ERROR(
                    ThrottlingException,
                    "Throughput exceeds the current capacity of your table or index. DynamoDB is "
                    "automatically scaling your table or index so please try again shortly. If "
                    "exceptions persist, check if you have a hot key: https://docs.aws.amazon.com/"
                    "amazondynamodb/latest/developerguide/bp-partition-key-design.html")
                    FAULT_ERROR(TransactionConflictException, "") FAULT_ERROR(
                        TransactionInProgressException,
                        "The transaction with the given request token is already in progress.")
                        FAULT_ERROR(UnrecognizedClientException, "")
#undef FAULT_ERROR
};

const size_t fault_error_count = sizeof fault_errors / sizeof fault_errors[0];

enum part {
    PART_OPERATION,
    PART_TABLE,
    PART_ERROR,
    PART_CONFLICT,
    PART_AFTER,
    PART_LATENCY,
    PART_UNPROCESSED,
    PART_PROBABILITY,
    PART_COUNT_MAX,
    PART_SEED,
    PART_COUNT,
};

static const struct {
    str name;
    bool takes_value;
} parts[PART_COUNT] = {
    [PART_OPERATION] = {STR_INIT("operation"), true},
    [PART_TABLE] = {STR_INIT("table"), true},
    [PART_ERROR] = {STR_INIT("error"), true},
    [PART_CONFLICT] = {STR_INIT("conflict"), false},
    [PART_AFTER] = {STR_INIT("after"), false},
    [PART_LATENCY] = {STR_INIT("latency-ms"), true},
    [PART_UNPROCESSED] = {STR_INIT("unprocessed"), true},
    [PART_PROBABILITY] = {STR_INIT("probability"), true},
    [PART_COUNT_MAX] = {STR_INIT("count"), true},
    [PART_SEED] = {STR_INIT("seed"), true},
};

struct parser {
    struct arena *arena;
    struct fault *fault;
    bool given[PART_COUNT];
    enum shape_id input; /* of `operation`, when given */
    str problem;
};

[[gnu::format(printf, 2, 3)]] static bool refuse(struct parser *p, const char *format, ...) {
    va_list args;
    va_start(args, format);
    p->problem = arena_vprintf(p->arena, format, args);
    va_end(args);
    return false;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static str trim(str text) {
    while (text.len && is_blank(text.ptr[0]))
        text = str_slice(text, 1, text.len);
    while (text.len && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static bool is_printable(str text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < ' ' || text.ptr[i] > '~')
            return false;
    return true;
}

/* ---- values ---- */

static bool read_operation(struct parser *p, str value) {
    for (size_t i = 0; i < api_operation_count(); i++) {
        if (!str_eq(api_operation_name(i), value))
            continue;
        p->fault->operation = i;
        p->input = model_operation_find(value)->input;
        return true;
    }
    return refuse(p, "operation is one that this server has, as in PutItem, not \"%.*s\"",
                  STR_ARG(value));
}

static bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

static bool read_table(struct parser *p, str value) {
    bool fine = value.len >= 3 && value.len <= FAULT_TABLE_MAX;
    for (size_t i = 0; fine && i < value.len; i++)
        fine = is_name_byte(value.ptr[i]);
    if (!fine)
        return refuse(p, "table is a table's name (3 to 255 of a-zA-Z0-9_.-), not \"%.*s\"",
                      STR_ARG(value));
    memcpy(p->fault->table, value.ptr, value.len);
    p->fault->table_len = value.len;
    return true;
}

static bool read_error(struct parser *p, str value) {
    struct buf names;
    buf_init(&names, p->arena, 512);
    for (size_t i = 0; i < fault_error_count; i++) {
        if (str_eq(fault_errors[i].name, value)) {
            p->fault->error = fault_errors[i].code;
            return true;
        }
        buf_add_str(&names, i == 0 ? STR("") : STR(", "));
        buf_add_str(&names, fault_errors[i].name);
    }
    return refuse(p, "error is one of %.*s, not \"%.*s\"", STR_ARG(buf_str(&names)),
                  STR_ARG(value));
}

/* "0", "1", "0.25": up to nine decimals, from 0 to 1. */
static bool fraction(str value, double *out) {
    enum { DECIMALS_MAX = 9 };
    size_t dot = str_find(value, '.');
    str decimals = dot < value.len ? str_slice(value, dot + 1, value.len) : STR("0");
    uint64_t whole, part;
    if (decimals.len > DECIMALS_MAX || !str_to_u64(str_slice(value, 0, dot), &whole) ||
        !str_to_u64(decimals, &part) || whole > 1 || (whole == 1 && part > 0))
        return false;
    double scaled = (double)part;
    for (size_t i = 0; i < decimals.len; i++)
        scaled /= 10;
    *out = (double)whole + scaled;
    return true;
}

static bool read_fraction(struct parser *p, enum part part, str value, double *out) {
    if (fraction(value, out) && *out > 0)
        return true;
    return refuse(p, "%.*s is above 0 and at most 1, as in 0.25, not \"%.*s\"",
                  STR_ARG(parts[part].name), STR_ARG(value));
}

static bool read_number(struct parser *p, enum part part, str value, uint64_t min, uint64_t max,
                        uint64_t *out) {
    uint64_t number;
    if (!str_to_u64(value, &number) || number < min || number > max)
        return refuse(p, "%.*s is a whole number from %llu to %llu, not \"%.*s\"",
                      STR_ARG(parts[part].name), (unsigned long long)min, (unsigned long long)max,
                      STR_ARG(value));
    *out = number;
    return true;
}

static bool read_latency(struct parser *p, str value) {
    uint64_t ms;
    if (!read_number(p, PART_LATENCY, value, 1, FAULT_LATENCY_MS_MAX, &ms))
        return false;
    p->fault->latency_ms = (int64_t)ms;
    return true;
}

static bool read_value(struct parser *p, enum part part, str value) {
    struct fault *fault = p->fault;
    switch (part) {
    case PART_OPERATION:
        return read_operation(p, value);
    case PART_TABLE:
        return read_table(p, value);
    case PART_ERROR:
        return read_error(p, value);
    case PART_LATENCY:
        return read_latency(p, value);
    case PART_UNPROCESSED:
        return read_fraction(p, part, value, &fault->unprocessed);
    case PART_PROBABILITY:
        return read_fraction(p, part, value, &fault->probability);
    case PART_COUNT_MAX:
        return read_number(p, part, value, 1, INT64_MAX, &fault->count_max);
    case PART_SEED:
        return read_number(p, part, value, 0, UINT64_MAX, &fault->seed);
    case PART_CONFLICT:
    case PART_AFTER:
    case PART_COUNT:
        break;
    }
    return true;
}

/* ---- the whole ---- */

static bool read_part(struct parser *p, str text) {
    size_t equals = str_find(text, '=');
    str name = trim(str_slice(text, 0, equals));
    size_t part = 0;
    while (part < PART_COUNT && !str_eq(parts[part].name, name))
        part++;
    if (part == PART_COUNT)
        return refuse(p,
                      "\"%.*s\" is none of operation=, table=, error=, conflict, after, "
                      "latency-ms=, unprocessed=, probability=, count=, seed=",
                      STR_ARG(name));
    if (p->given[part])
        return refuse(p, "%.*s is said twice", STR_ARG(name));
    p->given[part] = true;
    if (parts[part].takes_value != (equals < text.len))
        return refuse(p, "%.*s takes %s", STR_ARG(name),
                      parts[part].takes_value ? "a value" : "no value");
    return !parts[part].takes_value ||
           read_value(p, (enum part)part, trim(str_slice(text, equals + 1, text.len)));
}

/* What can't be meant together. */
static bool check_together(struct parser *p) {
    struct fault *fault = p->fault;
    const bool *given = p->given;
    if (!given[PART_ERROR] && !given[PART_CONFLICT] && !given[PART_AFTER] && !given[PART_LATENCY] &&
        !given[PART_UNPROCESSED])
        return refuse(p, "it says what shall happen with at least one of error=, conflict, after, "
                         "latency-ms=, unprocessed=");
    if (given[PART_CONFLICT] && (given[PART_ERROR] || given[PART_AFTER]))
        return refuse(p, "conflict is an error by itself: it stands without error= and after");
    if (given[PART_UNPROCESSED] && (given[PART_ERROR] || given[PART_CONFLICT] || given[PART_AFTER]))
        return refuse(p, "unprocessed= is no error: it stands without error=, conflict and after");
    if (given[PART_CONFLICT])
        fault->error = ERROR_TransactionConflictException;
    fault->after = given[PART_AFTER];
    if (given[PART_AFTER] && !given[PART_ERROR])
        fault->error = ERROR_InternalServerError;
    if (given[PART_AFTER] && fault->error != ERROR_InternalServerError &&
        fault->error != ERROR_ServiceUnavailable)
        return refuse(p, "after goes with error=InternalServerError (which it means by itself) or "
                         "error=ServiceUnavailable: with others nothing was done");
    if (!given[PART_OPERATION])
        return true;
    if (fault->error == ERROR_TransactionConflictException && !fault_can_conflict(p->input))
        return refuse(p, "conflict is for PutItem, UpdateItem, DeleteItem, TransactWriteItems, "
                         "TransactGetItems and ExecuteTransaction");
    if (given[PART_UNPROCESSED] && !fault_can_leave(p->input))
        return refuse(p, "unprocessed= is for BatchGetItem, BatchWriteItem and "
                         "BatchExecuteStatement");
    return true;
}

static bool read_parts(struct parser *p, str text) {
    str rest = text;
    if (text.len == 0)
        return refuse(p, "it is empty; a fault is as in "
                         "operation=PutItem,error=ThrottlingException,probability=0.1");
    if (text.len > FAULT_SPEC_MAX)
        return refuse(p, "it has %zu bytes; %d are allowed", text.len, FAULT_SPEC_MAX);
    for (;;) {
        size_t comma = str_find(rest, ',');
        if (!read_part(p, trim(str_slice(rest, 0, comma))))
            return false;
        if (comma == rest.len)
            return check_together(p);
        rest = str_slice(rest, comma + 1, rest.len);
    }
}

bool fault_parse(str spec, struct arena *arena, struct fault *out, str *out_problem) {
    enum { TOLD_MAX = 80 };
    struct parser p = {.arena = arena, .fault = out};
    str text = trim(spec);
    *out = (struct fault){
        .operation = FAULT_ALL_OPERATIONS, .probability = 1, .count_max = UINT64_MAX};
    if (!is_printable(text)) { /* and is not told, for the same reason */
        *out_problem = STR("a fault consists of printable ASCII characters");
        return false;
    }
    if (!read_parts(&p, text)) {
        size_t told = text.len < TOLD_MAX ? text.len : TOLD_MAX;
        *out_problem = arena_printf(arena, "fault \"%.*s%s\": %.*s", (int)told, text.ptr,
                                    told < text.len ? "..." : "", STR_ARG(p.problem));
        return false;
    }
    memcpy(out->text, text.ptr, text.len);
    out->text_len = text.len;
    if (!p.given[PART_SEED])
        out->seed = random_u64();
    return true;
}
