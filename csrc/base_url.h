/* The address of the cloud, checked and taken apart once. */
#ifndef PT_BASE_URL_H
#define PT_BASE_URL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "buffer.h"

typedef struct pt_base_url {
    CURLU *url;
    pt_buffer text;   /* "https://host[:port][/prefix]", no slash at the end; ends with NUL */
    pt_buffer prefix; /* the path prefix alone; ends with NUL */
    bool loopback;
    bool plain; /* http rather than https */
} pt_base_url;

/* False with *why when the text is no such address, or with *why NULL when memory ran out. */
bool pt_base_url_parse(pt_base_url *b, const char *text, const char **why);
void pt_base_url_free(pt_base_url *b);

#endif
