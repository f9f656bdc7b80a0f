/* What reading a fleet costs a C program: libcurl's socket interface on epoll, one easy handle for
   each read in flight, default options, and a scan of the reply.
   Usage: fleet_baseline URL IN_FLIGHT READS STREAMS, the last for idle event streams on the same
   multi handle. Prints microseconds of wall and CPU for one read. */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#define LONGEST_REPLY 4096

typedef struct transfer {
    CURL *easy;
    size_t n;
    char reply[LONGEST_REPLY + 1];
} transfer;

static CURLM *multi;
static int events = -1; /* the epoll set */
static long timer = -1; /* ms */
static const char *base;
static struct curl_slist *lines;
static long begun, finished, wanted, opened;

static void fail(const char *what) {
    fprintf(stderr, "fleet_baseline: %s\n", what);
    exit(1);
}

/* -- the socket interface --------------------------------------------------------------------- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *known) {
    (void)easy, (void)owner;
    struct epoll_event event = {.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) |
                                          (what & CURL_POLL_OUT ? EPOLLOUT : 0u),
                                .data.fd = fd};
    int how = what == CURL_POLL_REMOVE ? EPOLL_CTL_DEL : known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    (void)epoll_ctl(events, how, fd, &event);
    (void)curl_multi_assign(multi, fd, what == CURL_POLL_REMOVE ? NULL : &events);
    return 0;
}

static int on_timer(CURLM *m, long ms, void *owner) {
    (void)m, (void)owner;
    timer = ms;
    return 0;
}

static void act(curl_socket_t fd, int mask) {
    int running = 0;
    if (curl_multi_socket_action(multi, fd, mask, &running) != CURLM_OK)
        fail("the multi handle failed");
}

static int mask_of(uint32_t what) {
    return (what & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
           (what & (EPOLLIN | EPOLLHUP | EPOLLERR) ? CURL_CSELECT_IN : 0);
}

static void step(void) {
    struct epoll_event found[64];
    int n = epoll_wait(events, found, 64, (int)timer);
    if (n <= 0) {
        timer = -1;
        act(CURL_SOCKET_TIMEOUT, 0);
    }
    for (int i = 0; i < n; i++)
        act(found[i].data.fd, mask_of(found[i].events));
}

/* -- reads ------------------------------------------------------------------------------------ */

static size_t keep(char *bytes, size_t size, size_t count, void *owner) {
    transfer *t = owner;
    size_t n = size * count;
    if (n > LONGEST_REPLY - t->n)
        return 0;
    memcpy(t->reply + t->n, bytes, n);
    t->n += n;
    return n;
}

static void begin(transfer *t) {
    char url[256];
    snprintf(url, sizeof url, "%s/v1/devices/%024ld/temperature", base, begun++ % 1000);
    t->n = 0;
    curl_easy_setopt(t->easy, CURLOPT_URL, url);
    if (curl_multi_add_handle(multi, t->easy) != CURLM_OK)
        fail("a read cannot begin");
}

static void understand(transfer *t) {
    t->reply[t->n] = '\0';
    const char *result = strstr(t->reply, "\"result\":");
    if (result == NULL || strtod(result + 9, NULL) < 21.5)
        fail("the reply is another than expected");
}

static void finish(CURL *easy, CURLcode code) {
    char *owner = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
    if (code != CURLE_OK || owner == NULL)
        fail("a request failed");
    transfer *t = (transfer *)(void *)owner;
    understand(t);
    finished++;
    curl_multi_remove_handle(multi, easy);
    if (begun < wanted)
        begin(t);
}

static void run(transfer *transfers, long in_flight, long reads) {
    begun = finished = 0;
    wanted = reads;
    for (long i = 0; i < in_flight && begun < wanted; i++)
        begin(&transfers[i]);
    while (finished < wanted) {
        CURLMsg *message;
        int left;
        step();
        while ((message = curl_multi_info_read(multi, &left)) != NULL)
            if (message->msg == CURLMSG_DONE)
                finish(message->easy_handle, message->data.result);
    }
}

static void prepare(transfer *t) {
    t->easy = curl_easy_init();
    if (t->easy == NULL)
        fail("libcurl has no memory");
    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
}

/* -- idle streams ----------------------------------------------------------------------------- */

static size_t count_stream(char *bytes, size_t size, size_t count, void *owner) {
    (void)bytes, (void)owner;
    opened++; /* the preamble: it is open */
    return size * count;
}

static void open_streams(const char *cloud, long streams) {
    char url[256];
    snprintf(url, sizeof url, "%s/idle/v1/devices/events", cloud);
    for (long i = 0; i < streams; i++) {
        CURL *easy = curl_easy_init();
        if (easy == NULL)
            fail("libcurl has no memory");
        curl_easy_setopt(easy, CURLOPT_URL, url);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, count_stream);
        if (curl_multi_add_handle(multi, easy) != CURLM_OK)
            fail("a stream cannot be opened");
        while (opened <= i)
            step();
    }
}

/* -- the process ------------------------------------------------------------------------------ */

static double seconds(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t) != 0)
        fail("no such clock");
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void open_multi(long connections) {
    multi = curl_multi_init();
    events = epoll_create1(EPOLL_CLOEXEC);
    lines = curl_slist_append(NULL, "Authorization: Bearer 0123456789abcdef");
    if (multi == NULL || events < 0 || lines == NULL)
        fail("no memory");
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections);
}

int main(int argc, char **argv) {
    static char slow[256];
    long in_flight = argc == 5 ? strtol(argv[2], NULL, 10) : 0;
    long reads = argc == 5 ? strtol(argv[3], NULL, 10) : 0;
    long streams = argc == 5 ? strtol(argv[4], NULL, 10) : 0;
    if (in_flight <= 0 || reads <= 0)
        fail("usage: fleet_baseline URL IN_FLIGHT READS STREAMS");
    snprintf(slow, sizeof slow, "%s%s", argv[1], in_flight > 1 ? "/slow" : "/idle");
    base = slow;
    transfer *transfers = calloc((size_t)in_flight, sizeof *transfers);
    if (transfers == NULL)
        fail("no memory");
    open_multi(in_flight + streams + 4);
    open_streams(argv[1], streams);
    for (long i = 0; i < in_flight; i++)
        prepare(&transfers[i]);
    run(transfers, in_flight, reads); /* start-up is not counted */
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    run(transfers, in_flight, reads);
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("%.3f %.3f\n", wall / (double)reads * 1e6, cpu / (double)reads * 1e6);
    return 0;
}
