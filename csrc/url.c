/* Percent-encoding and checks of paths and hosts. ASCII only, whatever the locale. */
#include "url.h"

#include <stdint.h>
#include <string.h>

#define PART_MAX 2048

static bool is_alnum(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* `others` stay beside letters and digits. */
static bool escape(pt_buffer *out, const char *s, size_t n, const char *others, bool plus) {
    static const char hex[] = "0123456789ABCDEF";
    if (n > SIZE_MAX / 3 || !pt_buffer_reserve(out, n * 3))
        return false;
    char *to = out->data + out->len;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (is_alnum(c) || (c != '\0' && strchr(others, c) != NULL)) {
            *to++ = (char)c;
        } else if (plus && c == ' ') {
            *to++ = '+';
        } else {
            *to++ = '%';
            *to++ = hex[c >> 4];
            *to++ = hex[c & 15];
        }
    }
    out->len = (size_t)(to - out->data);
    return true;
}

bool pt_url_escape_part(pt_buffer *out, const char *s, size_t n) {
    return n == 0 || escape(out, s, n, "-._~", false);
}

bool pt_url_escape_form(pt_buffer *out, const char *s, size_t n) {
    return n == 0 || escape(out, s, n, "*-._", true);
}

pt_part_check pt_url_check_part(const char *s, size_t n) {
    if (n == 0)
        return PT_PART_EMPTY;
    if (n > PART_MAX)
        return PT_PART_LONG;
    if (s[0] == '.' && (n == 1 || (n == 2 && s[1] == '.')))
        return PT_PART_DOTS;
    if (memchr(s, '\0', n) != NULL)
        return PT_PART_NUL;
    return PT_PART_OK;
}

const char *pt_url_part_problem(pt_part_check check) {
    switch (check) {
    case PT_PART_EMPTY:
        return "is empty";
    case PT_PART_DOTS:
        return "is \".\" or \"..\"";
    case PT_PART_NUL:
        return "holds a zero byte";
    case PT_PART_LONG:
        return "is longer than 2048 bytes";
    case PT_PART_OK:
        break;
    }
    return "is fine";
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* NULL when the byte may stand in a path as it is. */
static const char *raw_byte_problem(unsigned char c) {
    if (c == ' ')
        return "holds a space (write %20)";
    if (c == '\0')
        return "holds a zero byte";
    if (c < 0x20 || c == 0x7f)
        return "holds a control character";
    if (c > 0x7f)
        return "holds a byte that is not ASCII (percent-encode it)";
    if (c == '?')
        return "holds a \"?\" (a query has its own field)";
    if (c == '#')
        return "holds a \"#\"";
    if (c == '\\')
        return "holds a backslash";
    return NULL;
}

/* Reads one character at s[*i], decoding %XX, and moves *i behind it. */
static const char *next_character(const char *s, size_t n, size_t *i, unsigned char *c) {
    if (s[*i] != '%') {
        *c = (unsigned char)s[(*i)++];
        return raw_byte_problem(*c);
    }
    int high = n - *i > 2 ? hex_value(s[*i + 1]) : -1;
    int low = high >= 0 ? hex_value(s[*i + 2]) : -1;
    if (low < 0)
        return "holds a \"%\" that two hexadecimal digits do not follow";
    *c = (unsigned char)(high * 16 + low);
    *i += 3;
    return *c == '\0' ? "holds a zero byte (%00)" : NULL;
}

/* Checks the segment that begins at s[*i], moves *i to its end (a '/' or n). */
static const char *segment_problem(const char *s, size_t n, bool may_be_empty, size_t *i) {
    size_t characters = 0;
    bool dots = true;
    while (*i < n && s[*i] != '/') {
        unsigned char c = 0;
        const char *problem = next_character(s, n, i, &c);
        if (problem != NULL)
            return problem;
        dots = dots && c == '.';
        characters++;
    }
    if (characters == 0)
        return may_be_empty ? NULL : "has an empty segment";
    if (dots && characters <= 2)
        return "has a segment \".\" or \"..\"";
    return NULL;
}

bool pt_url_check_encoded_path(const char *s, size_t n, bool may_be_empty, const char **why) {
    if (n == 0 || s[0] != '/') {
        *why = "does not begin with \"/\"";
        return false;
    }
    for (size_t i = 0; i < n;) {
        i++; /* the slash */
        *why = segment_problem(s, n, may_be_empty, &i);
        if (*why != NULL)
            return false;
    }
    return true;
}

bool pt_url_is_query(const char *s, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (s[i] <= ' ' || s[i] > '~' || s[i] == '#')
            return false;
    return true;
}

/* ASCII case-insensitive; `b` is lower case. */
static bool same_text(const char *a, const char *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char c = a[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != b[i])
            return false;
    }
    return true;
}

/* One octet of a dotted quad, written without leading zeros (which some read as octal). */
static bool read_octet(const char **s, int *value) {
    const char *p = *s;
    int v = 0;
    while (*p >= '0' && *p <= '9' && p - *s < 3)
        v = v * 10 + (*p++ - '0');
    if (p == *s || v > 255 || (**s == '0' && p - *s > 1))
        return false;
    *s = p;
    *value = v;
    return true;
}

static bool is_loopback_quad(const char *host) {
    for (int i = 0; i < 4; i++) {
        int value = 0;
        if (i > 0 && *host++ != '.')
            return false;
        if (!read_octet(&host, &value) || (i == 0 && value != 127))
            return false;
    }
    return *host == '\0';
}

/* Labels of letters, digits, - and _, each followed by a dot, that fill the `n` bytes. */
static bool is_labels(const char *s, size_t n) {
    size_t label = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if (is_alnum((unsigned char)s[i]) || s[i] == '-' || s[i] == '_') {
            label++;
        } else {
            return false;
        }
    }
    return label == 0;
}

bool pt_url_is_loopback_host(const char *host) {
    static const char name[] = "localhost";
    const size_t name_length = sizeof name - 1;
    if (strcmp(host, "::1") == 0 || strcmp(host, "[::1]") == 0 || is_loopback_quad(host))
        return true;
    size_t n = strlen(host);
    return n >= name_length && same_text(host + n - name_length, name, name_length) &&
           is_labels(host, n - name_length);
}
