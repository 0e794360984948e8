/* clients.c - see clients.h. */
#define _GNU_SOURCE
#include "clients.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

#define PATIENCE SECOND
#define ACCEPT_PAUSE (SECOND / 10)

/* ---- one client ----------------------------------------------------------------------------- */

void client_drop(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    if (c->received >= 0)
        close(c->received);
    c->fd = -1;
    c->received = -1;
    c->out_used = 0;
    c->taken = 0;
}

/* Room is the caller's to check: PIECE is always left for what the monitor says itself. */
void client_send(struct client *c, enum frame_type type, const void *data, size_t size)
{
    if (c->fd < 0 || c->out_used + sizeof(struct frame) + size > sizeof c->out)
        return;
    const struct frame frame = {(uint32_t)type, (uint32_t)size};
    memcpy(c->out + c->out_used, &frame, sizeof frame);
    memcpy(c->out + c->out_used + sizeof frame, data, size);
    c->out_used += sizeof frame + size;
}

static bool has_room(const struct client *c)
{
    return c->out_used < PIECE / 2;
}

/* In one frame for all: a client that reads none of many would leave no room for the exit. */
static void tell_taken(struct client *c)
{
    if (c->taken == 0 || !has_room(c))
        return;
    client_send(c, FRAME_TAKEN, &c->taken, sizeof c->taken);
    c->taken = 0;
}

void client_flush(struct client *c)
{
    for (;;) {
        tell_taken(c);
        if (c->fd < 0 || c->out_used == 0)
            return;
        ssize_t n = send(c->fd, c->out, c->out_used, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            client_drop(c);
            return;
        }
        c->out_used -= (size_t)n;
        memmove(c->out, c->out + n, c->out_used);
    }
}

/* False when a frame cannot be right. */
static bool obey_all(struct client *c, obey *obey, void *context)
{
    size_t at = 0;
    struct frame frame;
    while (c->in_used - at >= sizeof frame) {
        memcpy(&frame, c->in + at, sizeof frame);
        if (frame.size > STDIN_WINDOW)
            return false;
        if (c->in_used - at - sizeof frame < frame.size)
            break;
        if (!obey(context, c, &frame, c->in + at + sizeof frame))
            return false;
        at += sizeof frame + frame.size;
    }
    c->in_used -= at;
    memmove(c->in, c->in + at, c->in_used);
    return true;
}

/* recv(2) that takes a descriptor too, of which one may wait: then a second one is wrong. */
static ssize_t receive(struct client *c, bool *wrong)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec data = {c->in + c->in_used, sizeof c->in - c->in_used};
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    ssize_t n = recvmsg(c->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    struct cmsghdr *rights = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (!rights || rights->cmsg_type != SCM_RIGHTS)
        return n;
    int fd;
    memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    *wrong = c->received >= 0 || message.msg_flags & MSG_CTRUNC;
    if (*wrong)
        close(fd);
    else
        c->received = fd;
    return n;
}

void client_read(struct client *c, obey *obey, void *context)
{
    if (c->fd < 0)
        return;
    bool wrong = false;
    ssize_t n = receive(c, &wrong);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n > 0 && !wrong) {
        c->in_used += (size_t)n;
        if (obey_all(c, obey, context))
            return;
    }
    client_drop(c);
}

void client_took(struct client *c, size_t size)
{
    c->input_used -= size;
    memmove(c->input, c->input + size, c->input_used);
    c->taken += (uint32_t)size;
}

/* ---- all of them ---------------------------------------------------------------------------- */

/* Not malloc: a mapping costs no memory before it is used, and none once it is gone. */
struct client *clients_add(struct clients *all, int fd, bool launcher, uint32_t flags)
{
    struct client *c = MAP_FAILED;
    if (all->count < CLIENTS_LIMIT)
        c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED) {
        close(fd);
        return NULL;
    }
    c->fd = fd;
    c->received = -1;
    c->launcher = launcher;
    c->flags = flags;
    all->list[all->count++] = c;
    return c;
}

/* Without a descriptor to spare the listener would be ready for ever: it is left alone a while. */
struct client *clients_accept(struct clients *all)
{
    int fd = accept4(all->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        return clients_add(all, fd, false, 0);
    if (errno != EAGAIN)
        all->accept_again = monotonic() + ACCEPT_PAUSE;
    return NULL;
}

bool clients_accepting(const struct clients *all)
{
    return all->listener >= 0 && all->count < CLIENTS_LIMIT && all->accept_again == 0;
}

void clients_sweep(struct clients *all)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        struct client *c = all->list[i];
        if (c->fd < 0 && c->input_used == 0)
            munmap(c, sizeof *c);
        else
            all->list[kept++] = c;
    }
    all->count = kept;
}

bool clients_have_launcher(const struct clients *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i]->launcher && all->list[i]->fd >= 0)
            return true;
    return false;
}

static bool wants_output(const struct client *c)
{
    return c->fd >= 0 && (c->flags & ATTACH_OUTPUT);
}

bool clients_have_room(const struct clients *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (wants_output(all->list[i]) && !has_room(all->list[i]))
            return false;
    return true;
}

bool clients_have_all(const struct clients *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i]->out_used > 0)
            return false;
    return true;
}

void clients_output(struct clients *all, enum frame_type type, const void *data, size_t size)
{
    for (size_t i = 0; i < all->count; i++)
        if (wants_output(all->list[i]))
            client_send(all->list[i], type, data, size);
}

void clients_exit(struct clients *all, const int32_t how[2])
{
    for (size_t i = 0; i < all->count; i++)
        client_send(all->list[i], FRAME_EXIT, how, 2 * sizeof *how);
}

/* Its time so far; the nanoseconds that are left to it while it holds the container up, else 0. */
static uint64_t time_left(struct client *c, uint64_t now, bool ending)
{
    bool holds =
        c->fd >= 0 && !c->launcher && (ending ? c->out_used > 0 : wants_output(c) && !has_room(c));
    if (c->since)
        c->spent += now - c->since;
    c->since = holds ? now : 0;
    if (!holds)
        return 0;
    if (c->spent < PATIENCE)
        return PATIENCE - c->spent;
    client_drop(c);
    return 0;
}

int clients_wait(struct clients *all, bool ending)
{
    if (all->count == 0 && all->accept_again == 0)
        return -1;
    uint64_t now = monotonic();
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < all->count; i++) {
        uint64_t left = time_left(all->list[i], now, ending);
        if (left > 0 && left < least)
            least = left;
    }
    if (all->accept_again && all->accept_again <= now)
        all->accept_again = 0;
    else if (all->accept_again && all->accept_again - now < least)
        least = all->accept_again - now;
    return least == UINT64_MAX ? -1 : poll_time(least);
}
