/* Form encoding. Nested tables follow the a[b]=c convention that the cloud's own clients use. */
#include "form.h"

#include <lauxlib.h>

#include "lua_util.h"
#include "secret.h"
#include "transfer.h"
#include "url.h"

#define MAX_DEPTH 8

typedef struct writer {
    lua_State *L;
    pt_list_style style;
    const char *what;
    pt_buffer *out, *secrets;
    int depth;
} writer;

static void append_table(writer *w, int idx, const char *prefix);

static void append_bytes(writer *w, const char *bytes, size_t n) {
    pt_need(w->L, pt_url_escape_form(w->out, bytes, n));
}

/* Writes the value at `idx`; false when it is no scalar. */
static bool append_scalar(writer *w, int idx) {
    lua_State *L = w->L;
    size_t n;
    const char *text;
    if (lua_type(L, idx) == LUA_TBOOLEAN) {
        pt_need(L, pt_buffer_puts(w->out, lua_toboolean(L, idx) ? "true" : "false"));
    } else if ((text = pt_secret_test(L, idx, &n)) != NULL) {
        append_bytes(w, text, n);
        pt_need(L, pt_secrets_add(w->secrets, text, n));
    } else if ((text = pt_push_text(L, idx, &n)) != NULL) {
        append_bytes(w, text, n);
        lua_pop(L, 1);
    } else {
        return false;
    }
    return true;
}

static void start_pair(writer *w, const char *key) {
    bool first = w->out->len == 0;
    pt_need(w->L, first || pt_buffer_putc(w->out, '&'));
    append_bytes(w, key, lua_rawlen(w->L, -1));
    pt_need(w->L, pt_buffer_putc(w->out, '='));
}

static void append_commas(writer *w, int idx, const char *key) {
    lua_State *L = w->L;
    start_pair(w, key);
    lua_Integer count = (lua_Integer)lua_rawlen(L, idx);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, idx, i);
        pt_need(L, i == 1 || pt_buffer_putc(w->out, ','));
        if (!append_scalar(w, lua_gettop(L)))
            pt_raise(L, "%s.%s[%I] must be a string, number or boolean, got %s", w->what, key,
                     (LUAI_UACINT)i, pt_type_name(L, -1));
        lua_pop(L, 1);
    }
}

/* The key's text is on top of the stack. */
static void append_value(writer *w, int idx, const char *key) {
    lua_State *L = w->L;
    if (lua_istable(L, idx)) {
        if (w->style == PT_LIST_COMMAS && lua_rawlen(L, idx) > 0)
            append_commas(w, idx, key);
        else
            append_table(w, idx, key);
        return;
    }
    start_pair(w, key);
    if (!append_scalar(w, idx))
        pt_raise(L, "%s.%s must be a string, number, boolean or table, got %s", w->what, key,
                 pt_type_name(L, idx));
}

/* Pushes the full name of the entry whose key is at `idx`. */
static const char *push_key(writer *w, int idx, const char *prefix) {
    lua_State *L = w->L;
    if (lua_type(L, idx) != LUA_TSTRING)
        pt_raise(L, "%s must have names as keys, got a %s", w->what, luaL_typename(L, idx));
    const char *name = lua_tostring(L, idx);
    return prefix ? lua_pushfstring(L, "%s[%s]", prefix, name) : (lua_pushvalue(L, idx), name);
}

static void append_list(writer *w, int idx, const char *prefix, lua_Integer count) {
    lua_State *L = w->L;
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, idx, i);
        const char *key = lua_pushfstring(L, "%s[]", prefix);
        append_value(w, lua_gettop(L) - 1, key);
        lua_pop(L, 2);
    }
}

static void append_fields(writer *w, int idx, const char *prefix) {
    lua_State *L = w->L;
    lua_pushnil(L);
    while (lua_next(L, idx) != 0) {
        int value = lua_gettop(L);
        const char *key = push_key(w, value - 1, prefix);
        append_value(w, value, key);
        lua_settop(L, value - 1);
    }
}

static void append_table(writer *w, int idx, const char *prefix) {
    lua_Integer count = prefix ? (lua_Integer)lua_rawlen(w->L, idx) : 0;
    if (++w->depth > MAX_DEPTH)
        pt_raise(w->L, "%s is nested too deeply", w->what);
    luaL_checkstack(w->L, 6, w->what);
    if (count > 0)
        append_list(w, idx, prefix, count);
    else
        append_fields(w, idx, prefix);
    w->depth--;
}

void pt_form_append(lua_State *L, int idx, pt_list_style style, const char *what, pt_buffer *out,
                    pt_buffer *secrets) {
    writer w = {L, style, what, out, secrets, 0};
    append_table(&w, idx, NULL);
}
