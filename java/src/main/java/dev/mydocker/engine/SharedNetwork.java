package dev.mydocker.engine;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.spec.NetworkMode;
import dev.mydocker.spec.NetworkOwner;
import dev.mydocker.spec.RunOptions;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The network namespace of a container in which another one lives: {@code --network
 * container:NAME}. The kernel keeps a namespace for as long as a process is in it. So the other one
 * may end, and takes its links along; one that is started again has a new namespace, which is
 * joined by the next start only.
 */
final class SharedNetwork {
  private final Home home;
  private final String owner;

  /**
   * Of a container that is there, or was.
   *
   * @param owner its id
   */
  SharedNetwork(Home home, String owner) {
    this.home = home;
    this.owner = owner;
  }

  /**
   * What is asked for; empty when it is no container's network.
   *
   * @throws ContainerException when there is no such container
   */
  static Optional<SharedNetwork> of(Home home, RunOptions options) throws IOException {
    if (!(options.network() instanceof NetworkMode.OfContainer other)) {
      return Optional.empty();
    }
    try {
      return Optional.of(new SharedNetwork(home, home.store().resolve(other.container())));
    } catch (ContainerException e) {
      boolean itself = options.name().equals(Optional.of(other.container()));
      if (itself && e.kind() == ContainerException.Kind.NOT_FOUND) {
        throw new ContainerException(ContainerException.Kind.STATE, "cannot join own network");
      }
      throw e;
    }
  }

  /** What a container is said to have that lives in it: the id does not change its owner. */
  NetworkMode mode() {
    return new NetworkMode.OfContainer(owner);
  }

  /**
   * What the other one has of it.
   *
   * @param namespace where it will be
   */
  NetworkOwner describe(Path namespace) throws IOException {
    Spec spec = StoredSpec.read(home.store(), owner).spec();
    String origin = origin();
    return new NetworkOwner(
        namespace.toString(),
        home.roots().running().resolve(origin).toString(),
        home.store().get(origin).settings().network() instanceof NetworkMode.Host,
        spec.hostname().orElse(HostProbe.hostname()),
        spec.domainname());
  }

  /** Where it is now, for a launch that is only shown. */
  Path place() throws IOException {
    try (FirstProcess process = running(owner)) {
      return process.network();
    }
  }

  /**
   * The namespace.
   *
   * @param link what {@code config.json} calls it: leads to it from now on
   * @throws ContainerException when its owner is gone, or does not run
   */
  Fd open(Path link) throws IOException {
    String origin = origin();
    if (!origin.equals(owner)) {
      // Its hosts, hostname and resolv.conf are the origin's, and go with that.
      running(origin).close();
    }
    try (FirstProcess process = running(owner)) {
      Path path = process.network();
      Fd namespace;
      try {
        namespace = StateFile.open(path, Linux.O_RDONLY, 0);
      } catch (KernelException e) {
        throw process.awaitEnd(0) ? notRunning(owner) : e;
      }
      // Opened by number: while the process lives, the number was its own.
      if (process.awaitEnd(0)) {
        namespace.close();
        throw notRunning(owner);
      }
      Files.deleteIfExists(link);
      Files.createSymbolicLink(link, path);
      return namespace;
    }
  }

  private FirstProcess running(String id) throws IOException {
    home.store().get(id);
    Optional<FirstProcess> process = FirstProcess.find(home, id);
    return process.orElseThrow(() -> notRunning(id));
  }

  /** In Docker's words. */
  private static ContainerException notRunning(String id) {
    return new ContainerException(
        ContainerException.Kind.STATE,
        "cannot join network of a non running container: " + id + ": start that first");
  }

  /** Who has made the namespace: its owner, or whose its owner's is. */
  private String origin() throws IOException {
    String id = owner;
    // Each was there before the one that lives with it was made, so this comes to an end.
    while (home.store().get(id).settings().network() instanceof NetworkMode.OfContainer next) {
      id = next.container();
    }
    return id;
  }
}
