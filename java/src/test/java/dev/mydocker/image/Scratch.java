package dev.mydocker.image;

import dev.mydocker.kernel.Directory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A directory for one test, removed with whatever names and nodes it has in it. */
final class Scratch implements AutoCloseable {
  private final Path path;

  Scratch() throws IOException {
    path = Files.createTempDirectory("mydocker-test");
  }

  Path path() {
    return path;
  }

  Path make(String name) throws IOException {
    return Files.createDirectory(path.resolve(name));
  }

  @Override
  public void close() throws IOException {
    try (Directory parent = Directory.open(path.getParent())) {
      parent.removeTree(Overlay.bytes(path.getFileName().toString()));
    }
  }
}
