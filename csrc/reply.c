/* What came back, judged: a value, or an error object that says what is known. */
#include "reply.h"

#include <ctype.h>
#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "lua_util.h"
#include "response.h"
#include "url.h"

/* -- errors ----------------------------------------------------------------------------------- */

static bool is(const char *kind, const char *other) { return strcmp(kind, other) == 0; }

typedef enum { NEVER, SURELY, MAYBE } delivery;

/* Surely only when the cloud itself answered, not a proxy, and its answer leaves no doubt. */
static delivery judge_delivery(const pt_transfer *t, const char *kind) {
    if (!t->sent)
        return NEVER;
    bool answered =
        t->end == PT_END_REPLY && t->status < 500 && t->status != 407 && t->status != 408;
    return answered && !is(kind, "protocol") && !is(kind, "device_offline") ? SURELY : MAYBE;
}

static bool is_retryable(const pt_transfer *t, const char *kind, delivery delivered) {
    if (is(kind, "rate_limited"))
        return true;
    bool passing = is(kind, "network") || is(kind, "timeout") || is(kind, "server");
    return passing && (t->idempotent || delivered == NEVER) && t->end != PT_END_DEADLINE;
}

static void scrub_text(lua_State *L, const char *secret, size_t n) {
    pt_error_push_scrubbed(L, lua_gettop(L), secret, n);
    lua_remove(L, -2);
}

typedef bool (*escape_fn)(pt_buffer *out, const char *s, size_t n);

static void scrub_escaped(lua_State *L, pt_transfer *t, const char *secret, size_t n,
                          escape_fn escape) {
    pt_buffer *b = &t->http->line_text; /* free since the lines were built */
    pt_buffer_clear(b);
    pt_need(L, escape(b, secret, n));
    if (b->len == n && memcmp(b->data, secret, n) == 0)
        return;
    scrub_text(L, b->data, b->len);
    for (size_t i = 0; i + 2 < b->len; i++) { /* libcurl prefers %2f in paths */
        if (b->data[i] != '%')
            continue;
        b->data[i + 1] = (char)tolower((unsigned char)b->data[i + 1]);
        b->data[i + 2] = (char)tolower((unsigned char)b->data[i + 2]);
    }
    scrub_text(L, b->data, b->len);
}

/* Replaces the value on top by a copy that shows none of this call's secrets, as they are or as
   paths and forms write them. */
static void scrub(lua_State *L, pt_transfer *t) {
    scrub_text(L, NULL, 0);
    for (size_t at = 0; at < t->http->secrets.len;) {
        const char *secret = t->http->secrets.data + at;
        size_t n = strlen(secret);
        at += n + 1;
        if (n == 0)
            continue;
        scrub_text(L, secret, n);
        scrub_escaped(L, t, secret, n, pt_url_escape_part);
        scrub_escaped(L, t, secret, n, pt_url_escape_form);
    }
}

static void set_number(lua_State *L, const char *name, double value) {
    lua_pushnumber(L, value);
    lua_setfield(L, -2, name);
}

static void set_integer(lua_State *L, const char *name, lua_Integer value) {
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

static void set_text(lua_State *L, const char *name, const char *text) {
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

/* Takes the message from the top of the stack; pushes the error table. */
static void push_error(lua_State *L, pt_transfer *t, const char *kind) {
    delivery delivered = judge_delivery(t, kind);
    lua_createtable(L, 0, 12);
    lua_insert(L, -2);
    lua_setfield(L, -2, "message");
    set_text(L, "kind", kind);
    set_text(L, "method", t->http->method);
    lua_pushstring(L, t->http->shown.data);
    scrub(L, t);
    lua_setfield(L, -2, "url");
    set_integer(L, "attempts", 1);
    set_number(L, "elapsed", t->finished - t->submitted);
    if (delivered == MAYBE)
        lua_pushliteral(L, "maybe");
    else
        lua_pushboolean(L, delivered == SURELY);
    lua_setfield(L, -2, "delivered");
    lua_pushboolean(L, is_retryable(t, kind, delivered));
    lua_setfield(L, -2, "retryable");
    if (t->status != 0)
        set_integer(L, "status", t->status);
    pt_error_mark(L, lua_gettop(L));
}

/* The message and the body are on top of the stack, above nil. */
static int fail_protocol_with_body(lua_State *L, pt_transfer *t) {
    scrub(L, t);
    lua_insert(L, -2);
    scrub(L, t);
    push_error(L, t, "protocol");
    lua_insert(L, -2);
    lua_setfield(L, -2, "body");
    return 2;
}

static int fail_protocol(lua_State *L, pt_transfer *t, const char *message) {
    lua_pushnil(L);
    lua_pushstring(L, message);
    lua_pushlstring(L, t->http->reply.data, t->http->reply.len);
    return fail_protocol_with_body(L, t);
}

static int fail_too_deep(lua_State *L, pt_transfer *t) {
    lua_pushfstring(L, "the reply is no JSON that is read: nested deeper than max_depth (%I)",
                    (LUAI_UACINT)t->http->limits.depth);
    return fail_protocol(L, t, lua_tostring(L, -1));
}

static void set_retry_after(lua_State *L, const pt_transfer *t) {
    curl_off_t seconds = 0;
    if (curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0)
        set_integer(L, "retry_after", (lua_Integer)seconds);
}

/* The one secret that an error hands out, because the next step of the login needs it. */
static void keep_mfa_token(lua_State *L, int body, int error) {
    if (!lua_istable(L, body))
        return;
    lua_getfield(L, body, "mfa_token");
    lua_setfield(L, error, "mfa_token");
}

/* The decoded (or raw) body is on top of the stack. */
static int fail_with_body(lua_State *L, pt_transfer *t) {
    int body = lua_gettop(L);
    lua_pushvalue(L, body);
    lua_newtable(L);
    keep_mfa_token(L, body, body + 2);
    lua_insert(L, -2);
    scrub(L, t);
    lua_replace(L, body);
    pt_error_read_body(L, body); /* pushes message and code */
    const char *message = lua_tostring(L, -2), *code = lua_tostring(L, -1);
    const char *kind = pt_error_kind(t->status, message, code);
    lua_pushnil(L);
    pt_error_push_message(L, body + 2, kind, t->status);
    push_error(L, t, kind);
    lua_pushvalue(L, body + 3);
    lua_setfield(L, -2, "code");
    lua_pushvalue(L, body);
    lua_setfield(L, -2, "body");
    if (is(kind, "mfa_required")) {
        lua_getfield(L, body + 1, "mfa_token");
        lua_setfield(L, -2, "mfa_token");
    }
    set_retry_after(L, t);
    return 2;
}

/* Pushes it decoded, or as it came. */
static void push_body(lua_State *L, const pt_transfer *t) {
    if (pt_json_decode(L, t->http->reply.data, t->http->reply.len, true))
        return;
    lua_pop(L, 1);
    lua_pushlstring(L, t->http->reply.data, t->http->reply.len);
}

static int fail_with_status(lua_State *L, pt_transfer *t) {
    push_body(L, t);
    return fail_with_body(L, t);
}

/* -- transport failures ----------------------------------------------------------------------- */

/* CURLE_HTTP2 and CURLE_HTTP2_STREAM, too, mean mostly that a connection or a stream was closed. */
static const char *curl_kind(CURLcode code) {
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return "timeout";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_USE_SSL_FAILED:
        return "tls";
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
        return "protocol";
    default:
        return "network";
    }
}

/* libcurl has no code of its own for it. */
static bool is_misframed(const pt_transfer *t) {
    return t->code == CURLE_RECV_ERROR && strstr(t->http->problem, "in chunked-encoding") != NULL;
}

/* libcurl quotes a proxy's address that it cannot use, with the password in it. */
static const char *reason_of(const pt_transfer *t) {
    static const char quoted[] = "Unsupported proxy";
    if (t->http->problem[0] == '\0')
        return curl_easy_strerror(t->code);
    bool quotes = strncmp(t->http->problem, quoted, sizeof quoted - 1) == 0;
    return quotes ? "the proxy's address is none that can be used" : t->http->problem;
}

/* The text and the limit, a number of bytes as people write it. */
static void push_limit(lua_State *L, const char *text, size_t bytes) {
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB"};
    size_t unit = 0;
    for (; unit < 3 && bytes >= 1024 && bytes % 1024 == 0; unit++)
        bytes /= 1024;
    lua_pushfstring(L, "%s (%I %s)", text, (LUAI_UACINT)bytes, units[unit]);
}

static void push_curl_message(lua_State *L, const pt_transfer *t) {
    const char *reason = reason_of(t);
    if (t->code == CURLE_OPERATION_TIMEDOUT && t->sent)
        lua_pushfstring(L, "no reply within %f s (timeout)", (LUAI_UACNUMBER)t->timeout);
    else if (t->code == CURLE_OPERATION_TIMEDOUT)
        lua_pushfstring(L, "no connection within %f s (%s): %s",
                        (LUAI_UACNUMBER)fmin(t->timeout, t->http->limits.connect),
                        t->timeout < t->http->limits.connect ? "timeout" : "connect_timeout",
                        reason);
    else if (t->code == CURLE_ABORTED_BY_CALLBACK)
        lua_pushliteral(L, "the connection was closed before a reply came; not sent again, because "
                           "it may have been carried out");
    else
        lua_pushstring(L, reason);
}

static const char *push_end(lua_State *L, const pt_transfer *t) {
    switch (t->end) {
    case PT_END_DEADLINE:
        lua_pushfstring(L, "no result within the deadline of %f s", (LUAI_UACNUMBER)t->deadline);
        return "timeout";
    case PT_END_BODY:
        push_limit(L, "the reply is larger than max_body", t->http->limits.body);
        return "too_large";
    case PT_END_HEAD:
        push_limit(L, "the reply's header lines are larger than max_head", t->http->limits.head);
        return "too_large";
    case PT_END_CODED:
        lua_pushliteral(L, "the reply is compressed more than once");
        return "protocol";
    case PT_END_CROWD:
        lua_pushfstring(L, "max_waiting (%I) calls wait for a connection already",
                        (LUAI_UACINT)t->http->limits.waiting);
        return "rate_limited";
    case PT_END_BROKEN:
        lua_pushliteral(L, "the connection was closed inside the reply's header lines");
        return "network";
    case PT_END_STREAM:
        lua_pushliteral(L, "an event stream came where a reply was due");
        return "protocol";
    case PT_END_FILE:
        lua_pushliteral(L, "a file to upload became shorter or unreadable while it was sent");
        return "cancelled";
    case PT_END_SINK:
        lua_pushfstring(L, "cannot write %s: %s", pt_sink_path(t->http->sink),
                        pt_sink_problem(t->http->sink));
        return "cancelled";
    case PT_END_CANCELLED:
        lua_pushliteral(L, "the call was cancelled");
        return "cancelled";
    case PT_END_CLOSED:
        lua_pushliteral(L, "the api was closed during the call");
        return "closed";
    default:
        push_curl_message(L, t);
        return is_misframed(t) ? "protocol" : curl_kind(t->code);
    }
}

const char *pt_reply_push_loss(lua_State *L, const pt_transfer *t) {
    switch (t->end) {
    case PT_END_REPLY:
        lua_pushliteral(L, "the server ended the stream");
        return "network";
    case PT_END_SILENT:
        lua_pushfstring(L, "the stream was silent for %f s (idle)", (LUAI_UACNUMBER)t->idle);
        return "timeout";
    case PT_END_EVENT:
        push_limit(L, "a line or an event of the stream is longer than max_event",
                   t->events->sse.limit);
        return "too_large";
    case PT_END_MEMORY:
        lua_pushliteral(L, "not enough memory for the stream's connection");
        return "network";
    case PT_END_CURL:
        lua_pushstring(L, t->code == CURLE_PARTIAL_FILE ? "the server broke the stream off"
                                                        : curl_easy_strerror(t->code));
        return curl_kind(t->code);
    default:
        return push_end(L, t);
    }
}

static int fail_transport(lua_State *L, pt_transfer *t) {
    lua_pushnil(L);
    const char *kind = push_end(L, t);
    scrub(L, t);
    push_error(L, t, kind);
    return 2;
}

/* -- success ---------------------------------------------------------------------------------- */

static bool says_not_ok(lua_State *L) {
    if (!lua_istable(L, -1))
        return false;
    lua_pushliteral(L, "ok");
    bool refused = lua_rawget(L, -2) == LUA_TBOOLEAN && !lua_toboolean(L, -1);
    lua_pop(L, 1);
    return refused;
}

static bool is_too_deep(const pt_transfer *t) {
    return pt_json_is_deeper(t->http->reply.data, t->http->reply.len, t->http->limits.depth);
}

static bool is_limited(const pt_transfer *t) { return t->http->limits.depth < PT_JSON_DEEPEST; }

/* Pushes the value, or nil and the error. */
static int push_whole(lua_State *L, pt_transfer *t, bool nulls) {
    const pt_buffer *reply = &t->http->reply;
    if (reply->len == 0) {
        lua_pushboolean(L, 1);
    } else if (is_limited(t) && is_too_deep(t)) {
        return fail_too_deep(L, t);
    } else if (!pt_json_decode(L, reply->data, reply->len, nulls)) {
        if (is_too_deep(t))
            return fail_too_deep(L, t);
        lua_pushfstring(L, "the reply is no JSON: %s", lua_tostring(L, -1));
        return fail_protocol(L, t, lua_tostring(L, -1));
    } else if (says_not_ok(L)) {
        return fail_with_body(L, t);
    }
    return 1;
}

/* Of the value on top. */
static bool push_from(lua_State *L, const char *field) {
    if (!lua_istable(L, -1))
        return false;
    lua_pushstring(L, field);
    return lua_rawget(L, -2) != LUA_TNIL;
}

/* Of a reply that is more than plain: pushes all of it, and its field; a null there counts as one.
 */
static bool find_field(lua_State *L, const pt_transfer *t, const pt_reply_wishes *wishes) {
    if (push_from(L, wishes->only))
        return true;
    bool decoded = pt_json_decode(L, t->http->reply.data, t->http->reply.len, true);
    return decoded && push_from(L, wishes->only);
}

static bool fits(lua_State *L, const pt_reply_wishes *wishes) {
    return !wishes->integer || lua_isinteger(L, -1);
}

static int fail_without_field(lua_State *L, pt_transfer *t, const pt_reply_wishes *wishes) {
    lua_pushnil(L);
    lua_pushfstring(L, "the reply has no %s%s", wishes->integer ? "whole number as " : "",
                    wishes->only);
    push_body(L, t);
    return fail_protocol_with_body(L, t);
}

static int push_field(lua_State *L, pt_transfer *t, const pt_reply_wishes *wishes) {
    const pt_buffer *reply = &t->http->reply;
    bool plain = !is_limited(t) &&
                 pt_json_decode_field(L, reply->data, reply->len, wishes->only, wishes->nulls);
    if (!plain && push_whole(L, t, wishes->nulls) == 2)
        return 2;
    if (!plain && !find_field(L, t, wishes))
        return fail_without_field(L, t, wishes);
    return fits(L, wishes) ? 1 : fail_without_field(L, t, wishes);
}

static int push_value(lua_State *L, pt_transfer *t, const pt_reply_wishes *wishes) {
    if (t->http->sink != NULL) {
        lua_pushboolean(L, 1);
        return 1;
    }
    if (wishes->raw) {
        lua_pushlstring(L, t->http->reply.data, t->http->reply.len);
        return 1;
    }
    return wishes->only ? push_field(L, t, wishes) : push_whole(L, t, wishes->nulls);
}

static int push_success(lua_State *L, pt_transfer *t, const pt_reply_wishes *wishes) {
    if (t->http->sink != NULL && !pt_sink_finish(t->http->sink)) {
        t->end = PT_END_SINK;
        return fail_transport(L, t);
    }
    int results = push_value(L, t, wishes);
    if (results == 2 || !wishes->response)
        return results;
    pt_response_push(L, t);
    return 2;
}

int pt_reply_push(lua_State *L, pt_transfer *t, const pt_reply_wishes *wishes) {
    luaL_checkstack(L, 24, "reply");
    if (t->end == PT_END_MEMORY)
        pt_raise(L, "not enough memory");
    if (t->end != PT_END_REPLY)
        return fail_transport(L, t);
    bool success = t->status >= 200 && t->status < 300;
    if (success && t->events != NULL)
        return fail_protocol(L, t, "the reply is no event stream");
    if (success)
        return push_success(L, t, wishes);
    if (t->status < 400)
        return fail_protocol(L, t,
                             "the reply is a redirect, which is never followed: check base_url");
    return fail_with_status(L, t);
}
