package dev.mydocker.engine;

import dev.mydocker.launch.ExitStatus;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * One object's share of a container's lock, and so of being the only one who starts or removes it.
 * What is done under it is done in this monitor, as several threads may have the object.
 */
final class ContainerClaim {
  /** How long another process may take to make, start or remove it. */
  static final long PATIENCE_NANOS = 10_000_000_000L;

  private final StoredContainer container;
  private Optional<RunDirectory> claimed;

  /** Whether this object has started it under what it has claimed. */
  private boolean launched;

  /** Whether its monitor becomes {@link AfterEnd}. */
  private volatile boolean cleansUpItself;

  /**
   * A share.
   *
   * @param claimed its run directory, when this process has it
   */
  ContainerClaim(StoredContainer container, Optional<RunDirectory> claimed) {
    this.container = container;
    this.claimed = claimed;
  }

  /**
   * Makes sure of the run directory.
   *
   * @throws ContainerException when it runs, or somebody else does not let go of it
   */
  synchronized RunDirectory take() throws IOException {
    long until = System.nanoTime() + PATIENCE_NANOS;
    while (runs() || !tryTake()) {
      ContainerState state = container.info().state();
      if (state.isRunning() || state == ContainerState.RESTARTING) {
        throw container.state("is already " + state.text());
      }
      if (System.nanoTime() > until) {
        throw container.state(
            "is being made, started or removed by another process: try again later");
      }
    }
    return claimed.get();
  }

  /** False when somebody else has hold of it; then a moment has passed. */
  synchronized boolean tryTake() throws IOException {
    if (claimed.isPresent()) {
      return true;
    }
    claimed = RunDirectory.claim(container.home().roots(), container.id());
    if (claimed.isEmpty()) {
      cleanUpOrPause();
    } else {
      container.readAnew();
    }
    return claimed.isPresent();
  }

  /** Whether it runs, started by this object; cleans up when it does not any more. */
  synchronized boolean runs() throws IOException {
    return launched && claimed.isPresent() && !settled();
  }

  /**
   * It has been started under this share.
   *
   * @param cleansUpItself whether its monitor becomes {@link AfterEnd}
   * @return who is to see its end
   */
  synchronized Running.Owner started(boolean cleansUpItself) {
    this.launched = true;
    this.cleansUpItself = cleansUpItself;
    return new Owner(claimed.orElseThrow());
  }

  /** Cleans up when whoever had hold of it has died, or it is held here; else waits a moment. */
  void cleanUpOrPause() throws IOException {
    if (!settled()) {
      Leftovers.endOrPause(container.home(), container.id());
    }
  }

  /**
   * Cleans up under this share, once its end is recorded, or never will be.
   *
   * @return false when there is no such share, or it is too early
   */
  private synchronized boolean settled() throws IOException {
    if (claimed.isEmpty()
        || launched && (cleansUpItself || FirstProcess.isThere(container.home(), container.id()))) {
      return false;
    }
    if (launched) {
      Leftovers.end(container.home(), claimed.get());
      release();
    } else {
      leave();
    }
    return true;
  }

  /** After a failure, whose report comes before one of the clean-up. */
  synchronized void discard(Exception failure) {
    try {
      container.home().store().forget(container.id());
      Leftovers.end(container.home(), take());
    } catch (IOException e) {
      failure.addSuppressed(e);
    } finally {
      release();
    }
  }

  /** What is not started need not be held. */
  synchronized void rest() throws IOException {
    if (!launched) {
      leave();
    }
  }

  /** Gives up what was claimed: it is there, and has not been started. */
  synchronized void leave() throws IOException {
    if (claimed.isPresent()) {
      claimed.get().remove();
      release();
    }
  }

  /** After its end: who has cleaned up has had the lock, too. */
  void ended() {
    if (cleansUpItself) {
      release();
    }
  }

  /** Leaves cleaning up to the next command, once the monitor is gone too. */
  private synchronized void release() {
    claimed.ifPresent(RunDirectory::close);
    claimed = Optional.empty();
    launched = false;
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
      synchronized (ContainerClaim.this) {
        if (goesOn()) {
          killRest();
        }
      }
    }

    /**
     * Kills what outlives its first process. In a PID namespace of its own the kernel has done so;
     * elsewhere the output would not end before the last of them has.
     */
    private void killRest() throws IOException {
      boolean own = false;
      for (Spec.Namespace n : container.spec().linux().namespaces()) {
        own |= n.type().equals("pid") && n.path().isEmpty();
      }
      if (!own) {
        container.cgroup().kill();
      }
    }

    @Override
    public Exit ended(ExitStatus status) throws IOException {
      synchronized (ContainerClaim.this) {
        return goesOn() ? cleanUp(status) : new Exit(status.code(), status.signal(), false);
      }
    }

    /** Records how it ended and removes what it had of the host. */
    private Exit cleanUp(ExitStatus status) throws IOException {
      boolean oomKilled = container.cgroup().oomKills() > 0;
      if (!cleansUpItself) {
        Leftovers.end(container.home(), run);
      }
      ContainerClaim.this.release();
      return new Exit(status.code(), status.signal(), oomKilled);
    }

    @Override
    public void release() {
      synchronized (ContainerClaim.this) {
        if (goesOn()) {
          ContainerClaim.this.release();
        }
      }
    }

    @Override
    public void does(String action, Map<String, String> attributes) {
      container.tell(action, attributes);
    }
  }
}
