/* JSON: what was decoded can be encoded, and decodes to the same again; what is read directly is
   what lua-cjson and the walk would have made of it. */
#include "json.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "json_plain.h"

enum { DEPTH = 1100 };

static bool equal(lua_State *L, int a, int b, int depth);

static bool equal_tables(lua_State *L, int a, int b, int depth) {
    size_t count = 0, other = 0;
    luaL_checkstack(L, 8, "compare");
    for (lua_pushnil(L); lua_next(L, b) != 0; lua_pop(L, 1))
        other++;
    for (lua_pushnil(L); lua_next(L, a) != 0; lua_pop(L, 2)) {
        int value = lua_gettop(L);
        lua_pushvalue(L, value - 1);
        lua_rawget(L, b);
        if (!equal(L, value, value + 1, depth + 1))
            return false;
        count++;
    }
    return count == other;
}

/* Subtypes and the sign of zero count. The positions are absolute. */
static bool equal(lua_State *L, int a, int b, int depth) {
    MUST(depth < DEPTH);
    if (lua_type(L, a) != lua_type(L, b))
        return false;
    if (lua_istable(L, a))
        return equal_tables(L, a, b, depth);
    if (lua_type(L, a) == LUA_TNUMBER && !lua_isinteger(L, a)) {
        lua_Number x = lua_tonumber(L, a), y = lua_tonumber(L, b);
        return !lua_isinteger(L, b) && x == y && !signbit(x) == !signbit(y);
    }
    return lua_rawequal(L, a, b) && lua_isinteger(L, a) == lua_isinteger(L, b);
}

/* encode(value, buffer) */
static int encode(lua_State *L) {
    pt_json_encode(L, 1, lua_touserdata(L, 2), NULL);
    return 0;
}

/* What lua-cjson reads but JSON cannot hold, and what is deeper than the encoder goes. */
static bool may_be_refused(const char *message) {
    return strstr(message, "infinite") != NULL || strstr(message, "not valid UTF-8") != NULL ||
           strstr(message, "nested more than 100 deep") != NULL;
}

/* An escaped character in front takes the direct way away: [text] and ["\n",text]. */
static void check_plain(lua_State *L, const char *text, size_t n, bool nulls) {
    static const char before[] = "[\"\\n\",";
    pt_buffer wrapped = {0};
    if (!pt_json_plain_push(L, text, n, nulls, 0))
        return;
    MUST(lua_gettop(L) == 2);
    MUST(pt_buffer_puts(&wrapped, before) && pt_buffer_append(&wrapped, text, n) &&
         pt_buffer_putc(&wrapped, ']'));
    MUST(pt_json_decode(L, wrapped.data, wrapped.len, nulls));
    lua_rawgeti(L, 3, 2);
    MUST(lua_rawlen(L, 3) == 2 && equal(L, 2, 4, 0));
    pt_buffer_free(&wrapped);
    lua_settop(L, 1);
}

/* One field alone is what it is among the others, but for a null. */
static void check_sifted(lua_State *L, const char *text, size_t n, bool nulls) {
    if (!pt_json_plain_push_field(L, text, n, "a", nulls, 0))
        return;
    MUST(lua_gettop(L) == 2 && pt_json_plain_push(L, text, n, nulls, 0));
    if (lua_getfield(L, 3, "a") == LUA_TNIL) {
        lua_pop(L, 1);
        lua_pushlightuserdata(L, NULL);
    }
    MUST(equal(L, 2, 4, 0) && lua_getfield(L, 3, "ok") == LUA_TNIL);
    lua_settop(L, 1);
}

static int check(lua_State *L) {
    size_t n;
    const char *text = lua_tolstring(L, 1, &n);
    bool nulls = n % 2 == 1;
    check_plain(L, text, n, nulls);
    check_sifted(L, text, n, nulls);
    pt_buffer out = {0};
    if (!pt_json_decode(L, text, n, nulls)) {
        MUST(lua_gettop(L) == 2 && lua_rawlen(L, 2) > 0);
        return 0;
    }
    MUST(lua_gettop(L) == 2);
    lua_pushcfunction(L, encode);
    lua_pushvalue(L, 2);
    lua_pushlightuserdata(L, &out);
    if (lua_pcall(L, 2, 0, 0) != LUA_OK) {
        MUST(may_be_refused(lua_tostring(L, -1)));
    } else {
        MUST(out.len > 0 && pt_json_decode(L, out.data, out.len, nulls));
        MUST(equal(L, 2, 3, 0));
    }
    pt_buffer_free(&out);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    fuzz_run(check, bytes, n);
    return 0;
}
