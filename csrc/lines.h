/* Header lines from Lua tables, as NUL-terminated texts one after another. */
#ifndef PT_LINES_H
#define PT_LINES_H

#include <lua.h>
#include <stdbool.h>

#include "buffer.h"

/* Appends "Name: value" for each entry of the table at `idx`; opened secrets are also added to
   `secrets`, which may be NULL. Raises on names or values that HTTP does not allow, and when memory
   ran out. */
void pt_lines_read(lua_State *L, int idx, pt_buffer *lines, pt_buffer *secrets);

/* Whether a text may stand behind a header's name: it has no control characters but tabs. */
bool pt_lines_is_value(const char *value, size_t n);

/* Appends those of `more` whose names are not there yet. False when memory ran out. */
bool pt_lines_add_missing(pt_buffer *lines, const pt_buffer *more);

#endif
