/* What a system must offer to the poller: poller_epoll.c on Linux, poller_poll.c elsewhere. */
#ifndef PT_POLLER_BACKEND_H
#define PT_POLLER_BACKEND_H

#include "poller.h"

#if !defined(__linux__) && !defined(PT_POLLER_POLL)
#define PT_POLLER_POLL
#endif

typedef struct pt_backend pt_backend;

typedef struct pt_event {
    int fd;
    unsigned events;
} pt_event;

pt_backend *pt_backend_new(void);
void pt_backend_free(pt_backend *b);

/* Closes its descriptors only; it is good for nothing else afterwards. */
void pt_backend_abandon(pt_backend *b);

/* Moves fd from the old set of events to the new one; an empty set means not registered. */
bool pt_backend_set(pt_backend *b, int fd, unsigned old_events, unsigned new_events);

/* Fills at most `max` events; -1 on a signal or an error, which count as nothing ready. */
int pt_backend_wait(pt_backend *b, int timeout_ms, pt_event *events, int max);

/* The pollable descriptor, or -1; once asked for, `arm` keeps its timer (negative: none). */
int pt_backend_fd(pt_backend *b);
void pt_backend_arm(pt_backend *b, double seconds);

#endif
