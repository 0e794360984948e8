package dev.mydocker.cli;

import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Exec;
import dev.mydocker.engine.Exit;
import dev.mydocker.engine.Running;
import dev.mydocker.kernel.Linux;
import dev.mydocker.spec.EnvEntry;
import dev.mydocker.spec.ExecOptions;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.UserSpec;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code mydocker exec}. */
final class ExecCommand implements Command {
  @Override
  public String synopsis() {
    return "exec [OPTIONS] CONTAINER COMMAND [ARG...]";
  }

  @Override
  public String summary() {
    return "Run a command in a running container";
  }

  @Override
  public Flags flags() {
    Flags flags = new Flags();
    flags
        .group("Process")
        .toggle("Keep standard input open", "-i", "--interactive")
        .toggle("Give it a terminal", "-t", "--tty")
        .toggle("Start it, and do not wait for its end", "-d", "--detach")
        .list("NAME=VALUE", "Set a variable; NAME alone takes the caller's", "-e", "--env")
        .list("FILE", "Set variables from the lines of a file", "--env-file")
        .value("DIR", "Its working directory: an absolute path", "-w", "--workdir")
        .value("USER[:GROUP]", "Who it runs as: names of the container, or ids", "-u", "--user")
        .toggle("Give it every capability", "--privileged");
    DetachKeys.declare(flags);
    flags
        .group("Explanation")
        .attached("FORM", "When it ended, show how it was started: tree, json, html", "--explain");
    return flags;
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker exec -it web sh",
        "mydocker exec -u postgres -w /var/lib db ls -l",
        "echo hello | mydocker exec -i web wc -c",
        "mydocker exec -d web touch /tmp/started");
  }

  @Override
  public String notes() {
    return "The command ends when the container does. A signal that this program gets is the\n"
        + "command's. Processes that the command leaves behind go on; their output does not.\n";
  }

  @Override
  public boolean interspersed() {
    return false;
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    List<String> words = arguments.arguments();
    if (words.size() < 2) {
      throw new UsageException("it needs a container and a command");
    }
    boolean detach = arguments.on("--detach");
    Streams streams = new Streams(arguments.on("--tty"), arguments.on("--interactive") && !detach);
    DetachKeys keys = DetachKeys.of(arguments);
    Optional<RunRequest.Explain> explain = RunFlags.explain(arguments);
    if (streams.tty() && streams.interactive() && Linux.isatty(0) != 1) {
      session.console().error("exec: the input device is not a TTY: leave -t out");
      return 1;
    }
    Engine engine = Engine.open(session.environment());
    engine.sweep();
    SignalRelay signals = new SignalRelay(true);
    try (Exec exec = engine.find(words.get(0)).exec(options(arguments, session))) {
      signals.launching();
      int code = detach ? detached(exec, streams) : attached(exec, streams, keys, session, signals);
      if (explain.isPresent()) {
        session
            .console()
            .progressErr(RunCommand.explanation(exec.recording(), exec.id(), explain.get()));
      }
      return code;
    } catch (OptionException e) {
      throw new UsageException(e.getMessage(), e);
    } finally {
      signals.over();
    }
  }

  private static int detached(Exec exec, Streams streams) throws IOException, OptionException {
    exec.start(streams.stdio()).close();
    return 0;
  }

  private static int attached(
      Exec exec, Streams streams, DetachKeys keys, Session session, SignalRelay signals)
      throws IOException, OptionException {
    try (Running running = exec.start(streams.stdio())) {
      return new Foreground(streams, false, keys, session.console(), signals)
          .run(running)
          .map(Exit::code)
          .orElse(0);
    }
  }

  private static ExecOptions options(Flags.Parsed arguments, Session session)
      throws UsageException, IOException, OptionException {
    List<String> words = arguments.arguments();
    Optional<String> user = arguments.value("--user");
    List<EnvEntry> env = RunFlags.env(arguments, session.environment());
    return new ExecOptions(
        words.subList(1, words.size()),
        env,
        arguments.value("--workdir"),
        user.isEmpty() ? Optional.empty() : Optional.of(UserSpec.parse(user.get())),
        arguments.on("--tty"),
        arguments.on("--privileged"));
  }
}
