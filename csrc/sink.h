/* A file that a reply goes into: whole under its name, or not there at all. Pure C: no Lua, no
   curl. */
#ifndef PT_SINK_H
#define PT_SINK_H

#include <stdbool.h>
#include <stddef.h>

typedef struct pt_sink pt_sink;

/* For the file of that name; touches nothing yet. NULL when memory ran out. */
pt_sink *pt_sink_new(const char *path);

/* Each returns false when the system refused, and pt_sink_problem says why. */
bool pt_sink_open(pt_sink *s); /* makes a file beside the other, for the bytes to come */
bool pt_sink_write(pt_sink *s, const char *bytes, size_t n);
bool pt_sink_finish(pt_sink *s); /* gives it its name; what had that name goes */

/* How many bytes were written. */
size_t pt_sink_size(const pt_sink *s);

const char *pt_sink_path(const pt_sink *s);
const char *pt_sink_problem(const pt_sink *s);

/* Also removes what was not finished. */
void pt_sink_free(pt_sink *s);

#endif
