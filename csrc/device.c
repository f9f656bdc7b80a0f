/* The userdata device: what addresses it, its api, its scope and the last known record, all in user
   values, so that a list of handles costs no tables. The verbs are Lua functions. */
#include <lauxlib.h>
#include <string.h>

#include "core.h"
#include "lua_util.h"
#include "path.h"

enum { API = PT_DEVICE_API, REF, PRODUCT, RECORD, USER_VALUES = RECORD };

const pt_handle_type pt_device_type = {"particle.device", sizeof(pt_handle)};

static void check(lua_State *L, int idx) { (void)pt_handle_check(L, idx, &pt_device_type); }

/* device(api, id or name [, product [, record]]) -> device */
static int new_device(lua_State *L) {
    (void)pt_handle_check(L, 1, &pt_api_type);
    luaL_checktype(L, 2, LUA_TSTRING);
    lua_settop(L, USER_VALUES);
    if (!lua_isnil(L, RECORD))
        luaL_checktype(L, RECORD, LUA_TTABLE);
    (void)pt_handle_new(L, &pt_device_type, USER_VALUES);
    for (int i = API; i <= USER_VALUES; i++) {
        if (lua_isnil(L, i))
            continue;
        lua_pushvalue(L, i);
        lua_setiuservalue(L, -2, i);
    }
    return 1;
}

static int get(lua_State *L, int value) {
    check(L, 1);
    lua_getiuservalue(L, 1, value);
    return 1;
}

static int get_api(lua_State *L) { return get(L, API); }

static int get_product(lua_State *L) { return get(L, PRODUCT); }

static int get_or_set(lua_State *L, int value, int type) {
    check(L, 1);
    if (lua_gettop(L) > 1) {
        luaL_checktype(L, 2, type);
        lua_settop(L, 2);
        lua_setiuservalue(L, 1, value);
    }
    return get(L, value);
}

/* device_ref(device [, new]): the id or name that stands in paths */
static int get_ref(lua_State *L) { return get_or_set(L, REF, LUA_TSTRING); }

/* device_record(device [, new]) */
static int get_record(lua_State *L) { return get_or_set(L, RECORD, LUA_TTABLE); }

/* -- path ------------------------------------------------------------------------------------- */

static bool is_id(lua_State *L, int idx) {
    size_t n;
    const char *ref = lua_tolstring(L, idx, &n);
    return n == 24 && strspn(ref, "0123456789abcdefABCDEF") == n;
}

int pt_device_push_parts(lua_State *L, int idx, int part) {
    int top = lua_gettop(L);
    lua_pushliteral(L, "v1");
    if (lua_getiuservalue(L, idx, PRODUCT) != LUA_TNIL) {
        lua_pushliteral(L, "products");
        lua_insert(L, -2);
    } else {
        lua_pop(L, 1);
    }
    lua_pushliteral(L, "devices");
    lua_getiuservalue(L, idx, REF);
    if (part != 0)
        lua_pushvalue(L, part);
    return lua_gettop(L) - top;
}

/* Pushes the path as a table; argument 2 is the part, or nil. */
static void push_path(lua_State *L) {
    int first = lua_gettop(L) + 1;
    int count = pt_device_push_parts(L, 1, lua_isnil(L, 2) ? 0 : 2);
    lua_createtable(L, count, 0);
    lua_insert(L, first);
    for (int i = count; i > 0; i--)
        lua_rawseti(L, first, i);
}

/* device_path(device [, part]) -> raw parts */
static int get_path(lua_State *L) {
    check(L, 1);
    lua_settop(L, 2);
    push_path(L);
    return 1;
}

/* Of a product's device the id must be known. */
static bool is_addressable(lua_State *L, int idx) {
    lua_getiuservalue(L, idx, PRODUCT);
    lua_getiuservalue(L, idx, REF);
    bool known = lua_isnil(L, -2) || is_id(L, -1);
    lua_pop(L, 2);
    return known;
}

bool pt_device_is_known(lua_State *L, int idx) {
    bool recorded = lua_getiuservalue(L, idx, RECORD) != LUA_TNIL;
    lua_pop(L, 1);
    return recorded && is_addressable(L, idx);
}

/* device_way(device, part [, reserved word]) -> raw parts of its path, state of its api, record or
   nil. All that a read or a call must know, in one go. Nothing where one of them is not as it
   should be, or the id must be asked for: then Lua looks closer. */
static int get_way(lua_State *L) {
    lua_settop(L, 3);
    if (!pt_handle_test(L, 1, &pt_device_type) || !pt_path_is_part(L, 2) || lua_rawequal(L, 2, 3) ||
        !is_addressable(L, 1))
        return 0;
    push_path(L);
    lua_getiuservalue(L, 1, API);
    lua_getiuservalue(L, -1, PT_API_STATE);
    lua_replace(L, -2);
    lua_getiuservalue(L, 1, RECORD);
    return 3;
}

/* -- fields ----------------------------------------------------------------------------------- */

/* Pushes a field of the record, or nil. */
static int push_known(lua_State *L, int device, const char *name) {
    int type = LUA_TNIL;
    if (lua_getiuservalue(L, device, RECORD) == LUA_TTABLE) {
        lua_pushstring(L, name);
        type = lua_rawget(L, -2);
    } else {
        lua_pushnil(L);
    }
    lua_remove(L, -2);
    return type;
}

/* Pushes the field, taken from the reference itself when no record tells. */
static int push_identity(lua_State *L, int device, const char *name, bool id) {
    int type = push_known(L, device, name);
    if (type != LUA_TNIL)
        return type;
    lua_pop(L, 1);
    type = lua_getiuservalue(L, device, REF);
    if (is_id(L, -1) == id)
        return type;
    lua_pop(L, 1);
    lua_pushnil(L);
    return LUA_TNIL;
}

static int push_online(lua_State *L, int device) {
    int type = push_known(L, device, "online");
    if (type != LUA_TNIL)
        return type;
    lua_pop(L, 1);
    return push_known(L, device, "connected"); /* its older name */
}

static void push_field(lua_State *L, const char *name) {
    if (strcmp(name, "id") == 0)
        push_identity(L, 1, name, true);
    else if (strcmp(name, "name") == 0)
        push_identity(L, 1, name, false);
    else if (strcmp(name, "online") == 0)
        push_online(L, 1);
    else if (strcmp(name, "product") == 0)
        lua_getiuservalue(L, 1, PRODUCT);
    else if (strcmp(name, "record") == 0)
        lua_getiuservalue(L, 1, RECORD);
    else
        push_known(L, 1, name);
}

/* Methods first, so that no key of a record can hide one. */
static int device_index(lua_State *L) {
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 1;
    if (lua_type(L, 2) != LUA_TSTRING)
        return 1;
    lua_pushvalue(L, 2);
    if (lua_gettable(L, lua_upvalueindex(2)) != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_call(L, 1, 1);
        return 1;
    }
    push_field(L, lua_tostring(L, 2));
    return 1;
}

/* -- the userdata ----------------------------------------------------------------------------- */

static int device_tostring(lua_State *L) {
    check(L, 1);
    bool id = push_identity(L, 1, "id", true) == LUA_TSTRING;
    bool name = push_identity(L, 1, "name", false) == LUA_TSTRING;
    bool known = push_online(L, 1) == LUA_TBOOLEAN;
    const char *state = !known ? "" : lua_toboolean(L, -1) ? ", online" : ", offline";
    if (id && name)
        lua_pushfstring(L, "particle.device %s (%s%s)", lua_tostring(L, -2), lua_tostring(L, -3),
                        state);
    else
        lua_pushfstring(L, "particle.device %s%s", lua_tostring(L, id ? -3 : -2), state);
    return 1;
}

static bool same(lua_State *L, int value, const char *name) {
    for (int device = 1; device <= 2; device++) {
        if (name != NULL)
            push_identity(L, device, name, true);
        else
            lua_getiuservalue(L, device, value);
    }
    bool equal = lua_compare(L, -1, -2, LUA_OPEQ) && (name == NULL || !lua_isnil(L, -1));
    lua_pop(L, 2);
    return equal;
}

/* Equal by id and scope; while an id is unknown, by name in the same account. */
static int device_eq(lua_State *L) {
    bool both = pt_handle_test(L, 1, &pt_device_type) && pt_handle_test(L, 2, &pt_device_type);
    lua_pushboolean(L, both && same(L, PRODUCT, NULL) &&
                           (same(L, 0, "id") || (same(L, REF, NULL) && same(L, API, NULL))));
    return 1;
}

static const luaL_Reg functions[] = {
    {"device", new_device},          {"device_api", get_api},
    {"device_product", get_product}, {"device_ref", get_ref},
    {"device_path", get_path},       {"device_way", get_way},
    {"device_record", get_record},   {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__tostring", device_tostring}, {"__eq", device_eq}, {NULL, NULL}};

void pt_device_open(lua_State *L) {
    luaL_setfuncs(L, functions, 0);
    lua_newtable(L);
    lua_newtable(L);
    luaL_newmetatable(L, pt_device_type.name);
    luaL_setfuncs(L, metamethods, 0);
    lua_pushvalue(L, -3);
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, device_index, 2);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    lua_setfield(L, -3, "device_getters");
    lua_setfield(L, -2, "device_methods");
}
