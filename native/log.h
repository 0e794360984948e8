/* log.h - a container's log as the monitor writes it: the CRI format, with rotation. */
#ifndef MYDOCKER_LOG_H
#define MYDOCKER_LOG_H

#include <stddef.h>
#include <stdint.h>

/* A longer line is written in parts of this size. */
#define LOG_LINE 16384u

/* The beginning of a line whose end has not come. */
struct log_held {
    size_t used;
    unsigned char bytes[LOG_LINE];
};

struct log {
    int directory;  /* -1: nothing is logged */
    int fd;         /* of the file `log` in it; -1 until it could be opened */
    uint64_t limit; /* bytes of one file, 0: no rotation */
    unsigned files; /* how many there may be, `log` included */
    uint64_t size;  /* of the file */
    uint64_t lost;  /* records that could not be written and have not been told of */
    int lost_by;    /* the errno of the last of them */
    size_t used;
    unsigned char out[98304]; /* whole records, on their way to the file */
    struct log_held held[2];  /* stdout, stderr */
};

/* Opens or makes the file, so that a reader finds one. */
void log_start(struct log *log);

/*
 * Writes what a container wrote to stdout (0) or stderr (1), as far as lines end in it:
 *   2026-11-24T11:02:42.123456789Z stdout F line
 * What cannot be written is dropped; a record of stderr that begins "mydocker: " and tells how many
 * records are missing stands before the next one that can.
 */
void log_write(struct log *log, int stream, const unsigned char *data, size_t size);

/* The stream has ended: a line without an end is written as a part (P), so no byte is added. */
void log_end(struct log *log, int stream);

#endif
