package dev.mydocker.cli;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.Engine;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.StringTokenizer;

/** {@code mydocker top}: what the host's ps(1) shows of a container's processes. */
final class TopCommand implements Command {
  @Override
  public String synopsis() {
    return "top CONTAINER [ps OPTIONS]";
  }

  @Override
  public String summary() {
    return "Show the processes of a container, as the host numbers them";
  }

  @Override
  public Flags flags() {
    return new Flags();
  }

  @Override
  public List<String> examples() {
    return List.of("mydocker top web", "mydocker top web -o pid,user,args");
  }

  @Override
  public boolean interspersed() {
    return false;
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    List<String> words = arguments.arguments();
    if (words.isEmpty()) {
      throw new UsageException("it needs a container");
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    Container container = engine.find(words.get(0));
    List<String> options = words.size() == 1 ? List.of("-ef") : words.subList(1, words.size());
    List<Integer> processes = container.processes();
    String shown = ps(options, processes);
    // One that ended meanwhile may have left its number to a stranger.
    session.console().out(table(shown, container.remaining(processes)));
    return 0;
  }

  /** Not every ps, and not with every option, takes a choice of processes. */
  private static String ps(List<String> options, List<Integer> processes) throws IOException {
    List<String> numbers = new ArrayList<>();
    processes.forEach(pid -> numbers.add(Integer.toString(pid)));
    List<String> chosen = new ArrayList<>(options);
    chosen.add("-q" + String.join(",", numbers));
    Output output = ps(chosen);
    if (output.code() != 0) {
      output = ps(options);
    }
    if (output.code() != 0) {
      String why = output.text().lines().findFirst().orElse("it failed");
      throw new IOException("ps " + String.join(" ", options) + ": " + why);
    }
    return output.text();
  }

  private record Output(int code, String text) {}

  private static Output ps(List<String> options) throws IOException {
    List<String> command = new ArrayList<>(List.of("ps"));
    command.addAll(options);
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new IOException("cannot run the host's ps: install the package procps", e);
    }
    try (OutputStream in = process.getOutputStream();
        InputStream out = process.getInputStream()) {
      in.close();
      byte[] text = out.readAllBytes();
      return new Output(process.waitFor(), new String(text, StandardCharsets.UTF_8));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while ps ran", e);
    }
  }

  /**
   * The rows of those processes, in columns.
   *
   * @throws IOException when there is no column of their numbers
   */
  static String table(String ps, Set<Integer> processes) throws IOException {
    List<String> lines = ps.lines().toList();
    List<String> headings = lines.isEmpty() ? List.of() : words(lines.get(0), Integer.MAX_VALUE);
    int column = headings.indexOf("PID");
    if (column < 0) {
      throw new IOException("no PID column in what ps shows: add pid to its -o");
    }
    Table table = new Table().row(headings);
    for (String line : lines.subList(1, lines.size())) {
      List<String> cells = words(line, headings.size());
      if (cells.size() > column && processes.contains(number(cells.get(column)))) {
        table.row(cells);
      }
    }
    return table.render();
  }

  private static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** At most {@code limit} words; the last one is all that is left. */
  private static List<String> words(String line, int limit) {
    List<String> words = new ArrayList<>();
    StringTokenizer rest = new StringTokenizer(line);
    while (words.size() < limit - 1 && rest.hasMoreTokens()) {
      words.add(rest.nextToken());
    }
    if (rest.hasMoreTokens()) {
      words.add(rest.nextToken("").strip());
    }
    return words;
  }
}
