/* Bytes are parsed where they lie as long as nobody waits for an earlier event; only what is behind
   the next event is copied. */
#include "event_queue.h"

#include <stdlib.h>

pt_event_queue *pt_event_queue_new(size_t event, size_t most) {
    pt_event_queue *q = calloc(1, sizeof *q);
    if (q == NULL)
        return NULL;
    pt_sse_init(&q->sse, event);
    q->most = most;
    q->sse.keep_empty = true;
    q->fault = PT_SSE_MORE;
    return q;
}

void pt_event_queue_free(pt_event_queue *q) {
    if (q == NULL)
        return;
    pt_sse_free(&q->sse);
    pt_buffer_free(&q->waiting);
    free(q);
}

/* Returns how many of the bytes it used: all, unless an event became ready or there is a fault. */
static size_t parse(pt_event_queue *q, const char *bytes, size_t n) {
    size_t used = 0;
    pt_sse_result result = pt_sse_feed(&q->sse, bytes, n, &used);
    q->ready = result == PT_SSE_EVENT;
    if (result == PT_SSE_LONG || result == PT_SSE_MEMORY)
        q->fault = result;
    return used;
}

static size_t count_waiting(const pt_event_queue *q) { return q->waiting.len - q->used; }

bool pt_event_queue_has_room(const pt_event_queue *q) { return count_waiting(q) <= q->most / 2; }

bool pt_event_queue_take(pt_event_queue *q, const char *bytes, size_t n) {
    if (q->fault != PT_SSE_MORE)
        return true;
    if (count_waiting(q) > 0 && count_waiting(q) + n > q->most)
        return false;
    size_t used = q->ready ? 0 : parse(q, bytes, n);
    pt_buffer_drop(&q->waiting, &q->used);
    if (q->fault == PT_SSE_MORE && !pt_buffer_append(&q->waiting, bytes + used, n - used))
        q->fault = PT_SSE_MEMORY;
    return true;
}

/* An idle stream keeps nothing of its last event. */
static void let_go(pt_event_queue *q) {
    pt_buffer_free(&q->waiting);
    q->used = 0;
    if (q->sse.line.len == 0)
        pt_buffer_free(&q->sse.line);
    if (!q->sse.has_name)
        pt_buffer_free(&q->sse.name);
    if (!q->sse.has_data)
        pt_buffer_free(&q->sse.data);
}

void pt_event_queue_advance(pt_event_queue *q) {
    q->ready = false;
    if (q->fault != PT_SSE_MORE)
        return;
    size_t n = count_waiting(q);
    q->used += parse(q, n > 0 ? q->waiting.data + q->used : "", n);
    if (count_waiting(q) == 0)
        let_go(q);
}
