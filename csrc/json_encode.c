/* JSON encoding: exact integers, shortest floats, checked UTF-8. Appends to the caller's buffer,
 * which a Lua value owns, so that raising here leaks nothing. Tables are read raw. */
#include "json.h"
#include "lua_util.h"
#include "secret.h"
#include "text.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 100
#define PATH_SIZE 160
#define NOT_A_LIST "has keys that are not exactly 1..n (particle.null fills holes)"

/* One table on the way from the root; innermost first. `key` is the stack index of the current key,
 * 0 in arrays. */
typedef struct level {
    const struct level *outer;
    int key;
    lua_Integer index;
} level;

typedef struct {
    lua_State *L;
    pt_buffer *out;
    bool secret_seen;
} encoder;

static void encode_value(encoder *e, int idx, const level *at, int depth);

static bool is_identifier(const char *s, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return n > 0;
}

static void path_add_key(pt_line *p, const char *key, size_t n) {
    if (is_identifier(key, n)) {
        if (p->n > 0)
            pt_line_add(p, ".", 1);
        pt_line_add(p, key, n);
    } else {
        pt_line_add(p, "[\"", 2);
        pt_line_add(p, key, n);
        pt_line_add(p, "\"]", 2);
    }
}

static void path_add_levels(pt_line *p, lua_State *L, const level *at) {
    if (at == NULL || p->full)
        return;
    path_add_levels(p, L, at->outer);
    if (at->key != 0) {
        size_t n = 0;
        const char *key = lua_tolstring(L, at->key, &n);
        path_add_key(p, key, n);
    } else {
        char index[32];
        int n = snprintf(index, sizeof index, "[" LUA_INTEGER_FMT "]", (LUAI_UACINT)at->index);
        pt_line_add(p, index, n > 0 ? (size_t)n : 0);
    }
}

/* Raises "PATH PROBLEM". */
static _Noreturn void refuse(const encoder *e, const level *at, const char *problem) {
    char storage[PATH_SIZE];
    pt_line path;
    pt_line_begin(&path, storage, sizeof storage);
    path_add_levels(&path, e->L, at);
    if (path.n == 0)
        pt_line_puts(&path, "the value");
    pt_raise(e->L, "%s %s", pt_line_end(&path), problem);
}

static void put(const encoder *e, const char *s, size_t n) {
    pt_need(e->L, pt_buffer_append(e->out, s, n));
}

static void put_char(const encoder *e, char c) { pt_need(e->L, pt_buffer_putc(e->out, c)); }

static void put_escaped(const encoder *e, unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *known = memchr(from, c, sizeof from - 1);
    if (known != NULL) {
        const char pair[2] = {'\\', to[known - from]};
        put(e, pair, sizeof pair);
    } else {
        const char unit[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        put(e, unit, sizeof unit);
    }
}

static _Noreturn void refuse_utf8(const encoder *e, const level *at, const char *complaint,
                                  size_t byte) {
    char problem[80];
    snprintf(problem, sizeof problem, "%s at byte %zu", complaint, byte);
    refuse(e, at, problem);
}

/* Raises "PATH COMPLAINT at byte N" when the text is not UTF-8. */
static void encode_string(const encoder *e, const char *text, size_t n, const level *at,
                          const char *complaint) {
    size_t plain = 0; /* where the bytes begin that are copied as they are */
    size_t i = 0;
    put_char(e, '"');
    while (i < n) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x80) {
            size_t length = pt_utf8_length(text + i, n - i);
            if (length == 0)
                refuse_utf8(e, at, complaint, i + 1);
            i += length;
        } else if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f) {
            put(e, text + plain, i - plain);
            put_escaped(e, c);
            plain = ++i;
        } else {
            i++;
        }
    }
    put(e, text + plain, n - plain);
    put_char(e, '"');
}

/* snprintf writes, and strtod reads, the locale's decimal point, which may be several bytes: JSON's
 * is '.'. */
static size_t fix_decimal_point(char *text, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if ((c >= '0' && c <= '9') || c == '-' || c == '+' || c == 'e')
            text[kept++] = c;
        else if (kept == 0 || text[kept - 1] != '.')
            text[kept++] = '.';
    }
    return kept;
}

static void encode_float(const encoder *e, lua_Number x, const level *at) {
    char text[64];
    int n = 0;
    if (isnan(x) || isinf(x))
        refuse(e, at,
               isnan(x) ? "is NaN, which JSON cannot hold" : "is infinite, which JSON cannot hold");
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
    put(e, text, fix_decimal_point(text, n > 0 ? (size_t)n : 0));
}

static void encode_integer(const encoder *e, lua_Integer x) {
    char text[32];
    int n = snprintf(text, sizeof text, LUA_INTEGER_FMT, (LUAI_UACINT)x);
    put(e, text, n > 0 ? (size_t)n : 0);
}

static pt_json_mark table_mark(lua_State *L, int idx) {
    return lua_getmetatable(L, idx) ? pt_json_pop_mark(L) : PT_JSON_UNMARKED;
}

/* Raises unless the keys are exactly 1..n; returns n. */
static lua_Integer check_array(const encoder *e, int idx, const level *at) {
    lua_State *L = e->L;
    lua_Integer n = (lua_Integer)lua_rawlen(L, idx);
    lua_Integer seen = 0;
    for (lua_pushnil(L); lua_next(L, idx) != 0; lua_pop(L, 1), seen++) {
        if (lua_type(L, -2) == LUA_TSTRING)
            refuse(e, at, "mixes text keys with others, which JSON cannot hold");
        lua_Integer key = lua_isinteger(L, -2) ? lua_tointeger(L, -2) : 0;
        if (key < 1 || key > n)
            refuse(e, at, NOT_A_LIST);
    }
    if (seen != n)
        refuse(e, at, NOT_A_LIST);
    return n;
}

static void encode_array(encoder *e, int idx, const level *outer, int depth) {
    lua_Integer n = check_array(e, idx, outer);
    level at = {.outer = outer};
    put_char(e, '[');
    for (lua_Integer i = 1; i <= n; i++) {
        at.index = i;
        if (i > 1)
            put_char(e, ',');
        lua_rawgeti(e->L, idx, i);
        encode_value(e, lua_gettop(e->L), &at, depth + 1);
        lua_pop(e->L, 1);
    }
    put_char(e, ']');
}

static void encode_key(const encoder *e, int key, const level *outer) {
    size_t n = 0;
    if (lua_type(e->L, key) != LUA_TSTRING)
        refuse(e, outer, "mixes text keys with others, which JSON cannot hold");
    const char *text = lua_tolstring(e->L, key, &n);
    level at = {.outer = outer, .key = key};
    encode_string(e, text, n, &at, "is a key that is not valid UTF-8");
}

/* The first key and value of the table at `idx` are at the top; all of it is popped. */
static void encode_object(encoder *e, int idx, const level *outer, int depth) {
    lua_State *L = e->L;
    level at = {.outer = outer, .key = lua_gettop(L) - 1};
    char before = '{';
    do {
        put_char(e, before);
        encode_key(e, at.key, outer);
        put_char(e, ':');
        encode_value(e, at.key + 1, &at, depth + 1);
        lua_pop(L, 1);
        before = ',';
    } while (lua_next(L, idx) != 0);
    put_char(e, '}');
}

static void encode_table(encoder *e, int idx, const level *at, int depth) {
    lua_State *L = e->L;
    if (depth >= DEPTH_MAX)
        refuse(e, at, "is nested more than 100 deep (does a table contain itself?)");
    luaL_checkstack(L, 8, "JSON nested too deep");
    pt_json_mark mark = table_mark(L, idx);
    lua_pushnil(L);
    if (lua_next(L, idx) == 0) {
        put(e, mark == PT_JSON_UNMARKED ? "{}" : "[]", 2);
    } else if (mark != PT_JSON_ARRAY && lua_type(L, -2) == LUA_TSTRING) {
        encode_object(e, idx, at, depth);
    } else {
        lua_pop(L, 2);
        encode_array(e, idx, at, depth);
    }
}

static void encode_userdata(encoder *e, int idx, const level *at) {
    size_t n = 0;
    const char *bytes = pt_secret_test(e->L, idx, &n);
    if (bytes == NULL)
        refuse(e, at, "is a userdata, which JSON cannot hold");
    e->secret_seen = true;
    encode_string(e, bytes, n, at, "is not valid UTF-8");
}

static void encode_light_userdata(const encoder *e, int idx, const level *at) {
    if (lua_touserdata(e->L, idx) == NULL)
        put(e, "null", 4);
    else if (pt_json_is_empty_array(e->L, idx))
        put(e, "[]", 2);
    else
        refuse(e, at, "is a light userdata, which JSON cannot hold");
}

/* `idx` is absolute; keeps the stack as it was. */
static void encode_value(encoder *e, int idx, const level *at, int depth) {
    lua_State *L = e->L;
    size_t n = 0;
    const char *text = NULL;
    switch (lua_type(L, idx)) {
    case LUA_TSTRING:
        text = lua_tolstring(L, idx, &n);
        encode_string(e, text, n, at, "is not valid UTF-8");
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, idx))
            encode_integer(e, lua_tointeger(L, idx));
        else
            encode_float(e, lua_tonumber(L, idx), at);
        break;
    case LUA_TBOOLEAN:
        text = lua_toboolean(L, idx) ? "true" : "false";
        put(e, text, strlen(text));
        break;
    case LUA_TTABLE:
        encode_table(e, idx, at, depth);
        break;
    case LUA_TLIGHTUSERDATA:
        encode_light_userdata(e, idx, at);
        break;
    case LUA_TUSERDATA:
        encode_userdata(e, idx, at);
        break;
    case LUA_TFUNCTION:
        refuse(e, at, "is a function, which JSON cannot hold");
        break;
    case LUA_TTHREAD:
        refuse(e, at, "is a coroutine, which JSON cannot hold");
        break;
    default:
        refuse(e, at, "is nil, which JSON cannot hold (particle.null is its null)");
    }
}

void pt_json_encode(lua_State *L, int idx, pt_buffer *out, bool *secret_seen) {
    encoder e = {.L = L, .out = out};
    luaL_checkstack(L, 8, "JSON nested too deep");
    encode_value(&e, lua_absindex(L, idx), NULL, 0);
    if (secret_seen != NULL && e.secret_seen)
        *secret_seen = true;
}
