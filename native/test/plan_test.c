/* plan_test.c - plan_load takes whole plans and refuses everything else. */
#include <errno.h>
#include <string.h>

#include "plan.h"
#include "test.h"

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

const struct test plan_tests[] = {
    {"a whole plan is taken and its offsets become pointers", whole_plan_is_taken},
    {"every shorter plan is refused", shorter_plan_is_refused},
    {"a foreign magic or version is refused", foreign_magic_or_version_is_refused},
    {"an unknown operation is refused", unknown_operation_is_refused},
    {"a string outside the plan or without an end is refused",
     string_outside_or_without_end_is_refused},
    {"a slot that does not exist is refused", slot_that_does_not_exist_is_refused},
    {"more operations than fit are refused", more_operations_than_fit_are_refused},
    {"a plan with any byte changed is survived", any_changed_byte_is_survived},
    {NULL, NULL},
};
