/* One HTTP exchange on one easy handle, which is reused for the next. Owned by its engine while it
   runs and while it rests in the pool; otherwise by the one who took it. */
#ifndef PT_TRANSFER_H
#define PT_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "event_queue.h"
#include "poller.h"
#include "sink.h"

/* Ended also stands for "being prepared by its holder". */
typedef enum pt_state {
    PT_IDLE,
    PT_QUEUED,
    PT_RUNNING,
    PT_STREAMING, /* runs, but takes none of the places of calls */
    PT_ENDED,
    PT_STATES
} pt_state;

typedef enum pt_end {
    PT_END_REPLY,    /* a whole reply came */
    PT_END_CURL,     /* libcurl gave up: see code */
    PT_END_DEADLINE, /* before or while it ran */
    PT_END_BODY,     /* reply above max_body */
    PT_END_HEAD,     /* reply's header lines above max_head */
    PT_END_CODED,    /* reply compressed more than once */
    PT_END_CROWD,    /* more than max_waiting others wait for a connection */
    PT_END_BROKEN,   /* the connection ended inside the reply's head */
    PT_END_STREAM,   /* an event stream where a reply was due */
    PT_END_FILE,     /* a file to upload could not be read to its end */
    PT_END_SINK,     /* the file that the reply was to go into could not be written */
    PT_END_SILENT,   /* an event stream: no byte for too long */
    PT_END_EVENT,    /* an event stream: a line or an event above max_event */
    PT_END_CANCELLED,
    PT_END_CLOSED,
    PT_END_MEMORY,
} pt_end;

/* For functions that return the CURLcode of the first option that failed. */
#define PT_SET(option, value)                                                                      \
    if ((code = curl_easy_setopt(t->easy, option, value)) != CURLE_OK)                             \
    return code

struct pt_channel;
struct pt_engine;
struct pt_headers;

/* Bytes, but for the depth of JSON, the number of calls that wait, and seconds. */
typedef struct pt_limits {
    size_t body, head, depth;
    size_t event, unread; /* of an event stream */
    size_t waiting;
    double connect;
} pt_limits;

/* What goes over the wire, and what libcurl says of it. */
typedef struct pt_http {
    char method[16];
    CURLU *url;      /* the base address; only path and query change */
    pt_buffer path;  /* encoded, with the base address's own; ends with NUL */
    pt_buffer shown; /* the whole address as errors show it: no query, no secrets; ends with NUL */
    pt_buffer query; /* encoded, without '?'; ends with NUL when there is one */
    pt_buffer body;
    curl_mime *mime;
    struct curl_slist *lines; /* this request's own header lines, or NULL for the engine's */
    pt_buffer line_text;      /* the same as text, while they are gathered */
    pt_buffer secrets;        /* NUL-terminated texts that no error may show */
    pt_buffer head;           /* the last reply's header lines */
    pt_buffer reply;
    pt_sink *sink;   /* takes the body of a success instead; or NULL */
    size_t heads;    /* bytes of header lines, of interim replies too */
    bool keeps_head; /* somebody may ask for them */
    pt_limits limits;
    struct pt_headers *headers; /* the engine's lines of the moment it was submitted */
    char problem[CURL_ERROR_SIZE];
} pt_http;

/* What libcurl was told for the request before, and need not be told again. */
typedef struct pt_told {
    bool get, query;
    const struct curl_slist *lines;
    long ms; /* for all of it */
} pt_told;

typedef struct pt_transfer {
    struct pt_transfer *prev, *next; /* in the engine's list of its state */
    struct pt_engine *engine;        /* NULL once the engine has gone */
    struct pt_channel *channel;      /* NULL unless it is under way */
    pt_poller *poller;
    pt_completion completion;
    CURL *easy;
    pt_told told;
    pt_http *http; /* an event stream that was opened has none */
    pt_state state;
    pt_end end;
    CURLcode code;
    long status;
    bool sent; /* a first byte of the request may have left */
    bool idempotent;
    bool limited; /* the time limit below is what is left of the deadline */
    bool has_body;
    bool json;       /* which of the engine's lists of header lines */
    bool head_ended; /* by its empty line; libcurl takes a head that broke off for a whole one */
    bool succeeded;  /* the head that ended last has a status from 200 to 299 */
    bool typed;      /* the head being read has the type of an event stream */
    bool coded;      /* the head being read says that the body is compressed */
    bool opened;     /* an event stream: the head came, and the events go to the queue */
    bool paused;     /* an event stream: libcurl was told to wait, the queue was full */
    bool behind;     /* an event stream: it was, and the rest may still be on its way */
    double timeout, deadline; /* seconds; the deadline counts from submission */
    double submitted, started, finished;
    pt_event_queue *events; /* NULL: this is a call */
    double idle;            /* seconds without a byte after which a stream is given up */
    double heard;           /* when a stream's last byte came */
    double complete;        /* until when all of a stream has come, by the time of coming here */
    double latency;         /* how long a stream's head took; its bytes take no longer */
} pt_transfer;

/* A transfer at rest with its easy handle set up but for the request; NULL without memory. */
pt_transfer *pt_transfer_new(pt_poller *poller, CURLU *base);
void pt_transfer_free(pt_transfer *t);

/* Forgets request and reply, wiping them; keeps handle and buffers. */
void pt_transfer_reset(pt_transfer *t);

/* Frees `http`, which an opened event stream needs no more. */
void pt_transfer_slim(pt_transfer *t);

/* Remembers a text that no error may show. False when memory ran out. */
bool pt_secrets_add(pt_buffer *secrets, const char *text, size_t n);

/* Hands the prepared request to the easy handle, with `seconds` for all of it. Anything but
   CURLE_OK is the transfer's end. */
CURLcode pt_transfer_configure(pt_transfer *t, double seconds);

#endif
