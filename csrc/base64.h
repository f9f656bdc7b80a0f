/* Base64 (RFC 4648, with padding) into a buffer. Pure C. */
#ifndef PT_BASE64_H
#define PT_BASE64_H

#include "buffer.h"

/* false when memory ran out, `out` untouched. */
bool pt_base64_append(pt_buffer *out, const void *p, size_t n);

#endif
