/* The error object: a table of fields with a metatable of this file's. Its fields are the user's to
 * change, so everything here reads them raw and expects anything. */
#include "error.h"
#include "text.h"

#include <lauxlib.h>
#include <string.h>

#define MESSAGE_SIZE 1024
#define FIELD_SIZE 512

static const char metatable_key = 0; /* its address is the registry key */

/* The field as one line of text in `storage`; NULL when it is missing or of another type. */
static const char *field(lua_State *L, const char *name, char *storage, size_t size) {
    const char *line = NULL;
    lua_pushstring(L, name);
    lua_rawget(L, 1);
    int type = lua_type(L, -1);
    if (type == LUA_TSTRING || type == LUA_TNUMBER) {
        pt_line built;
        size_t n = 0;
        const char *text = lua_tolstring(L, -1, &n);
        pt_line_begin(&built, storage, size);
        pt_line_add(&built, text, n);
        line = pt_line_end(&built);
    }
    lua_pop(L, 1);
    return line;
}

/* Whether the caller must be told that the request may have done its work: nobody knows, and
 * repeating it matters. */
static bool may_have_happened(lua_State *L, const char *method) {
    char delivered[16];
    const char *known = field(L, "delivered", delivered, sizeof delivered);
    if (known == NULL || strcmp(known, "maybe") != 0)
        return false;
    lua_pushliteral(L, "retryable");
    lua_rawget(L, 1);
    bool repeatable = lua_type(L, -1) == LUA_TBOOLEAN && lua_toboolean(L, -1);
    lua_pop(L, 1);
    return !repeatable &&
           (method == NULL || (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0));
}

/* Adds " (" or "; " and the text. */
static void add_detail(luaL_Buffer *b, bool *any, const char *text) {
    luaL_addstring(b, *any ? "; " : " (");
    luaL_addstring(b, text);
    *any = true;
}

static void add_details(lua_State *L, luaL_Buffer *b) {
    char status[32];
    char method_storage[32];
    char url[FIELD_SIZE];
    char attempts[32];
    bool any = false;
    const char *text = field(L, "status", status, sizeof status);
    if (text != NULL)
        add_detail(b, &any, text);
    const char *method = field(L, "method", method_storage, sizeof method_storage);
    text = field(L, "url", url, sizeof url);
    if (method != NULL)
        add_detail(b, &any, method);
    if (text != NULL && method == NULL) {
        add_detail(b, &any, text);
    } else if (text != NULL) {
        luaL_addchar(b, ' ');
        luaL_addstring(b, text);
    }
    text = field(L, "attempts", attempts, sizeof attempts);
    if (text != NULL && strcmp(text, "0") != 0 && strcmp(text, "1") != 0) {
        add_detail(b, &any, text);
        luaL_addstring(b, " attempts");
    }
    if (may_have_happened(L, method))
        add_detail(b, &any, "it may have been carried out");
    if (any)
        luaL_addchar(b, ')');
}

static int error_tostring(lua_State *L) {
    char kind[64];
    char message[MESSAGE_SIZE];
    luaL_Buffer b;
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *text = field(L, "kind", kind, sizeof kind);
    luaL_buffinit(L, &b);
    luaL_addstring(&b, text != NULL ? text : "error");
    text = field(L, "message", message, sizeof message);
    if (text != NULL && *text != '\0') {
        luaL_addstring(&b, ": ");
        luaL_addstring(&b, text);
    }
    add_details(L, &b);
    luaL_pushresult(&b);
    return 1;
}

/* What `..` takes by itself, and whatever knows how to show itself. */
static void push_operand(lua_State *L, int idx) {
    int type = lua_type(L, idx);
    if (type != LUA_TSTRING && type != LUA_TNUMBER) {
        if (luaL_getmetafield(L, idx, "__tostring") == LUA_TNIL)
            luaL_error(L, "attempt to concatenate a %s value", luaL_typename(L, idx));
        lua_pop(L, 1);
    }
    luaL_tolstring(L, idx, NULL);
}

static int error_concat(lua_State *L) {
    lua_settop(L, 2);
    push_operand(L, 1);
    push_operand(L, 2);
    lua_concat(L, 2);
    return 1;
}

void pt_error_open(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"__tostring", error_tostring}, {"__concat", error_concat}, {NULL, NULL}};
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key) == LUA_TNIL) {
        luaL_newlib(L, methods);
        lua_pushliteral(L, "particle.error");
        lua_setfield(L, -2, "__name");
        lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
    }
    lua_pop(L, 1);
}

void pt_error_mark(lua_State *L, int idx) {
    idx = lua_absindex(L, idx);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
    lua_setmetatable(L, idx);
}

bool pt_error_test(lua_State *L, int idx) {
    if (!lua_istable(L, idx) || !lua_getmetatable(L, idx))
        return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}
