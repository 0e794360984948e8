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
  static List<Spec.Mount> of(
      RunOptions options, ImageDefaults image, HostFacts host, Causes.Collector why)
      throws OptionException {
    List<Spec.Mount> kernel = DefaultMounts.kernel(options, why);
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
    later.addAll(volumes(options, image, targets, why));
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

  /**
   * The image's volumes. Until there are volumes, such a path is a part of the container's own
   * layer: written like everything, and gone with the container, as an anonymous volume is with
   * {@code --rm}. With a read-only root it must still be writable, so it is a tmpfs then.
   */
  private static List<Spec.Mount> volumes(
      RunOptions options, ImageDefaults image, Set<String> targets, Causes.Collector why)
      throws OptionException {
    List<Spec.Mount> out = new ArrayList<>();
    for (String volume : image.volumes()) {
      String path = volume(volume);
      if (!targets.add(path)) {
        continue;
      }
      if (options.readOnly()) {
        String cause = "image: Volumes, --read-only: empty and writable, volumes come later";
        out.add(new Spec.Mount(path, "tmpfs", "tmpfs", List.of("nosuid", "nodev")));
        why.put("mount:" + path, cause);
        why.put("volume:" + path, cause);
      } else {
        why.put("volume:" + path, "image: Volumes: kept in the container's layer");
      }
    }
    return out;
  }

  private static String volume(String text) throws OptionException {
    String path;
    try {
      path = ContainerPath.target(text.startsWith("/") ? text : "/" + text);
    } catch (OptionException e) {
      throw e.about("the image's Volumes");
    }
    if (ContainerPath.isAtOrBelow(path, "/proc") || ContainerPath.isAtOrBelow(path, "/sys")) {
      throw new OptionException(
          "the image's Volumes: "
              + OptionException.quote(path)
              + " cannot be a volume: it is the kernel's");
    }
    return path;
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
