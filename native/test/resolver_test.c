/*
 * resolver_test.c - the name server's sockets, with name servers of the test at 127.0.0.1 and
 * 127.0.0.2 in a network namespace of its own.
 */
#define _GNU_SOURCE
#include "resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "trial.h"

static const unsigned char WEB[] = "\xab\xcd\1\0\0\1\0\0\0\0\0\0\3web\0\0\1\0\1";
static const unsigned char OTHER[] = "\xab\xcd\1\0\0\1\0\0\0\0\0\0\5other\0\0\1\0\1";

struct scene {
    struct resolver resolver;
    int files;
    int client;
    int servers[2];
};

static int bound(int type, const char *address)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(53)};
    inet_pton(AF_INET, address, &at.sin_addr);
    int on = 1;
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    CHECK(bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    CHECK(type == SOCK_DGRAM || listen(fd, 16) == 0);
    return fd;
}

static int connected(int type)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(53)};
    inet_pton(AF_INET, "127.0.0.11", &at.sin_addr);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    return fd;
}

/* Runs `play` in a child with such a network; `forward` is what the file of networks has beside. */
static void stage(void (*play)(struct scene *), const char *forward, int type)
{
    struct trial *t = trial_new();
    pid_t pid = fork();
    if (pid == 0) {
        static struct scene s;
        struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
        CHECK(unshare(CLONE_NEWNET) == 0);
        int fd = socket(AF_INET, SOCK_DGRAM, 0);
        CHECK(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
        s.files = open(t->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char networks[64];
        snprintf(networks, sizeof networks, "names absent\nnames here\n%s", forward);
        make_file(s.files, "networks", networks, 0600);
        make_file(s.files, "here", "A 10.0.0.7 web\n", 0600);
        make_file(s.files, "resolvers", "nonsense\n127.0.0.1\n127.0.0.2\n", 0600);
        CHECK(resolver_take(&s.resolver, s.files, bound(SOCK_DGRAM, "127.0.0.11")));
        CHECK(resolver_take(&s.resolver, s.files, bound(SOCK_STREAM, "127.0.0.11")));
        CHECK(!resolver_take(&s.resolver, s.files, s.files));
        s.client = connected(type);
        s.servers[0] = bound(type, "127.0.0.1");
        s.servers[1] = bound(type, "127.0.0.2");
        play(&s);
        resolver_end(&s.resolver);
        _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_SAME(status, 0);
    trial_end(t);
}

static void turn(struct scene *s, int patience)
{
    struct pollfd polls[RESOLVER_POLLS];
    resolver_prepare(&s->resolver, polls);
    int wait = resolver_wait(&s->resolver);
    poll(polls, RESOLVER_POLLS, wait >= 0 && wait < patience ? wait : patience);
    resolver_serve(&s->resolver, polls);
}

/* What comes to a socket within some turns; -1: nothing. */
static ssize_t hear(struct scene *s, int fd, unsigned char *out, struct sockaddr_in *from)
{
    for (int i = 0; i < 400; i++) {
        socklen_t size = sizeof *from;
        ssize_t n = recvfrom(fd, out, DNS_ANSWER, MSG_DONTWAIT, (struct sockaddr *)from,
                             from ? &size : NULL);
        if (n >= 0)
            return n;
        turn(s, 10);
    }
    return -1;
}

static void say(int fd, const unsigned char *bytes, size_t size, const struct sockaddr_in *to)
{
    CHECK_SAME(sendto(fd, bytes, size, 0, (const struct sockaddr *)to, to ? sizeof *to : 0), size);
}

static void own_name(struct scene *s)
{
    unsigned char m[DNS_ANSWER];
    say(s->client, WEB, sizeof WEB - 1, NULL);
    CHECK_SAME(hear(s, s->client, m, NULL), sizeof WEB - 1 + 16);
    CHECK(m[0] == 0xab && m[1] == 0xcd && dns_code_of(m) == 0 && m[7] == 1);
    CHECK(memcmp(m + sizeof WEB - 1 + 12, "\12\0\0\7", 4) == 0);
}

static void own_name_is_answered_here(void)
{
    stage(own_name, "forward\n", SOCK_DGRAM);
    stage(own_name, "", SOCK_DGRAM);
}

static void leak(struct scene *s)
{
    unsigned char m[DNS_ANSWER];
    struct sockaddr_in from;
    say(s->client, OTHER, sizeof OTHER - 1, NULL);
    CHECK_SAME(hear(s, s->client, m, NULL), sizeof OTHER - 1);
    CHECK_SAME(dns_code_of(m), DNS_SERVFAIL);
    for (int i = 0; i < 5; i++)
        turn(s, 10);
    CHECK(recvfrom(s->servers[0], m, sizeof m, MSG_DONTWAIT, NULL, NULL) < 0);
    (void)from;
}

static void NW04_nothing_is_asked_when_no_network_leads_out(void)
{
    stage(leak, "", SOCK_DGRAM);
}

static void forgery(struct scene *s)
{
    unsigned char m[DNS_ANSWER];
    struct sockaddr_in asker;
    say(s->client, OTHER, sizeof OTHER - 1, NULL);
    ssize_t n = hear(s, s->servers[0], m, &asker);
    CHECK_SAME(n, sizeof OTHER - 1);
    m[2] |= 0x80;
    m[1] ^= 1; /* a wrong id */
    say(s->servers[0], m, (size_t)n, &asker);
    m[1] ^= 1;
    m[14] ^= 1; /* a wrong name */
    say(s->servers[0], m, (size_t)n, &asker);
    m[14] ^= 1;
    m[3] = 3; /* NXDOMAIN: the right one, but from another server */
    say(s->servers[1], m, (size_t)n, &asker);
    say(s->servers[0], m, 11, &asker); /* cut */
    m[3] = 0;
    say(s->servers[0], m, (size_t)n, &asker);
    CHECK_SAME(hear(s, s->client, m, NULL), n);
    CHECK(m[0] == 0xab && m[1] == 0xcd && dns_code_of(m) == 0);
}

static void answer_that_fits_alone_is_passed_on(void)
{
    stage(forgery, "forward\n", SOCK_DGRAM);
}

static void second(struct scene *s)
{
    unsigned char m[DNS_ANSWER];
    struct sockaddr_in asker;
    say(s->client, OTHER, sizeof OTHER - 1, NULL);
    ssize_t n = hear(s, s->servers[0], m, &asker);
    m[2] |= 0x80;
    m[3] = DNS_SERVFAIL;
    say(s->servers[0], m, (size_t)n, &asker);
    n = hear(s, s->servers[1], m, &asker);
    CHECK_SAME(n, sizeof OTHER - 1);
    m[2] |= 0x80;
    m[3] = DNS_NXDOMAIN;
    say(s->servers[1], m, (size_t)n, &asker);
    CHECK_SAME(hear(s, s->client, m, NULL), n);
    CHECK_SAME(dns_code_of(m), DNS_NXDOMAIN);
    /* Nobody listens there: at once, without a wait. */
    close(s->servers[0]);
    say(s->client, OTHER, sizeof OTHER - 1, NULL);
    CHECK_SAME(hear(s, s->servers[1], m, &asker), n);
    /* The last one is silent: after two seconds the failure is told. */
    CHECK_SAME(hear(s, s->client, m, NULL), n);
    CHECK_SAME(dns_code_of(m), DNS_SERVFAIL);
}

static void next_name_server_is_asked(void)
{
    stage(second, "forward\n", SOCK_DGRAM);
}

static void flood(struct scene *s)
{
    unsigned char m[DNS_ANSWER];
    for (unsigned i = 0; i < 3 * RESOLVER_EXCHANGES; i++) {
        say(s->client, OTHER, sizeof OTHER - 1, NULL);
        turn(s, 0);
    }
    for (int i = 0; i < 20; i++)
        turn(s, 0);
    unsigned open = 0;
    for (size_t i = 0; i < RESOLVER_EXCHANGES; i++)
        open += s->resolver.exchanges[i].open;
    CHECK_SAME(open, RESOLVER_EXCHANGES);
    own_name(s); /* is answered all the same */
    (void)m;
}

static void waiting_queries_are_bounded(void)
{
    stage(flood, "forward\n", SOCK_DGRAM);
}

/* With its length in front. */
static void say_whole(int fd, const unsigned char *message, size_t size)
{
    const unsigned char length[] = {(unsigned char)(size >> 8), (unsigned char)size};
    say(fd, length, 1, NULL);
    say(fd, length + 1, 1, NULL);
    say(fd, message, size, NULL);
}

static size_t hear_all(struct scene *s, int fd, unsigned char *out, size_t room)
{
    size_t used = 0;
    for (int i = 0; i < 2000 && used < room; i++) {
        ssize_t n = recv(fd, out + used, room - used, MSG_DONTWAIT);
        if (n == 0)
            break;
        if (n > 0)
            used += (size_t)n;
        else
            turn(s, 10);
    }
    return used;
}

static void own_by_tcp(struct scene *s)
{
    unsigned char m[DNS_ANSWER];
    say_whole(s->client, WEB, sizeof WEB - 1);
    CHECK_SAME(hear_all(s, s->client, m, sizeof m), 2 + sizeof WEB - 1 + 16);
    CHECK(m[0] == 0 && m[1] == sizeof WEB - 1 + 16 && m[2] == 0xab && m[9] == 1);
}

static void relay(struct scene *s)
{
    static unsigned char m[65536];
    const size_t size = 60000;
    int at = -1;
    say_whole(s->client, OTHER, sizeof OTHER - 1);
    for (int i = 0; i < 100 && at < 0; i++) {
        turn(s, 10);
        at = accept4(s->servers[0], NULL, NULL, SOCK_CLOEXEC);
    }
    CHECK(at >= 0);
    turn(s, 100);
    CHECK_SAME(recv(at, m, sizeof m, 0), 2 + sizeof OTHER - 1);
    CHECK(memcmp(m + 2, OTHER, sizeof OTHER - 1) == 0);
    memset(m + 2, 'x', size);
    m[0] = (unsigned char)(size >> 8);
    m[1] = (unsigned char)size;
    say(at, m, 2 + size, NULL);
    memset(m, 0, sizeof m);
    CHECK_SAME(hear_all(s, s->client, m, sizeof m), 2 + size);
    CHECK(m[0] == size >> 8 && m[2] == 'x' && m[1 + size] == 'x');
    close(at);
}

static void refused_by_tcp(struct scene *s)
{
    unsigned char m[DNS_ANSWER];
    close(s->servers[0]);
    close(s->servers[1]);
    say_whole(s->client, OTHER, sizeof OTHER - 1);
    CHECK_SAME(hear_all(s, s->client, m, sizeof m), 2 + sizeof OTHER - 1);
    CHECK_SAME(dns_code_of(m + 2), DNS_SERVFAIL);
}

static void tcp_has_one_query_and_its_answer(void)
{
    stage(own_by_tcp, "", SOCK_STREAM);
    stage(relay, "forward\n", SOCK_STREAM);
    stage(refused_by_tcp, "forward\n", SOCK_STREAM);
}

static void liars_by_tcp(struct scene *s)
{
    const unsigned char lengths[][2] = {{0, 0}, {0, 11}, {255, 255}};
    unsigned char m[16];
    for (size_t i = 0; i < 3; i++) {
        int fd = connected(SOCK_STREAM);
        say(fd, lengths[i], 2, NULL);
        CHECK_SAME(hear_all(s, fd, m, sizeof m), 0);
        close(fd);
    }
    int idle[RESOLVER_STREAMS + 4];
    for (size_t i = 0; i < RESOLVER_STREAMS + 4; i++)
        idle[i] = connected(SOCK_STREAM);
    for (size_t i = 0; i < RESOLVER_STREAMS + 4; i++)
        turn(s, 10);
    close(s->client);
    s->client = connected(SOCK_DGRAM);
    own_name(s);
    /* The first ones are closed as they go, and those that wait have their turn. */
    for (size_t i = 0; i < RESOLVER_STREAMS + 3; i++)
        close(idle[i]);
    s->client = idle[RESOLVER_STREAMS + 3];
    own_by_tcp(s);
}

static void connections_are_bounded(void)
{
    stage(liars_by_tcp, "", SOCK_STREAM);
}

const struct test resolver_tests[] = {
    {"a name of the networks is answered here", own_name_is_answered_here,
     NEEDS_ROOT | NEEDS_KERNEL},
    {"NW04 nothing is asked when no network leads out",
     NW04_nothing_is_asked_when_no_network_leads_out, NEEDS_ROOT | NEEDS_KERNEL},
    {"an answer that fits alone is passed on", answer_that_fits_alone_is_passed_on,
     NEEDS_ROOT | NEEDS_KERNEL},
    {"the next name server is asked", next_name_server_is_asked, NEEDS_ROOT | NEEDS_KERNEL},
    {"queries that wait are bounded", waiting_queries_are_bounded, NEEDS_ROOT | NEEDS_KERNEL},
    {"TCP has one query and its answer", tcp_has_one_query_and_its_answer,
     NEEDS_ROOT | NEEDS_KERNEL},
    {"connections by TCP are bounded", connections_are_bounded, NEEDS_ROOT | NEEDS_KERNEL},
    {NULL, NULL, 0},
};
