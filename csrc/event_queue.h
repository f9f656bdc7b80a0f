/* The events of one connection: bytes in as they come, events out when asked for. It parses no
   further than the next event and refuses bytes rather than grow. Pure C: no Lua, no curl. */
#ifndef PT_EVENT_QUEUE_H
#define PT_EVENT_QUEUE_H

#include "sse.h"

typedef struct pt_event_queue {
    pt_sse sse;
    pt_buffer waiting;   /* bytes behind the next event */
    size_t used;         /* of them */
    size_t most;         /* of them; more than libcurl ever hands over at once */
    bool ready;          /* the next event is in `sse` */
    pt_sse_result fault; /* PT_SSE_LONG or PT_SSE_MEMORY: no event will come any more */
} pt_event_queue;

/* `event` limits a line and an event's data, `most` the bytes that wait behind the next event. NULL
   when memory ran out. */
pt_event_queue *pt_event_queue_new(size_t event, size_t most);
void pt_event_queue_free(pt_event_queue *q);

/* False: it is full, and nothing was taken. See `fault` afterwards. */
bool pt_event_queue_take(pt_event_queue *q, const char *bytes, size_t n);

/* Goes on behind the ready event, which was given out. See `fault` afterwards. */
void pt_event_queue_advance(pt_event_queue *q);

/* Whether there is room for as much as libcurl may hand over. */
bool pt_event_queue_has_room(const pt_event_queue *q);

#endif
