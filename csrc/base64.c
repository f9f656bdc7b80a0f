/* Base64 (RFC 4648, with padding), for Basic authentication. */
#include "base64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool pt_base64_append(pt_buffer *out, const void *p, size_t n) {
    const unsigned char *s = p;
    size_t groups = n / 3 + (n % 3 != 0);
    if (groups > SIZE_MAX / 4 || !pt_buffer_reserve(out, groups * 4))
        return false;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        unsigned long bits = (unsigned long)s[i] << 16;
        if (left > 1)
            bits |= (unsigned long)s[i + 1] << 8;
        if (left > 2)
            bits |= (unsigned long)s[i + 2];
        out->data[out->len++] = alphabet[bits >> 18 & 63];
        out->data[out->len++] = alphabet[bits >> 12 & 63];
        out->data[out->len++] = left > 1 ? alphabet[bits >> 6 & 63] : '=';
        out->data[out->len++] = left > 2 ? alphabet[bits & 63] : '=';
    }
    return true;
}
