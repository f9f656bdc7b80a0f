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
/* Whether nothing stands on the way of its requests: Lua says so. */
bool pt_api_is_direct(lua_State *L, int idx);

/* call.c */
/* The fields of replies that alone are needed. */
#define PT_RESULT "result"
#define PT_RETURN_VALUE "return_value"
typedef struct pt_call {
    pt_handle handle;
    pt_transfer *transfer; /* NULL: taken or discarded */
    pt_reply_wishes wishes;
    bool reading;  /* an event is being given out: what it is read from must stay */
    bool unwanted; /* discarded meanwhile */
} pt_call;

void pt_call_open(lua_State *L);
/* Pushes one of the api at `api`, without a transfer. */
pt_call *pt_call_new(lua_State *L, int api);
pt_call *pt_call_check(lua_State *L);
/* Gives the transfer back, at once or when the event being read is complete. */
void pt_call_release(pt_call *c);

/* connection.c: further methods of a call, into the table on top of the stack */
void pt_connection_open(lua_State *L);

/* device.c */
extern const pt_handle_type pt_device_type;
/* The user value that holds its api. */
#define PT_DEVICE_API 1
void pt_device_open(lua_State *L);
/* Whether the device can be addressed as it is, and a record of it is there. */
bool pt_device_is_known(lua_State *L, int idx);
/* Pushes the raw parts of its path, or of that of something of it, whose name is at `part`; 0:
   none. Returns how many. */
int pt_device_push_parts(lua_State *L, int idx, int part);

/* poller_lua.c */
void pt_poller_open(lua_State *L);
pt_poller *pt_poller_get(lua_State *L);

/* stream.c */
extern const pt_handle_type pt_stream_type;
void pt_stream_open(lua_State *L);

/* sse_lua.c */
void pt_sse_open(lua_State *L);

/* verb.c */
void pt_verb_open(lua_State *L);

#endif
