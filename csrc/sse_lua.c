/* The userdata parser: an event-stream parser, and the bytes it was fed but has not looked at. It
   parses when asked for an event, so that no more than one exists at a time. */
#include <lauxlib.h>
#include <string.h>

#include "core.h"
#include "error.h"
#include "lua_util.h"
#include "sse.h"

#define PARSER_NAME "particle.sse.parser"
#define USUAL_LIMIT ((lua_Integer)1 << 24)
#define HIGHEST_LIMIT ((lua_Integer)1 << 30)

typedef struct parser {
    pt_sse sse;
    pt_buffer fed;
    size_t used;          /* of `fed` */
    pt_sse_result result; /* PT_SSE_EVENT: the event in `sse` was not given out yet */
    bool open;
} parser;

static parser *check(lua_State *L) { return luaL_checkudata(L, 1, PARSER_NAME); }

static parser *check_open(lua_State *L) {
    parser *p = check(L);
    if (!p->open)
        pt_raise(L, "the parser is closed");
    return p;
}

/* sse_parser([limit]) -> parser. The limit is that of pt_sse, in bytes. */
static int new_parser(lua_State *L) {
    lua_Integer limit = luaL_optinteger(L, 1, USUAL_LIMIT);
    if (limit < 1 || limit > HIGHEST_LIMIT)
        return luaL_argerror(L, 1,
                             lua_pushfstring(L, "a limit from 1 to %I bytes expected, got %I",
                                             (LUAI_UACINT)HIGHEST_LIMIT, (LUAI_UACINT)limit));
    parser *p = lua_newuserdatauv(L, sizeof *p, 0);
    *p = (parser){0};
    luaL_setmetatable(L, PARSER_NAME);
    pt_sse_init(&p->sse, (size_t)limit);
    p->open = true;
    return 1;
}

static int parser_close(lua_State *L) {
    parser *p = check(L);
    pt_sse_free(&p->sse);
    pt_buffer_free(&p->fed);
    p->used = 0;
    p->open = false;
    return 0;
}

/* -- bytes in --------------------------------------------------------------------------------- */

/* nil, error. Memory that ran out raises again: the parser lost bytes. */
static int refuse(lua_State *L, const parser *p) {
    pt_need(L, p->result != PT_SSE_MEMORY);
    lua_pushnil(L);
    lua_createtable(L, 0, 2);
    lua_pushliteral(L, "too_large");
    lua_setfield(L, -2, "kind");
    lua_pushfstring(L, "a line or an event of the stream is longer than %I bytes",
                    (LUAI_UACINT)p->sse.limit);
    lua_setfield(L, -2, "message");
    pt_error_mark(L, -1);
    return 2;
}

static bool is_stuck(const parser *p) {
    return p->result == PT_SSE_LONG || p->result == PT_SSE_MEMORY;
}

/* feed(bytes) -> itself | nil, error */
static int parser_feed(lua_State *L) {
    size_t n;
    parser *p = check_open(L);
    luaL_checktype(L, 2, LUA_TSTRING);
    const char *bytes = lua_tolstring(L, 2, &n);
    if (is_stuck(p))
        return refuse(L, p);
    pt_buffer_drop(&p->fed, &p->used);
    pt_need(L, pt_buffer_append(&p->fed, bytes, n));
    lua_settop(L, 1);
    return 1;
}

/* restart() -> itself */
static int parser_restart(lua_State *L) {
    parser *p = check_open(L);
    pt_sse_restart(&p->sse);
    pt_buffer_clear(&p->fed);
    p->used = 0;
    p->result = PT_SSE_MORE;
    lua_settop(L, 1);
    return 1;
}

/* -- events out ------------------------------------------------------------------------------- */

static void push_bytes(lua_State *L, const pt_buffer *b) {
    lua_pushlstring(L, b->len > 0 ? b->data : "", b->len);
}

static void push_event(lua_State *L, const pt_sse *sse) {
    lua_createtable(L, 0, 4);
    if (sse->name.len > 0)
        push_bytes(L, &sse->name);
    else
        lua_pushliteral(L, "message");
    lua_setfield(L, -2, "event");
    push_bytes(L, &sse->data);
    lua_setfield(L, -2, "data");
    if (sse->id.len > 0) {
        push_bytes(L, &sse->id);
        lua_setfield(L, -2, "id");
    }
    if (sse->retry >= 0) {
        lua_pushinteger(L, sse->retry);
        lua_setfield(L, -2, "retry");
    }
}

/* next() -> event | nil [, error]. An event counts as given out when its table is complete: memory
   that runs out before loses none. */
static int parser_next(lua_State *L) {
    parser *p = check_open(L);
    if (p->result == PT_SSE_MORE && p->used < p->fed.len) {
        size_t used = 0;
        p->result = pt_sse_feed(&p->sse, p->fed.data + p->used, p->fed.len - p->used, &used);
        p->used += used;
    }
    if (is_stuck(p))
        return refuse(L, p);
    if (p->result == PT_SSE_MORE) {
        lua_pushnil(L);
        return 1;
    }
    push_event(L, &p->sse);
    p->sse.retry = -1;
    p->result = PT_SSE_MORE;
    return 1;
}

/* last_id() -> text | nil */
static int parser_last_id(lua_State *L) {
    const parser *p = check_open(L);
    if (p->sse.id.len > 0)
        push_bytes(L, &p->sse.id);
    else
        lua_pushnil(L);
    return 1;
}

static int parser_tostring(lua_State *L) {
    const parser *p = check(L);
    lua_pushstring(L, p->open ? PARSER_NAME : PARSER_NAME " (closed)");
    return 1;
}

static const luaL_Reg methods[] = {
    {"feed", parser_feed},       {"next", parser_next},   {"last_id", parser_last_id},
    {"restart", parser_restart}, {"close", parser_close}, {NULL, NULL},
};

static const luaL_Reg metamethods[] = {{"__tostring", parser_tostring},
                                       {"__gc", parser_close},
                                       {"__close", parser_close},
                                       {NULL, NULL}};

void pt_sse_open(lua_State *L) {
    luaL_newmetatable(L, PARSER_NAME);
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    lua_pushcfunction(L, new_parser);
    lua_setfield(L, -2, "sse_parser");
}
