/*
 * options.c - how the address sanitizer behaves in the monitor's own program. The options are built
 * in, because M starts the monitor without an environment and with /dev/null as its stderr.
 */

/* The leak checker attaches to its own process (ptrace(2)), which PR_SET_DUMPABLE 0 forbids. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0:exitcode=99:log_path=" REPORTS;
}
