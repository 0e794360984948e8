/*
 * dns.c - see dns.h. Every length is compared with what there is before it is used. A question has
 * no compressed name (RFC 1035, 4.1.4): it is the first name of its message, so there is nothing
 * that it could point at, and no loop that it could make.
 */
#define _GNU_SOURCE
#include "dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define FLAG_RESPONSE 0x80u
#define FLAG_TRUNCATED 0x02u
#define FLAG_RECURSION_DESIRED 0x01u
#define FLAG_RECURSION_AVAILABLE 0x80u
#define OPCODE 0x78u
#define CODE 0x0fu
#define LABEL 63u
#define NAME_BYTES 255u
#define CLASS_IN 1u
#define CLASS_ANY 255u
#define OPT_SIZE 11u
#define POINTER_TO_QUESTION 0xc00cu

static unsigned number_at(const unsigned char *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static void put_number(unsigned char *p, unsigned value)
{
    p[0] = (unsigned char)(value >> 8);
    p[1] = (unsigned char)value;
}

/* ASCII alone has cases in the DNS; RFC 4343. */
static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

/* ---- a query -------------------------------------------------------------------------------- */

/*
 * The name at `at` as text; where it ends, 0 when it is malformed. A dot or a blank within a label
 * would make another name of it: such a name has no text, and is none of ours.
 */
static size_t read_name(const unsigned char *m, size_t size, size_t at, char text[DNS_NAME])
{
    const size_t begin = at;
    size_t used = 0;
    bool plain = true;
    for (;;) {
        if (at >= size || m[at] > LABEL)
            return 0;
        size_t length = m[at++];
        if (length == 0)
            break;
        if (length > size - at || at + length - begin >= NAME_BYTES)
            return 0;
        if (used > 0)
            text[used++] = '.';
        for (size_t i = 0; i < length; i++, at++) {
            plain = plain && m[at] > ' ' && m[at] < 0x7f && m[at] != '.';
            text[used++] = (char)lower(m[at]);
        }
    }
    text[plain ? used : 0] = '\0';
    return at;
}

/* Of what follows the question only OPT counts, and only alone, as resolvers send it. */
static void read_options(const unsigned char *m, size_t size, struct dns_question *q)
{
    const unsigned char *opt = m + q->end;
    bool alone = number_at(m + 6) == 0 && number_at(m + 8) == 0 && number_at(m + 10) == 1;
    if (!alone || size - q->end < OPT_SIZE || opt[0] != 0 || number_at(opt + 1) != DNS_OPT)
        return;
    size_t room = number_at(opt + 3);
    q->edns = true;
    if (room > q->room)
        q->room = room < DNS_UDP_MOST ? room : DNS_UDP_MOST;
}

int dns_parse(const unsigned char *query, size_t size, struct dns_question *q)
{
    q->name[0] = '\0';
    q->type = 0;
    q->class = 0;
    q->end = DNS_HEADER;
    q->edns = false;
    q->room = DNS_UDP_USUAL;
    if (size < DNS_HEADER || size > DNS_QUERY || query[2] & FLAG_RESPONSE)
        return -EBADMSG;
    if (query[2] & OPCODE)
        return DNS_NOTIMP;
    if (number_at(query + 4) != 1)
        return DNS_FORMERR;
    size_t at = read_name(query, size, DNS_HEADER, q->name);
    if (at == 0 || size - at < 4) {
        q->name[0] = '\0';
        return DNS_FORMERR;
    }
    q->type = (uint16_t)number_at(query + at);
    q->class = (uint16_t)number_at(query + at + 2);
    q->end = at + 4;
    read_options(query, size, q);
    return 0;
}

/* ---- names ---------------------------------------------------------------------------------- */

void lines_begin(struct lines *lines, int fd)
{
    lines->fd = fd;
    lines->skip = false;
    lines->used = 0;
    lines->at = 0;
    lines->bytes[0] = '\0';
}

/* Makes room behind what has not been taken, and fills it; false at the end of the file. */
static bool read_more(struct lines *lines)
{
    memmove(lines->bytes, lines->bytes + lines->at, lines->used - lines->at);
    lines->used -= lines->at;
    lines->at = 0;
    if (lines->used > LINE_LIMIT) {
        lines->skip = true;
        lines->used = 0;
    }
    ssize_t n = read(lines->fd, lines->bytes + lines->used, sizeof lines->bytes - lines->used);
    lines->used += n > 0 ? (size_t)n : 0;
    return n > 0;
}

char *lines_next(struct lines *lines)
{
    for (;;) {
        char *line = lines->bytes + lines->at;
        char *end = memchr(line, '\n', lines->used - lines->at);
        if (!end) {
            if (!read_more(lines))
                return NULL;
            continue;
        }
        bool whole = !lines->skip && end - line <= (ptrdiff_t)LINE_LIMIT;
        lines->skip = false;
        lines->at += (size_t)(end - line) + 1;
        *end = '\0';
        if (whole)
            return line;
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* D.C.B.A.in-addr.arpa, RFC 1035, 3.5. */
static bool reversed_v4(const char *name, struct dns_address *a)
{
    char text[DNS_NAME];
    unsigned char bytes[4];
    size_t length = strlen(name);
    const char *suffix = ".in-addr.arpa";
    if (length <= strlen(suffix) || strcmp(name + length - strlen(suffix), suffix) != 0)
        return false;
    memcpy(text, name, length - strlen(suffix));
    text[length - strlen(suffix)] = '\0';
    if (inet_pton(AF_INET, text, bytes) != 1)
        return false;
    a->family = AF_INET;
    for (int i = 0; i < 4; i++)
        a->bytes[i] = bytes[3 - i];
    return true;
}

/* 32 hexadecimal digits, the last one first, RFC 3596, 2.5. */
static bool reversed_v6(const char *name, struct dns_address *a)
{
    if (strlen(name) != 64 + strlen("ip6.arpa") || strcmp(name + 64, "ip6.arpa") != 0)
        return false;
    a->family = AF_INET6;
    memset(a->bytes, 0, sizeof a->bytes);
    for (size_t i = 0; i < 32; i++) {
        int digit = hex_digit(name[2 * i]);
        if (digit < 0 || name[2 * i + 1] != '.')
            return false;
        a->bytes[15 - i / 2] |= (unsigned char)(i % 2 ? digit << 4 : digit);
    }
    return true;
}

static bool read_address(const char *text, struct dns_address *a)
{
    memset(a->bytes, 0, sizeof a->bytes);
    a->family = strchr(text, ':') ? AF_INET6 : AF_INET;
    return inet_pton(a->family, text, a->bytes) == 1;
}

static void found_address(const struct dns_question *q, const char *text, struct dns_found *found)
{
    struct dns_address a;
    int family = q->type == DNS_A ? AF_INET : q->type == DNS_AAAA ? AF_INET6 : AF_UNSPEC;
    found->known = true;
    if (!read_address(text, &a) || a.family != family || found->count == DNS_ADDRESSES)
        return;
    for (size_t i = 0; i < found->count; i++)
        if (memcmp(&found->addresses[i].bytes, a.bytes, sizeof a.bytes) == 0)
            return;
    found->addresses[found->count++] = a;
}

static void found_pointer(const struct dns_address *wanted, const char *text, const char *name,
                          struct dns_found *found)
{
    struct dns_address a;
    const size_t size = strlen(name) + 1;
    if (found->pointer[0] != '\0' || !read_address(text, &a) || a.family != wanted->family ||
        memcmp(a.bytes, wanted->bytes, sizeof a.bytes) != 0 || size > sizeof found->pointer)
        return;
    found->known = true;
    memcpy(found->pointer, name, size);
}

void dns_look(int fd, const struct dns_question *q, struct dns_found *found)
{
    struct lines lines;
    struct dns_address wanted = {0};
    if (q->name[0] == '\0' || (q->class != CLASS_IN && q->class != CLASS_ANY))
        return;
    bool reverse = reversed_v4(q->name, &wanted) || reversed_v6(q->name, &wanted);
    lines_begin(&lines, fd);
    for (char *line = lines_next(&lines); line; line = lines_next(&lines)) {
        char *address = line + 2;
        char *name = line[0] != '\0' && line[1] == ' ' ? strchr(address, ' ') : NULL;
        if (!name)
            continue;
        *name++ = '\0';
        if (line[0] == 'P' && reverse)
            found_pointer(&wanted, address, name, found);
        else if (line[0] == 'A' && strcmp(name, q->name) == 0)
            found_address(q, address, found);
    }
}

/* ---- answers -------------------------------------------------------------------------------- */

/* Header and question; the numbers of records are 0. The size so far. */
static size_t begin_answer(const unsigned char *query, const struct dns_question *q,
                           enum dns_code code, bool truncated, unsigned char *out)
{
    memset(out, 0, DNS_HEADER);
    memcpy(out, query, 2);
    out[2] = (unsigned char)(FLAG_RESPONSE | (query[2] & (OPCODE | FLAG_RECURSION_DESIRED)) |
                             (truncated ? FLAG_TRUNCATED : 0));
    out[3] = (unsigned char)(FLAG_RECURSION_AVAILABLE | code);
    put_number(out + 4, q->end > DNS_HEADER);
    memcpy(out + DNS_HEADER, query + DNS_HEADER, q->end - DNS_HEADER);
    return q->end;
}

/* Who sends OPT gets it; RFC 6891, 7. */
static size_t end_answer(const struct dns_question *q, size_t size, unsigned char *out)
{
    if (!q->edns)
        return size;
    put_number(out + 10, 1);
    memset(out + size, 0, OPT_SIZE);
    put_number(out + size + 1, DNS_OPT);
    put_number(out + size + 3, DNS_UDP_MOST);
    return size + OPT_SIZE;
}

/*
 * A record of the question's name. It holds for this answer only (a TTL of 0): a container may be
 * gone at once, and asking again costs nothing.
 */
static size_t put_record(unsigned char *out, size_t at, unsigned type, const unsigned char *data,
                         size_t size)
{
    memset(out + at, 0, 12);
    put_number(out + at, POINTER_TO_QUESTION);
    put_number(out + at + 2, type);
    put_number(out + at + 4, CLASS_IN);
    put_number(out + at + 10, (unsigned)size);
    memcpy(out + at + 12, data, size);
    put_number(out + 6, number_at(out + 6) + 1);
    return at + 12 + size;
}

/* A name as labels; its size, 0 when it has none. */
static size_t write_name(const char *text, unsigned char out[DNS_NAME])
{
    size_t used = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, ".");
        if (length == 0 || length > LABEL || used + length + 2 > NAME_BYTES)
            return 0;
        out[used++] = (unsigned char)length;
        memcpy(out + used, text, length);
        used += length;
        text += length + (text[length] == '.');
    }
    out[used++] = 0;
    return used;
}

size_t dns_answer(const unsigned char *query, const struct dns_question *q,
                  const struct dns_found *found, size_t first, size_t room,
                  unsigned char out[DNS_ANSWER])
{
    unsigned char name[DNS_NAME];
    size_t at = begin_answer(query, q, DNS_NOERROR, false, out);
    size_t end = (room < DNS_ANSWER ? room : DNS_ANSWER) - (q->edns ? OPT_SIZE : 0);
    size_t named = q->type == DNS_PTR && found->pointer[0] ? write_name(found->pointer, name) : 0;
    if (named > 0 && named + 12 <= end - at)
        at = put_record(out, at, DNS_PTR, name, named);
    else if (named > 0)
        out[2] |= FLAG_TRUNCATED;
    for (size_t i = 0; i < found->count; i++) {
        const struct dns_address *a = &found->addresses[(first + i) % found->count];
        size_t size = a->family == AF_INET6 ? 16 : 4;
        if (12 + size > end - at) {
            out[2] |= FLAG_TRUNCATED;
            break;
        }
        at = put_record(out, at, q->type, a->bytes, size);
    }
    return end_answer(q, at, out);
}

size_t dns_refuse(const unsigned char *query, const struct dns_question *q, enum dns_code code,
                  bool truncated, unsigned char out[DNS_ANSWER])
{
    return end_answer(q, begin_answer(query, q, code, truncated, out), out);
}

bool dns_answers(const unsigned char *query, const struct dns_question *q, uint16_t id,
                 const unsigned char *message, size_t size)
{
    if (size < q->end || !(message[2] & FLAG_RESPONSE) || number_at(message) != id ||
        number_at(message + 4) != 1)
        return false;
    for (size_t i = DNS_HEADER; i < q->end; i++)
        if (lower(message[i]) != lower(query[i]))
            return false;
    return true;
}

enum dns_code dns_code_of(const unsigned char *message)
{
    return (enum dns_code)(message[3] & CODE);
}
