/* Everything here goes through one form, struct decimal: the significant digits one a byte, and
 * the exponent of the first. With at most 38 of them, adding digit by digit costs tens of
 * nanoseconds and needs no wide integers, whose overflow would have to be argued about. */
#include "item/number.h"

#include "item/item_int.h"

enum { EXPONENT_MIN = -130, EXPONENT_MAX = 125, PAIRS_MAX = NUMBER_DIGITS_MAX / 2 };
enum { MARK_NEGATIVE = 1, MARK_ZERO = 2, MARK_POSITIVE = 3 };

/* 0.d0 d1 d2 … × 10^(exponent + 1); the first and the last digit are not 0. No digits: zero. */
struct decimal {
    bool negative;
    int exponent;
    size_t count;
    unsigned char digits[NUMBER_DIGITS_MAX];
};

/* ---- encoding ---- */

static size_t decimal_encode(const struct decimal *d, unsigned char *out) {
    if (d->count == 0) {
        out[0] = MARK_ZERO;
        return 1;
    }
    unsigned exponent = (unsigned)(d->exponent - EXPONENT_MIN);
    size_t len = 0;
    out[len++] = d->negative ? MARK_NEGATIVE : MARK_POSITIVE;
    out[len++] = (unsigned char)(d->negative ? 255 - exponent : exponent);
    for (size_t i = 0; i < d->count; i += 2) {
        unsigned pair = d->digits[i] * 10u + (i + 1 < d->count ? d->digits[i + 1] : 0u);
        out[len++] = (unsigned char)(d->negative ? 101 - pair : pair + 1);
    }
    out[len++] = d->negative ? 0xff : 0x00;
    return len;
}

size_t number_len(const unsigned char *at, const unsigned char *end) {
    if (at == end)
        return 0;
    if (*at == MARK_ZERO)
        return 1;
    if ((*at != MARK_NEGATIVE && *at != MARK_POSITIVE) || end - at < 4)
        return 0;
    bool negative = *at == MARK_NEGATIVE;
    const unsigned char stop = negative ? 0xff : 0x00;
    unsigned pair = 0;
    size_t len = 2;
    for (; at + len < end && at[len] != stop; len++) {
        pair = negative ? 101u - at[len] : at[len] - 1u;
        if (pair > 99 || (len == 2 && pair < 10) || len - 2 == PAIRS_MAX)
            return 0;
    }
    /* No digits at all, digits that never end, or a pair that should have been dropped. */
    if (len == 2 || at + len == end || pair == 0)
        return 0;
    return len + 1;
}

/* Expects what number_len accepts; other bytes give a wrong number, no wrong access. */
static void decimal_decode(str number, struct decimal *d) {
    const unsigned char *at = (const unsigned char *)number.ptr;
    d->negative = number.len > 1 && at[0] == MARK_NEGATIVE;
    d->exponent = 0;
    d->count = 0;
    if (number.len < 4 || number.len > NUMBER_BYTES_MAX)
        return;
    d->exponent = (d->negative ? 255 - at[1] : at[1]) + EXPONENT_MIN;
    for (size_t i = 2; i + 1 < number.len; i++) {
        unsigned pair = (d->negative ? 101u - at[i] : at[i] - 1u) % 100;
        d->digits[d->count++] = (unsigned char)(pair / 10);
        d->digits[d->count++] = (unsigned char)(pair % 10);
    }
    if (d->digits[d->count - 1] == 0)
        d->count--;
}

/* ---- text ---- */

/* What reading digits has found so far; positions count all digits of the text. */
struct digit_scan {
    uint64_t seen;  /* digits read */
    uint64_t first; /* position of the first that is not 0; valid when any */
    uint64_t last;  /* position of the last that is not 0 */
    bool any;       /* one that is not 0 was seen */
};

static const char *scan_digits(const char *at, const char *end, struct digit_scan *scan,
                               struct decimal *d) {
    for (; at < end && *at >= '0' && *at <= '9'; at++, scan->seen++) {
        unsigned char digit = (unsigned char)(*at - '0');
        if (digit) {
            if (!scan->any)
                scan->first = scan->seen;
            scan->any = true;
            scan->last = scan->seen;
        }
        if (scan->any && scan->seen - scan->first < NUMBER_DIGITS_MAX)
            d->digits[scan->seen - scan->first] = digit;
    }
    return at;
}

/* Reads the digits of an exponent; beyond all that a text of digits could make up for, it stays
 * where it is. NULL when there are none. */
static const char *scan_exponent(const char *at, const char *end, int64_t *out) {
    const int64_t enough = (int64_t)1 << 56;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return NULL;
    int64_t exponent = 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        if (exponent < enough)
            exponent = exponent * 10 + (*at - '0');
    *out = negative ? -exponent : exponent;
    return at;
}

enum number_fault number_from_text(str text, unsigned char *out, size_t *out_len) {
    struct decimal d;
    struct digit_scan scan = {};
    int64_t exponent = 0;
    const char *at = text.ptr, *end = text.len ? text.ptr + text.len : text.ptr;
    d.negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    at = scan_digits(at, end, &scan, &d);
    uint64_t integer_digits = scan.seen;
    if (at < end && *at == '.')
        at = scan_digits(at + 1, end, &scan, &d);
    if (scan.seen == 0)
        return NUMBER_NOT_NUMERIC;
    if (at < end && (*at == 'e' || *at == 'E'))
        at = scan_exponent(at + 1, end, &exponent);
    if (at != end)
        return NUMBER_NOT_NUMERIC;

    d.count = 0;
    if (scan.any) {
        exponent += (int64_t)integer_digits - 1 - (int64_t)scan.first;
        if (exponent > EXPONENT_MAX)
            return NUMBER_OVERFLOW;
        if (exponent < EXPONENT_MIN)
            return NUMBER_UNDERFLOW;
        if (scan.last - scan.first >= NUMBER_DIGITS_MAX)
            return NUMBER_TOO_MANY_DIGITS;
        d.exponent = (int)exponent;
        d.count = scan.last - scan.first + 1;
    }
    *out_len = decimal_encode(&d, out);
    return NUMBER_OK;
}

static size_t put_digits(char *out, const unsigned char *digits, size_t count) {
    for (size_t i = 0; i < count; i++)
        out[i] = (char)('0' + digits[i]);
    return count;
}

static size_t put_zeros(char *out, size_t count) {
    memset(out, '0', count);
    return count;
}

size_t number_put_text(str number, char *out) {
    struct decimal d;
    decimal_decode(number, &d);
    size_t len = 0;
    if (d.count == 0) {
        out[len++] = '0';
        return len;
    }
    if (d.negative)
        out[len++] = '-';
    if (d.exponent < 0) {
        out[len++] = '0';
        out[len++] = '.';
        len += put_zeros(out + len, (size_t)(-d.exponent - 1));
        return len + put_digits(out + len, d.digits, d.count);
    }
    size_t whole = (size_t)d.exponent + 1;
    if (whole >= d.count) {
        len += put_digits(out + len, d.digits, d.count);
        return len + put_zeros(out + len, whole - d.count);
    }
    len += put_digits(out + len, d.digits, whole);
    out[len++] = '.';
    return len + put_digits(out + len, d.digits + whole, d.count - whole);
}

void number_to_text(str number, struct buf *out) {
    char *at = buf_reserve(out, NUMBER_TEXT_MAX);
    out->len += number_put_text(number, at);
}

/* ---- arithmetic ---- */

/* Two numbers whose digits lie this far apart cannot have a sum of 38 digits: even after a borrow
 * from the first digit it would reach from there to the last. */
enum { SUM_DIGITS_MAX = 2 * NUMBER_DIGITS_MAX + 1 };

/* Position of the last digit: its weight is 10^low. */
static int decimal_low(const struct decimal *d) {
    return d->exponent - (int)d->count + 1;
}

static int larger(int a, int b) {
    return a > b ? a : b;
}

/* Order of magnitudes; neither is zero. */
static int magnitude_cmp(const struct decimal *a, const struct decimal *b) {
    if (a->exponent != b->exponent)
        return a->exponent > b->exponent ? 1 : -1;
    return str_cmp((str){(const char *)a->digits, a->count},
                   (str){(const char *)b->digits, b->count});
}

/* sum[0] has the weight 10^high. Adds (sign 1) or takes away (sign -1), the larger one first. */
static void accumulate(signed char *sum, int high, const struct decimal *d, int sign) {
    size_t at = (size_t)(high - d->exponent) + d->count;
    int carry = 0;
    for (size_t i = d->count; i-- > 0;) {
        int digit = sum[--at] + sign * d->digits[i] + carry;
        carry = digit > 9 ? 1 : digit < 0 ? -1 : 0;
        sum[at] = (signed char)(digit - carry * 10);
    }
    while (carry) {
        int digit = sum[--at] + carry;
        carry = digit > 9 ? 1 : digit < 0 ? -1 : 0;
        sum[at] = (signed char)(digit - carry * 10);
    }
}

/* Drops zeros at both ends and checks the limits. */
static enum number_fault sum_to_decimal(const signed char *sum, size_t count, int high,
                                        struct decimal *out) {
    size_t first = 0;
    while (first < count && sum[first] == 0)
        first++;
    while (count > first && sum[count - 1] == 0)
        count--;
    out->count = 0;
    if (first == count)
        return NUMBER_OK;
    out->exponent = high - (int)first;
    if (out->exponent > EXPONENT_MAX)
        return NUMBER_OVERFLOW;
    if (out->exponent < EXPONENT_MIN)
        return NUMBER_UNDERFLOW;
    if (count - first > NUMBER_DIGITS_MAX)
        return NUMBER_TOO_MANY_DIGITS;
    while (first < count)
        out->digits[out->count++] = (unsigned char)sum[first++];
    return NUMBER_OK;
}

static enum number_fault decimal_add(const struct decimal *a, const struct decimal *b,
                                     struct decimal *out) {
    if (a->count == 0 || b->count == 0) {
        *out = a->count ? *a : *b;
        return NUMBER_OK;
    }
    const struct decimal *greater = magnitude_cmp(a, b) >= 0 ? a : b;
    const struct decimal *lesser = greater == a ? b : a;
    int high = greater->exponent + 1; /* room for a carry */
    int low = -larger(-decimal_low(a), -decimal_low(b));
    size_t count = (size_t)(high - low + 1);
    if (count > SUM_DIGITS_MAX)
        return NUMBER_TOO_MANY_DIGITS;
    signed char sum[SUM_DIGITS_MAX] = {};
    accumulate(sum, high, greater, 1);
    accumulate(sum, high, lesser, a->negative == b->negative ? 1 : -1);
    out->negative = greater->negative;
    return sum_to_decimal(sum, count, high, out);
}

static enum number_fault add_or_subtract(str left, str right, bool subtract, unsigned char *out,
                                         size_t *out_len) {
    struct decimal a, b, sum;
    decimal_decode(left, &a);
    decimal_decode(right, &b);
    if (subtract)
        b.negative = !b.negative;
    enum number_fault fault = decimal_add(&a, &b, &sum);
    if (fault == NUMBER_OK)
        *out_len = decimal_encode(&sum, out);
    return fault;
}

enum number_fault number_add(str left, str right, unsigned char *out, size_t *out_len) {
    return add_or_subtract(left, right, false, out, out_len);
}

enum number_fault number_subtract(str left, str right, unsigned char *out, size_t *out_len) {
    return add_or_subtract(left, right, true, out, out_len);
}

/* ---- other forms ---- */

size_t number_size(str number) {
    struct decimal d;
    decimal_decode(number, &d);
    size_t whole = d.exponent < 0 ? 0 : (size_t)d.exponent + 1;
    if (whole > d.count)
        whole = d.count;
    return 1 + (whole + 1) / 2 + (d.count - whole + 1) / 2 + (d.negative ? 1 : 0);
}

/* What stands before the point. */
static bool decimal_whole(const struct decimal *d, int64_t *out) {
    if (d->exponent > 18)
        return false;
    uint64_t magnitude = 0; /* 19 digits fit */
    for (int i = 0; i <= d->exponent; i++)
        magnitude = magnitude * 10 + ((size_t)i < d->count ? d->digits[i] : 0);
    if (magnitude > (uint64_t)INT64_MAX + (d->negative ? 1 : 0))
        return false;
    *out = d->negative ? (int64_t)-magnitude : (int64_t)magnitude;
    return true;
}

bool number_to_i64(str number, int64_t *out) {
    struct decimal d;
    decimal_decode(number, &d);
    return (d.count == 0 || decimal_low(&d) >= 0) && decimal_whole(&d, out);
}

bool number_ceiling(str number, int64_t *out) {
    struct decimal d;
    int64_t whole;
    decimal_decode(number, &d);
    if (!decimal_whole(&d, &whole))
        return false;
    bool above = d.count > 0 && decimal_low(&d) < 0 && !d.negative;
    if (above && whole == INT64_MAX)
        return false;
    *out = whole + above;
    return true;
}

void number_from_i64(int64_t value, unsigned char *out, size_t *out_len) {
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    unsigned char reversed[20];
    size_t total = 0, zeros = 0;
    for (; magnitude; magnitude /= 10)
        reversed[total++] = (unsigned char)(magnitude % 10);
    while (zeros < total && reversed[zeros] == 0)
        zeros++;
    struct decimal d = {.negative = value < 0, .exponent = (int)total - 1, .count = total - zeros};
    for (size_t i = 0; i < d.count; i++)
        d.digits[i] = reversed[total - 1 - i];
    *out_len = decimal_encode(&d, out);
}
