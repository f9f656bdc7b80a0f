/* JSON: bytes in, Lua value out, and back. Decoding is lua-cjson's (a private instance) and one
 * walk, but for what is plain; the encoder is our own. */
#ifndef PT_JSON_H
#define PT_JSON_H

#include "buffer.h"
#include <lua.h>

#define PT_JSON_DEEPEST 1000

/* Loads lua-cjson and prepares the private instance, once per Lua state; raises when lua-cjson is
 * missing or unfit. pt_secret_open must have run for the encoder to know secrets. */
void pt_json_open(lua_State *L);

/* Pushes the value and returns true, or pushes a message and returns false. Whole numbers become
 * integers; a null in an object is removed unless it is to be kept, elsewhere it is the light
 * userdata NULL. Only memory errors raise. */
bool pt_json_decode(lua_State *L, const char *s, size_t n, bool keep_nulls);

/* Of an object nothing but this field, which takes no memory for the others. A null there is kept,
 * those inside it as said. False, with nothing pushed, where that cannot be had, or the object has
 * a field called "ok": then decode all of it. */
bool pt_json_decode_field(lua_State *L, const char *s, size_t n, const char *field,
                          bool keep_nulls);

/* Whether the text has more than so many arrays and objects inside each other. */
bool pt_json_is_deeper(const char *s, size_t n, size_t most);

/* Appends the JSON of the value at `idx`. Raises on misuse, naming the key path, and when memory
 * ran out: `out` must be owned by a Lua value. Sets *secret_seen (which may be NULL) to true when a
 * secret was written. */
void pt_json_encode(lua_State *L, int idx, pt_buffer *out, bool *secret_seen);

/* Pushes the metatable that marks arrays (lua-cjson's own where it has one). */
void pt_json_push_array_mt(lua_State *L);

/* What the metatable at the top of the stack (popped) says about its table. */
typedef enum { PT_JSON_UNMARKED, PT_JSON_ARRAY, PT_JSON_ARRAY_IF_EMPTY } pt_json_mark;
pt_json_mark pt_json_pop_mark(lua_State *L);

/* Whether the light userdata at `idx` is lua-cjson's empty_array. */
bool pt_json_is_empty_array(lua_State *L, int idx);

/* core.array(t) -> t as a lua_CFunction: marks the table; raises when it has another metatable. */
int pt_json_mark_array(lua_State *L);

#endif
