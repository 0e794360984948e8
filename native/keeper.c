/*
 * keeper.c - see keeper.h. Stands between a container and pasta(1), which takes its packets to the
 * user's own sockets: an ordinary program of one thread, in the user namespace where the container
 * lives, and not in the container.
 *
 * pasta gives up the power to look a network up by a process, so that is bound to a file here, in a
 * mount namespace that only pasta and this process have. It gives up its place in the background
 * too, so that it is this one's child, and the kernel ends it when this one is killed.
 */
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS = 512, PATIENCE_MS = 10000, LOOK_MS = 2, SAID = 4096 };

struct keeper {
    int container; /* pidfd of its first process */
    pid_t program;
    int said; /* what the program writes to its standard error; what nobody reads it loses */
    char netns[PATH_MAX];
    char pid_file[PATH_MAX];
};

static int fail(const char *what)
{
    printf("%s: %s\n", what, strerror(errno));
    return -1;
}

/* ---- what the program is given --------------------------------------------------------------- */

static int make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(path);
    close(fd);
    return 0;
}

static int bind_network(struct keeper *k, long pid)
{
    char source[64];
    snprintf(source, sizeof source, "/proc/%ld/ns/net", pid);
    if (make_file(k->netns) < 0 || make_file(k->pid_file) < 0)
        return -1;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return fail("a mount namespace");
    return mount(source, k->netns, NULL, MS_BIND, NULL) == 0 ? 0 : fail("the container's network");
}

static void become(struct keeper *k, char **argv, int errors)
{
    char *words[WORDS];
    char *const more[] = {"--netns", k->netns, "--pid", k->pid_file, NULL};
    size_t n = 0;
    for (; argv[n] && n < WORDS - 5; n++)
        words[n] = argv[n];
    if (argv[n])
        _exit(126);
    memcpy(words + n, more, sizeof more);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (null >= 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(errors, 2) == 2)
        execve(words[0], words, env);
    _exit(127);
}

static int start(struct keeper *k, char **argv)
{
    int errors[2];
    if (pipe2(errors, O_CLOEXEC | O_NONBLOCK) < 0)
        return fail("pipe");
    k->said = errors[0];
    k->program = fork();
    if (k->program == 0)
        become(k, argv, errors[1]);
    close(errors[1]);
    return k->program > 0 ? 0 : fail("fork");
}

/* ---- its life -------------------------------------------------------------------------------- */

static bool is_ready(const struct keeper *k)
{
    struct stat is;
    return stat(k->pid_file, &is) == 0 && is.st_size > 0;
}

static bool has_ended(const struct keeper *k)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)k->program, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid;
}

/* The last line that it has said, without control characters. */
static void tell(const struct keeper *k)
{
    char text[SAID];
    ssize_t n = read(k->said, text, sizeof text - 1);
    while (n > 0 && (unsigned char)text[n - 1] <= ' ')
        n--;
    text[n > 0 ? n : 0] = '\0';
    const char *line = strrchr(text, '\n');
    char *at = line ? text + (line + 1 - text) : text;
    for (char *c = at; *c; c++)
        *c = (unsigned char)*c < ' ' ? ' ' : *c;
    printf("%s\n", *at ? at : "it ends without saying why");
}

static int await_ready(const struct keeper *k)
{
    for (int waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
        if (has_ended(k)) {
            tell(k);
            return -1;
        }
        if (is_ready(k))
            return 0;
        poll(NULL, 0, LOOK_MS);
    }
    printf("it does not begin to work within 10 seconds\n");
    return -1;
}

/* Until one of the two has ended: the container, or the program by itself. */
static void keep(const struct keeper *k)
{
    struct pollfd polls[] = {
        {.fd = k->container, .events = POLLIN},
        {.fd = (int)syscall(SYS_pidfd_open, k->program, 0), .events = POLLIN},
    };
    while (poll(polls, 2, -1) < 0 && errno == EINTR)
        ;
}

static void end(const struct keeper *k)
{
    kill(k->program, SIGKILL);
    while (waitpid(k->program, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* Nobody waits for it any more, and no key pressed at the terminal of its caller is meant for it.
 */
static void let_go(void)
{
    printf("ready\n");
    fflush(stdout);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3 && null >= 0; fd++)
        dup2(null, fd);
    if (chdir("/") < 0)
        return; /* then it keeps the directory it was called in, which harms little */
}

int keeper_main(char **argv)
{
    struct keeper k = {.said = -1};
    if (!argv[0] || !argv[1] || !argv[2])
        return 2;
    long pid = strtol(argv[0], NULL, 10);
    prctl(PR_SET_NAME, "mydocker-keeper", 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    setsid();
    if (snprintf(k.netns, sizeof k.netns, "%s/netns", argv[1]) >= (int)sizeof k.netns ||
        snprintf(k.pid_file, sizeof k.pid_file, "%s/pasta.pid", argv[1]) >= (int)sizeof k.pid_file)
        return 2;
    k.container = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    if (k.container < 0)
        fail("the container's first process");
    if (k.container < 0 || bind_network(&k, pid) < 0 || start(&k, argv + 2) < 0)
        return 1;
    int n = await_ready(&k);
    if (n == 0) {
        let_go();
        keep(&k);
    }
    end(&k);
    return n == 0 ? 0 : 1;
}
