/* A fake cloud that is never the bottleneck: one process, epoll, kept connections, replies made
   beforehand. Prints its port and one where connections are refused; ends when its reader goes. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_DESCRIPTORS 4096
#define LONGEST_REQUEST 65536
#define DEVICES 100
#define DELAY_MS 50 /* of what is asked for under /slow */
#define ID "0123456789abcdef01234567"
#define TIME "2026-11-23T10:11:12.345Z"
#define JSON "application/json; charset=utf-8"

enum { HANG = 0, HANG_UP = -1 }; /* in the place of a status */
enum { ENDLESS = 1, SLOW = 2 };  /* how a reply is given */

typedef struct route {
    const char *request; /* method and path; all paths below it where it ends in a slash */
    int status;
    int manner;
    const char *type, *body;
    char *reply;
    size_t n;
} route;

#define REPLY(REQUEST, STATUS, TYPE, BODY)                                                         \
    { .request = (REQUEST), .status = (STATUS), .type = (TYPE), .body = (BODY) }
#define OK(REQUEST, BODY) REPLY(REQUEST, 200, JSON, BODY)

/* What the bench asks for: bodies of 266, 94 and some 68000 bytes. */
#define VARIABLE                                                                                   \
    "{\"cmd\":\"VarReturn\",\"name\":\"temperature\",\"result\":21.531,\"coreInfo\":{"             \
    "\"name\":\"kitchen-lamp\",\"last_app\":\"\",\"last_heard\":\"" TIME "\",\"connected\":true,"  \
    "\"last_handshake_at\":\"" TIME "\",\"deviceID\":\"" ID "\",\"product_id\":12345}}"

#define FUNCTION                                                                                   \
    "{\"id\":\"" ID "\",\"name\":\"kitchen-lamp-left\",\"connected\":true,\"return_value\":1}"

/* A stream that ends behind its second event. */
#define EVENTS                                                                                     \
    ":ok\n\nevent: door\nid: 7\ndata: {\"data\":\"open\",\"ttl\":60,\"published_at\":\"" TIME      \
    "\",\"coreid\":\"" ID                                                                          \
    "\"}\n\nevent: door/2\ndata: {\"data\":\"a \\\"b\\\"\",\"published_at\":\"" TIME "\"}\n\n"

static route routes[] = {
    OK("GET /v1/devices/" ID "/temperature", VARIABLE),
    OK("GET /v1/devices/lamp/temperature", VARIABLE),
    OK("POST /v1/devices/" ID "/led", FUNCTION),
    OK("POST /v1/devices/lamp/led", FUNCTION),
    OK("GET /v1/devices", NULL),
    {.request = "GET /slow/v1/devices/",
     .status = 200,
     .type = JSON,
     .body = VARIABLE,
     .manner = SLOW},
    {.request = "GET /idle/v1/devices/events",
     .status = 200,
     .type = "text/event-stream",
     .body = ":ok\n\n",
     .manner = ENDLESS},
    OK("GET /idle/v1/devices/", VARIABLE),
    OK("GET /few/v1/devices",
       "[{\"id\":\"" ID "\",\"name\":\"lamp\",\"notes\":null,\"functions\":[\"led\"],"
       "\"variables\":{\"temperature\":\"double\"},\"product_id\":12345},"
       "{\"id\":\"0123456789abcdef01234568\",\"name\":null}]"),
    OK("GET /v1/devices/lamp", "{\"id\":\"" ID "\",\"name\":\"lamp\",\"online\":true}"),
    OK("PUT /v1/devices/lamp", "{\"id\":\"" ID "\",\"name\":\"lamp\",\"updated_at\":\"" TIME "\"}"),
    OK("POST /oauth/token",
       "{\"access_token\":\"abcdefabcdefabcdefabcdefabcdefabcdefabcd\",\"token_type\":\"bearer\","
       "\"expires_in\":7776000,\"refresh_token\":\"0123456789012345678901234567890123456789\"}"),
    REPLY("POST /mfa/oauth/token", 403, JSON, "{\"error\":\"mfa_required\",\"mfa_token\":\"m-f\"}"),
    REPLY("GET /v1/devices/lamp/missing", 404, JSON,
          "{\"ok\":false,\"error\":\"Unknown Variable: missing\"}"),
    REPLY("GET /v1/errors/1", 401, JSON,
          "{\"error\":\"invalid_token\",\"error_description\":\"The access token has expired.\"}"),
    REPLY("GET /v1/errors/3", 404, JSON, "{\"ok\":false,\"errors\":[\"no such device\"]}"),
    REPLY("GET /v1/errors/4", 404, JSON, "{\"ok\":false,\"errors\":[[\"Core isn't online\",404]]}"),
    REPLY("GET /v1/errors/5", 500, JSON,
          "{\"ok\":false,\"code\":500,\"errors\":[{\"error\":\"Timed out\"}]}"),
    REPLY("GET /v1/errors/6", 403, JSON, "{\"error\":\"Permission Denied\",\"info\":\"I didn't\"}"),
    REPLY("GET /v1/errors/7", 400, JSON, "{\"errors\":[{\"message\":\"refused\"}]}"),
    REPLY("GET /v1/errors/html", 502, "text/html", "<html><h1>502 Bad Gateway</h1></html>"),
    REPLY("GET /v1/devices/events", 200, "text/event-stream", EVENTS),
    REPLY("GET /v1/devices/lamp/events/door", 200, "text/event-stream", EVENTS),
    OK("GET /v1/errors/ok", "{\"ok\":false,\"error\":\"Too many web hooks\"}"),
    OK("GET /v1/errors/json", "{\"half\":"),
    REPLY("GET /v1/errors/redirect", 302, "text/plain", ""),
    REPLY("GET /v1/errors/stream", 200, "text/event-stream", ":ok\n\n"),
    REPLY("GET /v1/errors/silence", HANG, "", ""),
    REPLY("POST /v1/errors/silence", HANG, "", ""),
    REPLY("GET /v1/errors/close", HANG_UP, "", ""),
    REPLY("POST /v1/errors/close", HANG_UP, "", ""),
};

#define ROUTES (sizeof routes / sizeof *routes)

static route any_other = OK("", "{\"ok\":true,\"list\":[1,2.5,null,[]],\"text\":\"x\"}");

/* One connection answers one request at a time; there is no pipelining. */
typedef struct connection {
    struct connection *next; /* of those that are answered later */
    long due;                /* in ms */
    int fd;
    bool waits_to_write;
    char request[LONGEST_REQUEST + 1];
    size_t received;
    const route *answer; /* NULL: none under way */
    size_t sent;
} connection;

static connection *connections[MOST_DESCRIPTORS];
static connection *first_later, *last_later;
static int events = -1; /* the epoll set */

static void die(const char *what) {
    perror(what);
    exit(1);
}

/* -- replies ---------------------------------------------------------------------------------- */

static char *make(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *make(const char *format, ...) {
    char *made;
    va_list arguments;
    va_start(arguments, format);
    int n = vasprintf(&made, format, arguments);
    va_end(arguments);
    if (n < 0)
        die("vasprintf");
    return made;
}

/* A record of the fields that cloud-api documents for lists. */
static char *device(int i) {
    return make(
        "%c{\"id\":\"0123456789abcdef%08d\",\"name\":\"kitchen-lamp-%d\",\"owner\":\"me@a."
        "example\","
        "\"last_ip_address\":\"203.0.113.%d\",\"last_heard\":\"" TIME "\",\"last_handshake_at\":"
        "\"" TIME "\",\"product_id\":12345,\"online\":%s,\"connected\":%s,\"platform_id\":32,"
        "\"cellular\":false,\"notes\":null,\"functions\":[\"led\",\"brew\",\"reset\"],"
        "\"variables\":{\"temperature\":\"double\",\"count\":\"int32\",\"state\":\"string\"},"
        "\"status\":\"normal\",\"serial_number\":\"P046AF%09d\","
        "\"mac_wifi\":\"94:94:4a:04:5b:%02x\",\"system_firmware_version\":\"5.8.0\","
        "\"firmware_product_id\":12345,\"firmware_version\":7,"
        "\"firmware_updates_enabled\":true,\"firmware_updates_forced\":false,"
        "\"device_protection\":{\"status\":\"disabled\"}}",
        i == 0 ? '[' : ',', i, i, i, i % 2 ? "true" : "false", i % 2 ? "true" : "false", i, i);
}

static char *device_list(void) {
    char *list = make("%s", "");
    for (int i = 0; i < DEVICES; i++) {
        char *one = device(i), *longer = make("%s%s", list, one);
        free(one);
        free(list);
        list = longer;
    }
    char *closed = make("%s]", list);
    free(list);
    return closed;
}

static void make_reply(route *r) {
    char *list = r->body == NULL ? device_list() : NULL;
    const char *body = list ? list : r->body;
    char *length =
        r->manner == ENDLESS ? make("%s", "") : make("Content-Length: %zu\r\n", strlen(body));
    r->reply = make("HTTP/1.1 %d X\r\nDate: Mon, 23 Nov 2026 10:11:12 GMT\r\nContent-Type: %s\r\n"
                    "%sConnection: keep-alive\r\nX-Request-Id: 1234\r\n\r\n%s",
                    r->status, r->type, length, body);
    r->n = strlen(r->reply);
    free(length);
    free(list);
}

static const route *find_route(const char *request) {
    for (size_t i = 0; i < ROUTES; i++) {
        size_t n = strlen(routes[i].request);
        if (strncmp(request, routes[i].request, n) != 0)
            continue;
        if (request[n] == ' ' || request[n] == '?' || routes[i].request[n - 1] == '/')
            return &routes[i];
    }
    return &any_other;
}

/* -- connections ------------------------------------------------------------------------------ */

static long now_ms(void) {
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        die("clock_gettime");
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void answer_later(connection *c) {
    c->due = now_ms() + DELAY_MS;
    c->next = NULL;
    if (last_later != NULL)
        last_later->next = c;
    else
        first_later = c;
    last_later = c;
}

static void forget_later(const connection *c) {
    connection *before = NULL, *at = first_later;
    while (at != NULL && at != c) {
        before = at;
        at = at->next;
    }
    if (at == NULL)
        return;
    if (before != NULL)
        before->next = at->next;
    else
        first_later = at->next;
    if (last_later == at)
        last_later = before;
}

static void drop(connection *c) {
    forget_later(c);
    connections[c->fd] = NULL;
    close(c->fd);
    free(c);
}

static void watch(connection *c, bool write) {
    if (c->waits_to_write == write)
        return;
    struct epoll_event e = {.events = write ? EPOLLOUT : EPOLLIN, .data.fd = c->fd};
    if (epoll_ctl(events, EPOLL_CTL_MOD, c->fd, &e) != 0)
        die("epoll_ctl");
    c->waits_to_write = write;
}

/* False when the connection is no more. */
static bool answer(connection *c) {
    while (c->sent < c->answer->n) {
        ssize_t n = send(c->fd, c->answer->reply + c->sent, c->answer->n - c->sent, 0);
        if (n < 0 && errno == EAGAIN) {
            watch(c, true);
            return true;
        }
        if (n < 0)
            return false;
        c->sent += (size_t)n;
    }
    c->answer = NULL;
    c->sent = 0;
    watch(c, false);
    return true;
}

/* How long the request at the beginning is; 0 while it is not whole. */
static size_t request_length(const connection *c) {
    const char *end = memmem(c->request, c->received, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    size_t n = (size_t)(end - c->request) + 4;
    if (c->request[0] != 'G') {
        const char *field = strcasestr(c->request, "\r\ncontent-length:");
        n += field && field < end ? strtoul(field + 17, NULL, 10) : 0;
    }
    return n <= c->received ? n : 0;
}

static bool serve(connection *c) {
    size_t room = LONGEST_REQUEST - c->received;
    ssize_t n = room > 0 ? recv(c->fd, c->request + c->received, room, 0) : 0;
    if (n < 0 && errno == EAGAIN)
        return true;
    if (n <= 0)
        return false;
    c->received += (size_t)n;
    c->request[c->received] = '\0';
    if (request_length(c) == 0)
        return true;
    c->received = 0;
    c->answer = find_route(c->request);
    if (c->answer->status == HANG_UP)
        return false;
    if (c->answer->manner == SLOW) {
        answer_later(c);
        return true;
    }
    if (c->answer->status != HANG)
        return answer(c);
    c->answer = NULL;
    return true;
}

static void on_event(connection *c, uint32_t what) {
    if (!(what & EPOLLOUT ? answer(c) : serve(c)))
        drop(c);
}

static void answer_due(void) {
    long now = first_later ? now_ms() : 0;
    while (first_later != NULL && first_later->due <= now) {
        connection *c = first_later;
        forget_later(c);
        if (!answer(c))
            drop(c);
    }
}

static int ms_to_wait(void) {
    if (first_later == NULL)
        return -1;
    long left = first_later->due - now_ms();
    return left > 0 ? (int)left : 0;
}

static void add(int fd, uint32_t what) {
    struct epoll_event e = {.events = what, .data.fd = fd};
    if (epoll_ctl(events, EPOLL_CTL_ADD, fd, &e) != 0)
        die("epoll_ctl");
}

static void greet(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (fd < 0)
        return;
    connection *c = fd < MOST_DESCRIPTORS ? calloc(1, sizeof *c) : NULL;
    if (c == NULL) {
        close(fd);
        return;
    }
    c->fd = fd;
    connections[fd] = c;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    add(fd, EPOLLIN);
}

/* -- the process ------------------------------------------------------------------------------ */

static int bind_somewhere(int *port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        die("bind");
    *port = ntohs(a.sin_port);
    return fd;
}

/* A pipe whose reader has gone reports an error on its writing end. */
static void run(int listener) {
    add(listener, EPOLLIN);
    add(STDOUT_FILENO, 0);
    for (;;) {
        struct epoll_event found[64];
        int n = epoll_wait(events, found, 64, ms_to_wait());
        if (n < 0 && errno != EINTR)
            die("epoll_wait");
        for (int i = 0; i < n; i++) {
            int fd = found[i].data.fd;
            if (fd == STDOUT_FILENO)
                return;
            if (fd == listener)
                greet(listener);
            else
                on_event(connections[fd], found[i].events);
        }
        answer_due();
    }
}

int main(void) {
    int port, refused_port;
    signal(SIGPIPE, SIG_IGN);
    make_reply(&any_other);
    for (size_t i = 0; i < ROUTES; i++)
        make_reply(&routes[i]);
    events = epoll_create1(EPOLL_CLOEXEC);
    int listener = bind_somewhere(&port);
    (void)bind_somewhere(&refused_port); /* bound, so that nobody else listens there */
    if (events < 0 || listen(listener, 1024) != 0)
        die("listen");
    printf("%d %d\n", port, refused_port);
    if (fflush(stdout) != 0)
        die("stdout");
    run(listener);
    return 0;
}
