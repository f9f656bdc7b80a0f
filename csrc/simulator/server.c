/* The server: opening, stepping, the requests that wait, closing; see server.h. */
#define _POSIX_C_SOURCE 200809L

#include "server.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "intake.h"
#include "listener.h"
#include "streams.h"

/* As many as the process has descriptors for, instead of libmicrohttpd's 1020. */
static const unsigned int CONNECTION_LIMIT = 1u << 20;

void pt_server_init(pt_server *server) {
    memset(server, 0, sizeof *server);
    server->listen_fd = -1;
    server->poll_fd = -1;
    server->wake_fd = -1;
}

bool pt_server_is_open(const pt_server *server) { return server->daemon != NULL; }

bool pt_server_is_foreign(const pt_server *server) {
    return server->daemon != NULL && server->pid != getpid();
}

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static struct MHD_Daemon *start_daemon(pt_server *server, unsigned int idle_timeout) {
    /* Turbo: no shutdown() before close(), which would turn a reset into an orderly end; and a new
     * connection is read without a further turn. */
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0, NULL, NULL, pt_intake_request,
        server, MHD_OPTION_LISTEN_SOCKET, server->listen_fd, MHD_OPTION_CONNECTION_TIMEOUT,
        idle_timeout, MHD_OPTION_CONNECTION_LIMIT, CONNECTION_LIMIT, MHD_OPTION_NOTIFY_CONNECTION,
        pt_intake_connection, server, MHD_OPTION_NOTIFY_COMPLETED, pt_intake_completed, server,
        MHD_OPTION_URI_LOG_CALLBACK, pt_intake_target, server, MHD_OPTION_UNESCAPE_CALLBACK,
        pt_intake_unescape, server, MHD_OPTION_END);
}

static int daemon_epoll(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info ? info->epoll_fd : -1;
}

/* The pointer tells it from a stream's socket. */
static bool watch(pt_server *server, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = NULL}};
    return fd >= 0 && epoll_ctl(server->poll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* libmicrohttpd announces neither a resumed connection nor data that it has read already through
 * its own epoll, and a loop may be parked on an old timeout(): hence wake_fd beside it. */
static bool open_descriptors(pt_server *server) {
    server->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return server->poll_fd >= 0 && watch(server, server->wake_fd);
}

static bool start(pt_server *server, const pt_server_options *options, char *message, size_t size) {
    server->port = options->port;
    server->listen_fd = pt_listener_open(options->host, &server->port, message, size);
    if (server->listen_fd < 0)
        return false;
    (void)snprintf(message, size, "cannot start a server: out of memory or descriptors");
    if (!open_descriptors(server))
        return false;
    /* When it fails for want of either, libmicrohttpd leaves the listening socket to us. */
    server->daemon = start_daemon(server, options->idle_timeout);
    return server->daemon && watch(server, daemon_epoll(server->daemon));
}

bool pt_server_open(pt_server *server, const pt_server_options *options, char *message,
                    size_t size) {
    server->pid = getpid();
    server->max_body = options->max_body;
    server->max_queue = options->max_queue;
    bool started = start(server, options, message, size);
    if (!started)
        pt_server_close(server);
    return started;
}

void pt_server_wake(pt_server *server) {
    const uint64_t one = 1;
    if (!server->awake)
        server->awake = write(server->wake_fd, &one, sizeof one) == (ssize_t)sizeof one;
}

static bool due_now(pt_server *server) {
    double seconds;
    return pt_server_timeout(server, &seconds) && seconds <= 0;
}

void pt_server_step(pt_server *server) {
    uint64_t count;
    if (server->awake && read(server->wake_fd, &count, sizeof count) == (ssize_t)sizeof count)
        server->awake = false;
    pt_streams_serve(server);
    /* A reply takes three turns: queue, write, find nothing more to read. */
    int turns = 4;
    do
        (void)MHD_run(server->daemon);
    while (--turns > 0 && due_now(server));
    if (due_now(server))
        pt_server_wake(server);
}

bool pt_server_timeout(pt_server *server, double *seconds) {
    MHD_UNSIGNED_LONG_LONG milliseconds = 0;
    if (!server->awake && MHD_get_timeout(server->daemon, &milliseconds) == MHD_NO)
        return false;
    *seconds = (double)milliseconds / 1000;
    return true;
}

static pt_exchange **bucket_of(pt_server *server, int64_t id) {
    return &server->suspended[(uint64_t)id % PT_SERVER_BUCKETS];
}

void pt_server_enqueue(pt_server *server, pt_exchange *exchange) {
    exchange->state = PT_EXCHANGE_WAITING;
    exchange->id = ++server->last_id;
    pt_exchange **bucket = bucket_of(server, exchange->id);
    exchange->chain = *bucket;
    *bucket = exchange;
    exchange->queued = true;
    exchange->before = server->last;
    if (server->last)
        server->last->after = exchange;
    else
        server->first = exchange;
    server->last = exchange;
    server->queued++;
}

static void unqueue(pt_server *server, pt_exchange *exchange) {
    if (!exchange->queued)
        return;
    if (exchange->before)
        exchange->before->after = exchange->after;
    else
        server->first = exchange->after;
    if (exchange->after)
        exchange->after->before = exchange->before;
    else
        server->last = exchange->before;
    exchange->before = exchange->after = NULL;
    exchange->queued = false;
    server->queued--;
}

static bool is_suspended(const pt_exchange *exchange) {
    return exchange->state == PT_EXCHANGE_WAITING || exchange->state == PT_EXCHANGE_STREAMING ||
           exchange->state == PT_EXCHANGE_LOST;
}

/* From here on the id means nothing. */
static void unlink_suspended(pt_server *server, pt_exchange *exchange) {
    if (!is_suspended(exchange))
        return;
    unqueue(server, exchange);
    pt_streams_leave(server, exchange);
    pt_exchange **link = bucket_of(server, exchange->id);
    while (*link && *link != exchange)
        link = &(*link)->chain;
    if (*link)
        *link = exchange->chain;
    exchange->chain = NULL;
}

void pt_server_take(pt_server *server, pt_exchange *exchange) {
    unqueue(server, exchange);
    pt_exchange_forget_request(exchange);
}

pt_exchange *pt_server_find(pt_server *server, int64_t id, pt_exchange_state state) {
    pt_exchange *exchange = *bucket_of(server, id);
    while (exchange && exchange->id != id)
        exchange = exchange->chain;
    return exchange && exchange->state == state ? exchange : NULL;
}

void pt_server_release(pt_server *server, pt_exchange *exchange, pt_exchange_state state) {
    unlink_suspended(server, exchange);
    exchange->state = state;
    MHD_resume_connection(exchange->connection);
    pt_server_wake(server);
}

void pt_server_answer(pt_server *server, pt_exchange *exchange, unsigned int status) {
    exchange->status = status;
    pt_server_release(server, exchange, PT_EXCHANGE_ANSWERED);
}

void pt_server_reset_at_close(pt_exchange *exchange) {
    /* Should it fail, the connection still ends, only orderly. */
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(exchange->peer->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

void pt_server_abort(pt_server *server, pt_exchange *exchange) {
    pt_server_reset_at_close(exchange);
    pt_server_release(server, exchange, PT_EXCHANGE_DROPPED);
}

void pt_server_discard(pt_server *server, pt_exchange *exchange) {
    unlink_suspended(server, exchange);
    exchange->peer->exchange = NULL;
    pt_exchange_free(exchange);
}

/* After a fork everything of libmicrohttpd's is shared with the parent: taking a socket out of the
 * epoll set or shutting one down here would do so there. What it allocated is left alone. */
static void abandon(pt_server *server) {
    for (const pt_peer *peer = server->peers; peer; peer = peer->after)
        close(peer->fd);
    int epoll = daemon_epoll(server->daemon);
    close_fd(&epoll);
    close_fd(&server->listen_fd);
}

static void stop(pt_server *server) {
    if (server->awake)
        (void)MHD_run(server->daemon);
    /* libmicrohttpd aborts the process when it is stopped with suspended connections. */
    for (size_t i = 0; i < PT_SERVER_BUCKETS; i++)
        while (server->suspended[i])
            pt_server_release(server, server->suspended[i], PT_EXCHANGE_DROPPED);
    MHD_stop_daemon(server->daemon); /* closes the listening socket too */
    server->listen_fd = -1;
}

bool pt_server_refuse(pt_server *server) {
    struct sockaddr_storage storage = {0};
    struct sockaddr *address = (struct sockaddr *)&storage;
    socklen_t length = sizeof storage;
    bool is_known = getsockname(server->listen_fd, address, &length) == 0;
    stop(server);
    server->daemon = NULL;
    server->listen_fd = is_known ? pt_listener_reserve(address, length) : -1;
    return server->listen_fd >= 0;
}

void pt_server_close(pt_server *server) {
    if (pt_server_is_foreign(server))
        abandon(server);
    else if (server->daemon)
        stop(server);
    close_fd(&server->listen_fd);
    close_fd(&server->wake_fd);
    close_fd(&server->poll_fd);
    pt_server_init(server);
}
