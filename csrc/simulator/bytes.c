/* A growable run of bytes; see bytes.h. */
#include "bytes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 256 };

bool pt_bytes_reserve(pt_bytes *bytes, size_t capacity) {
    if (capacity <= bytes->capacity)
        return true;
    char *data = realloc(bytes->data, capacity);
    if (!data)
        return false;
    bytes->data = data;
    bytes->capacity = capacity;
    return true;
}

bool pt_bytes_append(pt_bytes *bytes, const void *data, size_t length) {
    if (length > SIZE_MAX / 2 - bytes->length)
        return false;
    size_t needed = bytes->length + length;
    if (needed > bytes->capacity) {
        size_t doubled = bytes->capacity * 2;
        size_t capacity = doubled > needed ? doubled : needed;
        if (!pt_bytes_reserve(bytes, capacity > SMALLEST ? capacity : SMALLEST))
            return false;
    }
    if (length > 0) {
        memcpy(bytes->data + bytes->length, data, length);
        bytes->length = needed;
    }
    return true;
}

void pt_bytes_free(pt_bytes *bytes) {
    free(bytes->data);
    *bytes = (pt_bytes){0};
}
