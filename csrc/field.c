#include "field.h"

#include <lauxlib.h>

static const char *const names[PT_FIELDS + 1] = {
    [PT_FIELD_METHOD] = "method",       [PT_FIELD_FOREIGN] = "foreign",
    [PT_FIELD_PATH] = "path",           [PT_FIELD_SECRET_PATH] = "secret_path",
    [PT_FIELD_QUERY] = "query",         [PT_FIELD_FORM] = "form",
    [PT_FIELD_JSON] = "json",           [PT_FIELD_BODY] = "body",
    [PT_FIELD_MULTIPART] = "multipart", [PT_FIELD_CONTENT_TYPE] = "content_type",
    [PT_FIELD_HEADERS] = "headers",     [PT_FIELD_AUTH] = "auth",
    [PT_FIELD_TOKEN_IN] = "token_in",   [PT_FIELD_IDEMPOTENT] = "idempotent",
    [PT_FIELD_TIMEOUT] = "timeout",     [PT_FIELD_DEADLINE] = "deadline",
    [PT_FIELD_EVENTS] = "events",       [PT_FIELD_IDLE] = "idle",
    [PT_FIELD_SAVE_TO] = "save_to",     [PT_FIELD_RAW] = "raw",
    [PT_FIELD_RESPONSE] = "response",   [PT_FIELD_NULLS] = "nulls",
    [PT_FIELD_ONLY] = "only",
};

const char *pt_field_name(pt_field field) { return names[field]; }

void pt_field_push_names(lua_State *L) {
    luaL_checkstack(L, PT_FIELDS, "request");
    for (int field = 1; field <= PT_FIELDS; field++)
        lua_pushstring(L, names[field]);
}

int pt_field_get(lua_State *L, pt_field field) {
    lua_pushvalue(L, lua_upvalueindex((int)field));
    return lua_gettable(L, PT_REQUEST);
}

bool pt_field_is_set(lua_State *L, pt_field field) {
    bool found = pt_field_get(L, field) != LUA_TNIL;
    lua_pop(L, 1);
    return found;
}

bool pt_field_flag(lua_State *L, pt_field field) {
    (void)pt_field_get(L, field);
    bool flag = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return flag;
}
