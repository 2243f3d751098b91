#include "kv/rocks/lost_file.h"

#include "base/bytes.h"
#include "base/log.h"
#include "kv/rocks/rocks_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOST_FILE "LOST"
#define MAGIC STR("StatorLW")

enum {
    VERSION = 1,
    VERSION_AT = 8,
    SEQUENCE_AT = 16,
    LOG_AT = 24,
    CHECKSUM_AT = 32,
    HEAD_LEN = 36,
    FILE_LEN = 512,
};

/* Bit by bit: 32 bytes, once in a disk's failure, and on every processor. */
static uint32_t checksum(const unsigned char *bytes) {
    const uint32_t castagnoli = 0x82F63B78;
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < CHECKSUM_AT; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ castagnoli : crc >> 1;
    }
    return crc ^ UINT32_MAX;
}

static void encode(const struct lost_writes *lost, unsigned char out[FILE_LEN]) {
    memset(out, 0, FILE_LEN);
    memcpy(out, MAGIC.ptr, MAGIC.len);
    put_be32(out + VERSION_AT, VERSION);
    put_be64(out + SEQUENCE_AT, lost->last_sequence);
    put_be64(out + LOG_AT, lost->last_log);
    put_be32(out + CHECKSUM_AT, checksum(out));
}

status lost_file_read(const char *directory, struct lost_writes *out) {
    unsigned char bytes[FILE_LEN];
    size_t len;
    *out = (struct lost_writes){};
    status st = directory_get(directory, LOST_FILE, (char *)bytes, sizeof bytes, &len);
    if (st == ST_NOT_FOUND)
        return ST_OK;
    TRY(st);
    if (len < HEAD_LEN || memcmp(bytes, MAGIC.ptr, MAGIC.len) != 0 ||
        get_be32(bytes + CHECKSUM_AT) != checksum(bytes)) {
        log_warn("event=lost_file_ignored reason=\"its checksum is wrong\"");
        return ST_OK;
    }
    if (get_be32(bytes + VERSION_AT) > VERSION)
        return ST_NEWER;
    out->last_sequence = get_be64(bytes + SEQUENCE_AT);
    out->last_log = get_be64(bytes + LOG_AT);
    return ST_OK;
}

static status failed(void) {
    return errno == ENOSPC || errno == EDQUOT ? ST_FULL : ST_IO;
}

static status opened(const char *directory, int *out_fd) {
    char path[DIRECTORY_PATH_SIZE];
    struct stat stat;
    TRY(directory_join(path, directory, LOST_FILE));
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ST_NOT_FOUND : ST_IO;
    bool sized = fstat(fd, &stat) == 0 && stat.st_size == FILE_LEN;
    if (!sized)
        close(fd);
    else
        *out_fd = fd;
    return sized ? ST_OK : ST_NOT_FOUND; /* one that would grow is replaced */
}

status lost_file_open(const char *directory, int *out_fd) {
    unsigned char bytes[FILE_LEN];
    status st = opened(directory, out_fd);
    if (st != ST_NOT_FOUND)
        return st;
    encode(&(struct lost_writes){}, bytes);
    if (directory_put(directory, LOST_FILE, (str){(char *)bytes, sizeof bytes}, 0644) != ST_OK)
        return failed();
    return opened(directory, out_fd);
}

status lost_file_write(int fd, const struct lost_writes *lost) {
    unsigned char bytes[FILE_LEN];
    ssize_t written;
    encode(lost, bytes);
    do
        written = pwrite(fd, bytes, sizeof bytes, 0);
    while (written < 0 && errno == EINTR);
    if (written >= 0 && written < FILE_LEN)
        errno = ENOSPC;
    if (written == FILE_LEN && fdatasync(fd) == 0)
        return ST_OK;
    return failed();
}

status lost_file_copy(const char *from_directory, const char *to_directory) {
    struct lost_writes lost;
    int fd;
    TRY(lost_file_read(from_directory, &lost));
    if (lost.last_log == 0)
        return ST_OK;
    TRY(lost_file_open(to_directory, &fd));
    status st = lost_file_write(fd, &lost);
    int kept = errno;
    close(fd);
    errno = kept;
    return st;
}
