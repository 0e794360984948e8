package dev.mydocker.cli;

import dev.mydocker.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/**
 * Does random things to a few containers, as a process of its own or as a thread: ends with 0 when
 * each was done, or refused for a reason that others give by what they do meanwhile.
 *
 * <p>Arguments: the directory of the roots, the seed, how many things.
 */
final class StormWorker {
  static final int CONTAINERS = 20;

  private static final List<String> REASONS =
      List.of(
          " is not running",
          " is not paused, ",
          " is already ",
          ": stop it first, or remove it with -f",
          "No such container: ",
          "\" is in use by container ",
          "it was killed before it could start the command");

  private final CommandLine mydocker;
  private final Random random;

  StormWorker(CommandLine mydocker, long seed) {
    this.mydocker = mydocker;
    this.random = new Random(seed);
  }

  public static void main(String[] arguments) throws IOException {
    new StormWorker(CommandLine.below(Path.of(arguments[0])), Long.parseLong(arguments[1]))
        .run(Integer.parseInt(arguments[2]));
  }

  void run(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      once();
    }
  }

  private void once() throws IOException {
    String name = "c" + random.nextInt(CONTAINERS);
    switch (random.nextInt(12)) {
      case 0, 1 -> command("start", name);
      case 2, 3 -> command("run", "-d", "--name", name, CommandLine.BUSYBOX, "sleep", "1000");
      case 4 -> command("stop", "-t", "0", name);
      case 5 -> command("kill", name);
      case 6 -> command("pause", name);
      case 7 -> command("unpause", name);
      case 8 -> command("rm", name);
      case 9 -> command("rm", "-f", name);
      case 10 -> command("rename", name, "c" + random.nextInt(CONTAINERS));
      default -> killMonitor();
    }
  }

  private void command(String... words) {
    CommandLine.Result result = mydocker.run(words);
    boolean expected =
        result.err().lines().allMatch(line -> REASONS.stream().anyMatch(line::contains));
    if (!expected) {
      throw new IllegalStateException(String.join(" ", words) + ": " + result);
    }
  }

  /** That of any container which runs. */
  private void killMonitor() throws IOException {
    String[] running = mydocker.runRoot().resolve("containers").toFile().list();
    if (running == null || running.length == 0) {
      return;
    }
    String id = running[random.nextInt(running.length)];
    try {
      byte[] text = Files.readAllBytes(mydocker.running(id).resolve("pid"));
      long monitor = Json.parseObject(text).integer("monitor").orElse(0L);
      String line = Files.readString(Path.of("/proc", Long.toString(monitor), "cmdline"));
      if (line.contains(id)) {
        ProcessHandle.of(monitor).ifPresent(ProcessHandle::destroyForcibly);
      }
    } catch (IOException gone) {
      return;
    }
  }
}
