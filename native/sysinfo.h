/*
 * sysinfo.h - answers sysinfo(2) with the machine as a container sees it. Each process of the
 * container has a filter that has the kernel ask here: seccomp(2), SECCOMP_RET_USER_NOTIF.
 */
#ifndef MYDOCKER_SYSINFO_H
#define MYDOCKER_SYSINFO_H

#include <linux/seccomp.h>
#include <stddef.h>

#include "machine.h"

/* One for the container's first process, and one for each command that joins and is there still. */
#define LISTENERS_LIMIT 256u

struct listeners {
    size_t count;
    int list[LISTENERS_LIMIT];
};

/*
 * Adds one, which is owned from now on. Without room for it its processes are told that there is no
 * such call (ENOSYS).
 */
void sysinfo_listen(struct listeners *all, int fd);

/* It is ready to be read: answers one call. */
void sysinfo_answer(int listener, const struct machine *m);

/* Takes out those that are -1, as they have no processes any more. */
void sysinfo_sweep(struct listeners *all);

/* The kernel's struct sysinfo as that architecture (AUDIT_ARCH_*) has it; its size. */
size_t sysinfo_write(unsigned arch, const struct machine_info *info, unsigned char out[128]);

#endif
