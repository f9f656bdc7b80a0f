/* Multipart bodies: each part is read piece by piece and cannot rewind, so it is sent at most once.
 */
#ifndef PT_UPLOAD_H
#define PT_UPLOAD_H

#include <curl/curl.h>

#include "transfer.h"

/* Adds the content of a part, copied from memory. */
CURLcode pt_upload_bytes(pt_transfer *t, curl_mimepart *part, const char *bytes, size_t n);

/* Adds the content of a part from a regular file, opened now and read while sending.
   On CURLE_READ_ERROR errno says why it could not be opened; 0: it is no regular file. */
CURLcode pt_upload_file(pt_transfer *t, curl_mimepart *part, const char *path);

/* Whether it could be added now; errno likewise. */
bool pt_upload_is_readable(const char *path);

#endif
