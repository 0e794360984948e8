package dev.mydocker.image;

import java.io.IOException;

/**
 * An image that cannot be had or used. The message is one line: what was attempted on what, what
 * came of it and, where there is something, what the user can do.
 */
public final class ImageException extends IOException {
  private static final long serialVersionUID = 1L;

  /** What kind of failure it is. */
  public enum Kind {
    /** A reference that does not follow the grammar. */
    BAD_REFERENCE,
    /** The registry, archive or store has no such image. */
    NOT_FOUND,
    /** The registry wants credentials, or other ones. */
    UNAUTHORIZED,
    /** No answer, or none that could be understood. */
    UNREACHABLE,
    /** Content that is not what its digest or size says. */
    DIGEST_MISMATCH,
    /** Content that ended early. */
    TRUNCATED,
    /** A document that is no image, or one with two meanings. */
    NOT_AN_IMAGE,
    /** The image exists, but not for this platform. */
    NO_PLATFORM,
    /** A form of image this engine does not handle. */
    UNSUPPORTED,
    /** Content beyond a limit. */
    TOO_LARGE,
    /** An image that something still needs. */
    IN_USE,
    /** A configuration file of the user or the host that cannot be used. */
    CONFIGURATION
  }

  private final Kind kind;

  public ImageException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public ImageException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** What kind of failure it is. */
  public Kind kind() {
    return kind;
  }

  /** Foreign text for a message: quoted, printable ASCII only, at most 100 characters of it. */
  static String quote(String text) {
    return "\"" + printable(text).replace('"', '?') + "\"";
  }

  /** {@link #quote} without the quotes. */
  static String printable(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < Math.min(text.length(), 100); i++) {
      char c = text.charAt(i);
      out.append(c >= ' ' && c < 0x7f ? c : '?');
    }
    return out.append(text.length() > 100 ? "..." : "").toString();
  }
}
