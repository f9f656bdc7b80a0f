/* The bytes go into a file beside the one that is wanted, and that is renamed when it is whole. */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SUFFIX_SIZE 40

struct pt_sink {
    int fd, why; /* why: an errno, or NOT_REGULAR */
    bool there;  /* the file beside it */
    size_t size;
    char *beside; /* behind the path */
    char path[];
};

enum { NOT_REGULAR = -1 };

pt_sink *pt_sink_new(const char *path) {
    size_t n = strlen(path) + 1;
    pt_sink *s = calloc(1, sizeof *s + 2 * n + SUFFIX_SIZE);
    if (s == NULL)
        return NULL;
    s->fd = -1;
    memcpy(s->path, path, n);
    s->beside = s->path + n;
    return s;
}

static bool refuse(pt_sink *s, int why) {
    s->why = why;
    return false;
}

/* A device or a pipe must not give way to a file. */
static bool is_replaceable(pt_sink *s) {
    struct stat info;
    if (stat(s->path, &info) != 0)
        return errno == ENOENT || refuse(s, errno);
    return S_ISREG(info.st_mode) || refuse(s, NOT_REGULAR);
}

/* Another process has another id, another moment another time. */
static void name_beside(pt_sink *s) {
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_REALTIME, &t);
    (void)snprintf(s->beside, strlen(s->path) + SUFFIX_SIZE, "%s.%lx-%lx.part", s->path,
                   (unsigned long)getpid(), (unsigned long)t.tv_nsec);
}

bool pt_sink_open(pt_sink *s) {
    if (!is_replaceable(s))
        return false;
    for (int tries = 0; tries < 100 && s->fd < 0; tries++) {
        name_beside(s);
        s->fd = open(s->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (s->fd < 0 && errno != EEXIST && errno != EINTR)
            break;
    }
    s->there = s->fd >= 0;
    return s->there || refuse(s, errno);
}

bool pt_sink_write(pt_sink *s, const char *bytes, size_t n) {
    while (n > 0) {
        ssize_t done = write(s->fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return refuse(s, done < 0 ? errno : EIO);
        bytes += done;
        n -= (size_t)done;
        s->size += (size_t)done;
    }
    return true;
}

static bool close_file(pt_sink *s) {
    int fd = s->fd;
    s->fd = -1;
    return close(fd) == 0 || errno == EINTR;
}

bool pt_sink_finish(pt_sink *s) {
    bool synced = fsync(s->fd) == 0 || errno == EINVAL; /* EINVAL: the file system knows no such */
    if (!synced || !close_file(s) || rename(s->beside, s->path) != 0)
        return refuse(s, errno);
    s->there = false;
    return true;
}

size_t pt_sink_size(const pt_sink *s) { return s->size; }

const char *pt_sink_path(const pt_sink *s) { return s->path; }

const char *pt_sink_problem(const pt_sink *s) {
    return s->why == NOT_REGULAR ? "not a regular file" : strerror(s->why);
}

void pt_sink_free(pt_sink *s) {
    if (s == NULL)
        return;
    if (s->fd >= 0)
        (void)close_file(s);
    if (s->there)
        (void)unlink(s->beside);
    free(s);
}
