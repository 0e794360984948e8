package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
  /** More than fit into one value, and as many as always do. */
  private static final int MANY = 40;

  private static final int FEW = 15;

  @TempDir Path directory;
  private ContainerLayer layer;

  @BeforeEach
  void make() throws IOException {
    List<Path> lower = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      lower.add(Files.createDirectory(directory.resolve("a:strange,\\name" + i)));
      Files.writeString(lower.get(i).resolve("file" + i), "layer " + i);
    }
    layer = new ContainerLayer(lower, directory.resolve("upper"), directory.resolve("work"));
    layer.prepare();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private ContainerLayer of(int layers) {
    return new ContainerLayer(layer.lower().subList(0, layers), layer.upper(), layer.work());
  }

  /** How many the kernel takes here: each by itself from Linux 6.8 on. */
  private static int most() {
    String[] version = System.getProperty("os.version").split("[.-]");
    int number = Integer.parseInt(version[0]) * 1000 + Integer.parseInt(version[1]);
    return number < 6008 ? FEW : MANY;
  }

  @Test
  void theMountIsSeenByItsDescriptorOnly() throws Exception {
    int layers = most();
    String last = "file" + (layers - 1);
    try (Directory root = of(layers).mount(false)) {
      assertThat(root.list()).hasSize(layers);
      assertThat(root.read(bytes(last), Directory.Resolve.IN_ROOT, 100))
          .isEqualTo(bytes("layer " + (layers - 1)));
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
    try (Directory root = of(FEW).mount(true)) {
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
    try (Directory root = of(FEW).mount(false, ContainerLayer::setLowerAtOnce)) {
      assertThat(root.list()).hasSize(FEW);
    }
  }

  /** Of {@link NothingLeft}: whoever looks at a long test leaves this JVM with a socket more. */
  @Test
  void aLookAtThisJvmIsNothingLeft() throws Exception {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin/jcmd");
    // The emulated machine of java/src/test/vm has no JDK, but the modules that are needed there.
    assumeTrue(Files.isExecutable(jcmd), "a JDK");
    String pid = Long.toString(ProcessHandle.current().pid());
    Process look = new ProcessBuilder(jcmd.toString(), pid, "VM.version").start();
    assertThat(new String(look.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .contains("JDK");
    assertThat(look.waitFor()).isZero();
  }

  @Test
  void anUnknownFileSystemIsErrno() {
    assertThat(Linux.fsopen(bytes("no-such-file-system"))).isEqualTo(-Errno.ENODEV.number());
    assertThat(Linux.fsmount(-1, 0)).isEqualTo(-Errno.EBADF.number());
  }
}
