/* The module particle.core: private to the Lua files of this project. */
#include "core.h"

#include <lauxlib.h>
#include <pthread.h>
#include <time.h>

#include "error.h"
#include "interrupt.h"
#include "json.h"
#include "lua_util.h"
#include "multipart.h"
#include "private_file.h"
#include "secret.h"
#include "url.h"

#if LIBCURL_VERSION_NUM < 0x075500
#error "particle needs libcurl 7.85 or newer: install a newer libcurl development package"
#endif
#if LUA_VERSION_NUM < 504
#error "particle needs Lua 5.4: point the build at the headers of Lua 5.4"
#endif

#define SCRATCH_NAME "particle.scratch"

/* -- a buffer that an error frees ------------------------------------------------------------- */

static int scratch_gc(lua_State *L) {
    pt_buffer_free(luaL_checkudata(L, 1, SCRATCH_NAME));
    return 0;
}

static pt_buffer *push_scratch(lua_State *L) {
    pt_buffer *b = lua_newuserdatauv(L, sizeof *b, 0);
    *b = (pt_buffer){0};
    luaL_setmetatable(L, SCRATCH_NAME);
    return b;
}

static int finish_scratch(lua_State *L, pt_buffer *b) {
    lua_pushlstring(L, b->len ? b->data : "", b->len);
    pt_buffer_free(b);
    return 1;
}

/* -- functions -------------------------------------------------------------------------------- */

/* encode(value) -> JSON text; raises on what JSON cannot express */
static int encode(lua_State *L) {
    luaL_checkany(L, 1);
    pt_buffer *b = push_scratch(L);
    pt_json_encode(L, 1, b, NULL);
    return finish_scratch(L, b);
}

/* decode(text [, keep_nulls]) -> value | nil, message */
static int decode(lua_State *L) {
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    if (pt_json_decode(L, text, n, lua_toboolean(L, 2)))
        return 1;
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

/* escape(text) -> text as one part of a path */
static int escape(lua_State *L) {
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    pt_buffer *b = push_scratch(L);
    pt_need(L, pt_url_escape_part(b, text, n));
    return finish_scratch(L, b);
}

/* check_part(text) -> nil, or what is wrong with it as one part of a path */
static int check_part(lua_State *L) {
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    pt_part_check check = pt_url_check_part(text, n);
    if (check == PT_PART_OK)
        return 0;
    lua_pushstring(L, pt_url_part_problem(check));
    return 1;
}

static int secret(lua_State *L) {
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    pt_secret_push(L, text, n);
    return 1;
}

/* error(fields) -> the same table as an error object */
static int new_error(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    pt_error_mark(L, 1);
    lua_settop(L, 1);
    return 1;
}

/* type(value) -> "api" | "device" | "stream" | "error" | "secret" | nil */
static int type(lua_State *L) {
    luaL_checkany(L, 1);
    const char *name = pt_handle_test(L, 1, &pt_device_type)   ? "device"
                       : pt_handle_test(L, 1, &pt_api_type)    ? "api"
                       : pt_handle_test(L, 1, &pt_stream_type) ? "stream"
                       : pt_error_test(L, 1)                   ? "error"
                       : pt_secret_test(L, 1, NULL)            ? "secret"
                                                               : NULL;
    if (name != NULL)
        lua_pushstring(L, name);
    else
        lua_pushnil(L);
    return 1;
}

static int now(lua_State *L) {
    lua_pushnumber(L, pt_now());
    return 1;
}

/* time() -> Unix seconds */
static int wall_time(lua_State *L) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_nsec * 1e-9);
    return 1;
}

static const luaL_Reg functions[] = {
    {"encode", encode},
    {"decode", decode},
    {"escape", escape},
    {"check_part", check_part},
    {"secret", secret},
    {"error", new_error},
    {"type", type},
    {"now", now},
    {"time", wall_time},
    {"array", pt_json_mark_array},
    {"interrupts", pt_interrupts},
    {"file_problem", pt_multipart_file_problem},
    {NULL, NULL},
};

static void open_scratch(lua_State *L) {
    luaL_newmetatable(L, SCRATCH_NAME);
    lua_pushcfunction(L, scratch_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}

PT_EXPORT int luaopen_particle_core(lua_State *L);

/* Not every build of libcurl guards its start against other threads, nor what it says of itself.
   Its end is never called: nobody knows who else uses it. NULL when it cannot start. */
static const char *start_libcurl(void) {
    static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;
    const char *version = NULL;
    (void)pthread_mutex_lock(&starting);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        version = curl_version_info(CURLVERSION_NOW)->version;
    (void)pthread_mutex_unlock(&starting);
    return version;
}

PT_EXPORT int luaopen_particle_core(lua_State *L) {
    const char *version = start_libcurl();
    if (version == NULL)
        return luaL_error(L, "libcurl cannot start");
    luaL_checkversion(L);
    pt_secret_open(L);
    pt_error_open(L);
    pt_json_open(L);
    open_scratch(L);
    luaL_newlib(L, functions);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    lua_pushstring(L, version);
    lua_setfield(L, -2, "libcurl_version");
    pt_private_file_open(L);
    pt_poller_open(L);
    pt_api_open(L);
    pt_device_open(L);
    pt_call_open(L);
    pt_verb_open(L);
    pt_stream_open(L);
    pt_sse_open(L);
    return 1;
}
