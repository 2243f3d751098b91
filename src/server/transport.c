#include "server/transport.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    ARENA_MAX = 4 * 1024 * 1024,
    NAMES_MAX = 64,
    DAYS_LEFT_MIN = 30, /* a certificate that we made is made anew when it has less */
};

static void tell(struct tls_problem *problem, const char *what, const char *why) {
    snprintf(problem->text, sizeof problem->text, "%s: %s", what, why);
}

/* ---- files ---- */

static bool read_whole(const char *path, struct arena *arena, str *out, struct stat *out_seen) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    char *text = arena_bytes(arena, TRANSPORT_FILE_MAX);
    ssize_t got = fstat(fd, out_seen) == 0 ? read(fd, text, TRANSPORT_FILE_MAX) : -1;
    int why = errno;
    close(fd);
    errno = why;
    *out = (str){text, got > 0 ? (size_t)got : 0};
    return got >= 0;
}

/* Complete or not there at all, whenever we may be stopped. */
static bool write_whole(const char *path, str text, mode_t mode) {
    char draft[PATH_MAX + 8];
    snprintf(draft, sizeof draft, "%s.new", path);
    (void)unlink(draft); /* of a start that was cut short */
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return false;
    bool fine = fchmod(fd, mode) == 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len &&
                fsync(fd) == 0;
    fine = close(fd) == 0 && fine;
    return fine && rename(draft, path) == 0;
}

/* Nothing of a key stays behind in memory that is given back. */
static void forget(str secret) {
    if (secret.ptr != NULL)
        explicit_bzero((char *)(uintptr_t)secret.ptr, secret.len);
}

static bool has_changed(const struct stat *a, const struct stat *b) {
    return a->st_ino != b->st_ino || a->st_dev != b->st_dev || a->st_size != b->st_size ||
           a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

static status read_pair(struct transport *t, struct arena *arena, struct tls_pem *out,
                        struct tls_problem *problem) {
    const char *path = t->certificate_file;
    bool fine = read_whole(path, arena, &out->certificate, &t->certificate_seen);
    if (fine) {
        path = t->key_file;
        fine = read_whole(path, arena, &out->key, &t->key_seen);
    }
    if (!fine)
        tell(problem, path, strerror(errno));
    return fine ? ST_OK : ST_IO;
}

/* ---- a certificate of our own ---- */

static void add_name(str *names, size_t *count, struct arena *arena, const char *name) {
    for (size_t i = 0; i < *count; i++)
        if (str_eq(names[i], str_from_c(name)))
            return;
    if (*count < NAMES_MAX && name[0] != '\0')
        names[(*count)++] = arena_printf(arena, "%s", name);
}

static void add_addresses(str *names, size_t *count, struct arena *arena) {
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) != 0)
        return;
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        char text[INET6_ADDRSTRLEN] = "";
        const struct sockaddr_in *four = (const void *)one->ifa_addr;
        const struct sockaddr_in6 *six = (const void *)one->ifa_addr;
        if (one->ifa_addr != NULL && one->ifa_addr->sa_family == AF_INET)
            inet_ntop(AF_INET, &four->sin_addr, text, sizeof text);
        else if (one->ifa_addr != NULL && one->ifa_addr->sa_family == AF_INET6 &&
                 !IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr))
            inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
        add_name(names, count, arena, text);
    }
    freeifaddrs(all);
}

/* Whether an address means all there are, so that no certificate can name it. */
static bool is_any(const char *host) {
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

static status make_pair(const char *host, struct arena *arena, struct tls_pem *out,
                        struct tls_problem *problem) {
    str names[NAMES_MAX];
    size_t count = 0;
    char own[256] = "";
    add_name(names, &count, arena, "localhost");
    add_name(names, &count, arena, "127.0.0.1");
    add_name(names, &count, arena, "::1");
    if (!is_any(host))
        add_name(names, &count, arena, host);
    if (gethostname(own, sizeof own - 1) == 0)
        add_name(names, &count, arena, own);
    add_addresses(names, &count, arena);
    return tls_self_sign(names, count, arena, out, problem);
}

/* What an earlier start made, while it will do. */
static bool read_made(struct transport *t, const char *host, struct arena *arena,
                      struct tls_pem *out) {
    struct stat seen;
    return read_whole(t->certificate_made, arena, &out->certificate, &seen) &&
           read_whole(t->key_made, arena, &out->key, &seen) && (seen.st_mode & 077) == 0 &&
           tls_certificate_serves(out->certificate, is_any(host) ? "localhost" : host,
                                  DAYS_LEFT_MIN);
}

static status keep_pair(struct transport *t, const struct tls_pem *pem,
                        struct tls_problem *problem) {
    bool fine = t->key_made[0] == '\0' || write_whole(t->key_made, pem->key, 0600);
    fine = fine && write_whole(t->certificate_made, pem->certificate, 0644);
    if (!fine)
        tell(problem, t->certificate_made, strerror(errno));
    return fine ? ST_OK : ST_IO;
}

static bool join(char out[PATH_MAX], const char *directory, const char *name) {
    int len = snprintf(out, PATH_MAX, "%s/%s", directory, name);
    return len > 0 && len < PATH_MAX;
}

/* In memory the key is nowhere else; the certificate must be a file for clients to trust it. */
static status place_made(struct transport *t, const struct config *config,
                         struct tls_problem *problem) {
    const char *directory = config->data_dir;
    if (config->in_memory) {
        const char *parent = getenv("TMPDIR");
        snprintf(t->directory_made, sizeof t->directory_made, "%s/stator-tls-XXXXXX",
                 parent != NULL ? parent : "/tmp");
        if (mkdtemp(t->directory_made) == NULL) {
            tell(problem, t->directory_made, strerror(errno));
            t->directory_made[0] = '\0';
            return ST_IO;
        }
        directory = t->directory_made;
    }
    bool fits = join(t->certificate_made, directory, "tls-cert.pem");
    if (fits && !config->in_memory)
        fits = join(t->key_made, directory, "tls-key.pem");
    if (!fits)
        tell(problem, directory, "the path is too long");
    return fits ? ST_OK : ST_IO;
}

static status self_signed(struct transport *t, const struct config *config, struct arena *arena,
                          struct tls_pem *out, struct tls_problem *problem) {
    TRY(place_made(t, config, problem));
    if (!config->in_memory && read_made(t, config->host, arena, out))
        return ST_OK;
    TRY(make_pair(config->host, arena, out, problem));
    return keep_pair(t, out, problem);
}

/* ---- */

bool transport_open(const struct config *config, struct transport *out) {
    struct tls_pem pem = {};
    struct tls_problem problem = {};
    *out = (struct transport){};
    if (config->tls_cert[0] == '\0' && !config->tls_self_signed)
        return true;
    struct arena *arena = arena_new(ARENA_MAX);
    status st;
    if (config->tls_self_signed) {
        st = self_signed(out, config, arena, &pem, &problem);
    } else {
        out->certificate_file = config->tls_cert;
        out->key_file = config->tls_key;
        st = read_pair(out, arena, &pem, &problem);
    }
    if (st == ST_OK)
        st = tls_open(&pem, &out->tls, &problem);
    forget(pem.key);
    arena_free(arena);
    if (st == ST_OK)
        return true;
    fprintf(stderr, "stator: TLS: %s\n", problem.text);
    transport_close(out);
    return false;
}

/* What was seen of the files is kept whether or not they were good: bad ones are told once. */
void transport_reload(struct transport *t, bool asked) {
    struct stat certificate, key;
    if (t->tls == NULL || t->certificate_file == NULL)
        return;
    bool there = stat(t->certificate_file, &certificate) == 0 && stat(t->key_file, &key) == 0;
    if (!asked && (!there || (!has_changed(&certificate, &t->certificate_seen) &&
                              !has_changed(&key, &t->key_seen))))
        return;
    if (there) { /* a file that can't be opened was seen, too */
        t->certificate_seen = certificate;
        t->key_seen = key;
    }
    struct arena *arena = arena_new(ARENA_MAX);
    struct tls_pem pem = {};
    struct tls_problem problem = {};
    status st = read_pair(t, arena, &pem, &problem);
    if (st == ST_OK)
        st = tls_replace(t->tls, &pem, &problem);
    forget(pem.key);
    arena_free(arena);
    if (st == ST_OK)
        log_info("event=certificate_loaded file=\"%s\"", t->certificate_file);
    else
        log_error("event=certificate_kept file=\"%s\" problem=\"%s\"", t->certificate_file,
                  problem.text);
}

void transport_close(struct transport *t) {
    tls_close(t->tls);
    t->tls = NULL;
    if (t->directory_made[0] == '\0')
        return;
    (void)unlink(t->certificate_made);
    (void)rmdir(t->directory_made);
    t->directory_made[0] = '\0';
}
