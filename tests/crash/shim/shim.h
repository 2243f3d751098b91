/* shim.h - what the preloaded disk and its driver say to each other.
 *
 * Purpose:   layout of the control file, which the driver writes while the server runs, and of the
 *            journal, which the shim writes. tests/crash/lib/disk.mjs reads and writes the same.
 * Ownership: the driver makes both files; the shim maps the first and appends to the second.
 * Threads:   any; mutations and their records are made under one lock, so the journal's order is
 *            the order in which the kernel saw them.
 * Errors:    those of the rules.
 * Limits:    RULES_MAX rules; files directly in the data directory.
 *
 * Environment: STATOR_DISK_CONTROL names the control file, STATOR_DISK_DIRECTORY the data
 * directory, STATOR_DISK_JOURNAL (optional) the journal. */
#pragma once

#include <stdint.h>

enum { RULES_MAX = 8 };

enum call {
    CALL_READ = 1, /* pread: RocksDB's tables */
    CALL_WRITE = 2,
    CALL_SYNC = 4,
    CALL_OPEN = 8,
    CALL_RENAME = 16,
    CALL_UNLINK = 32,
};

enum file_class {
    FILE_LOG = 1,   /* *.log: the write-ahead log */
    FILE_TABLE = 2, /* *.sst */
    FILE_MANIFEST = 4,
    FILE_OTHER = 8,
    FILE_DIRECTORY = 16,
};

/* What a rule does with a call that it hits. */
enum mode {
    MODE_FAIL = 0,    /* answers the error, and nothing has happened */
    MODE_SHORT = 1,   /* half of it happens, and the call says so */
    MODE_PARTIAL = 2, /* half of it happens, and the call answers the error */
};

struct rule {
    uint32_t calls, files; /* masks; no calls: no rule */
    uint32_t error, mode;
    uint64_t skip;  /* so many calls that match pass first */
    uint64_t times; /* so many are hit, then none */
    uint64_t hits;  /* written by the shim */
};

struct control {
    uint64_t crash_at; /* the process dies when the journal has so many records; 0: never */
    uint64_t count;    /* records so far; written by the shim */
    uint64_t sync_us;  /* what an fsync takes */
    int64_t clock_us;  /* added to the wall clock */
    struct rule rules[RULES_MAX];
};

enum record_kind {
    RECORD_CREATE = 1, /* name, inode */
    RECORD_WRITE,      /* inode, offset, bytes */
    RECORD_TRUNCATE,   /* inode; offset is the new size */
    RECORD_EXTEND,     /* inode; offset is the least size */
    RECORD_SYNC_BEGIN, /* inode, 0 for the directory */
    RECORD_SYNC_END,   /* inode; offset is the number of its BEGIN */
    RECORD_SYNC_LOST,  /* as SYNC_END, but it failed: what it should have saved never will be */
    RECORD_RENAME,     /* two names, a zero between */
    RECORD_LINK,       /* two names */
    RECORD_UNLINK,     /* name */
};

struct record {
    uint32_t kind, name_len;
    uint64_t number; /* 1, 2, … */
    uint64_t inode, offset, len;
    /* name_len bytes of names, len bytes of data */
};
