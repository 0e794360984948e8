package dev.mydocker.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirectOutputTest {
  private static final int BUFFER = 128 * 1024;

  @TempDir static Path disk;

  @ParameterizedTest
  @ValueSource(
      ints = {0, 1, 4095, 4096, 4097, BUFFER - 1, BUFFER, BUFFER + 1, 3 * BUFFER + 4096 + 5})
  void theFileHasEveryByteAndIsAnOrdinaryOneAfterwards(int size) throws Exception {
    byte[] content = new byte[size];
    new Random(size).nextBytes(content);
    // A tmpfs took no O_DIRECT before Linux 6.6.
    for (Path directory : new Path[] {disk, Files.createTempDirectory(Path.of("/dev/shm"), "t")}) {
      Path path = directory.resolve("file-" + size);
      try (Fd file = create(path)) {
        DirectOutput out = new DirectOutput(file);
        for (int at = 0; at < size; at += 100_000) {
          out.write(content, at, Math.min(100_000, size - at));
        }
        out.flush();
        assertThat(Linux.getFlags(file.number()) & Linux.O_DIRECT).isZero();
        assertThat(Files.readAllBytes(path)).isEqualTo(content);
      } finally {
        Files.deleteIfExists(path);
        if (directory != disk) {
          Files.delete(directory);
        }
      }
    }
  }

  private static Fd create(Path path) throws KernelException {
    byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
    int flags = Linux.O_WRONLY | Linux.O_CREAT | Linux.O_EXCL;
    return Fd.of(Linux.openat2(Linux.AT_FDCWD, name, flags, 0600, 0), "openat2", path.toString());
  }
}
