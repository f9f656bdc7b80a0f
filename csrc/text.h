/* UTF-8, and text for messages: one bounded line, whatever the bytes were. Pure C. */
#ifndef PT_TEXT_H
#define PT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the well-formed UTF-8 sequence at `s` (n > 0 bytes are there), 0 when there is
 * none. */
size_t pt_utf8_length(const char *s, size_t n);

/* A line being written into the caller's storage. Runs of spaces and controls become one space,
 * bytes that are not UTF-8 become '?', and what does not fit becomes "...". */
typedef struct {
    char *text;
    size_t n;
    size_t size;
    bool full;
} pt_line;

/* `size` is at least 8; the last byte is kept for the NUL. */
void pt_line_begin(pt_line *line, char *storage, size_t size);
void pt_line_add(pt_line *line, const char *s, size_t n);
void pt_line_puts(pt_line *line, const char *text);

/* Ends the line with a NUL, without a space at its end, and returns it. */
const char *pt_line_end(pt_line *line);

/* ASCII letters only, whatever the locale. */
char pt_lower(char c);
bool pt_is_space(char c);

/* Whether `s` begins with `lower` (which is in lower case), in any letter case. */
bool pt_begins_with(const char *s, size_t n, const char *lower);

/* Whether `text` holds `lower`, in any letter case. */
bool pt_contains(const char *text, const char *lower);

#endif
