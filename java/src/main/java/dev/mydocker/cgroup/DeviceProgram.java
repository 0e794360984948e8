package dev.mydocker.cgroup;

import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.OptionalLong;

/**
 * Compiles device rules into the program that a v2 cgroup has in place of v1's devices.allow and
 * devices.deny: the kernel runs it at each mknod(2) and open(2) of a device, and 0 is EPERM. See
 * linux/bpf.h, struct bpf_cgroup_dev_ctx, and BPF_PROG_TYPE_CGROUP_DEVICE.
 *
 * <p>Of several rules for one kind of access to one device the last one counts, so the program
 * looks at the last one first: a rule that denies any part of what is wanted ends it, one that
 * allows takes its part off, and when nothing is left to be allowed, that ends it too. What no rule
 * speaks of is denied.
 */
final class DeviceProgram {
  // Opcodes: linux/bpf_common.h and linux/bpf.h.
  private static final int LOAD_WORD = 0x61;
  private static final int MOVE = 0xb4;
  private static final int MOVE_REGISTER = 0xbc;
  private static final int AND = 0x54;
  private static final int SHIFT_RIGHT = 0x74;
  private static final int JUMP = 0x05;
  private static final int JUMP_IF_BIT = 0x46;
  private static final int JUMP_UNLESS_EQUAL = 0x56;
  private static final int EXIT = 0x95;

  // Registers: R0 is the answer, R1 comes as the address of what is asked.
  private static final int ANSWER = 0;
  private static final int ASKED = 1;
  private static final int TYPE = 2;
  private static final int ACCESS = 3;
  private static final int MAJOR = 4;
  private static final int MINOR = 5;

  private static final int BLOCK = 1;
  private static final int CHARACTER = 2;

  private static final int MKNOD = 1;
  private static final int READ = 2;
  private static final int WRITE = 4;

  private static final int INSTRUCTION = 8;

  /** Three conditions, two instructions for the access, two for the answer. */
  private static final int LONGEST_RULE = 7 * INSTRUCTION;

  private static final int FRAME = 8 * INSTRUCTION;

  private final ByteBuffer out;

  private DeviceProgram(int rules) {
    // Both machines that this engine runs on are little-endian.
    out = ByteBuffer.allocate(FRAME + rules * LONGEST_RULE).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Whether the rules forbid nothing, so that no program is needed. */
  static boolean allowsEverything(List<Spec.DeviceRule> rules) {
    boolean all = rules.isEmpty();
    for (Spec.DeviceRule rule : rules) {
      all = isOfEverything(rule) ? rule.allow() : all && rule.allow();
    }
    return all;
  }

  /**
   * The program, as the kernel's struct bpf_insn one after the other.
   *
   * @throws IOException when a rule is of a kind of device that there is not
   */
  static byte[] of(List<Spec.DeviceRule> rules) throws IOException {
    DeviceProgram program = new DeviceProgram(rules.size());
    program.emit(LOAD_WORD, TYPE, ASKED, 0, 0);
    program.emit(MOVE_REGISTER, ACCESS, TYPE, 0, 0);
    program.emit(AND, TYPE, 0, 0, 0xffff);
    program.emit(SHIFT_RIGHT, ACCESS, 0, 0, 16);
    program.emit(LOAD_WORD, MAJOR, ASKED, 4, 0);
    program.emit(LOAD_WORD, MINOR, ASKED, 8, 0);
    boolean rest = false;
    for (int i = rules.size() - 1; i >= 0; i--) {
      Spec.DeviceRule rule = rules.get(i);
      if (isOfEverything(rule)) {
        // Nothing before it counts, and the kernel takes no instruction that cannot be reached.
        rest = rule.allow();
        break;
      }
      program.rule(rule);
    }
    program.answer(rest);
    byte[] bytes = new byte[program.out.position()];
    program.out.flip().get(bytes);
    return bytes;
  }

  private static boolean isOfEverything(Spec.DeviceRule rule) {
    boolean anyNumber = rule.major().isEmpty() && rule.minor().isEmpty();
    return isOfAnyType(rule) && anyNumber && access(rule) == (MKNOD | READ | WRITE);
  }

  private static boolean isOfAnyType(Spec.DeviceRule rule) {
    return rule.type().isEmpty() || rule.type().equals("a");
  }

  /** One that says nothing of it means any access. */
  private static int access(Spec.DeviceRule rule) {
    String text = rule.access().isEmpty() ? "rwm" : rule.access();
    return (text.contains("m") ? MKNOD : 0)
        | (text.contains("r") ? READ : 0)
        | (text.contains("w") ? WRITE : 0);
  }

  /** Conditions that lead to the next rule when this one is not meant, and its answer. */
  private void rule(Spec.DeviceRule rule) throws IOException {
    int start = out.position();
    if (!isOfAnyType(rule)) {
      emit(JUMP_UNLESS_EQUAL, TYPE, 0, 0, type(rule));
    }
    number(MAJOR, rule.major());
    number(MINOR, rule.minor());
    if (rule.allow()) {
      emit(AND, ACCESS, 0, 0, ~access(rule));
      emit(JUMP_UNLESS_EQUAL, ACCESS, 0, 0, 0);
    } else {
      emit(JUMP_IF_BIT, ACCESS, 0, 1, access(rule));
      emit(JUMP, 0, 0, 0, 0);
    }
    answer(rule.allow());
    // Where the next rule begins is known only now; distances count from the instruction after.
    for (int at = start; at < out.position(); at += INSTRUCTION) {
      int code = out.get(at) & 0xff;
      if (code == JUMP_UNLESS_EQUAL || code == JUMP) {
        out.putShort(at + 2, (short) ((out.position() - at) / INSTRUCTION - 1));
      }
    }
  }

  private static int type(Spec.DeviceRule rule) throws IOException {
    if (rule.type().equals("b")) {
      return BLOCK;
    }
    if (rule.type().equals("c")) {
      return CHARACTER;
    }
    throw new IOException(
        "a device rule is for devices of type \"" + rule.type() + "\": it can be for a, b or c");
  }

  private void number(int register, OptionalLong number) throws IOException {
    if (number.isPresent()) {
      long value = number.getAsLong();
      if (value >>> Integer.SIZE != 0) {
        throw new IOException("a device rule is for device number " + value + ", which none has");
      }
      emit(JUMP_UNLESS_EQUAL, register, 0, 0, (int) value);
    }
  }

  private void answer(boolean allow) {
    emit(MOVE, ANSWER, 0, 0, allow ? 1 : 0);
    emit(EXIT, 0, 0, 0, 0);
  }

  /** struct bpf_insn: the code, two registers, how far to jump, a number. */
  private void emit(int code, int to, int from, int distance, int number) {
    out.put((byte) code).put((byte) (from << 4 | to)).putShort((short) distance).putInt(number);
  }
}
