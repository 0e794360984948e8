/* command.h - how the monitor's process becomes another program. */
#ifndef MYDOCKER_COMMAND_H
#define MYDOCKER_COMMAND_H

/*
 * Executes argv, whose first word is an absolute path. The program has nothing of this process but
 * the descriptor `life`, as its descriptor 3 (-1: none): /dev/null is 0, 1 and 2, no signal is
 * blocked, the environment is empty. Comes back, with 1, when that fails.
 */
int command_become(char **argv, int life);

#endif
