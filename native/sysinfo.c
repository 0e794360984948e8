/*
 * sysinfo.c - see sysinfo.h. The caller waits in the kernel, and can be killed there. When this
 * process is gone, as nobody else has the listener, the kernel answers ENOSYS.
 */
#define _GNU_SOURCE
#include "sysinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* linux/audit.h; also in the numbers of architectures. */
#define ARCH_64BIT 0x80000000u

/* The kernel's structures may become larger than ours (SECCOMP_GET_NOTIF_SIZES). */
#define NOTICE_ROOM 512

/* ---- the structure -------------------------------------------------------------------------- */

/* A long in the caller's architecture. */
static size_t add_long(unsigned char *out, size_t at, size_t width, uint64_t value)
{
    uint32_t narrow = (uint32_t)value;
    memcpy(out + at, width == 8 ? (void *)&value : (void *)&narrow, width);
    return at + width;
}

/* What does not fit into a long of 4 bytes is counted in larger units, up to pages. */
static uint32_t unit_of(const struct machine_info *info, size_t width)
{
    uint64_t most = info->total_ram > info->total_swap ? info->total_ram : info->total_swap;
    uint32_t unit = 1;
    while (width == 4 && most / unit > UINT32_MAX)
        unit *= 2;
    return unit;
}

/*
 * Uptime, loads, then the memory, of which high memory is none; sysinfo(2). The padding at the end
 * makes 64 bytes of it where a long has 4, and nothing where it has 8.
 */
size_t sysinfo_write(unsigned arch, const struct machine_info *info, unsigned char out[128])
{
    const size_t width = arch & ARCH_64BIT ? 8 : 4;
    const uint32_t unit = unit_of(info, width);
    const uint64_t memory[] = {info->total_ram,  info->free_ram,   info->shared_ram,
                               info->buffer_ram, info->total_swap, info->free_swap};
    memset(out, 0, 128);
    size_t at = add_long(out, 0, width, info->uptime);
    for (int i = 0; i < 3; i++)
        at = add_long(out, at, width, info->loads[i]);
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
        at = add_long(out, at, width, memory[i] / unit);
    uint16_t tasks = (uint16_t)(info->tasks < UINT16_MAX ? info->tasks : UINT16_MAX);
    memcpy(out + at, &tasks, sizeof tasks);
    at += width; /* with what aligns the next one */
    at += 2 * width;
    memcpy(out + at, &unit, sizeof unit);
    return width == 8 ? at + 8 : 64;
}

/* ---- a call --------------------------------------------------------------------------------- */

/*
 * Opened before it is asked whether the caller still waits: then it has waited all the time, so
 * this is its memory and nobody's who has got its number.
 */
static int open_memory(int listener, const struct seccomp_notif *call)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%u/mem", call->pid);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0 && ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* What cannot be answered here the kernel answers itself, with the host's figures. */
static void decide(int listener, const struct machine *m, const struct seccomp_notif *call,
                   struct seccomp_notif_resp *reply)
{
    struct machine_info info;
    unsigned char bytes[128];
    int memory = machine_info(m, &info) == 0 ? open_memory(listener, call) : -1;
    if (memory < 0) {
        reply->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        return;
    }
    size_t size = sysinfo_write(call->data.arch, &info, bytes);
    ssize_t n = pwrite(memory, bytes, size, (off_t)call->data.args[0]);
    reply->error = n == (ssize_t)size ? 0 : -EFAULT;
    close(memory);
}

/* A call that was given up is not there to be taken, or to be answered: ENOENT, and well. */
void sysinfo_answer(int listener, const struct machine *m)
{
    union {
        struct seccomp_notif call;
        char room[NOTICE_ROOM];
    } in;
    union {
        struct seccomp_notif_resp reply;
        char room[NOTICE_ROOM];
    } out;
    memset(&in, 0, sizeof in);
    memset(&out, 0, sizeof out);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &in) < 0)
        return;
    out.reply.id = in.call.id;
    decide(listener, m, &in.call, &out.reply);
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &out);
}

/* ---- all of them ---------------------------------------------------------------------------- */

void sysinfo_listen(struct listeners *all, int fd)
{
    if (all->count == LISTENERS_LIMIT)
        close(fd);
    else
        all->list[all->count++] = fd;
}

void sysinfo_sweep(struct listeners *all)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i] >= 0)
            all->list[kept++] = all->list[i];
    all->count = kept;
}
