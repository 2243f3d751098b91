/* sanitizers.h - whether this build has sanitizers, for what cannot live beside them.
 *
 * Purpose:   gcc and clang say it in different words.
 * Ownership: none.
 * Threads:   none.
 * Errors:    none.
 * Limits:    none.
 */
#pragma once

#ifdef __has_feature /* clang */
#define SANITIZES_ADDRESSES __has_feature(address_sanitizer)
#define SANITIZES_THREADS __has_feature(thread_sanitizer)
#else
#ifdef __SANITIZE_ADDRESS__
#define SANITIZES_ADDRESSES 1
#else
#define SANITIZES_ADDRESSES 0
#endif
#ifdef __SANITIZE_THREAD__
#define SANITIZES_THREADS 1
#else
#define SANITIZES_THREADS 0
#endif
#endif
