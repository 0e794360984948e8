/* init.h - the init that --init puts in front of a container's command. */
#ifndef MYDOCKER_INIT_H
#define MYDOCKER_INIT_H

/* PID 1 of the container: starts argv[1..], forwards signals to it, reaps; its exit status. */
int init_main(char **argv);

#endif
