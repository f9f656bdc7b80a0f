/* A libcurl multi handle on the state's poller, with connections of its own. Transfers are added to
   it and removed; what has become of them is read after each turn. */
#ifndef PT_CHANNEL_H
#define PT_CHANNEL_H

#include <curl/curl.h>

#include "poller.h"
#include "transfer.h"

typedef struct pt_channel {
    struct pt_channel *next; /* its owner's */
    CURLM *multi;
    pt_poller *poller;
    pt_timer timer;
    void (*turn)(void *owner); /* called when libcurl had something to do */
    void *owner;
    size_t transfers;
    bool failed;    /* a transfer ended before its request could be sent */
    bool connected; /* a request was sent: libcurl knows whether the server speaks HTTP/2 */
    bool answered;  /* a reply came: libcurl knows how many streams a connection may carry */
    bool unwatched; /* the poller could not watch a transfer's socket: its end says so */
    bool confused;  /* libcurl lost count of its sockets and times: memory ran out there */
} pt_channel;

/* It keeps at most so many connections (0: as libcurl likes), and opens no more than so many
   streams at once on one of HTTP/2. NULL when memory or descriptors ran out. */
pt_channel *pt_channel_new(pt_poller *poller, size_t connections, void (*turn)(void *owner),
                           void *owner);

/* All its transfers must have been removed. */
void pt_channel_free(pt_channel *c);

/* Starts a configured transfer. False when memory ran out. */
bool pt_channel_add(pt_channel *c, pt_transfer *t);

/* From its channel, if it is in one. */
void pt_channel_remove(pt_transfer *t);

/* The next transfer that libcurl is done with, its code and status set; NULL: no more. */
pt_transfer *pt_channel_next_done(pt_channel *c);

#endif
