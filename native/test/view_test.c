/*
 * view_test.c - the file system as the kernel speaks to it. The test is the kernel, and a socket
 * that keeps packets apart stands for /dev/fuse.
 */
#define _GNU_SOURCE
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "test.h"

static struct view view;
static int kernel;

static struct {
    struct fuse_out_header header;
    char data[8192];
} said;

static void connect_view(void)
{
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    kernel = ends[0];
    view.fd = ends[1];
}

static void ask(uint32_t opcode, uint64_t node, const void *data, size_t size)
{
    char packet[512];
    const struct fuse_in_header header = {
        .len = (uint32_t)(sizeof header + size), .opcode = opcode, .unique = 42, .nodeid = node};
    memcpy(packet, &header, sizeof header);
    memcpy(packet + sizeof header, data, size);
    CHECK(send(kernel, packet, header.len, 0) == (ssize_t)header.len);
    view_serve(&view);
}

/* The answer's size without its head; `error` is what the answer must be. */
static size_t answered(int error)
{
    ssize_t n = recv(kernel, &said, sizeof said, 0);
    CHECK(n >= (ssize_t)sizeof said.header);
    CHECK_SAME(said.header.len, n);
    CHECK_SAME(said.header.unique, 42);
    CHECK_SAME(said.header.error, -error);
    return (size_t)n - sizeof said.header;
}

static bool is_silent(void)
{
    return recv(kernel, &said, sizeof said, 0) < 0 && errno == EAGAIN;
}

static void disconnect_view(void)
{
    close(kernel);
    view_serve(&view);
    CHECK_SAME(view.fd, -1);
}

static uint64_t look_up(const char *name)
{
    struct fuse_entry_out entry;
    ask(FUSE_LOOKUP, FUSE_ROOT_ID, name, strlen(name) + 1);
    CHECK_SAME(answered(0), sizeof entry);
    memcpy(&entry, said.data, sizeof entry);
    CHECK_SAME(entry.attr.mode, S_IFREG | 0444);
    return entry.nodeid;
}

static uint64_t open_node(uint64_t node)
{
    struct fuse_open_out opened;
    const struct fuse_open_in in = {.flags = O_RDONLY};
    ask(FUSE_OPEN, node, &in, sizeof in);
    CHECK_SAME(answered(0), sizeof opened);
    memcpy(&opened, said.data, sizeof opened);
    CHECK(opened.open_flags & FOPEN_DIRECT_IO);
    return opened.fh;
}

static void ask_read(uint64_t node, uint64_t handle, uint64_t offset, uint32_t size)
{
    const struct fuse_read_in in = {.fh = handle, .offset = offset, .size = size};
    ask(FUSE_READ, node, &in, sizeof in);
}

static void kernel_is_greeted(void)
{
    connect_view();
    const struct fuse_init_in in = {.major = FUSE_KERNEL_VERSION, .minor = 31};
    struct fuse_init_out out;
    ask(FUSE_INIT, 0, &in, sizeof in);
    CHECK_SAME(answered(0), sizeof out);
    memcpy(&out, said.data, sizeof out);
    CHECK_SAME(out.major, FUSE_KERNEL_VERSION);
    CHECK_SAME(out.minor, 31);
    disconnect_view();
}

static void only_its_own_names_are_found(void)
{
    connect_view();
    for (int i = 0; i < MACHINE_FILES; i++)
        CHECK_SAME(look_up(machine_names[i]), FUSE_ROOT_ID + 1 + i);
    ask(FUSE_LOOKUP, FUSE_ROOT_ID, "kcore", 6);
    answered(ENOENT);
    ask(FUSE_LOOKUP, FUSE_ROOT_ID + 1, "meminfo", 8);
    answered(ENOENT);
    ask(FUSE_LOOKUP, FUSE_ROOT_ID, "stat without an end", 4);
    answered(0);
    disconnect_view();
}

static void pieces_are_of_one_text(void)
{
    connect_view();
    machine_start(&view.machine);
    uint64_t node = look_up("uptime");
    uint64_t handle = open_node(node);
    char whole[64];
    ask_read(node, handle, 0, sizeof whole);
    size_t length = answered(0);
    CHECK(length > 2);
    memcpy(whole, said.data, length);
    usleep(20000); /* whatever is read anew is another text now */
    for (size_t at = 1; at < length; at++) {
        ask_read(node, handle, at, 1);
        CHECK_SAME(answered(0), 1);
        CHECK_SAME(said.data[0], whole[at]);
    }
    ask_read(node, handle, length, 1);
    CHECK_SAME(answered(0), 0);
    ask_read(node, handle, 0, sizeof whole);
    CHECK(answered(0) != length || memcmp(whole, said.data, length) != 0);
    const struct fuse_release_in in = {.fh = handle};
    ask(FUSE_RELEASE, node, &in, sizeof in);
    answered(0);
    disconnect_view();
}

static void more_readers_than_texts_are_kept_all_read(void)
{
    connect_view();
    machine_start(&view.machine);
    uint64_t node = look_up("uptime");
    uint64_t handles[SNAPSHOTS * 3];
    for (size_t i = 0; i < SNAPSHOTS * 3; i++)
        handles[i] = open_node(node);
    for (uint64_t offset = 0; offset < 4; offset++)
        for (size_t i = 0; i < SNAPSHOTS * 3; i++) {
            ask_read(node, handles[i], offset, 1);
            CHECK_SAME(answered(0), 1);
        }
    disconnect_view();
}

static void nothing_is_read_that_is_no_open_file(void)
{
    connect_view();
    ask_read(FUSE_ROOT_ID, 1, 0, 64);
    answered(EINVAL);
    ask_read(FUSE_ROOT_ID + 1 + MACHINE_FILES, 1, 0, 64);
    answered(EINVAL);
    ask_read(FUSE_ROOT_ID + 1, 0, 0, 64);
    answered(EINVAL);
    ask_read(FUSE_ROOT_ID + 1 + MACHINE_UPTIME, 7, UINT64_MAX, UINT32_MAX);
    CHECK_SAME(answered(0), 0);
    ask_read(FUSE_ROOT_ID + 1 + MACHINE_MEMINFO, 8, 0, 64);
    answered(EIO); /* there is no cgroup */
    disconnect_view();
}

static void writers_are_refused(void)
{
    connect_view();
    for (int flags = O_WRONLY; flags <= O_RDWR; flags++) {
        const struct fuse_open_in in = {.flags = (uint32_t)flags};
        ask(FUSE_OPEN, FUSE_ROOT_ID + 1, &in, sizeof in);
        answered(EACCES);
    }
    disconnect_view();
}

static void what_wants_no_answer_gets_none(void)
{
    connect_view();
    const struct fuse_interrupt_in in = {.unique = 41};
    ask(FUSE_INTERRUPT, 0, &in, sizeof in);
    CHECK(is_silent());
    const struct fuse_forget_in forget = {.nlookup = 1};
    ask(FUSE_FORGET, FUSE_ROOT_ID + 1, &forget, sizeof forget);
    CHECK(is_silent());
    disconnect_view();
}

static void all_else_is_not_there(void)
{
    connect_view();
    for (uint32_t opcode = 0; opcode < 60; opcode++) {
        bool known = opcode == FUSE_LOOKUP || opcode == FUSE_FORGET || opcode == FUSE_GETATTR ||
                     opcode == FUSE_OPEN || opcode == FUSE_READ || opcode == FUSE_STATFS ||
                     opcode == FUSE_RELEASE || opcode == FUSE_INIT || opcode == FUSE_INTERRUPT ||
                     opcode == FUSE_BATCH_FORGET;
        if (known)
            continue;
        ask(opcode, FUSE_ROOT_ID, "", 0);
        answered(ENOSYS);
    }
    disconnect_view();
}

const struct test view_tests[] = {
    {"the kernel is greeted", kernel_is_greeted, 0},
    {"only its own names are found", only_its_own_names_are_found, 0},
    {"pieces are of one text", pieces_are_of_one_text, 0},
    {"more readers than texts are kept all read", more_readers_than_texts_are_kept_all_read, 0},
    {"nothing is read that is no open file", nothing_is_read_that_is_no_open_file, 0},
    {"writers are refused", writers_are_refused, 0},
    {"what wants no answer gets none", what_wants_no_answer_gets_none, 0},
    {"all else is not there", all_else_is_not_there, 0},
    {NULL, NULL, 0},
};
