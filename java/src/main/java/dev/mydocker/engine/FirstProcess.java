package dev.mydocker.engine;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The first process of a running container, held by a pidfd: never a stranger that has got its
 * number. The number was written by the monitor, which does not reap before it has written the end;
 * so with the monitor's lock held and no end there, after the pidfd was opened, it is that process.
 * As somebody who cleans up after a killed monitor holds that lock too, its parent is looked at.
 */
final class FirstProcess implements AutoCloseable {
  private static final short POLLIN = 1;

  private final String id;
  private final RunFiles.Pid file;
  private final Fd pidfd;

  private FirstProcess(String id, RunFiles.Pid file, Fd pidfd) {
    this.id = id;
    this.file = file;
    this.pidfd = pidfd;
  }

  /** Empty when the container does not run. */
  static Optional<FirstProcess> find(Home home, String id) throws IOException {
    Path run = home.roots().running().resolve(id);
    Optional<RunFiles.Pid> file = RunFiles.pid(run);
    if (file.isEmpty()) {
      return Optional.empty();
    }
    int n = Linux.pidfdOpen(file.get().pid());
    if (n == -Errno.ESRCH.number()) {
      return Optional.empty();
    }
    Fd pidfd = Fd.of(n, "pidfd_open", "first process of " + id);
    if (RunDirectory.isHeld(home.roots(), id)
        && RunFiles.end(run).isEmpty()
        && parent(file.get().pid()) == file.get().monitor()) {
      return Optional.of(new FirstProcess(id, file.get(), pidfd));
    }
    pidfd.close();
    return Optional.empty();
  }

  /** A process's parent, 0 when it is gone; see proc_pid_stat(5). */
  private static int parent(int pid) {
    try {
      byte[] stat = Files.readAllBytes(Path.of("/proc", Integer.toString(pid), "stat"));
      String text = new String(stat, StandardCharsets.ISO_8859_1);
      // After the name, which may have parentheses and spaces: ") S 123 ".
      int from = text.lastIndexOf(')') + 4;
      return Integer.parseInt(text.substring(from, text.indexOf(' ', from)));
    } catch (IOException gone) {
      // ENOENT, or ESRCH when it goes between open and read.
      return 0;
    }
  }

  /** Whether the container runs. */
  static boolean isThere(Home home, String id) throws IOException {
    Optional<FirstProcess> process = find(home, id);
    process.ifPresent(FirstProcess::close);
    return process.isPresent();
  }

  /**
   * The first process.
   *
   * @throws ContainerException when the container does not run
   */
  static FirstProcess require(Home home, String id) throws IOException {
    return find(home, id).orElseThrow(() -> notRunning(id));
  }

  static ContainerException notRunning(String id) {
    return new ContainerException(
        ContainerException.Kind.STATE, "container " + ContainerId.shown(id) + " is not running");
  }

  /** Its number on this host. */
  int pid() {
    return file.pid();
  }

  /** When it was started, milliseconds since the epoch. */
  long started() {
    return file.started();
  }

  /** Sends a signal; one that has ended meanwhile is success. */
  void signal(int number) throws KernelException {
    int n = Linux.pidfdSendSignal(pidfd.number(), number);
    if (n != -Errno.ESRCH.number()) {
      KernelException.check(n, "pidfd_send_signal", pidfd.name());
    }
  }

  /**
   * Waits for its end.
   *
   * @param milliseconds how long at most; below 0 for ever
   * @return whether it has ended
   */
  boolean awaitEnd(long milliseconds) throws KernelException {
    long until = System.nanoTime() + milliseconds * 1_000_000L;
    short[] events = new short[1];
    for (; ; ) {
      long left = milliseconds < 0 ? -1 : Math.max(0, (until - System.nanoTime()) / 1_000_000);
      int wait = (int) Math.min(left, Integer.MAX_VALUE);
      int n = Linux.poll(new int[] {pidfd.number()}, new short[] {POLLIN}, events, wait);
      if (n > 0) {
        return true;
      }
      if (n != -Errno.EINTR.number()) {
        KernelException.check(n, "poll", pidfd.name());
      }
      if (left == 0) {
        return false;
      }
    }
  }

  /**
   * Its root directory, with what is mounted there.
   *
   * @throws ContainerException when it has ended
   */
  Directory root() throws IOException {
    Path path = Path.of("/proc/" + pid() + "/root");
    try (Fd root = StateFile.open(path, Linux.O_PATH | Linux.O_DIRECTORY, 0)) {
      // Opened by number: while the process lives, the number was its own.
      if (!awaitEnd(0)) {
        return Directory.of(Fd.of(root.release(), "openat2", root.name()));
      }
    } catch (KernelException e) {
      if (!awaitEnd(0)) {
        throw e;
      }
    }
    throw notRunning(id);
  }

  /** Its network namespace, by its number: of nobody else while it lives. */
  Path network() {
    return Path.of("/proc/" + pid() + "/ns/net");
  }

  /** A pidfd of it, which stays this object's. */
  Fd pidfd() {
    return pidfd;
  }

  /** The same process, held once more: to be closed as well. */
  FirstProcess another() throws KernelException {
    int n = Linux.dupfd(pidfd.number(), 3);
    return new FirstProcess(id, file, Fd.of(n, "fcntl F_DUPFD_CLOEXEC", pidfd.name()));
  }

  @Override
  public void close() {
    pidfd.close();
  }
}
