#include "api/policy_setting.h"

#include "api/tags.h"
#include "stream/stream_text.h"

#define NO_POLICY "NO_POLICY"

status policy_check(struct request *request, str text, struct policy_names *out) {
    const struct api_directory *directory = &request->caller->directory;
    struct scope *scope = request->scope;
    const struct policy *compiled;
    str problem, unknown;
    *out = (struct policy_names){};
    if (text.len > POLICY_BYTES_MAX)
        return fail_validation(scope,
                               "Resource-based policy document is too large: it has %zu bytes, and "
                               "the limit is %d",
                               text.len, POLICY_BYTES_MAX);
    status st = policy_compile(text, POLICY_RESOURCE, scope->arena, &compiled, &problem);
    if (st == ST_INVALID)
        return fail_validation(scope, "Invalid policy document: %.*s", STR_ARG(problem));
    TRY(st);
    if (directory->find == NULL ||
        directory->find(directory->context, compiled, scope->arena, out, &unknown))
        return ST_OK;
    return fail_validation(scope,
                           "Invalid policy document: Invalid principal in policy: "
                           "\"AWS\":\"%.*s\"",
                           STR_ARG(unknown));
}

/* ---- whose ---- */

const struct resource_policy *policy_in(const struct policy_target *target,
                                        const struct table *table) {
    if (!target->of_stream)
        return &table->policy;
    return table->stream_policy.stream_us == target->stream_us ? &table->stream_policy : NULL;
}

static status find_stream(struct request *request, const struct stream_arn *parts,
                          struct policy_target *out) {
    const struct table *table = catalogue_find(request->tables, parts->table_name);
    int64_t created_us = 0;
    if (table != NULL && stream_label_read(parts->label, &created_us) &&
        created_us == table->stream.created_us &&
        str_eq(out->arn, stream_arn_write(request->scope->arena, request->database, table->name,
                                          parts->label))) {
        out->table = table;
        out->of_stream = true;
        out->stream_us = created_us;
        return ST_OK;
    }
    return fail(request->scope, ERROR_ResourceNotFoundException,
                "Requested resource not found: Stream: %.*s not found", STR_ARG(out->arn));
}

status policy_target_find(struct request *request, str arn, struct policy_target *out) {
    struct stream_arn parts;
    *out = (struct policy_target){.arn = arn};
    if (stream_arn_read(arn, &parts)) {
        TRY(find_stream(request, &parts, out));
    } else {
        TRY(request_check_arn(request->scope, arn));
        TRY(tags_table(request, arn, tags_missing(request, arn), &out->table));
    }
    out->held = policy_in(out, out->table);
    return ST_OK;
}

/* ---- revisions ---- */

str policy_revision(struct request *request, const struct resource_policy *policy) {
    struct buf text;
    buf_init(&text, request->scope->arena, 24);
    buf_add_i64(&text, policy->revision_ms);
    return buf_str(&text);
}

status policy_missing(struct request *request, const struct policy_target *target) {
    return fail(request->scope, ERROR_PolicyNotFoundException,
                "Resource-based policy not found for the provided ResourceArn: %.*s",
                STR_ARG(target->arn));
}

status policy_check_revision(struct request *request, const struct policy_target *target,
                             str expected) {
    if (expected.ptr == NULL)
        return ST_OK;
    bool right = policy_exists(target) ? str_eq(expected, policy_revision(request, target->held))
                                       : str_eq(expected, STR(NO_POLICY));
    return right ? ST_OK : policy_missing(request, target);
}

/* ---- changing ---- */

static bool has_name(const struct policy_names *names, const struct policy_name *name) {
    for (size_t i = 0; i < names->count; i++)
        if (str_eq(names->entries[i].arn, name->arn))
            return str_eq(names->entries[i].id, name->id);
    return false;
}

bool policy_is_held(const struct policy_target *target, str text,
                    const struct policy_names *names) {
    if (!policy_exists(target) || !str_eq(target->held->text, text) ||
        target->held->names.count != names->count)
        return false;
    for (size_t i = 0; i < names->count; i++)
        if (!has_name(&target->held->names, &names->entries[i]))
            return false;
    return true;
}

static struct policy_names names_copy(const struct policy_names *names, struct arena *arena) {
    struct policy_name *entries = arena_array(arena, struct policy_name, names->count + 1);
    for (size_t i = 0; i < names->count; i++)
        entries[i] = (struct policy_name){arena_copy(arena, names->entries[i].arn),
                                          arena_copy(arena, names->entries[i].id)};
    return (struct policy_names){entries, names->count};
}

void policy_set(struct resource_policy *policy, struct arena *arena, str text,
                const struct policy_names *names, int64_t now_us) {
    int64_t now_ms = now_us / 1000;
    policy->text = text.ptr != NULL ? arena_copy(arena, text) : (str){};
    policy->names = names_copy(names, arena);
    /* Later than the last one whatever the clock says. */
    policy->revision_ms = now_ms > policy->revision_ms ? now_ms : policy->revision_ms + 1;
    policy->changed_us = now_us;
    resource_policy_compile(policy, arena);
}

/* The service takes no second change for 15 seconds. Here a change takes as long as all changes of
 * a table's state are said to take. */
static bool is_changing(const struct request *request, const struct policy_target *target) {
    struct state_clock clock = request_clock(request);
    return target->held != NULL && target->held->revision_ms != 0 &&
           state_pending(clock, target->held->changed_us + clock.delay_us);
}

status policy_change(struct request *request, const struct policy_target *target, str text,
                     const struct policy_names *names, struct table **out) {
    struct scope *scope = request->scope;
    if (!table_serves_items(target->table, request_clock(request)))
        return request_check_active(request, target->table);
    if (is_changing(request, target))
        return fail(scope, ERROR_ResourceInUseException,
                    "Attempt to change a resource which is still in use: Resource-based policy is "
                    "being updated: %.*s",
                    STR_ARG(target->arn));
    TRY(table_copy(target->table, out));
    struct resource_policy *policy = target->of_stream ? &(*out)->stream_policy : &(*out)->policy;
    if (target->held == NULL)
        *policy = (struct resource_policy){.stream_us = target->stream_us};
    policy_set(policy, (*out)->arena, text, names, scope->now_us);
    return ST_OK;
}
