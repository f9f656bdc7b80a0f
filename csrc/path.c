/* Every part is checked and percent-encoded on its own, so that none can reach another operation.
 */
#include "path.h"

#include <lauxlib.h>

#include "field.h"
#include "lua_util.h"
#include "secret.h"
#include "url.h"

bool pt_path_is_part(lua_State *L, int idx) {
    size_t n;
    const char *text = lua_type(L, idx) == LUA_TSTRING ? lua_tolstring(L, idx, &n) : NULL;
    return text != NULL && pt_url_check_part(text, n) == PT_PART_OK;
}

/* Pushes the part at `value` as text. */
static const char *push_part(lua_State *L, int value, lua_Integer i, size_t *n) {
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

/* Appends the value at `value`, which is part `i`, to the path, and pushes its text. */
static const char *append_part(lua_State *L, int value, lua_Integer i, pt_transfer *t, size_t *n) {
    const char *text = push_part(L, value, i, n);
    pt_part_check check = pt_url_check_part(text, *n);
    if (check != PT_PART_OK)
        pt_raise(L, "path part %I %s", (LUAI_UACINT)i, pt_url_part_problem(check));
    pt_need(L, pt_buffer_putc(&t->http->path, '/') && pt_url_escape_part(&t->http->path, text, *n));
    return text;
}

/* The path from `at` on becomes part of what errors show. */
static void show(lua_State *L, pt_transfer *t, size_t at) {
    pt_need(L, pt_buffer_append(&t->http->shown, t->http->path.data + at, t->http->path.len - at));
}

static void hide(lua_State *L, pt_transfer *t, const char *text, size_t n) {
    pt_need(L, pt_secrets_add(&t->http->secrets, text, n) &&
                   pt_buffer_puts(&t->http->shown, "/<secret>"));
}

static void append_parts(lua_State *L, int parts, int marks, pt_transfer *t) {
    lua_Integer count = (lua_Integer)lua_rawlen(L, parts);
    if (count == 0)
        pt_raise(L, "path is empty");
    for (lua_Integer i = 1; i <= count; i++) {
        size_t n = 0, at = t->http->path.len;
        lua_rawgeti(L, parts, i);
        int value = lua_gettop(L);
        const char *text = append_part(L, value, i, t, &n);
        if (is_secret(L, marks, i) || pt_secret_test(L, value, NULL) != NULL)
            hide(L, t, text, n);
        else
            show(L, t, at);
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

static bool append_base(pt_buffer *out, const pt_buffer *text) {
    return pt_buffer_append(out, text->data, text->len - 1); /* without its NUL */
}

static void begin(lua_State *L, const pt_base_url *base, pt_transfer *t) {
    pt_need(L, append_base(&t->http->path, &base->prefix) &&
                   append_base(&t->http->shown, &base->text));
}

static void end(lua_State *L, pt_transfer *t) {
    pt_need(L, pt_buffer_putc(&t->http->path, '\0') && pt_buffer_putc(&t->http->shown, '\0'));
}

void pt_path_append(lua_State *L, const pt_base_url *base, pt_transfer *t) {
    begin(L, base, t);
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
    end(L, t);
    lua_pop(L, 2);
}

void pt_path_append_parts(lua_State *L, const pt_base_url *base, int first, int count,
                          pt_transfer *t) {
    begin(L, base, t);
    size_t n, at = t->http->path.len;
    for (int i = 0; i < count; i++) {
        (void)append_part(L, first + i, i + 1, t, &n);
        lua_pop(L, 1);
    }
    show(L, t, at);
    end(L, t);
}
