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
    STATE
  }

  private final Kind kind;

  ContainerException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  static ContainerException notFound(String reference) {
    return new ContainerException(Kind.NOT_FOUND, "No such container: " + reference);
  }

  /** What kind of failure it is. */
  public Kind kind() {
    return kind;
  }
}
