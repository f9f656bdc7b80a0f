/* From an ended transfer to what a call returns. */
#ifndef PT_REPLY_H
#define PT_REPLY_H

#include <lua.h>

#include "transfer.h"

typedef struct pt_reply_wishes {
    bool raw;      /* the body as it came */
    bool response; /* the second result */
    bool nulls;    /* keep nulls in objects */
    /* If not NULL: the value is this field of the reply, which must be there, perhaps as a null.
     */
    const char *only;
    bool integer; /* it must be one */
} pt_reply_wishes;

/* Pushes value [, response], or nil, err; returns how many. Raises only when memory ran out, here
 * or in the transfer. */
int pt_reply_push(lua_State *L, pt_transfer *t, const pt_reply_wishes *wishes);

/* Of an opened event stream that has ended: pushes a message, returns the kind. */
const char *pt_reply_push_loss(lua_State *L, const pt_transfer *t);

#endif
