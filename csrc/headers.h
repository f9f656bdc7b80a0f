/* The header lines of requests: one shared pair of lists for an api, or a list for one request. */
#ifndef PT_HEADERS_H
#define PT_HEADERS_H

#include <curl/curl.h>
#include <stdbool.h>

#include "buffer.h"

/* Shared by an engine and the transfers under way, so that a new token may replace them. */
typedef struct pt_headers {
    int references;
    struct curl_slist *plain; /* libcurl adds the content type of a form by itself */
    struct curl_slist *json;
} pt_headers;

#define PT_JSON_TYPE "application/json"
#define PT_CODING "gzip"

/* The value in the line of that name (any letter case), or NULL. */
const char *pt_lines_find(const pt_buffer *lines, const char *name, size_t n);

/* `lines` holds NUL-terminated header lines, which stand before the token's and the content type;
   `token` may be empty. NULL when memory ran out. */
pt_headers *pt_headers_new(const pt_buffer *lines, const pt_buffer *token);
void pt_headers_release(pt_headers *h);

/* Appends a line that carries the token. */
bool pt_headers_append_bearer(pt_buffer *lines, const pt_buffer *token);

/* A list for one request, of the lines in `lines` and one that silences "Expect: 100-continue",
   which would cost a large body a round trip; NULL when memory ran out. Freeing wipes them. */
struct curl_slist *pt_lines_new(pt_buffer *lines);
void pt_lines_free(struct curl_slist *list);

#endif
