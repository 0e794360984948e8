package dev.mydocker.cli;

/**
 * A command line that means nothing: the message is the whole line for the user, without the
 * program's name.
 */
final class UsageException extends Exception {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }

  UsageException(String message, Throwable cause) {
    super(message, cause);
  }
}
