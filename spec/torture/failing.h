/* Allocators that count and that fail when told to. What is compiled with -include of this file
   gets them in the place of the C library's; libcurl and Lua are handed them by the host. */
#ifndef FAILING_H
#define FAILING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef enum failing_owner {
    FAILING_OURS,
    FAILING_CURL,
    FAILING_LUA,
    FAILING_OWNERS
} failing_owner;

void *failing_malloc(size_t size);
void *failing_calloc(size_t count, size_t size);
void *failing_realloc(void *old, size_t size);
char *failing_strdup(const char *text);
void failing_free(void *p);

void *failing_curl_malloc(size_t size);
void *failing_curl_calloc(size_t count, size_t size);
void *failing_curl_realloc(void *old, size_t size);
char *failing_curl_strdup(const char *text);

/* A lua_Alloc. */
void *failing_lua(void *unused, void *old, size_t old_size, size_t size);

/* Of the allocations from now on, fail the first'th and those that follow it, `count` in all;
   first = 0 ends it. */
void failing_plan(long first, long count);

/* How many allocations were asked for since the plan was made. */
long failing_asked(void);

/* In between nothing fails, and nothing counts towards the plan. May be nested. */
void failing_pause(void);
void failing_resume(void);

/* Blocks that are allocated and not freed. */
long failing_live(failing_owner owner);

#endif

#ifdef FAILING_REPLACES
#define malloc failing_malloc
#define calloc failing_calloc
#define realloc failing_realloc
#define strdup failing_strdup
#define free failing_free
#endif
