/* The server's streams: from the reply's head until the client is gone, or until the stream was
 * ended here. A stream that ends by itself keeps its connection until somebody was told of it. */
#ifndef PT_SIMULATOR_STREAMS_H
#define PT_SIMULATOR_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server.h"

/* Begins to answer a request that waits; its stream holds the head. False, with nothing changed,
 * when memory is short. */
bool pt_streams_begin(pt_server *server, pt_exchange *exchange, bool held);

/* NULL when no stream that still takes bytes has that id. */
pt_exchange *pt_streams_find(pt_server *server, int64_t id);

/* False when the stream has ended by this: its client is gone or too slow. */
bool pt_streams_send(pt_server *server, pt_exchange *exchange, const char *data, size_t length);

/* Keeps what is sent from now on back, or lets it go. */
void pt_streams_hold(pt_server *server, pt_exchange *exchange, bool held);

/* Ends it once the client has taken all of it. */
void pt_streams_finish(pt_server *server, pt_exchange *exchange);

/* The id of a stream that has ended by itself, each once; 0: there is none. */
int64_t pt_streams_take_lost(pt_server *server);

/* For the server: looks at the sockets that are ready; and takes a stream that ends out of its
 * lists. */
void pt_streams_serve(pt_server *server);
void pt_streams_leave(pt_server *server, pt_exchange *exchange);

#endif
