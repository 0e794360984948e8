/* watch.c - a monitor under test: its main in a fork of the test. */
#define _GNU_SOURCE
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>

#include "log.h"
#include "test.h"
#include "trial.h"

/* ---- starting ------------------------------------------------------------------------------- */

void pair(int fds[2])
{
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
}

static void watch_directory(struct watch *w)
{
    strcpy(w->directory, "/tmp/mydocker-native-XXXXXX");
    CHECK(mkdtemp(w->directory));
    w->run_directory = open(w->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(w->run_directory >= 0);
}

static void make_recording(struct watch *w)
{
    w->memfd = memfd_create("recording", MFD_CLOEXEC);
    CHECK(w->memfd >= 0 && ftruncate(w->memfd, sizeof(struct recording)) == 0);
    w->recording =
        mmap(NULL, sizeof(struct recording), PROT_READ | PROT_WRITE, MAP_SHARED, w->memfd, 0);
    CHECK(w->recording != MAP_FAILED);
    memset(w->recording->slots, -1, sizeof w->recording->slots);
}

/* Of the container's first process; in the monitor's process only. */
static int container_pidfd = -1;
static pid_t container_pid;

/* The monitor's syscall(2), whose two calls valgrind does not know: what it needs is there already.
 */
long monitor_syscall(long number, ...)
{
    va_list list;
    va_start(list, number);
    long first = va_arg(list, int);
    if (number == SYS_getdents64) {
        void *entries = va_arg(list, void *);
        size_t room = va_arg(list, size_t);
        va_end(list);
        return syscall(number, first, entries, room);
    }
    long second = va_arg(list, int);
    va_end(list);
    long r = syscall(number, first, second, NULL, 0);
    if (r < 0 && errno == ENOSYS && number == SYS_pidfd_open)
        return fcntl(container_pidfd, F_DUPFD_CLOEXEC, 3);
    if (r < 0 && errno == ENOSYS && number == SYS_pidfd_send_signal)
        return kill(container_pid, (int)second);
    return r;
}

/* The container's first process: a shell, or without a script one that nothing but SIGKILL ends. */
static pid_t container(const char *script, const int stdio[3])
{
    pid_t pid =
        (pid_t)syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &container_pidfd, NULL, NULL);
    CHECK(pid >= 0);
    if (pid > 0)
        return container_pid = pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    for (int fd = 0; fd < 3; fd++)
        CHECK(dup2(stdio[fd], fd) == fd);
    sigset_t none;
    sigemptyset(&none);
    if (script) {
        ioctl(0, TIOCSCTTY, 0);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execl("/bin/sh", "sh", "-c", script, NULL);
    }
    for (int fd = 3; fd < 64; fd++)
        close(fd); /* as execve does */
    for (;;)
        pause();
}

/* What is left of it is M: it owns the slots. */
static void be_monitor(struct watch *w, const struct setup *setup, const int stdio[3],
                       bool terminal)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    if (w->client >= 0)
        close(w->client);
    if (terminal)
        close(w->console);
    w->recording->init_pid = container(setup->script, stdio);
    const struct rlimit limit = {setup->file_limit, RLIM_INFINITY};
    CHECK(setup->file_limit == 0 || setrlimit(RLIMIT_FSIZE, &limit) == 0);
    for (int fd = 0; fd < 3; fd++)
        if (!terminal || fd == 0)
            close(stdio[fd]);
    char number[12];
    snprintf(number, sizeof number, "%d", w->memfd);
    char *argv[24] = {"mydocker-monitor", "test", number};
    int argc = 3;
    while (setup->words && setup->words[argc - 3]) {
        argv[argc] = setup->words[argc - 3];
        argc++;
    }
    _exit(monitor_main(argc, argv));
}

static struct sockaddr_un address_of(const struct watch *w)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/attach", w->directory);
    return address;
}

static int listener(const struct watch *w)
{
    struct sockaddr_un address = address_of(w);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(fd, 8) == 0);
    return fd;
}

static void write_old_log(const struct watch *w, const char *text)
{
    int fd = openat(w->run_directory, "log", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

/* With pipes. */
void watch_with(struct watch *w, const struct setup *setup)
{
    int client[2] = {-1, -1};
    int pipes[3][2];
    *w = (struct watch){.console = -1};
    watch_directory(w);
    make_recording(w);
    if (!setup->detached)
        pair(client);
    if (setup->old_log)
        write_old_log(w, setup->old_log);
    CHECK(!setup->log_is_directory || mkdirat(w->run_directory, "log", 0700) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(pipe2(pipes[i], O_CLOEXEC) == 0);
    w->client = client[0];
    int32_t *slots = w->recording->slots;
    slots[SLOT_CLIENT] = client[1];
    slots[SLOT_RUN_DIRECTORY] = w->run_directory;
    slots[SLOT_TO_STDIN] = pipes[0][1];
    slots[SLOT_FROM_STDOUT] = pipes[1][0];
    slots[SLOT_FROM_STDERR] = pipes[2][0];
    slots[SLOT_LISTEN] = listener(w);
    slots[SLOT_LOG] = w->run_directory;
    const int stdio[3] = {pipes[0][0], pipes[1][1], pipes[2][1]};
    w->pid = fork();
    CHECK(w->pid >= 0);
    if (w->pid == 0)
        be_monitor(w, setup, stdio, false);
    for (int i = 0; i < 6; i++)
        close(pipes[i / 2][i % 2]);
    close(slots[SLOT_LISTEN]);
    if (client[1] >= 0)
        close(client[1]);
}

void watch_start(struct watch *w, const char *script)
{
    watch_with(w, &(struct setup){.script = script});
}

struct watch watch_join(const struct watch *w, uint32_t flags)
{
    struct watch joined = *w;
    struct sockaddr_un address = address_of(w);
    joined.client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(joined.client >= 0);
    CHECK(connect(joined.client, (struct sockaddr *)&address, sizeof address) == 0);
    if (flags)
        say(&joined, FRAME_ATTACH, &flags, sizeof flags);
    return joined;
}

void watch_leave(struct watch *joined)
{
    close(joined->client);
    joined->client = -1;
}

/* With a terminal, whose master the test sends as I would, and gives here. */
int watch_terminal(struct watch *w, const char *script)
{
    int client[2];
    int console[2];
    *w = (struct watch){0};
    watch_directory(w);
    make_recording(w);
    pair(client);
    pair(console);
    w->client = client[0];
    w->console = console[0];
    int32_t *slots = w->recording->slots;
    slots[SLOT_CLIENT] = client[1];
    slots[SLOT_RUN_DIRECTORY] = w->run_directory;
    slots[SLOT_CONSOLE_IN] = console[1];
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(terminal >= 0);
    const int stdio[3] = {terminal, terminal, terminal};
    w->pid = fork();
    CHECK(w->pid >= 0);
    if (w->pid == 0) {
        close(master);
        be_monitor(w, &(struct setup){.script = script}, stdio, true);
    }
    close(terminal);
    close(client[1]);
    close(console[1]);
    return master;
}

void send_with(int socket, char byte, int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    CHECK_SAME(sendmsg(socket, &message, MSG_NOSIGNAL), 1);
}

void send_master(struct watch *w, int master)
{
    send_with(w->console, 0, master);
    close(master);
}

/* ---- talking -------------------------------------------------------------------------------- */

void say(struct watch *w, uint32_t type, const void *data, uint32_t size)
{
    unsigned char frame[sizeof(struct frame) + STDIN_WINDOW];
    memcpy(frame, &(struct frame){type, size}, sizeof(struct frame));
    if (size)
        memcpy(frame + sizeof(struct frame), data, size);
    size_t length = sizeof(struct frame) + size;
    CHECK_SAME(send(w->client, frame, length, MSG_NOSIGNAL), length);
}

void say_signal(struct watch *w, int32_t number)
{
    say(w, FRAME_SIGNAL, &number, sizeof number);
}

/* False at the end of the stream; a client that was dropped with bytes unread sees a reset. */
static bool read_exactly(int fd, void *buffer, size_t size)
{
    for (size_t used = 0; used < size;) {
        ssize_t n = recv(fd, (char *)buffer + used, size - used, 0);
        if (n <= 0) {
            CHECK(used == 0 && (n == 0 || errno == ECONNRESET));
            return false;
        }
        used += (size_t)n;
    }
    return true;
}

static void add_output(struct heard *h, int which, const void *data, size_t size)
{
    if (h->room[which] < h->size[which] + size + 1) {
        h->room[which] = 2 * (h->size[which] + size + 1);
        h->output[which] = realloc(h->output[which], h->room[which]);
        CHECK(h->output[which]);
    }
    memcpy(h->output[which] + h->size[which], data, size);
    h->size[which] += size;
    h->output[which][h->size[which]] = '\0';
}

/* Takes one frame; false at the end. */
bool hear(struct watch *w, struct heard *h)
{
    struct frame frame;
    static unsigned char data[65536];
    if (!read_exactly(w->client, &frame, sizeof frame))
        return false;
    CHECK(frame.size <= sizeof data && read_exactly(w->client, data, frame.size));
    uint32_t taken = 0;
    switch (frame.type) {
    case FRAME_STDOUT:
    case FRAME_STDERR:
        add_output(h, (int)frame.type - FRAME_STDOUT, data, frame.size);
        break;
    case FRAME_TAKEN:
        CHECK_SAME(frame.size, sizeof taken);
        memcpy(&taken, data, sizeof taken);
        h->taken += taken;
        break;
    case FRAME_READY:
        CHECK_SAME(frame.size, 0);
        CHECK(mode_of(w->run_directory, "pid") && h->size[0] == 0 && h->size[1] == 0);
        break;
    default:
        CHECK_SAME(frame.type, FRAME_EXIT);
        CHECK(frame.size == sizeof h->how && !h->exited);
        memcpy(h->how, data, sizeof h->how);
        h->exited = true;
    }
    return true;
}

void hear_output(struct watch *w, struct heard *h, const char *last)
{
    while (!h->output[0] || !strstr(h->output[0], last))
        CHECK(hear(w, h));
}

void hear_all(struct watch *w, struct heard *h)
{
    while (hear(w, h))
        continue;
}

void forget(struct heard *h)
{
    free(h->output[0]);
    free(h->output[1]);
}

void check_exit_record(struct watch *w, int code)
{
    char text[256];
    char begin[64];
    int fd = openat(w->run_directory, "exit", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    size_t size = read_all(fd, text, sizeof text);
    close(fd);
    int length = snprintf(begin, sizeof begin, "{\"exitCode\":%d,\"finished\":1", code);
    CHECK(strncmp(text, begin, (size_t)length) == 0);
    CHECK(size > 2 && strcmp(text + size - 2, "}\n") == 0);
    CHECK_SAME(mode_of(w->run_directory, ".record"), 0);
}

char *file_of(const struct watch *w, const char *name)
{
    struct stat stat;
    int fd = openat(w->run_directory, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    CHECK(fstat(fd, &stat) == 0);
    char *text = malloc((size_t)stat.st_size + 1);
    CHECK(text && read(fd, text, (size_t)stat.st_size) == stat.st_size);
    text[stat.st_size] = '\0';
    close(fd);
    return text;
}

void read_log(const struct watch *w, const char *name, struct heard *h)
{
    static const char form[] = "9999-99-99T99:99:99.999999999Z st???? ? ";
    char *text = file_of(w, name);
    CHECK(text);
    for (char *line = text; *line;) {
        char *end = strchr(line, '\n');
        CHECK(end && end - line >= 40 && end - line <= 40 + (long)LOG_LINE);
        for (int i = 0; form[i]; i++)
            CHECK(form[i] == '?' ||
                  (form[i] == '9' ? line[i] >= '0' && line[i] <= '9' : line[i] == form[i]));
        bool err = strncmp(line + 34, "err ", 4) == 0;
        bool part = line[38] == 'P';
        CHECK((err || strncmp(line + 34, "out ", 4) == 0) && (part || line[38] == 'F'));
        add_output(h, err, line + 40, (size_t)(end - line) - 40 + (part ? 0 : 1));
        line = end + 1;
    }
    free(text);
}

void await_end(const struct watch *w)
{
    siginfo_t info;
    CHECK(waitid(P_PID, (id_t)w->pid, &info, WEXITED | WNOWAIT) == 0);
}

/* The monitor ends, well, and by itself. */
void watch_end(struct watch *w)
{
    int status;
    CHECK_SAME(waitpid(w->pid, &status, 0), w->pid);
    CHECK_SAME(status, 0);
    if (w->client >= 0)
        close(w->client);
    close(w->run_directory);
    close(w->memfd);
    if (w->console >= 0)
        close(w->console);
    CHECK(munmap(w->recording, sizeof(struct recording)) == 0);
    remove_tree(w->directory);
}

bool is_alive(pid_t pid)
{
    return kill(pid, 0) == 0;
}
