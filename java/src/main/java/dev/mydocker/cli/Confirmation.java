package dev.mydocker.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Asks before something is removed that was not named one by one. */
final class Confirmation {
  private Confirmation() {}

  /** Asks on the terminal; only y and yes are a yes, and the end of the input is none. */
  @SuppressWarnings("resource") // the descriptor belongs to the process
  static boolean asked(Console console, String warning) throws IOException {
    return asked(console, warning, new FileInputStream(FileDescriptor.in));
  }

  static boolean asked(Console console, String warning, InputStream in) throws IOException {
    console.out("WARNING! " + warning + "\nAre you sure you want to continue? [y/N] ");
    StringBuilder answer = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n' && answer.length() < 10; c = in.read()) {
      answer.append((char) c);
    }
    String text = answer.toString().strip();
    return text.equalsIgnoreCase("y") || text.equalsIgnoreCase("yes");
  }
}
