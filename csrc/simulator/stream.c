/* A reply that goes out piece by piece; see stream.h. */
#define _POSIX_C_SOURCE 200809L

#include "stream.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

static const char LAST_CHUNK[] = "0\r\n\r\n";

enum { PARTS = 3 }; /* a chunk's length, its bytes, its end */

size_t pt_stream_pending(const pt_stream *stream) { return stream->queue.length - stream->taken; }

bool pt_stream_put_head(pt_stream *stream, const char *text, size_t length) {
    return pt_bytes_append(&stream->queue, text, length);
}

static bool is_full(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

pt_stream_result pt_stream_flush(pt_stream *stream, int fd) {
    size_t left;
    while (!stream->is_held && (left = pt_stream_pending(stream)) > 0) {
        ssize_t sent =
            send(fd, stream->queue.data + stream->taken, left, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            stream->taken += (size_t)sent;
        else if (is_full(errno))
            return PT_STREAM_FINE;
        else if (errno != EINTR)
            return PT_STREAM_BROKEN;
    }
    if (pt_stream_pending(stream) == 0)
        pt_stream_free(stream);
    return PT_STREAM_FINE;
}

/* Moves what is left to the front once that costs less than what went out meanwhile. */
static void compact(pt_stream *stream) {
    size_t left = pt_stream_pending(stream);
    if (stream->taken <= left)
        return;
    memmove(stream->queue.data, stream->queue.data + stream->taken, left);
    stream->queue.length = left;
    stream->taken = 0;
}

static bool queue(pt_stream *stream, const struct iovec *parts, size_t skipped) {
    compact(stream);
    for (size_t i = 0; i < PARTS; i++) {
        size_t skip = skipped < parts[i].iov_len ? skipped : parts[i].iov_len;
        skipped -= skip;
        if (!pt_bytes_append(&stream->queue, (const char *)parts[i].iov_base + skip,
                             parts[i].iov_len - skip))
            return false;
    }
    return true;
}

/* Without a detour through the queue: how much the socket took; -1: the client is gone. */
static ssize_t send_at_once(const pt_stream *stream, int fd, struct iovec *parts) {
    if (stream->is_held || pt_stream_pending(stream) > 0)
        return 0;
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = PARTS};
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 && (is_full(errno) || errno == EINTR) ? 0 : sent;
}

static struct iovec part(const char *data, size_t length) {
    return (struct iovec){.iov_base = (void *)(uintptr_t)data, .iov_len = length};
}

pt_stream_result pt_stream_send(pt_stream *stream, int fd, const char *data, size_t length,
                                size_t limit) {
    if (length == 0) /* a chunk of no bytes would be the last one */
        return PT_STREAM_FINE;
    char size[24];
    int digits = snprintf(size, sizeof size, "%zx\r\n", length);
    struct iovec parts[PARTS] = {part(size, stream->is_plain ? 0 : (size_t)digits),
                                 part(data, length), part("\r\n", stream->is_plain ? 0 : 2)};
    size_t total = parts[0].iov_len + parts[1].iov_len + parts[2].iov_len;
    ssize_t sent = send_at_once(stream, fd, parts);
    if (sent < 0)
        return PT_STREAM_BROKEN;
    if ((size_t)sent == total)
        return PT_STREAM_FINE;
    size_t pending = pt_stream_pending(stream);
    if (pending > limit || total - (size_t)sent > limit - pending ||
        !queue(stream, parts, (size_t)sent))
        return PT_STREAM_FULL;
    return pt_stream_flush(stream, fd);
}

pt_stream_result pt_stream_finish(pt_stream *stream, int fd) {
    stream->is_held = false;
    stream->is_finished = true;
    if (!stream->is_plain && !pt_bytes_append(&stream->queue, LAST_CHUNK, sizeof LAST_CHUNK - 1))
        return PT_STREAM_FULL;
    return pt_stream_flush(stream, fd);
}

void pt_stream_free(pt_stream *stream) {
    pt_bytes_free(&stream->queue);
    stream->taken = 0;
}
