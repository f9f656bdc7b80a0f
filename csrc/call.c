/* A call under way, as Lua holds it: submit, done, take, cancel. The userdata pins its api and
   holds the transfer until the result was taken or nobody wants it any more. */
#include <lauxlib.h>
#include <string.h>

#include "core.h"
#include "lua_util.h"
#include "reply.h"
#include "request.h"

#define CALL_NAME "particle.transfer"

typedef struct call {
    pt_transfer *transfer; /* NULL: taken or discarded */
    pt_reply_wishes wishes;
} call;

static call *check(lua_State *L) { return luaL_checkudata(L, 1, CALL_NAME); }

static bool read_flag(lua_State *L, const char *name) {
    lua_getfield(L, 2, name);
    bool flag = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return flag;
}

/* submit(api, request) -> transfer: started, or queued behind max_connections others */
static int submit(lua_State *L) {
    pt_engine *e = pt_api_check(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    call *c = lua_newuserdatauv(L, sizeof *c, 1);
    *c = (call){0};
    luaL_setmetatable(L, CALL_NAME);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    c->wishes =
        (pt_reply_wishes){read_flag(L, "raw"), read_flag(L, "nulls"), read_flag(L, "response")};
    c->transfer = pt_engine_take(e);
    pt_need(L, c->transfer != NULL);
    pt_request_read(L, 2, e, c->transfer);
    pt_engine_start(c->transfer);
    lua_settop(L, 3);
    return 1;
}

static int call_done(lua_State *L) {
    const call *c = check(L);
    lua_pushboolean(L, c->transfer == NULL || c->transfer->state == PT_ENDED);
    return 1;
}

static int call_id(lua_State *L) {
    const call *c = check(L);
    if (c->transfer == NULL)
        return 0;
    lua_pushinteger(L, (lua_Integer)c->transfer->completion.id);
    return 1;
}

static void release(call *c) {
    pt_transfer *t = c->transfer;
    c->transfer = NULL;
    if (t != NULL)
        pt_engine_give_back(t);
}

/* take() -> value [, response] | nil, err: once, when it is done */
static int call_take(lua_State *L) {
    call *c = check(L);
    if (c->transfer == NULL || c->transfer->state != PT_ENDED)
        pt_raise(L, "take: the call is not done, or was taken before");
    int results = pt_reply_push(L, c->transfer, c->wishes);
    release(c);
    return results;
}

static int call_cancel(lua_State *L) {
    static const char *const kinds[] = {"cancelled", "deadline", NULL};
    call *c = check(L);
    int kind = luaL_checkoption(L, 2, "cancelled", kinds);
    if (c->transfer != NULL && c->transfer->engine != NULL)
        pt_engine_end(c->transfer, kind == 0 ? PT_END_CANCELLED : PT_END_DEADLINE);
    return 0;
}

static int call_discard(lua_State *L) {
    release(check(L));
    return 0;
}

static const luaL_Reg methods[] = {
    {"done", call_done},     {"id", call_id}, {"take", call_take},
    {"cancel", call_cancel}, {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", call_discard}, {"__close", call_discard}, {NULL, NULL}};

void pt_call_open(lua_State *L) {
    pt_reply_open(L);
    luaL_newmetatable(L, CALL_NAME);
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    lua_pushcfunction(L, submit);
    lua_setfield(L, -2, "submit");
}
