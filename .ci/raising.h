/* Read before each file that clang-tidy looks at: Lua's headers do not mark these noreturn. */
#include <lauxlib.h>

__attribute__((noreturn)) int(lua_error)(lua_State *L);
__attribute__((noreturn)) int(luaL_error)(lua_State *L, const char *format, ...);
__attribute__((noreturn)) int(luaL_argerror)(lua_State *L, int arg, const char *message);
__attribute__((noreturn)) int(luaL_typeerror)(lua_State *L, int arg, const char *expected);
