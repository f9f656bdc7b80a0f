/* The path of a request: from raw parts, or a ready text. */
#ifndef PT_PATH_H
#define PT_PATH_H

#include <lua.h>

#include "base_url.h"

/* Appends the encoded path of the request table at `idx` behind the base's prefix, and to `shown`
   the whole address with <secret> in place of the parts that `secret_path` marks. Both end with
   NUL. Raises on misuse and when memory ran out. */
void pt_path_append(lua_State *L, int idx, const pt_base_url *base, pt_buffer *path,
                    pt_buffer *shown);

#endif
