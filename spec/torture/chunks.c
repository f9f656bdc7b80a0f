/* The cache of compiled files. Its memory is the host's own: it neither fails nor counts. */
#include "chunks.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing.h"

#define MOST_CHUNKS 128

typedef struct chunk {
    char file[256];
    char *bytes;
    size_t n;
} chunk;

static chunk chunks[MOST_CHUNKS];
static size_t count;

static int keep(lua_State *L, const void *bytes, size_t n, void *owner) {
    (void)L;
    chunk *c = owner;
    char *longer = realloc(c->bytes, c->n + n);
    if (longer == NULL)
        return 1;
    memcpy(longer + c->n, bytes, n);
    c->bytes = longer;
    c->n += n;
    return 0;
}

static chunk *compile(const char *file) {
    lua_State *own = luaL_newstate();
    chunk *c = &chunks[count];
    if (own == NULL || count == MOST_CHUNKS || luaL_loadfile(own, file) != LUA_OK ||
        lua_dump(own, keep, c, 0) != 0) {
        fprintf(stderr, "torture: cannot compile %s\n", file);
        exit(2);
    }
    lua_close(own);
    snprintf(c->file, sizeof c->file, "%s", file);
    count++;
    return c;
}

void chunks_load(lua_State *L, const char *file) {
    const chunk *found = NULL;
    for (size_t i = 0; i < count && found == NULL; i++)
        if (strcmp(chunks[i].file, file) == 0)
            found = &chunks[i];
    if (found == NULL)
        found = compile(file);
    if (luaL_loadbufferx(L, found->bytes, found->n, file, "b") != LUA_OK)
        lua_error(L);
}

/* Writes the first file of that module along the path; false when there is none. */
static bool find(const char *path, const char *module, char *file, size_t size) {
    while (*path != '\0') {
        const char *mark = strchr(path, '?');
        size_t n = strcspn(path, ";");
        if (mark == NULL || mark >= path + n)
            return false;
        int before = (int)(mark - path), after = (int)n - before - 1;
        snprintf(file, size, "%.*s%s%.*s", before, path, module, after, mark + 1);
        FILE *there = fopen(file, "r");
        if (there != NULL) {
            fclose(there);
            return true;
        }
        path += n + (path[n] == ';');
    }
    return false;
}

/* searcher(module) -> loader, file; the path is its upvalue */
static int search(lua_State *L) {
    char module[128], file[256];
    snprintf(module, sizeof module, "%s", luaL_checkstring(L, 1));
    for (char *dot; (dot = strchr(module, '.')) != NULL;)
        *dot = '/';
    if (!find(lua_tostring(L, lua_upvalueindex(1)), module, file, sizeof file))
        return 0;
    chunks_load(L, file);
    lua_pushstring(L, file);
    return 2;
}

void chunks_install(lua_State *L, const char *path) {
    lua_getglobal(L, LUA_LOADLIBNAME);
    lua_getfield(L, -1, "searchers");
    lua_pushstring(L, path);
    lua_pushcclosure(L, search, 1);
    lua_rawseti(L, -2, 2); /* in the place of the one for Lua files */
    lua_pop(L, 2);
}
