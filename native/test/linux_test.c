/*
 * linux_test.c - the JNI side against a JVM made of a few functions: what linux.c copies stays
 * inside the arrays it is given, and its own buffers. What the calls do is Java's to test.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <jni.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>

#include "plan.h"
#include "test.h"

/* ---- the JVM -------------------------------------------------------------------------------- */

/* A primitive array: exactly its elements, so that the sanitizer sees one too far. */
struct array {
    jsize length;
    size_t unit;
    unsigned char *elements;
};

static const JNINativeMethod *methods;
static jint method_count;
static bool thrown; /* ArrayIndexOutOfBoundsException */

static void *array_of(size_t unit, jsize length)
{
    struct array *a = malloc(sizeof *a);
    CHECK(a);
    *a = (struct array){length, unit, calloc((size_t)length, unit)};
    CHECK(a->elements);
    return a;
}

static void *byte_array(const char *content, size_t size)
{
    struct array *a = array_of(1, (jsize)size);
    if (content && size)
        memcpy(a->elements, content, size);
    return a;
}

static void *name(const char *text)
{
    return byte_array(text, strlen(text));
}

static void release(void *array)
{
    free(((struct array *)array)->elements);
    free(array);
}

static void *elements(void *array)
{
    return ((struct array *)array)->elements;
}

static jsize get_length(JNIEnv *env, jarray array)
{
    (void)env;
    return ((struct array *)(void *)array)->length;
}

/* The start of a region that lies in the array; NULL, with an exception pending, for others. */
static void *region(void *array, jsize start, jsize length, size_t unit)
{
    struct array *a = array;
    CHECK_SAME(a->unit, unit);
    CHECK(!thrown);
    thrown = start < 0 || length < 0 || start > a->length - length;
    return thrown ? NULL : a->elements + (size_t)start * unit;
}

#define REGIONS(type, array_type)                                                                  \
    static void get_##type(JNIEnv *env, array_type array, jsize start, jsize length, type *out)    \
    {                                                                                              \
        (void)env;                                                                                 \
        void *from = region(array, start, length, sizeof *out);                                    \
        if (from)                                                                                  \
            memcpy(out, from, (size_t)length * sizeof *out);                                       \
    }                                                                                              \
    static void set_##type(JNIEnv *env, array_type array, jsize start, jsize length,               \
                           const type *in)                                                         \
    {                                                                                              \
        (void)env;                                                                                 \
        void *to = region(array, start, length, sizeof *in);                                       \
        if (to)                                                                                    \
            memcpy(to, in, (size_t)length * sizeof *in);                                           \
    }

REGIONS(jbyte, jbyteArray)
REGIONS(jshort, jshortArray)
REGIONS(jint, jintArray)
REGIONS(jlong, jlongArray)

static jint abi;
static bool has_class;

static jclass find_class(JNIEnv *env, const char *class_name)
{
    (void)env;
    static int linux_class;
    CHECK(strcmp(class_name, "dev/mydocker/kernel/Linux") == 0);
    return has_class ? (jclass)(void *)&linux_class : NULL;
}

static jfieldID find_field(JNIEnv *env, jclass owner, const char *field, const char *type)
{
    (void)env;
    CHECK(owner && strcmp(field, "ABI") == 0 && strcmp(type, "I") == 0);
    return (jfieldID)(void *)&abi;
}

static jint get_field(JNIEnv *env, jclass owner, jfieldID field)
{
    (void)env;
    CHECK(owner && (void *)field == &abi);
    return abi;
}

static jint register_methods(JNIEnv *env, jclass owner, const JNINativeMethod *table, jint count)
{
    (void)env;
    CHECK(owner);
    methods = table;
    method_count = count;
    return 0;
}

static const struct JNINativeInterface_ functions = {
    .GetArrayLength = get_length,
    .GetByteArrayRegion = get_jbyte,
    .SetByteArrayRegion = set_jbyte,
    .GetShortArrayRegion = get_jshort,
    .SetShortArrayRegion = set_jshort,
    .GetIntArrayRegion = get_jint,
    .SetIntArrayRegion = set_jint,
    .GetLongArrayRegion = get_jlong,
    .SetLongArrayRegion = set_jlong,
    .FindClass = find_class,
    .GetStaticFieldID = find_field,
    .GetStaticIntField = get_field,
    .RegisterNatives = register_methods,
};
static JNIEnv environment = &functions;

static jint get_environment(JavaVM *vm, void **out, jint version)
{
    (void)vm;
    CHECK_SAME(version, JNI_VERSION_1_8);
    *out = &environment;
    return JNI_OK;
}

static jint load(jint classes_abi)
{
    const struct JNIInvokeInterface_ invoke = {.GetEnv = get_environment};
    JavaVM vm = &invoke;
    abi = classes_abi;
    has_class = classes_abi >= 0;
    methods = NULL;
    return JNI_OnLoad(&vm, NULL);
}

/* The function that Java knows by that name and signature. */
static void *method(const char *method_name, const char *signature)
{
    if (!methods)
        CHECK_SAME(load(1), JNI_VERSION_1_8);
    for (jint i = 0; i < method_count; i++)
        if (strcmp(methods[i].name, method_name) == 0) {
            CHECK(strcmp(methods[i].signature, signature) == 0);
            thrown = false;
            return methods[i].fnPtr;
        }
    CHECK(!"a method of that name");
    return NULL;
}

/* ISO C has no cast from a pointer to data, which fnPtr is, to one to a function. */
#define CALL(method_name, signature, types, ...)                                                   \
    __extension__({                                                                                \
        jint(*function_) types;                                                                    \
        void *pointer_ = method(method_name, signature);                                           \
        memcpy(&function_, &pointer_, sizeof function_);                                           \
        function_(&environment, NULL, ##__VA_ARGS__);                                              \
    })

/* ---- the tests ------------------------------------------------------------------------------ */

static void library_refuses_classes_of_another_version(void)
{
    CHECK_SAME(load(0), JNI_ERR);
    CHECK_SAME(load(2), JNI_ERR);
    CHECK_SAME(load(-1), JNI_ERR); /* no class at all */
    CHECK(!methods);
    CHECK_SAME(load(1), JNI_VERSION_1_8);
    CHECK(methods && method_count > 50);
}

static jint make_directory_of(const char *path, size_t size)
{
    void *array = byte_array(path, size);
    jint r = CALL("mkdirat", "(I[BI)I", (JNIEnv *, jclass, jint, void *, jint), -1, array, 0700);
    release(array);
    return r;
}

/* No path gets as far as the kernel, which would say EBADF. */
static void paths_have_limits(void)
{
    char path[PATH_MAX + 1];
    memset(path, 'x', sizeof path);
    CHECK_SAME(make_directory_of(path, PATH_MAX + 1), -ENAMETOOLONG);
    CHECK_SAME(make_directory_of(path, PATH_MAX), -ENAMETOOLONG);
    CHECK_SAME(make_directory_of("a\0b", 3), -EINVAL);
    CHECK_SAME(make_directory_of("a\0", 2), -EINVAL);
    CHECK_SAME(make_directory_of("a", 1), -EBADF);
    CHECK_SAME(make_directory_of(path, PATH_MAX - 1), -EBADF);
    CHECK_SAME(make_directory_of("", 0), -ENOENT);
}

static jint read_into(int fd, void *array, jint offset, jint length)
{
    return CALL("read", "(I[BII)I", (JNIEnv *, jclass, jint, void *, jint, jint), fd, array, offset,
                length);
}

static jint write_from(int fd, void *array, jint offset, jint length)
{
    return CALL("write", "(I[BII)I", (JNIEnv *, jclass, jint, void *, jint, jint), fd, array,
                offset, length);
}

static void reads_and_writes_go_in_pieces(void)
{
    int pipe[2];
    CHECK(pipe2(pipe, O_CLOEXEC | O_NONBLOCK) == 0);
    struct array *big = byte_array(NULL, 200000);
    for (int i = 0; i < 200000; i++)
        big->elements[i] = (unsigned char)(i % 251);
    CHECK_SAME(write_from(pipe[1], big, 100000, 100000), 65536);
    memset(big->elements, 0, 200000);
    CHECK_SAME(read_into(pipe[0], big, 134464, 65536), 65536);
    for (int i = 0; i < 65536; i++)
        CHECK(big->elements[134464 + i] == (100000 + i) % 251);
    CHECK_SAME(read_into(pipe[0], big, 0, 10), -EAGAIN);
    close(pipe[0]);
    close(pipe[1]);
    CHECK_SAME(read_into(-1, big, 0, 10), -EBADF);
    release(big);
}

/* An exception is pending, and nothing has been touched. */
static void region_outside_an_array_is_an_exception(void)
{
    int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    void *small = byte_array("1234", 4);
    read_into(fd, small, 2, 4);
    CHECK(thrown);
    read_into(fd, small, -1, 2);
    CHECK(thrown);
    CHECK(memcmp(elements(small), "1234", 4) == 0);
    CHECK_SAME(read_into(fd, small, 1, 2), 2);
    CHECK(!thrown && memcmp(elements(small), "1\0\0004", 4) == 0);
    close(fd);
    release(small);
}

static jint stat_into(jsize length)
{
    void *path = name("/");
    void *out = array_of(sizeof(jlong), length);
    jint r = CALL("statx", "(I[BI[J)I", (JNIEnv *, jclass, jint, void *, jint, void *), AT_FDCWD,
                  path, 0, out);
    if (r == 0)
        CHECK(S_ISDIR((mode_t)((jlong *)elements(out))[0]));
    release(path);
    release(out);
    return r;
}

static jint link_into(jsize length)
{
    void *path = name("/proc/self/exe");
    void *out = byte_array(NULL, (size_t)length);
    jint r = CALL("readlinkat", "(I[B[B)I", (JNIEnv *, jclass, jint, void *, void *), AT_FDCWD,
                  path, out);
    release(path);
    release(out);
    return r;
}

static jint uname_into(jsize length)
{
    void *out = byte_array(NULL, (size_t)length);
    jint r = CALL("uname", "([B)I", (JNIEnv *, jclass, void *), out);
    release(out);
    return r;
}

static jint operations_into(jsize length)
{
    void *out = byte_array(NULL, (size_t)length);
    jint r = CALL("operations", "([B)I", (JNIEnv *, jclass, void *), out);
    if (r > 0)
        CHECK(strncmp(elements(out), "CLONE_INIT nnF\n", 15) == 0);
    release(out);
    return r;
}

static void result_that_does_not_fit_is_refused(void)
{
    CHECK_SAME(stat_into(11), -EINVAL);
    CHECK_SAME(stat_into(12), 0);
    CHECK_SAME(stat_into(0), -EINVAL);
    jint length = link_into(PATH_MAX);
    CHECK(length > 0);
    CHECK_SAME(link_into(length), length);
    CHECK_SAME(link_into(length - 1), -ERANGE);
    length = uname_into(400);
    CHECK(length > 5);
    CHECK_SAME(uname_into(length), length);
    CHECK_SAME(uname_into(length - 1), -ERANGE);
    CHECK(operations_into(4096) > 0);
    CHECK_SAME(operations_into(10), -ERANGE);
    CHECK(!thrown);
}

/* Into a buffer of any size: entries that do not fit are the next call's. */
static void directory_is_read_into_any_buffer(void)
{
    static const jsize lengths[] = {0, 1, 23, 24, 100, 4096, 65536, 100000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        int fd = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        void *out = byte_array(NULL, (size_t)lengths[i]);
        jint n = CALL("getdents64", "(I[B)I", (JNIEnv *, jclass, jint, void *), fd, out);
        CHECK(n <= lengths[i] && (n > 0 || lengths[i] < 24) && (n > 0 || n == -EINVAL));
        close(fd);
        release(out);
    }
}

static jint poll_with(jsize fds, jsize events, jsize revents)
{
    void *numbers = array_of(sizeof(jint), fds);
    void *asked = array_of(sizeof(jshort), events);
    void *got = array_of(sizeof(jshort), revents);
    memset(elements(numbers), -1, (size_t)fds * sizeof(jint));
    jint r = CALL("poll", "([I[S[SI)I", (JNIEnv *, jclass, void *, void *, void *, jint), numbers,
                  asked, got, 0);
    release(numbers);
    release(asked);
    release(got);
    return r;
}

static void poll_takes_as_many_as_it_has_room_for(void)
{
    CHECK_SAME(poll_with(0, 0, 0), 0);
    CHECK_SAME(poll_with(64, 64, 64), 0);
    CHECK_SAME(poll_with(64, 65, 66), 0);
    CHECK_SAME(poll_with(65, 65, 65), -EINVAL);
    CHECK_SAME(poll_with(2, 1, 2), -EINVAL);
    CHECK_SAME(poll_with(2, 2, 1), -EINVAL);
}

static jint attribute_of(const char *path, size_t value, jsize room)
{
    void *file = name(path);
    void *key = name("user.mydocker");
    void *bytes = byte_array(NULL, value);
    void *out = byte_array(NULL, (size_t)room);
    jint r = CALL("lsetxattr", "([B[B[BI)I", (JNIEnv *, jclass, void *, void *, void *, jint), file,
                  key, bytes, 0);
    if (r == 0)
        r = CALL("lgetxattr", "([B[B[B)I", (JNIEnv *, jclass, void *, void *, void *), file, key,
                 out);
    release(file);
    release(key);
    release(bytes);
    release(out);
    return r;
}

static void attributes_have_the_kernels_limits(void)
{
    CHECK_SAME(attribute_of("/no/such/file", 10, 0), -ENOENT);
    CHECK_SAME(attribute_of("/no/such/file", 65536, 0), -ENOENT);
    CHECK_SAME(attribute_of("/no/such/file", 65537, 0), -E2BIG);
    char path[] = "/tmp/mydocker-native-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    jint r = attribute_of(path, 100, 0);
    if (r != -EOPNOTSUPP) { /* not every file system has them */
        CHECK_SAME(r, 100);
        CHECK_SAME(attribute_of(path, 100, 100), 100);
        CHECK_SAME(attribute_of(path, 100, 99), -ERANGE);
        CHECK_SAME(attribute_of(path, 0, 0), 0);
    }
    close(fd);
    CHECK(unlink(path) == 0);
}

static void terminal_attributes_are_whole(void)
{
    void *small = byte_array(NULL, sizeof(struct termios) - 1);
    void *right = byte_array(NULL, sizeof(struct termios));
    CHECK_SAME(CALL("makeRaw", "([B)I", (JNIEnv *, jclass, void *), small), -EINVAL);
    CHECK_SAME(CALL("makeRaw", "([B)I", (JNIEnv *, jclass, void *), right), sizeof(struct termios));
    CHECK_SAME(CALL("tcsetattr", "(I[B)I", (JNIEnv *, jclass, jint, void *), -1, small), -EINVAL);
    CHECK_SAME(CALL("tcsetattr", "(I[B)I", (JNIEnv *, jclass, jint, void *), -1, right), -EBADF);
    release(small);
    release(right);
}

static jint connect_to(const char *path)
{
    void *array = name(path);
    jint r = CALL("connectUnix", "([B)I", (JNIEnv *, jclass, void *), array);
    release(array);
    return r;
}

static void socket_address_has_its_limit(void)
{
    char path[109];
    memset(path, '/', sizeof path);
    path[108] = '\0';
    CHECK_SAME(connect_to(path), -ENAMETOOLONG);
    path[107] = '\0';
    CHECK(connect_to(path) < 0 && connect_to(path) != -ENAMETOOLONG);
    CHECK_SAME(connect_to("/no/such/socket"), -ENOENT);
}

static jint launch_of(size_t plan, jsize slots, jsize out)
{
    void *bytes = byte_array(NULL, plan);
    void *numbers = array_of(sizeof(jint), slots);
    void *result = array_of(sizeof(jint), out);
    jint r = CALL("launch", "([B[I[I)I", (JNIEnv *, jclass, void *, void *, void *), bytes, numbers,
                  result);
    release(bytes);
    release(numbers);
    release(result);
    return r;
}

static void launch_without_a_plan_is_refused(void)
{
    CHECK_SAME(launch_of(0, PLAN_SLOTS, 2), -EINVAL);
    CHECK_SAME(launch_of(1000, PLAN_SLOTS, 2), -EINVAL);
    CHECK_SAME(launch_of(1000, PLAN_SLOTS - 1, 2), -EINVAL);
    CHECK_SAME(launch_of(PLAN_SIZE_LIMIT + 1, PLAN_SLOTS, 2), -E2BIG);
}

const struct test linux_tests[] = {
    {"the library refuses classes of another version", library_refuses_classes_of_another_version,
     0},
    {"paths have limits", paths_have_limits, 0},
    {"reads and writes go in pieces", reads_and_writes_go_in_pieces, 0},
    {"a region outside an array is an exception", region_outside_an_array_is_an_exception, 0},
    {"a result that does not fit is refused", result_that_does_not_fit_is_refused, 0},
    {"a directory is read into any buffer", directory_is_read_into_any_buffer, 0},
    {"poll takes as many as it has room for", poll_takes_as_many_as_it_has_room_for, 0},
    {"attributes have the kernel's limits", attributes_have_the_kernels_limits, 0},
    {"terminal attributes are whole", terminal_attributes_are_whole, 0},
    {"a socket's address has its limit", socket_address_has_its_limit, 0},
    {"a launch without a plan is refused", launch_without_a_plan_is_refused, 0},
    {NULL, NULL, 0},
};
