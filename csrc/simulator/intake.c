/* libmicrohttpd's callbacks: connections, the request's parts, its end; see intake.h. */
#define _POSIX_C_SOURCE 200809L

#include "intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "server.h"

/* What a refused client may still send before its connection is cut. Reading on for a while lets
 * the 413 arrive: closing at once would reset the connection under a client that is sending. */
static const size_t DISCARD_LIMIT = (size_t)16 << 20;

/* Memory taken on the word of a Content-Length, before any byte came. */
static const size_t RESERVE_LIMIT = (size_t)1 << 20;

static pt_peer *peer_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static pt_peer *open_peer(pt_server *server, struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    pt_peer *peer = info ? calloc(1, sizeof *peer) : NULL;
    if (!peer)
        return NULL;
    peer->fd = info->connect_fd;
    peer->after = server->peers;
    if (peer->after)
        peer->after->before = peer;
    server->peers = peer;
    return peer;
}

static void close_peer(pt_server *server, pt_peer *peer) {
    if (peer->exchange)
        pt_server_discard(server, peer->exchange);
    if (peer->before)
        peer->before->after = peer->after;
    else
        server->peers = peer->after;
    if (peer->after)
        peer->after->before = peer->before;
    free(peer);
}

void pt_intake_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code) {
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = open_peer(cls, connection);
    } else if (*context) {
        close_peer(cls, *context);
        *context = NULL;
    }
}

void *pt_intake_target(void *cls, const char *target, struct MHD_Connection *connection) {
    pt_peer *peer = peer_of(connection);
    if (!peer)
        return NULL;
    if (peer->exchange)
        pt_server_discard(cls, peer->exchange);
    pt_exchange *exchange = pt_exchange_new(connection, target ? target : "");
    if (exchange) {
        exchange->peer = peer;
        peer->exchange = exchange;
    }
    return exchange;
}

typedef struct head_copy {
    pt_exchange *exchange;
    bool failed;
} head_copy;

static enum MHD_Result copy_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                   size_t name_length, const char *value, size_t value_length) {
    head_copy *copy = cls;
    (void)kind;
    /* libmicrohttpd strips the white space before a value, but not after it. */
    size_t length = value ? value_length : 0;
    while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        length--;
    copy->failed = !pt_exchange_put(copy->exchange, name, name_length) ||
                   !pt_exchange_put(copy->exchange, length > 0 ? value : "", length);
    return copy->failed ? MHD_NO : MHD_YES;
}

static bool copy_head(pt_exchange *exchange, const char *method, const char *version) {
    if (!pt_exchange_put(exchange, method, strlen(method)) ||
        !pt_exchange_put(exchange, version, strlen(version)))
        return false;
    head_copy copy = {.exchange = exchange};
    MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, copy_header, &copy);
    return !copy.failed;
}

/* libmicrohttpd takes no response once the body has begun, and reads none of a body after an early
 * one; so this reply is written straight to the socket and what follows is read and thrown away. */
static enum MHD_Result refuse(const pt_server *server, pt_exchange *exchange) {
    char body[64];
    int body_length =
        snprintf(body, sizeof body, "The body is longer than %zu bytes.\n", server->max_body);
    char reply[256];
    int length = snprintf(reply, sizeof reply,
                          "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n"
                          "Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s",
                          body_length, body);
    pt_exchange_forget_request(exchange);
    exchange->state = PT_EXCHANGE_REFUSED;
    ssize_t sent = send(exchange->peer->fd, reply, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent == length ? MHD_YES : MHD_NO;
}

/* The length that the client announced; 0 when it did not. libmicrohttpd has checked the digits. */
static unsigned long long announced_length(struct MHD_Connection *connection) {
    const char *text =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return text ? strtoull(text, NULL, 10) : 0;
}

static enum MHD_Result begin(const pt_server *server, pt_exchange *exchange, const char *method,
                             const char *version) {
    struct MHD_Connection *connection = exchange->connection;
    unsigned long long length = announced_length(connection);
    if (length > server->max_body) {
        /* A client that asks first gets no "100 Continue" after its 413. */
        const char *expect =
            MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_EXPECT);
        enum MHD_Result result = refuse(server, exchange);
        return expect ? MHD_NO : result;
    }
    exchange->state = PT_EXCHANGE_ARRIVING;
    exchange->stream.is_plain = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
    size_t reserve = length < RESERVE_LIMIT ? (size_t)length : RESERVE_LIMIT;
    bool copied =
        copy_head(exchange, method, version) && pt_bytes_reserve(&exchange->body, reserve);
    return copied ? MHD_YES : MHD_NO;
}

static enum MHD_Result take_body(const pt_server *server, pt_exchange *exchange, const char *data,
                                 size_t *size) {
    size_t length = *size;
    *size = 0;
    if (length > server->max_body - exchange->body.length)
        return refuse(server, exchange);
    return pt_bytes_append(&exchange->body, data, length) ? MHD_YES : MHD_NO;
}

static enum MHD_Result discard_body(pt_exchange *exchange, size_t *size) {
    exchange->discarded += *size;
    *size = 0;
    return exchange->discarded <= DISCARD_LIMIT ? MHD_YES : MHD_NO;
}

static enum MHD_Result queue_response(pt_exchange *exchange) {
    enum MHD_Result result =
        MHD_queue_response(exchange->connection, exchange->status, exchange->response);
    pt_exchange_set_response(exchange, NULL);
    return result;
}

/* libmicrohttpd calls this once with the head, then with each part of the body (data is not NULL),
 * then at the end, and again after the connection was resumed. */
enum MHD_Result pt_intake_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **context) {
    pt_server *server = cls;
    pt_exchange *exchange = *context;
    (void)connection;
    (void)url;
    if (!exchange)
        return MHD_NO;
    switch (exchange->state) {
    case PT_EXCHANGE_OPENED:
        return begin(server, exchange, method, version);
    case PT_EXCHANGE_ARRIVING:
        if (data)
            return take_body(server, exchange, data, size);
        pt_server_enqueue(server, exchange);
        MHD_suspend_connection(exchange->connection);
        return MHD_YES;
    case PT_EXCHANGE_REFUSED:
        return data ? discard_body(exchange, size) : MHD_NO;
    case PT_EXCHANGE_ANSWERED:
        return queue_response(exchange);
    case PT_EXCHANGE_WAITING:
    case PT_EXCHANGE_STREAMING:
    case PT_EXCHANGE_LOST:
    case PT_EXCHANGE_DROPPED:
        break;
    }
    return MHD_NO;
}

void pt_intake_completed(void *cls, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code) {
    (void)connection;
    (void)code;
    if (*context)
        pt_server_discard(cls, *context);
    *context = NULL;
}

size_t pt_intake_unescape(void *cls, struct MHD_Connection *connection, char *text) {
    (void)cls;
    (void)connection;
    return strlen(text);
}
