/* The commands of the program, and how a server is put together and taken apart. */
#include "base/log.h"
#include "http/http.h"
#include "kv/kv.h"
#include "server/audit.h"
#include "server/config.h"
#include "server/copy.h"
#include "server/crash_report.h"
#include "server/encryption_key.h"
#include "server/iam_command.h"
#include "server/jobs.h"
#include "server/open_problem.h"
#include "server/rekey.h"
#include "server/sandbox.h"
#include "server/service.h"
#include "server/supervisor.h"
#include "server/transport.h"
#include "table/database.h"
#include "table/verify.h"
#include "traffic/traffic.h"

#include <errno.h>
#include <malloc.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef STATOR_VERSION
#define STATOR_VERSION "unknown"
#endif

enum {
    EXIT_USAGE = 2,
    HEAD_BYTES_MAX = 16 * 1024,
    RENEW_LOOK_S = 2,       /* between looks at whether files have changed */
    REPLY_PACE = 64 * 1024, /* bytes a second: a reply of 16 MB in four minutes */
    MEGABYTE = 1024 * 1024,
};

/* ---- help ---- */

static void print_help(FILE *out) {
    fputs("Stator: a database that speaks the DynamoDB API.\n\n"
          "  stator serve [options]     serve until SIGTERM or SIGINT\n"
          "  stator verify DIRECTORY    check everything that is stored (no server may run on it)\n"
          "  stator copy DIRECTORY TO   copy it: to an encrypted one, a plain one, another key\n"
          "  stator rekey DIRECTORY     change the key of an encrypted one (docs/encryption.md)\n"
          "  stator iam OPERATION ...   users, roles, policies, access keys; stator iam --help\n"
          "  stator --version\n"
          "  stator --help\n\n"
          "Options of serve (also as STATOR_NAME in the environment, or in --config FILE):\n",
          out);
    config_explain(out);
}

/* ---- opening ---- */

static str given_or_environment(const char *given, const char *variable) {
    const char *value = given[0] != '\0' ? given : getenv(variable);
    return str_from_c(value != NULL ? value : "local");
}

static struct kinesis_access kinesis_of(const struct config *config) {
    if (config->kinesis_endpoint == NULL || config->kinesis_endpoint[0] == '\0')
        return (struct kinesis_access){};
    return (struct kinesis_access){
        .endpoint = str_from_c(config->kinesis_endpoint),
        .access_key_id = given_or_environment(config->kinesis_access_key_id, "AWS_ACCESS_KEY_ID"),
        .secret_access_key =
            given_or_environment(config->kinesis_secret_access_key, "AWS_SECRET_ACCESS_KEY")};
}

/* Its key is wiped as soon as the engine has derived what it needs. */
static status open_engine(const struct config *config, char problem[PROBLEM_SIZE],
                          struct kv **out) {
    unsigned char key[KEY_LEN];
    const char *sentence = NULL;
    bool encrypted = false;
    struct kv_options options = {
        .cache_bytes = (size_t)config->cache_mb * MEGABYTE,
        .write_buffer_bytes = (size_t)config->write_buffer_mb * MEGABYTE,
        .free_bytes_min = (uint64_t)config->min_free_mb * MEGABYTE,
        .out_problem = &sentence,
    };
    errno = 0;
    if (config->in_memory)
        return kv_mem_open(out);
    struct key_place place = {config->encryption_key_file, config->encryption_key_command};
    if (!encryption_key_read(&place, key, &encrypted, problem))
        return ST_INVALID;
    options.encryption_key = encrypted ? key : NULL;
    status st = kv_rocks_open(config->data_dir, &options, out);
    key_wipe(key, sizeof key);
    if (sentence != NULL)
        snprintf(problem, PROBLEM_SIZE, "%s", sentence);
    return st;
}

static status open_database(const struct config *config, char problem[PROBLEM_SIZE],
                            struct database **out) {
    struct kv *kv = NULL;
    problem[0] = '\0';
    TRY(open_engine(config, problem, &kv));
    struct database_options database_options = {
        .region = str_from_c(config->region),
        .account_id = str_from_c(config->account_id),
        .status_delay_us = config->status_delay_ms * 1000,
        .stream_shards = (uint32_t)config->stream_shards,
        .stream_shard_us = config->stream_shard_ms * 1000,
        .stream_retention_us = config->stream_retention_s * 1000000,
        .ttl_delay_us = config->ttl_delay_ms * 1000,
        .kinesis = kinesis_of(config),
    };
    status st = database_open(kv, &database_options, out);
    if (st != ST_OK)
        kv_close(kv);
    return st;
}

/* ---- serving ---- */

/* All that a name stands for is; what stands for nothing can't be served at, either. */
static bool is_loopback(const char *host) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all = NULL;
    if (getaddrinfo(host, NULL, &hints, &all) != 0)
        return false;
    bool every = true;
    for (const struct addrinfo *one = all; one != NULL && every; one = one->ai_next) {
        char text[NI_MAXHOST];
        every = getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, NULL, 0,
                            NI_NUMERICHOST) == 0 &&
                http_is_loopback(text);
    }
    freeaddrinfo(all);
    return every;
}

/* What the network may see. */
static bool check_exposure(const struct config *config) {
    bool tls = config->tls_cert[0] != '\0' || config->tls_self_signed;
    if ((config->tls_cert[0] == '\0') != (config->tls_key[0] == '\0')) {
        fprintf(stderr, "stator: --tls-cert and --tls-key go together\n");
        return false;
    }
    if (config->tls_cert[0] != '\0' && config->tls_self_signed) {
        fprintf(stderr, "stator: --tls-self-signed makes what --tls-cert gives: say one of them\n");
        return false;
    }
    if (is_loopback(config->host) || config->insecure || (config->auth && tls))
        return true;
    if (!config->auth)
        fprintf(stderr,
                "stator: %s is not a loopback address: without --auth, anyone who can reach it "
                "could read and write everything. Say --insecure to serve there all the same.\n",
                config->host);
    else
        fprintf(stderr,
                "stator: %s is not a loopback address: without TLS, anyone on the way could read "
                "along. Say --tls-cert and --tls-key, or --tls-self-signed, or --insecure to serve "
                "there all the same.\n",
                config->host);
    return false;
}

static bool check_config(const struct config *config) {
    uint64_t digits;
    if (strlen(config->account_id) != 12 || !str_to_u64(str_from_c(config->account_id), &digits)) {
        fprintf(stderr, "stator: --account-id takes twelve digits\n");
        return false;
    }
    if ((config->root_access_key_id[0] == '\0') != (config->root_secret_access_key[0] == '\0')) {
        fprintf(stderr, "stator: --root-access-key-id and --root-secret-access-key go together\n");
        return false;
    }
    if (strlen(config->root_secret_access_key) > SIGV4_SECRET_MAX) {
        fprintf(stderr, "stator: --root-secret-access-key takes %d bytes at most\n",
                SIGV4_SECRET_MAX);
        return false;
    }
    return check_exposure(config);
}

static bool open_auth(const struct config *config, struct database *database, struct auth *auth,
                      struct new_key *made) {
    *auth = (struct auth){.region = str_from_c(config->region)};
    if (!config->auth) {
        auth->mode = config->allow_unsigned ? AUTH_OPEN : AUTH_FORM;
        return true;
    }
    auth->mode = AUTH_VERIFY;
    status st =
        identities_open(database, str_from_c(config->root_access_key_id),
                        str_from_c(config->root_secret_access_key), &auth->identities, made);
    if (st != ST_OK)
        fprintf(stderr, "stator: can't read the access keys: %s\n", status_text(st));
    return st == ST_OK;
}

static void set_log_level(const char *name) {
    static const char *const names[] = {"error", "warn", "info", "debug"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            log_set_level((enum log_level)i);
}

/* Those of --fault. */
static bool set_faults(const struct config *config, struct arena *arena, struct faults *faults) {
    str problem;
    faults_init(faults);
    if (faults_set(faults, str_from_c(config->fault), arena, &problem))
        return true;
    fprintf(stderr, "stator: --fault: %.*s\n", STR_ARG(problem));
    return false;
}

static struct http_limits limits_of(const struct config *config) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return (struct http_limits){
        .loop_count = config->loops ? (size_t)config->loops
                      : cores > 0   ? (size_t)cores
                                    : 1,
        .worker_count = (size_t)config->workers,
        .connections_max = (size_t)config->max_connections,
        .head_bytes_max = HEAD_BYTES_MAX,
        .body_bytes_max = BODY_BYTES_MAX,
        .bodies_bytes_max = (size_t)config->max_body_memory_mb * MEGABYTE,
        .request_timeout_ms = (int)config->request_timeout_ms,
        .idle_timeout_ms = (int)config->idle_timeout_ms,
        .reply_pace = REPLY_PACE,
    };
}

static void print_transport(const struct config *config, const struct transport *transport) {
    if (transport->certificate_made[0] != '\0')
        printf("  tls       made here; for clients: AWS_CA_BUNDLE=%s\n",
               transport->certificate_made);
    else if (transport->tls != NULL)
        printf("  tls       %s\n", config->tls_cert);
}

static void print_screen(const struct config *config, const struct transport *transport,
                         uint16_t port, const struct new_key *made) {
    char url[300];
    snprintf(url, sizeof url, "http%s://%s:%u", transport->tls != NULL ? "s" : "", config->host,
             port);
    printf("stator ready on %s\n", url);
    if (config->in_memory)
        printf("  data      in memory: gone when this stops\n");
    else
        printf("  data      %s (every acknowledged write is on disk)\n", config->data_dir);
    print_transport(config, transport);
    if (config->fault[0] != '\0')
        printf("  faults    on demand: %s\n", config->fault);
    if (config->test_mode)
        printf("  test mode clients may ask for faults\n");
    printf("  region    %s   account %s   %s\n", config->region, config->account_id,
           config->auth ? "signatures are verified" : "any credentials do");
    if (made->id[0] != '\0')
        printf("  root key  %s\n  secret    %s\n            (shown this once: keep it)\n", made->id,
               made->secret);
    printf("\nTry:\n"
           "  export AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s AWS_DEFAULT_REGION=%s\n"
           "  aws dynamodb create-table --endpoint-url %s --table-name Music \\\n"
           "      --attribute-definitions AttributeName=Artist,AttributeType=S \\\n"
           "      --key-schema AttributeName=Artist,KeyType=HASH --billing-mode PAY_PER_REQUEST\n"
           "  aws dynamodb list-tables --endpoint-url %s\n",
           config->auth ? "..." : "me", config->auth ? "..." : "me", config->region, url, url);
    fflush(stdout);
}

/* What SIGHUP reads again, and a look now and then. */
struct renewable {
    struct transport *transport;
    struct audit *audit; /* NULL: none */
};

static bool is_renewable(const struct renewable *r) {
    return r->transport->certificate_file != NULL || r->audit != NULL;
}

static void renew(struct renewable *r, bool asked) {
    transport_reload(r->transport, asked);
    if (asked && r->audit != NULL)
        audit_reopen(r->audit);
}

/* Without anything to read again, SIGHUP ends the process as others do: a terminal has gone. From a
 * supervisor it asks to read again, and nothing is as good as read. */
static void wait_for_signal(struct renewable *renewable) {
    static const struct timespec look = {.tv_sec = RENEW_LOOK_S};
    siginfo_t info = {};
    sigset_t set;
    int signal_number;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    for (;;) {
        signal_number = sigtimedwait(&set, &info, is_renewable(renewable) ? &look : NULL);
        if (signal_number == SIGTERM || signal_number == SIGINT ||
            (signal_number == SIGHUP && !is_renewable(renewable) && !is_supervised()))
            break;
        renew(renewable, signal_number == SIGHUP);
    }
    supervisor_tell("STOPPING=1");
    log_info("event=stopping signal=%d sender=%d", signal_number, (int)info.si_pid);
}

static void prepare_process(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* before any thread: all inherit it */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is a write that fails, as a full disk is */
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files); /* what we have must do, then */
    }
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, 2); /* threads share: a few MB less when idle */
#endif
#ifdef M_MMAP_THRESHOLD
    /* What a giant request took goes back with it. Left alone, the thresholds rise to the largest
     * block that was ever freed, and such blocks then stay. Those of a page of a scan do: to ask
     * the kernel for them each time costs half as much again as the page. */
    mallopt(M_MMAP_THRESHOLD, 5 * MEGABYTE);
    mallopt(M_TRIM_THRESHOLD, 12 * MEGABYTE);
#endif
}

/* Tells the user when it fails. */
static bool start_server(const struct config *config, struct service *service,
                         struct transport *transport, struct http_server **out) {
    struct http_service callbacks = service_callbacks(service);
    struct http_limits limits = limits_of(config);
    if (!transport_open(config, transport))
        return false;
    callbacks.tls = transport->tls;
    errno = 0;
    if (config->audit_log[0] != '\0' &&
        audit_open(config->audit_log, config->audit_log_strict, &service->audit) != ST_OK) {
        fprintf(stderr, "stator: can't open the audit log %s: %s\n", config->audit_log,
                strerror(errno));
        transport_close(transport);
        return false;
    }
    errno = 0;
    if (http_server_start(config->host, (uint16_t)config->port, &callbacks, &limits, out) == ST_OK)
        return true;
    fprintf(stderr, "stator: can't listen on %s:%lld: %s\n", config->host, (long long)config->port,
            strerror(errno));
    audit_close(service->audit);
    transport_close(transport);
    return false;
}

/* Behind it no program can be started any more. */
static void harden(const struct config *config) {
    bool encrypted =
        config->encryption_key_file[0] != '\0' || config->encryption_key_command[0] != '\0';
    if (config->auth || encrypted || config->tls_cert[0] != '\0' || config->tls_self_signed)
        sandbox_hide_memory();
    if (!config->no_sandbox && !sandbox_enter())
        log_warn("event=no_sandbox problem=\"%s\"", strerror(errno));
}

static int serve(const struct config *config, struct faults *faults) {
    struct database *database = NULL;
    char problem[PROBLEM_SIZE];
    status st = open_database(config, problem, &database);
    if (st != ST_OK) {
        fprintf(stderr, "stator: can't open data directory %s: %s\n", config->data_dir,
                open_problem(st, problem));
        return EXIT_FAILURE;
    }
    struct traffic *traffic = traffic_new(config->enforce_throughput);
    bool with_faults = config->test_mode || atomic_load(&faults->count) > 0;
    struct service service = {.database = database,
                              .traffic = traffic,
                              .faults = with_faults ? faults : NULL,
                              .test_mode = config->test_mode};
    struct new_key made = {};
    if (!open_auth(config, database, &service.auth, &made)) {
        database_close(database);
        traffic_free(traffic);
        return EXIT_FAILURE;
    }
    kv_on_settled(database->kv, service_settled, &service);
    struct transport transport;
    struct http_server *server = NULL;
    if (!start_server(config, &service, &transport, &server)) {
        database_close(database);
        identities_close(service.auth.identities);
        traffic_free(traffic);
        return EXIT_FAILURE;
    }
    service_set_server(&service, server);
    struct jobs *jobs = jobs_start(database);
    harden(config);
    print_screen(config, &transport, http_server_port(server), &made);
    supervisor_tell("READY=1");
    wait_for_signal(&(struct renewable){.transport = &transport, .audit = service.audit});
    http_server_stop(server, (int)config->drain_ms);
    jobs_stop(jobs);
    database_close(database); /* its last commits still wake the server */
    http_server_free(server);
    audit_close(service.audit);
    transport_close(&transport);
    identities_close(service.auth.identities);
    traffic_free(traffic);
    log_info("event=stopped");
    return EXIT_SUCCESS;
}

static int command_serve(int argc, char **argv) {
    struct arena *arena = arena_new(1024 * 1024);
    struct config config = {};
    struct faults faults;
    str problem;
    int code = EXIT_USAGE;
    prepare_process();
    if (!config_read(argc, argv, arena, &config, &problem)) {
        fprintf(stderr, "stator: %.*s (see stator --help)\n", STR_ARG(problem));
    } else if (check_config(&config) && set_faults(&config, arena, &faults)) {
        set_log_level(config.log_level);
        code = serve(&config, &faults);
    }
    arena_free(arena);
    return code;
}

/* ---- verifying ---- */

static void print_finding(void *context, str what) {
    (void)context;
    printf("%.*s\n", STR_ARG(what));
}

static int verify(const struct config *config) {
    const char *directory = config->data_dir;
    char problem[PROBLEM_SIZE];
    struct database *database = NULL;
    if (access(directory, F_OK) != 0) {
        fprintf(stderr, "stator: %s: %s\n", directory, strerror(errno));
        return EXIT_FAILURE;
    }
    status st = open_database(config, problem, &database);
    if (st != ST_OK) {
        fprintf(stderr, "stator: can't open data directory %s: %s\n", directory,
                open_problem(st, problem));
        return EXIT_FAILURE;
    }
    struct verify_totals totals;
    st = verify_database(database, print_finding, NULL, &totals);
    database_close(database);
    if (st != ST_OK) {
        fprintf(stderr, "stator: could not read everything: %s\n", status_text(st));
        return EXIT_FAILURE;
    }
    printf("%llu tables, %llu items, %llu index entries, %llu change records: %llu findings\n",
           (unsigned long long)totals.tables, (unsigned long long)totals.items,
           (unsigned long long)totals.index_entries, (unsigned long long)totals.change_records,
           (unsigned long long)totals.findings);
    return totals.findings ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Options are those of serve; what they say of the key matters. */
static int command_verify(const char *directory, int argc, char **argv) {
    struct arena *arena = arena_new(1024 * 1024);
    struct config config = {};
    str problem;
    int code = EXIT_USAGE;
    if (!config_read(argc, argv, arena, &config, &problem)) {
        fprintf(stderr, "stator: %.*s (see stator --help)\n", STR_ARG(problem));
    } else {
        config.data_dir = directory;
        config.in_memory = false;
        config.cache_mb = 64;
        config.write_buffer_mb = 8;
        config.min_free_mb = 0;
        code = verify(&config);
    }
    arena_free(arena);
    return code;
}

/* ---- identities ---- */

static int iam_here(const struct config *config, const struct iam_words *words,
                    struct arena *arena) {
    struct database *database = NULL;
    struct auth auth;
    struct new_key made = {};
    char problem[PROBLEM_SIZE];
    if (access(config->data_dir, F_OK) != 0) {
        fprintf(stderr, "stator: %s: %s\n", config->data_dir, strerror(errno));
        return EXIT_FAILURE;
    }
    status st = open_database(config, problem, &database);
    if (st != ST_OK) {
        fprintf(stderr, "stator: can't open data directory %s: %s%s\n", config->data_dir,
                open_problem(st, problem), st == ST_IN_USE ? "; ask it by --endpoint URL" : "");
        return EXIT_FAILURE;
    }
    int code = EXIT_FAILURE;
    if (open_auth(config, database, &auth, &made)) {
        if (made.id[0] != '\0')
            fprintf(stderr, "root key  %s\nsecret    %s\n          (shown this once: keep it)\n",
                    made.id, made.secret);
        code = iam_command_here(words, database, auth.identities, arena);
        identities_close(auth.identities);
    }
    database_close(database);
    return code;
}

static int command_iam(int argc, char **argv) {
    struct arena *arena = arena_new(16 * MEGABYTE);
    struct config config = {};
    struct iam_words words;
    str problem;
    int code = EXIT_USAGE;
    bool fine = iam_words_read(argc, argv, arena, &words, &problem);
    if (fine && words.help) {
        iam_words_explain(&words, arena, stdout);
        code = EXIT_SUCCESS;
    } else if (!fine ||
               !config_read(words.setting_count, words.settings, arena, &config, &problem)) {
        fprintf(stderr, "stator: %.*s (see stator iam --help)\n", STR_ARG(problem));
    } else if (words.endpoint != NULL) {
        code = iam_command_there(&words, arena);
    } else {
        set_log_level("error"); /* standard error is for answers here */
        config.auth = true;
        code = check_config(&config) ? iam_here(&config, &words, arena) : EXIT_USAGE;
    }
    arena_free(arena);
    return code;
}

int main(int argc, char **argv) {
    crash_report_install();
    str command = str_from_c(argc > 1 ? argv[1] : "");
    if (str_eq(command, STR("iam")))
        return command_iam(argc - 2, argv + 2);
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(stdout);
            return EXIT_SUCCESS;
        }
    if (str_eq(command, STR("--version"))) {
        printf("stator %s\n", STATOR_VERSION);
        return EXIT_SUCCESS;
    }
    if (str_eq(command, STR("serve")))
        return command_serve(argc - 2, argv + 2);
    if (str_eq(command, STR("verify")) && argc >= 3)
        return command_verify(argv[2], argc - 3, argv + 3);
    if (str_eq(command, STR("copy")) && argc >= 4)
        return command_copy(argv[2], argv[3], argc - 4, argv + 4);
    if (str_eq(command, STR("rekey")) && argc >= 3)
        return command_rekey(argv[2], argc - 3, argv + 3);
    print_help(stderr);
    return EXIT_USAGE;
}
