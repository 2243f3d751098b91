/* lost_file.h - which part of the log was told as lost, for the next start.
 *
 * Purpose:   after a failed fsync the bytes of its group may be in the log all the same. Before
 *            anybody is told that the group is lost, the file LOST of the data directory says so;
 *            opening leaves that part of the log out (kv/rocks/log_filter.h).
 * Ownership: the caller's memory; lost_file_open's descriptor is the caller's to close.
 * Threads:   one at a time for each directory.
 * Errors:    FULL, IO with errno; NEWER (format). What has no right checksum says nothing.
 * Limits:    one loss: nothing is written to a log that failed, so there is no second one before
 *            the database was opened anew.
 *
 *   offset  length
 *   0       8       "StatorLW"
 *   8       4       version, 1
 *   12      4       zeroes
 *   16      8       last_sequence
 *   24      8       last_log; 0: nothing was lost
 *   32      4       CRC32C of what lies at 0 to 31
 *   36      476     zeroes
 *
 * Integers are big-endian. The file has its 512 bytes from the first start on and is written in
 * place, so on a file system that does not copy what it overwrites that takes no room; nor does it
 * take a descriptor. A power cut may tear it in two moments: before those who wrote were told, so
 * that the group may be there or not, and when it is cleared, after the log it speaks of has been
 * left behind for good. So a torn one can be ignored, and must not keep a directory from opening.
 *
 * It is plain in an encrypted directory, too: a count of writes and a file's number, as the names
 * of files are. Who can write here can also cut off the log, against which a directory that is
 * encrypted is not protected either. */
#pragma once

#include "base/status.h"

#include <stdint.h>

/* The records behind this sequence number are lost, as far as they are in logs up to this one. A
 * later log has the same sequence numbers, for other writes. */
struct lost_writes {
    uint64_t last_sequence;
    uint64_t last_log; /* 0: nothing is lost */
};

/* Nothing is lost when there is no file: it is made at the end of the first start. */
status lost_file_read(const char *directory, struct lost_writes *out);
/* For writing; made when missing, saying that nothing is lost. */
status lost_file_open(const char *directory, int *out_fd);
/* Durable when the answer is OK; else what the file says is unknown. */
status lost_file_write(int fd, const struct lost_writes *lost);
/* The file of another directory shall say the same. */
status lost_file_copy(const char *from_directory, const char *to_directory);
