/* Every part is checked and percent-encoded on its own, so that none can reach another operation.
 */
#include "path.h"

#include <lauxlib.h>

#include "field.h"
#include "lua_util.h"
#include "secret.h"
#include "url.h"

static const char *push_part(lua_State *L, int parts, lua_Integer i, size_t *n) {
    lua_rawgeti(L, parts, i);
    int value = lua_gettop(L);
    const char *text = pt_secret_test(L, value, n);
    if (text != NULL) {
        lua_pushvalue(L, value);
        return text;
    }
    bool fraction = lua_type(L, value) == LUA_TNUMBER && !lua_tointegerx(L, value, NULL);
    text = fraction ? NULL : pt_push_text(L, value, n);
    if (text == NULL)
        pt_raise(L, "path part %I must be a string or an integer, got %s", (LUAI_UACINT)i,
                 pt_type_name(L, value));
    return text;
}

static bool is_secret(lua_State *L, int marks, lua_Integer i) {
    if (!lua_istable(L, marks))
        return false;
    bool marked = lua_rawgeti(L, marks, i) != LUA_TNIL && lua_toboolean(L, -1);
    lua_pop(L, 1);
    return marked;
}

static void append_part(lua_State *L, const char *text, size_t n, bool secret, pt_transfer *t) {
    pt_need(L, pt_buffer_putc(&t->http->path, '/') && pt_buffer_putc(&t->http->shown, '/'));
    size_t at = t->http->path.len;
    pt_need(L, pt_url_escape_part(&t->http->path, text, n));
    if (secret)
        pt_need(L, pt_secrets_add(&t->http->secrets, text, n) &&
                       pt_buffer_puts(&t->http->shown, "<secret>"));
    else
        pt_need(L,
                pt_buffer_append(&t->http->shown, t->http->path.data + at, t->http->path.len - at));
}

static void append_parts(lua_State *L, int parts, int marks, pt_transfer *t) {
    lua_Integer count = (lua_Integer)lua_rawlen(L, parts);
    if (count == 0)
        pt_raise(L, "path is empty");
    for (lua_Integer i = 1; i <= count; i++) {
        size_t n = 0;
        const char *text = push_part(L, parts, i, &n);
        pt_part_check check = pt_url_check_part(text, n);
        if (check != PT_PART_OK)
            pt_raise(L, "path part %I %s", (LUAI_UACINT)i, pt_url_part_problem(check));
        bool secret = is_secret(L, marks, i) || pt_secret_test(L, -2, NULL) != NULL;
        append_part(L, text, n, secret, t);
        lua_pop(L, 2);
    }
}

static void append_ready(lua_State *L, int value, bool foreign, pt_transfer *t) {
    size_t n;
    const char *why = NULL, *text = lua_tolstring(L, value, &n);
    if (!pt_url_check_encoded_path(text, n, foreign, &why))
        pt_raise(L, "path %s", why);
    pt_need(L, pt_buffer_append(&t->http->path, text, n) &&
                   pt_buffer_append(&t->http->shown, text, n));
}

static bool append_text(pt_buffer *out, const pt_buffer *text) {
    return pt_buffer_append(out, text->data, text->len - 1); /* without its NUL */
}

void pt_path_append(lua_State *L, const pt_base_url *base, pt_transfer *t) {
    pt_need(L, append_text(&t->http->path, &base->prefix) &&
                   append_text(&t->http->shown, &base->text));
    bool foreign = pt_field_flag(L, PT_FIELD_FOREIGN); /* not the cloud's: segments may be empty */
    int type = pt_field_get(L, PT_FIELD_PATH);
    (void)pt_field_get(L, PT_FIELD_SECRET_PATH);
    int marks = lua_gettop(L), value = marks - 1;
    if (type == LUA_TTABLE)
        append_parts(L, value, marks, t);
    else if (type == LUA_TSTRING)
        append_ready(L, value, foreign, t);
    else
        pt_raise(L, "path must be a list of parts or a string, got %s", luaL_typename(L, value));
    pt_need(L, pt_buffer_putc(&t->http->path, '\0') && pt_buffer_putc(&t->http->shown, '\0'));
    lua_pop(L, 2);
}
