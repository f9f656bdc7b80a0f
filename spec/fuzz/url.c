/* Paths and addresses: what is escaped decodes to what it was, and what a check lets through has
   the properties that the check promises, judged by slower means. */
#include "url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base_url.h"
#include "fuzz.h"

#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
#define FORM_PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._*+"
enum { LONGEST_PART = 2048 };

/* Appends the decoded bytes; false when a % is not followed by two digits. */
static bool decode(pt_buffer *to, const char *s, size_t n, bool form) {
    for (size_t i = 0; i < n; i++) {
        unsigned value = (unsigned char)s[i];
        if (s[i] == '%') {
            char digits[3] = {0};
            if (i + 2 >= n || !isxdigit((unsigned char)s[i + 1]) ||
                !isxdigit((unsigned char)s[i + 2]))
                return false;
            memcpy(digits, s + i + 1, 2);
            value = (unsigned)strtoul(digits, NULL, 16);
            i += 2;
        } else if (form && s[i] == '+') {
            value = ' ';
        }
        MUST(pt_buffer_putc(to, (char)value));
    }
    return true;
}

static void check_escaped(const pt_buffer *escaped, const char *s, size_t n, bool form) {
    pt_buffer decoded = {0};
    for (size_t i = 0; i < escaped->len; i++) {
        char c = escaped->data[i];
        MUST(c != '\0' && strchr(form ? FORM_PLAIN "%" : UNRESERVED "%", c) != NULL);
        MUST(c != '%' || (!islower((unsigned char)escaped->data[i + 1]) &&
                          !islower((unsigned char)escaped->data[i + 2])));
    }
    MUST(decode(&decoded, escaped->len > 0 ? escaped->data : "", escaped->len, form));
    MUST(decoded.len == n && (n == 0 || memcmp(decoded.data, s, n) == 0));
    pt_buffer_free(&decoded);
}

static void check_parts(const char *s, size_t n) {
    pt_buffer path = {0}, part = {0}, form = {0};
    const char *why = NULL;
    MUST(pt_url_escape_part(&part, s, n) && pt_url_escape_form(&form, s, n));
    check_escaped(&part, s, n, false);
    check_escaped(&form, s, n, true);
    bool fine = pt_url_check_part(s, n) == PT_PART_OK;
    bool dots = n > 0 && n <= 2 && strspn(s, ".") >= n;
    MUST(fine == (n > 0 && n <= LONGEST_PART && !dots && strlen(s) >= n));
    MUST(pt_buffer_puts(&path, "/v1/") && pt_buffer_append(&path, part.data, part.len));
    if (n > 0 && n <= LONGEST_PART)
        MUST(pt_url_check_encoded_path(path.data, path.len, false, &why) == fine);
    pt_buffer_free(&path);
    pt_buffer_free(&part);
    pt_buffer_free(&form);
}

/* Whether the path is one, segment by segment. */
static bool is_path(const char *s, size_t n) {
    if (n == 0 || s[0] != '/')
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] <= ' ' || (unsigned char)s[i] >= 0x7f ||
            strchr("?#\\", s[i]) != NULL)
            return false;
    for (size_t from = 1, to; from <= n; from = to + 1) {
        pt_buffer segment = {0};
        for (to = from; to < n && s[to] != '/';)
            to++;
        bool decoded = decode(&segment, s + from, to - from, false);
        bool dots =
            segment.len > 0 && segment.len <= 2 && memcmp(segment.data, "..", segment.len) == 0;
        bool nul = segment.len > 0 && memchr(segment.data, '\0', segment.len) != NULL;
        size_t length = segment.len;
        pt_buffer_free(&segment);
        if (!decoded || dots || nul || length == 0)
            return false;
    }
    return true;
}

static void check_path(const char *s, size_t n) {
    const char *why = NULL;
    bool fine = pt_url_check_encoded_path(s, n, false, &why);
    MUST(fine == is_path(s, n));
    MUST(fine || (why != NULL && *why != '\0'));
}

static void check_host(const char *host) {
    struct in_addr address;
    size_t n = strlen(host);
    bool quad = inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
    bool named = n >= 9 && strcasecmp(host + n - 9, "localhost") == 0 &&
                 (n == 9 || host[n - 10] == '.') && strpbrk(host, "@:/?#% ") == NULL;
    bool six = strcmp(host, "::1") == 0 || strcmp(host, "[::1]") == 0;
    bool loopback = pt_url_is_loopback_host(host);
    MUST(!loopback || quad || named || six);
    MUST(loopback || !(quad || six));
}

/* What a base address is does not change when it is read again; nothing secret can be in it. */
static void check_base(const char *text) {
    pt_base_url b, again;
    const char *why = NULL;
    if (!pt_base_url_parse(&b, text, &why)) {
        MUST(why != NULL && *why != '\0');
        return;
    }
    const char *base = b.text.data;
    size_t n = strlen(base), prefix = strlen(b.prefix.data);
    MUST(b.text.len == n + 1 && b.prefix.len == prefix + 1);
    MUST(strncmp(base, b.plain ? "http://" : "https://", b.plain ? 7 : 8) == 0);
    MUST(strpbrk(base, "?# \r\n\t\\") == NULL && base[n - 1] != '/');
    MUST(prefix <= n && strcmp(base + n - prefix, b.prefix.data) == 0);
    MUST(memchr(base, '@', n - prefix) == NULL);
    MUST(pt_base_url_parse(&again, base, &why));
    MUST(strcmp(again.text.data, base) == 0 && strcmp(again.prefix.data, b.prefix.data) == 0);
    MUST(again.loopback == b.loopback && again.plain == b.plain);
    pt_base_url_free(&again);
    pt_base_url_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    char *text = malloc(n + 1);
    MUST(text != NULL);
    if (n > 0)
        memcpy(text, bytes, n);
    text[n] = '\0';
    check_parts(text, n);
    check_path(text, n);
    check_host(text);
    check_base(text);
    free(text);
    return 0;
}
