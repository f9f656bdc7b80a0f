/* Reads what the cloud says about a failure. There is no one shape for it, and a gateway may answer
 * anything at all: tables are read raw, to a bounded depth and width. */
#include "error.h"
#include "text.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 8
#define ENTRIES_MAX 8
#define MESSAGE_SIZE 512
#define CODE_SIZE 64
#define EXCERPT_SIZE 124
#define EXCERPT_INPUT 16384 /* no more of a page is looked at */

typedef struct {
    lua_State *L;
    pt_line message;
    pt_line code;
} reader;

static bool read_value(reader *r, int idx, int depth);

static bool add_text(reader *r, int idx, const char *separator) {
    size_t n = 0;
    const char *s = lua_tolstring(r->L, idx, &n);
    if (n == 0)
        return false;
    if (r->message.n > 0)
        pt_line_puts(&r->message, separator);
    pt_line_add(&r->message, s, n);
    return true;
}

/* The first code found stays. */
static void set_code(reader *r, int idx) {
    size_t n = 0;
    if (r->code.n > 0 || (lua_type(r->L, idx) != LUA_TSTRING && lua_type(r->L, idx) != LUA_TNUMBER))
        return;
    lua_pushvalue(r->L, idx);
    if (lua_type(r->L, -1) == LUA_TNUMBER && lua_tointegerx(r->L, -1, NULL) != 0) {
        lua_pushinteger(r->L, lua_tointeger(r->L, -1)); /* 408, not 408.0 */
        lua_replace(r->L, -2);
    }
    const char *s = lua_tolstring(r->L, -1, &n);
    pt_line_add(&r->code, s, n);
    lua_pop(r->L, 1);
}

/* Pushes the field of the object at `idx`; whether it is a text that is not empty. */
static bool push_text_field(reader *r, int idx, const char *name) {
    lua_pushstring(r->L, name);
    return lua_rawget(r->L, idx) == LUA_TSTRING && lua_rawlen(r->L, -1) > 0;
}

/* Adds the text of a field. */
static bool read_text_field(reader *r, int idx, const char *name, const char *separator) {
    bool added = push_text_field(r, idx, name) && add_text(r, -1, separator);
    lua_pop(r->L, 1);
    return added;
}

/* Adds what a field holds, whatever its shape. */
static bool read_field(reader *r, int idx, const char *name, int depth) {
    lua_pushstring(r->L, name);
    lua_rawget(r->L, idx);
    bool added = read_value(r, lua_gettop(r->L), depth + 1);
    lua_pop(r->L, 1);
    return added;
}

/* OAuth's codes look like `invalid_grant`; the other replies have a sentence in the same place. */
static bool looks_like_code(const char *s) {
    if (*s < 'a' || *s > 'z')
        return false;
    while ((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '_')
        s++;
    return *s == '\0';
}

/* The code: `error` when a description stands beside it or it looks like one, else `code`. */
static void read_code(reader *r, int idx, bool described) {
    if (push_text_field(r, idx, "error") && (described || looks_like_code(lua_tostring(r->L, -1))))
        set_code(r, lua_gettop(r->L));
    lua_pushliteral(r->L, "code");
    lua_rawget(r->L, idx);
    set_code(r, lua_gettop(r->L));
    lua_pop(r->L, 2);
}

static bool has_text(reader *r, int idx, const char *name) {
    bool has = push_text_field(r, idx, name);
    lua_pop(r->L, 1);
    return has;
}

/* {"message":..., "description":..., "violations":[{"message":...}, ...]} */
static bool read_schema_message(reader *r, int idx, int depth) {
    if (!read_text_field(r, idx, "message", "; "))
        return false;
    read_text_field(r, idx, "description", ": ");
    read_field(r, idx, "violations", depth);
    return true;
}

static bool read_object(reader *r, int idx, int depth) {
    const char *described = NULL;
    if (has_text(r, idx, "error_description"))
        described = "error_description";
    else if (has_text(r, idx, "error") && has_text(r, idx, "description"))
        described = "description";
    read_code(r, idx, described != NULL);
    if (described != NULL)
        return read_text_field(r, idx, described, "; ");
    return read_field(r, idx, "error", depth) || read_field(r, idx, "errors", depth) ||
           read_schema_message(r, idx, depth) || read_text_field(r, idx, "description", "; ") ||
           read_text_field(r, idx, "info", "; ") || read_text_field(r, idx, "output", "; ") ||
           read_text_field(r, idx, "status", "; ");
}

static bool read_array(reader *r, int idx, int depth) {
    bool added = false;
    for (lua_Integer i = 1; i <= ENTRIES_MAX && !r->message.full; i++) {
        int type = lua_rawgeti(r->L, idx, i);
        if (type == LUA_TNUMBER)
            set_code(r, lua_gettop(r->L)); /* the pair ["text", 404] */
        else if (type != LUA_TNIL)
            added = read_value(r, lua_gettop(r->L), depth + 1) || added;
        lua_pop(r->L, 1);
        if (type == LUA_TNIL)
            break;
    }
    return added;
}

/* Adds the texts of the value; false when it holds none. */
static bool read_value(reader *r, int idx, int depth) {
    int type = lua_type(r->L, idx);
    if (type == LUA_TSTRING)
        return add_text(r, idx, "; ");
    if (type != LUA_TTABLE || depth > DEPTH_MAX)
        return false;
    luaL_checkstack(r->L, 8, "error body nested too deep");
    return lua_rawlen(r->L, idx) > 0 ? read_array(r, idx, depth) : read_object(r, idx, depth);
}

/* The end of the markup that begins at s[i] ('<'): behind its '>', for a comment behind its "-->",
 * and for an element whose content is no text behind that. */
static size_t skip_markup(const char *s, size_t n, size_t i, bool skip_head) {
    static const char *const ends[][2] = {
        {"<!--", "-->"}, {"<script", "</script"}, {"<style", "</style"}, {"<head>", "</head"}};
    const char *end = ">";
    for (size_t k = 0; k < sizeof ends / sizeof ends[0] - (skip_head ? 0 : 1); k++)
        if (pt_begins_with(s + i, n - i, ends[k][0]))
            end = ends[k][1];
    while (i < n && !pt_begins_with(s + i, n - i, end))
        i++;
    while (i < n && s[i] != '>')
        i++;
    return i < n ? i + 1 : n;
}

/* The text of a page, or of plain text, from its beginning. */
static void add_excerpt(pt_line *line, const char *s, size_t n, bool skip_head) {
    bool markup = n > 0 && s[0] == '<';
    for (size_t i = 0; i < n && !line->full;) {
        if (markup && s[i] == '<') {
            i = skip_markup(s, n, i, skip_head);
            pt_line_puts(line, " ");
        } else {
            size_t from = i++;
            while (i < n && !(markup && s[i] == '<'))
                i++;
            pt_line_add(line, s + from, i - from);
        }
    }
    pt_line_end(line);
}

/* A body that was not JSON. Text that meant to be JSON, or is no text at all, says nothing. */
static void read_text(reader *r, const char *s, size_t n) {
    char storage[EXCERPT_SIZE];
    pt_line line;
    if (n > EXCERPT_INPUT)
        n = EXCERPT_INPUT;
    while (n > 0 && pt_is_space(*s)) {
        s++;
        n--;
    }
    if (n == 0 || *s == '{' || *s == '[' || *s == '"' || memchr(s, '\0', n) != NULL)
        return;
    pt_line_begin(&line, storage, sizeof storage);
    add_excerpt(&line, s, n, true);
    if (line.n == 0)
        add_excerpt(&line, s, n, false);
    pt_line_add(&r->message, line.text, line.n);
}

/* Pushes the line without secrets, or nil when it is empty. */
static void push_line(lua_State *L, pt_line *line) {
    const char *text = pt_line_end(line);
    if (*text == '\0') {
        lua_pushnil(L);
        return;
    }
    lua_pushstring(L, text);
    pt_error_push_scrubbed(L, -1, NULL, 0);
    lua_remove(L, -2);
}

void pt_error_read_body(lua_State *L, int idx) {
    char message[MESSAGE_SIZE];
    char code[CODE_SIZE];
    reader r = {.L = L};
    idx = lua_absindex(L, idx);
    luaL_checkstack(L, 8, "error body nested too deep");
    pt_line_begin(&r.message, message, sizeof message);
    pt_line_begin(&r.code, code, sizeof code);
    if (lua_type(L, idx) == LUA_TSTRING) {
        size_t n = 0;
        const char *s = lua_tolstring(L, idx, &n);
        read_text(&r, s, n);
    } else {
        read_value(&r, idx, 0);
    }
    push_line(L, &r.message);
    push_line(L, &r.code);
}

static bool is_any(const char *text, const char *const *list) {
    for (; text != NULL && *list != NULL; list++)
        if (strcmp(text, *list) == 0)
            return true;
    return false;
}

/* The recorded texts of a device that did not answer; compilers time out too. */
static bool says_offline(const char *message) {
    return message != NULL &&
           ((pt_contains(message, "timed out") && !pt_contains(message, "compile")) ||
            pt_contains(message, "isn't online") || pt_contains(message, "is not online"));
}

static const char *bad_request_kind(const char *message, const char *code) {
    static const char *const refused[] = {"invalid_grant", "invalid_client", NULL};
    if (is_any(code, refused))
        return "unauthorized";
    if (message != NULL && pt_contains(message, "access token was not found"))
        return "unauthorized";
    return says_offline(message) ? "device_offline" : "bad_request";
}

const char *pt_error_kind(long status, const char *message, const char *code) {
    if (code != NULL && strcmp(code, "mfa_required") == 0 && status >= 400 && status < 500)
        return "mfa_required";
    switch (status) {
    case 400:
        return bad_request_kind(message, code);
    case 401:
        return "unauthorized";
    case 403:
        return "forbidden";
    case 404:
        return says_offline(message) ? "device_offline" : "not_found";
    case 408:
        return "device_offline";
    case 429:
    case 529:
        return "rate_limited";
    case 500:
        return says_offline(message) ? "device_offline" : "server";
    default:
        break;
    }
    if (status >= 200 && status < 300) /* "ok": false */
        return says_offline(message) ? "device_offline" : "bad_request";
    if (status >= 400 && status < 500)
        return "bad_request";
    return status >= 500 && status < 600 ? "server" : "protocol";
}

void pt_error_push_message(lua_State *L, int idx, const char *kind, long status) {
    const char *hint = strcmp(kind, "forbidden") == 0 ? " (or the device may not exist)" : "";
    const char *message = lua_type(L, idx) == LUA_TSTRING ? lua_tostring(L, idx) : NULL;
    if (message != NULL)
        lua_pushfstring(L, "%s%s", message, hint);
    else
        lua_pushfstring(L, "the reply has status %d%s", (int)status, hint);
}
