/* A reply that goes out piece by piece. Its connection stays suspended meanwhile: libmicrohttpd has
 * read the request and closes the socket in the end, the bytes between are written here, straight
 * to the socket, so that each piece is a chunk and a send of its own and what the socket has not
 * taken is known. Part of a pt_exchange, which owns it; knows nothing of the server. */
#ifndef PT_SIMULATOR_STREAM_H
#define PT_SIMULATOR_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"

typedef struct pt_stream {
    pt_bytes queue; /* what goes out next, framed; its first `taken` bytes are gone already */
    size_t taken;
    bool is_plain;    /* sent without chunks: the connection's end is the body's */
    bool is_held;     /* nothing is sent, all of it queues */
    bool is_finished; /* the last piece is queued */
} pt_stream;

typedef enum pt_stream_result {
    PT_STREAM_FINE,
    PT_STREAM_BROKEN, /* the client is gone */
    PT_STREAM_FULL,   /* the client is too slow, or memory is short */
} pt_stream_result;

/* The bytes that the socket has not taken. */
size_t pt_stream_pending(const pt_stream *stream);

/* Queues a part of the reply's head; false when memory is short. */
bool pt_stream_put_head(pt_stream *stream, const char *text, size_t length);

/* Sends what is queued as far as the socket takes it. */
pt_stream_result pt_stream_flush(pt_stream *stream, int fd);

/* Sends one piece; what the socket does not take is queued, up to `limit` bytes in all. */
pt_stream_result pt_stream_send(pt_stream *stream, int fd, const char *data, size_t length,
                                size_t limit);

/* Ends the body; a held stream is released. Nothing may be sent after it. */
pt_stream_result pt_stream_finish(pt_stream *stream, int fd);

void pt_stream_free(pt_stream *stream);

#endif
