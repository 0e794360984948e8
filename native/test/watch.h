/* watch.h - a monitor under test between a container and a client, which is the test. */
#ifndef MYDOCKER_WATCH_H
#define MYDOCKER_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "frame.h"
#include "plan.h"

/* monitor.c's main. */
int monitor_main(int argc, char **argv);

/* How a monitor is started; all may be left out. */
struct setup {
    const char *script;  /* what the container runs; without one only SIGKILL ends it */
    char *const *words;  /* settings and end command, up to NULL */
    const char *old_log; /* what the log holds already */
    bool log_is_directory;
    bool detached;     /* no launcher's client: clients join */
    size_t file_limit; /* bytes that a file of the monitor may have, 0: any */
};

/* A monitor under test and the other ends of what it holds. */
struct watch {
    pid_t pid;
    int client;  /* -1: none */
    int console; /* where the terminal's master is expected; -1 without */
    char directory[64];
    int run_directory;
    int memfd;
    struct recording *recording;
};

/* What a client has been told. */
struct heard {
    char *output[2]; /* stdout, stderr; ended by NUL */
    size_t size[2];
    size_t room[2];
    uint64_t taken;
    int32_t how[2]; /* si_code, si_status */
    bool exited;
};

/* Forks a monitor whose run directory also has its socket, `attach`, and its log. */
void watch_with(struct watch *w, const struct setup *setup);
void watch_start(struct watch *w, const char *script);

/* Another client of the same monitor, attached as `flags` say; forget it with watch_leave. */
struct watch watch_join(const struct watch *w, uint32_t flags);
void watch_leave(struct watch *joined);

/* One byte, and a descriptor with it. */
void send_with(int socket, char byte, int fd);

/* With a terminal, whose master the test sends as I would, and gives here. */
int watch_terminal(struct watch *w, const char *script);
void send_master(struct watch *w, int master);

/* Sends one frame. */
void say(struct watch *w, uint32_t type, const void *data, uint32_t size);
void say_signal(struct watch *w, int32_t number);

/* Takes one frame; false at the end. */
bool hear(struct watch *w, struct heard *h);

/* Until that has come on stdout. */
void hear_output(struct watch *w, struct heard *h, const char *last);

/* Until the end. */
void hear_all(struct watch *w, struct heard *h);
void forget(struct heard *h);

/* What one file of the log says, the parts of lines joined; every record is as it should be. */
void read_log(const struct watch *w, const char *name, struct heard *h);

/* The content of a file of the run directory, to be freed; NULL without one. */
char *file_of(const struct watch *w, const char *name);

/* Waits until the monitor has ended, and leaves it to be waited for. */
void await_end(const struct watch *w);

/* The record is whole and has this exit code. */
void check_exit_record(struct watch *w, int code);

/* The monitor ends, well, and by itself. */
void watch_end(struct watch *w);
bool is_alive(pid_t pid);

/* Two connected stream sockets. */
void pair(int fds[2]);

#endif
