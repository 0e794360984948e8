package dev.mydocker.engine;

import dev.mydocker.cgroup.Cgroup;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.ExecCompiler;
import dev.mydocker.launch.ExitStatus;
import dev.mydocker.launch.LaunchException;
import dev.mydocker.launch.LaunchPlan;
import dev.mydocker.launch.Launcher;
import dev.mydocker.launch.MonitorClient;
import dev.mydocker.launch.MonitorOptions;
import dev.mydocker.launch.Recorder;
import dev.mydocker.launch.Recording;
import dev.mydocker.launch.Slot;
import dev.mydocker.launch.Stdio;
import dev.mydocker.launch.ViewFile;
import dev.mydocker.spec.ExecOptions;
import dev.mydocker.spec.ExecProcess;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A command that joins a running container.
 *
 * <p>It leaves nothing on the host but an {@link ExecRecord}, until its end is told. The kernel
 * ends it with the container (or the container's cgroup, where it lives among the host's PIDs), and
 * its monitor holds no lock of the container's: a command whose client has stopped reading must not
 * keep its container from being cleaned up.
 */
public final class Exec implements AutoCloseable {
  /** How long the kernel may take to end a container whose processes it has killed. */
  private static final int END_MILLISECONDS = 500;

  private static final int NOT_EXECUTED = 126;

  private final String id;
  private final FirstProcess first;
  private final Spec container;
  private final Cgroup cgroup;
  private final ExecOptions options;
  private final SeccompFilters seccomp;
  private final Optional<Path> monitor;
  private final ExecEvents events;
  private final Roots roots;
  private final Recorder recorder = new Recorder();
  private final List<Recording.Entry> steps = new ArrayList<>();

  /**
   * A command that is to be started.
   *
   * @param spec the container's configuration
   * @param cgroup where its processes are
   * @param monitor its run directory, when its monitor shows it the machine
   * @param events who is told
   * @param first its first process; owned from now on
   */
  private Exec(
      StoredContainer container,
      Spec spec,
      Cgroup cgroup,
      ExecOptions options,
      Optional<Path> monitor,
      ExecEvents events,
      FirstProcess first) {
    this.id = container.id();
    this.first = first;
    this.container = spec;
    this.cgroup = cgroup;
    this.options = options;
    this.seccomp = container.home().seccomp();
    this.monitor = monitor;
    this.events = events;
    this.roots = container.home().roots();
  }

  /**
   * A command that is to be started.
   *
   * @throws ContainerException when the container does not run, or is paused
   */
  static Exec of(StoredContainer container, ExecOptions options) throws IOException {
    Home home = container.home();
    try (FirstProcess process = FirstProcess.require(home, container.id())) {
      if (container.cgroup().isFrozen()) {
        throw container.state("is paused: let it go on first, with unpause");
      }
      ExecEvents events = new ExecEvents(home.events(), container.record(), options.command());
      Exec exec =
          new Exec(
              container,
              container.spec(),
              cgroupToJoin(container),
              options,
              monitorOfView(container),
              events,
              process.another());
      events.created();
      return exec;
    }
  }

  /** The cgroup of what joins it; none where it has none itself. */
  private static Cgroup cgroupToJoin(StoredContainer container) throws IOException {
    Home home = container.home();
    Cgroup own = container.cgroup();
    if (!own.exists()) {
      return home.cgroups().withoutAny().at(Leftovers.cgroupPath(container.id()));
    }
    if (home.enterable().isEmpty()) {
      throw new IOException(
          "container "
              + container.shortId()
              + " has a cgroup, into which no process of this session can go: run it by"
              + " systemd-run --user --scope, as the container was");
    }
    return own;
  }

  /** Its run directory, when its monitor shows it the machine. */
  private static Optional<Path> monitorOfView(StoredContainer container) throws IOException {
    return ViewFile.of(container.spec()).isEmpty() || !HostProbe.hasFuse()
        ? Optional.empty()
        : Optional.of(container.run());
  }

  /** The container's id. */
  public String id() {
    return id;
  }

  /**
   * Starts it; comes back when the command has been executed.
   *
   * @throws OptionException when the container has no such user, or the options mean nothing
   * @throws LaunchException when a step failed; nothing of the launch is left
   * @throws IOException when the container is not running any more
   */
  public Running start(Stdio stdio) throws IOException, OptionException {
    try {
      ExecRecord record = events.record(roots);
      try {
        Launcher.Launched launched = launch(stdio, record);
        steps.addAll(launched.steps());
        events.started();
        return new Running(owner(launched.client(), stdio, record), launched);
      } catch (IOException | OptionException | RuntimeException e) {
        record.forget();
        throw e;
      }
    } catch (LaunchException e) {
      boolean commands = e.exitCode() >= NOT_EXECUTED;
      throw !commands && first.awaitEnd(END_MILLISECONDS) ? FirstProcess.notRunning(id) : e;
    } catch (IOException e) {
      throw first.awaitEnd(END_MILLISECONDS) ? FirstProcess.notRunning(id) : e;
    }
  }

  /**
   * Runs it to its end, without input.
   *
   * @return what it printed as well, which is kept in memory
   * @throws OptionException when the container has no such user, or the options mean nothing
   * @throws LaunchException when it cannot be executed
   * @throws IOException when the container is not running any more
   */
  public ProcessResult run() throws IOException, OptionException {
    try (Running running = start(new Stdio.Streams(false))) {
      return ProcessResult.of(running);
    }
  }

  private Launcher.Launched launch(Stdio stdio, ExecRecord record)
      throws IOException, OptionException {
    List<Fd> opened = new ArrayList<>();
    try {
      Map<Integer, Fd> slots = new HashMap<>();
      slots.put(ExecCompiler.FIRST_PROCESS, first.pidfd());
      opened.add(Fd.of(Linux.pidfdOpen(Linux.getpid()), "pidfd_open", "this process"));
      slots.put(ExecCompiler.HOME, opened.get(0));
      Optional<Fd> unified = CgroupSlots.open(cgroup);
      if (unified.isPresent()) {
        opened.add(unified.get());
        slots.put(Slot.CGROUP, unified.get());
      }
      if (monitor.isPresent()) {
        Fd listener = MonitorClient.offerListener(monitor.get());
        opened.add(listener);
        slots.put(Slot.VIEW_OUT, listener);
      }
      return launch(stdio, slots, record);
    } finally {
      for (Fd fd : opened) {
        fd.close();
      }
    }
  }

  private Launcher.Launched launch(Stdio stdio, Map<Integer, Fd> descriptors, ExecRecord record)
      throws IOException, OptionException {
    Launcher.Request request =
        new Launcher.Request(
            id, plan(stdio), stdio, descriptors, MonitorOptions.NONE, Optional.of(record.file()));
    return Launcher.launch(
        request, (point, joiner) -> cgroup.addBesideUnified(joiner, recorder::did), steps);
  }

  /** What M and I do. */
  LaunchPlan plan(Stdio stdio) throws IOException, OptionException {
    Spec.Process own =
        container
            .process()
            .orElseThrow(
                () -> new IOException("container " + ContainerId.shown(id) + " has no process"));
    ExecProcess process = ExecProcess.of(own, options, this::read, HostProbe.execFacts());
    return ExecCompiler.compile(
        new ExecCompiler.Input(
            id,
            container,
            process.process(),
            process.causes(),
            stdio,
            seccomp.program(container.linux().seccomp()),
            !cgroup.entries().isEmpty(),
            cgroup.unified().isPresent(),
            monitor.isPresent()));
  }

  /** A file as the container sees it, mounts included; every link stays inside. */
  private Optional<byte[]> read(String path, int limit) throws IOException {
    try (Directory root = first.root()) {
      byte[] name = path.getBytes(StandardCharsets.UTF_8);
      return Optional.of(root.read(name, Directory.Resolve.IN_MOUNTED_ROOT, limit));
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR) {
        return Optional.empty();
      }
      throw new IOException(
          "cannot read " + path + " of container " + ContainerId.shown(id) + ": " + e.getMessage(),
          e);
    }
  }

  private Running.Owner owner(MonitorClient client, Stdio stdio, ExecRecord record) {
    return new Running.Owner() {
      @Override
      public void exited() throws IOException {
        // What it has left behind in the container may hold its pipes for ever. A terminal is hung
        // up by the kernel.
        if (stdio instanceof Stdio.Streams) {
          client.drain();
        }
      }

      @Override
      public Exit ended(ExitStatus status) {
        record.ended(status.code());
        return new Exit(status.code(), status.signal(), false);
      }

      @Override
      public void release() {
        record.close();
      }

      @Override
      public void does(String action, Map<String, String> attributes) {
        if (action.equals("detach")) {
          events.detached();
        }
      }
    };
  }

  /** Everything recorded so far: the way into the cgroup, the steps of M and I. */
  public Recording recording() {
    return new Recording(recorder.entries()).with(steps);
  }

  /** Lets go of the container; a command that runs goes on. */
  @Override
  public void close() {
    first.close();
  }
}
