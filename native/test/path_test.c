/* path_test.c - what the interpreter makes and opens stays below its root, whatever the path. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "test.h"
#include "trial.h"

enum { OPEN_ONLY, DIRECTORY, FILE_ };

/* A tree with links that would lead out of it, if the kernel resolved them from the host's root. */
static struct trial *tree(void)
{
    struct trial *t = trial_new();
    make_directory(t->root, "a", 0755);
    make_file(t->root, "file", "old", 0644);
    make_link(t->root, "host", "/etc");
    make_link(t->root, "up", "../../../../..");
    make_link(t->root, "to-a", "/a");
    make_link(t->root, "loop", "loop");
    make_link(t->root, "dangling", "nowhere");
    make_link(t->root, "twice", "dangling");
    make_link(t->root, "a/far", "../../../far/away");
    return t;
}

static struct trial *opening(const char *path, int create, unsigned mode, uint64_t resolve)
{
    struct trial *t = tree();
    M_DOES(&t->draft, OP_OPEN, A, ROOT, text(&t->draft, path), (uint64_t)create, mode, resolve);
    return t;
}

/* What OPEN with `create` gives, and the mode of `made` (relative to the root) afterwards. */
static void check_open(const char *path, int create, long result, const char *made, mode_t mode)
{
    struct trial *t = opening(path, create, 0701, 0);
    trial_run(t);
    long r = result_of(t, 0);
    if (r >= 0 ? result != 0 : r != result) {
        fprintf(stderr, "OPEN %.60s gave %ld, not %ld\n", path, r, result);
        _exit(1);
    }
    CHECK_SAME(t->recording->failed, r < 0 ? 1 : 0);
    if (mode_of(t->root, made) != mode) {
        fprintf(stderr, "OPEN %.60s: mode of %.60s is 0%o, not 0%o\n", path, made,
                mode_of(t->root, made), mode);
        _exit(1);
    }
    trial_end(t);
}

static void missing_parts_are_made_below_the_root(void)
{
    check_open("x", DIRECTORY, 0, "x", S_IFDIR | 0701);
    check_open("/x", FILE_, 0, "x", S_IFREG | 0701);
    check_open("a//b/./c", DIRECTORY, 0, "a/b", S_IFDIR | 0755);
    check_open("a//b/./c", DIRECTORY, 0, "a/b/c", S_IFDIR | 0701);
    check_open("x/../y", FILE_, 0, "y", S_IFREG | 0701);
    check_open("x/.", DIRECTORY, 0, "x", S_IFDIR | 0755);
    check_open("../../../z", DIRECTORY, 0, "z", S_IFDIR | 0701);
    check_open("/../z", FILE_, 0, "z", S_IFREG | 0701);
    check_open("/", DIRECTORY, 0, "a", S_IFDIR | 0755);
}

static void what_exists_is_opened_and_left_as_it_is(void)
{
    check_open("file", FILE_, 0, "file", S_IFREG | 0644);
    check_open("file", DIRECTORY, 0, "file", S_IFREG | 0644);
    check_open("a", FILE_, 0, "a", S_IFDIR | 0755);
    check_open("x", OPEN_ONLY, -ENOENT, "x", 0);
    check_open("", DIRECTORY, -ENOENT, "x", 0);
    check_open("file/x", DIRECTORY, -ENOTDIR, "x", 0);
}

static void slash_at_the_end_changes_neither_kind_nor_mode(void)
{
    check_open("x//", DIRECTORY, 0, "x", S_IFDIR | 0701);
    check_open("a/x/", DIRECTORY, 0, "a/x", S_IFDIR | 0701);
    check_open("x/", FILE_, -ENOTDIR, "x", S_IFREG | 0701);
}

static void links_are_resolved_inside_the_root(void)
{
    check_open("to-a/x", DIRECTORY, 0, "a/x", S_IFDIR | 0701);
    check_open("up/z", FILE_, 0, "z", S_IFREG | 0701);
    check_open("host/passwd", OPEN_ONLY, -ENOENT, "host", S_IFLNK | 0777);
    check_open("loop/x", DIRECTORY, -ELOOP, "loop", S_IFLNK | 0777);
    check_open("loop", FILE_, -ELOOP, "loop", S_IFLNK | 0777);
}

static void what_a_link_names_is_made_inside_the_root(void)
{
    check_open("dangling", FILE_, 0, "nowhere", S_IFREG | 0701);
    check_open("dangling/x", DIRECTORY, 0, "nowhere/x", S_IFDIR | 0701);
    check_open("a/far/x", FILE_, 0, "far/away/x", S_IFREG | 0701);
    check_open("a/far/../y", FILE_, 0, "far/y", S_IFREG | 0701);
    check_open("twice", DIRECTORY, 0, "nowhere", S_IFDIR | 0701);
    check_open("host/mydocker-native", FILE_, 0, "etc/mydocker-native", S_IFREG | 0701);
    CHECK(access("/etc/mydocker-native", F_OK) < 0);
}

/* The link's target and what follows it in the path may fill a path, and no more. */
static void link_and_rest_have_the_kernels_limits(void)
{
    enum { TARGET = 4000, ROOM = PATH_MAX - 1 - TARGET };
    char target[TARGET + 1];
    char path[PATH_MAX] = "long/";
    for (size_t i = 0; i < TARGET; i += 2)
        memcpy(target + i, i < TARGET - 2 ? "./" : "n!", 3);
    for (size_t rest = ROOM - 2; rest <= ROOM + 2; rest++) {
        memset(path + 4, 'x', rest);
        path[4] = '/';
        path[4 + rest] = '\0';
        struct trial *t = tree();
        make_link(t->root, "long", target);
        M_DOES(&t->draft, OP_OPEN, A, ROOT, text(&t->draft, path), FILE_, 0700, 0);
        long r = outcome(t);
        CHECK(rest <= ROOM ? r >= 0 : r == -ENAMETOOLONG);
    }
}

static void resolve_flags_are_the_plans(void)
{
    struct trial *t = opening("to-a", OPEN_ONLY, 0, RESOLVE_NO_SYMLINKS);
    CHECK_SAME(outcome(t), -ELOOP);
    t = opening("a", OPEN_ONLY, 0, RESOLVE_NO_SYMLINKS);
    CHECK(outcome(t) >= 0);
}

static void names_and_paths_have_the_kernels_limits(void)
{
    char name[NAME_MAX + 2];
    memset(name, 'n', sizeof name);
    name[NAME_MAX] = '\0';
    check_open(name, FILE_, 0, name, S_IFREG | 0701);
    name[NAME_MAX] = 'n';
    name[NAME_MAX + 1] = '\0';
    check_open(name, FILE_, -ENAMETOOLONG, "n", 0);

    char path[PATH_MAX + 1];
    for (size_t i = 0; i < PATH_MAX - 2; i += 2)
        memcpy(path + i, "./", 2);
    memcpy(path + PATH_MAX - 2, "x", 2);
    CHECK_SAME(strlen(path), PATH_MAX - 1);
    check_open(path, DIRECTORY, 0, "x", S_IFDIR | 0701);
    memcpy(path + PATH_MAX - 2, "xx", 3);
    check_open(path, DIRECTORY, -ENAMETOOLONG, "xx", 0);
}

/* The last name is all that MKNOD and SYMLINK look at by themselves. */
static void last_names_are_found_in_any_path(void)
{
    static const struct {
        const char *path;
        long result;
        const char *made;
    } cases[] = {
        {"p", 0, "p"},
        {"/a/p", 0, "a/p"},
        {"a//p/", 0, "a/p"},
        {"to-a/p", 0, "a/p"},
        {"up/p", 0, "p"},
        {"../p", 0, "p"},
        {"", -EINVAL, "a"},
        {"///", -EINVAL, "a"},
        {".", -EEXIST, "a"},
        {"a/..", -EEXIST, "a"},
        {"x/p", -ENOENT, "a"},
        {"file/p", -ENOTDIR, "a"},
        {"host/p", -ENOENT, "a"},
        {"file", -EEXIST, "a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trial *t = tree();
        struct draft *d = &t->draft;
        M_DOES(d, OP_MKNOD, ROOT, text(d, cases[i].path), S_IFIFO | 0640, 0, 0, geteuid(),
               getegid());
        trial_run(t);
        if (result_of(t, 0) != cases[i].result) {
            fprintf(stderr, "MKNOD %s gave %ld\n", cases[i].path, result_of(t, 0));
            _exit(1);
        }
        CHECK_SAME(mode_of(t->root, cases[i].made),
                   cases[i].result ? S_IFDIR | 0755 : S_IFIFO | 0640);
        trial_end(t);
    }
}

static long mknod_of(const char *path)
{
    struct trial *t = tree();
    M_DOES(&t->draft, OP_MKNOD, ROOT, text(&t->draft, path), S_IFIFO | 0640, 0, 0, geteuid(),
           getegid());
    return outcome(t);
}

static void names_too_long_for_the_kernel_are_refused_before_it(void)
{
    char path[2 * PATH_MAX];
    memset(path, 'n', sizeof path);
    path[NAME_MAX] = '\0';
    CHECK_SAME(mknod_of(path), 0);
    path[NAME_MAX] = 'n';
    path[NAME_MAX + 1] = '\0';
    CHECK_SAME(mknod_of(path), -ENAMETOOLONG);
    for (size_t length = PATH_MAX - 3; length < PATH_MAX + 3; length++) {
        memset(path, '/', length);
        memcpy(path + length, "p", 2);
        CHECK_SAME(mknod_of(path), length < PATH_MAX ? 0 : -ENAMETOOLONG);
    }
}

static void device_node_has_number_mode_and_owner(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    M_DOES(d, OP_MKNOD, ROOT, text(d, "null"), S_IFCHR | 0666, 1, 3, 11, 12);
    trial_run(t);
    CHECK_SAME(result_of(t, 0), 0);
    struct stat stat;
    CHECK(fstatat(t->root, "null", &stat, AT_SYMLINK_NOFOLLOW) == 0);
    CHECK_SAME(stat.st_mode, S_IFCHR | 0666);
    CHECK_SAME(stat.st_rdev, makedev(1, 3));
    CHECK(stat.st_uid == 11 && stat.st_gid == 12);
    trial_end(t);
}

static long symlink_at(struct trial *t, const char *path)
{
    M_DOES(&t->draft, OP_SYMLINK, ROOT, text(&t->draft, "/target"), text(&t->draft, path));
    trial_run(t);
    return result_of(t, 0);
}

static void link_is_made_where_nothing_is(void)
{
    struct trial *t = tree();
    CHECK_SAME(symlink_at(t, "to-a/new"), 0);
    char target[16] = {0};
    CHECK_SAME(readlinkat(t->root, "a/new", target, sizeof target - 1), 7);
    CHECK(strcmp(target, "/target") == 0);
    trial_end(t);
}

static void link_leaves_what_is_there(void)
{
    struct trial *t = tree();
    CHECK_SAME(symlink_at(t, "file"), 0);
    CHECK_SAME(mode_of(t->root, "file"), S_IFREG | 0644);
    trial_end(t);
    t = tree();
    CHECK_SAME(symlink_at(t, "x/y"), -ENOENT);
    trial_end(t);
    t = tree();
    CHECK_SAME(symlink_at(t, "/"), -EINVAL);
    trial_end(t);
}

static long write_to(struct trial *t, const char *path)
{
    M_DOES(&t->draft, OP_WRITE_FILE, ROOT, text(&t->draft, path), bytes(&t->draft, "new\0!", 5));
    trial_run(t);
    return result_of(t, 0);
}

static void file_is_overwritten_from_its_start(void)
{
    struct trial *t = tree();
    CHECK_SAME(write_to(t, "/a/../file"), 0);
    int fd = openat(t->root, "file", O_RDONLY | O_CLOEXEC);
    char content[16];
    CHECK_SAME(read_all(fd, content, sizeof content), 5);
    CHECK(memcmp(content, "new\0!", 5) == 0);
    close(fd);
    trial_end(t);
}

static void only_an_existing_file_below_the_root_is_written(void)
{
    static const struct {
        const char *path;
        long result;
    } cases[] = {
        {"x", -ENOENT}, {"a", -EISDIR}, {"host/hostname", -ENOENT}, {"loop", -ELOOP}, {"", -ENOENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trial *t = tree();
        CHECK_SAME(write_to(t, cases[i].path), cases[i].result);
        trial_end(t);
    }
}

/* /dev/full takes no byte: ENOSPC; a pipe's limit would be a short write. */
static void write_that_fails_is_told(void)
{
    struct trial *t = trial_new();
    struct draft *d = &t->draft;
    M_DOES(d, OP_WRITE_FILE, NO_SLOT, text(d, "/dev/full"), bytes(d, "x", 1));
    CHECK_SAME(outcome(t), -ENOSPC);
}

const struct test path_tests[] = {
    {"missing parts of a path are made below the root", missing_parts_are_made_below_the_root,
     NEEDS_KERNEL},
    {"what exists is opened and left as it is", what_exists_is_opened_and_left_as_it_is,
     NEEDS_KERNEL},
    {"a slash at the end changes neither kind nor mode",
     slash_at_the_end_changes_neither_kind_nor_mode, NEEDS_KERNEL},
    {"links are resolved inside the root", links_are_resolved_inside_the_root, NEEDS_KERNEL},
    {"what a link names is made inside the root", what_a_link_names_is_made_inside_the_root,
     NEEDS_KERNEL},
    {"a link and the rest of a path have the kernel's limits",
     link_and_rest_have_the_kernels_limits, NEEDS_KERNEL},
    {"the flags of resolution are the plan's", resolve_flags_are_the_plans, NEEDS_KERNEL},
    {"names and paths have the kernel's limits", names_and_paths_have_the_kernels_limits,
     NEEDS_KERNEL},
    {"last names are found in any path", last_names_are_found_in_any_path, NEEDS_KERNEL},
    {"names too long for the kernel are refused",
     names_too_long_for_the_kernel_are_refused_before_it, NEEDS_KERNEL},
    {"a device node has its number, mode and owner", device_node_has_number_mode_and_owner,
     NEEDS_ROOT | NEEDS_KERNEL},
    {"a link is made where nothing is", link_is_made_where_nothing_is, NEEDS_KERNEL},
    {"a link leaves what is there", link_leaves_what_is_there, NEEDS_KERNEL},
    {"a file is overwritten from its start", file_is_overwritten_from_its_start, NEEDS_KERNEL},
    {"only an existing file below the root is written",
     only_an_existing_file_below_the_root_is_written, NEEDS_KERNEL},
    {"a write that fails is told", write_that_fails_is_told, NEEDS_KERNEL},
    {NULL, NULL, 0},
};
