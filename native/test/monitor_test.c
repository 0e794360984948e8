/*
 * monitor_test.c - the monitor between a container and a client, as processes.
 *
 * Most tests run the monitor's main (here monitor_main) in a fork of the test, where a sanitizer's
 * or valgrind's report is seen. The last ones start its own program out of a plan, as M does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>

#include "test.h"
#include "trial.h"
#include "watch.h"

/* ---- output --------------------------------------------------------------------------------- */

static void output_and_exit_come_as_frames(void)
{
    struct watch w;
    struct heard h = {0};
    watch_start(&w, "echo out; echo err >&2; exit 7");
    hear_all(&w, &h);
    CHECK(strcmp(h.output[0], "out\n") == 0 && strcmp(h.output[1], "err\n") == 0);
    CHECK(h.exited && h.how[0] == CLD_EXITED && h.how[1] == 7);
    check_exit_record(&w, 7);
    watch_end(&w);
    forget(&h);
}

static void death_by_a_signal_is_told_as_such(void)
{
    struct watch w;
    struct heard h = {0};
    watch_start(&w, "kill -ABRT $$");
    hear_all(&w, &h);
    CHECK(h.exited && (h.how[0] == CLD_KILLED || h.how[0] == CLD_DUMPED) && h.how[1] == SIGABRT);
    check_exit_record(&w, 128 + SIGABRT);
    watch_end(&w);
    forget(&h);
}

#define LAST_NUMBER 400000
#define SOME_NUMBERS 10000

static void check_numbers(const char *text)
{
    for (long i = 1; i <= LAST_NUMBER; i++) {
        char *end;
        CHECK_SAME(strtol(text, &end, 10), i);
        CHECK(*end == '\n');
        text = end + 1;
    }
    CHECK(*text == '\0');
}

/* More than pipe, monitor and socket hold, so the container has to wait. */
static void client_that_reads_late_loses_nothing(void)
{
    struct watch w;
    struct heard h = {0};
    watch_start(&w, "seq 1 400000; exit 5");
    int waiting = 0;
    while (waiting < 100000)
        CHECK(ioctl(w.client, FIONREAD, &waiting) == 0 && sched_yield() == 0);
    CHECK(is_alive(w.recording->init_pid));
    hear_all(&w, &h);
    check_numbers(h.output[0]);
    CHECK(h.exited && h.how[1] == 5);
    watch_end(&w);
    forget(&h);
}

static void both_streams_come_whole(void)
{
    struct watch w;
    struct heard h = {0};
    watch_start(&w, "seq 1 400000 >&2 & seq 1 400000; wait");
    hear_all(&w, &h);
    check_numbers(h.output[0]);
    check_numbers(h.output[1]);
    watch_end(&w);
    forget(&h);
}

static void container_goes_on_without_its_client(void)
{
    struct watch w;
    watch_start(&w, "read line; seq 1 400000; exit 6");
    say(&w, FRAME_STDIN, "go\n", 3);
    shutdown(w.client, SHUT_RDWR);
    await_end(&w);
    check_exit_record(&w, 6);
    watch_end(&w);
}

/* Neither what is in the pipes is lost, nor is waited for who is left behind and holds them. */
static void drained_output_ends_with_the_command(void)
{
    struct watch w;
    struct heard h = {0};
    watch_start(&w, "head -c 20000 /dev/zero | tr '\\0' x; sleep 600 & echo \" $!\"; exit 4");
    while (!h.exited)
        CHECK(hear(&w, &h));
    say(&w, FRAME_DRAIN, NULL, 0);
    hear_all(&w, &h);
    CHECK(h.how[1] == 4 && h.size[0] > 20000);
    CHECK(strspn(h.output[0], "x") == 20000);
    pid_t left = (pid_t)strtol(h.output[0] + 20000, NULL, 10);
    CHECK(left > 0 && is_alive(left));
    kill(left, SIGKILL);
    watch_end(&w);
    forget(&h);
}

static void run_directory_that_is_gone_is_no_obstacle(void)
{
    struct watch w;
    struct heard h = {0};
    watch_start(&w, "echo up; read line");
    hear_output(&w, &h, "up\n");
    remove_tree(w.directory);
    say(&w, FRAME_STDIN_END, NULL, 0);
    hear_all(&w, &h);
    CHECK(h.exited && h.how[1] == 1);
    CHECK(mkdir(w.directory, 0700) == 0);
    watch_end(&w);
    forget(&h);
}

/* Of a command that joins. */
static void records_go_into_the_file_that_is_sent(void)
{
    struct watch w;
    struct heard h = {0};
    char text[256] = "";
    int file = memfd_create("record", MFD_CLOEXEC);
    watch_start(&w, "read line; exit 6");
    const struct frame head = {FRAME_RECORD, 1};
    CHECK_SAME(send(w.client, &head, sizeof head, MSG_NOSIGNAL), sizeof head);
    send_with(w.client, 0, file);
    say(&w, FRAME_STDIN, "\n", 1);
    hear_all(&w, &h);
    CHECK(h.exited && h.how[1] == 6);
    watch_end(&w);
    forget(&h);
    CHECK(pread(file, text, sizeof text - 1, 0) > 0);
    CHECK(strncmp(text, "{\"pid\":", 7) == 0);
    CHECK(strstr(text, "}\n{\"exitCode\":6,\"finished\":"));
    close(file);
}

/* ---- input ---------------------------------------------------------------------------------- */

/* Sends numbers up to the last, never more than the window allows, and hears them from cat. */
static void all_input_arrives(void)
{
    struct watch w;
    struct heard h = {0};
    watch_start(&w, "exec cat");
    char piece[1000];
    uint64_t sent = 0;
    for (long i = 1; i <= SOME_NUMBERS; i++) {
        int size = snprintf(piece, sizeof piece, "%ld\n", i);
        while (sent + (uint64_t)size - h.taken > STDIN_WINDOW)
            CHECK(hear(&w, &h));
        say(&w, FRAME_STDIN, piece, (uint32_t)size);
        sent += (uint64_t)size;
    }
    say(&w, FRAME_STDIN_END, NULL, 0);
    hear_all(&w, &h);
    CHECK_SAME(h.size[0], sent);
    CHECK_SAME(h.taken, sent);
    CHECK(h.exited && h.how[1] == 0);
    const char *text = h.output[0];
    for (long i = 1; i <= SOME_NUMBERS; i++, text = strchr(text, '\n') + 1)
        CHECK_SAME(strtol(text, NULL, 10), i);
    watch_end(&w);
    forget(&h);
}

static void signal_does_not_wait_behind_input(void)
{
    struct watch w;
    struct heard h = {0};
    static unsigned char input[STDIN_WINDOW];
    watch_start(&w, "exec sleep 1000");
    for (int i = 0; i < 2; i++) { /* what the pipe takes, and a full window */
        say(&w, FRAME_STDIN, input, sizeof input);
        while (i == 0 && h.taken < sizeof input)
            CHECK(hear(&w, &h));
    }
    say_signal(&w, SIGTERM);
    hear_all(&w, &h);
    CHECK(h.exited && h.how[0] == CLD_KILLED && h.how[1] == SIGTERM);
    check_exit_record(&w, 128 + SIGTERM);
    watch_end(&w);
    forget(&h);
}

static void signal_below_zero_is_the_groups(void)
{
    struct watch w;
    struct heard h = {0};
    watch_start(&w, "sh -c 'echo $$; exec sleep 1000' & wait");
    hear_output(&w, &h, "\n");
    struct pollfd child = {.fd = (int)syscall(SYS_pidfd_open, atoi(h.output[0]), 0),
                           .events = POLLIN};
    CHECK(child.fd >= 0 && poll(&child, 1, 0) == 0);
    say_signal(&w, -SIGKILL);
    CHECK_SAME(poll(&child, 1, -1), 1);
    close(child.fd);
    hear_all(&w, &h);
    CHECK(h.exited && h.how[0] == CLD_KILLED && h.how[1] == SIGKILL);
    watch_end(&w);
    forget(&h);
}

static void input_that_nobody_reads_is_taken(void)
{
    struct watch w;
    struct heard h = {0};
    static unsigned char input[STDIN_WINDOW];
    watch_start(&w, "exec <&-; echo closed; exec sleep 1000");
    hear_output(&w, &h, "closed\n");
    for (uint64_t sent = sizeof input; sent <= 5 * sizeof input; sent += sizeof input) {
        say(&w, FRAME_STDIN, input, sizeof input);
        while (h.taken < sent)
            CHECK(hear(&w, &h));
    }
    say_signal(&w, SIGKILL);
    hear_all(&w, &h);
    CHECK(h.exited);
    watch_end(&w);
    forget(&h);
}

/* As many answers as frames, to somebody who reads none: they must not crowd out the exit. */
static void client_that_reads_no_answer_misses_none(void)
{
    enum { FRAMES = 12000 };
    struct watch w;
    struct heard h = {0};
    watch_start(&w, "exec cat >/dev/null");
    for (int i = 0; i < FRAMES; i++) {
        int under_way = 1;
        say(&w, FRAME_STDIN, "x", 1);
        while (under_way > 0) /* one frame at a time, so each is answered by itself */
            CHECK(ioctl(w.client, SIOCOUTQ, &under_way) == 0 && sched_yield() == 0);
    }
    say(&w, FRAME_STDIN_END, NULL, 0);
    hear_all(&w, &h);
    CHECK(h.exited && h.how[1] == 0);
    CHECK_SAME(h.taken, FRAMES);
    watch_end(&w);
    forget(&h);
}

/* ---- the terminal --------------------------------------------------------------------------- */

static void terminal_has_the_size_it_is_given(void)
{
    struct watch w;
    struct heard h = {0};
    const uint16_t size[2] = {40, 132};
    int master = watch_terminal(&w, "echo ready; read line; stty size; exit 4");
    send_master(&w, master);
    hear_output(&w, &h, "ready\r\n");
    say(&w, FRAME_RESIZE, size, sizeof size);
    say(&w, FRAME_STDIN, "\n", 1);
    hear_all(&w, &h);
    CHECK(strstr(h.output[0], "40 132\r\n"));
    CHECK(h.exited && h.how[1] == 4);
    watch_end(&w);
    forget(&h);
}

static void input_waits_for_the_terminal(void)
{
    struct watch w;
    struct heard h = {0};
    int master = watch_terminal(&w, "read line; echo \"got $line\"");
    say(&w, FRAME_STDIN, "early\n", 6);
    int under_way = 1;
    while (under_way > 0)
        CHECK(ioctl(w.client, SIOCOUTQ, &under_way) == 0 && sched_yield() == 0);
    send_master(&w, master);
    hear_all(&w, &h);
    CHECK(strstr(h.output[0], "got early\r\n"));
    CHECK_SAME(h.taken, 6);
    watch_end(&w);
    forget(&h);
}

static void keys_of_the_terminal_are_signals(void)
{
    struct watch w;
    struct heard h = {0};
    int master = watch_terminal(&w, "trap 'exit 9' INT; echo ready; while :; do read line; done");
    send_master(&w, master);
    hear_output(&w, &h, "ready\r\n");
    /* The line wakes a shell that was about to read when the signal came. */
    say(&w, FRAME_STDIN, "\003\n", 2);
    hear_all(&w, &h);
    CHECK(h.exited && h.how[1] == 9);
    watch_end(&w);
    forget(&h);
}

/* I ended before it had made one. */
static void terminal_that_never_comes_is_not_waited_for(void)
{
    struct watch w;
    struct heard h = {0};
    int master = watch_terminal(&w, "exit 2");
    close(master);
    close(w.console);
    w.console = -1;
    say(&w, FRAME_STDIN, "x", 1);
    hear_all(&w, &h);
    check_exit_record(&w, 2);
    watch_end(&w);
    forget(&h);
}

/* ---- clients that are not ours -------------------------------------------------------------- */

/* The client has been dropped, and nothing else has happened. */
static void check_dropped(struct watch *w)
{
    struct heard h = {0};
    hear_all(w, &h);
    CHECK(!h.exited);
    CHECK(is_alive(w->recording->init_pid) && is_alive(w->pid));
    CHECK(kill(w->recording->init_pid, SIGKILL) == 0);
    await_end(w);
    check_exit_record(w, 128 + SIGKILL);
    watch_end(w);
    forget(&h);
}

/* A monitor that has been sent these bytes. */
static void start_with(struct watch *w, const void *bytes, size_t size)
{
    watch_start(w, NULL);
    ssize_t n = send(w->client, bytes, size, MSG_NOSIGNAL);
    CHECK(n == (ssize_t)size);
}

static void frame_that_cannot_be_right_drops_its_client(void)
{
    static const struct {
        struct frame frame;
        unsigned char data[8];
    } frames[] = {
        {{FRAME_STDIN, STDIN_WINDOW + 1}, {0}},
        {{FRAME_STDIN, UINT32_MAX}, {0}},
        {{FRAME_STDIN, UINT32_MAX - 7}, {0}},
        {{FRAME_STDIN_END, 1}, {0}},
        {{FRAME_RESIZE, 0}, {0}},
        {{FRAME_RESIZE, 8}, {0}},
        {{FRAME_SIGNAL, 3}, {0}},
        {{FRAME_SIGNAL, 8}, {0}},
        {{FRAME_STDOUT, 0}, {0}},
        {{0, 0}, {0}},
        {{UINT32_MAX, 4}, {0}},
    };
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        struct watch w;
        start_with(&w, &frames[i], sizeof frames[i]);
        check_dropped(&w);
    }
}

static void frame_that_never_ends_is_no_frame(void)
{
    static const struct frame frames[] = {{FRAME_STDIN, STDIN_WINDOW}, {FRAME_SIGNAL, 4}};
    for (size_t size = 0; size <= sizeof frames[0]; size++) {
        struct watch w;
        start_with(&w, &frames[size % 2], size);
        shutdown(w.client, SHUT_WR);
        check_dropped(&w);
    }
}

static void input_beyond_the_window_drops_its_client(void)
{
    struct watch w;
    static unsigned char input[STDIN_WINDOW];
    watch_start(&w, NULL);
    for (int i = 0; i < 2; i++) /* the pipe takes the first, the window the second */
        say(&w, FRAME_STDIN, input, sizeof input);
    say(&w, FRAME_STDIN, input, 1);
    check_dropped(&w);
}

static void input_after_its_end_drops_its_client(void)
{
    struct watch w;
    watch_start(&w, NULL);
    say(&w, FRAME_STDIN_END, NULL, 0);
    say(&w, FRAME_STDIN, "x", 1);
    check_dropped(&w);
}

static void drain_before_the_end_drops_its_client(void)
{
    struct watch w;
    watch_start(&w, NULL);
    say(&w, FRAME_DRAIN, NULL, 0);
    check_dropped(&w);
}

/* Frames that are mostly right, so that what is behind the first checks is reached as well. */
static struct frame random_frame(uint64_t *seed)
{
    static const uint32_t sizes[] = {
        0, 1, 2, 3, 4, 5, 8, 9, 16, 40, 100, 300, 1000, 5000, STDIN_WINDOW, STDIN_WINDOW + 1,
    };
    uint64_t r = chance(seed);
    struct frame frame = {FRAME_STDIN + r % 4, sizes[r / 4 % (sizeof sizes / sizeof *sizes)]};
    if (frame.type >= FRAME_RESIZE && (r >> 32) % 8)
        frame.size = 4;
    if ((r >> 40) % 32 == 0)
        frame.type = (uint32_t)chance(seed);
    if ((r >> 48) % 32 == 0)
        frame.size = (uint32_t)chance(seed);
    return frame;
}

/* Some frames, the last one perhaps unfinished. No signal but SIGURG may reach the container. */
static size_t random_input(uint64_t *seed, unsigned char *bytes, size_t room)
{
    const int32_t harmless = SIGURG;
    size_t used = 0;
    for (uint64_t frames = chance(seed) % 20; frames > 0; frames--) {
        struct frame frame = random_frame(seed);
        uint64_t start = chance(seed);
        if (room - used < sizeof frame + STDIN_WINDOW + 1)
            break;
        memcpy(bytes + used, &frame, sizeof frame);
        used += sizeof frame;
        uint32_t size = frame.size <= STDIN_WINDOW + 1 ? frame.size : 100;
        memset(bytes + used, (int)(start % 256), size);
        if (frame.type == FRAME_SIGNAL && size >= 4)
            memcpy(bytes + used, &harmless, 4);
        else
            memcpy(bytes + used, &start, size < 8 ? size : 8);
        used += size;
    }
    return used - (used ? chance(seed) % (used < 16 ? used : 16) : 0);
}

static void any_frames_are_survived(void)
{
    static unsigned char input[400000];
    uint64_t seed = 20240229;
    for (unsigned i = 0; i < rounds(500); i++) {
        struct watch w;
        size_t size = random_input(&seed, input, sizeof input);
        watch_start(&w, NULL);
        for (size_t at = 0; at < size;) {
            size_t piece = 1 + chance(&seed) % 100000;
            ssize_t n =
                send(w.client, input + at, piece < size - at ? piece : size - at, MSG_NOSIGNAL);
            if (n <= 0)
                break; /* dropped already */
            at += (size_t)n;
        }
        shutdown(w.client, SHUT_WR);
        check_dropped(&w);
    }
}

/* ---- the start ------------------------------------------------------------------------------ */

static int status_of(int argc, char **argv)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(monitor_main(argc, argv));
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void monitor_without_a_recording_does_nothing(void)
{
    char small[12];
    int memfd = memfd_create("small", MFD_CLOEXEC);
    CHECK(memfd >= 0 && ftruncate(memfd, sizeof(struct recording) - 1) == 0);
    snprintf(small, sizeof small, "%d", memfd);
    char *argv[] = {"mydocker-monitor", "test", "999", NULL};
    CHECK_SAME(status_of(3, argv), 2);
    CHECK_SAME(status_of(2, argv), 2);
    argv[2] = small;
    CHECK_SAME(status_of(3, argv), 2);
    argv[2] = "not a number";
    CHECK_SAME(status_of(3, argv), 2);
    CHECK_SAME(status_of(0, argv + 3), 2);
    close(memfd);
}

/* 1 is the answer to a recording that names no process: all words were right. */
static void monitor_with_a_wrong_word_does_nothing(void)
{
    static char *const right[] = {"detached", "log-size=1", "health-first=0", "--", "--health"};
    static char *const wrong[] = {"log-size",    "log-size=x", "log-size=1x", "health-first=",
                                  "log-sizes=1", "--healthy",  "loud"};
    char number[12];
    struct recording recording = {0};
    memset(recording.slots, -1, sizeof recording.slots);
    int memfd = memfd_create("recording", MFD_CLOEXEC);
    CHECK(memfd >= 0 && write(memfd, &recording, sizeof recording) == sizeof recording);
    snprintf(number, sizeof number, "%d", memfd);
    char *argv[] = {"mydocker-monitor", "test", number, NULL, NULL};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        argv[3] = right[i];
        CHECK_SAME(status_of(4, argv), 1);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        argv[3] = wrong[i];
        CHECK_SAME(status_of(4, argv), 2);
    }
    close(memfd);
}

/* A trial whose M becomes the monitor's own program; the client's end is the test's. */
static struct trial *launching(struct watch *w)
{
    int client[2];
    int output[2];
    struct trial *t = trial_new();
    pair(client);
    CHECK(pipe2(output, O_CLOEXEC) == 0);
    *w = (struct watch){.client = client[0], .run_directory = t->root};
    t->slots[SLOT_CLIENT] = client[1];
    t->slots[SLOT_MONITOR_IMAGE] = monitor_image();
    t->slots[SLOT_RUN_DIRECTORY] = fcntl(t->root, F_DUPFD_CLOEXEC, 3);
    t->slots[SLOT_STDOUT] = output[1];
    t->slots[SLOT_FROM_STDOUT] = output[0];
    return t;
}

#define MONITOR_SLOTS                                                                              \
    (BIT(SLOT_RECORDING) | BIT(SLOT_RUN_DIRECTORY) | BIT(SLOT_CLIENT) | BIT(SLOT_FROM_STDOUT))

static uint32_t exec_monitor(struct trial *t, uint64_t kept)
{
    struct draft *d = &t->draft;
    char number[12];
    snprintf(number, sizeof number, "%d", t->slots[SLOT_RECORDING]);
    const char *const argv[] = {"mydocker-monitor", "test", number, NULL};
    return M_DOES(d, OP_EXEC_MONITOR, SLOT_MONITOR_IMAGE, texts(d, argv), kept);
}

static uint32_t exec_shell(struct draft *d, const char *script)
{
    const char *const sh[] = {"/bin/sh", NULL};
    const char *const argv[] = {"sh", "-c", script, NULL};
    const char *const none[] = {NULL};
    I_DOES(d, OP_STDIO, NO_SLOT, SLOT_STDOUT, SLOT_STDOUT);
    I_DOES(d, OP_CLOSE_OTHERS, 0);
    return I_DOES(d, OP_EXECVE, texts(d, sh), texts(d, argv), texts(d, none));
}

static void check_launched(struct trial *t, struct watch *w, uint32_t exec)
{
    struct heard h = {0};
    hear_all(w, &h);
    trial_wait(t);
    CHECK_SAME(t->status, 0);
    CHECK(executed(t, exec));
    CHECK(strcmp(h.output[0], "launched\n") == 0);
    CHECK(h.exited && h.how[0] == CLD_EXITED && h.how[1] == 8);
    check_exit_record(w, 8);
    close(w->client);
    forget(&h);
    trial_end(t);
}

/* A container with PIDs of its own: M clones I, then becomes the monitor. */
static void monitor_follows_the_clone(void)
{
    struct watch w;
    struct trial *t = launching(&w);
    M_DOES(&t->draft, OP_CLONE_INIT, 0, BIT(SLOT_STDOUT), NO_SLOT);
    exec_monitor(t, MONITOR_SLOTS);
    uint32_t exec = exec_shell(&t->draft, "echo launched; exit 8");
    trial_start(t);
    check_launched(t, &w, exec);
}

static void seal_plan(struct trial *t)
{
    t->slots[SLOT_PLAN] = memfd_create("plan", MFD_CLOEXEC);
    size_t size = draft_size(&t->draft);
    t->draft.plan.size = (uint32_t)size;
    CHECK(write(t->slots[SLOT_PLAN], &t->draft, size) == (ssize_t)size);
}

#define ALL_SLOTS (MONITOR_SLOTS | BIT(SLOT_PLAN) | BIT(SLOT_STDOUT))

/* One that lives among others': M becomes the monitor, which clones I. */
static void monitor_clones_by_itself(void)
{
    struct watch w;
    struct trial *t = launching(&w);
    exec_monitor(t, ALL_SLOTS);
    M_DOES(&t->draft, OP_CLONE_INIT, 0, BIT(SLOT_STDOUT), NO_SLOT);
    uint32_t exec = exec_shell(&t->draft, "echo launched; exit 8");
    seal_plan(t);
    trial_start(t);
    check_launched(t, &w, exec);
}

static void monitor_ends_when_its_part_of_the_plan_fails(void)
{
    struct watch w;
    struct heard h = {0};
    struct trial *t = launching(&w);
    exec_monitor(t, ALL_SLOTS);
    M_DOES(&t->draft, OP_CHDIR, text(&t->draft, "/no/such/directory"));
    seal_plan(t);
    trial_start(t);
    hear_all(&w, &h);
    trial_wait(t);
    CHECK_SAME(t->status, 1);
    CHECK_SAME(t->recording->failed, 2);
    CHECK_SAME(result_of(t, 1), -ENOENT);
    CHECK(!h.exited);
    close(w.client);
    trial_end(t);
}

const struct test monitor_tests[] = {
    {"output and exit come as frames", output_and_exit_come_as_frames, 0},
    {"death by a signal is told as such", death_by_a_signal_is_told_as_such, 0},
    {"a client that reads late loses nothing", client_that_reads_late_loses_nothing, 0},
    {"both streams come whole", both_streams_come_whole, 0},
    {"a container goes on without its client", container_goes_on_without_its_client, 0},
    {"drained output ends with the command", drained_output_ends_with_the_command, 0},
    {"a run directory that is gone is no obstacle", run_directory_that_is_gone_is_no_obstacle, 0},
    {"records go into the file that is sent", records_go_into_the_file_that_is_sent, 0},
    {"all input arrives", all_input_arrives, 0},
    {"a signal does not wait behind input", signal_does_not_wait_behind_input, 0},
    {"a signal below zero is the group's", signal_below_zero_is_the_groups, NEEDS_KERNEL},
    {"input that nobody reads is taken", input_that_nobody_reads_is_taken, 0},
    {"a client that reads no answer misses none", client_that_reads_no_answer_misses_none, 0},
    {"a terminal has the size it is given", terminal_has_the_size_it_is_given, 0},
    {"input waits for the terminal", input_waits_for_the_terminal, 0},
    {"keys of the terminal are signals", keys_of_the_terminal_are_signals, 0},
    {"a terminal that never comes is not waited for", terminal_that_never_comes_is_not_waited_for,
     0},
    {"a frame that cannot be right drops its client", frame_that_cannot_be_right_drops_its_client,
     0},
    {"a frame that never ends is no frame", frame_that_never_ends_is_no_frame, 0},
    {"input beyond the window drops its client", input_beyond_the_window_drops_its_client, 0},
    {"input after its end drops its client", input_after_its_end_drops_its_client, 0},
    {"a drain before the end drops its client", drain_before_the_end_drops_its_client, 0},
    {"any frames are survived", any_frames_are_survived, 0},
    {"a monitor with a wrong word does nothing", monitor_with_a_wrong_word_does_nothing, 0},
    {"a monitor without a recording does nothing", monitor_without_a_recording_does_nothing, 0},
    {"the monitor follows the clone", monitor_follows_the_clone, NEEDS_KERNEL},
    {"the monitor clones by itself", monitor_clones_by_itself, NEEDS_KERNEL},
    {"the monitor ends when its part of the plan fails",
     monitor_ends_when_its_part_of_the_plan_fails, NEEDS_KERNEL},
    {NULL, NULL, 0},
};
