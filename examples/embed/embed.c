/* A C program that embeds Lua with `particle` built in: runs a Lua script that talks to devices.
 * Usage: embed SCRIPT [ARGUMENT...]
 *
 * From the checkout, after `make build` and eval "$(make -s env)":
 *
 *   cc -std=c11 -D_GNU_SOURCE -O2 -o build/embed examples/embed/embed.c csrc/[a-z]*.c \
 *     csrc/simulator/[a-z]*.c $(pkg-config --cflags --libs lua5.4 libcurl libmicrohttpd) -lm
 *   build/embed examples/embed/script.lua
 *
 * The C modules are linked in; the Lua files are found through LUA_PATH_5_4, lua-cjson where the
 * system keeps it. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>

int luaopen_particle_core(lua_State *L);
int luaopen_particle_simulator_httpd(lua_State *L);

/* What the host offers its scripts, as the module `host`: a lamp that is lit by printing. */
static int host_light(lua_State *L) {
    luaL_checktype(L, 1, LUA_TBOOLEAN);
    printf("host: light %s\n", lua_toboolean(L, 1) ? "on" : "off");
    return 0;
}

static int luaopen_host(lua_State *L) {
    static const luaL_Reg functions[] = {{"light", host_light}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}

static void preload(lua_State *L, const char *name, lua_CFunction open) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, open);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

static void set_arguments(lua_State *L, int count, char **arguments) {
    lua_createtable(L, count, 0);
    for (int i = 0; i < count; i++) {
        lua_pushstring(L, arguments[i]);
        lua_rawseti(L, -2, i);
    }
    lua_setglobal(L, "arg");
}

/* Errors may be error objects; luaL_tolstring asks them for their text. */
static int describe(lua_State *L) {
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

/* Protected: everything here may raise. */
static int run(lua_State *L) {
    int count = (int)lua_tointeger(L, 1);
    char **arguments = lua_touserdata(L, 2);
    luaL_openlibs(L);
    preload(L, "particle.core", luaopen_particle_core);
    preload(L, "particle.simulator.httpd", luaopen_particle_simulator_httpd);
    preload(L, "host", luaopen_host);
    set_arguments(L, count, arguments);
    if (luaL_loadfile(L, arguments[0]) != LUA_OK)
        return lua_error(L);
    lua_call(L, 0, 0);
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: %s SCRIPT [ARGUMENT...]\n", argv[0]);
        return 2;
    }
    lua_State *L = luaL_newstate();
    if (L == NULL) {
        fputs("embed: not enough memory\n", stderr);
        return EXIT_FAILURE;
    }
    lua_pushcfunction(L, describe);
    lua_pushcfunction(L, run);
    lua_pushinteger(L, argc - 1);
    lua_pushlightuserdata(L, argv + 1);
    int status = lua_pcall(L, 2, 0, 1);
    if (status != LUA_OK)
        fprintf(stderr, "embed: %s\n", lua_tostring(L, -1));
    lua_close(L);
    return status == LUA_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
