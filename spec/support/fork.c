/* fork() and what goes with it, for specs: this machine's Lua has none. */
#include <lauxlib.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* fork() -> 0 in the child, the child's id in the parent */
static int do_fork(lua_State *L) {
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        return luaL_error(L, "fork failed");
    lua_pushinteger(L, child);
    return 1;
}

/* wait(child) -> its exit status, or minus the signal that ended it */
static int do_wait(lua_State *L) {
    int status = 0;
    if (waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0) < 0)
        return luaL_error(L, "waitpid failed");
    lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    return 1;
}

__attribute__((visibility("default"))) int luaopen_fork(lua_State *L);

int luaopen_fork(lua_State *L) {
    static const luaL_Reg functions[] = {{"fork", do_fork}, {"wait", do_wait}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
