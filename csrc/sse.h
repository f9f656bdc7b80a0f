/* The event-stream format of WHATWG's HTML standard: bytes in, events out. Pure C: no Lua, no curl.
   However the bytes are cut, the same events come. */
#ifndef PT_SSE_H
#define PT_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

typedef enum pt_sse_result {
    PT_SSE_MORE,  /* all bytes were used; no event is complete yet */
    PT_SSE_EVENT, /* `name`, `data` and `id` hold an event until the next feeding */
    PT_SSE_LONG,  /* a line or an event's data is longer than the limit: only restart or free */
    PT_SSE_MEMORY /* memory ran out: only restart or free */
} pt_sse_result;

/* From pt_sse_init to pt_sse_free. `keep_empty` and `retry` are the owner's to set. */
typedef struct pt_sse {
    size_t limit; /* bytes of a line, comments too, and of the data of an event */
    /* Report also an event with an `event:` line but no data, which the standard drops. */
    bool keep_empty;
    pt_buffer line; /* an unfinished line, carried to the next bytes */
    pt_buffer name, data;
    pt_buffer id;     /* the last id; a new one counts from the end of its event on */
    pt_buffer new_id; /* becomes `id` when the event ends */
    bool has_name, has_data;
    bool id_changed;
    int64_t retry; /* of the last `retry:` since it was set to -1: milliseconds, at most a day */
    unsigned bom;  /* bytes of a byte order mark seen at the very start; 3: past the start */
    bool after_cr; /* the last line ended with CR: a LF that follows belongs to it */
    bool reported; /* the event in name and data was given out: clear it first */
} pt_sse;

void pt_sse_init(pt_sse *p, size_t limit);
void pt_sse_free(pt_sse *p);

/* Forgets everything but the last id and `retry`: a new connection begins. */
void pt_sse_restart(pt_sse *p);

/* Uses bytes up to the end of the first event, all of them when there is none, and tells in *used
   how many. */
pt_sse_result pt_sse_feed(pt_sse *p, const char *bytes, size_t n, size_t *used);

#endif
