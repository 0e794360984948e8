package dev.mydocker.cli;

import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What changes the process it runs in, run in one of its own by the tests. */
final class OwnProcess {

  /** How it ended, and both of its streams. */
  record Result(int code, String out) {}

  private OwnProcess() {}

  /** The command line of {@link #main}. */
  static List<String> command(String... arguments) {
    List<String> command = new java.util.ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.addAll(
        List.of(
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path")));
    command.add(OwnProcess.class.getName());
    command.addAll(List.of(arguments));
    return command;
  }

  static Result run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), out);
  }

  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "raw" -> raw(arguments[1]);
      case "preparing" -> {
        new SignalRelay(true);
        Linux.kill(Linux.getpid(), Integer.parseInt(arguments[1]));
        Thread.sleep(60_000);
      }
      case "waking" -> {
        // From here on the JDK has a use for a signal.
        ServerSocketChannel.open().close();
        new SignalRelay(true);
        Linux.kill(Linux.getpid(), Integer.parseInt(arguments[1]));
        Linux.kill(Linux.getpid(), Signals.SIGTERM);
        Thread.sleep(60_000);
      }
      case "launching" -> {
        SignalRelay relay = new SignalRelay(true);
        relay.launching();
        Linux.kill(Linux.getpid(), Integer.parseInt(arguments[1]));
        System.out.println("launched");
        relay.over();
        Linux.kill(Linux.getpid(), Integer.parseInt(arguments[1]));
        System.out.println("cleaned up");
      }
      case "prompt" -> {
        Prompt prompt = new Prompt(Console.ofProcess());
        String user = prompt.ask("Username: ");
        String secret = prompt.askHidden("Password: ");
        System.out.println("user " + user + ", " + secret.length() + " characters");
      }
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  @SuppressWarnings("resource") // the ways out that do not close it are the subject
  private static void raw(String wayOut) throws Exception {
    RawTerminal terminal = new RawTerminal(0);
    new ProcessBuilder("stty", "-a").inheritIO().start().waitFor();
    switch (wayOut) {
      case "close" -> terminal.close();
      case "exit" -> System.exit(3);
      case "exception" -> throw new IllegalStateException("on purpose");
      case "signal" -> {
        Linux.kill(Linux.getpid(), Signals.SIGTERM);
        Thread.sleep(60_000);
      }
      default -> throw new IllegalArgumentException(wayOut);
    }
  }
}
