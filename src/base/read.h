/* read.h - reading from a descriptor until there is nothing more.
 *
 * Purpose:   the loop that reads what one call may answer in pieces: pipes, network file systems.
 * Ownership: none; the descriptor stays open.
 * Threads:   any that may wait.
 * Errors:    -1 with errno, even if some bytes were read; EINTR is tried again.
 * Limits:    none.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* As much as is asked for, less only at the end. */
ssize_t read_whole(int fd, void *out, size_t size);
