/*
 * inflate.h - raw deflate data (RFC 1951) decoded by ISA-L, piece by piece.
 */
#ifndef MYDOCKER_INFLATE_H
#define MYDOCKER_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#define INFLATE_IN 65536
#define INFLATE_OUT 131072

struct inflater;

/* What one step did. */
struct inflated {
    /* Input bytes that are done with. At the end of the data this may be negative: bytes of earlier
     * steps, at most eight, that belong to what follows. */
    int consumed;
    int produced;
    int finished;
};

/* NULL when there is no memory. */
struct inflater *inflater_new(void);

void inflater_free(struct inflater *inflater);

/* Ready for other data. */
void inflater_reset(struct inflater *inflater);

/* The step's input and output, INFLATE_IN and INFLATE_OUT bytes. */
uint8_t *inflater_in(struct inflater *inflater);
const uint8_t *inflater_out(const struct inflater *inflater);

/* Decodes `size` bytes of the input into at most `room` bytes of the output. -EBADMSG when the data
 * is damaged. */
int inflater_step(struct inflater *inflater, size_t size, size_t room, struct inflated *done);

#endif
