/* The userdata that Lua holds of us. What one is, the first word of its block tells: looking its
   metatable up in the registry would cost several times as much, and each call asks a dozen times.
 */
#ifndef PT_HANDLE_H
#define PT_HANDLE_H

#include <lua.h>
#include <stddef.h>

typedef struct pt_handle_type {
    const char *name; /* of the metatable in the registry */
    size_t size;
} pt_handle_type;

/* What each begins with. */
typedef struct pt_handle {
    const pt_handle_type *type;
} pt_handle;

/* Pushes a new one, zero but for its type; its metatable must be there. */
void *pt_handle_new(lua_State *L, const pt_handle_type *type, int user_values);

/* NULL: the value at `idx` is something else. */
void *pt_handle_test(lua_State *L, int idx, const pt_handle_type *type);

/* Raises an argument error instead. */
void *pt_handle_check(lua_State *L, int idx, const pt_handle_type *type);

#endif
