/* Takes secrets out of what the cloud sent, before it becomes part of an error: the cloud's own
 * bodies quote addresses with tokens in them. */
#include "error.h"
#include "text.h"

#include <lauxlib.h>
#include <string.h>

#define DEPTH_MAX 100
#define TOKEN_MIN 6 /* a shorter token would blot out ordinary words */
#define SECRET "<secret>"

typedef struct {
    lua_State *L;
    const char *token;
    size_t n; /* 0: none to look for */
} scrubber;

/* Fields whose text is a secret, and words after which one follows. */
static const char *const secret_fields[] = {"access_token",  "refresh_token", "mfa_token",
                                            "id_token",      "token",         "password",
                                            "client_secret", "otp",           "auth_token"};
static const char *const secret_words[] = {"token", "password", "secret", "otp"};
static const char *const secret_leads[] = {"bearer ", "authorization: basic "};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool is_secret_field(const char *name) {
    for (size_t i = 0; i < COUNT(secret_fields); i++)
        if (strcmp(name, secret_fields[i]) == 0)
            return true;
    return false;
}

static bool ends_value(char c) {
    return (unsigned char)c <= ' ' || c == 0x7f || strchr("\"'&<>,;)}]", c) != NULL;
}

static size_t skip_spaces(const char *s, size_t n, size_t i) {
    while (i < n && pt_is_space(s[i]))
        i++;
    return i;
}

/* Where the value begins after a word that ends at s[i]: behind `=`, `%3D`, or `":` as in JSON, and
 * behind a quotation mark there; 0 when none follows. */
static size_t find_value(const char *s, size_t n, size_t i) {
    if (i < n && s[i] == '=')
        i++;
    else if (pt_begins_with(s + i, n - i, "%3d"))
        return i + 3;
    else if (i < n && s[i] == '"' && (i = skip_spaces(s, n, i + 1)) < n && s[i] == ':')
        i = skip_spaces(s, n, i + 1);
    else
        return 0;
    return i < n && s[i] == '"' ? i + 1 : i;
}

/* The end of the value that begins at s[i]: the closing quotation mark where one opened it. */
static size_t end_of_value(const char *s, size_t n, size_t i) {
    bool quoted = s[i - 1] == '"';
    while (i < n && (quoted ? s[i] != '"' : !ends_value(s[i])))
        i += quoted && s[i] == '\\' && i + 1 < n ? 2 : 1;
    return i;
}

/* Whether a secret, or the name of one that follows, begins at s[i]; then *from..*to is the secret.
 */
static bool is_secret_at(const scrubber *w, const char *s, size_t n, size_t i, size_t *from,
                         size_t *to) {
    *from = 0;
    if (w->n > 0 && n - i >= w->n && memcmp(s + i, w->token, w->n) == 0) {
        *from = i;
        *to = i + w->n;
        return true;
    }
    for (size_t lead = 0; *from == 0 && lead < COUNT(secret_leads); lead++)
        if (pt_begins_with(s + i, n - i, secret_leads[lead]))
            *from = skip_spaces(s, n, i + strlen(secret_leads[lead]));
    for (size_t word = 0; *from == 0 && word < COUNT(secret_words); word++)
        if (pt_begins_with(s + i, n - i, secret_words[word]))
            *from = find_value(s, n, i + strlen(secret_words[word]));
    if (*from == 0)
        return false;
    *to = end_of_value(s, n, *from);
    size_t length = *to - *from;
    return length > 0 && (length != strlen(SECRET) || memcmp(s + *from, SECRET, length) != 0);
}

/* Finds the next secret at or after s[i]. Most bytes are dismissed by themselves: bodies may be
 * long. */
static bool find_secret(const scrubber *w, const char *s, size_t n, size_t i, size_t *from,
                        size_t *to) {
    for (; i < n; i++) {
        char c = pt_lower(s[i]);
        bool may_begin = c == 'a' || c == 't' || c == 'p' || c == 's' || c == 'o' || c == 'b' ||
                         (w->n > 0 && s[i] == w->token[0]);
        if (may_begin && is_secret_at(w, s, n, i, from, to))
            return true;
    }
    return false;
}

/* Pushes the string at `idx` without secrets: the same string when it holds none. */
static void push_clean_text(const scrubber *w, int idx) {
    size_t n = 0;
    const char *s = lua_tolstring(w->L, idx, &n);
    size_t copied = 0;
    size_t from = 0;
    size_t to = 0;
    luaL_Buffer b;
    if (!find_secret(w, s, n, 0, &from, &to)) {
        lua_pushvalue(w->L, idx);
        return;
    }
    luaL_buffinit(w->L, &b);
    do {
        luaL_addlstring(&b, s + copied, from - copied);
        luaL_addstring(&b, SECRET);
        copied = to;
    } while (find_secret(w, s, n, copied, &from, &to));
    luaL_addlstring(&b, s + copied, n - copied);
    luaL_pushresult(&b);
}

static void clean_table(const scrubber *w, int t, int depth);

/* Puts the clean form of the value at the top, whose key lies below it, into the table at `t`; pops
 * the value. */
static void clean_field(const scrubber *w, int t, int depth) {
    lua_State *L = w->L;
    int value = lua_gettop(L);
    int type = lua_type(L, value);
    bool named =
        lua_type(L, value - 1) == LUA_TSTRING && is_secret_field(lua_tostring(L, value - 1));
    if (type == LUA_TTABLE && depth < DEPTH_MAX) {
        clean_table(w, value, depth + 1);
    } else if (type == LUA_TTABLE || type == LUA_TSTRING || (type == LUA_TNUMBER && named)) {
        lua_pushvalue(L, value - 1);
        if (named || type != LUA_TSTRING)
            lua_pushliteral(L, SECRET); /* too deep to look is treated alike */
        else
            push_clean_text(w, value);
        lua_rawset(L, t);
    }
    lua_settop(L, value - 1);
}

/* Notes in the list at `dirty` the key below the value at the top, if it holds a secret. */
static void note_key(const scrubber *w, int dirty) {
    lua_State *L = w->L;
    int key = lua_gettop(L) - 1;
    if (lua_type(L, key) != LUA_TSTRING)
        return;
    push_clean_text(w, key);
    if (!lua_rawequal(L, -1, key)) {
        lua_pushvalue(L, key);
        lua_rawseti(L, dirty, (lua_Integer)lua_rawlen(L, dirty) + 1);
    }
    lua_pop(L, 1);
}

/* Moves what stands under the noted keys to their clean forms. */
static void clean_keys(const scrubber *w, int t, int dirty) {
    lua_State *L = w->L;
    lua_Integer count = (lua_Integer)lua_rawlen(L, dirty);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, dirty, i);
        push_clean_text(w, lua_gettop(L));
        lua_pushvalue(L, -2);
        lua_rawget(L, t);
        lua_rawset(L, t);
        lua_pushnil(L);
        lua_rawset(L, t);
    }
}

static void clean_table(const scrubber *w, int t, int depth) {
    luaL_checkstack(w->L, 12, "error body nested too deep");
    lua_newtable(w->L);
    int dirty = lua_gettop(w->L);
    lua_pushnil(w->L);
    while (lua_next(w->L, t) != 0) {
        note_key(w, dirty);
        clean_field(w, t, depth);
    }
    clean_keys(w, t, dirty);
    lua_pop(w->L, 1);
}

void pt_error_push_scrubbed(lua_State *L, int idx, const char *token, size_t n) {
    scrubber w = {.L = L, .token = token, .n = token != NULL && n >= TOKEN_MIN ? n : 0};
    idx = lua_absindex(L, idx);
    luaL_checkstack(L, 12, "error body nested too deep");
    if (lua_type(L, idx) == LUA_TSTRING) {
        push_clean_text(&w, idx);
        return;
    }
    if (lua_istable(L, idx))
        clean_table(&w, idx, 0);
    lua_pushvalue(L, idx);
}
