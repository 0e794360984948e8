package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A terminal of 30 rows and 100 columns with a shell of this host in it. See tmux(1). */
final class Tmux implements AutoCloseable {
  private final String socket;
  private boolean open = true;

  /**
   * @param directory for the server's socket
   */
  Tmux(Path directory) throws Exception {
    socket = directory.resolve("tmux").toString();
    tmux(
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-x",
        "100",
        "-y",
        "30",
        "PS1='host> ' bash --norc");
    awaitText("host> ");
  }

  /** Types text as it is, and the Enter key. */
  void line(String text) throws Exception {
    type(text);
    keys("Enter");
  }

  /** Types text as it is. */
  void type(String text) throws Exception {
    tmux("send-keys", "-l", text);
  }

  /** Presses keys by tmux's names: {@code C-c}, {@code Left}. */
  void keys(String... names) throws Exception {
    List<String> command = new ArrayList<>(List.of("send-keys"));
    command.addAll(List.of(names));
    tmux(command.toArray(new String[0]));
  }

  /** Gives the window another size. */
  void resize(int rows, int columns) throws Exception {
    tmux("resize-window", "-x", Integer.toString(columns), "-y", Integer.toString(rows));
  }

  /** Waits until a line of the terminal is this one. */
  void awaitLine(String line) throws Exception {
    Program.await(
        () -> "the line '" + line + "' in\n" + shown(),
        () -> shown().lines().anyMatch(line::equals));
  }

  /** Waits until the terminal shows this text. */
  void awaitText(String text) throws Exception {
    Program.await(() -> "'" + text + "' in\n" + shown(), () -> shown().contains(text));
  }

  /** All that was shown, what has scrolled away too; wrapped lines are joined. */
  String shown() throws Exception {
    return tmux("capture-pane", "-p", "-J", "-S", "-");
  }

  private String tmux(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("tmux", "-u", "-S", socket));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out;
  }

  /** Hangs the terminal up, if that has not been done. */
  @Override
  public void close() throws Exception {
    if (open) {
      open = false;
      tmux("kill-server");
    }
  }
}
