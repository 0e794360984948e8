package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.kernel.Directory;
import dev.mydocker.kernel.Errno;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.testing.NothingLeft;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Layers mounted for this process alone. */
@ExtendWith(NothingLeft.class)
class ContainerLayerIT {
  @TempDir Path directory;
  private ContainerLayer layer;

  @BeforeEach
  void make() throws IOException {
    List<Path> lower = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      lower.add(Files.createDirectory(directory.resolve("a:strange,\\name" + i)));
      Files.writeString(lower.get(i).resolve("file" + i), "layer " + i);
    }
    layer = new ContainerLayer(lower, directory.resolve("upper"), directory.resolve("work"));
    layer.prepare();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void theMountIsSeenByItsDescriptorOnly() throws Exception {
    try (Directory root = layer.mount(false)) {
      assertThat(root.list()).hasSize(40);
      assertThat(root.read(bytes("file39"), Directory.Resolve.IN_ROOT, 100))
          .isEqualTo(bytes("layer 39"));
      try (Fd made = root.create(bytes("new"))) {
        made.output().write(bytes("written"));
      }
      root.unlink(bytes("file0"));
      assertThat(Files.readString(Path.of("/proc/self/mountinfo")))
          .doesNotContain(directory.getFileName().toString());
    }
    assertThat(directory.resolve("upper/new")).hasContent("written");
    assertThat(directory.resolve("a:strange,\\name0/file0")).exists();
  }

  @Test
  void aReadOnlyOneRefusesWrites() throws Exception {
    try (Directory root = layer.mount(true)) {
      assertThatThrownBy(() -> root.create(bytes("new")))
          .isInstanceOfSatisfying(
              KernelException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EROFS));
    }
  }

  /** As it is done before Linux 6.8. */
  @Test
  void fewLayersFitIntoOneValueAndManyAreRefusedWithTheReason() throws Exception {
    assertThatThrownBy(() -> layer.mount(true, ContainerLayer::setLowerAtOnce))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("40 layers");
    ContainerLayer few =
        new ContainerLayer(layer.lower().subList(0, 15), layer.upper(), layer.work());
    try (Directory root = few.mount(false, ContainerLayer::setLowerAtOnce)) {
      assertThat(root.list()).hasSize(15);
    }
  }

  @Test
  void anUnknownFileSystemIsErrno() {
    assertThat(Linux.fsopen(bytes("no-such-file-system"))).isEqualTo(-Errno.ENODEV.number());
    assertThat(Linux.fsmount(-1, 0)).isEqualTo(-Errno.EBADF.number());
  }
}
