/* Raising errors that name what the caller did, without the position of our own Lua files. */
#ifndef PT_LUA_UTIL_H
#define PT_LUA_UTIL_H

#include <lua.h>
#include <stdbool.h>

/* Raises the formatted message (lua_pushfstring's formats). */
_Noreturn void pt_raise(lua_State *L, const char *format, ...);

/* Raises "not enough memory" unless `ok`. */
void pt_need(lua_State *L, bool ok);

/* Pushes the text of the string or number at `idx` as it goes into paths and forms: whole floats
   without a fraction. NULL and nothing pushed for other types, and for numbers that are not finite;
   never changes the value itself. */
const char *pt_push_text(lua_State *L, int idx, size_t *n);

/* An __index with two upvalues: a table of methods, and a table of functions that compute fields,
   which may have an __index of its own. */
int pt_index_verbs(lua_State *L);

/* What a message calls a value that pt_push_text does not take. */
const char *pt_type_name(lua_State *L, int idx);

#endif
