/* What an event stream costs a C program that does as little as it can: libcurl with default
   options, lines found with memchr, the published number taken from the envelope and summed. Usage:
   event_baseline URL EVENTS. Prints microseconds of wall and CPU for one event. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LONGEST_LINE 65536

typedef struct stream {
    char rest[LONGEST_LINE]; /* an unfinished line */
    size_t n;
    long events;
    double sum;
} stream;

static void fail(const char *what) {
    fprintf(stderr, "event_baseline: %s\n", what);
    exit(1);
}

static void take_line(stream *s, const char *line, size_t n) {
    static const char mark[] = "data: {\"data\":\"";
    if (n > sizeof mark && memcmp(line, mark, sizeof mark - 1) == 0)
        s->sum += strtod(line + sizeof mark - 1, NULL);
    else if (n == 0)
        s->events++;
}

static void keep(stream *s, const char *bytes, size_t n) {
    if (n > sizeof s->rest - s->n)
        fail("a line is too long");
    memcpy(s->rest + s->n, bytes, n);
    s->n += n;
}

static size_t scan(char *bytes, size_t size, size_t count, void *owner) {
    stream *s = owner;
    const char *at = bytes, *end = bytes + size * count, *lf;
    while ((lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        if (s->n > 0) {
            keep(s, at, (size_t)(lf - at));
            take_line(s, s->rest, s->n);
            s->n = 0;
        } else {
            take_line(s, at, (size_t)(lf - at));
        }
        at = lf + 1;
    }
    keep(s, at, (size_t)(end - at));
    return size * count;
}

static double seconds(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t) != 0)
        fail("no such clock");
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    static stream s;
    char url[256];
    long events = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (events <= 0)
        fail("usage: event_baseline URL EVENTS");
    CURL *easy = curl_easy_init();
    if (easy == NULL)
        fail("libcurl has no memory");
    snprintf(url, sizeof url, "%s/v1/devices/events", argv[1]);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, scan);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &s);
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    if (curl_easy_perform(easy) != CURLE_OK)
        fail("the stream failed");
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    if (s.events != events + 1 || s.sum <= 0) /* the preamble ends with an empty line too */
        fail("the stream is another than expected");
    printf("%.4f %.4f\n", wall / (double)events * 1e6, cpu / (double)events * 1e6);
    curl_easy_cleanup(easy);
    return 0;
}
