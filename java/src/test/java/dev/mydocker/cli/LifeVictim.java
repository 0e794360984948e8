package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mydocker.testing.Cli;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that runs one command line, to be killed meanwhile: first it lists the containers of
 * other roots, which loads most classes, then it prints its thread's number and waits for a line.
 *
 * <p>Arguments: a directory for those other roots, the command line.
 */
final class LifeVictim {
  private LifeVictim() {}

  /** A process that waits to run that command line. */
  static Process start(CommandLine mydocker, Path warm, List<String> line) throws IOException {
    return start(List.of(), mydocker, warm, line);
  }

  /**
   * The same.
   *
   * @param before what the process is started by: nsenter and its options
   */
  static Process start(List<String> before, CommandLine mydocker, Path warm, List<String> line)
      throws IOException {
    List<String> command = new ArrayList<>(before);
    command.addAll(Cli.jvm(LifeVictim.class.getName()));
    command.add(warm.toString());
    command.addAll(mydocker.line(line.toArray(String[]::new)));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  /** strace(1), once it has attached; not with --seccomp-bpf: it loses what is injected. */
  static Process strace(Path log, String inject, String... options) throws IOException {
    List<String> command = new ArrayList<>(List.of("strace", "--output=" + log));
    command.add("--inject=" + inject);
    command.addAll(List.of(options));
    Process tracer = new ProcessBuilder(command).redirectErrorStream(true).start();
    assertThat(lines(tracer).readLine()).contains("attached");
    return tracer;
  }

  static BufferedReader lines(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  public static void main(String[] arguments) throws Exception {
    CommandLine.below(Path.of(arguments[0])).run("ps", "-a");
    System.out.println(Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName());
    if (System.in.read() >= 0) {
      List<String> line = List.of(arguments).subList(1, arguments.length);
      System.exit(new Main(Console.ofProcess()).run(line.toArray(String[]::new)));
    }
  }
}
