/*
 * launch_test.c - launching from a process with threads. The shield marks this process's memory for
 * good, so each test has a child of its own to launch from.
 */
#define _GNU_SOURCE
#include "launch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "test.h"
#include "trial.h"

static void in_a_child(void (*test)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        test();
        _exit(0);
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK_SAME(status, 0);
}

/* Launches the trial's plan; M's exit status, or -errno. */
static int launch_trial(struct trial *t)
{
    struct launched launched;
    siginfo_t info = {0};
    struct draft *d = &t->draft;
    d->plan.size = (uint32_t)draft_size(d);
    int r = launch(d, draft_size(d), t->slots, &launched);
    if (r < 0)
        return r;
    CHECK(waitid((idtype_t)3 /* P_PIDFD */, (id_t)launched.pidfd, &info, WEXITED | __WALL) == 0);
    CHECK(info.si_pid == launched.pid);
    close(launched.pidfd);
    CHECK_SAME(info.si_code, CLD_EXITED);
    return info.si_status;
}

static struct trial *shell(const char *script)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    const char *const sh[] = {"/bin/sh", NULL};
    const char *const argv[] = {"sh", "-c", script, NULL};
    const char *const none[] = {NULL};
    M_DOES(d, OP_NAME, text(d, "launched"));
    M_DOES(d, OP_EXECVE, texts(d, sh), texts(d, argv), texts(d, none));
    return t;
}

static void launch_a_program(void)
{
    struct trial *t = shell("exit 5");
    CHECK_SAME(launch_trial(t), 5);
    CHECK(executed(t, 1));
    CHECK_SAME(t->recording->ops, 2);
    trial_end(t);
}

static void program_is_launched(void)
{
    in_a_child(launch_a_program);
}

static void launch_a_failure(void)
{
    struct trial *t = trial_new();
    M_DOES(&t->draft, OP_CHDIR, text(&t->draft, "/no/such/directory"));
    CHECK_SAME(launch_trial(t), 1);
    CHECK_SAME(t->recording->failed, 1);
    CHECK_SAME(result_of(t, 0), -ENOENT);
    trial_end(t);
}

static void failure_is_recorded(void)
{
    in_a_child(launch_a_failure);
}

enum { THREADS = 4, LAUNCHES = 25 };

static void *launch_many(void *data)
{
    (void)data;
    for (int i = 0; i < LAUNCHES; i++) {
        char script[32];
        void *noise = malloc(100000); /* mappings come and go under the shield */
        snprintf(script, sizeof script, "exit %d", i);
        struct trial *t = shell(script);
        CHECK_SAME(launch_trial(t), i);
        trial_end(t);
        free(noise);
    }
    return NULL;
}

static void launch_from_threads(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, launch_many, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

static void threads_launch_at_once(void)
{
    in_a_child(launch_from_threads);
}

/* SYNC holds M, so its memory can be read: the secret lies in memory of this process only. */
static void launch_beside_a_secret(void)
{
    struct trial *t = trial_new();
    struct launched launched;
    char path[32];
    char line[512];
    char *secret = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(secret != MAP_FAILED);
    memset(secret, 's', 1 << 20);
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    t->slots[SLOT_SYNC] = pair[1];
    M_DOES(&t->draft, OP_SYNC, SLOT_SYNC, 1);
    struct draft *d = &t->draft;
    d->plan.size = (uint32_t)draft_size(d);
    CHECK(launch(d, draft_size(d), t->slots, &launched) == 0);
    close(pair[1]);
    CHECK(read(pair[0], path, 1) == 1);
    snprintf(path, sizeof path, "/proc/%d/maps", launched.pid);
    FILE *maps = fopen(path, "re");
    CHECK(maps);
    while (fgets(line, sizeof line, maps)) {
        char *end;
        uintptr_t start = strtoul(line, &end, 16);
        CHECK((uintptr_t)secret < start || (uintptr_t)secret >= strtoul(end + 1, NULL, 16));
        CHECK(!strstr(line, "[heap]"));
    }
    fclose(maps);
    close(pair[0]);
    CHECK(waitpid(launched.pid, NULL, __WALL) == launched.pid);
    trial_end(t);
}

static void child_has_no_memory_of_its_maker(void)
{
    in_a_child(launch_beside_a_secret);
}

static void plan_that_is_none_is_refused(void)
{
    struct trial *t = trial_new();
    struct launched launched;
    struct draft *d = &t->draft;
    M_DOES(d, OP_CHDIR, text(d, "/"));
    d->plan.size = (uint32_t)draft_size(d);
    for (size_t size = 0; size < draft_size(d); size += 8)
        CHECK_SAME(launch(d, size, t->slots, &launched), -EINVAL);
    d->plan.monitor_ops = PLAN_OPS_LIMIT + 1;
    CHECK_SAME(launch(d, draft_size(d), t->slots, &launched), -E2BIG);
    trial_end(t);
}

static void recording_that_cannot_be_mapped_is_refused(void)
{
    struct trial *t = trial_new();
    struct launched launched;
    struct draft *d = &t->draft;
    M_DOES(d, OP_CHDIR, text(d, "/"));
    d->plan.size = (uint32_t)draft_size(d);
    int recording = t->slots[SLOT_RECORDING];
    t->slots[SLOT_RECORDING] = -1;
    CHECK_SAME(launch(d, draft_size(d), t->slots, &launched), -EBADF);
    t->slots[SLOT_RECORDING] = t->slots[ROOT];
    CHECK(launch(d, draft_size(d), t->slots, &launched) < 0);
    t->slots[SLOT_RECORDING] = recording;
    trial_end(t);
}

const struct test launch_tests[] = {
    {"a program is launched", program_is_launched, NEEDS_OWN_MEMORY},
    {"a failure is recorded", failure_is_recorded, NEEDS_OWN_MEMORY},
    {"threads launch at once", threads_launch_at_once, NEEDS_OWN_MEMORY},
    {"the child has no memory of its maker", child_has_no_memory_of_its_maker,
     NEEDS_ROOT | NEEDS_OWN_MEMORY},
    {"a plan that is none is refused", plan_that_is_none_is_refused, 0},
    {"a recording that cannot be mapped is refused", recording_that_cannot_be_mapped_is_refused, 0},
    {NULL, NULL, 0},
};
