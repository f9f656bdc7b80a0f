#include "handle.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

void *pt_handle_new(lua_State *L, const pt_handle_type *type, int user_values) {
    pt_handle *h = lua_newuserdatauv(L, type->size, user_values);
    memset(h, 0, type->size);
    h->type = type;
    luaL_setmetatable(L, type->name);
    return h;
}

void *pt_handle_test(lua_State *L, int idx, const pt_handle_type *type) {
    pt_handle *h = lua_touserdata(L, idx);
    bool sized = h != NULL && lua_rawlen(L, idx) == type->size; /* a light one has no length */
    return sized && h->type == type ? h : NULL;
}

void *pt_handle_check(lua_State *L, int idx, const pt_handle_type *type) {
    void *h = pt_handle_test(L, idx, type);
    if (h == NULL)
        (void)luaL_typeerror(L, idx, type->name);
    return h;
}
