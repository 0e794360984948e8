/* health_test.c - when a monitor looks at its container's health. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "health.h"
#include "test.h"
#include "trial.h"
#include "watch.h"

#define NEVER "3600000000000"

/* A container that ends when its health has been looked at often enough, and what came of it. */
struct checked {
    char directory[64];
    int at;
    struct watch w;
};

/* Both scripts run in a directory of the test's. */
static void start_with_check(struct checked *c, char *const settings[3], const char *check,
                             const char *container)
{
    char script[512];
    char where[512];
    strcpy(c->directory, "/tmp/mydocker-native-health-XXXXXX");
    CHECK(mkdtemp(c->directory));
    c->at = open(c->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(where, sizeof where, "cd %s; %s", c->directory, check);
    snprintf(script, sizeof script, "cd %s; %s", c->directory, container);
    char *const words[] = {settings[0], settings[1], settings[2], "detached", "--health",
                           "/bin/sh",   "-c",        where,       NULL};
    watch_with(&c->w, &(struct setup){.script = script, .words = words, .detached = true});
}

static void check_with(struct checked *c, char *const settings[3], const char *check,
                       const char *container)
{
    start_with_check(c, settings, check, container);
    watch_end(&c->w);
}

static char *left_in(const struct checked *c, const char *name)
{
    const struct watch there = {.run_directory = c->at};
    return file_of(&there, name);
}

static void forget_checked(struct checked *c)
{
    close(c->at);
    remove_tree(c->directory);
}

static const char UNTIL_THREE[] =
    "touch checks; while [ $(wc -l <checks) -lt 3 ]; do sleep 0.01; done";

static void checks_follow_each_other_at_the_interval(void)
{
    struct checked c;
    char *const settings[] = {"health-first=1", "health-interval=1",
                              "health-start-interval=" NEVER};
    check_with(&c, settings, "mkdir busy || touch twice; echo x >>checks; sleep 0.02; rmdir busy",
               UNTIL_THREE);
    CHECK_SAME(mode_of(c.at, "twice"), 0);
    forget_checked(&c);
}

static void container_that_is_starting_is_looked_at_more_often(void)
{
    struct checked c;
    char *const settings[] = {"health-first=1", "health-interval=" NEVER,
                              "health-start-interval=1"};
    check_with(&c, settings, "echo x >>checks; exit 3", UNTIL_THREE);
    forget_checked(&c);
}

static void check_that_cannot_be_executed_is_tried_again(void)
{
    struct watch w;
    char *const words[] = {"health-interval=1", "detached", "--health", "/no/such/program", NULL};
    watch_with(&w,
               &(struct setup){.script = "sleep 0.1; exit 4", .words = words, .detached = true});
    await_end(&w);
    check_exit_record(&w, 4);
    watch_end(&w);
}

static void first_check_comes_after_its_time(void)
{
    struct checked c;
    char *const settings[] = {"health-first=" NEVER, "health-interval=1",
                              "health-start-interval=1"};
    check_with(&c, settings, "touch checked", "sleep 0.1");
    CHECK_SAME(mode_of(c.at, "checked"), 0);
    forget_checked(&c);
}

static void check_inherits_nothing(void)
{
    struct checked c;
    char *const settings[] = {"health-first=1", "health-interval=" NEVER,
                              "health-start-interval=" NEVER};
    check_with(&c, settings, PRINT_BLOCKED_SIGNALS " >new; ls -l /proc/$$/fd >fds; mv new done",
               "until [ -e done ]; do sleep 0.01; done");
    char *fds = left_in(&c, "fds");
    char *blocked = left_in(&c, "done");
    CHECK(fds && blocked && strcmp(blocked, NO_SIGNALS "\n") == 0);
    for (char *fd = strtok(fds, "\n"); fd; fd = strtok(NULL, "\n"))
        CHECK(strstr(fd, "total") || strstr(fd, "-> /dev/null") || strstr(fd, "/fds"));
    free(fds);
    free(blocked);
    forget_checked(&c);
}

static void check_that_runs_is_killed_at_the_end(void)
{
    struct checked c;
    char *const settings[] = {"health-first=1", "health-interval=1", "health-start-interval=1"};
    check_with(&c, settings, "echo $$ >new; mv new pid; exec sleep 1000",
               "until [ -e pid ]; do sleep 0.01; done");
    char *pid = left_in(&c, "pid");
    CHECK(pid && !is_alive(atoi(pid)));
    free(pid);
    forget_checked(&c);
}

static void check_does_not_outlive_its_monitor(void)
{
    struct checked c;
    char *pid;
    char *const settings[] = {"health-first=1", "health-interval=1", "health-start-interval=1"};
    start_with_check(&c, settings, "echo $$ >new; mv new pid; exec sleep 1000", "exec sleep 1000");
    while (!(pid = left_in(&c, "pid")))
        sched_yield();
    struct pollfd check = {.fd = (int)syscall(SYS_pidfd_open, atoi(pid), 0), .events = POLLIN};
    CHECK(check.fd >= 0 && poll(&check, 1, 0) == 0);
    CHECK(kill(c.w.pid, SIGKILL) == 0);
    CHECK_SAME(poll(&check, 1, -1), 1);
    close(check.fd);
    free(pid);
    CHECK_SAME(waitpid(c.w.pid, NULL, 0), c.w.pid);
    c.w.pid = fork(); /* to be waited for in its place */
    if (c.w.pid == 0)
        _exit(0);
    watch_end(&c.w);
    forget_checked(&c);
}

const struct test health_tests[] = {
    {"checks follow each other at the interval", checks_follow_each_other_at_the_interval,
     NEEDS_KERNEL},
    {"a container that is starting is looked at more often",
     container_that_is_starting_is_looked_at_more_often, NEEDS_KERNEL},
    {"a check that cannot be executed is tried again", check_that_cannot_be_executed_is_tried_again,
     NEEDS_KERNEL},
    {"the first check comes after its time", first_check_comes_after_its_time, NEEDS_KERNEL},
    {"a check inherits nothing", check_inherits_nothing, NEEDS_KERNEL},
    {"a check that runs is killed at the end", check_that_runs_is_killed_at_the_end, NEEDS_KERNEL},
    {"a check does not outlive its monitor", check_does_not_outlive_its_monitor, NEEDS_KERNEL},
    {NULL, NULL, 0},
};
