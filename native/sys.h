/*
 * sys.h - the system calls of the interpreter, raw: -errno on failure, no libc state but errno.
 * Everything here may be called after a fork (signal-safety(7)).
 */
#ifndef MYDOCKER_SYS_H
#define MYDOCKER_SYS_H

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline long sys_result(long r)
{
    return r < 0 ? -errno : r;
}

#define SYS(call, ...) sys_result(syscall(SYS_##call, ##__VA_ARGS__))

/* CLOCK_MONOTONIC in nanoseconds: what System.nanoTime gives on Linux. */
static inline uint64_t now(void)
{
    struct timespec t = {0, 0};
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Linux 5.12; older headers lack it, and older kernels answer ENOSYS. The number is the same on
   every architecture, like all system calls added since 5.1. */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

#endif
