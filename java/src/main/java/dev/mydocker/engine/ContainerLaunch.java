package dev.mydocker.engine;

import dev.mydocker.cgroup.Cgroup;
import dev.mydocker.explain.LaunchScript;
import dev.mydocker.image.Digest;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.AttachSocket;
import dev.mydocker.launch.IdMaps;
import dev.mydocker.launch.Launcher;
import dev.mydocker.launch.MonitorImage;
import dev.mydocker.launch.MonitorOptions;
import dev.mydocker.launch.Namespace;
import dev.mydocker.launch.PlanCompiler;
import dev.mydocker.launch.Recorder;
import dev.mydocker.launch.Recording;
import dev.mydocker.launch.Slot;
import dev.mydocker.launch.Stdio;
import dev.mydocker.network.Connection;
import dev.mydocker.network.Pasta;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.PortOption;
import dev.mydocker.spec.Spec;
import dev.mydocker.spec.UserMaps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One launch of a container, by whoever holds its lock: from its record to its first process. What
 * it needs of others only until then is open while this is.
 */
final class ContainerLaunch implements AutoCloseable {
  private final StoredContainer container;
  private final Home home;
  private final RunDirectory run;
  private final ContainerRecord record;
  private final Recorder recorder;
  private final List<Recording.Entry> steps;

  /** What it has of its networks. */
  private Optional<Connection> connection = Optional.empty();

  /** The network namespace of another container that it starts in. */
  private Optional<Fd> sharedNetwork = Optional.empty();

  /**
   * A launch.
   *
   * @param run its run directory, locked
   * @param record as it is for this run
   * @param recorder what is done on this host
   * @param steps where those of M and I are added
   */
  ContainerLaunch(
      StoredContainer container,
      RunDirectory run,
      ContainerRecord record,
      Recorder recorder,
      List<Recording.Entry> steps) {
    this.container = container;
    this.home = container.home();
    this.run = run;
    this.record = record;
    this.recorder = recorder;
    this.steps = steps;
  }

  /**
   * Does it; comes back when the command has been executed.
   *
   * @param detached whether nobody stays with it
   * @param claim of the lock, which is told as soon as it runs
   */
  Running start(Stdio stdio, boolean detached, ContainerClaim claim) throws IOException {
    connection = connect();
    sharedNetwork = share();
    LaunchScript.Launch launch = blueprint().launch(stdio);
    makeHostFiles(launch);
    if (connection.isPresent()) {
      HostFiles.writeResolvers(run.path(), record.settings());
      if (connection.get().isNamed()) {
        Files.writeString(run.path().resolve(RunFiles.SERVED), "");
      }
    }
    long now = System.currentTimeMillis();
    home.store().begin(container.id(), now);
    boolean cleansUpItself =
        record.settings().restart().startsAgain() || detached && record.remove();
    Launcher.Launched launched = launch(launch, stdio, detached, cleansUpItself);
    Running running = new Running(claim.started(cleansUpItself), launched);
    RunEvents.started(home, record, run.path(), now, !detached);
    return running;
  }

  /** What it has changed on this host that a user should know: a sentence each. */
  List<String> changed() {
    return connection.map(Connection::remarks).orElse(List.of());
  }

  /** Its places in its networks, which are there before its first process; empty without any. */
  private Optional<Connection> connect() throws IOException {
    ContainerSettings settings = record.settings();
    if (settings.networks().isEmpty()) {
      return Optional.empty();
    }
    Files.writeString(run.path().resolve(RunFiles.NETWORK), "");
    try {
      return Optional.of(
          home.networks()
              .connect(
                  container.id(),
                  settings.networks(),
                  settings.ports().published(),
                  ContainerNetworks.names(container, record),
                  recorder::did));
    } catch (OptionException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Whose network it lives in may be another one than at its last start. */
  private Optional<Fd> share() throws IOException {
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
        "the network namespace of container " + ContainerId.shown(other.container()),
        0,
        start,
        System.nanoTime());
    return Optional.of(namespace);
  }

  private Blueprint blueprint() throws IOException {
    if (!record.layers().isEmpty()) {
      Digest image = Digest.parse(record.imageId());
      Optional<UserMaps> users = ContainerFiles.users(container.spec().linux());
      home.images().restore(image, record.layers(), Home.owners(users));
    }
    return Blueprint.of(
        home, record, container.compiled(), run.path(), HostFiles.Addresses.of(connection));
  }

  // ---- its files on the host --------------------------------------------------------------------

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

  // ---- its monitor ------------------------------------------------------------------------------

  private Launcher.Launched launch(
      LaunchScript.Launch launch, Stdio stdio, boolean detached, boolean cleansUpItself)
      throws IOException {
    int flags = Linux.O_PATH | Linux.O_DIRECTORY;
    LogOptions log = record.settings().log();
    try (Fd directory = StateFile.open(run.path(), flags, 0);
        Fd own = StateFile.open(home.store().directory(container.id()), flags, 0);
        Fd listener = AttachSocket.listen(run.path())) {
      MonitorOptions monitor =
          new MonitorOptions(
              Optional.of(listener),
              log.kept()
                  ? Optional.of(new MonitorOptions.Log(own, log.maxBytes(), log.maxFiles()))
                  : Optional.empty(),
              detached,
              health(),
              view(launch),
              cleansUpItself ? AfterEnd.command(home.roots(), container.id()) : List.of());
      Map<Integer, Fd> slots = new HashMap<>();
      slots.put(Slot.RUN_DIRECTORY, directory);
      slots.put(Slot.LIFE, run.life());
      connection.flatMap(Connection::ports).ifPresent(fd -> slots.put(Slot.PORTS, fd));
      sharedNetwork.ifPresent(
          fd -> slots.put(PlanCompiler.FIRST_JOINED + Namespace.NETWORK.ordinal(), fd));
      Cgroup cgroup = enterable();
      if (cgroup.unified().isEmpty()) {
        return launch(launch, stdio, slots, monitor);
      }
      // Its first process begins in it.
      try {
        cgroup.create(launch.cgroup(), recorder::did);
      } catch (IOException e) {
        home.store().forget(container.id());
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
    Launcher.Request request =
        new Launcher.Request(container.id(), launch.plan(), stdio, slots, monitor);
    Launcher.Launched launched = Launcher.launch(request, fromOutside(launch), steps);
    steps.addAll(launched.steps());
    return launched;
  }

  /** Its cgroup, as far as a process of this one can go into it. */
  private Cgroup enterable() throws IOException {
    return home.enterable().at(Leftovers.cgroupPath(container.id()));
  }

  /** Where its monitor reads what it shows of the machine, when it does. */
  private Optional<MonitorOptions.View> view(LaunchScript.Launch launch) {
    if (launch.input().view().isEmpty()) {
      return Optional.empty();
    }
    Optional<Cgroup.Place> memory = container.cgroup().place("memory");
    Optional<Cgroup.Place> cpus = container.cgroup().place("cpuset");
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
  private Optional<MonitorOptions.Health> health() throws IOException {
    if (!record.settings().checksHealth()) {
      return Optional.empty();
    }
    HealthFile.clear(home.store(), container.id());
    return Optional.of(
        HealthProbe.options(home.roots(), container.id(), record.settings().health().get()));
  }

  // ---- its first process, from outside ----------------------------------------------------------

  private Launcher.Meeting fromOutside(LaunchScript.Launch launch) {
    return new Launcher.Meeting() {
      @Override
      public void begin() throws IOException {
        // Where there is v2, that has been done.
        Cgroup cgroup = enterable();
        if (cgroup.unified().isEmpty()) {
          cgroup.create(launch.cgroup(), recorder::did);
        }
      }

      @Override
      public void at(int point, int initPid) throws IOException {
        IdMaps.write(initPid, launch.input().spec().linux(), recorder);
        if (connection.isPresent()) {
          plug(initPid, connection.get());
        }
        ContainerSettings settings = container.info().settings();
        if (settings.network() instanceof NetworkMode.Pasta) {
          startPasta(initPid, settings);
        }
      }

      /** What never ran is not started again by its policy. */
      @Override
      public void failed() throws IOException {
        home.store().forget(container.id());
      }
    };
  }

  private void plug(int initPid, Connection connection) throws IOException {
    Path netns = Path.of("/proc/" + initPid + "/ns/net");
    try (Fd inside = StateFile.open(netns, Linux.O_RDONLY, 0)) {
      home.networks().plug(connection, inside, recorder::did);
      if (connection.isNamed()) {
        home.networks()
            .serveNames(inside, PlanCompiler.RESOLVER, PlanCompiler.RESOLVER_PORT, recorder::did);
      }
    }
  }

  private void startPasta(int initPid, ContainerSettings settings) throws IOException {
    try {
      List<PortOption> ports = settings.ports().published();
      String monitor = MonitorImage.get().path();
      Pasta.start(monitor, container.id(), initPid, run.path(), ports, recorder::did);
    } catch (OptionException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Its monitor has a copy of what keeps its ports. */
  @Override
  public void close() {
    connection.ifPresent(Connection::close);
    sharedNetwork.ifPresent(Fd::close);
  }
}
