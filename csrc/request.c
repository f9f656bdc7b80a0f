/* The request table: method, path, query, one kind of body, times and flags. */
#include "request.h"

#include <lauxlib.h>
#include <string.h>

#include "base64.h"
#include "field.h"
#include "form.h"
#include "headers.h"
#include "json.h"
#include "lines.h"
#include "lua_util.h"
#include "multipart.h"
#include "path.h"
#include "secret.h"
#include "url.h"

/* Seconds: more than a week is as good as no limit, and fits libcurl's long. */
#define LONGEST 1e6

/* Seconds. The cloud sends something every 9 to 13. */
#define USUAL_IDLE 30

/* Metamethods of the request and finalizers run while it is read, and may close the api. */
static const pt_engine *engine_of(lua_State *L, const pt_transfer *t) {
    if (t->engine == NULL)
        pt_raise(L, "the api is closed");
    return t->engine;
}

static void read_method(lua_State *L, pt_transfer *t) {
    size_t n = 0;
    (void)pt_field_get(L, PT_FIELD_METHOD);
    const char *method = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : NULL;
    if (method == NULL || n == 0 || n >= sizeof t->http->method ||
        strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != n)
        pt_raise(L, "method must be a word such as \"GET\" or \"POST\"");
    memcpy(t->http->method, method, n + 1);
    lua_pop(L, 1);
}

static void read_seconds(lua_State *L, pt_field field, double *into) {
    if (pt_field_get(L, field) != LUA_TNIL) {
        double seconds = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
        if (!(seconds > 0))
            pt_raise(L, "%s must be a positive number of seconds", pt_field_name(field));
        *into = seconds < LONGEST ? seconds : LONGEST;
    }
    lua_pop(L, 1);
}

/* -- body ------------------------------------------------------------------------------------- */

static void read_form(lua_State *L, int value, pt_transfer *t) {
    if (!lua_istable(L, value))
        pt_raise(L, "form must be a table, got %s", luaL_typename(L, value));
    pt_form_append(L, value, PT_LIST_BRACKETS, "form", &t->http->body, &t->http->secrets);
}

/* Remembers a text that no error of this call may show. */
static void remember(lua_State *L, pt_transfer *t, const char *text, size_t n) {
    pt_need(L, pt_secrets_add(&t->http->secrets, text, n));
}

/* Remembers the secrets inside a value that was encoded, so it is neither endless nor too deep. */
static void remember_inside(lua_State *L, int value, pt_transfer *t) {
    size_t n;
    const char *secret = pt_secret_test(L, value, &n);
    if (secret != NULL)
        remember(L, t, secret, n);
    if (!lua_istable(L, value))
        return;
    luaL_checkstack(L, 6, "json");
    lua_pushnil(L);
    while (lua_next(L, value) != 0) {
        remember_inside(L, lua_gettop(L), t);
        lua_pop(L, 1);
    }
}

static void read_json(lua_State *L, int value, pt_transfer *t) {
    bool secret_seen = false;
    pt_json_encode(L, value, &t->http->body, &secret_seen);
    if (secret_seen)
        remember_inside(L, value, t);
    t->json = true;
}

static void read_raw(lua_State *L, int value, pt_transfer *t) {
    size_t n;
    if (lua_type(L, value) != LUA_TSTRING)
        pt_raise(L, "body must be a string, got %s", luaL_typename(L, value));
    const char *bytes = lua_tolstring(L, value, &n);
    pt_need(L, pt_buffer_append(&t->http->body, bytes, n));
}

static void read_multipart(lua_State *L, int value, pt_transfer *t) {
    if (!lua_istable(L, value))
        pt_raise(L, "multipart must be a list of parts, got %s", luaL_typename(L, value));
    pt_multipart_append(L, value, t);
}

static void read_body(lua_State *L, pt_transfer *t) {
    static const struct {
        pt_field field;
        void (*read)(lua_State *L, int value, pt_transfer *t);
    } kinds[] = {{PT_FIELD_FORM, read_form},
                 {PT_FIELD_JSON, read_json},
                 {PT_FIELD_BODY, read_raw},
                 {PT_FIELD_MULTIPART, read_multipart}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (pt_field_get(L, kinds[i].field) != LUA_TNIL) {
            if (t->has_body)
                pt_raise(L, "a request takes one of form, json, body and multipart");
            t->has_body = true;
            kinds[i].read(L, lua_gettop(L), t);
        }
        lua_pop(L, 1);
    }
}

/* -- who asks --------------------------------------------------------------------------------- */

typedef enum { IN_HEADER, IN_QUERY, IN_BODY } place;

static place read_place(lua_State *L) {
    static const char *const names[] = {"header", "query", "body", NULL};
    (void)pt_field_get(L, PT_FIELD_TOKEN_IN);
    const char *name = lua_isnil(L, -1) ? names[IN_HEADER] : lua_tostring(L, -1);
    int found = 0;
    while (names[found] != NULL && (name == NULL || strcmp(names[found], name) != 0))
        found++;
    if (names[found] == NULL)
        pt_raise(L, "token_in must be \"header\", \"query\" or \"body\"");
    lua_pop(L, 1);
    return (place)found;
}

static void check_place(lua_State *L, place where, const pt_transfer *t) {
    if (where == IN_QUERY && strcmp(t->http->method, "GET") != 0)
        pt_raise(L, "token_in = \"query\" works with GET only, not with %s", t->http->method);
    if (where == IN_BODY &&
        (strcmp(t->http->method, "GET") == 0 || strcmp(t->http->method, "HEAD") == 0 || t->json ||
         t->http->mime || pt_field_is_set(L, PT_FIELD_BODY)))
        pt_raise(L, "token_in = \"body\" needs a form body (POST, PUT or DELETE)");
}

static void add_parameter(lua_State *L, pt_buffer *out, const pt_buffer *token) {
    bool first = out->len == 0;
    pt_need(L, (first || pt_buffer_putc(out, '&')) && pt_buffer_puts(out, "access_token=") &&
                   pt_url_escape_form(out, token->data, token->len));
}

/* The api's, which may be empty. */
static const pt_buffer *remember_token(lua_State *L, pt_transfer *t) {
    const pt_buffer *token = pt_engine_token(engine_of(L, t));
    if (token->len > 0)
        remember(L, t, token->data, token->len);
    return token;
}

/* True when the token goes into the shared header lines. */
static bool place_token(lua_State *L, pt_transfer *t) {
    place where = read_place(L);
    check_place(L, where, t);
    const pt_buffer *token = remember_token(L, t);
    if (token->len == 0 || where == IN_HEADER)
        return true;
    if (where == IN_BODY)
        t->has_body = true;
    add_parameter(L, where == IN_QUERY ? &t->http->query : &t->http->body, token);
    return false;
}

static void add_basic(lua_State *L, int auth, pt_transfer *t) {
    size_t name_length, length;
    lua_rawgeti(L, auth, 1);
    lua_rawgeti(L, auth, 2);
    const char *name = lua_tolstring(L, -2, &name_length);
    const char *secret = pt_secret_test(L, -1, &length);
    if (name == NULL || secret == NULL)
        pt_raise(L, "auth must be {user, secret}");
    remember(L, t, secret, length);
    size_t at = t->http->secrets.len; /* the pair is built where it gets wiped */
    pt_need(L, pt_buffer_append(&t->http->secrets, name, name_length) &&
                   pt_buffer_putc(&t->http->secrets, ':') &&
                   pt_buffer_append(&t->http->secrets, secret, length) &&
                   pt_buffer_putc(&t->http->secrets, '\0'));
    pt_need(L, pt_buffer_puts(&t->http->line_text, "Authorization: Basic ") &&
                   pt_base64_append(&t->http->line_text, t->http->secrets.data + at,
                                    t->http->secrets.len - at - 1) &&
                   pt_buffer_putc(&t->http->line_text, '\0'));
    lua_pop(L, 2);
}

/* What the caller's or the api's own line says is as secret as our token. */
static void remember_authorization(lua_State *L, const pt_buffer *lines, pt_transfer *t) {
    const char *value = pt_lines_find(lines, "authorization", 13);
    if (value == NULL)
        return;
    const char *space = strrchr(value, ' ');
    remember(L, t, value, strlen(value));
    if (space != NULL)
        remember(L, t, space + 1, strlen(space + 1));
}

/* -- header lines ----------------------------------------------------------------------------- */

static void add_type(lua_State *L, pt_transfer *t) {
    const char *type = NULL;
    if (pt_field_get(L, PT_FIELD_CONTENT_TYPE) != LUA_TNIL) {
        type = lua_tostring(L, -1);
        if (type == NULL || strpbrk(type, "\r\n") != NULL)
            pt_raise(L, "content_type must be a string without line breaks");
    } else if (t->json || pt_field_is_set(L, PT_FIELD_BODY)) {
        type = t->json ? PT_JSON_TYPE : "application/octet-stream";
    }
    if (type != NULL && pt_lines_find(&t->http->line_text, "content-type", 12) == NULL)
        pt_need(L, pt_buffer_puts(&t->http->line_text, "Content-Type: ") &&
                       pt_buffer_puts(&t->http->line_text, type) &&
                       pt_buffer_putc(&t->http->line_text, '\0'));
    lua_pop(L, 1);
}

/* Of that size libcurl asks whether it may send them, see pt_lines_new. */
static bool is_large(const pt_transfer *t) {
    return t->http->mime != NULL || t->http->body.len > 1024u * 1024;
}

/* Only a request that differs from the others gets lines of its own. */
static void read_lines(lua_State *L, pt_transfer *t, bool bearer) {
    bool basic = pt_field_get(L, PT_FIELD_AUTH) == LUA_TTABLE;
    if (!lua_isnil(L, -1))
        bearer = false;
    int auth = lua_gettop(L);
    bool shared = bearer && !is_large(t) && !pt_field_is_set(L, PT_FIELD_HEADERS) &&
                  !pt_field_is_set(L, PT_FIELD_CONTENT_TYPE) && !pt_field_is_set(L, PT_FIELD_BODY);
    remember_authorization(L, pt_engine_lines(engine_of(L, t)), t);
    if (!shared) {
        if (pt_field_get(L, PT_FIELD_HEADERS) != LUA_TNIL)
            pt_lines_read(L, lua_gettop(L), &t->http->line_text, &t->http->secrets);
        lua_pop(L, 1);
        pt_need(L, pt_lines_add_missing(&t->http->line_text, pt_engine_lines(engine_of(L, t))));
        bool own = pt_lines_find(&t->http->line_text, "authorization", 13) != NULL;
        if (basic && !own)
            add_basic(L, auth, t);
        const pt_buffer *token = pt_engine_token(engine_of(L, t));
        if (bearer && !own && token->len > 0)
            pt_need(L, pt_headers_append_bearer(&t->http->line_text, token));
        add_type(L, t);
        remember_authorization(L, &t->http->line_text, t);
        t->http->lines = pt_lines_new(&t->http->line_text);
        pt_need(L, t->http->lines != NULL);
    }
    lua_pop(L, 1);
}

/* -- event streams ---------------------------------------------------------------------------- */

static void read_events(lua_State *L, pt_transfer *t) {
    if (!pt_field_flag(L, PT_FIELD_EVENTS))
        return;
    t->events = pt_event_queue_new(t->http->limits.event, t->http->limits.unread);
    pt_need(L, t->events != NULL);
    t->idle = USUAL_IDLE;
    read_seconds(L, PT_FIELD_IDLE, &t->idle);
}

/* -- replies that go into a file -------------------------------------------------------------- */

static void read_sink(lua_State *L, pt_transfer *t) {
    size_t n = 0;
    if (pt_field_get(L, PT_FIELD_SAVE_TO) != LUA_TNIL) {
        const char *path = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : NULL;
        if (path == NULL || n == 0 || strlen(path) != n)
            pt_raise(L, "save_to must be the path of a file");
        t->http->sink = pt_sink_new(path);
        pt_need(L, t->http->sink != NULL);
    }
    lua_pop(L, 1);
}

/* -- the whole -------------------------------------------------------------------------------- */

static void read_ready_query(lua_State *L, int value, pt_transfer *t) {
    size_t n;
    const char *text = lua_tolstring(L, value, &n);
    if (!pt_url_is_query(text, n))
        pt_raise(L, "query holds a character that must be percent-encoded");
    pt_need(L, pt_buffer_append(&t->http->query, text, n));
}

static void read_query(lua_State *L, pt_transfer *t) {
    int type = pt_field_get(L, PT_FIELD_QUERY), value = lua_gettop(L);
    if (type == LUA_TSTRING)
        read_ready_query(L, value, t);
    else if (type == LUA_TTABLE)
        pt_form_append(L, value, PT_LIST_COMMAS, "query", &t->http->query, &t->http->secrets);
    else if (type != LUA_TNIL)
        pt_raise(L, "query must be a table or an encoded string, got %s", luaL_typename(L, value));
    lua_pop(L, 1);
}

void pt_request_read(lua_State *L, pt_transfer *t) {
    read_method(L, t);
    pt_path_append(L, pt_engine_base(engine_of(L, t)), t);
    t->idempotent = pt_field_flag(L, PT_FIELD_IDEMPOTENT);
    read_seconds(L, PT_FIELD_TIMEOUT, &t->timeout);
    read_seconds(L, PT_FIELD_DEADLINE, &t->deadline);
    read_events(L, t);
    read_sink(L, t);
    read_query(L, t);
    read_body(L, t);
    bool none = pt_field_is_set(L, PT_FIELD_AUTH);
    bool in_header = none || place_token(L, t);
    read_lines(L, t, in_header && !none);
    pt_need(L, t->http->query.len == 0 || pt_buffer_putc(&t->http->query, '\0'));
}

void pt_request_usual(lua_State *L, int first, int count, pt_transfer *t) {
    pt_path_append_parts(L, pt_engine_base(engine_of(L, t)), first, count, t);
    (void)remember_token(L, t);
    remember_authorization(L, pt_engine_lines(engine_of(L, t)), t);
}
