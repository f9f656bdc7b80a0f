/* From a request table of Lua to the bytes of a transfer. */
#ifndef PT_REQUEST_H
#define PT_REQUEST_H

#include <lua.h>

#include "engine.h"

/* For `submit` alone: reads the request table (see field.h) into `t`, which belongs to a userdata
   of the caller: it raises on misuse, when memory ran out, and when the api was closed meanwhile.
 */
void pt_request_read(lua_State *L, pt_transfer *t);

#endif
