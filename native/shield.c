/*
 * shield.c - the child inherits no heap.
 *
 * maps_walk and shield_sweep RUN AFTER THE FORK as well: raw system calls and a parser that needs
 * one buffer on the stack. Why all this: a forked copy of a JVM would carry every secret of its
 * heap into the container, and would cost page tables for gigabytes at each launch.
 */
#define _GNU_SOURCE
#include "shield.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "sys.h"

/*
 * Calls `act` with each part of [start, end) that is not kept. The kernel merges neighbours that
 * are alike, so one mapping may hold what is kept beside what must not be.
 */
static long outside(const struct keep *keep, uintptr_t start, uintptr_t end,
                    long (*act)(uintptr_t start, uintptr_t end))
{
    long n = 0;
    while (start < end && n >= 0) {
        struct range next = {end, end}; /* the first kept one from here on */
        for (size_t i = 0; i < keep->count; i++)
            if (keep->ranges[i].end > start && keep->ranges[i].start < next.start)
                next = keep->ranges[i];
        if (start < next.start)
            n = act(start, next.start);
        start = next.end;
    }
    return n;
}

static int keep_add(struct keep *keep, uintptr_t start, uintptr_t end)
{
    if (keep->count == sizeof keep->ranges / sizeof *keep->ranges)
        return -ENOSPC;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    keep->ranges[keep->count++] = (struct range){start & -page, (end + page - 1) & -page};
    return 0;
}

struct object_query {
    uintptr_t address;
    struct range found;
};

/* dl_iterate_phdr(3): the span of the object's PT_LOAD segments, when it covers the address. */
static int match_object(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    struct object_query *query = data;
    uintptr_t start = UINTPTR_MAX;
    uintptr_t end = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_LOAD)
            continue;
        uintptr_t from = info->dlpi_addr + header->p_vaddr;
        uintptr_t to = from + header->p_memsz;
        start = from < start ? from : start;
        end = to > end ? to : end;
    }
    if (query->address < start || query->address >= end)
        return 0;
    query->found = (struct range){start, end};
    return 1;
}

int keep_object(struct keep *keep, const void *address)
{
    struct object_query query = {.address = (uintptr_t)address};
    if (!dl_iterate_phdr(match_object, &query))
        return -ENOENT;
    return keep_add(keep, query.found.start, query.found.end);
}

int keep_memory(struct keep *keep, void *start, size_t size)
{
    long r = SYS(madvise, start, size, MADV_DOFORK);
    if (r < 0)
        return (int)r;
    return keep_add(keep, (uintptr_t)start, (uintptr_t)start + size);
}

/* "start-end ..." in hexadecimal; false when the line is something else. */
static bool parse_range(const char *line, const char *end, struct range *out)
{
    uintptr_t value[2] = {0, 0};
    int which = 0;
    for (const char *p = line; p < end; p++) {
        if (*p >= '0' && *p <= '9')
            value[which] = value[which] << 4 | (uintptr_t)(*p - '0');
        else if (*p >= 'a' && *p <= 'f')
            value[which] = value[which] << 4 | (uintptr_t)(*p - 'a' + 10);
        else if (*p == '-' && which == 0)
            which = 1;
        else {
            *out = (struct range){value[0], value[1]};
            return *p == ' ' && which == 1 && value[0] < value[1];
        }
    }
    return false;
}

int maps_walk(long (*visit)(const struct keep *keep, uintptr_t start, uintptr_t end),
              const struct keep *keep)
{
    long fd = SYS(openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return (int)fd;
    char buffer[16384];
    size_t used = 0;
    bool inside = false; /* of a line whose range is done and whose end has not come yet */
    long n;
    while ((n = SYS(read, fd, buffer + used, sizeof buffer - used)) > 0) {
        used += (size_t)n;
        char *line = buffer;
        char *end;
        while ((end = memchr(line, '\n', used - (size_t)(line - buffer)))) {
            struct range range;
            if (!inside && parse_range(line, end, &range))
                n = visit(keep, range.start, range.end);
            inside = false;
            line = end + 1;
            if (n < 0)
                goto out;
        }
        used -= (size_t)(line - buffer);
        memmove(buffer, line, used);
        if (used == sizeof buffer) { /* a line longer than the buffer: only its start matters */
            used = 0;
            inside = true;
        }
    }
out:
    SYS(close, fd);
    return (int)n;
}

static long mark_part(uintptr_t start, uintptr_t end)
{
    long r = SYS(madvise, start, end - start, MADV_DONTFORK);
    /* ENOMEM: unmapped by another thread meanwhile, so the child will not have it either. */
    return r == -ENOMEM || r == -EINVAL ? 0 : r;
}

/* The kernel's own mappings ([vsyscall], above the user's half) take no advice. */
static long mark(const struct keep *keep, uintptr_t start, uintptr_t end)
{
    return (intptr_t)start < 0 ? 0 : outside(keep, start, end, mark_part);
}

int shield(const struct keep *keep)
{
    return maps_walk(mark, keep);
}

static long unmap_part(uintptr_t start, uintptr_t end)
{
    return SYS(munmap, start, end - start);
}

static long unmap(const struct keep *keep, uintptr_t start, uintptr_t end)
{
    return (intptr_t)start < 0 ? 0 : outside(keep, start, end, unmap_part);
}

int shield_sweep(const struct keep *keep)
{
    return maps_walk(unmap, keep);
}
