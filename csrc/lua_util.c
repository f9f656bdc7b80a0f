#include "lua_util.h"

#include <lauxlib.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

void pt_raise(lua_State *L, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    lua_error(L);
    abort(); /* lua_error does not return, but its declaration does not say so */
}

void pt_need(lua_State *L, bool ok) {
    if (!ok)
        pt_raise(L, "not enough memory");
}

static bool push_number(lua_State *L, int idx) {
    int whole;
    lua_Integer integer = lua_tointegerx(L, idx, &whole);
    if (!isfinite(lua_tonumber(L, idx)))
        return false;
    if (whole)
        lua_pushfstring(L, "%I", (LUAI_UACINT)integer);
    else
        lua_pushfstring(L, "%f", (LUAI_UACNUMBER)lua_tonumber(L, idx));
    return true;
}

const char *pt_push_text(lua_State *L, int idx, size_t *n) {
    int type = lua_type(L, idx);
    if (type == LUA_TSTRING)
        lua_pushvalue(L, idx);
    else if (type != LUA_TNUMBER || !push_number(L, idx))
        return NULL;
    return lua_tolstring(L, -1, n);
}

const char *pt_type_name(lua_State *L, int idx) {
    return lua_type(L, idx) == LUA_TNUMBER ? "a number that has no such text"
                                           : luaL_typename(L, idx);
}

int pt_index_verbs(lua_State *L) {
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 1;
    lua_pushvalue(L, 2);
    if (lua_gettable(L, lua_upvalueindex(2)) == LUA_TNIL)
        return 1;
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    return 1;
}
