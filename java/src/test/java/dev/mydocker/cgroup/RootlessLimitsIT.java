package dev.mydocker.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * An ordinary user to whom a cgroup was delegated, where version 2 stands alone: as a system
 * manager does it, with a cgroup of the user's and the user's processes in one below. The user has
 * neither a name nor subordinate ids.
 */
class RootlessLimitsIT {
  private static final int UID = 43_210;
  private static final Path MOUNT = Path.of("/sys/fs/cgroup");
  private static final Path OWN = MOUNT.resolve("mydocker-test-user");
  private static final Path SETPRIV = Path.of("/usr/bin/setpriv");

  private Path home;

  private record Result(int code, String out) {}

  @BeforeEach
  void delegate() throws IOException {
    assumeTrue(Files.exists(MOUNT.resolve("cgroup.controllers")), "cgroup v2 alone");
    assumeTrue(Files.isExecutable(SETPRIV), "setpriv of util-linux");
    home = Files.createDirectory(Path.of("/tmp/rootless-limits"));
    Files.createDirectory(home.resolve("run"));
    Files.writeString(MOUNT.resolve("cgroup.subtree_control"), "+memory +pids +cpu");
    Files.createDirectories(OWN.resolve("shell"));
    give(home, home.resolve("run"), OWN, OWN.resolve("shell"));
    for (Path cgroup : List.of(OWN, OWN.resolve("shell"))) {
      give(
          cgroup.resolve("cgroup.procs"),
          cgroup.resolve("cgroup.threads"),
          cgroup.resolve("cgroup.subtree_control"));
    }
  }

  private static void give(Path... files) throws IOException {
    for (Path file : files) {
      Files.setAttribute(file, "unix:uid", UID);
      Files.setAttribute(file, "unix:gid", UID);
    }
  }

  @AfterEach
  void takeBack() throws Exception {
    if (home == null) {
      return;
    }
    if (Files.exists(OWN.resolve("mydocker"))) {
      mydocker(OWN.resolve("shell"), "rm", "-f", "limited");
    }
    Path note = home.resolve("run/mydocker/user-namespace");
    if (Files.exists(note)) {
      long holder = Long.parseLong(Files.readString(note).split(" ")[0]);
      ProcessHandle.of(holder).ifPresent(ProcessHandle::destroyForcibly);
    }
    run("rm", "-rf", home.toString());
    Thread.sleep(200);
    for (String below : List.of("mydocker", "shell", "")) {
      Files.deleteIfExists(OWN.resolve(below));
    }
  }

  private Result mydocker(Path cgroup, String... arguments) throws Exception {
    List<String> words = new ArrayList<>();
    words.addAll(List.of("sh", "-c", "echo $$ >" + cgroup + "/cgroup.procs; exec \"$@\"", "sh"));
    words.addAll(
        List.of(
            SETPRIV.toString(), "--reuid=" + UID, "--regid=" + UID, "--clear-groups", "env", "-i"));
    words.addAll(List.of("HOME=" + home, "XDG_RUNTIME_DIR=" + home.resolve("run"), "PATH=/bin"));
    words.add(System.getProperty("java.home") + "/bin/java");
    words.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar"));
    words.add(Path.of("mydocker.jar").toAbsolutePath().toString());
    words.addAll(List.of(arguments));
    return run(words.toArray(String[]::new));
  }

  private static Result run(String... words) throws Exception {
    Process process =
        new ProcessBuilder(words)
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), out);
  }

  private String good(String... arguments) throws Exception {
    Result result = mydocker(OWN.resolve("shell"), arguments);
    assertThat(result.code()).as("%s: %s", List.of(arguments), result).isZero();
    return result.out().strip();
  }

  private static String box() {
    return "oci-archive:" + Path.of("images/out/busybox.oci.tar").toAbsolutePath();
  }

  /** One command of the user's, as each takes long where the machine is emulated. */
  @Test
  void limitsOfOneRunHoldAndAreSeen() throws Exception {
    String script =
        "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max; head -1 /proc/meminfo;"
            + " free -m | grep Mem";
    assertThat(
            good(
                "run",
                "--rm",
                "--network",
                "none",
                "-m",
                "64m",
                "--pids-limit",
                "20",
                box(),
                "sh",
                "-c",
                script))
        .containsPattern("67108864\\n20\\nMemTotal: +65536 kB\\nMem: +64 ");
  }

  @Test
  void limitsHoldInADelegatedCgroup() throws Exception {
    good("load", "-i", box().substring("oci-archive:".length()));
    good("tag", good("images", "-q"), "box");
    good(
        "run",
        "-d",
        "--name",
        "limited",
        "--network",
        "none",
        "-m",
        "64m",
        "--pids-limit",
        "20",
        "--cpus",
        "0.5",
        "box",
        "sleep",
        "10000");

    assertThat(
            good(
                "exec",
                "limited",
                "cat",
                "/sys/fs/cgroup/memory.max",
                "/sys/fs/cgroup/pids.max",
                "/sys/fs/cgroup/cpu.max"))
        .isEqualTo((64 << 20) + "\n20\n50000 100000");
    // A view of its own: /dev/fuse is opened in the user's namespace, where it is mounted as well.
    assertThat(good("exec", "limited", "sh", "-c", "head -1 /proc/meminfo; free -m | grep Mem"))
        .matches("MemTotal: +65536 kB\nMem: +64 (?s:.*)");
    Result bomb =
        mydocker(
            OWN.resolve("shell"),
            "exec",
            "limited",
            "sh",
            "-c",
            "for i in $(seq 30); do sleep 9 & done");
    assertThat(bomb.out()).contains("can't fork: Resource temporarily unavailable");
    good("pause", "limited");
    assertThat(good("ps", "--format", "{{.Status}}")).contains("Paused");
    good("unpause", "limited");
    assertThat(good("top", "limited")).contains("sleep 10000");
    good("update", "-m", "48m", "--memory-swap", "48m", "limited");
    assertThat(good("exec", "limited", "cat", "/sys/fs/cgroup/memory.max"))
        .isEqualTo(Integer.toString(48 << 20));

    // From elsewhere it can be ended, and nothing can be put into it.
    Result elsewhere = mydocker(MOUNT, "exec", "limited", "true");
    assertThat(elsewhere.out()).contains("no process of this session can go");
    assertThat(
            mydocker(MOUNT, "run", "--rm", "--network", "none", "-m", "64m", "box", "true").out())
        .contains("needs a cgroup: none is delegated to this user");
    assertThat(mydocker(MOUNT, "rm", "-f", "limited").code()).isZero();
    assertThat(OWN.resolve("mydocker")).doesNotExist();
  }
}
