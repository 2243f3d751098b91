#include "server/supervisor.h"

#include "base/log.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *supervisor_path(void) {
    const char *path = getenv("NOTIFY_SOCKET");
    return path != NULL && path[0] != '\0' ? path : NULL;
}

bool is_supervised(void) {
    return supervisor_path() != NULL;
}

static bool tell(const char *path, const char *state) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* a name that is in no directory */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    ssize_t sent =
        sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    int why = errno;
    close(fd);
    errno = why;
    return sent >= 0;
}

void supervisor_tell(const char *state) {
    const char *path = supervisor_path();
    if (path != NULL && !tell(path, state))
        log_warn("event=supervisor_not_told state=\"%s\" problem=\"%s\"", state, strerror(errno));
}
