/* SIGINT for a prompt. A signal belongs to the process, so the state it
 * interrupts is the one static here; the handler does what lua.c's does: it
 * sets a hook, the one call that Lua allows at any moment. In the state's own
 * thread, that is: a signal may come to any. */
#include "interrupt.h"

#include <lauxlib.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

typedef struct {
    struct sigaction before; /* valid while open */
    bool open;
} guard;

static const char metatable_key = 0; /* its address is the registry key */
static atomic_bool guard_is_open;
static pthread_t thread; /* of the state that runs */
static _Atomic(lua_State *) running;

static void stop(lua_State *L, lua_Debug *ar) {
    (void)ar;
    lua_sethook(L, NULL, 0, 0);
    lua_pushliteral(L, "interrupted!");
    lua_error(L);
}

static void on_signal(int number) {
    lua_State *L = running;
    if (L == NULL)
        return;
    if (!pthread_equal(thread, pthread_self()))
        (void)pthread_kill(thread, number); /* also ends a wait there */
    else
        lua_sethook(L, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

static guard *check_guard(lua_State *L) {
    guard *g = lua_touserdata(L, 1);
    if (g == NULL || !lua_getmetatable(L, 1))
        luaL_argerror(L, 1, "guard expected");
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
    luaL_argcheck(L, lua_rawequal(L, -1, -2), 1, "guard expected");
    lua_pop(L, 2);
    return g;
}

static int guard_call(lua_State *L) {
    guard *g = check_guard(L);
    luaL_argcheck(L, g->open, 1, "closed");
    luaL_checkany(L, 2);
    struct sigaction raise_it = {.sa_handler = on_signal}, ignored;
    sigemptyset(&raise_it.sa_mask);
    lua_State *outer = running;
    thread = pthread_self();
    running = L;
    bool caught = sigaction(SIGINT, &raise_it, &ignored) == 0;
    int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
    running = outer;
    if (caught)
        sigaction(SIGINT, &ignored, NULL);
    lua_sethook(L, NULL, 0, 0); /* a signal that came too late to raise */
    lua_pushboolean(L, status == LUA_OK);
    lua_replace(L, 1);
    return lua_gettop(L);
}

static int guard_close(lua_State *L) {
    guard *g = check_guard(L);
    if (g->open) {
        g->open = false;
        sigaction(SIGINT, &g->before, NULL);
        guard_is_open = false;
    }
    return 0;
}

static void push_metatable(lua_State *L) {
    static const luaL_Reg methods[] = {{"call", guard_call},
                                       {"close", guard_close},
                                       {"__gc", guard_close},
                                       {"__close", guard_close},
                                       {NULL, NULL}};
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    luaL_newlib(L, methods);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
}

int pt_interrupts(lua_State *L) {
    guard *g = lua_newuserdatauv(L, sizeof *g, 0);
    memset(g, 0, sizeof *g);
    push_metatable(L);
    lua_setmetatable(L, -2);
    if (atomic_exchange(&guard_is_open, true))
        return luaL_error(L, "SIGINT is already in another prompt's hands");
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    g->open = sigaction(SIGINT, &ignore, &g->before) == 0;
    guard_is_open = g->open;
    return 1;
}
