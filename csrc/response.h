/* The response object: status, headers, and how long the call took. */
#ifndef PT_RESPONSE_H
#define PT_RESPONSE_H

#include <lua.h>

#include "transfer.h"

/* Registers the metatable of its headers, once per Lua state. */
void pt_response_open(lua_State *L);

/* Of a transfer that keeps its head, once that has come. */
void pt_response_push(lua_State *L, const pt_transfer *t);

#endif
