/* operations.h - which operations of ops.def the tests have seen succeed and fail. */
#ifndef MYDOCKER_OPERATIONS_H
#define MYDOCKER_OPERATIONS_H

#include "plan.h"

void operation_seen(enum opcode code, const struct record *record);

#endif
