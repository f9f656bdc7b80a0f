/* The userdata api: an engine, and for the Lua side a private table. The verbs are Lua functions in
   core.api_methods, fields that are computed in core.api_getters. */
#include <lauxlib.h>
#include <string.h>

#include "core.h"
#include "error.h"
#include "json.h"
#include "lines.h"
#include "lua_util.h"
#include "secret.h"

#define LONGEST_TOKEN 4096
#define LONGEST_URL 1024

typedef struct api {
    pt_handle handle;
    pt_engine *engine; /* NULL: closed, or not open yet */
    bool direct;       /* nothing of Lua's stands on the way of its requests */
    pt_buffer lines;   /* only while it is being opened: here so that an error frees it */
} api;

const pt_handle_type pt_api_type = {"particle.api", sizeof(api)};

static api *check(lua_State *L, int idx) { return pt_handle_check(L, idx, &pt_api_type); }

pt_engine *pt_api_check(lua_State *L, int idx) {
    api *a = check(L, idx);
    if (a->engine == NULL)
        pt_raise(L, "the api is closed");
    if (!pt_engine_is_ours(a->engine))
        pt_raise(L, PT_FORKED);
    return a->engine;
}

bool pt_api_is_direct(lua_State *L, int idx) { return check(L, idx)->direct; }

/* -- opening ---------------------------------------------------------------------------------- */

static const char *text_option(lua_State *L, const char *name) {
    int type = lua_getfield(L, 1, name);
    if (type != LUA_TNIL && type != LUA_TSTRING)
        pt_raise(L, "%s must be a string, got %s", name, luaL_typename(L, -1));
    size_t n = 0;
    const char *text = lua_tolstring(L, -1, &n); /* the options table keeps it alive */
    if (text != NULL && strlen(text) != n)
        pt_raise(L, "%s holds a NUL byte", name);
    lua_pop(L, 1);
    return text;
}

/* A secret does, too: the table keeps it. */
static const char *secret_option(lua_State *L, const char *name) {
    size_t n = 0;
    lua_getfield(L, 1, name);
    const char *text = pt_secret_test(L, -1, &n);
    if (text != NULL && strlen(text) != n)
        pt_raise(L, "%s holds a NUL byte", name);
    lua_pop(L, 1);
    return text;
}

static const char *line_option(lua_State *L, const char *name) {
    const char *text = secret_option(L, name);
    if (text == NULL)
        text = text_option(L, name);
    if (text != NULL && !pt_lines_is_value(text, strlen(text)))
        pt_raise(L, "%s holds a control character", name);
    return text;
}

typedef struct number {
    const char *name;
    double usual, least, most;
} number;

#define KIB 1024.0
#define MIB (1024 * KIB)

/* A whole line of libcurl's is 100 KiB at most, and one piece of a stream 16 KiB. */
static const number numbers[] = {
    {"timeout", 40, 0.001, 1e6},           {"connect_timeout", 10, 0.001, 1e6},
    {"deadline", 120, 0.001, 1e6},         {"max_connections", 16, 1, 10000},
    {"max_waiting", 10000, 0, 1e9},        {"max_body", 64 * MIB, 1, 1e15},
    {"max_head", 64 * KIB, KIB, 96 * KIB}, {"max_depth", PT_JSON_DEEPEST, 1, PT_JSON_DEEPEST},
    {"max_event", MIB, KIB, 1e9},          {"max_unread", 64 * KIB, 32 * KIB, 1e9},
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static double number_option(lua_State *L, const char *name) {
    const number *n = numbers;
    while (strcmp(n->name, name) != 0)
        n++;
    double value = n->usual;
    if (lua_getfield(L, 1, name) != LUA_TNIL) {
        value = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
        if (!(value >= n->least && value <= n->most))
            pt_raise(L, "%s must be a number from %f to %f", name, (LUAI_UACNUMBER)n->least,
                     (LUAI_UACNUMBER)n->most);
    }
    lua_pop(L, 1);
    return value;
}

static size_t size_option(lua_State *L, const char *name) { return (size_t)number_option(L, name); }

static pt_limits read_limits(lua_State *L) {
    return (pt_limits){
        .body = size_option(L, "max_body"),
        .head = size_option(L, "max_head"),
        .depth = size_option(L, "max_depth"),
        .event = size_option(L, "max_event"),
        .unread = size_option(L, "max_unread"),
        .waiting = size_option(L, "max_waiting"),
        .connect = number_option(L, "connect_timeout"),
    };
}

/* name -> what it is where nothing else was said */
static void push_defaults(lua_State *L) {
    lua_createtable(L, 0, (int)COUNT(numbers));
    for (size_t i = 0; i < COUNT(numbers); i++) {
        lua_pushnumber(L, numbers[i].usual);
        lua_setfield(L, -2, numbers[i].name);
    }
}

static bool flag_option(lua_State *L, const char *name, bool usual) {
    bool flag = lua_getfield(L, 1, name) == LUA_TNIL ? usual : lua_toboolean(L, -1);
    lua_pop(L, 1);
    return flag;
}

static pt_engine_options read_options(lua_State *L) {
    return (pt_engine_options){
        .base_url = text_option(L, "base_url"),
        .proxy = line_option(L, "proxy"),
        .ca_file = text_option(L, "ca_file"),
        .ca_path = text_option(L, "ca_path"),
        .user_agent = line_option(L, "user_agent"),
        .timeout = number_option(L, "timeout"),
        .deadline = number_option(L, "deadline"),
        .limits = read_limits(L),
        .max_connections = size_option(L, "max_connections"),
        .http2 = flag_option(L, "http2", false),
        .verify = flag_option(L, "verify", true),
    };
}

/* api(options) -> api */
static int new_api(lua_State *L) {
    const char *why;
    luaL_checktype(L, 1, LUA_TTABLE);
    api *a = pt_handle_new(L, &pt_api_type, 1);
    lua_newtable(L);
    lua_setiuservalue(L, -2, PT_API_STATE);
    pt_engine_options options = read_options(L);
    if (options.base_url == NULL)
        pt_raise(L, "base_url is missing");
    if (lua_getfield(L, 1, "headers") != LUA_TNIL)
        pt_lines_read(L, lua_gettop(L), &a->lines, NULL);
    lua_pop(L, 1);
    a->engine = pt_engine_new(pt_poller_get(L), &options, &a->lines, &why);
    pt_buffer_free(&a->lines);
    if (a->engine == NULL && why != NULL)
        pt_raise(L, "base_url %s", why);
    pt_need(L, a->engine != NULL);
    return 1;
}

/* base_url(text) -> address without a slash at the end, "https" | "http" | "loopback"
   | nil, what is wrong with it */
static int base_url(lua_State *L) {
    pt_base_url b;
    size_t n;
    const char *why = "holds a NUL byte", *text = luaL_checklstring(L, 1, &n);
    char copy[LONGEST_URL + 1];
    if (strlen(text) != n || !pt_base_url_parse(&b, text, &why)) {
        pt_need(L, why != NULL);
        lua_pushnil(L);
        lua_pushstring(L, why);
        return 2;
    }
    bool fits = b.text.len <= sizeof copy;
    if (fits)
        memcpy(copy, b.text.data, b.text.len);
    const char *kind = b.loopback ? "loopback" : b.plain ? "http" : "https";
    pt_base_url_free(&b); /* before anything can raise */
    if (!fits) {
        lua_pushnil(L);
        lua_pushfstring(L, "is longer than %d bytes", LONGEST_URL);
        return 2;
    }
    lua_pushstring(L, copy);
    lua_pushstring(L, kind);
    return 2;
}

/* -- token and state -------------------------------------------------------------------------- */

static void check_token(lua_State *L, const char *token, size_t n) {
    if (n == 0)
        pt_raise(L, "token is empty");
    if (n > LONGEST_TOKEN)
        pt_raise(L, "token is longer than %d bytes", LONGEST_TOKEN);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)token[i] <= ' ' || (unsigned char)token[i] >= 0x7f)
            pt_raise(L, "token holds a space, a control character or a byte outside ASCII");
}

/* set_token(api, token | secret | nil) */
static int set_token(lua_State *L) {
    size_t n = 0;
    pt_engine *e = pt_api_check(L, 1);
    const char *token = pt_secret_test(L, 2, &n);
    if (token == NULL && !lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TSTRING);
        token = lua_tolstring(L, 2, &n);
    }
    if (token != NULL)
        check_token(L, token, n);
    pt_need(L, pt_engine_set_token(e, token ? token : "", n));
    return 0;
}

/* scrub(api, value) -> what an error may show of it: no token, the api's own or another one. A
   table is cleaned in place. */
static int scrub(lua_State *L) {
    const api *a = check(L, 1);
    const pt_buffer *token = a->engine ? pt_engine_token(a->engine) : NULL;
    lua_settop(L, 2);
    pt_error_push_scrubbed(L, 2, token ? token->data : NULL, token ? token->len : 0);
    return 1;
}

static int has_token(lua_State *L) {
    lua_pushboolean(L, pt_engine_token(pt_api_check(L, 1))->len > 0);
    return 1;
}

static int get_state(lua_State *L) {
    check(L, 1);
    lua_getiuservalue(L, 1, PT_API_STATE);
    return 1;
}

/* set_direct(api, flag): whether begin_read and begin_call may send for it */
static int set_direct(lua_State *L) {
    check(L, 1)->direct = lua_toboolean(L, 2);
    return 0;
}

static int is_closed(lua_State *L) {
    lua_pushboolean(L, check(L, 1)->engine == NULL);
    return 1;
}

/* -- the userdata ----------------------------------------------------------------------------- */

static int api_tostring(lua_State *L) {
    const api *a = check(L, 1);
    if (a->engine == NULL)
        lua_pushliteral(L, "particle.api (closed)");
    else
        lua_pushfstring(L, "particle.api (%s)", pt_engine_base(a->engine)->text.data);
    return 1;
}

/* Calls in flight end with kind "closed". */
static int api_close(lua_State *L) {
    api *a = check(L, 1);
    pt_engine *e = a->engine;
    a->engine = NULL;
    pt_buffer_free(&a->lines);
    if (e != NULL)
        pt_engine_free(e);
    return 0;
}

static const luaL_Reg functions[] = {
    {"api", new_api},           {"base_url", base_url},
    {"set_token", set_token},   {"has_token", has_token},
    {"scrub", scrub},           {"state", get_state},
    {"set_direct", set_direct}, {"closed", is_closed},
    {"close", api_close},       {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__tostring", api_tostring}, {"__gc", api_close}, {"__close", api_close}, {NULL, NULL}};

void pt_api_open(lua_State *L) {
    luaL_setfuncs(L, functions, 0);
    push_defaults(L);
    lua_setfield(L, -2, "defaults");
    lua_newtable(L);
    lua_newtable(L);
    luaL_newmetatable(L, pt_api_type.name);
    luaL_setfuncs(L, metamethods, 0);
    lua_pushvalue(L, -3);
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, pt_index_verbs, 2);
    lua_setfield(L, -2, "__index");
    lua_setfield(L, -4, "api_metatable");
    lua_setfield(L, -3, "api_getters");
    lua_setfield(L, -2, "api_methods");
}
