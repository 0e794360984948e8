/*
 * hello.c - the built-in image: tells from inside a container what is seen there.
 *
 * Static, no libraries, no colour. What cannot be read is shown as "-"; it always ends with 0.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

extern char **environ;

static void title(const char *text)
{
    printf("\n%s\n", text);
}

static void row(const char *label, const char *value)
{
    printf("  %-15s %s\n", label, *value ? value : "-");
}

/* The first line of a file without its newline; "" when there is none. */
static const char *first_line(const char *path)
{
    static char line[512];
    line[0] = '\0';
    FILE *file = fopen(path, "re");
    if (file) {
        if (fgets(line, sizeof line, file))
            line[strcspn(line, "\n")] = '\0';
        fclose(file);
    }
    return line;
}

/* What follows `key` on the first line of `path` that starts with it, blanks skipped. */
static const char *field(const char *path, const char *key)
{
    static char line[512];
    size_t length = strlen(key);
    FILE *file = fopen(path, "re");
    if (!file)
        return "";
    const char *found = "";
    while (*found == '\0' && fgets(line, sizeof line, file)) {
        if (strncmp(line, key, length) != 0)
            continue;
        line[strcspn(line, "\n")] = '\0';
        found = line + length;
        while (isspace((unsigned char)*found))
            found++;
    }
    fclose(file);
    return found;
}

static void show_process(int argc, char **argv)
{
    char text[256];
    struct utsname host;

    title("Process");
    snprintf(text, sizeof text, "%d, child of %d", (int)getpid(), (int)getppid());
    row("PID", text);
    row("Host name", uname(&host) == 0 ? host.nodename : "");
    row("Kernel", uname(&host) == 0 ? host.release : "");
    size_t used = 0;
    for (int i = 0; i < argc && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "", argv[i]);
    row("Arguments", text);
    int variables = 0;
    while (environ && environ[variables])
        variables++;
    snprintf(text, sizeof text, "%d variables", variables);
    row("Environment", text);
}

/* user_namespaces(7): inside, outside, count. */
static void show_id_map(void)
{
    unsigned long inside, outside, count;
    char text[128] = "";
    if (sscanf(first_line("/proc/self/uid_map"), "%lu %lu %lu", &inside, &outside, &count) == 3)
        snprintf(text, sizeof text, "%lu..%lu here %s %lu..%lu outside", inside, inside + count - 1,
                 inside == outside ? "are the same as" : "are", outside, outside + count - 1);
    row("User map", text);
}

static void show_privileges(void)
{
    char text[128];

    title("Users and privileges");
    snprintf(text, sizeof text, "uid %u, gid %u", (unsigned)getuid(), (unsigned)getgid());
    row("User", text);
    show_id_map();
    const char *effective = field("/proc/self/status", "CapEff:");
    snprintf(text, sizeof text, "%d effective (%s)",
             __builtin_popcountll(strtoull(effective, NULL, 16)), effective);
    row("Capabilities", *effective ? text : "");
    row("New privileges",
        *field("/proc/self/status", "NoNewPrivs:") == '1' ? "cannot be gained" : "can be gained");
    row("Seccomp", *field("/proc/self/status", "Seccomp:") == '2' ? "filtered" : "not filtered");
}

/* namespaces(7): two processes with the same number share the namespace. */
static void show_namespaces(void)
{
    static const char *const names[] = {"cgroup", "ipc",  "mnt",  "net",
                                        "pid",    "time", "user", "uts"};

    title("Namespaces");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        char text[64] = "";
        snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
        ssize_t length = readlink(path, text, sizeof text - 1);
        text[length > 0 ? length : 0] = '\0';
        const char *number = strchr(text, '[');
        row(names[i], number ? number : "");
    }
}

static void show_mounts(void)
{
    char line[PATH_MAX + 512];
    int more = 0;

    title("Mounts");
    FILE *file = fopen("/proc/self/mounts", "re");
    if (!file) {
        row("/proc", "is not mounted");
        return;
    }
    for (int shown = 0; fgets(line, sizeof line, file);) {
        char where[PATH_MAX], type[64], options[8];
        if (sscanf(line, "%*s %4095s %63s %7[^,\n]", where, type, options) != 3)
            continue;
        if (++shown > 30)
            more++;
        else
            printf("  %-15s %s%s\n", type, where, strncmp(options, "ro", 2) ? "" : " (read-only)");
    }
    fclose(file);
    if (more)
        printf("  %-15s and %d more\n", "", more);
}

static void show_links(void)
{
    char line[256];
    int skip = 2; /* the header of /proc/net/dev */

    title("Network links");
    FILE *file = fopen("/proc/self/net/dev", "re");
    while (file && fgets(line, sizeof line, file)) {
        char name[32];
        if (skip-- > 0 || sscanf(line, " %31[^:]:", name) != 1)
            continue;
        char path[64];
        snprintf(path, sizeof path, "/sys/class/net/%s/address", name);
        row(name, first_line(path));
    }
    if (file)
        fclose(file);
}

/* The first of two files that exists: cgroup v2's, then v1's. */
static const char *limit(const char *v2, const char *v1)
{
    const char *value = first_line(v2);
    return *value ? value : first_line(v1);
}

static void show_memory_limit(void)
{
    char text[128] = "";
    const char *value =
        limit("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes");
    unsigned long long bytes = strtoull(value, NULL, 10);
    if (bytes >= 1ull << 60 || strcmp(value, "max") == 0)
        snprintf(text, sizeof text, "no limit");
    else if (bytes)
        snprintf(text, sizeof text, "%llu MiB", bytes >> 20);
    row("Memory", text);
}

static void show_processor_limit(void)
{
    char text[128] = "";
    double quota = -1;
    double period = 0;
    const char *v2 = first_line("/sys/fs/cgroup/cpu.max");
    if (*v2) {
        if (sscanf(v2, "%lf %lf", &quota, &period) != 2)
            period = 1; /* "max": no quota */
    } else {
        quota = strtod(first_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), NULL);
        period = strtod(first_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us"), NULL);
    }
    if (period > 0 && quota > 0)
        snprintf(text, sizeof text, "%.2f of %ld", quota / period, sysconf(_SC_NPROCESSORS_ONLN));
    else if (period > 0)
        snprintf(text, sizeof text, "no limit, %ld online", sysconf(_SC_NPROCESSORS_ONLN));
    row("Processors", text);
}

static void show_limits(void)
{
    title("Limits");
    show_memory_limit();
    show_processor_limit();
    const char *processes = limit("/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max");
    row("Processes", strcmp(processes, "max") == 0 ? "no limit" : processes);
    char text[128];
    unsigned long long total = strtoull(field("/proc/meminfo", "MemTotal:"), NULL, 10);
    snprintf(text, sizeof text, "%llu MiB (/proc/meminfo is the machine's)", total >> 10);
    row("MemTotal", total ? text : "");
}

/* As the first process of a container it gets only those signals that it asks for: signal(7). */
static int stay(void)
{
    sigset_t stop;
    int signal;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    puts("\nStays until it is stopped. From outside: exec CONTAINER /hello");
    fflush(stdout);
    return sigwait(&stop, &signal) != 0;
}

int main(int argc, char **argv)
{
    puts("Hello from inside a container. This is what can be seen from here:");
    show_process(argc, argv);
    show_privileges();
    show_namespaces();
    show_mounts();
    show_links();
    show_limits();
    if (argc == 2 && strcmp(argv[1], "wait") == 0) {
        return stay();
    }
    puts("\nNext: run --rm -it debian bash     a shell in an image from a registry");
    puts("      run --explain                every system call of this launch, and why");
    return 0;
}
