/* Addresses and times as policies write them. */
#include "iam/policy_int.h"

#include <arpa/inet.h>
#include <time.h>

/* ---- addresses ---- */

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool address_parse(str text, struct address *out) {
    char c_text[INET6_ADDRSTRLEN];
    struct address address;
    if (text.len == 0 || text.len >= sizeof c_text || memchr(text.ptr, 0, text.len))
        return false;
    memcpy(c_text, text.ptr, text.len);
    c_text[text.len] = 0;
    memcpy(address.bytes, mapped, sizeof mapped);
    if (inet_pton(AF_INET, c_text, address.bytes + sizeof mapped) != 1 &&
        inet_pton(AF_INET6, c_text, address.bytes) != 1)
        return false;
    *out = address;
    return true;
}

bool network_parse(str text, struct network *out) {
    size_t slash = str_find(text, '/');
    struct network network = {.bits = 128};
    str host = str_slice(text, 0, slash);
    if (!address_parse(host, &network.address))
        return false;
    if (slash < text.len) {
        bool is_v6 = str_find(host, ':') < host.len;
        uint64_t bits;
        if (!str_to_u64(str_slice(text, slash + 1, text.len), &bits) || bits > (is_v6 ? 128 : 32))
            return false;
        network.bits = (unsigned)bits + (is_v6 ? 0 : 96);
    }
    *out = network;
    return true;
}

/* An IPv4 address is in no network of IPv6, not even ::/0. */
static bool is_v4(const struct address *address) {
    return memcmp(address->bytes, mapped, sizeof mapped) == 0;
}

bool network_holds(const struct network *network, const struct address *address) {
    if (is_v4(address) != (network->bits >= 96 && is_v4(&network->address)))
        return false;
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (memcmp(network->address.bytes, address->bytes, whole) != 0)
        return false;
    return rest == 0 || ((network->address.bytes[whole] ^ address->bytes[whole]) &
                         (0xff00u >> rest) & 0xff) == 0;
}

/* ---- times ---- */

/* Takes exactly `digits` digits off the front. */
static bool take_digits(str *rest, unsigned digits, int *out) {
    int value = 0;
    if (rest->len < digits)
        return false;
    for (unsigned i = 0; i < digits; i++) {
        if (rest->ptr[i] < '0' || rest->ptr[i] > '9')
            return false;
        value = value * 10 + (rest->ptr[i] - '0');
    }
    *rest = str_slice(*rest, digits, rest->len);
    *out = value;
    return true;
}

static bool take_byte(str *rest, char byte) {
    if (rest->len == 0 || rest->ptr[0] != byte)
        return false;
    *rest = str_slice(*rest, 1, rest->len);
    return true;
}

/* Digits behind the point; those below a microsecond are dropped. */
static bool take_fraction(str *rest, int64_t *out_us) {
    int64_t us = 0, unit = 100000;
    size_t digits = 0;
    for (; digits < rest->len && rest->ptr[digits] >= '0' && rest->ptr[digits] <= '9'; digits++) {
        us += (rest->ptr[digits] - '0') * unit;
        unit /= 10;
    }
    *rest = str_slice(*rest, digits, rest->len);
    *out_us = us;
    return digits > 0;
}

static bool take_zone(str *rest, int *out_minutes) {
    int hours, minutes, sign;
    if (take_byte(rest, 'Z')) {
        *out_minutes = 0;
        return true;
    }
    sign = take_byte(rest, '-') ? -1 : 1;
    if (sign == 1 && !take_byte(rest, '+'))
        return false;
    if (!take_digits(rest, 2, &hours) || !take_byte(rest, ':') || !take_digits(rest, 2, &minutes) ||
        hours > 23 || minutes > 59)
        return false;
    *out_minutes = sign * (hours * 60 + minutes);
    return true;
}

static bool take_clock(str *rest, struct tm *parts, int64_t *out_us, int *out_zone) {
    if (!take_digits(rest, 2, &parts->tm_hour) || !take_byte(rest, ':') ||
        !take_digits(rest, 2, &parts->tm_min))
        return false;
    if (take_byte(rest, ':')) {
        if (!take_digits(rest, 2, &parts->tm_sec))
            return false;
        if (take_byte(rest, '.') && !take_fraction(rest, out_us))
            return false;
    }
    return parts->tm_hour <= 23 && parts->tm_min <= 59 && parts->tm_sec <= 59 &&
           take_zone(rest, out_zone);
}

static bool date_parse(str text, int64_t *out_us) {
    struct tm parts = {.tm_mday = 1};
    int year, month = 1, zone = 0;
    int64_t fraction_us = 0;
    if (!take_digits(&text, 4, &year))
        return false;
    if (take_byte(&text, '-')) {
        if (!take_digits(&text, 2, &month))
            return false;
        if (take_byte(&text, '-')) {
            if (!take_digits(&text, 2, &parts.tm_mday))
                return false;
            if (take_byte(&text, 'T') && !take_clock(&text, &parts, &fraction_us, &zone))
                return false;
        }
    }
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    int day = parts.tm_mday;
    int64_t seconds = (int64_t)timegm(&parts);
    /* timegm carries what is too large: a 31st of June is no date. */
    if (text.len != 0 || month < 1 || month > 12 || parts.tm_mon != month - 1 ||
        parts.tm_mday != day)
        return false;
    *out_us = (seconds - (int64_t)zone * 60) * 1000000 + fraction_us;
    return true;
}

bool moment_parse(str text, int64_t *out_us) {
    str rest = text;
    uint64_t seconds;
    int64_t fraction_us = 0;
    if (date_parse(text, out_us))
        return true;
    size_t point = str_find(rest, '.');
    if (!str_to_u64(str_slice(rest, 0, point), &seconds) || seconds > (uint64_t)1 << 40)
        return false;
    if (point < rest.len) {
        rest = str_slice(rest, point + 1, rest.len);
        if (!take_fraction(&rest, &fraction_us) || rest.len != 0)
            return false;
    }
    *out_us = (int64_t)seconds * 1000000 + fraction_us;
    return true;
}
