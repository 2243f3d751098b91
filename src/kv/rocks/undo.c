/* What a group replaces, read before anything can show whether the group came back (commit.c).
 *
 * Putting it back where it never left is harmless, so nobody has to find out what became of the
 * group. A range that the group drops stays dropped if it did: its keys are nobody's any more, and
 * who was told that it failed drops it again. */
#include "kv/rocks/rocks_int.h"

struct undo {
    struct rocks *rocks;
    rocksdb_writebatch_t *batch;
    status st;
};

static void put_back(struct undo *undo, const char *key, size_t key_len) {
    char *error = NULL;
    struct rocks_parts *parts = &undo->rocks->parts;
    if (undo->st != ST_OK)
        return;
    rocksdb_pinnableslice_t *pinned =
        rocksdb_get_pinned(parts->db, parts->read_any, key, key_len, &error);
    undo->st = rocks_status(&error);
    if (undo->st != ST_OK)
        return;
    if (pinned == NULL) {
        rocksdb_writebatch_delete(undo->batch, key, key_len);
        return;
    }
    size_t len;
    const char *value = rocksdb_pinnableslice_value(pinned, &len);
    rocksdb_writebatch_put(undo->batch, key, key_len, value, len);
    rocksdb_pinnableslice_destroy(pinned);
}

static void see_put(void *context, const char *key, size_t key_len, const char *value, size_t len) {
    (void)value, (void)len;
    put_back(context, key, key_len);
}

static void see_delete(void *context, const char *key, size_t key_len) {
    put_back(context, key, key_len);
}

status undo_make(struct rocks *rocks, struct group *group, rocksdb_writebatch_t **out) {
    struct undo undo = {rocks, rocksdb_writebatch_create(), ST_OK};
    /* It stops at the first range, which the committer put behind all keys but the totals. */
    rocksdb_writebatch_iterate(group->batch, &undo, see_put, see_delete);
    for (size_t i = 0; i < group->deltas.count; i++)
        put_back(&undo, group->deltas.list[i].key.ptr, group->deltas.list[i].key.len);
    if (undo.st == ST_OK)
        *out = undo.batch;
    else
        rocksdb_writebatch_destroy(undo.batch);
    return undo.st;
}
