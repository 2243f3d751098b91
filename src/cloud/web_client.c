#include "cloud/web_client.h"

#include "base/buf.h"
#include "base/check.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdlib.h>

/* What is used of it. */
struct curl_library {
    CURLcode (*global_init)(long flags);
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *easy);
    void (*easy_reset)(CURL *easy);
    CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
    CURLcode (*easy_perform)(CURL *easy);
    CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
    const char *(*easy_strerror)(CURLcode code);
    struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
    void (*slist_free_all)(struct curl_slist *list);
};

struct web_client {
    struct curl_library curl;
    CURL *easy; /* keeps the connection */
    const atomic_bool *stop;
};

static bool find(void *library, const char *name, void *out_function) {
    void *symbol = dlsym(library, name);
    memcpy(out_function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static bool load(struct curl_library *out) {
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL); /* for good */
    return library != NULL && find(library, "curl_global_init", &out->global_init) &&
           find(library, "curl_easy_init", &out->easy_init) &&
           find(library, "curl_easy_cleanup", &out->easy_cleanup) &&
           find(library, "curl_easy_reset", &out->easy_reset) &&
           find(library, "curl_easy_setopt", &out->easy_setopt) &&
           find(library, "curl_easy_perform", &out->easy_perform) &&
           find(library, "curl_easy_getinfo", &out->easy_getinfo) &&
           find(library, "curl_easy_strerror", &out->easy_strerror) &&
           find(library, "curl_slist_append", &out->slist_append) &&
           find(library, "curl_slist_free_all", &out->slist_free_all) &&
           out->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

struct web_client *web_client_new(const atomic_bool *stop, const char **out_problem) {
    struct web_client *client = calloc(1, sizeof *client);
    CHECK(client != NULL);
    client->stop = stop;
    *out_problem = "libcurl.so.4 can't be loaded: install libcurl4";
    if (load(&client->curl))
        client->easy = client->curl.easy_init();
    if (client->easy != NULL)
        return client;
    free(client);
    return NULL;
}

void web_client_free(struct web_client *client) {
    if (client == NULL)
        return;
    client->curl.easy_cleanup(client->easy);
    free(client);
}

/* ---- a request ---- */

static size_t take_answer(char *bytes, size_t size, size_t count, void *context) {
    struct buf *answer = context;
    if (answer->len + size * count > WEB_ANSWER_BYTES_MAX)
        return 0; /* ends it */
    buf_add(answer, bytes, size * count);
    return size * count;
}

/* libcurl asks at least once a second. */
static int asked_to_stop(void *context, curl_off_t download, curl_off_t downloaded,
                         curl_off_t upload, curl_off_t uploaded) {
    (void)download, (void)downloaded, (void)upload, (void)uploaded;
    const struct web_client *client = context;
    return atomic_load(client->stop);
}

static CURLcode prepare(struct web_client *client, const struct web_post *post,
                        struct curl_slist *headers, struct buf *answer) {
    CURLcode (*set)(CURL *, CURLoption, ...) = client->curl.easy_setopt;
    CURL *easy = client->easy;
    client->curl.easy_reset(easy); /* of options; the connection stays */
    CURLcode code = set(easy, CURLOPT_URL, post->url);
    /* Where the endpoint is has been said; the environment's proxies are for others. */
    code = code ? code : set(easy, CURLOPT_PROXY, "");
    code = code ? code : set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    code = code ? code : set(easy, CURLOPT_NOSIGNAL, 1L);
    code = code ? code : set(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)WEB_CONNECT_MS);
    code = code ? code : set(easy, CURLOPT_TIMEOUT_MS, (long)WEB_TIMEOUT_MS);
    code = code ? code : set(easy, CURLOPT_POST, 1L);
    code = code ? code : set(easy, CURLOPT_POSTFIELDS, post->body.ptr);
    code = code ? code : set(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.len);
    code = code ? code : set(easy, CURLOPT_HTTPHEADER, headers);
    code = code ? code : set(easy, CURLOPT_USERPWD, post->credentials);
    code = code ? code : set(easy, CURLOPT_AWS_SIGV4, post->signing);
    if (post->ca_file != NULL)
        code = code ? code : set(easy, CURLOPT_CAINFO, post->ca_file);
    code = code ? code : set(easy, CURLOPT_WRITEFUNCTION, take_answer);
    code = code ? code : set(easy, CURLOPT_WRITEDATA, answer);
    code = code ? code : set(easy, CURLOPT_NOPROGRESS, 0L);
    code = code ? code : set(easy, CURLOPT_XFERINFOFUNCTION, asked_to_stop);
    return code ? code : set(easy, CURLOPT_XFERINFODATA, client);
}

long web_client_post(struct web_client *client, struct arena *arena, const struct web_post *post,
                     str *out_answer, str *out_problem) {
    /* libcurl would wait a second for a "100 Continue" before each large body. */
    struct curl_slist *headers = client->curl.slist_append(NULL, "Expect:");
    for (size_t i = 0; i < post->header_count; i++)
        headers = client->curl.slist_append(headers, post->headers[i]);
    struct buf answer;
    buf_init(&answer, arena, 4096);
    CURLcode code = prepare(client, post, headers, &answer);
    if (code == CURLE_OK)
        code = client->curl.easy_perform(client->easy);
    long answered = 0;
    if (code == CURLE_OK)
        code = client->curl.easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &answered);
    client->curl.slist_free_all(headers);
    *out_answer = buf_str(&answer);
    *out_problem = code == CURLE_OK
                       ? (str){}
                       : arena_copy(arena, str_from_c(client->curl.easy_strerror(code)));
    return code == CURLE_OK ? answered : 0;
}
