#include "server/fault_page.h"

#include "base/log.h"

static bool replace(struct faults *faults, str text, struct arena *arena, str *out_problem) {
    if (!faults_set(faults, text, arena, out_problem))
        return false;
    log_info("event=faults_set count=%zu", atomic_load(&faults->count));
    return true;
}

int fault_page(struct faults *faults, str method, str body, struct arena *arena, str *out_text) {
    bool puts_some = str_eq(method, STR("PUT")), ends_all = str_eq(method, STR("DELETE"));
    str problem;
    if (!puts_some && !ends_all && !str_eq(method, STR("GET")) && !str_eq(method, STR("HEAD"))) {
        *out_text = STR("GET, PUT or DELETE\n");
        return 405;
    }
    if ((puts_some || ends_all) && !replace(faults, puts_some ? body : STR(""), arena, &problem)) {
        *out_text = arena_printf(arena, "%.*s\n", STR_ARG(problem));
        return 400;
    }
    struct buf text;
    buf_init(&text, arena, 1024);
    faults_print(faults, &text);
    *out_text = buf_str(&text);
    return 200;
}
