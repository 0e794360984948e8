/*
 * resolver.c - see resolver.h. Of the container it has sockets that are bound in there; whom it
 * asks it asks from the host's namespace, where name servers on 127.0.0.53 are, by a socket of its
 * own for each query, which the kernel gives a random port and which takes packets of that server
 * only.
 *
 * What it must know stands in two files of the run directory, which are read at each query and
 * replaced whole, so nobody has to be told when they change:
 *
 *   networks   `names FILE` for each network, relative to the run directory; `forward` when one of
 *              them leads out: without it nothing is asked of anybody
 *   resolvers  an address for each name server, the best first
 */
#define _GNU_SOURCE
#include "resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

#define PORT 53
#define PATIENCE (2 * SECOND)     /* with one name server */
#define STREAM_LIFE (10 * SECOND) /* of a connection */
#define AT_ONCE 16                /* datagrams taken before others have their turn */

/* Answers after which another name server may know better. */
static bool is_no_help(enum dns_code code)
{
    return code == DNS_SERVFAIL || code == DNS_NOTIMP || code == DNS_REFUSED;
}

static void drop(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- the files ------------------------------------------------------------------------------ */

static int open_file(const struct resolver *r, const char *name)
{
    return openat(r->directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* What the container's networks know of the question; whether others may be asked. */
static bool look(struct resolver *r, const struct dns_question *q)
{
    struct lines lines;
    bool forward = false;
    r->found.known = false;
    r->found.count = 0;
    r->found.pointer[0] = '\0';
    int fd = open_file(r, "networks");
    if (fd < 0)
        return false;
    lines_begin(&lines, fd);
    for (char *line = lines_next(&lines); line; line = lines_next(&lines)) {
        forward |= strcmp(line, "forward") == 0;
        int names = strncmp(line, "names ", 6) == 0 ? open_file(r, line + 6) : -1;
        if (names >= 0) {
            dns_look(names, q, &r->found);
            close(names);
        }
    }
    close(fd);
    return forward;
}

static socklen_t read_server(const char *text, struct sockaddr_storage *server)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)server;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)server;
    memset(server, 0, sizeof *server);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(PORT);
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(PORT);
        return sizeof *v6;
    }
    return 0;
}

/* The name server of that number, from 0; the size of its address, 0 when there is none. */
static socklen_t find_server(const struct resolver *r, unsigned number,
                             struct sockaddr_storage *server)
{
    struct lines lines;
    socklen_t size = 0;
    int fd = open_file(r, "resolvers");
    if (fd < 0)
        return 0;
    lines_begin(&lines, fd);
    for (char *line = lines_next(&lines); line; line = lines_next(&lines)) {
        size = read_server(line, server);
        if (size > 0 && number-- == 0)
            break;
        size = 0;
    }
    close(fd);
    return size;
}

/* A socket that belongs to that name server alone; -1: it cannot be asked. -ENOENT: there is none.
 */
static int open_upstream(const struct resolver *r, unsigned number, int type)
{
    struct sockaddr_storage server;
    socklen_t size = find_server(r, number, &server);
    if (size == 0)
        return -ENOENT;
    int fd = socket(server.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&server, size) < 0 && errno != EINPROGRESS)
        drop(&fd);
    return fd < 0 ? -1 : fd;
}

/* ---- by UDP --------------------------------------------------------------------------------- */

static void reply(const struct resolver *r, const struct sockaddr_in *client,
                  const unsigned char *answer, size_t size)
{
    sendto(r->udp, answer, size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)client,
           sizeof *client);
}

static void exchange_close(struct exchange *e)
{
    drop(&e->fd);
    e->open = false;
}

/* Asks the name server of its number, or the first one after it that can be asked. */
static void exchange_ask(struct resolver *r, struct exchange *e)
{
    for (;; e->server++) {
        drop(&e->fd);
        e->fd = open_upstream(r, e->server, SOCK_DGRAM);
        if (e->fd == -ENOENT)
            break;
        if (e->fd < 0 || getrandom(&e->id, sizeof e->id, GRND_NONBLOCK) != sizeof e->id)
            continue;
        unsigned char message[DNS_QUERY];
        memcpy(message, e->query, e->size);
        message[0] = (unsigned char)(e->id >> 8);
        message[1] = (unsigned char)e->id;
        if (send(e->fd, message, e->size, MSG_NOSIGNAL) == (ssize_t)e->size) {
            e->until = monotonic() + PATIENCE;
            return;
        }
    }
    size_t size = dns_refuse(e->query, &e->question, DNS_SERVFAIL, false, r->out);
    reply(r, &e->client, r->out, size);
    exchange_close(e);
}

static void forward_query(struct resolver *r, const struct sockaddr_in *client,
                          const struct dns_question *q, size_t size)
{
    for (size_t i = 0; i < RESOLVER_EXCHANGES; i++) {
        struct exchange *e = &r->exchanges[i];
        if (e->open)
            continue;
        e->open = true;
        e->fd = -1;
        e->server = 0;
        e->client = *client;
        e->question = *q;
        e->size = size;
        memcpy(e->query, r->in, size);
        exchange_ask(r, e);
        return;
    }
}

/* Answers one by one; the query is in r->in. */
static void take_query(struct resolver *r, const struct sockaddr_in *client, size_t size)
{
    struct dns_question q;
    int code = dns_parse(r->in, size, &q);
    if (code < 0)
        return;
    bool forward = code == 0 && look(r, &q);
    if (code == 0 && !r->found.known && forward) {
        forward_query(r, client, &q, size);
        return;
    }
    size_t used;
    if (code == 0 && r->found.known)
        used = dns_answer(r->in, &q, &r->found, r->turn++, q.room, r->out);
    else
        used = dns_refuse(r->in, &q, code ? (enum dns_code)code : DNS_SERVFAIL, false, r->out);
    reply(r, client, r->out, used);
}

static void take_queries(struct resolver *r)
{
    for (int i = 0; i < AT_ONCE; i++) {
        struct sockaddr_in client = {0};
        socklen_t length = sizeof client;
        ssize_t n = recvfrom(r->udp, r->in, sizeof r->in, MSG_DONTWAIT | MSG_TRUNC,
                             (struct sockaddr *)&client, &length);
        if (n < 0)
            return;
        if (length == sizeof client && client.sin_family == AF_INET && (size_t)n <= sizeof r->in)
            take_query(r, &client, (size_t)n);
    }
}

/* What is no answer to what was asked is passed over: somebody guesses. */
static void exchange_read(struct resolver *r, struct exchange *e)
{
    ssize_t n = recv(e->fd, r->in, sizeof r->in, MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n < 0) {
        e->server++;
        exchange_ask(r, e);
        return;
    }
    bool whole = (size_t)n <= sizeof r->in;
    size_t size = whole ? (size_t)n : sizeof r->in;
    if (!dns_answers(e->query, &e->question, e->id, r->in, size))
        return;
    struct sockaddr_storage other;
    if (is_no_help(dns_code_of(r->in)) && find_server(r, e->server + 1, &other) > 0) {
        e->server++;
        exchange_ask(r, e);
        return;
    }
    if (!whole)
        size = dns_refuse(e->query, &e->question, DNS_NOERROR, true, r->in);
    memcpy(r->in, e->query, 2);
    reply(r, &e->client, r->in, size);
    exchange_close(e);
}

static void serve_exchanges(struct resolver *r, const struct pollfd *polls)
{
    for (size_t i = 0; i < RESOLVER_EXCHANGES; i++) {
        struct exchange *e = &r->exchanges[i];
        if (e->open && polls[i].revents)
            exchange_read(r, e);
        if (e->open && monotonic() >= e->until) {
            e->server++;
            exchange_ask(r, e);
        }
    }
}

/* ---- by TCP --------------------------------------------------------------------------------- */

static void stream_close(struct stream *s)
{
    drop(&s->client);
    drop(&s->upstream);
    s->state = STREAM_FREE;
}

/* Our own answer, which stands behind the two bytes for its length. */
static void stream_answer(struct stream *s, size_t size)
{
    drop(&s->upstream);
    s->bytes[0] = (unsigned char)(size >> 8);
    s->bytes[1] = (unsigned char)size;
    s->at = 0;
    s->used = 2 + size;
    s->left = 0;
    s->state = STREAM_SEND;
}

static void stream_refuse(struct resolver *r, struct stream *s, const struct dns_question *q,
                          enum dns_code code)
{
    size_t size = dns_refuse(s->bytes + 2, q, code, false, r->out);
    memcpy(s->bytes + 2, r->out, size);
    stream_answer(s, size);
}

/* The name server of its number, or the first one after it that can be asked. */
static void stream_connect(struct resolver *r, struct stream *s)
{
    drop(&s->upstream);
    while ((s->upstream = open_upstream(r, s->server, SOCK_STREAM)) == -1)
        s->server++;
    s->next = monotonic() + PATIENCE;
    s->state = STREAM_CONNECT;
    struct dns_question q;
    if (s->upstream < 0 && dns_parse(s->bytes + 2, s->query - 2, &q) == 0)
        stream_refuse(r, s, &q, DNS_SERVFAIL);
    else if (s->upstream < 0)
        stream_close(s);
}

/* The query is whole. */
static void stream_take(struct resolver *r, struct stream *s)
{
    struct dns_question q;
    int code = dns_parse(s->bytes + 2, s->query - 2, &q);
    bool forward = code == 0 && look(r, &q);
    if (code < 0) {
        stream_close(s);
    } else if (code > 0) {
        stream_refuse(r, s, &q, (enum dns_code)code);
    } else if (r->found.known) {
        size_t size = dns_answer(s->bytes + 2, &q, &r->found, r->turn++, DNS_ANSWER, r->out);
        memcpy(s->bytes + 2, r->out, size);
        stream_answer(s, size);
    } else if (forward) {
        s->server = 0;
        stream_connect(r, s);
    } else {
        stream_refuse(r, s, &q, DNS_SERVFAIL);
    }
}

static void stream_read_query(struct resolver *r, struct stream *s)
{
    size_t wanted = s->used < 2 ? 2 : s->query;
    ssize_t n = recv(s->client, s->bytes + s->used, wanted - s->used, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        stream_close(s);
        return;
    }
    s->used += (size_t)n;
    if (s->used == 2) {
        s->query = 2 + ((size_t)s->bytes[0] << 8 | s->bytes[1]);
        if (s->query < 2 + DNS_HEADER || s->query > 2 + DNS_QUERY)
            stream_close(s);
    } else if (s->used > 2 && s->used == s->query) {
        stream_take(r, s);
    }
}

/* The connection is there, or has failed. A query fits into the buffer of a new socket whole. */
static void stream_ask(struct resolver *r, struct stream *s)
{
    ssize_t n = send(s->upstream, s->bytes, s->query, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n == (ssize_t)s->query) {
        s->began = false;
        s->left = 2;
        s->used = 0;
        s->at = 0;
        s->state = STREAM_ANSWER;
    } else {
        s->server++;
        stream_connect(r, s);
    }
}

/* The next piece: its first two bytes say how many there are after them. */
static void stream_read_answer(struct stream *s)
{
    size_t room = s->left < sizeof s->bytes - s->used ? s->left : sizeof s->bytes - s->used;
    ssize_t n = recv(s->upstream, s->bytes + s->used, room, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        stream_close(s);
        return;
    }
    s->used += (size_t)n;
    s->left -= (size_t)n;
    if (!s->began && s->left == 0) {
        s->began = true;
        s->left = (size_t)s->bytes[0] << 8 | s->bytes[1];
    }
    if (s->began)
        s->state = STREAM_SEND;
}

static void stream_send(struct stream *s)
{
    ssize_t n = send(s->client, s->bytes + s->at, s->used - s->at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN)
        return;
    s->at += n > 0 ? (size_t)n : 0;
    if (n < 0 || (s->at == s->used && s->left == 0)) {
        stream_close(s);
    } else if (s->at == s->used) {
        s->at = 0;
        s->used = 0;
        s->state = STREAM_ANSWER;
    }
}

static void stream_go_on(struct resolver *r, struct stream *s)
{
    switch (s->state) {
    case STREAM_FREE:
        break;
    case STREAM_QUERY:
        stream_read_query(r, s);
        break;
    case STREAM_CONNECT:
        stream_ask(r, s);
        break;
    case STREAM_ANSWER:
        stream_read_answer(s);
        break;
    case STREAM_SEND:
        stream_send(s);
        break;
    }
}

static void serve_streams(struct resolver *r, const struct pollfd *polls)
{
    for (size_t i = 0; i < RESOLVER_STREAMS; i++) {
        struct stream *s = &r->streams[i];
        if (s->state != STREAM_FREE && polls[i].revents)
            stream_go_on(r, s);
        if (s->state != STREAM_FREE && monotonic() >= s->until) {
            stream_close(s);
        } else if (s->state == STREAM_CONNECT && monotonic() >= s->next) {
            s->server++;
            stream_connect(r, s);
        }
    }
}

static struct stream *free_stream(struct resolver *r)
{
    for (size_t i = 0; i < RESOLVER_STREAMS; i++)
        if (r->streams[i].state == STREAM_FREE)
            return &r->streams[i];
    return NULL;
}

static void accept_stream(struct resolver *r)
{
    struct stream *s = free_stream(r);
    int fd = s ? accept4(r->tcp, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
    if (fd < 0)
        return;
    s->state = STREAM_QUERY;
    s->client = fd;
    s->upstream = -1;
    s->until = monotonic() + STREAM_LIFE;
    s->query = 0;
    s->used = 0;
}

/* ---- the loop ------------------------------------------------------------------------------- */

bool resolver_take(struct resolver *r, int directory, int fd)
{
    int type;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
        return false;
    if (!r->serves) {
        r->serves = true;
        r->udp = -1;
        r->tcp = -1;
        r->directory = directory;
    }
    int *place = type == SOCK_DGRAM ? &r->udp : &r->tcp;
    if (*place >= 0 || (type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0))
        close(fd);
    else
        *place = fd;
    return true;
}

static struct pollfd poll_of(const struct stream *s)
{
    bool out = s->state == STREAM_CONNECT || s->state == STREAM_SEND;
    bool upstream = s->state == STREAM_CONNECT || s->state == STREAM_ANSWER;
    int fd = s->state == STREAM_FREE ? -1 : upstream ? s->upstream : s->client;
    return (struct pollfd){.fd = fd, .events = out ? POLLOUT : POLLIN};
}

void resolver_prepare(const struct resolver *r, struct pollfd *polls)
{
    bool room = false;
    for (size_t i = 0; i < RESOLVER_EXCHANGES; i++) {
        const struct exchange *e = &r->exchanges[i];
        polls[2 + i] = (struct pollfd){.fd = e->open ? e->fd : -1, .events = POLLIN};
    }
    for (size_t i = 0; i < RESOLVER_STREAMS; i++) {
        room |= r->streams[i].state == STREAM_FREE;
        polls[2 + RESOLVER_EXCHANGES + i] = poll_of(&r->streams[i]);
    }
    polls[0] = (struct pollfd){.fd = r->serves ? r->udp : -1, .events = POLLIN};
    polls[1] = (struct pollfd){.fd = r->serves && room ? r->tcp : -1, .events = POLLIN};
}

int resolver_wait(const struct resolver *r)
{
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < RESOLVER_EXCHANGES; i++)
        if (r->exchanges[i].open && r->exchanges[i].until < first)
            first = r->exchanges[i].until;
    for (size_t i = 0; i < RESOLVER_STREAMS; i++) {
        const struct stream *s = &r->streams[i];
        if (s->state != STREAM_FREE && s->until < first)
            first = s->until;
        if (s->state == STREAM_CONNECT && s->next < first)
            first = s->next;
    }
    if (first == UINT64_MAX)
        return -1;
    uint64_t at = monotonic();
    return first > at ? poll_time(first - at) : 0;
}

/* Those that are accepted last: a place that comes to be used now has not been polled. */
void resolver_serve(struct resolver *r, const struct pollfd *polls)
{
    if (!r->serves)
        return;
    serve_exchanges(r, polls + 2);
    serve_streams(r, polls + 2 + RESOLVER_EXCHANGES);
    if (polls[1].revents)
        accept_stream(r);
    if (polls[0].revents)
        take_queries(r);
}

void resolver_end(struct resolver *r)
{
    if (!r->serves)
        return;
    for (size_t i = 0; i < RESOLVER_EXCHANGES; i++)
        if (r->exchanges[i].open)
            exchange_close(&r->exchanges[i]);
    for (size_t i = 0; i < RESOLVER_STREAMS; i++)
        if (r->streams[i].state != STREAM_FREE)
            stream_close(&r->streams[i]);
    drop(&r->udp);
    drop(&r->tcp);
    r->serves = false;
}
