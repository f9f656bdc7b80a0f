/* The Lua state of a fuzz target, with the parts of the core that need one. It lives as long as the
 * process. */
#include <lauxlib.h>
#include <lualib.h>

#include "error.h"
#include "fuzz.h"
#include "json.h"
#include "secret.h"

static lua_State *state;

static void open_state(void) {
    state = luaL_newstate();
    MUST(state != NULL);
    luaL_openlibs(state);
    pt_secret_open(state);
    pt_error_open(state);
    pt_json_open(state);
}

void fuzz_run(lua_CFunction f, const uint8_t *bytes, size_t n) {
    if (state == NULL)
        open_state();
    lua_pushcfunction(state, f);
    lua_pushlstring(state, n > 0 ? (const char *)bytes : "", n);
    if (lua_pcall(state, 1, 0, 0) != LUA_OK) {
        fprintf(stderr, "raised: %s\n", luaL_tolstring(state, -1, NULL));
        abort();
    }
}
