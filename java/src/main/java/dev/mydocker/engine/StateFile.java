package dev.mydocker.engine;

import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** The engine's own files and directories: private, and always whole. */
final class StateFile {
  private StateFile() {}

  /** Makes a directory and its missing parents, mode 0700. */
  static void makeDirectories(Path directory) throws IOException {
    while (!Files.isDirectory(directory)) {
      try {
        Files.createDirectories(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } catch (FileAlreadyExistsException e) {
        // Somebody else has made it, and may have removed it again.
        if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS) && !Files.isDirectory(directory)) {
          throw e;
        }
      }
    }
  }

  /** Writes a file that every user of a container may read: mode 0644, whatever the umask is. */
  static void writePublic(Path file, String content) throws IOException {
    int flags = Linux.O_WRONLY | Linux.O_CREAT | Linux.O_TRUNC | Linux.O_NOFOLLOW;
    try (Fd fd = open(file, flags, 0644)) {
      fd.output().write(content.getBytes(StandardCharsets.UTF_8));
      KernelException.check(Linux.fchmod(fd.number(), 0644), "fchmod", file.toString());
    }
  }

  /**
   * Replaces a file by content that is on disk before it has the name (write, fsync, rename).
   *
   * @param file its directory is there
   * @param sync false for what a power cut may take: it is empty then, or not there
   */
  static void write(Path file, String content, boolean sync) throws IOException {
    write(file, content.getBytes(StandardCharsets.UTF_8), sync);
  }

  /** The same with bytes. */
  static void write(Path file, byte[] content, boolean sync) throws IOException {
    Path temporary = file.resolveSibling("." + file.getFileName() + ".new");
    int flags = Linux.O_WRONLY | Linux.O_CREAT | Linux.O_TRUNC | Linux.O_NOFOLLOW;
    try (Fd fd = open(temporary, flags, 0600)) {
      fd.output().write(content);
      if (sync) {
        KernelException.check(Linux.fsync(fd.number()), "fsync", temporary.toString());
      }
    } catch (IOException e) {
      Files.deleteIfExists(temporary);
      throw e;
    }
    KernelException.check(
        Linux.renameat2(Linux.AT_FDCWD, bytes(temporary), Linux.AT_FDCWD, bytes(file), 0),
        "renameat2",
        file.toString());
  }

  /** openat2(2) of a path of the engine's own. */
  static Fd open(Path path, int flags, int mode) throws KernelException {
    return Fd.of(
        Linux.openat2(Linux.AT_FDCWD, bytes(path), flags, mode, 0), "openat2", path.toString());
  }

  static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }
}
