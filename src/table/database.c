#include "table/database.h"

#include "base/check.h"
#include "table/catalogue.h"

#include <stdlib.h>

static str copy_text(str text) {
    char *copy = malloc(text.len + 1);
    CHECK(copy != NULL);
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    return (str){copy, text.len};
}

static void database_free(struct database *database) {
    free((char *)database->region.ptr);
    free((char *)database->account_id.ptr);
    free(database);
}

status database_open(struct kv *kv, str region, str account_id, struct database **out) {
    struct database *database = calloc(1, sizeof *database);
    CHECK(database != NULL);
    database->kv = kv;
    database->region = copy_text(region);
    database->account_id = copy_text(account_id);
    status st = catalogue_load(database);
    if (st != ST_OK) {
        database_free(database);
        return st;
    }
    *out = database;
    return ST_OK;
}

void database_close(struct database *database) {
    if (database == NULL)
        return;
    kv_close(database->kv);
    catalogue_free(database->catalogue);
    database_free(database);
}
