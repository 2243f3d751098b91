#include "server/open_problem.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

const char *open_problem(status st, const char *sentence) {
    if (sentence != NULL && sentence[0] != '\0')
        return sentence;
    switch (st) {
    case ST_IN_USE:
        return "another process is using it";
    case ST_NEWER:
        return "it was written by a newer version of stator; use that version";
    case ST_CORRUPT:
        return "what is stored there does not decode; run stator verify";
    case ST_INVALID:
        return "it is not empty and not a data directory of stator";
    case ST_FULL:
        return "the disk is full";
    case ST_IO:
        return errno ? strerror(errno) : "it can't be read or written";
    case ST_OK:
    case ST_NOT_FOUND:
    case ST_CONFLICT:
    case ST_WOULD_WAIT:
    case ST_READ_ONLY:
    case ST_TOO_BIG:
    case ST_FAILED:
        break;
    }
    return status_text(st);
}
