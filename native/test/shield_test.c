/* shield_test.c - the walk over /proc/self/maps sees each mapping once, and stops when told. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shield.h"
#include "test.h"

static struct {
    uintptr_t looked_for;
    int found;
    int visited;
    long answer;
} walk;

static long look(const struct keep *keep, uintptr_t start, uintptr_t end)
{
    (void)keep;
    walk.visited++;
    if (start <= walk.looked_for && walk.looked_for < end)
        walk.found++;
    return walk.answer;
}

static int walk_for(const void *address)
{
    const struct keep nothing = {.count = 0};
    walk.looked_for = (uintptr_t)address;
    walk.found = 0;
    walk.visited = 0;
    walk.answer = 0;
    CHECK(maps_walk(look, &nothing) == 0);
    return walk.found;
}

static void walk_finds_each_mapping_once(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *own = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(own != MAP_FAILED);
    CHECK(walk_for(own) == 1);
    CHECK(walk_for(&walk) == 1);
    CHECK(walk_for(&own) == 1);
    CHECK(walk_for((const void *)(uintptr_t)look) == 1);
    CHECK(munmap(own, page) == 0);
}

/* More lines than one buffer holds: mappings that the kernel cannot merge. */
static void walk_goes_on_over_many_reads(void)
{
    enum { MAPPINGS = 2000 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *area = mmap(NULL, MAPPINGS * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(area != MAP_FAILED);
    for (size_t i = 0; i < MAPPINGS; i += 2)
        CHECK(mprotect(area + i * page, page, PROT_READ) == 0);
    for (size_t i = 0; i < MAPPINGS; i += 97) {
        CHECK(walk_for(area + i * page) == 1);
        CHECK(walk.visited >= MAPPINGS);
    }
    CHECK(munmap(area, MAPPINGS * page) == 0);
}

static void walk_stops_at_the_first_error(void)
{
    const struct keep nothing = {.count = 0};
    walk.visited = 0;
    walk.answer = -EPERM;
    CHECK(maps_walk(look, &nothing) == -EPERM);
    CHECK(walk.visited == 1);
}

static void only_an_address_of_an_object_is_found(void)
{
    struct keep keep = {.count = 0};
    CHECK(keep_object(&keep, NULL) == -ENOENT);
    CHECK(keep_object(&keep, (const void *)(uintptr_t)look) == 0);
    CHECK(keep.count == 1);
    CHECK(keep.ranges[0].start <= (uintptr_t)look && (uintptr_t)look < keep.ranges[0].end);
}

static void more_ranges_than_room_are_refused(void)
{
    struct keep keep = {.count = 0};
    for (size_t i = 0; i < sizeof keep.ranges / sizeof *keep.ranges; i++)
        CHECK(keep_object(&keep, (const void *)(uintptr_t)look) == 0);
    CHECK(keep_object(&keep, (const void *)(uintptr_t)look) == -ENOSPC);
}

const struct test shield_tests[] = {
    {"the walk finds each mapping once", walk_finds_each_mapping_once, 0},
    {"the walk goes on over many reads", walk_goes_on_over_many_reads, 0},
    {"the walk stops at the first error", walk_stops_at_the_first_error, 0},
    {"only an address of a loaded object is found", only_an_address_of_an_object_is_found, 0},
    {"more ranges than there is room for are refused", more_ranges_than_room_are_refused, 0},
    {NULL, NULL, 0},
};
