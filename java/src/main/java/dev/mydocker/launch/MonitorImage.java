package dev.mydocker.launch;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.kernel.NativeLibrary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * The static monitor as a sealed memfd (memfd_create(2), F_SEAL_*): executable, and no file of the
 * host behind it that a container could ever reach or change. One per JVM.
 */
public final class MonitorImage {
  private static final int ALL_SEALS = 0xf;
  private static MonitorImage loaded;

  private final Fd memfd;

  private MonitorImage(Fd memfd) {
    this.memfd = memfd;
  }

  /** The image, made at first use. It stays open for the life of the JVM. */
  public static synchronized MonitorImage get() throws IOException {
    if (loaded == null) {
      Op.requireSameTable();
      loaded = create(NativeLibrary.resource("mydocker-monitor"));
    }
    return loaded;
  }

  private static MonitorImage create(byte[] program) throws IOException {
    Fd memfd = sealed("mydocker-monitor", program);
    return new MonitorImage(memfd);
  }

  /** A memfd of that content, sealed against every change. */
  static Fd sealed(String name, byte[] content) throws IOException {
    Fd memfd =
        Fd.of(Linux.memfdCreate(name.getBytes(StandardCharsets.US_ASCII)), "memfd_create", name);
    try {
      memfd.output().write(content);
      KernelException.check(Linux.addSeals(memfd.number(), ALL_SEALS), "fcntl F_ADD_SEALS", name);
      return memfd;
    } catch (IOException e) {
      memfd.close();
      throw e;
    }
  }

  /** A path of it, by which this process's children execute it. */
  public String path() {
    return "/proc/" + Linux.getpid() + "/fd/" + memfd.number();
  }

  Fd memfd() {
    return memfd;
  }
}
