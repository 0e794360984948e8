/* machine.c - see machine.h. Nothing here allocates. */
#define _GNU_SOURCE
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIBI 1024u

const char *const machine_names[MACHINE_FILES] = {"meminfo", "swaps", "uptime", "loadavg",
                                                  "cpuinfo", "stat",  "online"};

/* ---- text ----------------------------------------------------------------------------------- */

static void add(struct text *out, const char *bytes, size_t size)
{
    size_t room = sizeof out->bytes - out->used;
    if (size > room)
        size = room;
    memcpy(out->bytes + out->used, bytes, size);
    out->used += size;
}

__attribute__((format(printf, 2, 3))) static void print(struct text *out, const char *format, ...)
{
    char line[128];
    va_list values;
    va_start(values, format);
    int n = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (n > 0)
        add(out, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

/* Where the line after this one begins, or the text ends. */
static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

/* The number behind a line's name and `mark`; 0 when there is no such line. */
static uint64_t number_of(const char *text, const char *name, char mark)
{
    size_t length = strlen(name);
    for (; *text; text = next_line(text))
        if (strncmp(text, name, length) == 0 && text[length] == mark)
            return strtoull(text + length + 1, NULL, 10);
    return 0;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What is left of `all`; never below 0, as the figures are not of one moment. */
static uint64_t rest(uint64_t all, uint64_t used)
{
    return all > used ? all - used : 0;
}

/* ---- memory --------------------------------------------------------------------------------- */

/* A line of /proc/meminfo, and the figures of memory.stat that it is the sum of. */
static const struct {
    const char *name;
    const char *v1[2];
    const char *v2[2];
} LINES[] = {
    {"Cached", {"total_cache"}, {"file"}},
    {"SwapCached", {"total_swapcached"}, {"swapcached"}},
    {"Active", {"total_active_anon", "total_active_file"}, {"active_anon", "active_file"}},
    {"Inactive",
     {"total_inactive_anon", "total_inactive_file"},
     {"inactive_anon", "inactive_file"}},
    {"Active(anon)", {"total_active_anon"}, {"active_anon"}},
    {"Inactive(anon)", {"total_inactive_anon"}, {"inactive_anon"}},
    {"Active(file)", {"total_active_file"}, {"active_file"}},
    {"Inactive(file)", {"total_inactive_file"}, {"inactive_file"}},
    {"Unevictable", {"total_unevictable"}, {"unevictable"}},
    {"Zswap", {NULL}, {"zswap"}},
    {"Zswapped", {NULL}, {"zswapped"}},
    {"Dirty", {"total_dirty"}, {"file_dirty"}},
    {"Writeback", {"total_writeback"}, {"file_writeback"}},
    {"AnonPages", {"total_rss"}, {"anon"}},
    {"Mapped", {"total_mapped_file"}, {"file_mapped"}},
    {"Shmem", {"total_shmem"}, {"shmem"}},
    {"KReclaimable", {NULL}, {"slab_reclaimable"}},
    {"Slab", {NULL}, {"slab"}},
    {"SReclaimable", {NULL}, {"slab_reclaimable"}},
    {"SUnreclaim", {NULL}, {"slab_unreclaimable"}},
    {"KernelStack", {NULL}, {"kernel_stack"}},
    {"PageTables", {NULL}, {"pagetables"}},
    {"SecPageTables", {NULL}, {"sec_pagetables"}},
    {"Percpu", {NULL}, {"percpu"}},
    {"AnonHugePages", {"total_rss_huge"}, {"anon_thp"}},
    {"ShmemHugePages", {NULL}, {"shmem_thp"}},
    {"FileHugePages", {NULL}, {"file_thp"}},
};

/* kB; 0 for what a cgroup has no figure of. */
static uint64_t stat_figure(const struct memory *m, const char *name)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        if (strcmp(LINES[i].name, name) != 0)
            continue;
        const char *const *keys = m->unified ? LINES[i].v2 : LINES[i].v1;
        for (int k = 0; k < 2 && keys[k]; k++)
            bytes += number_of(m->stat, keys[k], ' ');
    }
    return bytes / KIBI;
}

/* kB. A limit of swap may be beyond what the host has. */
static uint64_t swap_total(const struct memory *m, const char *host)
{
    return lower(m->swap_limit / KIBI, number_of(host, "SwapTotal", ':'));
}

static uint64_t swap_free(const struct memory *m, const char *host)
{
    return lower(rest(swap_total(m, host), m->swap_used / KIBI), number_of(host, "SwapFree", ':'));
}

/* kB, of the line of that name. The size of a huge page is the machine's for everybody. */
static uint64_t figure(const struct memory *m, const char *host, const char *name)
{
    uint64_t total = m->limit / KIBI;
    uint64_t free = rest(total, m->used / KIBI);
    uint64_t cache = stat_figure(m, "Active(file)") + stat_figure(m, "Inactive(file)") +
                     stat_figure(m, "SReclaimable");
    if (strcmp(name, "MemTotal") == 0)
        return total;
    if (strcmp(name, "MemFree") == 0)
        return free;
    if (strcmp(name, "MemAvailable") == 0)
        return lower(free + cache, total);
    if (strcmp(name, "SwapTotal") == 0)
        return swap_total(m, host);
    if (strcmp(name, "SwapFree") == 0)
        return swap_free(m, host);
    if (strcmp(name, "Hugepagesize") == 0)
        return number_of(host, name, ':');
    return stat_figure(m, name);
}

/* Whether the host is the limit. */
static bool is_unlimited(const struct memory *m, const char *host_meminfo)
{
    return m->limit / KIBI >= number_of(host_meminfo, "MemTotal", ':');
}

void machine_meminfo(const struct memory *m, const char *host, struct text *out)
{
    if (is_unlimited(m, host)) {
        add(out, host, strlen(host));
        return;
    }
    for (const char *line = host; *line; line = next_line(line)) {
        char name[32];
        size_t length = strcspn(line, ":\n");
        if (line[length] != ':' || length >= sizeof name - 1)
            continue;
        memcpy(name, line, length);
        name[length] = '\0';
        unsigned long long value = figure(m, host, name);
        name[length] = ':';
        name[length + 1] = '\0';
        const char *end = next_line(line);
        bool kilobytes = end - line > 3 && memcmp(end - 3, "kB\n", 3) == 0;
        print(out, "%-16s%8llu%s\n", name, value, kilobytes ? " kB" : "");
    }
}

/* Where the pages are is the host's business. */
void machine_swaps(const struct memory *m, const char *host, const char *host_meminfo,
                   struct text *out)
{
    if (is_unlimited(m, host_meminfo)) {
        add(out, host, strlen(host));
        return;
    }
    add(out, host, (size_t)(next_line(host) - host));
    unsigned long long total = swap_total(m, host_meminfo);
    if (total > 0)
        print(out, "%-40s%s\t%llu\t\t%llu\t\t-2\n", "cgroup", "virtual", total,
              (unsigned long long)lower(total, m->swap_used / KIBI));
}

/* ---- time ----------------------------------------------------------------------------------- */

/* Of "SECONDS.HUNDREDTHS SECONDS.HUNDREDTHS". */
static struct uptime parse_uptime(const char *text)
{
    uint64_t numbers[4] = {0};
    char *at = (char *)(uintptr_t)text;
    for (int i = 0; i < 4; i++) {
        numbers[i] = strtoull(at, &at, 10);
        if (*at != '\0')
            at++;
    }
    return (struct uptime){numbers[0] * 100 + numbers[1], numbers[2] * 100 + numbers[3]};
}

void machine_uptime(const struct uptime *since, const char *host, struct text *out)
{
    const struct uptime now = parse_uptime(host);
    unsigned long long up = rest(now.up, since->up);
    unsigned long long idle = rest(now.idle, since->idle);
    print(out, "%llu.%02llu %llu.%02llu\n", up / 100, up % 100, idle / 100, idle % 100);
}

/*
 * Two places are shown, rounded as the kernel does. The last number there is the last PID; which
 * one that is in the container's PIDs nobody outside is told.
 */
void machine_loadavg(const uint64_t average[3], const struct tasks *tasks, struct text *out)
{
    const uint64_t one = UINT64_C(1) << LOAD_SHIFT;
    for (int i = 0; i < 3; i++) {
        uint64_t load = average[i] + one / 200;
        print(out, "%llu.%02llu ", (unsigned long long)(load / one),
              (unsigned long long)(load % one * 100 / one));
    }
    print(out, "%llu/%llu 0\n", (unsigned long long)tasks->active, (unsigned long long)tasks->all);
}

/* ---- CPUs ----------------------------------------------------------------------------------- */

static bool has_cpu(const char *list, unsigned long cpu)
{
    while (*list >= '0' && *list <= '9') {
        char *at;
        unsigned long first = strtoul(list, &at, 10);
        unsigned long last = *at == '-' ? strtoul(at + 1, &at, 10) : first;
        if (cpu >= first && cpu <= last)
            return true;
        list = *at == ',' ? at + 1 : at;
    }
    return false;
}

/* A line "processor : 3" says which; what has none (some architectures' end) is for all. */
static bool is_of(const char *cpus, const char *block, const char *end)
{
    for (const char *line = block; line < end; line = next_line(line)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "processor", 9) == 0 && colon)
            return has_cpu(cpus, strtoul(colon + 1, NULL, 10));
    }
    return true;
}

void machine_cpuinfo(const char *cpus, const char *host, struct text *out)
{
    while (*host) {
        const char *end = strstr(host, "\n\n");
        end = end ? end + 2 : host + strlen(host);
        if (is_of(cpus, host, end))
            add(out, host, (size_t)(end - host));
        host = end;
    }
}

/* user, nice, system and so on: proc_stat(5). */
#define CPU_TIMES 10

static bool is_cpu_line(const char *line)
{
    return strncmp(line, "cpu", 3) == 0 && line[3] >= '0' && line[3] <= '9';
}

static void add_times(uint64_t sum[CPU_TIMES], const char *line)
{
    char *at;
    strtoul(line + 3, &at, 10);
    for (int i = 0; i < CPU_TIMES && *at == ' '; i++)
        sum[i] += strtoull(at, &at, 10);
}

void machine_stat(const char *cpus, const char *host, struct text *out)
{
    uint64_t sum[CPU_TIMES] = {0};
    for (const char *line = host; *line; line = next_line(line))
        if (is_cpu_line(line) && has_cpu(cpus, strtoul(line + 3, NULL, 10)))
            add_times(sum, line);
    print(out, "cpu ");
    for (int i = 0; i < CPU_TIMES; i++)
        print(out, " %llu", (unsigned long long)sum[i]);
    print(out, "\n");
    for (const char *line = host; *line; line = next_line(line))
        if (strncmp(line, "cpu ", 4) != 0 &&
            (!is_cpu_line(line) || has_cpu(cpus, strtoul(line + 3, NULL, 10))))
            add(out, line, (size_t)(next_line(line) - line));
}

/* ---- files ---------------------------------------------------------------------------------- */

/* Reads a file of the kernel whole, and ends it with NUL: 0 or -errno. */
static int slurp(const char *path, char *out, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    size_t used = 0;
    ssize_t n = 1;
    while (n > 0 && used < room - 1) {
        n = read(fd, out + used, room - 1 - used);
        used += n > 0 ? (size_t)n : 0;
    }
    int r = n < 0 ? -errno : 0;
    close(fd);
    out[used] = '\0';
    return r;
}

static int slurp_of(const char *directory, const char *name, char *out, size_t room)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", directory, name);
    return n < 0 || (size_t)n >= sizeof path ? -ENAMETOOLONG : slurp(path, out, room);
}

/* A file of one number, in which "max" is none; 0 or -errno. */
static int number_in(const char *directory, const char *name, uint64_t *number)
{
    char text[64];
    int r = slurp_of(directory, name, text, sizeof text);
    if (r == 0)
        *number = text[0] == 'm' ? NO_LIMIT : strtoull(text, NULL, 10);
    return r;
}

/* v1 says itself what the lowest limit on the way up is. */
static int read_v1(const char *directory, struct memory *m)
{
    m->limit = number_of(m->stat, "hierarchical_memory_limit", ' ');
    int r = number_in(directory, "memory.usage_in_bytes", &m->used);
    uint64_t both;
    m->swap_limit = NO_LIMIT;
    if (r == 0 && number_in(directory, "memory.memsw.usage_in_bytes", &both) == 0) {
        m->swap_limit = rest(number_of(m->stat, "hierarchical_memsw_limit", ' '), m->limit);
        m->swap_used = rest(both, m->used);
    }
    return r;
}

/* The root has no limits: there the way up ends. */
static uint64_t lowest(const char *directory, const char *name)
{
    char at[PATH_MAX];
    uint64_t all = NO_LIMIT;
    uint64_t one;
    int n = snprintf(at, sizeof at, "%s", directory);
    while (n > 0 && (size_t)n < sizeof at - 3 && number_in(at, name, &one) == 0) {
        all = lower(all, one);
        n += snprintf(at + n, sizeof at - (size_t)n, "/..");
    }
    return all;
}

static int read_v2(const char *directory, struct memory *m)
{
    m->limit = lowest(directory, "memory.max");
    m->swap_limit = lowest(directory, "memory.swap.max");
    number_in(directory, "memory.swap.current", &m->swap_used);
    return number_in(directory, "memory.current", &m->used);
}

static int read_memory(const struct machine *machine, struct memory *m, char *stat, size_t room)
{
    const char *directory = machine->memory_v2 ? machine->memory_v2 : machine->memory_v1;
    int r = directory ? slurp_of(directory, "memory.stat", stat, room) : -ENOENT;
    *m = (struct memory){.unified = machine->memory_v2 != NULL, .stat = stat};
    if (r == 0)
        r = m->unified ? read_v2(directory, m) : read_v1(directory, m);
    return r;
}

static int memory_text(const struct machine *machine, enum machine_file file, const char *host,
                       struct text *out)
{
    static char stat[8192];
    static char host_meminfo[8192];
    struct memory m;
    int r = read_memory(machine, &m, stat, sizeof stat);
    if (r < 0)
        return r;
    if (file == MACHINE_MEMINFO) {
        machine_meminfo(&m, host, out);
        return 0;
    }
    r = slurp("/proc/meminfo", host_meminfo, sizeof host_meminfo);
    if (r == 0)
        machine_swaps(&m, host, host_meminfo, out);
    return r;
}

static int cpu_text(const struct machine *machine, enum machine_file file, const char *host,
                    struct text *out)
{
    static char cpus[4096];
    int r = machine->cpus ? slurp(machine->cpus, cpus, sizeof cpus) : -ENOENT;
    if (r < 0)
        return r;
    if (file == MACHINE_CPUINFO)
        machine_cpuinfo(cpus, host, out);
    else if (file == MACHINE_STAT)
        machine_stat(cpus, host, out);
    else
        add(out, cpus, strlen(cpus));
    return 0;
}

static int load_text(const struct machine *machine, const char *host, struct text *out)
{
    if (!machine->load.directory) {
        add(out, host, strlen(host));
        return 0;
    }
    const struct tasks tasks = load_tasks(&machine->load, true);
    machine_loadavg(machine->load.average, &tasks, out);
    return 0;
}

static const char *const PATHS[MACHINE_FILES] = {"/proc/meminfo",
                                                 "/proc/swaps",
                                                 "/proc/uptime",
                                                 "/proc/loadavg",
                                                 "/proc/cpuinfo",
                                                 "/proc/stat",
                                                 "/sys/devices/system/cpu/online"};

static char host[TEXT_ROOM]; /* of the file that is read */

int machine_text(const struct machine *m, enum machine_file file, struct text *out)
{
    out->used = 0;
    int r = slurp(PATHS[file], host, sizeof host);
    if (r == 0 && file == MACHINE_UPTIME)
        machine_uptime(&m->since, host, out);
    else if (r == 0 && file == MACHINE_LOADAVG)
        r = load_text(m, host, out);
    else if (r == 0 && file <= MACHINE_SWAPS)
        r = memory_text(m, file, host, out);
    else if (r == 0)
        r = cpu_text(m, file, host, out);
    return r < 0 ? -EIO : 0;
}

void machine_start(struct machine *m)
{
    if (slurp(PATHS[MACHINE_UPTIME], host, sizeof host) == 0)
        m->since = parse_uptime(host);
}

/* ---- sysinfo(2) ----------------------------------------------------------------------------- */

/* Bytes, of a line of the text in `host`. */
static uint64_t bytes_of(const char *name)
{
    return number_of(host, name, ':') * KIBI;
}

/*
 * The text is made where the host's was read. Of memory with a limit one page more is told than
 * there is: a JVM takes a limit that is not below the machine's memory for none, and says so.
 */
static int memory_info(const struct machine *m, struct machine_info *out)
{
    static struct text text;
    bool limited = m->memory_v1 || m->memory_v2;
    int r = limited ? machine_text(m, MACHINE_MEMINFO, &text)
                    : slurp(PATHS[MACHINE_MEMINFO], host, sizeof host);
    if (r < 0)
        return -EIO;
    uint64_t hosts = bytes_of("MemTotal");
    if (limited) {
        size_t size = text.used < sizeof host ? text.used : sizeof host - 1;
        memcpy(host, text.bytes, size);
        host[size] = '\0';
    }
    out->total_ram = bytes_of("MemTotal");
    if (out->total_ram < hosts)
        out->total_ram += (uint64_t)sysconf(_SC_PAGESIZE);
    out->free_ram = bytes_of("MemFree");
    out->shared_ram = bytes_of("Shmem");
    out->buffer_ram = bytes_of("Buffers");
    out->total_swap = bytes_of("SwapTotal");
    out->free_swap = bytes_of("SwapFree");
    return 0;
}

/* The host's averages and tasks, as in /proc/loadavg: "0.25 0.50 1.00 2/345 6789". */
static void parse_loads(const char *text, struct machine_info *out)
{
    char *at = (char *)(uintptr_t)text;
    for (int i = 0; i < 3; i++) {
        uint64_t whole = strtoull(at, &at, 10);
        uint64_t hundredths = *at == '.' ? strtoull(at + 1, &at, 10) : 0;
        out->loads[i] = (whole << 16) + (hundredths << 16) / 100;
    }
    const char *slash = strchr(text, '/');
    out->tasks = slash ? strtoull(slash + 1, NULL, 10) : 0;
}

static int load_info(const struct machine *m, struct machine_info *out)
{
    if (m->load.directory) {
        out->tasks = load_tasks(&m->load, false).all;
        for (int i = 0; i < 3; i++)
            out->loads[i] = m->load.average[i] << (16 - LOAD_SHIFT);
        return 0;
    }
    if (slurp(PATHS[MACHINE_LOADAVG], host, sizeof host) < 0)
        return -EIO;
    parse_loads(host, out);
    return 0;
}

int machine_info(const struct machine *m, struct machine_info *out)
{
    if (slurp(PATHS[MACHINE_UPTIME], host, sizeof host) < 0)
        return -EIO;
    /* A second that has begun counts, as the kernel has it. */
    out->uptime = (rest(parse_uptime(host).up, m->since.up) + 99) / 100;
    int r = memory_info(m, out);
    return r < 0 ? r : load_info(m, out);
}
