/*
 * seccomp.c - the JNI side of dev.mydocker.kernel.SeccompFilter: one call of libseccomp per method.
 * A library of its own, loaded when a profile is compiled. Runs in threads of the JVM, before the
 * fork. Every function gives what libseccomp gives: 0 or more, or -errno.
 */
#include <errno.h>
#include <jni.h>
#include <seccomp.h>
#include <stdint.h>

static scmp_filter_ctx of(jlong handle)
{
    return (scmp_filter_ctx)(intptr_t)handle;
}

static jlong init_(JNIEnv *env, jclass class, jint action)
{
    (void)env;
    (void)class;
    return (jlong)(intptr_t)seccomp_init((uint32_t)action);
}

static void release_(JNIEnv *env, jclass class, jlong handle)
{
    (void)env;
    (void)class;
    seccomp_release(of(handle));
}

static jint attribute_(JNIEnv *env, jclass class, jlong handle, jint attribute, jint value)
{
    (void)env;
    (void)class;
    return seccomp_attr_set(of(handle), (enum scmp_filter_attr)attribute, (uint32_t)value);
}

static jint architecture_(JNIEnv *env, jclass class, jlong handle, jint token)
{
    (void)env;
    (void)class;
    return seccomp_arch_add(of(handle), (uint32_t)token);
}

/* The number of a call; below 0 when the architecture has no such call, -1 when none has. */
static jint resolve_(JNIEnv *env, jclass class, jint token, jbyteArray name)
{
    (void)class;
    char text[64];
    jsize length = (*env)->GetArrayLength(env, name);
    if ((size_t)length >= sizeof text)
        return __NR_SCMP_ERROR;
    (*env)->GetByteArrayRegion(env, name, 0, length, (jbyte *)text);
    text[length] = '\0';
    return seccomp_syscall_resolve_name_arch((uint32_t)token, text);
}

/* `conditions` holds four numbers of each: argument, comparison, and its two values. */
static jint rule_(JNIEnv *env, jclass class, jlong handle, jint action, jint call,
                  jlongArray conditions)
{
    enum { ARGUMENTS = 6, EACH = 4 };
    (void)class;
    jlong values[ARGUMENTS * EACH];
    struct scmp_arg_cmp compare[ARGUMENTS];
    jsize length = (*env)->GetArrayLength(env, conditions);
    if (length > ARGUMENTS * EACH || length % EACH)
        return -EINVAL;
    (*env)->GetLongArrayRegion(env, conditions, 0, length, values);
    for (jsize i = 0; i < length / EACH; i++) {
        const jlong *v = values + (size_t)EACH * (size_t)i;
        compare[i] = (struct scmp_arg_cmp){(unsigned)v[0], (enum scmp_compare)v[1],
                                           (scmp_datum_t)v[2], (scmp_datum_t)v[3]};
    }
    return seccomp_rule_add_array(of(handle), (uint32_t)action, call, (unsigned)(length / EACH),
                                  compare);
}

static jint export_(JNIEnv *env, jclass class, jlong handle, jint fd)
{
    (void)env;
    (void)class;
    return seccomp_export_bpf(of(handle), fd);
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved)
{
    (void)reserved;
    static const JNINativeMethod methods[] = {
        {"init0", "(I)J", (void *)init_},
        {"release0", "(J)V", (void *)release_},
        {"attribute0", "(JII)I", (void *)attribute_},
        {"architecture0", "(JI)I", (void *)architecture_},
        {"resolve0", "(I[B)I", (void *)resolve_},
        {"rule0", "(JII[J)I", (void *)rule_},
        {"export0", "(JI)I", (void *)export_},
    };
    JNIEnv *env;
    if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) != JNI_OK)
        return JNI_ERR;
    jclass class = (*env)->FindClass(env, "dev/mydocker/kernel/SeccompFilter");
    const jint count = sizeof methods / sizeof *methods;
    if (!class || (*env)->RegisterNatives(env, class, methods, count) != 0)
        return JNI_ERR;
    return JNI_VERSION_1_8;
}
