package dev.mydocker.engine;

import dev.mydocker.spec.OptionException;
import dev.mydocker.spec.Signal;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Stops a container: signals its first process, ends its run, removes it. */
final class ContainerStop {
  private static final int KILL_MILLISECONDS = 1000;

  private final StoredContainer container;
  private final ContainerClaim claim;

  ContainerStop(StoredContainer container, ContainerClaim claim) {
    this.container = container;
    this.claim = claim;
  }

  /** {@link Container#signal}. */
  void signal(Signal signal) throws IOException {
    try (FirstProcess process = FirstProcess.require(container.home(), container.id())) {
      boolean ends = signal.equals(Signal.KILL) || signal.equals(stopSignal());
      if (ends) {
        container.update(ContainerRecord::stoppedByUser);
      }
      container.tellSignal(signal);
      process.signal(signal.number());
      if (ends) {
        container.thaw();
      }
    }
  }

  private Signal stopSignal() throws IOException {
    String name = container.spec().annotations().getOrDefault(Spec.STOP_SIGNAL, "");
    try {
      return name.isEmpty() ? Signal.TERM : Signal.parse(name);
    } catch (OptionException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** {@link Container#stop}. */
  void stop(Optional<Signal> signal, OptionalInt seconds) throws IOException {
    ContainerRecord record = container.update(ContainerRecord::stoppedByUser);
    Signal first = signal.isPresent() ? signal.get() : stopSignal();
    if (end(first, seconds.orElse(record.settings().stopSeconds()))) {
      container.home().events().container(record, "stop", Map.of());
    }
  }

  /**
   * Ends this run, one that is just being started as well, and waits until it is cleaned up.
   *
   * @return whether it ran
   */
  private boolean end(Signal first, int seconds) throws IOException {
    Home home = container.home();
    String id = container.id();
    Optional<Object> run = RunDirectory.identity(home.roots(), id);
    boolean ran = false;
    long until = System.nanoTime() + ContainerClaim.PATIENCE_NANOS;
    while (run.isPresent() && RunDirectory.identity(home.roots(), id).equals(run)) {
      Optional<FirstProcess> running = FirstProcess.find(home, id);
      if (running.isPresent()) {
        try (FirstProcess process = running.get()) {
          if (!ran) {
            container.tellSignal(first);
          }
          ran = true;
          process.signal(first.number());
          container.thaw();
          if (!process.awaitEnd(first.equals(Signal.KILL) ? KILL_MILLISECONDS : seconds * 1000L)) {
            kill(process);
          }
        }
        until = System.nanoTime() + ContainerClaim.PATIENCE_NANOS;
      } else if (System.nanoTime() > until) {
        throw notLetGo();
      }
      claim.cleanUpOrPause();
    }
    claim.ended();
    return ran;
  }

  private void kill(FirstProcess process) throws IOException {
    container.tellSignal(Signal.KILL);
    process.signal(Signal.KILL.number());
    if (!process.awaitEnd(KILL_MILLISECONDS)) {
      // Frozen again meanwhile, or in a cgroup below its own.
      container.cgroup().kill();
    }
  }

  private ContainerException notLetGo() {
    return container.state(
        "is not let go of by its monitor, or by another command: try again later");
  }

  /** {@link Container#remove(boolean, boolean)}, under the lock of the claim. */
  void remove(boolean force, boolean volumes) throws IOException {
    if (force) {
      takeByForce();
    } else {
      ContainerState state = container.info().state();
      if (state.isRunning() || state == ContainerState.RESTARTING) {
        throw container.state("is " + state.text() + ": stop it first, or remove it with -f");
      }
      claim.take();
    }
    Home home = container.home();
    boolean there = Files.exists(home.store().directory(container.id()));
    Optional<ContainerRecord> record = readable();
    if (volumes && record.isPresent()) {
      home.volumes().removeAnonymous(record.get());
    }
    home.store().delete(container.id());
    if (there && record.isPresent()) {
      home.events().container(record.get(), "destroy", Map.of());
    } else if (there) {
      container.tell("destroy", Map.of());
    }
    claim.leave();
    if (!there) {
      throw ContainerException.notFound(container.shortId());
    }
  }

  /** Empty as well when it is damaged: what it had is not known any more. */
  private Optional<ContainerRecord> readable() throws IOException {
    try {
      return container.home().store().find(container.id());
    } catch (ContainerException damaged) {
      return Optional.empty();
    }
  }

  /** Whatever it is at: without its files, too, its cgroup tells what there is to kill. */
  private void takeByForce() throws IOException {
    long start = System.nanoTime();
    for (long passed = 0; claim.runs() || !claim.tryTake(); passed = System.nanoTime() - start) {
      if (passed > ContainerClaim.PATIENCE_NANOS) {
        throw notLetGo();
      }
      if (FirstProcess.isThere(container.home(), container.id())
          || container.info().state() == ContainerState.RESTARTING) {
        giveUp();
        end(Signal.KILL, 0);
      } else if (passed > ContainerClaim.PATIENCE_NANOS / 10) {
        container.cgroup().kill();
      }
    }
  }

  /** Its restart policy ends here; a record that is damaged or missing has none. */
  private void giveUp() throws IOException {
    try {
      container.update(ContainerRecord::stoppedByUser);
    } catch (ContainerException lost) {
      return;
    }
  }
}
