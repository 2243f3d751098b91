/* load: requests at a fixed rate, whatever the answers do.
 *
 *     load PORT RATE SECONDS CONNECTIONS REQUESTS
 *
 * A closed loop waits for an answer before it asks again, so a server that stalls is asked less and
 * its stall counted once. Here request n is due at n / RATE seconds and its latency counts from
 * then, also when no connection was free to send it. REQUESTS holds whole HTTP requests, each
 * behind its length in decimal and a newline; they are sent in turn. Prints one line of JSON. One
 * thread. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    REQUESTS_MAX = 100000,
    CONNECTIONS_MAX = 4096,
    ANSWER_MAX = 4 * 1024 * 1024,
    SUB_BUCKETS = 64, /* buckets to a power of two: 1.6 % wide */
    BUCKETS = 40 * SUB_BUCKETS,
    PATIENCE_S = 20,
};

struct request {
    const char *bytes;
    size_t len;
};

struct connection {
    int fd;
    bool busy, is_blocked; /* blocked: what is left of the request waits for room */
    uint64_t due_us;
    size_t sent;
    const struct request *request;
    char *answer;
    size_t answer_len;
};

static struct request requests[REQUESTS_MAX];
static size_t request_count;
static struct connection connections[CONNECTIONS_MAX];
static size_t idle[CONNECTIONS_MAX], idle_count;
static uint64_t buckets[BUCKETS];
static uint64_t answered, refused, largest_us;

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- latencies ---- */

static size_t bucket_of(uint64_t us) {
    if (us < SUB_BUCKETS)
        return (size_t)us;
    unsigned power = 63 - (unsigned)__builtin_clzll(us);
    unsigned shift = power - 6;
    size_t bucket = (size_t)(shift + 1) * SUB_BUCKETS + (size_t)((us >> shift) - SUB_BUCKETS);
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static uint64_t bucket_value(size_t bucket) {
    if (bucket < SUB_BUCKETS)
        return bucket;
    size_t shift = bucket / SUB_BUCKETS - 1;
    return (uint64_t)(bucket % SUB_BUCKETS + SUB_BUCKETS) << shift;
}

static uint64_t percentile(double part) {
    uint64_t wanted = (uint64_t)((double)answered * part), seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += buckets[i];
        if (seen > wanted)
            return bucket_value(i);
    }
    return largest_us;
}

static void count(struct connection *c) {
    uint64_t us = now_us() - c->due_us;
    buckets[bucket_of(us)]++;
    answered++;
    largest_us = us > largest_us ? us : largest_us;
    if (memcmp(c->answer, "HTTP/1.1 200", 12) != 0)
        refused++;
}

/* ---- requests ---- */

static void read_requests(const char *path) {
    struct stat info;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &info) != 0)
        die(path);
    const char *at = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        die(path);
    const char *end = at + info.st_size;
    while (at < end && request_count < REQUESTS_MAX) {
        char *line;
        unsigned long len = strtoul(at, &line, 10);
        if (*line != '\n' || line + 1 + len > end) {
            errno = EINVAL;
            die(path);
        }
        requests[request_count++] = (struct request){line + 1, len};
        at = line + 1 + len;
    }
    close(fd);
}

/* ---- connections ---- */

static void connect_all(int epoll, uint16_t port, size_t count_wanted) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (size_t i = 0; i < count_wanted; i++) {
        struct connection *c = &connections[i];
        int on = 1;
        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0)
            die("connect");
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        fcntl(c->fd, F_SETFL, O_NONBLOCK);
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = i};
        epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
        c->answer = malloc(ANSWER_MAX);
        if (c->answer == NULL)
            die("memory");
        idle[idle_count++] = i;
    }
}

static void send_more(int epoll, size_t at) {
    struct connection *c = &connections[at];
    while (c->sent < c->request->len) {
        ssize_t n =
            send(c->fd, c->request->bytes + c->sent, c->request->len - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            die("send");
        if (n < 0)
            break;
        c->sent += (size_t)n;
    }
    bool is_blocked = c->sent < c->request->len;
    struct epoll_event event = {.events = EPOLLIN | (is_blocked ? EPOLLOUT : 0), .data.u64 = at};
    if (is_blocked != c->is_blocked)
        epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
    c->is_blocked = is_blocked;
}

/* Whether the answer is whole: a head and as many bytes as it says. */
static bool is_whole(const struct connection *c) {
    const char *end = memmem(c->answer, c->answer_len, "\r\n\r\n", 4);
    if (end == NULL)
        return false;
    size_t head = (size_t)(end + 4 - c->answer);
    for (const char *at = c->answer; at < end; at += 2) {
        if (strncasecmp(at, "content-length:", 15) == 0)
            return c->answer_len >= head + strtoul(at + 15, NULL, 10);
        at = memmem(at, (size_t)(end + 2 - at), "\r\n", 2);
    }
    return true;
}

static void receive(size_t at) {
    struct connection *c = &connections[at];
    ssize_t n = recv(c->fd, c->answer + c->answer_len, ANSWER_MAX - c->answer_len, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        errno = n == 0 ? ECONNRESET : errno;
        die("recv");
    }
    c->answer_len += (size_t)n;
    if (!c->busy || !is_whole(c))
        return;
    count(c);
    c->busy = false;
    idle[idle_count++] = at;
}

/* ---- the loop ---- */

static void start(int epoll, uint64_t due_us, uint64_t number) {
    size_t at = idle[--idle_count];
    struct connection *c = &connections[at];
    *c = (struct connection){.fd = c->fd,
                             .busy = true,
                             .due_us = due_us,
                             .request = &requests[number % request_count],
                             .answer = c->answer};
    send_more(epoll, at);
}

static uint64_t run(int epoll, double rate, double seconds) {
    uint64_t begun_us = now_us(), started = 0, total = (uint64_t)(rate * seconds);
    uint64_t end_us = begun_us + (uint64_t)((seconds + PATIENCE_S) * 1e6);
    while (answered < total && now_us() < end_us) {
        uint64_t due_us = begun_us + (uint64_t)((double)started / rate * 1e6);
        while (started < total && idle_count > 0 && due_us <= now_us()) {
            start(epoll, due_us, started++);
            due_us = begun_us + (uint64_t)((double)started / rate * 1e6);
        }
        struct epoll_event events[256];
        struct timespec wait = {};
        uint64_t now = now_us();
        if (started == total || idle_count == 0)
            wait.tv_nsec = 10000000;
        else if (due_us > now)
            wait.tv_nsec = (long)((due_us - now) * 1000 % 1000000000);
        int n = epoll_pwait2(epoll, events, 256, &wait, NULL);
        for (int i = 0; i < n; i++) {
            if (events[i].events & EPOLLOUT)
                send_more(epoll, events[i].data.u64);
            receive(events[i].data.u64);
        }
    }
    return now_us() - begun_us;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: load PORT RATE SECONDS CONNECTIONS REQUESTS\n");
        return 2;
    }
    double rate = strtod(argv[2], NULL), seconds = strtod(argv[3], NULL);
    size_t wanted = strtoul(argv[4], NULL, 10);
    if (rate <= 0 || seconds <= 0 || wanted == 0 || wanted > CONNECTIONS_MAX) {
        fprintf(stderr, "load: a rate, seconds and 1 to %d connections\n", CONNECTIONS_MAX);
        return 2;
    }
    int epoll = epoll_create1(0);
    read_requests(argv[5]);
    connect_all(epoll, (uint16_t)strtoul(argv[1], NULL, 10), wanted);
    uint64_t us = run(epoll, rate, seconds);
    printf("{\"requests\":%llu,\"seconds\":%.6f,\"refused\":%llu,\"p50_us\":%llu,\"p99_us\":%llu,"
           "\"p999_us\":%llu,\"max_us\":%llu}\n",
           (unsigned long long)answered, (double)us / 1e6, (unsigned long long)refused,
           (unsigned long long)percentile(0.5), (unsigned long long)percentile(0.99),
           (unsigned long long)percentile(0.999), (unsigned long long)largest_us);
    return 0;
}
