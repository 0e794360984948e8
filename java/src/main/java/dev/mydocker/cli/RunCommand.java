package dev.mydocker.cli;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.ContainerException;
import dev.mydocker.engine.Engine;
import dev.mydocker.engine.Exit;
import dev.mydocker.engine.Running;
import dev.mydocker.explain.LaunchScript;
import dev.mydocker.explain.PlanText;
import dev.mydocker.explain.Timeline;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.Recording;
import dev.mydocker.spec.Bytes;
import dev.mydocker.spec.Limits;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.RunOptions;
import dev.mydocker.spec.UsernsMode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** {@code mydocker run}. */
final class RunCommand implements Command {
  private static final int ENGINE_FAILED = 125;
  private static final int KILLED = 137;

  @Override
  public String synopsis() {
    return "run [OPTIONS] [IMAGE [COMMAND] [ARG...]]";
  }

  @Override
  public String summary() {
    return "Run a command in a new container; without an image, the built-in one";
  }

  @Override
  public Flags flags() {
    return RunFlags.declare();
  }

  @Override
  public List<String> examples() {
    return List.of(
        "mydocker run",
        "mydocker run --rm -it busybox sh",
        "mydocker run --rm -m 256m --cpus 0.5 --pids-limit 64 busybox nproc",
        "mydocker run -d -v data:/data --name db debian sleep 1000",
        "mydocker run --rm -v /srv/site:/site:ro -w /site -u 1000:1000 debian ls -l",
        "echo hello | mydocker run --rm -i --network none busybox wc -c",
        "mydocker run --rm -q -a stderr busybox ls /missing /etc",
        "mydocker run --rm --explain busybox true",
        "mydocker run --dry-run=script busybox true");
  }

  @Override
  public boolean interspersed() {
    return false;
  }

  @Override
  public int failureCode() {
    return ENGINE_FAILED;
  }

  @Override
  public int run(Flags.Parsed arguments, Session session) throws UsageException, IOException {
    RunRequest request = RunFlags.read(arguments, session.environment());
    try {
      if (request.dryRun().isPresent()) {
        session.console().out(preview(request, session, request.dryRun().get()));
        return 0;
      }
      RunOptions options = request.options();
      if (options.tty() && options.interactive() && !request.detach() && Linux.isatty(0) != 1) {
        session.console().error("run: the input device is not a TTY: leave -t out");
        return 1;
      }
      if (request.cidfile().isEmpty()) {
        return launch(request, session, Optional.empty());
      }
      try (CidFile cidfile = new CidFile(request.cidfile().get())) {
        return launch(request, session, Optional.of(cidfile));
      }
    } catch (OptionException e) {
      throw new UsageException(e.getMessage(), e);
    }
  }

  private static String preview(RunRequest request, Session session, RunRequest.DryRun form)
      throws UsageException, IOException, OptionException {
    boolean users = !(request.create().options().userns() instanceof UsernsMode.Host);
    if (form == RunRequest.DryRun.SCRIPT && users) {
      throw new UsageException(
          "--dry-run=script: a shell cannot hand over mounts, as --userns needs it: see"
              + " --dry-run=plan");
    }
    LaunchScript.Launch launch =
        Engine.open(session.environment())
            .preview(request.create(), request.streams().stdio(), request.pullProgress(session));
    switch (form) {
      case JSON:
        return new String(PlanText.json(launch).toPrettyBytes(), StandardCharsets.UTF_8);
      case SCRIPT:
        return LaunchScript.of(launch);
      default:
        return PlanText.text(launch);
    }
  }

  private static int launch(RunRequest request, Session session, Optional<CidFile> cidfile)
      throws UsageException, IOException, OptionException {
    SignalRelay signals = new SignalRelay(request.sigProxy());
    try {
      return launch(request, session, cidfile, signals);
    } finally {
      signals.over();
    }
  }

  private static int launch(
      RunRequest request, Session session, Optional<CidFile> cidfile, SignalRelay signals)
      throws UsageException, IOException, OptionException {
    Engine engine = Engine.open(session.environment());
    Container container = engine.create(request.create(), request.pullProgress(session));
    signals.launching();
    boolean named = false;
    Streams streams = request.streams();
    // Without input, and with nothing to be seen, there is nothing to stay for.
    boolean leave = request.detach() || !streams.output() && !streams.interactive();
    boolean stays = leave;
    try {
      if (cidfile.isPresent()) {
        cidfile.get().write(container.id());
      }
      named = true;
      remark(container, session.console());
      if (leave) {
        container.startDetached(streams.stdio());
        changed(container, session.console());
        session.console().out(container.id() + "\n");
        return 0;
      }
      Optional<Exit> exit = foreground(container, request, session.console(), signals);
      stays = exit.isEmpty();
      if (exit.isPresent() && exit.get().oomKilled()) {
        session.console().error("run: " + outOfMemory(exit.get(), request.options().limits()));
      }
      return streams.output() ? exit.map(Exit::code).orElse(0) : 0;
    } finally {
      signals.over();
      finish(container, request, session.console(), named, stays);
    }
  }

  /** Says what a new container will lack on this host. */
  static void remark(Container container, Console console) throws IOException {
    for (String remark : container.remarks()) {
      console.warning(remark);
    }
  }

  /** Says what starting a container has changed on this host. */
  static void changed(Container container, Console console) throws IOException {
    for (String change : container.changed()) {
      console.warning(change);
    }
  }

  private static Optional<Exit> foreground(
      Container container, RunRequest request, Console console, SignalRelay signals)
      throws IOException {
    Streams streams = request.streams();
    try (Running running = container.start(streams.stdio())) {
      changed(container, console);
      if (!streams.output()) {
        console.out(container.id() + "\n");
      }
      return new Foreground(
              streams, request.options().remove(), request.detachKeys(), console, signals)
          .run(running);
    }
  }

  /** What is done on every way out; whatever of it fails changes nothing about the way out. */
  private static void finish(
      Container container, RunRequest request, Console console, boolean named, boolean stays) {
    if (!stays && request.options().remove() || !named) {
      try {
        container.remove(true, true);
      } catch (ContainerException e) {
        // It went at its end.
      } catch (IOException e) {
        console.warning("run: " + e.getMessage());
      }
    }
    if (named && request.explain().isPresent()) {
      console.progressErr(
          explanation(container.recording(), container.id(), request.explain().get()));
    }
  }

  /** A launch as {@code --explain} shows it. */
  static String explanation(Recording recording, String id, RunRequest.Explain form) {
    switch (form) {
      case JSON:
        return new String(Timeline.json(recording).toPrettyBytes(), StandardCharsets.UTF_8);
      case HTML:
        return Timeline.html(recording);
      default:
        return Timeline.text(recording, id);
    }
  }

  private static String outOfMemory(Exit exit, Limits limits) {
    String who = exit.code() == KILLED ? "the container" : "a process of the container";
    String why =
        limits.memory().isPresent()
            ? "it used more memory than its limit of "
                + Bytes.format(limits.memory().getAsLong())
                + " (--memory)"
            : "the host's memory, or a limit of the group it runs in, was used up";
    return who + " was killed: " + why;
  }
}
