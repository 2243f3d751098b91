/* crash_report.h - the last line of a process that ends by a fault.
 *
 * Purpose:   says on stderr which signal ended the process, in which thread, at which address, and
 *            the calls that led there; then the signal does what it does without us.
 * Ownership: none.
 * Threads:   install once, before there are others. The first thread that faults reports; others
 *            that fault meanwhile wait for it, two seconds at most.
 * Errors:    none: where a handler can't be had, the process ends as it would.
 * Limits:    SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT. Nothing can be said of SIGKILL, of what
 *            the sandbox ends, nor when the stack has no room left for the handler. Not in builds
 *            with sanitizers, which report by themselves.
 *
 *   event=crashed signal=SIGSEGV thread=http-worker address=0x98 code=0x53180 calls=0x175110,0x...
 *
 * Calls begin with the innermost, the handler's own among them. Those in the program are places in
 * its file, for `addr2line -fie stator ADDRESS...`; those in libraries are shown as they were, with
 * a plus before them. `code` is where the program lay.
 */
#pragma once

void crash_report_install(void);
