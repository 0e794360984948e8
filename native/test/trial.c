/* trial.c - plans made in memory, and run in a child. */
#define _GNU_SOURCE
#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "operations.h"
#include "test.h"

/* ---- the draft ------------------------------------------------------------------------------ */

/* Room for `size` bytes of data, aligned as everything in a plan may be; its offset in the plan. */
static uint64_t reserve(struct draft *draft, size_t size)
{
    size_t at = (draft->used + 7) / 8 * 8;
    CHECK(size <= sizeof draft->data && at <= sizeof draft->data - size);
    draft->used = at + size;
    return offsetof(struct draft, data) + at;
}

static void *at(struct draft *draft, uint64_t offset)
{
    return (unsigned char *)draft + offset;
}

uint64_t text(struct draft *draft, const char *text)
{
    size_t size = strlen(text) + 1;
    uint64_t offset = reserve(draft, size);
    memcpy(at(draft, offset), text, size);
    return offset;
}

uint64_t texts(struct draft *draft, const char *const *texts)
{
    uint64_t count = 0;
    while (texts[count])
        count++;
    uint64_t offset = reserve(draft, (count + 2) * 8);
    uint64_t *words = at(draft, offset);
    words[0] = count;
    for (uint64_t i = 0; i < count; i++)
        words[i + 1] = text(draft, texts[i]);
    words[count + 1] = 0;
    return offset;
}

uint64_t bytes(struct draft *draft, const void *bytes, size_t size)
{
    uint64_t offset = reserve(draft, sizeof(struct blob) + size);
    struct blob *blob = at(draft, offset);
    blob->size = size;
    memcpy(blob->bytes, bytes, size);
    return offset;
}

static uint32_t append(struct draft *draft, enum opcode code, const uint64_t args[PLAN_ARGS])
{
    uint32_t index = draft->plan.monitor_ops + draft->plan.init_ops;
    CHECK(index < sizeof draft->ops / sizeof *draft->ops);
    draft->ops[index].code = code;
    memcpy(draft->ops[index].arg, args, sizeof draft->ops[index].arg);
    return index;
}

uint32_t monitor_op(struct draft *draft, enum opcode code, const uint64_t args[PLAN_ARGS])
{
    CHECK(draft->plan.init_ops == 0);
    uint32_t index = append(draft, code, args);
    draft->plan.monitor_ops++;
    return index;
}

uint32_t init_op(struct draft *draft, enum opcode code, const uint64_t args[PLAN_ARGS])
{
    uint32_t index = append(draft, code, args);
    draft->plan.init_ops++;
    return index;
}

size_t draft_size(const struct draft *draft)
{
    return offsetof(struct draft, data) + (draft->used + 7) / 8 * 8;
}

/* ---- the trial ------------------------------------------------------------------------------ */

struct trial *trial_new(void)
{
    struct trial *t = calloc(1, sizeof *t);
    CHECK(t);
    t->draft.plan = (struct plan){.magic = PLAN_MAGIC, .version = PLAN_VERSION};
    memset(t->slots, -1, sizeof t->slots);
    strcpy(t->directory, "/tmp/mydocker-native-XXXXXX");
    CHECK(mkdtemp(t->directory));
    t->root = open(t->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    t->slots[ROOT] = open(t->directory, O_PATH | O_CLOEXEC);
    t->slots[REPORT] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    size_t size = recording_size(sizeof t->draft.ops / sizeof *t->draft.ops);
    t->memfd = memfd_create("recording", MFD_CLOEXEC);
    CHECK(t->memfd >= 0 && ftruncate(t->memfd, (off_t)size) == 0);
    t->recording = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, t->memfd, 0);
    CHECK(t->recording != MAP_FAILED);
    t->slots[SLOT_RECORDING] = fcntl(t->memfd, F_DUPFD_CLOEXEC, 3);
    return t;
}

void trial_isolate(struct trial *t)
{
    struct draft *d = &t->draft;
    M_DOES(d, OP_UNSHARE, 0x00020000 /* CLONE_NEWNS */);
    M_DOES(d, OP_MOUNT, 0, text(d, "/"), 0, 0x44000 /* MS_REC | MS_PRIVATE */, 0);
    M_DOES(d, OP_MOUNT, text(d, "tmpfs"), text(d, t->directory), text(d, "tmpfs"), 0, 0);
    M_DOES(d, OP_OPEN, ROOT, NO_SLOT, text(d, t->directory), 0, 0, 0);
}

static void report_to_test(const struct run *run)
{
    if (run->slots[REPORT] >= 0)
        dup2(run->slots[REPORT], STDERR_FILENO);
}

static int wait_for(pid_t pid)
{
    int status;
    CHECK_SAME(waitpid(pid, &status, __WALL), pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* M, as launch_child starts it; all signals are blocked, as in the thread that clones it. */
static void monitor(struct trial *t)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    struct run run = {.plan = &t->draft.plan, .recording = t->recording};
    memcpy(run.slots, t->slots, sizeof run.slots);
    CHECK(plan_load(run.plan, run.plan->size) == 0);
    CHECK(run_prepare(&run) == 0);
    int r = run_monitor_ops(&run, 0);
    report_to_test(&run);
    if (r == 0 && t->inspect)
        t->inspect(&run);
    if (r == 0 && t->recording->init_pid > 0)
        _exit(wait_for(t->recording->init_pid));
    _exit(r == 0 ? 0 : 1);
}

static void close_slots(struct trial *t)
{
    for (int i = 0; i < PLAN_SLOTS; i++) {
        if (t->slots[i] >= 0)
            close(t->slots[i]);
        t->slots[i] = -1;
    }
}

void trial_start(struct trial *t)
{
    t->draft.plan.size = (uint32_t)draft_size(&t->draft);
    t->recording->ops = t->draft.plan.monitor_ops + t->draft.plan.init_ops;
    t->pid = fork();
    CHECK(t->pid >= 0);
    if (t->pid == 0)
        monitor(t);
    close_slots(t);
}

void trial_wait(struct trial *t)
{
    t->status = wait_for(t->pid);
    for (uint32_t i = 0; i < t->recording->ops; i++)
        operation_seen((enum opcode)t->draft.ops[i].code, &t->recording->records[i]);
}

void trial_run(struct trial *t)
{
    trial_start(t);
    trial_wait(t);
}

void trial_end(struct trial *t)
{
    size_t size = recording_size(sizeof t->draft.ops / sizeof *t->draft.ops);
    CHECK(munmap(t->recording, size) == 0);
    close_slots(t);
    close(t->memfd);
    close(t->root);
    remove_tree(t->directory);
    free(t);
}

long result_of(const struct trial *t, uint32_t index)
{
    CHECK(t->recording->records[index].end != 0);
    return t->recording->records[index].result;
}

bool executed(const struct trial *t, uint32_t index)
{
    const struct record *record = &t->recording->records[index];
    return record->start != 0 && record->end == 0;
}

long outcome(struct trial *t)
{
    trial_run(t);
    uint32_t last = t->recording->ops - 1;
    for (uint32_t i = 0; i < last; i++)
        CHECK(result_of(t, i) >= 0);
    long r = result_of(t, last);
    CHECK_SAME(t->recording->failed, r < 0 ? last + 1 : 0);
    CHECK_SAME(t->status, r < 0 ? 1 : 0);
    trial_end(t);
    return r;
}

int monitor_image(void)
{
    int program = open(MONITOR, O_RDONLY | O_CLOEXEC);
    int image = memfd_create("mydocker-monitor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct stat stat;
    CHECK(program >= 0 && image >= 0 && fstat(program, &stat) == 0);
    for (off_t left = stat.st_size; left > 0;) {
        char piece[65536];
        ssize_t n = read(program, piece, sizeof piece);
        CHECK(n > 0 && write(image, piece, (size_t)n) == n);
        left -= n;
    }
    close(program);
    CHECK(fcntl(image, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0);
    return image;
}

/* ---- files ---------------------------------------------------------------------------------- */

void make_file(int at, const char *path, const char *content, mode_t mode)
{
    int fd = openat(at, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK(write(fd, content, strlen(content)) == (ssize_t)strlen(content));
    CHECK(fchmod(fd, mode) == 0);
    close(fd);
}

void make_directory(int at, const char *path, mode_t mode)
{
    CHECK(mkdirat(at, path, mode) == 0);
}

void make_link(int at, const char *path, const char *target)
{
    CHECK(symlinkat(target, at, path) == 0);
}

mode_t mode_of(int at, const char *path)
{
    struct stat stat;
    return fstatat(at, path, &stat, AT_SYMLINK_NOFOLLOW) == 0 ? stat.st_mode : 0;
}

size_t read_all(int fd, char *buffer, size_t size)
{
    size_t used = 0;
    ssize_t n = 1;
    while (n > 0 && used < size - 1) {
        n = read(fd, buffer + used, size - 1 - used);
        used += n > 0 ? (size_t)n : 0;
    }
    buffer[used] = '\0';
    return used;
}

static int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
    (void)stat;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void remove_tree(const char *path)
{
    CHECK(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0);
}
