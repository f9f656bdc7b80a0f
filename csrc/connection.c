/* The opened connection of an event stream, as Lua holds it: further methods of the call that
   opened it. Once it is discarded it has no events. */
#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "core.h"
#include "json.h"
#include "lua_util.h"

#define LONGEST_LATENCY 5 /* seconds; a head that took longer was held up by something else */

static pt_event_queue *queue_of(const pt_call *c) {
    return c->transfer != NULL ? c->transfer->events : NULL;
}

static void push_bytes(lua_State *L, const pt_buffer *b) {
    lua_pushlstring(L, b->len > 0 ? b->data : "", b->len);
}

/* -- events ----------------------------------------------------------------------------------- */

static bool has_text(lua_State *L, const char *name) {
    lua_pushstring(L, name);
    bool found = lua_rawget(L, -2) == LUA_TSTRING;
    lua_pop(L, 1);
    return found;
}

static bool push_object(lua_State *L, const char *text, size_t n) {
    if (pt_json_decode(L, text, n, false))
        return true;
    lua_pop(L, 1); /* the decoder's complaint */
    return false;
}

/* The cloud wraps what was published; the table in which it does so becomes the event. */
static bool push_envelope(lua_State *L, const pt_sse *sse) {
    if (sse->data.len == 0 || sse->data.data[0] != '{' ||
        !push_object(L, sse->data.data, sse->data.len))
        return false;
    if (has_text(L, "published_at") || has_text(L, "coreid"))
        return true;
    lua_pop(L, 1);
    return false;
}

static void push_event(lua_State *L, const pt_sse *sse) {
    bool wrapped = push_envelope(L, sse);
    if (!wrapped) {
        lua_createtable(L, 0, 2);
        if (sse->has_data) {
            push_bytes(L, &sse->data);
            lua_setfield(L, -2, "data");
        }
    }
    if (sse->name.len > 0 || !wrapped || !has_text(L, "name")) {
        push_bytes(L, &sse->name);
        lua_setfield(L, -2, "name");
    }
    if (sse->id.len > 0) {
        push_bytes(L, &sse->id);
        lua_setfield(L, -2, "id");
    }
}

static int push_event_of(lua_State *L) {
    push_event(L, lua_touserdata(L, 1));
    return 1;
}

/* Finalizers run meanwhile; they may close the stream, or ask for the same event. */
static void read_event(lua_State *L, pt_call *c) {
    lua_pushcfunction(L, push_event_of);
    lua_pushlightuserdata(L, &c->transfer->events->sse);
    c->reading = true;
    int status = lua_pcall(L, 1, 1, 0);
    c->reading = false;
    if (c->unwanted)
        pt_call_release(c);
    if (status != LUA_OK)
        lua_error(L);
}

static void end_if_faulty(pt_transfer *t) {
    if (t->engine != NULL && t->events->fault != PT_SSE_MORE)
        pt_engine_end(t, t->events->fault == PT_SSE_LONG ? PT_END_EVENT : PT_END_MEMORY);
}

/* pop() -> event | nil. An event counts as given out when its table is complete: memory that runs
   out before loses none. */
static int connection_pop(lua_State *L) {
    pt_call *c = pt_call_check(L);
    pt_transfer *t = c->transfer;
    if (t == NULL || t->events == NULL || !t->events->ready)
        return 0;
    if (!pt_poller_is_ours(t->poller))
        pt_raise(L, PT_FORKED);
    if (c->reading)
        pt_raise(L, "the stream's next event is already being read");
    read_event(L, c);
    if (c->transfer == NULL)
        return 1;
    pt_event_queue_advance(t->events);
    end_if_faulty(t);
    if (t->paused && t->engine != NULL && pt_event_queue_has_room(t->events))
        pt_engine_resume(t);
    return 1;
}

/* ready() -> whether pop() has an event */
static int connection_ready(lua_State *L) {
    const pt_event_queue *q = queue_of(pt_call_check(L));
    lua_pushboolean(L, q != NULL && q->ready);
    return 1;
}

/* -- state ------------------------------------------------------------------------------------ */

/* ended() -> whether no more bytes will come; events may still be ready */
static int connection_ended(lua_State *L) {
    const pt_transfer *t = pt_call_check(L)->transfer;
    lua_pushboolean(L, t == NULL || t->state == PT_ENDED);
    return 1;
}

/* loss() -> kind, message: why an ended connection ended */
static int connection_loss(lua_State *L) {
    const pt_transfer *t = pt_call_check(L)->transfer;
    if (t == NULL || t->state != PT_ENDED)
        pt_raise(L, "loss: the connection has not ended, or was discarded");
    lua_pushstring(L, pt_reply_push_loss(L, t));
    lua_insert(L, -2);
    return 2;
}

/* heard() -> until when all that was sent has come, by core.now() */
static int connection_heard(lua_State *L) {
    const pt_transfer *t = pt_call_check(L)->transfer;
    if (t == NULL)
        lua_pushnumber(L, pt_now());
    else
        lua_pushnumber(L, t->complete - fmin(t->latency, LONGEST_LATENCY));
    return 1;
}

/* last_id() -> the id that the stream set last | nil */
static int connection_last_id(lua_State *L) {
    const pt_event_queue *q = queue_of(pt_call_check(L));
    if (q == NULL || q->sse.id.len == 0)
        return 0;
    push_bytes(L, &q->sse.id);
    return 1;
}

/* retry() -> seconds to wait before a new connection, where the stream told | nil */
static int connection_retry(lua_State *L) {
    const pt_event_queue *q = queue_of(pt_call_check(L));
    if (q == NULL || q->sse.retry < 0)
        return 0;
    lua_pushnumber(L, (lua_Number)q->sse.retry / 1000);
    return 1;
}

static const luaL_Reg methods[] = {
    {"pop", connection_pop},         {"ready", connection_ready},
    {"ended", connection_ended},     {"loss", connection_loss},
    {"heard", connection_heard},     {"retry", connection_retry},
    {"last_id", connection_last_id}, {NULL, NULL},
};

void pt_connection_open(lua_State *L) { luaL_setfuncs(L, methods, 0); }
