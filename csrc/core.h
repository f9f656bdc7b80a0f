/* What Lua sees: the parts that core.c puts together. Each `open` runs once per Lua state with the
   module table on top of the stack, and leaves it there. When memory runs out in one, all run again
   at the next `require`: so a metatable is filled each time, not only when it is new. */
#ifndef PT_CORE_H
#define PT_CORE_H

#include <lua.h>

#include "engine.h"
#include "handle.h"
#include "reply.h"

#if defined(__GNUC__)
#define PT_EXPORT __attribute__((visibility("default")))
#else
#define PT_EXPORT
#endif

#define PT_FORKED                                                                                  \
    "this Lua state was forked: the child shares the parent's connections and cannot use them; "   \
    "load "                                                                                        \
    "particle in the process that uses it, or start a new Lua state there"

/* api.c */
extern const pt_handle_type pt_api_type;
/* The user value in which Lua keeps the table core.state. */
#define PT_API_STATE 1
void pt_api_open(lua_State *L);
/* Raises unless the value at `idx` is an api that is not closed. */
pt_engine *pt_api_check(lua_State *L, int idx);

/* call.c */
typedef struct pt_call {
    pt_handle handle;
    pt_transfer *transfer; /* NULL: taken or discarded */
    pt_reply_wishes wishes;
    bool reading;  /* an event is being given out: what it is read from must stay */
    bool unwanted; /* discarded meanwhile */
} pt_call;

void pt_call_open(lua_State *L);
pt_call *pt_call_check(lua_State *L);
/* Gives the transfer back, at once or when the event being read is complete. */
void pt_call_release(pt_call *c);

/* connection.c: further methods of a call, into the table on top of the stack */
void pt_connection_open(lua_State *L);

/* device.c */
extern const pt_handle_type pt_device_type;
void pt_device_open(lua_State *L);

/* poller_lua.c */
void pt_poller_open(lua_State *L);
pt_poller *pt_poller_get(lua_State *L);

/* stream.c */
extern const pt_handle_type pt_stream_type;
void pt_stream_open(lua_State *L);

/* sse_lua.c */
void pt_sse_open(lua_State *L);

#endif
