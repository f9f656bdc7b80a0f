/* Sources of multipart parts. libcurl frees each through its own callback. */
#include "upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct source {
    pt_transfer *transfer;
    FILE *file; /* NULL: the bytes behind this struct */
    size_t size, given;
    char bytes[];
} source;

static size_t read_bytes(char *into, size_t size, size_t count, void *owner) {
    source *s = owner;
    size_t n = size * count, left = s->size - s->given;
    if (n > left)
        n = left;
    memcpy(into, s->bytes + s->given, n);
    s->given += n;
    return n;
}

/* A file that shrinks under way would leave the request incomplete for ever. */
static size_t read_file(char *into, size_t size, size_t count, void *owner) {
    source *s = owner;
    size_t n = size * count, left = s->size - s->given;
    if (left == 0)
        return 0;
    n = fread(into, 1, n < left ? n : left, s->file);
    if (n == 0) {
        s->transfer->end = PT_END_FILE;
        return CURL_READFUNC_ABORT;
    }
    s->given += n;
    return n;
}

static void free_source(void *owner) {
    source *s = owner;
    if (s->file != NULL)
        fclose(s->file);
    pt_wipe(s->bytes, s->file ? 0 : s->size);
    free(s);
}

static CURLcode attach(curl_mimepart *part, source *s, curl_read_callback reader) {
    CURLcode code = curl_mime_data_cb(part, (curl_off_t)s->size, reader, NULL, free_source, s);
    if (code != CURLE_OK)
        free_source(s);
    return code;
}

CURLcode pt_upload_bytes(pt_transfer *t, curl_mimepart *part, const char *bytes, size_t n) {
    source *s = malloc(sizeof *s + n);
    if (s == NULL)
        return CURLE_OUT_OF_MEMORY;
    *s = (source){.transfer = t, .size = n};
    memcpy(s->bytes, bytes, n);
    return attach(part, s, read_bytes);
}

/* A pipe must not keep us waiting for its writer, hence O_NONBLOCK. */
static FILE *open_regular(const char *path, size_t *size) {
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat info;
    if (fd < 0)
        return NULL;
    bool regular = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    FILE *file = regular ? fdopen(fd, "rb") : NULL;
    int why = regular ? errno : 0;
    if (file != NULL)
        *size = (size_t)info.st_size;
    else
        close(fd);
    errno = why;
    return file;
}

bool pt_upload_is_readable(const char *path) {
    size_t size;
    FILE *file = open_regular(path, &size);
    if (file != NULL)
        fclose(file);
    return file != NULL;
}

CURLcode pt_upload_file(pt_transfer *t, curl_mimepart *part, const char *path) {
    source *s = calloc(1, sizeof *s);
    if (s == NULL)
        return CURLE_OUT_OF_MEMORY;
    s->transfer = t;
    s->file = open_regular(path, &s->size);
    if (s->file == NULL) {
        int why = errno;
        free(s);
        errno = why;
        return CURLE_READ_ERROR;
    }
    return attach(part, s, read_file);
}
