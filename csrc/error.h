/* The error object (a table with a metatable) and the reading of the cloud's error bodies. */
#ifndef PT_ERROR_H
#define PT_ERROR_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* Registers the metatable, once per Lua state; must run before the others. */
void pt_error_open(lua_State *L);

/* Gives the table at `idx` the error metatable. */
void pt_error_mark(lua_State *L, int idx);

bool pt_error_test(lua_State *L, int idx);

/* `idx`: a decoded body, or its raw text. Pushes message (string or nil), then code (string or
 * nil), without secrets. Only memory errors raise. */
void pt_error_read_body(lua_State *L, int idx);

/* The kind (static text) of a reply with that status; `message` and `code` may be NULL. */
const char *pt_error_kind(long status, const char *message, const char *code);

/* Pushes the message to show: the one at `idx` (string or nil), or a text by `status`; for
 * "forbidden" with the hint that the device may not exist. */
void pt_error_push_message(lua_State *L, int idx, const char *kind, long status);

/* Pushes what may stay in err.body of the value at `idx`: a table is cleaned in place, a text
 * copied. Removed: fields that hold tokens, values after `...token=` and the like, and every
 * occurrence of `token` (may be NULL). */
void pt_error_push_scrubbed(lua_State *L, int idx, const char *token, size_t n);

#endif
