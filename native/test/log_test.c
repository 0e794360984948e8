/* log_test.c - the log that a monitor writes, read back from its files. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "test.h"
#include "trial.h"
#include "watch.h"

/* Runs it to its end, detached. */
static void run(struct watch *w, const char *script, char *const *words, const char *old_log)
{
    watch_with(
        w, &(struct setup){.script = script, .words = words, .old_log = old_log, .detached = true});
    await_end(w);
}

static void check_log(const char *script, const char *out, const char *err)
{
    struct watch w;
    struct heard h = {0};
    run(&w, script, NULL, NULL);
    read_log(&w, "log", &h);
    CHECK(strcmp(h.output[0] ? h.output[0] : "", out) == 0);
    CHECK(strcmp(h.output[1] ? h.output[1] : "", err) == 0);
    CHECK_SAME(mode_of(w.run_directory, "log"), S_IFREG | 0600);
    watch_end(&w);
    forget(&h);
}

static void log_has_every_byte_of_both_streams(void)
{
    check_log("echo one; echo two >&2; echo three", "one\nthree\n", "two\n");
    check_log("printf 'no end'; printf 'nor here' >&2", "no end", "nor here");
    check_log("printf '\\n\\n\\na\\r\\n'", "\n\n\na\r\n", "");
    check_log("printf a; printf b >&2; printf 'c\\n'; printf 'd\\n' >&2", "ac\n", "bd\n");
    check_log("exit 3", "", "");
}

/* As REL25: the container has ended long before all of it has been read. */
static void REL25_log_has_the_tail(void)
{
    struct watch w;
    struct heard h = {0};
    run(&w, "seq 1 400000; printf end", NULL, NULL);
    read_log(&w, "log", &h);
    const char *text = h.output[0];
    for (long i = 1; i <= 400000; i++, text++) {
        char *end;
        CHECK_SAME(strtol(text, &end, 10), i);
        text = end;
        CHECK(*text == '\n');
    }
    CHECK(strcmp(text, "end") == 0);
    watch_end(&w);
    forget(&h);
}

/* Of these lengths around the limit each line comes back whole; read_log checks the parts. */
static void long_lines_are_written_in_parts(void)
{
    static const unsigned lengths[] = {LOG_LINE - 1,     LOG_LINE,     LOG_LINE + 1,
                                       2 * LOG_LINE,     50000,        65536,
                                       4 * LOG_LINE + 1, 8 * LOG_LINE, 300000};
    char script[200];
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct watch w;
        struct heard h = {0};
        snprintf(script, sizeof script, "head -c %u /dev/zero | tr '\\0' x; echo; echo y",
                 lengths[i]);
        run(&w, script, NULL, NULL);
        read_log(&w, "log", &h);
        CHECK_SAME(h.size[0], lengths[i] + 3);
        CHECK_SAME(strspn(h.output[0], "x"), lengths[i]);
        CHECK(strcmp(h.output[0] + lengths[i], "\ny\n") == 0);
        watch_end(&w);
        forget(&h);
    }
}

static void time_in_the_log_is_now(void)
{
    struct watch w;
    char before[40];
    char after[40];
    time_t now = time(NULL);
    strftime(before, sizeof before, "%Y-%m-%dT%H:%M:%S", gmtime(&now));
    run(&w, "echo", NULL, NULL);
    now = time(NULL) + 1;
    strftime(after, sizeof after, "%Y-%m-%dT%H:%M:%S", gmtime(&now));
    char *log = file_of(&w, "log");
    CHECK(strcmp(before, log) < 0 && strcmp(log, after) < 0);
    free(log);
    watch_end(&w);
}

/* ---- rotation ------------------------------------------------------------------------------- */

/* The files together are the end of what was written, and none is too long. */
static void check_rotated(char *size, char *files, int expected)
{
    char *const words[] = {size, files, NULL};
    struct watch w;
    struct heard h = {0};
    struct stat stat;
    char name[16];
    long limit = atol(strchr(size, '=') + 1);
    run(&w, "seq 1 3000", words, NULL);
    for (int i = expected - 1; i >= 0; i--) {
        snprintf(name, sizeof name, i ? "log.%d" : "log", i);
        CHECK(fstatat(w.run_directory, name, &stat, 0) == 0 && stat.st_size <= limit);
        CHECK(stat.st_size > limit - 60 || i == 0);
        read_log(&w, name, &h);
    }
    snprintf(name, sizeof name, "log.%d", expected);
    CHECK_SAME(mode_of(w.run_directory, name), 0);
    const char *text = h.output[0];
    for (long i = strtol(text, NULL, 10); i <= 3000; i++, text = strchr(text, '\n') + 1)
        CHECK_SAME(strtol(text, NULL, 10), i);
    CHECK(*text == '\0');
    watch_end(&w);
    forget(&h);
}

static void log_is_rotated(void)
{
    check_rotated("log-size=10000", "log-files=3", 3);
    check_rotated("log-size=100", "log-files=5", 5);
    check_rotated("log-size=20000", "log-files=1", 1);
    check_rotated("log-size=50000", "log-files=9", 3);
    check_rotated("log-size=10000000", "log-files=2", 1);
}

/* One record is longer than a file may be: it has one to itself. */
static void record_longer_than_the_limit_is_written(void)
{
    char *const words[] = {"log-size=50", "log-files=2", NULL};
    struct watch w;
    struct heard h = {0};
    run(&w, "echo first; printf '%0200d\\n' 7; echo last", words, NULL);
    read_log(&w, "log.1", &h);
    CHECK_SAME(h.size[0], 201);
    read_log(&w, "log", &h);
    CHECK(strcmp(h.output[0] + 201, "last\n") == 0);
    watch_end(&w);
    forget(&h);
}

/* ---- what is there already ------------------------------------------------------------------ */

#define OLD "2026-01-01T00:00:00.000000000Z stdout F old\n"

static void check_old(const char *old, const char *expected)
{
    struct watch w;
    struct heard h = {0};
    run(&w, "echo new", NULL, old);
    read_log(&w, "log", &h);
    CHECK(strcmp(h.output[0], expected) == 0);
    watch_end(&w);
    forget(&h);
}

static void half_a_record_is_cut(void)
{
    check_old(OLD, "old\nnew\n");
    check_old(OLD OLD "2026-01-01T00:00:00.0000", "old\nold\nnew\n");
    check_old("2026", "new\n");
    check_old("", "new\n");
}

/* ---- failures ------------------------------------------------------------------------------- */

/* The limit of a file's size stands for the disk: beyond it write(2) is short, then fails. */
static void REL28_container_goes_on_when_the_log_cannot_be_written(void)
{
    struct watch w;
    struct heard h = {0};
    struct heard log = {0};
    watch_with(&w, &(struct setup){.script = "seq 1 3000; echo full; read x; echo after; exit 4",
                                   .file_limit = 20000});
    hear_output(&w, &h, "full\n");
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    CHECK(prlimit(w.pid, RLIMIT_FSIZE, &unlimited, NULL) == 0);
    say(&w, FRAME_STDIN, "\n", 1);
    hear_all(&w, &h);
    check_exit_record(&w, 4);
    read_log(&w, "log", &log);
    long last = 0;
    const char *text = log.output[0];
    for (; *text >= '0' && *text <= '9'; text = strchr(text, '\n') + 1)
        CHECK_SAME(strtol(text, NULL, 10), ++last);
    CHECK(last > 300 && last < 3000 && strcmp(text, "after\n") == 0);
    char told[120];
    snprintf(told, sizeof told, "mydocker: %ld records of this log could not be written: %d\n",
             3001 - last, EFBIG);
    CHECK(strcmp(log.output[1], told) == 0);
    watch_end(&w);
    forget(&h);
    forget(&log);
}

/* A directory is where the file should be; then it is not. */
static void log_that_cannot_be_opened_is_opened_later(void)
{
    struct watch w;
    struct heard h = {0};
    struct heard log = {0};
    watch_with(&w, &(struct setup){.script = "echo one; read x; echo two; exit 5",
                                   .log_is_directory = true});
    hear_output(&w, &h, "one\n");
    CHECK(unlinkat(w.run_directory, "log", AT_REMOVEDIR) == 0);
    say(&w, FRAME_STDIN, "\n", 1);
    hear_all(&w, &h);
    check_exit_record(&w, 5);
    read_log(&w, "log", &log);
    CHECK(strcmp(log.output[0], "two\n") == 0 && strstr(log.output[1], "mydocker: 1 records"));
    watch_end(&w);
    forget(&h);
    forget(&log);
}

static void settings_that_are_wrong_are_refused(void)
{
    static char *const words[][2] = {{"log-size=1k", NULL},
                                     {"log-files=x", NULL},
                                     {"log-size", NULL},
                                     {"colour=red", NULL},
                                     {"", NULL}};
    int status;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        pid_t pid = fork();
        char *argv[] = {"mydocker-monitor", "test", "999", words[i][0], NULL};
        if (pid == 0)
            _exit(monitor_main(4, argv));
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
        CHECK_SAME(WEXITSTATUS(status), 2);
    }
}

const struct test log_tests[] = {
    {"the log has every byte of both streams", log_has_every_byte_of_both_streams, 0},
    {"REL25: the log has the tail", REL25_log_has_the_tail, 0},
    {"long lines are written in parts", long_lines_are_written_in_parts, 0},
    {"the time in the log is now", time_in_the_log_is_now, 0},
    {"the log is rotated", log_is_rotated, 0},
    {"a record longer than the limit is written", record_longer_than_the_limit_is_written, 0},
    {"half a record is cut", half_a_record_is_cut, 0},
    {"REL28: a container goes on when the log cannot be written",
     REL28_container_goes_on_when_the_log_cannot_be_written, 0},
    {"a log that cannot be opened is opened later", log_that_cannot_be_opened_is_opened_later, 0},
    {"settings that are wrong are refused", settings_that_are_wrong_are_refused, 0},
    {NULL, NULL, 0},
};
