package dev.mydocker.launch;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.spec.Spec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Writes the id maps of a process's user namespace, user_namespaces(7). */
public final class IdMaps {
  private IdMaps() {}

  /**
   * Writes {@code uid_map} and {@code gid_map} of I; does nothing when the configuration has none.
   *
   * @param pid I, as this process sees it
   * @throws KernelException EPERM when a range is not this process's to give, EINVAL when ranges
   *     overlap
   */
  public static void write(int pid, Spec.Linux linux, Recorder recorder) throws IOException {
    write(pid, "uid_map", linux.uidMappings(), recorder);
    write(pid, "gid_map", linux.gidMappings(), recorder);
  }

  private static void write(int pid, String name, List<Spec.IdMapping> mappings, Recorder recorder)
      throws IOException {
    if (mappings.isEmpty()) {
      return;
    }
    StringBuilder text = new StringBuilder();
    for (Spec.IdMapping m : mappings) {
      text.append(m.containerId()).append(' ').append(m.hostId()).append(' ');
      text.append(m.size()).append('\n');
    }
    String file = "/proc/" + pid + "/" + name;
    recorder.record(
        "write",
        "write(\"" + file + "\", \"" + text.toString().strip().replace("\n", "\\n") + "\")",
        "which ids of the host the container's are",
        () -> write(file, text.toString()));
  }

  /** In one write(2), as the kernel demands. */
  private static void write(String file, String text) throws KernelException {
    byte[] path = file.getBytes(StandardCharsets.UTF_8);
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    try (Fd fd =
        Fd.of(Linux.openat2(Linux.AT_FDCWD, path, Linux.O_WRONLY, 0, 0), "openat2", file)) {
      KernelException.check(Linux.write(fd.number(), bytes, 0, bytes.length), "write", file);
    }
  }
}
