package dev.mydocker.spec;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Settles which volumes a container gets. */
public final class VolumeMounts {
  private VolumeMounts() {}

  /**
   * The mounts that a user asked for, those of other containers, and the volumes of the image, in
   * this order of precedence where they have the same target.
   *
   * @param inherited of other containers; the last one of a target counts
   * @throws OptionException when the image names a volume where none can be
   */
  public static List<MountOption> of(
      List<MountOption> asked, List<MountOption> inherited, ImageDefaults image)
      throws OptionException {
    Map<String, MountOption> further = new LinkedHashMap<>();
    for (String text : image.volumes()) {
      String target = imageTarget(text);
      further.put(target, MountOption.Volume.anonymous(target, MountOption.Origin.IMAGE));
    }
    for (MountOption mount : inherited) {
      further.put(mount.target(), mount);
    }
    for (MountOption mount : asked) {
      further.remove(mount.target());
    }
    // The user's own stay a list: a target that is named twice is refused later.
    List<MountOption> all = new ArrayList<>(asked);
    all.addAll(further.values());
    return all;
  }

  /** The volumes among some mounts. */
  public static List<MountOption.Volume> volumes(List<MountOption> mounts) {
    List<MountOption.Volume> volumes = new ArrayList<>();
    for (MountOption mount : mounts) {
      if (mount instanceof MountOption.Volume volume) {
        volumes.add(volume);
      }
    }
    return volumes;
  }

  private static String imageTarget(String text) throws OptionException {
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
}
