#include "server/crash_report.h"

void crash_report_install(void) {
}
