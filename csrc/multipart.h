/* Multipart bodies from Lua tables. */
#ifndef PT_MULTIPART_H
#define PT_MULTIPART_H

#include <lua.h>

#include "transfer.h"

/* Adds each {name=, data= | path=, filename=, type=} of the list at `idx`. Raises on misuse, on a
   file that cannot be opened (naming it), and when memory ran out. */
void pt_multipart_append(lua_State *L, int idx, pt_transfer *t);

/* file_problem(path) -> why the file cannot be sent; nothing when it can. */
int pt_multipart_file_problem(lua_State *L);

#endif
