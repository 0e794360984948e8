/* plan_test.c - plan_load takes whole plans and refuses everything else. */
#include <errno.h>
#include <string.h>

#include "plan.h"
#include "test.h"
#include "trial.h"

#define TEXT "/proc"

/* A plan of one operation with one string: header, operation, text. */
struct sample {
    struct plan plan;
    struct op op;
    char text[8];
};

static struct sample sample(void)
{
    return (struct sample){
        .plan = {.magic = PLAN_MAGIC,
                 .version = PLAN_VERSION,
                 .size = sizeof(struct sample),
                 .init_ops = 1},
        .op = {.code = OP_SETHOSTNAME, .arg = {offsetof(struct sample, text)}},
        .text = TEXT,
    };
}

static void whole_plan_is_taken(void)
{
    struct sample s = sample();
    CHECK(plan_load(&s, sizeof s) == 0);
    CHECK(strcmp((const char *)(uintptr_t)s.op.arg[0], TEXT) == 0);
}

static void shorter_plan_is_refused(void)
{
    for (size_t size = 0; size < sizeof(struct sample); size++) {
        struct sample whole = sample();
        unsigned char *piece = malloc(size + 1); /* its end is the sanitizer's to watch */
        CHECK(piece);
        memcpy(piece, &whole, size);
        int r = plan_load(piece, size);
        free(piece);
        CHECK(r == -EINVAL);
    }
}

static void foreign_magic_or_version_is_refused(void)
{
    struct sample s = sample();
    s.plan.magic++;
    CHECK(plan_load(&s, sizeof s) == -EINVAL);
    s = sample();
    s.plan.version++;
    CHECK(plan_load(&s, sizeof s) == -EINVAL);
}

static void unknown_operation_is_refused(void)
{
    struct sample s = sample();
    s.op.code = OP_COUNT;
    CHECK(plan_load(&s, sizeof s) == -EINVAL);
}

static void string_outside_or_without_end_is_refused(void)
{
    const uint64_t outside[] = {0, sizeof(struct plan), sizeof(struct sample), UINT64_MAX};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        struct sample s = sample();
        s.op.arg[0] = outside[i];
        CHECK(plan_load(&s, sizeof s) == -EINVAL);
    }
    struct sample s = sample();
    memset(s.text, 'x', sizeof s.text);
    CHECK(plan_load(&s, sizeof s) == -EINVAL);
}

static void slot_that_does_not_exist_is_refused(void)
{
    struct sample s = sample();
    s.op = (struct op){.code = OP_PIVOT_ROOT, .arg = {PLAN_SLOTS}};
    CHECK(plan_load(&s, sizeof s) == -EINVAL);
    s = sample();
    s.op = (struct op){.code = OP_PIVOT_ROOT, .arg = {NO_SLOT}};
    CHECK(plan_load(&s, sizeof s) == -EINVAL);
}

static void more_operations_than_fit_are_refused(void)
{
    struct sample s = sample();
    s.plan.init_ops = 2;
    CHECK(plan_load(&s, sizeof s) == -EINVAL);
    s.plan.init_ops = PLAN_OPS_LIMIT + 1;
    CHECK(plan_load(&s, sizeof s) == -E2BIG);
}

/* With the sanitizers: no access outside, whatever a byte says. */
static void any_changed_byte_is_survived(void)
{
    for (size_t at = 0; at < sizeof(struct sample); at++) {
        for (int value = 0; value < 256; value++) {
            struct sample s = sample();
            ((unsigned char *)&s)[at] = (unsigned char)value;
            int r = plan_load(&s, sizeof s);
            CHECK(r == 0 || r == -EINVAL || r == -E2BIG);
        }
    }
}

/* ---- plans with every kind of argument ------------------------------------------------------ */

static const char *const some_texts[] = {"a", "", "bcdefghij", NULL};

/* What each letter of ops.def stands for, in a draft that has them all. */
static uint64_t argument(struct draft *d, char kind)
{
    switch (kind) {
    case 's':
    case 'S':
        return text(d, TEXT);
    case 'v':
        return texts(d, some_texts);
    case 'b':
        return bytes(d, TEXT, sizeof TEXT);
    default:
        return SLOT_FREE;
    }
}

/* A plan with operations of all kinds from `first` on, as many as fit. */
static void fill(struct draft *d, unsigned first)
{
    *d = (struct draft){.plan = {.magic = PLAN_MAGIC, .version = PLAN_VERSION}};
    for (unsigned i = 0; i < sizeof d->ops / sizeof *d->ops; i++) {
        enum opcode code = (enum opcode)((first + i) % OP_COUNT);
        uint64_t args[PLAN_ARGS] = {0};
        for (size_t j = 0; plan_arguments[code][j]; j++)
            args[j] = argument(d, plan_arguments[code][j]);
        if (i < 8)
            monitor_op(d, code, args);
        else
            init_op(d, code, args);
    }
    d->plan.size = (uint32_t)draft_size(d);
}

static void check_text(const struct plan *plan, uint64_t pointer)
{
    const char *begin = (const char *)plan;
    const char *at = (const char *)(uintptr_t)pointer;
    CHECK(at > begin && at < begin + plan->size);
    CHECK(memchr(at, '\0', (size_t)(begin + plan->size - at)));
}

static void check_vector(const struct plan *plan, uint64_t pointer)
{
    const char *end = (const char *)plan + plan->size;
    const uint64_t *at = (const uint64_t *)(uintptr_t)pointer;
    for (;; at++) {
        CHECK((const char *)at > (const char *)plan && (const char *)(at + 1) <= end);
        if (*at == 0)
            return;
        check_text(plan, *at);
    }
}

static void check_blob(const struct plan *plan, uint64_t pointer)
{
    const char *end = (const char *)plan + plan->size;
    const struct blob *blob = (const struct blob *)(uintptr_t)pointer;
    CHECK((const char *)blob > (const char *)plan && (const char *)blob->bytes <= end);
    CHECK(blob->size <= (size_t)(end - (const char *)blob->bytes));
}

/* What plan_load promises: all that a plan points at lies in it. */
static void check_loaded(const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->monitor_ops + plan->init_ops; i++) {
        const struct op *op = &plan->ops[i];
        const char *kinds = plan_arguments[op->code];
        for (size_t j = 0; kinds[j]; j++) {
            if (kinds[j] == 's' || (kinds[j] == 'S' && op->arg[j]))
                check_text(plan, op->arg[j]);
            else if (kinds[j] == 'v')
                check_vector(plan, op->arg[j]);
            else if (kinds[j] == 'b')
                check_blob(plan, op->arg[j]);
            else if (kinds[j] == 'f')
                CHECK(op->arg[j] < PLAN_SLOTS);
        }
    }
}

static void every_operation_is_taken(void)
{
    struct draft *d = malloc(sizeof *d);
    CHECK(d);
    for (unsigned first = 0; first < OP_COUNT; first++) {
        fill(d, first);
        CHECK(plan_load(d, d->plan.size) == 0);
        check_loaded(&d->plan);
    }
    free(d);
}

/* A vector becomes pointers, in place: it must not do so over a size that has been checked. */
static void what_is_checked_is_not_overwritten_later(void)
{
    static const char much[8192]; /* so that an offset is no size too large */
    struct draft d = {.plan = {.magic = PLAN_MAGIC, .version = PLAN_VERSION}};
    uint64_t vector = texts(&d, (const char *const[]){"x", NULL});
    uint64_t empty = texts(&d, (const char *const[]){NULL});
    bytes(&d, much, sizeof much);
    init_op(&d, OP_SETGROUPS, (const uint64_t[PLAN_ARGS]){vector + 8});
    init_op(&d, OP_EXEC_INIT, (const uint64_t[PLAN_ARGS]){0, vector, empty});
    d.plan.size = (uint32_t)draft_size(&d);
    CHECK_SAME(plan_load(&d, d.plan.size), -EINVAL);
}

static void mutate(struct draft *d, size_t size, uint64_t *seed)
{
    uint64_t *words = (uint64_t *)d;
    for (uint64_t changes = 1 + chance(seed) % 4; changes > 0; changes--) {
        uint64_t r = chance(seed);
        size_t word = (r >> 8) % (size / 8);
        switch (r % 5) {
        case 0: /* a bit */
            words[word] ^= UINT64_C(1) << ((r >> 40) % 64);
            break;
        case 1: /* another word of the same plan: an offset where it does not belong */
            words[word] = words[(r >> 40) % (size / 8)];
            break;
        case 2: /* a place near the end, or beyond */
            words[word] = size - 24 + (r >> 40) % 32;
            break;
        case 3: /* a place among the data */
            words[word] =
                offsetof(struct draft, data) + (r >> 40) % (size - offsetof(struct draft, data));
            break;
        default:
            words[word] = chance(seed);
        }
    }
}

/* Each copy ends where the memory does, so that the sanitizer sees the first byte too far. */
static void any_mutation_is_survived(void)
{
    static struct draft whole[4];
    uint64_t seed = 8128;
    unsigned taken = 0;
    for (unsigned i = 0; i < 4; i++)
        fill(&whole[i], i * OP_COUNT / 4);
    for (unsigned i = 0; i < rounds(100000); i++) {
        const struct draft *from = &whole[i % 4];
        size_t size = from->plan.size;
        struct draft *d = malloc(size);
        CHECK(d);
        memcpy((void *)d, from, size);
        mutate(d, size, &seed);
        int r = plan_load(d, size);
        CHECK(r == 0 || r == -EINVAL || r == -E2BIG);
        if (r == 0)
            check_loaded(&d->plan);
        taken += r == 0;
        free(d);
    }
    CHECK(taken > rounds(100000) / 20); /* the promise has been put to the test */
}

const struct test plan_tests[] = {
    {"a whole plan is taken and its offsets become pointers", whole_plan_is_taken, 0},
    {"every shorter plan is refused", shorter_plan_is_refused, 0},
    {"a foreign magic or version is refused", foreign_magic_or_version_is_refused, 0},
    {"an unknown operation is refused", unknown_operation_is_refused, 0},
    {"a string outside the plan or without an end is refused",
     string_outside_or_without_end_is_refused, 0},
    {"a slot that does not exist is refused", slot_that_does_not_exist_is_refused, 0},
    {"more operations than fit are refused", more_operations_than_fit_are_refused, 0},
    {"a plan with any byte changed is survived", any_changed_byte_is_survived, 0},
    {"every operation is taken", every_operation_is_taken, 0},
    {"what is checked is not overwritten later", what_is_checked_is_not_overwritten_later, 0},
    {"any mutation of a plan is survived", any_mutation_is_survived, 0},
    {NULL, NULL, 0},
};
