package dev.mydocker.spec;

import dev.mydocker.json.Json;
import dev.mydocker.json.JsonException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Reads a seccomp profile, Docker's or OCI's form, as it is for one process on one machine: rules
 * whose conditions (includes, excludes) do not hold are left out, and those that say the same of
 * calls as such are one rule.
 *
 * <p>What is not understood is refused: a profile that holds less than its author meant is a hole.
 * Names of calls are an exception, as each kernel and library knows others.
 */
public final class SeccompReader {
  private static final String BUILTIN = "/seccomp/default.json";
  private static final String ARCHITECTURE = "SCMP_ARCH_";

  /** The kernel takes no more instructions (BPF_MAXINSNS), and a rule with conditions needs one. */
  private static final int MAX_CONDITIONAL = 4096;

  private static final int MAX_ERRNO = 4095;
  private static final int MAX_TRACE = 0xffff;
  private static final int ARGUMENTS = 6;
  private static final int EPERM = 1;

  /** All that OCI names; of another machine's nothing can be run here. */
  private static final Set<String> ARCHITECTURES =
      Set.of(
          ("X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64"
                  + " PPC64LE S390 S390X PARISC PARISC64 RISCV64 LOONGARCH64 M68K SH SHEB")
              .split(" "));

  private final Machine machine;
  private final Collection<String> capabilities;
  private final Map<Integer, Set<String>> unconditional = new LinkedHashMap<>();
  private final Map<String, Integer> said = new HashMap<>();
  private final Map<Integer, SeccompProfile.Action> actions = new LinkedHashMap<>();
  private final List<SeccompProfile.Rule> conditional = new ArrayList<>();
  private int conditionals;

  private SeccompReader(Machine machine, Collection<String> capabilities) {
    this.machine = machine;
    this.capabilities = capabilities;
  }

  /**
   * Reads a profile.
   *
   * @param capabilities those the process can ever have, by their names
   * @throws JsonException when it means nothing, contradicts itself or asks for too much
   */
  public static SeccompProfile read(
      Json.Obj profile, Machine machine, Collection<String> capabilities) throws JsonException {
    return new SeccompReader(machine, capabilities).profile(profile);
  }

  /** The engine's own profile. See {@link #read}. */
  public static SeccompProfile builtin(Machine machine, Collection<String> capabilities)
      throws IOException {
    try (InputStream in = SeccompReader.class.getResourceAsStream(BUILTIN)) {
      if (in == null) {
        throw new IOException("this jar has no " + BUILTIN);
      }
      return read(Json.parseObject(in.readAllBytes()), machine, capabilities);
    }
  }

  private SeccompProfile profile(Json.Obj json) throws JsonException {
    SeccompProfile.Action fallback = action(json, "defaultAction", "defaultErrnoRet");
    List<String> architectures = architectures(json);
    for (Json.Obj rule : objects(json, "syscalls")) {
      rule(rule);
    }
    List<SeccompProfile.Rule> rules = new ArrayList<>();
    unconditional.forEach(
        (code, names) ->
            rules.add(
                new SeccompProfile.Rule(new ArrayList<>(names), actions.get(code), List.of())));
    rules.addAll(conditional);
    return new SeccompProfile(fallback, architectures, flags(json), rules);
  }

  // ---- architectures and flags ------------------------------------------------------------------

  private List<String> own() {
    return machine.architecture().equals("amd64")
        ? List.of("X86_64", "X86", "X32")
        : List.of("AARCH64", "ARM");
  }

  private List<String> architectures(Json.Obj json) throws JsonException {
    Set<String> found = new LinkedHashSet<>();
    found.add(own().get(0));
    List<String> listed = json.strings("architectures");
    List<Json.Obj> mapped = objects(json, "archMap");
    if (!listed.isEmpty() && !mapped.isEmpty()) {
      throw new JsonException("\"architectures\" and \"archMap\" are both given: use one of them");
    }
    for (String name : listed) {
      found.add(architecture(name));
    }
    for (Json.Obj one : mapped) {
      String main = architecture(one.string("architecture").orElse(""));
      List<String> others = new ArrayList<>();
      for (String name : one.strings("subArchitectures")) {
        others.add(architecture(name));
      }
      if (main.equals(own().get(0))) {
        found.addAll(others);
      }
    }
    List<String> out = new ArrayList<>();
    for (String name : found) {
      if (own().contains(name)) {
        out.add(ARCHITECTURE + name);
      }
    }
    return out;
  }

  private static String architecture(String name) throws JsonException {
    String rest = name.startsWith(ARCHITECTURE) ? name.substring(ARCHITECTURE.length()) : "";
    if (!ARCHITECTURES.contains(rest)) {
      throw new JsonException("there is no architecture " + OptionException.quote(name));
    }
    return rest;
  }

  /** TSYNC has no meaning for the one thread there is. */
  private static List<String> flags(Json.Obj json) throws JsonException {
    List<String> flags = new ArrayList<>();
    for (String flag : json.strings("flags")) {
      switch (flag) {
        case "SECCOMP_FILTER_FLAG_LOG":
        case "SECCOMP_FILTER_FLAG_SPEC_ALLOW":
          flags.add(flag);
          break;
        case "SECCOMP_FILTER_FLAG_TSYNC":
          break;
        default:
          throw new JsonException("the flag " + OptionException.quote(flag) + " is not supported");
      }
    }
    return flags;
  }

  // ---- rules ------------------------------------------------------------------------------------

  private void rule(Json.Obj json) throws JsonException {
    List<String> names = names(json);
    SeccompProfile.Action action = action(json, "action", "errnoRet");
    List<SeccompProfile.Condition> conditions = new ArrayList<>();
    for (Json.Obj one : objects(json, "args")) {
      conditions.add(condition(one));
    }
    // Both are read in any case: what is wrong with a rule is wrong everywhere.
    boolean included = holds(part(json, "includes"), true);
    boolean excluded = holds(part(json, "excludes"), false);
    if (!included || excluded) {
      return;
    }
    if (conditions.isEmpty()) {
      actions.putIfAbsent(action.code(), action);
      for (String name : names) {
        if (said.merge(name, action.code(), (one, other) -> one) != action.code()) {
          throw new JsonException(
              "rules of " + OptionException.quote(name) + " contradict each other");
        }
        unconditional.computeIfAbsent(action.code(), c -> new LinkedHashSet<>()).add(name);
      }
      return;
    }
    conditionals += names.size();
    if (conditionals > MAX_CONDITIONAL) {
      throw new JsonException("it has more than " + MAX_CONDITIONAL + " rules with \"args\"");
    }
    conditional.add(new SeccompProfile.Rule(names, action, conditions));
  }

  private static List<String> names(Json.Obj json) throws JsonException {
    Optional<String> name = json.string("name");
    List<String> names = json.strings("names");
    if (name.isPresent() && !name.get().isEmpty()) {
      if (!names.isEmpty()) {
        throw new JsonException("\"name\" and \"names\" are both given: use one of them");
      }
      return List.of(name.get());
    }
    if (names.isEmpty()) {
      throw new JsonException("a rule has no \"names\"");
    }
    return names;
  }

  private static SeccompProfile.Action action(Json.Obj json, String member, String errno)
      throws JsonException {
    String name = json.string(member).orElse("");
    if (name.equals("SCMP_ACT_NOTIFY")) {
      throw new JsonException("SCMP_ACT_NOTIFY asks another program, and there is none here");
    }
    Optional<Long> value = json.integer(errno);
    for (SeccompProfile.Kind kind : SeccompProfile.Kind.values()) {
      if (kind.name().equals(name)) {
        if (!kind.hasValue() && value.isPresent()) {
          throw new JsonException("\"" + errno + "\" has no meaning for " + name);
        }
        int most = kind == SeccompProfile.Kind.SCMP_ACT_TRACE ? MAX_TRACE : MAX_ERRNO;
        long number = value.orElse(kind.hasValue() ? (long) EPERM : 0L);
        return new SeccompProfile.Action(kind, within(number, most, errno));
      }
    }
    throw new JsonException(
        name.isEmpty()
            ? "\"" + member + "\" is missing"
            : "there is no action " + OptionException.quote(name));
  }

  private static SeccompProfile.Condition condition(Json.Obj json) throws JsonException {
    String op = json.string("op").orElse("");
    for (SeccompProfile.Comparison comparison : SeccompProfile.Comparison.values()) {
      if (comparison.name().equals(op)) {
        return new SeccompProfile.Condition(
            within(SpecReader.unsigned(json, "index"), ARGUMENTS - 1, "index"),
            comparison,
            SpecReader.unsigned(json, "value"),
            json.get("valueTwo").isEmpty() ? 0 : SpecReader.unsigned(json, "valueTwo"));
      }
    }
    throw new JsonException("there is no comparison " + OptionException.quote(op));
  }

  private static int within(long value, int most, String member) throws JsonException {
    if (value < 0 || value > most) {
      throw new JsonException("\"" + member + "\" is not from 0 to " + most);
    }
    return (int) value;
  }

  // ---- conditions -------------------------------------------------------------------------------

  /**
   * Whether the host is as it says.
   *
   * @param all true when every part of it must be so, as of "includes"; else one is enough
   */
  private boolean holds(Json.Obj json, boolean all) throws JsonException {
    List<String> wanted = json.strings("caps");
    List<String> arches = json.strings("arches");
    OptionalInt kernel = kernel(json);
    for (String capability : wanted) {
      if (capabilities.contains(capability) != all) {
        return !all;
      }
    }
    if (!arches.isEmpty() && arches.contains(machine.architecture()) != all) {
      return !all;
    }
    if (kernel.isPresent()) {
      boolean reached = machine.isFrom(kernel.getAsInt() >> 16, kernel.getAsInt() & 0xffff);
      if (reached != all) {
        return !all;
      }
    }
    return all;
  }

  /** The kernel it asks for: the first number times 65536, and the second. */
  private static OptionalInt kernel(Json.Obj json) throws JsonException {
    Optional<String> text = json.string("minKernel");
    if (text.isEmpty() || text.get().isEmpty()) {
      return OptionalInt.empty();
    }
    String[] parts = text.get().split("\\.", -1);
    try {
      if (parts.length == 2) {
        int major = within(Integer.parseInt(parts[0]), 0x7fff, "minKernel");
        return OptionalInt.of(
            major << 16 | within(Integer.parseInt(parts[1]), 0xffff, "minKernel"));
      }
    } catch (NumberFormatException e) {
      // As for every other text that is no version.
    }
    throw new JsonException(
        "\"minKernel\" " + OptionException.quote(text.get()) + " is not like \"4.8\"");
  }

  private static Json.Obj part(Json.Obj json, String name) throws JsonException {
    return json.object(name).orElse(Json.object().build());
  }

  private static List<Json.Obj> objects(Json.Obj json, String name) throws JsonException {
    return SpecReader.list(json, name, one -> one);
  }
}
