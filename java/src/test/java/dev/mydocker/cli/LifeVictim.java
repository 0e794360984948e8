package dev.mydocker.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A process that runs one command line, to be killed meanwhile: first it lists the containers of
 * other roots, which loads most classes, then it prints its thread's number and waits for a line.
 *
 * <p>Arguments: a directory for those other roots, the command line.
 */
final class LifeVictim {
  private LifeVictim() {}

  public static void main(String[] arguments) throws Exception {
    CommandLine.below(Path.of(arguments[0])).run("ps", "-a");
    System.out.println(Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName());
    if (System.in.read() >= 0) {
      List<String> line = List.of(arguments).subList(1, arguments.length);
      System.exit(new Main(Console.ofProcess()).run(line.toArray(String[]::new)));
    }
  }
}
