package dev.mydocker.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * A filter of system calls in the making: libseccomp's {@code scmp_filter_ctx}, one method per call
 * of it. Outside the heap until {@link #close}. For one thread.
 */
public final class SeccompFilter implements AutoCloseable {
  /** What {@link #resolve} gives for a name that is no call of any architecture. */
  public static final int UNKNOWN = -1;

  /** seccomp_attr_set(3): what becomes of a call by an architecture the filter does not have. */
  public static final int BAD_ARCHITECTURE = 2;

  /** seccomp_attr_set(3): 2 for a binary tree of the calls' numbers. */
  public static final int OPTIMIZE = 8;

  private long handle;

  /** Loaded by the first filter. */
  private static final class Library {
    private static final String FILE = "libmydocker-seccomp";

    /** Loads it. */
    static final boolean LOADED = load();

    private static boolean load() {
      try {
        NativeLibrary.load(FILE, NativeLibrary.resource(FILE + ".so"));
        return true;
      } catch (IOException e) {
        Error error = new UnsatisfiedLinkError("cannot extract " + FILE + ": " + e);
        error.initCause(e);
        throw error;
      }
    }
  }

  private SeccompFilter(long handle) {
    this.handle = handle;
  }

  /**
   * A filter for this machine's architecture.
   *
   * @param action SECCOMP_RET_* for calls without a rule
   */
  public static SeccompFilter open(int action) throws KernelException {
    if (!Library.LOADED) {
      throw new IllegalStateException(Library.FILE);
    }
    long handle = init0(action);
    if (handle == 0) {
      throw new KernelException("seccomp_init", "0x" + Integer.toHexString(action), 22);
    }
    return new SeccompFilter(handle);
  }

  /** Sets an attribute. */
  public void set(int attribute, int value) throws KernelException {
    KernelException.check(
        attribute0(handle, attribute, value), "seccomp_attr_set", "attribute " + attribute);
  }

  /** Adds an architecture, by its number in libseccomp (SCMP_ARCH_*). */
  public void add(int architecture) throws KernelException {
    KernelException.check(
        architecture0(handle, architecture),
        "seccomp_arch_add",
        "0x" + Integer.toHexString(architecture));
  }

  /**
   * The number of a call on an architecture; {@link #UNKNOWN}, or another negative number for one
   * that only others have.
   */
  public static int resolve(int architecture, String name) {
    return resolve0(architecture, name.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Adds a rule, for every architecture that has such a call.
   *
   * @param action SECCOMP_RET_*, another one than {@link #open}'s
   * @param call what {@link #resolve} gives for this machine's architecture
   * @param conditions four numbers of each: argument, comparison (SCMP_CMP_*), and its two values
   */
  public void rule(int action, int call, long[] conditions) throws KernelException {
    KernelException.check(
        rule0(handle, action, call, conditions), "seccomp_rule_add", "call " + call);
  }

  /** Writes it as an array of struct sock_filter. */
  public void export(Fd to) throws KernelException {
    KernelException.check(export0(handle, to.number()), "seccomp_export_bpf", to.name());
  }

  @Override
  public void close() {
    if (handle != 0) {
      release0(handle);
      handle = 0;
    }
  }

  /** 0 for an action that is none. */
  private static native long init0(int action);

  private static native void release0(long handle);

  private static native int attribute0(long handle, int attribute, int value);

  private static native int architecture0(long handle, int token);

  private static native int resolve0(int architecture, byte[] name);

  private static native int rule0(long handle, int action, int call, long[] conditions);

  private static native int export0(long handle, int fd);
}
