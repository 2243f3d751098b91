#include "base/read.h"

#include <errno.h>
#include <unistd.h>

ssize_t read_whole(int fd, void *out, size_t size) {
    size_t len = 0;
    while (len < size) {
        ssize_t got = read(fd, (char *)out + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}
