/* Runs transfers on channels; those that have ended go to the poller's completions. Calls beyond
   max_connections wait here in order, because libcurl's own queue would count their waiting as time
   spent. Event streams wait for nobody. */
#include "engine.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "headers.h"

typedef struct list {
    pt_transfer *first, *last;
    size_t count;
} list;

struct pt_engine {
    pt_poller *poller;
    CURLSH *share;        /* names resolved and TLS sessions, for all channels */
    pt_channel *calls;    /* that of new calls; NULL: the next one makes another */
    pt_channel *streams;  /* likewise; streams would crowd out the connections kept for calls */
    pt_channel *channels; /* all; those that are neither go when they are empty */
    pt_base_url base;
    pt_engine_options options;
    pt_buffer texts[4]; /* the options' own copies */
    pt_buffer lines, token;
    pt_headers *headers;
    list lists[PT_STATES];
    pt_timer queue_timer;   /* no later than the first deadline among the queued */
    pt_timer silence_timer; /* no later than the first stream is to be given up */
};

static void unlink_transfer(list *l, pt_transfer *t) {
    *(t->prev ? &t->prev->next : &l->first) = t->next;
    *(t->next ? &t->next->prev : &l->last) = t->prev;
    t->prev = t->next = NULL;
    l->count--;
}

static void append_transfer(list *l, pt_transfer *t) {
    t->prev = l->last;
    *(l->last ? &l->last->next : &l->first) = t;
    l->last = t;
    l->count++;
}

static void move(pt_transfer *t, pt_state state) {
    unlink_transfer(&t->engine->lists[t->state], t);
    t->state = state;
    append_transfer(&t->engine->lists[state], t);
}

static void turn(void *owner);

/* -- the life of a transfer ------------------------------------------------------------------- */

/* Over plain http libcurl would wait for a first reply to learn that it is not HTTP/2. */
static bool is_multiplexed(const pt_engine *e) { return e->options.http2 && !e->base.plain; }

static bool is_active(const pt_transfer *t) {
    return t->state == PT_RUNNING || t->state == PT_STREAMING;
}

static bool has_timed_out(const pt_transfer *t) {
    return t->end == PT_END_DEADLINE ||
           (t->end == PT_END_CURL && t->code == CURLE_OPERATION_TIMEDOUT);
}

/* libcurl keeps an HTTP/2 connection on which a call has timed out, and would prefer it for ever
   though nothing comes from it any more. So new calls get connections of their own; those under way
   on the old ones go on. */
static void suspect_connection(pt_transfer *t) {
    pt_engine *e = t->engine;
    if (is_multiplexed(e) && t->sent && has_timed_out(t) && t->channel == e->calls)
        e->calls = NULL;
}

static void finish(pt_transfer *t, pt_end end) {
    if (t->end == PT_END_REPLY)
        t->end = end; /* a callback may have said it more exactly */
    t->finished = pt_now();
    suspect_connection(t);
    if (t->channel != NULL && !t->sent && t->end != PT_END_CANCELLED)
        t->channel->failed = true;
    pt_channel_remove(t);
    move(t, PT_ENDED);
    pt_completion_add(t->poller, &t->completion);
}

static double remaining(const pt_transfer *t, double now) {
    return t->submitted + t->deadline - now;
}

/* libcurl also says "out of memory" when a header line is longer than it likes, 100 KiB. */
static bool is_long_line(const pt_transfer *t) {
    void *probe = t->sent ? malloc(256u * 1024) : NULL;
    free(probe);
    return probe != NULL;
}

static pt_end read_end(const pt_transfer *t, CURLcode code) {
    switch (code) {
    case CURLE_OK:
        return t->head_ended ? PT_END_REPLY : PT_END_BROKEN;
    case CURLE_OUT_OF_MEMORY:
        return is_long_line(t) ? PT_END_HEAD : PT_END_MEMORY;
    case CURLE_OPERATION_TIMEDOUT: /* of what is left of the deadline, or of connecting */
        return t->limited && remaining(t, pt_now()) < 0.01 ? PT_END_DEADLINE : PT_END_CURL;
    default:
        return PT_END_CURL;
    }
}

static void end_for_memory(const list *l, const pt_channel *c, bool all) {
    for (pt_transfer *t = l->first, *next; t != NULL; t = next) {
        next = t->next;
        if (t->channel == c && (t->end == PT_END_MEMORY || all))
            finish(t, PT_END_MEMORY);
    }
}

/* Where it is confused, what is under way may never be heard of again, and later sockets would meet
   what is left of those. */
static void collect_from(pt_engine *e, pt_channel *c) {
    pt_transfer *t;
    while ((t = pt_channel_next_done(c)) != NULL)
        finish(t, read_end(t, t->code));
    if (c->unwatched || c->confused) {
        end_for_memory(&e->lists[PT_RUNNING], c, c->confused);
        end_for_memory(&e->lists[PT_STREAMING], c, c->confused);
    }
    c->unwatched = false;
    if (c->confused && c == e->calls)
        e->calls = NULL;
    if (c->confused && c == e->streams)
        e->streams = NULL;
}

static void collect(pt_engine *e) {
    for (pt_channel **at = &e->channels, *c; (c = *at) != NULL;) {
        collect_from(e, c);
        if (c == e->calls || c == e->streams || c->transfers > 0) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        pt_channel_free(c);
    }
}

static pt_channel *need_channel(pt_engine *e, pt_channel **which, size_t connections) {
    if (*which == NULL && (*which = pt_channel_new(e->poller, connections, turn, e)) != NULL) {
        (*which)->next = e->channels;
        e->channels = *which;
    }
    return *which;
}

static pt_channel *channel_for_calls(pt_engine *e) {
    return need_channel(e, &e->calls, e->options.max_connections);
}

/* A stream's connection is never kept, so there is nothing to bound. */
static pt_channel *channel_for_streams(pt_engine *e) { return need_channel(e, &e->streams, 0); }

/* Where the last connection went, one call makes the next and the others wait; but not where none
   could be made at all, as each would have its turn at failing. */
static bool await_connection(const pt_engine *e, const pt_channel *c, pt_transfer *t) {
    if (t->events != NULL || !is_multiplexed(e))
        return true;
    return curl_easy_setopt(t->easy, CURLOPT_PIPEWAIT, c->connected ? 1L : 0L) == CURLE_OK;
}

static void launch(pt_engine *e, pt_transfer *t) {
    t->started = pt_now();
    double left = remaining(t, t->started);
    if (left <= 0) {
        finish(t, PT_END_DEADLINE);
        return;
    }
    t->limited = left < t->timeout;
    t->code = pt_transfer_configure(t, t->limited ? left : t->timeout);
    if (t->code != CURLE_OK) {
        finish(t, read_end(t, t->code));
        return;
    }
    move(t, t->events ? PT_STREAMING : PT_RUNNING);
    pt_channel *c = t->events ? channel_for_streams(e) : channel_for_calls(e);
    if (c == NULL || !await_connection(e, c, t) || !pt_channel_add(c, t))
        finish(t, PT_END_MEMORY);
}

/* The queue may be long, so it is looked through only when the first deadline is over, or was that
   of a transfer which has left it. */
static void watch_queue(pt_engine *e, double due) {
    if (!isinf(due) && (!e->queue_timer.armed || due < e->queue_timer.due))
        pt_timer_set(e->poller, &e->queue_timer, due);
}

/* Where calls are to share a connection, the first makes it while the others wait here: in libcurl
   their time would run. Before the server has said how many calls it may carry, libcurl takes it
   for 100 and opens one for each further call. */
static bool channel_has_room(const pt_channel *c) {
    const size_t before_answer = 100;
    if (c == NULL || c->answered || c->failed)
        return true;
    return c->transfers < (c->connected ? before_answer : 1);
}

static bool has_room(const pt_engine *e) {
    return e->lists[PT_RUNNING].count < e->options.max_connections &&
           (!is_multiplexed(e) || channel_has_room(e->calls));
}

static void fill_places(pt_engine *e) {
    list *queued = &e->lists[PT_QUEUED];
    bool had_queue = queued->first != NULL;
    while (queued->first != NULL && has_room(e)) {
        launch(e, queued->first);
        collect(e);
    }
    if (had_queue && queued->first == NULL)
        pt_timer_clear(e->poller, &e->queue_timer);
}

/* Gathers what has ended and fills the places that became free. */
static void turn(void *owner) {
    pt_engine *e = owner;
    collect(e);
    fill_places(e);
}

static void on_queue_time(void *owner) {
    pt_engine *e = owner;
    double now = pt_now(), first = INFINITY;
    for (pt_transfer *t = e->lists[PT_QUEUED].first, *next; t != NULL; t = next) {
        next = t->next;
        if (remaining(t, now) <= 0)
            finish(t, PT_END_DEADLINE);
        else
            first = fmin(first, t->submitted + t->deadline);
    }
    watch_queue(e, first);
}

/* -- streams that fall silent ----------------------------------------------------------------- */

/* When it is to be given up: before its head like a call, later without a byte for too long. */
static double silence_due(const pt_transfer *t) {
    if (t->paused)
        return INFINITY;
    if (t->opened)
        return t->heard + t->idle;
    return fmin(t->started + t->timeout, t->submitted + t->deadline);
}

/* Once its head has come less time may be left. */
static double earliest_due(const pt_transfer *t, double now) {
    double due = silence_due(t);
    return t->opened ? due : fmin(due, now + t->idle);
}

static void watch_silence(pt_engine *e, double due) {
    if (!isinf(due) && (!e->silence_timer.armed || due < e->silence_timer.due))
        pt_timer_set(e->poller, &e->silence_timer, due);
}

/* We may be late rather than the bytes: what has arrived counts. */
static bool has_arrived(const pt_transfer *t) {
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD)
        return false;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

static void give_up_silent(pt_transfer *t, double now) {
    t->code = CURLE_OPERATION_TIMEDOUT;
    if (t->opened)
        finish(t, PT_END_SILENT);
    else
        finish(t, remaining(t, now) <= 0 ? PT_END_DEADLINE : PT_END_CURL);
}

/* Streams are many and seldom silent, so they are looked at when the first might be. */
static void on_silence_time(void *owner) {
    const double again = 0.1;
    pt_engine *e = owner;
    double now = pt_now(), first = INFINITY;
    for (pt_transfer *t = e->lists[PT_STREAMING].first, *next; t != NULL; t = next) {
        next = t->next;
        double due = silence_due(t);
        if (due > now)
            first = fmin(first, earliest_due(t, now));
        else if (has_arrived(t))
            first = fmin(first, now + again);
        else
            give_up_silent(t, now);
    }
    watch_silence(e, first);
}

static void start_stream(pt_engine *e, pt_transfer *t) {
    launch(e, t);
    turn(e);
    if (t->state == PT_STREAMING)
        watch_silence(e, earliest_due(t, t->started));
}

bool pt_engine_is_ours(const pt_engine *e) { return pt_poller_is_ours(e->poller); }

void pt_engine_resume(pt_transfer *t) {
    pt_engine *e = t->engine;
    if (t->state != PT_STREAMING || !t->paused || !pt_engine_is_ours(e))
        return;
    t->paused = false;
    t->heard = pt_now();
    t->code = curl_easy_pause(t->easy, CURLPAUSE_CONT);
    if (t->code != CURLE_OK) /* libcurl tells only us */
        finish(t, PT_END_CURL);
    turn(e);
    if (t->state == PT_STREAMING)
        watch_silence(e, silence_due(t));
}

/* -- from outside ----------------------------------------------------------------------------- */

void pt_engine_start(pt_transfer *t) {
    pt_engine *e = t->engine;
    t->submitted = t->started = pt_now();
    t->http->headers = e->headers;
    t->http->headers->references++;
    pt_completion_begin(e->poller, &t->completion);
    if (t->events != NULL) {
        start_stream(e, t);
        return;
    }
    if (!has_room(e) && e->lists[PT_QUEUED].count >= e->options.limits.waiting) {
        finish(t, PT_END_CROWD);
        return;
    }
    move(t, PT_QUEUED);
    fill_places(e); /* what has ended was gathered when it did */
    if (t->state == PT_QUEUED)
        watch_queue(e, t->submitted + t->deadline);
}

void pt_engine_end(pt_transfer *t, pt_end end) {
    if (!pt_engine_is_ours(t->engine))
        return;
    if (t->state != PT_QUEUED && !is_active(t))
        return;
    finish(t, end);
    turn(t->engine);
}

/* -- the pool --------------------------------------------------------------------------------- */

static CURLcode set_limits(pt_transfer *t, const pt_engine_options *o, bool multiplexed) {
    CURLcode code;
    long connect_ms = (long)(o->limits.connect * 1000) + 1;
    long version = multiplexed ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
    PT_SET(CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    PT_SET(CURLOPT_HTTP_VERSION, version);
    return CURLE_OK;
}

static CURLcode set_trust(pt_transfer *t, const pt_engine_options *o, bool loopback) {
    CURLcode code;
    PT_SET(CURLOPT_SSL_VERIFYPEER, o->verify ? 1L : 0L);
    PT_SET(CURLOPT_SSL_VERIFYHOST, o->verify ? 2L : 0L);
    if (o->ca_file || o->ca_path) { /* instead of the system's, which are in either */
        PT_SET(CURLOPT_CAINFO, o->ca_file);
        PT_SET(CURLOPT_CAPATH, o->ca_path);
    }
    if (o->proxy)
        PT_SET(CURLOPT_PROXY, o->proxy);
    if (loopback)
        PT_SET(CURLOPT_NOPROXY, "*"); /* a proxy would see the token of a plain request */
    return CURLE_OK;
}

static pt_transfer *new_transfer(pt_engine *e) {
    pt_transfer *t = pt_transfer_new(e->poller, e->base.url);
    if (t == NULL)
        return NULL;
    if (curl_easy_setopt(t->easy, CURLOPT_SHARE, e->share) != CURLE_OK ||
        set_limits(t, &e->options, is_multiplexed(e)) != CURLE_OK ||
        set_trust(t, &e->options, e->base.loopback) != CURLE_OK) {
        pt_transfer_free(t);
        return NULL;
    }
    t->engine = e;
    t->state = PT_ENDED;
    append_transfer(&e->lists[PT_ENDED], t);
    return t;
}

pt_transfer *pt_engine_take(pt_engine *e) {
    pt_transfer *t = e->lists[PT_IDLE].last;
    if (t != NULL)
        move(t, PT_ENDED);
    else if ((t = new_transfer(e)) == NULL)
        return NULL;
    t->timeout = e->options.timeout;
    t->deadline = e->options.deadline;
    t->http->limits = e->options.limits;
    return t;
}

void pt_engine_give_back(pt_transfer *t) {
    pt_engine *e = t->engine;
    if (!pt_poller_is_ours(t->poller))
        return;
    if (e != NULL)
        pt_engine_end(t, PT_END_CANCELLED);
    pt_completion_remove(t->poller, &t->completion);
    bool poolable = e != NULL && t->events == NULL;
    if (poolable && e->lists[PT_IDLE].count < e->options.max_connections) {
        pt_transfer_reset(t);
        move(t, PT_IDLE);
        return;
    }
    if (e != NULL)
        unlink_transfer(&e->lists[t->state], t);
    pt_transfer_free(t);
}

/* -- the engine ------------------------------------------------------------------------------- */

const pt_base_url *pt_engine_base(const pt_engine *e) { return &e->base; }

const pt_buffer *pt_engine_lines(const pt_engine *e) { return &e->lines; }

const pt_buffer *pt_engine_token(const pt_engine *e) { return &e->token; }

bool pt_engine_set_token(pt_engine *e, const char *token, size_t n) {
    pt_buffer copy = {0};
    pt_headers *headers = NULL;
    if (pt_buffer_append(&copy, token, n))
        headers = pt_headers_new(&e->lines, &copy);
    if (headers == NULL) {
        pt_buffer_free(&copy);
        return false;
    }
    pt_headers_release(e->headers);
    pt_buffer_free(&e->token);
    e->headers = headers;
    e->token = copy;
    return true;
}

static bool copy_texts(pt_engine *e) {
    const char **const fields[] = {&e->options.base_url, &e->options.proxy, &e->options.ca_file,
                                   &e->options.ca_path};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (*fields[i] == NULL)
            continue;
        if (!pt_buffer_puts(&e->texts[i], *fields[i]) || !pt_buffer_putc(&e->texts[i], '\0'))
            return false;
        *fields[i] = e->texts[i].data;
    }
    return true;
}

/* As a line of its own: libcurl would put together its option anew for each request. */
static bool add_agent(pt_engine *e) {
    const char *agent = e->options.user_agent;
    e->options.user_agent = NULL; /* the caller's */
    if (agent == NULL || pt_lines_find(&e->lines, "user-agent", 10) != NULL)
        return true;
    return pt_buffer_puts(&e->lines, "User-Agent: ") && pt_buffer_puts(&e->lines, agent) &&
           pt_buffer_putc(&e->lines, '\0');
}

static bool open_share(pt_engine *e) {
    e->share = curl_share_init();
    return e->share != NULL &&
           curl_share_setopt(e->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK &&
           curl_share_setopt(e->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK;
}

static bool open_engine(pt_engine *e, const pt_buffer *lines, const char **why) {
    e->queue_timer = (pt_timer){.fire = on_queue_time, .owner = e};
    e->silence_timer = (pt_timer){.fire = on_silence_time, .owner = e};
    if (!copy_texts(e) || !pt_buffer_append(&e->lines, lines->data, lines->len) || !add_agent(e))
        return false;
    if (!pt_base_url_parse(&e->base, e->options.base_url, why))
        return false;
    return open_share(e) && channel_for_calls(e) != NULL && pt_engine_set_token(e, "", 0);
}

pt_engine *pt_engine_new(pt_poller *poller, const pt_engine_options *options,
                         const pt_buffer *lines, const char **why) {
    *why = NULL;
    pt_engine *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    e->poller = pt_poller_hold(poller);
    e->options = *options;
    if (open_engine(e, lines, why))
        return e;
    pt_engine_free(e);
    return NULL;
}

/* Detaches the transfers that Lua still holds and frees the others. */
static void empty_lists(pt_engine *e) {
    for (int state = 0; state < PT_STATES; state++) {
        pt_transfer *t;
        while ((t = e->lists[state].first) != NULL) {
            unlink_transfer(&e->lists[state], t);
            t->engine = NULL;
            (void)curl_easy_setopt(t->easy, CURLOPT_SHARE, NULL);
            if (state == PT_IDLE)
                pt_transfer_free(t);
        }
    }
}

static void end_all(pt_engine *e) {
    static const pt_state states[] = {PT_QUEUED, PT_RUNNING, PT_STREAMING};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        for (pt_transfer *t; (t = e->lists[states[i]].first) != NULL;)
            finish(t, PT_END_CLOSED);
}

void pt_engine_free(pt_engine *e) {
    if (!pt_engine_is_ours(e))
        return;
    end_all(e);
    empty_lists(e);
    for (pt_channel *c; (c = e->channels) != NULL;) {
        e->channels = c->next;
        pt_channel_free(c);
    }
    (void)curl_share_cleanup(e->share);
    pt_timer_clear(e->poller, &e->queue_timer);
    pt_timer_clear(e->poller, &e->silence_timer);
    pt_headers_release(e->headers);
    pt_base_url_free(&e->base);
    for (size_t i = 0; i < sizeof e->texts / sizeof *e->texts; i++)
        pt_buffer_free(&e->texts[i]);
    pt_buffer_free(&e->lines);
    pt_buffer_free(&e->token);
    pt_poller_release(e->poller);
    free(e);
}
