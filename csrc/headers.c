/* Header lists for libcurl, wiped when they go because they carry the token. */
#include "headers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void pt_lines_free(struct curl_slist *list) {
    for (struct curl_slist *s = list; s != NULL; s = s->next)
        pt_wipe(s->data, strlen(s->data));
    curl_slist_free_all(list);
}

static bool add(struct curl_slist **list, const char *line) {
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer == NULL)
        return false;
    *list = longer;
    return true;
}

static struct curl_slist *new_list(const pt_buffer *lines) {
    struct curl_slist *list = NULL;
    for (size_t at = 0; at < lines->len; at += strlen(lines->data + at) + 1) {
        if (!add(&list, lines->data + at)) {
            pt_lines_free(list);
            return NULL;
        }
    }
    return list;
}

struct curl_slist *pt_lines_new(pt_buffer *lines) {
    return pt_buffer_append(lines, "Expect:", sizeof "Expect:") ? new_list(lines) : NULL;
}

bool pt_headers_append_bearer(pt_buffer *lines, const pt_buffer *token) {
    return pt_buffer_puts(lines, "Authorization: Bearer ") &&
           pt_buffer_append(lines, token->data, token->len) && pt_buffer_putc(lines, '\0');
}

const char *pt_lines_find(const pt_buffer *lines, const char *name, size_t n) {
    for (size_t at = 0; at < lines->len; at += strlen(lines->data + at) + 1) {
        const char *line = lines->data + at;
        if (strncasecmp(line, name, n) == 0 && (line[n] == ':' || line[n] == ';'))
            return line + n + (line[n] == ':' ? 2 : 1);
    }
    return NULL;
}

static bool build(pt_headers *h, const pt_buffer *lines, const pt_buffer *token) {
    static const char type[] = "Content-Type: " PT_JSON_TYPE;
    /* libcurl would put it together anew for each request */
    static const char coding[] = "Accept-Encoding: " PT_CODING;
    bool coded = pt_lines_find(lines, "accept-encoding", 15) != NULL;
    bool bearer = token->len > 0 && pt_lines_find(lines, "authorization", 13) == NULL;
    bool typed = pt_lines_find(lines, "content-type", 12) != NULL;
    pt_buffer all = {0};
    bool ok = pt_buffer_append(&all, lines->data, lines->len) &&
              (coded || pt_buffer_append(&all, coding, sizeof coding)) &&
              (!bearer || pt_headers_append_bearer(&all, token));
    if (ok)
        h->plain = new_list(&all);
    ok = ok && h->plain && (typed || pt_buffer_append(&all, type, sizeof type));
    if (ok)
        h->json = new_list(&all);
    pt_buffer_free(&all);
    return ok && h->json;
}

pt_headers *pt_headers_new(const pt_buffer *lines, const pt_buffer *token) {
    pt_headers *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->references = 1;
    if (build(h, lines, token))
        return h;
    pt_headers_release(h);
    return NULL;
}

void pt_headers_release(pt_headers *h) {
    if (h == NULL || --h->references > 0)
        return;
    pt_lines_free(h->plain);
    pt_lines_free(h->json);
    free(h);
}
