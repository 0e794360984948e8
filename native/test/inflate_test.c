/* inflate_test.c - what damaged data may do to ISA-L: nothing beyond its buffers. */
#include "test.h"

#ifdef HAVE_ISAL

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <isa-l/igzip_lib.h>

#include "inflate.h"

#define CONTENT 200000

static uint32_t seed = 1;

static uint32_t random_(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

/* Content with matches near and far, and its deflate data; gives the size of the latter. */
static size_t sample(uint8_t *content, uint8_t *data, size_t room)
{
    for (size_t at = 0; at < CONTENT; at++)
        content[at] = at > 0 && random_(4) ? content[at - 1 - random_(at < 30000 ? at : 30000)]
                                           : (uint8_t)random_(256);
    struct isal_zstream stream;
    isal_deflate_init(&stream);
    stream.end_of_stream = 1;
    stream.next_in = content;
    stream.avail_in = CONTENT;
    stream.next_out = data;
    stream.avail_out = (uint32_t)room;
    CHECK(isal_deflate(&stream) == COMP_OK && stream.avail_in == 0);
    return room - stream.avail_out;
}

/* Decodes in random steps until the end, an error, or no input; gives what came, or -EBADMSG. */
static long decode(struct inflater *inflater, const uint8_t *data, size_t size, uint8_t *out,
                   size_t limit, int *finished)
{
    size_t at = 0, produced = 0;
    struct inflated done = {0};
    inflater_reset(inflater);
    while (!done.finished) {
        size_t piece = 1 + random_(INFLATE_IN), room = 1 + random_(INFLATE_OUT);
        if (piece > size - at)
            piece = size - at;
        memcpy(inflater_in(inflater), data + at, piece);
        int error = inflater_step(inflater, piece, room, &done);
        if (error)
            return error;
        CHECK(done.consumed <= (int)piece && done.consumed >= -8);
        CHECK(done.produced >= 0 && done.produced <= (int)room);
        at = (size_t)((long)at + done.consumed);
        if (produced + (size_t)done.produced <= limit)
            memcpy(out + produced, inflater_out(inflater), (size_t)done.produced);
        produced += (size_t)done.produced;
        if (at == size && done.produced == 0)
            break;
    }
    *finished = done.finished;
    return (long)produced;
}

static void data_is_decoded_and_damage_stays_inside(void)
{
    uint8_t *content = malloc(CONTENT), *out = malloc(CONTENT);
    size_t room = 2 * CONTENT;
    uint8_t *data = malloc(room + 8), *bad = malloc(room + 8);
    struct inflater *inflater = inflater_new();
    CHECK(content && out && data && bad && inflater);
    size_t size = sample(content, data, room);
    memcpy(data + size, "trailer!", 8);
    int finished;
    for (int round = 0; round < 20; round++) {
        CHECK(decode(inflater, data, size + 8, out, CONTENT, &finished) == CONTENT && finished);
        CHECK(memcmp(content, out, CONTENT) == 0);
    }
    for (int round = 0; round < 300; round++) {
        memcpy(bad, data, size);
        for (uint32_t flips = 1 + random_(8); flips > 0; flips--)
            bad[random_(random_(2) ? 300 : (uint32_t)size)] ^= (uint8_t)(1 << random_(8));
        long n = decode(inflater, bad, size, out, CONTENT, &finished);
        CHECK(n >= 0 || n == -EBADMSG);
    }
    for (int round = 0; round < 300; round++) {
        for (size_t i = 0; i < 2000; i++)
            bad[i] = (uint8_t)random_(256);
        long n = decode(inflater, bad, 2000, out, CONTENT, &finished);
        CHECK(n >= 0 || n == -EBADMSG);
    }
    struct inflated done;
    CHECK(inflater_step(inflater, INFLATE_IN + 1, 1, &done) == -EINVAL);
    CHECK(inflater_step(inflater, 1, INFLATE_OUT + 1, &done) == -EINVAL);
    inflater_free(inflater);
    free(content);
    free(out);
    free(data);
    free(bad);
}

const struct test inflate_tests[] = {
    {"data is decoded, and damaged data does nothing beyond its buffers",
     data_is_decoded_and_damage_stays_inside, 0},
    {NULL, NULL, 0},
};

#else

const struct test inflate_tests[] = {{NULL, NULL, 0}};

#endif
