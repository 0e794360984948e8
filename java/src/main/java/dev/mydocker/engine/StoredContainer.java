package dev.mydocker.engine;

import dev.mydocker.cgroup.Cgroup;
import dev.mydocker.spec.CompiledSpec;
import dev.mydocker.spec.Signal;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A container by its id: what this host has written of it, looked up each time except its
 * configuration, and what is told of it. Safe for several threads.
 */
final class StoredContainer {
  private final Home home;
  private final String id;
  private volatile Optional<CompiledSpec> compiled;

  /**
   * A container.
   *
   * @param compiled its configuration, when it is known already
   */
  StoredContainer(Home home, String id, Optional<CompiledSpec> compiled) {
    this.home = home;
    this.id = id;
    this.compiled = compiled;
  }

  Home home() {
    return home;
  }

  String id() {
    return id;
  }

  String shortId() {
    return ContainerId.shown(id);
  }

  /** Its run directory, whether it exists or not. */
  Path run() {
    return home.roots().running().resolve(id);
  }

  /** Its cgroup, whether it exists or not. */
  Cgroup cgroup() {
    return home.cgroup(id);
  }

  /**
   * What it is at now.
   *
   * @throws ContainerException when it is gone
   */
  ContainerInfo info() throws IOException {
    return ContainerStatus.of(home, id);
  }

  /**
   * Its record.
   *
   * @throws ContainerException when it is gone
   */
  ContainerRecord record() throws IOException {
    return home.store().get(id);
  }

  /** Changes its record, and gives it as it is then. */
  ContainerRecord update(UnaryOperator<ContainerRecord> change) throws IOException {
    return home.store().update(id, change);
  }

  /**
   * Its configuration, and why each part of it is there.
   *
   * @throws ContainerException when it is gone
   */
  CompiledSpec compiled() throws IOException {
    Optional<CompiledSpec> known = compiled;
    if (known.isEmpty()) {
      known = Optional.of(StoredSpec.read(home.store(), id));
      compiled = known;
    }
    return known.get();
  }

  /** Its configuration. */
  Spec spec() throws IOException {
    return compiled().spec();
  }

  /** Takes for its configuration what has been written now. */
  void written(CompiledSpec now) {
    compiled = Optional.of(now);
  }

  /** Reads its configuration anew when it is asked for: another process may have changed it. */
  void readAnew() {
    compiled = Optional.empty();
  }

  /** Tells what happens to it now. */
  void tell(String action, Map<String, String> attributes) {
    home.events().container(id, action, attributes);
  }

  /** Told before it is sent: the event of the end must not come first. */
  void tellSignal(Signal signal) {
    tell("kill", Map.of("signal", Integer.toString(signal.number())));
  }

  /** A frozen process takes no signal but SIGKILL, and on v1 not even that. */
  void thaw() throws IOException {
    if (cgroup().isFrozen()) {
      cgroup().thaw();
    }
  }

  /** Its processes, as this host numbers them. */
  List<Integer> processes(FirstProcess first) throws IOException {
    return cgroup().exists() ? cgroup().processes() : PidNamespace.processes(first.pid());
  }

  /**
   * Makes sure of its state.
   *
   * @throws ContainerException when it is in another one
   */
  void require(ContainerState state) throws IOException {
    ContainerState now = info().state();
    if (now != state) {
      throw state("is not " + state.text() + ", it is " + now.text());
    }
  }

  /** Says that it is in no state for what is asked. */
  ContainerException state(String what) {
    return new ContainerException(
        ContainerException.Kind.STATE, "container " + shortId() + " " + what);
  }
}
