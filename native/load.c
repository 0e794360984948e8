/* load.c - see load.h. Nothing here allocates. */
#define _GNU_SOURCE
#include "load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

#define PERIOD (5 * SECOND)
#define ONE (UINT64_C(1) << LOAD_SHIFT)

/* Below its own a container may have made any number of cgroups, as deep as it likes. */
#define DEPTH_LIMIT 8
#define GROUPS_LIMIT 256u
#define STATES_LIMIT 4096u

/* ---- tasks ---------------------------------------------------------------------------------- */

/* R and D of proc_pid_stat(5), behind the name in parentheses, which may have some of its own. */
static bool is_active(unsigned id)
{
    char text[256];
    snprintf(text, sizeof text, "/proc/%u/stat", id);
    int fd = open(text, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    const char *name_end = strrchr(text, ')');
    return name_end && name_end[1] == ' ' && (name_end[2] == 'R' || name_end[2] == 'D');
}

/* One look at a cgroup and those below it. */
struct walk {
    const char *list;
    bool states;
    unsigned groups;
    char path[PATH_MAX];
    struct tasks tasks;
};

static void count(struct walk *w, unsigned id)
{
    w->tasks.all++;
    if (w->states && w->tasks.all <= STATES_LIMIT && is_active(id))
        w->tasks.active++;
}

/* The path is that of a file of numbers, one in each line. */
static void count_list(struct walk *w)
{
    char piece[512];
    unsigned id = 0;
    ssize_t n;
    int fd = open(w->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    while ((n = read(fd, piece, sizeof piece)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            bool digit = piece[i] >= '0' && piece[i] <= '9';
            if (!digit)
                count(w, id);
            id = digit ? id * 10 + (unsigned)(piece[i] - '0') : 0;
        }
    }
    close(fd);
}

/* Adds a name to the path, which ends at `length`; where it ends then, 0 when it is too long. */
static size_t descend(struct walk *w, size_t length, const char *name)
{
    int n = snprintf(w->path + length, sizeof w->path - length, "/%s", name);
    return n > 0 && (size_t)n < sizeof w->path - length ? length + (size_t)n : 0;
}

static void count_group(struct walk *w, size_t length, int depth);

/* Those below, by getdents64(2): opendir(3) allocates. */
static void count_below(struct walk *w, size_t length, int depth)
{
    _Alignas(struct dirent) char entries[1024];
    long n;
    int fd = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && (n = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0) {
        for (long at = 0; at < n;) {
            const struct dirent *entry = (const struct dirent *)(const void *)(entries + at);
            at += entry->d_reclen;
            if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
                continue;
            size_t end = descend(w, length, entry->d_name);
            if (end > 0)
                count_group(w, end, depth + 1);
            w->path[length] = '\0';
        }
    }
    if (fd >= 0)
        close(fd);
}

static void count_group(struct walk *w, size_t length, int depth)
{
    if (depth > DEPTH_LIMIT || ++w->groups > GROUPS_LIMIT)
        return;
    if (descend(w, length, w->list) > 0)
        count_list(w);
    w->path[length] = '\0';
    count_below(w, length, depth);
}

struct tasks load_tasks(const struct load *l, bool states)
{
    struct walk w = {.list = l->list, .states = states};
    int n = l->directory ? snprintf(w.path, sizeof w.path, "%s", l->directory) : -1;
    if (n > 0 && (size_t)n < sizeof w.path)
        count_group(&w, (size_t)n, 0);
    return w.tasks;
}

/* ---- averages ------------------------------------------------------------------------------- */

/* exp(-5 s / 1, 5, 15 min) in fixed point, and calc_load of linux/sched/loadavg.h. */
void load_add(uint64_t average[3], uint64_t active)
{
    static const uint64_t keep[3] = {1884, 2014, 2037};
    for (int i = 0; i < 3; i++) {
        uint64_t sum = average[i] * keep[i] + active * ONE * (ONE - keep[i]);
        average[i] = (sum + (active * ONE >= average[i] ? ONE - 1 : 0)) / ONE;
    }
}

int load_wait(const struct load *l)
{
    if (!l->directory)
        return -1;
    uint64_t now = monotonic();
    return l->next <= now ? 0 : poll_time(l->next - now);
}

/* At multiples of the period: monitors wake up together, and the machine once for all of them. */
void load_look(struct load *l)
{
    if (!l->directory || l->next > monotonic())
        return;
    if (l->next)
        load_add(l->average, load_tasks(l, true).active);
    l->next = (monotonic() / PERIOD + 1) * PERIOD;
}
