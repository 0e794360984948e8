package dev.mydocker.cgroup;

import dev.mydocker.spec.Causes;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.util.List;

/**
 * The cgroup hierarchies of this host: v1, v2, or both side by side (hybrid); see cgroups(7).
 *
 * <p>Immutable; made once per process.
 */
public final class CgroupHost {

  /**
   * A hierarchy as it is mounted in a container.
   *
   * @param directory its directory below /sys/fs/cgroup, empty when v2 is alone
   * @param type {@code cgroup} or {@code cgroup2}
   * @param options the controllers, or the hierarchy's name
   */
  public record View(String directory, String type, List<String> options) {
    public View {
      options = List.copyOf(options);
    }
  }

  private CgroupHost() {}

  /** Reads what is mounted and which controllers there are. */
  public static CgroupHost detect() throws IOException {
    throw new UnsupportedOperationException();
  }

  /** 2 when v2 alone has the controllers, else 1. */
  public int version() {
    throw new UnsupportedOperationException();
  }

  /** Whether memory and swap can be limited together. */
  public boolean swapAccounting() {
    throw new UnsupportedOperationException();
  }

  /** How a container sees the hierarchies. */
  public List<View> views() {
    throw new UnsupportedOperationException();
  }

  /**
   * What has to be done for a cgroup with those limits: a pure function.
   *
   * @param path below each hierarchy: {@code /mydocker/ID}
   * @throws IOException when a limit needs a controller that this host does not have
   */
  public List<CgroupStep> plan(String path, Spec.Resources resources, Causes causes)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  /** The cgroup of that path, whether it exists or not. */
  public Cgroup at(String path) {
    throw new UnsupportedOperationException();
  }
}
