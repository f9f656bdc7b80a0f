/* The body of a failed call, as reply.c goes about it: whatever it is, the message is one clean
   line, the kind is one of ours, and the token is nowhere. */
#include <lauxlib.h>
#include <string.h>

#include "error.h"
#include "fuzz.h"
#include "json.h"
#include "text.h"

#define TOKEN "0123456789abcdef0123456789abcdef01234567"
enum { LONGEST_MESSAGE = 512, DEPTH = 100 };

static const char *const kinds[] = {"unauthorized", "forbidden",   "not_found", "device_offline",
                                    "rate_limited", "bad_request", "server",    "protocol",
                                    "mfa_required", NULL};

static bool holds_token(const char *s, size_t n) {
    return n >= strlen(TOKEN) && memmem(s, n, TOKEN, strlen(TOKEN)) != NULL;
}

/* Where pt_error_push_scrubbed stopped looking it left no text. */
static void check_clean(lua_State *L, int idx) {
    size_t n;
    luaL_checkstack(L, 8, "check");
    if (lua_type(L, idx) == LUA_TSTRING) {
        const char *text = lua_tolstring(L, idx, &n);
        MUST(!holds_token(text, n));
    } else if (lua_istable(L, idx)) {
        for (lua_pushnil(L); lua_next(L, idx) != 0; lua_pop(L, 1)) {
            check_clean(L, lua_gettop(L) - 1);
            check_clean(L, lua_gettop(L));
        }
    }
}

/* Cleaning what is clean changes nothing. */
static void check_text_scrubbed_again(lua_State *L, int idx) {
    if (lua_type(L, idx) != LUA_TSTRING)
        return;
    pt_error_push_scrubbed(L, idx, TOKEN, strlen(TOKEN));
    MUST(lua_rawequal(L, idx, -1));
    lua_pop(L, 1);
}

static const char *check_line(lua_State *L, int idx) {
    if (lua_isnil(L, idx))
        return NULL;
    size_t n, length;
    const char *line = lua_tolstring(L, idx, &n);
    MUST(n > 0 && n < LONGEST_MESSAGE + 64 && line[0] != ' ' && line[n - 1] != ' ');
    for (size_t i = 0; i < n; i += length) {
        length = pt_utf8_length(line + i, n - i);
        MUST(length > 0 && (unsigned char)line[i] >= ' ' && line[i] != 0x7f);
    }
    MUST(!holds_token(line, n));
    return line;
}

static void check_kind(lua_State *L, long status, const char *message, const char *code) {
    const char *kind = pt_error_kind(status, message, code);
    bool known = false;
    for (const char *const *k = kinds; *k != NULL; k++)
        known = known || strcmp(kind, *k) == 0;
    MUST(known);
    pt_error_push_message(L, 3, kind, status);
    MUST(lua_rawlen(L, -1) > 0);
    lua_pop(L, 1);
}

static int check(lua_State *L) {
    static const long statuses[] = {200, 204, 302, 400, 401, 403, 404,
                                    408, 418, 429, 500, 503, 529};
    size_t n;
    const char *body = lua_tolstring(L, 1, &n);
    if (!pt_json_decode(L, body, n, true)) {
        lua_settop(L, 1);
        lua_pushvalue(L, 1);
    }
    pt_error_push_scrubbed(L, 2, NULL, 0);
    pt_error_push_scrubbed(L, 3, TOKEN, strlen(TOKEN));
    lua_replace(L, 2);
    lua_settop(L, 2);
    check_clean(L, 2);
    check_text_scrubbed_again(L, 2);
    pt_error_read_body(L, 2);
    MUST(lua_gettop(L) == 4);
    const char *message = check_line(L, 3), *code = check_line(L, 4);
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        check_kind(L, statuses[i], message, code);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    fuzz_run(check, bytes, n);
    return 0;
}
