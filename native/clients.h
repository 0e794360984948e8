/* clients.h - those who talk to a monitor: its launcher, and who connects to its socket. */
#ifndef MYDOCKER_CLIENTS_H
#define MYDOCKER_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"

#define PIECE 65536u
#define OUTBOX (2 * PIECE)

/* More wait in the socket's queue until one of these goes. */
#define CLIENTS_LIMIT 512u

/* One client; a mapping of its own, of which only what is used has memory. */
struct client {
    int fd;         /* -1: gone, and here only for the input it has left */
    int received;   /* a descriptor that it has sent, until a frame takes it; -1: none */
    bool launcher;  /* the container waits for it, as for the reader of a pipe */
    uint32_t flags; /* ATTACH_* */
    uint64_t
        since; /* CLOCK_MONOTONIC nanoseconds: holds the container up since then; 0: does not */
    uint64_t spent; /* nanoseconds for which it has done so */
    size_t out_used;
    size_t in_used;
    size_t input_used;
    uint32_t taken; /* bytes of its input that have left, and that it has not been told of */
    bool input_ended;
    unsigned char out[OUTBOX];                             /* frames for it */
    unsigned char in[sizeof(struct frame) + STDIN_WINDOW]; /* an unfinished frame of it */
    unsigned char input[STDIN_WINDOW];                     /* bytes for the container's stdin */
};

struct clients {
    int listener;          /* -1: none */
    uint64_t accept_again; /* CLOCK_MONOTONIC nanoseconds: no accept before */
    size_t count;
    struct client *list[CLIENTS_LIMIT];
};

/* Does what one whole frame says; false for what no client of ours sends. */
typedef bool obey(void *context, struct client *c, const struct frame *frame,
                  const unsigned char *data);

/* Adds one, whose descriptor it owns from now on; NULL when there is no room for it. */
struct client *clients_add(struct clients *all, int fd, bool launcher, uint32_t flags);

/* One that waits at the listener; NULL when there is none. */
struct client *clients_accept(struct clients *all);

/* Takes out those who are gone and have left nothing. */
void clients_sweep(struct clients *all);

bool clients_have_launcher(const struct clients *all);

/* Whether a piece of output fits into every outbox it belongs in. */
bool clients_have_room(const struct clients *all);

/* Whether everybody has what there was for them. */
bool clients_have_all(const struct clients *all);

/* Output, to all who want it; the caller has asked for room. */
void clients_output(struct clients *all, enum frame_type type, const void *data, size_t size);

/* The end, to all. */
void clients_exit(struct clients *all, const int32_t how[2]);

/*
 * Drops who has held the container up for longer than a second in all, the launcher excepted.
 * Gives the milliseconds until there may be another one, or the listener may be asked again; -1:
 * never. `ending`: whoever has not taken all holds it up.
 */
int clients_wait(struct clients *all, bool ending);

/* Whether it is time to accept. */
bool clients_accepting(const struct clients *all);

void client_send(struct client *c, enum frame_type type, const void *data, size_t size);
void client_flush(struct client *c);
void client_drop(struct client *c);

/* Takes what has come from it and has every whole frame obeyed; drops it when one is wrong. */
void client_read(struct client *c, obey *obey, void *context);

/* That much of its input has left. */
void client_took(struct client *c, size_t size);

#endif
