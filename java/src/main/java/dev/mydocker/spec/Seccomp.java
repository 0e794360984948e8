package dev.mydocker.spec;

import dev.mydocker.json.JsonException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * {@code linux.seccomp} as compact JSON. It stays text, as most who pass it on never look into it,
 * and as text it says whether it has been compiled before.
 */
public record Seccomp(String json) {

  /** Gives the engine's own profile as it is for a process; it may know it from before. */
  @FunctionalInterface
  public interface Builtin {
    /**
     * The profile.
     *
     * @param capabilities those the process can ever have, by their names, in the kernel's order
     */
    Seccomp of(Machine machine, List<String> capabilities) throws IOException;
  }

  static Seccomp of(SeccompProfile profile) {
    return new Seccomp(profile.toJson().toText());
  }

  /** The one without a memory: reads the profile each time. */
  public static Seccomp builtin(Machine machine, List<String> capabilities) throws IOException {
    return of(SeccompReader.builtin(machine, capabilities));
  }

  static Optional<Seccomp> of(
      RunOptions options, HostFacts host, Spec.Capabilities capabilities, Causes.Collector why)
      throws OptionException, IOException {
    SeccompOption asked = options.seccomp();
    if (asked instanceof SeccompOption.Unconfined) {
      why.put("seccomp", "--security-opt=seccomp=unconfined");
      return Optional.empty();
    }
    if (asked instanceof SeccompOption.Profile profile) {
      String flag = "--security-opt=seccomp=" + profile.source();
      why.put("seccomp", flag);
      try {
        return Optional.of(
            of(SeccompReader.read(profile.profile(), host.machine(), capabilities.bounding())));
      } catch (JsonException e) {
        throw new OptionException(flag + ": " + e.getMessage());
      }
    }
    if (asked instanceof SeccompOption.Unsaid && options.privileged()) {
      why.put("seccomp", "--privileged");
      return Optional.empty();
    }
    why.put(
        "seccomp",
        asked instanceof SeccompOption.Builtin
            ? "--security-opt=seccomp=builtin"
            : "default: the engine's profile");
    return Optional.of(host.seccomp().of(host.machine(), capabilities.bounding()));
  }
}
