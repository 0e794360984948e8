/* mount_test.c - operations that change the mounts of a namespace of their own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "sys.h"
#include "test.h"
#include "trial.h"

#define MOUNTS (NEEDS_ROOT | NEEDS_KERNEL)

static struct trial *isolated(void)
{
    struct trial *t = trial_new();
    trial_isolate(t);
    return t;
}

/* A directory or a file (create is OPEN's) in the tmpfs, in register A. */
static void make(struct trial *t, const char *path, int create)
{
    M_DOES(&t->draft, OP_OPEN, A, ROOT, text(&t->draft, path), (uint64_t)create, 0755, 0);
}

/* Opens it in M's root; -errno. */
static int open_there(const struct run *run, const char *path, int flags)
{
    return (int)sys_result(openat(run->slots[ROOT], path, flags | O_CLOEXEC, 0600));
}

static void mount_readable(struct trial *t, const char *type, const char *below)
{
    struct draft *d = &t->draft;
    char path[128];
    snprintf(path, sizeof path, "%s/%s", t->directory, below);
    M_DOES(d, OP_MOUNT, text(d, type), text(d, path), text(d, type), 0, 0);
}

/* ---- MOUNT, FSMOUNT, OPEN_TREE, ATTACH ------------------------------------------------------ */

static void root_is_a_tmpfs(struct run *run)
{
    struct statfs fs;
    CHECK(fstatfs(run->slots[ROOT], &fs) == 0);
    CHECK_SAME(fs.f_type, 0x01021994 /* TMPFS_MAGIC */);
}

static void mount_is_seen_in_its_namespace_only(void)
{
    struct trial *t = isolated();
    t->inspect = root_is_a_tmpfs;
    make(t, "inside", 1);
    trial_run(t);
    CHECK_SAME(t->status, 0);
    CHECK_SAME(mode_of(t->root, "inside"), 0);
    trial_end(t);
}

static void mount_that_the_kernel_refuses_is_named(void)
{
    struct trial *t = isolated();
    mount_readable(t, "no-such-file-system", "");
    CHECK_SAME(outcome(t), -ENODEV);
    t = isolated();
    mount_readable(t, "tmpfs", "missing");
    CHECK_SAME(outcome(t), -ENOENT);
}

static struct trial *fsmounting(const char *type, const char *const *options, uint64_t attributes)
{
    struct trial *t = isolated();
    struct draft *d = &t->draft;
    make(t, "target", 1);
    M_DOES(d, OP_FSMOUNT, B, text(d, type), texts(d, options), attributes);
    return t;
}

/* As the view of the machine is mounted; nobody has to answer yet. */
static struct trial *fuse_mounting(const char *device)
{
    static const char *const options[] = {"rootmode", "40000", "user_id", "0",
                                          "group_id", "0",     NULL};
    struct trial *t = isolated();
    struct draft *d = &t->draft;
    t->slots[SLOT_VIEW] = open(device, O_RDWR | O_CLOEXEC);
    CHECK(t->slots[SLOT_VIEW] >= 0);
    M_DOES(d, OP_FSMOUNT_FD, B, text(d, "fuse"), texts(d, options), 0, SLOT_VIEW);
    return t;
}

static void file_system_is_mounted_with_its_descriptor(void)
{
    CHECK(outcome(fuse_mounting("/dev/fuse")) >= 0);
    CHECK_SAME(outcome(fuse_mounting("/dev/null")), -EINVAL);
}

static void mounted_with_options(struct run *run)
{
    CHECK_SAME(mode_of(run->slots[ROOT], "target"), S_IFDIR | 0711);
    CHECK_SAME(open_there(run, "target/x", O_WRONLY | O_CREAT), -EROFS);
}

static void new_file_system_has_options_and_attributes(void)
{
    const char *const options[] = {"mode", "711", "size", "64k", NULL};
    struct trial *t = fsmounting("tmpfs", options, MOUNT_ATTR_RDONLY);
    M_DOES(&t->draft, OP_ATTACH, B, A);
    t->inspect = mounted_with_options;
    CHECK_SAME(outcome(t), 0);
}

static void read_only(struct run *run)
{
    CHECK_SAME(open_there(run, "target/x", O_WRONLY | O_CREAT), -EROFS);
}

static void option_with_an_empty_value_is_a_flag(void)
{
    const char *const flag[] = {"ro", "", NULL};
    struct trial *t = fsmounting("tmpfs", flag, 0);
    M_DOES(&t->draft, OP_ATTACH, B, A);
    t->inspect = read_only;
    CHECK_SAME(outcome(t), 0);
}

static void file_system_or_option_that_is_unknown_is_refused(void)
{
    const char *const none[] = {NULL};
    const char *const unknown[] = {"no-such-option", "1", NULL};
    const char *const bad[] = {"size", "everything", NULL};
    CHECK_SAME(outcome(fsmounting("no-such-file-system", none, 0)), -ENODEV);
    CHECK_SAME(outcome(fsmounting("tmpfs", unknown, 0)), -EINVAL);
    CHECK_SAME(outcome(fsmounting("tmpfs", bad, 0)), -EINVAL);
}

static void bound_file_is_there(struct run *run)
{
    struct stat there;
    struct stat here;
    CHECK(fstatat(run->slots[ROOT], "target", &there, 0) == 0 && stat("/dev/null", &here) == 0);
    CHECK(there.st_ino == here.st_ino && there.st_dev == here.st_dev);
}

static void tree_of_the_host_is_bound(void)
{
    struct trial *t = isolated();
    struct draft *d = &t->draft;
    make(t, "target", 2);
    M_DOES(d, OP_OPEN_TREE, B, NO_SLOT, text(d, "/dev/null"), OPEN_TREE_CLONE);
    M_DOES(d, OP_ATTACH, B, A);
    t->inspect = bound_file_is_there;
    CHECK_SAME(outcome(t), 0);
}

static void tree_that_is_not_there_is_refused(void)
{
    struct trial *t = isolated();
    struct draft *d = &t->draft;
    M_DOES(d, OP_OPEN_TREE, B, ROOT, text(d, "missing"), OPEN_TREE_CLONE);
    CHECK_SAME(outcome(t), -ENOENT);
    t = isolated();
    d = &t->draft;
    M_DOES(d, OP_OPEN_TREE, B, C, text(d, "missing"), OPEN_TREE_CLONE);
    CHECK_SAME(outcome(t), -EBADF);
}

/* A namespace in which 0 is this id of the host; it stays as long as the descriptor. */
static int users_from(int id)
{
    int go[2];
    CHECK(pipe(go) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        char byte = unshare(CLONE_NEWUSER) == 0;
        if (write(go[1], &byte, 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    char done = 0;
    CHECK(read(go[0], &done, 1) == 1 && done);
    char path[64];
    char map[64];
    int size = snprintf(map, sizeof map, "0 %d 10\n", id);
    const char *files[] = {"uid_map", "gid_map"};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", pid, files[i]);
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        CHECK(fd >= 0 && write(fd, map, (size_t)size) == size);
        close(fd);
    }
    snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
    int users = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(users >= 0);
    CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
    close(go[0]);
    close(go[1]);
    return users;
}

static void target_is_of_another_one(struct run *run)
{
    struct stat there;
    CHECK(fstatat(run->slots[ROOT], "target/target", &there, 0) == 0);
    CHECK(there.st_uid == 7000 && there.st_gid == 7000);
}

static void idmapped_mount_shows_other_ids(void)
{
    struct trial *t = isolated();
    struct draft *d = &t->draft;
    t->slots[C] = users_from(7000);
    make(t, "target", 1);
    M_DOES(d, OP_OPEN_TREE, B, ROOT, text(d, ""), OPEN_TREE_CLONE | AT_EMPTY_PATH);
    M_DOES(d, OP_IDMAP, B, C);
    M_DOES(d, OP_ATTACH, B, A);
    t->inspect = target_is_of_another_one;
    CHECK_SAME(outcome(t), 0);
}

static void attached_mount_is_not_idmapped(void)
{
    struct trial *t = isolated();
    t->slots[C] = users_from(7000);
    M_DOES(&t->draft, OP_IDMAP, ROOT, C);
    CHECK_SAME(outcome(t), -EINVAL);
}

/* uid_map(5) shows the namespace of who has opened it; this process is in another one still. */
static void opened_by_who_has_joined(struct run *run)
{
    char map[256] = "";
    CHECK(read(run->slots[A], map, sizeof map - 1) > 0);
    CHECK(strstr(map, " 7000 ") != NULL);
    CHECK(fcntl(run->slots[A], F_GETFD) == FD_CLOEXEC);
    int own = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
    CHECK(own >= 0 && read(own, map, sizeof map - 1) > 0);
    CHECK(strstr(map, " 7000 ") == NULL);
    close(own);
}

static void file_is_opened_in_another_user_namespace(void)
{
    struct trial *t = isolated();
    t->slots[C] = users_from(7000);
    M_DOES(&t->draft, OP_OPEN_AS, A, C, text(&t->draft, "/proc/self/uid_map"));
    t->inspect = opened_by_who_has_joined;
    CHECK(outcome(t) >= 0);
}

static void what_cannot_be_opened_there_says_why(void)
{
    struct trial *t = isolated();
    t->slots[C] = users_from(7000);
    M_DOES(&t->draft, OP_OPEN_AS, A, C, text(&t->draft, "/proc/self/none"));
    CHECK_SAME(outcome(t), -ENOENT);
    t = isolated();
    M_DOES(&t->draft, OP_OPEN_AS, A, ROOT, text(&t->draft, "/proc/self/uid_map"));
    CHECK(outcome(t) < 0);
    t = isolated();
    M_DOES(&t->draft, OP_OPEN_AS, A, C, text(&t->draft, "/proc/self/uid_map"));
    CHECK_SAME(outcome(t), -EBADF);
}

static void file_is_not_attached_to_a_directory(void)
{
    struct trial *t = isolated();
    struct draft *d = &t->draft;
    make(t, "target", 1);
    M_DOES(d, OP_OPEN_TREE, B, NO_SLOT, text(d, "/dev/null"), OPEN_TREE_CLONE);
    M_DOES(d, OP_ATTACH, B, A);
    CHECK_SAME(outcome(t), -EINVAL);
    t = isolated();
    make(t, "target", 1);
    M_DOES(&t->draft, OP_ATTACH, C, A);
    CHECK_SAME(outcome(t), -EBADF);
}

/* ---- MOUNT_ATTR ----------------------------------------------------------------------------- */

/* A tmpfs on target, to be changed; in register B. */
static struct trial *with_target(void)
{
    const char *const none[] = {NULL};
    struct trial *t = fsmounting("tmpfs", none, 0);
    M_DOES(&t->draft, OP_ATTACH, B, A);
    return t;
}

static void has_attributes(struct run *run)
{
    struct statvfs fs;
    int fd = open_there(run, "target", O_RDONLY | O_DIRECTORY);
    CHECK(fd >= 0 && fstatvfs(fd, &fs) == 0);
    const unsigned long set = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME;
    CHECK_SAME(fs.f_flag & (set | ST_RELATIME), set);
}

static void change_attributes(struct trial *t)
{
    M_DOES(&t->draft, OP_MOUNT_ATTR, B,
           MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
               MOUNT_ATTR_NOATIME,
           MOUNT_ATTR__ATIME, 1 << 18 /* MS_PRIVATE */, 0);
    t->inspect = has_attributes;
}

static void attributes_of_a_mount_are_changed(void)
{
    struct trial *t = with_target();
    change_attributes(t);
    CHECK_SAME(outcome(t), 0);
}

/* seccomp(2): mount_setattr is answered with ENOSYS, as a kernel before 5.12 does. */
static void forget_mount_setattr(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* struct seccomp_data: the number comes first */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mount_setattr, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* In a child, as a filter stays for ever. */
static void on_an_older_kernel(void (*test)(void))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        forget_mount_setattr();
        test();
        _exit(0);
    }
    int status;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_SAME(status, 0);
}

static void older_kernel_changes_attributes_by_remounting(void)
{
    on_an_older_kernel(attributes_of_a_mount_are_changed);
}

static void attributes_of_what_is_no_mount_are_refused(void)
{
    struct trial *t = isolated();
    make(t, "plain", 1);
    M_DOES(&t->draft, OP_MOUNT_ATTR, A, MOUNT_ATTR_RDONLY, 0, 0, 0);
    CHECK_SAME(outcome(t), -EINVAL);
    t = isolated();
    M_DOES(&t->draft, OP_MOUNT_ATTR, C, MOUNT_ATTR_RDONLY, 0, 0, 0);
    CHECK_SAME(outcome(t), -EBADF);
}

/* ---- MASK, READONLY ------------------------------------------------------------------------- */

/* A root with its own dev/null and things to hide. */
static struct trial *with_secrets(void)
{
    struct trial *t = isolated();
    struct draft *d = &t->draft;
    make(t, "dev", 1);
    M_DOES(d, OP_MKNOD, ROOT, text(d, "dev/null"), S_IFCHR | 0666, 1, 3, 0, 0);
    make(t, "secret/file", 2);
    M_DOES(d, OP_WRITE_FILE, ROOT, text(d, "secret/file"), bytes(d, "secret", 6));
    M_DOES(d, OP_SYMLINK, ROOT, text(d, "secret/file"), text(d, "link"));
    return t;
}

static void file_is_null(struct run *run)
{
    struct stat stat;
    CHECK(fstatat(run->slots[ROOT], "secret/file", &stat, 0) == 0);
    CHECK(S_ISCHR(stat.st_mode) && stat.st_rdev == makedev(1, 3));
}

static void masked_file_is_the_roots_own_null(void)
{
    struct trial *t = with_secrets();
    M_DOES(&t->draft, OP_MASK, ROOT, text(&t->draft, "/secret/file"));
    t->inspect = file_is_null;
    CHECK_SAME(outcome(t), 0);
}

static void directory_is_empty(struct run *run)
{
    CHECK_SAME(mode_of(run->slots[ROOT], "secret") & S_IFMT, S_IFDIR);
    CHECK_SAME(open_there(run, "secret/file", O_RDONLY), -ENOENT);
    CHECK_SAME(open_there(run, "secret/new", O_WRONLY | O_CREAT), -EROFS);
}

static void masked_directory_is_empty_and_read_only(void)
{
    struct trial *t = with_secrets();
    M_DOES(&t->draft, OP_MASK, ROOT, text(&t->draft, "secret"));
    t->inspect = directory_is_empty;
    CHECK_SAME(outcome(t), 0);
}

static void both_are_of_one_file_system(struct run *run)
{
    struct stat a, b, own;
    CHECK(fstatat(run->slots[ROOT], "secret", &a, 0) == 0);
    CHECK(fstatat(run->slots[ROOT], "other", &b, 0) == 0);
    CHECK(fstatat(run->slots[ROOT], "", &own, AT_EMPTY_PATH) == 0);
    CHECK(a.st_dev == b.st_dev && a.st_dev != own.st_dev);
    directory_is_empty(run);
}

static void masked_directories_share_one_empty_one(void)
{
    struct trial *t = with_secrets();
    make(t, "other/thing", 2);
    M_DOES(&t->draft, OP_MASK, ROOT, text(&t->draft, "secret"));
    M_DOES(&t->draft, OP_MASK, ROOT, text(&t->draft, "other"));
    t->inspect = both_are_of_one_file_system;
    CHECK_SAME(outcome(t), 0);
}

/* A link must not turn the mask to another place (CVE-2019-19921). */
static void nothing_is_masked_or_protected_through_a_link(void)
{
    const enum opcode codes[] = {OP_MASK, OP_READONLY};
    for (size_t i = 0; i < 2; i++) {
        struct trial *t = with_secrets();
        M_DOES(&t->draft, codes[i], ROOT, text(&t->draft, "link"));
        CHECK_SAME(outcome(t), -ELOOP);
    }
}

static void what_is_missing_needs_no_mask(void)
{
    static const char *const missing[] = {"nothing", "secret/file/x", "nothing/x"};
    const enum opcode codes[] = {OP_MASK, OP_READONLY};
    for (size_t i = 0; i < 2 * sizeof missing / sizeof *missing; i++) {
        struct trial *t = with_secrets();
        M_DOES(&t->draft, codes[i % 2], ROOT, text(&t->draft, missing[i / 2]));
        CHECK_SAME(outcome(t), 1);
    }
}

/* An image whose dev is a link: followed by the host's root, it would lead to another null. */
static void null_of_another_root_masks_nothing(void)
{
    struct trial *t = isolated();
    struct draft *d = &t->draft;
    char outside[128];
    snprintf(outside, sizeof outside, "%s/outside", t->directory);
    make(t, "outside/null", 2);
    make(t, "root/secret", 2);
    M_DOES(d, OP_SYMLINK, ROOT, text(d, outside), text(d, "root/dev"));
    M_DOES(d, OP_OPEN, ROOT, ROOT, text(d, "root"), 0, 0, 0);
    M_DOES(d, OP_MASK, ROOT, text(d, "secret"));
    CHECK_SAME(outcome(t), -ELOOP);
}

/* A file, another device: what is shown in a mask's place is nobody's choice (CVE-2025-31133). */
static void what_is_not_null_masks_nothing(void)
{
    const uint64_t devices[][2] = {{S_IFREG, 0}, {S_IFCHR, 5}, {S_IFBLK, 3}};
    for (size_t i = 0; i < 3; i++) {
        struct trial *t = isolated();
        struct draft *d = &t->draft;
        make(t, "dev", 1);
        make(t, "secret", 2);
        M_DOES(d, OP_MKNOD, ROOT, text(d, "dev/null"), devices[i][0] | 0666, 1, devices[i][1], 0,
               0);
        M_DOES(d, OP_MASK, ROOT, text(d, "secret"));
        CHECK_SAME(outcome(t), -ENODEV);
    }
}

static void only_the_path_is_read_only(struct run *run)
{
    CHECK_SAME(open_there(run, "secret/file", O_WRONLY), -EROFS);
    CHECK(open_there(run, "secret/file", O_RDONLY) >= 0);
    CHECK(open_there(run, "writable", O_WRONLY | O_CREAT) >= 0);
}

static void protected_path_is_read_only(void)
{
    static const char *const paths[] = {"secret", "secret/file"};
    for (size_t i = 0; i < 2; i++) {
        struct trial *t = with_secrets();
        M_DOES(&t->draft, OP_READONLY, ROOT, text(&t->draft, paths[i]));
        t->inspect = only_the_path_is_read_only;
        CHECK_SAME(outcome(t), 0);
    }
}

static void older_kernel_protects_as_well(void)
{
    on_an_older_kernel(protected_path_is_read_only);
}

/* ---- PIVOT_ROOT, CHDIR ---------------------------------------------------------------------- */

static void host_is_gone(struct run *run)
{
    (void)run;
    CHECK(access("/inside", F_OK) == 0);
    CHECK(access("/etc/passwd", F_OK) < 0 && errno == ENOENT);
    CHECK(access("/../etc/passwd", F_OK) < 0 && errno == ENOENT);
}

static void new_root_is_all_there_is(void)
{
    struct trial *t = isolated();
    make(t, "inside", 1);
    M_DOES(&t->draft, OP_PIVOT_ROOT, ROOT);
    t->inspect = host_is_gone;
    CHECK_SAME(outcome(t), 0);
}

static void root_must_be_a_mount(void)
{
    struct trial *t = isolated();
    make(t, "plain", 1);
    M_DOES(&t->draft, OP_PIVOT_ROOT, A);
    CHECK_SAME(outcome(t), -EINVAL);
    t = isolated();
    make(t, "file", 2);
    M_DOES(&t->draft, OP_PIVOT_ROOT, A);
    CHECK_SAME(outcome(t), -ENOTDIR);
}

static void is_in_inside(struct run *run)
{
    (void)run;
    char path[32];
    CHECK(getcwd(path, sizeof path) && strcmp(path, "/inside") == 0);
}

static void directory_below_the_root_is_entered(void)
{
    struct trial *t = isolated();
    struct draft *d = &t->draft;
    make(t, "inside", 1);
    M_DOES(d, OP_PIVOT_ROOT, ROOT);
    M_DOES(d, OP_CHDIR, text(d, "../inside/."));
    t->inspect = is_in_inside;
    CHECK_SAME(outcome(t), 0);
    t = trial_new();
    M_DOES(&t->draft, OP_CHDIR, text(&t->draft, "/no/such/directory"));
    CHECK_SAME(outcome(t), -ENOENT);
}

/* CVE-2024-21626: by a descriptor that was left open. */
static void directory_outside_the_root_is_refused(void)
{
    struct trial *t = isolated();
    struct draft *d = &t->draft;
    char path[32];
    t->slots[C] = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", t->slots[C]);
    make(t, "proc", 1);
    mount_readable(t, "proc", "proc");
    M_DOES(d, OP_PIVOT_ROOT, ROOT);
    M_DOES(d, OP_CHDIR, text(d, path));
    CHECK_SAME(outcome(t), -EXDEV);
}

/* ---- OPEN_PTY ------------------------------------------------------------------------------- */

static struct trial *with_devpts(void)
{
    struct trial *t = isolated();
    make(t, "dev/pts", 1);
    mount_readable(t, "devpts", "dev/pts");
    return t;
}

static void both_ends_are_one_terminal(struct run *run)
{
    struct winsize size;
    char got[8] = {0};
    CHECK(ioctl(run->slots[C], TIOCGWINSZ, &size) == 0);
    CHECK(size.ws_row == 24 && size.ws_col == 80);
    CHECK(isatty(run->slots[C]));
    CHECK(write(run->slots[B], "line\n", 5) == 5);
    CHECK_SAME(read(run->slots[C], got, sizeof got), 5);
    CHECK(fcntl(run->slots[C], F_GETFD) == FD_CLOEXEC &&
          fcntl(run->slots[B], F_GETFD) == FD_CLOEXEC);
    CHECK(mode_of(run->slots[ROOT], "dev/pts/0") != 0);
}

static void terminal_is_of_the_roots_own_devpts(void)
{
    struct trial *t = with_devpts();
    M_DOES(&t->draft, OP_OPEN_PTY, B, C, ROOT, 24, 80);
    t->inspect = both_ends_are_one_terminal;
    CHECK(outcome(t) >= 0);
}

static void terminal_needs_a_devpts(void)
{
    struct trial *t = isolated();
    M_DOES(&t->draft, OP_OPEN_PTY, B, C, ROOT, 24, 80);
    CHECK_SAME(outcome(t), -ENOENT);
    t = isolated();
    make(t, "dev/pts/ptmx", 2);
    M_DOES(&t->draft, OP_OPEN_PTY, B, C, ROOT, 24, 80);
    CHECK_SAME(outcome(t), -ENOTTY);
    t = isolated();
    struct draft *d = &t->draft;
    make(t, "dev/pts", 1);
    M_DOES(d, OP_SYMLINK, ROOT, text(d, "/dev/ptmx"), text(d, "dev/pts/ptmx"));
    M_DOES(d, OP_OPEN_PTY, B, C, ROOT, 24, 80);
    CHECK_SAME(outcome(t), -ELOOP);
}

/* M leads a session already, so I, which can, is asked by its exit code: /dev/tty opens. */
static void terminal_becomes_the_controlling_one(void)
{
    struct trial *t = with_devpts();
    struct draft *d = &t->draft;
    const char *const sh[] = {"/bin/sh", NULL};
    const char *const argv[] = {"sh", "-c", "exec 3<>/dev/tty && [ -t 0 ] && exit 7", NULL};
    const char *const none[] = {NULL};
    M_DOES(d, OP_OPEN_PTY, B, C, ROOT, 24, 80);
    M_DOES(d, OP_CLONE_INIT, 0, BIT(C) | BIT(ROOT), NO_SLOT);
    I_DOES(d, OP_NEW_SESSION, C);
    I_DOES(d, OP_STDIO, C, C, C);
    uint32_t exec = I_DOES(d, OP_EXECVE, texts(d, sh), texts(d, argv), texts(d, none));
    trial_run(t);
    CHECK(executed(t, exec));
    CHECK_SAME(t->status, 7);
    trial_end(t);
}

static void session_leader_makes_no_new_session(void)
{
    struct trial *t = with_devpts();
    M_DOES(&t->draft, OP_OPEN_PTY, B, C, ROOT, 24, 80);
    M_DOES(&t->draft, OP_NEW_SESSION, C);
    CHECK_SAME(outcome(t), -EPERM);
}

const struct test mount_tests[] = {
    {"a file system is mounted with its descriptor", file_system_is_mounted_with_its_descriptor,
     NEEDS_ROOT | NEEDS_KERNEL},
    {"a mount is seen in its namespace only", mount_is_seen_in_its_namespace_only, MOUNTS},
    {"a mount that the kernel refuses is named", mount_that_the_kernel_refuses_is_named, MOUNTS},
    {"a new file system has options and attributes", new_file_system_has_options_and_attributes,
     MOUNTS},
    {"an option with an empty value is a flag", option_with_an_empty_value_is_a_flag, MOUNTS},
    {"an unknown file system or option is refused",
     file_system_or_option_that_is_unknown_is_refused, MOUNTS},
    {"a tree of the host is bound", tree_of_the_host_is_bound, MOUNTS},
    {"a tree that is not there is refused", tree_that_is_not_there_is_refused, MOUNTS},
    {"an idmapped mount shows other ids", idmapped_mount_shows_other_ids, MOUNTS},
    {"an attached mount is not idmapped", attached_mount_is_not_idmapped, MOUNTS},
    {"a file is opened in another user namespace", file_is_opened_in_another_user_namespace,
     MOUNTS},
    {"what cannot be opened there says why", what_cannot_be_opened_there_says_why, MOUNTS},
    {"a file is not attached to a directory", file_is_not_attached_to_a_directory, MOUNTS},
    {"attributes of a mount are changed", attributes_of_a_mount_are_changed, MOUNTS},
    {"an older kernel changes attributes by remounting",
     older_kernel_changes_attributes_by_remounting, MOUNTS},
    {"attributes of what is no mount are refused", attributes_of_what_is_no_mount_are_refused,
     MOUNTS},
    {"a masked file is the root's own null", masked_file_is_the_roots_own_null, MOUNTS},
    {"a masked directory is empty and read-only", masked_directory_is_empty_and_read_only, MOUNTS},
    {"masked directories share one empty one", masked_directories_share_one_empty_one, MOUNTS},
    {"nothing is masked or protected through a link", nothing_is_masked_or_protected_through_a_link,
     MOUNTS},
    {"what is missing needs no mask", what_is_missing_needs_no_mask, MOUNTS},
    {"the null of another root masks nothing", null_of_another_root_masks_nothing, MOUNTS},
    {"what is not null masks nothing", what_is_not_null_masks_nothing, MOUNTS},
    {"a protected path is read-only", protected_path_is_read_only, MOUNTS},
    {"an older kernel protects a path as well", older_kernel_protects_as_well, MOUNTS},
    {"the new root is all there is", new_root_is_all_there_is, MOUNTS},
    {"a root must be a mount", root_must_be_a_mount, MOUNTS},
    {"a directory below the root is entered", directory_below_the_root_is_entered, MOUNTS},
    {"a directory outside the root is refused", directory_outside_the_root_is_refused, MOUNTS},
    {"a terminal is of the root's own devpts", terminal_is_of_the_roots_own_devpts, MOUNTS},
    {"a terminal needs a devpts", terminal_needs_a_devpts, MOUNTS},
    {"a terminal becomes the controlling one", terminal_becomes_the_controlling_one, MOUNTS},
    {"a session leader makes no new session", session_leader_makes_no_new_session, MOUNTS},
    {NULL, NULL, 0},
};
