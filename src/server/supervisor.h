/* supervisor.h - tells whoever started this as a service how far it is.
 *
 * Purpose:   systemd's protocol of readiness (sd_notify): `systemctl start` returns when requests
 *            are served, and what depends on the service is started then.
 * Ownership: none; the address is read from the environment (NOTIFY_SOCKET) each time.
 * Threads:   any.
 * Errors:    none: who can't be told waits, and says so itself.
 * Limits:    none; the protocol is one datagram, so libsystemd is not wanted for it.
 */
#pragma once

#include <stdbool.h>

/* Whether there is somebody to tell. */
bool is_supervised(void);

/* As in "READY=1". Does nothing without a supervisor. */
void supervisor_tell(const char *state);
