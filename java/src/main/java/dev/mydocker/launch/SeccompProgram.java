package dev.mydocker.launch;

import dev.mydocker.kernel.Linux;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A filter of system calls as the kernel takes it. See seccomp(2). */
public final class SeccompProgram {
  /** Bytes of a {@code struct sock_filter}. */
  static final int INSTRUCTION = 8;

  /** Changes when the same profile is read as something else, or compiled to it. */
  private static final int VERSION = 1;

  private final int flags;
  private final byte[] instructions;

  /**
   * A filter.
   *
   * @param flags SECCOMP_FILTER_FLAG_*
   * @param instructions {@code struct sock_filter} values
   */
  SeccompProgram(int flags, byte[] instructions) {
    this.flags = flags;
    this.instructions = instructions.clone();
  }

  /** Of what makes programs here; another one would make something else of the same profile. */
  public static String version() {
    return VERSION + "." + Integer.toHexString(Linux.seccompVersion());
  }

  /** Reads what {@link #toBytes} has given. */
  public static SeccompProgram of(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    int flags = in.getInt();
    byte[] instructions = new byte[in.remaining()];
    in.get(instructions);
    return new SeccompProgram(flags, instructions);
  }

  /** All of it, for {@link #of}. */
  public byte[] toBytes() {
    return ByteBuffer.allocate(Integer.BYTES + instructions.length)
        .order(ByteOrder.nativeOrder())
        .putInt(flags)
        .put(instructions)
        .array();
  }

  /** Its instructions, in this machine's byte order. */
  byte[] instructions() {
    return instructions.clone();
  }

  Arg arg() {
    return new Arg.Bytes(instructions, instructions.length / INSTRUCTION + " instructions");
  }

  Arg flagsArg() {
    StringBuilder names = new StringBuilder();
    for (SeccompFlag flag : SeccompFlag.values()) {
      if ((flags & flag.bit()) != 0) {
        names.append(names.length() == 0 ? "" : "|").append(flag.name());
      }
    }
    return Arg.number(flags, names.length() == 0 ? "0" : names.toString());
  }
}
