/* Lua files compiled once for all states, since thousands of them are made. */
#ifndef CHUNKS_H
#define CHUNKS_H

#include <lua.h>

/* `require` finds Lua files along `path` (package.path) through the cache. */
void chunks_install(lua_State *L, const char *path);

/* Pushes the chunk of a file as a function. Raises when it cannot be read or compiled. */
void chunks_load(lua_State *L, const char *file);

#endif
