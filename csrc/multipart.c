/* libcurl's MIME API writes the boundaries; the contents come from upload.c. */
#include "multipart.h"

#include <errno.h>
#include <lauxlib.h>
#include <string.h>

#include "lua_util.h"
#include "upload.h"

static const char *text_field(lua_State *L, int part, const char *name, size_t *n) {
    int type = lua_getfield(L, part, name);
    if (type == LUA_TNIL)
        return NULL;
    const char *text = type == LUA_TSTRING ? lua_tolstring(L, -1, n) : NULL;
    if (text == NULL)
        pt_raise(L, "multipart: %s must be a string, got %s", name, luaL_typename(L, -1));
    return text;
}

/* Names stand between quotes in a header line of the part. */
static const char *name_field(lua_State *L, int part, const char *name) {
    size_t n = 0;
    const char *text = text_field(L, part, name, &n);
    if (text != NULL && (strlen(text) != n || strpbrk(text, "\r\n") != NULL))
        pt_raise(L, "multipart: %s holds a line break or NUL", name);
    return text;
}

static const char *why_unreadable(void) {
    return errno != 0 ? strerror(errno) : "not a regular file";
}

int pt_multipart_file_problem(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    if (pt_upload_is_readable(path))
        return 0;
    lua_pushfstring(L, "cannot read %s: %s", path, why_unreadable());
    return 1;
}

static void add_content(lua_State *L, int part, pt_transfer *t, curl_mimepart *mime) {
    size_t n = 0;
    const char *bytes = text_field(L, part, "data", &n);
    const char *path = name_field(L, part, "path");
    if ((bytes == NULL) == (path == NULL))
        pt_raise(L, "multipart: a part has either data or path");
    CURLcode code = path ? pt_upload_file(t, mime, path) : pt_upload_bytes(t, mime, bytes, n);
    if (code == CURLE_READ_ERROR)
        pt_raise(L, "multipart: cannot read %s: %s", path, why_unreadable());
    pt_need(L, code == CURLE_OK);
}

static void add_part(lua_State *L, int part, pt_transfer *t) {
    curl_mimepart *mime = curl_mime_addpart(t->http->mime);
    pt_need(L, mime != NULL);
    const char *name = name_field(L, part, "name");
    if (name == NULL)
        pt_raise(L, "multipart: a part needs a name");
    pt_need(L, curl_mime_name(mime, name) == CURLE_OK);
    add_content(L, part, t, mime);
    const char *filename = name_field(L, part, "filename");
    pt_need(L, filename == NULL || curl_mime_filename(mime, filename) == CURLE_OK);
    const char *type = name_field(L, part, "type");
    pt_need(L, type == NULL || curl_mime_type(mime, type) == CURLE_OK);
}

void pt_multipart_append(lua_State *L, int idx, pt_transfer *t) {
    t->http->mime = curl_mime_init(t->easy);
    pt_need(L, t->http->mime != NULL);
    lua_Integer count = (lua_Integer)lua_rawlen(L, idx);
    if (count == 0)
        pt_raise(L, "multipart must have at least one part");
    for (lua_Integer i = 1; i <= count; i++) {
        int top = lua_gettop(L);
        if (lua_rawgeti(L, idx, i) != LUA_TTABLE)
            pt_raise(L, "multipart[%I] must be a table, got %s", (LUAI_UACINT)i,
                     luaL_typename(L, -1));
        luaL_checkstack(L, 8, "multipart");
        add_part(L, top + 1, t);
        lua_settop(L, top);
    }
}
