/* Parsing of event streams, line by line. A line is scanned where it lies; only an unfinished one
   is copied. */
#include "sse.h"

#include <string.h>

static const char mark[3] = {'\xEF', '\xBB', '\xBF'};
enum {
    PAST_START = 3,
    RETRY_MAX = 24 * 60 * 60 * 1000,
    STRETCH = 256 /* bytes searched at once */
};

void pt_sse_init(pt_sse *p, size_t limit) { *p = (pt_sse){.limit = limit, .retry = -1}; }

void pt_sse_free(pt_sse *p) {
    pt_buffer *const buffers[] = {&p->line, &p->name, &p->data, &p->id, &p->new_id};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        pt_buffer_free(buffers[i]);
}

static void clear_event(pt_sse *p) {
    pt_buffer_clear(&p->name);
    pt_buffer_clear(&p->data);
    p->has_name = p->has_data = p->reported = false;
}

void pt_sse_restart(pt_sse *p) {
    clear_event(p);
    pt_buffer_clear(&p->line);
    pt_buffer_clear(&p->new_id);
    p->id_changed = p->after_cr = false;
    p->bom = 0;
}

/* -- fields ----------------------------------------------------------------------------------- */

static bool is(const char *field, size_t n, const char *name) {
    return n == strlen(name) && memcmp(field, name, n) == 0;
}

static pt_sse_result add_data(pt_sse *p, const char *value, size_t n) {
    if (p->data.len + n + p->has_data > p->limit)
        return PT_SSE_LONG;
    bool ok =
        (!p->has_data || pt_buffer_putc(&p->data, '\n')) && pt_buffer_append(&p->data, value, n);
    p->has_data = true;
    return ok ? PT_SSE_MORE : PT_SSE_MEMORY;
}

static pt_sse_result set_name(pt_sse *p, const char *value, size_t n) {
    pt_buffer_clear(&p->name);
    p->has_name = true;
    return pt_buffer_append(&p->name, value, n) ? PT_SSE_MORE : PT_SSE_MEMORY;
}

static pt_sse_result set_id(pt_sse *p, const char *value, size_t n) {
    if (memchr(value, '\0', n) != NULL)
        return PT_SSE_MORE;
    pt_buffer_clear(&p->new_id);
    p->id_changed = true;
    return pt_buffer_append(&p->new_id, value, n) ? PT_SSE_MORE : PT_SSE_MEMORY;
}

/* Digits only; what exceeds a day is as good as a day. */
static void set_retry(pt_sse *p, const char *value, size_t n) {
    int64_t retry = 0;
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++) {
        if (value[i] < '0' || value[i] > '9')
            return;
        if (retry < RETRY_MAX)
            retry = retry * 10 + (value[i] - '0');
    }
    p->retry = retry < RETRY_MAX ? retry : RETRY_MAX;
}

static pt_sse_result take_field(pt_sse *p, const char *line, size_t n) {
    const char *colon = memchr(line, ':', n), *value = line + n;
    size_t name = n, length = 0;
    if (colon != NULL) {
        name = (size_t)(colon - line);
        value = colon + 1;
        length = n - name - 1;
        if (length > 0 && *value == ' ')
            value++, length--;
    }
    if (is(line, name, "data"))
        return add_data(p, value, length);
    if (is(line, name, "event"))
        return set_name(p, value, length);
    if (is(line, name, "id"))
        return set_id(p, value, length);
    if (is(line, name, "retry"))
        set_retry(p, value, length);
    return PT_SSE_MORE;
}

static pt_sse_result end_event(pt_sse *p) {
    if (p->id_changed) {
        pt_buffer old = p->id;
        p->id = p->new_id;
        p->new_id = old;
        p->id_changed = false;
    }
    if (p->has_data || (p->keep_empty && p->has_name)) {
        p->reported = true;
        return PT_SSE_EVENT;
    }
    clear_event(p);
    return PT_SSE_MORE;
}

/* -- lines ------------------------------------------------------------------------------------ */

static pt_sse_result take_line(pt_sse *p, const char *line, size_t n) {
    if (p->line.len + n > p->limit)
        return PT_SSE_LONG;
    if (p->line.len > 0) {
        if (!pt_buffer_append(&p->line, line, n))
            return PT_SSE_MEMORY;
        line = p->line.data;
        n = p->line.len;
    }
    pt_sse_result result = n == 0 ? end_event(p) : take_field(p, line, n);
    pt_buffer_clear(&p->line);
    return result;
}

static pt_sse_result keep_rest(pt_sse *p, const char *bytes, size_t n) {
    if (p->line.len + n > p->limit)
        return PT_SSE_LONG;
    return pt_buffer_append(&p->line, bytes, n) ? PT_SSE_MORE : PT_SSE_MEMORY;
}

/* The first CR or LF. In stretches: where lines end with CR alone, each search for LF would else
   run to the end of the bytes, and the time grow with their square. */
static const char *find_end(const char *bytes, size_t n) {
    while (n > 0) {
        size_t stretch = n < STRETCH ? n : STRETCH;
        const char *lf = memchr(bytes, '\n', stretch);
        const char *cr = memchr(bytes, '\r', lf ? (size_t)(lf - bytes) : stretch);
        if (cr || lf)
            return cr ? cr : lf;
        bytes += stretch;
        n -= stretch;
    }
    return NULL;
}

/* Leaves out one byte order mark at the very start, also when it comes in pieces. Returns how many
   bytes of it lie here; a false start goes into the line. */
static size_t skip_mark(pt_sse *p, const char *bytes, size_t n, bool *ok) {
    size_t used = 0;
    while (p->bom < PAST_START && used < n && bytes[used] == mark[p->bom]) {
        p->bom++;
        used++;
    }
    if (p->bom < PAST_START && used < n) {
        *ok = pt_buffer_append(&p->line, mark, p->bom);
        p->bom = PAST_START;
    }
    return used;
}

pt_sse_result pt_sse_feed(pt_sse *p, const char *bytes, size_t n, size_t *used) {
    size_t at = 0;
    bool ok = true;
    pt_sse_result result = PT_SSE_MORE;
    if (p->reported)
        clear_event(p);
    if (p->bom < PAST_START)
        at = skip_mark(p, bytes, n, &ok);
    if (!ok)
        return PT_SSE_MEMORY;
    while (at < n && result == PT_SSE_MORE) {
        if (p->after_cr && bytes[at] == '\n')
            at++;
        p->after_cr = false;
        const char *end = find_end(bytes + at, n - at);
        size_t length = end ? (size_t)(end - (bytes + at)) : n - at;
        result = end ? take_line(p, bytes + at, length) : keep_rest(p, bytes + at, length);
        at += length + (end != NULL);
        p->after_cr = end != NULL && *end == '\r';
    }
    *used = at;
    return result;
}
