package dev.mydocker.engine;

import java.io.IOException;

/** Why something cannot be done with a volume, as its user is told. */
public final class VolumeException extends IOException {
  private static final long serialVersionUID = 1;

  /** What kind of failure it is. */
  public enum Kind {
    /** There is no such volume. */
    NOT_FOUND,
    /** A container has it, or may have it. */
    IN_USE,
    /** Its record cannot be read. */
    DAMAGED,
    /** It is there already, and is something else. */
    CONFLICT
  }

  private final Kind kind;

  VolumeException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  static VolumeException notFound(String name) {
    return new VolumeException(Kind.NOT_FOUND, "no such volume: " + name);
  }

  static VolumeException damaged(Volume volume) {
    return new VolumeException(
        Kind.DAMAGED,
        "volume "
            + volume.name()
            + " is damaged: its record "
            + volume.damage().orElse("")
            + ": save what is in "
            + volume.content()
            + " and remove it with volume rm");
  }

  /** What kind of failure it is. */
  public Kind kind() {
    return kind;
  }
}
