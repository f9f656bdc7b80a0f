/* A growing byte buffer that leaves no secret behind in freed memory. Pure C: no Lua, no curl. */
#ifndef PT_BUFFER_H
#define PT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised is a valid empty buffer. `data` is not NUL-terminated. */
typedef struct pt_buffer {
    char *data;
    size_t len;
    size_t cap;
} pt_buffer;

/* Makes room for `more` bytes after `len`; false when memory ran out or size_t would overflow,
 * contents untouched. */
bool pt_buffer_reserve(pt_buffer *b, size_t more);

/* Each returns false, with the contents untouched, when pt_buffer_reserve does. `bytes` must not
 * lie inside `b`. */
bool pt_buffer_append(pt_buffer *b, const void *bytes, size_t n);
bool pt_buffer_puts(pt_buffer *b, const char *text);
bool pt_buffer_putc(pt_buffer *b, char c);

/* Gives back the room of the first *used bytes, when that is worth moving the others; *used is 0
 * then.
 */
void pt_buffer_drop(pt_buffer *b, size_t *used);

/* Length 0; wipes what was used; keeps memory up to 256 KiB and frees more. */
void pt_buffer_clear(pt_buffer *b);

/* Wipes, frees, and leaves a valid empty buffer. */
void pt_buffer_free(pt_buffer *b);

/* A memset to zero that the compiler keeps. */
void pt_wipe(void *p, size_t n);

#endif
