/* table.h - what a table is: keys, indexes, settings.
 *
 * Purpose:   the description that every operation works by; stored in the catalogue.
 * Ownership: a published table is immutable, lives in its own arena and is counted by the
 *            catalogue snapshots that hold it; strings inside belong to that arena.
 * Threads:   any; only `superseded` changes after publication.
 * Errors:    none here.
 * Limits:    the service's: 20 global and 5 local indexes, 4 + 4 key attributes in a global index.
 */
#pragma once

#include "item/value.h"
#include "table/resource_policy.h"

#include <stdatomic.h>

enum {
    KEY_PARTS_MAX = 4,
    GLOBAL_INDEXES_MAX = 20,
    LOCAL_INDEXES_MAX = 5,
    PROJECTED_NAMES_MAX = 100,
    DESTINATIONS_MAX = 16, /* described; of more, the oldest is forgotten */
    HASH_KEY_BYTES_MAX = 2048,
    RANGE_KEY_BYTES_MAX = 1024,
    ITEM_BYTES_MAX = 400 * 1024,
};

struct key_attribute {
    str name;
    enum value_kind kind;
};

struct key_schema {
    struct key_attribute hash[KEY_PARTS_MAX];
    size_t hash_count;
    struct key_attribute range[KEY_PARTS_MAX];
    size_t range_count;
};

enum projection_kind { PROJECT_ALL, PROJECT_KEYS_ONLY, PROJECT_INCLUDE };

struct units {
    int64_t read, write;
};

struct throughput {
    int64_t read_units, write_units;    /* 0 on demand */
    int64_t decreases;                  /* on the (UTC) day of decreased_us */
    int64_t increased_us, decreased_us; /* 0: never */
};

/* An index that comes takes part in every write from its first description on, while the job
 * build_indexes files what was there before; one that goes takes part in nothing any more. */
enum index_status { INDEX_ACTIVE, INDEX_CREATING, INDEX_DELETING };

struct index {
    str name;
    uint16_t id; /* part of its storage keys; 0 is the table itself */
    bool global;
    struct key_schema key;
    enum projection_kind projection;
    const str *included; /* NonKeyAttributes, as given */
    size_t included_count;
    struct throughput throughput;
    struct units on_demand_max; /* 0: no limit */
    struct units warm;          /* 0: never said */
    enum index_status status;
    bool backfilling;          /* while CREATING: its job has begun */
    int64_t updating_until_us; /* shown as UPDATING (ACTIVE) or in its status at least so long */
};

struct tag {
    str key, value;
};

/* Items that have `attribute` as a number of seconds in the past are deleted. */
struct time_to_live {
    str attribute; /* absent: off */
    str former;    /* off: which one it was */
    int64_t changed_us;
    bool indexed; /* all items are in the index of expiry times; off: some may be (expiry.h) */
};

enum stream_view { VIEW_KEYS_ONLY, VIEW_NEW_IMAGE, VIEW_OLD_IMAGE, VIEW_NEW_AND_OLD_IMAGES };

/* The change log that a table writes to now. What was logged before, and its shards, is described
 * apart from the table. */
struct change_log {
    uint32_t id; /* never used twice; 0: none */
    enum stream_view view;
    int64_t created_us;   /* its label, whole milliseconds; of the last one when there is none */
    int64_t opened_us;    /* since when these shards are open */
    uint32_t first_shard; /* number of the first open shard */
    uint32_t shard_count; /* open shards, by hash of the partition key */
};

/* Where the records of table->destination are sent. A table has at most one that is not DISABLED or
 * ENABLE_FAILED; the others are only described. UPDATING is shown, never stored. */
enum destination_status {
    DESTINATION_ENABLING,
    DESTINATION_ACTIVE,
    DESTINATION_DISABLING,
    DESTINATION_DISABLED,
    DESTINATION_ENABLE_FAILED,
    DESTINATION_UPDATING
};
struct destination {
    str stream_arn;
    enum destination_status status;
    bool precision_said; /* when it was enabled or updated */
    bool microseconds;
    str problem; /* of ENABLE_FAILED */
    int64_t changed_us;
    /* DISABLING: the log that has ended, and is still delivered to its end. */
    uint32_t last_log_id, last_shard_count;
};

struct encryption {
    bool customer_key; /* SSE-KMS was asked for */
    str key_arn;
    int64_t changed_us;
};

/* Which keys CloudWatch's contributor insights would show; by position: 0 the table, then as in
 * table->indexes. */
enum insights_mode { INSIGHTS_OFF, INSIGHTS_ACCESSED, INSIGHTS_THROTTLED };
struct insights {
    str index_name; /* absent: the table */
    enum insights_mode mode;
    int64_t changed_us;
};

/* TABLE_DELETING: only a deletion under way has it; whether a table shows as CREATING or UPDATING
 * follows from its times. */
enum table_status { TABLE_ACTIVE, TABLE_DELETING };

struct table {
    str name;
    uint32_t id; /* never used twice */
    str uuid;    /* TableId */
    enum table_status status;
    int64_t created_us;
    struct key_schema key;
    const struct key_attribute *attributes; /* AttributeDefinitions, as given */
    size_t attribute_count;
    const struct index *indexes; /* local ones first */
    size_t index_count;
    bool on_demand;
    int64_t on_demand_since_us;
    struct throughput throughput;
    bool deletion_protection;
    str table_class;                /* absent: never said */
    int64_t table_class_changed_us; /* 0: never since the table was made */
    const struct tag *tags;
    size_t tag_count;
    struct units on_demand_max;                   /* 0: no limit */
    struct units warm;                            /* 0: never said */
    int64_t creating_until_us, updating_until_us; /* what it shows as, --status-delay-ms */
    uint16_t next_index_id;                       /* indexes' ids are never used twice */
    struct time_to_live ttl;
    struct change_log stream;      /* of the user's StreamSpecification */
    struct change_log destination; /* of streaming destinations; always NEW_AND_OLD_IMAGES */
    const struct destination *destinations;
    size_t destination_count;
    struct encryption encryption;
    const struct insights *insights;
    size_t insights_count;
    struct resource_policy policy;
    struct resource_policy stream_policy; /* of the stream whose created_us it names */
    /* Of this description, never used twice in this process: the same number promises the same
     * policies and tags. */
    uint64_t generation;

    struct arena *arena; /* holds all of this */
    atomic_uint references;
    /* A newer description, or none, has taken its place: a write that relied on this one must
     * look again. Read under the shared latch of its catalogue key. */
    atomic_bool superseded;
};

/* NULL when there is none of that name. */
const struct index *table_index(const struct table *table, str name);

/* Whether `name` is an attribute of this key. */
bool key_schema_has(const struct key_schema *key, str name);
/* The parts in order: hashes, then ranges. */
static inline size_t key_schema_count(const struct key_schema *key) {
    return key->hash_count + key->range_count;
}
static inline const struct key_attribute *key_schema_part(const struct key_schema *key, size_t i) {
    return i < key->hash_count ? &key->hash[i] : &key->range[i - key->hash_count];
}
/* Whether an entry of the index holds the attribute. */
bool index_projects(const struct table *table, const struct index *index, str name);
