package dev.mydocker.launch;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.SeccompFilter;
import dev.mydocker.spec.SeccompProfile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Compiles a profile by libseccomp, with a prelude for what that cannot say.
 *
 * <p>A C library asks for calls of newer kernels and goes on without them when there are none
 * (ENOSYS), but not when they are forbidden (EPERM). So a call that is newer than each one the
 * profile names does not exist. And libseccomp knows the calls of its own time alone: rules for
 * newer ones, which have the same number everywhere, are in the prelude.
 */
public final class SeccompCompiler {
  /** What the kernel takes (BPF_MAXINSNS). */
  private static final int MAX_INSTRUCTIONS = 4096;

  private static final int KILL_PROCESS = SeccompProfile.Kind.SCMP_ACT_KILL_PROCESS.code();
  private static final int BINARY_TREE = 2;

  private static final int X32_BIT = 0x40000000;

  /** From here on are Arm's own calls, __ARM_NR_BASE. */
  private static final int ARM_PRIVATE = 0x0f0000;

  // Instructions of linux/filter.h, and where struct seccomp_data has what they load.
  private static final int LOAD = 0x20;
  private static final int JUMP = 0x05;
  private static final int IF_EQUAL = 0x15;
  private static final int IF_GREATER = 0x25;
  private static final int IF_NOT_LESS = 0x35;
  private static final int RETURN = 0x06;
  private static final int NUMBER = 0;
  private static final int ARCHITECTURE = 4;

  /** The first of {@link #NEWER}; the others follow. */
  private static final int FIRST_NEWER = 450;

  /** Calls from Linux 5.17 on, in the order of their numbers. */
  private static final String[] NEWER =
      ("set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack futex_wake futex_wait"
              + " futex_requeue statmount listmount lsm_get_self_attr lsm_set_self_attr"
              + " lsm_list_modules mseal setxattrat getxattrat listxattrat removexattrat"
              + " open_tree_attr file_getattr file_setattr listns")
          .split(" ");

  /** The architectures of a profile that can be this machine's: libseccomp's number of each. */
  private enum Architecture {
    SCMP_ARCH_X86_64(0xc000003e),
    SCMP_ARCH_X86(0x40000003),
    SCMP_ARCH_X32(0x4000003e),
    SCMP_ARCH_AARCH64(0xc00000b7),
    SCMP_ARCH_ARM(0x40000028);

    private final int token;

    Architecture(int token) {
      this.token = token;
    }

    /** The number of a call; negative when there is none. */
    int number(String call) {
      int number = SeccompFilter.resolve(token, call);
      return number == SeccompFilter.UNKNOWN ? newer(call) : number;
    }

    /** The number of a call that libseccomp does not know. */
    private int newer(String call) {
      if (this == SCMP_ARCH_X86_64 && call.equals("uretprobe")) {
        return 335;
      }
      for (int i = 0; i < NEWER.length; i++) {
        if (NEWER[i].equals(call)) {
          return FIRST_NEWER + i | (this == SCMP_ARCH_X32 ? X32_BIT : 0);
        }
      }
      return SeccompFilter.UNKNOWN;
    }
  }

  private final SeccompProfile profile;
  private final List<Architecture> architectures = new ArrayList<>();

  /** Actions of the calls that libseccomp does not know. */
  private final Map<String, Integer> unknown = new LinkedHashMap<>();

  private SeccompCompiler(SeccompProfile profile) {
    this.profile = profile;
    for (String name : profile.architectures()) {
      architectures.add(Architecture.valueOf(name));
    }
  }

  /**
   * Compiles a profile.
   *
   * @throws IOException when it is too large for the kernel, or libseccomp refuses it
   */
  public static SeccompProgram compile(SeccompProfile profile) throws IOException {
    return new SeccompCompiler(profile).program();
  }

  private SeccompProgram program() throws IOException {
    byte[] main = main();
    byte[] prelude = prelude();
    int size = (prelude.length + main.length) / SeccompProgram.INSTRUCTION;
    if (size > MAX_INSTRUCTIONS) {
      throw new IOException(
          "the seccomp profile makes a filter of "
              + size
              + " instructions, and the kernel takes "
              + MAX_INSTRUCTIONS);
    }
    byte[] all = ByteBuffer.allocate(prelude.length + main.length).put(prelude).put(main).array();
    int flags = 0;
    for (String flag : profile.flags()) {
      flags |= SeccompFlag.valueOf(flag).bit();
    }
    return new SeccompProgram(flags, all);
  }

  // ---- by libseccomp ----------------------------------------------------------------------------

  private byte[] main() throws IOException {
    String name = "mydocker-seccomp";
    try (SeccompFilter filter = SeccompFilter.open(profile.fallback().code());
        Fd memfd =
            Fd.of(
                Linux.memfdCreate(name.getBytes(StandardCharsets.US_ASCII)),
                "memfd_create",
                name)) {
      filter.set(SeccompFilter.BAD_ARCHITECTURE, KILL_PROCESS);
      filter.set(SeccompFilter.OPTIMIZE, BINARY_TREE);
      for (Architecture other : architectures.subList(1, architectures.size())) {
        filter.add(other.token);
      }
      for (SeccompProfile.Rule rule : profile.rules()) {
        for (String call : rule.names()) {
          add(filter, rule, call);
        }
      }
      filter.export(memfd);
      KernelException.check(Linux.lseek(memfd.number(), 0, 0), "lseek", name);
      return memfd.input().readAllBytes();
    }
  }

  private void add(SeccompFilter filter, SeccompProfile.Rule rule, String call)
      throws KernelException {
    int number = SeccompFilter.resolve(architectures.get(0).token, call);
    int action = rule.action().code();
    if (action == profile.fallback().code()) {
      return;
    }
    if (number != SeccompFilter.UNKNOWN) {
      for (long[] conditions : alternatives(rule.conditions())) {
        filter.rule(action, number, conditions);
      }
    } else if (rule.conditions().isEmpty()) {
      unknown.put(call, action);
    }
  }

  /**
   * All conditions as one; but libseccomp takes one of each argument, and of several any counts.
   */
  private static List<long[]> alternatives(List<SeccompProfile.Condition> conditions) {
    int arguments = 0;
    boolean twice = false;
    List<long[]> each = new ArrayList<>();
    LongBuffer all = LongBuffer.allocate(4 * conditions.size());
    for (SeccompProfile.Condition c : conditions) {
      twice |= (arguments & 1 << c.index()) != 0;
      arguments |= 1 << c.index();
      long[] one = {c.index(), c.op().number(), c.value(), c.valueTwo()};
      each.add(one);
      all.put(one);
    }
    return twice ? each : List.of(all.array());
  }

  // ---- the prelude ------------------------------------------------------------------------------

  private byte[] prelude() {
    Assembly out = new Assembly();
    out.emit(LOAD, ARCHITECTURE);
    for (Architecture architecture : architectures) {
      if (architecture == Architecture.SCMP_ARCH_X32) {
        // Its calls are those of x86-64 with a bit of their own: they are among that one's.
        continue;
      }
      int next = out.unless(IF_EQUAL, architecture.token);
      out.emit(LOAD, NUMBER);
      if (architecture == Architecture.SCMP_ARCH_X86_64) {
        int native64 = out.unless(IF_NOT_LESS, X32_BIT);
        if (architectures.contains(Architecture.SCMP_ARCH_X32)) {
          calls(out, Architecture.SCMP_ARCH_X32);
        }
        out.toMain();
        out.here(native64);
      }
      if (architecture == Architecture.SCMP_ARCH_ARM) {
        int usual = out.unless(IF_NOT_LESS, ARM_PRIVATE);
        out.toMain();
        out.here(usual);
      }
      calls(out, architecture);
      out.toMain();
      out.here(next);
    }
    return out.toBytes();
  }

  /** What is said of an architecture's calls that libseccomp does not know. */
  private void calls(Assembly out, Architecture architecture) {
    int newest = -1;
    for (SeccompProfile.Rule rule : profile.rules()) {
      for (String call : rule.names()) {
        int number = architecture.number(call);
        boolean apart = architecture == Architecture.SCMP_ARCH_ARM && number >= ARM_PRIVATE;
        newest = apart ? newest : Math.max(newest, number);
      }
    }
    int absent = SeccompProfile.Kind.SCMP_ACT_ERRNO.code() | Errno.ENOSYS.number();
    if (newest >= 0 && profile.fallback().kind().refuses()) {
      int known = out.unless(IF_GREATER, newest);
      out.emit(RETURN, absent);
      out.here(known);
    }
    unknown.forEach(
        (call, action) -> {
          int number = architecture.number(call);
          if (number >= 0) {
            int other = out.unless(IF_EQUAL, number);
            out.emit(RETURN, action);
            out.here(other);
          }
        });
  }

  /** Instructions with jumps ahead. */
  private static final class Assembly {
    private static final int NEXT = 0x00;
    private static final int SKIP = 0x01;

    private final List<long[]> instructions = new ArrayList<>();
    private final List<Integer> toMain = new ArrayList<>();

    void emit(int code, int operand) {
      instructions.add(new long[] {code, NEXT, NEXT, operand});
    }

    /** A jump for when that does not hold; {@link #here} says where it goes. */
    int unless(int test, int operand) {
      instructions.add(new long[] {test, SKIP, NEXT, operand});
      emit(JUMP, 0);
      return instructions.size() - 1;
    }

    void here(int jump) {
      instructions.get(jump)[3] = instructions.size() - jump - 1;
    }

    /** To what libseccomp has made, which follows. */
    void toMain() {
      emit(JUMP, 0);
      toMain.add(instructions.size() - 1);
    }

    byte[] toBytes() {
      toMain.forEach(this::here);
      ByteBuffer out =
          ByteBuffer.allocate(SeccompProgram.INSTRUCTION * instructions.size())
              .order(ByteOrder.nativeOrder());
      for (long[] i : instructions) {
        out.putShort((short) i[0]).put((byte) i[1]).put((byte) i[2]).putInt((int) i[3]);
      }
      return out.array();
    }
  }
}
