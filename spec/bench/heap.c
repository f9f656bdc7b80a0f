/* heap() -> bytes that this process has allocated by malloc, those of large blocks included. */
#include <lua.h>
#include <malloc.h>

__attribute__((visibility("default"))) int luaopen_heap(lua_State *L);

static int heap(lua_State *L) {
    struct mallinfo2 info = mallinfo2();
    lua_pushinteger(L, (lua_Integer)info.uordblks + (lua_Integer)info.hblkhd);
    return 1;
}

int luaopen_heap(lua_State *L) {
    lua_pushcfunction(L, heap);
    return 1;
}
