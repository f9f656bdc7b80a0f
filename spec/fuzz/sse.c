/* Event streams: the same events however the bytes are cut, and those of a parser so simple that it
   can be read beside the standard. The first four bytes of an input say how; the others are the
   stream. */
#include "sse.h"

#include <string.h>

#include "fuzz.h"

enum { HEADER = 4, NO_LIMIT = 1 << 20 };
static const double A_DAY = 86400000;

typedef struct input {
    const char *stream;
    size_t n;
    size_t limit;
    size_t cut;
    bool keep_empty;
    bool again; /* the stream comes a second time, over a new connection */
} input;

/* What happened, as text: two are compared. */
typedef pt_buffer trace;

static void note(trace *t, const char *what, const char *bytes, size_t n) {
    char length[32];
    int k = snprintf(length, sizeof length, " %zu ", n);
    MUST(k > 0 && pt_buffer_puts(t, what) && pt_buffer_append(t, length, (size_t)k));
    MUST(pt_buffer_append(t, bytes, n));
}

static void note_number(trace *t, const char *what, double number) {
    char text[32];
    int k = snprintf(text, sizeof text, "%.0f", number);
    note(t, what, text, (size_t)k);
}

/* -- the simple parser ------------------------------------------------------------------------ */

typedef struct simple {
    const input *in;
    trace *t;
    pt_buffer data, name, id, next_id;
    bool has_data, has_name;
    double retry;
} simple;

static void note_buffer(trace *t, const char *what, const pt_buffer *b) {
    note(t, what, b->len > 0 ? b->data : "", b->len);
}

static void assign(pt_buffer *to, const char *from, size_t n) {
    pt_buffer_clear(to);
    MUST(pt_buffer_append(to, from, n));
}

static void assign_buffer(pt_buffer *to, const pt_buffer *from) {
    assign(to, from->len > 0 ? from->data : "", from->len);
}

static void simple_retry(simple *s, const char *value, size_t n) {
    double retry = 0;
    for (size_t i = 0; i < n; i++) {
        if (strchr("0123456789", value[i]) == NULL || value[i] == '\0')
            return;
        retry = retry * 10 + (value[i] - '0');
    }
    if (n > 0)
        s->retry = retry < A_DAY ? retry : A_DAY;
}

/* False when the data is too long. The data buffer is the standard's: a LF behind each line. */
static bool simple_data(simple *s, const char *value, size_t n) {
    MUST(pt_buffer_append(&s->data, value, n) && pt_buffer_putc(&s->data, '\n'));
    s->has_data = true;
    return s->data.len - 1 <= s->in->limit;
}

static void simple_forget(simple *s) {
    pt_buffer_clear(&s->data);
    pt_buffer_clear(&s->name);
    s->has_data = s->has_name = false;
}

static void simple_dispatch(simple *s) {
    assign_buffer(&s->id, &s->next_id);
    if (s->has_data || (s->in->keep_empty && s->has_name)) {
        note_buffer(s->t, "name", &s->name);
        note(s->t, "data", s->has_data ? s->data.data : "", s->has_data ? s->data.len - 1 : 0);
        note_buffer(s->t, "id", &s->id);
        note_number(s->t, "retry", s->retry);
        s->retry = -1;
    }
    simple_forget(s);
}

static bool simple_line(simple *s, const char *line, size_t n) {
    size_t colon = 0;
    if (n > s->in->limit)
        return false;
    if (n == 0)
        simple_dispatch(s);
    while (colon < n && line[colon] != ':')
        colon++;
    size_t from = colon < n ? colon + 1 : n;
    if (from < n && line[from] == ' ')
        from++;
    const char *value = line + from;
    if (colon == 4 && strncmp(line, "data", 4) == 0)
        return simple_data(s, value, n - from);
    if (colon == 5 && strncmp(line, "event", 5) == 0) {
        assign(&s->name, value, n - from);
        s->has_name = true;
    }
    if (colon == 2 && strncmp(line, "id", 2) == 0 && memchr(value, 0, n - from) == NULL)
        assign(&s->next_id, value, n - from);
    if (colon == 5 && strncmp(line, "retry", 5) == 0)
        simple_retry(s, value, n - from);
    return true;
}

static bool simple_stream(simple *s) {
    const char *stream = s->in->stream;
    size_t n = s->in->n, at = 0;
    if (n > 0 && n < 3 && memcmp(stream, "\xEF\xBB\xBF", n) == 0)
        return true; /* of a mark that is not complete nothing can be said */
    if (n >= 3 && memcmp(stream, "\xEF\xBB\xBF", 3) == 0)
        at = 3;
    while (at < n) {
        size_t end = at;
        while (end < n && stream[end] != '\n' && stream[end] != '\r')
            end++;
        if (end == n)
            return n - at <= s->in->limit;
        if (!simple_line(s, stream + at, end - at))
            return false;
        at = end + (stream[end] == '\r' && end + 1 < n && stream[end + 1] == '\n' ? 2 : 1);
    }
    return true;
}

static void simple_run(const input *in, trace *t) {
    simple s = {.in = in, .t = t, .retry = -1};
    for (int connection = 0; connection <= in->again; connection++) {
        simple_forget(&s);
        assign_buffer(&s.next_id, &s.id);
        note(t, simple_stream(&s) ? "more" : "long", "", 0);
        note_buffer(t, "last id", &s.id);
        note_number(t, "last retry", s.retry);
    }
    pt_buffer *const buffers[] = {&s.data, &s.name, &s.id, &s.next_id};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        pt_buffer_free(buffers[i]);
}

/* -- ours ------------------------------------------------------------------------------------- */

/* The piece lies in a block of just its size, so that looking behind it is seen. */
static pt_sse_result feed_piece(pt_sse *p, const char *bytes, size_t n, trace *t) {
    char *piece = malloc(n);
    pt_sse_result result = PT_SSE_EVENT;
    MUST(piece != NULL);
    memcpy(piece, bytes, n);
    for (size_t at = 0; result == PT_SSE_EVENT;) {
        size_t used = 0;
        result = pt_sse_feed(p, piece + at, n - at, &used);
        at += used;
        MUST(at <= n && result != PT_SSE_MEMORY);
        MUST(result != PT_SSE_MORE || at == n);
        MUST(result != PT_SSE_EVENT || used > 0);
        if (result != PT_SSE_EVENT)
            break;
        note_buffer(t, "name", &p->name);
        note_buffer(t, "data", &p->data);
        note_buffer(t, "id", &p->id);
        note_number(t, "retry", (double)p->retry);
        p->retry = -1;
    }
    free(piece);
    return result;
}

/* Pieces of `size` bytes after a first one of `first`; 0: in pieces of any sizes. */
static void run(const input *in, size_t first, size_t size, trace *t) {
    pt_sse p;
    pt_sse_init(&p, in->limit);
    p.keep_empty = in->keep_empty;
    for (int connection = 0; connection <= in->again; connection++) {
        pt_sse_result result = PT_SSE_MORE;
        size_t chance = in->cut * 2654435761u + 1;
        for (size_t at = 0, n = first; at < in->n && result == PT_SSE_MORE; at += n) {
            if (at > 0)
                n = size > 0 ? size : (chance = chance * 1103515245u + 12345u) / 65536 % 9 + 1;
            if (n > in->n - at || n == 0)
                n = in->n - at;
            result = feed_piece(&p, in->stream + at, n, t);
        }
        note(t, result == PT_SSE_LONG ? "long" : "more", "", 0);
        note_buffer(t, "last id", &p.id);
        note_number(t, "last retry", (double)p.retry);
        pt_sse_restart(&p);
    }
    pt_sse_free(&p);
}

static void compare(const input *in, size_t first, size_t size, const trace *expected) {
    trace t = {0};
    run(in, first, size, &t);
    MUST(t.len == expected->len && memcmp(t.data, expected->data, t.len) == 0);
    pt_buffer_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    if (n < HEADER)
        return 0;
    input in = {.stream = (const char *)bytes + HEADER,
                .n = n - HEADER,
                .limit = bytes[0] != 0 ? bytes[0] : NO_LIMIT,
                .cut = bytes[1],
                .keep_empty = (bytes[2] & 1) != 0,
                .again = (bytes[3] & 1) != 0};
    trace expected = {0};
    simple_run(&in, &expected);
    compare(&in, in.n, 1, &expected);
    compare(&in, 1, 1, &expected);
    compare(&in, in.cut % (in.n + 1), in.n, &expected);
    compare(&in, in.cut % 5, 0, &expected);
    pt_buffer_free(&expected);
    return 0;
}
