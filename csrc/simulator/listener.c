/* The listening socket; see listener.h. */
#define _POSIX_C_SOURCE 200809L

#include "listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int close_after_error(int fd) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int pt_listener_reserve(const struct sockaddr *address, socklen_t length) {
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    /* Without it a restart waits until old connections have left TIME_WAIT. SO_REUSEPORT is not
     * set: two servers on one port must not share it in silence. */
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, address, length) == 0)
        return fd;
    return close_after_error(fd);
}

static int listening_socket(const struct addrinfo *address) {
    int fd = pt_listener_reserve(address->ai_addr, address->ai_addrlen);
    if (fd < 0 || listen(fd, SOMAXCONN) == 0)
        return fd;
    return close_after_error(fd);
}

static uint16_t port_of(int fd) {
    struct sockaddr_storage storage = {0};
    socklen_t length = sizeof storage;
    if (getsockname(fd, (struct sockaddr *)&storage, &length) != 0)
        return 0;
    if (storage.ss_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, &storage, sizeof v6);
        return ntohs(v6.sin6_port);
    }
    struct sockaddr_in v4;
    memcpy(&v4, &storage, sizeof v4);
    return ntohs(v4.sin_port);
}

static void explain(const char *host, uint16_t port, int error, char *message, size_t size) {
    (void)snprintf(message, size, "cannot listen on %.64s port %u: %s", host, (unsigned int)port,
                   strerror(error));
}

int pt_listener_open(const char *host, uint16_t *port, char *message, size_t size) {
    char service[8];
    (void)snprintf(service, sizeof service, "%u", (unsigned int)*port);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *address = NULL;
    if (getaddrinfo(host, service, &hints, &address) != 0) {
        (void)snprintf(message, size, "cannot listen on %.64s: not a numeric address", host);
        return -1;
    }
    int fd = listening_socket(address);
    int error = errno;
    freeaddrinfo(address);
    if (fd < 0) {
        explain(host, *port, error, message, size);
        return -1;
    }
    *port = port_of(fd);
    return fd;
}
