package dev.mydocker.engine;

import dev.mydocker.kernel.Fd;
import dev.mydocker.launch.MonitorOptions;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The program that a monitor becomes when its container has ended: it cleans up, and starts the
 * container again when its restart policy says so. Without it the next command cleans up; a
 * container that nobody asks for is cleaned up by it at once.
 */
public final class AfterEnd {
  private AfterEnd() {}

  /** The command line that runs it, with this JVM's own program and classes. */
  static List<String> command(Roots roots, String id) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"));
    command.addAll(List.of("-cp", classPath(), AfterEnd.class.getName()));
    command.addAll(List.of(roots.state().toString(), roots.run().toString(), id));
    return command;
  }

  private static String classPath() {
    List<String> parts = new ArrayList<>();
    for (String part : System.getProperty("java.class.path").split(File.pathSeparator)) {
      parts.add(Path.of(part).toAbsolutePath().toString());
    }
    return String.join(File.pathSeparator, parts);
  }

  /**
   * Cleans up; the lock on the run directory was handed over as a descriptor.
   *
   * @param arguments the state root, the run root, the container's id
   */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> environment =
        Map.of("MYDOCKER_ROOT", arguments[0], "MYDOCKER_RUN_ROOT", arguments[1]);
    Fd life = Fd.of(MonitorOptions.LIFE, "open", "life lock of " + arguments[2]);
    Engine.open(environment).afterEnd(arguments[2], life);
  }
}
