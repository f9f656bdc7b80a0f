/* The userdata stream: inert here. What it is at work with lies in its private table; the verbs are
   Lua functions in core.stream_methods, fields that are computed in core.stream_getters. */
#include <lauxlib.h>

#include "core.h"
#include "lua_util.h"

enum { STATE = 1, USER_VALUES = 1 };

/* stream(state) -> stream */
static int new_stream(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_newuserdatauv(L, 0, USER_VALUES);
    luaL_setmetatable(L, PT_STREAM_NAME);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, STATE);
    return 1;
}

/* stream_state(stream) -> its private table */
static int get_state(lua_State *L) {
    luaL_checkudata(L, 1, PT_STREAM_NAME);
    lua_getiuservalue(L, 1, STATE);
    return 1;
}

static const luaL_Reg functions[] = {
    {"stream", new_stream}, {"stream_state", get_state}, {NULL, NULL}};

void pt_stream_open(lua_State *L) {
    luaL_setfuncs(L, functions, 0);
    lua_newtable(L);
    lua_newtable(L);
    luaL_newmetatable(L, PT_STREAM_NAME);
    lua_pushvalue(L, -3);
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, pt_index_verbs, 2);
    lua_setfield(L, -2, "__index");
    lua_setfield(L, -4, "stream_metatable");
    lua_setfield(L, -3, "stream_getters");
    lua_setfield(L, -2, "stream_methods");
}
