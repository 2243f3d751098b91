/* table_definition.h - keys, projections and capacity as requests define them.
 *
 * Purpose:   what CreateTable and UpdateTable check alike, in the service's words, and copy alike.
 * Ownership: what is kept is copied to the arena given.
 * Threads:   one at a time.
 * Errors:    ValidationException.
 * Limits:    the service's, see table/table.h.
 */
#pragma once

#include "api/request.h"

#define UNITS_MAX INT64_C(1000000000000)

#define INVALID_VALUES "One or more parameter values were invalid: "

/* NULL when there is none of that name; `definitions` may be NULL. */
const struct in_AttributeDefinition *
definition_find(const struct in_AttributeDefinitions *definitions, str name);

/* Hashes first, then ranges; at most `parts_max` of each (1 for tables and local indexes). */
status definition_check_schema(struct scope *scope,
                               const struct in_AttributeDefinitions *definitions,
                               const struct in_KeySchema *schema, size_t parts_max);
status definition_check_projection(struct scope *scope, const struct in_Projection *projection);
status definition_check_units(struct scope *scope,
                              const struct in_ProvisionedThroughput *throughput);
/* Whether ProvisionedThroughput of a global index goes with the billing mode of its table. */
status definition_check_index_units(struct scope *scope, bool on_demand, str index_name,
                                    const struct in_ProvisionedThroughput *throughput);
/* How many names it lists. */
size_t definition_projected(const struct in_Projection *projection);
status definition_check_projected_total(struct scope *scope, size_t projected);

struct key_schema definition_key(const struct in_AttributeDefinitions *definitions,
                                 const struct in_KeySchema *schema, struct arena *arena);
void definition_projection(const struct in_Projection *projection, struct index *index,
                           struct arena *arena);
/* Zero for NULL. */
struct throughput definition_throughput(const struct in_ProvisionedThroughput *throughput);
