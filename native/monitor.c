/*
 * monitor.c - the static supervisor of one container: owns its pty or pipes, passes them on to
 * whoever is attached, reaps its first process and writes how it ended.
 *
 * An ordinary single-threaded program: M after its execve, with every signal blocked. It outlives
 * the JVM that started it; what the container writes while nobody is attached is dropped.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"
#include "init.h"
#include "interpreter.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#define PIECE 65536u
#define OUTBOX (2 * PIECE)

struct monitor {
    int client;
    int init; /* pidfd of the container's first process; -1 when it has been reaped */
    pid_t init_pid;
    int run_directory;
    int console_in;
    int to_stdin;
    int from[2]; /* stdout and stderr; a pty has one */
    bool terminal;
    bool draining;     /* what others still write to its pipes is not waited for */
    long long left[2]; /* while draining: bytes of each stream that are still wanted */

    unsigned char out[OUTBOX]; /* frames for the client */
    size_t out_used;
    unsigned char in[sizeof(struct frame) + STDIN_WINDOW]; /* an unfinished frame of the client */
    size_t in_used;
    unsigned char input[STDIN_WINDOW]; /* bytes for the container's stdin */
    size_t input_used;
    bool input_ended;
    uint32_t taken; /* bytes of it that have left, and that the client has not been told of */
};

static void drop(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void drop_client(struct monitor *m)
{
    drop(&m->client);
    m->out_used = 0;
    m->taken = 0;
}

/* Room is the caller's to check: PIECE is always left for what the monitor says itself. */
static void send_frame(struct monitor *m, enum frame_type type, const void *data, size_t size)
{
    if (m->client < 0 || m->out_used + sizeof(struct frame) + size > sizeof m->out)
        return;
    const struct frame frame = {(uint32_t)type, (uint32_t)size};
    memcpy(m->out + m->out_used, &frame, sizeof frame);
    memcpy(m->out + m->out_used + sizeof frame, data, size);
    m->out_used += sizeof frame + size;
}

static bool room_for_output(const struct monitor *m)
{
    return m->client < 0 || m->out_used < PIECE / 2;
}

/* In one frame for all: a client that reads none of many would leave no room for the exit. */
static void tell_taken(struct monitor *m)
{
    if (m->taken == 0 || !room_for_output(m))
        return;
    send_frame(m, FRAME_TAKEN, &m->taken, sizeof m->taken);
    m->taken = 0;
}

static void flush_client(struct monitor *m)
{
    for (;;) {
        tell_taken(m);
        if (m->client < 0 || m->out_used == 0)
            return;
        ssize_t n = send(m->client, m->out, m->out_used, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            drop_client(m);
            return;
        }
        m->out_used -= (size_t)n;
        memmove(m->out, m->out + n, m->out_used);
    }
}

/* ---- the container's output and input ------------------------------------------------------- */

/* EIO is how a pty's master tells that the last holder of the terminal is gone. */
static void read_output(struct monitor *m, int which)
{
    if (!room_for_output(m))
        return;
    unsigned char piece[PIECE];
    ssize_t n = read(m->from[which], piece, sizeof piece);
    bool end = n == 0 || (n < 0 && errno != EAGAIN);
    if (n > 0) {
        send_frame(m, which == 0 ? FRAME_STDOUT : FRAME_STDERR, piece, (size_t)n);
        m->left[which] -= n;
    }
    if (end || (m->draining && m->left[which] <= 0))
        drop(&m->from[which]);
}

/* All that the first process wrote is in its pipes when it has ended. */
static void drain(struct monitor *m)
{
    m->draining = true;
    for (int i = 0; i < 2; i++) {
        int here = 0;
        if (m->from[i] >= 0)
            ioctl(m->from[i], FIONREAD, &here);
        m->left[i] = here;
        if (here == 0)
            drop(&m->from[i]);
    }
}

static int input_fd(const struct monitor *m)
{
    return m->terminal ? m->from[0] : m->to_stdin;
}

static void took_input(struct monitor *m, size_t size)
{
    m->input_used -= size;
    memmove(m->input, m->input + size, m->input_used);
    m->taken += (uint32_t)size;
}

/* Without a reader the rest is taken and forgotten, so that the client does not wait for ever. */
static void write_input(struct monitor *m)
{
    if (m->console_in >= 0)
        return; /* the terminal has not arrived yet */
    int fd = input_fd(m);
    bool reader = fd >= 0;
    if (m->input_used > 0 && reader) {
        ssize_t n = write(fd, m->input, m->input_used);
        if (n > 0)
            took_input(m, (size_t)n);
        else
            reader = errno == EAGAIN;
    }
    if (m->input_used > 0 && !reader) {
        took_input(m, m->input_used);
        drop(&m->to_stdin);
    }
    if (m->input_used == 0 && m->input_ended && !m->terminal)
        drop(&m->to_stdin);
}

static void set_nonblocking(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* The pty's master, sent by I from inside the container (SCM_RIGHTS, unix(7)). */
static void receive_console(struct monitor *m)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    char byte;
    struct iovec data = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    ssize_t n = recvmsg(m->console_in, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *rights = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (rights && rights->cmsg_type == SCM_RIGHTS && rights->cmsg_len == CMSG_LEN(sizeof(int))) {
        memcpy(&m->from[0], CMSG_DATA(rights), sizeof(int));
        set_nonblocking(m->from[0]);
    }
    drop(&m->console_in);
}

/* ---- the client ----------------------------------------------------------------------------- */

static void resize(struct monitor *m, const unsigned char *data)
{
    uint16_t size[2];
    memcpy(size, data, sizeof size);
    const struct winsize window = {.ws_row = size[0], .ws_col = size[1]};
    if (m->terminal && m->from[0] >= 0)
        ioctl(m->from[0], TIOCSWINSZ, &window);
}

static void forward_signal(struct monitor *m, const unsigned char *data)
{
    int32_t number;
    memcpy(&number, data, sizeof number);
    if (m->init >= 0)
        syscall(SYS_pidfd_send_signal, m->init, number, NULL, 0);
}

/* One whole frame; false for what no client of ours sends. */
static bool obey(struct monitor *m, const struct frame *frame, const unsigned char *data)
{
    switch (frame->type) {
    case FRAME_STDIN:
        if (frame->size > sizeof m->input - m->input_used || m->input_ended)
            return false;
        memcpy(m->input + m->input_used, data, frame->size);
        m->input_used += frame->size;
        return true;
    case FRAME_STDIN_END:
        m->input_ended = true;
        return frame->size == 0;
    case FRAME_RESIZE:
        if (frame->size == 4)
            resize(m, data);
        return frame->size == 4;
    case FRAME_SIGNAL:
        if (frame->size == 4)
            forward_signal(m, data);
        return frame->size == 4;
    case FRAME_DRAIN:
        if (m->init >= 0 || m->draining)
            return false;
        drain(m);
        return frame->size == 0;
    default:
        return false;
    }
}

/* Obeys every whole frame that has arrived; false when one cannot be right. */
static bool obey_all(struct monitor *m)
{
    size_t at = 0;
    struct frame frame;
    while (m->in_used - at >= sizeof frame) {
        memcpy(&frame, m->in + at, sizeof frame);
        if (frame.size > STDIN_WINDOW)
            return false;
        if (m->in_used - at - sizeof frame < frame.size)
            break;
        if (!obey(m, &frame, m->in + at + sizeof frame))
            return false;
        at += sizeof frame + frame.size;
    }
    m->in_used -= at;
    memmove(m->in, m->in + at, m->in_used);
    return true;
}

static void read_client(struct monitor *m)
{
    ssize_t n = recv(m->client, m->in + m->in_used, sizeof m->in - m->in_used, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n > 0) {
        m->in_used += (size_t)n;
        if (obey_all(m))
            return;
    }
    drop_client(m);
}

/* ---- the end -------------------------------------------------------------------------------- */

/*
 * Written whole or not at all: a temporary name, then rename(2). Not synced: the directory does not
 * outlive the system's run.
 */
static void write_exit_record(const struct monitor *m, const siginfo_t *info)
{
    struct timespec now;
    char text[160];
    clock_gettime(CLOCK_REALTIME, &now);
    int code = info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status;
    int length = snprintf(text, sizeof text, "{\"exitCode\":%d,\"finished\":%lld}\n", code,
                          (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    int fd = openat(m->run_directory, ".exit", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return; /* the directory is gone: whoever removed it does not want the record */
    bool whole = write(fd, text, (size_t)length) == length;
    close(fd);
    if (whole)
        renameat(m->run_directory, ".exit", m->run_directory, "exit");
}

static void reap(struct monitor *m)
{
    siginfo_t info = {0};
    if (waitid((idtype_t)P_PIDFD, (id_t)m->init, &info, WEXITED | __WALL) < 0)
        return;
    drop(&m->init);
    write_exit_record(m, &info);
    const int32_t how[2] = {info.si_code, info.si_status};
    send_frame(m, FRAME_EXIT, how, sizeof how);
}

/* After the container's end its last output is passed on, if there is anyone to pass it to. */
static bool finished(const struct monitor *m)
{
    if (m->init >= 0)
        return false;
    return m->client < 0 || (m->from[0] < 0 && m->from[1] < 0 && m->out_used == 0);
}

/* ---- the loop ------------------------------------------------------------------------------- */

enum { ON_CLIENT, ON_INIT, ON_CONSOLE, ON_STDOUT, ON_STDERR, ON_STDIN, SOURCES };

static void prepare_poll(struct monitor *m, struct pollfd polls[SOURCES])
{
    bool room = room_for_output(m);
    short output = room ? POLLIN : 0;
    short client = POLLIN | (m->out_used ? POLLOUT : 0);
    bool same = m->terminal; /* the master is both what is read and what is written */
    short input = m->input_used ? POLLOUT : 0;
    polls[ON_CLIENT] = (struct pollfd){.fd = m->client, .events = client};
    polls[ON_INIT] = (struct pollfd){.fd = m->init, .events = POLLIN};
    polls[ON_CONSOLE] = (struct pollfd){.fd = m->console_in, .events = POLLIN};
    polls[ON_STDOUT] = (struct pollfd){.fd = room || (same && input) ? m->from[0] : -1,
                                       .events = output | (same ? input : 0)};
    polls[ON_STDERR] = (struct pollfd){.fd = room ? m->from[1] : -1, .events = output};
    polls[ON_STDIN] = (struct pollfd){.fd = input && !same ? m->to_stdin : -1, .events = input};
}

static void step(struct monitor *m)
{
    struct pollfd polls[SOURCES];
    prepare_poll(m, polls);
    if (poll(polls, SOURCES, -1) < 0)
        return;
    if (polls[ON_CONSOLE].revents)
        receive_console(m);
    if (polls[ON_STDOUT].revents & (POLLIN | POLLHUP | POLLERR))
        read_output(m, 0);
    if (polls[ON_STDERR].revents)
        read_output(m, 1);
    if (polls[ON_CLIENT].revents & (POLLIN | POLLHUP | POLLERR))
        read_client(m);
    write_input(m);
    if (polls[ON_INIT].revents)
        reap(m);
    flush_client(m);
}

static int supervise(struct monitor *m)
{
    m->init = (int)syscall(SYS_pidfd_open, m->init_pid, 0);
    if (m->init < 0)
        return 1;
    set_nonblocking(m->to_stdin);
    set_nonblocking(m->from[0]);
    set_nonblocking(m->from[1]);
    while (!finished(m))
        step(m);
    return 0;
}

/* ---- the start ------------------------------------------------------------------------------ */

static struct recording *map_recording(int fd)
{
    struct stat stat;
    if (fstat(fd, &stat) < 0 || (size_t)stat.st_size < sizeof(struct recording))
        return NULL;
    void *p = mmap(NULL, (size_t)stat.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* The second host: the rest of the plan is executed here, with nothing of the host mapped. */
static int run_rest(struct run *run)
{
    int fd = run->slots[SLOT_PLAN];
    struct stat stat;
    if (fstat(fd, &stat) < 0)
        return -errno;
    size_t size = (size_t)stat.st_size;
    run->plan = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (run->plan == MAP_FAILED)
        return -errno;
    int r = plan_load(run->plan, size);
    if (r == 0)
        r = run_monitor_ops(run, run->recording->next_op);
    munmap(run->plan, size);
    return r;
}

/* What belongs to I alone must not stay open here, or no pipe would ever end. */
static void keep_own_slots(struct run *run)
{
    for (int i = 0; i < PLAN_SLOTS; i++) {
        bool own = i == SLOT_LIFE || i == SLOT_RUN_DIRECTORY || i == SLOT_CLIENT ||
                   i == SLOT_CONSOLE_IN || (i >= SLOT_TO_STDIN && i <= SLOT_FROM_STDERR);
        if (!own && run->slots[i] >= 0) {
            close(run->slots[i]);
            run->slots[i] = -1;
        }
    }
}

/* They lost close-on-exec to come here; I, if it is cloned here, must not pass them on. */
static void take_slots(struct run *run)
{
    memcpy(run->slots, run->recording->slots, sizeof run->slots);
    for (int i = 0; i < PLAN_SLOTS; i++)
        if (run->slots[i] >= 0)
            fcntl(run->slots[i], F_SETFD, FD_CLOEXEC);
}

/* argv: mydocker-monitor, the container's id (for people), the recording's descriptor. */
int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], "mydocker-init") == 0)
        return init_main(argv);
    if (argc != 3)
        return 2;
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_NAME, "mydocker-monito", 0, 0, 0);
    struct run run = {.recording = map_recording(atoi(argv[2]))};
    if (!run.recording)
        return 2;
    take_slots(&run);
    if (run.slots[SLOT_PLAN] >= 0 && run_rest(&run) < 0)
        return 1;
    pid_t init_pid = run.recording->init_pid;
    keep_own_slots(&run);
    /* Member by member: an assignment of the whole would touch every page of the buffers. */
    static struct monitor monitor;
    monitor.client = run.slots[SLOT_CLIENT];
    monitor.init_pid = init_pid;
    monitor.run_directory = run.slots[SLOT_RUN_DIRECTORY];
    monitor.console_in = run.slots[SLOT_CONSOLE_IN];
    monitor.to_stdin = run.slots[SLOT_TO_STDIN];
    monitor.from[0] = run.slots[SLOT_FROM_STDOUT];
    monitor.from[1] = run.slots[SLOT_FROM_STDERR];
    monitor.terminal = run.slots[SLOT_CONSOLE_IN] >= 0;
    return supervise(&monitor);
}
