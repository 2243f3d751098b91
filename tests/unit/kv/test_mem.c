/* What the in-memory engine has beyond the contract: faults on demand. */
#include "kv/mem/mem.h"
#include "lib/test.h"

static status put(struct kv_txn *txn, void *context) {
    (void)context;
    kv_txn_put(txn, STR("k"), STR("v"));
    return ST_OK;
}

static status update(struct kv *kv) {
    uint64_t ticket;
    return kv_update(kv, &(struct kv_keys){}, put, NULL, &ticket);
}

static void planned_faults_happen_once_and_change_nothing(void **state) {
    (void)state;
    struct kv *kv;
    struct arena *arena = arena_new(1 << 20);
    struct kv_page page;
    str value;
    assert_status(kv_mem_open(&kv), ST_OK);
    kv_mem_faults(kv, &(struct kv_mem_faults){.update_io = 1});
    assert_status(update(kv), ST_IO);
    assert_status(kv_find(kv, NULL, arena, STR("k"), &value), ST_NOT_FOUND);
    kv_mem_faults(kv, &(struct kv_mem_faults){.update_full = 2});
    assert_status(update(kv), ST_OK);
    assert_status(update(kv), ST_FULL);
    assert_status(update(kv), ST_OK);
    kv_mem_faults(kv, &(struct kv_mem_faults){.find_would_wait = 2, .scan_would_wait = 1});
    assert_status(kv_find(kv, NULL, arena, STR("k"), &value), ST_OK);
    assert_status(kv_find(kv, NULL, arena, STR("k"), &value), ST_WOULD_WAIT);
    assert_status(kv_find(kv, NULL, arena, STR("k"), &value), ST_OK);
    assert_status(kv_scan(kv, NULL, arena, &(struct kv_range){}, 5, 100, &page), ST_WOULD_WAIT);
    assert_status(kv_scan(kv, NULL, arena, &(struct kv_range){}, 5, 100, &page), ST_OK);
    assert_int_equal(page.count, 1);
    kv_close(kv);
    arena_free(arena);
}

static void there_is_no_disk_to_copy_to(void **state) {
    (void)state;
    struct kv *kv;
    assert_status(kv_mem_open(&kv), ST_OK);
    assert_status(kv_checkpoint(kv, "/tmp/nowhere"), ST_INVALID);
    kv_close(kv);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planned_faults_happen_once_and_change_nothing),
        cmocka_unit_test(there_is_no_disk_to_copy_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
