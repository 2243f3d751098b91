#include "server/body_cost.h"

/* What a tree takes follows from the marks that open a container or part two elements. In memory,
 * at most, while it is made:
 *
 *     "a",            a member of a set     three times a str        48
 *     {"N":"1"},      of a list             twice a value            48 and the number
 *     "a":{"S":""},   of a map              twice a record           80
 *     {"L":[ ]}       a list of one         a value, aligned         32
 *     {"M":{"a": }}   a map of one          a record, aligned        48
 *     {"Put":{}},     a structure           its members, pointers    100 or so
 *
 * Strings without their escapes, numbers and decoded bytes take less than their text, and so do an
 * item's stored bytes. A refusal that tells a set of what it holds is three times that text. */
enum { OF_COMMA = 64, OF_OPENER = 32, DEFLATE_RATIO_MAX = 1032 };

size_t body_cost_unpacked(size_t compressed, size_t most) {
    return compressed < most / DEFLATE_RATIO_MAX ? compressed * DEFLATE_RATIO_MAX : most;
}

/* Sixteen bytes at a time: one by one it would take a tenth of the parser's own time. */
typedef uint8_t lanes __attribute__((vector_size(16)));
enum { LANES = sizeof(lanes), LANE_COUNT_MAX = 255 };

static size_t lanes_sum(lanes counts) {
    size_t sum = 0;
    for (size_t i = 0; i < LANES; i++)
        sum += counts[i];
    return sum;
}

size_t body_cost_parsed(str text) {
    size_t commas = 0, openers = 0, i = 0;
    while (text.len - i >= LANES) {
        lanes comma_counts = {}, opener_counts = {};
        for (size_t n = 0; n < LANE_COUNT_MAX && text.len - i >= LANES; n++, i += LANES) {
            lanes bytes;
            memcpy(&bytes, text.ptr + i, LANES);
            comma_counts -= (lanes)(bytes == ',');           /* true is 255, which is -1 */
            opener_counts -= (lanes)((bytes | 0x20) == '{'); /* and '[' */
        }
        commas += lanes_sum(comma_counts);
        openers += lanes_sum(opener_counts);
    }
    for (; i < text.len; i++) {
        commas += text.ptr[i] == ',';
        openers += (text.ptr[i] | 0x20) == '{';
    }
    return text.len + OF_COMMA * commas + OF_OPENER * openers;
}
