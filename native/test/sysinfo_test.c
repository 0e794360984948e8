/* sysinfo_test.c - the one system call that a monitor answers, and the load it tells. */
#define _GNU_SOURCE
#include "sysinfo.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sysinfo.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"
#include "test.h"
#include "trial.h"
#include "watch.h"

/* ---- the structure -------------------------------------------------------------------------- */

static const struct machine_info INFO = {
    .uptime = 77,
    .loads = {1, 2, 3},
    .total_ram = UINT64_C(5) << 32,
    .free_ram = UINT64_C(1) << 32,
    .shared_ram = 4096,
    .buffer_ram = 8192,
    .total_swap = UINT64_C(1) << 20,
    .free_swap = UINT64_C(1) << 19,
    .tasks = 70000,
};

static void long_of_eight_bytes_is_the_kernels_structure_here(void)
{
    unsigned char out[128];
    struct sysinfo s;
    CHECK_SAME(sysinfo_write(AUDIT_ARCH_X86_64, &INFO, out), sizeof s);
    memcpy(&s, out, sizeof s);
    CHECK_SAME(s.uptime, 77);
    CHECK(s.loads[0] == 1 && s.loads[2] == 3);
    CHECK(s.totalram == INFO.total_ram && s.freeram == INFO.free_ram);
    CHECK(s.sharedram == 4096 && s.bufferram == 8192);
    CHECK(s.totalswap == INFO.total_swap && s.freeswap == INFO.free_swap);
    CHECK_SAME(s.procs, 65535);
    CHECK(s.totalhigh == 0 && s.freehigh == 0 && s.mem_unit == 1);
}

/* The structure of a 32-bit program: all but the 16 bits at 40 are numbers of 4 bytes. */
static void long_of_four_bytes_counts_in_larger_units(void)
{
    unsigned char out[128];
    uint32_t words[16];
    CHECK_SAME(sysinfo_write(AUDIT_ARCH_I386, &INFO, out), 64);
    memcpy(words, out, sizeof words);
    CHECK(words[0] == 77 && words[1] == 1 && words[3] == 3);
    CHECK_SAME(words[13], 8); /* the unit */
    CHECK_SAME((uint64_t)words[4] * 8, INFO.total_ram);
    CHECK_SAME((uint64_t)words[5] * 8, INFO.free_ram);
    CHECK_SAME((uint64_t)words[8] * 8, INFO.total_swap);
    CHECK(words[11] == 0 && words[12] == 0);
}

/* ---- a call --------------------------------------------------------------------------------- */

static const struct sock_filter FILTER[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sysinfo, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static int receive(int socket)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    char byte;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    CHECK_SAME(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), 1);
    CHECK_SAME(byte, SENT_LISTENER);
    int fd;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}

/* M watches, tells its listener to the test, and then does what `inspect` does. */
static struct trial *watched(void (*inspect)(struct run *run), int *listener)
{
    int ends[2];
    pair(ends);
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    t->slots[A] = ends[0];
    t->inspect = inspect;
    M_DOES(d, OP_PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    M_DOES(d, OP_WATCH, bytes(d, FILTER, sizeof FILTER), A);
    trial_start(t);
    *listener = receive(ends[1]);
    close(ends[1]);
    return t;
}

static short await(int listener)
{
    struct pollfd poll_fd = {.fd = listener, .events = POLLIN};
    CHECK_SAME(poll(&poll_fd, 1, -1), 1);
    return poll_fd.revents;
}

/* Answers until nobody is there to ask. */
static void answer_all(struct trial *t, int listener, const struct machine *m)
{
    while (await(listener) & POLLIN)
        sysinfo_answer(listener, m);
    trial_wait(t);
    CHECK_SAME(t->status, 0);
    close(listener);
    trial_end(t);
}

static void ask(struct run *run)
{
    (void)run;
    struct sysinfo s = {.mem_unit = 99};
    CHECK_SAME(syscall(SYS_sysinfo, &s), 0);
    CHECK(s.uptime >= 0 && s.uptime < 30);
    CHECK(s.totalram > 0 && s.mem_unit == 1 && s.procs > 0);
}

static void caller_has_the_answer_in_its_memory(void)
{
    int listener;
    struct trial *t = watched(ask, &listener);
    struct machine m = {0};
    machine_start(&m);
    answer_all(t, listener, &m);
}

static void ask_for_nowhere(struct run *run)
{
    (void)run;
    CHECK(syscall(SYS_sysinfo, NULL) < 0 && errno == EFAULT);
    CHECK(syscall(SYS_sysinfo, UINT64_MAX - 8) < 0 && errno == EFAULT);
}

static void answer_that_has_no_place_is_efault(void)
{
    int listener;
    struct trial *t = watched(ask_for_nowhere, &listener);
    const struct machine m = {0};
    answer_all(t, listener, &m);
}

static void ask_the_host(struct run *run)
{
    (void)run;
    struct sysinfo s;
    CHECK_SAME(syscall(SYS_sysinfo, &s), 0);
    CHECK(s.totalram > 0);
}

/* The kernel then does the call itself. */
static void what_cannot_be_answered_is_the_hosts(void)
{
    int listener;
    struct trial *t = watched(ask_the_host, &listener);
    const struct machine m = {.memory_v2 = "/no/such/cgroup"};
    answer_all(t, listener, &m);
}

static void ask_nobody(struct run *run)
{
    (void)run;
    struct sysinfo s;
    while (syscall(SYS_sysinfo, &s) == 0)
        continue;
    CHECK_SAME(errno, ENOSYS);
}

static void caller_of_a_monitor_that_is_gone_does_not_wait(void)
{
    int listener;
    struct trial *t = watched(ask_nobody, &listener);
    CHECK(await(listener) & POLLIN);
    close(listener);
    trial_wait(t);
    CHECK_SAME(t->status, 0);
    trial_end(t);
}

static void process_has_one_listener_at_most(void)
{
    int ends[2];
    pair(ends);
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    t->slots[A] = ends[0];
    M_DOES(d, OP_PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    M_DOES(d, OP_WATCH, bytes(d, FILTER, sizeof FILTER), A);
    M_DOES(d, OP_WATCH, bytes(d, FILTER, sizeof FILTER), A);
    CHECK_SAME(outcome(t), 0);
    close(ends[1]);
}

static void filter_to_watch_that_the_kernel_refuses_is_named(void)
{
    struct trial *t = trial_new();
    M_DOES(&t->draft, OP_PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    M_DOES(&t->draft, OP_WATCH, bytes(&t->draft, FILTER, 0), A);
    CHECK_SAME(outcome(t), -EINVAL);
}

/* ---- through a monitor ---------------------------------------------------------------------- */

static void send_listener(int client, int fd)
{
    send_with(client, SENT_LISTENER, fd);
}

/* Who joins the container: its listener is the monitor's alone when it asks. */
static void joiner(const struct watch *w)
{
    struct watch c = watch_join(w, 0);
    const struct sock_fprog program = {sizeof FILTER / sizeof *FILTER,
                                       (struct sock_filter *)(uintptr_t)FILTER};
    const struct frame head = {FRAME_LISTENER, 1};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                          &program);
    CHECK(fd >= 0 && send(c.client, &head, sizeof head, 0) == (ssize_t)sizeof head);
    send_listener(c.client, fd);
    close(fd);
    close(c.client);
    struct sysinfo s;
    CHECK_SAME(syscall(SYS_sysinfo, &s), 0);
    CHECK(s.totalram > 0);
    _exit(0);
}

static void listener_of_a_joiner_is_taken_with_its_frame(void)
{
    struct watch w;
    watch_with(&w, &(struct setup){.script = "while :; do sleep 0.01; done", .detached = true});
    pid_t pid = fork();
    if (pid == 0)
        joiner(&w);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_SAME(status, 0);
    struct watch c = watch_join(&w, 0);
    say_signal(&c, 9);
    watch_leave(&c);
    watch_end(&w);
}

/* A second one before a frame has taken the first, or a frame without one: the client is wrong. */
static void descriptors_and_frames_must_match(void)
{
    struct watch w;
    watch_with(&w, &(struct setup){.script = "while :; do sleep 0.01; done", .detached = true});
    for (int descriptors = 0; descriptors <= 2; descriptors += 2) {
        struct watch c = watch_join(&w, 0);
        struct heard h = {0};
        const struct frame head = {FRAME_LISTENER, descriptors ? 3 : 1};
        send(c.client, &head, sizeof head, MSG_NOSIGNAL);
        for (int i = 0; i < descriptors; i++)
            send_listener(c.client, 2);
        if (descriptors == 0)
            send(c.client, "", 1, MSG_NOSIGNAL);
        CHECK(!hear(&c, &h));
        watch_leave(&c);
    }
    struct watch c = watch_join(&w, 0);
    say_signal(&c, 9);
    watch_leave(&c);
    watch_end(&w);
}

/* ---- load ----------------------------------------------------------------------------------- */

/* After a minute of one task: 1 - 1/e of it, and less over the longer times. */
static void load_rises_and_falls_as_the_kernels(void)
{
    uint64_t average[3] = {0};
    const uint64_t one = UINT64_C(1) << LOAD_SHIFT;
    for (int i = 0; i < 12; i++)
        load_add(average, 1);
    CHECK(average[0] * 100 / one >= 62 && average[0] * 100 / one <= 64);
    CHECK(average[1] * 100 / one >= 17 && average[1] * 100 / one <= 19);
    CHECK(average[2] * 100 / one >= 6 && average[2] * 100 / one <= 7);
    for (int i = 0; i < 12 * 60 * 3; i++)
        load_add(average, 2);
    CHECK(average[0] == 2 * one && average[1] == 2 * one && average[2] == 2 * one);
    for (int i = 0; i < 12 * 60 * 3; i++)
        load_add(average, 0);
    CHECK(average[0] == 0 && average[1] == 0 && average[2] == 0);
}

static void tasks_of_all_cgroups_below_are_counted(void)
{
    struct trial *t = trial_new();
    char self[32];
    snprintf(self, sizeof self, "%d\n", getpid());
    make_file(t->root, "tasks", "999999901\n999999902\n", 0644);
    make_directory(t->root, "below", 0755);
    make_file(t->root, "below/tasks", self, 0644);
    make_directory(t->root, "below/deeper", 0755);
    make_file(t->root, "below/deeper/tasks", "999999903\n", 0644);
    make_file(t->root, "below/cgroup.procs", "1\n", 0644);
    const struct load l = {.directory = t->directory, .list = "tasks"};
    struct tasks tasks = load_tasks(&l, true);
    CHECK_SAME(tasks.all, 4);
    CHECK_SAME(tasks.active, 1); /* this one, which looks */
    CHECK_SAME(load_tasks(&l, false).active, 0);
    const struct load none = {.directory = "/no/such/cgroup", .list = "tasks"};
    CHECK_SAME(load_tasks(&none, true).all, 0);
    trial_run(t);
    trial_end(t);
}

static void load_is_looked_at_when_it_is_time(void)
{
    struct load l = {.directory = "/no/such/cgroup", .list = "tasks"};
    CHECK_SAME(load_wait(&l), 0);
    l.average[0] = 2048;
    load_look(&l); /* the first time says when the next one is */
    CHECK_SAME(l.average[0], 2048);
    CHECK(load_wait(&l) > 0 && load_wait(&l) <= 5001);
    l.next = 1;
    load_look(&l);
    CHECK_SAME(l.average[0], 1884);
    const struct load unknown = {0};
    CHECK_SAME(load_wait(&unknown), -1);
}

const struct test sysinfo_tests[] = {
    {"sysinfo: long of eight bytes is the kernels structure here",
     long_of_eight_bytes_is_the_kernels_structure_here, 0},
    {"sysinfo: long of four bytes counts in larger units",
     long_of_four_bytes_counts_in_larger_units, 0},
    {"sysinfo: caller has the answer in its memory", caller_has_the_answer_in_its_memory,
     NEEDS_KERNEL},
    {"sysinfo: answer that has no place is efault", answer_that_has_no_place_is_efault,
     NEEDS_KERNEL},
    {"sysinfo: what cannot be answered is the hosts", what_cannot_be_answered_is_the_hosts,
     NEEDS_KERNEL},
    {"sysinfo: caller of a monitor that is gone does not wait",
     caller_of_a_monitor_that_is_gone_does_not_wait, NEEDS_KERNEL},
    {"sysinfo: process has one listener at most", process_has_one_listener_at_most, NEEDS_KERNEL},
    {"sysinfo: filter to watch that the kernel refuses is named",
     filter_to_watch_that_the_kernel_refuses_is_named, NEEDS_KERNEL},
    {"sysinfo: listener of a joiner is taken with its frame",
     listener_of_a_joiner_is_taken_with_its_frame, NEEDS_KERNEL},
    {"sysinfo: descriptors and frames must match", descriptors_and_frames_must_match, NEEDS_KERNEL},
    {"sysinfo: load rises and falls as the kernels", load_rises_and_falls_as_the_kernels, 0},
    {"sysinfo: tasks of all cgroups below are counted", tasks_of_all_cgroups_below_are_counted, 0},
    {"sysinfo: load is looked at when it is time", load_is_looked_at_when_it_is_time, 0},
    {NULL, NULL, 0},
};
