/* launch.h - starts a plan from a process with many threads. */
#ifndef MYDOCKER_LAUNCH_H
#define MYDOCKER_LAUNCH_H

#include <stddef.h>
#include <sys/types.h>

struct launched {
    pid_t pid; /* M */
    int pidfd; /* of M, CLOEXEC; the caller's */
};

/*
 * Copies the plan, and clones M, which executes it. `slots` are PLAN_SLOTS descriptors or -1, all
 * above 2; they stay the caller's. Comes back as soon as M exists: what becomes of it stands in the
 * recording, a memfd of recording_size() bytes in SLOT_RECORDING. 0 or -errno.
 */
int launch(const void *plan, size_t size, const int *slots, struct launched *out);

#endif
