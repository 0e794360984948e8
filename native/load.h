/*
 * load.h - the load of a cgroup, reckoned as the kernel reckons the machine's: how many of its
 * tasks run, want to, or wait for a disk, looked at every five seconds and averaged.
 */
#ifndef MYDOCKER_LOAD_H
#define MYDOCKER_LOAD_H

#include <stdbool.h>
#include <stdint.h>

/* The kernel's fixed point of a load, FSHIFT in linux/sched/loadavg.h. */
#define LOAD_SHIFT 11u

struct load {
    const char *directory; /* the cgroup's; NULL: nothing is known */
    const char *list;      /* the name of its file with the ids of its tasks */
    uint64_t next;         /* CLOCK_MONOTONIC nanoseconds: looked at then; 0: never yet */
    uint64_t average[3];   /* over 1, 5 and 15 minutes, fixed point */
};

struct tasks {
    uint64_t all;
    uint64_t active; /* running or runnable, or in uninterruptible sleep; 0 unless asked for */
};

/* The tasks of the cgroup and of those below it; asking what each does costs much more. */
struct tasks load_tasks(const struct load *l, bool states);

/* Milliseconds until load_look has something to do, -1: never. */
int load_wait(const struct load *l);

/* Looks, when it is time. */
void load_look(struct load *l);

/* The averages after `active` tasks have been seen once more. */
void load_add(uint64_t average[3], uint64_t active);

#endif
