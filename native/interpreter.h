/* interpreter.h - executes the operations of a loaded plan in M and I. */
#ifndef MYDOCKER_INTERPRETER_H
#define MYDOCKER_INTERPRETER_H

#include <stdbool.h>

#include "plan.h"

/* One launch as the process that executes it sees it; private to that process. */
struct run {
    struct plan *plan;
    struct recording *recording;
    int slots[PLAN_SLOTS]; /* descriptors, -1: none */
    uint32_t at;           /* the operation that runs */
    enum who who;
    int empty;         /* the first directory that hides one, for the others; 0: none yet */
    uint64_t filtered; /* when a filter was installed; 0: none. Then only execve is called. */
};

/*
 * Makes a fresh child of a JVM an ordinary process: its own session, default signals (all still
 * blocked), not dumpable, umask 0, no descriptor but the slots', /dev/null as 0, 1 and 2.
 * 0 or -errno. M.
 */
int run_prepare(struct run *run);

/*
 * M: executes the monitor's operations from `first` on. Comes back only when none is left (0), or
 * with the -errno of the one that failed, which the recording names. In I it never comes back.
 */
int run_monitor_ops(struct run *run, uint32_t first);

#endif
