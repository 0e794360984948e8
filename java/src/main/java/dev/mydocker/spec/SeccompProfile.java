package dev.mydocker.spec;

import dev.mydocker.json.Json;
import java.util.ArrayList;
import java.util.List;

/**
 * Which system calls a process may make: {@code linux.seccomp} of an OCI configuration, without
 * conditions. See seccomp(2) and config-linux.md, "Seccomp".
 *
 * @param fallback what becomes of a call without a rule
 * @param architectures {@code SCMP_ARCH_*}, the machine's own first
 * @param flags {@code SECCOMP_FILTER_FLAG_*}
 * @param rules in order
 */
public record SeccompProfile(
    Action fallback, List<String> architectures, List<String> flags, List<Rule> rules) {

  public SeccompProfile {
    architectures = List.copyOf(architectures);
    flags = List.copyOf(flags);
    rules = List.copyOf(rules);
  }

  /** What becomes of a call; {@link #code} is the kernel's number, SECCOMP_RET_*. */
  public enum Kind {
    SCMP_ACT_KILL(0, false),
    SCMP_ACT_KILL_THREAD(0, false),
    SCMP_ACT_KILL_PROCESS(0x80000000, false),
    SCMP_ACT_TRAP(0x00030000, false),
    SCMP_ACT_ERRNO(0x00050000, true),
    SCMP_ACT_TRACE(0x7ff00000, true),
    SCMP_ACT_LOG(0x7ffc0000, false),
    SCMP_ACT_ALLOW(0x7fff0000, false);

    private final int code;
    private final boolean hasValue;

    Kind(int code, boolean hasValue) {
      this.code = code;
      this.hasValue = hasValue;
    }

    /** SECCOMP_RET_*. */
    public int code() {
      return code;
    }

    boolean hasValue() {
      return hasValue;
    }

    /** Whether the call is not made: only then can another answer be given to it. */
    public boolean refuses() {
      return this != SCMP_ACT_TRACE && this != SCMP_ACT_LOG && this != SCMP_ACT_ALLOW;
    }
  }

  /**
   * What becomes of a call.
   *
   * @param value the errno it fails with, or what a tracer is told; else 0
   */
  public record Action(Kind kind, int value) {
    /** SECCOMP_RET_* with its data. */
    public int code() {
      return kind.code | value;
    }
  }

  /** How an argument is compared; the ordinal is libseccomp's number less one. */
  public enum Comparison {
    SCMP_CMP_NE,
    SCMP_CMP_LT,
    SCMP_CMP_LE,
    SCMP_CMP_EQ,
    SCMP_CMP_GE,
    SCMP_CMP_GT,
    SCMP_CMP_MASKED_EQ;

    /** The number in libseccomp. */
    public int number() {
      return ordinal() + 1;
    }
  }

  /**
   * What an argument must be.
   *
   * @param index which one, 0 to 5
   * @param value unsigned; a mask when the comparison has one
   * @param valueTwo unsigned; what is left under the mask
   */
  public record Condition(int index, Comparison op, long value, long valueTwo) {}

  /**
   * What becomes of some calls.
   *
   * @param conditions all of them; of those about one argument any
   */
  public record Rule(List<String> names, Action action, List<Condition> conditions) {
    public Rule {
      names = List.copyOf(names);
      conditions = List.copyOf(conditions);
    }
  }

  /** This as {@code linux.seccomp}. */
  public Json.Obj toJson() {
    Json.Builder out = Json.object().put("defaultAction", fallback.kind().name());
    if (fallback.kind().hasValue()) {
      out.put("defaultErrnoRet", fallback.value());
    }
    out.putStrings("architectures", architectures);
    if (!flags.isEmpty()) {
      out.putStrings("flags", flags);
    }
    List<Json> calls = new ArrayList<>();
    for (Rule rule : rules) {
      calls.add(json(rule));
    }
    return out.put("syscalls", new Json.Arr(calls)).build();
  }

  private static Json json(Rule rule) {
    Json.Builder out =
        Json.object().putStrings("names", rule.names()).put("action", rule.action().kind().name());
    if (rule.action().kind().hasValue()) {
      out.put("errnoRet", rule.action().value());
    }
    if (!rule.conditions().isEmpty()) {
      List<Json> conditions = new ArrayList<>();
      for (Condition c : rule.conditions()) {
        conditions.add(
            Json.object()
                .put("index", c.index())
                .put("value", unsigned(c.value()))
                .put("valueTwo", unsigned(c.valueTwo()))
                .put("op", c.op().name())
                .build());
      }
      out.put("args", new Json.Arr(conditions));
    }
    return out.build();
  }

  private static Json unsigned(long value) {
    return new Json.Num(Long.toUnsignedString(value));
  }
}
