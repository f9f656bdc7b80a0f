/* A header's name is a token and its value has no control characters: nothing can be smuggled in.
 */
#include "lines.h"

#include <lauxlib.h>
#include <string.h>
#include <strings.h>

#include "headers.h"
#include "lua_util.h"
#include "secret.h"
#include "transfer.h"

static bool is_token(const char *name, size_t n) {
    static const char allowed[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return n > 0 && strspn(name, allowed) == n;
}

bool pt_lines_is_value(const char *value, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)value[i] < ' ' && value[i] != '\t') || value[i] == 0x7f)
            return false;
    return true;
}

/* What says where a request ends is libcurl's to write: a wrong length would make the rest of the
   body the next request on that connection. */
static bool is_framing(const char *name) {
    return strcasecmp(name, "content-length") == 0 || strcasecmp(name, "transfer-encoding") == 0;
}

static const char *read_value(lua_State *L, int idx, size_t *n, pt_buffer *secrets) {
    const char *secret = pt_secret_test(L, idx, n);
    if (secret == NULL)
        return pt_push_text(L, idx, n);
    pt_need(L, secrets == NULL || pt_secrets_add(secrets, secret, *n));
    return secret;
}

static void append_line(lua_State *L, const char *name, size_t name_length, int idx,
                        pt_buffer *lines, pt_buffer *secrets) {
    size_t n;
    const char *value = read_value(L, idx, &n, secrets);
    if (value == NULL)
        pt_raise(L, "header %s must be a string or a number, got %s", name, pt_type_name(L, idx));
    if (!pt_lines_is_value(value, n))
        pt_raise(L, "header %s holds a control character", name);
    /* libcurl takes "Name;" for a header without a value */
    pt_need(L, pt_buffer_append(lines, name, name_length) &&
                   pt_buffer_puts(lines, n == 0 ? ";" : ": ") &&
                   pt_buffer_append(lines, value, n) && pt_buffer_putc(lines, '\0'));
}

void pt_lines_read(lua_State *L, int idx, pt_buffer *lines, pt_buffer *secrets) {
    if (!lua_istable(L, idx))
        pt_raise(L, "headers must be a table, got %s", luaL_typename(L, idx));
    lua_pushnil(L);
    while (lua_next(L, idx) != 0) {
        size_t n = 0;
        int value = lua_gettop(L);
        const char *name =
            lua_type(L, value - 1) == LUA_TSTRING ? lua_tolstring(L, value - 1, &n) : NULL;
        if (name == NULL || !is_token(name, n))
            pt_raise(L, "a header's name must be a word of HTTP");
        if (is_framing(name))
            pt_raise(L, "header %s is set by the library itself", name);
        append_line(L, name, n, value, lines, secrets);
        lua_settop(L, value - 1);
    }
}

bool pt_lines_add_missing(pt_buffer *lines, const pt_buffer *more) {
    for (size_t at = 0; at < more->len; at += strlen(more->data + at) + 1) {
        const char *line = more->data + at;
        if (pt_lines_find(lines, line, strcspn(line, ":;")) != NULL)
            continue;
        if (!pt_buffer_append(lines, line, strlen(line) + 1))
            return false;
    }
    return true;
}
