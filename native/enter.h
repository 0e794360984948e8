/* enter.h - an ordinary user's way into a user namespace of their own. */
#ifndef MYDOCKER_ENTER_H
#define MYDOCKER_ENTER_H

/*
 * Executes the command argv as root of the caller's user namespace, and in a mount namespace of its
 * own; for who is root already, just executes it. The namespace is made by the first command, and
 * joined by every later one. Comes back only when that fails, with an exit code, having said why on
 * the standard error.
 */
int enter_main(char **argv);

/* What keeps the namespace: a process that does nothing until it is killed. */
int pause_main(void);

#endif
