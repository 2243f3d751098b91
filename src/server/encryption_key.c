#include "server/encryption_key.h"

#include "base/clock.h"
#include "base/read.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 64, COMMAND_MAX = 4096 };

#define FORMS "32 bytes, 64 hexadecimal digits, or base64 of 32 bytes"

static bool is_given(const char *text) {
    return text != NULL && text[0] != '\0';
}

/* ---- a file ---- */

static ssize_t read_file(const char *path, char *text, char problem[PROBLEM_SIZE]) {
    struct stat stat;
    ssize_t len = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0 && fstat(fd, &stat) == 0) {
        if (S_ISREG(stat.st_mode) && (stat.st_mode & S_IRWXO) != 0) {
            snprintf(problem, PROBLEM_SIZE,
                     "%s: everybody on this machine may read or write the key: chmod 600 it", path);
            close(fd);
            return -1;
        }
        len = read_whole(fd, text, ENCRYPTION_KEY_TEXT_MAX);
    }
    if (len < 0)
        snprintf(problem, PROBLEM_SIZE, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return len;
}

/* ---- a command ---- */

static void words_split(char *text, char *words[WORDS_MAX + 1]) {
    size_t count = 0;
    for (char *at = text; *at != '\0' && count < WORDS_MAX;) {
        at += strspn(at, " \t");
        if (*at == '\0')
            break;
        words[count++] = at;
        at += strcspn(at, " \t");
        if (*at != '\0')
            *at++ = '\0';
    }
    words[count] = NULL;
}

/* In a group of its own, so that what it starts can be ended with it, and with the signals as they
 * were before we blocked and ignored some. */
static int command_start(char *words[], int out_fd, pid_t *out_pid) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, standard;
    sigemptyset(&none);
    sigemptyset(&standard);
    sigaddset(&standard, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out_fd, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &standard);
    int error = posix_spawnp(out_pid, words[0], &files, &attributes, words, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return error;
}

static int left_ms(int64_t end_us) {
    int64_t left = (end_us - clock_monotonic_us()) / 1000;
    return left > 0 ? (int)left : 0;
}

/* Until it closes its output; -1 when the time is over. */
static ssize_t output_read(int fd, char *text, int64_t end_us) {
    size_t len = 0;
    while (len < ENCRYPTION_KEY_TEXT_MAX) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        int ready = poll(&poll_fd, 1, left_ms(end_us));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return -1;
        ssize_t got = read(fd, text + len, ENCRYPTION_KEY_TEXT_MAX - len);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

/* False when it had to be ended. */
static bool command_end(pid_t pid, int64_t end_us, int *out_status) {
    enum { PAUSE_US = 2000 };
    while (waitpid(pid, out_status, WNOHANG) == 0) {
        if (left_ms(end_us) == 0) {
            kill(-pid, SIGKILL);
            waitpid(pid, out_status, 0);
            return false;
        }
        usleep(PAUSE_US);
    }
    return true;
}

static ssize_t read_command(const char *command, char *text, char problem[PROBLEM_SIZE]) {
    char copy[COMMAND_MAX], *words[WORDS_MAX + 1];
    int ends[2], code = 0;
    pid_t pid;
    int len_copied = snprintf(copy, sizeof copy, "%s", command);
    words_split(copy, words);
    if (words[0] == NULL || len_copied >= (int)sizeof copy || pipe2(ends, O_CLOEXEC) != 0) {
        snprintf(problem, PROBLEM_SIZE, "the key command can't be run");
        return -1;
    }
    int64_t end_us = clock_monotonic_us() + (int64_t)ENCRYPTION_KEY_COMMAND_MS * 1000;
    int error = command_start(words, ends[1], &pid);
    close(ends[1]);
    if (error != 0) {
        snprintf(problem, PROBLEM_SIZE, "the key command can't be run: %s", strerror(error));
        close(ends[0]);
        return -1;
    }
    ssize_t len = output_read(ends[0], text, end_us);
    close(ends[0]);
    if (!command_end(pid, end_us, &code) || len < 0) {
        snprintf(problem, PROBLEM_SIZE, "the key command did not end within %d seconds",
                 ENCRYPTION_KEY_COMMAND_MS / 1000);
        return -1;
    }
    if (!WIFEXITED(code) || WEXITSTATUS(code) != 0) {
        snprintf(problem, PROBLEM_SIZE, "the key command failed");
        return -1;
    }
    return len;
}

/* ---- either ---- */

bool encryption_key_read(const struct key_place *place, unsigned char out_key[KEY_LEN],
                         bool *out_given, char problem[PROBLEM_SIZE]) {
    const char *file = place->file, *command = place->command;
    char text[ENCRYPTION_KEY_TEXT_MAX];
    *out_given = is_given(file) || is_given(command);
    if (!*out_given)
        return true;
    if (is_given(file) && is_given(command)) {
        snprintf(problem, PROBLEM_SIZE, "a key file and a key command are given: one is enough");
        return false;
    }
    ssize_t len =
        is_given(file) ? read_file(file, text, problem) : read_command(command, text, problem);
    bool fine = len >= 0 && key_parse(text, (size_t)len, out_key);
    if (len >= 0 && !fine)
        snprintf(problem, PROBLEM_SIZE, "%s is no key: a key is " FORMS,
                 is_given(file) ? file : "what the key command prints");
    key_wipe(text, sizeof text);
    return fine;
}

/* ---- the words of a command line ---- */

/* "NAME VALUE" or "NAME=VALUE"; what is left is at argv[*at]. */
static bool value_take(const char *name, int argc, char **argv, int *at, const char **out) {
    size_t len = strlen(name);
    const char *argument = argv[*at];
    if (strncmp(argument, name, len) != 0)
        return false;
    if (argument[len] == '=') {
        *out = argument + len + 1;
        return true;
    }
    if (argument[len] != '\0' || *at + 1 >= argc)
        return false;
    *out = argv[++*at];
    return true;
}

bool key_place_take(struct key_place *place, const char *whose, int argc, char **argv, int *at) {
    char file[48], command[48];
    snprintf(file, sizeof file, "--%sencryption-key-file", whose);
    snprintf(command, sizeof command, "--%sencryption-key-command", whose);
    return value_take(file, argc, argv, at, &place->file) ||
           value_take(command, argc, argv, at, &place->command);
}

struct key_place key_place_or_environment(const struct key_place *given) {
    if (given->file != NULL || given->command != NULL) /* the command line wins */
        return *given;
    return (struct key_place){getenv("STATOR_ENCRYPTION_KEY_FILE"),
                              getenv("STATOR_ENCRYPTION_KEY_COMMAND")};
}
