package dev.mydocker.launch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Runs a filter of system calls as the kernel does: the part of bpf(4) that seccomp(2) has. */
public final class FilterMachine {
  public static final int X86_64 = 0xc000003e;
  public static final int X86 = 0x40000003;
  public static final int X32_BIT = 0x40000000;

  /** What a filter answers. */
  public static final String ALLOWED = "allowed";

  private static final int RET_ERRNO = 0x00050000;
  private static final int RET_ALLOW = 0x7fff0000;
  private static final int RET_KILL_PROCESS = 0x80000000;

  private final ByteBuffer program;

  private FilterMachine(ByteBuffer program) {
    this.program = program;
  }

  /** The machine of a filter. */
  public static FilterMachine of(SeccompProgram program) {
    return new FilterMachine(
        ByteBuffer.wrap(program.instructions()).order(ByteOrder.nativeOrder()));
  }

  /** How many instructions it has. */
  public int size() {
    return program.capacity() / SeccompProgram.INSTRUCTION;
  }

  /** What becomes of a call: {@code allowed}, {@code errno N}, {@code killed}, or its code. */
  public String verdict(int architecture, int number, long... arguments) {
    int code = run(data(architecture, number, arguments));
    if (code == RET_ALLOW) {
      return ALLOWED;
    } else if ((code & 0xffff0000) == RET_ERRNO) {
      return "errno " + (code & 0xffff);
    }
    return code == RET_KILL_PROCESS ? "killed" : Integer.toHexString(code);
  }

  /** struct seccomp_data. */
  private static ByteBuffer data(int architecture, int number, long... arguments) {
    ByteBuffer data = ByteBuffer.allocate(64).order(ByteOrder.nativeOrder());
    data.putInt(number).putInt(architecture).putLong(0);
    for (long argument : arguments) {
      data.putLong(argument);
    }
    return data;
  }

  private int run(ByteBuffer data) {
    int accumulator = 0;
    int at = 0;
    while (true) {
      int offset = at * SeccompProgram.INSTRUCTION;
      int operand = program.getInt(offset + 4);
      at++;
      switch (program.getShort(offset)) {
        case 0x20 -> accumulator = data.getInt(operand);
        case 0x54 -> accumulator &= operand;
        case 0x05 -> at += operand;
        case 0x15 -> at += jump(offset, accumulator == operand);
        case 0x25 -> at += jump(offset, Integer.compareUnsigned(accumulator, operand) > 0);
        case 0x35 -> at += jump(offset, Integer.compareUnsigned(accumulator, operand) >= 0);
        case 0x06 -> {
          return operand;
        }
        default -> throw new IllegalStateException("instruction " + program.getShort(offset));
      }
    }
  }

  private int jump(int offset, boolean holds) {
    return program.get(offset + (holds ? 2 : 3)) & 0xff;
  }
}
