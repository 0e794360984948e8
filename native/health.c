/* health.c - see health.h. */
#define _GNU_SOURCE
#include "health.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"

void health_start(struct health *h)
{
    h->pidfd = -1;
    h->due = monotonic() + h->first;
}

int health_wait(const struct health *h)
{
    if (!h->command || h->pidfd >= 0)
        return -1;
    uint64_t now = monotonic();
    return h->due > now ? poll_time(h->due - now) : 0;
}

/* The child of a process that may be gone already; it must not outlive it. */
static void become_check(char **command, pid_t monitor)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == monitor)
        command_become(command, -1);
    _exit(1);
}

void health_check(struct health *h)
{
    if (health_wait(h) != 0)
        return;
    h->due = monotonic() + h->interval;
    pid_t monitor = getpid();
    h->pid = fork();
    if (h->pid == 0)
        become_check(h->command, monitor);
    if (h->pid < 0)
        return;
    h->pidfd = (int)syscall(SYS_pidfd_open, h->pid, 0);
    if (h->pidfd < 0) {
        kill(h->pid, SIGKILL);
        waitpid(h->pid, NULL, 0);
    }
}

void health_reap(struct health *h)
{
    int status = 0;
    waitpid(h->pid, &status, WNOHANG);
    close(h->pidfd);
    h->pidfd = -1;
    bool starting = WIFEXITED(status) && WEXITSTATUS(status) == HEALTH_STARTING;
    h->due = monotonic() + (starting ? h->start_interval : h->interval);
}

void health_stop(struct health *h)
{
    h->command = NULL;
    if (h->pidfd >= 0)
        kill(h->pid, SIGKILL); /* not reaped yet, so nobody else has its number */
}

void health_end(struct health *h)
{
    struct pollfd ended = {.fd = h->pidfd, .events = POLLIN};
    if (h->pidfd >= 0 && poll(&ended, 1, poll_time(SECOND)) > 0)
        health_reap(h);
}
