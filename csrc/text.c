/* UTF-8, and text for messages. ASCII letter case only, whatever the locale. */
#include "text.h"

#include <string.h>

/* Unicode, table 3-7: what the second byte may be, by the first. */
static bool second_byte_fits(unsigned char first, unsigned char second) {
    switch (first) {
    case 0xE0:
        return second >= 0xA0 && second <= 0xBF; /* shorter forms exist below */
    case 0xED:
        return second >= 0x80 && second <= 0x9F; /* surrogates above */
    case 0xF0:
        return second >= 0x90 && second <= 0xBF;
    case 0xF4:
        return second >= 0x80 && second <= 0x8F; /* U+10FFFF is the last */
    default:
        return second >= 0x80 && second <= 0xBF;
    }
}

size_t pt_utf8_length(const char *text, size_t n) {
    const unsigned char *s = (const unsigned char *)text;
    size_t length = 0;
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF)
        length = 2;
    else if (s[0] >= 0xE0 && s[0] <= 0xEF)
        length = 3;
    else if (s[0] >= 0xF0 && s[0] <= 0xF4)
        length = 4;
    if (length == 0 || length > n || !second_byte_fits(s[0], s[1]))
        return 0;
    for (size_t i = 2; i < length; i++)
        if (s[i] < 0x80 || s[i] > 0xBF)
            return 0;
    return length;
}

void pt_line_begin(pt_line *line, char *storage, size_t size) {
    *line = (pt_line){.text = storage, .size = size};
}

/* Adds one character; the room for "..." and the NUL stays free until the line is full. */
static void add_character(pt_line *line, const char *s, size_t n) {
    if (line->full)
        return;
    if (n > line->size - sizeof "..." - line->n) {
        memcpy(line->text + line->n, "...", 3);
        line->n += 3;
        line->full = true;
        return;
    }
    memcpy(line->text + line->n, s, n);
    line->n += n;
}

void pt_line_add(pt_line *line, const char *s, size_t n) {
    for (size_t i = 0; i < n && !line->full;) {
        size_t length = pt_utf8_length(s + i, n - i);
        if (length == 0) {
            add_character(line, "?", 1);
            i++;
        } else if ((unsigned char)s[i] <= ' ' || s[i] == 0x7f) {
            if (line->n > 0 && line->text[line->n - 1] != ' ')
                add_character(line, " ", 1);
            i++;
        } else {
            add_character(line, s + i, length);
            i += length;
        }
    }
}

void pt_line_puts(pt_line *line, const char *text) { pt_line_add(line, text, strlen(text)); }

const char *pt_line_end(pt_line *line) {
    if (line->n > 0 && line->text[line->n - 1] == ' ')
        line->n--;
    line->text[line->n] = '\0';
    return line->text;
}

char pt_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

bool pt_is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool pt_begins_with(const char *s, size_t n, const char *lower) {
    size_t i = 0;
    while (lower[i] != '\0' && i < n && pt_lower(s[i]) == lower[i])
        i++;
    return lower[i] == '\0';
}

bool pt_contains(const char *text, const char *lower) {
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        if (pt_begins_with(text + i, n - i, lower))
            return true;
    return *lower == '\0';
}
