/* machine_test.c - the texts about the machine, made of what has been read. */
#define _GNU_SOURCE
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "test.h"
#include "trial.h"

static struct text made;

static const char *text_of(struct text *t)
{
    CHECK(t->used < sizeof t->bytes);
    t->bytes[t->used] = '\0';
    return t->bytes;
}

static void check_line(const char *line)
{
    if (strstr(text_of(&made), line))
        return;
    fprintf(stderr, "no line \"%s\" in\n%s", line, made.bytes);
    _exit(1);
}

static const char HOST[] = "MemTotal:       24683620 kB\n"
                           "MemFree:        21846672 kB\n"
                           "MemAvailable:   24017060 kB\n"
                           "Buffers:          915532 kB\n"
                           "Cached:          1105424 kB\n"
                           "Active:          1662336 kB\n"
                           "Active(file):    1659464 kB\n"
                           "Inactive(file):   349904 kB\n"
                           "SwapTotal:       1048576 kB\n"
                           "SwapFree:        1000000 kB\n"
                           "Dirty:              1124 kB\n"
                           "AnonPages:          9920 kB\n"
                           "Shmem:             11584 kB\n"
                           "Slab:             693984 kB\n"
                           "SReclaimable:     562288 kB\n"
                           "CommitLimit:    12341808 kB\n"
                           "HugePages_Total:       3\n"
                           "Hugepagesize:       2048 kB\n";

static const char V1[] = "cache 1\nrss 1\nhierarchical_memory_limit 268435456\n"
                         "hierarchical_memsw_limit 402653184\n"
                         "total_cache 4194304\ntotal_rss 2097152\ntotal_shmem 1048576\n"
                         "total_dirty 8192\ntotal_inactive_file 1048576\n"
                         "total_active_file 2097152\ntotal_active_anon 1024\n";

static const char V2[] = "anon 2097152\nfile 4194304\nkernel 4096\nslab 65536\n"
                         "slab_reclaimable 32768\nshmem 1048576\nfile_dirty 8192\n"
                         "inactive_file 1048576\nactive_file 2097152\nactive_anon 1024\n";

static void meminfo(const struct memory *m)
{
    made.used = 0;
    machine_meminfo(m, HOST, &made);
}

static void limit_is_all_the_memory_there_is(void)
{
    const struct memory v1 = {.limit = 256u << 20,
                              .used = 64u << 20,
                              .swap_limit = 128u << 20,
                              .swap_used = 1u << 20,
                              .stat = V1};
    meminfo(&v1);
    check_line("MemTotal:         262144 kB\n");
    check_line("MemFree:          196608 kB\n");
    check_line("MemAvailable:     199680 kB\n");
    check_line("Buffers:               0 kB\n");
    check_line("Cached:             4096 kB\n");
    check_line("Active:             2049 kB\n");
    check_line("SwapTotal:        131072 kB\n");
    check_line("SwapFree:         130048 kB\n");
    check_line("Dirty:                 8 kB\n");
    check_line("AnonPages:          2048 kB\n");
    check_line("Shmem:              1024 kB\n");
}

static void version_2_has_names_of_its_own(void)
{
    const struct memory v2 = {.limit = 256u << 20, .used = 64u << 20, .unified = true, .stat = V2};
    meminfo(&v2);
    check_line("MemAvailable:     199712 kB\n");
    check_line("Cached:             4096 kB\n");
    check_line("Active:             2049 kB\n");
    check_line("AnonPages:          2048 kB\n");
    check_line("Slab:                 64 kB\n");
    check_line("SReclaimable:         32 kB\n");
    check_line("SwapTotal:             0 kB\n");
}

static void what_no_cgroup_knows_is_nothing(void)
{
    const struct memory m = {.limit = 256u << 20, .stat = V1};
    meminfo(&m);
    check_line("CommitLimit:           0 kB\n");
    check_line("Slab:                  0 kB\n");
    check_line("HugePages_Total:       0\n");
    check_line("Hugepagesize:       2048 kB\n");
}

static void use_beyond_the_limit_leaves_nothing(void)
{
    const struct memory m = {.limit = 1u << 20, .used = 2u << 20, .stat = ""};
    meminfo(&m);
    check_line("MemTotal:           1024 kB\n");
    check_line("MemFree:               0 kB\n");
}

static void without_a_limit_it_is_the_hosts(void)
{
    const struct memory m = {.limit = NO_LIMIT, .swap_limit = NO_LIMIT, .stat = V1};
    meminfo(&m);
    CHECK(strcmp(text_of(&made), HOST) == 0);
    made.used = 0;
    machine_swaps(&m, "Filename\n/dev/sda2\n", HOST, &made);
    CHECK(strcmp(text_of(&made), "Filename\n/dev/sda2\n") == 0);
}

static void swap_that_the_host_has_not_is_not_shown(void)
{
    const struct memory m = {.limit = 1u << 30, .swap_limit = NO_LIMIT, .stat = V1};
    meminfo(&m);
    check_line("SwapTotal:       1048576 kB\n");
    check_line("SwapFree:        1000000 kB\n");
}

static void swap_is_one_area_without_a_place(void)
{
    const struct memory m = {
        .limit = 1u << 30, .swap_limit = 2u << 20, .swap_used = 1u << 20, .stat = V1};
    made.used = 0;
    machine_swaps(&m, "Filename\tType\n/dev/sda2 partition 1 2 -2\n", HOST, &made);
    check_line("Filename\tType\ncgroup ");
    check_line("virtual\t2048\t\t1024\t\t-2\n");
    CHECK(!strstr(text_of(&made), "sda2"));
}

static void uptime_is_since_the_start(void)
{
    const struct uptime since = {4061700, 2355500};
    made.used = 0;
    machine_uptime(&since, "40617.07 23556.45\n", &made);
    CHECK(strcmp(text_of(&made), "0.07 1.45\n") == 0);
}

static void cpuinfo_has_the_chosen_cpus(void)
{
    static const char host[] = "processor\t: 0\nbogomips\t: 1\n\nprocessor\t: 1\nbogomips\t: 2\n\n"
                               "processor\t: 10\nbogomips\t: 3\n\nHardware\t: board\n";
    made.used = 0;
    machine_cpuinfo("1,9-11\n", host, &made);
    CHECK(strcmp(text_of(&made), strstr(host, "processor\t: 1\n")) == 0);
    made.used = 0;
    machine_cpuinfo("10-11\n", host, &made);
    CHECK(strcmp(text_of(&made), strstr(host, "processor\t: 10\n")) == 0);
}

static void stat_sums_the_chosen_cpus(void)
{
    made.used = 0;
    machine_stat("1-2\n",
                 "cpu  11 22 33 44 55 66 77 88 99 10\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
                 "cpu1 2 3 4 5 6 7 8 9 10 11\ncpu2 1 1 1 1 1 1 1 1 1 1\nintr 5 0\nbtime 7\n",
                 &made);
    CHECK(strcmp(text_of(&made), "cpu  3 4 5 6 7 8 9 10 11 12\ncpu1 2 3 4 5 6 7 8 9 10 11\n"
                                 "cpu2 1 1 1 1 1 1 1 1 1 1\nintr 5 0\nbtime 7\n") == 0);
}

static void anything_at_all_is_read_without_harm(void)
{
    uint64_t seed = 20261124;
    static const char LETTERS[] = "cpu processor: 0123456789-,\n\n.kB()";
    char host[400];
    for (unsigned i = 0; i < rounds(20000); i++) {
        size_t length = chance(&seed) % sizeof host;
        for (size_t k = 0; k < length; k++)
            host[k] = LETTERS[chance(&seed) % (sizeof LETTERS - 1)];
        host[length] = '\0';
        const struct memory m = {.limit = chance(&seed), .stat = host};
        made.used = chance(&seed) % 2 ? 0 : sizeof made.bytes - chance(&seed) % 64;
        machine_meminfo(&m, host, &made);
        machine_swaps(&m, host, host, &made);
        machine_uptime(&(struct uptime){0, 0}, host, &made);
        machine_cpuinfo(host, host, &made);
        machine_stat(host, host, &made);
        CHECK(made.used <= sizeof made.bytes);
    }
}

/* ---- files ---------------------------------------------------------------------------------- */

static void write_v2(int at, const char *below, const char *limit)
{
    char path[64];
    const char *const files[][2] = {{"memory.max", limit},
                                    {"memory.swap.max", "0\n"},
                                    {"memory.current", "1048576\n"},
                                    {"memory.swap.current", "0\n"},
                                    {"memory.stat", V2}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s%s", below, files[i][0]);
        make_file(at, path, files[i][1], 0600);
    }
}

/* The host's own file gives the other lines. */
static void lowest_limit_on_the_way_up_counts(void)
{
    char directory[] = "/tmp/mydocker-native-machine-XXXXXX";
    char below[64];
    CHECK(mkdtemp(directory));
    int at = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    make_directory(at, "a", 0700);
    make_directory(at, "a/b", 0700);
    write_v2(at, "a/", "16777216\n");
    write_v2(at, "a/b/", "max\n");
    snprintf(below, sizeof below, "%s/a/b", directory);
    const struct machine m = {.memory_v2 = below};
    CHECK_SAME(machine_text(&m, MACHINE_MEMINFO, &made), 0);
    check_line("MemTotal:          16384 kB\n");
    check_line("MemFree:           15360 kB\n");
    close(at);
    remove_tree(directory);
}

static void what_cannot_be_read_is_an_error(void)
{
    const struct machine none = {0};
    CHECK_SAME(machine_text(&none, MACHINE_MEMINFO, &made), -EIO);
    CHECK_SAME(machine_text(&none, MACHINE_ONLINE, &made), -EIO);
    const struct machine gone = {.memory_v1 = "/no/such", .cpus = "/no/such"};
    CHECK_SAME(machine_text(&gone, MACHINE_SWAPS, &made), -EIO);
    CHECK_SAME(machine_text(&gone, MACHINE_STAT, &made), -EIO);
}

const struct test machine_tests[] = {
    {"a limit is all the memory there is", limit_is_all_the_memory_there_is, 0},
    {"version 2 of cgroups has names of its own", version_2_has_names_of_its_own, 0},
    {"what no cgroup knows is nothing", what_no_cgroup_knows_is_nothing, 0},
    {"use beyond the limit leaves nothing", use_beyond_the_limit_leaves_nothing, 0},
    {"without a limit it is the host's", without_a_limit_it_is_the_hosts, 0},
    {"swap that the host has not is not shown", swap_that_the_host_has_not_is_not_shown, 0},
    {"swap is one area without a place", swap_is_one_area_without_a_place, 0},
    {"uptime is since the start", uptime_is_since_the_start, 0},
    {"cpuinfo has the chosen CPUs", cpuinfo_has_the_chosen_cpus, 0},
    {"stat sums the chosen CPUs", stat_sums_the_chosen_cpus, 0},
    {"anything at all is read without harm", anything_at_all_is_read_without_harm, 0},
    {"the lowest limit on the way up counts", lowest_limit_on_the_way_up_counts, 0},
    {"what cannot be read is an error", what_cannot_be_read_is_an_error, 0},
    {NULL, NULL, 0},
};
