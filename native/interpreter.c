/*
 * interpreter.c - the operations of a launch plan, one short function each.
 *
 * RUNS AFTER THE FORK of a program with many threads: any lock may be held for ever by a thread
 * that does not exist here. Only raw system calls, and the string functions of signal-safety(7):
 * no malloc, no stdio, no pthread, no JNI. native/test/symbols.allow lists what this file may call,
 * and a test compares. No operation decides anything: the plan says what is done and in what order.
 */
#define _GNU_SOURCE
#include "interpreter.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>

#include "sys.h"

#ifndef MS_REMOUNT
#define MS_REMOUNT 32
#endif
#ifndef MS_BIND
#define MS_BIND 4096
#endif
#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

static const char *str(uint64_t arg)
{
    return (const char *)(uintptr_t)arg;
}

static char *const *vector(uint64_t arg)
{
    return (char *const *)(uintptr_t)arg;
}

static const struct blob *blob(uint64_t arg)
{
    return (const struct blob *)(uintptr_t)arg;
}

/* The descriptor in a slot; AT_FDCWD for "none". An empty slot is -1, which no call accepts. */
static int slot(const struct run *r, uint64_t arg)
{
    return arg == NO_SLOT ? AT_FDCWD : r->slots[arg];
}

/* Fills a slot; what it held before is closed, so a register can be used again. */
static long set_slot(struct run *r, uint64_t arg, long fd)
{
    if (fd < 0)
        return fd;
    if (r->slots[arg] >= 0)
        SYS(close, r->slots[arg]);
    r->slots[arg] = (int)fd;
    return fd;
}

/* ---- the process ---------------------------------------------------------------------------- */

/* The kernel's own struct sigaction, as rt_sigaction takes it; zero is SIG_DFL on every machine. */
static long reset_signals(void)
{
    const uint64_t action[8] = {0};
    for (int number = 1; number <= 64; number++)
        if (number != SIGKILL && number != SIGSTOP)
            SYS(rt_sigaction, number, action, NULL, 8);
    return 0;
}

static long unblock_signals(void)
{
    const uint64_t none = 0;
    return SYS(rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
}

/* close_range(2) is Linux 5.9, below this project's floor. */
static long close_span(unsigned first, unsigned last)
{
    return first > last ? 0 : SYS(close_range, first, last, 0);
}

/* Closes everything from 3 on but the slots whose bit is set in `keep`. */
static long close_but_slots(struct run *r, uint64_t keep)
{
    unsigned first = 3;
    for (;;) {
        unsigned next = UINT_MAX;
        for (int i = 0; i < PLAN_SLOTS; i++) {
            unsigned fd = (unsigned)r->slots[i];
            if (r->slots[i] >= 0 && (keep >> i & 1) && fd >= first && fd < next)
                next = fd;
        }
        if (next == UINT_MAX)
            break;
        close_span(first, next - 1);
        first = next + 1;
    }
    for (int i = 0; i < PLAN_SLOTS; i++)
        if (!(keep >> i & 1))
            r->slots[i] = -1;
    return close_span(first, UINT_MAX);
}

static long null_stdio(void)
{
    long fd = SYS(openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
    if (fd < 0)
        return fd;
    for (int to = 0; to < 3; to++) {
        long r = fd == to ? 0 : SYS(dup3, fd, to, 0);
        if (r < 0)
            return r;
    }
    return fd > 2 ? SYS(close, fd) : 0;
}

int run_prepare(struct run *run)
{
    SYS(prctl, PR_SET_NAME, "mydocker:M", 0, 0, 0);
    SYS(prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    SYS(setsid);
    SYS(umask, 0);
    reset_signals();
    long r = close_but_slots(run, UINT64_MAX >> (64 - PLAN_SLOTS));
    if (r == 0)
        r = null_stdio();
    return (int)r;
}

/* ---- M -------------------------------------------------------------------------------------- */

static void run_init(struct run *r);

/* M. I starts here, in its namespaces; everything it will do is in the plan. */
static long op_CLONE_INIT(struct run *r, const struct op *op)
{
    struct clone_args args = {
        .flags = op->arg[0] | CLONE_PARENT_SETTID,
        .exit_signal = SIGCHLD,
        .parent_tid = (uint64_t)(uintptr_t)&r->recording->init_pid,
    };
    int cgroup = slot(r, op->arg[2]);
    if (cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)cgroup;
    }
    long pid = SYS(clone3, &args, sizeof args);
    if (pid != 0)
        return pid;
    close_but_slots(r, op->arg[1]);
    run_init(r);
    return 0; /* run_init does not return */
}

/*
 * M becomes the static monitor: a sealed memfd, so no name or inode of the host is behind
 * /proc/PID/exe. The slots it keeps travel in the recording; signals stay blocked until its main.
 */
static long op_EXEC_MONITOR(struct run *r, const struct op *op)
{
    uint64_t keep = op->arg[2];
    for (int i = 0; i < PLAN_SLOTS; i++) {
        bool kept = (keep >> i & 1) && r->slots[i] >= 0;
        r->recording->slots[i] = kept ? r->slots[i] : -1;
        if (kept)
            SYS(fcntl, r->slots[i], F_SETFD, 0);
    }
    r->recording->next_op = r->at + 1;
    char *const none[] = {NULL};
    return SYS(execveat, slot(r, op->arg[0]), "", vector(op->arg[1]), none, AT_EMPTY_PATH);
}

/* Not O_PATH, as OPEN's are: what is done with a namespace wants it opened (setns(2)). */
static long op_OPEN_NS(struct run *r, const struct op *op)
{
    return set_slot(r, op->arg[0], SYS(openat, AT_FDCWD, str(op->arg[1]), O_RDONLY | O_CLOEXEC, 0));
}

/* The child of OPEN_AS: fills the descriptor `into`, which it has in common with M. */
static long open_in_users(int users, const char *path, long into)
{
    long n = SYS(setns, users, CLONE_NEWUSER);
    long fd = n < 0 ? n : SYS(openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    return fd < 0 ? fd : SYS(dup3, fd, into, O_CLOEXEC);
}

/*
 * M. Some files go by the user namespace of who has opened them: a connection of fuse(4) is mounted
 * in that one only (fuse_fill_super). Nobody comes back from a user namespace (setns(2)), and I may
 * be in a cgroup already that does not let it open the device; so a child of M's does, which shares
 * M's descriptors (CLONE_FILES) and ends with the errno as its code. The place in the table is
 * taken before, by another descriptor.
 */
static long op_OPEN_AS(struct run *r, const struct op *op)
{
    int users = slot(r, op->arg[1]);
    long fd = SYS(fcntl, users, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return fd;
    struct clone_args args = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
    long pid = SYS(clone3, &args, sizeof args);
    if (pid == 0) {
        long n = open_in_users(users, str(op->arg[2]), fd);
        for (;;)
            SYS(exit_group, n < 0 ? -n : 0);
    }
    int status = 0;
    long n = pid < 0 ? pid : SYS(wait4, pid, &status, 0, NULL);
    if (n >= 0 && status != 0)
        n = WIFEXITED(status) ? -WEXITSTATUS(status) : -ECANCELED;
    if (n < 0) {
        SYS(close, fd);
        return n;
    }
    return set_slot(r, op->arg[0], fd);
}

static long op_SETNS(struct run *r, const struct op *op)
{
    return SYS(setns, slot(r, op->arg[0]), op->arg[1]);
}

static long op_UNSHARE(struct run *r, const struct op *op)
{
    (void)r;
    return SYS(unshare, op->arg[0]);
}

static long op_PRCTL(struct run *r, const struct op *op)
{
    (void)r;
    return SYS(prctl, op->arg[0], op->arg[1], op->arg[2], op->arg[3], op->arg[4]);
}

static long op_NAME(struct run *r, const struct op *op)
{
    (void)r;
    return SYS(prctl, PR_SET_NAME, str(op->arg[0]), 0, 0, 0);
}

/* ---- I: with the JVM ------------------------------------------------------------------------ */

/*
 * I says which meeting point it has reached and waits for the JVM's one byte. The end of the stream
 * means that the JVM is gone, or has given up: then so does I.
 */
static long op_SYNC(struct run *r, const struct op *op)
{
    int fd = slot(r, op->arg[0]);
    unsigned char byte = (unsigned char)op->arg[1];
    long n = SYS(write, fd, &byte, 1);
    if (n < 0)
        return n;
    n = SYS(read, fd, &byte, 1);
    return n == 1 ? 0 : n == 0 ? -ECANCELED : n;
}

/* SCM_RIGHTS, unix(7). */
static long send_fd(int socket, int fd, char byte)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec data = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    return SYS(sendmsg, socket, &message, MSG_NOSIGNAL);
}

static long op_SEND_FD(struct run *r, const struct op *op)
{
    return send_fd(slot(r, op->arg[0]), slot(r, op->arg[1]), SENT);
}

/* What the other end's SEND_FD sends; its end, which is that process's, means that nothing comes.
 */
static long op_RECV_FD(struct run *r, const struct op *op)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    char byte;
    struct iovec data = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    long n = SYS(recvmsg, slot(r, op->arg[1]), &message, MSG_CMSG_CLOEXEC);
    if (n <= 0)
        return n < 0 ? n : -ECANCELED;
    const struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    if (!rights || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len != CMSG_LEN(sizeof(int)))
        return -EPROTO;
    int fd;
    memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    return set_slot(r, op->arg[0], fd);
}

/* ---- I: files and mounts -------------------------------------------------------------------- */

/* The kernel resolves `path` inside `root`, whatever links the tree holds (law 7). */
static long open_in(int root, const char *path, uint64_t flags, uint64_t resolve)
{
    struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve};
    if (root != AT_FDCWD)
        how.resolve |= RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    for (int tries = 0;; tries++) {
        long fd = SYS(openat2, root, path, &how, sizeof how);
        if ((fd != -EAGAIN && fd != -EINTR) || tries == 128)
            return fd;
    }
}

/* Opens the directory that holds `path` and copies the last name; O_PATH. */
static long open_parent(int root, const char *path, char name[NAME_MAX + 1])
{
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (end == start)
        return -EINVAL;
    if (end - start > NAME_MAX || start >= PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(name, path + start, end - start);
    name[end - start] = '\0';
    char parent[PATH_MAX];
    memcpy(parent, path, start);
    parent[start] = '\0';
    return open_in(root, start ? parent : ".", O_PATH | O_DIRECTORY, 0);
}

/* As many as the kernel follows in one path; path_resolution(7). */
enum { LINKS_MAX = 40 };

enum create { CREATE_NOTHING, CREATE_DIRECTORY, CREATE_FILE };

/* Makes one missing name below its existing parent; never opens, truncates or follows anything. */
static long create_one(int root, const char *path, enum create kind, unsigned mode)
{
    char name[NAME_MAX + 1];
    long parent = open_parent(root, path, name);
    if (parent < 0)
        return parent;
    long made = kind == CREATE_DIRECTORY ? SYS(mkdirat, parent, name, mode)
                                         : SYS(mknodat, parent, name, S_IFREG | mode, 0);
    SYS(close, parent);
    return made;
}

/*
 * Puts where a link leads into `path`, in the place of its first `end` bytes, which name the link.
 * The result is as foreign as the link: it is only ever resolved inside `root`.
 */
static long substitute_link(int root, char path[PATH_MAX], size_t end)
{
    char name[NAME_MAX + 1];
    char target[PATH_MAX];
    char rest[PATH_MAX];
    char whole = path[end];
    path[end] = '\0';
    long parent = open_parent(root, path, name);
    path[end] = whole;
    if (parent < 0)
        return parent;
    long length = SYS(readlinkat, parent, name, target, sizeof target);
    SYS(close, parent);
    if (length < 0)
        return length == -EINVAL ? 0 : length; /* no link: somebody else has just made it */
    size_t start = length > 0 && target[0] == '/' ? 0 : end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    size_t left = strlen(path + end) + 1;
    if (start + (size_t)length + left > PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(rest, path + end, left);
    memcpy(path + start, target, (size_t)length);
    memcpy(path + start + length, rest, left);
    return 0;
}

/*
 * Makes what is missing of `path`: directories, and the last name as `kind` says. A link that leads
 * nowhere is followed and what it names is made, as a link to a place that is there is followed
 * too.
 */
static long create_path(int root, const char *wanted, enum create kind, unsigned mode)
{
    char path[PATH_MAX];
    char prefix[PATH_MAX];
    if (strlen(wanted) >= sizeof path)
        return -ENAMETOOLONG;
    memcpy(path, wanted, strlen(wanted) + 1);
    /* A slash at the end would have the last name made as a parent. */
    for (size_t end = strlen(path); end > 1 && path[end - 1] == '/'; end--)
        path[end - 1] = '\0';
    int links = 0;
    for (size_t i = 1; i <= strlen(path); i++) {
        bool last = path[i] == '\0';
        if ((!last && path[i] != '/') || path[i - 1] == '/')
            continue;
        memcpy(prefix, path, i);
        prefix[i] = '\0';
        long fd = open_in(root, prefix, O_PATH, 0);
        if (fd >= 0) {
            SYS(close, fd);
            continue;
        }
        if (fd == -ENOENT)
            fd = create_one(root, prefix, last ? kind : CREATE_DIRECTORY, last ? mode : 0755);
        if (fd == -EEXIST) {
            fd = ++links > LINKS_MAX ? -ELOOP : substitute_link(root, path, i);
            i = 0;
        }
        if (fd < 0)
            return fd;
    }
    return 0;
}

static long op_OPEN(struct run *r, const struct op *op)
{
    int root = slot(r, op->arg[1]);
    const char *path = str(op->arg[2]);
    enum create kind = (enum create)op->arg[3];
    long fd = open_in(root, path, O_PATH, op->arg[5]);
    if (fd == -ENOENT && kind != CREATE_NOTHING) {
        fd = create_path(root, path, kind, (unsigned)op->arg[4]);
        if (fd == 0)
            fd = open_in(root, path, O_PATH, op->arg[5]);
    }
    return set_slot(r, op->arg[0], fd);
}

static long op_CHDIR(struct run *r, const struct op *op)
{
    (void)r;
    long n = SYS(chdir, str(op->arg[0]));
    if (n < 0)
        return n;
    /* A working directory outside the root shows as a path that does not start with '/'
       (CVE-2024-21626): getcwd(2), "(unreachable)". */
    char path[PATH_MAX];
    n = SYS(getcwd, path, sizeof path);
    if (n < 0)
        return n;
    return path[0] == '/' ? 0 : -EXDEV;
}

static long op_MOUNT(struct run *r, const struct op *op)
{
    (void)r;
    return SYS(mount, str(op->arg[0]), str(op->arg[1]), str(op->arg[2]), op->arg[3],
               str(op->arg[4]));
}

/*
 * fsopen, fsconfig per pair (an empty value is a flag), fsmount: a file system not yet attached.
 * `fd` is the option of that name, NULL for none.
 */
static long mount_fs(struct run *r, const struct op *op, const char *fd)
{
    long context = SYS(fsopen, str(op->arg[1]), FSOPEN_CLOEXEC);
    if (context < 0)
        return context;
    long n = fd ? SYS(fsconfig, context, FSCONFIG_SET_STRING, "fd", fd, 0) : 0;
    for (char *const *pair = vector(op->arg[2]); pair[0] && n >= 0; pair += 2) {
        bool flag = pair[1][0] == '\0';
        n = SYS(fsconfig, context, flag ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, pair[0],
                flag ? NULL : pair[1], 0);
    }
    if (n >= 0)
        n = SYS(fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
    if (n >= 0)
        n = SYS(fsmount, context, FSMOUNT_CLOEXEC, op->arg[3]);
    SYS(close, context);
    return set_slot(r, op->arg[0], n);
}

static long op_FSMOUNT(struct run *r, const struct op *op)
{
    return mount_fs(r, op, NULL);
}

static long op_OPEN_TREE(struct run *r, const struct op *op)
{
    return set_slot(
        r, op->arg[0],
        SYS(open_tree, slot(r, op->arg[1]), str(op->arg[2]), op->arg[3] | OPEN_TREE_CLOEXEC));
}

static long attach(int tree, int target)
{
    return SYS(move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static long op_ATTACH(struct run *r, const struct op *op)
{
    return attach(slot(r, op->arg[0]), slot(r, op->arg[1]));
}

/* At most 11 bytes, the NUL at the end included. */
static void fd_digits(int fd, char *out)
{
    char digits[12];
    int n = 0;
    do {
        digits[n++] = (char)('0' + fd % 10);
        fd /= 10;
    } while (fd);
    while (n)
        *out++ = digits[--n];
    *out = '\0';
}

/* "/proc/self/fd/N": a path that is exactly the descriptor, for calls that know no descriptors. */
static void fd_path(int fd, char out[32])
{
    static const char prefix[] = "/proc/self/fd/";
    memcpy(out, prefix, sizeof prefix - 1);
    fd_digits(fd, out + sizeof prefix - 1);
}

static long op_FSMOUNT_FD(struct run *r, const struct op *op)
{
    char digits[12] = "-1";
    int fd = slot(r, op->arg[4]);
    if (fd >= 0)
        fd_digits(fd, digits);
    return mount_fs(r, op, digits);
}

/* MOUNT_ATTR_* and MS_* agree in their four lowest bits; the times differ (mount_setattr(2)). */
static unsigned long ms_flags(uint64_t attributes)
{
    unsigned long flags = attributes & 0xf;
    switch (attributes & MOUNT_ATTR__ATIME) {
    case MOUNT_ATTR_NOATIME:
        return flags | 1024;
    case MOUNT_ATTR_STRICTATIME:
        return flags | 1ul << 24;
    default:
        return flags;
    }
}

/* Before Linux 5.12: a remount of that one mount, submounts excluded. */
static long set_attributes(int tree, struct mount_attr attr, bool recursive)
{
    long n = SYS(mount_setattr, tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
                 sizeof attr);
    if (n != -ENOSYS)
        return n;
    char path[32];
    fd_path(tree, path);
    n = 0;
    if (attr.propagation)
        n = SYS(mount, NULL, path, NULL, attr.propagation, NULL);
    if (n == 0 && attr.attr_set)
        n = SYS(mount, NULL, path, NULL, MS_REMOUNT | MS_BIND | ms_flags(attr.attr_set), NULL);
    return n;
}

static long op_MOUNT_ATTR(struct run *r, const struct op *op)
{
    const struct mount_attr attr = {
        .attr_set = op->arg[1], .attr_clr = op->arg[2], .propagation = op->arg[3]};
    return set_attributes(slot(r, op->arg[0]), attr, op->arg[4]);
}

/* Linux 5.12: ids of the file system are shown as what the namespace's maps make of them. */
static long op_IDMAP(struct run *r, const struct op *op)
{
    const struct mount_attr attr = {
        .attr_set = MOUNT_ATTR_IDMAP,
        .userns_fd = (uint64_t)slot(r, op->arg[1]),
    };
    return SYS(mount_setattr, slot(r, op->arg[0]), "", AT_EMPTY_PATH, &attr, sizeof attr);
}

static long op_MKNOD(struct run *r, const struct op *op)
{
    char name[NAME_MAX + 1];
    long parent = open_parent(slot(r, op->arg[0]), str(op->arg[1]), name);
    if (parent < 0)
        return parent;
    uint64_t device = makedev((unsigned)op->arg[3], (unsigned)op->arg[4]);
    long n = SYS(mknodat, parent, name, op->arg[2], device);
    struct stat old;
    if (n == -EEXIST && SYS(newfstatat, parent, name, &old, AT_SYMLINK_NOFOLLOW) == 0 &&
        (old.st_mode & S_IFMT) == (op->arg[2] & S_IFMT) && old.st_rdev == device)
        n = 0; /* the last start has made it: outside of /dev it stays */
    if (n == 0)
        n = SYS(fchownat, parent, name, op->arg[5], op->arg[6], AT_SYMLINK_NOFOLLOW);
    SYS(close, parent);
    return n;
}

static long op_SYMLINK(struct run *r, const struct op *op)
{
    char name[NAME_MAX + 1];
    long parent = open_parent(slot(r, op->arg[0]), str(op->arg[2]), name);
    if (parent < 0)
        return parent;
    long n = SYS(symlinkat, str(op->arg[1]), parent, name);
    SYS(close, parent);
    return n == -EEXIST ? 0 : n;
}

static long op_WRITE_FILE(struct run *r, const struct op *op)
{
    long fd = open_in(slot(r, op->arg[0]), str(op->arg[1]), O_WRONLY, 0);
    if (fd < 0)
        return fd;
    const struct blob *data = blob(op->arg[2]);
    long n = SYS(write, fd, data->bytes, data->size);
    SYS(close, fd);
    return n < 0 ? n : (uint64_t)n == data->size ? 0 : -EIO;
}

/*
 * The container's own: open_tree(2) alone would follow a link in place of /dev out of the root. It
 * must be the real one: what else stands there would be shown in the place of what is hidden
 * (CVE-2025-31133).
 */
static long null_tree(int root)
{
    long fd = open_in(root, "/dev/null", O_PATH, RESOLVE_NO_SYMLINKS);
    if (fd < 0)
        return fd;
    struct stat is;
    long n = SYS(newfstatat, fd, "", &is, AT_EMPTY_PATH);
    if (n == 0 && (!S_ISCHR(is.st_mode) || is.st_rdev != makedev(1, 3)))
        n = -ENODEV;
    if (n < 0) {
        SYS(close, fd);
        return n;
    }
    long tree = SYS(open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    SYS(close, fd);
    return tree;
}

static long empty_directory(void)
{
    long context = SYS(fsopen, "tmpfs", FSOPEN_CLOEXEC);
    if (context < 0)
        return context;
    long n = SYS(fsconfig, context, FSCONFIG_SET_STRING, "size", "4k", 0);
    if (n >= 0)
        n = SYS(fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
    if (n >= 0)
        n = SYS(fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
    SYS(close, context);
    return n;
}

/* Opens `path` for MASK and READONLY: 1 when there is nothing to hide or protect. */
static long open_existing(int root, const char *path, long *fd)
{
    *fd = open_in(root, path, O_PATH, RESOLVE_NO_SYMLINKS);
    if (*fd == -ENOENT || *fd == -ENOTDIR || *fd == -EACCES)
        return 1;
    return *fd < 0 ? *fd : 0;
}

/* One for all: a file system each would cost a start with many of them its time. */
static long shared_empty_directory(struct run *r)
{
    if (r->empty == 0)
        return empty_directory();
    return SYS(open_tree, r->empty, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
}

/* Hides a file behind the container's own /dev/null, a directory behind an empty one. */
static long op_MASK(struct run *r, const struct op *op)
{
    int root = slot(r, op->arg[0]);
    long target;
    long n = open_existing(root, str(op->arg[1]), &target);
    if (n)
        return n;
    /* Only a directory has a "."; asking is simpler than stat, whose layout is per machine. */
    long directory = SYS(openat, target, ".", O_PATH | O_CLOEXEC, 0);
    long cover = directory >= 0 ? shared_empty_directory(r) : null_tree(root);
    n = cover < 0 ? cover : attach((int)cover, (int)target);
    /* What is attached can be cloned, and what is not yet cannot: so it stays open. */
    if (n == 0 && directory >= 0 && r->empty == 0)
        r->empty = (int)cover;
    else if (cover >= 0)
        SYS(close, cover);
    if (directory >= 0)
        SYS(close, directory);
    SYS(close, target);
    return n;
}

/* Binds a path onto itself, read-only. */
static long op_READONLY(struct run *r, const struct op *op)
{
    long target;
    long n = open_existing(slot(r, op->arg[0]), str(op->arg[1]), &target);
    if (n)
        return n;
    long tree = SYS(open_tree, target, "",
                    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH);
    n = tree < 0 ? tree : attach((int)tree, (int)target);
    if (n == 0)
        n = set_attributes((int)tree, (struct mount_attr){.attr_set = MOUNT_ATTR_RDONLY}, true);
    if (tree >= 0)
        SYS(close, tree);
    SYS(close, target);
    return n;
}

/*
 * pivot_root(2), NOTES: with "." twice the old root ends up stacked on the new one, so that no
 * directory for it is needed, and is then detached with everything below it.
 */
static long op_PIVOT_ROOT(struct run *r, const struct op *op)
{
    long n = SYS(fchdir, slot(r, op->arg[0]));
    if (n == 0)
        n = SYS(pivot_root, ".", ".");
    if (n == 0)
        n = SYS(umount2, ".", MNT_DETACH);
    return n < 0 ? n : SYS(chdir, "/");
}

/* ---- I: the rest of the process ------------------------------------------------------------- */

static long op_LOOPBACK_UP(struct run *r, const struct op *op)
{
    (void)r;
    (void)op;
    long fd = SYS(socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    struct ifreq request = {.ifr_name = "lo"};
    long n = SYS(ioctl, fd, SIOCGIFFLAGS, &request);
    if (n == 0) {
        request.ifr_flags |= IFF_UP;
        n = SYS(ioctl, fd, SIOCSIFFLAGS, &request);
    }
    SYS(close, fd);
    return n;
}

/*
 * A socket at an address of this network namespace, that of a server. SO_REUSEPORT: who runs as the
 * same user (root, here), and says the same, may bind that port for all addresses beside it, and
 * this one, which says which address, still gets what is sent there; socket(7).
 */
static long op_BIND(struct run *r, const struct op *op)
{
    const int type = (int)op->arg[1];
    const int on = 1;
    const uint64_t host = op->arg[2];
    const uint64_t port = op->arg[3];
    const unsigned char bytes[] = {(unsigned char)(host >> 24), (unsigned char)(host >> 16),
                                   (unsigned char)(host >> 8),  (unsigned char)host,
                                   (unsigned char)(port >> 8),  (unsigned char)port};
    struct sockaddr_in address = {.sin_family = AF_INET};
    memcpy(&address.sin_addr, bytes, 4);
    memcpy(&address.sin_port, bytes + 4, 2);
    long fd = SYS(socket, AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    long n = SYS(setsockopt, fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (n == 0)
        n = SYS(bind, fd, &address, sizeof address);
    if (n == 0 && type == SOCK_STREAM)
        n = SYS(listen, fd, SOMAXCONN);
    if (n < 0) {
        SYS(close, fd);
        return n;
    }
    return set_slot(r, op->arg[0], fd);
}

static long op_SETHOSTNAME(struct run *r, const struct op *op)
{
    (void)r;
    return SYS(sethostname, str(op->arg[0]), strlen(str(op->arg[0])));
}

static long op_SETDOMAINNAME(struct run *r, const struct op *op)
{
    (void)r;
    return SYS(setdomainname, str(op->arg[0]), strlen(str(op->arg[0])));
}

static long op_RLIMIT(struct run *r, const struct op *op)
{
    (void)r;
    const uint64_t limit[2] = {op->arg[1], op->arg[2]}; /* struct rlimit64 */
    return SYS(prlimit64, 0, op->arg[0], limit, NULL);
}

static long op_UMASK(struct run *r, const struct op *op)
{
    (void)r;
    return SYS(umask, op->arg[0]) < 0 ? -EINVAL : 0;
}

/* Drops every capability whose bit is not set, up to the last the kernel knows (EINVAL). */
static long op_BOUNDING(struct run *r, const struct op *op)
{
    (void)r;
    for (unsigned cap = 0; cap < 64; cap++) {
        if (op->arg[0] >> cap & 1)
            continue;
        long n = SYS(prctl, PR_CAPBSET_DROP, cap, 0, 0, 0);
        if (n == -EINVAL)
            return 0;
        if (n < 0)
            return n;
    }
    return 0;
}

static long op_CAPSET(struct run *r, const struct op *op)
{
    (void)r;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct data[2] = {
        {(uint32_t)op->arg[0], (uint32_t)op->arg[1], (uint32_t)op->arg[2]},
        {(uint32_t)(op->arg[0] >> 32), (uint32_t)(op->arg[1] >> 32), (uint32_t)(op->arg[2] >> 32)},
    };
    return SYS(capset, &header, data);
}

static long op_AMBIENT(struct run *r, const struct op *op)
{
    (void)r;
    long n = SYS(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (unsigned cap = 0; cap < 64 && n == 0; cap++)
        if (op->arg[0] >> cap & 1)
            n = SYS(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
    return n;
}

static long op_SETGROUPS(struct run *r, const struct op *op)
{
    (void)r;
    const struct blob *groups = blob(op->arg[0]);
    return SYS(setgroups, groups->size / sizeof(gid_t), groups->bytes);
}

static long op_SETRESGID(struct run *r, const struct op *op)
{
    (void)r;
    return SYS(setresgid, op->arg[0], op->arg[0], op->arg[0]);
}

static long op_SETRESUID(struct run *r, const struct op *op)
{
    (void)r;
    return SYS(setresuid, op->arg[0], op->arg[0], op->arg[0]);
}

/* A pty of the container's own devpts instance; TIOCGPTPEER needs no path for its other side. */
static long op_OPEN_PTY(struct run *r, const struct op *op)
{
    long master =
        open_in(slot(r, op->arg[2]), "dev/pts/ptmx", O_RDWR | O_NOCTTY, RESOLVE_NO_SYMLINKS);
    if (master < 0)
        return master;
    int unlocked = 0;
    const struct winsize size = {.ws_row = (unsigned short)op->arg[3],
                                 .ws_col = (unsigned short)op->arg[4]};
    long n = SYS(ioctl, master, TIOCSPTLCK, &unlocked);
    if (n == 0)
        n = SYS(ioctl, master, TIOCSWINSZ, &size);
    if (n == 0)
        n = SYS(ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    set_slot(r, op->arg[0], master);
    return set_slot(r, op->arg[1], n);
}

static long op_FCHOWN(struct run *r, const struct op *op)
{
    return SYS(fchown, slot(r, op->arg[0]), op->arg[1], op->arg[2]);
}

static long op_NEW_SESSION(struct run *r, const struct op *op)
{
    long n = SYS(setsid);
    if (n < 0)
        return n;
    return op->arg[0] == NO_SLOT ? 0 : SYS(ioctl, slot(r, op->arg[0]), TIOCSCTTY, 0);
}

/*
 * session-keyring(7): else it has that of whoever started the engine. Without keys in this kernel,
 * or under a filter that refuses keyctl(2), and to the command as well, there is nothing to have.
 */
static long op_KEYRING(struct run *r, const struct op *op)
{
    (void)r;
    (void)op;
    long n = SYS(keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
    return n > 0 || n == -ENOSYS || n == -EPERM ? 0 : n;
}

static long op_STDIO(struct run *r, const struct op *op)
{
    for (int to = 0; to < 3; to++) {
        bool none = op->arg[to] == NO_SLOT;
        long fd =
            none ? SYS(openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0) : slot(r, op->arg[to]);
        if (none && fd < 0)
            return fd;
        long n = SYS(dup3, fd, to, 0);
        if (none)
            SYS(close, fd);
        if (n < 0)
            return n;
    }
    return 0;
}

/*
 * Before execve, not by it: a path of argv such as /proc/self/fd/7/../.. is resolved while
 * close-on-exec descriptors are still open (CVE-2024-21626, attack 3).
 */
static long op_CLOSE_OTHERS(struct run *r, const struct op *op)
{
    return close_but_slots(r, op->arg[0]);
}

/* Since Linux 5.19: once a call has been taken by who answers it, only what kills interrupts it. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1ul << 5)
#endif

static bool is_program(const struct blob *program, struct sock_fprog *filter)
{
    filter->len = (unsigned short)(program->size / sizeof(struct sock_filter));
    filter->filter = (struct sock_filter *)(uintptr_t)program->bytes;
    return program->size / sizeof(struct sock_filter) <= BPF_MAXINSNS;
}

/*
 * A filter of its own for calls that somebody else answers, who alone has the listener then. EBUSY:
 * somebody listens already, as when this engine itself runs in such a container; a process has one
 * listener, and goes on with that one.
 */
static long op_WATCH(struct run *r, const struct op *op)
{
    struct sock_fprog filter;
    if (!is_program(blob(op->arg[0]), &filter))
        return -E2BIG;
    const unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
    long fd = SYS(seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
                  &filter);
    if (fd == -EINVAL)
        fd = SYS(seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
    if (fd < 0)
        return fd == -EBUSY ? 0 : fd;
    long n = send_fd(slot(r, op->arg[1]), (int)fd, SENT_LISTENER);
    SYS(close, fd);
    return n;
}

/*
 * Behind it nothing is called but execve, so that a filter need allow no more of a launch: what
 * execve's operation would do before is done here, and no clock is asked any more.
 */
static long op_SECCOMP(struct run *r, const struct op *op)
{
    struct sock_fprog filter;
    if (!is_program(blob(op->arg[0]), &filter))
        return -E2BIG;
    unblock_signals();
    uint64_t time = now();
    long n = SYS(seccomp, SECCOMP_SET_MODE_FILTER, op->arg[1], &filter);
    if (n == 0)
        r->filtered = time;
    return n;
}

/* The errors of a candidate that let the search go on are those of execvp(3). */
static long op_EXECVE(struct run *r, const struct op *op)
{
    if (!r->filtered)
        unblock_signals();
    long error = -ENOENT;
    for (char *const *path = vector(op->arg[0]); *path; path++) {
        long n = SYS(execve, *path, vector(op->arg[1]), vector(op->arg[2]));
        if (n == -EACCES)
            error = n;
        else if (n != -ENOENT && n != -ENOTDIR)
            return n;
    }
    return error;
}

/* --init: the monitor's image is also a small init (init.c), which execs the command as its child.
 */
static long op_EXEC_INIT(struct run *r, const struct op *op)
{
    if (!r->filtered)
        unblock_signals();
    return SYS(execveat, slot(r, op->arg[0]), "", vector(op->arg[1]), vector(op->arg[2]),
               AT_EMPTY_PATH);
}

/* ---- the loop ------------------------------------------------------------------------------- */

typedef long operation(struct run *, const struct op *);

static operation *const operations[OP_COUNT] = {
#define OP(name, arguments) op_##name,
#include "ops.def"
#undef OP
};

static uint64_t time_of(const struct run *r)
{
    return r->filtered ? r->filtered : now();
}

static long run_one(struct run *r, uint32_t index)
{
    const struct op *op = &r->plan->ops[index];
    struct record *record = &r->recording->records[index];
    r->at = index;
    record->who = r->who;
    record->start = time_of(r);
    long n = operations[op->code](r, op);
    record->result = n;
    record->end = time_of(r);
    /* The first failure counts: M and I, who wait for each other, then both end. */
    if (n < 0 && !r->recording->failed)
        r->recording->failed = index + 1;
    return n;
}

/* I, from its first instruction; ends in execve or in _exit. */
static void run_init(struct run *r)
{
    r->who = WHO_INIT;
    uint32_t first = r->plan->monitor_ops;
    for (uint32_t i = 0; i < r->plan->init_ops; i++)
        if (run_one(r, first + i) < 0)
            break;
    for (;;) {
        SYS(exit_group, 1);
        __builtin_trap(); /* a filter has refused that, too */
    }
}

int run_monitor_ops(struct run *run, uint32_t first)
{
    run->who = WHO_MONITOR;
    for (uint32_t i = first; i < run->plan->monitor_ops; i++) {
        long n = run_one(run, i);
        if (n < 0)
            return (int)n;
    }
    return 0;
}
