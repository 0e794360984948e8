package dev.mydocker.engine;

import java.io.IOException;

/** Why something cannot be done with a container, as its user is told. */
public final class ContainerException extends IOException {
  private static final long serialVersionUID = 1;

  /** What kind of failure it is. */
  public enum Kind {
    /** There is no such container. */
    NOT_FOUND,
    /** More than one container is meant. */
    AMBIGUOUS,
    /** It is not in a state for that: running, stopped, paused. */
    STATE,
    /** A file that describes it is damaged or missing. */
    DAMAGED
  }

  private final Kind kind;

  ContainerException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  static ContainerException notFound(String reference) {
    return new ContainerException(Kind.NOT_FOUND, "No such container: " + reference);
  }

  /**
   * What is said of a container whose description cannot be read.
   *
   * @param file its name below the container's directory
   */
  static ContainerException damaged(String id, String file, String why) {
    return new ContainerException(
        Kind.DAMAGED,
        "container "
            + ContainerId.shown(id)
            + " is damaged: its "
            + file
            + " "
            + why
            + ": remove the container with rm -f");
  }

  /** What kind of failure it is. */
  public Kind kind() {
    return kind;
  }
}
