/* A small file that its owner alone can read. All is done relative to the opened folder, and what
   was checked is what is read: nothing can be put in its place in between. A new content is written
   beside it and renamed, so a reader sees the old one or the new one, whole. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "lua_util.h"
#include "poller.h"

#define FILE_NAME "particle.private_file"
#define LONGEST_FILE ((size_t)64 * 1024)
#define LONGEST_NAME 200 /* of the file itself; the one beside it has a longer name */

/* What is open, so that an error closes it. */
typedef struct files {
    int folder, file;
    pt_buffer bytes;
    char name[LONGEST_NAME + 1];
    char beside[LONGEST_NAME + 40];
} files;

static void close_fd(int *fd) {
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static int files_close(lua_State *L) {
    files *f = luaL_checkudata(L, 1, FILE_NAME);
    close_fd(&f->file);
    close_fd(&f->folder);
    pt_buffer_free(&f->bytes);
    return 0;
}

/* -- what is wrong ---------------------------------------------------------------------------- */

/* Results of the function: nil and what is wrong, with the path in front. */
static int fail(lua_State *L, const char *why) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s %s", lua_tostring(L, 1), why);
    return 2;
}

static int fail_system(lua_State *L, const char *what) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s: %s: %s", lua_tostring(L, 1), what, strerror(errno));
    return 2;
}

static const char *folder_problem(const struct stat *s) {
    if (s->st_uid != geteuid() && s->st_uid != 0)
        return "lies in a folder of another user";
    if ((s->st_mode & (S_IWGRP | S_IWOTH)) != 0 && (s->st_mode & S_ISVTX) == 0)
        return "lies in a folder in which others can write";
    return NULL;
}

static const char *file_problem(const struct stat *s) {
    if (S_ISLNK(s->st_mode))
        return "is a symbolic link";
    if (!S_ISREG(s->st_mode))
        return "is not a file";
    if (s->st_uid != geteuid())
        return "belongs to another user";
    if ((s->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return "can be read or written by others (chmod 600 would cure that)";
    if ((size_t)s->st_size > LONGEST_FILE)
        return "is larger than 64 KiB";
    return NULL;
}

/* -- opening ---------------------------------------------------------------------------------- */

/* Pushes the files; splits the path at its last slash. */
static files *push_files(lua_State *L, const char **folder) {
    size_t n;
    const char *path = luaL_checklstring(L, 1, &n), *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (strlen(path) != n || n == 0 || *name == '\0' || strlen(name) > LONGEST_NAME)
        pt_raise(L, "the path must end in the name of a file (%d bytes at most)", LONGEST_NAME);
    files *f = lua_newuserdatauv(L, sizeof *f, 0);
    *f = (files){.folder = -1, .file = -1};
    luaL_setmetatable(L, FILE_NAME);
    lua_toclose(L, -1); /* when the function returns or raises */
    memcpy(f->name, name, strlen(name) + 1);
    if (slash == NULL)
        lua_pushliteral(L, ".");
    else
        lua_pushlstring(L, path, slash == path ? 1 : (size_t)(slash - path));
    *folder = lua_tostring(L, -1);
    return f;
}

typedef enum {
    MISSING,
    THERE,
    WRONG /* the two results that say why were pushed */
} state;

static state open_folder(lua_State *L, files *f, const char *folder) {
    struct stat s;
    f->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->folder < 0 && (errno == ENOENT || errno == ENOTDIR))
        return MISSING;
    if (f->folder < 0 || fstat(f->folder, &s) != 0) {
        (void)fail_system(L, "its folder cannot be opened");
        return WRONG;
    }
    const char *problem = folder_problem(&s);
    if (problem == NULL)
        return THERE;
    (void)fail(L, problem);
    return WRONG;
}

/* Looks at the file without opening it. */
static state look(lua_State *L, const files *f) {
    struct stat s;
    if (fstatat(f->folder, f->name, &s, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return MISSING;
        (void)fail_system(L, "cannot be looked at");
        return WRONG;
    }
    const char *problem = file_problem(&s);
    if (problem == NULL)
        return THERE;
    (void)fail(L, problem);
    return WRONG;
}

/* -- reading ---------------------------------------------------------------------------------- */

static bool read_all(files *f) {
    ssize_t got;
    do {
        if (!pt_buffer_reserve(&f->bytes, 4096)) {
            errno = ENOMEM;
            return false;
        }
        got = read(f->file, f->bytes.data + f->bytes.len, f->bytes.cap - f->bytes.len);
        if (got > 0)
            f->bytes.len += (size_t)got;
    } while ((got > 0 && f->bytes.len <= LONGEST_FILE) || (got < 0 && errno == EINTR));
    return got >= 0;
}

/* read_private(path) -> text | nil (no such file) | nil, problem */
static int read_private(lua_State *L) {
    const char *folder;
    struct stat s;
    files *f = push_files(L, &folder);
    state found = open_folder(L, f, folder);
    if (found == THERE)
        found = look(L, f);
    if (found != THERE)
        return found == MISSING ? 0 : 2;
    f->file = openat(f->folder, f->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (f->file < 0 && errno == ENOENT)
        return 0;
    if (f->file < 0 || fstat(f->file, &s) != 0)
        return fail_system(L, "cannot be opened");
    const char *problem = file_problem(&s); /* it may be another one than a moment ago */
    if (problem != NULL)
        return fail(L, problem);
    if (!read_all(f))
        return fail_system(L, "cannot be read");
    lua_pushlstring(L, f->bytes.data, f->bytes.len);
    return 1;
}

/* -- writing ---------------------------------------------------------------------------------- */

static bool write_all(int fd, const char *bytes, size_t n) {
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

/* A name that nobody else uses: another process has another id, another moment another time. */
static bool open_beside(files *f) {
    for (unsigned i = 0; i < 100; i++) {
        unsigned long long moment = (unsigned long long)(pt_now() * 1e9) + i;
        (void)snprintf(f->beside, sizeof f->beside, ".%s.%lx.%llx", f->name, (long)getpid(),
                       moment);
        f->file = openat(f->folder, f->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (f->file >= 0 || errno != EEXIST)
            break;
    }
    return f->file >= 0;
}

/* The file is whole on the disk before it gets the name. */
static bool fill_and_rename(files *f, const char *text, size_t n) {
    bool written = fchmod(f->file, S_IRUSR | S_IWUSR) == 0 && write_all(f->file, text, n) &&
                   fsync(f->file) == 0;
    bool closed = close(f->file) == 0;
    f->file = -1;
    return written && closed && renameat(f->folder, f->beside, f->folder, f->name) == 0;
}

/* write_private(path, text) -> true | nil, problem */
static int write_private(lua_State *L) {
    const char *folder;
    size_t n;
    const char *text = luaL_checklstring(L, 2, &n);
    files *f = push_files(L, &folder);
    state found = open_folder(L, f, folder);
    if (found == MISSING)
        return fail(L, "lies in a folder that does not exist");
    if (n > LONGEST_FILE)
        return fail(L, "would be larger than 64 KiB");
    if (found == WRONG || look(L, f) == WRONG)
        return 2;
    if (!open_beside(f))
        return fail_system(L, "cannot be written");
    if (!fill_and_rename(f, text, n)) {
        int failed = fail_system(L, "cannot be written");
        (void)unlinkat(f->folder, f->beside, 0);
        return failed;
    }
    (void)fsync(f->folder); /* some file systems cannot */
    lua_pushboolean(L, 1);
    return 1;
}

/* remove_private(path) -> true (also when there is none) | nil, problem */
static int remove_private(lua_State *L) {
    const char *folder;
    files *f = push_files(L, &folder);
    state found = open_folder(L, f, folder);
    if (found == THERE)
        found = look(L, f);
    if (found == WRONG)
        return 2;
    if (found == THERE && unlinkat(f->folder, f->name, 0) != 0 && errno != ENOENT)
        return fail_system(L, "cannot be removed");
    lua_pushboolean(L, 1);
    return 1;
}

static const luaL_Reg functions[] = {{"read_private", read_private},
                                     {"write_private", write_private},
                                     {"remove_private", remove_private},
                                     {NULL, NULL}};

void pt_private_file_open(lua_State *L) {
    luaL_setfuncs(L, functions, 0);
    luaL_newmetatable(L, FILE_NAME);
    lua_pushcfunction(L, files_close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, files_close);
    lua_setfield(L, -2, "__close");
    lua_pop(L, 1);
}
