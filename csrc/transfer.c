/* Setting up an easy handle, and the callbacks through which bytes come and go. */
#include "transfer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "headers.h"

/* Returning less than was offered makes libcurl give the transfer up. */
static size_t give_up(pt_transfer *t, pt_end end) {
    t->end = end;
    return 0;
}

/* While it is paused the server cannot send all it has, nor at once when it goes on. */
static void note_bytes(pt_transfer *t) {
    const double quiet = 1; /* seconds in which the rest would have come */
    double now = pt_now();
    if (now - t->heard > quiet)
        t->behind = false;
    if (!t->behind)
        t->complete = pt_poller_since(t->poller);
    t->heard = now;
}

static size_t write_events(pt_transfer *t, const char *bytes, size_t n) {
    pt_event_queue *q = t->events;
    note_bytes(t);
    if (!pt_event_queue_take(q, bytes, n)) {
        t->paused = t->behind = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (q->fault != PT_SSE_MORE)
        return give_up(t, q->fault == PT_SSE_LONG ? PT_END_EVENT : PT_END_MEMORY);
    if (q->ready)
        pt_completion_add(t->poller, &t->completion);
    return n;
}

static size_t write_reply(char *bytes, size_t size, size_t count, void *owner) {
    pt_transfer *t = owner;
    size_t n = size * count;
    if (t->opened)
        return write_events(t, bytes, n);
    pt_sink *sink = t->succeeded ? t->http->sink : NULL;
    size_t most = t->http->limits.body, had = sink ? pt_sink_size(sink) : t->http->reply.len;
    if (n > most || had > most - n)
        return give_up(t, PT_END_BODY);
    if (sink != NULL)
        return pt_sink_write(sink, bytes, n) ? n : give_up(t, PT_END_SINK);
    if (!pt_buffer_append(&t->http->reply, bytes, n))
        return give_up(t, PT_END_MEMORY);
    return n;
}

/* Most lines differ in their first letter. */
static inline bool starts_with(const char *bytes, size_t n, const char *lower) {
    size_t length = strlen(lower);
    return n >= length && (bytes[0] | 0x20) == lower[0] && strncasecmp(bytes, lower, length) == 0;
}

/* Whether the value of the header line begins so. */
static bool has_value(const char *line, size_t n, const char *value) {
    const char *colon = memchr(line, ':', n);
    size_t at = colon ? (size_t)(colon - line) + 1 : n;
    while (at < n && (line[at] == ' ' || line[at] == '\t'))
        at++;
    return starts_with(line + at, n - at, value);
}

static bool is_event_stream(const char *line, size_t n) {
    return starts_with(line, n, "content-type:") && has_value(line, n, "text/event-stream");
}

/* Packed several times over, a few bytes could keep us busy for hours. */
static bool is_coded_twice(pt_transfer *t, const char *line, size_t n) {
    bool framed = starts_with(line, n, "transfer-encoding:");
    if (!framed && !starts_with(line, n, "content-encoding:"))
        return false;
    bool again = memchr(line, ',', n) != NULL;
    if (framed && has_value(line, n, "chunked"))
        return again;
    again = again || t->coded;
    t->coded = true;
    return again;
}

static void end_head(pt_transfer *t) {
    long status = 0;
    t->head_ended = true;
    if (curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
        return;
    t->succeeded = status >= 200 && status < 300;
    if (!t->typed || status != 200)
        return;
    t->status = status;
    t->opened = true;
    t->heard = t->complete = pt_now();
    t->latency = t->heard - t->started;
    pt_completion_add(t->poller, &t->completion);
}

static size_t write_head(char *line, size_t size, size_t count, void *owner) {
    pt_transfer *t = owner;
    size_t n = size * count;
    if (t->opened)
        return n; /* trailers */
    if (starts_with(line, n, "http/")) {
        pt_buffer_clear(&t->http->head); /* an interim reply came first */
        t->head_ended = t->typed = t->coded = false;
    }
    t->http->heads += n;
    if (t->http->heads > t->http->limits.head)
        return give_up(t, PT_END_HEAD);
    if (is_coded_twice(t, line, n))
        return give_up(t, PT_END_CODED);
    if (n > 0 && (line[0] == '\r' || line[0] == '\n'))
        end_head(t);
    if (is_event_stream(line, n)) {
        if (t->events == NULL)
            return give_up(t, PT_END_STREAM);
        t->typed = true;
    }
    if (t->http->keeps_head && !pt_buffer_append(&t->http->head, line, n))
        return give_up(t, PT_END_MEMORY);
    return n;
}

/* Called each time a request is about to be written, on a kept connection too. When such a
   connection died under a request, libcurl writes it again by itself: a function would run twice.
 */
static int note_sending(void *owner, char *remote_ip, char *local_ip, int remote_port,
                        int local_port) {
    (void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
    pt_transfer *t = owner;
    if (t->sent && !t->idempotent)
        return CURL_PREREQFUNC_ABORT;
    t->sent = t->channel->connected = true;
    return CURL_PREREQFUNC_OK;
}

static curl_socket_t open_socket(void *owner, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)purpose;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    if (pt_poller_opened(owner, fd))
        return fd;
    close(fd);
    return CURL_SOCKET_BAD;
}

static int close_socket(void *owner, curl_socket_t fd) {
    pt_poller_forget(owner, fd);
    return close(fd);
}

static CURLcode set_callbacks(pt_transfer *t) {
    CURLcode code;
    PT_SET(CURLOPT_PRIVATE, t);
    PT_SET(CURLOPT_ERRORBUFFER, t->http->problem);
    PT_SET(CURLOPT_WRITEFUNCTION, write_reply);
    PT_SET(CURLOPT_WRITEDATA, t);
    PT_SET(CURLOPT_HEADERFUNCTION, write_head);
    PT_SET(CURLOPT_HEADERDATA, t);
    PT_SET(CURLOPT_PREREQFUNCTION, note_sending);
    PT_SET(CURLOPT_PREREQDATA, t);
    PT_SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    PT_SET(CURLOPT_OPENSOCKETDATA, t->poller);
    PT_SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    PT_SET(CURLOPT_CLOSESOCKETDATA, t->poller);
    return CURLE_OK;
}

static CURLcode set_rules(pt_transfer *t) {
    CURLcode code;
    PT_SET(CURLOPT_CURLU, t->http->url);
    PT_SET(CURLOPT_NOSIGNAL, 1L);
    PT_SET(CURLOPT_FOLLOWLOCATION, 0L);
    PT_SET(CURLOPT_PATH_AS_IS, 1L);
    PT_SET(CURLOPT_PROTOCOLS_STR, "http,https");
    PT_SET(CURLOPT_ACCEPT_ENCODING, PT_CODING);
    PT_SET(CURLOPT_TCP_KEEPALIVE, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    PT_SET(CURLOPT_QUICK_EXIT, 1L); /* a slow resolver must not hold up a timeout or close() */
#endif
    return CURLE_OK;
}

static void each_buffer(pt_http *h, void (*act)(pt_buffer *)) {
    pt_buffer *const buffers[] = {&h->path,  &h->query,   &h->shown, &h->body,
                                  &h->reply, &h->secrets, &h->head,  &h->line_text};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        act(buffers[i]);
}

static pt_http *new_http(CURLU *base) {
    pt_http *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->url = curl_url_dup(base);
    if (h->url != NULL)
        return h;
    free(h);
    return NULL;
}

static void reset_http(pt_http *h) {
    each_buffer(h, pt_buffer_clear);
    pt_lines_free(h->lines);
    h->lines = NULL;
    curl_mime_free(h->mime);
    h->mime = NULL;
    pt_headers_release(h->headers);
    h->headers = NULL;
    pt_sink_free(h->sink);
    h->sink = NULL;
    h->heads = 0;
    h->keeps_head = false;
    h->problem[0] = '\0';
}

static void free_http(pt_http *h) {
    if (h == NULL)
        return;
    reset_http(h);
    each_buffer(h, pt_buffer_free);
    curl_url_cleanup(h->url);
    free(h);
}

pt_transfer *pt_transfer_new(pt_poller *poller, CURLU *base) {
    pt_transfer *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->poller = pt_poller_hold(poller);
    t->easy = curl_easy_init();
    t->http = new_http(base);
    if (t->easy && t->http && set_callbacks(t) == CURLE_OK && set_rules(t) == CURLE_OK)
        return t;
    pt_transfer_free(t);
    return NULL;
}

static void reset_state(pt_transfer *t) {
    pt_event_queue_free(t->events);
    t->events = NULL;
    t->json = t->has_body = t->sent = t->idempotent = t->limited = t->head_ended = false;
    t->succeeded = t->typed = t->coded = t->opened = t->paused = false;
    t->status = 0;
    t->end = PT_END_REPLY;
    t->code = CURLE_OK;
}

void pt_transfer_reset(pt_transfer *t) {
    reset_http(t->http);
    reset_state(t);
}

void pt_transfer_slim(pt_transfer *t) {
    /* libcurl looks at none of these any more once the request was sent */
    (void)curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
    (void)curl_easy_setopt(t->easy, CURLOPT_CURLU, NULL);
    (void)curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, NULL);
    free_http(t->http);
    t->http = NULL;
}

void pt_transfer_free(pt_transfer *t) {
    curl_easy_cleanup(t->easy); /* before what its options point to */
    free_http(t->http);
    reset_state(t);
    pt_poller_release(t->poller);
    free(t);
}

bool pt_secrets_add(pt_buffer *secrets, const char *text, size_t n) {
    return pt_buffer_append(secrets, text, n) && pt_buffer_putc(secrets, '\0');
}

static CURLcode set_no_body(pt_transfer *t) {
    CURLcode code;
    bool post = strcmp(t->http->method, "POST") == 0 || strcmp(t->http->method, "PUT") == 0;
    if (post) {
        PT_SET(CURLOPT_POSTFIELDS, "");
        PT_SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)0);
    }
    PT_SET(post ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
    return CURLE_OK;
}

static CURLcode set_body(pt_transfer *t) {
    CURLcode code;
    if (t->http->mime != NULL) {
        PT_SET(CURLOPT_MIMEPOST, t->http->mime);
        return CURLE_OK;
    }
    PT_SET(CURLOPT_POST, 1L);
    PT_SET(CURLOPT_POSTFIELDS, t->http->body.data);
    PT_SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->http->body.len);
    return CURLE_OK;
}

static CURLcode set_any_method(pt_transfer *t, bool body) {
    CURLcode code;
    const char *usual = body ? "POST" : "GET";
    PT_SET(CURLOPT_NOBODY, 0L);
    code = body ? set_body(t) : set_no_body(t);
    if (code != CURLE_OK)
        return code;
    if (strcmp(t->http->method, "HEAD") == 0) {
        PT_SET(CURLOPT_NOBODY, 1L);
        usual = "HEAD";
    }
    PT_SET(CURLOPT_CUSTOMREQUEST, strcmp(t->http->method, usual) == 0 ? NULL : t->http->method);
    return CURLE_OK;
}

static CURLcode set_method(pt_transfer *t) {
    bool body = t->http->mime != NULL || (t->has_body && t->http->body.len > 0);
    bool get = !body && strcmp(t->http->method, "GET") == 0;
    if (get && t->told.get)
        return CURLE_OK;
    t->told.get = false;
    CURLcode code = set_any_method(t, body);
    t->told.get = get && code == CURLE_OK;
    return code;
}

static CURLUcode set_query(pt_transfer *t) {
    const char *query = t->http->query.len > 1 ? t->http->query.data : NULL;
    if (query == NULL && !t->told.query)
        return CURLUE_OK;
    t->told.query = true;
    CURLUcode code = curl_url_set(t->http->url, CURLUPART_QUERY, query, 0);
    t->told.query = query != NULL || code != CURLUE_OK;
    return code;
}

static CURLcode set_address(pt_transfer *t) {
    bool ok = curl_url_set(t->http->url, CURLUPART_PATH, t->http->path.data, 0) == CURLUE_OK &&
              set_query(t) == CURLUE_OK;
    return ok ? CURLE_OK : CURLE_OUT_OF_MEMORY; /* both were checked and encoded before */
}

/* Without a limit where it is an event stream: the engine watches those. */
static CURLcode set_time(pt_transfer *t, double seconds) {
    CURLcode code;
    long ms = t->events ? 0 : (long)(seconds * 1000) + 1;
    if (ms == t->told.ms)
        return CURLE_OK;
    PT_SET(CURLOPT_TIMEOUT_MS, ms);
    t->told.ms = ms;
    return CURLE_OK;
}

static CURLcode set_lines(pt_transfer *t) {
    CURLcode code;
    struct curl_slist *lines = t->http->lines;
    if (lines == NULL)
        lines = t->json ? t->http->headers->json : t->http->headers->plain;
    if (lines == t->told.lines)
        return CURLE_OK;
    PT_SET(CURLOPT_HTTPHEADER, lines);
    t->told.lines = lines;
    return CURLE_OK;
}

/* A stream keeps its connection to itself: it would hold up others, and die with them. The handle
   is never used for a call again. */
static CURLcode set_stream(pt_transfer *t) {
    CURLcode code;
    PT_SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    PT_SET(CURLOPT_FRESH_CONNECT, 1L);
    PT_SET(CURLOPT_FORBID_REUSE, 1L);
    return CURLE_OK;
}

/* Now, not when it was submitted: one that waits for its turn leaves nothing behind anywhere. */
static CURLcode open_sink(pt_transfer *t) {
    if (t->http->sink == NULL || pt_sink_open(t->http->sink))
        return CURLE_OK;
    t->end = PT_END_SINK;
    return CURLE_WRITE_ERROR;
}

CURLcode pt_transfer_configure(pt_transfer *t, double seconds) {
    CURLcode code = set_address(t);
    if (code == CURLE_OK)
        code = set_method(t);
    if (code == CURLE_OK)
        code = set_lines(t);
    if (code == CURLE_OK)
        code = set_time(t, seconds);
    if (code != CURLE_OK)
        return code;
    return t->events ? set_stream(t) : open_sink(t);
}
