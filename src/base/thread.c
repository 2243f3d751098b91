#include "base/thread.h"

#include "base/check.h"

#include <pthread.h>
#include <stdlib.h>

static _Thread_local bool is_loop;

void thread_mark_loop(void) {
    is_loop = true;
}

bool thread_may_wait(void) {
    return !is_loop;
}

void thread_set_name(const char *name) {
    pthread_setname_np(pthread_self(), name);
}

struct job {
    pool_job *run;
    void *argument;
};

struct pool {
    const char *name;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct job *queue; /* a ring */
    size_t queue_max, first, count;
    bool stopping;
    size_t thread_count;
    pthread_t threads[];
};

static void *pool_main(void *argument) {
    struct pool *pool = argument;
    thread_set_name(pool->name);
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping) {
        if (pool->count == 0) {
            pthread_cond_wait(&pool->more, &pool->lock);
            continue;
        }
        struct job job = pool->queue[pool->first];
        pool->first = (pool->first + 1) % pool->queue_max;
        pool->count--;
        pthread_mutex_unlock(&pool->lock);
        job.run(job.argument);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

struct pool *pool_new(const char *name, size_t thread_count, size_t queue_max) {
    struct pool *pool = calloc(1, sizeof *pool + thread_count * sizeof pool->threads[0]);
    CHECK(pool != NULL);
    pool->name = name;
    pool->queue_max = queue_max;
    pool->queue = calloc(queue_max, sizeof *pool->queue);
    CHECK(pool->queue != NULL);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->more, NULL);
    pool->thread_count = thread_count;
    for (size_t i = 0; i < thread_count; i++)
        CHECK(pthread_create(&pool->threads[i], NULL, pool_main, pool) == 0);
    return pool;
}

void pool_free(struct pool *pool) {
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->more);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->more);
    free(pool->queue);
    free(pool);
}

bool pool_add(struct pool *pool, pool_job *job, void *argument) {
    pthread_mutex_lock(&pool->lock);
    bool room = pool->count < pool->queue_max && !pool->stopping;
    if (room) {
        pool->queue[(pool->first + pool->count) % pool->queue_max] = (struct job){job, argument};
        pool->count++;
        pthread_cond_signal(&pool->more);
    }
    pthread_mutex_unlock(&pool->lock);
    return room;
}
