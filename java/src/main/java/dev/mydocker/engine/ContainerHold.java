package dev.mydocker.engine;

import java.io.IOException;
import java.util.Optional;

/**
 * A container that is looked into: its first process while it runs, else its run directory, and
 * then nobody can start or remove it before this is closed.
 *
 * @param process empty when it does not run
 * @param run empty when it runs
 */
record ContainerHold(Optional<FirstProcess> process, Optional<RunDirectory> run)
    implements AutoCloseable {
  /**
   * Waits a while for somebody else who makes, starts, holds or removes it.
   *
   * @throws ContainerException when it is gone, or waits for its restart policy
   */
  static ContainerHold of(Home home, String id) throws IOException {
    long until = System.nanoTime() + ContainerClaim.PATIENCE_NANOS;
    while (true) {
      Optional<FirstProcess> process = FirstProcess.find(home, id);
      if (process.isPresent()) {
        return new ContainerHold(process, Optional.empty());
      }
      Optional<RunDirectory> run = RunDirectory.claim(home.roots(), id);
      if (run.isPresent()) {
        return resting(home, run.get());
      }
      if (ContainerStatus.of(home, id).state() == ContainerState.RESTARTING) {
        throw new ContainerException(
            ContainerException.Kind.STATE,
            "container " + ContainerId.shown(id) + " waits for its restart: stop it first");
      }
      if (System.nanoTime() > until) {
        throw new ContainerException(
            ContainerException.Kind.STATE,
            "container "
                + ContainerId.shown(id)
                + " is being made, started or removed by another process: try again later");
      }
      Leftovers.endOrPause(home, id);
    }
  }

  private static ContainerHold resting(Home home, RunDirectory run) throws IOException {
    ContainerHold hold = new ContainerHold(Optional.empty(), Optional.of(run));
    try {
      run.hold();
      home.store().find(run.id()).orElseThrow(() -> ContainerException.notFound(run.id()));
      return hold;
    } catch (IOException e) {
      hold.close();
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    process.ifPresent(FirstProcess::close);
    if (run.isPresent()) {
      run.get().remove();
    }
  }
}
