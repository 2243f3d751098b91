/* Compiled policies belong to the identities whose documents they are: there is one of each version
 * of a document, however many snapshots, users and sessions there are. Whoever decides by one holds
 * a reference, so it outlives its identity. */
#include "auth/identity_int.h"
#include "base/check.h"
#include "base/thread.h"

static size_t count_of(const struct identity *identity) {
    return compiled_count(identity->kind, identity->document_count);
}

static str text_of(const struct identity *identity, size_t index) {
    return identity->kind == IDENTITY_POLICY ? identity->document : identity->documents[index].text;
}

/* ---- what stands for a policy that isn't there, or is none ---- */

static const struct policy *deny;
static pthread_once_t deny_once = PTHREAD_ONCE_INIT;

static void deny_make(void) {
    static const str text =
        STR_INIT("{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"*\","
                 "\"Resource\":\"*\"}}");
    CHECK(policy_new(text, POLICY_IDENTITY, &deny) == ST_OK);
}

static const struct policy *deny_everything(void) {
    pthread_once(&deny_once, deny_make);
    policy_ref(deny);
    return deny;
}

/* ---- compiling ---- */

status compiled_own(str text, const struct policy **out) {
    if (text.ptr != NULL && !thread_may_wait())
        return ST_WOULD_WAIT;
    if (text.ptr == NULL || policy_new(text, POLICY_IDENTITY, out) != ST_OK)
        *out = deny_everything();
    return ST_OK;
}

status compiled_get(const struct identity *identity, size_t index, const struct policy **out) {
    _Atomic(const struct policy *) *place = &identity->compiled[index];
    const struct policy *policy = atomic_load_explicit(place, memory_order_acquire);
    if (policy == NULL) {
        const struct policy *made;
        TRY(compiled_own(text_of(identity, index), &made));
        if (atomic_compare_exchange_strong_explicit(place, &policy, made, memory_order_acq_rel,
                                                    memory_order_acquire))
            policy = made;
        else
            policy_unref(made); /* another thread was quicker */
    }
    policy_ref(policy);
    *out = policy;
    return ST_OK;
}

void compiled_keep(const struct identity *old, struct identity *made) {
    for (size_t i = 0; i < count_of(made); i++) {
        size_t same = 0;
        while (same < count_of(old) && !str_eq(text_of(old, same), text_of(made, i)))
            same++;
        const struct policy *policy =
            same < count_of(old) ? atomic_load_explicit(&old->compiled[same], memory_order_acquire)
                                 : NULL;
        if (policy != NULL)
            policy_ref(policy);
        atomic_store_explicit(&made->compiled[i], policy, memory_order_release);
    }
}

void compiled_drop(struct identity *identity) {
    for (size_t i = 0; i < count_of(identity); i++)
        policy_unref(atomic_load_explicit(&identity->compiled[i], memory_order_acquire));
}
