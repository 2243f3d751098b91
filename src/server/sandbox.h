/* sandbox.h - what the process can no longer do once it serves.
 *
 * Purpose:   a filter over system calls, so that who takes over the process can't start programs,
 *            look into other processes or load kernel code; and no core dumps of secrets.
 * Ownership: none; what is given up is given up for good.
 * Threads:   sandbox_enter once, while others may run: it is for all of them.
 * Errors:    false with errno where the kernel has no such filter.
 * Limits:    Linux on x86_64 and aarch64; not in builds with sanitizers.
 *
 * execve, execveat, ptrace and process_vm_* end the process (SIGSYS); any other call that is not on
 * the list answers EPERM.
 */
#pragma once

#include <stdbool.h>

bool sandbox_enter(void);
/* Memory holds secrets: no core dumps, and other processes of the user can't read it. */
void sandbox_hide_memory(void);
