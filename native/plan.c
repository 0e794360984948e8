/* plan.c - checks a launch plan and makes it executable in place. Runs before any fork. */
#include "plan.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

const char *const plan_arguments[OP_COUNT] = {
#define OP(name, arguments) arguments,
#include "ops.def"
#undef OP
};

const char *const plan_names[OP_COUNT] = {
#define OP(name, arguments) #name,
#include "ops.def"
#undef OP
};

struct area {
    unsigned char *bytes;
    size_t data; /* where the operations end and what they point at begins */
    size_t size;
};

static int outside(const struct area *a, uint64_t at, size_t alignment, size_t size)
{
    return at < a->data || at % alignment || at >= a->size || a->size - at < size;
}

/* A string must start inside the plan and end there. */
static int load_string(const struct area *a, uint64_t *arg)
{
    if (outside(a, *arg, 1, 1) || !memchr(a->bytes + *arg, '\0', a->size - *arg))
        return -EINVAL;
    *arg = (uint64_t)(uintptr_t)(a->bytes + *arg);
    return 0;
}

/* Count, then that many offsets and a zero: becomes a NULL-terminated array of pointers. */
static int load_vector(const struct area *a, uint64_t *arg)
{
    if (outside(a, *arg, 8, 8))
        return -EINVAL;
    uint64_t *words = (uint64_t *)(void *)(a->bytes + *arg);
    uint64_t room = (a->size - *arg) / 8;
    if (words[0] > room || words[0] + 2 > room || words[words[0] + 1] != 0)
        return -EINVAL;
    for (uint64_t i = 1; i <= words[0]; i++)
        if (load_string(a, &words[i]))
            return -EINVAL;
    *arg = (uint64_t)(uintptr_t)(words + 1);
    return 0;
}

static int load_blob(const struct area *a, uint64_t *arg)
{
    if (outside(a, *arg, 8, 8))
        return -EINVAL;
    const struct blob *blob = (const void *)(a->bytes + *arg);
    if (blob->size > a->size - *arg - 8)
        return -EINVAL;
    *arg = (uint64_t)(uintptr_t)blob;
    return 0;
}

static int load_argument(const struct area *a, char kind, uint64_t *arg)
{
    switch (kind) {
    case 'S':
        return *arg == 0 ? 0 : load_string(a, arg);
    case 's':
        return load_string(a, arg);
    case 'v':
        return load_vector(a, arg);
    case 'b':
        return load_blob(a, arg);
    case 'F':
        return *arg == NO_SLOT || *arg < PLAN_SLOTS ? 0 : -EINVAL;
    case 'f':
        return *arg < PLAN_SLOTS ? 0 : -EINVAL;
    default:
        return 0;
    }
}

/* Loads the arguments that are vectors, or all others. */
static int load_op(const struct area *a, struct op *op, bool vectors)
{
    if (op->code >= OP_COUNT)
        return -EINVAL;
    const char *kinds = plan_arguments[op->code];
    for (size_t i = 0; kinds[i]; i++)
        if ((kinds[i] == 'v') == vectors && load_argument(a, kinds[i], &op->arg[i]))
            return -EINVAL;
    return 0;
}

static int load_ops(const struct area *a, struct op *ops, size_t count, bool vectors)
{
    for (size_t i = 0; i < count; i++)
        if (load_op(a, &ops[i], vectors))
            return -EINVAL;
    return 0;
}

int plan_load(void *bytes, size_t size)
{
    struct plan *plan = bytes;
    if (size < sizeof *plan || plan->magic != PLAN_MAGIC || plan->version != PLAN_VERSION ||
        plan->size != size)
        return -EINVAL;
    if (size > PLAN_SIZE_LIMIT || plan->monitor_ops > PLAN_OPS_LIMIT ||
        plan->init_ops > PLAN_OPS_LIMIT)
        return -E2BIG;
    size_t ops = (size_t)plan->monitor_ops + plan->init_ops;
    if (ops > (size - sizeof *plan) / sizeof(struct op))
        return -EINVAL;
    const struct area area = {bytes, sizeof *plan + ops * sizeof(struct op), size};
    /* The vectors first: loading one changes data, which may be what another argument points at. */
    int r = load_ops(&area, plan->ops, ops, true);
    return r ? r : load_ops(&area, plan->ops, ops, false);
}

size_t recording_size(uint32_t ops)
{
    return sizeof(struct recording) + ops * sizeof(struct record);
}
