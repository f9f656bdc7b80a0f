/* The opaque secret: a userdata that holds a copy of the bytes in its own block and wipes them when
 * collected. */
#ifndef PT_SECRET_H
#define PT_SECRET_H

#include <lua.h>
#include <stddef.h>

/* Registers the metatable, once per Lua state; must run before the others. */
void pt_secret_open(lua_State *L);

/* Pushes a new secret with a copy of the `n` bytes. Raises only when memory ran out. */
void pt_secret_push(lua_State *L, const char *s, size_t n);

/* The bytes (NUL-terminated, valid while the value lives and is not closed), or NULL when the value
 * at `idx` is no secret or was closed. `n` may be NULL. Never raises. */
const char *pt_secret_test(lua_State *L, int idx, size_t *n);

#endif
