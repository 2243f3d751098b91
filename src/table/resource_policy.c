#include "table/resource_policy.h"

#include "base/check.h"

#define DENY_ALL                                                                                   \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\","         \
    "\"Action\":\"*\",\"Resource\":\"*\"}]}"

void resource_policy_compile(struct resource_policy *policy, struct arena *arena) {
    str problem;
    policy->compiled = NULL;
    if (policy->text.ptr == NULL ||
        policy_compile_stored(policy->text, POLICY_RESOURCE, policy->names, arena,
                              &policy->compiled, &problem) == ST_OK)
        return;
    CHECK(policy_compile(STR(DENY_ALL), POLICY_RESOURCE, arena, &policy->compiled, &problem) ==
          ST_OK);
}
