/* The userdata stream: inert here. What it is at work with lies in its private table; the verbs are
   Lua functions in core.stream_methods, fields that are computed in core.stream_getters. */
#include <lauxlib.h>

#include "core.h"
#include "lua_util.h"

enum { STATE = 1, USER_VALUES = 1 };

const pt_handle_type pt_stream_type = {"particle.stream", sizeof(pt_handle)};

/* stream(state) -> stream */
static int new_stream(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    (void)pt_handle_new(L, &pt_stream_type, USER_VALUES);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, STATE);
    return 1;
}

/* stream_state(stream) -> its private table */
static int get_state(lua_State *L) {
    (void)pt_handle_check(L, 1, &pt_stream_type);
    lua_getiuservalue(L, 1, STATE);
    return 1;
}

static const luaL_Reg functions[] = {
    {"stream", new_stream}, {"stream_state", get_state}, {NULL, NULL}};

void pt_stream_open(lua_State *L) {
    luaL_setfuncs(L, functions, 0);
    lua_newtable(L);
    lua_newtable(L);
    luaL_newmetatable(L, pt_stream_type.name);
    lua_pushvalue(L, -3);
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, pt_index_verbs, 2);
    lua_setfield(L, -2, "__index");
    lua_setfield(L, -4, "stream_metatable");
    lua_setfield(L, -3, "stream_getters");
    lua_setfield(L, -2, "stream_methods");
}
