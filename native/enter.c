/*
 * enter.c - see enter.h. Runs before there is a JVM, or instead of one: setns(2) lets nobody with
 * more than one thread into a user namespace, and every JVM has dozens.
 *
 * An ordinary program of one thread, with the rights of whoever calls it and no others. All
 * commands of a user must meet in one namespace, since who is root in one has no power over what
 * lives in another, and whatever MYDOCKER_RUN_ROOT says. A process that sleeps holds it; its number
 * and the time of its start are in the file user-namespace of the user's usual run root, whose lock
 * makes the first command the only one that makes it.
 */
#define _GNU_SOURCE
#include "enter.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAILED = 125, RANGES = 32 };

/* Ids of the host that follow one another: a line of subuid(5). */
struct range {
    unsigned long first, count;
};

struct ranges {
    size_t count;
    struct range list[RANGES];
};

static const char KERNEL[] =
    "does this kernel let ordinary users make user namespaces? (sysctl user.max_user_namespaces,"
    " kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)";

/* One line for the user; always -1. */
static int fail(const char *what, int error, const char *hint)
{
    fprintf(stderr, "mydocker: %s%s%s%s%s\n", what, error ? ": " : "", error ? strerror(error) : "",
            hint ? ": " : "", hint ? hint : "");
    return -1;
}

/* ---- where things are ------------------------------------------------------------------------ */

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static bool fits(int length)
{
    return length > 0 && length < PATH_MAX;
}

/* The default of MYDOCKER_ROOT: below the user's data, XDG Base Directory Specification. */
static int state_root(char path[PATH_MAX])
{
    const char *data = environment("XDG_DATA_HOME");
    const char *home = environment("HOME");
    if (!data && !home)
        return fail("HOME is not set", 0, "set it, or MYDOCKER_ROOT");
    int n =
        snprintf(path, PATH_MAX, "%s%s/mydocker", data ? data : home, data ? "" : "/.local/share");
    return fits(n) ? 0 : fail("the path of its state is too long", 0, NULL);
}

static bool is_own_directory(const char *path)
{
    struct stat is;
    return lstat(path, &is) == 0 && S_ISDIR(is.st_mode) && is.st_uid == geteuid();
}

/*
 * The default of MYDOCKER_RUN_ROOT: gone after a reboot. Who did not log in through systemd has no
 * XDG_RUNTIME_DIR, su(1) for example.
 */
static int run_root(char path[PATH_MAX])
{
    const char *runtime = environment("XDG_RUNTIME_DIR");
    char usual[64];
    snprintf(usual, sizeof usual, "/run/user/%u", geteuid());
    if (!runtime && is_own_directory(usual))
        runtime = usual;
    int n = runtime ? snprintf(path, PATH_MAX, "%s/mydocker", runtime)
                    : snprintf(path, PATH_MAX, "/tmp/mydocker-%u", geteuid());
    return fits(n) ? 0 : fail("the path of its run directory is too long", 0, NULL);
}

/* Gives a setting its default: for the commands inside, who find themselves to be root. */
static int settle(const char *name, int (*otherwise)(char path[PATH_MAX]))
{
    char path[PATH_MAX];
    if (environment(name))
        return 0;
    if (otherwise(path) < 0)
        return -1;
    return setenv(name, path, 1) == 0 ? 0 : fail(name, errno, NULL);
}

static int make_directories(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int n = mkdir(path, 0700);
        int error = errno;
        *slash = '/';
        /* On the way to it others may have what they like. */
        if (n < 0 && error != EEXIST && error != EROFS && error != EACCES)
            return -error;
    }
    return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* The run root, which nobody else can have made or may write: what it says is believed. */
static int open_run_root(char *path)
{
    int n = make_directories(path);
    if (n < 0)
        return fail(path, -n, NULL);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail(path, errno, NULL);
    struct stat is;
    if (fstat(fd, &is) < 0 || is.st_uid != geteuid() || (is.st_mode & 022)) {
        close(fd);
        return fail(path, 0, "it must belong to this user, and be writable by nobody else");
    }
    return fd;
}

/* ---- the namespace that is there ------------------------------------------------------------- */

/*
 * The 22nd field of /proc/PID/stat, in clock ticks since the start; 0: there is no such process, or
 * it has ended and waits for being reaped, after which its number is another's.
 */
static unsigned long long start_of(long pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return 0;
    text[n] = '\0';
    /* The second field is a name, which may hold anything; the third comes after its bracket. */
    char *at = strrchr(text, ')');
    if (at && strncmp(at, ") Z", 3) == 0)
        return 0;
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at, NULL, 10) : 0;
}

/* A process's user namespace when it was made by this user, else -1. */
static int namespace_of(long pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/ns/user", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uid_t owner;
    if (fd >= 0 && (ioctl(fd, NS_GET_OWNER_UID, &owner) < 0 || owner != geteuid())) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/*
 * The namespace that the file names, else -1. The start is looked at afterwards: then the process
 * was the same one all the time, and no later one with its number.
 */
static int find_namespace(int file)
{
    char text[64];
    ssize_t n = pread(file, text, sizeof text - 1, 0);
    if (n <= 0)
        return -1;
    text[n] = '\0';
    long pid;
    unsigned long long start;
    if (sscanf(text, "%ld %llu\n", &pid, &start) != 2 || pid <= 1)
        return -1;
    int fd = namespace_of(pid);
    if (fd >= 0 && start_of(pid) != start) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* The namespace of the monitor whose record that is, else -1. */
static int namespace_of_monitor(int containers, const char *id)
{
    char path[NAME_MAX + 8], text[128];
    snprintf(path, sizeof path, "%s/pid", id);
    int file = openat(containers, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    text[n > 0 ? n : 0] = '\0';
    long pid, monitor;
    if (sscanf(text, "{\"pid\":%ld,\"monitor\":%ld,", &pid, &monitor) != 2)
        return -1;
    snprintf(path, sizeof path, "/proc/%ld/comm", monitor);
    file = open(path, O_RDONLY | O_CLOEXEC);
    n = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    text[n > 0 ? n : 0] = '\0';
    return strcmp(text, "mydocker-monito\n") == 0 ? namespace_of(monitor) : -1;
}

/*
 * Who held the namespace was killed, and containers go on in it: it is theirs that is wanted, and
 * not a new one from which they could not be reached. -1 when nothing runs.
 */
static int namespace_of_containers(void)
{
    char path[PATH_MAX];
    if (!fits(snprintf(path, sizeof path, "%s/containers", environment("MYDOCKER_RUN_ROOT"))))
        return -1;
    DIR *directory = opendir(path);
    const struct dirent *entry;
    int fd = -1;
    while (directory && fd < 0 && (entry = readdir(directory)))
        fd = namespace_of_monitor(dirfd(directory), entry->d_name);
    if (directory)
        closedir(directory);
    return fd;
}

/* ---- which ids ------------------------------------------------------------------------------- */

static bool is_user(const char *word, const char *name)
{
    char *end;
    unsigned long number = strtoul(word, &end, 10);
    return (name && strcmp(word, name) == 0) ||
           (isdigit((unsigned char)*word) && *end == '\0' && number == geteuid());
}

static void take_line(char *line, const char *name, struct ranges *out)
{
    char *end;
    char *first = strchr(line, ':');
    char *count = first ? strchr(first + 1, ':') : NULL;
    if (!count || out->count == RANGES)
        return;
    *first = *count = '\0';
    struct range range = {.first = strtoul(first + 1, &end, 10)};
    bool good = end == count && end > first + 1;
    range.count = strtoul(count + 1, &end, 10);
    good &= end > count + 1 && (*end == '\n' || *end == '\0') && range.first > 0 && range.count > 0;
    if (good && is_user(line, name))
        out->list[out->count++] = range;
}

/* Lines that are none are passed over, as newuidmap does. */
static void read_ranges(const char *path, const char *name, struct ranges *out)
{
    char line[512];
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        take_line(line, name, out);
    if (file)
        fclose(file);
}

/* The user's name as /etc/passwd has it; nothing of a login service is linked in here. */
static bool find_name(char name[256])
{
    FILE *file = fopen("/etc/passwd", "re");
    const struct passwd *entry = NULL;
    while (file && (entry = fgetpwent(file)) && entry->pw_uid != geteuid())
        ;
    size_t size = entry ? strlen(entry->pw_name) + 1 : 0;
    bool found = size > 0 && size <= 256;
    if (found)
        memcpy(name, entry->pw_name, size);
    if (file)
        fclose(file);
    return found;
}

/* ---- a new namespace ------------------------------------------------------------------------- */

/* A program of the system that is more than this user: nobody else may have put it there. */
static const char *trusted(const char *const paths[])
{
    for (; *paths; paths++) {
        struct stat is;
        if (stat(*paths, &is) == 0 && S_ISREG(is.st_mode) && is.st_uid == 0 &&
            !(is.st_mode & 022) && access(*paths, X_OK) == 0)
            return *paths;
    }
    return NULL;
}

static int run(const char *program, char *const argv[])
{
    /* A setuid program gets an environment that says nothing. */
    char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    pid_t pid = fork();
    if (pid == 0) {
        execve(program, argv, env);
        _exit(127);
    }
    int status;
    while (pid > 0 && waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/* newuidmap(1) or newgidmap(1): 0 is the user, from 1 on come the ranges. */
static int map_ranges(const char *name, pid_t pid, unsigned own, const struct ranges *ranges)
{
    char usr[32], bin[32];
    snprintf(usr, sizeof usr, "/usr/bin/%s", name);
    snprintf(bin, sizeof bin, "/bin/%s", name);
    const char *program = trusted((const char *const[]){usr, bin, NULL});
    if (!program)
        return fail(name, 0,
                    "this user has ids in /etc/subuid and /etc/subgid, but the program that gives"
                    " them is not here: install the package uidmap");
    char words[2 + 3 * (RANGES + 1)][24];
    char *argv[2 + 3 * (RANGES + 1) + 1];
    size_t n = 0;
    unsigned long inside = 1;
    snprintf(words[n++], sizeof words[0], "%s", name);
    snprintf(words[n++], sizeof words[0], "%d", pid);
    snprintf(words[n++], sizeof words[0], "0");
    snprintf(words[n++], sizeof words[0], "%u", own);
    snprintf(words[n++], sizeof words[0], "1");
    for (size_t i = 0; i < ranges->count; i++) {
        snprintf(words[n++], sizeof words[0], "%lu", inside);
        snprintf(words[n++], sizeof words[0], "%lu", ranges->list[i].first);
        snprintf(words[n++], sizeof words[0], "%lu", ranges->list[i].count);
        inside += ranges->list[i].count;
    }
    for (size_t i = 0; i < n; i++)
        argv[i] = words[i];
    argv[n] = NULL;
    return run(program, argv) == 0 ? 0 : fail(name, 0, "it does not give this user's ids");
}

static int write_file(pid_t pid, const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
    int error = errno;
    if (fd >= 0)
        close(fd);
    return n == (ssize_t)strlen(text) ? 0 : fail(path, error, KERNEL);
}

/* user_namespaces(7): what anybody may map is their own id; then nobody inside changes groups. */
static int map_one(pid_t pid)
{
    char text[64];
    snprintf(text, sizeof text, "0 %u 1\n", geteuid());
    if (write_file(pid, "uid_map", text) < 0 || write_file(pid, "setgroups", "deny") < 0)
        return -1;
    snprintf(text, sizeof text, "0 %u 1\n", getegid());
    return write_file(pid, "gid_map", text);
}

static int map(pid_t pid)
{
    char name[256];
    const char *user = find_name(name) ? name : NULL;
    struct ranges uids = {0}, gids = {0};
    read_ranges("/etc/subuid", user, &uids);
    read_ranges("/etc/subgid", user, &gids);
    if (uids.count == 0 && gids.count == 0) {
        fprintf(stderr, "mydocker: this user has no ids in /etc/subuid and /etc/subgid: in its"
                        " containers there is only root, whose every file is\n");
        return map_one(pid);
    }
    if (uids.count == 0 || gids.count == 0)
        return fail("this user has ids in one of /etc/subuid and /etc/subgid only", 0,
                    "give it some in both");
    int n = map_ranges("newuidmap", pid, geteuid(), &uids);
    return n < 0 ? n : map_ranges("newgidmap", pid, getegid(), &gids);
}

int pause_main(void)
{
    prctl(PR_SET_NAME, "mydocker-pause", 0, 0, 0);
    for (;;)
        pause();
}

/*
 * The child: becomes what holds the namespace, a new one when `users` is -1. By execve, so that the
 * arguments and the environment of the first command, which may hold secrets, do not stay with it.
 */
static void hold(int talk, int users)
{
    char byte = 0;
    if ((users < 0 ? unshare(CLONE_NEWUSER) : setns(users, CLONE_NEWUSER)) < 0)
        byte = (char)errno;
    if (write(talk, &byte, 1) != 1 || byte || read(talk, &byte, 1) != 1)
        _exit(1);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3 && null >= 0; fd++)
        dup2(null, fd);
    syscall(SYS_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
    setsid();
    if (chdir("/") < 0)
        _exit(1);
    char *const argv[] = {"mydocker-pause", NULL}, *const env[] = {NULL};
    execve("/proc/self/exe", argv, env);
    _exit(1);
}

/*
 * Meets the child when it is in its namespace, gives that ids when it is new, and lets the child go
 * on; its namespace.
 */
static int raise_child(pid_t pid, int talk, bool new)
{
    char error;
    if (read(talk, &error, 1) != 1)
        return fail("a user namespace", EPIPE, NULL);
    if (error)
        return fail("unshare(CLONE_NEWUSER)", error, KERNEL);
    int fd = new &&map(pid) < 0 ? -1 : namespace_of(pid);
    if (fd >= 0 && (write(talk, "", 1) != 1 || read(talk, &error, 1) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int note(int file, pid_t pid)
{
    char text[64];
    int length = snprintf(text, sizeof text, "%d %llu\n", pid, start_of(pid));
    if (ftruncate(file, 0) < 0 || pwrite(file, text, (size_t)length, 0) != length)
        return fail("user-namespace", errno, NULL);
    return 0;
}

/* Has a namespace held, a new one when `users` is -1; it, or -1. */
static int hold_namespace(int file, int users)
{
    int talk[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, talk) < 0)
        return fail("socketpair", errno, NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(talk[0]);
        hold(talk[1], users);
    }
    close(talk[1]);
    int fd = pid < 0 ? fail("fork", errno, NULL) : raise_child(pid, talk[0], users < 0);
    if (fd >= 0 && note(file, pid) < 0) {
        close(fd);
        fd = -1;
    }
    if (fd < 0 && pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    close(talk[0]);
    return fd;
}

/* ---- the way in ------------------------------------------------------------------------------ */

static int join(void)
{
    char path[PATH_MAX];
    if (settle("MYDOCKER_ROOT", state_root) < 0 || settle("MYDOCKER_RUN_ROOT", run_root) < 0 ||
        run_root(path) < 0)
        return -1;
    int directory = open_run_root(path);
    if (directory < 0)
        return -1;
    int file = openat(directory, "user-namespace", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    close(directory);
    if (file < 0 || flock(file, LOCK_EX) < 0)
        return fail("user-namespace", errno, NULL);
    int users = find_namespace(file);
    if (users < 0)
        users = hold_namespace(file, namespace_of_containers());
    close(file);
    if (users < 0)
        return -1;
    if (setns(users, CLONE_NEWUSER) < 0)
        return fail("setns(CLONE_NEWUSER)", errno, NULL);
    /* Of its own: what the host mounts later is seen by later commands, and cwd stays. */
    if (unshare(CLONE_NEWNS) < 0)
        return fail("unshare(CLONE_NEWNS)", errno, KERNEL);
    return 0;
}

int enter_main(char **argv)
{
    if (!argv[0])
        return FAILED;
    if (geteuid() != 0 && join() < 0)
        return FAILED;
    execvp(argv[0], argv);
    fail(argv[0], errno, NULL);
    return FAILED;
}
