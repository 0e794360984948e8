package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Everything that is mounted in the container, in order. */
final class Mounts {
  private Mounts() {}

  /**
   * The kernel's file systems first, then the engine's files and the user's mounts, parents before
   * what is below them. A mount of the user at or above one of the kernel's replaces it, one at a
   * file of the engine's replaces that.
   *
   * @throws OptionException when a target is named twice, or a mount cannot be
   */
  static List<Spec.Mount> of(RunOptions options, HostFacts host, Causes.Collector why)
      throws OptionException {
    List<Spec.Mount> kernel = DefaultMounts.kernel(options, host, why);
    List<Spec.Mount> later = new ArrayList<>(DefaultMounts.files(options, host, why));
    Set<String> targets = new HashSet<>();
    for (MountOption option : options.mounts()) {
      String target = option.target();
      if (!targets.add(target)) {
        throw new OptionException("Duplicate mount point: " + target);
      }
      replace(kernel, mount -> ContainerPath.isAtOrBelow(mount.destination(), target), why);
      replace(later, mount -> mount.destination().equals(target), why);
      later.add(UserMount.of(option, host, why));
    }
    later.sort(
        (a, b) ->
            Integer.compare(
                ContainerPath.depth(a.destination()), ContainerPath.depth(b.destination())));
    kernel.addAll(later);
    return kernel;
  }

  private static void replace(
      List<Spec.Mount> mounts, Predicate<Spec.Mount> which, Causes.Collector why) {
    mounts.stream().filter(which).forEach(mount -> why.remove("mount:" + mount.destination()));
    mounts.removeIf(which);
  }

  /** {@code rslave} when mounts that the host makes later are to be seen in one of these. */
  static Optional<String> propagation(RunOptions options, Causes.Collector why) {
    for (MountOption option : options.mounts()) {
      if (option instanceof MountOption.Bind bind && bind.propagation().endsWith("slave")) {
        why.put("rootfsPropagation", "the propagation of " + bind.target());
        return Optional.of("rslave");
      }
    }
    return Optional.empty();
  }
}
