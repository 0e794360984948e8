/*
 * view.h - a FUSE file system of a handful of files, which are the machine as a container sees it.
 * The container's first process mounts it and sends its end of it here, to its monitor.
 */
#ifndef MYDOCKER_VIEW_H
#define MYDOCKER_VIEW_H

#include "machine.h"

/* One read of a text from its beginning; the reads after it get the rest of the same. */
struct snapshot {
    uint64_t handle; /* of the open file; 0: nobody's */
    struct text text;
};

#define SNAPSHOTS 4

struct view {
    int fd; /* to the kernel; -1: there is none */
    struct machine machine;
    uint64_t handles; /* how many files have been opened */
    unsigned next;    /* the snapshot whose turn it is to be replaced */
    struct snapshot recent[SNAPSHOTS];
};

/*
 * Answers what waits, and never waits itself: a few requests at a time, as the caller has more to
 * do. When nothing is mounted any more, fd is -1.
 */
void view_serve(struct view *v);

#endif
