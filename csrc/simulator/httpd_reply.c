/* Methods of the server's userdata that answer a request: with a whole reply, or piece by piece. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "httpd.h"
#include "streams.h"

typedef struct pt_header {
    const char *name;
    const char *value;
    size_t name_length;
    size_t value_length;
    char number[32]; /* a value that is an integer */
} pt_header;

static bool is_name(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~' || text[i] == ':')
            return false;
    return length > 0;
}

static bool is_value(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if ((text[i] >= 0 && text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
            return false;
    return length > 0;
}

/* The value at the top of the stack as text; NULL when it is none. */
static const char *header_value(lua_State *L, pt_header *header) {
    header->value_length = 0;
    if (lua_type(L, -1) == LUA_TSTRING)
        return lua_tolstring(L, -1, &header->value_length);
    if (!lua_isinteger(L, -1))
        return NULL;
    header->value_length = (size_t)snprintf(header->number, sizeof header->number, LUA_INTEGER_FMT,
                                            (LUAI_UACINT)lua_tointeger(L, -1));
    return header->number;
}

static bool is_header(const pt_header *header, const char *name) {
    return strcasecmp(header->name, name) == 0;
}

/* The header whose name and value are on the top of the stack, where they stay. */
static void check_header(lua_State *L, int arg, pt_header *header) {
    header->name =
        lua_type(L, -2) == LUA_TSTRING ? lua_tolstring(L, -2, &header->name_length) : NULL;
    if (!header->name || !is_name(header->name, header->name_length))
        luaL_argerror(L, arg, "header names expected as keys");
    header->value = header_value(L, header);
    if (!header->value || !is_value(header->value, header->value_length))
        luaL_argerror(L, arg,
                      lua_pushfstring(L,
                                      "header '%s': text without control characters or integer "
                                      "expected",
                                      header->name));
    if (is_header(header, MHD_HTTP_HEADER_CONTENT_LENGTH) ||
        is_header(header, MHD_HTTP_HEADER_TRANSFER_ENCODING))
        luaL_argerror(L, arg,
                      lua_pushfstring(L, "header '%s' is the server's to set", header->name));
}

static int no_memory(lua_State *L) { return luaL_error(L, "not enough memory"); }

/* The arguments after the id: a status, and headers or nothing. */
static unsigned int check_status(lua_State *L) {
    lua_Integer status = luaL_checkinteger(L, 3);
    luaL_argcheck(L, status >= 200 && status <= 999, 3, "status from 200 to 999 expected");
    if (!lua_isnoneornil(L, 4))
        luaL_checktype(L, 4, LUA_TTABLE);
    return (unsigned int)status;
}

/* Adds the headers of the table at index 4; where it raises, the exchange goes on waiting and owns
 * what was added. */
static void add_headers(lua_State *L, pt_exchange *exchange,
                        void (*add)(lua_State *L, pt_exchange *exchange, const pt_header *header)) {
    if (!lua_istable(L, 4))
        return;
    pt_header header;
    lua_pushnil(L);
    while (lua_next(L, 4)) {
        check_header(L, 4, &header);
        add(L, exchange, &header);
        lua_pop(L, 1);
    }
}

static void add_to_response(lua_State *L, pt_exchange *exchange, const pt_header *header) {
    /* Staying open is the default, and libmicrohttpd refuses to be told. */
    if (is_header(header, MHD_HTTP_HEADER_CONNECTION) &&
        strcasecmp(header->value, "keep-alive") == 0)
        return;
    if (MHD_add_response_header(exchange->response, header->name, header->value) == MHD_NO)
        no_memory(L);
}

/* respond(id, status [, headers [, body]]) -> whether a request waits under that id */
static int reply_respond(lua_State *L) {
    pt_server *server = pt_httpd_check(L);
    lua_Integer id = luaL_checkinteger(L, 2);
    unsigned int status = check_status(L);
    size_t length = 0;
    const char *body = luaL_optlstring(L, 5, "", &length);
    pt_exchange *exchange = pt_server_find(server, id, PT_EXCHANGE_WAITING);
    if (exchange) {
        struct MHD_Response *response =
            MHD_create_response_from_buffer(length, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
        if (!response)
            return no_memory(L);
        pt_exchange_set_response(exchange, response);
        add_headers(L, exchange, add_to_response);
        pt_server_answer(server, exchange, status);
    }
    lua_pushboolean(L, exchange != NULL);
    return 1;
}

static void put_line(lua_State *L, pt_exchange *exchange, const char *line, int length) {
    if (!pt_stream_put_head(&exchange->stream, line, (size_t)length))
        no_memory(L);
}

static void add_to_head(lua_State *L, pt_exchange *exchange, const pt_header *header) {
    if (is_header(header, MHD_HTTP_HEADER_CONNECTION))
        luaL_argerror(L, 4, lua_pushfstring(L, "header '%s' is the server's to set", header->name));
    put_line(L, exchange, header->name, (int)header->name_length);
    put_line(L, exchange, ": ", 2);
    put_line(L, exchange, header->value, (int)header->value_length);
    put_line(L, exchange, "\r\n", 2);
}

/* Names of days and months as HTTP wants them, whatever the locale. */
static void put_date(lua_State *L, pt_exchange *exchange) {
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm utc;
    char line[128];
    if (gmtime_r(&now, &utc))
        put_line(L, exchange, line,
                 snprintf(line, sizeof line, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n",
                          days[utc.tm_wday], utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900,
                          utc.tm_hour, utc.tm_min, utc.tm_sec));
}

/* The connection serves no further request: its end is the stream's. */
static void put_head(lua_State *L, pt_exchange *exchange, unsigned int status) {
    char line[128];
    pt_stream_free(&exchange->stream); /* of an attempt that raised */
    put_line(L, exchange, line,
             snprintf(line, sizeof line, "HTTP/1.1 %u %.64s\r\nConnection: close\r\n", status,
                      MHD_get_reason_phrase_for(status)));
    put_date(L, exchange);
    if (!exchange->stream.is_plain)
        put_line(L, exchange, "Transfer-Encoding: chunked\r\n", 28);
    add_headers(L, exchange, add_to_head);
    put_line(L, exchange, "\r\n", 2);
}

/* stream(id, status [, headers [, held]]) -> whether a request waits under that id */
static int reply_stream(lua_State *L) {
    pt_server *server = pt_httpd_check(L);
    lua_Integer id = luaL_checkinteger(L, 2);
    unsigned int status = check_status(L);
    pt_exchange *exchange = pt_server_find(server, id, PT_EXCHANGE_WAITING);
    if (exchange) {
        put_head(L, exchange, status);
        if (!pt_streams_begin(server, exchange, lua_toboolean(L, 5)))
            return no_memory(L);
    }
    lua_pushboolean(L, exchange != NULL);
    return 1;
}

/* raw(id) -> whether a request waits under that id. All of its reply, head included, is what send()
 * is given, byte for byte; finish() and abort() end the connection. */
static int reply_raw(lua_State *L) {
    pt_server *server = pt_httpd_check(L);
    pt_exchange *exchange = pt_server_find(server, luaL_checkinteger(L, 2), PT_EXCHANGE_WAITING);
    if (exchange) {
        pt_stream_free(&exchange->stream); /* of a head that raised */
        exchange->stream.is_plain = true;
        if (!pt_streams_begin(server, exchange, false))
            return no_memory(L);
    }
    lua_pushboolean(L, exchange != NULL);
    return 1;
}

/* send(id, bytes) -> false when the client is gone, or too slow, or the stream was ended */
static int reply_send(lua_State *L) {
    pt_server *server = pt_httpd_check(L);
    pt_exchange *exchange = pt_streams_find(server, luaL_checkinteger(L, 2));
    size_t length = 0;
    const char *data = luaL_checklstring(L, 3, &length);
    lua_pushboolean(L, exchange && pt_streams_send(server, exchange, data, length));
    return 1;
}

/* hold(id, held) -> whether there is such a stream */
static int reply_hold(lua_State *L) {
    pt_server *server = pt_httpd_check(L);
    pt_exchange *exchange = pt_streams_find(server, luaL_checkinteger(L, 2));
    luaL_checktype(L, 3, LUA_TBOOLEAN);
    if (exchange)
        pt_streams_hold(server, exchange, lua_toboolean(L, 3));
    lua_pushboolean(L, exchange != NULL);
    return 1;
}

/* finish(id) -> whether there was such a stream */
static int reply_finish(lua_State *L) {
    pt_server *server = pt_httpd_check(L);
    pt_exchange *exchange = pt_streams_find(server, luaL_checkinteger(L, 2));
    if (exchange)
        pt_streams_finish(server, exchange);
    lua_pushboolean(L, exchange != NULL);
    return 1;
}

/* pending(id) -> how many bytes of a stream the socket has not taken; nil: there is no such stream
 */
static int reply_pending(lua_State *L) {
    pt_server *server = pt_httpd_check(L);
    lua_Integer id = luaL_checkinteger(L, 2);
    const pt_exchange *exchange = pt_server_find(server, id, PT_EXCHANGE_STREAMING);
    if (exchange)
        lua_pushinteger(L, (lua_Integer)pt_stream_pending(&exchange->stream));
    else
        lua_pushnil(L);
    return 1;
}

/* gone() -> the id of a stream whose client went away or was too slow, each once; nil */
static int reply_gone(lua_State *L) {
    int64_t id = pt_streams_take_lost(pt_httpd_check(L));
    if (id != 0)
        lua_pushinteger(L, (lua_Integer)id);
    else
        lua_pushnil(L);
    return 1;
}

/* abort(id) -> whether there was such a request or stream */
static int reply_abort(lua_State *L) {
    pt_server *server = pt_httpd_check(L);
    lua_Integer id = luaL_checkinteger(L, 2);
    pt_exchange *exchange = pt_server_find(server, id, PT_EXCHANGE_WAITING);
    if (!exchange)
        exchange = pt_server_find(server, id, PT_EXCHANGE_STREAMING);
    if (exchange)
        pt_server_abort(server, exchange);
    lua_pushboolean(L, exchange != NULL);
    return 1;
}

const luaL_Reg pt_httpd_replies[] = {
    {"respond", reply_respond}, {"abort", reply_abort},
    {"stream", reply_stream},   {"send", reply_send},
    {"hold", reply_hold},       {"finish", reply_finish},
    {"pending", reply_pending}, {"gone", reply_gone},
    {"raw", reply_raw},         {NULL, NULL},
};
