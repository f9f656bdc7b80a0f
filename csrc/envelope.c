/* A third of an event's time went into decoding the same four short fields. Whatever is not as
   simple as those, valid or not, is left to the real decoder. */
#include "envelope.h"

#include <string.h>

enum { FIELDS = 6, DIGITS = 15 };

typedef struct text {
    const char *at, *end;
} text;

static bool skip(text *t, char c) {
    bool found = t->at < t->end && *t->at == c;
    t->at += found;
    return found;
}

static bool skip_word(text *t, const char *word) {
    size_t n = strlen(word);
    bool found = (size_t)(t->end - t->at) >= n && memcmp(t->at, word, n) == 0;
    if (found)
        t->at += n;
    return found;
}

/* Pushes what stands between the quotes. */
static bool push_string(lua_State *L, text *t) {
    if (!skip(t, '"'))
        return false;
    const char *start = t->at;
    while (t->at < t->end && *t->at != '"') {
        if (*t->at < ' ' || *t->at > '~' || *t->at == '\\')
            return false;
        t->at++;
    }
    lua_pushlstring(L, start, (size_t)(t->at - start));
    return skip(t, '"');
}

/* A whole number that a double holds, without sign or leading zero. */
static bool push_number(lua_State *L, text *t) {
    const char *start = t->at;
    lua_Integer value = 0;
    while (t->at < t->end && *t->at >= '0' && *t->at <= '9' && t->at - start <= DIGITS)
        value = value * 10 + (*t->at++ - '0');
    lua_pushinteger(L, value);
    return t->at > start && t->at - start <= DIGITS && (*start != '0' || t->at - start == 1);
}

static bool push_value(lua_State *L, text *t) {
    if (t->at < t->end && *t->at == '"')
        return push_string(L, t);
    bool yes = skip_word(t, "true");
    if (yes || skip_word(t, "false")) {
        lua_pushboolean(L, yes);
        return true;
    }
    if (skip_word(t, "null")) {
        lua_pushnil(L);
        return true;
    }
    return push_number(L, t);
}

static bool read_fields(lua_State *L, text *t, int table) {
    do {
        if (!push_string(L, t) || !skip(t, ':') || !push_value(L, t))
            return false;
        lua_rawset(L, table);
    } while (skip(t, ','));
    return skip(t, '}') && t->at == t->end;
}

bool pt_envelope_push(lua_State *L, const char *s, size_t n) {
    text t = {s, s + n};
    int top = lua_gettop(L);
    if (!skip(&t, '{'))
        return false;
    lua_createtable(L, 0, FIELDS);
    if (read_fields(L, &t, top + 1))
        return true;
    lua_settop(L, top);
    return false;
}
