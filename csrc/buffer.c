/* A growing byte buffer. Whatever memory it gives back has been wiped, because requests carry
 * tokens. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* explicit_bzero */
#endif
#include "buffer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)256)
#define KEPT_CAPACITY ((size_t)256 * 1024)

#if defined(__OpenBSD__) || defined(__FreeBSD__) ||                                                \
    (defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 25))
#define HAVE_EXPLICIT_BZERO 1
#endif

void pt_wipe(void *p, size_t n) {
    if (p == NULL || n == 0)
        return;
#ifdef HAVE_EXPLICIT_BZERO
    explicit_bzero(p, n);
#else
    volatile unsigned char *byte = p;
    while (n-- > 0)
        *byte++ = 0;
#endif
}

/* Not realloc: it would leave a copy behind in the block it moves away from. */
static bool grow(pt_buffer *b, size_t need) {
    size_t cap = b->cap > SIZE_MAX / 2 ? SIZE_MAX : b->cap * 2;
    if (cap < FIRST_CAPACITY)
        cap = FIRST_CAPACITY;
    if (cap < need)
        cap = need;
    char *data = malloc(cap);
    if (data == NULL && cap > need) {
        cap = need; /* doubling was a wish; what is needed may still fit */
        data = malloc(cap);
    }
    if (data == NULL)
        return false;
    if (b->len > 0)
        memcpy(data, b->data, b->len);
    pt_wipe(b->data, b->len);
    free(b->data);
    b->data = data;
    b->cap = cap;
    return true;
}

bool pt_buffer_reserve(pt_buffer *b, size_t more) {
    if (more <= b->cap - b->len)
        return true;
    if (more > SIZE_MAX - b->len)
        return false;
    return grow(b, b->len + more);
}

bool pt_buffer_append(pt_buffer *b, const void *bytes, size_t n) {
    if (n == 0)
        return true;
    if (n > b->cap - b->len && !pt_buffer_reserve(b, n))
        return false;
    memcpy(b->data + b->len, bytes, n);
    b->len += n;
    return true;
}

bool pt_buffer_puts(pt_buffer *b, const char *text) {
    return pt_buffer_append(b, text, strlen(text));
}

bool pt_buffer_putc(pt_buffer *b, char c) {
    if (b->len == b->cap && !pt_buffer_reserve(b, 1))
        return false;
    b->data[b->len++] = c;
    return true;
}

void pt_buffer_drop(pt_buffer *b, size_t *used) {
    size_t rest = b->len - *used;
    if (*used == 0 || *used < rest)
        return;
    memmove(b->data, b->data + *used, rest);
    pt_wipe(b->data + rest, *used);
    b->len = rest;
    *used = 0;
}

void pt_buffer_clear(pt_buffer *b) {
    if (b->cap > KEPT_CAPACITY) {
        pt_buffer_free(b);
        return;
    }
    pt_wipe(b->data, b->len);
    b->len = 0;
}

void pt_buffer_free(pt_buffer *b) {
    pt_wipe(b->data, b->len);
    free(b->data);
    *b = (pt_buffer){0};
}
