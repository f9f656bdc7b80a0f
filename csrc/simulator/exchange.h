/* One request and, once there is one, its reply. Owned by its connection's pt_peer (see server.h).
 */
#ifndef PT_SIMULATOR_EXCHANGE_H
#define PT_SIMULATOR_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>

#include "bytes.h"
#include "stream.h"

typedef enum pt_exchange_state {
    PT_EXCHANGE_OPENED,   /* only its first line is known */
    PT_EXCHANGE_ARRIVING, /* the head is copied, the body comes in */
    PT_EXCHANGE_REFUSED,  /* told 413 already: what still comes is thrown away */
    /* The connection is suspended, and the id stands for it: */
    PT_EXCHANGE_WAITING,   /* complete */
    PT_EXCHANGE_STREAMING, /* the reply goes out piece by piece */
    PT_EXCHANGE_LOST,      /* the stream has ended by itself, which nobody was told of */
    /* It is resumed: */
    PT_EXCHANGE_ANSWERED, /* the response is for libmicrohttpd to send */
    PT_EXCHANGE_DROPPED,  /* only to be closed */
} pt_exchange_state;

typedef struct pt_slice {
    const char *data;
    size_t length;
} pt_slice;

typedef struct pt_exchange {
    pt_exchange_state state;
    int64_t id; /* 0 until it waits */
    struct MHD_Connection *connection;
    struct MHD_Response *response; /* ours until queued */
    unsigned int status;
    pt_bytes head; /* texts in order: target, method, version, then name and value of each header */
    pt_bytes body;
    size_t discarded;
    pt_stream stream;
    struct pt_peer *peer;
    struct pt_exchange *chain; /* next one of the same bucket while it is suspended */
    struct pt_exchange *before;
    struct pt_exchange *after;
    bool queued; /* nobody has taken it yet; the queue is linked through before and after */
} pt_exchange;

/* NULL when memory is short. */
pt_exchange *pt_exchange_new(struct MHD_Connection *connection, const char *target);
void pt_exchange_free(pt_exchange *exchange);

/* Adds a text to the head; false when memory is short. */
bool pt_exchange_put(pt_exchange *exchange, const char *text, size_t length);

/* Reads the head's texts one after the other, *at starting as 0; false after the last. */
bool pt_exchange_get(const pt_exchange *exchange, size_t *at, pt_slice *text);

/* Frees the request's bytes, which were handed on. */
void pt_exchange_forget_request(pt_exchange *exchange);

/* Takes over the response in place of an earlier one. */
void pt_exchange_set_response(pt_exchange *exchange, struct MHD_Response *response);

#endif
