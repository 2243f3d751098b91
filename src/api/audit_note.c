#include "api/audit_note.h"

#include "api/request.h"
#include "api/shape_int.h"

void audit_note_table(struct audit_note *note, str name) {
    if (note == NULL || name.len == 0 || note->table_count == AUDIT_TABLES_MAX)
        return;
    for (size_t i = 0; i < note->table_count; i++)
        if (str_eq(note->tables[i], name))
            return;
    note->tables[note->table_count++] = name;
}

/* Members named so hold nothing but names. A stream's ARN stays whole: its table may be another by
 * now. */
static void note_member(struct audit_note *note, str member, str value) {
    if (value.ptr == NULL)
        return;
    if (str_eq(member, STR("IndexName")))
        note->index = value;
    else if (str_eq(member, STR("StreamArn")))
        audit_note_table(note, value);
    else if (str_eq(member, STR("TableName")) || str_eq(member, STR("TableArn")) ||
             str_eq(member, STR("ResourceArn")))
        audit_note_table(note, request_table_name(value));
}

/* Batches: a map whose keys are tables. */
static void note_map(struct audit_note *note, const struct shape *shape, const void *slot) {
    const struct any_map *map = *(const struct any_map *const *)slot;
    if (map == NULL || !shapes[shape->key].is_table_name)
        return;
    for (size_t i = 0; i < map->count; i++)
        audit_note_table(note, request_table_name(map->keys[i]));
}

void audit_note_input(struct audit_note *note, const struct operation *operation,
                      const void *input) {
    if (note == NULL)
        return;
    const struct shape *shape = &shapes[operation->input];
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct shape_member *member = &shape_members[shape->first_member + i];
        const void *slot = (const char *)input + member->offset;
        const struct shape *of = &shapes[member->shape];
        if (of->kind == KIND_STRING)
            note_member(note, member->name, *(const str *)slot);
        else if (of->kind == KIND_MAP)
            note_map(note, of, slot);
    }
}
