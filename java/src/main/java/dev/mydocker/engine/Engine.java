package dev.mydocker.engine;

import dev.mydocker.cgroup.CgroupHost;
import dev.mydocker.explain.LaunchScript;
import dev.mydocker.image.Digest;
import dev.mydocker.image.HeldImage;
import dev.mydocker.image.Image;
import dev.mydocker.image.ImageConfig;
import dev.mydocker.image.ImageRef;
import dev.mydocker.image.ImageUsers;
import dev.mydocker.image.Images;
import dev.mydocker.image.Owners;
import dev.mydocker.image.PullListener;
import dev.mydocker.image.TreeSize;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.UserNamespace;
import dev.mydocker.launch.Recorder;
import dev.mydocker.launch.Stdio;
import dev.mydocker.network.Endpoint;
import dev.mydocker.network.Network;
import dev.mydocker.network.NetworkException;
import dev.mydocker.network.NetworkRequest;
import dev.mydocker.network.Networks;
import dev.mydocker.network.Pasta;
import dev.mydocker.network.Preview;
import dev.mydocker.spec.CompiledSpec;
import dev.mydocker.spec.HostFacts;
import dev.mydocker.spec.ImageDefaults;
import dev.mydocker.spec.ImageFiles;
import dev.mydocker.spec.KeptAccount;
import dev.mydocker.spec.MountOption;
import dev.mydocker.spec.NetworkJoin;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.NetworkOwner;
import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.PortChoice;
import dev.mydocker.spec.SeccompOption;
import dev.mydocker.spec.Spec;
import dev.mydocker.spec.SpecCompiler;
import dev.mydocker.spec.UserMaps;
import dev.mydocker.spec.UsernsMode;
import dev.mydocker.spec.VolumeMounts;
import dev.mydocker.spec.VolumesFrom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The engine over one state root, and where a Java program begins: {@code Engine.open()} with
 * {@code mydocker.jar} on the class path. It has no daemon and nothing to be closed; safe for
 * several threads, and processes, at once.
 *
 * <pre>{@code
 * Engine engine = Engine.open();
 * Container box = engine.run(CreateRequest.of("busybox", "httpd", "-f"));
 * System.out.print(box.execute("wget", "-qO-", "localhost").out());
 * box.remove(true);
 * }</pre>
 */
public final class Engine {
  private static final int NAME_ATTEMPTS = 20;

  private final Home home;
  private final Images images;
  private final Map<String, String> environment;

  private Engine(Home home, Images images, Map<String, String> environment) {
    this.environment = environment;
    this.home = home;
    this.images = images;
  }

  /** An engine with this process's environment; nothing is touched yet. */
  public static Engine open() throws IOException {
    return open(System.getenv());
  }

  /**
   * An engine; nothing is touched yet.
   *
   * @param environment MYDOCKER_ROOT, MYDOCKER_RUN_ROOT and MYDOCKER_USERNS_RANGE, else the
   *     defaults of this user
   */
  public static Engine open(Map<String, String> environment) throws IOException {
    Roots roots = Roots.of(environment, Linux.geteuid() == 0);
    ContainerStore store = new ContainerStore(roots);
    EventLog events = new EventLog(roots.events(), store);
    Images images = Images.open(roots.state(), environment, new ContainerImages(roots), events);
    Volumes volumes = new Volumes(roots, store, events);
    return new Engine(
        new Home(
            roots,
            store,
            volumes,
            cgroups(roots),
            images,
            new SeccompFilters(roots.seccomp()),
            events),
        images,
        environment);
  }

  /**
   * The host's cgroups; of an ordinary user what was delegated, which is written down, as a later
   * command may be started from where it is not.
   */
  private static CgroupHost cgroups(Roots roots) throws IOException {
    CgroupHost here = CgroupHost.detect();
    if (UserNamespace.own().initial()) {
      return here;
    }
    Path note = roots.run().resolve("delegated");
    Optional<String> known =
        Files.exists(note) ? Optional.of(Files.readString(note)) : Optional.empty();
    if (here.delegation().isEmpty()) {
      return known.isEmpty() ? here : CgroupHost.delegated(known);
    }
    if (!here.delegation().equals(known)) {
      StateFile.makeDirectories(roots.run());
      StateFile.write(note, here.delegation().get(), false);
    }
    return here;
  }

  /** Its images. */
  public Images images() {
    return images;
  }

  /** Its networks. */
  public Networks networks() {
    return home.networks();
  }

  /**
   * Makes a network. See {@link Networks#create}.
   *
   * @throws OptionException when what is asked for is malformed, or contradicts itself
   */
  public Network createNetwork(NetworkRequest request) throws IOException, OptionException {
    requireRoot();
    if (!UserNamespace.own().initial()) {
      throw new IOException(
          "networks need root, as their bridges are the host's: an ordinary user's containers have"
              + " pasta (the default), none or host");
    }
    Network network = home.networks().create(request);
    home.tellNetwork("create", network, Map.of());
    return network;
  }

  /** Removes a network that nobody is in. See {@link Networks#remove}. */
  public void removeNetwork(String reference) throws IOException {
    home.tellNetwork("destroy", home.networks().remove(reference), Map.of());
  }

  /** Tells that those were removed that no container has, as with Docker. */
  public void tellNetworksPruned() {
    home.events().write("network", "prune", "", Map.of("reclaimed", "0"));
  }

  /** The ids of the networks that containers have, running or not. */
  public Set<String> usedNetworks() throws IOException {
    Set<String> used = new HashSet<>();
    for (Endpoint endpoint : home.networks().endpoints()) {
      used.add(endpoint.network());
    }
    for (ContainerInfo container : containers()) {
      for (NetworkJoin join : container.settings().networks()) {
        try {
          used.add(home.networks().find(join.network()).id());
        } catch (NetworkException gone) {
          continue;
        }
      }
    }
    return used;
  }

  /** What running containers have of their networks. */
  public List<Endpoint> endpoints() throws IOException {
    List<Endpoint> all = new ArrayList<>(home.networks().endpoints());
    for (String id : UserNamespace.own().initial() ? List.<String>of() : home.store().ids()) {
      Pasta.find(home.roots().running().resolve(id)).ifPresent(all::add);
    }
    return all;
  }

  /** Its volumes. */
  public Volumes volumes() {
    return home.volumes();
  }

  /** Cleans up after the containers whose processes were killed together with their owners. */
  public void sweep() throws IOException {
    if (Linux.geteuid() == 0) {
      Leftovers.sweep(home);
      if (home.hasNetworks()) {
        home.networks().refresh();
      }
    }
  }

  /**
   * What has happened to containers, images, volumes and networks, and what is to happen, as it
   * comes. Who reads on cleans up like {@link #sweep}: the end of a container that has nobody of
   * its own is told when somebody cleans up.
   */
  public EventReader events(EventQuery query) throws IOException {
    return EventReader.open(home.events().directory(), query, this::sweep);
  }

  /** What every container has written whose record can be read. */
  public List<ContainerUsage> containerUsage() throws IOException {
    List<ContainerUsage> out = new ArrayList<>();
    for (ImageUsers.User user : new ContainerImages(home.roots()).known()) {
      long written = TreeSize.at(ContainerLayer.upper(home, user.container()));
      out.add(new ContainerUsage(user, written));
    }
    return out;
  }

  /** What it runs on. */
  public HostInfo host() throws IOException {
    return HostInfo.of(home, images);
  }

  /** How large containers are. */
  public ContainerSizes sizes() {
    return new ContainerSizes(home);
  }

  /**
   * Fetches the image when it has to, decides the configuration, and records the container. What an
   * earlier process left behind when it was killed is removed first.
   *
   * @throws OptionException when the options do not agree with each other, the image or the host
   * @throws dev.mydocker.image.ImageException when the image cannot be had
   */
  public Container create(CreateRequest asked, PullListener listener)
      throws IOException, OptionException {
    requireRoot();
    CreateRequest request = connected(asked);
    if (request.options().name().isPresent()) {
      ContainerName.require(request.options().name().get());
    }
    Leftovers.sweep(home);
    Recorder recorder = new Recorder();
    try (HeldImage held =
        images.hold(
            ImageRef.parse(request.options().image()),
            request.platform(),
            request.pull(),
            new RecordedPull(listener, recorder))) {
      return create(request, held, recorder);
    }
  }

  /**
   * Makes a container and starts it, left to its monitor, as {@code run -d} does. One that cannot
   * be started is removed.
   *
   * @throws OptionException when the options do not agree with each other, the image or the host
   * @throws dev.mydocker.image.ImageException when the image cannot be had
   * @throws dev.mydocker.launch.LaunchException when a step of the launch failed
   */
  public Container run(CreateRequest request) throws IOException, OptionException {
    Container container = create(request, PullListener.NONE);
    try {
      container.startDetached(container.stdio());
      return container;
    } catch (IOException | RuntimeException e) {
      try {
        container.remove(true, true);
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  /** Comes back when the record names the image's layers: from then on it keeps them. */
  private Container create(CreateRequest asked, HeldImage held, Recorder recorder)
      throws IOException, OptionException {
    Image image = held.image();
    CreateRequest request = withVolumes(asked, image);
    String id = ContainerId.random();
    RunDirectory run = RunDirectory.claim(home.roots(), id).orElseThrow();
    try (VolumeClaim volumes = home.volumes().claim(request.volumes())) {
      UsernsMode userns = request.options().userns();
      Optional<UserMaps> users =
          userns instanceof UsernsMode.Host
              ? Optional.empty()
              : Optional.of(ranges().claim(id, userns));
      Optional<SharedNetwork> shared = SharedNetwork.of(home, request.options());
      Optional<NetworkOwner> owner =
          shared.isPresent()
              ? Optional.of(shared.get().describe(run.path().resolve(RunFiles.SHARED_NETWORK)))
              : Optional.empty();
      HostFacts host = facts(id, run.path(), request, volumes.places(), users, owner);
      KeptAccount account = account(request, image, host);
      CompiledSpec compiled = compile(id, request, image, account, host);
      makeSources(request.options().mounts());
      Optional<Owners> owners = Home.owners(users);
      if (owners.isPresent()) {
        held.unpackFor(owners.get());
      }
      record(id, request, held, compiled, account, volumes, mode(request, shared));
      return new Container(home, id, Optional.of(compiled), Optional.of(run), recorder);
    } catch (IOException | OptionException | RuntimeException e) {
      try {
        home.store().delete(id);
        run.remove();
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  /**
   * A container.
   *
   * @param reference its name, its id, or the beginning of its id
   * @throws ContainerException when there is none, or more than one
   */
  public Container find(String reference) throws IOException {
    return Container.of(home, home.store().resolve(reference), Optional.empty());
  }

  /** Cleans up after a container whose lock is held by {@code life}. */
  void afterEnd(String id, Fd life) throws IOException {
    try (RunDirectory run = RunDirectory.adopt(home.roots(), id, life)) {
      Restarts.after(home, run);
    }
  }

  /** Looks at the health of a container once. See {@link HealthProbe#look}. */
  boolean checkHealth(String id, long started) throws IOException {
    return HealthProbe.look(home, Container.of(home, id, Optional.empty()), started);
  }

  /**
   * Every container that has a record, in no order; one that is made or removed at this moment may
   * be among them or not.
   */
  public List<ContainerInfo> containers() throws IOException {
    List<ContainerInfo> out = new ArrayList<>();
    for (String id : home.store().ids()) {
      ContainerStatus.find(home, id).ifPresent(out::add);
    }
    return out;
  }

  /** Chooses containers. */
  @FunctionalInterface
  public interface Choice {
    /** Whether it is one of them. */
    boolean takes(ContainerInfo container) throws IOException;
  }

  /**
   * Removes containers that do not run.
   *
   * @param which of them
   */
  public PrunedContainers prune(Choice which) throws IOException {
    long before = written();
    List<String> ids = new ArrayList<>();
    List<String> failures = new ArrayList<>();
    for (ContainerInfo container : containers()) {
      boolean rests =
          !container.state().isRunning() && container.state() != ContainerState.RESTARTING;
      if (rests && which.takes(container)) {
        try {
          find(container.id()).remove(false);
          ids.add(container.id());
        } catch (ContainerException e) {
          // Somebody else has removed or started it since the look.
        } catch (IOException stuck) {
          failures.add(stuck.getMessage());
        }
      }
    }
    long bytes = Math.max(0, before - written());
    home.events().write("container", "prune", "", Map.of("reclaimed", Long.toString(bytes)));
    return new PrunedContainers(ids, bytes, failures);
  }

  private long written() throws IOException {
    return containerUsage().stream().mapToLong(ContainerUsage::bytes).sum();
  }

  /**
   * The containers that are to run after a reboot, and do not: those that were started before, and
   * whose restart policy is always, or unless-stopped when no user has stopped them; the oldest
   * first.
   */
  public List<ContainerInfo> wanted() throws IOException {
    List<ContainerInfo> out = new ArrayList<>();
    for (ContainerInfo container : containers()) {
      boolean rests = container.state() == ContainerState.EXITED;
      if (rests && home.store().find(container.id()).map(Restarts::afterBoot).orElse(false)) {
        out.add(container);
      }
    }
    out.sort(Comparator.comparing(ContainerInfo::created));
    return out;
  }

  /** What {@link #create} and {@link Container#start} would do; touches nothing. */
  public LaunchScript.Launch preview(CreateRequest asked, Stdio stdio, PullListener listener)
      throws IOException, OptionException {
    ImageRef reference = ImageRef.parse(asked.options().image());
    Image image = images.describe(reference, asked.platform(), listener);
    CreateRequest request = withVolumes(connected(asked), image);
    String id = ContainerId.random();
    Path run = home.roots().running().resolve(id);
    Map<String, String> places = home.volumes().places(request.volumes());
    UsernsMode userns = request.options().userns();
    Optional<UserMaps> users =
        userns instanceof UsernsMode.Host
            ? Optional.empty()
            : Optional.of(ranges().preview(userns));
    Optional<SharedNetwork> shared = SharedNetwork.of(home, request.options());
    Optional<NetworkOwner> owner =
        shared.isPresent()
            ? Optional.of(shared.get().describe(shared.get().place()))
            : Optional.empty();
    HostFacts host = facts(id, run, request, places, users, owner);
    KeptAccount account = account(request, image, host);
    CompiledSpec compiled = compile(id, request, image, account, host);
    ContainerRecord record =
        described(id, "", request, image, compiled.spec(), mode(request, shared));
    ContainerSettings settings = record.settings();
    if (settings.networks().isEmpty()) {
      return Blueprint.of(home, record, compiled, run, HostFiles.Addresses.NONE)
          .launch(stdio)
          .with(account.lines());
    }
    Preview networks =
        home.networks().preview(id, settings.networks(), settings.ports().published());
    return Blueprint.of(home, record, compiled, run, HostFiles.Addresses.of(networks))
        .launch(stdio)
        .with(networks);
  }

  private static NetworkMode mode(CreateRequest request, Optional<SharedNetwork> shared) {
    return shared.isPresent() ? shared.get().mode() : request.options().network();
  }

  private UserRanges ranges() throws IOException, OptionException {
    return new UserRanges(home.store(), UserRanges.Pool.of(environment, Path.of("/etc")));
  }

  /** Where nobody can make bridges, the default network is a process of the user. */
  private static CreateRequest connected(CreateRequest request) {
    boolean usual =
        !UserNamespace.own().initial()
            && request.options().network().equals(NetworkMode.Joined.byDefault());
    return usual ? request.with(new NetworkMode.Pasta()) : request;
  }

  private static void requireRoot() throws IOException {
    if (Linux.geteuid() != 0) {
      throw new IOException(
          "an ordinary user's engine needs a user namespace, which no JVM can enter: start this"
              + " program by: mydocker unshare java ...");
    }
  }

  /** Every volume has a name now, and those of other containers and of the image are there. */
  private CreateRequest withVolumes(CreateRequest request, Image image)
      throws IOException, OptionException {
    List<MountOption> inherited = new ArrayList<>();
    for (VolumesFrom other : request.options().volumesFrom()) {
      inherited.addAll(InheritedMounts.of(home, other));
    }
    List<MountOption> mounts = new ArrayList<>();
    for (MountOption mount :
        VolumeMounts.of(request.options().mounts(), inherited, defaults(image.config()))) {
      boolean unnamed = mount instanceof MountOption.Volume volume && volume.name().isEmpty();
      mounts.add(unnamed ? ((MountOption.Volume) mount).named(ContainerId.random()) : mount);
    }
    return request.with(mounts);
  }

  private HostFacts facts(
      String id,
      Path run,
      CreateRequest request,
      Map<String, String> volumes,
      Optional<UserMaps> users,
      Optional<NetworkOwner> network)
      throws IOException {
    boolean privileged = request.options().privileged();
    Set<String> devices = new HashSet<>(request.options().devices().sources());
    devices.addAll(request.options().limits().blockIo().devices());
    return new HostProbe(home.enterable(), home.seccomp())
        .facts(id, run, privileged, devices, volumes, users, network);
  }

  private KeptAccount account(CreateRequest request, Image image, HostFacts host)
      throws IOException, OptionException {
    return KeptAccount.of(request.options(), defaults(image.config()), files(image), host);
  }

  private ImageFiles files(Image image) {
    return (path, limit) -> images.read(image, path, limit);
  }

  private CompiledSpec compile(
      String id, CreateRequest request, Image image, KeptAccount account, HostFacts host)
      throws IOException, OptionException {
    CompiledSpec compiled =
        SpecCompiler.compile(
            request.options(), defaults(image.config()), account.in(files(image)), host);
    if (request.options().seccomp() instanceof SeccompOption.Profile) {
      // What cannot be compiled is said now, not when it starts.
      home.seccomp().program(compiled.spec().linux().seccomp());
    }
    if (!UserNamespace.own().initial()) {
      // Likewise a limit, for which there is no cgroup.
      Spec.Resources limits = compiled.spec().linux().resources();
      home.enterable().plan(Leftovers.cgroupPath(id), limits, compiled.causes());
    }
    return compiled;
  }

  private static ImageDefaults defaults(ImageConfig config) {
    return new ImageDefaults(
        config.user(),
        config.env(),
        config.entrypoint(),
        config.cmd(),
        config.workingDir(),
        config.stopSignal(),
        config.volumes());
  }

  /** A missing source of {@code -v} becomes a directory, as with Docker; of {@code --mount} not. */
  private static void makeSources(List<MountOption> mounts) throws IOException, OptionException {
    for (MountOption mount : mounts) {
      if (mount instanceof MountOption.Bind bind && !Files.exists(Path.of(bind.source()))) {
        if (!bind.createSource()) {
          throw new OptionException(
              "invalid mount: bind source path does not exist: "
                  + OptionException.quote(bind.source()));
        }
        Files.createDirectories(Path.of(bind.source()));
      }
    }
  }

  /** Claims a name and writes everything down, the record last: with it the container exists. */
  private void record(
      String id,
      CreateRequest request,
      HeldImage held,
      CompiledSpec compiled,
      KeptAccount account,
      VolumeClaim volumes,
      NetworkMode network)
      throws IOException, OptionException {
    home.store().make(id);
    String name = claimName(id, request.options().name());
    ContainerRecord record = described(id, name, request, held.image(), compiled.spec(), network);
    StoredSpec.write(home.store(), record, compiled);
    ContainerLayer layer = ContainerLayer.of(home, record);
    if (!account.files().isEmpty()) {
      Owners owners = Home.owners(UserRanges.of(home.store(), id)).orElseThrow();
      layer.prepare();
      held.writeOver(layer.upper(), owners, account.files());
    }
    volumes.fill(layer, record.settings().volumes());
    home.store().write(record);
    volumes.record();
    home.events().container(record, "create", Map.of());
  }

  private String claimName(String id, Optional<String> given) throws IOException {
    for (int attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
      String name = given.isPresent() ? given.get() : ContainerName.generate(attempt);
      String owner = home.store().claim(name, id);
      if (owner.equals(id)) {
        return name;
      }
      if (given.isPresent()) {
        throw ContainerStore.taken(name, owner);
      }
    }
    throw new IOException("no free name found for a container: give one with --name");
  }

  /** What was asked for, and what the image says of the rest; empty when neither says anything. */
  private static Optional<HealthCheck> health(CreateRequest request, ImageConfig image)
      throws IOException {
    if (request.health().isEmpty() && image.healthcheck().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(request.health().orElse(HealthCheck.UNSAID).over(HealthCheck.of(image)));
  }

  private static ContainerRecord described(
      String id, String name, CreateRequest request, Image image, Spec spec, NetworkMode network)
      throws IOException, OptionException {
    PortChoice ports = request.options().ports().with(image.config().exposedPorts());
    return new ContainerRecord(
        id,
        name,
        request.options().image(),
        image.imageId().toString(),
        image.diffIds().stream().map(Digest::toString).toList(),
        spec.process().map(Spec.Process::args).orElse(List.of()),
        System.currentTimeMillis(),
        request.settings(health(request, image.config()), ports).with(network),
        Optional.empty(),
        0,
        false);
  }
}
