/* The path of a request: from raw parts, or a ready text. */
#ifndef PT_PATH_H
#define PT_PATH_H

#include <lua.h>

#include "base_url.h"
#include "transfer.h"

/* Whether the value at `idx` is a text that can be one part. */
bool pt_path_is_part(lua_State *L, int idx);

/* For `submit` alone: appends the encoded path of the request (see field.h) behind the base's
   prefix to t->path, and to t->shown the whole address with <secret> in place of the parts that
   `secret_path` marks, which are added to t->secrets. Both end with NUL. Raises on misuse and when
   memory ran out. */
void pt_path_append(lua_State *L, const pt_base_url *base, pt_transfer *t);

/* The same for raw parts without secrets, `count` of them on the stack from `first` on. */
void pt_path_append_parts(lua_State *L, const pt_base_url *base, int first, int count,
                          pt_transfer *t);

#endif
