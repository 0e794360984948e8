package dev.mydocker.engine;

import dev.mydocker.image.TreeSize;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How large containers are; a layer that several of them have is measured once. */
public final class ContainerSizes {

  /**
   * Of one container, in bytes.
   *
   * @param written the files of its writable layer
   * @param root the same and those of its image's layers
   */
  public record Size(long written, long root) {}

  private final Home home;
  private final Map<Path, Long> layers = new HashMap<>();

  ContainerSizes(Home home) {
    this.home = home;
  }

  /** What is gone has no size; of a container that is damaged only what it has written is known. */
  public Size of(String id) throws IOException {
    long written = TreeSize.at(ContainerLayer.upper(home, id));
    long root = written;
    for (Path layer : lower(id)) {
      Long known = layers.get(layer);
      if (known == null) {
        known = TreeSize.at(layer);
        layers.put(layer, known);
      }
      root += known;
    }
    return new Size(written, root);
  }

  private List<Path> lower(String id) throws IOException {
    try {
      Optional<ContainerRecord> record = home.store().find(id);
      return record.isPresent() ? ContainerLayer.of(home, record.get()).lower() : List.of();
    } catch (ContainerException damaged) {
      return List.of();
    }
  }
}
