package dev.mydocker.engine;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.ExitStatus;
import dev.mydocker.launch.Launcher;
import dev.mydocker.launch.MonitorClient;
import dev.mydocker.launch.Output;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A command that runs in a container, as this process is attached to it: the container's own, or
 * one that has joined it. Safe for several threads.
 */
public final class Running implements AutoCloseable {
  private static final int SIGKILL = 9;

  /** What is to be done when the command has ended. */
  interface Owner {
    /** At once; its last output is still to come. */
    void exited() throws IOException;

    /**
     * The monitor went away without a word: killed, and it took the first process with it
     * (PR_SET_PDEATHSIG).
     */
    default ExitStatus lost() throws IOException {
      return new ExitStatus(128 + SIGKILL, SIGKILL);
    }

    /** When all output has come and the monitor is gone. */
    Exit ended(ExitStatus status) throws IOException;

    /** When this process lets go of it, ended or not. */
    void release();

    /** This process does something to it, which is an event. */
    void does(String action, Map<String, String> attributes);
  }

  private final Owner owner;
  private final MonitorClient client;
  private final Optional<Fd> monitor;
  private final int initPid;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean detached;

  Running(Owner owner, Launcher.Launched launched) {
    this(owner, launched.client(), Optional.of(launched.monitor()), launched.initPid());
  }

  /**
   * What runs.
   *
   * @param monitor its monitor, when that is a child of this process
   */
  Running(Owner owner, MonitorClient client, Optional<Fd> monitor, int initPid) {
    this.owner = owner;
    this.client = client;
    this.monitor = monitor;
    this.initPid = initPid;
  }

  /** The command's process, as this process sees it. */
  public int pid() {
    return initPid;
  }

  /** Sends input; waits while the container takes none. Does nothing once it has ended. */
  public void stdin(byte[] buffer, int offset, int length) throws IOException {
    client.stdin(buffer, offset, length);
  }

  /** Ends the container's input. */
  public void closeStdin() throws IOException {
    client.closeStdin();
  }

  /** Gives its terminal another size. */
  public void resize(int rows, int columns) throws IOException {
    String height = Integer.toString(rows);
    owner.does("resize", Map.of("height", height, "width", Integer.toString(columns)));
    client.resize(rows, columns);
  }

  /** Sends a signal to the command's process. */
  public void signal(int number) throws IOException {
    owner.does("kill", Map.of("signal", Integer.toString(number)));
    client.signal(number);
  }

  /**
   * Passes its output on until it has ended, all of the output has come, and what it had of the
   * host (of a container: cgroup, run directory, with --rm all of it) is removed.
   *
   * @throws IOException when {@code output} fails; the container runs on then, and its monitor with
   *     it
   * @throws DetachedException after {@link #detach}
   */
  public Exit relay(Output output) throws IOException {
    Optional<ExitStatus> status = client.relay(output, how -> owner.exited());
    if (status.isEmpty() && detached) {
      throw new DetachedException();
    }
    if (monitor.isPresent()) {
      Fd child = monitor.get();
      KernelException.check(
          Linux.waitPidfd(child.number(), true, new int[2]), "waitid", child.name());
    }
    return owner.ended(status.isPresent() ? status.get() : owner.lost());
  }

  /** Sends a signal to the command's process and its process group. */
  void signalGroup(int number) throws IOException {
    client.signal(-number);
  }

  /** Makes a {@link #relay} that waits come back; the command goes on. */
  public void detach() {
    detached = true;
    owner.does("detach", Map.of());
    client.detach();
  }

  /** Lets go of it; one that still runs goes on. */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    client.close();
    monitor.ifPresent(LeftMonitors::add);
    owner.release();
  }
}
