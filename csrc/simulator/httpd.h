/* What the files of module particle.simulator.httpd share. */
#ifndef PT_SIMULATOR_HTTPD_H
#define PT_SIMULATOR_HTTPD_H

#include <lauxlib.h>
#include <lua.h>

#include "server.h"

/* The open server that is the first argument; raises when it is none. */
pt_server *pt_httpd_check(lua_State *L);

/* The methods that answer requests, by their ids; ends with {NULL, NULL}. */
extern const luaL_Reg pt_httpd_replies[];

#endif
