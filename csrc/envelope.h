/* The cloud's envelope of an event, read directly where it is as plain as nearly all are. */
#ifndef PT_ENVELOPE_H
#define PT_ENVELOPE_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* Pushes the table that pt_json_decode would make of the text, without nulls. False, with nothing
   pushed, when the text is anything but a flat JSON object of printable ASCII without escapes: then
   pt_json_decode has to look at it. */
bool pt_envelope_push(lua_State *L, const char *s, size_t n);

#endif
