/*
 * launch.c - shield, clone, and the first steps of M.
 *
 * launch() runs in a thread of the JVM. The clone itself is done by a thread made for it: its stack
 * and thread-local storage are all that the child has of this process beside the code it executes,
 * and a fresh thread has nothing of Java on them. launch_child RUNS AFTER THE FORK.
 */
#define _GNU_SOURCE
#include "launch.h"

#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "interpreter.h"
#include "shield.h"
#include "sys.h"

#define STACK_SIZE (256u << 10)

struct attempt {
    struct run run;
    void *stack;
    size_t plan_size;
    size_t recording_size;
    struct keep keep;
    struct launched launched;
    int result;
};

/*
 * One launch at a time from shield to clone: a second thread's shield would mark the first one's
 * stack, and its child would start without one (measured: every child dies of SIGSEGV).
 */
static pthread_mutex_t critical = PTHREAD_MUTEX_INITIALIZER;

/* M, from its first instruction. */
static void launch_child(struct attempt *a)
{
    int r = shield_sweep(&a->keep);
    if (r == 0)
        r = run_prepare(&a->run);
    if (r == 0)
        run_monitor_ops(&a->run, 0);
    SYS(exit_group, 1);
}

static int keep_needed(struct attempt *a)
{
    a->keep.count = 0;
    int r = keep_object(&a->keep, (const void *)(uintptr_t)launch);
    if (r == 0)
        r = keep_object(&a->keep, (const void *)(uintptr_t)syscall);
    if (r == 0)
        r = keep_memory(&a->keep, a->stack, STACK_SIZE);
    if (r == 0)
        r = keep_memory(&a->keep, a->run.plan, a->plan_size);
    if (r == 0)
        r = keep_memory(&a->keep, a->run.recording, a->recording_size);
    return r;
}

static int shield_and_clone(struct attempt *a)
{
    int r = keep_needed(a);
    if (r == 0)
        r = shield(&a->keep);
    if (r < 0)
        return r;
    struct clone_args args = {
        .flags = CLONE_PIDFD,
        .pidfd = (uint64_t)(uintptr_t)&a->launched.pidfd,
        /* No SIGCHLD for the JVM: only who waits with __WALL sees this child. */
        .exit_signal = 0,
    };
    long pid = SYS(clone3, &args, sizeof args);
    if (pid == 0)
        launch_child(a);
    a->launched.pid = (pid_t)pid;
    return pid < 0 ? (int)pid : 0;
}

static void *launch_thread(void *data)
{
    struct attempt *a = data;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    pthread_mutex_lock(&critical);
    a->result = shield_and_clone(a);
    pthread_mutex_unlock(&critical);
    return NULL;
}

static int run_thread(struct attempt *a)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int r = pthread_attr_init(&attributes);
    if (r)
        return -r;
    r = pthread_attr_setstack(&attributes, a->stack, STACK_SIZE);
    if (r == 0)
        r = pthread_create(&thread, &attributes, launch_thread, a);
    pthread_attr_destroy(&attributes);
    if (r)
        return -r;
    pthread_join(thread, NULL);
    return a->result;
}

static void *map_private(size_t size)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int load(struct attempt *a, const void *plan, const int *slots)
{
    memcpy(a->run.plan, plan, a->plan_size);
    memcpy(a->run.slots, slots, sizeof a->run.slots);
    int r = plan_load(a->run.plan, a->plan_size);
    if (r < 0)
        return r;
    uint32_t ops = a->run.plan->monitor_ops + a->run.plan->init_ops;
    a->recording_size = recording_size(ops);
    a->run.recording =
        mmap(NULL, a->recording_size, PROT_READ | PROT_WRITE, MAP_SHARED, slots[SLOT_RECORDING], 0);
    if (a->run.recording == MAP_FAILED)
        return -errno;
    a->run.recording->ops = ops;
    return 0;
}

int launch(const void *plan, size_t size, const int *slots, struct launched *out)
{
    /* The attempt lies at the bottom of the stack it is launched on, so the child has it too. */
    void *stack = map_private(STACK_SIZE);
    if (stack == MAP_FAILED)
        return -errno;
    struct attempt *a = stack;
    *a = (struct attempt){.stack = stack, .plan_size = size, .run.recording = MAP_FAILED};
    a->launched.pidfd = -1;
    a->run.plan = map_private(size ? size : 1);
    int r = a->run.plan == MAP_FAILED ? -errno : load(a, plan, slots);
    if (r == 0)
        r = run_thread(a);
    if (r == 0)
        *out = a->launched;
    if (a->run.recording != MAP_FAILED)
        munmap(a->run.recording, a->recording_size);
    if (a->run.plan != MAP_FAILED)
        munmap(a->run.plan, size ? size : 1);
    munmap(stack, STACK_SIZE);
    return r;
}
