/* JSON decoding: what is plain is read directly (json_plain.c), anything else by a private instance
 * of lua-cjson, then one walk that makes whole numbers integers and drops nulls from objects. This
 * file owns the instance and the array metatables, all in the registry under static addresses. */
#include "json.h"

#include <lauxlib.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "json_plain.h"

#define STACK_CHUNK 16 /* levels of the walk for which stack is asked at once */

static const char new_key = 0;            /* lua-cjson's new function */
static const char decode_key = 0;         /* the instance's decode function */
static const char point_key = 0;          /* the decimal point it was made for, an integer */
static const char array_mt_key = 0;       /* the metatable that marks arrays */
static const char marked_key = 0;         /* the same, if lua-cjson gives it to what it decodes */
static const char empty_array_mt_key = 0; /* later lua-cjson: array only while empty */
static const char empty_array_key = 0;    /* later lua-cjson: a light userdata */

/* lua-cjson notes the locale's decimal point when an instance is made, and aborts when it is not
 * one byte. */
static int decimal_point(void) {
    const char *point = localeconv()->decimal_point;
    return point[0] != '\0' && point[1] == '\0' ? (unsigned char)point[0] : -1;
}

/* Keeps lua-cjson's `new`, whatever becomes of the module table. */
static void load_cjson(lua_State *L) {
    lua_getglobal(L, "require");
    lua_pushliteral(L, "cjson");
    if (lua_pcall(L, 1, 1, 0) != LUA_OK)
        luaL_error(L, "particle needs lua-cjson, which could not be loaded: %s",
                   luaL_tolstring(L, -1, NULL));
    if (!lua_istable(L, -1) || lua_getfield(L, -1, "new") != LUA_TFUNCTION)
        luaL_error(L, "particle needs lua-cjson 2.1.0 or later; the module \"cjson\" is another");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &new_key);
    lua_pop(L, 1);
}

/* Calls instance.NAME(value on top), where the instance lies below that value; pops the value. */
static void configure(lua_State *L, const char *name, bool required) {
    if (lua_getfield(L, -2, name) == LUA_TFUNCTION) {
        lua_insert(L, -2);
        lua_call(L, 1, 0);
    } else if (required) {
        luaL_error(L, "particle needs lua-cjson 2.1.0 or later; this one has no %s", name);
    } else {
        lua_pop(L, 2);
    }
}

/* Pushes a new private instance, and keeps its decode function. */
static void push_instance(lua_State *L) {
    int point = decimal_point();
    if (point < 0)
        luaL_error(L, "lua-cjson cannot work with this locale's decimal point (os.setlocale)");
    lua_rawgetp(L, LUA_REGISTRYINDEX, &new_key);
    lua_call(L, 0, 1);
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_pushboolean(L, false);
    configure(L, "decode_invalid_numbers", true);
    lua_pushinteger(L, PT_JSON_DEEPEST);
    configure(L, "decode_max_depth", true);
    lua_pushboolean(L, true);
    configure(L, "decode_array_with_array_mt", false);
    if (lua_getfield(L, -1, "decode") != LUA_TFUNCTION)
        luaL_error(L, "particle needs lua-cjson 2.1.0 or later; this one has no decode");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &decode_key);
    lua_pushinteger(L, point);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &point_key);
}

void pt_json_open(lua_State *L) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &array_mt_key) == LUA_TTABLE) {
        lua_pop(L, 1);
        return;
    }
    lua_pop(L, 1);
    load_cjson(L);
    push_instance(L);
    lua_getfield(L, -1, "empty_array_mt");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &empty_array_mt_key);
    lua_getfield(L, -1, "empty_array");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &empty_array_key);
    if (lua_getfield(L, -1, "array_mt") != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushliteral(L, "particle.array");
        lua_setfield(L, -2, "__name");
    }
    if (lua_getfield(L, -2, "decode_array_with_array_mt") == LUA_TFUNCTION) {
        lua_pushvalue(L, -2);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &marked_key);
    }
    lua_pop(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &array_mt_key); /* the last: now all of it is there */
    lua_pop(L, 1);
}

/* Whether the float is a whole number that integers hold as exactly. Strictly below 2^53: from
 * there on the text may have been another number. */
static bool is_whole(lua_Number x) {
    return x > -9007199254740992.0 && x < 9007199254740992.0 && (lua_Number)(lua_Integer)x == x &&
           (x != 0 || !signbit(x));
}

static bool walk_table(lua_State *L, bool keep_nulls, int depth);

/* The values of the array at `t`, which lua-cjson made without holes. */
static bool walk_array(lua_State *L, int t, bool keep_nulls, int depth) {
    lua_Integer n = (lua_Integer)lua_rawlen(L, t);
    for (lua_Integer i = 1; i <= n; i++) {
        int type = lua_rawgeti(L, t, i);
        if (type == LUA_TTABLE) {
            if (!walk_table(L, keep_nulls, depth))
                return false;
        } else if (type == LUA_TNUMBER) {
            lua_Number x = lua_tonumber(L, -1);
            if (is_whole(x)) {
                lua_pushinteger(L, (lua_Integer)x);
                lua_rawseti(L, t, i);
            }
        }
        lua_pop(L, 1);
    }
    return true;
}

/* The values of the object at `t`, whose first key and value are at the top. Leaves something above
 * `t`. */
static bool walk_object(lua_State *L, int t, bool keep_nulls, int depth) {
    do {
        int type = lua_type(L, -1);
        if (type == LUA_TNUMBER) {
            lua_Number x = lua_tonumber(L, -1);
            if (is_whole(x)) {
                lua_copy(L, -2, -1);
                lua_pushinteger(L, (lua_Integer)x);
                lua_rawset(L, t);
                continue;
            }
        } else if (type == LUA_TTABLE) {
            if (!walk_table(L, keep_nulls, depth))
                return false;
        } else if (type == LUA_TLIGHTUSERDATA && !keep_nulls) {
            lua_copy(L, -2, -1);
            lua_pushnil(L); /* lua_next allows clearing the current field */
            lua_rawset(L, t);
            continue;
        }
        lua_pop(L, 1);
    } while (lua_next(L, t) != 0);
    return true;
}

/* Walks the table at the top, and leaves it there; false when it lies too deep. Uses at most five
 * slots a level. */
static bool walk_table(lua_State *L, bool keep_nulls, int depth) {
    if (depth > PT_JSON_DEEPEST ||
        (depth % STACK_CHUNK == 0 && !lua_checkstack(L, STACK_CHUNK * 5)))
        return false;
    int t = lua_gettop(L);
    lua_pushnil(L);
    if (lua_next(L, t) == 0)
        return true;
    if (lua_type(L, -2) == LUA_TSTRING)
        return walk_object(L, t, keep_nulls, depth + 1);
    lua_settop(L, t);
    return walk_array(L, t, keep_nulls, depth + 1);
}

/* Makes the value at the top what callers get; false when it lies too deep. */
static bool walk(lua_State *L, bool keep_nulls) {
    if (lua_istable(L, -1))
        return walk_table(L, keep_nulls, 0);
    if (lua_type(L, -1) == LUA_TNUMBER && !lua_isinteger(L, -1) && is_whole(lua_tonumber(L, -1))) {
        lua_pushinteger(L, (lua_Integer)lua_tonumber(L, -1));
        lua_replace(L, -2);
    }
    return true;
}

/* What lua-cjson would misread; NULL when it may have the text. */
static const char *text_problem(const char *s, size_t n) {
    if (n >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0)
        return "the JSON text begins with a byte order mark";
    if (n > 0 && memchr(s, '\0', n) != NULL)
        return "the JSON text holds a zero byte";
    return NULL;
}

/* Pushes the decode function. The program may have changed the locale since the instance was made.
 */
static bool push_decode(lua_State *L) {
    int point = decimal_point();
    if (point < 0)
        return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &point_key);
    if (lua_tointeger(L, -1) != point) {
        push_instance(L);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &decode_key);
    return true;
}

static bool fail(lua_State *L, int top, const char *message) {
    lua_settop(L, top);
    lua_pushstring(L, message);
    return false;
}

/* Pushes the metatable that marks arrays; returns its position, 0: there is none. */
static int push_array_mt(lua_State *L) {
    bool marked = lua_rawgetp(L, LUA_REGISTRYINDEX, &marked_key) == LUA_TTABLE;
    return marked ? lua_gettop(L) : 0;
}

static bool push_plain(lua_State *L, const char *s, size_t n, bool keep_nulls) {
    int top = lua_gettop(L);
    bool plain = pt_json_plain_push(L, s, n, keep_nulls, push_array_mt(L));
    lua_remove(L, top + 1);
    return plain;
}

bool pt_json_decode_field(lua_State *L, const char *s, size_t n, const char *field,
                          bool keep_nulls) {
    int top = lua_gettop(L);
    bool plain = pt_json_plain_push_field(L, s, n, field, keep_nulls, push_array_mt(L));
    lua_remove(L, top + 1);
    return plain;
}

static bool decode_any(lua_State *L, const char *s, size_t n, bool keep_nulls) {
    int top = lua_gettop(L);
    const char *problem = text_problem(s, n);
    if (problem != NULL)
        return fail(L, top, problem);
    if (!push_decode(L))
        return fail(L, top, "lua-cjson cannot work with this locale's decimal point");
    lua_pushlstring(L, s, n);
    int status = lua_pcall(L, 1, 1, 0);
    if (status == LUA_ERRMEM)
        lua_error(L);
    if (status != LUA_OK || lua_isnil(L, -1)) {
        if (lua_type(L, -1) != LUA_TSTRING)
            return fail(L, top, "the JSON text could not be decoded");
        return false;
    }
    return walk(L, keep_nulls) || fail(L, top, "the JSON text is nested too deep");
}

bool pt_json_decode(lua_State *L, const char *s, size_t n, bool keep_nulls) {
    return push_plain(L, s, n, keep_nulls) || decode_any(L, s, n, keep_nulls);
}

static size_t skip_string(const char *s, size_t n, size_t i) {
    while (i < n && s[i] != '"')
        i += s[i] == '\\' ? 2 : 1;
    return i;
}

bool pt_json_is_deeper(const char *s, size_t n, size_t most) {
    size_t depth = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '"')
            i = skip_string(s, n, i + 1);
        else if (s[i] == '[' || s[i] == '{')
            depth++;
        else if ((s[i] == ']' || s[i] == '}') && depth > 0)
            depth--;
        if (depth > most)
            return true;
    }
    return false;
}

void pt_json_push_array_mt(lua_State *L) { lua_rawgetp(L, LUA_REGISTRYINDEX, &array_mt_key); }

/* Pops what was compared against, leaves the metatable at the top. */
static bool top_is(lua_State *L, const char *key) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, key);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 1);
    return same;
}

pt_json_mark pt_json_pop_mark(lua_State *L) {
    pt_json_mark mark = PT_JSON_UNMARKED;
    if (top_is(L, &array_mt_key))
        mark = PT_JSON_ARRAY;
    else if (top_is(L, &empty_array_mt_key))
        mark = PT_JSON_ARRAY_IF_EMPTY;
    lua_pop(L, 1);
    return mark;
}

bool pt_json_is_empty_array(lua_State *L, int idx) {
    lua_pushvalue(L, idx);
    bool same = top_is(L, &empty_array_key);
    lua_pop(L, 1);
    return same;
}

int pt_json_mark_array(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (lua_getmetatable(L, 1) && pt_json_pop_mark(L) != PT_JSON_ARRAY)
        return luaL_argerror(L, 1, "a table that has another metatable cannot be marked");
    pt_json_push_array_mt(L);
    lua_setmetatable(L, 1);
    return 1;
}
