/* test.h - a table of tests and one assertion. */
#ifndef MYDOCKER_TEST_H
#define MYDOCKER_TEST_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

struct test {
    const char *name; /* the behaviour */
    void (*run)(void);
};

/* One file of tests: its table, ended by a name of NULL. */
extern const struct test plan_tests[];
extern const struct test shield_tests[];
extern const struct test inflate_tests[];

/* Ends the program at the first claim that is false, so that a sanitizer's report is the last. */
#define CHECK(claim)                                                                               \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #claim);                  \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#endif
