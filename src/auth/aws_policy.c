/* The well-known policies that are attached by name everywhere: what they grant of what there is
 * here, in our own words. They are made once and stay. */
#include "auth/identity_int.h"
#include "base/check.h"

#include <pthread.h>

#define POLICY_OF(actions)                                                                         \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":" actions         \
    ",\"Resource\":\"*\"}]}"

/* By name, as name_order has it. */
static const struct {
    const char *name, *id, *description, *document;
} rows[] = {
    {"AdministratorAccess", "ANPASTATORADMINISTRAT", "Everything.", POLICY_OF("\"*\"")},
    {"AmazonDynamoDBFullAccess", "ANPASTATORDYNAMODBALL", "Everything with tables and streams.",
     POLICY_OF("[\"dynamodb:*\",\"dax:*\"]")},
    {"AmazonDynamoDBFullAccess_v2", "ANPASTATORDYNAMODBAL2", "Everything with tables and streams.",
     POLICY_OF("[\"dynamodb:*\",\"dax:*\"]")},
    {"AmazonDynamoDBReadOnlyAccess", "ANPASTATORDYNAMODBGET", "Reading tables and streams.",
     POLICY_OF("[\"dynamodb:BatchGetItem\",\"dynamodb:ConditionCheckItem\",\"dynamodb:Describe*\","
               "\"dynamodb:Get*\",\"dynamodb:List*\",\"dynamodb:PartiQLSelect\","
               "\"dynamodb:Query\",\"dynamodb:Scan\"]")},
    {"IAMFullAccess", "ANPASTATORIAMALLTHING", "Everything with users, roles and policies.",
     POLICY_OF("\"iam:*\"")},
    {"IAMReadOnlyAccess", "ANPASTATORIAMREADONLY", "Reading users, roles and policies.",
     POLICY_OF("[\"iam:Get*\",\"iam:List*\"]")},
    {"ReadOnlyAccess", "ANPASTATORREADALLTHIN", "Reading everything.",
     POLICY_OF("[\"dynamodb:BatchGetItem\",\"dynamodb:Describe*\",\"dynamodb:Get*\","
               "\"dynamodb:List*\",\"dynamodb:PartiQLSelect\",\"dynamodb:Query\","
               "\"dynamodb:Scan\",\"iam:Get*\",\"iam:List*\",\"sts:GetCallerIdentity\"]")},
};

enum { ROWS = sizeof rows / sizeof rows[0], ARN_MAX = 80 };

static struct identity identities[ROWS];
static char arns[ROWS][ARN_MAX];
static _Atomic(const struct policy *) compiled[ROWS];
static const struct identity *entries[ROWS];
static const struct identity_list list = {entries, ROWS};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make(void) {
    for (size_t i = 0; i < ROWS; i++) {
        str name = str_from_c(rows[i].name);
        size_t len = identity_arn(IDENTITY_POLICY, STR("aws"), STR("/"), name, NULL);
        CHECK(len <= ARN_MAX);
        (void)identity_arn(IDENTITY_POLICY, STR("aws"), STR("/"), name, arns[i]); /* as asked */
        struct identity *policy = &identities[i];
        atomic_init(&policy->references, 1);
        policy->compiled = &compiled[i];
        policy->kind = IDENTITY_POLICY;
        policy->name = name;
        policy->path = STR("/");
        policy->id = str_from_c(rows[i].id);
        policy->arn = (str){arns[i], len};
        policy->description = str_from_c(rows[i].description);
        policy->document = str_from_c(rows[i].document);
        policy->document_version = 1;
        policy->is_aws = true;
        entries[i] = policy;
        CHECK(i == 0 || name_order(entries[i - 1]->name, name) < 0);
    }
}

const struct identity_list *aws_policies(void) {
    pthread_once(&once, make);
    return &list;
}
