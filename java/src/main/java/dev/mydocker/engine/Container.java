package dev.mydocker.engine;

import dev.mydocker.cgroup.Cgroup;
import dev.mydocker.explain.LaunchScript;
import dev.mydocker.image.Digest;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageMaker;
import dev.mydocker.image.ImageRef;
import dev.mydocker.image.Images;
import dev.mydocker.image.LayerChanges;
import dev.mydocker.image.LayerWriter;
import dev.mydocker.image.PullListener;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.AttachSocket;
import dev.mydocker.launch.ExitStatus;
import dev.mydocker.launch.IdMaps;
import dev.mydocker.launch.Launcher;
import dev.mydocker.launch.MonitorClient;
import dev.mydocker.launch.MonitorImage;
import dev.mydocker.launch.MonitorOptions;
import dev.mydocker.launch.Namespace;
import dev.mydocker.launch.Output;
import dev.mydocker.launch.PlanCompiler;
import dev.mydocker.launch.Recorder;
import dev.mydocker.launch.Recording;
import dev.mydocker.launch.Slot;
import dev.mydocker.launch.Stdio;
import dev.mydocker.launch.ViewFile;
import dev.mydocker.network.Connection;
import dev.mydocker.network.Endpoint;
import dev.mydocker.network.NameSockets;
import dev.mydocker.network.Network;
import dev.mydocker.network.NetworkException;
import dev.mydocker.network.Pasta;
import dev.mydocker.spec.Causes;
import dev.mydocker.spec.CompiledSpec;
import dev.mydocker.spec.ExecOptions;
import dev.mydocker.spec.NetworkJoin;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.PortOption;
import dev.mydocker.spec.Signal;
import dev.mydocker.spec.Spec;
import dev.mydocker.spec.UserMaps;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
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
  /** How often it is looked whether another process has cleaned up. */
  private static final int LOOK_MILLISECONDS = 5;

  /** How long another process may take to make, start or remove it. */
  static final long PATIENCE_NANOS = 10_000_000_000L;

  private final Home home;
  private final String id;
  private final Recorder recorder;
  private final List<Recording.Entry> steps = new ArrayList<>();
  private volatile Optional<CompiledSpec> compiled;

  /** Of this object's lock, as is what is done to the container under it. */
  private Optional<RunDirectory> claimed;

  /** What it has of its networks, when this object has started it. */
  private Optional<Connection> connection = Optional.empty();

  /** The network namespace of another container that it starts in; open while it does. */
  private Optional<Fd> sharedNetwork = Optional.empty();

  /** Whether this object has started it under what it has claimed. */
  private boolean launched;

  /** Whether its monitor becomes {@link AfterEnd}. */
  private volatile boolean cleansUpItself;

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

  /**
   * What it has mounted of this host's files because somebody asked for it, volumes included.
   *
   * @throws ContainerException when it is gone
   */
  public List<Spec.Mount> mounts() throws IOException {
    return StoredSpec.askedMounts(compiled(), home.roots().running().resolve(id));
  }

  /**
   * Why each part of its configuration is there.
   *
   * @throws ContainerException when it is gone
   */
  public Causes causes() throws IOException {
    return compiled().causes();
  }

  private CompiledSpec compiled() throws IOException {
    if (compiled.isEmpty()) {
      compiled = Optional.of(StoredSpec.read(home.store(), id));
    }
    return compiled.get();
  }

  /** What it will not have on this host, though it is usual: a sentence each. */
  public List<String> remarks() throws IOException {
    return home.enterable().isEmpty() || ViewFile.of(spec()).isEmpty() || HostProbe.hasFuse()
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
    ContainerInfo now = info();
    if (now.state() != ContainerState.RUNNING) {
      throw notAttachable(now.state());
    }
    Path run = home.roots().running().resolve(id);
    try {
      MonitorClient client = MonitorClient.connect(run);
      client.attach(true, stdin);
      tell("attach", Map.of());
      return new Running(new Visitor(), client, Optional.empty(), now.pid());
    } catch (KernelException e) {
      boolean ended = e.errno() == Errno.ENOENT || e.errno() == Errno.ECONNREFUSED;
      throw ended ? notAttachable(ContainerState.EXITED) : e;
    }
  }

  /** In Docker's words. */
  private static ContainerException notAttachable(ContainerState state) {
    String what =
        switch (state) {
          case PAUSED -> "paused container, unpause it first";
          case RESTARTING -> "restarting container, wait until it is running";
          default -> "stopped container, start it first";
        };
    return new ContainerException(ContainerException.Kind.STATE, "You cannot attach to a " + what);
  }

  /** As its restart policy wants it. */
  void startAgain() throws IOException {
    start(stdio(), ContainerRecord::restarted, true).close();
  }

  private synchronized Running start(
      Stdio stdio, UnaryOperator<ContainerRecord> change, boolean detached) throws IOException {
    RunDirectory run = claim();
    try {
      ContainerRecord record = home.store().update(id, change);
      connection = connect(record, run);
      sharedNetwork = share(record, run);
      LaunchScript.Launch launch = blueprint(record, run).launch(stdio);
      makeHostFiles(launch);
      if (connection.isPresent()) {
        HostFiles.writeResolvers(run.path(), record.settings());
        if (connection.get().isNamed()) {
          Files.writeString(run.path().resolve(RunFiles.SERVED), "");
        }
      }
      long now = System.currentTimeMillis();
      home.store().begin(id, now);
      boolean restarts = record.settings().restart().when() != RestartPolicy.When.NO;
      cleansUpItself = restarts || detached && record.remove();
      Running running = new Running(new Owner(run), launch(record, launch, stdio, run, detached));
      launched = true;
      RunEvents.started(home, record, run.path(), now, !detached);
      return running;
    } catch (IOException | RuntimeException e) {
      // Before what it has is removed, for which the networks' lock is needed.
      connection.ifPresent(Connection::close);
      discard(e);
      throw e;
    } finally {
      // The monitor has a copy of what keeps its ports.
      connection.ifPresent(Connection::close);
      sharedNetwork.ifPresent(Fd::close);
      sharedNetwork = Optional.empty();
    }
  }

  /** Its places in its networks, which are there before its first process; empty without any. */
  private Optional<Connection> connect(ContainerRecord record, RunDirectory run)
      throws IOException {
    ContainerSettings settings = record.settings();
    if (settings.networks().isEmpty()) {
      return Optional.empty();
    }
    Files.writeString(run.path().resolve(RunFiles.NETWORK), "");
    try {
      return Optional.of(
          home.networks()
              .connect(
                  id,
                  settings.networks(),
                  settings.ports().published(),
                  names(record),
                  recorder::did));
    } catch (OptionException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Whose network it lives in may be another one than at its last start. */
  private Optional<Fd> share(ContainerRecord record, RunDirectory run) throws IOException {
    if (!(record.settings().network() instanceof NetworkMode.OfContainer other)) {
      return Optional.empty();
    }
    long start = System.nanoTime();
    Fd namespace =
        new SharedNetwork(home, other.container())
            .open(run.path().resolve(RunFiles.SHARED_NETWORK));
    recorder.add(
        "open",
        "open(\"" + namespace.name() + "\")",
        "the network namespace of container " + other.container().substring(0, 12),
        0,
        start,
        System.nanoTime());
    return Optional.of(namespace);
  }

  /** What it is called in its networks, the name that Docker tells for its address first. */
  private List<String> names(ContainerRecord record) throws IOException {
    List<String> names = new ArrayList<>(List.of(record.name(), shortId()));
    spec().hostname().ifPresent(names::add);
    return names;
  }

  /** What its start has changed on this host that a user should know: a sentence each. */
  public List<String> changed() {
    return connection.isEmpty() ? List.of() : connection.get().remarks();
  }

  /** What its standard streams are, as it was asked for; a terminal has the usual size. */
  public Stdio stdio() throws IOException {
    boolean terminal = spec().process().map(Spec.Process::terminal).orElse(false);
    return terminal
        ? new Stdio.Terminal(24, 80)
        : new Stdio.Streams(info().settings().interactive());
  }

  /** Makes sure of the run directory, and so of being the only one who starts or removes it. */
  private synchronized RunDirectory claim() throws IOException {
    long until = System.nanoTime() + PATIENCE_NANOS;
    while (runs() || !claimed()) {
      ContainerState state = info().state();
      if (state.isRunning() || state == ContainerState.RESTARTING) {
        throw state("is already " + state.text());
      }
      if (System.nanoTime() > until) {
        throw state("is being made, started or removed by another process: try again later");
      }
    }
    return claimed.get();
  }

  /** False when somebody else has hold of it; then a moment has passed. */
  private synchronized boolean claimed() throws IOException {
    if (claimed.isPresent()) {
      return true;
    }
    claimed = RunDirectory.claim(home.roots(), id);
    if (claimed.isEmpty()) {
      cleanUpOrPause();
    } else {
      // Another object, or process, may have updated it.
      compiled = Optional.empty();
    }
    return claimed.isPresent();
  }

  /** Tells what happens to it now. */
  private void tell(String action, Map<String, String> attributes) {
    home.events().container(id, action, attributes);
  }

  private ContainerException state(String what) {
    return new ContainerException(
        ContainerException.Kind.STATE, "container " + shortId() + " " + what);
  }

  private String shortId() {
    return id.substring(0, 12);
  }

  private Blueprint blueprint(ContainerRecord record, RunDirectory run) throws IOException {
    if (!record.layers().isEmpty()) {
      Digest image = Digest.parse(record.imageId());
      Optional<UserMaps> users = ContainerFiles.users(compiled().spec().linux());
      home.images().restore(image, record.layers(), Home.owners(users));
    }
    return Blueprint.of(home, record, compiled(), run.path(), HostFiles.Addresses.of(connection));
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
              health(record),
              view(launch),
              cleansUpItself ? AfterEnd.command(home.roots(), id) : List.of());
      Map<Integer, Fd> slots = new HashMap<>();
      slots.put(Slot.RUN_DIRECTORY, directory);
      slots.put(Slot.LIFE, run.life());
      if (connection.isPresent() && connection.get().ports().isPresent()) {
        slots.put(Slot.PORTS, connection.get().ports().get());
      }
      sharedNetwork.ifPresent(
          fd -> slots.put(PlanCompiler.FIRST_JOINED + Namespace.NETWORK.ordinal(), fd));
      Cgroup cgroup = home.enterable().at(Leftovers.cgroupPath(id));
      if (cgroup.unified().isEmpty()) {
        return launch(launch, stdio, slots, monitor);
      }
      // Its first process begins in it.
      try {
        cgroup.create(launch.cgroup(), recorder::did);
      } catch (IOException e) {
        home.store().forget(id);
        throw e;
      }
      try (Fd unified = CgroupSlots.open(cgroup).orElseThrow()) {
        slots.put(Slot.CGROUP, unified);
        return launch(launch, stdio, slots, monitor);
      }
    }
  }

  private Launcher.Launched launch(
      LaunchScript.Launch launch, Stdio stdio, Map<Integer, Fd> slots, MonitorOptions monitor)
      throws IOException {
    Launcher.Request request = new Launcher.Request(id, launch.plan(), stdio, slots, monitor);
    Launcher.Launched launched = Launcher.launch(request, fromOutside(launch), steps);
    steps.addAll(launched.steps());
    return launched;
  }

  /** Where its monitor reads what it shows of the machine, when it does. */
  private Optional<MonitorOptions.View> view(LaunchScript.Launch launch) {
    if (launch.input().view().isEmpty()) {
      return Optional.empty();
    }
    Optional<Cgroup.Place> memory = home.cgroup(id).place("memory");
    Optional<Cgroup.Place> cpus = home.cgroup(id).place("cpuset");
    Optional<Cgroup.Place> tasks = memory.isPresent() ? memory : cpus;
    return Optional.of(
        new MonitorOptions.View(
            memory.map(Cgroup.Place::directory),
            memory.isPresent() && memory.get().unified(),
            cpus.map(
                at -> at.directory() + (at.unified() ? "/cpuset.cpus.effective" : "/cpuset.cpus")),
            tasks.map(Cgroup.Place::directory),
            tasks.isPresent() && tasks.get().unified()));
  }

  /** How its monitor looks at its health, of which nothing is known in the beginning. */
  private Optional<MonitorOptions.Health> health(ContainerRecord record) throws IOException {
    if (!record.settings().checksHealth()) {
      return Optional.empty();
    }
    HealthFile.clear(home.store(), id);
    return Optional.of(HealthProbe.options(home.roots(), id, record.settings().health().get()));
  }

  private Launcher.Meeting fromOutside(LaunchScript.Launch launch) {
    return new Launcher.Meeting() {
      @Override
      public void begin() throws IOException {
        // Where there is v2, that has been done.
        Cgroup cgroup = home.enterable().at(Leftovers.cgroupPath(id));
        if (cgroup.unified().isEmpty()) {
          cgroup.create(launch.cgroup(), recorder::did);
        }
      }

      @Override
      public void at(int point, int initPid) throws IOException {
        IdMaps.write(initPid, launch.input().spec().linux(), recorder);
        if (connection.isPresent()) {
          Path netns = Path.of("/proc/" + initPid + "/ns/net");
          try (Fd inside = StateFile.open(netns, Linux.O_RDONLY, 0)) {
            home.networks().plug(connection.get(), inside, recorder::did);
            if (connection.get().isNamed()) {
              home.networks()
                  .serveNames(
                      inside, PlanCompiler.RESOLVER, PlanCompiler.RESOLVER_PORT, recorder::did);
            }
          }
        }
        ContainerSettings settings = info().settings();
        if (settings.network() instanceof NetworkMode.Pasta) {
          startPasta(initPid, settings);
        }
      }

      /** What never ran is not started again by its policy. */
      @Override
      public void failed() throws IOException {
        home.store().forget(id);
      }
    };
  }

  private void startPasta(int first, ContainerSettings settings) throws IOException {
    try {
      Path run = home.roots().running().resolve(id);
      List<PortOption> ports = settings.ports().published();
      Pasta.start(MonitorImage.get().path(), id, first, run, ports, recorder::did);
    } catch (OptionException e) {
      throw new IOException(e.getMessage(), e);
    }
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
          () -> StateFile.writePublic(path, file.getValue()));
    }
    giveHostFiles(launch);
    PlanCompiler.Overlay overlay = launch.input().overlay();
    ContainerLayer.copyRootAttributes(
        Path.of(overlay.layers()).resolve(overlay.lower().get(0)), Path.of(overlay.upper()));
  }

  /** To root of its user namespace, as everything of this run is written for it alone. */
  private static void giveHostFiles(LaunchScript.Launch launch) throws IOException {
    Spec.Linux linux = launch.input().spec().linux();
    if (linux.uidMappings().isEmpty()) {
      return;
    }
    int uid = (int) UserMaps.host(linux.uidMappings(), 0).orElseThrow();
    int gid = (int) UserMaps.host(linux.gidMappings(), 0).orElseThrow();
    for (String file : launch.files().keySet()) {
      Path path = Path.of(file);
      try (Directory own = Directory.open(path.getParent())) {
        own.chown(StateFile.bytes(path.getFileName()), uid, gid);
      }
    }
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

  /** Records how it ended and removes what it had of the host. */
  private Exit ended(ExitStatus status) throws IOException {
    Exit exit = new Exit(status.code(), status.signal(), home.cgroup(id).oomKills() > 0);
    if (!cleansUpItself) {
      Leftovers.end(home, claimed.orElseThrow());
    }
    release();
    return exit;
  }

  /** Of one run: another thread may have ended it already, and begun the next. */
  private final class Owner implements Running.Owner {
    private final RunDirectory run;

    Owner(RunDirectory run) {
      this.run = run;
    }

    private boolean goesOn() {
      return claimed.isPresent() && claimed.get() == run;
    }

    @Override
    public void exited() throws IOException {
      synchronized (Container.this) {
        if (goesOn()) {
          killRest();
        }
      }
    }

    @Override
    public Exit ended(ExitStatus status) throws IOException {
      synchronized (Container.this) {
        return goesOn()
            ? Container.this.ended(status)
            : new Exit(status.code(), status.signal(), false);
      }
    }

    @Override
    public void release() {
      synchronized (Container.this) {
        if (goesOn()) {
          Container.this.release();
        }
      }
    }

    @Override
    public void does(String action, Map<String, String> attributes) {
      tell(action, attributes);
    }
  }

  /** Somebody else has started it, and has its lock. */
  private final class Visitor implements Running.Owner {
    @Override
    public void exited() {}

    @Override
    public ExitStatus lost() throws IOException {
      if (info().state().isRunning()) {
        throw new IOException(
            "container "
                + shortId()
                + " goes on without this client, which took its output too slowly");
      }
      return Running.Owner.super.lost();
    }

    /** One that its policy starts again has a next end, which is not waited for. */
    @Override
    public Exit ended(ExitStatus status) throws IOException {
      Exit exit = new Exit(status.code(), status.signal(), false);
      Optional<ContainerRecord> record = home.store().find(id);
      boolean restarts =
          record.isPresent() && record.get().settings().restart().when() != RestartPolicy.When.NO;
      return restarts ? exit : await(false).orElse(exit);
    }

    @Override
    public void release() {}

    @Override
    public void does(String action, Map<String, String> attributes) {
      tell(action, attributes);
    }
  }

  /** Leaves cleaning up to the next command, once the monitor is gone too. */
  private synchronized void release() {
    claimed.ifPresent(RunDirectory::close);
    claimed = Optional.empty();
    launched = false;
  }

  /** After a failure, whose report comes before one of the clean-up. */
  private synchronized void discard(Exception failure) {
    try {
      home.store().forget(id);
      Leftovers.end(home, claim());
    } catch (IOException e) {
      failure.addSuppressed(e);
    } finally {
      release();
    }
  }

  /** What is not started need not be held. */
  private synchronized void rest() throws IOException {
    if (!launched) {
      leave();
    }
  }

  /** Gives up what its making has claimed; it is there, and has not been started. */
  public synchronized void leave() throws IOException {
    if (claimed.isPresent()) {
      claimed.get().remove();
      release();
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
      boolean ends = signal.equals(Signal.KILL) || signal.equals(stopSignal());
      if (ends) {
        home.store().update(id, ContainerRecord::stoppedByUser);
      }
      tellSignal(signal);
      process.signal(signal.number());
      if (ends) {
        thaw();
      }
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
        throw state("is paused: let it go on first, with unpause");
      }
      ExecEvents events = new ExecEvents(home.events(), record(), options.command());
      Exec exec =
          new Exec(
              id,
              process.another(),
              spec(),
              cgroupToJoin(),
              options,
              home.seccomp(),
              monitorOfView(),
              events,
              home.roots());
      events.created();
      return exec;
    }
  }

  /** The cgroup of what joins it; none where it has none itself. */
  private Cgroup cgroupToJoin() throws IOException {
    Cgroup own = home.cgroup(id);
    if (!own.exists()) {
      return home.cgroups().withoutAny().at(Leftovers.cgroupPath(id));
    }
    if (home.enterable().isEmpty()) {
      throw new IOException(
          "container "
              + shortId()
              + " has a cgroup, into which no process of this session can go: run it by"
              + " systemd-run --user --scope, as the container was");
    }
    return own;
  }

  /** Its run directory, when its monitor shows it the machine. */
  private Optional<Path> monitorOfView() throws IOException {
    return ViewFile.of(spec()).isEmpty() || !HostProbe.hasFuse()
        ? Optional.empty()
        : Optional.of(home.roots().running().resolve(id));
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
    try (FirstProcess process = FirstProcess.require(home, id)) {
      tell("top", Map.of());
      return processes(process);
    }
  }

  private List<Integer> processes(FirstProcess first) throws IOException {
    Cgroup cgroup = home.cgroup(id);
    return cgroup.exists() ? cgroup.processes() : PidNamespace.processes(first.pid());
  }

  /** Those of some of its processes that still are, in no order. */
  public Set<Integer> remaining(Collection<Integer> processes) throws IOException {
    Optional<FirstProcess> running = FirstProcess.find(home, id);
    Set<Integer> still = new HashSet<>();
    if (running.isEmpty()) {
      still.addAll(home.cgroup(id).processes());
    } else {
      try (FirstProcess process = running.get()) {
        still.addAll(processes(process));
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
    return StatsReader.read(home, id, info().settings().network());
  }

  /**
   * Its root file system as it is now, with its volumes and what else it has of this host; to be
   * closed. While it is open, a container that does not run cannot be started.
   *
   * @throws ContainerException when it is gone, or waits for its restart policy
   */
  public ContainerFiles files() throws IOException {
    rest();
    return ContainerFiles.open(home, id, true);
  }

  /**
   * Writes its root file system, without what is mounted in it, as a tar. Nobody can start it
   * meanwhile.
   *
   * @throws ContainerException when it is gone, or waits for its restart policy
   */
  public LayerWriter.LeftOut export(OutputStream tar) throws IOException {
    rest();
    try (ContainerFiles files = ContainerFiles.open(home, id, false)) {
      LayerWriter.LeftOut left = LayerWriter.tree(files.place(), tar);
      tell("export", Map.of());
      return left;
    }
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
    rest();
    try (ContainerHold hold = ContainerHold.of(home, id)) {
      ContainerRecord record = record();
      ContainerLayer layer = ContainerLayer.of(home, record);
      if (hold.run().isPresent()) {
        layer.prepare();
      }
      Image base = images.local().details(record.imageId()).image();
      if (pause && hold.process().isPresent() && !home.cgroup(id).exists()) {
        throw new IOException(
            "without a cgroup its processes cannot stand still meanwhile: commit with"
                + " --pause=false, or stop it first");
      }
      boolean frozen = pause && hold.process().isPresent() && !home.cgroup(id).isFrozen();
      if (frozen) {
        home.cgroup(id).freeze();
      }
      try (Directory upper = Directory.open(layer.upper())) {
        Image image =
            images
                .maker()
                .addLayer(
                    base,
                    upper,
                    Home.owners(UserRanges.of(home.store(), id)),
                    description,
                    PullListener.NONE);
        home.events().container(record, "commit", commitment(image, description));
        return image;
      } finally {
        if (frozen) {
          thaw();
        }
      }
    }
  }

  private static Map<String, String> commitment(Image image, ImageMaker.Description description) {
    return Map.of(
        "comment", description.comment().orElse(""),
        "imageID", image.imageId().toString(),
        "imageRef", description.name().map(ImageRef::tagged).orElse(""));
  }

  /** What it has printed; more may come while its monitor lives, or what follows that. */
  public LogReader log() {
    return new LogReader(home.store().directory(id), () -> RunDirectory.isHeld(home.roots(), id));
  }

  /**
   * Stops its processes where they are.
   *
   * @throws ContainerException when it does not run, or is paused
   */
  public void pause() throws IOException {
    require(ContainerState.RUNNING);
    home.cgroup(id).freeze();
    tell("pause", Map.of());
  }

  /**
   * Lets its processes go on.
   *
   * @throws ContainerException when it is not paused
   */
  public void unpause() throws IOException {
    require(ContainerState.PAUSED);
    home.cgroup(id).thaw();
    tell("unpause", Map.of());
  }

  private void require(ContainerState state) throws IOException {
    ContainerState now = info().state();
    if (now != state) {
      throw state("is not " + state.text() + ", it is " + now.text());
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
    Signal first = signal.isPresent() ? signal.get() : stopSignal();
    if (end(first, seconds.orElse(record.settings().stopSeconds()))) {
      home.events().container(record, "stop", Map.of());
    }
  }

  /** {@link #stop}, and starts it anew. */
  public void restart(Optional<Signal> signal, OptionalInt seconds) throws IOException {
    stop(signal, seconds);
    startDetached(stdio());
    tell("restart", Map.of());
  }

  /**
   * Ends this run, one that is just being started as well, and waits until it is cleaned up.
   *
   * @return whether it ran
   */
  private boolean end(Signal first, int seconds) throws IOException {
    Optional<Object> run = run();
    boolean ran = false;
    long until = System.nanoTime() + PATIENCE_NANOS;
    while (run.isPresent() && run().equals(run)) {
      Optional<FirstProcess> running = FirstProcess.find(home, id);
      if (running.isPresent()) {
        try (FirstProcess process = running.get()) {
          if (!ran) {
            tellSignal(first);
          }
          ran = true;
          process.signal(first.number());
          thaw();
          if (!process.awaitEnd(first.equals(Signal.KILL) ? 1000 : seconds * 1000L)) {
            kill(process);
          }
        }
        until = System.nanoTime() + PATIENCE_NANOS;
      } else if (System.nanoTime() > until) {
        throw state("is not let go of by its monitor, or by another command: try again later");
      }
      cleanUpOrPause();
    }
    if (cleansUpItself) {
      release();
    }
    return ran;
  }

  /** Told before it is sent: the event of the end must not come first. */
  private void tellSignal(Signal signal) {
    tell("kill", Map.of("signal", Integer.toString(signal.number())));
  }

  private void kill(FirstProcess process) throws IOException {
    tellSignal(Signal.KILL);
    process.signal(Signal.KILL.number());
    if (!process.awaitEnd(1000)) {
      // Frozen again meanwhile, or in a cgroup below its own.
      home.cgroup(id).kill();
    }
  }

  /** A frozen process takes no signal but SIGKILL, and on v1 not even that. */
  private void thaw() throws IOException {
    if (home.cgroup(id).isFrozen()) {
      home.cgroup(id).thaw();
    }
  }

  /** Tells its runs apart; empty when nothing of it is on this host. */
  private Optional<Object> run() throws IOException {
    try {
      Path run = home.roots().running().resolve(id);
      return Optional.of(Files.readAttributes(run, BasicFileAttributes.class).fileKey());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
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
   * Waits until it has ended, and nothing of it is left on the host; of one that its restart policy
   * may start again, until this run has ended.
   *
   * @return how it ended; empty when it has never run
   */
  public Optional<Exit> await() throws IOException {
    return await(info().settings().restart().when() != RestartPolicy.When.NO);
  }

  /**
   * {@link #await} as a future, which a thread of its own completes; cancelling it does not touch
   * the container.
   */
  public CompletableFuture<Optional<Exit>> exit() {
    CompletableFuture<Optional<Exit>> future = new CompletableFuture<>();
    Runnable wait =
        () -> {
          try {
            future.complete(await());
          } catch (IOException | RuntimeException | Error e) {
            future.completeExceptionally(e);
          }
        };
    Thread thread = new Thread(wait, "mydocker wait " + shortId());
    thread.setDaemon(true);
    thread.start();
    return future;
  }

  /** The same for one that may go meanwhile. */
  private Optional<Exit> await(boolean restarts) throws IOException {
    Optional<Object> run = run();
    Optional<Exit> told = told();
    while (!restarts && run.isPresent() && run().equals(run)) {
      cleanUpOrPause();
    }
    Optional<Exit> recorded = ContainerStatus.find(home, id).flatMap(ContainerInfo::exit);
    return restarts ? told.or(() -> recorded) : recorded.or(() -> told);
  }

  /**
   * Waits until a check has found it healthy.
   *
   * @param limit how long at most
   * @return whether it is healthy; false when the time is over, whatever its checks have told
   * @throws ContainerException when it does not run, or its health is not looked at
   */
  public boolean awaitHealthy(Duration limit) throws IOException {
    long until = System.nanoTime() + limit.toNanos();
    for (; ; ) {
      ContainerInfo now = info();
      if (!now.state().isRunning()) {
        throw state("is not running");
      }
      Health health = now.health().orElseThrow(() -> state("has no health check"));
      if (health.status() == HealthStatus.HEALTHY) {
        return true;
      }
      if (System.nanoTime() - until >= 0) {
        return false;
      }
      Linux.poll(new int[0], new short[0], new short[0], LOOK_MILLISECONDS);
    }
  }

  /** What its monitor says of its end, which is waited for; empty when there is no monitor. */
  private Optional<Exit> told() throws IOException {
    try (MonitorClient monitor = MonitorClient.connect(home.roots().running().resolve(id))) {
      return monitor
          .relay(Output.NONE, status -> {})
          .map(status -> new Exit(status.code(), status.signal(), false));
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.ECONNREFUSED) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Cleans up when whoever had hold of it has died, or it is held here; else waits a moment. */
  private void cleanUpOrPause() throws IOException {
    if (settled()) {
      return;
    }
    Optional<RunDirectory> abandoned = RunDirectory.abandoned(home.roots(), id);
    if (abandoned.isPresent()) {
      try (RunDirectory run = abandoned.get()) {
        Leftovers.end(home, run);
      }
    } else {
      Linux.poll(new int[0], new short[0], new short[0], LOOK_MILLISECONDS);
    }
  }

  /** {@link #remove(boolean, boolean)} that leaves its volumes. */
  public void remove(boolean force) throws IOException {
    remove(force, false);
  }

  /**
   * Cleans up under this object's share of the lock, once its end is recorded, or never will be.
   *
   * @return false when there is no such share, or it is too early
   */
  private synchronized boolean settled() throws IOException {
    if (claimed.isEmpty() || launched && (cleansUpItself || FirstProcess.isThere(home, id))) {
      return false;
    }
    if (launched) {
      Leftovers.end(home, claimed.get());
      release();
    } else {
      leave();
    }
    return true;
  }

  /**
   * Removes it, its record and what it wrote.
   *
   * @param force kills it first when it runs
   * @param volumes whether its volumes without a name go as well, unless others have them
   * @throws ContainerException when it is gone, or runs and {@code force} is not given
   */
  public synchronized void remove(boolean force, boolean volumes) throws IOException {
    if (force) {
      claimByForce();
    } else {
      ContainerState state = info().state();
      if (state.isRunning() || state == ContainerState.RESTARTING) {
        throw state("is " + state.text() + ": stop it first, or remove it with -f");
      }
      claim();
    }
    boolean there = Files.exists(home.store().directory(id));
    Optional<ContainerRecord> record = readable();
    if (volumes && record.isPresent()) {
      home.volumes().removeAnonymous(record.get());
    }
    home.store().delete(id);
    if (there && record.isPresent()) {
      home.events().container(record.get(), "destroy", Map.of());
    } else if (there) {
      tell("destroy", Map.of());
    }
    leave();
    if (!there) {
      throw ContainerException.notFound(shortId());
    }
  }

  /** Empty as well when it is damaged: what it had is not known any more. */
  private Optional<ContainerRecord> readable() throws IOException {
    try {
      return home.store().find(id);
    } catch (ContainerException damaged) {
      return Optional.empty();
    }
  }

  /** Whatever it is at: without its files, too, its cgroup tells what there is to kill. */
  private void claimByForce() throws IOException {
    long start = System.nanoTime();
    for (long passed = 0; runs() || !claimed(); passed = System.nanoTime() - start) {
      if (passed > PATIENCE_NANOS) {
        throw state("is not let go of by its monitor, or by another command: try again later");
      }
      if (FirstProcess.isThere(home, id) || info().state() == ContainerState.RESTARTING) {
        giveUp();
        end(Signal.KILL, 0);
      } else if (passed > PATIENCE_NANOS / 10) {
        home.cgroup(id).kill();
      }
    }
  }

  /** Whether it runs, started by this object; cleans up when it does not any more. */
  private synchronized boolean runs() throws IOException {
    return launched && claimed.isPresent() && !settled();
  }

  /** Its restart policy ends here; a record that is damaged or missing has none. */
  private void giveUp() throws IOException {
    try {
      home.store().update(id, ContainerRecord::stoppedByUser);
    } catch (ContainerException lost) {
      return;
    }
  }

  /**
   * Changes its limits, now and for its next starts, and its restart policy: all, or nothing.
   *
   * @throws OptionException when what is asked for contradicts itself, what stays, or the host
   * @throws ContainerException when it is gone, or in the middle of being started or removed
   * @throws IOException when the kernel refuses a limit
   */
  public synchronized void update(ContainerChange change) throws IOException, OptionException {
    Optional<FirstProcess> running = FirstProcess.find(home, id);
    if (running.isPresent()) {
      try (FirstProcess process = running.get()) {
        compiled = Optional.of(ContainerUpdate.of(home, id, change, true));
      }
    } else {
      claim().hold();
      try {
        compiled = Optional.of(ContainerUpdate.of(home, id, change, false));
      } finally {
        leave();
      }
    }
    tell("update", Map.of());
  }

  /**
   * Puts it into a network, too: now when it runs, and at its next starts.
   *
   * @throws ContainerException when it is gone, or has no networks of its own
   * @throws dev.mydocker.network.NetworkException when there is no such network, it is in it, or an
   *     address cannot be had
   */
  public void connect(NetworkJoin asked) throws IOException, OptionException {
    Network network = home.networks().find(asked.network());
    NetworkJoin join = asked.in(network.name());
    ContainerRecord record = record();
    if (record.settings().network() instanceof NetworkMode.Pasta) {
      throw state("is an ordinary user's, and networks are root's");
    }
    if (!(record.settings().network() instanceof NetworkMode.Joined)) {
      throw record.settings().network() instanceof NetworkMode.OfContainer
          ? new ContainerException(
              ContainerException.Kind.STATE,
              "container sharing network namespace with another container or host cannot be"
                  + " connected to any other network")
          : state("has the host's network, or none, and cannot be connected to others");
    }
    for (NetworkJoin other : record.settings().networks()) {
      if (other.network().equals(network.name())) {
        throw new NetworkException(
            NetworkException.Kind.TAKEN,
            "container is already attached to network " + network.name());
      }
    }
    if (network.isPredefined() && !join.aliases().isEmpty()) {
      throw new OptionException(
          "network-scoped alias is supported only for containers in user defined networks");
    }
    Optional<FirstProcess> running = FirstProcess.find(home, id);
    if (running.isPresent()) {
      try (FirstProcess process = running.get()) {
        plug(process, record, join);
      }
    } else {
      home.networks().requireFit(join);
    }
    home.store().update(id, now -> now.with(joined(now.settings(), join)));
    home.tellNetwork("connect", network, Map.of("container", id));
  }

  private static ContainerSettings joined(ContainerSettings settings, NetworkJoin join) {
    List<NetworkJoin> joins = new ArrayList<>(settings.networks());
    joins.add(join);
    return settings.with(new NetworkMode.Joined(joins));
  }

  private void plug(FirstProcess process, ContainerRecord record, NetworkJoin join)
      throws IOException, OptionException {
    Path run = home.roots().running().resolve(id);
    // One of a container that has left all its networks is swept as well.
    Files.writeString(run.resolve(RunFiles.NETWORK), "");
    try (Connection more =
        home.networks().connect(id, List.of(join), List.of(), names(record), recorder::did)) {
      try (Fd inside =
          StateFile.open(Path.of("/proc/" + process.pid() + "/ns/net"), Linux.O_RDONLY, 0)) {
        home.networks().plug(more, inside, recorder::did);
        if (more.isNamed()) {
          serve(run, inside);
        }
      } catch (IOException e) {
        more.close();
        home.networks().disconnect(id, join.network());
        throw e;
      }
      HostFiles.add(run, spec().hostname().orElse(record.name()), more);
      followNames(run);
    }
  }

  /**
   * Has its monitor be its name server, too. When a program of the container serves the port, names
   * are that program's affair.
   *
   * @param inside its network namespace
   */
  private void serve(Path run, Fd inside) throws IOException {
    Path mark = run.resolve(RunFiles.SERVED);
    if (Files.exists(mark)) {
      return;
    }
    int address = PlanCompiler.RESOLVER;
    int port = PlanCompiler.RESOLVER_PORT;
    Optional<NameSockets> bound = NameSockets.bind(inside, address, port);
    if (bound.isPresent()) {
      try (NameSockets sockets = bound.get()) {
        home.networks().serveNames(inside, address, port, recorder::did);
        // First: sockets that were bound twice would share what is asked.
        Files.writeString(mark, "");
        for (Fd socket : sockets.sockets()) {
          MonitorClient.serve(run, socket);
        }
      }
    }
  }

  private void followNames(Path run) throws IOException {
    if (Files.exists(run.resolve(RunFiles.SERVED))) {
      HostFiles.setNamed(run, home.networks().isNamed(id));
    }
  }

  /**
   * Takes it out of a network, now when it runs, and for its next starts.
   *
   * @param force whether it is no failure that it is not in it, or that there is none
   * @throws dev.mydocker.network.NetworkException when it is not in it
   */
  public void disconnect(String reference, boolean force) throws IOException {
    try {
      Network network = home.networks().find(reference);
      boolean known = false;
      for (NetworkJoin join : record().settings().networks()) {
        known |= join.network().equals(network.name());
      }
      if (!known || !home.networks().endpoints(id).isEmpty()) {
        home.networks().disconnect(id, network.id());
        followNames(home.roots().running().resolve(id));
      }
      home.store().update(id, now -> now.with(left(now.settings(), network.name())));
      home.tellNetwork("disconnect", network, Map.of("container", id));
    } catch (NetworkException e) {
      if (!force || e.kind() != NetworkException.Kind.NOT_FOUND) {
        throw e;
      }
    }
  }

  private static ContainerSettings left(ContainerSettings settings, String network) {
    List<NetworkJoin> joins = new ArrayList<>();
    for (NetworkJoin join : settings.networks()) {
      if (!join.network().equals(network)) {
        joins.add(join);
      }
    }
    return settings.with(new NetworkMode.Joined(joins));
  }

  /** What it has of its networks now; nothing when it does not run. */
  public List<Endpoint> endpoints() throws IOException {
    Optional<Endpoint> pasta = Pasta.find(home.roots().running().resolve(id));
    return pasta.isPresent() ? List.of(pasta.get()) : home.networks().endpoints(id);
  }

  /**
   * Gives it another name.
   *
   * @throws OptionException when it is no name
   * @throws ContainerException when it is gone, or the name is somebody else's
   */
  public void rename(String name) throws IOException, OptionException {
    ContainerName.require(name);
    String before = record().name();
    home.store().rename(id, name);
    if (!before.equals(name)) {
      home.networks().rename(id, before, name);
      tell("rename", Map.of("oldName", "/" + before));
    }
  }
}
