/*
 * probe.c - tries system calls and says what came of each, for SeccompIT. Static, so that it runs
 * in any image.
 *
 *   probe CALL...   a line each: CALL ERRNO, 0 when it has worked
 *
 * CALL is [32:|x32:]NUMBER[,ARGUMENT...]: by number, as libraries hide ENOSYS, with up to six
 * arguments, 0 when they are missing. 32: goes through int 0x80, x32: has the bit of x32. A child
 * that a call makes ends at once. "thread" makes a thread as the C library does; "type:FILE" types
 * "echo typed" into a terminal by TIOCSTI, on FILE or, when that is a digit, on a descriptor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define X32_BIT 0x40000000L

static long native(long number, const unsigned long *a)
{
    long r = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    return r < 0 ? -errno : r;
}

static long by_interrupt(long number, const unsigned long *a)
{
#ifdef __x86_64__
    long r;
    __asm__ volatile("int $0x80"
                     : "=a"(r)
                     : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
                     : "memory", "r8", "r9", "r10", "r11");
    return (int)r;
#else
    (void)number;
    (void)a;
    return -ENOTSUP;
#endif
}

static void *nothing(void *argument)
{
    return argument;
}

static long make_thread(void)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, nothing, NULL);
    return error ? -error : -pthread_join(thread, NULL);
}

/* As if somebody at the terminal's other end had pressed these keys. */
static long type_into(const char *file)
{
    int fd = file[0] >= '0' && file[0] <= '9' ? file[0] - '0' : open(file, O_RDWR | O_NOCTTY);
    if (fd < 0)
        return -errno;
    for (const char *key = "echo typed\n"; *key; key++)
        if (ioctl(fd, TIOCSTI, key) < 0)
            return -errno;
    return 0;
}

static long try_call(const char *text)
{
    if (strncmp(text, "type:", 5) == 0)
        return type_into(text + 5);
    if (strcmp(text, "thread") == 0)
        return make_thread();
    int interrupt = strncmp(text, "32:", 3) == 0;
    int x32 = strncmp(text, "x32:", 4) == 0;
    char *at = (char *)(size_t)(text + (interrupt ? 3 : x32 ? 4 : 0));
    long number = strtol(at, &at, 0);
    unsigned long arguments[6] = {0};
    for (int i = 0; i < 6 && *at == ','; i++)
        arguments[i] = strtoul(at + 1, &at, 0);
    pid_t self = getpid();
    long r = interrupt ? by_interrupt(number, arguments)
                       : native(x32 ? number | X32_BIT : number, arguments);
    if (getpid() != self)
        _exit(0);
    return r;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        long r = try_call(argv[i]);
        printf("%s %ld\n", argv[i], r < 0 ? -r : 0);
        fflush(stdout);
    }
    return 0;
}
