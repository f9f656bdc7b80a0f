/* What libmicrohttpd calls; cls is the pt_server. Each copies bytes and returns: no Lua runs here.
 * Where memory is short the connection ends. */
#ifndef PT_SIMULATOR_INTAKE_H
#define PT_SIMULATOR_INTAKE_H

#include <stddef.h>

#include <microhttpd.h>

void pt_intake_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code);

void *pt_intake_target(void *cls, const char *target, struct MHD_Connection *connection);

enum MHD_Result pt_intake_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **context);

void pt_intake_completed(void *cls, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code);

/* Leaves the target as it came: %2F is not a slash. */
size_t pt_intake_unescape(void *cls, struct MHD_Connection *connection, char *text);

#endif
