/*
 * main.c - runs every test of the native code that needs no JVM.
 *
 * native-test [--short] [WORD]: with WORD only the tests whose name has it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "test.h"

#define SECONDS_PER_TEST 120

static bool is_short;

unsigned rounds(unsigned often)
{
    return is_short ? often / 20 : often;
}

uint64_t chance(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* The namespace is the child's, and ends with it. */
static bool may_mount(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(unshare(CLONE_NEWNS) == 0 ? 0 : 1);
    int status;
    return waitpid(child, &status, 0) == child && status == 0;
}

/* A null argument is refused by who knows the call. */
static bool is_the_kernel(void)
{
    return syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS;
}

static bool owns_memory(void)
{
#ifdef __SANITIZE_ADDRESS__
    return false;
#else
    return is_the_kernel(); /* valgrind lives in the same process */
#endif
}

static const char *missing(unsigned needs)
{
    if ((needs & NEEDS_ROOT) && (geteuid() != 0 || !may_mount()))
        return "needs root that may mount";
    if ((needs & NEEDS_KERNEL) && !is_the_kernel())
        return "needs the kernel itself, not what valgrind knows of it";
    if ((needs & NEEDS_OWN_MEMORY) && !owns_memory())
        return "needs memory without a sanitizer or valgrind in it";
    return NULL;
}

static void run(const struct test *test, int *ran, int *left_out)
{
    const char *reason = missing(test->needs);
    if (reason) {
        printf("left out: %s: %s\n", test->name, reason);
        ++*left_out;
        return;
    }
    alarm(SECONDS_PER_TEST); /* what hangs has failed */
    test->run();
    alarm(0);
    printf("ok %s\n", test->name);
    ++*ran;
}

int main(int argc, char **argv)
{
    const struct test *const tables[] = {
        plan_tests,     shield_tests,  inflate_tests, path_tests,    mount_tests,
        process_tests,  exec_tests,    monitor_tests, log_tests,     client_tests,
        health_tests,   machine_tests, view_tests,    sysinfo_tests, dns_tests,
        resolver_tests, init_tests,    launch_tests,  linux_tests,   operation_tests,
    };
    int ran = 0;
    int left_out = 0;
    /* A background job of a shell ignores it, and shells that inherit that cannot trap it. */
    signal(SIGINT, SIG_DFL);
    /* A failing child ends without writing what its parent's stdio has buffered. */
    setvbuf(stdout, NULL, _IOLBF, 0);
    is_short = argc > 1 && strcmp(argv[1], "--short") == 0;
    const char *word = argc > 1 + is_short ? argv[1 + is_short] : "";
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct test *test = tables[i]; test->name; test++)
            if (strstr(test->name, word))
                run(test, &ran, &left_out);
    printf("Native tests run: %d, failures: 0, left out: %d\n", ran, left_out);
    return 0;
}
