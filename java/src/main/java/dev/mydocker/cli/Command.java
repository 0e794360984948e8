package dev.mydocker.cli;

import java.io.IOException;
import java.util.List;

/** One command: its flags, its help, and what it does with the engine. */
interface Command {

  /** What follows {@code Usage: mydocker }: {@code pull [OPTIONS] IMAGE}. */
  String synopsis();

  /** What the command does, in a line. */
  String summary();

  /** Its flags; a new value at each call. */
  Flags flags();

  /** Command lines that work, for the help. */
  List<String> examples();

  /** What else there is to know, in whole lines; nothing for most. */
  default String notes() {
    return "";
  }

  /** Whether flags may follow the first argument, as everywhere but where a command is run. */
  default boolean interspersed() {
    return true;
  }

  /** The exit code of a failure that has none of its own. */
  default int failureCode() {
    return 1;
  }

  /** Whether an ordinary user's goes into the user's namespace first: nearly every one. */
  default boolean needsNamespace() {
    return true;
  }

  /**
   * Does it.
   *
   * @return the exit code
   * @throws UsageException when the arguments mean nothing
   */
  int run(Flags.Parsed arguments, Session session) throws UsageException, IOException;
}
