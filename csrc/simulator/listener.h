/* The listening socket: close-on-exec, on an address that a restarted server can take again. */
#ifndef PT_SIMULATOR_LISTENER_H
#define PT_SIMULATOR_LISTENER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Listens on a numeric address and *port (0: a free one; *port then tells it). Returns the
 * descriptor, which is the caller's to close, or -1 with the reason in message. */
int pt_listener_open(const char *host, uint16_t *port, char *message, size_t size);

/* Keeps the address of a listening socket that has been closed: the system gives it to nobody,
 * connections are refused, and pt_listener_open can take it again. Returns a descriptor, or -1. */
int pt_listener_reserve(const struct sockaddr *address, socklen_t length);

#endif
