/* Tables as application/x-www-form-urlencoded text: bodies and queries. */
#ifndef PT_FORM_H
#define PT_FORM_H

#include <lua.h>

#include "buffer.h"

/* How a list is written: a[]=1&a[]=2 in bodies, a=1,2 in queries, as the cloud's reference does. */
typedef enum pt_list_style { PT_LIST_BRACKETS, PT_LIST_COMMAS } pt_list_style;

/* Appends the table at `idx`. Opened secrets are also added to `secrets`.
   Raises on misuse, naming `what` and the key, and when memory ran out. */
void pt_form_append(lua_State *L, int idx, pt_list_style style, const char *what, pt_buffer *out,
                    pt_buffer *secrets);

#endif
