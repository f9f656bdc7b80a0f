/* An HTTP server on libmicrohttpd, driven from outside: step() does what there is to do and never
 * waits. Complete requests queue up with their connections suspended until they are answered. The
 * server owns its connections' pt_peer, each of which owns the exchange under way. No Lua here. */
#ifndef PT_SIMULATOR_SERVER_H
#define PT_SIMULATOR_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <microhttpd.h>

#include "exchange.h"

enum { PT_SERVER_BUCKETS = 256 };

/* One open connection. */
typedef struct pt_peer {
    int fd; /* libmicrohttpd's */
    pt_exchange *exchange;
    struct pt_peer *before;
    struct pt_peer *after;
} pt_peer;

typedef struct pt_server {
    struct MHD_Daemon *daemon; /* NULL: not open */
    pid_t pid;                 /* the process that opened it */
    int listen_fd;             /* libmicrohttpd's */
    int poll_fd;               /* epoll over libmicrohttpd's own epoll, wake_fd, streams' sockets */
    int wake_fd;               /* readable while awake */
    bool awake;                /* step() has work that no socket announces */
    uint16_t port;
    size_t max_body;
    size_t max_queue;
    pt_peer *peers;
    pt_exchange *suspended[PT_SERVER_BUCKETS]; /* by id */
    pt_exchange *first;                        /* those that nobody has taken yet, oldest first */
    pt_exchange *last;
    size_t queued;
    size_t streams;    /* how many are under way: their sockets are in poll_fd too */
    pt_exchange *lost; /* streams that have ended by themselves, latest first */
    int64_t last_id;
} pt_server;

typedef struct pt_server_options {
    const char *host; /* a numeric address */
    uint16_t port;
    size_t max_body;
    size_t max_queue;          /* bytes that a stream's client may leave unread */
    unsigned int idle_timeout; /* seconds; 0: none */
} pt_server_options;

/* An inert server, which pt_server_close accepts. */
void pt_server_init(pt_server *server);

/* False with the reason in message; the server is inert again then. */
bool pt_server_open(pt_server *server, const pt_server_options *options, char *message,
                    size_t size);

/* Sends the replies already given as far as the sockets take them and drops everything else. In a
 * forked child only closes the child's descriptors. Harmless when not open. */
void pt_server_close(pt_server *server);

/* Closes an open server, but keeps its port until pt_server_close: connections are refused, and a
 * new server can open there. False when it could not be kept. */
bool pt_server_refuse(pt_server *server);

bool pt_server_is_open(const pt_server *server);
bool pt_server_is_foreign(const pt_server *server); /* opened by another process */

void pt_server_step(pt_server *server);

/* False when nothing is due; else the seconds until step() must run though no socket is ready. */
bool pt_server_timeout(pt_server *server, double *seconds);

/* Takes a request off the queue, if it is there, and frees its bytes; its id goes on to stand for
 * it. */
void pt_server_take(pt_server *server, pt_exchange *exchange);

/* NULL when nothing in that state has that id. */
pt_exchange *pt_server_find(pt_server *server, int64_t id, pt_exchange_state state);

/* Sends exchange->response, which must be set, with this status. */
void pt_server_answer(pt_server *server, pt_exchange *exchange, unsigned int status);

/* Ends the connection of a request or a stream by a TCP reset. */
void pt_server_abort(pt_server *server, pt_exchange *exchange);

/* For streams.c: resumes a connection, whose id then means nothing; makes its close a reset; and
 * has the next step() come at once. */
void pt_server_release(pt_server *server, pt_exchange *exchange, pt_exchange_state state);
void pt_server_reset_at_close(pt_exchange *exchange);
void pt_server_wake(pt_server *server);

/* For libmicrohttpd's callbacks: lets a complete request wait; and forgets and frees one that is
 * over, wherever it stands. */
void pt_server_enqueue(pt_server *server, pt_exchange *exchange);
void pt_server_discard(pt_server *server, pt_exchange *exchange);

#endif
