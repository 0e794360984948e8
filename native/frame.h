/*
 * frame.h - what the monitor and an attached client say to each other over one stream socket.
 * Java's dev.mydocker.launch.Frame has the same numbers.
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
    /* client to monitor */
    FRAME_STDIN = 16,
    FRAME_STDIN_END = 17,
    FRAME_RESIZE = 18, /* uint16 rows, uint16 columns */
    FRAME_SIGNAL = 19, /* int32 */
    FRAME_DRAIN = 24,  /* after FRAME_EXIT: what is in the pipes now is the last output */
};

/* Numbers are in the machine's own byte order: both ends are one machine. */
struct frame {
    uint32_t type;
    uint32_t size; /* of what follows */
};

/* A client has at most this many bytes of stdin under way, so a signal never waits behind them. */
#define STDIN_WINDOW 65536u

#endif
