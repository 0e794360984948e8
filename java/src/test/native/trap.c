/*
 * trap.c - tells that it was executed or loaded, for HostileToolsIT: as a static program it stands
 * in an image for each tool that an engine might run, as a library for each that it might load.
 *
 * It appends its environment to /trapped, in whose root it may be, or to TRAP_FILE.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void tell(void)
{
    const char *file = getenv("TRAP_FILE");
    int to = open(file ? file : "/trapped", O_WRONLY | O_CREAT | O_APPEND, 0644);
    int from = open("/proc/self/environ", O_RDONLY);
    char buffer[4096];
    ssize_t n = write(to, "trapped\n", 8);
    while (n > 0 && (n = read(from, buffer, sizeof buffer)) > 0)
        n = write(to, buffer, (size_t)n);
    close(from);
    close(to);
}

#ifndef TRAP_LIBRARY
int main(void)
{
    return 0;
}
#endif
