/* The transport of one api: a libcurl multi on the state's poller, a pool of transfers, and a
   queue. It knows bytes only; what they mean is the business of request.c and reply.c. */
#ifndef PT_ENGINE_H
#define PT_ENGINE_H

#include <curl/curl.h>

#include "base_url.h"
#include "poller.h"
#include "transfer.h"

/* Texts are copied; NULL stands for "not set". Times are seconds. */
typedef struct pt_engine_options {
    const char *base_url;
    const char *proxy; /* "" for none; not set: from the environment */
    const char *ca_file, *ca_path;
    const char *user_agent;
    double timeout, deadline;
    pt_limits limits;
    size_t max_connections;
    bool http2, verify;
} pt_engine_options;

typedef struct pt_engine pt_engine;

/* NULL when the address is wrong (then *why says how) or memory or descriptors ran out.
   `lines` are NUL-terminated header lines that every request carries. */
pt_engine *pt_engine_new(pt_poller *poller, const pt_engine_options *options,
                         const pt_buffer *lines, const char **why);

/* Whether this process made it. In a child after fork() only pt_engine_free, pt_engine_end and
   pt_engine_give_back may be called; they touch nothing that is shared, and leak the rest. */
bool pt_engine_is_ours(const pt_engine *e);

/* Ends every transfer with PT_END_CLOSED and frees all; transfers that are held stay readable. */
void pt_engine_free(pt_engine *e);

const pt_base_url *pt_engine_base(const pt_engine *e);
const pt_buffer *pt_engine_lines(const pt_engine *e);
const pt_buffer *pt_engine_token(const pt_engine *e);

/* An empty token takes it away. False when memory ran out: the old one stays. */
bool pt_engine_set_token(pt_engine *e, const char *token, size_t n);

/* An idle transfer with the api's defaults, from the pool or new; NULL when memory ran out. */
pt_transfer *pt_engine_take(pt_engine *e);

/* Starts a prepared transfer; a call may be queued behind max_connections others. Whatever goes
   wrong is the transfer's own end. */
void pt_engine_start(pt_transfer *t);

/* Ends it if it has not ended; the connection of a request under way is closed. */
void pt_engine_end(pt_transfer *t, pt_end end);

/* There is room in its queue again: an event stream that was paused goes on. */
void pt_engine_resume(pt_transfer *t);

/* Its holder is done with it: back to the pool, or freed when the engine has gone. */
void pt_engine_give_back(pt_transfer *t);

#endif
