/* SIGINT for a prompt: ignored between calls, raised as an error inside one. */
#ifndef PT_INTERRUPT_H
#define PT_INTERRUPT_H

#include <lua.h>

/* core.interrupts() -> guard: from now on SIGINT is ignored; guard:call(fn,
 * ...) is pcall during which SIGINT raises "interrupted!". Closing the guard
 * gives SIGINT back. Raises while another guard is open. */
int pt_interrupts(lua_State *L);

#endif
