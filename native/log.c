/* log.c - see log.h. Failures are counted and never stop anybody: the container goes on. */
#define _GNU_SOURCE
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* "2026-11-24T11:02:42.123456789Z stdout F " */
#define HEAD 40u
#define TAG_AT (HEAD - 2)

/* ---- the head of a record ------------------------------------------------------------------- */

static void digits(char *end, long value, int count)
{
    while (count-- > 0) {
        *--end = (char)('0' + value % 10);
        value /= 10;
    }
}

/*
 * Days since 1970 as year, month and day: years begin in March here, so that the leap day is the
 * last of one. gmtime(3) would read the host's time zone files.
 */
static void date(char *text, long days)
{
    long since = days + 719468; /* 0000-03-01 */
    long era = since / 146097;
    long day = since % 146097;
    long year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    long month = (5 * day + 2) / 153;
    long calendar = month < 10 ? month + 3 : month - 9;
    digits(text + 4, era * 400 + year + (calendar <= 2), 4);
    digits(text + 7, calendar, 2);
    digits(text + 10, day - (153 * month + 2) / 5 + 1, 2);
}

static void make_head(char head[HEAD + 1], int stream)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    memcpy(head,
           stream == 0 ? "0000-00-00T00:00:00.000000000Z stdout F "
                       : "0000-00-00T00:00:00.000000000Z stderr F ",
           HEAD + 1);
    long second = now.tv_sec % 86400;
    date(head, now.tv_sec / 86400);
    digits(head + 13, second / 3600, 2);
    digits(head + 16, second / 60 % 60, 2);
    digits(head + 19, second % 60, 2);
    digits(head + 29, now.tv_nsec, 9);
}

/* ---- the file ------------------------------------------------------------------------------- */

/* A power cut or a kill may have left half a record at the end: it goes. */
static void cut_half_record(struct log *log)
{
    unsigned char end[LOG_LINE + HEAD + 1];
    uint64_t from = log->size > sizeof end ? log->size - sizeof end : 0;
    ssize_t n = pread(log->fd, end, sizeof end, (off_t)from);
    if (n <= 0)
        return;
    const unsigned char *newline = memrchr(end, '\n', (size_t)n);
    uint64_t whole = newline ? from + (uint64_t)(newline - end) + 1 : from;
    if (whole < log->size && ftruncate(log->fd, (off_t)whole) == 0)
        log->size = whole;
}

static bool open_file(struct log *log)
{
    struct stat stat;
    if (log->fd >= 0)
        return true;
    log->fd =
        openat(log->directory, "log", O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (log->fd < 0)
        return false;
    log->size = fstat(log->fd, &stat) == 0 ? (uint64_t)stat.st_size : 0;
    cut_half_record(log);
    return true;
}

/* log.1 becomes log.2 and so on, the last one goes, log becomes log.1. */
static void rotate(struct log *log)
{
    char from[24];
    char to[24];
    close(log->fd);
    log->fd = -1;
    for (unsigned i = log->files - 1; i > 0; i--) {
        snprintf(to, sizeof to, "log.%u", i);
        snprintf(from, sizeof from, i > 1 ? "log.%u" : "log", i - 1);
        renameat(log->directory, from, log->directory, to);
    }
    if (log->files <= 1)
        unlinkat(log->directory, "log", 0);
}

static uint64_t records(const unsigned char *data, size_t size)
{
    uint64_t count = 0;
    const unsigned char *end = data + size;
    while (data < end && (data = memchr(data, '\n', (size_t)(end - data)))) {
        count++;
        data++;
    }
    return count;
}

/* As many whole records as the file takes; the bytes of them. */
static size_t append(struct log *log, const unsigned char *data, size_t size)
{
    size_t done = 0;
    ssize_t n = 0;
    errno = 0;
    while (done < size && (n = write(log->fd, data + done, size - done)) > 0)
        done += (size_t)n;
    if (done < size) {
        log->lost_by = errno;
        const unsigned char *newline = memrchr(data, '\n', done);
        size_t whole = newline ? (size_t)(newline - data) + 1 : 0;
        if (whole < done && ftruncate(log->fd, (off_t)(log->size + whole)) < 0) {
            close(log->fd); /* opened again, it loses its half record */
            log->fd = -1;
        }
        done = whole;
    }
    log->size += done;
    return done;
}

static const char *error_name(int error, char number[12])
{
    snprintf(number, 12, "%d", error);
    return error == ENOSPC ? "ENOSPC" : error == EDQUOT ? "EDQUOT" : error == EIO ? "EIO" : number;
}

/* False when that cannot be written either. */
static bool tell_lost(struct log *log)
{
    char text[160];
    char number[12];
    if (log->lost == 0)
        return true;
    make_head(text, 1);
    int length = snprintf(text + HEAD, sizeof text - HEAD,
                          "mydocker: %llu records of this log could not be written: %s\n",
                          (unsigned long long)log->lost, error_name(log->lost_by, number));
    size_t size = HEAD + (size_t)length;
    if (append(log, (const unsigned char *)text, size) < size)
        return false;
    log->lost = 0;
    return true;
}

static void flush(struct log *log)
{
    size_t done = 0;
    if (log->used == 0)
        return;
    if (!open_file(log))
        log->lost_by = errno;
    else if (tell_lost(log))
        done = append(log, log->out, log->used);
    log->lost += records(log->out + done, log->used - done);
    log->used = 0;
}

/* ---- records -------------------------------------------------------------------------------- */

static void put(struct log *log, const void *data, size_t size)
{
    memcpy(log->out + log->used, data, size);
    log->used += size;
}

/* One record: what is held of its line, and the given bytes after it. */
static void record(struct log *log, const char *head, struct log_held *held,
                   const unsigned char *data, size_t size)
{
    size_t whole = HEAD + held->used + size + 1;
    uint64_t before = log->size + log->used;
    if (log->limit && before && before + whole > log->limit) {
        flush(log);
        if (log->fd >= 0)
            rotate(log);
        log->size = 0;
    } else if (log->used + whole > sizeof log->out) {
        flush(log);
    }
    put(log, head, HEAD);
    put(log, held->bytes, held->used);
    put(log, data, size);
    put(log, "\n", 1);
    held->used = 0;
}

static void hold(struct log_held *held, const unsigned char *data, size_t size)
{
    memcpy(held->bytes + held->used, data, size);
    held->used += size;
}

void log_start(struct log *log)
{
    log->fd = -1;
    if (log->directory >= 0)
        open_file(log);
}

void log_write(struct log *log, int stream, const unsigned char *data, size_t size)
{
    if (log->directory < 0)
        return;
    char head[HEAD + 1];
    struct log_held *held = &log->held[stream];
    const unsigned char *end = data + size;
    make_head(head, stream);
    while (data < end) {
        const unsigned char *newline = memchr(data, '\n', (size_t)(end - data));
        size_t part = (size_t)((newline ? newline : end) - data);
        size_t room = LOG_LINE - held->used;
        if (part <= room && !newline) {
            hold(held, data, part);
            break;
        }
        head[TAG_AT] = part > room ? 'P' : 'F';
        part = part > room ? room : part;
        record(log, head, held, data, part);
        data += part + (head[TAG_AT] == 'F');
    }
    flush(log);
}

void log_end(struct log *log, int stream)
{
    char head[HEAD + 1];
    struct log_held *held = &log->held[stream];
    if (log->directory < 0 || held->used == 0)
        return;
    make_head(head, stream);
    head[TAG_AT] = 'P';
    record(log, head, held, held->bytes, 0);
    flush(log);
}
