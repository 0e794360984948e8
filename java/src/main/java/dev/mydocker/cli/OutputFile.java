package dev.mydocker.cli;

import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.RandomName;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** A file that is there when it is whole, and as it was before until then. */
final class OutputFile {

  /** Something that writes the file's content. */
  interface Writer {
    void write(OutputStream out) throws IOException;
  }

  private OutputFile() {}

  /**
   * Writes a file, which only its owner may read. A device or fifo is written as it is.
   *
   * @throws IOException one sentence that names the file
   */
  static void write(Path file, Writer writer) throws IOException {
    Path target = file.toAbsolutePath().normalize();
    if (Files.exists(target) && !Files.isRegularFile(target)) {
      if (Files.isDirectory(target)) {
        throw new IOException("cannot write " + file + ": it is a directory");
      }
      try (OutputStream out = Files.newOutputStream(target, StandardOpenOption.WRITE)) {
        writer.write(new Named(out, file));
      }
      return;
    }
    Path making = target.resolveSibling("." + target.getFileName() + "." + RandomName.hex(32));
    try (FileChannel channel = create(making)) {
      // Whatever ends this process in an orderly way ends the unfinished file too.
      making.toFile().deleteOnExit();
      writer.write(new Named(Channels.newOutputStream(channel), file));
      channel.force(true);
      Files.move(making, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      throw new IOException("cannot write " + file + ": " + reason(e), e);
    } finally {
      Files.deleteIfExists(making);
    }
  }

  private static FileChannel create(Path path) throws IOException {
    return FileChannel.open(
        path,
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  private static String reason(FileSystemException e) {
    if (e instanceof NoSuchFileException) {
      return "its directory is not there";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    return Errno.describe(e);
  }

  /** Names the file in what goes wrong with it: the content's own failures are others. */
  private static final class Named extends FilterOutputStream {
    private final Path file;

    private Named(OutputStream out, Path file) {
      super(out);
      this.file = file;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        out.write(bytes, offset, length);
      } catch (IOException e) {
        throw new IOException("cannot write " + file + ": " + Errno.describe(e), e);
      }
    }
  }
}
