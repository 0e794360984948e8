/* exec_test.c - the operations that end in another program. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "test.h"
#include "trial.h"

static const char *const no_texts[] = {NULL};

/* ---- EXECVE --------------------------------------------------------------------------------- */

/* Files that are not programs, each in its own way, and one that ends with 3. */
static struct trial *programs(void)
{
    struct trial *t = trial_new();
    make_file(t->root, "plain", "#!/bin/sh\nexit 9\n", 0644);
    make_file(t->root, "garbage", "neither ELF nor #!", 0755);
    make_file(t->root, "orphan", "#!/no/such/interpreter\n", 0755);
    make_file(t->root, "program", "#!/bin/sh\nexit 3\n", 0755);
    make_link(t->root, "loop", "loop");
    make_directory(t->root, "directory", 0755);
    return t;
}

/* Executes the first candidate that can be, in the trial's directory: 3 if `program` ran, or
 * -errno. */
static long execute(const char *const *candidates)
{
    struct trial *t = programs();
    struct draft *d = &t->draft;
    const char *const argv[] = {"name", NULL};
    M_DOES(d, OP_CHDIR, text(d, t->directory));
    uint32_t exec = M_DOES(d, OP_EXECVE, texts(d, candidates), texts(d, argv), texts(d, no_texts));
    trial_run(t);
    long r = executed(t, exec) ? t->status : result_of(t, exec);
    CHECK_SAME(t->recording->failed, r < 0 ? exec + 1 : 0);
    trial_end(t);
    return r;
}

/* The order of execvp(3). */
static void candidates_are_tried_in_order(void)
{
    static const struct {
        const char *candidates[4];
        long result;
    } cases[] = {
        {{"program"}, 3},
        {{"missing", "program"}, 3},
        {{"plain", "program"}, 3},
        {{"directory", "missing", "program"}, 3},
        {{"plain/x", "program"}, 3},
        {{"orphan", "program"}, 3},
        {{NULL}, -ENOENT},
        {{""}, -ENOENT},
        {{"missing", "missing/x"}, -ENOENT},
        {{"plain/x"}, -ENOENT},
        {{"orphan"}, -ENOENT},
        {{"plain"}, -EACCES},
        {{"directory"}, -EACCES},
        {{"plain", "missing"}, -EACCES},
        {{"missing", "plain"}, -EACCES},
        {{"garbage"}, -ENOEXEC},
        {{"garbage", "program"}, -ENOEXEC},
        {{"missing", "garbage", "program"}, -ENOEXEC},
        {{"plain", "garbage"}, -ENOEXEC},
        {{"loop", "program"}, -ELOOP},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        long r = execute(cases[i].candidates);
        if (r != cases[i].result) {
            fprintf(stderr, "candidates %zu gave %ld, not %ld\n", i, r, cases[i].result);
            _exit(1);
        }
    }
}

/* What the program says on its standard output. */
static void check_output(struct trial *t, int reader, const char *should)
{
    char got[512];
    trial_run(t);
    read_all(reader, got, sizeof got);
    close(reader);
    if (strcmp(got, should) != 0) {
        fprintf(stderr, "got %s, not %s\n", got, should);
        _exit(1);
    }
    trial_end(t);
}

static int output_to(struct trial *t)
{
    int pipe[2];
    CHECK(pipe2(pipe, O_CLOEXEC) == 0);
    t->slots[A] = pipe[1];
    M_DOES(&t->draft, OP_STDIO, NO_SLOT, A, A);
    return pipe[0];
}

static void program_has_arguments_and_environment(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    const char *const sh[] = {"/bin/sh", NULL};
    const char *const argv[] = {"name", "-c", "echo \"$0|$1|$#|$X\"", "", "a b", "c", NULL};
    const char *const env[] = {"X=x\ny", NULL};
    int reader = output_to(t);
    M_DOES(d, OP_EXECVE, texts(d, sh), texts(d, argv), texts(d, env));
    check_output(t, reader, "|a b|2|x\ny\n");
}

/* The mask that M had, all, would make the program deaf. */
static void program_has_no_blocked_or_ignored_signal(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    const char *const grep[] = {"/bin/grep", "/usr/bin/grep", NULL};
    const char *const argv[] = {"grep", "-cE", "^Sig(Blk|Ign):\t0+$", "/proc/self/status", NULL};
    int reader = output_to(t);
    M_DOES(d, OP_EXECVE, texts(d, grep), texts(d, argv), texts(d, no_texts));
    check_output(t, reader, "2\n");
}

/* ---- SECCOMP -------------------------------------------------------------------------------- */

/* A filter with one answer to two calls, and none for the rest. */
static uint64_t filter(struct draft *d, uint32_t first, uint32_t second, uint32_t answer)
{
    const struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* struct seccomp_data: the number comes first */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, answer),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return bytes(d, program, sizeof program);
}

/* What the interpreter does around an operation would end it. */
static void behind_a_filter_nothing_is_called_but_execve(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    const char *const candidates[] = {"/no/such/program", "/bin/true", NULL};
    const char *const argv[] = {"true", NULL};
    M_DOES(d, OP_PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    uint64_t deadly = filter(d, SYS_clock_gettime, SYS_rt_sigprocmask, SECCOMP_RET_KILL_PROCESS);
    uint32_t seccomp = M_DOES(d, OP_SECCOMP, deadly, SECCOMP_FILTER_FLAG_LOG);
    uint32_t exec = M_DOES(d, OP_EXECVE, texts(d, candidates), texts(d, argv), texts(d, no_texts));
    trial_run(t);
    CHECK_SAME(result_of(t, seccomp), 0);
    CHECK(executed(t, exec));
    CHECK(t->recording->records[exec].start >= t->recording->records[seccomp].start);
    CHECK_SAME(t->status, 0);
    trial_end(t);
}

static void process_ends_even_if_a_filter_refuses_that(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    const char *const candidates[] = {"/bin/true", NULL};
    const char *const argv[] = {"true", NULL};
    M_DOES(d, OP_PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    M_DOES(d, OP_CLONE_INIT, 0, 0, NO_SLOT);
    I_DOES(d, OP_SECCOMP, filter(d, SYS_exit_group, SYS_execve, SECCOMP_RET_ERRNO | EPERM), 0);
    uint32_t exec = I_DOES(d, OP_EXECVE, texts(d, candidates), texts(d, argv), texts(d, no_texts));
    trial_run(t);
    CHECK_SAME(result_of(t, exec), -EPERM);
    CHECK_SAME(t->recording->failed, exec + 1);
    CHECK(t->status == 128 + SIGILL || t->status == 128 + SIGTRAP);
    trial_end(t);
}

static void filter_that_the_kernel_refuses_is_named(void)
{
    const struct sock_filter endless = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
    for (size_t instructions = 0; instructions < 2; instructions++) {
        struct trial *t = trial_new();
        struct draft *d = &t->draft;
        M_DOES(d, OP_PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        M_DOES(d, OP_SECCOMP, bytes(d, &endless, instructions * sizeof endless), 0);
        CHECK_SAME(outcome(t), -EINVAL);
    }
}

/* ---- EXEC_INIT, EXEC_MONITOR ---------------------------------------------------------------- */

static void init_is_the_first_process(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    const char *const argv[] = {"mydocker-init", "/bin/sh", "-c", "[ $PPID = 1 ] && kill -KILL $$",
                                NULL};
    t->slots[A] = monitor_image();
    M_DOES(d, OP_CLONE_INIT, CLONE_NEWPID, BIT(A), NO_SLOT);
    uint32_t exec = I_DOES(d, OP_EXEC_INIT, A, texts(d, argv), texts(d, no_texts));
    trial_run(t);
    CHECK(executed(t, exec));
    CHECK_SAME(t->status, 128 + 9);
    trial_end(t);
}

static void init_needs_its_image(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    const char *const argv[] = {"mydocker-init", "true", NULL};
    M_DOES(d, OP_EXEC_INIT, A, texts(d, argv), texts(d, no_texts));
    CHECK_SAME(outcome(t), -EBADF);
}

static void monitor_needs_its_image(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    const char *const argv[] = {"mydocker-monitor", NULL};
    make_file(t->root, "image", "", 0755);
    t->slots[A] = openat(t->root, "image", O_RDONLY | O_CLOEXEC);
    M_DOES(d, OP_EXEC_MONITOR, A, texts(d, argv), BIT(SLOT_RECORDING));
    trial_run(t);
    CHECK_SAME(result_of(t, 0), -ENOEXEC);
    CHECK_SAME(t->recording->next_op, 1);
    CHECK(t->recording->slots[SLOT_RECORDING] >= 0);
    CHECK_SAME(t->recording->slots[ROOT], -1);
    trial_end(t);
}

const struct test exec_tests[] = {
    {"candidates are tried in order", candidates_are_tried_in_order, NEEDS_KERNEL},
    {"a program has its arguments and environment", program_has_arguments_and_environment, 0},
    {"a program has no blocked or ignored signal", program_has_no_blocked_or_ignored_signal, 0},
    {"behind a filter nothing is called but execve", behind_a_filter_nothing_is_called_but_execve,
     NEEDS_KERNEL},
    {"a process ends even if a filter refuses that", process_ends_even_if_a_filter_refuses_that,
     NEEDS_KERNEL},
    {"a filter that the kernel refuses is named", filter_that_the_kernel_refuses_is_named,
     NEEDS_KERNEL},
    {"init is the first process", init_is_the_first_process, NEEDS_ROOT | NEEDS_KERNEL},
    {"init needs its image", init_needs_its_image, 0},
    {"the monitor needs its image", monitor_needs_its_image, 0},
    {NULL, NULL, 0},
};
