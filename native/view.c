/*
 * view.c - see view.h. The protocol is that of fuse(4) and linux/fuse.h: a read(2) gives one
 * request, a writev(2) answers it. Every request is answered before the next one is read, so nobody
 * waits for longer than a text takes; when this process ends the kernel ends the connection, and
 * readers get ENOTCONN, or ECONNABORTED where a request was under way.
 */
#define _GNU_SOURCE
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The first file; FUSE_ROOT_ID is the directory that has them all. */
#define FIRST_NODE (FUSE_ROOT_ID + 1)

/* How many are answered in a row. */
#define TURNS 16

/* For ever: names do not change. */
#define ALWAYS (UINT64_C(365) * 86400)

#define LEAST_WRITE 4096 /* that the kernel accepts as our limit */

static bool is_file(uint64_t node)
{
    return node >= FIRST_NODE && node < FIRST_NODE + MACHINE_FILES;
}

/* A request that was given up is not there to be answered any more: ENOENT, and well. */
static void answer(const struct view *v, const struct fuse_in_header *request, int error,
                   const void *data, size_t size)
{
    struct fuse_out_header header = {
        .len = (uint32_t)(sizeof header + size), .error = error, .unique = request->unique};
    const struct iovec parts[] = {{&header, sizeof header}, {(void *)(uintptr_t)data, size}};
    while (writev(v->fd, parts, 2) < 0 && errno == EINTR)
        continue;
}

static void refuse(const struct view *v, const struct fuse_in_header *request, int error)
{
    answer(v, request, -error, NULL, 0);
}

/*
 * sendfile(2) goes through the page cache, direct or not, since Linux 6.5, and would find the end
 * of a file of no size. So the size is more than there is of text, whole pages as in sysfs:
 * programs know that this need not be true. A short read corrects it for the kernel, and as
 * attributes hold for no time the next open(2) asks again.
 */
static uint64_t size_of(uint64_t node)
{
    bool long_text = node == FIRST_NODE + MACHINE_CPUINFO || node == FIRST_NODE + MACHINE_STAT;
    return !is_file(node) ? 0 : long_text ? TEXT_ROOM : 4096;
}

static struct fuse_attr attributes(uint64_t node)
{
    return (struct fuse_attr){
        .ino = node,
        .size = size_of(node),
        .mode = node == FUSE_ROOT_ID ? S_IFDIR | 0555 : S_IFREG | 0444,
        .nlink = 1,
        .blksize = 4096,
    };
}

static void initialize(const struct view *v, const struct fuse_in_header *request,
                       const struct fuse_init_in *in)
{
    const struct fuse_init_out out = {
        .major = FUSE_KERNEL_VERSION,
        .minor = in->minor < FUSE_KERNEL_MINOR_VERSION ? in->minor : FUSE_KERNEL_MINOR_VERSION,
        .max_write = LEAST_WRITE,
        .time_gran = 1,
    };
    answer(v, request, 0, &out, sizeof out);
}

static void look_up(const struct view *v, const struct fuse_in_header *request, const char *name)
{
    for (uint64_t i = 0; request->nodeid == FUSE_ROOT_ID && i < MACHINE_FILES; i++) {
        if (strcmp(name, machine_names[i]) != 0)
            continue;
        const struct fuse_entry_out out = {
            .nodeid = FIRST_NODE + i,
            .entry_valid = ALWAYS,
            .attr = attributes(FIRST_NODE + i),
        };
        answer(v, request, 0, &out, sizeof out);
        return;
    }
    refuse(v, request, ENOENT);
}

static void get_attributes(const struct view *v, const struct fuse_in_header *request)
{
    const struct fuse_attr_out out = {.attr = attributes(request->nodeid)};
    answer(v, request, 0, &out, sizeof out);
}

/* Direct: no page cache, so each read is asked for here. Root passes the mode bits, but not this.
 */
static void open_file(struct view *v, const struct fuse_in_header *request,
                      const struct fuse_open_in *in)
{
    const struct fuse_open_out out = {.fh = ++v->handles, .open_flags = FOPEN_DIRECT_IO};
    if (is_file(request->nodeid) && (in->flags & O_ACCMODE) == O_RDONLY)
        answer(v, request, 0, &out, sizeof out);
    else
        refuse(v, request, EACCES);
}

static struct snapshot *snapshot_of(struct view *v, uint64_t handle)
{
    for (int i = 0; i < SNAPSHOTS; i++)
        if (v->recent[i].handle == handle)
            return &v->recent[i];
    return NULL;
}

/*
 * Who reads in small pieces gets those of one text, unless others have read so much in between that
 * it is not kept any more; then of a newer one.
 */
static void read_file(struct view *v, const struct fuse_in_header *request,
                      const struct fuse_read_in *in)
{
    struct snapshot *s = snapshot_of(v, in->fh);
    int r = is_file(request->nodeid) && in->fh ? 0 : -EINVAL;
    if (r == 0 && (!s || in->offset == 0)) {
        s = s ? s : &v->recent[v->next++ % SNAPSHOTS];
        s->handle = in->fh;
        r = machine_text(&v->machine, (enum machine_file)(request->nodeid - FIRST_NODE), &s->text);
    }
    if (r < 0) {
        refuse(v, request, -r);
        return;
    }
    size_t left = in->offset < s->text.used ? s->text.used - in->offset : 0;
    size_t start = s->text.used - left;
    answer(v, request, 0, s->text.bytes + start, left < in->size ? left : in->size);
}

static void release(struct view *v, const struct fuse_in_header *request,
                    const struct fuse_release_in *in)
{
    struct snapshot *s = snapshot_of(v, in->fh);
    if (s && in->fh)
        s->handle = 0;
    answer(v, request, 0, NULL, 0);
}

static void count_space(const struct view *v, const struct fuse_in_header *request)
{
    const struct fuse_statfs_out out = {.st = {.bsize = 4096, .namelen = 255, .frsize = 4096}};
    answer(v, request, 0, &out, sizeof out);
}

/* What is not here is ENOSYS, which the kernel remembers: it does without from then on. */
static void obey(struct view *v, const struct fuse_in_header *request, const void *data)
{
    switch (request->opcode) {
    case FUSE_INIT:
        initialize(v, request, data);
        return;
    case FUSE_LOOKUP:
        look_up(v, request, data);
        return;
    case FUSE_GETATTR:
        get_attributes(v, request);
        return;
    case FUSE_OPEN:
        open_file(v, request, data);
        return;
    case FUSE_READ:
        read_file(v, request, data);
        return;
    case FUSE_RELEASE:
        release(v, request, data);
        return;
    case FUSE_STATFS:
        count_space(v, request);
        return;
    case FUSE_FORGET: /* these three want no answer; whatever is interrupted has been answered */
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        return;
    default:
        refuse(v, request, ENOSYS);
    }
}

void view_serve(struct view *v)
{
    /* The kernel gives none to a smaller buffer; the last byte ends a name. */
    static union {
        struct fuse_in_header header;
        char bytes[FUSE_MIN_READ_BUFFER + sizeof(struct fuse_in_header)];
    } request;
    for (int i = 0; i < TURNS; i++) {
        ssize_t n = read(v->fd, request.bytes, FUSE_MIN_READ_BUFFER);
        if (n < 0 && (errno == EINTR || errno == ENOENT))
            continue; /* ENOENT: that one was given up just now */
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < (ssize_t)sizeof request.header) { /* ENODEV: it is not mounted any more */
            close(v->fd);
            v->fd = -1;
            return;
        }
        memset(request.bytes + n, 0, sizeof request.header);
        obey(v, &request.header, &request.header + 1);
    }
}
