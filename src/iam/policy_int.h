/* policy_int.h - what a compiled policy is made of, and what its parts answer.
 *
 * The texts of a policy become patterns; conditions become operands of their operator's type, so
 * that a decision reads no number, date or address of the policy again.
 */
#pragma once

#include "iam/policy.h"
#include "item/number.h"
#include "json/json_reader.h"

#include <assert.h>
#include <stdatomic.h>

/* ---- context keys ---- */

struct key_ref {
    enum context_key key; /* CONTEXT_KEY_COUNT: one that no request here has */
    str name;             /* behind the slash: of aws:PrincipalTag/NAME */
};

/* False: no condition key at all ("prefix:name" is what is asked). */
bool key_ref_parse(str text, struct key_ref *out);
static inline context_set key_ref_asks(const struct key_ref *ref) {
    return ref->key < CONTEXT_KEY_COUNT ? CONTEXT_BIT(ref->key) : 0;
}
bool key_has_many_values(enum context_key key);

/* What the request has under a key; a single value is put into *room. */
struct context_values key_fetch(const struct key_ref *ref, const struct access_context *context,
                                struct arena *scratch, str *room);

/* ---- patterns ---- */

/* In compiled patterns, bytes that no UTF-8 text holds stand for what is not text. */
enum {
    CODE_ANY_RUN = 0xff,  /* * */
    CODE_ANY_ONE = 0xfe,  /* ?: one character */
    CODE_VARIABLE = 0xfd, /* the next variable */
    CODE_COLON = 0xfc,    /* between two of the six parts of an ARN */
};

enum pattern_syntax {
    PATTERN_WILDCARDS = 1, /* * and ? */
    PATTERN_VARIABLES = 2, /* ${key}, ${key, 'default'}, ${*}, ${?}, ${$} */
    PATTERN_PARTS = 4,     /* its first five colons are CODE_COLON */
};

struct variable {
    struct key_ref key;
    str fallback; /* absent: none */
};

/* Small, since a policy may have thousands of them. */
struct pattern {
    const char *memory; /* its variables, in the order of their codes; behind them its text */
    uint32_t text_len, variable_count;
};

str pattern_text(const struct pattern *pattern); /* with its codes */

/* False: a variable that is none. */
bool pattern_compile(str text, unsigned syntax, struct arena *arena, struct pattern *out,
                     context_set *asks);
/* Index of the brace that closes a variable whose inside starts at `from`, or text.len. */
size_t pattern_variable_end(str text, size_t from);
/* The pattern with its variables' values as text. False: one has no value, so that nothing is like
 * the pattern. */
bool pattern_resolve(const struct pattern *pattern, const struct access_context *context,
                     struct arena *scratch, str *out);
bool pattern_match(str resolved, str text);
/* For PATTERN_PARTS: part by part where the pattern has the six parts of an ARN, else as a whole.
 */
bool pattern_match_parts(str resolved, str arn);

/* ---- values with a type ---- */

struct address {
    unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
};

struct network {
    struct address address;
    unsigned bits; /* of 128 */
};

bool address_parse(str text, struct address *out);
bool network_parse(str text, struct network *out); /* an address, or address/bits */
bool network_holds(const struct network *network, const struct address *address);

/* ISO 8601 as in the W3C's profile, or seconds since 1970. */
bool moment_parse(str text, int64_t *out_us);

/* ---- conditions ---- */

enum operator_family {
    FAMILY_TEXT, /* exact */
    FAMILY_TEXT_NOCASE,
    FAMILY_LIKE,
    FAMILY_ARN,
    FAMILY_NUMBER,
    FAMILY_DATE,
    FAMILY_BOOL,
    FAMILY_BINARY,
    FAMILY_ADDRESS,
    FAMILY_NULL,
};

enum relation { IS_EQUAL, IS_LESS, IS_LESS_OR_EQUAL, IS_GREATER, IS_GREATER_OR_EQUAL };

struct condition_operator {
    str name;
    enum operator_family family;
    enum relation relation; /* numbers and dates */
    bool negated;
};

enum set_quantifier { QUANTIFIER_NONE, FOR_ALL_VALUES, FOR_ANY_VALUE };

struct operand {
    union {
        struct pattern pattern;
        str bytes; /* a number's encoding, a binary */
        int64_t time_us;
        bool flag;
        const struct network *network;
    };
};
static_assert(sizeof(struct operand) == 16, "most of a long policy is operands");

struct condition {
    const struct condition_operator *op;
    enum set_quantifier quantifier;
    bool if_exists;
    struct key_ref key;
    const struct operand *operands;
    size_t operand_count;
};

/* "ForAllValues:StringLikeIfExists"; false: no such operator. */
bool condition_operator_parse(str text, struct condition *out);
/* False: the text is no value of the operator's type. */
bool operand_compile(const struct condition_operator *op, str text, bool variables,
                     struct arena *arena, struct operand *out, context_set *asks);
/* `effect` is that of its statement: see the comment in condition.c. */
bool condition_holds(const struct condition *condition, enum policy_effect effect,
                     const struct access_context *context, struct arena *scratch);

/* ---- statements ---- */

enum principal_name_kind {
    NAMES_ANYONE,
    NAMES_ACCOUNT, /* text: its id */
    NAMES_ARN,     /* of a user, role or session */
    NAMES_NOBODY,  /* a service or an identity provider: never who asks here */
};

struct principal_name {
    enum principal_name_kind kind;
    bool session; /* NAMES_ARN: of a session */
    str text;
    const str *id; /* NAMES_ARN: whose it was when it was stored; NULL: whoever has the name */
};

struct statement {
    enum policy_effect effect;
    bool has_principals; /* else the policy belongs to who asks */
    bool has_resources;  /* else it is about what it is attached to */
    bool not_principals, not_actions, not_resources;
    const struct principal_name *principals;
    const str *actions; /* patterns in lower case */
    const struct pattern *resources;
    const struct condition *conditions;
    size_t principal_count, action_count, resource_count, condition_count;
};

struct policy {
    atomic_uint references; /* of policy_new's, and so is `arena` */
    struct arena *arena;
    context_set asks;
    const struct statement *statements;
    size_t statement_count;
};

/* How directly an allowing statement names who asks; what a resource's policy grants by itself
 * depends on it. */
enum grant {
    GRANT_NONE,
    GRANT_ACCOUNT, /* the account: its own policies must allow, too */
    GRANT_ROLE,    /* the role of a session: within the boundary and the session policies */
    GRANT_DIRECT,  /* the user, the session, anyone */
};

struct verdict {
    enum policy_effect effect;
    enum grant grant; /* of POLICY_ALLOWS: the most direct */
};

struct verdict policy_ask(const struct policy *policy, const struct access_context *context,
                          struct arena *scratch);
