/*
 * resolver.h - the name server of one container: two sockets at an address of its own network
 * namespace, served by its monitor in the host's. It knows the names of the container's networks
 * and asks the host's name servers for all else.
 */
#ifndef MYDOCKER_RESOLVER_H
#define MYDOCKER_RESOLVER_H

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "dns.h"

#define RESOLVER_EXCHANGES 64u /* queries by UDP that wait for an answer; more are dropped */
#define RESOLVER_STREAMS 8u    /* connections by TCP; more wait to be accepted */
#define RESOLVER_POLLS (2u + RESOLVER_EXCHANGES + RESOLVER_STREAMS)

/* A query that was passed on by UDP, by a socket and with an id of its own. */
struct exchange {
    bool open;
    int fd;
    uint16_t id;
    unsigned server; /* number of the name server that is asked */
    uint64_t until;  /* then the next one is */
    struct sockaddr_in client;
    struct dns_question question;
    size_t size;
    unsigned char query[DNS_QUERY];
};

/* What a stream waits for. */
enum stream_state {
    STREAM_FREE,
    STREAM_QUERY,   /* the container's query */
    STREAM_CONNECT, /* the name server, to be sent the query */
    STREAM_ANSWER,  /* the next piece of its answer */
    STREAM_SEND     /* the container, to take that piece, or our own answer */
};

/* A connection: one query, one answer. */
struct stream {
    enum stream_state state;
    int client;
    int upstream; /* -1: none */
    unsigned server;
    uint64_t until; /* then it is closed */
    uint64_t next;  /* then the next name server is tried */
    size_t query;   /* bytes of the query, with its length in front */
    size_t left;    /* bytes of the answer that the name server still owes; its length too */
    bool began;     /* the answer's length is known */
    size_t at;      /* what of the piece has been sent */
    size_t used;
    unsigned char bytes[2 + DNS_ANSWER];
};

struct resolver {
    bool serves;
    int udp; /* -1: none */
    int tcp;
    int directory; /* where the files `resolvers` and `networks` are, of this container's run */
    size_t turn;   /* which of several addresses is the first, next */
    unsigned char in[DNS_ANSWER];
    unsigned char out[DNS_ANSWER];
    struct dns_found found;
    struct exchange exchanges[RESOLVER_EXCHANGES];
    struct stream streams[RESOLVER_STREAMS];
};

/*
 * Takes a socket, by its type, and listens; a second one of that type is closed. False, and the
 * descriptor is the caller's, when it is none.
 */
bool resolver_take(struct resolver *r, int directory, int fd);

/* Fills RESOLVER_POLLS places. */
void resolver_prepare(const struct resolver *r, struct pollfd *polls);

/* Milliseconds until something is to be given up; -1: for ever. */
int resolver_wait(const struct resolver *r);

/* After poll(2), with what resolver_prepare has filled. Never waits. */
void resolver_serve(struct resolver *r, const struct pollfd *polls);

/* The container has ended: nobody asks any more. */
void resolver_end(struct resolver *r);

#endif
