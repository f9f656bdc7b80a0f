/* The poller of a Lua state as a userdata in its registry. */
#include <lauxlib.h>

#include "core.h"
#include "lua_util.h"

typedef struct poller {
    pt_handle handle;
    pt_poller *it; /* NULL: not made yet, or gone with the Lua state */
} poller;

static const pt_handle_type poller_type = {"particle.poller", sizeof(poller)};

static const char poller_key = 0;

static poller *check(lua_State *L) { return pt_handle_check(L, 1, &poller_type); }

static pt_poller *must_be_usable(lua_State *L, pt_poller *p) {
    if (p == NULL)
        pt_raise(L, "the Lua state is closing");
    if (!pt_poller_is_ours(p))
        pt_raise(L, PT_FORKED);
    return p;
}

static pt_poller *open_poller(lua_State *L) { return must_be_usable(L, check(L)->it); }

/* step([timeout]) -> how many finished calls and ready descriptors there are to look at */
static int poller_step(lua_State *L) {
    pt_poller *p = open_poller(L);
    pt_poller_wait(p, luaL_optnumber(L, 2, -1));
    lua_pushinteger(L, (lua_Integer)pt_poller_pending(p));
    return 1;
}

/* finished() -> the id of a finished call that nobody was told of yet, or nil */
static int poller_finished(lua_State *L) {
    int64_t id = pt_completion_pop(open_poller(L));
    if (id == 0)
        return 0;
    lua_pushinteger(L, (lua_Integer)id);
    return 1;
}

static int check_fd(lua_State *L) {
    lua_Integer fd = luaL_checkinteger(L, 2);
    luaL_argcheck(L, fd >= 0 && fd < 1 << 24, 2, "file descriptor expected");
    return (int)fd;
}

static int poller_watch(lua_State *L) {
    pt_poller *p = open_poller(L);
    int fd = check_fd(L);
    if (!pt_poller_watch_foreign(p, fd))
        pt_raise(L, "cannot watch descriptor %d: not of a kind that can be, or out of memory", fd);
    return 0;
}

static int poller_unwatch(lua_State *L) {
    pt_poller_forget(open_poller(L), check_fd(L));
    return 0;
}

static int poller_ready(lua_State *L) {
    lua_pushboolean(L, pt_poller_take_ready(open_poller(L), check_fd(L)));
    return 1;
}

/* idle() -> whether no descriptor or timer could ever end a wait */
static int poller_idle(lua_State *L) {
    lua_pushboolean(L, pt_poller_idle(open_poller(L)));
    return 1;
}

/* alarm([seconds]): the descriptor becomes readable then; nil: not */
static int poller_alarm(lua_State *L) {
    pt_poller *p = open_poller(L);
    pt_poller_alarm(p, luaL_optnumber(L, 2, -1));
    return 0;
}

static int poller_pollfd(lua_State *L) {
    int fd = pt_poller_fd(open_poller(L));
    if (fd < 0)
        return 0;
    lua_pushinteger(L, fd);
    return 1;
}

static int poller_events(lua_State *L) {
    open_poller(L);
    lua_pushliteral(L, "r");
    return 1;
}

/* The timer is inside the descriptor, so that a parked loop never holds a stale one. */
static int poller_timeout(lua_State *L) {
    open_poller(L);
    lua_pushnil(L);
    return 1;
}

static int poller_gc(lua_State *L) {
    poller *p = check(L);
    if (p->it != NULL && !pt_poller_is_ours(p->it))
        pt_poller_abandon(p->it);
    else if (p->it != NULL)
        pt_poller_release(p->it);
    p->it = NULL;
    return 0;
}

static int get_poller(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &poller_key);
    return 1;
}

pt_poller *pt_poller_get(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &poller_key);
    const poller *p = pt_handle_test(L, -1, &poller_type);
    lua_pop(L, 1);
    return must_be_usable(L, p != NULL ? p->it : NULL);
}

static const luaL_Reg methods[] = {
    {"step", poller_step},
    {"finished", poller_finished},
    {"watch", poller_watch},
    {"ready", poller_ready},
    {"unwatch", poller_unwatch},
    {"idle", poller_idle},
    {"pollfd", poller_pollfd},
    {"events", poller_events},
    {"timeout", poller_timeout},
    {"alarm", poller_alarm},
    {NULL, NULL},
};

void pt_poller_open(lua_State *L) {
    luaL_newmetatable(L, poller_type.name);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, poller_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &poller_key) == LUA_TNIL) {
        poller *p = pt_handle_new(L, &poller_type, 0);
        p->it = pt_poller_new();
        if (p->it == NULL)
            pt_raise(L, "cannot create the poller: out of memory or descriptors");
        lua_rawsetp(L, LUA_REGISTRYINDEX, &poller_key);
    }
    lua_pop(L, 1);
    lua_pushcfunction(L, get_poller);
    lua_setfield(L, -2, "poller");
}
