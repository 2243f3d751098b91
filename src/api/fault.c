/* The set of faults, and what it comes to for one call. */
#include "api/fault.h"

#include "api/api.h"
#include "api/fault_int.h"
#include "api/throttling.h"
#include "api/transaction.h"
#include "base/thread.h"

/* ---- the set ---- */

void faults_init(struct faults *faults) {
    *faults = (struct faults){.lock = PTHREAD_MUTEX_INITIALIZER};
}

static bool is_nothing(str line) {
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] != ' ' && line.ptr[i] != '\t' && line.ptr[i] != '\r')
            return false;
    return true;
}

/* Up to the next semicolon or end of a line; a comment goes to the end of its line. */
static str next_spec(str *rest) {
    size_t end = 0;
    while (end < rest->len && strchr("\n;#", rest->ptr[end]) == NULL)
        end++;
    str spec = str_slice(*rest, 0, end);
    if (end < rest->len && rest->ptr[end] == '#')
        end += str_find(str_slice(*rest, end, rest->len), '\n');
    *rest = str_slice(*rest, end < rest->len ? end + 1 : end, rest->len);
    return spec;
}

bool faults_set(struct faults *faults, str text, struct arena *arena, str *out_problem) {
    struct fault *made = arena_array(arena, struct fault, FAULTS_MAX);
    size_t count = 0;
    while (text.len > 0) {
        str spec = next_spec(&text);
        if (is_nothing(spec))
            continue;
        if (count == FAULTS_MAX) {
            *out_problem = arena_printf(arena, "there may be %d faults at one time", FAULTS_MAX);
            return false;
        }
        if (!fault_parse(spec, arena, &made[count++], out_problem))
            return false;
    }
    pthread_mutex_lock(&faults->lock);
    memcpy(faults->list, made, count * sizeof made[0]);
    atomic_store(&faults->count, count);
    pthread_mutex_unlock(&faults->lock);
    return true;
}

void faults_print(struct faults *faults, struct buf *out) {
    pthread_mutex_lock(&faults->lock);
    for (size_t i = 0; i < atomic_load(&faults->count); i++) {
        const struct fault *fault = &faults->list[i];
        buf_add(out, fault->text, fault->text_len);
        buf_printf(out, " # %llu of %llu calls\n", (unsigned long long)fault->hit,
                   (unsigned long long)fault->matched);
    }
    pthread_mutex_unlock(&faults->lock);
}

/* ---- chance ---- */

/* splitmix64: as many independent numbers from a seed as are asked for, in any order. */
static uint64_t mixed(uint64_t seed, uint64_t at) {
    uint64_t x = seed + (at + 1) * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static bool by_chance(uint64_t random, double probability) {
    return (double)(random >> 11) < probability * 0x1p53;
}

/* ---- one call ---- */

static bool matches(struct request *request, size_t operation, const struct fault *fault) {
    enum shape_id input = request->operation->input;
    str table = {fault->table, fault->table_len};
    return (fault->operation == FAULT_ALL_OPERATIONS || fault->operation == operation) &&
           fault->hit < fault->count_max &&
           (fault->error != ERROR_TransactionConflictException || fault_can_conflict(input)) &&
           (fault->unprocessed == 0 || fault_can_leave(input)) &&
           (table.len == 0 || fault_touches(request, table));
}

/* The lock is held, or the fault is the call's own. */
static void hit(struct request *request, struct fault *fault, struct fault_choice *choice) {
    uint64_t random = mixed(fault->seed, fault->matched++);
    if (!by_chance(mixed(random, 0), fault->probability))
        return;
    fault->hit++;
    request->fault = choice;
    choice->latency_ms += fault->latency_ms;
    if (fault->error != ERROR_NONE && choice->error == ERROR_NONE) {
        choice->error = fault->error;
        choice->after = fault->after;
        choice->random = mixed(random, 1);
    }
    if (fault->unprocessed > 0 && choice->unprocessed == 0) {
        choice->unprocessed = fault->unprocessed;
        if (fault->table_len > 0)
            choice->unprocessed_table =
                arena_copy(request->scope->arena, (str){fault->table, fault->table_len});
        choice->random = mixed(random, 1);
    }
}

/* All of a list that match; on a loop it only says whether there is one. */
static status hit_all(struct request *request, struct fault *list, size_t count,
                      struct fault_choice *choice) {
    size_t operation = request->counts.operation;
    for (size_t i = 0; i < count; i++) {
        if (!matches(request, operation, &list[i]))
            continue;
        if (!thread_may_wait())
            return ST_WOULD_WAIT;
        hit(request, &list[i], choice);
    }
    return ST_OK;
}

/* One action of the transaction met another one under way. */
static status fail_transaction(struct request *request, size_t count, uint64_t random) {
    struct cancellation *cancellation = cancellation_new(request, count);
    cancellation->reasons[random % count] = (struct cancellation_reason){
        .code = STR("TransactionConflict"), .message = STR("Transaction is ongoing for the item")};
    return cancellation_check(request, cancellation);
}

static status fail_conflict(struct request *request, uint64_t random) {
    const struct in_TransactGetItemsInput *reads = request->input;
    const struct in_TransactWriteItemsInput *writes = request->input;
    const struct in_ExecuteTransactionInput *statements = request->input;
    enum shape_id input = request->operation->input;
    if (input == SHAPE_TransactGetItemsInput)
        return fail_transaction(request, reads->TransactItems->count, random);
    if (input == SHAPE_TransactWriteItemsInput)
        return fail_transaction(request, writes->TransactItems->count, random);
    if (input == SHAPE_ExecuteTransactionInput)
        return fail_transaction(request, statements->TransactStatements->count, random);
    return fail(request->scope, ERROR_TransactionConflictException,
                "Transaction is ongoing for the item");
}

static str text_of(enum error_code error) {
    for (size_t i = 0; i < fault_error_count; i++)
        if (fault_errors[i].code == error)
            return fault_errors[i].text;
    return (str){};
}

static status fail_as_chosen(struct request *request, const struct fault_choice *choice) {
    struct scope *scope = request->scope;
    str text = text_of(choice->error);
    if (choice->error == ERROR_TransactionConflictException)
        return fail_conflict(request, choice->random);
    bool control = request->operation->effect == EFFECT_ADMIN;
    if (choice->error == ERROR_ThrottlingException && control)
        text = STR("Rate of requests exceeds the allowed throughput.");
    (void)fail(scope, choice->error, "%.*s", STR_ARG(text));
    if (text.len == 0)
        scope->error_text = (str){}; /* errors.def's */
    str *tables;
    if (!control && fault_tables(request, &tables) > 0)
        scope->error_detail = throttling_by_fault(request, choice->error, tables[0]);
    return ST_FAILED;
}

status fault_begin(struct request *request, struct faults *faults, str spec) {
    struct fault_choice *choice = arena_struct(request->scope->arena, struct fault_choice);
    if (spec.ptr != NULL) {
        struct fault own;
        str problem;
        if (!fault_parse(spec, request->scope->arena, &own, &problem))
            return fail_validation(request->scope, "%.*s", STR_ARG(problem));
        TRY(hit_all(request, &own, 1, choice));
    }
    if (atomic_load_explicit(&faults->count, memory_order_relaxed) > 0) {
        pthread_mutex_lock(&faults->lock);
        status st = hit_all(request, faults->list, atomic_load(&faults->count), choice);
        pthread_mutex_unlock(&faults->lock);
        TRY(st);
    }
    return choice->error != ERROR_NONE && !choice->after ? fail_as_chosen(request, choice) : ST_OK;
}

status fault_end(struct request *request, status st) {
    const struct fault_choice *choice = request->fault;
    return st == ST_OK && choice->after ? fail_as_chosen(request, choice) : st;
}

status fault_of_element(struct request *request) {
    enum error_code error = ERROR_ProvisionedThroughputExceededException;
    return fail(request->scope, error, "%.*s", STR_ARG(text_of(error)));
}

bool fault_leaves_undone(const struct request *request, str table_name_or_arn, size_t at) {
    const struct fault_choice *choice = request->fault;
    if (choice->unprocessed == 0 ||
        (choice->unprocessed_table.ptr != NULL &&
         !str_eq(choice->unprocessed_table, request_table_name(table_name_or_arn))))
        return false;
    return by_chance(mixed(choice->random, at), choice->unprocessed);
}
