/* libcurl's side of waiting: sockets and the timer go to the poller. */
#include "channel.h"

#include <stdlib.h>

static void act(pt_channel *c, curl_socket_t fd, int mask) {
    int running;
    if (curl_multi_socket_action(c->multi, fd, mask, &running) > CURLM_OK)
        c->confused = true;
}

/* Its owner may free the channel in its turn. */
static void on_ready(void *owner, int fd, unsigned events) {
    pt_channel *c = owner;
    int mask = (events & PT_READABLE ? CURL_CSELECT_IN : 0) |
               (events & PT_WRITABLE ? CURL_CSELECT_OUT : 0);
    act(c, fd, mask);
    c->turn(c->owner);
}

static void on_time(void *owner) {
    pt_channel *c = owner;
    act(c, CURL_SOCKET_TIMEOUT, 0);
    c->turn(c->owner);
}

static pt_transfer *find_transfer(CURL *easy) {
    char *owner = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner) != CURLE_OK)
        return NULL;
    return (pt_transfer *)(void *)owner;
}

/* Never fails: that would be the end of the multi handle, not of one transfer. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *socket_owner) {
    (void)socket_owner;
    pt_channel *c = owner;
    unsigned events = what == CURL_POLL_IN      ? PT_READABLE
                      : what == CURL_POLL_OUT   ? PT_WRITABLE
                      : what == CURL_POLL_INOUT ? PT_READABLE | PT_WRITABLE
                                                : 0;
    if (!pt_poller_watch(c->poller, fd, events, on_ready, c) && events != 0) {
        pt_transfer *t = find_transfer(easy);
        if (t != NULL)
            t->end = PT_END_MEMORY;
        c->unwatched = true;
    }
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *owner) {
    (void)multi;
    pt_channel *c = owner;
    if (ms < 0)
        pt_timer_clear(c->poller, &c->timer);
    else
        pt_timer_set(c->poller, &c->timer, pt_now() + (double)ms / 1000);
    return 0;
}

static bool set_up(pt_channel *c, long connections) {
    return curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c) == CURLM_OK &&
           curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
           curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c) == CURLM_OK &&
           curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, connections) == CURLM_OK &&
           curl_multi_setopt(c->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, connections) == CURLM_OK;
}

pt_channel *pt_channel_new(pt_poller *poller, size_t connections, void (*turn)(void *owner),
                           void *owner) {
    pt_channel *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->poller = poller;
    c->turn = turn;
    c->owner = owner;
    c->timer = (pt_timer){.fire = on_time, .owner = c};
    c->multi = curl_multi_init();
    if (c->multi != NULL && set_up(c, (long)connections))
        return c;
    pt_channel_free(c);
    return NULL;
}

void pt_channel_free(pt_channel *c) {
    if (c->multi != NULL)
        (void)curl_multi_cleanup(c->multi);
    pt_timer_clear(c->poller, &c->timer);
    free(c);
}

bool pt_channel_add(pt_channel *c, pt_transfer *t) {
    if (curl_multi_add_handle(c->multi, t->easy) != CURLM_OK)
        return false;
    t->channel = c;
    c->transfers++;
    act(c, CURL_SOCKET_TIMEOUT, 0);
    return true;
}

void pt_channel_remove(pt_transfer *t) {
    pt_channel *c = t->channel;
    if (c == NULL)
        return;
    (void)curl_multi_remove_handle(c->multi, t->easy);
    t->channel = NULL;
    c->transfers--;
}

/* libcurl reports the closing of a connection that was in use; before that it may close it
   silently. */
static void adopt_connection(pt_transfer *t) {
    long made = 0;
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &made) == CURLE_OK && made > 0 &&
        curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK)
        pt_poller_adopt(t->poller, fd);
}

pt_transfer *pt_channel_next_done(pt_channel *c) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(c->multi, &left)) != NULL) {
        pt_transfer *t = find_transfer(message->easy_handle);
        if (message->msg != CURLMSG_DONE || t == NULL)
            continue;
        t->code = message->data.result; /* the message goes when the handle is removed */
        (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->status);
        c->answered = c->answered || t->status != 0;
        if (t->code == CURLE_OK && t->events == NULL)
            adopt_connection(t);
        return t;
    }
    return NULL;
}
