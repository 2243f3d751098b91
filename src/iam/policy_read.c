/* A policy's JSON, read strictly: what the grammar does not know, and what stands twice, is
 * refused. Sentences are the service's where it is known to have one. */
#include "iam/policy_int.h"

/* Lists of POLICY_BYTES_MAX texts in sum, which double. */
enum { SCRATCH_MAX = 16 * 1024 * 1024 };

static const str syntax_error = STR_INIT("Syntax errors in policy.");

struct reading {
    struct json_reader json;
    struct arena *arena;   /* what stays */
    struct arena *scratch; /* what doesn't: lists while they grow */
    enum policy_kind kind;
    struct policy_names names;
    bool variables; /* Version 2012-10-17 */
    context_set asks;
    str problem;
    str *sids;
    size_t sid_count;
};

struct texts {
    str *items;
    size_t count;
};

enum element {
    ELEMENT_SID,
    ELEMENT_EFFECT,
    ELEMENT_PRINCIPAL,
    ELEMENT_NOT_PRINCIPAL,
    ELEMENT_ACTION,
    ELEMENT_NOT_ACTION,
    ELEMENT_RESOURCE,
    ELEMENT_NOT_RESOURCE,
    ELEMENT_CONDITION,
    ELEMENT_COUNT
};

static const str element_names[ELEMENT_COUNT] = {
    STR_INIT("Sid"),          STR_INIT("Effect"),      STR_INIT("Principal"),
    STR_INIT("NotPrincipal"), STR_INIT("Action"),      STR_INIT("NotAction"),
    STR_INIT("Resource"),     STR_INIT("NotResource"), STR_INIT("Condition")};

#define ELEMENT_BIT(element) (1u << (element))

static status refuse(struct reading *r, str sentence) {
    r->problem = sentence;
    return ST_INVALID;
}

static status refuse_syntax(struct reading *r) {
    return refuse(r, syntax_error);
}

/* One more of a list that doubles; the new place is cleared. */
static void *list_add(struct arena *arena, void *items, size_t count, size_t size) {
    if ((count & (count - 1)) == 0)
        items = arena_grow(arena, items, count * size, (count ? count * 2 : 1) * size);
    memset((char *)items + count * size, 0, size);
    return items;
}

/* A list that has grown in scratch memory, at its size. */
static const void *list_keep(struct reading *r, const void *items, size_t count, size_t size) {
    void *kept = arena_alloc(r->arena, count * size);
    if (count)
        memcpy(kept, items, count * size);
    return kept;
}

static void texts_add(struct reading *r, struct texts *texts, str text) {
    texts->items = list_add(r->scratch, texts->items, texts->count, sizeof *texts->items);
    texts->items[texts->count++] = text;
}

/* ---- texts ---- */

/* A string; as the value of a condition, a number or a truth value, too. */
static bool read_scalar(struct reading *r, bool any_scalar, str *out) {
    bool flag;
    switch (json_peek(&r->json)) {
    case JSON_STRING:
        return json_string(&r->json, out);
    case JSON_NUMBER:
        return any_scalar && json_number(&r->json, out);
    case JSON_TRUE:
    case JSON_FALSE:
        if (!any_scalar || !json_bool(&r->json, &flag))
            return false;
        *out = flag ? STR("true") : STR("false");
        return true;
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_NULL:
    case JSON_END:
        break;
    }
    return false;
}

/* One, or a list. */
static status read_texts(struct reading *r, bool any_scalar, struct texts *out) {
    str text;
    if (json_peek(&r->json) != JSON_ARRAY) {
        if (!read_scalar(r, any_scalar, &text))
            return refuse_syntax(r);
        texts_add(r, out, text);
        return ST_OK;
    }
    if (!json_array_begin(&r->json))
        return refuse_syntax(r);
    while (json_array_next(&r->json)) {
        if (!read_scalar(r, any_scalar, &text))
            return refuse_syntax(r);
        texts_add(r, out, text);
    }
    return json_reader_failed(&r->json) ? refuse_syntax(r) : ST_OK;
}

static bool all_of(str text, bool (*is_one)(char c)) {
    for (size_t i = 0; i < text.len; i++)
        if (!is_one(text.ptr[i]))
            return false;
    return true;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c) {
    return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* ---- principals ---- */

static bool is_name(char c) {
    return is_alphanumeric(c) || memchr("+=,.@-_/", c, 8) != NULL;
}

static bool is_account(str text) {
    return text.len == 12 && all_of(text, is_digit);
}

/* Cuts at the first colon. */
static str take_part(str *rest) {
    size_t colon = str_find(*rest, ':');
    str part = str_slice(*rest, 0, colon);
    *rest = str_slice(*rest, colon < rest->len ? colon + 1 : colon, rest->len);
    return part;
}

static bool aws_principal_parse(str text, struct principal_name *out) {
    if (str_eq(text, STR("*"))) {
        out->kind = NAMES_ANYONE;
        return true;
    }
    if (is_account(text)) {
        *out = (struct principal_name){.kind = NAMES_ACCOUNT, .text = text};
        return true;
    }
    str rest = text;
    str arn = take_part(&rest), partition = take_part(&rest), service = take_part(&rest);
    str region = take_part(&rest), account = take_part(&rest);
    if (!str_eq(arn, STR("arn")) || !str_starts_with(partition, STR("aws")) || region.len ||
        !is_account(account) || !all_of(rest, is_name))
        return false;
    bool is_iam = str_eq(service, STR("iam"));
    if (is_iam && str_eq(rest, STR("root"))) {
        *out = (struct principal_name){.kind = NAMES_ACCOUNT, .text = account};
        return true;
    }
    size_t slash = str_find(rest, '/');
    str type = str_slice(rest, 0, slash);
    bool is_known = is_iam ? str_eq(type, STR("user")) || str_eq(type, STR("role"))
                           : str_eq(service, STR("sts")) && (str_eq(type, STR("assumed-role")) ||
                                                             str_eq(type, STR("federated-user")));
    *out = (struct principal_name){.kind = NAMES_ARN, .text = text, .session = !is_iam};
    return is_known && slash + 1 < rest.len;
}

/* Whose name it was; NULL: nobody noted it. */
static const str *find_id(struct reading *r, str arn) {
    for (size_t i = 0; i < r->names.count; i++)
        if (str_eq(r->names.entries[i].arn, arn)) {
            str *id = arena_struct(r->arena, str);
            *id = arena_copy(r->arena, r->names.entries[i].id);
            return id;
        }
    return NULL;
}

static status add_principal(struct reading *r, struct statement *statement, str type, str text) {
    struct principal_name name = {.kind = NAMES_NOBODY, .text = text};
    if (str_eq(type, STR("AWS")) && !aws_principal_parse(text, &name))
        return refuse(r, arena_printf(r->arena, "Invalid principal in policy: \"AWS\":\"%.*s\"",
                                      STR_ARG(text)));
    if (name.kind == NAMES_ARN)
        name.id = find_id(r, text);
    struct principal_name *list = list_add(r->scratch, (void *)statement->principals,
                                           statement->principal_count, sizeof *list);
    list[statement->principal_count++] = name;
    statement->principals = list;
    return ST_OK;
}

static status read_principal_types(struct reading *r, struct statement *statement) {
    static const str types[] = {STR_INIT("AWS"), STR_INIT("Service"), STR_INIT("Federated"),
                                STR_INIT("CanonicalUser")};
    unsigned seen = 0;
    str type;
    while (json_object_next(&r->json, &type)) {
        size_t i = 0;
        struct texts texts = {};
        while (i < 4 && !str_eq(types[i], type))
            i++;
        if (i == 4)
            return refuse(
                r, arena_printf(r->arena, "Invalid principal in policy: \"%.*s\"", STR_ARG(type)));
        if (seen & 1u << i)
            return refuse_syntax(r);
        seen |= 1u << i;
        TRY(read_texts(r, false, &texts));
        for (size_t n = 0; n < texts.count; n++)
            TRY(add_principal(r, statement, type, texts.items[n]));
    }
    return json_reader_failed(&r->json) ? refuse_syntax(r) : ST_OK;
}

static status read_names(struct reading *r, struct statement *statement) {
    str text;
    if (json_peek(&r->json) == JSON_STRING) {
        if (!json_string(&r->json, &text) || !str_eq(text, STR("*")))
            return refuse(r, STR("Invalid principal in policy."));
        return add_principal(r, statement, STR("AWS"), text);
    }
    if (!json_object_begin(&r->json))
        return refuse_syntax(r);
    return read_principal_types(r, statement);
}

static status read_principals(struct reading *r, struct statement *statement, bool negated) {
    if (r->kind == POLICY_IDENTITY)
        return refuse(r, STR("Policy document should not specify a principal."));
    if (statement->has_principals)
        return refuse_syntax(r);
    TRY(read_names(r, statement));
    if (statement->principal_count == 0)
        return refuse(r, STR("Missing required field Principal cannot be empty!"));
    statement->has_principals = true;
    statement->not_principals = negated;
    statement->principals = list_keep(r, statement->principals, statement->principal_count,
                                      sizeof *statement->principals);
    return ST_OK;
}

/* ---- actions and resources ---- */

static bool is_vendor(char c) {
    return is_alphanumeric(c) || c == '-';
}

static bool is_action(char c) {
    return is_alphanumeric(c) || c == '*' || c == '?' || c == '-' || c == '_';
}

static status compile_action(struct reading *r, str text, str *out) {
    struct pattern pattern;
    size_t colon = str_find(text, ':');
    if (!str_eq(text, STR("*"))) {
        if (colon == 0 || colon >= text.len)
            return refuse(r, STR("Actions/Conditions must be prefaced by a vendor, e.g., iam, "
                                 "sdb, ec2, etc."));
        if (!all_of(str_slice(text, 0, colon), is_vendor))
            return refuse(r,
                          arena_printf(r->arena, "Vendor %.*s is not valid", (int)colon, text.ptr));
        if (colon + 1 == text.len || !all_of(str_slice(text, colon + 1, text.len), is_action))
            return refuse(r, arena_printf(r->arena, "Action %.*s is not valid", STR_ARG(text)));
    }
    if (r->kind == POLICY_TRUST && !str_eq_nocase(str_slice(text, 0, colon), STR("sts")))
        return refuse(r, STR("AssumeRole policy may only specify STS AssumeRole actions."));
    if (!pattern_compile(text, PATTERN_WILDCARDS, r->arena, &pattern, &r->asks))
        return refuse_syntax(r);
    *out = pattern_text(&pattern);
    char *lower = (char *)out->ptr;
    for (size_t i = 0; i < out->len; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] + 32);
    return ST_OK;
}

static status read_actions(struct reading *r, struct statement *statement, bool negated) {
    struct texts texts = {};
    if (statement->actions)
        return refuse_syntax(r);
    TRY(read_texts(r, false, &texts));
    if (texts.count == 0)
        return refuse(r, STR("Policy statement must contain actions."));
    str *actions = arena_array(r->arena, str, texts.count);
    for (size_t i = 0; i < texts.count; i++)
        TRY(compile_action(r, texts.items[i], &actions[i]));
    statement->actions = actions;
    statement->action_count = texts.count;
    statement->not_actions = negated;
    return ST_OK;
}

/* Parts that an ARN lacks are anything. The colons of variables separate none. (Variables borrow
 * from what comes back.) */
static str complete_arn(struct reading *r, str text) {
    int colons = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (r->variables && text.ptr[i] == '$' && i + 1 < text.len && text.ptr[i + 1] == '{')
            i = pattern_variable_end(text, i + 2);
        else
            colons += text.ptr[i] == ':';
    }
    if (colons >= 5)
        return text;
    return arena_printf(r->arena, "%.*s%.*s", STR_ARG(text), 2 * (5 - colons), ":*:*:*:*:*");
}

static status read_resources(struct reading *r, struct statement *statement, bool negated) {
    struct texts texts = {};
    if (r->kind == POLICY_TRUST)
        return refuse(r, STR("Has prohibited field Resource"));
    if (statement->has_resources)
        return refuse_syntax(r);
    TRY(read_texts(r, false, &texts));
    if (texts.count == 0)
        return refuse(r, STR("Policy statement must contain resources."));
    struct pattern *patterns = arena_array(r->arena, struct pattern, texts.count);
    for (size_t i = 0; i < texts.count; i++) {
        str text = texts.items[i];
        bool is_all = str_eq(text, STR("*"));
        if (!is_all && !str_starts_with(text, STR("arn:")))
            return refuse(r, arena_printf(r->arena, "Resource %.*s must be in ARN format or \"*\".",
                                          STR_ARG(text)));
        if (!pattern_compile(is_all ? text : complete_arn(r, text),
                             PATTERN_WILDCARDS | (r->variables ? PATTERN_VARIABLES : 0), r->arena,
                             &patterns[i], &r->asks))
            return refuse(r, arena_printf(r->arena, "Resource %.*s has a variable that is none.",
                                          STR_ARG(text)));
    }
    statement->resources = patterns;
    statement->resource_count = texts.count;
    statement->has_resources = true;
    statement->not_resources = negated;
    return ST_OK;
}

/* ---- conditions ---- */

static status compile_condition(struct reading *r, str operator_text, str key_text,
                                const struct texts *values, struct condition *condition) {
    if (!key_ref_parse(key_text, &condition->key))
        return refuse(r, STR("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, "
                             "ec2, etc."));
    r->asks |= key_ref_asks(&condition->key);
    struct operand *operands = arena_array(r->arena, struct operand, values->count);
    for (size_t i = 0; i < values->count; i++)
        if (!operand_compile(condition->op, values->items[i], r->variables, r->arena, &operands[i],
                             &r->asks))
            return refuse(r, arena_printf(r->arena, "Condition %.*s: \"%.*s\" is no value for it.",
                                          STR_ARG(operator_text), STR_ARG(values->items[i])));
    condition->operands = operands;
    condition->operand_count = values->count;
    return ST_OK;
}

/* The keys and values of one operator; keys have no case. */
static status read_operator(struct reading *r, struct statement *statement, str operator_text) {
    struct condition empty;
    struct texts keys = {};
    str key;
    if (!condition_operator_parse(operator_text, &empty))
        return refuse(
            r, arena_printf(r->arena, "Invalid Condition type : %.*s.", STR_ARG(operator_text)));
    if (!json_object_begin(&r->json))
        return refuse_syntax(r);
    while (json_object_next(&r->json, &key)) {
        struct texts values = {};
        for (size_t i = 0; i < keys.count; i++)
            if (str_eq_nocase(keys.items[i], key))
                return refuse_syntax(r);
        texts_add(r, &keys, key);
        TRY(read_texts(r, true, &values));
        struct condition *list = list_add(r->scratch, (void *)statement->conditions,
                                          statement->condition_count, sizeof *list);
        struct condition *condition = &list[statement->condition_count++];
        statement->conditions = list;
        *condition = empty;
        TRY(compile_condition(r, operator_text, key, &values, condition));
    }
    return json_reader_failed(&r->json) ? refuse_syntax(r) : ST_OK;
}

static status read_conditions(struct reading *r, struct statement *statement) {
    struct texts operators = {};
    str operator_text;
    if (!json_object_begin(&r->json))
        return refuse_syntax(r);
    while (json_object_next(&r->json, &operator_text)) {
        for (size_t i = 0; i < operators.count; i++)
            if (str_eq(operators.items[i], operator_text))
                return refuse_syntax(r);
        texts_add(r, &operators, operator_text);
        TRY(read_operator(r, statement, operator_text));
    }
    if (json_reader_failed(&r->json))
        return refuse_syntax(r);
    statement->conditions = list_keep(r, statement->conditions, statement->condition_count,
                                      sizeof *statement->conditions);
    return ST_OK;
}

/* ---- statements ---- */

static status read_sid(struct reading *r) {
    str sid;
    if (!read_scalar(r, false, &sid))
        return refuse_syntax(r);
    if (r->kind != POLICY_RESOURCE && !all_of(sid, is_alphanumeric))
        return refuse(r, STR("Statement IDs (SID) must be alpha-numeric. Check that your input "
                             "satisfies the regular expression [0-9A-Za-z]*"));
    if (sid.len == 0)
        return ST_OK;
    for (size_t i = 0; i < r->sid_count; i++)
        if (str_eq(r->sids[i], sid))
            return refuse(r, STR("Statement IDs (SID) in a single policy must be unique."));
    struct texts sids = {r->sids, r->sid_count};
    texts_add(r, &sids, sid);
    r->sids = sids.items;
    r->sid_count = sids.count;
    return ST_OK;
}

static status read_effect(struct reading *r, struct statement *statement) {
    str effect;
    if (!read_scalar(r, false, &effect))
        return refuse_syntax(r);
    if (str_eq(effect, STR("Allow")))
        statement->effect = POLICY_ALLOWS;
    else if (str_eq(effect, STR("Deny")))
        statement->effect = POLICY_DENIES;
    else
        return refuse(r, arena_printf(r->arena, "Invalid effect: %.*s", STR_ARG(effect)));
    return ST_OK;
}

static status read_element(struct reading *r, enum element element, struct statement *statement) {
    switch (element) {
    case ELEMENT_SID:
        return read_sid(r);
    case ELEMENT_EFFECT:
        return read_effect(r, statement);
    case ELEMENT_PRINCIPAL:
    case ELEMENT_NOT_PRINCIPAL:
        return read_principals(r, statement, element == ELEMENT_NOT_PRINCIPAL);
    case ELEMENT_ACTION:
    case ELEMENT_NOT_ACTION:
        return read_actions(r, statement, element == ELEMENT_NOT_ACTION);
    case ELEMENT_RESOURCE:
    case ELEMENT_NOT_RESOURCE:
        return read_resources(r, statement, element == ELEMENT_NOT_RESOURCE);
    case ELEMENT_CONDITION:
        return read_conditions(r, statement);
    case ELEMENT_COUNT:
        break;
    }
    return refuse_syntax(r);
}

static status check_complete(struct reading *r, const struct statement *statement) {
    if (statement->effect == POLICY_SILENT)
        return refuse(r, STR("Missing required field Effect"));
    if (statement->actions == NULL)
        return refuse(r, STR("Policy statement must contain actions."));
    if (r->kind != POLICY_IDENTITY && !statement->has_principals)
        return refuse(r, STR("Missing required field Principal"));
    if (r->kind != POLICY_TRUST && !statement->has_resources)
        return refuse(r, STR("Policy statement must contain resources."));
    return ST_OK;
}

static status read_statement(struct reading *r, struct statement *statement) {
    unsigned seen = 0;
    str name;
    if (!json_object_begin(&r->json))
        return refuse_syntax(r);
    while (json_object_next(&r->json, &name)) {
        unsigned element = 0;
        while (element < ELEMENT_COUNT && !str_eq(element_names[element], name))
            element++;
        if (element == ELEMENT_COUNT || seen & ELEMENT_BIT(element))
            return refuse_syntax(r);
        seen |= ELEMENT_BIT(element);
        TRY(read_element(r, (enum element)element, statement));
    }
    return json_reader_failed(&r->json) ? refuse_syntax(r) : check_complete(r, statement);
}

static status add_statement(struct reading *r, struct policy *policy) {
    if (policy->statement_count == POLICY_STATEMENTS_MAX)
        return refuse(r, arena_printf(r->arena, "A policy has %d statements at most.",
                                      POLICY_STATEMENTS_MAX));
    struct statement *list =
        list_add(r->scratch, (void *)policy->statements, policy->statement_count, sizeof *list);
    policy->statements = list;
    return read_statement(r, &list[policy->statement_count++]);
}

static status read_statements(struct reading *r, struct policy *policy) {
    if (json_peek(&r->json) == JSON_OBJECT)
        return add_statement(r, policy);
    if (!json_array_begin(&r->json))
        return refuse_syntax(r);
    while (json_array_next(&r->json))
        TRY(add_statement(r, policy));
    return json_reader_failed(&r->json) ? refuse_syntax(r) : ST_OK;
}

/* ---- the document ---- */

/* The version says how texts are read, and may stand behind them: it is looked for first. */
static status find_version(struct reading *r, str text) {
    struct json_reader *json = &r->json;
    str name, version = STR("2008-10-17");
    json_reader_init(json, text, r->arena);
    if (json_peek(json) != JSON_OBJECT || !json_object_begin(json))
        return refuse_syntax(r);
    while (json_object_next(json, &name))
        if (str_eq(name, STR("Version")) ? !json_string(json, &version) : !json_skip(json))
            return refuse_syntax(r);
    if (!json_finish(json))
        return refuse_syntax(r);
    r->variables = str_eq(version, STR("2012-10-17"));
    if (!r->variables && !str_eq(version, STR("2008-10-17")))
        return refuse(r, str_cmp(version, STR("2012-10-17")) < 0
                             ? STR("Policy document must be version 2012-10-17 or greater.")
                             : STR("The policy must contain a valid version string"));
    return ST_OK;
}

static status read_document(struct reading *r, str text, struct policy *policy) {
    static const str members[] = {STR_INIT("Version"), STR_INIT("Id"), STR_INIT("Statement")};
    unsigned seen = 0;
    str name, ignored;
    TRY(find_version(r, text));
    json_reader_init(&r->json, text, r->arena);
    if (!json_object_begin(&r->json))
        return refuse_syntax(r);
    while (json_object_next(&r->json, &name)) {
        unsigned member = 0;
        while (member < 3 && !str_eq(members[member], name))
            member++;
        if (member == 3 || seen & 1u << member)
            return refuse_syntax(r);
        seen |= 1u << member;
        if (member == 2)
            TRY(read_statements(r, policy));
        else if (!read_scalar(r, false, &ignored))
            return refuse_syntax(r);
    }
    if (!json_finish(&r->json) || policy->statement_count == 0)
        return refuse_syntax(r);
    policy->statements =
        list_keep(r, policy->statements, policy->statement_count, sizeof *policy->statements);
    return ST_OK;
}

status policy_compile(str text, enum policy_kind kind, struct arena *arena,
                      const struct policy **out, str *out_problem) {
    return policy_compile_stored(text, kind, (struct policy_names){}, arena, out, out_problem);
}

status policy_compile_stored(str text, enum policy_kind kind, struct policy_names names,
                             struct arena *arena, const struct policy **out, str *out_problem) {
    struct reading r = {.arena = arena, .kind = kind, .names = names};
    struct policy *policy = arena_struct(arena, struct policy);
    status st;
    if (text.len > POLICY_BYTES_MAX) {
        st = refuse(&r, arena_printf(arena, "A policy has %d bytes at most.", POLICY_BYTES_MAX));
    } else {
        r.scratch = arena_new(SCRATCH_MAX);
        st = read_document(&r, arena_copy(arena, text), policy);
        arena_free(r.scratch);
    }
    if (st != ST_OK) {
        *out_problem = r.problem;
        return st;
    }
    policy->asks = r.asks;
    *out = policy;
    return ST_OK;
}
