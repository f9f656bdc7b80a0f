/* Runs each scenario again and again in a fresh Lua state, with another allocation failing each
   time, and after it one more call; then nothing may be left: of ours, of libcurl's, of Lua's.
   Usage: host LUA_PATH CLOUD [STEP [SCENARIO]]. Exits with 1 when something was wrong. */
#include <curl/curl.h>
#include <dirent.h>
#include <lauxlib.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "chunks.h"
#include "failing.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

int luaopen_particle_core(lua_State *L);
int luaopen_particle_simulator_httpd(lua_State *L);

#define SCENARIOS "spec/torture/scenarios.lua"
#define STRETCH 6
#define WATCHDOG 20 /* seconds for one run */
/* Seconds: a failed allocation must end a call, not leave it to its timeout. */
#define PATIENCE 1.5
#define MOST_FAULTS 20

/* What prepare() leaves on a state's stack. */
enum { RUN = 1, JUDGE, AGAIN, FUNCTIONS = AGAIN };

static const struct mode {
    const char *name;
    long fails;
} modes[] = {{"one fails", 1}, {"several fail", STRETCH}};

static const char *lua_path;
static int port, refused_port;
static long faults, states;
static char watched[160]; /* what runs now */

static void die(const char *what) {
    fprintf(stderr, "torture: %s\n", what);
    exit(2);
}

static void fault(const char *what) {
    printf("  FAULT: %s: %s\n", watched, what);
    if (fflush(stdout) != 0 || ++faults >= MOST_FAULTS)
        die("too many faults");
}

/* Safe in a signal handler. */
static void tell(const char *what) {
    bool told = write(STDOUT_FILENO, watched, strlen(watched)) > 0 &&
                write(STDOUT_FILENO, what, strlen(what)) > 0;
    if (!told)
        _exit(2);
}

static void on_alarm(int signal) {
    (void)signal;
    tell(": FAULT: hangs\n");
    _exit(1);
}

static void on_crash(void) { tell(": FAULT: crashes\n"); }

static double seconds(void) {
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        die("no clock");
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* -- a Lua state ------------------------------------------------------------------------------ */

/* quiet(f, ...) -> what f returns. For what is not ours and does not stand failures: lua-cjson. */
static int quiet(lua_State *L) {
    failing_pause();
    int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    failing_resume();
    return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

static void preload(lua_State *L, const char *name, lua_CFunction open) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, open);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

/* prepare(scenario) -> run, judge, again */
static int prepare(lua_State *L) {
    luaL_openlibs(L);
    chunks_install(L, lua_path);
    preload(L, "particle.core", luaopen_particle_core);
    preload(L, "particle.simulator.httpd", luaopen_particle_simulator_httpd);
    chunks_load(L, SCENARIOS);
    lua_pushvalue(L, 1);
    lua_pushinteger(L, port);
    lua_pushinteger(L, refused_port);
    lua_pushcfunction(L, quiet);
    lua_call(L, 4, FUNCTIONS);
    return FUNCTIONS;
}

static lua_State *new_state(const char *scenario) {
    lua_State *L = lua_newstate(failing_lua, NULL);
    if (L == NULL)
        die("no memory for a state");
    lua_pushcfunction(L, prepare);
    lua_pushstring(L, scenario);
    if (lua_pcall(L, 1, FUNCTIONS, 0) != LUA_OK)
        die(lua_tostring(L, -1));
    states++;
    return L;
}

static void must_succeed(lua_State *L, int arguments) {
    if (lua_pcall(L, arguments, 0, 0) != LUA_OK)
        fault(lua_tostring(L, -1));
    lua_settop(L, FUNCTIONS);
}

/* Returns how many allocations the scenario asked for. */
static long work(lua_State *L, long first, long fails) {
    lua_pushvalue(L, RUN);
    failing_plan(first, fails);
    bool ok = lua_pcall(L, 0, 0, 0) == LUA_OK;
    long asked = failing_asked();
    failing_plan(0, 0);
    if (ok)
        lua_pushnil(L); /* in the place of a message */
    lua_pushvalue(L, JUDGE);
    lua_insert(L, -2);
    lua_pushboolean(L, asked >= first);
    must_succeed(L, 2);
    lua_pushvalue(L, AGAIN);
    must_succeed(L, 0);
    return asked;
}

/* -- one run ---------------------------------------------------------------------------------- */

typedef struct counts {
    long live[FAILING_OWNERS], descriptors;
} counts;

static counts count(void) {
    counts c = {.descriptors = 0};
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        die("cannot read /proc/self/fd");
    while (readdir(folder) != NULL)
        c.descriptors++;
    closedir(folder);
    for (int i = 0; i < FAILING_OWNERS; i++)
        c.live[i] = failing_live((failing_owner)i);
    return c;
}

/* Without memory for an address libcurl asks its resolver, a thread that may outlive the call. */
static void await_resolver(long libcurl_before) {
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; i < 2000 && failing_live(FAILING_CURL) > libcurl_before; i++)
        nanosleep(&pause, NULL);
}

static void compare(const char *what, long before, long after) {
    char text[80];
    if (after == before)
        return;
    snprintf(text, sizeof text, "%ld %s left", after - before, what);
    fault(text);
}

static void compare_counts(counts before, counts after) {
    compare("blocks of ours", before.live[FAILING_OURS], after.live[FAILING_OURS]);
    compare("blocks of libcurl", before.live[FAILING_CURL], after.live[FAILING_CURL]);
    compare("blocks of Lua", before.live[FAILING_LUA], after.live[FAILING_LUA]);
    compare("descriptors", before.descriptors, after.descriptors);
}

static long run_once(const char *scenario, long first, long fails) {
    counts before = count();
    alarm(WATCHDOG);
    lua_State *L = new_state(scenario);
    double start = seconds();
    long asked = work(L, first, fails);
    if (seconds() - start > PATIENCE)
        fault("waited for a timeout");
    lua_close(L);
    await_resolver(before.live[FAILING_CURL]);
    alarm(0);
    compare_counts(before, count());
    return asked;
}

/* Until a run in which nothing failed. */
static long run_all(const char *scenario, const struct mode *mode, long step) {
    for (long n = 1;; n += step) {
        snprintf(watched, sizeof watched, "%s, %s at %ld", scenario, mode->name, n);
        long asked = run_once(scenario, n, mode->fails);
        if (asked < n)
            return asked;
    }
}

/* -- the process ------------------------------------------------------------------------------ */

static void find_cloud(const char *program) {
    FILE *cloud = popen(program, "r"); /* ends with us, as its reader */
    if (cloud == NULL || fscanf(cloud, "%d %d", &port, &refused_port) != 2)
        die("the fake cloud did not start");
}

/* Keeps lua-cjson loaded, and returns the scenarios' names, a list on the stack. */
static lua_State *warm_up(void) {
    lua_State *L = luaL_newstate();
    if (L == NULL)
        die("no memory");
    states++;
    lua_pushcfunction(L, prepare);
    lua_pushnil(L);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK)
        die(lua_tostring(L, -1));
    return L;
}

static long torture(const char *scenario, long step) {
    long total = 0;
    double start = seconds();
    printf("%-12s", scenario);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        long points = run_all(scenario, &modes[i], step);
        printf("  %s: %5ld points", modes[i].name, points);
        total += points;
    }
    printf("  %5.1f s\n", seconds() - start);
    return total;
}

static long torture_all(lua_State *names, const char *only, long step) {
    long total = 0;
    for (lua_Integer i = 1; lua_rawgeti(names, 1, i) != LUA_TNIL; i++) {
        const char *scenario = lua_tostring(names, -1);
        if (only == NULL || strcmp(only, scenario) == 0)
            total += torture(scenario, step);
        lua_pop(names, 1);
    }
    return total;
}

/* libcurl counts its initialisations: one of ours, and one for each state that got so far. */
static void stop_libcurl(void) {
    for (long i = 0; i <= states; i++)
        curl_global_cleanup();
    snprintf(watched, sizeof watched, "the end");
    compare("blocks of libcurl", 0, failing_live(FAILING_CURL));
}

int main(int argc, char **argv) {
    long step = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
    if (argc < 3 || step < 1)
        die("usage: host LUA_PATH CLOUD [STEP [SCENARIO]]");
    lua_path = argv[1];
    find_cloud(argv[2]);
    signal(SIGALRM, on_alarm);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_set_death_callback(on_crash);
#else
    (void)on_crash;
#endif
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, failing_curl_malloc, failing_free,
                             failing_curl_realloc, failing_curl_strdup,
                             failing_curl_calloc) != CURLE_OK)
        die("libcurl cannot start");
    lua_State *names = warm_up();
    long total = torture_all(names, argc > 4 ? argv[4] : NULL, step);
    lua_close(names);
    stop_libcurl();
    printf("%ld points of failure in %ld states, %ld faults\n", total, states, faults);
    return total > 0 && faults == 0 ? 0 : 1;
}
