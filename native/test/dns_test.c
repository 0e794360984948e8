/* dns_test.c - messages of the DNS, those of liars among them, and the names of networks. */
#define _GNU_SOURCE
#include "dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

static const char NAMES[] = "A 172.20.0.2 web\n"
                            "A 172.20.0.2 web.front\n"
                            "A fd00::2 web\n"
                            "P 172.20.0.2 web.front\n"
                            "P fd00::2 web.front\n"
                            "A 172.20.0.3 db\n"
                            "A 172.20.0.2 pool\n"
                            "A 172.20.0.3 pool\n"
                            "A 172.20.0.4 pool\n"
                            "nonsense\n"
                            "A\n"
                            "A 1.2.3\n"
                            "A x web\n";

/* A query for a name; its size. */
static size_t ask(unsigned char *out, const char *name, unsigned type)
{
    static const unsigned char header[] = {0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    memcpy(out, header, sizeof header);
    size_t at = sizeof header;
    while (*name) {
        size_t length = strcspn(name, ".");
        out[at++] = (unsigned char)length;
        memcpy(out + at, name, length);
        at += length;
        name += length + (name[length] == '.');
    }
    const unsigned char tail[] = {0, (unsigned char)(type >> 8), (unsigned char)type, 0, 1};
    memcpy(out + at, tail, sizeof tail);
    return at + sizeof tail;
}

static size_t with_opt(unsigned char *query, size_t size, unsigned room)
{
    const unsigned char opt[] = {0, 0, 41, (unsigned char)(room >> 8), (unsigned char)room, 0, 0, 0,
                                 0, 0, 0};
    query[11] = 1;
    memcpy(query + size, opt, sizeof opt);
    return size + sizeof opt;
}

static int names_file(const char *content, size_t size)
{
    int fd = memfd_create("names", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, content, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static struct dns_found found;

static void look_in(const char *content, size_t size, const struct dns_question *q)
{
    int fd = names_file(content, size);
    memset(&found, 0, sizeof found);
    dns_look(fd, q, &found);
    close(fd);
}

static void look(const char *name, unsigned type)
{
    unsigned char query[DNS_QUERY];
    struct dns_question q;
    CHECK_SAME(dns_parse(query, ask(query, name, type), &q), 0);
    look_in(NAMES, sizeof NAMES - 1, &q);
}

/* ---- queries -------------------------------------------------------------------------------- */

static void query_is_read(void)
{
    unsigned char query[DNS_QUERY];
    struct dns_question q;
    size_t size = ask(query, "WeB.Front", DNS_AAAA);
    CHECK_SAME(dns_parse(query, size, &q), 0);
    CHECK(strcmp(q.name, "web.front") == 0 && q.type == DNS_AAAA && q.class == 1);
    CHECK(q.end == size && !q.edns && q.room == 512);
    size = with_opt(query, size, 65535);
    CHECK_SAME(dns_parse(query, size, &q), 0);
    CHECK(q.edns && q.room == DNS_UDP_MOST && q.end == size - 11);
    with_opt(query, q.end, 100);
    CHECK(dns_parse(query, size, &q) == 0 && q.edns && q.room == 512);
}

static void malformed_query_is_refused_or_gets_no_answer(void)
{
    unsigned char query[DNS_QUERY + 1];
    struct dns_question q;
    size_t size = ask(query, "web", DNS_A);
    for (size_t n = 0; n < size; n++)
        CHECK_SAME(dns_parse(query, n, &q), n < DNS_HEADER ? -EBADMSG : DNS_FORMERR);
    CHECK_SAME(dns_parse(query, sizeof query, &q), -EBADMSG);
    query[2] |= 0x80; /* a response */
    CHECK_SAME(dns_parse(query, size, &q), -EBADMSG);
    query[2] = 2 << 3; /* STATUS */
    CHECK_SAME(dns_parse(query, size, &q), DNS_NOTIMP);
    query[2] = 0;
    query[5] = 2; /* two questions */
    CHECK_SAME(dns_parse(query, size, &q), DNS_FORMERR);
    query[5] = 0;
    CHECK_SAME(dns_parse(query, size, &q), DNS_FORMERR);
    query[5] = 1;
    query[12] = 0xc0; /* compressed */
    CHECK_SAME(dns_parse(query, size, &q), DNS_FORMERR);
    query[12] = 0x40; /* neither length nor pointer */
    CHECK_SAME(dns_parse(query, size, &q), DNS_FORMERR);
}

/* Labels of 63, 63, 63 and `last` bytes. */
static size_t long_name(unsigned char *query, size_t last)
{
    size_t at = ask(query, "", DNS_A) - 5;
    for (int i = 0; i < 4; i++) {
        size_t length = i < 3 ? 63 : last;
        query[at++] = (unsigned char)length;
        memset(query + at, 'a', length);
        at += length;
    }
    memcpy(query + at, "\0\0\1\0\1", 5);
    return at + 5;
}

static void name_has_255_bytes_at_most(void)
{
    unsigned char query[DNS_QUERY];
    struct dns_question q;
    CHECK_SAME(dns_parse(query, long_name(query, 61), &q), 0);
    CHECK_SAME(strlen(q.name), 253);
    CHECK_SAME(dns_parse(query, long_name(query, 62), &q), DNS_FORMERR);
}

static void name_that_is_no_text_is_none_of_ours(void)
{
    unsigned char query[DNS_QUERY];
    struct dns_question q;
    for (const char *c = ". \n"; *c; c++) {
        size_t size = ask(query, "webxfront", DNS_A);
        query[DNS_HEADER + 4] = (unsigned char)*c;
        CHECK(dns_parse(query, size, &q) == 0 && q.name[0] == '\0');
    }
    size_t size = ask(query, "webxfront", DNS_A);
    query[DNS_HEADER + 4] = 0;
    CHECK(dns_parse(query, size, &q) == 0 && q.name[0] == '\0');
    look_in("A 1.2.3.4 \nA 1.2.3.4\n", 20, &q);
    CHECK(!found.known);
}

/* ---- names ---------------------------------------------------------------------------------- */

static void names_have_their_addresses(void)
{
    look("web", DNS_A);
    CHECK(found.known && found.count == 1 && found.addresses[0].family == AF_INET);
    CHECK(memcmp(found.addresses[0].bytes, "\254\24\0\2", 4) == 0);
    look("WEB.front", DNS_A);
    CHECK(found.known && found.count == 1);
    look("web", DNS_AAAA);
    CHECK(found.count == 1 && found.addresses[0].family == AF_INET6);
    look("pool", DNS_A);
    CHECK_SAME(found.count, 3);
    look("db", DNS_AAAA);
    CHECK(found.known && found.count == 0);
    look("web", 15); /* MX */
    CHECK(found.known && found.count == 0);
    look("we", DNS_A);
    CHECK(!found.known);
    look("webx", DNS_A);
    CHECK(!found.known);
}

static void addresses_have_their_name(void)
{
    look("2.0.20.172.in-addr.arpa", DNS_PTR);
    CHECK(found.known && strcmp(found.pointer, "web.front") == 0);
    look("2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", DNS_PTR);
    CHECK(found.known && strcmp(found.pointer, "web.front") == 0);
    const char *others[] = {"9.0.20.172.in-addr.arpa",  "in-addr.arpa", ".in-addr.arpa",
                            "0.20.172.in-addr.arpa",    "ip6.arpa",     "256.0.20.172.in-addr.arpa",
                            "2.0.20.172.in-addr.arpa.x"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (others[i][0] == '.')
            continue;
        look(others[i], DNS_PTR);
        CHECK(!found.known);
    }
}

static void overlong_line_is_left_out(void)
{
    static char content[20000];
    unsigned char query[DNS_QUERY];
    struct dns_question q;
    memset(content, 'x', sizeof content);
    memcpy(content, "A 1.2.3.4 ", 10);
    memcpy(content + 9000, " web\nA 1.2.3.5 web\n", 19);
    CHECK_SAME(dns_parse(query, ask(query, "web", DNS_A), &q), 0);
    look_in(content, sizeof content, &q);
    CHECK_SAME(found.count, 1);
    CHECK_SAME(found.addresses[0].bytes[3], 5);
}

static void large_file_is_read_to_its_end(void)
{
    static char content[1 << 20];
    unsigned char query[DNS_QUERY];
    struct dns_question q;
    size_t used = 0;
    for (unsigned i = 0; i < 20000; i++)
        used += (size_t)sprintf(content + used, "A 10.0.%u.%u c%u\n", i >> 8, i & 255, i);
    CHECK_SAME(dns_parse(query, ask(query, "c19999", DNS_A), &q), 0);
    look_in(content, used, &q);
    CHECK_SAME(found.count, 1);
    CHECK_SAME(found.addresses[0].bytes[3], 19999 & 255);
}

/* ---- answers -------------------------------------------------------------------------------- */

static void answer_has_the_addresses_in_turn(void)
{
    unsigned char query[DNS_QUERY];
    unsigned char out[DNS_ANSWER];
    struct dns_question q;
    size_t size = with_opt(query, ask(query, "pool", DNS_A), 1232);
    CHECK_SAME(dns_parse(query, size, &q), 0);
    look_in(NAMES, sizeof NAMES - 1, &q);
    for (size_t turn = 0; turn < 6; turn++) {
        size_t n = dns_answer(query, &q, &found, turn, q.room, out);
        CHECK_SAME(n, q.end + 3 * 16 + 11);
        CHECK(out[0] == 0xab && out[1] == 0xcd && out[2] == 0x81 && out[3] == 0x80);
        CHECK(out[5] == 1 && out[7] == 3 && out[9] == 0 && out[11] == 1);
        CHECK(memcmp(out + 12, query + 12, q.end - 12) == 0);
        CHECK_SAME(out[q.end + 15], 2 + turn % 3);
        CHECK(dns_answers(query, &q, 0xabcd, out, n));
        CHECK(!dns_answers(query, &q, 0xabce, out, n));
        CHECK(!dns_answers(query, &q, 0xabcd, query, size));
        out[DNS_HEADER + 1] ^= 1;
        CHECK(!dns_answers(query, &q, 0xabcd, out, n));
    }
}

static void too_many_addresses_are_cut_by_udp(void)
{
    static char content[1 << 14];
    unsigned char query[DNS_QUERY];
    unsigned char out[DNS_ANSWER];
    struct dns_question q;
    size_t used = 0;
    for (unsigned i = 0; i < 200; i++)
        used += (size_t)sprintf(content + used, "A fd00::%x pool\n", i + 1);
    CHECK_SAME(dns_parse(query, ask(query, "pool", DNS_AAAA), &q), 0);
    look_in(content, used, &q);
    CHECK_SAME(found.count, DNS_ADDRESSES);
    size_t n = dns_answer(query, &q, &found, 7, q.room, out);
    CHECK(n <= 512 && n > 512 - 28 && out[2] & 2);
    CHECK_SAME(out[7], (n - q.end) / 28);
    n = dns_answer(query, &q, &found, 0, DNS_ANSWER, out);
    CHECK(n == q.end + DNS_ADDRESSES * 28 && !(out[2] & 2));
}

static void refusal_has_the_question(void)
{
    unsigned char query[DNS_QUERY];
    unsigned char out[DNS_ANSWER];
    struct dns_question q;
    size_t size = ask(query, "web", DNS_A);
    CHECK_SAME(dns_parse(query, size, &q), 0);
    CHECK_SAME(dns_refuse(query, &q, DNS_SERVFAIL, false, out), size);
    CHECK(dns_code_of(out) == DNS_SERVFAIL && out[2] & 0x80 && out[5] == 1);
    CHECK_SAME(dns_parse(query, size - 1, &q), DNS_FORMERR);
    CHECK_SAME(dns_refuse(query, &q, DNS_FORMERR, false, out), DNS_HEADER);
    CHECK(dns_code_of(out) == DNS_FORMERR && out[5] == 0);
}

/*
 * Whatever comes: sizes stay within bounds (which the sanitizers watch, as each message is a heap
 * block of its own size), and every answer is one.
 */
static void mutated_messages_do_no_harm(void)
{
    const char *names[] = {"web", "pool", "2.0.20.172.in-addr.arpa", "a.b.c.d.e", ""};
    uint64_t seed = 53;
    int fd = names_file(NAMES, sizeof NAMES - 1);
    for (unsigned i = rounds(40000); i > 0; i--) {
        unsigned char query[DNS_QUERY];
        unsigned char out[DNS_ANSWER];
        struct dns_question q;
        size_t size = ask(query, names[chance(&seed) % 5], chance(&seed) % 30);
        if (chance(&seed) % 2)
            size = with_opt(query, size, (unsigned)chance(&seed) & 0xffff);
        for (uint64_t n = chance(&seed) % 6; n > 0; n--)
            query[chance(&seed) % size] = (unsigned char)chance(&seed);
        size = chance(&seed) % 4 ? size : chance(&seed) % (size + 1);
        unsigned char *copy = malloc(size ? size : 1);
        memcpy(copy, query, size);
        int code = dns_parse(copy, size, &q);
        CHECK(code >= -EBADMSG && code <= DNS_REFUSED);
        if (code >= 0) {
            CHECK(q.end <= size && strlen(q.name) < DNS_NAME);
            memset(&found, 0, sizeof found);
            CHECK(lseek(fd, 0, SEEK_SET) == 0);
            dns_look(fd, &q, &found);
            size_t n = code || !found.known ? dns_refuse(copy, &q, DNS_SERVFAIL, false, out)
                                            : dns_answer(copy, &q, &found, i, q.room, out);
            CHECK(n >= DNS_HEADER && n <= q.room && out[2] & 0x80);
            CHECK(dns_answers(copy, &q, (uint16_t)(copy[0] << 8 | copy[1]), out, n) == (code == 0));
        }
        if (size > 0)
            dns_answers(query, &q, 1, copy, size);
        free(copy);
    }
    close(fd);
}

const struct test dns_tests[] = {
    {"a query of the DNS is read", query_is_read, 0},
    {"a malformed query is refused or gets no answer", malformed_query_is_refused_or_gets_no_answer,
     0},
    {"a name has 255 bytes at most", name_has_255_bytes_at_most, 0},
    {"a name that is no text is none of ours", name_that_is_no_text_is_none_of_ours, 0},
    {"names have their addresses", names_have_their_addresses, 0},
    {"addresses have their name", addresses_have_their_name, 0},
    {"an overlong line of names is left out", overlong_line_is_left_out, 0},
    {"a large file of names is read to its end", large_file_is_read_to_its_end, 0},
    {"an answer has the addresses in turn", answer_has_the_addresses_in_turn, 0},
    {"too many addresses are cut by UDP", too_many_addresses_are_cut_by_udp, 0},
    {"a refusal has the question", refusal_has_the_question, 0},
    {"mutated messages do no harm", mutated_messages_do_no_harm, 0},
    {NULL, NULL, 0},
};
