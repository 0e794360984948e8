/* test.h - tables of tests, one assertion, and what a test may need of the machine. */
#ifndef MYDOCKER_TEST_H
#define MYDOCKER_TEST_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What is not there is found by trying; a test that needs it is then left out, and main says so. */
enum need {
    NEEDS_ROOT = 1,   /* may make mount namespaces */
    NEEDS_KERNEL = 2, /* calls unknown to valgrind: clone3, openat2, fsopen, setdomainname ... */
    NEEDS_OWN_MEMORY = 4, /* the child unmaps what it does not know: a sanitizer's shadow as well */
};

struct test {
    const char *name; /* the behaviour */
    void (*run)(void);
    unsigned needs; /* of enum need */
};

/* One file of tests: its table, ended by a name of NULL. */
extern const struct test plan_tests[];
extern const struct test shield_tests[];
extern const struct test inflate_tests[];
extern const struct test path_tests[];
extern const struct test mount_tests[];
extern const struct test process_tests[];
extern const struct test exec_tests[];
extern const struct test monitor_tests[];
extern const struct test log_tests[];
extern const struct test client_tests[];
extern const struct test health_tests[];
extern const struct test machine_tests[];
extern const struct test view_tests[];
extern const struct test sysinfo_tests[];
extern const struct test dns_tests[];
extern const struct test resolver_tests[];
extern const struct test init_tests[];
extern const struct test launch_tests[];
extern const struct test linux_tests[];
extern const struct test operation_tests[];

/* How often a random loop goes round: `often`, or a twentieth of it (--short, for valgrind). */
unsigned rounds(unsigned often);

/* The next of a fixed sequence of numbers that look random; every run sees the same (xorshift). */
uint64_t chance(uint64_t *seed);

/*
 * A shell's words that print the signals it was started with blocked: "0000000000000000" for none.
 * They come before any program: dash blocks every signal while it starts one by vfork(2), and none
 * from then on, whatever it was before.
 */
#define PRINT_BLOCKED_SIGNALS                                                                      \
    "while read -r key mask; do [ $key != SigBlk: ] || echo $mask; done </proc/$$/status"
#define NO_SIGNALS "0000000000000000"

/*
 * Ends the process at the first claim that is false, so that a sanitizer's report is the last. Of a
 * child the test sees the status. No handler of exit(3) runs: in a child that is not dumpable the
 * leak checker, which attaches to its own process (ptrace(2)), would only fail.
 */
#define CHECK(claim)                                                                               \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #claim);                  \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

/* The same for two numbers, which are shown. */
#define CHECK_SAME(is, should)                                                                     \
    do {                                                                                           \
        long long is_ = (long long)(is);                                                           \
        long long should_ = (long long)(should);                                                   \
        if (is_ != should_) {                                                                      \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #is, is_,         \
                    should_);                                                                      \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

#endif
