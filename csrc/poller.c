/* The poller: a table of watched descriptors, a list of timers, a list of completions.
   Timers are few (two for each engine), so the list is searched rather than sorted. */
#include "poller.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "here.h"
#include "poller_backend.h"

#define EVENTS_AT_ONCE 64
#define YEARS 1e9 /* seconds, as many as fit everywhere */

typedef struct entry {
    pt_ready_fn ready;
    void *owner;
    unsigned wanted;
    unsigned installed; /* what the backend was told */
    bool adopted;
    bool foreign;   /* not for us to close */
    bool signalled; /* foreign only: readable and not yet asked about */
} entry;

struct pt_poller {
    pt_backend *backend;
    pt_here here;
    entry *entries; /* indexed by descriptor */
    size_t capacity;
    size_t watched;
    pt_timer *timers;
    pt_completion *first, *last;
    size_t completions;
    int64_t last_id;
    size_t signalled;
    double returned; /* when the last wait ended */
    double since;    /* see pt_poller_since */
    pt_timer alarm;
    double kept; /* what the descriptor's timer is set to */
    int references;
    bool exported; /* a foreign loop holds our descriptor: its timer must be kept */
    bool waiting;  /* Lua looks at the completions when the wait is over */
};

double pt_now(void) {
    struct timespec t;
    clock_gettime(PT_CLOCK, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

pt_poller *pt_poller_new(void) {
    pt_poller *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->backend = pt_backend_new();
    if (p->backend == NULL) {
        free(p);
        return NULL;
    }
    pt_here_mark(&p->here);
    p->references = 1;
    p->returned = p->since = pt_now();
    return p;
}

pt_poller *pt_poller_hold(pt_poller *p) {
    p->references++;
    return p;
}

void pt_poller_release(pt_poller *p) {
    if (--p->references > 0)
        return;
    pt_backend_free(p->backend);
    pt_here_free(&p->here);
    free(p->entries);
    free(p);
}

bool pt_poller_is_ours(const pt_poller *p) { return pt_here_is(&p->here); }

static entry *find_entry(pt_poller *p, int fd) {
    return fd >= 0 && (size_t)fd < p->capacity ? &p->entries[fd] : NULL;
}

static entry *need_entry(pt_poller *p, int fd) {
    if (fd < 0)
        return NULL;
    if ((size_t)fd >= p->capacity) {
        size_t wanted = p->capacity ? p->capacity : 16;
        while (wanted <= (size_t)fd)
            wanted *= 2;
        entry *grown = realloc(p->entries, wanted * sizeof *grown);
        if (grown == NULL)
            return NULL;
        for (size_t i = p->capacity; i < wanted; i++)
            grown[i] = (entry){0};
        p->entries = grown;
        p->capacity = wanted;
    }
    return &p->entries[fd];
}

static bool install(pt_poller *p, int fd, entry *e, unsigned events) {
    if (e->installed == events)
        return true;
    bool ok = pt_backend_set(p->backend, fd, e->installed, events);
    if (ok || events == 0) /* what cannot be taken out has gone with its descriptor */
        e->installed = events;
    return ok;
}

static void want(pt_poller *p, entry *e, unsigned events) {
    p->watched += (size_t)(events != 0) - (size_t)(e->wanted != 0);
    e->wanted = events;
}

bool pt_poller_watch(pt_poller *p, int fd, unsigned events, pt_ready_fn ready, void *owner) {
    entry *e = need_entry(p, fd);
    if (e == NULL)
        return false;
    if (events == 0 && e->owner != owner)
        return true;
    want(p, e, events);
    e->ready = ready;
    e->owner = owner;
    if (events == 0 && e->adopted)
        return true;
    return install(p, fd, e, events);
}

bool pt_poller_opened(pt_poller *p, int fd) {
    entry *e = need_entry(p, fd);
    if (e == NULL)
        return false;
    (void)install(p, fd, e, 0); /* what goes wrong here went with the older one */
    p->signalled -= e->signalled;
    e->signalled = e->adopted = e->foreign = false;
    return install(p, fd, e, e->wanted);
}

void pt_poller_adopt(pt_poller *p, int fd) {
    entry *e = find_entry(p, fd);
    if (e != NULL)
        e->adopted = true;
}

void pt_poller_forget(pt_poller *p, int fd) {
    entry *e = find_entry(p, fd);
    if (e == NULL)
        return;
    (void)install(p, fd, e, 0); /* a failure leaves nothing: the descriptor is being closed */
    want(p, e, 0);
    p->signalled -= e->signalled;
    *e = (entry){0};
}

void pt_poller_abandon(pt_poller *p) {
    for (size_t fd = 0; fd < p->capacity; fd++)
        if (p->entries[fd].installed != 0 && !p->entries[fd].foreign)
            close((int)fd);
    p->capacity = 0;
    pt_backend_abandon(p->backend);
}

static void note_foreign(void *owner, int fd, unsigned events) {
    pt_poller *p = owner;
    (void)events;
    entry *e = find_entry(p, fd);
    if (!e->signalled)
        p->signalled++;
    e->signalled = true;
}

bool pt_poller_watch_foreign(pt_poller *p, int fd) {
    if (!pt_poller_opened(p, fd) || !pt_poller_watch(p, fd, PT_READABLE, note_foreign, p))
        return false;
    p->entries[fd].foreign = true;
    return true;
}

bool pt_poller_take_ready(pt_poller *p, int fd) {
    entry *e = find_entry(p, fd);
    if (e == NULL || !e->signalled)
        return false;
    e->signalled = false;
    p->signalled--;
    return true;
}

static double next_due(const pt_poller *p) {
    double due = INFINITY;
    for (const pt_timer *t = p->timers; t != NULL; t = t->next)
        if (t->due < due)
            due = t->due;
    return due;
}

static void keep_timer(pt_poller *p, double due) {
    if (!p->exported || p->waiting || (isinf(due) && isinf(p->kept)))
        return;
    double now = pt_now();
    pt_backend_arm(p->backend, isinf(due) ? -1 : fmin(fmax(due - now, 0), YEARS));
    p->kept = due;
}

static void sync_timer(pt_poller *p) { keep_timer(p, p->completions > 0 ? 0 : next_due(p)); }

static void ring(void *owner) { (void)owner; }

void pt_poller_alarm(pt_poller *p, double seconds) {
    p->alarm.fire = ring;
    if (seconds >= 0)
        pt_timer_set(p, &p->alarm, pt_now() + seconds);
    else
        pt_timer_clear(p, &p->alarm);
}

void pt_timer_set(pt_poller *p, pt_timer *t, double due) {
    t->due = due;
    if (!t->armed) {
        t->armed = true;
        t->prev = NULL;
        t->next = p->timers;
        if (t->next)
            t->next->prev = t;
        p->timers = t;
    }
    sync_timer(p);
}

void pt_timer_clear(pt_poller *p, pt_timer *t) {
    if (!t->armed)
        return;
    t->armed = false;
    if (t->prev)
        t->prev->next = t->next;
    else
        p->timers = t->next;
    if (t->next)
        t->next->prev = t->prev;
    t->prev = t->next = NULL;
    sync_timer(p);
}

void pt_completion_begin(pt_poller *p, pt_completion *c) { c->id = ++p->last_id; }

void pt_completion_add(pt_poller *p, pt_completion *c) {
    if (c->listed)
        return;
    c->listed = true;
    c->next = NULL;
    c->prev = p->last;
    if (p->last)
        p->last->next = c;
    else
        p->first = c;
    p->last = c;
    if (p->completions++ == 0)
        sync_timer(p);
}

void pt_completion_remove(pt_poller *p, pt_completion *c) {
    if (!c->listed)
        return;
    c->listed = false;
    if (c->prev)
        c->prev->next = c->next;
    else
        p->first = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        p->last = c->prev;
    c->prev = c->next = NULL;
    p->completions--;
}

int64_t pt_completion_pop(pt_poller *p) {
    pt_completion *c = p->first;
    if (c == NULL)
        return 0;
    pt_completion_remove(p, c);
    return c->id;
}

/* Fires what was due when it was called; a timer set anew by another waits for the next turn. */
static void fire_due(pt_poller *p) {
    if (p->timers == NULL)
        return;
    double now = pt_now();
    for (;;) {
        pt_timer *found = NULL;
        for (pt_timer *t = p->timers; t != NULL; t = t->next)
            if (t->due <= now && (found == NULL || t->due < found->due))
                found = t;
        if (found == NULL)
            return;
        pt_timer_clear(p, found);
        found->fire(found->owner);
    }
}

static void dispatch(pt_poller *p, const pt_event *event) {
    entry *e = find_entry(p, event->fd);
    if (e == NULL || e->installed == 0)
        return;
    unsigned events = event->events & e->wanted;
    if (events != 0)
        e->ready(e->owner, event->fd, events);
    else
        (void)install(p, event->fd, e, e->wanted); /* interest had lapsed: do not be woken again */
}

static int wait_ms(const pt_poller *p, double timeout) {
    double due = next_due(p);
    if (isnan(timeout))
        return 0;
    if (timeout < 0 && p->watched == 0 && isinf(due))
        return 0;
    double seconds = timeout < 0 ? INFINITY : timeout;
    if (!isinf(due))
        seconds = fmin(seconds, fmax(due - pt_now(), 0));
    if (isinf(seconds))
        return -1;
    return seconds >= INT_MAX / 1000 ? INT_MAX : (int)ceil(seconds * 1000);
}

/* A wait that did not end at once found nothing when it began. */
static void note_return(pt_poller *p, double entered) {
    const double at_once = 0.001;
    double now = pt_now();
    p->since = now - entered > at_once ? now : p->returned;
    p->returned = now;
}

double pt_poller_since(const pt_poller *p) { return p->since; }

void pt_poller_wait(pt_poller *p, double timeout) {
    pt_event events[EVENTS_AT_ONCE];
    double entered = pt_now();
    int n = pt_backend_wait(p->backend, wait_ms(p, timeout), events, EVENTS_AT_ONCE);
    p->waiting = true;
    note_return(p, entered);
    for (int i = 0; i < n; i++)
        dispatch(p, &events[i]);
    fire_due(p);
    p->waiting = false;
    keep_timer(p, next_due(p));
}

size_t pt_poller_pending(const pt_poller *p) { return p->completions + p->signalled; }

bool pt_poller_idle(const pt_poller *p) {
    return p->watched == 0 && p->timers == NULL && p->completions == 0;
}

int pt_poller_fd(pt_poller *p) {
    int fd = pt_backend_fd(p->backend);
    p->exported = fd >= 0;
    p->kept = 0;
    sync_timer(p);
    return fd;
}
