/* legacy.h - the parameters that were there before expressions, as what expressions become.
 *
 * Purpose:   Expected, QueryFilter, ScanFilter, KeyConditions, AttributeUpdates, AttributesToGet
 *            and ConditionalOperator, from the typed input to conditions, updates, projections.
 * Ownership: in the request's arena.
 * Threads:   one at a time.
 * Errors:    through the scope, in the service's words.
 * Limits:    expr/legacy.h's.
 */
#pragma once

#include "api/request.h"

/* *out is NULL when there is no condition. */
status legacy_expected(struct request *request, const struct in_ExpectedAttributeMap *expected,
                       str conditional_operator, const struct expr_condition **out);
status legacy_filter(struct request *request, const struct in_FilterConditionMap *filter,
                     str conditional_operator, const struct expr_condition **out);
status legacy_key_conditions(struct request *request, const struct in_KeyConditions *conditions,
                             const struct key_condition **out, size_t *out_count);
/* *out is NULL when there is no update. */
status legacy_update(struct request *request, const struct in_AttributeUpdates *updates,
                     const struct expr_update **out);
/* *out is NULL when there are no names: everything is wanted. */
status legacy_projection(struct request *request, const struct in_AttributeNameList *names,
                         const struct expr_projection **out);
