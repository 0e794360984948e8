/*
 * dns.h - messages of the DNS (RFC 1035) and the names of a container's networks: data only, no
 * socket. A query is what a container has sent, so nothing in it is believed.
 */
#ifndef MYDOCKER_DNS_H
#define MYDOCKER_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_HEADER 12u
#define DNS_NAME 256u      /* as text, with its NUL; RFC 1035, 2.3.4 */
#define DNS_QUERY 1232u    /* bytes of the longest query that is taken */
#define DNS_ANSWER 4096u   /* bytes of the longest answer that is made */
#define DNS_UDP_USUAL 512u /* bytes of an answer by UDP that everybody takes; RFC 1035, 4.2.1 */
#define DNS_UDP_MOST 1232u /* what passes every link without being cut */
#define DNS_ADDRESSES 128u

enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_AAAA = 28, DNS_OPT = 41 };

enum dns_code {
    DNS_NOERROR,
    DNS_FORMERR,
    DNS_SERVFAIL,
    DNS_NXDOMAIN,
    DNS_NOTIMP,
    DNS_REFUSED,
};

struct dns_question {
    char name[DNS_NAME]; /* in lower case; empty when it is the root, or is no text */
    uint16_t type;
    uint16_t class;
    size_t end;  /* where the question ends in the query */
    bool edns;   /* the query has an OPT record (RFC 6891) */
    size_t room; /* bytes of the longest answer that is taken by UDP */
};

struct dns_address {
    int family;
    unsigned char bytes[16];
};

/* What is known of the name of a question. */
struct dns_found {
    bool known;
    size_t count;
    struct dns_address addresses[DNS_ADDRESSES];
    char pointer[DNS_NAME]; /* the name of an address; empty: none */
};

/*
 * Reads a query: 0, the code of the error that it is answered with (enum dns_code, with a question
 * that has an end), or -EBADMSG for what gets no answer.
 */
int dns_parse(const unsigned char *query, size_t size, struct dns_question *q);

/*
 * Looks the question up in the names of a network, and adds what is there to `found`. They are a
 * file of lines `A ADDRESS NAME` and, one for each address, `P ADDRESS NAME`, in lower case. It is
 * read from where it stands to its end; a line that is none of these is passed over.
 */
void dns_look(int fd, const struct dns_question *q, struct dns_found *found);

/*
 * The answer with what was found, at most `room` bytes; addresses begin with number `first`, and
 * when not all of them fit the answer says so (TC). Its size.
 */
size_t dns_answer(const unsigned char *query, const struct dns_question *q,
                  const struct dns_found *found, size_t first, size_t room,
                  unsigned char out[DNS_ANSWER]);

/* An answer without a record: a code, and whether it is to be asked for again by TCP. Its size. */
size_t dns_refuse(const unsigned char *query, const struct dns_question *q, enum dns_code code,
                  bool truncated, unsigned char out[DNS_ANSWER]);

/* Whether a message answers the query that was sent with that id. */
bool dns_answers(const unsigned char *query, const struct dns_question *q, uint16_t id,
                 const unsigned char *message, size_t size);

/* The code in the header of an answer. */
enum dns_code dns_code_of(const unsigned char *message);

/* Lines of a file, for at most LINE_LIMIT bytes each; longer ones are left out. */
#define LINE_LIMIT 512u

struct lines {
    int fd;
    bool skip;
    size_t used;
    size_t at;
    char bytes[4096];
};

void lines_begin(struct lines *lines, int fd);

/* The next one without its end, valid until the next call; NULL when there is none. */
char *lines_next(struct lines *lines);

#endif
