package dev.mydocker.cli;

import java.io.IOException;
import java.io.InputStream;

/** Asks before something is removed that was not named one by one. */
final class Confirmation {
  private static final int LONGEST = 10;

  private Confirmation() {}

  /** Asks; only y and yes are a yes, and the end of the input is none. */
  static boolean asked(Console console, String warning) throws IOException {
    console.out("WARNING! " + warning + "\nAre you sure you want to continue? [y/N] ");
    InputStream in = console.input();
    StringBuilder answer = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n' && answer.length() < LONGEST; c = in.read()) {
      answer.append((char) c);
    }
    String text = answer.toString().strip();
    return text.equalsIgnoreCase("y") || text.equalsIgnoreCase("yes");
  }
}
