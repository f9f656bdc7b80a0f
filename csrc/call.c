/* A call under way, as Lua holds it: submit, done, take, cancel. The userdata pins its api and
   holds the transfer until the result was taken or nobody wants it any more. A request for an event
   stream is done when its head came; the userdata is then its own result, see connection.c. */
#include <lauxlib.h>
#include <string.h>

#include "core.h"
#include "field.h"
#include "lua_util.h"
#include "request.h"
#include "response.h"

static const pt_handle_type call_type = {"particle.transfer", sizeof(pt_call)};

pt_call *pt_call_new(lua_State *L, int api) {
    pt_call *c = pt_handle_new(L, &call_type, 1);
    lua_pushvalue(L, api);
    lua_setiuservalue(L, -2, 1);
    return c;
}

pt_call *pt_call_check(lua_State *L) { return pt_handle_check(L, 1, &call_type); }

/* The one field of the reply that is needed. */
static void read_only(lua_State *L, pt_reply_wishes *wishes) {
    static const char *const fields[] = {PT_RESULT, PT_RETURN_VALUE};
    (void)pt_field_get(L, PT_FIELD_ONLY);
    for (size_t i = 0; i < sizeof fields / sizeof *fields && lua_isstring(L, -1); i++)
        if (strcmp(lua_tostring(L, -1), fields[i]) == 0)
            wishes->only = fields[i];
    wishes->integer = wishes->only == fields[1];
    lua_pop(L, 1);
}

static pt_reply_wishes read_wishes(lua_State *L) {
    pt_reply_wishes wishes = {
        .raw = pt_field_flag(L, PT_FIELD_RAW),
        .response = pt_field_flag(L, PT_FIELD_RESPONSE),
        .nulls = pt_field_flag(L, PT_FIELD_NULLS),
    };
    read_only(L, &wishes);
    return wishes;
}

/* submit(api, request) -> transfer: started, or queued behind max_connections others */
static int submit(lua_State *L) {
    luaL_checktype(L, PT_REQUEST, LUA_TTABLE);
    lua_settop(L, PT_REQUEST);
    pt_call *c = pt_call_new(L, 1);
    c->wishes = read_wishes(L);
    c->transfer = pt_engine_take(pt_api_check(L, 1));
    if (c->transfer == NULL)
        pt_raise(L, "not enough memory");
    pt_request_read(L, c->transfer);
    c->transfer->http->keeps_head = c->wishes.response || c->transfer->events != NULL;
    (void)pt_api_check(L, 1); /* what ran meanwhile may have closed it */
    pt_engine_start(c->transfer);
    lua_settop(L, 3);
    return 1;
}

static bool is_done(const pt_transfer *t) { return t == NULL || t->state == PT_ENDED || t->opened; }

static int call_done(lua_State *L) {
    lua_pushboolean(L, is_done(pt_call_check(L)->transfer));
    return 1;
}

/* pending() -> its id, which the poller tells once it is done; nil: it is done */
static int call_pending(lua_State *L) {
    const pt_transfer *t = pt_call_check(L)->transfer;
    if (is_done(t))
        return 0;
    lua_pushinteger(L, (lua_Integer)t->completion.id);
    return 1;
}

static int call_id(lua_State *L) {
    const pt_call *c = pt_call_check(L);
    if (c->transfer == NULL)
        return 0;
    lua_pushinteger(L, (lua_Integer)c->transfer->completion.id);
    return 1;
}

void pt_call_release(pt_call *c) {
    pt_transfer *t = c->transfer;
    c->unwanted = c->reading;
    if (c->reading && t->engine != NULL)
        pt_engine_end(t, PT_END_CANCELLED);
    if (c->reading || t == NULL)
        return;
    c->transfer = NULL;
    pt_engine_give_back(t);
}

static int take_stream(lua_State *L, pt_call *c) {
    lua_settop(L, 1);
    pt_response_push(L, c->transfer);
    pt_transfer_slim(c->transfer);
    return 2;
}

/* take() -> value [, response] | nil, err: once, when it is done */
static int call_take(lua_State *L) {
    pt_call *c = pt_call_check(L);
    bool taken = c->transfer == NULL || c->transfer->http == NULL;
    if (taken || !is_done(c->transfer))
        pt_raise(L, "take: the call is not done, or was taken before");
    if (c->transfer->opened)
        return take_stream(L, c);
    int results = pt_reply_push(L, c->transfer, &c->wishes);
    pt_call_release(c);
    return results;
}

static curl_off_t count(pt_transfer *t, CURLINFO what) {
    curl_off_t n = -1;
    return curl_easy_getinfo(t->easy, what, &n) == CURLE_OK ? n : -1;
}

/* progress(upload) -> bytes of the body that came, or with `upload` went | nil, and how many there
   are in all | nil: unknown */
static int call_progress(lua_State *L) {
    pt_transfer *t = pt_call_check(L)->transfer;
    bool upload = lua_toboolean(L, 2);
    if (t == NULL || !t->sent)
        return 0;
    curl_off_t done = count(t, upload ? CURLINFO_SIZE_UPLOAD_T : CURLINFO_SIZE_DOWNLOAD_T);
    curl_off_t total =
        count(t, upload ? CURLINFO_CONTENT_LENGTH_UPLOAD_T : CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);
    lua_pushinteger(L, done);
    if (total < 0)
        return 1;
    lua_pushinteger(L, total);
    return 2;
}

static int call_cancel(lua_State *L) {
    static const char *const kinds[] = {"cancelled", "deadline", NULL};
    pt_call *c = pt_call_check(L);
    int kind = luaL_checkoption(L, 2, "cancelled", kinds);
    if (c->transfer != NULL && c->transfer->engine != NULL)
        pt_engine_end(c->transfer, kind == 0 ? PT_END_CANCELLED : PT_END_DEADLINE);
    return 0;
}

static int call_discard(lua_State *L) {
    pt_call_release(pt_call_check(L));
    return 0;
}

static const luaL_Reg methods[] = {
    {"done", call_done},
    {"pending", call_pending},
    {"id", call_id},
    {"take", call_take},
    {"cancel", call_cancel},
    {"discard", call_discard},
    {"progress", call_progress},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", call_discard}, {"__close", call_discard}, {NULL, NULL}};

void pt_call_open(lua_State *L) {
    pt_response_open(L);
    luaL_newmetatable(L, call_type.name);
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    pt_connection_open(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__index");
    lua_setfield(L, -3, "transfer_methods");
    lua_pop(L, 1);
    pt_field_push_names(L);
    lua_pushcclosure(L, submit, PT_FIELDS);
    lua_setfield(L, -2, "submit");
}
