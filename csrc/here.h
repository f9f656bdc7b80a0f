/* Which process made something: a child after fork() is another one. Pure C: no Lua, no curl. */
#ifndef PT_HERE_H
#define PT_HERE_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct pt_here {
    char *
        page; /* one that the kernel empties in a child; NULL: ask for the process's id each time */
    pid_t pid;
} pt_here;

void pt_here_mark(pt_here *h);

/* Whether this is the process that marked it. Costs no system call where the kernel helps. */
bool pt_here_is(const pt_here *h);

void pt_here_free(pt_here *h);

#endif
