/* JSON as nearly all replies hold it, read straight into Lua values: no token buffers, no second
 * walk. */
#ifndef PT_JSON_PLAIN_H
#define PT_JSON_PLAIN_H

#include "json.h"

/* Pushes the value that pt_json_decode promises; `array_mt` is the stack position of the metatable
 * for arrays, 0: none. False, with nothing pushed, for whatever is not plain, valid or not: such as
 * escapes, exponents, minus zero, more than 15 digits, deep nesting. Only memory errors raise. */
bool pt_json_plain_push(lua_State *L, const char *s, size_t n, bool keep_nulls, int array_mt);

/* The same of one field of an object; a null there is kept. False also where the object has none of
 * that name or several, and where it has one called "ok". */
bool pt_json_plain_push_field(lua_State *L, const char *s, size_t n, const char *field,
                              bool keep_nulls, int array_mt);

#endif
