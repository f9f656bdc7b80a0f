/* Percent-encoding and checks of paths and hosts. Pure C: no Lua, no curl. */
#ifndef PT_URL_H
#define PT_URL_H

#include "buffer.h"

/* RFC 3986: unreserved bytes stay, everything else becomes %XX (upper case). false when memory ran
 * out. */
bool pt_url_escape_part(pt_buffer *out, const char *s, size_t n);

/* application/x-www-form-urlencoded: space becomes +, only A-Za-z0-9*-._ stay. false when memory
 * ran out. */
bool pt_url_escape_form(pt_buffer *out, const char *s, size_t n);

typedef enum { PT_PART_OK, PT_PART_EMPTY, PT_PART_DOTS, PT_PART_NUL, PT_PART_LONG } pt_part_check;

/* A raw path part, before encoding; more than 2048 bytes is PT_PART_LONG. */
pt_part_check pt_url_check_part(const char *s, size_t n);

/* What is wrong, to follow the part's name in a message ("is empty"); "is fine" for PT_PART_OK. */
const char *pt_url_part_problem(pt_part_check check);

/* A caller's ready path. false: *why (static text, may follow "path ") says what is wrong. */
bool pt_url_check_encoded_path(const char *s, size_t n, bool may_be_empty, const char **why);

/* Whether a caller's ready query can be sent as it is. */
bool pt_url_is_query(const char *s, size_t n);

/* 127.0.0.0/8 as a dotted quad, ::1 with or without brackets, localhost, *.localhost; any letter
 * case. */
bool pt_url_is_loopback_host(const char *host);

#endif
