/* One request and its reply as plain memory; see exchange.h for who owns it. */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

pt_exchange *pt_exchange_new(struct MHD_Connection *connection, const char *target) {
    pt_exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return NULL;
    exchange->connection = connection;
    if (!pt_exchange_put(exchange, target, strlen(target))) {
        pt_exchange_free(exchange);
        return NULL;
    }
    return exchange;
}

void pt_exchange_free(pt_exchange *exchange) {
    pt_exchange_forget_request(exchange);
    pt_exchange_set_response(exchange, NULL);
    pt_stream_free(&exchange->stream);
    free(exchange);
}

bool pt_exchange_put(pt_exchange *exchange, const char *text, size_t length) {
    size_t before = exchange->head.length;
    if (pt_bytes_append(&exchange->head, &length, sizeof length) &&
        pt_bytes_append(&exchange->head, text, length))
        return true;
    exchange->head.length = before; /* no length without its text */
    return false;
}

bool pt_exchange_get(const pt_exchange *exchange, size_t *at, pt_slice *text) {
    const pt_bytes *head = &exchange->head;
    if (*at >= head->length)
        return false;
    memcpy(&text->length, head->data + *at, sizeof text->length);
    text->data = head->data + *at + sizeof text->length;
    *at += sizeof text->length + text->length;
    return true;
}

void pt_exchange_forget_request(pt_exchange *exchange) {
    pt_bytes_free(&exchange->head);
    pt_bytes_free(&exchange->body);
}

void pt_exchange_set_response(pt_exchange *exchange, struct MHD_Response *response) {
    if (exchange->response)
        MHD_destroy_response(exchange->response);
    exchange->response = response;
}
