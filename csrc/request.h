/* From a request table of Lua to the bytes of a transfer. */
#ifndef PT_REQUEST_H
#define PT_REQUEST_H

#include <lua.h>

#include "engine.h"

/* For `submit` alone: reads the request table (see field.h) into `t`, which belongs to a userdata
   of the caller: it raises on misuse, when memory ran out, and when the api was closed meanwhile.
 */
void pt_request_read(lua_State *L, pt_transfer *t);

/* All but method and body of a request without a table that has a path, `count` raw parts on the
   stack from `first` on, and for the rest what is usual. Raises in the same cases. */
void pt_request_usual(lua_State *L, int first, int count, pt_transfer *t);

#endif
