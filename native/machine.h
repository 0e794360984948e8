/*
 * machine.h - the machine as a container sees it: the kernel's own texts about the host, with what
 * the container's cgroup says in the place of the host's figures. Reads files, and writes none.
 */
#ifndef MYDOCKER_MACHINE_H
#define MYDOCKER_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load.h"

/* Of a text; what does not fit is left out. /proc/cpuinfo has some 1.5 kB per CPU. */
#define TEXT_ROOM (512u << 10)

struct text {
    size_t used;
    char bytes[TEXT_ROOM]; /* only what is used has memory */
};

enum machine_file {
    MACHINE_MEMINFO,
    MACHINE_SWAPS,
    MACHINE_UPTIME,
    MACHINE_LOADAVG,
    MACHINE_CPUINFO,
    MACHINE_STAT,
    MACHINE_ONLINE,
    MACHINE_FILES
};

/* Their last names: in /proc, and online of /sys/devices/system/cpu. */
extern const char *const machine_names[MACHINE_FILES];

/* Hundredths of seconds, as in /proc/uptime. */
struct uptime {
    uint64_t up;
    uint64_t idle;
};

struct machine {
    const char *memory_v1; /* the cgroup's directory in the v1 hierarchy of memory; NULL: none */
    const char *memory_v2; /* or in that of v2 */
    const char *cpus;      /* its file with the list of its CPUs; NULL: none */
    struct uptime since;   /* the host's, when the container started */
    struct load load;
};

/* The container starts now. */
void machine_start(struct machine *m);

/* One of the files as it is now: 0, or -EIO when what it is made of cannot be read. */
int machine_text(const struct machine *m, enum machine_file file, struct text *out);

/* What sysinfo(2) tells, in seconds and bytes; loads in fixed point of 16 bits (SI_LOAD_SHIFT). */
struct machine_info {
    uint64_t uptime;
    uint64_t loads[3];
    uint64_t total_ram;
    uint64_t free_ram;
    uint64_t shared_ram;
    uint64_t buffer_ram;
    uint64_t total_swap;
    uint64_t free_swap;
    uint64_t tasks;
};

/* The same figures as in the files, but for a page of the memory: 0, or -EIO as above. */
int machine_info(const struct machine *m, struct machine_info *out);

/* ---- the texts, from what has been read; strings end with NUL ------------------------------- */

#define NO_LIMIT UINT64_MAX

/* What a cgroup knows of its memory; bytes. */
struct memory {
    uint64_t limit; /* the lowest that holds for it, or NO_LIMIT */
    uint64_t used;
    uint64_t swap_limit; /* of swap alone, or NO_LIMIT */
    uint64_t swap_used;
    bool unified;     /* whose names are in `stat`: of v2, or of v1 */
    const char *stat; /* its memory.stat */
};

void machine_meminfo(const struct memory *m, const char *host, struct text *out);
void machine_swaps(const struct memory *m, const char *host, const char *host_meminfo,
                   struct text *out);
void machine_uptime(const struct uptime *since, const char *host, struct text *out);

void machine_loadavg(const uint64_t average[3], const struct tasks *tasks, struct text *out);

/* Those with a list of CPUs, cpuset(7), "List format". */
void machine_cpuinfo(const char *cpus, const char *host, struct text *out);
void machine_stat(const char *cpus, const char *host, struct text *out);

#endif
