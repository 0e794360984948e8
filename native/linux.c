/*
 * linux.c - the JNI side of dev.mydocker.kernel.Linux: one system call per method.
 *
 * Every function gives the call's result, or -errno, like the kernel. Buffers are copied through
 * the C stack in pieces of at most 64 KiB, so that no call blocks inside a critical region and
 * holds up the garbage collector. Runs in threads of the JVM; nothing here is called after a fork.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <jni.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

#include "launch.h"
#include "plan.h"

#define ABI 1
#define CHUNK 65536

/* Of arguments, and of the environment: bytes; more the kernel does not take by itself. */
#define EXEC_LIMIT (6u << 20)

/* The result of a libc wrapper as the kernel's: -errno instead of -1. */
static jint result(long r)
{
    return r < 0 ? (jint)-errno : (jint)r;
}

/* Repeats a call that a signal interrupted. */
#define RETRY(call)                                                                                \
    __extension__({                                                                                \
        long r_;                                                                                   \
        do {                                                                                       \
            r_ = (call);                                                                           \
        } while (r_ < 0 && errno == EINTR);                                                        \
        result(r_);                                                                                \
    })

struct path {
    char text[PATH_MAX];
};

/* A byte[] as a C string: -ENAMETOOLONG from PATH_MAX on, -EINVAL with a NUL inside. */
static int path_get(JNIEnv *env, jbyteArray bytes, struct path *out)
{
    jsize length = (*env)->GetArrayLength(env, bytes);
    if (length >= PATH_MAX)
        return -ENAMETOOLONG;
    (*env)->GetByteArrayRegion(env, bytes, 0, length, (jbyte *)out->text);
    out->text[length] = '\0';
    return memchr(out->text, '\0', (size_t)length) ? -EINVAL : 0;
}

#define PATH(var, bytes)                                                                           \
    struct path var;                                                                               \
    do {                                                                                           \
        int bad_ = path_get(env, bytes, &var);                                                     \
        if (bad_)                                                                                  \
            return bad_;                                                                           \
    } while (0)

/* A byte[] of any size up to `limit`, copied to the heap; the caller frees it. */
static int blob_get(JNIEnv *env, jbyteArray bytes, size_t limit, void **out, size_t *size)
{
    *size = (size_t)(*env)->GetArrayLength(env, bytes);
    if (*size > limit)
        return -E2BIG;
    *out = malloc(*size + 1);
    if (!*out)
        return -ENOMEM;
    (*env)->GetByteArrayRegion(env, bytes, 0, (jsize)*size, *out);
    ((char *)*out)[*size] = '\0';
    return 0;
}

static int fill_ints(JNIEnv *env, jintArray out, const jint *values, jsize count)
{
    if ((*env)->GetArrayLength(env, out) < count)
        return -EINVAL;
    (*env)->SetIntArrayRegion(env, out, 0, count, values);
    return 0;
}

static int fill_longs(JNIEnv *env, jlongArray out, const jlong *values, jsize count)
{
    if ((*env)->GetArrayLength(env, out) < count)
        return -EINVAL;
    (*env)->SetLongArrayRegion(env, out, 0, count, values);
    return 0;
}

static int fill_bytes(JNIEnv *env, jbyteArray out, const void *bytes, jsize count)
{
    if ((*env)->GetArrayLength(env, out) < count)
        return -ERANGE;
    (*env)->SetByteArrayRegion(env, out, 0, count, bytes);
    return count;
}

#define FN(type, name, ...) static type name(JNIEnv *env, jclass linux_class, ##__VA_ARGS__)
#define UNUSED ((void)env, (void)linux_class)

/* ---- files ---------------------------------------------------------------------------------- */

FN(jint, open_flag, jint which)
{
    UNUSED;
    static const jint flags[] = {O_DIRECTORY, O_NOFOLLOW, O_DIRECT};
    return flags[which];
}

FN(jint, openat2_, jint dirfd, jbyteArray name, jint flags, jint mode, jlong resolve)
{
    UNUSED;
    PATH(path, name);
    struct open_how how = {
        .flags = (uint64_t)(uint32_t)flags | O_CLOEXEC,
        .mode = (uint64_t)(uint32_t)mode,
        .resolve = (uint64_t)resolve,
    };
    /* EAGAIN: a rename raced with a restricted walk (openat2(2)); bounded, so nobody can hold us.
     */
    for (int tries = 0;; tries++) {
        long fd = syscall(SYS_openat2, dirfd, path.text, &how, sizeof how);
        if (fd >= 0 || (errno != EINTR && errno != EAGAIN) || tries == 128)
            return result(fd);
    }
}

FN(jint, close_, jint fd)
{
    UNUSED;
    return result(close(fd));
}

FN(jint, read_, jint fd, jbyteArray buffer, jint offset, jint length)
{
    UNUSED;
    char chunk[CHUNK];
    jint n = RETRY(read(fd, chunk, length < CHUNK ? (size_t)length : CHUNK));
    if (n > 0)
        (*env)->SetByteArrayRegion(env, buffer, offset, n, (jbyte *)chunk);
    return n;
}

FN(jint, write_, jint fd, jbyteArray buffer, jint offset, jint length)
{
    UNUSED;
    char chunk[CHUNK];
    jint n = length < CHUNK ? length : CHUNK;
    (*env)->GetByteArrayRegion(env, buffer, offset, n, (jbyte *)chunk);
    return RETRY(write(fd, chunk, (size_t)n));
}

/* From the buffer's own memory: what O_DIRECT writes must lie where it wants it. */
FN(jint, write_direct, jint fd, jobject buffer, jint offset, jint length)
{
    UNUSED;
    unsigned char *bytes = (*env)->GetDirectBufferAddress(env, buffer);
    if (!bytes)
        return -EINVAL;
    return RETRY(write(fd, bytes + offset, (size_t)length));
}

FN(jlong, lseek_, jint fd, jlong offset, jint whence)
{
    UNUSED;
    off_t at = lseek(fd, offset, whence);
    return at < 0 ? -errno : at;
}

FN(jint, ftruncate_, jint fd, jlong length)
{
    UNUSED;
    return RETRY(ftruncate(fd, length));
}

FN(jint, fsync_, jint fd)
{
    UNUSED;
    return RETRY(fsync(fd));
}

FN(jint, syncfs_, jint fd)
{
    UNUSED;
    return RETRY(syncfs(fd));
}

FN(jint, flock_, jint fd, jint operation)
{
    UNUSED;
    return RETRY(flock(fd, operation));
}

FN(jint, statx_, jint dirfd, jbyteArray name, jint flags, jlongArray out)
{
    UNUSED;
    PATH(path, name);
    struct statx x;
    const unsigned mask = STATX_BASIC_STATS | STATX_MNT_ID;
    jint r = RETRY(statx(dirfd, path.text, flags, mask, &x));
    if (r < 0)
        return r;
    const jlong values[] = {
        x.stx_mode,
        x.stx_nlink,
        x.stx_uid,
        x.stx_gid,
        (jlong)x.stx_size,
        (jlong)x.stx_ino,
        (jlong)x.stx_dev_major << 32 | x.stx_dev_minor,
        x.stx_rdev_major,
        x.stx_rdev_minor,
        x.stx_mtime.tv_sec,
        x.stx_mtime.tv_nsec,
        (jlong)x.stx_mnt_id,
    };
    return fill_longs(env, out, values, sizeof values / sizeof *values);
}

FN(jint, readlinkat_, jint dirfd, jbyteArray name, jbyteArray buffer)
{
    UNUSED;
    PATH(path, name);
    struct path target;
    jint n = result(readlinkat(dirfd, path.text, target.text, sizeof target.text));
    return n < 0 ? n : fill_bytes(env, buffer, target.text, n);
}

FN(jint, getdents64_, jint fd, jbyteArray buffer)
{
    UNUSED;
    _Alignas(8) char chunk[CHUNK];
    jsize room = (*env)->GetArrayLength(env, buffer);
    jint n = result(syscall(SYS_getdents64, fd, chunk, room < CHUNK ? (size_t)room : CHUNK));
    return n <= 0 ? n : fill_bytes(env, buffer, chunk, n);
}

FN(jint, mkdirat_, jint dirfd, jbyteArray name, jint mode)
{
    UNUSED;
    PATH(path, name);
    return result(mkdirat(dirfd, path.text, (mode_t)mode));
}

FN(jint, mknodat_, jint dirfd, jbyteArray name, jint mode, jint major, jint minor)
{
    UNUSED;
    PATH(path, name);
    dev_t device = makedev((unsigned)major, (unsigned)minor);
    return result(mknodat(dirfd, path.text, (mode_t)mode, device));
}

FN(jint, symlinkat_, jbyteArray target_name, jint dirfd, jbyteArray name)
{
    UNUSED;
    PATH(target, target_name);
    PATH(path, name);
    return result(symlinkat(target.text, dirfd, path.text));
}

FN(jint, linkat_, jint olddir, jbyteArray oldname, jint newdir, jbyteArray newname, jint flags)
{
    UNUSED;
    PATH(oldpath, oldname);
    PATH(newpath, newname);
    return result(linkat(olddir, oldpath.text, newdir, newpath.text, flags));
}

FN(jint, unlinkat_, jint dirfd, jbyteArray name, jint flags)
{
    UNUSED;
    PATH(path, name);
    return result(unlinkat(dirfd, path.text, flags));
}

FN(jint, renameat2_, jint olddir, jbyteArray oldname, jint newdir, jbyteArray newname, jint flags)
{
    UNUSED;
    PATH(oldpath, oldname);
    PATH(newpath, newname);
    return result(
        syscall(SYS_renameat2, olddir, oldpath.text, newdir, newpath.text, (unsigned)flags));
}

FN(jint, fchownat_, jint dirfd, jbyteArray name, jint uid, jint gid, jint flags)
{
    UNUSED;
    PATH(path, name);
    return result(fchownat(dirfd, path.text, (uid_t)uid, (gid_t)gid, flags));
}

FN(jint, fchmod_, jint fd, jint mode)
{
    UNUSED;
    return RETRY(fchmod(fd, (mode_t)mode));
}

FN(jint, fchmodat_, jint dirfd, jbyteArray name, jint mode)
{
    UNUSED;
    PATH(path, name);
    return result(fchmodat(dirfd, path.text, (mode_t)mode, 0));
}

FN(jint, utimensat_, jint dirfd, jbyteArray name, jlong asec, jlong ansec, jlong msec, jlong mnsec,
   jint flags)
{
    UNUSED;
    PATH(path, name);
    const struct timespec times[2] = {{asec, (long)ansec}, {msec, (long)mnsec}};
    return result(utimensat(dirfd, path.text, times, flags));
}

/* The kernel's limits: XATTR_NAME_MAX and XATTR_SIZE_MAX (linux/limits.h). */
FN(jint, fsetxattr_, jint fd, jbyteArray name, jbyteArray value, jint flags)
{
    UNUSED;
    PATH(attribute, name);
    void *bytes;
    size_t size;
    int r = blob_get(env, value, 65536, &bytes, &size);
    if (r)
        return r;
    r = result(fsetxattr(fd, attribute.text, bytes, size, flags));
    free(bytes);
    return r;
}

FN(jint, lsetxattr_, jbyteArray file, jbyteArray name, jbyteArray value, jint flags)
{
    UNUSED;
    PATH(path, file);
    PATH(attribute, name);
    void *bytes;
    size_t size;
    int r = blob_get(env, value, 65536, &bytes, &size);
    if (r)
        return r;
    r = result(lsetxattr(path.text, attribute.text, bytes, size, flags));
    free(bytes);
    return r;
}

FN(jint, lgetxattr_, jbyteArray file, jbyteArray name, jbyteArray value)
{
    UNUSED;
    PATH(path, file);
    PATH(attribute, name);
    char bytes[CHUNK];
    jsize room = (*env)->GetArrayLength(env, value);
    jint n = result(lgetxattr(path.text, attribute.text, bytes, sizeof bytes));
    if (n < 0 || room == 0)
        return n;
    return fill_bytes(env, value, bytes, n);
}

FN(jint, llistxattr_, jbyteArray file, jbyteArray list)
{
    UNUSED;
    PATH(path, file);
    char names[CHUNK];
    jint n = result(llistxattr(path.text, names, sizeof names));
    return n < 0 ? n : fill_bytes(env, list, names, n);
}

FN(jint, dupfd_, jint fd, jint min)
{
    UNUSED;
    return result(fcntl(fd, F_DUPFD_CLOEXEC, min));
}

FN(jint, get_flags, jint fd)
{
    UNUSED;
    return result(fcntl(fd, F_GETFL));
}

FN(jint, set_flags, jint fd, jint flags)
{
    UNUSED;
    return result(fcntl(fd, F_SETFL, flags));
}

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

FN(jint, memfd_create_, jbyteArray name)
{
    UNUSED;
    PATH(text, name);
    /* MFD_EXEC is Linux 6.3's; older kernels refuse the flag and make every memfd executable. */
    int fd = memfd_create(text.text, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(text.text, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return result(fd);
}

FN(jint, add_seals, jint fd, jint seals)
{
    UNUSED;
    return result(fcntl(fd, F_ADD_SEALS, seals));
}

FN(jint, pipe2_, jintArray out)
{
    UNUSED;
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    return fill_ints(env, out, (jint *)fds, 2);
}

/* ---- sockets and waiting -------------------------------------------------------------------- */

FN(jint, socketpair_, jintArray out, jboolean seqpacket)
{
    UNUSED;
    int fds[2];
    int type = (seqpacket ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC;
    if (socketpair(AF_UNIX, type, 0, fds) < 0)
        return -errno;
    return fill_ints(env, out, (jint *)fds, 2);
}

/* sun_path holds 108 bytes (unix(7)): a longer path is the caller's to shorten. */
static int unix_address(const struct path *path, struct sockaddr_un *address)
{
    size_t length = strlen(path->text);
    if (length >= sizeof address->sun_path)
        return -ENAMETOOLONG;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path->text, length + 1);
    return 0;
}

FN(jint, connect_unix, jbyteArray name)
{
    UNUSED;
    PATH(path, name);
    struct sockaddr_un address;
    int r = unix_address(&path, &address);
    if (r)
        return r;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    r = RETRY(connect(fd, (struct sockaddr *)&address, sizeof address));
    if (r < 0) {
        close(fd);
        return r;
    }
    return fd;
}

FN(jint, listen_unix, jbyteArray name)
{
    UNUSED;
    PATH(path, name);
    struct sockaddr_un address;
    int r = unix_address(&path, &address);
    if (r)
        return r;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    /* bind(2) gives the file the socket's own mode & ~umask: set before, so there is no window. */
    r = result(fchmod(fd, 0600));
    if (r == 0)
        r = result(bind(fd, (struct sockaddr *)&address, sizeof address));
    if (r == 0)
        r = result(listen(fd, 8));
    if (r < 0) {
        close(fd);
        return r;
    }
    return fd;
}

/* MSG_NOSIGNAL: a peer that is gone is EPIPE, never a signal to the JVM. */
FN(jint, send_, jint fd, jbyteArray buffer, jint offset, jint length)
{
    UNUSED;
    char chunk[CHUNK];
    jint n = length < CHUNK ? length : CHUNK;
    (*env)->GetByteArrayRegion(env, buffer, offset, n, (jbyte *)chunk);
    return RETRY(send(fd, chunk, (size_t)n, MSG_NOSIGNAL));
}

FN(jint, shutdown_, jint fd, jint how)
{
    UNUSED;
    return result(shutdown(fd, how));
}

FN(jint, poll_, jintArray fds, jshortArray events, jshortArray revents, jint timeout)
{
    UNUSED;
    enum { MOST = 64 };
    jsize count = (*env)->GetArrayLength(env, fds);
    if (count > MOST || (*env)->GetArrayLength(env, events) < count ||
        (*env)->GetArrayLength(env, revents) < count)
        return -EINVAL;
    jint numbers[MOST];
    jshort asked[MOST];
    jshort got[MOST];
    struct pollfd polls[MOST];
    (*env)->GetIntArrayRegion(env, fds, 0, count, numbers);
    (*env)->GetShortArrayRegion(env, events, 0, count, asked);
    for (jsize i = 0; i < count; i++)
        polls[i] = (struct pollfd){.fd = numbers[i], .events = asked[i]};
    jint n = result(poll(polls, (nfds_t)count, timeout));
    for (jsize i = 0; n >= 0 && i < count; i++)
        got[i] = polls[i].revents;
    if (n >= 0)
        (*env)->SetShortArrayRegion(env, revents, 0, count, got);
    return n;
}

/* ---- network namespaces --------------------------------------------------------------------- */

/* What a thread does in another network namespace: it opens a socket, or a file below /proc/sys. */
struct visit {
    int netns;
    int family;
    int type;
    int protocol;
    const char *path;
    int flags;
    int result;
};

static int visit_open(const struct visit *v)
{
    return result(v->path ? open(v->path, v->flags | O_CLOEXEC)
                          : socket(v->family, v->type | SOCK_CLOEXEC, v->protocol));
}

/*
 * A thread that knows nothing of Java, as a JVM thread must not change its namespaces; the
 * descriptor is the process's, and stays in the namespace it was opened in.
 */
static void *visit_thread(void *arg)
{
    struct visit *v = arg;
    v->result = setns(v->netns, CLONE_NEWNET) < 0 ? -errno : visit_open(v);
    return NULL;
}

static jint visit(struct visit *v)
{
    if (v->netns < 0)
        return visit_open(v);
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int r = pthread_create(&thread, NULL, visit_thread, v);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r)
        return -r;
    pthread_join(thread, NULL);
    return v->result;
}

FN(jint, socket_in, jint netns, jint family, jint type, jint protocol)
{
    UNUSED;
    struct visit v = {.netns = netns, .family = family, .type = type, .protocol = protocol};
    return visit(&v);
}

FN(jint, open_in, jint netns, jbyteArray name, jint flags)
{
    UNUSED;
    PATH(path, name);
    struct visit v = {.netns = netns, .path = path.text, .flags = flags};
    return visit(&v);
}

FN(jint, setsockopt_, jint fd, jint level, jint option, jint value)
{
    UNUSED;
    return result(setsockopt(fd, level, option, &value, sizeof value));
}

FN(jint, bind_, jint fd, jbyteArray bytes)
{
    UNUSED;
    struct sockaddr_storage address = {0};
    jsize length = (*env)->GetArrayLength(env, bytes);
    if ((size_t)length > sizeof address)
        return -EINVAL;
    (*env)->GetByteArrayRegion(env, bytes, 0, length, (jbyte *)&address);
    return result(bind(fd, (struct sockaddr *)&address, (socklen_t)length));
}

FN(jint, getsockname_, jint fd, jbyteArray out)
{
    UNUSED;
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    jint r = result(getsockname(fd, (struct sockaddr *)&address, &length));
    jsize room = (*env)->GetArrayLength(env, out);
    if (r < 0)
        return r;
    jsize size = room < (jsize)length ? room : (jsize)length;
    return fill_bytes(env, out, &address, size);
}

FN(jint, send_fds, jint socket, jintArray numbers)
{
    UNUSED;
    enum { MOST = 253 }; /* SCM_MAX_FD */
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(MOST * sizeof(jint))];
    } control = {0};
    jsize count = (*env)->GetArrayLength(env, numbers);
    if (count < 1 || count > MOST)
        return -EINVAL;
    struct iovec one = {.iov_base = (char[]){'f'}, .iov_len = 1};
    struct msghdr message = {.msg_iov = &one,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = CMSG_SPACE((size_t)count * sizeof(jint))};
    struct cmsghdr *fds = &control.header;
    fds->cmsg_level = SOL_SOCKET;
    fds->cmsg_type = SCM_RIGHTS;
    fds->cmsg_len = CMSG_LEN((size_t)count * sizeof(jint));
    (*env)->GetIntArrayRegion(env, numbers, 0, count, (jint *)(void *)CMSG_DATA(fds));
    return RETRY(sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

/* ---- processes ------------------------------------------------------------------------------ */

FN(jint, getpid_)
{
    UNUSED;
    return getpid();
}

FN(jint, geteuid_)
{
    UNUSED;
    return (jint)geteuid();
}

FN(jint, getegid_)
{
    UNUSED;
    return (jint)getegid();
}

FN(jint, kill_, jint pid, jint signal)
{
    UNUSED;
    return result(kill(pid, signal));
}

FN(jint, pidfd_open_, jint pid)
{
    UNUSED;
    return result(syscall(SYS_pidfd_open, pid, 0));
}

FN(jint, pidfd_send_signal_, jint pidfd, jint signal)
{
    UNUSED;
    return result(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef __WALL
#define __WALL 0x40000000
#endif

FN(jint, wait_pidfd, jint pidfd, jboolean block, jintArray out)
{
    UNUSED;
    siginfo_t info = {0};
    int options = WEXITED | __WALL | (block ? 0 : WNOHANG);
    jint r = RETRY(waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, options));
    if (r < 0)
        return r;
    const jint values[] = {info.si_pid ? info.si_code : 0, info.si_status};
    return fill_ints(env, out, values, 2);
}

FN(jint, getrlimit_, jint resource, jlongArray out)
{
    UNUSED;
    struct rlimit limit;
    jint r = result(getrlimit((__rlimit_resource_t)resource, &limit));
    if (r < 0)
        return r;
    const jlong values[] = {(jlong)limit.rlim_cur, (jlong)limit.rlim_max};
    return fill_longs(env, out, values, 2);
}

FN(jint, uname_, jbyteArray buffer)
{
    UNUSED;
    struct utsname name;
    jint r = result(uname(&name));
    if (r < 0)
        return r;
    const char *fields[] = {name.sysname, name.nodename, name.release, name.version, name.machine};
    char text[sizeof name];
    size_t used = 0;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        size_t length = strlen(fields[i]) + 1;
        memcpy(text + used, fields[i], length);
        used += length;
    }
    return fill_bytes(env, buffer, text, (jsize)used);
}

FN(jint, getrandom_, jbyteArray out)
{
    UNUSED;
    char bytes[256]; /* as many as getrandom(2) gives whole, whatever happens */
    jsize length = (*env)->GetArrayLength(env, out);
    if (length > (jsize)sizeof bytes)
        return -EINVAL;
    jint r = result((long)getrandom(bytes, (size_t)length, 0));
    return r < 0 ? r : fill_bytes(env, out, bytes, length);
}

FN(jint, capget_, jlongArray out)
{
    UNUSED;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    jint r = result(syscall(SYS_capget, &header, data));
    if (r < 0)
        return r;
    uint64_t bounding = 0;
    for (int cap = 0; cap < 64; cap++) {
        int has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
        if (has < 0)
            break;
        bounding |= (uint64_t)has << cap;
    }
    const jlong values[] = {
        (jlong)((uint64_t)data[1].effective << 32 | data[0].effective),
        (jlong)((uint64_t)data[1].permitted << 32 | data[0].permitted),
        (jlong)((uint64_t)data[1].inheritable << 32 | data[0].inheritable),
        (jlong)bounding,
    };
    return fill_longs(env, out, values, 4);
}

FN(jint, mount_, jbyteArray source_, jbyteArray target_, jbyteArray type_, jlong flags,
   jbyteArray data_)
{
    UNUSED;
    PATH(source, source_);
    PATH(target, target_);
    PATH(type, type_);
    PATH(data, data_);
    return result(mount(source.text, target.text, type.text[0] ? type.text : NULL,
                        (unsigned long)flags, data.text[0] ? data.text : NULL));
}

FN(jint, umount2_, jbyteArray target_, jint flags)
{
    UNUSED;
    PATH(target, target_);
    return result(umount2(target.text, flags));
}

FN(jint, fsopen_, jbyteArray type_)
{
    UNUSED;
    PATH(type, type_);
    return result(syscall(SYS_fsopen, type.text, FSOPEN_CLOEXEC));
}

FN(jint, fsconfig_, jint context, jint command, jbyteArray key_, jbyteArray value_)
{
    UNUSED;
    PATH(key, key_);
    PATH(value, value_);
    return result(syscall(SYS_fsconfig, context, command, key.text[0] ? key.text : NULL,
                          value.text[0] ? value.text : NULL, 0));
}

FN(jint, fsmount_, jint context, jint attributes)
{
    UNUSED;
    return result(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes));
}

FN(jint, open_tree_, jint dirfd, jbyteArray name, jint flags)
{
    UNUSED;
    PATH(path, name);
    return result(syscall(SYS_open_tree, dirfd, path.text, flags | OPEN_TREE_CLOEXEC));
}

FN(jint, move_mount_, jint tree, jint target)
{
    UNUSED;
    return result(syscall(SYS_move_mount, tree, "", target, "",
                          MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

FN(jint, mount_setattr_, jint tree, jlong set, jlong clear, jlong propagation, jboolean recursive)
{
    UNUSED;
    struct mount_attr attr = {
        .attr_set = (uint64_t)set,
        .attr_clr = (uint64_t)clear,
        .propagation = (uint64_t)propagation,
    };
    return result(syscall(SYS_mount_setattr, tree, "",
                          AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr, sizeof attr));
}

/* Of this thread alone: the raw calls are not passed on to others, as a C library's setuid is. */
FN(jint, set_file_system_ids, jint uid, jint gid)
{
    UNUSED;
    enum { NO_SETUID_FIXUP = 1 << 2 }; /* capabilities(7): the ids change, capabilities stay */
    int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
    if (bits < 0 || prctl(PR_SET_SECUREBITS, bits | NO_SETUID_FIXUP, 0, 0, 0) < 0)
        return -errno;
    syscall(SYS_setfsgid, gid);
    syscall(SYS_setfsuid, uid);
    /* setfsuid(2) tells of no error; it says what it is when it is asked for what cannot be. */
    jboolean done = syscall(SYS_setfsuid, -1) == (long)(uint32_t)uid;
    jint r = result(prctl(PR_SET_SECUREBITS, bits, 0, 0, 0));
    return done ? r : -EINVAL;
}

FN(jint, statfs_, jbyteArray name, jlongArray out)
{
    UNUSED;
    PATH(path, name);
    struct statfs fs;
    jint r = RETRY(statfs(path.text, &fs));
    if (r < 0)
        return r;
    const jlong values[] = {
        (jlong)fs.f_type,   (jlong)fs.f_bsize, (jlong)fs.f_blocks,
        (jlong)fs.f_bavail, (jlong)fs.f_files, (jlong)fs.f_ffree,
    };
    return fill_longs(env, out, values, 6);
}

/* ---- terminals and signals ------------------------------------------------------------------ */

FN(jint, isatty_, jint fd)
{
    UNUSED;
    return isatty(fd);
}

FN(jint, tcgetattr_, jint fd, jbyteArray out)
{
    UNUSED;
    struct termios attributes;
    jint r = result(tcgetattr(fd, &attributes));
    return r < 0 ? r : fill_bytes(env, out, &attributes, sizeof attributes);
}

static int termios_get(JNIEnv *env, jbyteArray bytes, struct termios *out)
{
    if ((*env)->GetArrayLength(env, bytes) < (jsize)sizeof *out)
        return -EINVAL;
    (*env)->GetByteArrayRegion(env, bytes, 0, sizeof *out, (jbyte *)out);
    return 0;
}

FN(jint, tcsetattr_, jint fd, jbyteArray termios)
{
    UNUSED;
    struct termios attributes;
    int r = termios_get(env, termios, &attributes);
    return r ? r : RETRY(tcsetattr(fd, TCSADRAIN, &attributes));
}

FN(jint, make_raw, jbyteArray termios)
{
    UNUSED;
    struct termios attributes;
    int r = termios_get(env, termios, &attributes);
    if (r)
        return r;
    cfmakeraw(&attributes);
    return fill_bytes(env, termios, &attributes, sizeof attributes);
}

FN(jint, get_window_size, jint fd, jintArray out)
{
    UNUSED;
    struct winsize size;
    jint r = result(ioctl(fd, TIOCGWINSZ, &size));
    if (r < 0)
        return r;
    const jint values[] = {size.ws_row, size.ws_col};
    return fill_ints(env, out, values, 2);
}

FN(jint, set_window_size, jint fd, jint rows, jint columns)
{
    UNUSED;
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    return result(ioctl(fd, TIOCSWINSZ, &size));
}

/* The write end of the signal pipe; set once, before any handler is installed. */
static int signal_pipe_writer = -1;

static void on_signal(int number)
{
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    /* A full pipe means that 64 Ki signals wait already: losing one more is right. */
    ssize_t ignored = write(signal_pipe_writer, &byte, 1);
    (void)ignored;
    errno = saved;
}

FN(jint, signal_pipe, jintArray signals)
{
    UNUSED;
    static int reader = -1;
    if (reader < 0) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0)
            return -errno;
        fcntl(fds[1], F_SETFL, O_NONBLOCK);
        reader = fds[0];
        signal_pipe_writer = fds[1];
    }
    jsize count = (*env)->GetArrayLength(env, signals);
    for (jsize i = 0; i < count; i++) {
        jint number;
        (*env)->GetIntArrayRegion(env, signals, i, 1, &number);
        struct sigaction now;
        if (sigaction(number, NULL, &now) < 0)
            return -errno;
        if (now.sa_handler == SIG_IGN)
            continue;
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
        if (sigaction(number, &action, NULL) < 0)
            return -errno;
        /* The JVM blocks SIGQUIT and friends in its own threads only; none is blocked here. */
    }
    return reader;
}

FN(jint, raise_default, jint number)
{
    UNUSED;
    struct sigaction action = {.sa_handler = SIG_DFL};
    if (sigaction(number, &action, NULL) < 0)
        return -errno;
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    return result(kill(getpid(), number));
}

static void end_by(int number)
{
    _exit(128 + number);
}

FN(jint, exit_on, jint number)
{
    UNUSED;
    struct sigaction action = {.sa_handler = end_by, .sa_flags = SA_ONSTACK};
    return result(sigaction(number, &action, NULL));
}

/* ---- another program ------------------------------------------------------------------------ */

/* Strings that are each ended by a NUL, as execve(2) wants them; free both. */
static int vector_get(JNIEnv *env, jbyteArray bytes, char **text, char ***vector)
{
    size_t size, count = 0;
    void *copy;
    int r = blob_get(env, bytes, EXEC_LIMIT, &copy, &size);
    if (r)
        return r;
    *text = copy;
    for (size_t i = 0; i < size; i++)
        count += (*text)[i] == '\0';
    *vector = calloc(count + 1, sizeof **vector);
    if (!*vector || (size > 0 && (*text)[size - 1] != '\0')) {
        r = *vector ? -EINVAL : -ENOMEM;
        free(*vector);
        free(copy);
        return r;
    }
    char *at = *text;
    for (size_t i = 0; i < count; i++, at += strlen(at) + 1)
        (*vector)[i] = at;
    return 0;
}

FN(jint, execve_, jint program, jbyteArray arguments, jbyteArray environment)
{
    UNUSED;
    char *words, *settings, **argv, **envp;
    int r = vector_get(env, arguments, &words, &argv);
    if (r)
        return r;
    r = vector_get(env, environment, &settings, &envp);
    if (r == 0) {
        r = result(syscall(SYS_execveat, program, "", argv, envp, AT_EMPTY_PATH));
        free(settings);
        free(envp);
    }
    free(words);
    free(argv);
    return r;
}

/* ---- bpf ------------------------------------------------------------------------------------ */

FN(jint, bpf_load, jint type, jbyteArray instructions)
{
    UNUSED;
    void *code;
    size_t size;
    int r = blob_get(env, instructions, BPF_MAXINSNS * sizeof(struct bpf_insn), &code, &size);
    if (r)
        return r;
    union bpf_attr attr = {
        .prog_type = (uint32_t)type,
        .insn_cnt = (uint32_t)(size / sizeof(struct bpf_insn)),
        .insns = (uintptr_t)code,
        .license = (uintptr_t) "",
    };
    r = RETRY(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr));
    free(code);
    return r;
}

FN(jint, bpf_attach, jint target, jint program, jint type, jint flags)
{
    UNUSED;
    union bpf_attr attr = {
        .target_fd = (uint32_t)target,
        .attach_bpf_fd = (uint32_t)program,
        .attach_type = (uint32_t)type,
        .attach_flags = (uint32_t)flags,
    };
    return RETRY(syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof attr));
}

/* ---- launch --------------------------------------------------------------------------------- */

FN(jint, launch_, jbyteArray plan_bytes, jintArray slot_numbers, jintArray out)
{
    UNUSED;
    if ((*env)->GetArrayLength(env, slot_numbers) != PLAN_SLOTS)
        return -EINVAL;
    jint slots[PLAN_SLOTS];
    (*env)->GetIntArrayRegion(env, slot_numbers, 0, PLAN_SLOTS, slots);
    void *plan;
    size_t size;
    int r = blob_get(env, plan_bytes, PLAN_SIZE_LIMIT, &plan, &size);
    if (r)
        return r;
    struct launched launched;
    r = launch(plan, size, slots, &launched);
    free(plan);
    if (r)
        return r;
    const jint values[] = {launched.pid, launched.pidfd};
    return fill_ints(env, out, values, 2);
}

/* "NAME arguments" lines in the order of ops.def, for Java to compare with its own table. */
FN(jint, operations_, jbyteArray out)
{
    UNUSED;
    char text[4096];
    size_t used = 0;
    for (int i = 0; i < OP_COUNT; i++) {
        int n =
            snprintf(text + used, sizeof text - used, "%s %s\n", plan_names[i], plan_arguments[i]);
        if (n < 0 || (size_t)n >= sizeof text - used)
            return -EOVERFLOW;
        used += (size_t)n;
    }
    return fill_bytes(env, out, text, (jsize)used);
}

FN(jint, seccomp_version_)
{
    UNUSED;
    return SCMP_VER_MAJOR << 16 | SCMP_VER_MINOR << 8 | SCMP_VER_MICRO;
}

/* ---- the table ------------------------------------------------------------------------------ */

#define B "[B"
#define M(java, signature, function)                                                               \
    {                                                                                              \
        (char *)(java), (char *)(signature), (void *)(uintptr_t)(function)                         \
    }

static const JNINativeMethod METHODS[] = {
    M("openFlag", "(I)I", open_flag),
    M("openat2", "(I" B "IIJ)I", openat2_),
    M("close", "(I)I", close_),
    M("read", "(I" B "II)I", read_),
    M("write", "(I" B "II)I", write_),
    M("writeDirect", "(ILjava/nio/ByteBuffer;II)I", write_direct),
    M("lseek", "(IJI)J", lseek_),
    M("ftruncate", "(IJ)I", ftruncate_),
    M("fsync", "(I)I", fsync_),
    M("syncfs", "(I)I", syncfs_),
    M("flock", "(II)I", flock_),
    M("statx", "(I" B "I[J)I", statx_),
    M("readlinkat", "(I" B B ")I", readlinkat_),
    M("getdents64", "(I" B ")I", getdents64_),
    M("mkdirat", "(I" B "I)I", mkdirat_),
    M("mknodat", "(I" B "III)I", mknodat_),
    M("symlinkat", "(" B "I" B ")I", symlinkat_),
    M("linkat", "(I" B "I" B "I)I", linkat_),
    M("unlinkat", "(I" B "I)I", unlinkat_),
    M("renameat2", "(I" B "I" B "I)I", renameat2_),
    M("fchownat", "(I" B "III)I", fchownat_),
    M("fchmod", "(II)I", fchmod_),
    M("fchmodat", "(I" B "I)I", fchmodat_),
    M("utimensat", "(I" B "JJJJI)I", utimensat_),
    M("fsetxattr", "(I" B B "I)I", fsetxattr_),
    M("lsetxattr", "(" B B B "I)I", lsetxattr_),
    M("lgetxattr", "(" B B B ")I", lgetxattr_),
    M("llistxattr", "(" B B ")I", llistxattr_),
    M("dupfd", "(II)I", dupfd_),
    M("getFlags", "(I)I", get_flags),
    M("setFlags", "(II)I", set_flags),
    M("memfdCreate", "(" B ")I", memfd_create_),
    M("addSeals", "(II)I", add_seals),
    M("pipe2", "([I)I", pipe2_),
    M("socketpair", "([IZ)I", socketpair_),
    M("connectUnix", "(" B ")I", connect_unix),
    M("listenUnix", "(" B ")I", listen_unix),
    M("send", "(I" B "II)I", send_),
    M("shutdown", "(II)I", shutdown_),
    M("poll", "([I[S[SI)I", poll_),
    M("getpid", "()I", getpid_),
    M("geteuid", "()I", geteuid_),
    M("getegid", "()I", getegid_),
    M("kill", "(II)I", kill_),
    M("pidfdOpen", "(I)I", pidfd_open_),
    M("pidfdSendSignal", "(II)I", pidfd_send_signal_),
    M("waitPidfd", "(IZ[I)I", wait_pidfd),
    M("getrlimit", "(I[J)I", getrlimit_),
    M("uname", "(" B ")I", uname_),
    M("getrandom", "(" B ")I", getrandom_),
    M("capget", "([J)I", capget_),
    M("mount", "(" B B B "J" B ")I", mount_),
    M("umount2", "(" B "I)I", umount2_),
    M("fsopen", "(" B ")I", fsopen_),
    M("fsconfig", "(II" B B ")I", fsconfig_),
    M("fsmount", "(II)I", fsmount_),
    M("openTree", "(I" B "I)I", open_tree_),
    M("moveMount", "(II)I", move_mount_),
    M("mountSetattr", "(IJJJZ)I", mount_setattr_),
    M("setFileSystemIds", "(II)I", set_file_system_ids),
    M("statfs", "(" B "[J)I", statfs_),
    M("isatty", "(I)I", isatty_),
    M("tcgetattr", "(I" B ")I", tcgetattr_),
    M("tcsetattr", "(I" B ")I", tcsetattr_),
    M("makeRaw", "(" B ")I", make_raw),
    M("getWindowSize", "(I[I)I", get_window_size),
    M("setWindowSize", "(III)I", set_window_size),
    M("signalPipe", "([I)I", signal_pipe),
    M("raiseDefault", "(I)I", raise_default),
    M("exitOn", "(I)I", exit_on),
    M("socketIn", "(IIII)I", socket_in),
    M("openIn", "(I" B "I)I", open_in),
    M("setsockopt", "(IIII)I", setsockopt_),
    M("bind", "(I" B ")I", bind_),
    M("getsockname", "(I" B ")I", getsockname_),
    M("sendFds", "(I[I)I", send_fds),
    M("execve", "(I" B B ")I", execve_),
    M("bpfLoad", "(I" B ")I", bpf_load),
    M("bpfAttach", "(IIII)I", bpf_attach),
    M("launch", "(" B "[I[I)I", launch_),
    M("operations", "(" B ")I", operations_),
    M("seccompVersion", "()I", seccomp_version_),
};

/* Refuses to load under classes of another version, then registers the table above. */
JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved)
{
    (void)reserved;
    JNIEnv *env;
    if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) != JNI_OK)
        return JNI_ERR;
    jclass linux_class = (*env)->FindClass(env, "dev/mydocker/kernel/Linux");
    if (!linux_class)
        return JNI_ERR;
    jfieldID field = (*env)->GetStaticFieldID(env, linux_class, "ABI", "I");
    if (!field || (*env)->GetStaticIntField(env, linux_class, field) != ABI)
        return JNI_ERR;
    const jint count = sizeof METHODS / sizeof *METHODS;
    if ((*env)->RegisterNatives(env, linux_class, METHODS, count) != 0)
        return JNI_ERR;
    return JNI_VERSION_1_8;
}
