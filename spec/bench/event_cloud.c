/* A fake cloud that sends each of its clients the same event stream, as fast as they take it: one
   event a chunk, each with the cloud's envelope and a number as data. Usage: event_cloud EVENTS.
   Prints its port; ends when its reader goes. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD                                                                                       \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"     \
    "5\r\n:ok\n\n\r\n"
#define EVENT                                                                                      \
    "event: temperature\ndata: {\"data\":\"%d.5\",\"ttl\":\"60\",\"published_at\":"                \
    "\"2026-11-23T10:11:12.345Z\",\"coreid\":\"0123456789abcdef01234567\"}\n\n"

enum { BATCH = 100, MOST_BYTES = 256 }; /* events written at once; bytes of one */

static void die(const char *what) {
    perror(what);
    exit(1);
}

static bool send_all(int fd, const char *bytes, size_t n) {
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

static size_t make_batch(char *into) {
    size_t n = 0;
    for (int i = 0; i < BATCH; i++) {
        char event[MOST_BYTES];
        int length = snprintf(event, sizeof event, EVENT, 10 + i % 90);
        n += (size_t)snprintf(into + n, MOST_BYTES, "%x\r\n%s\r\n", (unsigned)length, event);
    }
    return n;
}

static bool read_request(int fd) {
    char text[8192];
    size_t n = 0;
    while (n < sizeof text - 1) {
        ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
        text[n] = '\0';
        if (strstr(text, "\r\n\r\n") != NULL)
            return true;
    }
    return false;
}

static void serve(int fd, long events) {
    static char batch[BATCH * MOST_BYTES];
    size_t n = make_batch(batch);
    bool fine = read_request(fd) && send_all(fd, HEAD, strlen(HEAD));
    for (long sent = 0; fine && sent < events; sent += BATCH)
        fine = send_all(fd, batch, n);
    if (fine)
        (void)send_all(fd, "0\r\n\r\n", 5);
    close(fd);
}

/* Waits for a client; false when the reader of our output has gone. */
static bool await_client(int listener) {
    struct pollfd fds[] = {{.fd = listener, .events = POLLIN}, {.fd = STDOUT_FILENO}};
    while (poll(fds, 2, -1) < 0)
        if (errno != EINTR)
            die("poll");
    return fds[1].revents == 0;
}

/* Each client has a process of its own; a client that goes ends it. */
static void accept_clients(int listener, long events) {
    while (await_client(listener)) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            die("accept");
        pid_t child = fork();
        if (child < 0)
            die("fork");
        if (child == 0) {
            close(STDOUT_FILENO);
            serve(fd, events);
            _exit(0);
        }
        close(fd);
    }
}

int main(int argc, char **argv) {
    long events = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    if (events <= 0 || events % BATCH != 0) {
        fprintf(stderr, "usage: event_cloud EVENTS, a multiple of %d\n", BATCH);
        return 1;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 16) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        die("event_cloud");
    signal(SIGCHLD, SIG_IGN);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    accept_clients(listener, events);
}
