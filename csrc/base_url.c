/* libcurl's own URL parser decides what an address is; on top of it only what a base may not have.
 */
#include "base_url.h"

#include <string.h>

#include "url.h"

static const char no_url[] = "is not a URL such as https://api.particle.io";
static const char out_of_memory[] = ""; /* in the place of a problem of the address */

static const char *problem(CURLUcode code, const char *why) {
    return code == CURLUE_OUT_OF_MEMORY ? out_of_memory : why;
}

static const char *find_forbidden(CURLU *url) {
    static const struct {
        CURLUPart part;
        const char *why;
    } forbidden[] = {{CURLUPART_USER, "must not hold a user name or password"},
                     {CURLUPART_PASSWORD, "must not hold a user name or password"},
                     {CURLUPART_QUERY, "must not have a query"},
                     {CURLUPART_FRAGMENT, "must not have a fragment"}};
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        char *text = NULL;
        CURLUcode code = curl_url_get(url, forbidden[i].part, &text, 0);
        curl_free(text);
        if (code == CURLUE_OK || code == CURLUE_OUT_OF_MEMORY)
            return problem(code, forbidden[i].why);
    }
    return NULL;
}

static const char *read_scheme(pt_base_url *b) {
    char *scheme = NULL;
    CURLUcode code = curl_url_get(b->url, CURLUPART_SCHEME, &scheme, 0);
    if (code != CURLUE_OK)
        return problem(code, "has no scheme");
    b->plain = strcmp(scheme, "http") == 0;
    bool known = b->plain || strcmp(scheme, "https") == 0;
    curl_free(scheme);
    return known ? NULL : "must begin with https:// (or http://)";
}

/* libcurl makes up missing slashes, and decodes a host: read again it might be another one. */
static const char *check_authority(const char *text) {
    const char *host = strchr(text, ':');
    if (host == NULL || strncmp(host, "://", 3) != 0 || host[3] == '/')
        return no_url;
    host += 3;
    if (*host != '[' && memchr(host, '%', strcspn(host, "/")) != NULL)
        return "must not escape characters of its host";
    return NULL;
}

static const char *read_host(pt_base_url *b) {
    char *host = NULL;
    CURLUcode code = curl_url_get(b->url, CURLUPART_HOST, &host, 0);
    if (code != CURLUE_OK)
        return problem(code, "has no host");
    b->loopback = pt_url_is_loopback_host(host);
    curl_free(host);
    return NULL;
}

static bool keep_without_slash(pt_buffer *into, const char *text) {
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == '/')
        n--;
    return pt_buffer_append(into, text, n) && pt_buffer_putc(into, '\0');
}

static bool read_texts(pt_base_url *b) {
    char *path = NULL, *whole = NULL;
    bool ok = curl_url_get(b->url, CURLUPART_PATH, &path, 0) == CURLUE_OK &&
              curl_url_get(b->url, CURLUPART_URL, &whole, 0) == CURLUE_OK &&
              keep_without_slash(&b->prefix, path) && keep_without_slash(&b->text, whole);
    curl_free(path);
    curl_free(whole);
    return ok;
}

static bool parse(pt_base_url *b, const char *text, const char **why) {
    *why = NULL;
    b->url = curl_url();
    if (b->url == NULL)
        return false;
    CURLUcode code = curl_url_set(b->url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OUT_OF_MEMORY)
        return false;
    *why = no_url;
    if (code != CURLUE_OK || strpbrk(text, " \t\r\n\\") != NULL)
        return false;
    if ((*why = read_scheme(b)) == NULL && (*why = find_forbidden(b->url)) == NULL &&
        (*why = check_authority(text)) == NULL && (*why = read_host(b)) == NULL)
        return read_texts(b);
    if (*why == out_of_memory)
        *why = NULL;
    return false;
}

bool pt_base_url_parse(pt_base_url *b, const char *text, const char **why) {
    *b = (pt_base_url){0};
    if (parse(b, text, why))
        return true;
    pt_base_url_free(b);
    return false;
}

void pt_base_url_free(pt_base_url *b) {
    curl_url_cleanup(b->url);
    pt_buffer_free(&b->text);
    pt_buffer_free(&b->prefix);
    b->url = NULL;
}
