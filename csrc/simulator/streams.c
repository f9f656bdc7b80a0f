/* The server's streams; see streams.h. */
#define _POSIX_C_SOURCE 200809L

#include "streams.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { BATCH = 64 };

/* Each piece leaves at once. It is no harm if it does not. */
static void send_without_delay(int fd) {
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* libmicrohttpd does not look at a suspended connection. Told of each change once: when the socket
 * takes bytes again, and when the client has closed its side. */
static bool watch(pt_server *server, pt_exchange *exchange) {
    struct epoll_event event = {.events = EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data = {.ptr = exchange}};
    return epoll_ctl(server->poll_fd, EPOLL_CTL_ADD, exchange->peer->fd, &event) == 0;
}

static void unwatch(pt_server *server, pt_exchange *exchange) {
    struct epoll_event unused = {0};
    (void)epoll_ctl(server->poll_fd, EPOLL_CTL_DEL, exchange->peer->fd, &unused);
    pt_stream_free(&exchange->stream);
    server->streams--;
}

static void put_on_list(pt_server *server, pt_exchange *exchange) {
    exchange->before = NULL;
    exchange->after = server->lost;
    if (server->lost)
        server->lost->before = exchange;
    server->lost = exchange;
}

static void take_off_list(pt_server *server, pt_exchange *exchange) {
    if (exchange->before)
        exchange->before->after = exchange->after;
    else
        server->lost = exchange->after;
    if (exchange->after)
        exchange->after->before = exchange->before;
    exchange->before = exchange->after = NULL;
}

void pt_streams_leave(pt_server *server, pt_exchange *exchange) {
    if (exchange->state == PT_EXCHANGE_STREAMING)
        unwatch(server, exchange);
    else if (exchange->state == PT_EXCHANGE_LOST)
        take_off_list(server, exchange);
}

/* Of a finished stream nobody wants to know any more. */
static void lose(pt_server *server, pt_exchange *exchange) {
    if (exchange->stream.is_finished) {
        pt_server_release(server, exchange, PT_EXCHANGE_DROPPED);
        return;
    }
    unwatch(server, exchange);
    exchange->state = PT_EXCHANGE_LOST;
    put_on_list(server, exchange);
    pt_server_wake(server);
}

static bool settle(pt_server *server, pt_exchange *exchange, pt_stream_result result) {
    if (result == PT_STREAM_FULL)
        pt_server_reset_at_close(exchange);
    if (result != PT_STREAM_FINE)
        lose(server, exchange);
    else if (exchange->stream.is_finished && pt_stream_pending(&exchange->stream) == 0)
        pt_server_release(server, exchange, PT_EXCHANGE_DROPPED);
    return result == PT_STREAM_FINE;
}

static void flush(pt_server *server, pt_exchange *exchange) {
    (void)settle(server, exchange, pt_stream_flush(&exchange->stream, exchange->peer->fd));
}

bool pt_streams_begin(pt_server *server, pt_exchange *exchange, bool held) {
    if (!watch(server, exchange))
        return false;
    send_without_delay(exchange->peer->fd);
    pt_server_take(server, exchange);
    exchange->state = PT_EXCHANGE_STREAMING;
    exchange->stream.is_held = held;
    server->streams++;
    flush(server, exchange);
    return true;
}

pt_exchange *pt_streams_find(pt_server *server, int64_t id) {
    pt_exchange *exchange = pt_server_find(server, id, PT_EXCHANGE_STREAMING);
    return exchange && !exchange->stream.is_finished ? exchange : NULL;
}

bool pt_streams_send(pt_server *server, pt_exchange *exchange, const char *data, size_t length) {
    return settle(
        server, exchange,
        pt_stream_send(&exchange->stream, exchange->peer->fd, data, length, server->max_queue));
}

void pt_streams_hold(pt_server *server, pt_exchange *exchange, bool held) {
    exchange->stream.is_held = held;
    flush(server, exchange);
}

void pt_streams_finish(pt_server *server, pt_exchange *exchange) {
    (void)settle(server, exchange, pt_stream_finish(&exchange->stream, exchange->peer->fd));
}

int64_t pt_streams_take_lost(pt_server *server) {
    pt_exchange *exchange = server->lost;
    if (!exchange)
        return 0;
    int64_t id = exchange->id;
    pt_server_release(server, exchange, PT_EXCHANGE_DROPPED);
    return id;
}

static void serve(pt_server *server, pt_exchange *exchange, uint32_t events) {
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        lose(server, exchange);
    else
        flush(server, exchange);
}

void pt_streams_serve(pt_server *server) {
    struct epoll_event events[BATCH];
    int count = server->streams > 0 ? BATCH : 0;
    while (count == BATCH) {
        count = epoll_wait(server->poll_fd, events, BATCH, 0);
        /* None is freed in here: that happens in libmicrohttpd's turn. */
        for (int i = 0; i < count; i++)
            if (events[i].data.ptr)
                serve(server, events[i].data.ptr, events[i].events);
    }
}
