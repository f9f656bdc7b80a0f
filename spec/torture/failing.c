/* Every block carries its owner and its size in front. The plan is one for all owners, so that each
   allocation of a run has one number. libcurl's resolver is a thread, hence the atomic numbers. */
#include "failing.h"

#include <stdatomic.h>
#include <stdint.h>

typedef struct block {
    size_t size;
    failing_owner owner;
    _Alignas(max_align_t) char bytes[];
} block;

static atomic_long live[FAILING_OWNERS];
static atomic_long first_to_fail, fails, asked;
static atomic_int paused;

static block *block_of(void *p) { return (block *)((char *)p - offsetof(block, bytes)); }

void failing_plan(long first, long count) {
    first_to_fail = first;
    fails = count;
    asked = 0;
}

long failing_asked(void) { return asked; }

void failing_pause(void) { paused++; }

void failing_resume(void) { paused--; }

long failing_live(failing_owner owner) { return live[owner]; }

static bool must_fail(void) {
    if (paused > 0 || first_to_fail == 0)
        return false;
    long number = atomic_fetch_add(&asked, 1) + 1;
    return number >= first_to_fail && number - first_to_fail < fails;
}

static void *allocate(failing_owner owner, size_t size) {
    if (size > SIZE_MAX - sizeof(block) || must_fail())
        return NULL;
    block *b = malloc(sizeof *b + size);
    if (b == NULL)
        return NULL;
    b->size = size;
    b->owner = owner;
    live[owner]++;
    return b->bytes;
}

void failing_free(void *p) {
    if (p == NULL)
        return;
    live[block_of(p)->owner]--;
    free(block_of(p));
}

/* A block always moves, so that a pointer kept to the old one is seen. */
static void *reallocate(failing_owner owner, void *old, size_t size) {
    void *new = allocate(owner, size);
    if (new == NULL || old == NULL)
        return new;
    size_t old_size = block_of(old)->size;
    memcpy(new, old, old_size < size ? old_size : size);
    failing_free(old);
    return new;
}

static void *allocate_zeroed(failing_owner owner, size_t count, size_t size) {
    if (size > 0 && count > SIZE_MAX / size)
        return NULL;
    void *p = allocate(owner, count * size);
    return p ? memset(p, 0, count * size) : NULL;
}

static char *duplicate(failing_owner owner, const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = allocate(owner, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void *failing_malloc(size_t size) { return allocate(FAILING_OURS, size); }

void *failing_calloc(size_t count, size_t size) {
    return allocate_zeroed(FAILING_OURS, count, size);
}

void *failing_realloc(void *old, size_t size) { return reallocate(FAILING_OURS, old, size); }

char *failing_strdup(const char *text) { return duplicate(FAILING_OURS, text); }

void *failing_curl_malloc(size_t size) { return allocate(FAILING_CURL, size); }

void *failing_curl_calloc(size_t count, size_t size) {
    return allocate_zeroed(FAILING_CURL, count, size);
}

void *failing_curl_realloc(void *old, size_t size) { return reallocate(FAILING_CURL, old, size); }

char *failing_curl_strdup(const char *text) { return duplicate(FAILING_CURL, text); }

/* Lua counts on shrinking to succeed. */
void *failing_lua(void *unused, void *old, size_t old_size, size_t size) {
    (void)unused;
    if (size == 0) {
        failing_free(old);
        return NULL;
    }
    bool shrinks = old != NULL && size <= old_size;
    if (shrinks)
        failing_pause();
    void *new = reallocate(FAILING_LUA, old, size);
    if (shrinks)
        failing_resume();
    return new;
}
