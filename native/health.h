/*
 * health.h - when a container's health is looked at. What is looked at, what it means and where it
 * is written is the business of a command, which the monitor starts when it is due and reaps.
 */
#ifndef MYDOCKER_HEALTH_H
#define MYDOCKER_HEALTH_H

#include <stdint.h>
#include <sys/types.h>

/* The command's exit code that asks for the start interval before the next one. */
#define HEALTH_STARTING 3

struct health {
    char **command;          /* argv, its first word an absolute path; NULL: no checks */
    uint64_t first;          /* nanoseconds from the start to the first check */
    uint64_t interval;       /* from the end of one to the next */
    uint64_t start_interval; /* instead, after HEALTH_STARTING */
    uint64_t due;            /* when the next one is, as monotonic() counts */
    pid_t pid;               /* of the one that runs */
    int pidfd;               /* likewise, to be polled; -1 while none runs */
};

/* The container has started. */
void health_start(struct health *h);

/* Milliseconds until the next check is due; -1 when that is not a matter of time. */
int health_wait(const struct health *h);

/* Starts the command when it is due. */
void health_check(struct health *h);

/* Its pidfd is readable: takes leave of it, and says when the next one is due. */
void health_reap(struct health *h);

/* The container has ended: there are no more checks, and one that runs is killed. */
void health_stop(struct health *h);

/* Waits a second at most for the end of the one that was killed. */
void health_end(struct health *h);

#endif
