/*
 * init_test.c - the init of --init. It runs in a fork of the test that is a subreaper (prctl(2)),
 * to which orphans come as they come to PID 1.
 */
#define _GNU_SOURCE
#include "init.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "test.h"

static pid_t start_init(char **argv, int output)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    /* The test's own may name what its user cannot search: execvp(3) then says EACCES. */
    setenv("PATH", "/usr/bin:/bin", 1);
    if (output >= 0)
        CHECK(dup2(output, STDOUT_FILENO) >= 0);
    _exit(init_main(argv));
}

static int exit_code(pid_t pid)
{
    int status;
    CHECK_SAME(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int code_of(char *script)
{
    char *argv[] = {"mydocker-init", "/bin/sh", "-c", script, NULL};
    return exit_code(start_init(argv, -1));
}

static void exit_code_is_the_commands(void)
{
    CHECK_SAME(code_of("exit 0"), 0);
    CHECK_SAME(code_of("exit 3"), 3);
    CHECK_SAME(code_of("exit 255"), 255);
    CHECK_SAME(code_of("kill -KILL $$"), 128 + SIGKILL);
    CHECK_SAME(code_of("kill -TERM $$"), 128 + SIGTERM);
}

/* The complaints on stderr are for people; here nobody is to read them. */
static int code_of_program(char *program)
{
    char *argv[] = {"mydocker-init", program, NULL};
    int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
    int code = exit_code(start_init(argv, -1));
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(null);
    return code;
}

static void command_that_cannot_be_executed_has_its_code(void)
{
    CHECK_SAME(code_of_program("/no/such/program"), 127);
    CHECK_SAME(code_of_program("no-such-program-in-the-path"), 127);
    CHECK_SAME(code_of_program("/etc/passwd"), 126);
    CHECK_SAME(code_of_program("/etc"), 126);
    CHECK_SAME(code_of_program(NULL), 127);
}

/* A zombie is there for kill(2), so the loop ends only when somebody has reaped it. */
static void orphans_are_reaped(void)
{
    CHECK_SAME(code_of("orphan=$(sh -c 'sleep 0.01 >&- & echo $!');"
                       "while kill -0 $orphan 2>&-; do :; done; exit 9"),
               9);
}

static void many_orphans_are_no_answer(void)
{
    CHECK_SAME(code_of("i=0; while [ $i -lt 100 ]; do sh -c 'exit 77 &'; i=$((i+1)); done; exit 4"),
               4);
}

static void signals_are_the_commands(void)
{
    /* Under nohup(1) it is ignored, and no shell catches what is ignored when it starts. */
    signal(SIGHUP, SIG_DFL);
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGWINCH, SIGCONT};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char script[128];
        int output[2];
        char ready;
        CHECK(pipe2(output, O_CLOEXEC) == 0);
        snprintf(script, sizeof script, "trap 'exit 42' %d; echo; while :; do sleep 0.01; done",
                 numbers[i]);
        char *argv[] = {"mydocker-init", "/bin/sh", "-c", script, NULL};
        pid_t pid = start_init(argv, output[1]);
        close(output[1]);
        CHECK(read(output[0], &ready, 1) == 1);
        CHECK(kill(pid, numbers[i]) == 0);
        CHECK_SAME(exit_code(pid), 42);
        close(output[0]);
    }
}

static void command_has_a_group_and_signals_of_its_own(void)
{
    CHECK_SAME(code_of("read -r pid name state parent group rest </proc/self/stat;"
                       "blocked=$(" PRINT_BLOCKED_SIGNALS ");"
                       "[ $group = $$ ] && [ $blocked = " NO_SIGNALS " ] && exit 6"),
               6);
}

const struct test init_tests[] = {
    {"the exit code is the command's", exit_code_is_the_commands, 0},
    {"a command that cannot be executed has its code", command_that_cannot_be_executed_has_its_code,
     0},
    {"orphans are reaped", orphans_are_reaped, 0},
    {"the end of many orphans is not the command's", many_orphans_are_no_answer, 0},
    {"signals are the command's", signals_are_the_commands, 0},
    {"the command has a group and signals of its own", command_has_a_group_and_signals_of_its_own,
     0},
    {NULL, NULL, 0},
};
