/* banned.h - calls that a slip turns into a hole; forced in by the build before every file.
 * Standard headers come first so that their own declarations survive the poison. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef __clang__ /* whose fortified headers define some of them as macros */
#pragma GCC poison strcpy strcat strtok sprintf vsprintf gets atoi atol atoll strncpy strncat
#endif
