/* A growable run of bytes. Whoever holds the struct owns the memory; all zero is an empty one. */
#ifndef PT_SIMULATOR_BYTES_H
#define PT_SIMULATOR_BYTES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct pt_bytes {
    char *data;
    size_t length;
    size_t capacity;
} pt_bytes;

/* Both return false, and change nothing, when memory is short. */
bool pt_bytes_reserve(pt_bytes *bytes, size_t capacity);
bool pt_bytes_append(pt_bytes *bytes, const void *data, size_t length);

void pt_bytes_free(pt_bytes *bytes);

#endif
