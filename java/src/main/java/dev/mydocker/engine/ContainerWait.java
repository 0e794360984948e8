package dev.mydocker.engine;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Pause;
import dev.mydocker.launch.MonitorClient;
import dev.mydocker.launch.Output;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Waits for what becomes of a container, whoever has started it. Safe for several threads. */
final class ContainerWait {
  /** How often its health is looked at. */
  private static final int LOOK_MILLISECONDS = 5;

  private final StoredContainer container;
  private final ContainerClaim claim;

  ContainerWait(StoredContainer container, ContainerClaim claim) {
    this.container = container;
    this.claim = claim;
  }

  /** {@link Container#await()}. */
  Optional<Exit> end() throws IOException {
    return end(container.info().settings().restart().startsAgain());
  }

  /**
   * Waits until it has ended, and nothing of it is left on the host.
   *
   * @param restarts whether it is enough that this run has ended, as the next may follow
   * @return how it ended; empty when it has never run
   */
  Optional<Exit> end(boolean restarts) throws IOException {
    Home home = container.home();
    Optional<Object> run = RunDirectory.identity(home.roots(), container.id());
    Optional<Exit> told = told();
    while (!restarts
        && run.isPresent()
        && RunDirectory.identity(home.roots(), container.id()).equals(run)) {
      claim.cleanUpOrPause();
    }
    // It may go meanwhile.
    Optional<Exit> recorded =
        ContainerStatus.find(home, container.id()).flatMap(ContainerInfo::exit);
    return restarts ? told.or(() -> recorded) : recorded.or(() -> told);
  }

  /** What its monitor says of its end, which is waited for; empty when there is no monitor. */
  private Optional<Exit> told() throws IOException {
    try (MonitorClient monitor = MonitorClient.connect(container.run())) {
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

  /** {@link #end()} in a thread of its own. */
  CompletableFuture<Optional<Exit>> future() {
    CompletableFuture<Optional<Exit>> future = new CompletableFuture<>();
    Runnable wait =
        () -> {
          try {
            future.complete(end());
          } catch (IOException | RuntimeException | Error e) {
            future.completeExceptionally(e);
          }
        };
    Thread thread = new Thread(wait, "mydocker wait " + container.shortId());
    thread.setDaemon(true);
    thread.start();
    return future;
  }

  /** {@link Container#awaitHealthy}. */
  boolean healthy(Duration limit) throws IOException {
    long until = System.nanoTime() + limit.toNanos();
    for (; ; ) {
      ContainerInfo now = container.info();
      if (!now.state().isRunning()) {
        throw container.state("is not running");
      }
      Health health = now.health().orElseThrow(() -> container.state("has no health check"));
      if (health.status() == HealthStatus.HEALTHY) {
        return true;
      }
      if (System.nanoTime() - until >= 0) {
        return false;
      }
      Pause.milliseconds(LOOK_MILLISECONDS);
    }
  }
}
