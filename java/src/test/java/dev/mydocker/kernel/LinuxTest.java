package dev.mydocker.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinuxTest {
  @TempDir Path directory;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void aFailedCallIsNegativeErrno() {
    assertThat(Linux.openat2(Linux.AT_FDCWD, bytes("/nowhere/at/all"), Linux.O_RDONLY, 0, 0))
        .isEqualTo(-Errno.ENOENT.number());
    assertThat(Linux.close(-1)).isEqualTo(-Errno.EBADF.number());
  }

  @Test
  void aPathWithNulOrWithoutEndIsRefused() {
    assertThat(Linux.mkdirat(Linux.AT_FDCWD, bytes("/tmp\0/x"), 0755))
        .isEqualTo(-Errno.EINVAL.number());
    assertThat(Linux.mkdirat(Linux.AT_FDCWD, new byte[4096], 0755))
        .isEqualTo(-Errno.ENAMETOOLONG.number());
  }

  @Test
  void theExceptionNamesCallObjectAndErrno() {
    assertThatThrownBy(
            () ->
                Fd.of(
                    Linux.openat2(Linux.AT_FDCWD, bytes("/nowhere"), 0, 0, 0),
                    "openat2",
                    "/nowhere"))
        .isInstanceOfSatisfying(
            KernelException.class,
            e -> {
              assertThat(e.call()).isEqualTo("openat2");
              assertThat(e.object()).isEqualTo("/nowhere");
              assertThat(e.errno()).isEqualTo(Errno.ENOENT);
              assertThat(e).hasMessage("openat2 /nowhere: ENOENT (no such file or directory)");
            });
  }

  @Test
  void everyDescriptorIsCloseOnExec() throws Exception {
    Path file = Files.createFile(directory.resolve("f"));
    int[] pipe = new int[2];
    int[] pair = new int[2];
    assertThat(Linux.pipe2(pipe)).isZero();
    assertThat(Linux.socketpair(pair, true)).isZero();
    int opened = Linux.openat2(Linux.AT_FDCWD, bytes(file.toString()), Linux.O_RDONLY, 0, 0);
    int memfd = Linux.memfdCreate(bytes("test"));
    for (int fd : new int[] {pipe[0], pipe[1], pair[0], pair[1], opened, memfd}) {
      String flags = Files.readString(Path.of("/proc/self/fdinfo/" + fd));
      assertThat(flags).containsPattern("flags:\\s+0[0-7]*2[0-7]{6}\\b");
      assertThat(Linux.close(fd)).isZero();
    }
  }

  @Test
  void resolveBeneathRefusesToLeave() throws Exception {
    Files.createSymbolicLink(directory.resolve("out"), Path.of("/etc/passwd"));
    try (Fd root =
        Fd.of(
            Linux.openat2(
                Linux.AT_FDCWD,
                bytes(directory.toString()),
                Linux.O_PATH | Linux.O_DIRECTORY,
                0,
                0),
            "openat2",
            directory.toString())) {
      assertThat(
              Linux.openat2(root.number(), bytes("out"), Linux.O_RDONLY, 0, Linux.RESOLVE_BENEATH))
          .isEqualTo(-Errno.EXDEV.number());
      assertThat(
              Linux.openat2(root.number(), bytes("out"), Linux.O_RDONLY, 0, Linux.RESOLVE_IN_ROOT))
          .isEqualTo(-Errno.ENOENT.number());
    }
  }

  @Test
  void writesReadsAndStatsAFile() throws Exception {
    byte[] name = bytes(directory.resolve("data").toString());
    byte[] content = new byte[200_000];
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) (i * 31);
    }
    int flags = Linux.O_RDWR | Linux.O_CREAT | Linux.O_EXCL;
    try (Fd fd = Fd.of(Linux.openat2(Linux.AT_FDCWD, name, flags, 0640, 0), "openat2", "data")) {
      fd.output().write(content);
      assertThat(Linux.lseek(fd.number(), 0, 0)).isZero();
      assertThat(fd.input().readAllBytes()).isEqualTo(content);
      Stat stat = Stat.of(fd);
      assertThat(stat.size()).isEqualTo(content.length);
      assertThat(stat.isRegular()).isTrue();
      assertThat(stat.mode() & 07777).isEqualTo(0640);
    }
  }

  @Test
  void aStrangeNameIsPrintable() {
    assertThat(KernelException.printable(new byte[] {'a', (byte) 0xff, '\n'}))
        .isEqualTo("a\\xff\\x0a");
    assertThat(KernelException.printable(bytes("café"))).isEqualTo("café");
  }
}
