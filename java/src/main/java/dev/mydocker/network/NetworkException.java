package dev.mydocker.network;

import java.io.IOException;

/** What was asked of a network cannot be. The message is one line for a user. */
public final class NetworkException extends IOException {
  private static final long serialVersionUID = 1L;

  /** What is in the way. */
  public enum Kind {
    /** There is no such network. */
    NOT_FOUND,
    /** Another network, container or program has what is wanted. */
    TAKEN,
    /** It does not go together with what the network is. */
    UNFIT,
    /** This host lacks what it takes. */
    HOST
  }

  private final Kind kind;

  public NetworkException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /** What is in the way. */
  public Kind kind() {
    return kind;
  }
}
