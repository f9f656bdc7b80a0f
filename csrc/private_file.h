/* A small file that its owner alone can read: for tokens. */
#ifndef PT_PRIVATE_FILE_H
#define PT_PRIVATE_FILE_H

#include <lua.h>

/* Adds read_private, write_private and remove_private to the table on top of the stack. */
void pt_private_file_open(lua_State *L);

#endif
