/* operations_test.c - runs last: no operation has been forgotten by the tests before it. */
#include "operations.h"

#include <stdbool.h>

#include "test.h"

static bool succeeded[OP_COUNT];
static bool failed[OP_COUNT];

void operation_seen(enum opcode code, const struct record *record)
{
    bool over = record->end != 0;
    succeeded[code] |= record->start != 0 && (!over || record->result >= 0);
    failed[code] |= over && record->result < 0;
}

/* The kernel has no way to refuse these. */
static bool cannot_fail(enum opcode code)
{
    return code == OP_NAME || code == OP_UMASK || code == OP_KEYRING || code == OP_CLOSE_OTHERS;
}

static void each_has_succeeded_and_failed(void)
{
    for (enum opcode code = 0; code < OP_COUNT; code++) {
        if (succeeded[code] && (failed[code] || cannot_fail(code)))
            continue;
        fprintf(stderr, "%s was never seen to %s\n", plan_names[code],
                succeeded[code] ? "fail" : "succeed");
        _exit(1);
    }
}

const struct test operation_tests[] = {
    {"each operation of ops.def has succeeded and failed", each_has_succeeded_and_failed,
     NEEDS_ROOT | NEEDS_KERNEL},
    {NULL, NULL, 0},
};
