/*
 * trial.h - plans made in memory, and run in a child as launch.c runs them: M, and I if it is
 * cloned.
 */
#ifndef MYDOCKER_TRIAL_H
#define MYDOCKER_TRIAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "interpreter.h"
#include "plan.h"

/* A plan under construction. Data lies at a fixed place behind it, so offsets are known at once. */
struct draft {
    struct plan plan;
    struct op ops[32];
    unsigned char data[16384];
    size_t used;
};

/* Their offsets, as arguments of kind s, v and b. */
uint64_t text(struct draft *draft, const char *text);
uint64_t texts(struct draft *draft, const char *const *texts); /* ended by NULL */
uint64_t bytes(struct draft *draft, const void *bytes, size_t size);

/* Appends an operation of M's (all of them before the first of I's) or of I's; gives its index. */
uint32_t monitor_op(struct draft *draft, enum opcode code, const uint64_t args[PLAN_ARGS]);
uint32_t init_op(struct draft *draft, enum opcode code, const uint64_t args[PLAN_ARGS]);
#define M_DOES(draft, code, ...) monitor_op(draft, code, (const uint64_t[PLAN_ARGS]){__VA_ARGS__})
#define I_DOES(draft, code, ...) init_op(draft, code, (const uint64_t[PLAN_ARGS]){__VA_ARGS__})

/* The bytes of a draft that are the plan. */
size_t draft_size(const struct draft *draft);

enum {
    ROOT = SLOT_FREE, /* the trial's directory (O_PATH) */
    A,                /* registers */
    B,
    C,
    REPORT = PLAN_SLOTS - 1, /* the test's stderr, so that a child can say what is not true */
};
#define BIT(slot) (UINT64_C(1) << (slot))

struct trial {
    struct draft draft;
    int slots[PLAN_SLOTS];            /* what M is given; the trial's */
    void (*inspect)(struct run *run); /* in M, after the last of its operations */
    char directory[64];               /* below /tmp, empty at first, removed at the end */
    int root;                         /* the same as a descriptor of the test */
    int memfd;
    struct recording *recording;
    pid_t pid; /* of M */
    int status;
};

struct trial *trial_new(void);

/*
 * M gets a mount namespace of its own, with a fresh tmpfs on the trial's directory and in ROOT.
 * Needs root. The index of the next operation is ISOLATED.
 */
void trial_isolate(struct trial *trial);
enum { ISOLATED = 4 };

/* Forks M. The descriptors in its slots are closed here, as the JVM does. */
void trial_start(struct trial *trial);

/* Waits for M, which waits for I and ends with its exit code, or 128 + its signal. */
void trial_wait(struct trial *trial);
void trial_run(struct trial *trial); /* both */

/* Removes the directory. */
void trial_end(struct trial *trial);

/*
 * Runs a trial and ends it; the result of its last operation, which is the only one that may have
 * failed, and has then been named.
 */
long outcome(struct trial *trial);

/* The result of the operation `index`, which has ended. */
long result_of(const struct trial *trial, uint32_t index);

/* Whether it has begun and never ended: an execve that worked. */
bool executed(const struct trial *trial, uint32_t index);

/* A descriptor of a sealed memfd with the monitor's program, as Java makes it. */
int monitor_image(void);

/* Ways that the tests look at files below a directory. */
void make_file(int at, const char *path, const char *content, mode_t mode);
void make_directory(int at, const char *path, mode_t mode);
void make_link(int at, const char *path, const char *target);
mode_t mode_of(int at, const char *path); /* 0 when there is nothing */

/* Reads until the end of the stream, or until the buffer of `size` is full; ended by NUL. */
size_t read_all(int fd, char *buffer, size_t size);

/* Removes what is below and the directory itself. */
void remove_tree(const char *path);

#endif
