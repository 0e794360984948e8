package dev.mydocker.image;

import dev.mydocker.image.ImageException.Kind;
import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Stat;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/** The files below a directory; no link below it is followed. */
final class DirectoryMembers implements Members {
  private final Directory directory;
  private final Path path;

  private DirectoryMembers(Directory directory, Path path) {
    this.directory = directory;
    this.path = path;
  }

  static DirectoryMembers open(Path path) throws IOException {
    try {
      return new DirectoryMembers(Directory.open(path), path);
    } catch (KernelException e) {
      throw new ImageException(
          Kind.NOT_FOUND, "cannot open the image layout " + path + ": " + reason(e), e);
    }
  }

  private static String reason(KernelException e) {
    return KernelException.describe(e.errno().number());
  }

  @Override
  public boolean has(String member) throws IOException {
    try (InputStream in = open(member)) {
      return true;
    } catch (ImageException e) {
      return false;
    }
  }

  @Override
  public long size(String member) throws IOException {
    try (Fd file = file(member)) {
      return Stat.of(file).size();
    }
  }

  @Override
  public InputStream open(String member) throws IOException {
    Fd file = file(member);
    return new FilterInputStream(file.input()) {
      @Override
      public void close() {
        file.close();
      }
    };
  }

  private Fd file(String member) throws IOException {
    try {
      return directory.openRegular(Overlay.bytes(member), Directory.Resolve.BENEATH);
    } catch (KernelException e) {
      Kind kind = e.errno() == Errno.ENOENT ? Kind.NOT_FOUND : Kind.NOT_AN_IMAGE;
      throw new ImageException(
          kind,
          "cannot open " + ImageException.quote(member) + " in " + path + ": " + reason(e),
          e);
    }
  }

  @Override
  public void close() {
    directory.close();
  }
}
