package dev.mydocker.cli;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A file that a flag names. */
final class FlagFile {
  private static final int MEGABYTE = 1 << 20;

  private FlagFile() {}

  /**
   * Its content; through descriptors, as java.nio.file cannot name every file in every locale.
   *
   * @param megabytes what it may have at most, in MiB
   * @throws UsageException when it is larger, or cannot be opened
   */
  static byte[] read(String flag, String path, int megabytes) throws UsageException, IOException {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    int limit = megabytes * MEGABYTE;
    try (Fd fd =
        Fd.of(Linux.openat2(Linux.AT_FDCWD, name, Linux.O_RDONLY, 0, 0), "openat2", path)) {
      byte[] content = fd.input().readNBytes(limit + 1);
      if (content.length > limit) {
        throw new UsageException(
            flag + ": " + Text.quote(path) + " is larger than " + megabytes + " MiB");
      }
      return content;
    } catch (KernelException e) {
      throw new UsageException(flag + ": " + e.getMessage(), e);
    }
  }
}
