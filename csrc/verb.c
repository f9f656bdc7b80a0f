/* A read of a variable or a call of a function, begun without a table for the request: what
   programs do thousands of times. Only where nothing of it is for Lua to see to; else nothing
   happens here, and Lua makes the request. */
#include <lauxlib.h>
#include <string.h>

#include "core.h"
#include "lua_util.h"
#include "path.h"
#include "request.h"
#include "url.h"

typedef struct verb {
    char method[8];
    const char *reserved; /* a name that means something else to the cloud, or NULL */
    pt_reply_wishes wishes;
    bool idempotent;
} verb;

static const verb read_verb = {"GET", "events", {.only = PT_RESULT}, true};
static const verb call_verb = {"POST", NULL, {.only = PT_RETURN_VALUE, .integer = true}, false};

/* Where things are on the stack. */
enum { DEVICE = 1, PART, ARGUMENT, API, CALL };

/* A longer one is refused by the cloud, or needs header lines of its own. */
#define LONGEST_ARGUMENT 1024

/* The reply of a device whose record is unknown tells more than its one field. Pushes the api. */
static bool can_begin(lua_State *L, const verb *v) {
    if (!pt_handle_test(L, DEVICE, &pt_device_type))
        return false;
    lua_getiuservalue(L, DEVICE, PT_DEVICE_API);
    return pt_api_is_direct(L, API) && pt_path_is_part(L, PART) &&
           (v->reserved == NULL || strcmp(lua_tostring(L, PART), v->reserved) != 0) &&
           pt_device_is_known(L, DEVICE);
}

/* Puts the argument's text in its place; false: Lua says what is wrong with it. */
static bool read_argument(lua_State *L) {
    size_t n = 0;
    if (lua_isnil(L, ARGUMENT))
        lua_pushliteral(L, "");
    else if (pt_push_text(L, ARGUMENT, &n) == NULL || n > LONGEST_ARGUMENT)
        return false;
    lua_replace(L, ARGUMENT);
    return true;
}

static void write_argument(lua_State *L, pt_transfer *t) {
    size_t n;
    const char *text = lua_tolstring(L, ARGUMENT, &n);
    t->has_body = true;
    pt_need(L,
            pt_buffer_puts(&t->http->body, "arg=") && pt_url_escape_form(&t->http->body, text, n));
}

static void prepare(lua_State *L, pt_transfer *t, const verb *v) {
    memcpy(t->http->method, v->method, sizeof v->method);
    t->idempotent = v->idempotent;
    pt_request_usual(L, CALL + 1, pt_device_push_parts(L, DEVICE, PART), t);
    if (v == &call_verb)
        write_argument(L, t);
}

/* The call, the private table of its api, and when it was submitted. */
static int begin(lua_State *L, const verb *v) {
    pt_call *c = pt_call_new(L, API);
    c->wishes = v->wishes;
    c->transfer = pt_engine_take(pt_api_check(L, API));
    if (c->transfer == NULL)
        pt_raise(L, "not enough memory");
    prepare(L, c->transfer, v);
    (void)pt_api_check(L, API); /* what ran meanwhile may have closed it */
    pt_engine_start(c->transfer);
    lua_settop(L, CALL);
    lua_getiuservalue(L, API, PT_API_STATE);
    lua_pushnumber(L, c->transfer->submitted);
    return 3;
}

/* begin_read(device, variable) -> transfer, state of its api, seconds of its submission | nothing
 */
static int begin_read(lua_State *L) {
    lua_settop(L, ARGUMENT);
    return can_begin(L, &read_verb) ? begin(L, &read_verb) : 0;
}

/* begin_call(device, function [, argument]) -> the same */
static int begin_call(lua_State *L) {
    lua_settop(L, ARGUMENT);
    return can_begin(L, &call_verb) && read_argument(L) ? begin(L, &call_verb) : 0;
}

static const luaL_Reg functions[] = {
    {"begin_read", begin_read}, {"begin_call", begin_call}, {NULL, NULL}};

void pt_verb_open(lua_State *L) { luaL_setfuncs(L, functions, 0); }
