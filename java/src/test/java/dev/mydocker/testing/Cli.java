package dev.mydocker.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The program as a process of its own, with the built classes and {@link TestEngine}'s roots. */
public final class Cli {
  private static final int PATIENCE_SECONDS = 120;

  /** How a process ended, and what it wrote. */
  public record Result(int code, byte[] output, String err) {
    public String out() {
      return new String(output, StandardCharsets.UTF_8);
    }
  }

  private Cli() {}

  /** Runs it to its end, without input. */
  public static Result run(String... arguments) throws IOException {
    return run(new byte[0], arguments);
  }

  /** Runs it to its end. */
  public static Result run(byte[] input, String... arguments) throws IOException {
    return end(start(command(arguments)), input);
  }

  /**
   * Runs it to its end under a shell, in whose script {@code "$@"} stands for it.
   *
   * @param script what the caller of the program does first: redirections, limits
   */
  public static Result under(String script, String... arguments) throws IOException {
    return end(start(underShell(script, command(arguments))), new byte[0]);
  }

  /** The command line of a shell that knows another command line as {@code "$@"}. */
  public static List<String> underShell(String script, List<String> command) {
    List<String> all = new ArrayList<>(List.of("sh", "-c", script, "sh"));
    all.addAll(command);
    return all;
  }

  /** The command line of a JVM with these arguments. */
  public static List<String> command(String... arguments) {
    List<String> command = jvm();
    command.addAll(List.of(arguments));
    return command;
  }

  /** The first words of a command line: a JVM and the program. */
  public static List<String> jvm() {
    return jvm("dev.mydocker.cli.Main");
  }

  /**
   * A JVM and another program of the tests.
   *
   * @param main its class
   */
  public static List<String> jvm(String main) {
    List<String> command = java();
    command.addAll(1, ClassArchive.options());
    command.add(main);
    return command;
  }

  /** A JVM that finds the program in these places. */
  public static List<String> jvmOver(String classPath) {
    List<String> command = java();
    command.addAll(List.of("-cp", classPath, "dev.mydocker.cli.Main"));
    return command;
  }

  /** A JVM that is to start fast, without what it shall run. */
  static List<String> java() {
    return new ArrayList<>(
        List.of(
            System.getProperty("java.home") + "/bin/java",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            // As the manifest of the jar has it.
            "--enable-native-access=ALL-UNNAMED"));
  }

  /** Starts a command line, which begins with the program or with what starts it. */
  public static Process start(List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(TestEngine.shared().environment());
    return builder.start();
  }

  /** Gives a process its input and waits for its end; kills one that does not end. */
  public static Result end(Process process, byte[] input) throws IOException {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Thread errors = new Thread(() -> copy(process.getErrorStream(), err));
    Thread writer = new Thread(() -> write(process.getOutputStream(), input));
    errors.start();
    writer.start();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Thread output = new Thread(() -> copy(process.getInputStream(), out));
    output.start();
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException("it has not ended: " + out + err);
      }
      output.join();
      errors.join();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    return new Result(process.exitValue(), out.toByteArray(), err.toString(StandardCharsets.UTF_8));
  }

  private static void copy(InputStream from, OutputStream to) {
    try (from) {
      from.transferTo(to);
    } catch (IOException ended) {
      return;
    }
  }

  private static void write(OutputStream to, byte[] bytes) {
    try (to) {
      to.write(bytes);
    } catch (IOException unread) {
      return;
    }
  }
}
