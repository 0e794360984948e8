package dev.mydocker.launch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The filter that has sysinfo(2) answered by the container's monitor: whoever asks the kernel for
 * memory, uptime or load by it gets what the files of {@link ViewFile} show. All other calls pass;
 * of several filters the strictest answer counts, so what a profile refuses stays refused.
 */
final class SysinfoFilter {
  private static final int LOAD = 0x20;
  private static final int IF_EQUAL = 0x15;
  private static final int RETURN = 0x06;
  private static final int NUMBER = 0;
  private static final int ARCHITECTURE = 4;
  private static final int USER_NOTIF = 0x7fc00000;
  private static final int ALLOW = 0x7fff0000;

  private static final int X86_64 = 0xc000003e;
  private static final int I386 = 0x40000003;
  private static final int AARCH64 = 0xc00000b7;
  private static final int ARM = 0x40000028;

  private static final int ON_X86_64 = 99;
  private static final int ON_X32 = 0x40000063;
  private static final int ON_32_BIT = 116;
  private static final int ON_AARCH64 = 179;

  private SysinfoFilter() {}

  /** The instructions, for WATCH. */
  static Arg arg() {
    int[][] program = {
      {LOAD, 0, 0, ARCHITECTURE},
      {IF_EQUAL, 4, 0, X86_64},
      {IF_EQUAL, 6, 0, AARCH64},
      {IF_EQUAL, 7, 0, I386},
      {IF_EQUAL, 6, 0, ARM},
      {RETURN, 0, 0, ALLOW},
      {LOAD, 0, 0, NUMBER},
      {IF_EQUAL, 5, 0, ON_X86_64},
      {IF_EQUAL, 4, 5, ON_X32},
      {LOAD, 0, 0, NUMBER},
      {IF_EQUAL, 2, 3, ON_AARCH64},
      {LOAD, 0, 0, NUMBER},
      {IF_EQUAL, 0, 1, ON_32_BIT},
      {RETURN, 0, 0, USER_NOTIF},
      {RETURN, 0, 0, ALLOW},
    };
    return arg(program);
  }

  private static Arg arg(int[][] program) {
    ByteBuffer out =
        ByteBuffer.allocate(SeccompProgram.INSTRUCTION * program.length)
            .order(ByteOrder.nativeOrder());
    for (int[] i : program) {
      out.putShort((short) i[0]).put((byte) i[1]).put((byte) i[2]).putInt(i[3]);
    }
    return new Arg.Bytes(out.array(), "sysinfo");
  }
}
