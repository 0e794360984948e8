/* keeper.h - a program that works for a container, and ends with it. */
#ifndef MYDOCKER_KEEPER_H
#define MYDOCKER_KEEPER_H

/*
 * argv: the number of the container's first process, a directory that it may write, and the program
 * with its arguments, which takes more: --netns FILE is the container's network, and --pid FILE is
 * where it says that it is ready. Says "ready" on the standard output then, or why not, and stays
 * until the first process has ended; then the program ends as well, as it does with this one.
 */
int keeper_main(char **argv);

#endif
