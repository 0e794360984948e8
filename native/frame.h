/*
 * frame.h - what the monitor and a client say to each other over one stream socket.
 * Java's dev.mydocker.launch.MonitorClient has the same numbers.
 *
 * The launcher's client is attached from the start, unless it is to leave at once (the setting
 * `detached`). One that connects to the listening socket is told the end and may resize and signal;
 * output and input it has from its FRAME_ATTACH on.
 */
#ifndef MYDOCKER_FRAME_H
#define MYDOCKER_FRAME_H

#include <stdint.h>

enum frame_type {
    /* monitor to client */
    FRAME_STDOUT = 1,
    FRAME_STDERR = 2,
    FRAME_EXIT = 3,  /* int32 si_code, int32 si_status of waitid(2) */
    FRAME_TAKEN = 4, /* uint32: bytes of stdin that have left the monitor */
    FRAME_READY = 5, /* to the launcher, first of all: the record `pid` and the log are there */
    /* client to monitor */
    FRAME_STDIN = 16,
    FRAME_STDIN_END = 17,
    FRAME_RESIZE = 18,   /* uint16 rows, uint16 columns */
    FRAME_SIGNAL = 19,   /* int32; below 0: to the process group of the first process */
    FRAME_ATTACH = 20,   /* uint32 of ATTACH_*, replaces what was said before */
    FRAME_LISTENER = 21, /* one byte, and a listener of seccomp(2) with it (SCM_RIGHTS, unix(7)) */
    FRAME_RECORD = 22,   /* one byte, and a file for the records of a command that joins */
    FRAME_DRAIN = 24,    /* after FRAME_EXIT: what is in the pipes now is the last output */
};

#define ATTACH_OUTPUT 1u /* it is sent the output */
#define ATTACH_STDIN 2u  /* its FRAME_STDIN and FRAME_STDIN_END are the container's input */

/* Numbers are in the machine's own byte order: both ends are one machine. */
struct frame {
    uint32_t type;
    uint32_t size; /* of what follows */
};

/* A client has at most this many bytes of stdin under way, so a signal never waits behind them. */
#define STDIN_WINDOW 65536u

#endif
