#include "base/status.h"

const char *status_text(status st) {
    switch (st) {
#define X(name, text)                                                                              \
    case ST_##name:                                                                                \
        return text;
        STATUS_LIST(X)
#undef X
    }
    return "unknown status";
}
