/* clock.h - the monitor's sense of time. */
#ifndef MYDOCKER_CLOCK_H
#define MYDOCKER_CLOCK_H

#include <stdint.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)

/* CLOCK_MONOTONIC in nanoseconds. */
static inline uint64_t monotonic(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* Milliseconds, for poll(2), after which that much time has passed. */
static inline int poll_time(uint64_t nanoseconds)
{
    uint64_t ms = nanoseconds / 1000000 + 1;
    return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

#endif
