/* process_test.c - operations on the process itself: namespaces, sockets, identity, descriptors. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "sys.h"
#include "test.h"
#include "trial.h"

/* A trial `t` whose M begins with this operation. */
#define ONE(t, ...)                                                                                \
    struct trial *t = trial_new();                                                                 \
    M_DOES(&t->draft, __VA_ARGS__)

/* ---- run_prepare ---------------------------------------------------------------------------- */

/* The descriptors that are open, as a set of their numbers; valgrind's own lie above the limit. */
static uint64_t open_descriptors(void)
{
    uint64_t open = 0;
    struct rlimit limit;
    DIR *directory = opendir("/proc/self/fd");
    CHECK(directory && getrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (struct dirent *entry; (entry = readdir(directory));) {
        long fd = strtol(entry->d_name, NULL, 10);
        if (entry->d_name[0] == '.' || fd == dirfd(directory) || (rlim_t)fd >= limit.rlim_cur)
            continue;
        CHECK(fd < 64);
        open |= BIT(fd);
    }
    closedir(directory);
    return open;
}

static uint64_t slots_and_stdio(const struct run *run)
{
    uint64_t set = 7;
    for (int i = 0; i < PLAN_SLOTS; i++)
        if (run->slots[i] >= 0)
            set |= BIT(run->slots[i]);
    return set;
}

static void is_prepared(struct run *run)
{
    CHECK_SAME(getsid(0), getpid());
    CHECK_SAME(prctl(PR_GET_DUMPABLE), 0);
    CHECK_SAME(umask(0), 0);
    CHECK_SAME(open_descriptors(), slots_and_stdio(run));
    char name[16];
    CHECK(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "mydocker:M") == 0);
    struct stat stat;
    for (int fd = 0; fd < 2; fd++) /* 2 is the test's again */
        CHECK(fstat(fd, &stat) == 0 && S_ISCHR(stat.st_mode));
    struct sigaction action;
    for (int number = 1; number < 32; number++)
        if (number != SIGKILL && number != SIGSTOP)
            CHECK(sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
}

static void fresh_child_becomes_an_ordinary_process(void)
{
    ONE(t, OP_NAME, text(&t->draft, "mydocker:M"));
    signal(SIGUSR1, SIG_IGN); /* as a JVM does with others */
    int stray = fcntl(STDERR_FILENO, F_DUPFD, 20);
    t->inspect = is_prepared;
    CHECK_SAME(outcome(t), 0);
    close(stray);
    signal(SIGUSR1, SIG_DFL);
}

/* ---- M -------------------------------------------------------------------------------------- */

static void first_process_is_cloned_with_its_namespaces(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    const char *const sh[] = {"/bin/sh", NULL};
    const char *const argv[] = {"sh", "-c", "[ $$ = 1 ] && [ $(uname -n) = inside ] && exit 3",
                                NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    M_DOES(d, OP_CLONE_INIT, CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET, 0, NO_SLOT);
    I_DOES(d, OP_SETHOSTNAME, text(d, "inside"));
    I_DOES(d, OP_EXECVE, texts(d, sh), texts(d, argv), texts(d, env));
    trial_run(t);
    CHECK_SAME(result_of(t, 0), t->recording->init_pid);
    CHECK_SAME(t->recording->records[0].who, WHO_MONITOR);
    CHECK_SAME(t->recording->records[1].who, WHO_INIT);
    CHECK(executed(t, 2));
    CHECK_SAME(t->status, 3);
    trial_end(t);
}

static void clone_that_the_kernel_refuses_is_named(void)
{
    ONE(t, OP_CLONE_INIT, CLONE_NEWUSER | CLONE_FS, 0, NO_SLOT);
    CHECK_SAME(outcome(t), -EINVAL);
}

static void first_process_ends_at_its_first_failure(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    M_DOES(d, OP_CLONE_INIT, 0, 0, NO_SLOT);
    I_DOES(d, OP_NAME, text(d, "I"));
    I_DOES(d, OP_CHDIR, text(d, "/no/such/directory"));
    I_DOES(d, OP_NAME, text(d, "never"));
    trial_run(t);
    CHECK_SAME(t->status, 1);
    CHECK_SAME(t->recording->failed, 3);
    CHECK_SAME(result_of(t, 2), -ENOENT);
    CHECK_SAME(t->recording->records[3].start, 0);
    trial_end(t);
}

static void host_name_is_as_before(struct run *run)
{
    (void)run;
    struct utsname now;
    CHECK(uname(&now) == 0 && strcmp(now.nodename, "inside") != 0);
}

static void namespace_is_left_and_joined(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    t->slots[A] = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
    M_DOES(d, OP_UNSHARE, CLONE_NEWUTS);
    M_DOES(d, OP_SETHOSTNAME, text(d, "inside"));
    M_DOES(d, OP_SETNS, A, CLONE_NEWUTS);
    t->inspect = host_name_is_as_before;
    CHECK_SAME(outcome(t), 0);
}

static void opened_namespace_can_be_joined(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    M_DOES(d, OP_OPEN_NS, A, text(d, "/proc/self/ns/uts"));
    M_DOES(d, OP_UNSHARE, CLONE_NEWUTS);
    M_DOES(d, OP_SETHOSTNAME, text(d, "inside"));
    M_DOES(d, OP_SETNS, A, CLONE_NEWUTS);
    t->inspect = host_name_is_as_before;
    CHECK_SAME(outcome(t), 0);
    t = trial_new();
    M_DOES(&t->draft, OP_OPEN_NS, A, text(&t->draft, "/proc/self/ns/none"));
    CHECK_SAME(outcome(t), -ENOENT);
}

static void namespace_of_another_kind_is_not_joined(void)
{
    ONE(t, OP_SETNS, A, CLONE_NEWNET);
    t->slots[A] = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
    CHECK_SAME(outcome(t), -EINVAL);
    ONE(u, OP_UNSHARE, CLONE_VFORK);
    CHECK_SAME(outcome(u), -EINVAL);
}

static void process_dies_with_its_parent(struct run *run)
{
    (void)run;
    int number;
    CHECK(prctl(PR_GET_PDEATHSIG, &number) == 0 && number == SIGTERM);
}

static void prctl_has_the_plans_arguments(void)
{
    ONE(t, OP_PRCTL, PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    t->inspect = process_dies_with_its_parent;
    CHECK_SAME(outcome(t), 0);
    ONE(u, OP_PRCTL, PR_SET_PDEATHSIG, 4096, 0, 0, 0);
    CHECK_SAME(outcome(u), -EINVAL);
}

/* ---- SYNC, SEND_FD -------------------------------------------------------------------------- */

/* A trial with one end of a socket in A; the other one is the caller's. */
static struct trial *with_socket(int *other)
{
    int pair[2];
    struct trial *t = trial_new();
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    t->slots[A] = pair[0];
    *other = pair[1];
    return t;
}

static void meeting_waits_for_one_byte(void)
{
    int other;
    struct trial *t = with_socket(&other);
    M_DOES(&t->draft, OP_SYNC, A, 42);
    trial_start(t);
    unsigned char point = 0;
    CHECK(read(other, &point, 1) == 1 && point == 42);
    CHECK_SAME(t->recording->records[0].end, 0);
    CHECK(write(other, &point, 1) == 1);
    trial_wait(t);
    CHECK_SAME(result_of(t, 0), 0);
    trial_end(t);
    close(other);
}

static void meeting_whose_other_side_goes_away_is_cancelled(void)
{
    int other;
    struct trial *t = with_socket(&other);
    M_DOES(&t->draft, OP_SYNC, A, 1);
    trial_start(t);
    char point;
    CHECK(read(other, &point, 1) == 1);
    close(other);
    trial_wait(t);
    CHECK_SAME(result_of(t, 0), -ECANCELED);
    CHECK_SAME(t->recording->failed, 1);
    trial_end(t);
}

static void meeting_without_another_side_is_no_signal(void)
{
    int other;
    struct trial *t = with_socket(&other);
    M_DOES(&t->draft, OP_SYNC, A, 1);
    trial_start(t);
    /* M inherited it, and closes it before its first operation; here it ends at once or by that. */
    close(other);
    trial_wait(t);
    long r = result_of(t, 0);
    CHECK(r == -EPIPE || r == -ECANCELED || r == -ECONNRESET);
    CHECK_SAME(t->status, 1);
    trial_end(t);
    ONE(u, OP_SYNC, A, 1);
    CHECK_SAME(outcome(u), -EBADF);
}

static int receive(int socket)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    char byte;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    CHECK_SAME(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), 1);
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    CHECK(rights && rights->cmsg_type == SCM_RIGHTS && rights->cmsg_len == CMSG_LEN(sizeof(int)));
    int fd;
    memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    return fd;
}

static void sent_descriptor_is_the_same_file(void)
{
    int other;
    struct trial *t = with_socket(&other);
    M_DOES(&t->draft, OP_SEND_FD, A, ROOT);
    trial_run(t);
    CHECK(result_of(t, 0) >= 0);
    int fd = receive(other);
    struct stat got;
    struct stat sent;
    CHECK(fstat(fd, &got) == 0 && fstat(t->root, &sent) == 0);
    CHECK(got.st_ino == sent.st_ino && got.st_dev == sent.st_dev);
    close(fd);
    close(other);
    trial_end(t);
}

static void received_is_the_root(struct run *run)
{
    struct stat got;
    struct stat sent;
    CHECK(fstat(run->slots[B], &got) == 0 && fstat(run->slots[ROOT], &sent) == 0);
    CHECK(got.st_ino == sent.st_ino && got.st_dev == sent.st_dev);
    CHECK(fcntl(run->slots[B], F_GETFD) == FD_CLOEXEC);
}

static void descriptor_is_received(void)
{
    int other;
    struct trial *t = with_socket(&other);
    t->slots[C] = other;
    M_DOES(&t->draft, OP_SEND_FD, A, ROOT);
    M_DOES(&t->draft, OP_RECV_FD, B, C);
    t->inspect = received_is_the_root;
    CHECK(outcome(t) >= 0);
}

static void end_of_the_sender_is_no_descriptor(void)
{
    int other;
    struct trial *t = with_socket(&other);
    close(other);
    M_DOES(&t->draft, OP_RECV_FD, B, A);
    CHECK_SAME(outcome(t), -ECANCELED);
    t = with_socket(&other);
    CHECK(write(other, "", 1) == 1);
    M_DOES(&t->draft, OP_RECV_FD, B, A);
    CHECK_SAME(outcome(t), -EPROTO);
    close(other);
}

static void descriptor_is_sent_to_a_socket_only(void)
{
    ONE(t, OP_SEND_FD, ROOT, ROOT);
    CHECK(outcome(t) < 0); /* EBADF of O_PATH */
    int other;
    struct trial *u = with_socket(&other);
    M_DOES(&u->draft, OP_SEND_FD, A, B);
    CHECK_SAME(outcome(u), -EBADF);
    close(other);
}

/* ---- keys ----------------------------------------------------------------------------------- */

static long session_keys(void)
{
    return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
}

static long callers_keys;

static void keys_are_others(struct run *run)
{
    (void)run;
    CHECK(session_keys() > 0 && session_keys() != callers_keys);
}

static void keys_of_the_caller_stay_its_own(void)
{
    callers_keys = session_keys();
    struct trial *t = trial_new();
    M_DOES(&t->draft, OP_KEYRING, 0);
    t->inspect = keys_are_others;
    CHECK_SAME(outcome(t), 0);
    CHECK_SAME(session_keys(), callers_keys);
}

/* ---- names and network ---------------------------------------------------------------------- */

static void names_are_set(struct run *run)
{
    (void)run;
    struct utsname now;
    CHECK(uname(&now) == 0);
    CHECK(strcmp(now.nodename, "host") == 0 && strcmp(now.domainname, "example.org") == 0);
}

static void host_and_domain_names_are_set(void)
{
    ONE(t, OP_UNSHARE, CLONE_NEWUTS);
    struct draft *d = &t->draft;
    M_DOES(d, OP_SETHOSTNAME, text(d, "host"));
    M_DOES(d, OP_SETDOMAINNAME, text(d, "example.org"));
    t->inspect = names_are_set;
    CHECK_SAME(outcome(t), 0);
}

static void names_longer_than_the_kernels_are_refused(void)
{
    char name[66];
    memset(name, 'h', 65);
    name[65] = '\0';
    const enum opcode codes[] = {OP_SETHOSTNAME, OP_SETDOMAINNAME};
    for (size_t i = 0; i < 2; i++) {
        ONE(t, OP_UNSHARE, CLONE_NEWUTS);
        M_DOES(&t->draft, codes[i], text(&t->draft, name));
        CHECK_SAME(outcome(t), -EINVAL);
    }
}

static void loopback_is_up(struct run *run)
{
    (void)run;
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0);
    CHECK(request.ifr_flags & IFF_UP);
}

static void loopback_of_a_new_network_comes_up(void)
{
    ONE(t, OP_UNSHARE, CLONE_NEWNET);
    M_DOES(&t->draft, OP_LOOPBACK_UP, 0);
    t->inspect = loopback_is_up;
    CHECK_SAME(outcome(t), 0);
    ONE(u, OP_UNSHARE, CLONE_NEWNET);
    M_DOES(&u->draft, OP_CAPSET, 0, 0, 0);
    M_DOES(&u->draft, OP_LOOPBACK_UP, 0);
    CHECK_SAME(outcome(u), -EPERM);
}

static void server_is_bound_beside_another_of_its_user(struct run *run)
{
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    int on = 1;
    CHECK(getsockname(run->slots[B], (struct sockaddr *)&at, &size) == 0);
    CHECK(at.sin_addr.s_addr == htonl(0x7f00000b) && at.sin_port == htons(53));
    CHECK(fcntl(run->slots[B], F_GETFD) == FD_CLOEXEC);
    int type = 0;
    size = sizeof type;
    CHECK(getsockopt(run->slots[B], SOL_SOCKET, SO_TYPE, &type, &size) == 0);
    int fd = socket(AF_INET, type, 0);
    at.sin_addr.s_addr = htonl(INADDR_ANY);
    CHECK(bind(fd, (struct sockaddr *)&at, sizeof at) < 0 && errno == EADDRINUSE);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0);
    CHECK(bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    CHECK(type == SOCK_DGRAM || listen(fd, 1) == 0);
}

static void servers_sockets_are_bound(void)
{
    const uint64_t types[] = {SOCK_DGRAM, SOCK_STREAM};
    for (size_t i = 0; i < 2; i++) {
        ONE(t, OP_UNSHARE, CLONE_NEWNET);
        M_DOES(&t->draft, OP_LOOPBACK_UP, 0);
        M_DOES(&t->draft, OP_BIND, B, types[i], 0x7f00000b, 53);
        t->inspect = server_is_bound_beside_another_of_its_user;
        CHECK(outcome(t) >= 0);
        ONE(u, OP_UNSHARE, CLONE_NEWNET);
        M_DOES(&u->draft, OP_LOOPBACK_UP, 0);
        M_DOES(&u->draft, OP_BIND, B, types[i], 0xc0000201, 53); /* 192.0.2.1, RFC 5737 */
        CHECK_SAME(outcome(u), -EADDRNOTAVAIL);
    }
}

/* ---- limits and identity -------------------------------------------------------------------- */

static void limit_is_lower(struct run *run)
{
    (void)run;
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_CPU, &limit) == 0 && limit.rlim_cur == 1000 && limit.rlim_max == 2000);
}

static void limit_is_set(void)
{
    ONE(t, OP_RLIMIT, RLIMIT_CPU, 1000, 2000);
    t->inspect = limit_is_lower;
    CHECK_SAME(outcome(t), 0);
    ONE(u, OP_RLIMIT, RLIMIT_CPU, 2, 1);
    CHECK_SAME(outcome(u), -EINVAL);
    ONE(v, OP_RLIMIT, 4096, 1, 1);
    CHECK_SAME(outcome(v), -EINVAL);
}

static void mask_is_set(struct run *run)
{
    (void)run;
    CHECK_SAME(umask(0), 027);
}

static void file_mode_mask_is_set(void)
{
    ONE(t, OP_UMASK, 027);
    t->inspect = mask_is_set;
    CHECK_SAME(outcome(t), 0);
}

struct sets {
    uint64_t effective;
    uint64_t permitted;
    uint64_t inheritable;
    uint64_t bounding;
    uint64_t ambient;
};

static struct sets capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}}; /* valgrind thinks that one is filled */
    CHECK(SYS(capget, &header, data) == 0);
    struct sets sets = {(uint64_t)data[1].effective << 32 | data[0].effective,
                        (uint64_t)data[1].permitted << 32 | data[0].permitted,
                        (uint64_t)data[1].inheritable << 32 | data[0].inheritable, 0, 0};
    for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++) {
        sets.bounding |= (uint64_t)(prctl(PR_CAPBSET_READ, cap) == 1) << cap;
        sets.ambient |= (uint64_t)(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
                        << cap;
    }
    return sets;
}

#define FEW (BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_AUDIT_READ))

static void bounding_set_is_small(struct run *run)
{
    (void)run;
    CHECK_SAME(capabilities().bounding, FEW);
}

static void bounding_set_keeps_what_it_is_told(void)
{
    ONE(t, OP_BOUNDING, FEW);
    t->inspect = bounding_set_is_small;
    CHECK_SAME(outcome(t), 0);
    ONE(u, OP_CAPSET, 0, 0, 0);
    M_DOES(&u->draft, OP_BOUNDING, FEW);
    CHECK_SAME(outcome(u), -EPERM);
}

static void sets_are_as_told(struct run *run)
{
    (void)run;
    struct sets sets = capabilities();
    CHECK_SAME(sets.effective, BIT(CAP_KILL));
    CHECK_SAME(sets.permitted, FEW);
    CHECK_SAME(sets.inheritable, BIT(CAP_AUDIT_READ) | BIT(CAP_KILL));
    CHECK_SAME(sets.ambient, BIT(CAP_AUDIT_READ));
}

static void capability_sets_are_set(void)
{
    ONE(t, OP_CAPSET, BIT(CAP_KILL), FEW, BIT(CAP_AUDIT_READ) | BIT(CAP_KILL));
    M_DOES(&t->draft, OP_AMBIENT, BIT(CAP_AUDIT_READ));
    t->inspect = sets_are_as_told;
    CHECK_SAME(outcome(t), 0);
}

static void capability_that_is_not_held_is_refused(void)
{
    ONE(t, OP_CAPSET, FEW, BIT(CAP_KILL), 0);
    CHECK_SAME(outcome(t), -EPERM);
    ONE(u, OP_AMBIENT, BIT(CAP_KILL)); /* not inheritable */
    CHECK_SAME(outcome(u), -EPERM);
    ONE(v, OP_CAPSET, 0, 0, 0);
    M_DOES(&v->draft, OP_AMBIENT, UINT64_C(1) << 63);
    CHECK_SAME(outcome(v), -EINVAL);
}

static void user_and_groups_are_set(struct run *run)
{
    (void)run;
    uid_t ids[3];
    gid_t groups[4];
    CHECK(getresuid(&ids[0], &ids[1], &ids[2]) == 0);
    CHECK(ids[0] == 1001 && ids[1] == 1001 && ids[2] == 1001);
    CHECK(getresgid(&ids[0], &ids[1], &ids[2]) == 0);
    CHECK(ids[0] == 1002 && ids[1] == 1002 && ids[2] == 1002);
    CHECK_SAME(getgroups(4, groups), 2);
    CHECK(groups[0] == 7 && groups[1] == 70000);
}

static void user_becomes_another(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    M_DOES(d, OP_SETGROUPS, bytes(d, (const gid_t[]){7, 70000}, 2 * sizeof(gid_t)));
    M_DOES(d, OP_SETRESGID, 1002);
    M_DOES(d, OP_SETRESUID, 1001);
    t->inspect = user_and_groups_are_set;
    CHECK_SAME(outcome(t), 0);
}

static void user_without_privilege_stays_who_it_is(void)
{
    const enum opcode codes[] = {OP_SETGROUPS, OP_SETRESGID, OP_SETRESUID};
    for (size_t i = 0; i < 3; i++) {
        struct trial *t = trial_new();
        struct draft *d = &t->draft;
        uint64_t groups = bytes(d, (const gid_t[]){7}, sizeof(gid_t));
        M_DOES(d, OP_SETRESUID, 1001);
        M_DOES(d, codes[i], codes[i] == OP_SETGROUPS ? groups : 1005);
        CHECK_SAME(outcome(t), -EPERM);
    }
}

/* ---- descriptors ---------------------------------------------------------------------------- */

static void owner_of_a_descriptor_is_changed(void)
{
    struct trial *t = trial_new();
    make_file(t->root, "file", "", 0600);
    t->slots[A] = openat(t->root, "file", O_RDONLY | O_CLOEXEC);
    M_DOES(&t->draft, OP_FCHOWN, A, 1001, (uint64_t)-1);
    trial_run(t);
    CHECK_SAME(result_of(t, 0), 0);
    struct stat stat;
    CHECK(fstatat(t->root, "file", &stat, 0) == 0 && stat.st_uid == 1001 && stat.st_gid == 0);
    trial_end(t);
    ONE(u, OP_FCHOWN, A, 0, 0);
    CHECK_SAME(outcome(u), -EBADF);
}

/* M leads a session; I, its child, makes one. */
static void first_process_leads_a_session_of_its_own(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    const char *const sh[] = {"/bin/sh", NULL};
    const char *const argv[] = {"sh", "-c",
                                "read -r pid name state parent group session rest </proc/self/stat;"
                                "[ $session = $$ ] && exit 5",
                                NULL};
    const char *const none[] = {NULL};
    M_DOES(d, OP_CLONE_INIT, 0, 0, NO_SLOT);
    I_DOES(d, OP_NEW_SESSION, NO_SLOT);
    I_DOES(d, OP_NAME, text(d, "first"));
    I_DOES(d, OP_EXECVE, texts(d, sh), texts(d, argv), texts(d, none));
    trial_run(t);
    CHECK_SAME(result_of(t, 1), 0);
    CHECK_SAME(t->status, 5);
    trial_end(t);
}

static void streams_are_the_slots(struct run *run)
{
    struct stat null;
    struct stat input;
    CHECK(stat("/dev/null", &null) == 0);
    CHECK(fstat(0, &input) == 0 && input.st_rdev == null.st_rdev);
    CHECK(write(1, "out", 3) == 3);
    CHECK(fcntl(1, F_GETFD) == 0);
    CHECK_SAME(open_descriptors(), slots_and_stdio(run));
}

static void streams_are_slots_or_null(void)
{
    int pipe[2];
    char got[8];
    CHECK(pipe2(pipe, O_CLOEXEC) == 0);
    ONE(t, OP_STDIO, NO_SLOT, A, A);
    t->slots[A] = pipe[1];
    t->inspect = streams_are_the_slots;
    trial_run(t);
    CHECK_SAME(t->status, 0);
    CHECK(read_all(pipe[0], got, sizeof got) == 3 && strcmp(got, "out") == 0);
    close(pipe[0]);
    trial_end(t);
    ONE(u, OP_STDIO, NO_SLOT, B, NO_SLOT);
    CHECK_SAME(outcome(u), -EBADF);
}

static void only_kept_slots_are_open(struct run *run)
{
    CHECK_SAME(open_descriptors(),
               7 | BIT(run->slots[A]) | BIT(run->slots[C]) | BIT(run->slots[REPORT]));
    CHECK(run->slots[ROOT] < 0 && run->slots[B] < 0 && run->slots[SLOT_RECORDING] < 0);
}

/* In every order of their numbers, neighbours and gaps included. */
static void exactly_the_kept_slots_stay_open(void)
{
    static const int numbers[][3] = {{30, 31, 32}, {32, 31, 30}, {31, 40, 33}, {60, 10, 11}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        ONE(t, OP_CLOSE_OTHERS, BIT(A) | BIT(C) | BIT(REPORT));
        for (int j = 0; j < 3; j++)
            t->slots[A + j] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, numbers[i][j]);
        t->inspect = only_kept_slots_are_open;
        CHECK_SAME(outcome(t), 0);
    }
}

static void nothing_but_stdio_is_open(struct run *run)
{
    (void)run;
    _exit(open_descriptors() == 7 ? 0 : 9);
}

static void without_kept_slots_all_are_closed(void)
{
    ONE(t, OP_CLOSE_OTHERS, 0);
    t->inspect = nothing_but_stdio_is_open;
    CHECK_SAME(outcome(t), 0);
}

/* A register that is filled again gives back what it held. */
static void slot_that_is_filled_again_is_closed_first(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    for (int i = 0; i < 10; i++)
        M_DOES(d, OP_OPEN, A, NO_SLOT, text(d, "/"), 0, 0, 0);
    M_DOES(d, OP_CLOSE_OTHERS, BIT(REPORT) | BIT(A) | BIT(C));
    t->slots[C] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 20);
    t->inspect = only_kept_slots_are_open;
    CHECK_SAME(outcome(t), 0);
}

const struct test process_tests[] = {
    {"a fresh child becomes an ordinary process", fresh_child_becomes_an_ordinary_process, 0},
    {"the first process is cloned with its namespaces", first_process_is_cloned_with_its_namespaces,
     NEEDS_ROOT | NEEDS_KERNEL},
    {"a clone that the kernel refuses is named", clone_that_the_kernel_refuses_is_named,
     NEEDS_KERNEL},
    {"the first process ends at its first failure", first_process_ends_at_its_first_failure,
     NEEDS_KERNEL},
    {"a namespace is left and joined", namespace_is_left_and_joined, NEEDS_ROOT},
    {"a namespace of another kind is not joined", namespace_of_another_kind_is_not_joined, 0},
    {"prctl has the plan's arguments", prctl_has_the_plans_arguments, 0},
    {"a meeting waits for one byte", meeting_waits_for_one_byte, 0},
    {"a meeting whose other side goes away is cancelled",
     meeting_whose_other_side_goes_away_is_cancelled, 0},
    {"a meeting without another side is no signal", meeting_without_another_side_is_no_signal, 0},
    {"an opened namespace can be joined", opened_namespace_can_be_joined, NEEDS_ROOT},
    {"a descriptor is received", descriptor_is_received, 0},
    {"the end of the sender is no descriptor", end_of_the_sender_is_no_descriptor, 0},
    {"a sent descriptor is the same file", sent_descriptor_is_the_same_file, 0},
    {"a descriptor is sent to a socket only", descriptor_is_sent_to_a_socket_only, 0},
    {"host and domain names are set", host_and_domain_names_are_set, NEEDS_ROOT | NEEDS_KERNEL},
    {"names longer than the kernel's are refused", names_longer_than_the_kernels_are_refused,
     NEEDS_ROOT | NEEDS_KERNEL},
    {"the loopback of a new network comes up", loopback_of_a_new_network_comes_up, NEEDS_ROOT},
    {"a server's sockets are bound, and others beside them", servers_sockets_are_bound,
     NEEDS_ROOT | NEEDS_KERNEL},
    {"a limit is set", limit_is_set, 0},
    {"the mask of file modes is set", file_mode_mask_is_set, 0},
    {"the bounding set keeps what it is told", bounding_set_keeps_what_it_is_told, NEEDS_ROOT},
    {"the capability sets are set", capability_sets_are_set, NEEDS_ROOT},
    {"a capability that is not held is refused", capability_that_is_not_held_is_refused,
     NEEDS_ROOT},
    {"the user becomes another", user_becomes_another, NEEDS_ROOT},
    {"a user without privilege stays who it is", user_without_privilege_stays_who_it_is,
     NEEDS_ROOT},
    {"the owner of a descriptor is changed", owner_of_a_descriptor_is_changed, NEEDS_ROOT},
    {"the first process leads a session of its own", first_process_leads_a_session_of_its_own,
     NEEDS_KERNEL},
    {"keys of the caller stay its own", keys_of_the_caller_stay_its_own, NEEDS_KERNEL},
    {"streams are slots or null", streams_are_slots_or_null, 0},
    {"exactly the kept slots stay open", exactly_the_kept_slots_stay_open, 0},
    {"without kept slots all are closed", without_kept_slots_all_are_closed, 0},
    {"a slot that is filled again is closed first", slot_that_is_filled_again_is_closed_first,
     NEEDS_KERNEL},
    {NULL, NULL, 0},
};
