package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Which capabilities the process has, from Docker's defaults and what was added and dropped. */
final class CapabilitySets {
  private CapabilitySets() {}

  /**
   * The five sets of capabilities(7). Nothing is inheritable or ambient; a user that is not root
   * has no more than the bounding set, as after the setuid of a login.
   *
   * @throws OptionException when one was asked for that the engine does not have
   */
  static Spec.Capabilities of(
      RunOptions options, HostFacts host, boolean root, Causes.Collector why)
      throws OptionException {
    for (Capability c : inOrder(options.capAdd().named())) {
      if (!host.capabilities().contains(c)) {
        throw new OptionException(
            "--cap-add="
                + c.name()
                + ": the engine does not have this capability and cannot give it");
      }
    }
    EnumSet<Capability> wanted = wanted(options);
    EnumSet<Capability> lacking = EnumSet.copyOf(wanted);
    lacking.removeAll(host.capabilities());
    wanted.removeAll(lacking);
    why.put("capabilities", cause(options) + leftOut(lacking));
    List<String> names = names(wanted);
    List<String> held = root ? names : List.of();
    return new Spec.Capabilities(names, held, List.of(), held, List.of());
  }

  /** Docker's rules: ALL added beats ALL dropped; with ALL dropped only what is added is left. */
  private static EnumSet<Capability> wanted(RunOptions options) {
    EnumSet<Capability> set = EnumSet.noneOf(Capability.class);
    if (options.privileged() || options.capAdd().all()) {
      set.addAll(EnumSet.allOf(Capability.class));
      set.removeAll(options.capDrop().named());
      return set;
    }
    if (!options.capDrop().all()) {
      set.addAll(Capability.DEFAULTS);
      set.removeAll(options.capDrop().named());
    }
    set.addAll(options.capAdd().named());
    return set;
  }

  private static String cause(RunOptions options) {
    return (options.privileged() ? "--privileged" : "default: Docker's")
        + listed(", --cap-add=", options.capAdd())
        + listed(", --cap-drop=", options.capDrop());
  }

  private static String listed(String option, CapabilityChoice choice) {
    List<String> names = names(choice.named());
    if (choice.all()) {
      names.add(0, "ALL");
    }
    return names.isEmpty() ? "" : option + String.join(",", names);
  }

  private static String leftOut(Set<Capability> lacking) {
    return lacking.isEmpty() ? "" : "; not had by the engine: " + String.join(" ", names(lacking));
  }

  private static List<String> names(Collection<Capability> set) {
    List<String> names = new ArrayList<>();
    for (Capability c : inOrder(set)) {
      names.add(c.name());
    }
    return names;
  }

  private static EnumSet<Capability> inOrder(Collection<Capability> set) {
    EnumSet<Capability> ordered = EnumSet.noneOf(Capability.class);
    ordered.addAll(set);
    return ordered;
  }
}
