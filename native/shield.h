/* shield.h - keeps the memory of a JVM out of the processes that enter containers. */
#ifndef MYDOCKER_SHIELD_H
#define MYDOCKER_SHIELD_H

#include <stddef.h>
#include <stdint.h>

/* Address ranges that a child needs, in whole pages: [start, end). */
struct range {
    uintptr_t start;
    uintptr_t end;
};

struct keep {
    struct range ranges[8];
    size_t count;
};

/* Adds the loaded object (library or program) that holds `address`. 0, or -ENOENT. Before the fork.
 */
int keep_object(struct keep *keep, const void *address);

/* Adds memory of our own, and takes back a mark that another launch may have left on it. */
int keep_memory(struct keep *keep, void *start, size_t size);

/*
 * Marks all memory of this process that is not kept MADV_DONTFORK (madvise(2)). The marks stay:
 * nothing in a JVM forks without exec, and its own launcher shares memory until exec (vfork).
 * 0 or -errno.
 */
int shield(const struct keep *keep);

/* In the child: unmaps what was mapped by another thread between shield and clone. 0 or -errno. */
int shield_sweep(const struct keep *keep);

/*
 * Calls `visit` with each mapping of /proc/self/maps (proc_pid_maps(5)); it may change the mapping
 * it is given. Stops at its first negative result, which it gives. Safe after a fork.
 */
int maps_walk(long (*visit)(const struct keep *keep, uintptr_t start, uintptr_t end),
              const struct keep *keep);

#endif
