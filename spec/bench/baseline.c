/* What the same jobs cost a C program that does as little as it can: libcurl, one easy handle that
   is reused, default options, and a scan of the reply for what is wanted of it.
   Usage: baseline URL read|call|list OPERATIONS. Prints microseconds of wall and CPU for one. */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LONGEST_REPLY (1024 * 1024)
#define DEVICES 100
#define DEVICE "/v1/devices/0123456789abcdef01234567"

typedef struct reply {
    char bytes[LONGEST_REPLY + 1];
    size_t n;
} reply;

typedef struct device {
    char id[32], name[64];
    bool online;
} device;

typedef struct job {
    const char *name, *path, *fields;
    bool (*understand)(const char *reply);
} job;

static void fail(const char *what) {
    fprintf(stderr, "baseline: %s\n", what);
    exit(1);
}

/* -- the least that finds a key where it belongs: not in a string, not in an inner object ------ */

static const char *skip_string(const char *at) {
    while (*++at != '"')
        if (*at == '\0' || (*at == '\\' && *++at == '\0'))
            return at;
    return at + 1;
}

static const char *skip_value(const char *at) {
    int depth = 0;
    do {
        if (*at == '"') {
            at = skip_string(at);
            continue;
        }
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        at++;
    } while (*at != '\0' && (depth > 0 || !strchr(",}]", *at)));
    return at;
}

typedef void (*field_fn)(void *owner, const char *key, const char *value);

/* `at` is at the brace; returns what follows the object. */
static const char *each_field(const char *at, field_fn field, void *owner) {
    while (*at == '{' || *at == ',') {
        const char *key = at + 1, *colon = skip_string(key);
        if (*colon != ':')
            fail("no JSON object");
        field(owner, key, colon + 1);
        at = skip_value(colon + 1);
    }
    return at + (*at == '}');
}

static bool is(const char *key, const char *quoted) {
    return strncmp(key, quoted, strlen(quoted)) == 0;
}

static void copy_text(char *into, size_t size, const char *value) {
    size_t n = *value == '"' ? (size_t)(skip_string(value) - value) - 2 : 0;
    if (n >= size)
        n = size - 1;
    memcpy(into, value + 1, n);
    into[n] = '\0';
}

/* -- the jobs --------------------------------------------------------------------------------- */

static void note_result(void *owner, const char *key, const char *value) {
    if (is(key, "\"result\""))
        *(double *)owner = strtod(value, NULL);
}

static bool variable(const char *text) {
    double value = 0;
    each_field(text, note_result, &value);
    return value > 21;
}

static void note_return(void *owner, const char *key, const char *value) {
    if (is(key, "\"return_value\""))
        *(long *)owner = strtol(value, NULL, 10);
}

static bool function(const char *text) {
    long value = 0;
    each_field(text, note_return, &value);
    return value == 1;
}

static void note_device(void *owner, const char *key, const char *value) {
    device *d = owner;
    if (is(key, "\"id\""))
        copy_text(d->id, sizeof d->id, value);
    else if (is(key, "\"name\""))
        copy_text(d->name, sizeof d->name, value);
    else if (is(key, "\"online\""))
        d->online = *value == 't';
}

static bool devices(const char *text) {
    static device found[DEVICES];
    size_t n = 0;
    while ((*text == '[' || *text == ',') && n < DEVICES)
        text = each_field(text + 1, note_device, &found[n++]);
    return n == DEVICES && *text == ']';
}

static const job jobs[] = {
    {"read", DEVICE "/temperature", NULL, variable},
    {"call", DEVICE "/led", "arg=on", function},
    {"list", "/v1/devices", NULL, devices},
};

static const job *find_job(const char *name) {
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++)
        if (strcmp(jobs[i].name, name) == 0)
            return &jobs[i];
    return NULL;
}

/* -- requests --------------------------------------------------------------------------------- */

static size_t keep(char *bytes, size_t size, size_t count, void *owner) {
    reply *r = owner;
    size_t n = size * count;
    if (n > LONGEST_REPLY - r->n)
        return 0;
    memcpy(r->bytes + r->n, bytes, n);
    r->n += n;
    return n;
}

static void run(CURL *easy, reply *r, const job *j, long operations) {
    for (long i = 0; i < operations; i++) {
        r->n = 0;
        if (curl_easy_perform(easy) != CURLE_OK)
            fail("a request failed");
        r->bytes[r->n] = '\0';
        if (!j->understand(r->bytes))
            fail("the reply is another than expected");
    }
}

static double seconds(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t) != 0)
        fail("no such clock");
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void measure(CURL *easy, reply *r, const job *j, long operations) {
    if (operations > 1)
        run(easy, r, j, operations / 10 + 1); /* start-up is not counted */
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    run(easy, r, j, operations);
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("%.3f %.3f\n", wall / (double)operations * 1e6, cpu / (double)operations * 1e6);
}

int main(int argc, char **argv) {
    static reply r;
    char url[256];
    const job *j = argc == 4 ? find_job(argv[2]) : NULL;
    long operations = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
    if (j == NULL || operations <= 0)
        fail("usage: baseline URL read|call|list OPERATIONS");
    CURL *easy = curl_easy_init();
    struct curl_slist *lines = curl_slist_append(NULL, "Authorization: Bearer 0123456789abcdef");
    if (easy == NULL || lines == NULL)
        fail("libcurl has no memory");
    snprintf(url, sizeof url, "%s%s", argv[1], j->path);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &r);
    if (j->fields)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, j->fields);
    measure(easy, &r, j, operations);
    curl_easy_cleanup(easy);
    curl_slist_free_all(lines);
    return 0;
}
