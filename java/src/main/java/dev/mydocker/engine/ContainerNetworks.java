package dev.mydocker.engine;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.MonitorClient;
import dev.mydocker.launch.PlanCompiler;
import dev.mydocker.launch.Recorder;
import dev.mydocker.network.Connection;
import dev.mydocker.network.Endpoint;
import dev.mydocker.network.NameSockets;
import dev.mydocker.network.Network;
import dev.mydocker.network.NetworkException;
import dev.mydocker.network.Networks;
import dev.mydocker.network.Pasta;
import dev.mydocker.spec.NetworkJoin;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.OptionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The networks of a container: which it is in, and which it comes into and leaves as it runs. */
final class ContainerNetworks {
  private final StoredContainer container;
  private final Networks networks;
  private final Recorder recorder;

  /**
   * Its networks.
   *
   * @param recorder what is done on this host
   */
  ContainerNetworks(StoredContainer container, Recorder recorder) {
    this.container = container;
    this.networks = container.home().networks();
    this.recorder = recorder;
  }

  /** What it is called in its networks, the name that Docker tells for its address first. */
  static List<String> names(StoredContainer container, ContainerRecord record) throws IOException {
    List<String> names = new ArrayList<>(List.of(record.name(), container.shortId()));
    container.spec().hostname().ifPresent(names::add);
    return names;
  }

  /** {@link Container#connect}. */
  void connect(NetworkJoin asked) throws IOException, OptionException {
    Network network = networks.find(asked.network());
    NetworkJoin join = asked.in(network.name());
    ContainerRecord record = container.record();
    requireOwn(record.settings().network());
    if (record.settings().isIn(network.name())) {
      throw new NetworkException(
          NetworkException.Kind.TAKEN,
          "container is already attached to network " + network.name());
    }
    if (network.isPredefined() && !join.aliases().isEmpty()) {
      throw new OptionException(
          "network-scoped alias is supported only for containers in user defined networks");
    }
    Optional<FirstProcess> running = FirstProcess.find(container.home(), container.id());
    if (running.isPresent()) {
      try (FirstProcess process = running.get()) {
        plug(process, record, join);
      }
    } else {
      networks.requireFit(join);
    }
    container.update(now -> now.with(joined(now.settings(), join)));
    container.home().tellNetwork("connect", network, Map.of("container", container.id()));
  }

  private void requireOwn(NetworkMode mode) throws ContainerException {
    if (mode instanceof NetworkMode.Pasta) {
      throw container.state("is an ordinary user's, and networks are root's");
    }
    if (mode instanceof NetworkMode.OfContainer) {
      throw new ContainerException(
          ContainerException.Kind.STATE,
          "container sharing network namespace with another container or host cannot be"
              + " connected to any other network");
    }
    if (!(mode instanceof NetworkMode.Joined)) {
      throw container.state("has the host's network, or none, and cannot be connected to others");
    }
  }

  private static ContainerSettings joined(ContainerSettings settings, NetworkJoin join) {
    List<NetworkJoin> joins = new ArrayList<>(settings.networks());
    joins.add(join);
    return settings.with(new NetworkMode.Joined(joins));
  }

  private void plug(FirstProcess process, ContainerRecord record, NetworkJoin join)
      throws IOException, OptionException {
    Path run = container.run();
    // One of a container that has left all its networks is swept as well.
    Files.writeString(run.resolve(RunFiles.NETWORK), "");
    List<String> names = names(container, record);
    try (Connection more =
        networks.connect(container.id(), List.of(join), List.of(), names, recorder::did)) {
      try (Fd inside = StateFile.open(process.network(), Linux.O_RDONLY, 0)) {
        networks.plug(more, inside, recorder::did);
        if (more.isNamed()) {
          serve(run, inside);
        }
      } catch (IOException e) {
        more.close();
        networks.disconnect(container.id(), join.network());
        throw e;
      }
      HostFiles.add(run, container.spec().hostname().orElse(record.name()), more);
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
        networks.serveNames(inside, address, port, recorder::did);
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
      HostFiles.setNamed(run, networks.isNamed(container.id()));
    }
  }

  /** {@link Container#disconnect}. */
  void disconnect(String reference, boolean force) throws IOException {
    try {
      Network network = networks.find(reference);
      boolean known = container.record().settings().isIn(network.name());
      if (!known || !networks.endpoints(container.id()).isEmpty()) {
        networks.disconnect(container.id(), network.id());
        followNames(container.run());
      }
      container.update(now -> now.with(left(now.settings(), network.name())));
      container.home().tellNetwork("disconnect", network, Map.of("container", container.id()));
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

  /** {@link Container#endpoints}. */
  List<Endpoint> endpoints() throws IOException {
    Optional<Endpoint> pasta = Pasta.find(container.run());
    return pasta.isPresent() ? List.of(pasta.get()) : networks.endpoints(container.id());
  }
}
