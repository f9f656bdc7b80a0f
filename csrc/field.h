/* The fields of a request table. Their names are upvalues of the one function that reads it: to
   make Lua's string of a C text for each costs as much as the look-up. */
#ifndef PT_FIELD_H
#define PT_FIELD_H

#include <lua.h>
#include <stdbool.h>

/* Where the function has the table among its arguments. */
#define PT_REQUEST 2

typedef enum pt_field {
    PT_FIELD_METHOD = 1,
    PT_FIELD_FOREIGN,
    PT_FIELD_PATH,
    PT_FIELD_SECRET_PATH,
    PT_FIELD_QUERY,
    PT_FIELD_FORM,
    PT_FIELD_JSON,
    PT_FIELD_BODY,
    PT_FIELD_MULTIPART,
    PT_FIELD_CONTENT_TYPE,
    PT_FIELD_HEADERS,
    PT_FIELD_AUTH,
    PT_FIELD_TOKEN_IN,
    PT_FIELD_IDEMPOTENT,
    PT_FIELD_TIMEOUT,
    PT_FIELD_DEADLINE,
    PT_FIELD_EVENTS,
    PT_FIELD_IDLE,
    PT_FIELD_SAVE_TO,
    PT_FIELD_RAW,
    PT_FIELD_RESPONSE,
    PT_FIELD_NULLS,
    PT_FIELD_ONLY,
    PT_FIELDS = PT_FIELD_ONLY
} pt_field;

const char *pt_field_name(pt_field field);

/* Pushes the names, PT_FIELDS of them, for lua_pushcclosure. */
void pt_field_push_names(lua_State *L);

/* Pushes the field and returns its type. Metamethods of the table may run. */
int pt_field_get(lua_State *L, pt_field field);

bool pt_field_is_set(lua_State *L, pt_field field);
bool pt_field_flag(lua_State *L, pt_field field);

#endif
