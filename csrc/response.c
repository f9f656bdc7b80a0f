/* The response object: what a call's second result is. */
#include "response.h"

#include <ctype.h>
#include <lauxlib.h>
#include <string.h>

#define HEADERS_NAME "particle.headers"

static void push_lower(lua_State *L, const char *name, size_t n) {
    luaL_Buffer b;
    char *to = luaL_buffinitsize(L, &b, n);
    for (size_t i = 0; i < n; i++)
        to[i] = (char)tolower((unsigned char)name[i]);
    luaL_pushresultsize(&b, n);
}

/* response.headers["Content-Type"] finds what is kept in lower case. */
static int headers_index(lua_State *L) {
    size_t n;
    if (lua_type(L, 2) != LUA_TSTRING)
        return 0;
    const char *name = lua_tolstring(L, 2, &n);
    push_lower(L, name, n);
    lua_rawget(L, 1);
    return 1;
}

void pt_response_open(lua_State *L) {
    luaL_newmetatable(L, HEADERS_NAME);
    lua_pushcfunction(L, headers_index);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

static const char *trim(const char *text, size_t *n) {
    while (*n > 0 && isspace((unsigned char)*text))
        text++, --*n;
    while (*n > 0 && isspace((unsigned char)text[*n - 1]))
        --*n;
    return text;
}

/* Repeated headers are joined by ", " as HTTP allows. */
static void add_header(lua_State *L, int headers, const char *line, size_t n) {
    const char *colon = memchr(line, ':', n);
    if (colon == NULL)
        return;
    size_t name_length = (size_t)(colon - line), length = n - name_length - 1;
    const char *value = trim(colon + 1, &length);
    push_lower(L, line, name_length);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, headers) == LUA_TSTRING) {
        lua_pushliteral(L, ", ");
        lua_pushlstring(L, value, length);
        lua_concat(L, 3);
    } else {
        lua_pop(L, 1);
        lua_pushlstring(L, value, length);
    }
    lua_rawset(L, headers);
}

static void push_headers(lua_State *L, const pt_buffer *head) {
    lua_createtable(L, 0, 8);
    int headers = lua_gettop(L);
    for (size_t at = 0; at < head->len;) {
        const char *line = head->data + at, *end = memchr(line, '\n', head->len - at);
        size_t n = end ? (size_t)(end - line) + 1 : head->len - at;
        add_header(L, headers, line, n);
        at += n;
    }
    luaL_setmetatable(L, HEADERS_NAME);
}

void pt_response_push(lua_State *L, const pt_transfer *t) {
    double until = t->state == PT_ENDED ? t->finished : pt_now();
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, t->status);
    lua_setfield(L, -2, "status");
    lua_pushinteger(L, 1);
    lua_setfield(L, -2, "attempts");
    lua_pushnumber(L, until - t->submitted);
    lua_setfield(L, -2, "elapsed");
    push_headers(L, &t->http->head);
    lua_setfield(L, -2, "headers");
}
