/* The poller's backend where there is no epoll: an array for poll(). It offers no descriptor. */
#include "poller_backend.h"

#ifdef PT_POLLER_POLL

#include <poll.h>
#include <stdlib.h>

struct pt_backend {
    struct pollfd *fds;
    size_t count, capacity;
    size_t first; /* where the next search for events begins, so that all get their turn */
};

pt_backend *pt_backend_new(void) { return calloc(1, sizeof(pt_backend)); }

void pt_backend_abandon(pt_backend *b) { b->count = 0; }

void pt_backend_free(pt_backend *b) {
    free(b->fds);
    free(b);
}

static struct pollfd *find(pt_backend *b, int fd) {
    for (size_t i = 0; i < b->count; i++)
        if (b->fds[i].fd == fd)
            return &b->fds[i];
    return NULL;
}

static struct pollfd *add(pt_backend *b, int fd) {
    if (b->count == b->capacity) {
        size_t wanted = b->capacity ? 2 * b->capacity : 16;
        struct pollfd *grown = realloc(b->fds, wanted * sizeof *grown);
        if (grown == NULL)
            return NULL;
        b->fds = grown;
        b->capacity = wanted;
    }
    struct pollfd *p = &b->fds[b->count++];
    *p = (struct pollfd){.fd = fd};
    return p;
}

bool pt_backend_set(pt_backend *b, int fd, unsigned old_events, unsigned new_events) {
    struct pollfd *p = old_events == 0 ? add(b, fd) : find(b, fd);
    if (p == NULL)
        return new_events == 0;
    if (new_events == 0) {
        *p = b->fds[--b->count];
        return true;
    }
    p->events = 0;
    if (new_events & PT_READABLE)
        p->events |= POLLIN;
    if (new_events & PT_WRITABLE)
        p->events |= POLLOUT;
    return true;
}

static unsigned translate(short events) {
    unsigned result = 0;
    if (events & (POLLIN | POLLHUP | POLLERR | POLLNVAL))
        result |= PT_READABLE;
    if (events & (POLLOUT | POLLHUP | POLLERR | POLLNVAL))
        result |= PT_WRITABLE;
    return result;
}

int pt_backend_wait(pt_backend *b, int timeout_ms, pt_event *events, int max) {
    int n = poll(b->fds, (nfds_t)b->count, timeout_ms), out = 0;
    if (n < 0)
        return -1;
    for (size_t i = 0; i < b->count && out < max; i++) {
        b->first = b->first + 1 < b->count ? b->first + 1 : 0;
        const struct pollfd *p = &b->fds[b->first];
        if (p->revents != 0)
            events[out++] = (pt_event){p->fd, translate(p->revents)};
    }
    return out;
}

int pt_backend_fd(pt_backend *b) {
    (void)b;
    return -1;
}

void pt_backend_arm(pt_backend *b, double seconds) {
    (void)b;
    (void)seconds;
}

#endif
