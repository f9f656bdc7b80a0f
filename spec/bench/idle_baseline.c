/* What idle event streams cost a C program: libcurl's socket interface with default options and
   nothing else. Usage: idle_baseline URL TOKEN STREAMS. Prints bytes of heap and of resident memory
   for one stream. */
#include <curl/curl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static void fail(const char *what) {
    fprintf(stderr, "idle_baseline: %s\n", what);
    exit(1);
}

static size_t count_bytes(char *bytes, size_t size, size_t count, void *owner) {
    (void)bytes;
    if (*(long *)owner == 0) /* the preamble: it is open */
        *(long *)owner = 1;
    return size * count;
}

static long heap(void) {
    struct mallinfo2 info = mallinfo2();
    return (long)(info.uordblks + info.hblkhd);
}

static long resident(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1)
        fail("no /proc");
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* -- the socket interface, which ours uses too ------------------------------------------------ */

static int events = -1; /* the epoll set */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *known) {
    (void)easy, (void)owner;
    struct epoll_event event = {.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) |
                                          (what & CURL_POLL_OUT ? EPOLLOUT : 0u),
                                .data.fd = fd};
    int how = what == CURL_POLL_REMOVE ? EPOLL_CTL_DEL : known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    (void)epoll_ctl(events, how, fd, &event);
    (void)curl_multi_assign(owner, fd, what == CURL_POLL_REMOVE ? NULL : owner);
    return 0;
}

static void act(CURLM *multi, curl_socket_t fd, long expected) {
    int running = 0;
    if (curl_multi_socket_action(multi, fd, 0, &running) != CURLM_OK || running < expected)
        fail("a stream failed");
}

static void open_stream(CURLM *multi, const char *url, struct curl_slist *lines, long *opened) {
    CURL *easy = curl_easy_init();
    if (easy == NULL)
        fail("libcurl has no memory");
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, count_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, opened);
    if (curl_multi_add_handle(multi, easy) != CURLM_OK)
        fail("a stream cannot be opened");
}

static void open_streams(CURLM *multi, const char *url, struct curl_slist *lines, long *opened,
                         long from, long to) {
    for (long i = from; i < to; i++) {
        open_stream(multi, url, lines, &opened[i]);
        act(multi, CURL_SOCKET_TIMEOUT, i + 1);
        while (opened[i] == 0) {
            struct epoll_event ready;
            int n = epoll_wait(events, &ready, 1, 1);
            act(multi, n == 1 ? ready.data.fd : CURL_SOCKET_TIMEOUT, i + 1);
        }
    }
}

int main(int argc, char **argv) {
    enum { BEFORE = 10 }; /* start-up is not counted */
    char url[256], line[128];
    long streams = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
    if (streams <= 0)
        fail("usage: idle_baseline URL TOKEN STREAMS");
    snprintf(url, sizeof url, "%s/v1/devices/events", argv[1]);
    snprintf(line, sizeof line, "Authorization: Bearer %s", argv[2]);
    long *opened = calloc((size_t)streams + BEFORE, sizeof *opened);
    struct curl_slist *lines = curl_slist_append(NULL, line);
    CURLM *multi = curl_multi_init();
    events = epoll_create1(0);
    if (opened == NULL || lines == NULL || multi == NULL || events < 0)
        fail("no memory");
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, multi);
    open_streams(multi, url, lines, opened, 0, BEFORE);
    long heap_before = heap(), resident_before = resident();
    open_streams(multi, url, lines, opened, BEFORE, BEFORE + streams);
    printf("%ld %ld\n", (heap() - heap_before) / streams, (resident() - resident_before) / streams);
    return 0;
}
