/* The poller's backend on Linux: one epoll set, and in it a timer for the loops that hold it. */
#include "poller_backend.h"

#ifndef PT_POLLER_POLL

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct pt_backend {
    int epoll;
    int timer; /* -1 until somebody asks for the descriptor */
};

pt_backend *pt_backend_new(void) {
    pt_backend *b = malloc(sizeof *b);
    if (b == NULL)
        return NULL;
    b->timer = -1;
    b->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (b->epoll < 0) {
        free(b);
        return NULL;
    }
    return b;
}

void pt_backend_abandon(pt_backend *b) {
    if (b->timer >= 0)
        close(b->timer);
    if (b->epoll >= 0)
        close(b->epoll);
    b->timer = b->epoll = -1;
}

void pt_backend_free(pt_backend *b) {
    pt_backend_abandon(b);
    free(b);
}

bool pt_backend_set(pt_backend *b, int fd, unsigned old_events, unsigned new_events) {
    struct epoll_event e = {.data.fd = fd};
    if (new_events & PT_READABLE)
        e.events |= EPOLLIN;
    if (new_events & PT_WRITABLE)
        e.events |= EPOLLOUT;
    int op = new_events == 0 ? EPOLL_CTL_DEL : old_events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    return epoll_ctl(b->epoll, op, fd, &e) == 0;
}

static unsigned translate(uint32_t events) {
    unsigned result = 0;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        result |= PT_READABLE;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        result |= PT_WRITABLE;
    return result;
}

int pt_backend_wait(pt_backend *b, int timeout_ms, pt_event *events, int max) {
    struct epoll_event found[64];
    int n = epoll_wait(b->epoll, found, max < 64 ? max : 64, timeout_ms), out = 0;
    for (int i = 0; i < n; i++) {
        if (found[i].data.fd == b->timer) {
            uint64_t ticks;
            if (read(b->timer, &ticks, sizeof ticks) < 0)
                continue; /* another wait drained it */
            continue;
        }
        events[out++] = (pt_event){found[i].data.fd, translate(found[i].events)};
    }
    return n < 0 ? -1 : out;
}

int pt_backend_fd(pt_backend *b) {
    if (b->timer >= 0)
        return b->epoll;
    b->timer = timerfd_create(PT_CLOCK, TFD_NONBLOCK | TFD_CLOEXEC);
    if (b->timer < 0)
        return -1;
    if (!pt_backend_set(b, b->timer, 0, PT_READABLE)) {
        close(b->timer);
        b->timer = -1;
        return -1;
    }
    return b->epoll;
}

void pt_backend_arm(pt_backend *b, double seconds) {
    struct itimerspec t = {0};
    if (seconds >= 0) {
        t.it_value.tv_sec = (time_t)seconds;
        t.it_value.tv_nsec = (long)((seconds - (double)t.it_value.tv_sec) * 1e9);
        if (t.it_value.tv_sec == 0 && t.it_value.tv_nsec == 0)
            t.it_value.tv_nsec = 1;
    }
    (void)timerfd_settime(b->timer, 0, &t, NULL); /* fails on bad arguments only */
}

#endif
