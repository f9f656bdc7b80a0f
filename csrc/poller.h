/* Descriptors and timers of one Lua state. Everything that waits registers here: engines, and
   through Lua the simulators. The poller calls C only; what Lua must look at afterwards is counted.
 */
#ifndef PT_POLLER_H
#define PT_POLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define PT_READABLE 1u
#define PT_WRITABLE 2u

typedef void (*pt_ready_fn)(void *owner, int fd, unsigned events);
typedef void (*pt_due_fn)(void *owner);

/* A timer lives inside its owner, who must clear it before going away. */
typedef struct pt_timer {
    struct pt_timer *prev, *next;
    double due; /* pt_now() seconds */
    pt_due_fn fire;
    void *owner;
    bool armed;
} pt_timer;

/* A finished piece of work that a waiting task may look for by its id. Lives inside its owner. */
typedef struct pt_completion {
    struct pt_completion *prev, *next;
    int64_t id;
    bool listed;
} pt_completion;

typedef struct pt_poller pt_poller;

/* A clock that nobody sets and that goes on while the machine sleeps: on waking up a stream has
   been silent for all that time, and its gap says so. */
#ifdef CLOCK_BOOTTIME
#define PT_CLOCK CLOCK_BOOTTIME
#else
#define PT_CLOCK CLOCK_MONOTONIC
#endif

/* Seconds by that clock. */
double pt_now(void);

pt_poller *pt_poller_new(void);

/* Whether this process made it. After fork() the child shares its descriptors with the parent:
   whatever it did to them, the epoll set above all, it would do to the parent. */
bool pt_poller_is_ours(const pt_poller *p);

/* In such a child: closes the child's copies of the descriptors and leaves the rest alone. */
void pt_poller_abandon(pt_poller *p);

/* Every holder keeps one reference, so finalizers may run in any order. */
pt_poller *pt_poller_hold(pt_poller *p);
void pt_poller_release(pt_poller *p);

/* Says which events of fd are wanted; 0 stops, unless another owner watches that number by now.
   False when the system refused. */
bool pt_poller_watch(pt_poller *p, int fd, unsigned events, pt_ready_fn ready, void *owner);

/* The descriptor is new: what was registered under its number went when an older one was closed,
   perhaps unknown to us, and whoever still wants it is registered anew. After that watching it
   fails only if the system refuses. False also when memory ran out. */
bool pt_poller_opened(pt_poller *p, int fd);

/* An adopted descriptor reports its closing through pt_poller_forget, so its registration may
   outlive a pause in interest: two system calls less for each request on a kept connection. */
void pt_poller_adopt(pt_poller *p, int fd);
void pt_poller_forget(pt_poller *p, int fd);

void pt_timer_set(pt_poller *p, pt_timer *t, double due);
void pt_timer_clear(pt_poller *p, pt_timer *t);

/* Gives it an id of its own among all of this poller. */
void pt_completion_begin(pt_poller *p, pt_completion *c);
void pt_completion_add(pt_poller *p, pt_completion *c);
void pt_completion_remove(pt_poller *p, pt_completion *c);
/* The id of the oldest completion, which it takes off the list; 0 when there is none. */
int64_t pt_completion_pop(pt_poller *p);

/* Descriptors that belong to Lua: readiness is only noted. */
bool pt_poller_watch_foreign(pt_poller *p, int fd);
bool pt_poller_take_ready(pt_poller *p, int fd);

/* Waits at most `timeout` seconds (negative: until something happens; at once when nothing could),
   then calls what is ready or due. A signal ends the wait early. */
void pt_poller_wait(pt_poller *p, double timeout);

/* What is read now came no earlier than that: before, it would have been read before. */
double pt_poller_since(const pt_poller *p);

/* How many completions and ready foreign descriptors there are for Lua to look at. */
size_t pt_poller_pending(const pt_poller *p);

/* Whether a wait could ever be ended by a descriptor or a timer. */
bool pt_poller_idle(const pt_poller *p);

/* One descriptor that becomes readable when pt_poller_wait(p, 0) has work to do, timers and
   completions included; -1 where the system has no such thing. */
int pt_poller_fd(pt_poller *p);

/* For work that only Lua knows of: the descriptor becomes readable after so many seconds (negative:
   not). A wait ends then, too. */
void pt_poller_alarm(pt_poller *p, double seconds);

#endif
