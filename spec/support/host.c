/* A program that embeds Lua, for specs of what one lua5.4 cannot show: several states at once, and
   a resolver that is slow. Usage: host SCRIPT STATES. Each state runs SCRIPT with its number; the
   function that it returns is called in turn with the others' until it says true; then its state is
   closed while the others go on.
   HOST_THREADS=1: each state has a thread of its own, and takes no heed of the others.
   HOST_SLOW=SECONDS: names that hold ".slow.invalid" take that long to resolve, and are not found.
   HOST_LINGER=1: the process outlives its last state until all resolvers returned.
   Names that hold ".here.invalid" are this machine; HOST_COUNT=1: how often they were asked for is
   written at the end. */
#include <dlfcn.h>
#include <lauxlib.h>
#include <lualib.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_STATES = 16 };

static atomic_int resolving, lookups;

static void pause_for(double seconds) {
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (nanosleep(&t, &t) != 0) {
    }
}

static double setting(const char *name) {
    const char *text = getenv(name);
    return text ? strtod(text, NULL) : 0;
}

static int resolve_slowly(void) {
    atomic_fetch_add(&resolving, 1);
    pause_for(setting("HOST_SLOW"));
    atomic_fetch_sub(&resolving, 1);
    return EAI_NONAME;
}

/* Stands before the C library's, as the program's own symbols do. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    typedef int (*resolver)(const char *, const char *, const struct addrinfo *,
                            struct addrinfo **);
    const char *slow = node ? strstr(node, ".slow.invalid") : NULL;
    if (slow != NULL)
        return resolve_slowly();
    resolver usual;
    *(void **)&usual = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node != NULL && strstr(node, ".here.invalid") != NULL) {
        atomic_fetch_add(&lookups, 1);
        node = "127.0.0.1";
    }
    return usual(node, service, hints, found);
}

static void fail(lua_State *L) {
    fprintf(stderr, "host: %s\n", lua_tostring(L, -1));
    exit(1);
}

static lua_State *open_state(const char *script, int number) {
    lua_State *L = luaL_newstate();
    if (L == NULL)
        exit(1);
    luaL_openlibs(L);
    if (luaL_loadfile(L, script) != LUA_OK)
        fail(L);
    lua_pushinteger(L, number);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK)
        fail(L);
    return L;
}

/* True when the state has finished and is closed. */
static int take_turn(lua_State *L) {
    lua_pushvalue(L, 1);
    if (lua_pcall(L, 0, 1, 0) != LUA_OK)
        fail(L);
    int finished = lua_toboolean(L, -1);
    lua_pop(L, 1);
    if (finished)
        lua_close(L);
    return finished;
}

static void run_in_turn(const char *script, int count) {
    lua_State *states[MOST_STATES];
    int left = count;
    for (int i = 0; i < count; i++)
        states[i] = open_state(script, i + 1);
    while (left > 0) {
        for (int i = 0; i < count; i++) {
            if (states[i] == NULL || !take_turn(states[i]))
                continue;
            states[i] = NULL;
            left--;
        }
    }
}

typedef struct job {
    pthread_t thread;
    const char *script;
    int number;
} job;

static void *run_alone(void *argument) {
    const job *j = argument;
    lua_State *L = open_state(j->script, j->number);
    while (!take_turn(L)) {
    }
    return NULL;
}

static void run_in_threads(const char *script, int count) {
    job jobs[MOST_STATES];
    for (int i = 0; i < count; i++) {
        jobs[i] = (job){.script = script, .number = i + 1};
        if (pthread_create(&jobs[i].thread, NULL, run_alone, &jobs[i]) != 0)
            exit(1);
    }
    for (int i = 0; i < count; i++)
        if (pthread_join(jobs[i].thread, NULL) != 0)
            exit(1);
}

int main(int argc, char **argv) {
    long count = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (count < 1 || count > MOST_STATES)
        return 2;
    if (getenv("HOST_THREADS"))
        run_in_threads(argv[1], (int)count);
    else
        run_in_turn(argv[1], (int)count);
    puts("closed");
    if (getenv("HOST_COUNT"))
        printf("%d lookups\n", atomic_load(&lookups));
    while (getenv("HOST_LINGER") && atomic_load(&resolving) > 0)
        pause_for(0.01);
    if (getenv("HOST_LINGER"))
        pause_for(0.2);
    return 0;
}
