/*
 * inflate_jni.c - the JNI side of dev.mydocker.kernel.Inflate. Runs in threads of the JVM.
 *
 * Arrays are copied and never pinned: a critical region in every thread that inflates would hold up
 * the garbage collector again and again.
 */
#include <errno.h>
#include <jni.h>
#include <stdint.h>

#include "inflate.h"

static struct inflater *of(jlong handle)
{
    return (struct inflater *)(intptr_t)handle;
}

static jlong open_(JNIEnv *env, jclass class)
{
    (void)env;
    (void)class;
    return (jlong)(intptr_t)inflater_new();
}

static void free_(JNIEnv *env, jclass class, jlong handle)
{
    (void)env;
    (void)class;
    inflater_free(of(handle));
}

static void reset_(JNIEnv *env, jclass class, jlong handle)
{
    (void)env;
    (void)class;
    inflater_reset(of(handle));
}

static jint step_(JNIEnv *env, jclass class, jlong handle, jbyteArray in, jint at, jint size,
                  jbyteArray out, jint offset, jint room, jintArray result)
{
    (void)class;
    struct inflater *inflater = of(handle);
    if (size > INFLATE_IN)
        size = INFLATE_IN;
    if (room > INFLATE_OUT)
        room = INFLATE_OUT;
    (*env)->GetByteArrayRegion(env, in, at, size, (jbyte *)inflater_in(inflater));
    struct inflated done;
    int error = inflater_step(inflater, (size_t)size, (size_t)room, &done);
    if (error)
        return error;
    (*env)->SetByteArrayRegion(env, out, offset, done.produced,
                               (const jbyte *)inflater_out(inflater));
    const jint values[] = {done.consumed, done.finished};
    (*env)->SetIntArrayRegion(env, result, 0, 2, values);
    return done.produced;
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved)
{
    (void)reserved;
    static const JNINativeMethod methods[] = {
        {"open0", "()J", (void *)open_},
        {"free0", "(J)V", (void *)free_},
        {"reset0", "(J)V", (void *)reset_},
        {"step0", "(J[BII[BII[I)I", (void *)step_},
    };
    JNIEnv *env;
    if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) != JNI_OK)
        return JNI_ERR;
    jclass class = (*env)->FindClass(env, "dev/mydocker/kernel/Inflate");
    if (!class || (*env)->RegisterNatives(env, class, methods, 4) != 0)
        return JNI_ERR;
    return JNI_VERSION_1_8;
}
