/* clients_test.c - those who connect to a monitor's socket, and what it does at the end. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "trial.h"
#include "watch.h"

static void start(struct watch *w, const char *script)
{
    watch_with(w, &(struct setup){.script = script, .detached = true});
}

static void check_told(struct heard *h, const char *output, int code)
{
    CHECK(strcmp(h->output[0] ? h->output[0] : "", output) == 0);
    CHECK(h->exited && h->how[0] == CLD_EXITED && h->how[1] == code);
    forget(h);
}

/* Until that stands in the log. */
static void await_log(const struct watch *w, const char *text)
{
    for (bool there = false; !there; sched_yield()) {
        char *log = file_of(w, "log");
        there = log && strstr(log, text);
        free(log);
    }
}

static void client_is_told_the_end_only(void)
{
    struct watch w;
    struct heard h = {0};
    start(&w, "trap 'echo bye; exit 3' TERM; echo hello; while :; do sleep 0.01; done");
    struct watch c = watch_join(&w, 0);
    await_log(&w, "hello");
    say_signal(&c, SIGTERM);
    hear_all(&c, &h);
    check_told(&h, "", 3);
    watch_leave(&c);
    watch_end(&w);
}

static void attached_client_has_output_and_input(void)
{
    struct watch w;
    struct heard h = {0};
    struct heard other = {0};
    start(&w, "while read line; do echo \"got $line\"; done; exit 6");
    struct watch c = watch_join(&w, ATTACH_OUTPUT | ATTACH_STDIN);
    say(&c, FRAME_STDIN, "one\n", 4);
    hear_output(&c, &h, "got one\n");
    struct watch d = watch_join(&w, ATTACH_OUTPUT | ATTACH_STDIN);
    say(&d, FRAME_STDIN, "two\n", 4);
    hear_output(&d, &other, "got two\n");
    hear_output(&c, &h, "got two\n");
    say(&d, FRAME_STDIN_END, NULL, 0);
    hear_all(&d, &other);
    hear_all(&c, &h);
    CHECK_SAME(h.taken, 4);
    CHECK_SAME(other.taken, 4);
    check_told(&h, "got one\ngot two\n", 6);
    check_told(&other, "got two\n", 6);
    watch_leave(&c);
    watch_leave(&d);
    watch_end(&w);
}

/* A client that goes leaves the input it has sent. */
static void input_of_a_client_that_is_gone_arrives(void)
{
    struct watch w;
    static unsigned char input[STDIN_WINDOW];
    start(&w, "trap go=1 USR1; echo up; while [ -z \"$go\" ]; do sleep 0.01; done; wc -c; exit 2");
    struct watch c = watch_join(&w, ATTACH_STDIN);
    for (int i = 0; i < 2; i++) { /* what the pipe takes, and a full window */
        struct heard h = {0};
        say(&c, FRAME_STDIN, input, sizeof input);
        while (i == 0 && h.taken < sizeof input)
            CHECK(hear(&c, &h));
    }
    watch_leave(&c);
    struct watch d = watch_join(&w, ATTACH_OUTPUT | ATTACH_STDIN);
    struct heard h = {0};
    await_log(&w, "up");
    say(&d, FRAME_STDIN_END, NULL, 0);
    say_signal(&d, SIGUSR1);
    hear_all(&d, &h);
    CHECK(strstr(h.output[0], "131072"));
    CHECK(h.exited && h.how[1] == 2);
    forget(&h);
    watch_leave(&d);
    watch_end(&w);
}

static void client_without_stdin_may_send_none(void)
{
    static const uint32_t flags[] = {0, ATTACH_OUTPUT};
    struct watch w;
    start(&w, NULL);
    for (size_t i = 0; i < 2; i++) {
        struct heard h = {0};
        struct watch c = watch_join(&w, flags[i]);
        say(&c, i == 0 ? FRAME_STDIN : FRAME_STDIN_END, "x", i == 0 ? 1 : 0);
        hear_all(&c, &h);
        CHECK(!h.exited);
        watch_leave(&c);
    }
    CHECK(is_alive(w.recording->init_pid) && kill(w.recording->init_pid, SIGKILL) == 0);
    watch_end(&w);
}

/* ---- slow ones and many --------------------------------------------------------------------- */

#define NUMBERS 200000

static void check_numbers(const char *text)
{
    for (long i = 1; i <= NUMBERS; i++, text = strchr(text, '\n') + 1)
        CHECK_SAME(strtol(text, NULL, 10), i);
    CHECK(*text == '\0');
}

static void REL22_slow_client_is_dropped_and_the_others_go_on(void)
{
    struct watch w;
    struct heard h = {0};
    char some[4096];
    size_t slow = 0;
    start(&w, "read line; seq 1 200000; exit 7");
    struct watch stopped = watch_join(&w, ATTACH_OUTPUT);
    struct watch c = watch_join(&w, ATTACH_OUTPUT | ATTACH_STDIN);
    say(&c, FRAME_STDIN, "go\n", 3);
    hear_all(&c, &h);
    check_numbers(h.output[0]);
    CHECK(h.exited && h.how[1] == 7);
    for (ssize_t n; (n = recv(stopped.client, some, sizeof some, 0)) > 0; slow += (size_t)n)
        continue; /* what was under way; the rest was not kept for it */
    CHECK(slow > 0 && slow < h.size[0]);
    forget(&h);
    watch_leave(&stopped);
    watch_leave(&c);
    watch_end(&w);
}

static void slow_client_does_not_keep_an_ended_monitor(void)
{
    struct watch w;
    start(&w, "read line; seq 1 100000; exit 7");
    struct watch stopped = watch_join(&w, ATTACH_OUTPUT | ATTACH_STDIN);
    say(&stopped, FRAME_STDIN, "go\n", 3);
    await_end(&w);
    check_exit_record(&w, 7);
    watch_leave(&stopped);
    watch_end(&w);
}

static void many_clients_are_served(void)
{
    enum { MANY = 50 };
    struct watch w;
    struct watch c[MANY];
    start(&w, "read line; echo $line; exit 4");
    for (int i = 0; i < MANY; i++)
        c[i] = watch_join(&w, ATTACH_OUTPUT | ATTACH_STDIN);
    say(&c[MANY - 1], FRAME_STDIN, "all\n", 4); /* all have been accepted by then */
    for (int i = 0; i < MANY; i++) {
        struct heard h = {0};
        hear_all(&c[i], &h);
        check_told(&h, "all\n", 4);
        watch_leave(&c[i]);
    }
    watch_end(&w);
}

static int entries(const struct watch *w, const char *what)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", w->pid, what);
    DIR *directory = opendir(path);
    CHECK(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

/* The answer to an input comes after everybody who left before it has been noticed. */
static void await_answer(struct watch *w)
{
    struct heard h = {0};
    struct watch c = watch_join(w, ATTACH_OUTPUT | ATTACH_STDIN);
    say(&c, FRAME_STDIN, "x\n", 2);
    hear_output(&c, &h, "x\n");
    forget(&h);
    watch_leave(&c);
}

static void REL23_clients_that_come_and_go_leave_nothing(void)
{
    struct watch w;
    start(&w, "exec cat");
    await_answer(&w);
    await_answer(&w);
    int files = entries(&w, "fd");
    int maps = entries(&w, "map_files");
    for (unsigned i = 0; i < rounds(1000); i++) {
        struct watch c = watch_join(&w, i % 4);
        watch_leave(&c);
    }
    await_answer(&w);
    await_answer(&w);
    CHECK(entries(&w, "fd") <= files + 1); /* the last one's end may not have been seen */
    CHECK(entries(&w, "map_files") <= maps + 2);
    CHECK(kill(w.recording->init_pid, SIGKILL) == 0);
    watch_end(&w);
}

/* ---- records and the end -------------------------------------------------------------------- */

static void pid_record_names_the_first_process(void)
{
    struct watch w;
    struct heard h = {0};
    char begin[100];
    watch_start(&w, "echo $$; read line");
    hear_output(&w, &h, "\n");
    snprintf(begin, sizeof begin, "{\"pid\":%s,\"monitor\":%d,\"started\":1",
             strtok(h.output[0], "\n"), w.pid);
    char *text = file_of(&w, "pid");
    CHECK(text && strncmp(text, begin, strlen(begin)) == 0);
    CHECK(strcmp(text + strlen(text) - 2, "}\n") == 0);
    free(text);
    say(&w, FRAME_STDIN_END, NULL, 0);
    hear_all(&w, &h);
    watch_end(&w);
    forget(&h);
}

/* A process that outlives the first one holds the output; no launcher is there to end it. */
static void held_output_does_not_keep_a_detached_monitor(void)
{
    struct watch w;
    start(&w, "sleep 1000 & echo $! >&2; echo out; exit 3");
    await_end(&w);
    check_exit_record(&w, 3);
    struct heard h = {0};
    read_log(&w, "log", &h);
    CHECK(strcmp(h.output[0], "out\n") == 0);
    pid_t sleeper = atoi(h.output[1]);
    CHECK(sleeper > 1 && kill(sleeper, SIGKILL) == 0);
    forget(&h);
    watch_end(&w);
}

/* It never stops; when the monitor has gone, SIGPIPE ends it. */
static void writer_that_stays_does_not_keep_a_detached_monitor(void)
{
    struct watch w;
    start(&w, "yes & exit 3");
    await_end(&w);
    check_exit_record(&w, 3);
    watch_end(&w);
}

static const char END[] = "cd \"$1\"; " PRINT_BLOCKED_SIGNALS " >blocked; "
                          "ls -l /proc/$$/fd >fds; env >env; umask >umask";

static void end_command_inherits_nothing(void)
{
    struct watch w;
    char directory[] = "/tmp/mydocker-native-end-XXXXXX";
    CHECK(mkdtemp(directory) && setenv("MYDOCKER_TEST", "x", 1) == 0);
    int at = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *const words[] = {"--", "/bin/sh", "-c", (char *)END, "sh", directory, NULL};
    watch_with(&w, &(struct setup){.script = "exit 9", .words = words, .detached = true});
    await_end(&w);
    check_exit_record(&w, 9);
    watch_end(&w);
    struct watch there = {.run_directory = at};
    char *fds = file_of(&there, "fds");
    char *env = file_of(&there, "env");
    char *mask = file_of(&there, "umask");
    char *blocked = file_of(&there, "blocked");
    CHECK(fds && env && mask && blocked);
    for (char *fd = strtok(fds, "\n"); fd; fd = strtok(NULL, "\n"))
        CHECK(strstr(fd, "total") || strstr(fd, "-> /dev/null") || strstr(fd, "/fds"));
    CHECK(!strstr(env, "MYDOCKER_TEST"));
    CHECK(strcmp(mask, "0022\n") == 0 && strcmp(blocked, NO_SIGNALS "\n") == 0);
    free(fds);
    free(env);
    free(mask);
    free(blocked);
    close(at);
    remove_tree(directory);
}

/* The monitor has become its end command, which ends with that code. */
static void end_by_command(struct watch *w, int code)
{
    int status;
    CHECK(waitpid(w->pid, &status, 0) == w->pid && WEXITSTATUS(status) == code);
    w->pid = fork(); /* to be waited for in its place */
    if (w->pid == 0)
        _exit(0);
    watch_end(w);
}

static void end_command_comes_after_a_launcher_too(void)
{
    struct watch w;
    struct heard h = {0};
    char *const words[] = {"--", "/bin/sh", "-c", "exit 17", NULL};
    watch_with(&w, &(struct setup){.script = "echo out; exit 1", .words = words});
    hear_all(&w, &h);
    check_told(&h, "out\n", 1);
    end_by_command(&w, 17);
}

/* It is told, but neither sent output nor waited for, though it stays. */
static void launcher_that_leaves_cleans_up_nothing(void)
{
    struct watch w;
    struct heard h = {0};
    char *const words[] = {"detached", "--", "/bin/sh", "-c", "exit 17", NULL};
    watch_with(&w, &(struct setup){.script = "seq 1 100000; exit 1", .words = words});
    await_end(&w);
    hear_all(&w, &h);
    check_told(&h, "", 1);
    end_by_command(&w, 17);
}

const struct test client_tests[] = {
    {"a client is told the end only", client_is_told_the_end_only, 0},
    {"an attached client has output and input", attached_client_has_output_and_input, 0},
    {"the input of a client that is gone arrives", input_of_a_client_that_is_gone_arrives, 0},
    {"a client without stdin may send none", client_without_stdin_may_send_none, 0},
    {"REL22: a slow client is dropped and the others go on",
     REL22_slow_client_is_dropped_and_the_others_go_on, 0},
    {"a slow client does not keep an ended monitor", slow_client_does_not_keep_an_ended_monitor, 0},
    {"many clients are served", many_clients_are_served, 0},
    {"REL23: clients that come and go leave nothing", REL23_clients_that_come_and_go_leave_nothing,
     0},
    {"the pid record names the first process", pid_record_names_the_first_process, 0},
    {"held output does not keep a detached monitor", held_output_does_not_keep_a_detached_monitor,
     0},
    {"a writer that stays does not keep a detached monitor",
     writer_that_stays_does_not_keep_a_detached_monitor, 0},
    {"the end command inherits nothing", end_command_inherits_nothing, 0},
    {"the end command comes after a launcher too", end_command_comes_after_a_launcher_too, 0},
    {"a launcher that leaves cleans up nothing", launcher_that_leaves_cleans_up_nothing, 0},
    {NULL, NULL, 0},
};
