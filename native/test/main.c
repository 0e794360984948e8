/* main.c - runs every test of the native code that needs no JVM. */
#include "test.h"

int main(void)
{
    const struct test *const tables[] = {plan_tests, shield_tests, inflate_tests};
    int count = 0;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const struct test *test = tables[i]; test->name; test++) {
            test->run();
            printf("ok %s\n", test->name);
            count++;
        }
    }
    printf("Native tests run: %d, failures: 0\n", count);
    return 0;
}
