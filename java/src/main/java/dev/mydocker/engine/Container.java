package dev.mydocker.engine;

import dev.mydocker.explain.LaunchScript;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageMaker;
import dev.mydocker.image.Images;
import dev.mydocker.image.LayerChanges;
import dev.mydocker.image.PullListener;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.AttachSocket;
import dev.mydocker.launch.ExitStatus;
import dev.mydocker.launch.IdMaps;
import dev.mydocker.launch.Launcher;
import dev.mydocker.launch.MonitorOptions;
import dev.mydocker.launch.PlanCompiler;
import dev.mydocker.launch.Recorder;
import dev.mydocker.launch.Recording;
import dev.mydocker.launch.Slot;
import dev.mydocker.launch.Stdio;
import dev.mydocker.spec.CompiledSpec;
import dev.mydocker.spec.ExecOptions;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.Signal;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;

/**
 * A container: what can be done with it. What it is at that moment is looked up each time, as other
 * processes work with it too.
 */
public final class Container {
  /** How often it is looked whether another process has cleaned up. */
  private static final int LOOK_MILLISECONDS = 5;

  private final Home home;
  private final String id;
  private final Recorder recorder;
  private final List<Recording.Entry> steps = new ArrayList<>();
  private Optional<CompiledSpec> compiled;
  private Optional<RunDirectory> claimed;

  /** Whether its monitor becomes {@link AfterEnd}. */
  private boolean cleansUpItself;

  /**
   * A container that is there.
   *
   * @param compiled its configuration, when it is known already
   * @param claimed its run directory, when this process has it
   */
  Container(
      Home home,
      String id,
      Optional<CompiledSpec> compiled,
      Optional<RunDirectory> claimed,
      Recorder recorder) {
    this.home = home;
    this.id = id;
    this.compiled = compiled;
    this.claimed = claimed;
    this.recorder = recorder;
  }

  /** A container that is on the disk. */
  static Container of(Home home, String id, Optional<RunDirectory> claimed) {
    return new Container(home, id, Optional.empty(), claimed, new Recorder());
  }

  /** 64 hexadecimal digits. */
  public String id() {
    return id;
  }

  /**
   * What it is at now.
   *
   * @throws ContainerException when it is gone
   */
  public ContainerInfo info() throws IOException {
    return ContainerStatus.of(home, id);
  }

  /**
   * Its OCI configuration.
   *
   * @throws ContainerException when it is gone
   */
  public Spec spec() throws IOException {
    return compiled().spec();
  }

  private CompiledSpec compiled() throws IOException {
    if (compiled.isEmpty()) {
      compiled = Optional.of(StoredSpec.read(home.store(), id));
    }
    return compiled.get();
  }

  /**
   * Starts it; comes back when its command has been executed.
   *
   * @throws ContainerException when it is gone, or runs already
   * @throws dev.mydocker.launch.LaunchException when a step failed; nothing of the launch is left
   */
  public Running start(Stdio stdio) throws IOException {
    return start(stdio, ContainerRecord::wanted, false);
  }

  /**
   * Starts it and leaves it to its monitor.
   *
   * @throws ContainerException when it is gone, or runs already
   * @throws dev.mydocker.launch.LaunchException when a step failed; nothing of the launch is left
   */
  public void startDetached(Stdio stdio) throws IOException {
    start(stdio, ContainerRecord::wanted, true).close();
  }

  /** As its restart policy wants it. */
  void startAgain() throws IOException {
    start(stdio(), ContainerRecord::restarted, true).close();
  }

  private Running start(Stdio stdio, UnaryOperator<ContainerRecord> change, boolean detached)
      throws IOException {
    RunDirectory run = claim();
    try {
      ContainerRecord record = home.store().update(id, change);
      LaunchScript.Launch launch = blueprint(record, run).launch(stdio);
      makeHostFiles(launch);
      home.store().begin(id, System.currentTimeMillis());
      boolean restarts = record.settings().restart().when() != RestartPolicy.When.NO;
      cleansUpItself = restarts || detached && record.remove();
      return new Running(new Owner(), launch(record, launch, stdio, run, detached));
    } catch (IOException | RuntimeException e) {
      discard(e);
      throw e;
    }
  }

  /** What its standard streams are, as it was asked for; a terminal has the usual size. */
  public Stdio stdio() throws IOException {
    boolean terminal = spec().process().map(Spec.Process::terminal).orElse(false);
    return terminal
        ? new Stdio.Terminal(24, 80)
        : new Stdio.Streams(info().settings().interactive());
  }

  /** Makes sure of the run directory, and so of being the only one who starts or removes it. */
  private RunDirectory claim() throws IOException {
    if (claimed.isEmpty()) {
      claimed = RunDirectory.claim(home.roots(), id);
    }
    return claimed.orElseThrow(
        () ->
            new ContainerException(
                ContainerException.Kind.STATE, "container " + shortId() + " is already running"));
  }

  private String shortId() {
    return id.substring(0, 12);
  }

  private Blueprint blueprint(ContainerRecord record, RunDirectory run) throws IOException {
    return Blueprint.of(home, record, compiled(), run.path());
  }

  private Launcher.Launched launch(
      ContainerRecord record,
      LaunchScript.Launch launch,
      Stdio stdio,
      RunDirectory run,
      boolean detached)
      throws IOException {
    int flags = Linux.O_PATH | Linux.O_DIRECTORY;
    LogOptions log = record.settings().log();
    try (Fd directory = StateFile.open(run.path(), flags, 0);
        Fd own = StateFile.open(home.store().directory(id), flags, 0);
        Fd listener = AttachSocket.listen(run.path())) {
      MonitorOptions monitor =
          new MonitorOptions(
              Optional.of(listener),
              log.kept()
                  ? Optional.of(new MonitorOptions.Log(own, log.maxBytes(), log.maxFiles()))
                  : Optional.empty(),
              detached,
              cleansUpItself ? AfterEnd.command(home.roots(), id) : List.of());
      Launcher.Request request =
          new Launcher.Request(
              id,
              launch.plan(),
              stdio,
              Map.of(Slot.RUN_DIRECTORY, directory, Slot.LIFE, run.life()),
              monitor);
      Launcher.Launched launched = Launcher.launch(request, fromOutside(launch), steps);
      steps.addAll(launched.steps());
      return launched;
    }
  }

  private Launcher.Meeting fromOutside(LaunchScript.Launch launch) {
    return new Launcher.Meeting() {
      @Override
      public void begin() throws IOException {
        home.cgroup(id).create(launch.cgroup(), recorder::did);
      }

      @Override
      public void at(int point, int initPid) throws IOException {
        IdMaps.write(initPid, launch.input().spec().linux(), recorder);
        home.cgroup(id).add(initPid, recorder::did);
      }
    };
  }

  private void makeHostFiles(LaunchScript.Launch launch) throws IOException {
    for (String directory : launch.directories()) {
      recorder.record(
          "mkdir",
          "mkdir(\"" + directory + "\")",
          "a place on the host for this container",
          () -> StateFile.makeDirectories(Path.of(directory)));
    }
    for (Map.Entry<String, String> file : launch.files().entrySet()) {
      Path path = Path.of(file.getKey());
      recorder.record(
          "write",
          "write(\"" + path + "\")",
          "to be bound at /etc/" + path.getFileName(),
          () -> Files.writeString(path, file.getValue()));
    }
    PlanCompiler.Overlay overlay = launch.input().overlay();
    ContainerLayer.copyRootAttributes(
        Path.of(overlay.layers()).resolve(overlay.lower().get(0)), Path.of(overlay.upper()));
  }

  /** Everything recorded so far: registry calls, cgroup writes, the steps of M and I. */
  public Recording recording() {
    return new Recording(recorder.entries()).with(steps);
  }

  /**
   * Kills what outlives its first process. In a PID namespace of its own the kernel has done so;
   * elsewhere the output would not end before the last of them has.
   */
  private void killRest() throws IOException {
    boolean own = false;
    for (Spec.Namespace n : spec().linux().namespaces()) {
      own |= n.type().equals("pid") && n.path().isEmpty();
    }
    if (!own) {
      home.cgroup(id).kill();
    }
  }

  /** Records how it ended and removes what it had of the host, unless that is done already. */
  private Exit ended(ExitStatus status) throws IOException {
    Exit exit = new Exit(status.code(), status.signal(), home.cgroup(id).oomKills() > 0);
    if (!cleansUpItself) {
      Leftovers.end(home, claim());
    }
    return exit;
  }

  private final class Owner implements Running.Owner {
    @Override
    public void exited() throws IOException {
      killRest();
    }

    @Override
    public Exit ended(ExitStatus status) throws IOException {
      return Container.this.ended(status);
    }

    @Override
    public void release() {
      Container.this.release();
    }
  }

  /** Leaves cleaning up to the next command, once the monitor is gone too. */
  private void release() {
    claimed.ifPresent(RunDirectory::close);
    claimed = Optional.empty();
  }

  /** After a failure, whose report comes before one of the clean-up. */
  private void discard(Exception failure) {
    try {
      home.store().forget(id);
      Leftovers.end(home, claim());
    } catch (IOException e) {
      failure.addSuppressed(e);
    } finally {
      release();
    }
  }

  /** Gives up what its making has claimed; it is there, and has not been started. */
  public void leave() throws IOException {
    if (claimed.isPresent()) {
      claimed.get().remove();
      claimed = Optional.empty();
    }
  }

  /**
   * Sends a signal to its first process. SIGKILL and its stop signal are the user's wish that it
   * stops: its restart policy does not start it again.
   *
   * @throws ContainerException when it does not run
   */
  public void signal(Signal signal) throws IOException {
    try (FirstProcess process = FirstProcess.require(home, id)) {
      if (signal.equals(Signal.KILL) || signal.equals(stopSignal())) {
        home.store().update(id, ContainerRecord::stoppedByUser);
      }
      process.signal(signal.number());
    }
  }

  /**
   * A command that is to join it; to be closed.
   *
   * @throws ContainerException when it does not run, or is paused
   */
  public Exec exec(ExecOptions options) throws IOException {
    try (FirstProcess process = FirstProcess.require(home, id)) {
      if (home.cgroup(id).isFrozen()) {
        throw new ContainerException(
            ContainerException.Kind.STATE,
            "container " + shortId() + " is paused: let it go on first, with unpause");
      }
      return new Exec(id, process.pid(), process.another(), spec(), home.cgroup(id), options);
    }
  }

  /**
   * Its root file system as it is now; to be closed. While it is open, a container that does not
   * run cannot be started.
   *
   * @throws ContainerException when it is gone, or waits for its restart policy
   */
  public ContainerFiles files() throws IOException {
    return ContainerFiles.open(home, id);
  }

  /**
   * What it has changed of its image's files, by path.
   *
   * @throws ContainerException when it is gone
   */
  public List<LayerChanges.Change> changes() throws IOException {
    ContainerLayer layer = ContainerLayer.of(home, record());
    return Files.isDirectory(layer.upper())
        ? LayerChanges.of(layer.upper(), layer.lower())
        : List.of();
  }

  private ContainerRecord record() throws IOException {
    return home.store().find(id).orElseThrow(() -> ContainerException.notFound(shortId()));
  }

  /**
   * An image of its image and what it has changed of it. Nobody can start it meanwhile.
   *
   * @param images of the same engine
   * @param description of the new image
   * @param pause whether its processes stand still meanwhile
   * @throws ContainerException when it is gone, or waits for its restart policy
   * @throws dev.mydocker.image.ImageException when its image is not in the store any more, or it
   *     has written what no layer can say
   */
  public Image commit(Images images, ImageMaker.Description description, boolean pause)
      throws IOException {
    try (ContainerHold hold = ContainerHold.of(home, id)) {
      ContainerRecord record = record();
      ContainerLayer layer = ContainerLayer.of(home, record);
      if (hold.run().isPresent()) {
        layer.prepare();
      }
      Image base = images.local().details(record.imageId()).image();
      boolean frozen = pause && hold.process().isPresent() && !home.cgroup(id).isFrozen();
      if (frozen) {
        home.cgroup(id).freeze();
      }
      try (Directory upper = Directory.open(layer.upper())) {
        return images.maker().addLayer(base, upper, description, PullListener.NONE);
      } finally {
        if (frozen) {
          home.cgroup(id).thaw();
        }
      }
    }
  }

  /** What it has printed. */
  public LogReader log() {
    return new LogReader(
        home.store().directory(id), () -> Files.exists(home.roots().running().resolve(id)));
  }

  /**
   * Stops its processes where they are.
   *
   * @throws ContainerException when it does not run, or is paused
   */
  public void pause() throws IOException {
    require(ContainerState.RUNNING);
    home.cgroup(id).freeze();
  }

  /**
   * Lets its processes go on.
   *
   * @throws ContainerException when it is not paused
   */
  public void unpause() throws IOException {
    require(ContainerState.PAUSED);
    home.cgroup(id).thaw();
  }

  private void require(ContainerState state) throws IOException {
    ContainerState now = info().state();
    if (now != state) {
      throw new ContainerException(
          ContainerException.Kind.STATE,
          "container " + shortId() + " is not " + state.text() + ", it is " + now.text());
    }
  }

  /**
   * Stops it: its stop signal, and SIGKILL when it has not ended in time. One that does not run is
   * success, and is not started by its restart policy any more.
   *
   * @param signal instead of its own
   * @param seconds instead of its own; below 0 for ever
   */
  public void stop(Optional<Signal> signal, OptionalInt seconds) throws IOException {
    ContainerRecord record = home.store().update(id, ContainerRecord::stoppedByUser);
    Optional<FirstProcess> running = FirstProcess.find(home, id);
    if (running.isPresent()) {
      try (FirstProcess process = running.get()) {
        int patience = seconds.orElse(record.settings().stopSeconds());
        process.signal(signal.orElse(stopSignal()).number());
        // A frozen process takes no signal but SIGKILL, and on v1 not even that.
        if (home.cgroup(id).isFrozen()) {
          home.cgroup(id).thaw();
        }
        if (!process.awaitEnd(patience)) {
          process.signal(Signal.KILL.number());
          process.awaitEnd(-1);
        }
      }
    }
    awaitCleanUp();
  }

  private Signal stopSignal() throws IOException {
    String name = spec().annotations().getOrDefault(Spec.STOP_SIGNAL, "");
    try {
      return name.isEmpty() ? Signal.TERM : Signal.parse(name);
    } catch (OptionException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /**
   * Waits until it has ended, and nothing of it is left on the host.
   *
   * @return how it ended; empty when it has never run, or was removed at its end
   */
  public Optional<Exit> await() throws IOException {
    Optional<FirstProcess> running = FirstProcess.find(home, id);
    if (running.isPresent()) {
      try (FirstProcess process = running.get()) {
        process.awaitEnd(-1);
      }
    }
    awaitCleanUp();
    return home.store().find(id).flatMap(ContainerRecord::last).map(ContainerRecord.LastRun::exit);
  }

  /**
   * Its process has ended: whoever holds its lock cleans up, or has died, and then it is done here.
   */
  private void awaitCleanUp() throws IOException {
    while (Files.exists(home.roots().running().resolve(id))) {
      Optional<RunDirectory> abandoned = RunDirectory.abandoned(home.roots(), id);
      if (abandoned.isPresent()) {
        try (RunDirectory run = abandoned.get()) {
          Leftovers.end(home, run);
        }
        return;
      }
      Linux.poll(new int[0], new short[0], new short[0], LOOK_MILLISECONDS);
    }
  }

  /**
   * Removes it, its record and what it wrote.
   *
   * @param force kills it first when it runs
   * @throws ContainerException when it is gone, or runs and {@code force} is not given
   */
  public void remove(boolean force) throws IOException {
    while (!removeOnce(force)) {
      // Another one makes, starts or removes it at this moment.
      Linux.poll(new int[0], new short[0], new short[0], LOOK_MILLISECONDS);
    }
  }

  /** False when somebody else has hold of it, for a moment only: it does not run. */
  private boolean removeOnce(boolean force) throws IOException {
    ContainerState state = info().state();
    if (state.isRunning() || state == ContainerState.RESTARTING) {
      if (!force) {
        throw new ContainerException(
            ContainerException.Kind.STATE,
            "container "
                + shortId()
                + " is "
                + state.text()
                + ": stop it first, or remove it with -f");
      }
      stop(Optional.of(Signal.KILL), OptionalInt.of(-1));
    }
    if (claimed.isEmpty()) {
      claimed = RunDirectory.claim(home.roots(), id);
    }
    if (claimed.isEmpty()) {
      return false;
    }
    boolean there = home.store().find(id).isPresent();
    home.store().delete(id);
    leave();
    if (!there) {
      throw ContainerException.notFound(shortId());
    }
    return true;
  }

  /**
   * Gives it another name.
   *
   * @throws OptionException when it is no name
   * @throws ContainerException when it is gone, or the name is somebody else's
   */
  public void rename(String name) throws IOException, OptionException {
    ContainerName.require(name);
    home.store().rename(id, name);
  }
}
