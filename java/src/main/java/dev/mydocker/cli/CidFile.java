package dev.mydocker.cli;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * The file of {@code --cidfile}: it must not exist, and appears when the container does.
 *
 * <p>Its directory is held open from the start, so that a mistake in it is told before an image is
 * fetched.
 */
final class CidFile implements AutoCloseable {
  private static final int MODE = 0644;

  private final String path;
  private final byte[] name;
  private final Fd directory;

  /**
   * @throws UsageException when the file exists, or its directory does not
   */
  CidFile(String path) throws UsageException {
    this.path = path;
    int slash = path.lastIndexOf('/');
    this.name = path.substring(slash + 1).getBytes(StandardCharsets.UTF_8);
    String parent = slash < 0 ? "." : path.substring(0, slash + 1);
    try {
      directory =
          Fd.of(
              Linux.openat2(
                  Linux.AT_FDCWD,
                  parent.getBytes(StandardCharsets.UTF_8),
                  Linux.O_PATH | Linux.O_DIRECTORY,
                  0,
                  0),
              "openat2",
              parent);
    } catch (KernelException e) {
      throw new UsageException("--cidfile: " + e.getMessage(), e);
    }
    int found = Linux.openat2(directory.number(), name, Linux.O_PATH | Linux.O_NOFOLLOW, 0, 0);
    if (found >= 0) {
      Linux.close(found);
    }
    if (found != -Errno.ENOENT.number()) {
      directory.close();
      throw new UsageException(
          found >= 0
              ? exists()
              : "--cidfile: " + new KernelException("openat2", path, -found).getMessage());
    }
  }

  /**
   * Makes the file, with the id and no line feed, as Docker writes it.
   *
   * @throws UsageException when somebody else made it meanwhile
   * @throws IOException when it cannot be written; it does not stay then
   */
  void write(String id) throws UsageException, IOException {
    int flags = Linux.O_WRONLY | Linux.O_CREAT | Linux.O_EXCL;
    int made = Linux.openat2(directory.number(), name, flags, MODE, 0);
    if (made == -Errno.EEXIST.number()) {
      throw new UsageException(exists());
    }
    try (Fd file = Fd.of(made, "openat2", path)) {
      file.output().write(id.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      if (made >= 0) {
        Linux.unlinkat(directory.number(), name, 0);
      }
      throw e;
    }
  }

  private String exists() {
    return "--cidfile: "
        + Text.printable(path)
        + " exists: make sure that no container uses it, then remove it";
  }

  @Override
  public void close() {
    directory.close();
  }
}
