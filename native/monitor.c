/*
 * monitor.c - the static supervisor of one container: owns its pty or pipes, writes them to the log
 * and passes them on to whoever is attached, reaps its first process, writes how it ended and has
 * somebody clean up.
 *
 * An ordinary single-threaded program: M after its execve, with every signal blocked. It outlives
 * the JVM that started it.
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

#include "clients.h"
#include "command.h"
#include "enter.h"
#include "health.h"
#include "init.h"
#include "interpreter.h"
#include "keeper.h"
#include "log.h"
#include "resolver.h"
#include "sysinfo.h"
#include "view.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

struct monitor {
    int init;  /* pidfd of the container's first process; -1 when it has been reaped */
    pid_t pid; /* its number */
    int run_directory;
    int record; /* instead of the run directory, of a command that joins: a file with a line each */
    int console_in;
    int to_stdin;
    int from[2]; /* stdout and stderr; a pty has one */
    bool terminal;
    bool detached; /* who launches it leaves at once, and cleans nothing up */
    bool input_ended;
    bool rest;      /* what others still write to its streams is not waited for */
    long left[2];   /* then: bytes of each stream that are still wanted */
    int32_t how[2]; /* si_code and si_status of its end */
    struct listeners listeners;
    struct clients clients;
    struct log log;
    int view_in; /* where the view of the machine comes from; -1: it has, or never will */
    struct health health;
    struct view view;
    struct resolver resolver;
};

static void drop(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- the container's output and input ------------------------------------------------------- */

/*
 * After the end of the first process its output is in the pipes. Whoever still holds an end of
 * them, or writes on, is not waited for, unless a launcher is there, who ends what is left of the
 * container, or says that it does not wait either. What a terminal holds FIONREAD does not tell
 * whole; it is less than this.
 */
static void take_the_rest(struct monitor *m)
{
    m->rest = true;
    for (int i = 0; i < 2; i++) {
        int here = OUTBOX;
        if (m->from[i] >= 0 && !m->terminal)
            ioctl(m->from[i], FIONREAD, &here);
        m->left[i] = here;
    }
}

/* EIO is how a pty's master tells that the last holder of the terminal is gone. */
static void read_output(struct monitor *m, int which)
{
    if (m->from[which] < 0 || !clients_have_room(&m->clients))
        return;
    unsigned char piece[PIECE];
    ssize_t n = read(m->from[which], piece, sizeof piece);
    bool end = n == 0 || (n < 0 && (errno != EAGAIN || m->rest));
    if (n > 0) {
        log_write(&m->log, which, piece, (size_t)n);
        clients_output(&m->clients, which == 0 ? FRAME_STDOUT : FRAME_STDERR, piece, (size_t)n);
        m->left[which] -= m->rest ? n : 0;
    }
    if (end || (m->rest && m->left[which] <= 0)) {
        log_end(&m->log, which);
        drop(&m->from[which]);
    }
}

/*
 * False while the container takes no more. Without a reader the rest is taken and forgotten, so
 * that the client does not wait for ever.
 */
static bool feed(struct monitor *m, struct client *c)
{
    int fd = m->terminal ? m->from[0] : m->to_stdin;
    bool reader = fd >= 0;
    if (c->input_used > 0 && reader) {
        ssize_t n = write(fd, c->input, c->input_used);
        if (n > 0)
            client_took(c, (size_t)n);
        else
            reader = errno == EAGAIN;
    }
    if (c->input_used > 0 && !reader) {
        client_took(c, c->input_used);
        drop(&m->to_stdin);
    }
    return c->input_used == 0;
}

static void write_input(struct monitor *m)
{
    if (m->console_in >= 0)
        return; /* the terminal has not arrived yet */
    for (size_t i = 0; i < m->clients.count; i++)
        if (!feed(m, m->clients.list[i]))
            return;
    if (m->input_ended && !m->terminal)
        drop(&m->to_stdin);
}

static bool has_input(const struct monitor *m)
{
    for (size_t i = 0; i < m->clients.count; i++)
        if (m->clients.list[i]->input_used > 0)
            return true;
    return false;
}

static void set_nonblocking(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/*
 * What I has sent from inside the container (SCM_RIGHTS, unix(7)), and with which byte; -1:
 * nothing, or I is gone.
 */
static int receive_fd(int socket, char *byte)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec data = {byte, 1};
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    ssize_t n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    struct cmsghdr *rights = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    int fd = -1;
    if (rights && rights->cmsg_type == SCM_RIGHTS && rights->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    set_nonblocking(fd);
    return fd;
}

/* The pty's master. */
static void receive_console(struct monitor *m)
{
    char byte;
    m->from[0] = receive_fd(m->console_in, &byte);
    drop(&m->console_in);
}

/*
 * The connection of the view, the sockets of the name server, and then whatever asks for the calls
 * of I; in the end I closes it.
 */
static void receive_view(struct monitor *m)
{
    char byte = SENT;
    int fd = receive_fd(m->view_in, &byte);
    if (fd < 0)
        drop(&m->view_in);
    else if (byte == SENT_LISTENER)
        sysinfo_listen(&m->listeners, fd);
    else if (resolver_take(&m->resolver, m->run_directory, fd))
        return;
    else if (m->view.fd < 0)
        m->view.fd = fd;
    else
        close(fd);
}

/* I waits for its files to be found, before it executes the command. */
static void serve_view(struct monitor *m, const struct pollfd *in, const struct pollfd *view)
{
    if (in->revents)
        receive_view(m);
    if (view->revents)
        view_serve(&m->view);
}

/* ---- what clients ask for ------------------------------------------------------------------- */

static void resize(struct monitor *m, const unsigned char *data)
{
    uint16_t size[2];
    memcpy(size, data, sizeof size);
    const struct winsize window = {.ws_row = size[0], .ws_col = size[1]};
    if (m->terminal && m->from[0] >= 0)
        ioctl(m->from[0], TIOCSWINSZ, &window);
}

/* Below 0: to its process group as well. It is not reaped yet, so nobody else has its number. */
static void forward_signal(struct monitor *m, const unsigned char *data)
{
    int32_t number;
    memcpy(&number, data, sizeof number);
    if (m->init >= 0 && number < 0 && number > -_NSIG)
        kill(-m->pid, -number);
    else if (m->init >= 0)
        syscall(SYS_pidfd_send_signal, m->init, number, NULL, 0);
}

static bool take_input(struct client *c, const struct frame *frame, const unsigned char *data)
{
    if (!(c->flags & ATTACH_STDIN) || c->input_ended ||
        frame->size > sizeof c->input - c->input_used)
        return false;
    memcpy(c->input + c->input_used, data, frame->size);
    c->input_used += frame->size;
    return true;
}

/* Of seccomp(2), or a socket of the name server. */
static bool take_listener(struct monitor *m, struct client *c, const struct frame *frame)
{
    if (c->received < 0 || frame->size != 1)
        return false;
    set_nonblocking(c->received);
    if (!resolver_take(&m->resolver, m->run_directory, c->received))
        sysinfo_listen(&m->listeners, c->received);
    c->received = -1;
    return true;
}

static bool take_record(struct monitor *m, struct client *c, const struct frame *frame);

static bool obey_frame(void *context, struct client *c, const struct frame *frame,
                       const unsigned char *data)
{
    struct monitor *m = context;
    if (frame->type == FRAME_STDIN)
        return take_input(c, frame, data);
    if (frame->type == FRAME_LISTENER)
        return take_listener(m, c, frame);
    if (frame->type == FRAME_RECORD)
        return take_record(m, c, frame);
    bool empty = frame->type == FRAME_STDIN_END || frame->type == FRAME_DRAIN;
    if (frame->size != (empty ? 0 : 4))
        return false;
    switch (frame->type) {
    case FRAME_STDIN_END:
        c->input_ended = true;
        m->input_ended = true;
        return c->flags & ATTACH_STDIN;
    case FRAME_RESIZE:
        resize(m, data);
        return true;
    case FRAME_SIGNAL:
        forward_signal(m, data);
        return true;
    case FRAME_ATTACH:
        memcpy(&c->flags, data, sizeof c->flags);
        return true;
    case FRAME_DRAIN:
        if (m->init >= 0 || m->rest)
            return false;
        take_the_rest(m);
        return true;
    default:
        return false;
    }
}

static void accept_client(struct monitor *m)
{
    struct client *c = clients_accept(&m->clients);
    if (c && m->init < 0)
        client_send(c, FRAME_EXIT, m->how, sizeof m->how);
}

/* ---- records -------------------------------------------------------------------------------- */

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Written whole or not at all: a temporary name, then rename(2); into a file that is given, by one
 * write(2). Not synced: neither outlives the system's run. The directory may be gone: whoever
 * removed it does not want the record.
 */
static void write_record(const struct monitor *m, const char *name, const char *text)
{
    if (m->record >= 0 && write(m->record, text, strlen(text)) < 0)
        return;
    if (m->run_directory < 0)
        return;
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    int fd = openat(m->run_directory, ".record", flags, 0600);
    if (fd < 0)
        return;
    bool whole = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    if (whole)
        renameat(m->run_directory, ".record", m->run_directory, name);
    else
        unlinkat(m->run_directory, ".record", 0);
}

static void write_pid_record(const struct monitor *m, pid_t init)
{
    char text[128];
    snprintf(text, sizeof text, "{\"pid\":%d,\"monitor\":%d,\"started\":%lld}\n", init, getpid(),
             now_ms());
    write_record(m, "pid", text);
}

/*
 * It was sent before the launch, so it is there before the end is; on its way, and not in M's
 * hands, it is not among the descriptors that I begins with.
 */
static bool take_record(struct monitor *m, struct client *c, const struct frame *frame)
{
    if (c->received < 0 || frame->size != 1 || m->record >= 0 || m->init < 0)
        return false;
    m->record = c->received;
    c->received = -1;
    write_pid_record(m, m->pid);
    return true;
}

static void write_exit_record(const struct monitor *m, const siginfo_t *info)
{
    char text[128];
    int code = info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status;
    snprintf(text, sizeof text, "{\"exitCode\":%d,\"finished\":%lld}\n", code, now_ms());
    write_record(m, "exit", text);
}

/*
 * The record comes before the reaping: while there is none, the number in `pid` is surely the
 * container's. What I sent before its end, its terminal perhaps, is there by now.
 */
static void reap(struct monitor *m)
{
    siginfo_t info = {0};
    const int options = WEXITED | __WALL;
    if (waitid((idtype_t)P_PIDFD, (id_t)m->init, &info, options | WNOWAIT) < 0)
        return;
    write_exit_record(m, &info);
    health_stop(&m->health);
    resolver_end(&m->resolver);
    waitid((idtype_t)P_PIDFD, (id_t)m->init, &info, options);
    drop(&m->init);
    if (m->console_in >= 0)
        receive_console(m);
    m->how[0] = info.si_code;
    m->how[1] = info.si_status;
    clients_exit(&m->clients, m->how);
}

/* ---- the loop ------------------------------------------------------------------------------- */

enum {
    ON_INIT,
    ON_HEALTH,
    ON_VIEW_IN,
    ON_VIEW,
    ON_CONSOLE,
    ON_STDOUT,
    ON_STDERR,
    ON_STDIN,
    ON_LISTENER,
    ON_RESOLVER,
    ON_CLIENTS = ON_RESOLVER + RESOLVER_POLLS
};

static bool output_ended(const struct monitor *m)
{
    return m->from[0] < 0 && m->from[1] < 0;
}

static bool finished(const struct monitor *m)
{
    return m->init < 0 && output_ended(m) && clients_have_all(&m->clients);
}

/* How many there are to poll. */
static size_t prepare_poll(const struct monitor *m, struct pollfd *polls)
{
    bool room = clients_have_room(&m->clients);
    bool same = m->terminal; /* the master is both what is read and what is written */
    short output = room ? POLLIN : 0;
    short input = has_input(m) ? POLLOUT : 0;
    polls[ON_INIT] = (struct pollfd){.fd = m->init, .events = POLLIN};
    polls[ON_HEALTH] = (struct pollfd){.fd = m->health.pidfd, .events = POLLIN};
    polls[ON_VIEW_IN] = (struct pollfd){.fd = m->view_in, .events = POLLIN};
    polls[ON_VIEW] = (struct pollfd){.fd = m->view.fd, .events = POLLIN};
    polls[ON_CONSOLE] = (struct pollfd){.fd = m->console_in, .events = POLLIN};
    polls[ON_STDOUT] = (struct pollfd){.fd = room || (same && input) ? m->from[0] : -1,
                                       .events = output | (same ? input : 0)};
    polls[ON_STDERR] = (struct pollfd){.fd = room ? m->from[1] : -1, .events = output};
    polls[ON_STDIN] = (struct pollfd){.fd = input && !same ? m->to_stdin : -1, .events = input};
    polls[ON_LISTENER] = (struct pollfd){
        .fd = clients_accepting(&m->clients) ? m->clients.listener : -1, .events = POLLIN};
    resolver_prepare(&m->resolver, polls + ON_RESOLVER);
    for (size_t i = 0; i < m->clients.count; i++) {
        const struct client *c = m->clients.list[i];
        short events = POLLIN | (c->out_used ? POLLOUT : 0);
        polls[ON_CLIENTS + i] = (struct pollfd){.fd = c->fd, .events = events};
    }
    size_t count = ON_CLIENTS + m->clients.count;
    for (size_t i = 0; i < m->listeners.count; i++)
        polls[count++] = (struct pollfd){.fd = m->listeners.list[i], .events = POLLIN};
    return count;
}

/*
 * Those that were polled; one answer each, as only what poll(2) has announced is there for sure.
 * POLLHUP: nobody has the filter any more.
 */
static void answer_calls(struct monitor *m, const struct pollfd *polls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (polls[i].revents & POLLIN)
            sysinfo_answer(m->listeners.list[i], &m->view.machine);
        else if (polls[i].revents)
            drop(&m->listeners.list[i]);
    }
    sysinfo_sweep(&m->listeners);
}

static void serve_clients(struct monitor *m, const struct pollfd *polls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (polls[ON_CLIENTS + i].revents & (POLLIN | POLLHUP | POLLERR))
            client_read(m->clients.list[i], obey_frame, m);
    if (polls[ON_LISTENER].revents)
        accept_client(m);
}

static void flush_clients(struct monitor *m)
{
    for (size_t i = 0; i < m->clients.count; i++)
        client_flush(m->clients.list[i]);
    clients_sweep(&m->clients);
}

/* The shorter one of two timeouts of poll(2): below 0 is for ever. */
static int sooner(int a, int b)
{
    return (unsigned)a < (unsigned)b ? a : b;
}

static void step(struct monitor *m)
{
    static struct pollfd polls[ON_CLIENTS + CLIENTS_LIMIT + LISTENERS_LIMIT];
    int timeout = sooner(clients_wait(&m->clients, m->init < 0), health_wait(&m->health));
    timeout = sooner(timeout, load_wait(&m->view.machine.load));
    timeout = sooner(timeout, resolver_wait(&m->resolver));
    clients_sweep(&m->clients);
    if (!m->rest && m->init < 0 && !clients_have_launcher(&m->clients))
        take_the_rest(m);
    if (m->rest && !output_ended(m) && clients_have_room(&m->clients))
        timeout = 0;
    size_t listeners = m->listeners.count;
    size_t count = prepare_poll(m, polls);
    if (poll(polls, count, timeout) < 0)
        return;
    answer_calls(m, polls + count - listeners, listeners);
    count -= listeners;
    serve_view(m, &polls[ON_VIEW_IN], &polls[ON_VIEW]);
    resolver_serve(&m->resolver, polls + ON_RESOLVER);
    if (polls[ON_CONSOLE].revents)
        receive_console(m);
    if (m->rest || polls[ON_STDOUT].revents & (POLLIN | POLLHUP | POLLERR))
        read_output(m, 0);
    if (m->rest || polls[ON_STDERR].revents)
        read_output(m, 1);
    serve_clients(m, polls, count - ON_CLIENTS);
    write_input(m);
    if (polls[ON_HEALTH].revents)
        health_reap(&m->health);
    health_check(&m->health);
    load_look(&m->view.machine.load);
    if (polls[ON_INIT].revents)
        reap(m);
    flush_clients(m);
}

static int supervise(struct monitor *m, pid_t init)
{
    m->init = (int)syscall(SYS_pidfd_open, init, 0);
    if (m->init < 0)
        return 1;
    m->pid = init;
    write_pid_record(m, init);
    health_start(&m->health);
    log_start(&m->log);
    if (m->clients.count > 0)
        client_send(m->clients.list[0], FRAME_READY, "", 0);
    set_nonblocking(m->to_stdin);
    set_nonblocking(m->from[0]);
    set_nonblocking(m->from[1]);
    set_nonblocking(m->clients.listener);
    while (!finished(m))
        step(m);
    health_end(&m->health);
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
                   i == SLOT_CONSOLE_IN || (i >= SLOT_TO_STDIN && i <= SLOT_VIEW_IN);
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

/* Takes the number of a word NAME=NUMBER; false when it is none of that name. */
static bool number_of(const char *word, const char *name, uint64_t *number)
{
    size_t length = strlen(name);
    if (strncmp(word, name, length) != 0 || word[length] != '=' || word[length + 1] == '\0')
        return false;
    char *end;
    *number = strtoull(word + length + 1, &end, 10);
    return *end == '\0';
}

/* Takes the path of a word NAME=PATH; false when it is none of that name. */
static bool path_of(const char *word, const char *name, const char **path)
{
    size_t length = strlen(name);
    if (strncmp(word, name, length) != 0 || word[length] != '=' || word[length + 1] != '/')
        return false;
    *path = word + length + 1;
    return true;
}

/* The words NAME=NUMBER, NAME=PATH and detached; where they end, NULL when one is wrong. */
static char **take_settings(struct monitor *m, char **words)
{
    struct load *load = &m->view.machine.load;
    const char *tasks_v1 = NULL;
    uint64_t files = 0;
    for (; *words && strncmp(*words, "--", 2) != 0; words++) {
        if (strcmp(*words, "detached") == 0)
            m->detached = true;
        else if (!number_of(*words, "log-size", &m->log.limit) &&
                 !number_of(*words, "log-files", &files) &&
                 !number_of(*words, "health-first", &m->health.first) &&
                 !number_of(*words, "health-interval", &m->health.interval) &&
                 !number_of(*words, "health-start-interval", &m->health.start_interval) &&
                 !path_of(*words, "view-memory-v1", &m->view.machine.memory_v1) &&
                 !path_of(*words, "view-memory-v2", &m->view.machine.memory_v2) &&
                 !path_of(*words, "view-cpus", &m->view.machine.cpus) &&
                 !path_of(*words, "view-tasks-v1", &tasks_v1) &&
                 !path_of(*words, "view-tasks-v2", &load->directory))
            return NULL;
    }
    load->list = tasks_v1 ? "tasks" : "cgroup.threads";
    load->directory = tasks_v1 ? tasks_v1 : load->directory;
    m->log.files = (unsigned)files;
    if (files == 0)
        m->log.limit = 0;
    return words;
}

/*
 * The health command after the word --health, the one that cleans up after the word --. Each is
 * ended by NULL in place; the latter's place, NULL when a word is wrong.
 */
static char **take_commands(struct monitor *m, char **words)
{
    if (*words && strcmp(*words, "--health") == 0) {
        m->health.command = *++words ? words : NULL;
        while (*words && strcmp(*words, "--") != 0)
            words++;
    }
    if (!*words)
        return words;
    if (strcmp(*words, "--") != 0)
        return NULL;
    *words = NULL;
    return words + 1;
}

/* Member by member: an assignment of the whole would touch every page of the buffers. */
static void take(struct monitor *m, const int slots[PLAN_SLOTS])
{
    m->run_directory = slots[SLOT_RUN_DIRECTORY];
    m->record = -1;
    m->console_in = slots[SLOT_CONSOLE_IN];
    m->to_stdin = slots[SLOT_TO_STDIN];
    m->from[0] = slots[SLOT_FROM_STDOUT];
    m->from[1] = slots[SLOT_FROM_STDERR];
    m->terminal = slots[SLOT_CONSOLE_IN] >= 0;
    m->clients.listener = slots[SLOT_LISTEN];
    m->log.directory = slots[SLOT_LOG];
    m->view_in = slots[SLOT_VIEW_IN];
    m->view.fd = -1;
    if (m->view_in >= 0)
        machine_start(&m->view.machine);
    if (slots[SLOT_CLIENT] >= 0)
        clients_add(&m->clients, slots[SLOT_CLIENT], !m->detached,
                    m->detached ? 0 : ATTACH_OUTPUT | ATTACH_STDIN);
}

/*
 * argv: mydocker-monitor, the container's id (for people), the recording's descriptor, settings;
 * after "--health" the command that looks at the container's health, after "--" the one that cleans
 * up at the end.
 */
int main(int argc, char **argv)
{
    static struct monitor monitor;
    if (argc > 0 && strcmp(argv[0], "mydocker-init") == 0)
        return init_main(argv);
    if (argc > 0 && strcmp(argv[0], "mydocker-pause") == 0)
        return pause_main();
    if (argc > 2 && strcmp(argv[1], "enter") == 0)
        return enter_main(argv + 2);
    if (argc > 2 && strcmp(argv[1], "keep") == 0)
        return keeper_main(argv + 2);
    char **end = argc < 3 ? NULL : take_settings(&monitor, argv + 3);
    end = end ? take_commands(&monitor, end) : NULL;
    if (!end)
        return 2;
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_NAME, "mydocker-monito", 0, 0, 0);
    struct run run = {.recording = map_recording(atoi(argv[2]))};
    if (!run.recording)
        return 2;
    take_slots(&run);
    if (run.slots[SLOT_PLAN] >= 0 && run_rest(&run) < 0)
        return 1;
    pid_t init = run.recording->init_pid;
    keep_own_slots(&run);
    take(&monitor, run.slots);
    int status = supervise(&monitor, init);
    return status == 0 && *end ? command_become(end, run.slots[SLOT_LIFE]) : status;
}
