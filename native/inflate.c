/*
 * inflate.c - raw deflate data decoded by ISA-L, which is several times as fast as zlib.
 *
 * Input and output pass through buffers of the decoder, so that a caller with memory of its own
 * (Java arrays, which may move) copies in and out and no pointer outlives a step.
 */
#include "inflate.h"

#include <errno.h>
#include <stdlib.h>

#include <isa-l/igzip_lib.h>

struct inflater {
    struct inflate_state state;
    uint8_t in[INFLATE_IN];
    uint8_t out[INFLATE_OUT];
};

struct inflater *inflater_new(void)
{
    struct inflater *inflater = aligned_alloc(64, (sizeof *inflater + 63) & ~(size_t)63);
    if (inflater)
        inflater_reset(inflater);
    return inflater;
}

void inflater_free(struct inflater *inflater)
{
    free(inflater);
}

void inflater_reset(struct inflater *inflater)
{
    isal_inflate_init(&inflater->state);
}

uint8_t *inflater_in(struct inflater *inflater)
{
    return inflater->in;
}

const uint8_t *inflater_out(const struct inflater *inflater)
{
    return inflater->out;
}

int inflater_step(struct inflater *inflater, size_t size, size_t room, struct inflated *done)
{
    struct inflate_state *state = &inflater->state;
    if (size > INFLATE_IN || room > INFLATE_OUT)
        return -EINVAL;
    state->next_in = inflater->in;
    state->avail_in = (uint32_t)size;
    state->next_out = inflater->out;
    state->avail_out = (uint32_t)room;
    if (isal_inflate(state) < 0)
        return -EBADMSG;
    done->consumed = (int)(size - state->avail_in);
    done->produced = (int)(room - state->avail_out);
    done->finished = state->block_state == ISAL_BLOCK_FINISH;
    if (done->finished) {
        /* Whole bytes that were read ahead into its bit buffer. */
        done->consumed -= state->read_in_length / 8;
        state->read_in_length = 0;
    }
    return 0;
}
