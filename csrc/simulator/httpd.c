/* Module particle.simulator.httpd: the server as a Lua userdata, which owns it. Requests are handed
 * out as tables and answered by id (httpd_reply.c); nothing here is called by libmicrohttpd. */
#define _POSIX_C_SOURCE 200809L

#include <limits.h>
#include <poll.h>
#include <string.h>

#include "httpd.h"

#define SERVER "particle.simulator.httpd"
#define DEFAULT_HOST "127.0.0.1"

enum { DEFAULT_MAX_BODY = 64 << 20, DEFAULT_MAX_QUEUE = 8 << 20, DEFAULT_IDLE_TIMEOUT = 75 };

static pt_server *check_server(lua_State *L) { return luaL_checkudata(L, 1, SERVER); }

pt_server *pt_httpd_check(lua_State *L) {
    pt_server *server = check_server(L);
    if (!pt_server_is_open(server))
        luaL_error(L, "the server is closed");
    if (pt_server_is_foreign(server))
        luaL_error(L, "the server belongs to the process that opened it");
    return server;
}

static lua_Integer integer_option(lua_State *L, const char *name, lua_Integer fallback,
                                  lua_Integer most) {
    int type = lua_getfield(L, 1, name);
    lua_Integer value = type == LUA_TNIL ? fallback : lua_tointeger(L, -1);
    if (type != LUA_TNIL && (!lua_isinteger(L, -1) || value < 0 || value > most))
        luaL_argerror(L, 1,
                      lua_pushfstring(L, "%s: integer from 0 to %I expected, got %s", name,
                                      (LUAI_UACINT)most, luaL_tolstring(L, -1, NULL)));
    lua_pop(L, 1);
    return value;
}

/* Leaves the text on the stack, where it stays valid. */
static const char *host_option(lua_State *L) {
    int type = lua_getfield(L, 1, "host");
    if (type != LUA_TNIL && type != LUA_TSTRING)
        luaL_argerror(L, 1,
                      lua_pushfstring(L, "host: string expected, got %s", lua_typename(L, type)));
    return type == LUA_TNIL ? DEFAULT_HOST : lua_tostring(L, -1);
}

static bool is_option(lua_State *L, int index) {
    static const char *const known[] = {"host", "port", "max_body", "max_queue", "idle_timeout"};
    if (lua_type(L, index) != LUA_TSTRING)
        return false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], lua_tostring(L, index)) == 0)
            return true;
    return false;
}

static void check_names(lua_State *L) {
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        if (!is_option(L, -1))
            luaL_argerror(L, 1,
                          lua_pushfstring(L, "unknown option '%s'", luaL_tolstring(L, -1, NULL)));
    }
}

static int httpd_new(lua_State *L) {
    lua_settop(L, 1);
    if (lua_isnoneornil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    check_names(L);
    pt_server_options options = {
        .port = (uint16_t)integer_option(L, "port", 0, UINT16_MAX),
        .max_body = (size_t)integer_option(L, "max_body", DEFAULT_MAX_BODY, INT_MAX),
        .max_queue = (size_t)integer_option(L, "max_queue", DEFAULT_MAX_QUEUE, INT_MAX),
        .idle_timeout =
            (unsigned int)integer_option(L, "idle_timeout", DEFAULT_IDLE_TIMEOUT, INT_MAX / 1000),
    };
    options.host = host_option(L);
    pt_server *server = lua_newuserdatauv(L, sizeof *server, 0);
    pt_server_init(server);
    luaL_setmetatable(L, SERVER);
    char message[256];
    if (pt_server_open(server, &options, message, sizeof message))
        return 1;
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

static int server_port(lua_State *L) {
    lua_pushinteger(L, pt_httpd_check(L)->port);
    return 1;
}

static int server_pollfd(lua_State *L) {
    lua_pushinteger(L, pt_httpd_check(L)->poll_fd);
    return 1;
}

static int server_timeout(lua_State *L) {
    double seconds;
    if (pt_server_timeout(pt_httpd_check(L), &seconds))
        lua_pushnumber(L, seconds);
    else
        lua_pushnil(L);
    return 1;
}

static int server_step(lua_State *L) {
    pt_server *server = pt_httpd_check(L);
    pt_server_step(server);
    lua_pushinteger(L, (lua_Integer)server->queued);
    return 1;
}

static void set_text(lua_State *L, const char *name, const char *data, size_t length) {
    lua_pushlstring(L, length > 0 ? data : "", length);
    lua_setfield(L, -2, name);
}

static void push_lowercase(lua_State *L, const pt_slice *text) {
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(L, &buffer, text->length);
    for (size_t i = 0; i < text->length; i++) {
        char c = text->data[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    luaL_pushresultsize(&buffer, text->length);
}

/* Adds to the table on the top of the stack; a name that came before gets ", " and the value. */
static void add_header(lua_State *L, const pt_slice *name, const pt_slice *value) {
    push_lowercase(L, name);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_pushlstring(L, value->data, value->length);
    } else {
        lua_pushliteral(L, ", ");
        lua_pushlstring(L, value->data, value->length);
        lua_concat(L, 3);
    }
    lua_rawset(L, -3);
}

static void push_headers(lua_State *L, const pt_exchange *exchange, size_t at) {
    pt_slice name, value;
    lua_newtable(L);
    while (pt_exchange_get(exchange, &at, &name) && pt_exchange_get(exchange, &at, &value))
        add_header(L, &name, &value);
}

static void push_request(lua_State *L, const pt_exchange *exchange) {
    size_t at = 0;
    pt_slice target = {0}, method = {0}, version = {0};
    (void)(pt_exchange_get(exchange, &at, &target) && pt_exchange_get(exchange, &at, &method) &&
           pt_exchange_get(exchange, &at, &version));
    const char *mark = memchr(target.data, '?', target.length);
    size_t path_length = mark ? (size_t)(mark - target.data) : target.length;
    size_t query_length = mark ? target.length - path_length - 1 : 0;
    lua_createtable(L, 0, 7);
    lua_pushinteger(L, exchange->id);
    lua_setfield(L, -2, "id");
    set_text(L, "method", method.data, method.length);
    set_text(L, "path", target.data, path_length);
    set_text(L, "query", mark ? mark + 1 : "", query_length);
    set_text(L, "http_version", version.data, version.length);
    set_text(L, "body", exchange->body.data, exchange->body.length);
    push_headers(L, exchange, at);
    lua_setfield(L, -2, "headers");
}

static int server_next(lua_State *L) {
    pt_server *server = pt_httpd_check(L);
    if (!server->first) {
        lua_pushnil(L);
        return 1;
    }
    push_request(L, server->first); /* raises when memory is short: the request stays queued then */
    pt_server_take(server, server->first);
    return 1;
}

/* refuse() -> whether the port could be kept, until close(), though the server is closed now */
static int server_refuse(lua_State *L) {
    lua_pushboolean(L, pt_server_refuse(pt_httpd_check(L)));
    return 1;
}

static int server_close(lua_State *L) {
    pt_server_close(check_server(L));
    return 0;
}

static int server_tostring(lua_State *L) {
    const pt_server *server = check_server(L);
    if (pt_server_is_open(server))
        lua_pushfstring(L, SERVER " (port %d)", (int)server->port);
    else
        lua_pushliteral(L, SERVER " (closed)");
    return 1;
}

/* Whether the reader of this process's standard output has gone away. */
static int httpd_output_gone(lua_State *L) {
    struct pollfd output = {.fd = 1, .events = 0, .revents = 0};
    int ready = poll(&output, 1, 0);
    lua_pushboolean(L, ready > 0 && (output.revents & (POLLERR | POLLHUP)) != 0);
    return 1;
}

/* foreign() -> whether it is the parent's: this process was forked */
static int server_foreign(lua_State *L) {
    lua_pushboolean(L, pt_server_is_foreign(check_server(L)));
    return 1;
}

static const luaL_Reg METHODS[] = {
    {"port", server_port},     {"pollfd", server_pollfd},   {"timeout", server_timeout},
    {"step", server_step},     {"next", server_next},       {"close", server_close},
    {"refuse", server_refuse}, {"foreign", server_foreign}, {NULL, NULL},
};

static const luaL_Reg METAMETHODS[] = {
    {"__gc", server_close},
    {"__close", server_close},
    {"__tostring", server_tostring},
    {NULL, NULL},
};

static const luaL_Reg FUNCTIONS[] = {
    {"new", httpd_new},
    {"output_gone", httpd_output_gone},
    {NULL, NULL},
};

__attribute__((visibility("default"))) int luaopen_particle_simulator_httpd(lua_State *L);

int luaopen_particle_simulator_httpd(lua_State *L) {
    luaL_newmetatable(L, SERVER);
    luaL_setfuncs(L, METAMETHODS, 0);
    luaL_newlib(L, METHODS);
    luaL_setfuncs(L, pt_httpd_replies, 0);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, FUNCTIONS);
    return 1;
}
