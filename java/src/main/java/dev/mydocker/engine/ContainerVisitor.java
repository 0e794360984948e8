package dev.mydocker.engine;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.launch.ExitStatus;
import dev.mydocker.launch.MonitorClient;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** Who joins a container that somebody else has started, and whose lock that one has. */
final class ContainerVisitor implements Running.Owner {
  private final StoredContainer container;
  private final ContainerWait wait;

  ContainerVisitor(StoredContainer container, ContainerWait wait) {
    this.container = container;
    this.wait = wait;
  }

  /**
   * Joins those who see what it prints from now on.
   *
   * @param stdin whether this process's input is the container's
   * @throws ContainerException when it does not run, or is paused
   */
  Running attach(boolean stdin) throws IOException {
    ContainerInfo now = container.info();
    if (now.state() != ContainerState.RUNNING) {
      throw notAttachable(now.state());
    }
    try {
      MonitorClient client = MonitorClient.connect(container.run());
      client.attach(true, stdin);
      container.tell("attach", Map.of());
      return new Running(this, client, Optional.empty(), now.pid());
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

  @Override
  public void exited() {}

  @Override
  public ExitStatus lost() throws IOException {
    if (container.info().state().isRunning()) {
      throw new IOException(
          "container "
              + container.shortId()
              + " goes on without this client, which took its output too slowly");
    }
    return Running.Owner.super.lost();
  }

  /** One that its policy starts again has a next end, which is not waited for. */
  @Override
  public Exit ended(ExitStatus status) throws IOException {
    Exit exit = new Exit(status.code(), status.signal(), false);
    Optional<ContainerRecord> record = container.home().store().find(container.id());
    boolean restarts = record.isPresent() && record.get().settings().restart().startsAgain();
    return restarts ? exit : wait.end(false).orElse(exit);
  }

  @Override
  public void release() {}

  @Override
  public void does(String action, Map<String, String> attributes) {
    container.tell(action, attributes);
  }
}
