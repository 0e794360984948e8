package dev.mydocker.engine;

import dev.mydocker.image.Image;
import dev.mydocker.image.ImageMaker;
import dev.mydocker.image.Images;
import dev.mydocker.image.LayerChanges;
import dev.mydocker.image.LayerWriter;
import dev.mydocker.launch.Recorder;
import dev.mydocker.launch.Recording;
import dev.mydocker.launch.Stdio;
import dev.mydocker.launch.ViewFile;
import dev.mydocker.network.Endpoint;
import dev.mydocker.spec.Causes;
import dev.mydocker.spec.CompiledSpec;
import dev.mydocker.spec.ExecOptions;
import dev.mydocker.spec.NetworkJoin;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.Signal;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

/**
 * A container: what can be done with it. What it is at that moment is looked up each time, as other
 * processes work with it too. Safe for several threads.
 */
public final class Container {
  private final StoredContainer container;
  private final ContainerClaim claim;
  private final Recorder recorder;
  private final List<Recording.Entry> steps = new ArrayList<>();

  /** By this object's start of it. */
  private volatile List<String> changed = List.of();

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
    this.container = new StoredContainer(home, id, compiled);
    this.claim = new ContainerClaim(container, claimed);
    this.recorder = recorder;
  }

  /** A container that is on the disk. */
  static Container of(Home home, String id, Optional<RunDirectory> claimed) {
    return new Container(home, id, Optional.empty(), claimed, new Recorder());
  }

  /** 64 hexadecimal digits. */
  public String id() {
    return container.id();
  }

  /**
   * What it is at now.
   *
   * @throws ContainerException when it is gone
   */
  public ContainerInfo info() throws IOException {
    return container.info();
  }

  /**
   * Its OCI configuration.
   *
   * @throws ContainerException when it is gone
   */
  public Spec spec() throws IOException {
    return container.spec();
  }

  /**
   * What it has mounted of this host's files because somebody asked for it, volumes included.
   *
   * @throws ContainerException when it is gone
   */
  public List<Spec.Mount> mounts() throws IOException {
    return StoredSpec.askedMounts(container.compiled(), container.run());
  }

  /**
   * Why each part of its configuration is there.
   *
   * @throws ContainerException when it is gone
   */
  public Causes causes() throws IOException {
    return container.compiled().causes();
  }

  /** What it will not have on this host, though it is usual: a sentence each. */
  public List<String> remarks() throws IOException {
    return container.home().enterable().isEmpty()
            || ViewFile.of(spec()).isEmpty()
            || HostProbe.hasFuse()
        ? List.of()
        : List.of(
            "there is no /dev/fuse: /proc shows the host's memory and CPUs in it, not its limits"
                + " (modprobe fuse, or --security-opt proc-view=off)");
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

  /**
   * Joins those who see what it prints from now on; it does not depend on this process.
   *
   * @param stdin whether this process's input is the container's
   * @throws ContainerException when it does not run, or is paused
   */
  public Running attach(boolean stdin) throws IOException {
    return new ContainerVisitor(container, waiting()).attach(stdin);
  }

  /** As its restart policy wants it. */
  void startAgain() throws IOException {
    start(stdio(), ContainerRecord::restarted, true).close();
  }

  private Running start(Stdio stdio, UnaryOperator<ContainerRecord> change, boolean detached)
      throws IOException {
    synchronized (claim) {
      RunDirectory run = claim.take();
      // What the launch holds is closed before a failed one is cleaned up, which needs the lock of
      // the networks.
      try (ContainerLaunch launch =
          new ContainerLaunch(container, run, container.update(change), recorder, steps)) {
        Running running = launch.start(stdio, detached, claim);
        changed = launch.changed();
        return running;
      } catch (IOException | RuntimeException e) {
        claim.discard(e);
        throw e;
      }
    }
  }

  /** What its start has changed on this host that a user should know: a sentence each. */
  public List<String> changed() {
    return changed;
  }

  /** What its standard streams are, as it was asked for; a terminal has the usual size. */
  public Stdio stdio() throws IOException {
    boolean terminal = spec().process().map(Spec.Process::terminal).orElse(false);
    return terminal
        ? new Stdio.Terminal(24, 80)
        : new Stdio.Streams(info().settings().interactive());
  }

  /** Everything recorded so far: registry calls, cgroup writes, the steps of M and I. */
  public Recording recording() {
    return new Recording(recorder.entries()).with(steps);
  }

  /** Gives up what its making has claimed; it is there, and has not been started. */
  public void leave() throws IOException {
    claim.leave();
  }

  /**
   * Sends a signal to its first process. SIGKILL and its stop signal are the user's wish that it
   * stops: its restart policy does not start it again.
   *
   * @throws ContainerException when it does not run
   */
  public void signal(Signal signal) throws IOException {
    new ContainerStop(container, claim).signal(signal);
  }

  /**
   * A command that is to join it; to be closed.
   *
   * @throws ContainerException when it does not run, or is paused
   */
  public Exec exec(ExecOptions options) throws IOException {
    return Exec.of(container, options);
  }

  /**
   * Runs a command in it to its end, as its own user and without input.
   *
   * @throws ContainerException when it does not run, or is paused
   * @throws dev.mydocker.launch.LaunchException when the command cannot be executed
   */
  public ProcessResult execute(String... command) throws IOException, OptionException {
    try (Exec exec = exec(ExecOptions.of(List.of(command)))) {
      return exec.run();
    }
  }

  /**
   * Its processes, as this host numbers them.
   *
   * @throws ContainerException when it does not run
   */
  public List<Integer> processes() throws IOException {
    try (FirstProcess process = FirstProcess.require(container.home(), id())) {
      container.tell("top", Map.of());
      return container.processes(process);
    }
  }

  /** Those of some of its processes that still are, in no order. */
  public Set<Integer> remaining(Collection<Integer> processes) throws IOException {
    Optional<FirstProcess> running = FirstProcess.find(container.home(), id());
    Set<Integer> still = new HashSet<>();
    if (running.isEmpty()) {
      still.addAll(container.cgroup().processes());
    } else {
      try (FirstProcess process = running.get()) {
        still.addAll(container.processes(process));
      }
    }
    still.retainAll(processes);
    return still;
  }

  /**
   * What it uses now.
   *
   * @throws ContainerException when it does not run
   */
  public ContainerStats stats() throws IOException {
    return StatsReader.read(container.home(), id(), info().settings().network());
  }

  /**
   * Its root file system as it is now, with its volumes and what else it has of this host; to be
   * closed. While it is open, a container that does not run cannot be started.
   *
   * @throws ContainerException when it is gone, or waits for its restart policy
   */
  public ContainerFiles files() throws IOException {
    claim.rest();
    return ContainerFiles.open(container.home(), id(), true);
  }

  /**
   * Writes its root file system, without what is mounted in it, as a tar. Nobody can start it
   * meanwhile.
   *
   * @throws ContainerException when it is gone, or waits for its restart policy
   */
  public LayerWriter.LeftOut export(OutputStream tar) throws IOException {
    claim.rest();
    try (ContainerFiles files = ContainerFiles.open(container.home(), id(), false)) {
      LayerWriter.LeftOut left = LayerWriter.tree(files.place(), tar);
      container.tell("export", Map.of());
      return left;
    }
  }

  /**
   * What it has changed of its image's files, by path.
   *
   * @throws ContainerException when it is gone
   */
  public List<LayerChanges.Change> changes() throws IOException {
    ContainerLayer layer = ContainerLayer.of(container.home(), container.record());
    return Files.isDirectory(layer.upper())
        ? LayerChanges.of(layer.upper(), layer.lower())
        : List.of();
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
    claim.rest();
    return new ContainerCommit(container, images, description).make(pause);
  }

  /** What it has printed; more may come while its monitor lives, or what follows that. */
  public LogReader log() {
    Home home = container.home();
    return new LogReader(
        home.store().directory(id()), () -> RunDirectory.isHeld(home.roots(), id()));
  }

  /**
   * Stops its processes where they are.
   *
   * @throws ContainerException when it does not run, or is paused
   */
  public void pause() throws IOException {
    container.require(ContainerState.RUNNING);
    container.cgroup().freeze();
    container.tell("pause", Map.of());
  }

  /**
   * Lets its processes go on.
   *
   * @throws ContainerException when it is not paused
   */
  public void unpause() throws IOException {
    container.require(ContainerState.PAUSED);
    container.cgroup().thaw();
    container.tell("unpause", Map.of());
  }

  /**
   * Stops it: its stop signal, and SIGKILL when it has not ended in time. One that does not run is
   * success, and is not started by its restart policy any more.
   *
   * @param signal instead of its own
   * @param seconds instead of its own; below 0 for ever
   */
  public void stop(Optional<Signal> signal, OptionalInt seconds) throws IOException {
    new ContainerStop(container, claim).stop(signal, seconds);
  }

  /** {@link #stop}, and starts it anew. */
  public void restart(Optional<Signal> signal, OptionalInt seconds) throws IOException {
    stop(signal, seconds);
    startDetached(stdio());
    container.tell("restart", Map.of());
  }

  /**
   * Waits until it has ended, and nothing of it is left on the host; of one that its restart policy
   * may start again, until this run has ended.
   *
   * @return how it ended; empty when it has never run
   */
  public Optional<Exit> await() throws IOException {
    return waiting().end();
  }

  /**
   * {@link #await} as a future, which a thread of its own completes; cancelling it does not touch
   * the container.
   */
  public CompletableFuture<Optional<Exit>> exit() {
    return waiting().future();
  }

  /**
   * Waits until a check has found it healthy.
   *
   * @param limit how long at most
   * @return whether it is healthy; false when the time is over, whatever its checks have told
   * @throws ContainerException when it does not run, or its health is not looked at
   */
  public boolean awaitHealthy(Duration limit) throws IOException {
    return waiting().healthy(limit);
  }

  private ContainerWait waiting() {
    return new ContainerWait(container, claim);
  }

  /** {@link #remove(boolean, boolean)} that leaves its volumes. */
  public void remove(boolean force) throws IOException {
    remove(force, false);
  }

  /**
   * Removes it, its record and what it wrote.
   *
   * @param force kills it first when it runs
   * @param volumes whether its volumes without a name go as well, unless others have them
   * @throws ContainerException when it is gone, or runs and {@code force} is not given
   */
  public void remove(boolean force, boolean volumes) throws IOException {
    synchronized (claim) {
      new ContainerStop(container, claim).remove(force, volumes);
    }
  }

  /**
   * Changes its limits, now and for its next starts, and its restart policy: all, or nothing.
   *
   * @throws OptionException when what is asked for contradicts itself, what stays, or the host
   * @throws ContainerException when it is gone, or in the middle of being started or removed
   * @throws IOException when the kernel refuses a limit
   */
  public void update(ContainerChange change) throws IOException, OptionException {
    synchronized (claim) {
      Optional<FirstProcess> running = FirstProcess.find(container.home(), id());
      if (running.isPresent()) {
        try (FirstProcess process = running.get()) {
          update(change, true);
        }
      } else {
        claim.take().hold();
        try {
          update(change, false);
        } finally {
          claim.leave();
        }
      }
      container.tell("update", Map.of());
    }
  }

  private void update(ContainerChange change, boolean running) throws IOException, OptionException {
    CompiledSpec now = ContainerUpdate.of(container.home(), id(), change, running);
    container.written(now);
  }

  /**
   * Puts it into a network, too: now when it runs, and at its next starts.
   *
   * @throws ContainerException when it is gone, or has no networks of its own
   * @throws dev.mydocker.network.NetworkException when there is no such network, it is in it, or an
   *     address cannot be had
   */
  public void connect(NetworkJoin asked) throws IOException, OptionException {
    networks().connect(asked);
  }

  /**
   * Takes it out of a network, now when it runs, and for its next starts.
   *
   * @param force whether it is no failure that it is not in it, or that there is none
   * @throws dev.mydocker.network.NetworkException when it is not in it
   */
  public void disconnect(String reference, boolean force) throws IOException {
    networks().disconnect(reference, force);
  }

  /** What it has of its networks now; nothing when it does not run. */
  public List<Endpoint> endpoints() throws IOException {
    return networks().endpoints();
  }

  private ContainerNetworks networks() {
    return new ContainerNetworks(container, recorder);
  }

  /**
   * Gives it another name.
   *
   * @throws OptionException when it is no name
   * @throws ContainerException when it is gone, or the name is somebody else's
   */
  public void rename(String name) throws IOException, OptionException {
    ContainerName.require(name);
    String before = container.record().name();
    container.home().store().rename(id(), name);
    if (!before.equals(name)) {
      container.home().networks().rename(id(), before, name);
      container.tell("rename", Map.of("oldName", "/" + before));
    }
  }
}
