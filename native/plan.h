/*
 * plan.h - the launch plan as Java writes it, and the recording that launching it fills.
 *
 * Both are shared with dev.mydocker.launch (LaunchPlan, Recording) by layout: all numbers are in
 * the machine's own byte order, every structure is a multiple of 8 bytes.
 */
#ifndef MYDOCKER_PLAN_H
#define MYDOCKER_PLAN_H

#include <stddef.h>
#include <stdint.h>

#define PLAN_MAGIC 0x4d44504cu /* "MDPL" */
#define PLAN_VERSION 1
#define PLAN_ARGS 7
#define PLAN_SLOTS 48
#define PLAN_SIZE_LIMIT (16u << 20)
#define PLAN_OPS_LIMIT 4096u

/* Slots with a fixed meaning; Java's dev.mydocker.launch.Slot has the same numbers. */
enum slot {
    SLOT_RECORDING,     /* memfd of struct recording */
    SLOT_MONITOR_IMAGE, /* sealed memfd of the static monitor */
    SLOT_PLAN,          /* sealed memfd of the plan, for the part the monitor executes */
    SLOT_LIFE,          /* a file locked by flock as long as the monitor lives */
    SLOT_RUN_DIRECTORY, /* where the monitor writes the records `pid` and `exit` */
    SLOT_CLIENT,        /* the monitor's end of the socket to whoever is attached */
    SLOT_SYNC,          /* I's end of the socket to the JVM */
    SLOT_CONSOLE_OUT,   /* I sends the pty's master here */
    SLOT_CONSOLE_IN,    /* the monitor receives it here */
    SLOT_STDIN,         /* pipe ends of the container */
    SLOT_STDOUT,
    SLOT_STDERR,
    SLOT_TO_STDIN, /* pipe ends of the monitor */
    SLOT_FROM_STDOUT,
    SLOT_FROM_STDERR,
    SLOT_LISTEN,   /* the socket that the monitor accepts clients on */
    SLOT_LOG,      /* the directory where it writes the log */
    SLOT_VIEW_IN,  /* the monitor receives what it serves here: the mounted view, name sockets */
    SLOT_VIEW_OUT, /* I sends it here */
    SLOT_VIEW,     /* I mounts it: /dev/fuse */
    SLOT_GIVE,     /* M gives I what the host's privileges are needed for */
    SLOT_TAKE,     /* I takes it, after it has given M its user namespace */
    SLOT_CGROUP,   /* the container's cgroup of version 2: I begins in it */
    SLOT_FREE      /* the first register that has no fixed meaning */
};

enum opcode {
#define OP(name, arguments) OP_##name,
#include "ops.def"
#undef OP
    OP_COUNT
};

/* One operation; after plan_load an argument of kind s, S, v or b is a pointer into the plan. */
struct op {
    uint32_t code;
    uint32_t flags;
    uint64_t arg[PLAN_ARGS];
};

/* Arguments of kind b point at this. */
struct blob {
    uint64_t size;
    unsigned char bytes[];
};

struct plan {
    uint32_t magic;
    uint32_t version;
    uint32_t size;        /* bytes, header included */
    uint32_t monitor_ops; /* ops[0 .. monitor_ops) are M's */
    uint32_t init_ops;    /* the rest are I's */
    uint32_t reserved;
    uint64_t reserved2;
    struct op ops[];
};

#define NO_SLOT UINT64_MAX

/* The byte with a descriptor that I sends, and with a listener of seccomp(2). */
#define SENT 0
#define SENT_LISTENER 1

/* Who did an operation. */
enum who { WHO_NOBODY, WHO_MONITOR, WHO_INIT };

struct record {
    uint64_t start; /* CLOCK_MONOTONIC, nanoseconds */
    uint64_t end;   /* 0 while it runs; an execve that worked never ends */
    int64_t result; /* 0 or more, or -errno */
    uint32_t who;
    uint32_t pad;
};

/* A page or more shared by JVM, M and I: what was done, without one system call. */
struct recording {
    uint32_t ops;              /* how many records follow */
    int32_t init_pid;          /* I, as its parent sees it */
    uint32_t next_op;          /* the first operation that is left for the monitor's own main */
    uint32_t failed;           /* 1 + index of the operation that failed */
    int32_t slots[PLAN_SLOTS]; /* M's, for the monitor's main */
    uint64_t pad[7];
    struct record records[];
};

/* The argument letters of an operation, as in ops.def. */
extern const char *const plan_arguments[OP_COUNT];
extern const char *const plan_names[OP_COUNT];

/*
 * Checks that `bytes` is a plan whose every offset stays inside it, and turns offsets into pointers
 * in place. 0, or -EINVAL for anything else; -E2BIG over the limits. Hosts call it before the fork.
 */
int plan_load(void *bytes, size_t size);

/* The size of the recording of a plan of `ops` operations, in bytes. */
size_t recording_size(uint32_t ops);

#endif
