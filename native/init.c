/*
 * init.c - PID 1 for a command that does not reap (--init).
 *
 * Runs in the container, from the same sealed image as the monitor: an ordinary single-threaded
 * program. The command becomes a process group of its own, in the foreground if there is a
 * terminal.
 */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start(char **argv, const sigset_t *mask)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    setpgid(0, 0);
    /* SIGTTOU is still blocked here, so a background group may take the terminal. */
    tcsetpgrp(STDIN_FILENO, getpgrp());
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(argv[0], argv);
    int code = errno == ENOENT ? 127 : 126;
    fprintf(stderr, "init: cannot execute %s: %s\n", argv[0], strerror(errno));
    _exit(code);
}

/* Reaps what has ended; the command's exit code, or -1 while it lives. */
static int reap(pid_t command)
{
    int status;
    int code = -1;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == command)
            code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return code;
}

int init_main(char **argv)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    if (!argv[1])
        return 127;
    pid_t command = start(argv + 1, &before);
    if (command < 0) {
        fprintf(stderr, "init: cannot fork: %s\n", strerror(errno));
        return 126;
    }
    for (;;) {
        int code = reap(command);
        if (code >= 0)
            return code;
        siginfo_t info;
        int number = sigwaitinfo(&all, &info);
        if (number > 0 && number != SIGCHLD)
            kill(command, number);
    }
}
