/* The opaque secret. The bytes live inside the userdata block, so that nothing has to be freed,
 * only wiped. */
#include "secret.h"
#include "buffer.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

typedef struct {
    size_t n;
    bool open;
    char bytes[]; /* n of them and a NUL */
} secret;

static const char metatable_key = 0; /* its address is the registry key */

static secret *to_secret(lua_State *L, int idx) {
    if (lua_type(L, idx) != LUA_TUSERDATA || !lua_getmetatable(L, idx))
        return NULL;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same ? lua_touserdata(L, idx) : NULL;
}

static int secret_tostring(lua_State *L) {
    lua_pushliteral(L, "<secret>");
    return 1;
}

static int secret_wipe(lua_State *L) {
    secret *s = to_secret(L, 1);
    if (s != NULL) {
        pt_wipe(s->bytes, s->n);
        s->n = 0;
        s->open = false;
    }
    return 0;
}

/* Constant time for equal lengths: comparing must not tell how many first bytes agree. */
static int secret_eq(lua_State *L) {
    const secret *a = to_secret(L, 1);
    const secret *b = to_secret(L, 2);
    bool same = a != NULL && b != NULL && a->open && b->open && a->n == b->n;
    unsigned char difference = 0;
    for (size_t i = 0; same && i < a->n; i++)
        difference |= (unsigned char)(a->bytes[i] ^ b->bytes[i]);
    lua_pushboolean(L, same && difference == 0);
    return 1;
}

void pt_secret_open(lua_State *L) {
    static const luaL_Reg methods[] = {{"__tostring", secret_tostring},
                                       {"__gc", secret_wipe},
                                       {"__close", secret_wipe},
                                       {"__eq", secret_eq},
                                       {NULL, NULL}};
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key) == LUA_TNIL) {
        luaL_newlib(L, methods);
        lua_pushliteral(L, "particle.secret");
        lua_setfield(L, -2, "__name");
        lua_pushliteral(L, "locked");
        lua_setfield(L, -2, "__metatable");
        lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
    }
    lua_pop(L, 1);
}

void pt_secret_push(lua_State *L, const char *s, size_t n) {
    if (n > (size_t)-1 - sizeof(secret) - 1)
        luaL_error(L, "not enough memory");
    secret *made = lua_newuserdatauv(L, sizeof(secret) + n + 1, 0);
    made->n = n;
    made->open = true;
    if (n > 0)
        memcpy(made->bytes, s, n);
    made->bytes[n] = '\0';
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
    lua_setmetatable(L, -2);
}

const char *pt_secret_test(lua_State *L, int idx, size_t *n) {
    const secret *s = to_secret(L, idx);
    if (s == NULL || !s->open)
        return NULL;
    if (n != NULL)
        *n = s->n;
    return s->bytes;
}
