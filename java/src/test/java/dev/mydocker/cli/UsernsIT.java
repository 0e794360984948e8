package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mydocker.engine.Container;
import dev.mydocker.engine.Exec;
import dev.mydocker.engine.ProcessResult;
import dev.mydocker.engine.Running;
import dev.mydocker.image.PullListener;
import dev.mydocker.launch.Output;
import dev.mydocker.spec.ExecOptions;
import dev.mydocker.spec.UserSpec;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Containers with a user namespace of their own: {@code --userns}. */
class UsernsIT {
  private static final String AUTO = "--userns=auto";

  private static final String FOREVER = "while :; do sleep 1; done";

  @TempDir static Path directory;
  @TempDir Path host;

  private CommandLine mydocker;

  @BeforeEach
  void open() {
    mydocker = CommandLine.below(directory);
  }

  @AfterEach
  void removeAll() throws IOException {
    mydocker.clear();
  }

  /** Starts a shell that lives, in a container called box; its id. */
  private String start(String... flags) {
    List<String> line = new ArrayList<>(List.of("run", "-d", "--name", "box"));
    line.addAll(List.of(flags));
    line.addAll(List.of(CommandLine.BUSYBOX, "sh", "-c", FOREVER));
    return mydocker.good(line.toArray(String[]::new));
  }

  /** What a script says in the container. */
  private String say(String script) throws Exception {
    ProcessResult result =
        mydocker.engine().find("box").execute("sh", "-c", "{ " + script + "; } 2>&1");
    return result.out().strip();
  }

  /** What a script of its root says in the container. */
  private String asRoot(String script) throws Exception {
    ExecOptions root =
        new ExecOptions(
            List.of("sh", "-c", script),
            List.of(),
            Optional.empty(),
            Optional.of(UserSpec.parse("0")),
            false,
            false);
    try (Exec exec = mydocker.engine().find("box").exec(root)) {
      return exec.run().out().strip();
    }
  }

  /** What a container writes, from its start to its end. */
  private String ran(String... arguments) throws Exception {
    RunLine line = RunLine.parse(List.of(arguments));
    Container container = mydocker.engine().create(line.request(), PullListener.NONE);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (Running running = container.start(line.stdio())) {
      running.relay(
          new Output() {
            @Override
            public void stdout(byte[] buffer, int offset, int length) {
              out.write(buffer, offset, length);
            }

            @Override
            public void stderr(byte[] buffer, int offset, int length) {
              out.write(buffer, offset, length);
            }
          });
    }
    container.remove(false);
    return out.toString(StandardCharsets.UTF_8).strip();
  }

  private String[] first() throws IOException {
    String map = Files.readString(Path.of("/proc/" + mydocker.info("box").pid() + "/uid_map"));
    return map.strip().split(" +");
  }

  private static int uid(Path path) throws IOException {
    return (int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }

  /** The host's id of root in the box. */
  private int root() throws IOException {
    return (int) Long.parseLong(first()[1]);
  }

  private static String status(int pid, String key) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith(key + ":")) {
        return line.substring(key.length() + 1).strip();
      }
    }
    return "";
  }

  /** A program of the host's, and what it says. */
  private static String program(String... line) throws Exception {
    Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.getErrorStream().close();
    process.getInputStream().close();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return out.strip() + " " + process.exitValue();
  }

  @Tag("smoke")
  @Test
  void rootIsNobodyOutside() throws Exception {
    Files.setPosixFilePermissions(host, PosixFilePermissions.fromString("rwxrwxrwx"));
    start(AUTO, "-v", host + ":/host");
    assertThat(say("id -u; touch /host/made; chown 7:8 /host/made && echo owns"))
        .isEqualTo("0\nowns");
    assertThat(uid(host.resolve("made"))).isEqualTo(root() + 7);
    int pid = mydocker.info("box").pid();
    String mapped = Integer.toUnsignedString(root());
    assertThat(status(pid, "Uid").split("\t")).containsOnly(mapped);
    assertThat(Long.parseLong(mapped)).isGreaterThan(65_535);
    Path users = Path.of("/proc/" + pid + "/ns/user");
    assertThat(Files.readSymbolicLink(users))
        .isNotEqualTo(Files.readSymbolicLink(Path.of("/proc/self/ns/user")));
  }

  @Test
  void filesOfTheHostAreAnotherOnes() throws Exception {
    Files.writeString(host.resolve("secret"), "s");
    Files.setPosixFilePermissions(
        host.resolve("secret"), PosixFilePermissions.fromString("rw-------"));
    Files.setPosixFilePermissions(host, PosixFilePermissions.fromString("rwxr-xr-x"));
    start(AUTO, "-v", host + ":/host");
    assertThat(say("stat -c %u /host/secret; cat /host/secret; touch /host/x; chown 0 /host"))
        .isEqualTo(
            "65534\ncat: can't open '/host/secret': Permission denied\n"
                + "touch: /host/x: Permission denied\nchown: /host: Operation not permitted");
  }

  @Test
  void imageAndWrittenFilesHaveTheContainersIdsInsideAndOnTheDisk() throws Exception {
    String id = start(AUTO);
    assertThat(
            say(
                "stat -c %u:%g / /bin/busybox /etc/hosts /dev/null; touch /w; chown 12:34 /w;"
                    + " rm /usr/bin/env; echo x >>/etc/passwd; stat -c %u:%g /w /etc/passwd"))
        .isEqualTo("0:0\n0:0\n0:0\n0:0\n12:34\n0:0");
    Path upper = mydocker.home(id).resolve("upper");
    assertThat(uid(upper)).isZero();
    assertThat(uid(upper.resolve("w"))).isEqualTo(12);
    assertThat(uid(upper.resolve("etc/passwd"))).isZero();
    assertThat(mydocker.good("diff", "box").lines())
        .contains("A /w", "D /usr/bin/env", "C /etc/passwd");
  }

  @Test
  void rangesNeverMeetAndAreFreeAgainWithTheContainer() throws Exception {
    start(AUTO + ":size=1000");
    long first = Long.parseLong(first()[1]);
    Set<Long> others = new HashSet<>();
    for (int i = 0; i < 3; i++) {
      String out = ran(AUTO, CommandLine.BUSYBOX, "cat", "/proc/self/uid_map");
      others.add(Long.parseLong(out.split(" +")[1]));
    }
    assertThat(others).as("that of a container that has gone").hasSize(1);
    assertThat(others.iterator().next()).isGreaterThanOrEqualTo(first + 1000);
    mydocker.good("rm", "-f", "box");
    start(AUTO);
    assertThat(first()[1]).isEqualTo(Long.toString(first));
  }

  @Test
  void anotherContainersIdsCanBeShared() throws Exception {
    start(AUTO + ":size=5000");
    String line = ran("--userns=container:box", CommandLine.BUSYBOX, "cat", "/proc/self/uid_map");
    assertThat(line.split(" +")).isEqualTo(first());
    assertThat(mydocker.bad("run", "--userns=container:none", CommandLine.BUSYBOX))
        .contains("No such container: none");
  }

  @Test
  void givenIdsAreTheContainers() throws Exception {
    start("--userns=0:700000:10,100:800000:1", "--user", "100:100");
    assertThat(say("id -u")).isEqualTo("100");
    assertThat(status(mydocker.info("box").pid(), "Uid")).startsWith("800000\t");
    assertThat(mydocker.bad("run", "--userns=0:700000:10", "-u", "11", CommandLine.BUSYBOX))
        .contains("user 11 has no id");
  }

  @Test
  void aNamedVolumeMeansTheSameIdsToEveryContainer() throws Exception {
    start(AUTO, "-v", "data:/data");
    assertThat(say("touch /data/f; chown 5:6 /data/f; echo done")).isEqualTo("done");
    assertThat(uid(directory.resolve("root/volumes/data/_data/f"))).isEqualTo(5);
    for (String users : List.of(AUTO, "--userns=host")) {
      assertThat(
              ran(users, "-v", "data:/data", CommandLine.BUSYBOX, "stat", "-c", "%u:%g", "/data/f"))
          .as(users)
          .isEqualTo("5:6");
    }
  }

  @Test
  void aBindIsIdmappedWhenThatIsAskedFor() throws Exception {
    Path locked = Files.createDirectory(host.resolve("locked"));
    Path source = Files.createDirectory(locked.resolve("source"));
    Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("rwx------"));
    start(AUTO, "-v", source + ":/a:idmap", "-v", source + ":/b:ro");
    assertThat(say("touch /a/f; stat -c %u /a/f /b/f; touch /b/g"))
        .isEqualTo("0\n65534\ntouch: /b/g: Read-only file system");
    assertThat(uid(source.resolve("f"))).isZero();
    assertThat(mydocker.bad("run", "-v", source + ":/a:idmap", CommandLine.BUSYBOX))
        .contains("--userns=auto");
  }

  @Test
  void copiesHaveTheOwnersThatTheContainerKnows() throws Exception {
    start(AUTO, "-v", "data:/data");
    say("touch /f; chown 7:8 /f");
    Path file = host.resolve("f");
    mydocker.good("cp", "-a", "box:/f", file.toString());
    assertThat(uid(file)).isEqualTo(7);
    mydocker.good("cp", "box:/f", host.resolve("mine").toString());
    assertThat(uid(host.resolve("mine"))).isZero();
    mydocker.good("cp", file.toString(), "box:/data/root");
    mydocker.good("cp", "-a", file.toString(), "box:/kept");
    assertThat(say("stat -c %u:%g /data/root /kept; echo x > /data/root && cat /data/root"))
        .isEqualTo("0:0\n7:8\nx");
    Files.setAttribute(file, "unix:uid", 100_000);
    assertThat(mydocker.bad("cp", "-a", file.toString(), "box:/no")).contains("has no id 100000");
    assertThat(Files.getAttribute(Files.createFile(host.resolve("own")), "unix:uid"))
        .as("this thread is itself again")
        .isEqualTo(0);
    assertThat(owner("export", "box")).isEqualTo("7");
    mydocker.good("stop", "-t", "0", "box");
    assertThat(owner("export", "box")).isEqualTo("7");
    mydocker.good("cp", file.toString(), "box:/rests");
    mydocker.good("start", "box");
    assertThat(say("stat -c %u:%g /rests")).isEqualTo("0:0");
    String image = mydocker.good("commit", "box");
    assertThat(ran(image, "stat", "-c", "%u:%g", "/kept")).isEqualTo("7:8");
  }

  /** The owner of {@code f} in a tar that a command writes. */
  private String owner(String... line) throws Exception {
    Path tar = host.resolve("tar");
    Files.writeString(tar, mydocker.run(line).out(), StandardCharsets.UTF_8);
    for (String entry : program("tar", "--numeric-owner", "-tvf", tar.toString()).split("\n")) {
      if (entry.endsWith(" f")) {
        return entry.split(" +")[1].split("/")[0];
      }
    }
    return "";
  }

  @Test
  void commandsJoinAndTheContainerCanBeStoppedStartedAndSeen() throws Exception {
    String id =
        start(
            AUTO,
            "-u",
            "1000:1000",
            "--health-cmd",
            "test $(id -u) = 1000",
            "--health-interval",
            "1s",
            "-m",
            "64m");
    String[] before = first();
    assertThat(say("id -u; echo named >/dev/stdout")).isEqualTo("1000\nnamed");
    assertThat(asRoot("id -u; echo x >/dev/stdout")).isEqualTo("0\nx");
    assertThat(mydocker.engine().find(id).awaitHealthy(Duration.ofSeconds(30))).isTrue();
    assertThat(mydocker.good("top", "box")).contains(FOREVER);
    assertThat(mydocker.good("stats", "--no-stream", "box")).contains("64MiB");
    assertThat(mydocker.good("inspect", "--format", "{{.HostConfig.UsernsMode}}", "box"))
        .isEqualTo("auto");
    mydocker.good("restart", "-t", "0", "box");
    assertThat(first()).isEqualTo(before);
    mydocker.good("pause", "box");
    mydocker.good("unpause", "box");
    assertThat(say("id -u")).isEqualTo("1000");
  }

  /**
   * By its files and by sysinfo(2), which is busybox's free; to whoever is in it, and to no other.
   */
  @Tag("smoke")
  @Test
  void itSeesItsLimits() throws Exception {
    assumeThat(Path.of("/dev/fuse")).exists();
    String look = "head -1 /proc/meminfo; grep -c ^processor /proc/cpuinfo; free -m | grep Mem";
    start(AUTO, "-m", "64m", "--cpuset-cpus", "0", "-u", "1000");
    for (String said : List.of(say(look), asRoot(look))) {
      assertThat(said).startsWith("MemTotal:          65536 kB\n1\nMem:             64 ");
    }
    assertThat(say("ls -n /proc/meminfo; echo 1 >/proc/meminfo"))
        .contains(" 0        0 ", "can't create /proc/meminfo: Permission denied");
    assertThat(asRoot("ls -l /proc/1/fd | grep -c fuse")).isEqualTo("0");
    mydocker.good("update", "-m", "48m", "--memory-swap", "48m", "box");
    assertThat(say("head -1 /proc/meminfo")).isEqualTo("MemTotal:          49152 kB");
    String shared =
        ran(
            "--userns=container:box",
            "-m",
            "32m",
            CommandLine.BUSYBOX,
            "head",
            "-1",
            "/proc/meminfo");
    assertThat(shared).isEqualTo("MemTotal:          32768 kB");
    mydocker.good("restart", "-t", "0", "box");
    assertThat(say("head -1 /proc/meminfo")).isEqualTo("MemTotal:          49152 kB");
  }

  /** fuse_allow_current_process: allow_other is for that namespace and those below it only. */
  @Test
  void RT60_rootOfTheHostIsServedNothingByItsView() throws Exception {
    assumeThat(Path.of("/dev/fuse")).exists();
    start(AUTO, "-m", "64m");
    String file = "/proc/" + mydocker.info("box").pid() + "/root/proc/meminfo";
    assertThat(program("cat", file)).endsWith(": Permission denied 1");
  }

  @Test
  void aTerminalIsItsUsers() throws Exception {
    TestEngine engine = TestEngine.shared();
    String script = "tty; stat -c %u $(tty) /dev/console; echo x >/dev/tty";
    assertThat(engine.sh("-t -u 7 " + AUTO, script).lines())
        .containsExactly("/dev/pts/0", "7", "7", "x");
    try (TestContainer box = engine.startSh(AUTO, "echo up; " + FOREVER).await("up")) {
      assertThat(engine.execSh(box, "id -u").line()).isEqualTo("0");
    }
  }

  @Test
  void manyLayersAreShownToo() throws Exception {
    String image = CommandLine.BUSYBOX;
    for (int i = 0; i < 3; i++) {
      mydocker.good("run", "-d", "--name", "layer" + i, AUTO, image, "touch", "/made" + i);
      mydocker.good("wait", "layer" + i);
      image = mydocker.good("commit", "layer" + i);
    }
    assertThat(ran(AUTO, image, "sh", "-c", "stat -c %u /made*")).isEqualTo("0\n0\n0");
  }

  @Test
  void keptIdsAreForOrdinaryUsers() throws Exception {
    assertThat(mydocker.bad("run", "--userns=keep-id", CommandLine.BUSYBOX))
        .contains("--userns=keep-id is only supported for ordinary users");
  }

  // ---- what it cannot do ------------------------------------------------------------------------

  @Test
  void RT21_noFurtherUserNamespaceIsMadeInside() throws Exception {
    start(AUTO);
    assertThat(say("unshare -U true")).contains("Operation not permitted");
  }

  @Test
  void RT60_withEveryCapabilityAndNoFilterItHasNoPowerOverTheHost() throws Exception {
    start(AUTO, "--cap-add", "ALL", "--security-opt", "seccomp=unconfined");
    assertThat(
            say(
                "mkdir /m; mknod /disk b 8 0; mknod /mem c 1 1; mount -t ext4 /dev/null /m;"
                    + " mount -o remount,rw /proc/sys; echo 1 >/proc/sys/kernel/panic;"
                    + " mount -o remount,rw /sys; echo x >/sys/kernel/uevent_helper;"
                    + " swapoff -a; date -s @0 >/dev/null; chroot / true && echo chroot"))
        .doesNotContain("rebooted")
        .contains(
            "mknod: /disk: Operation not permitted",
            "mknod: /mem: Operation not permitted",
            "mount: permission denied",
            "can't create /proc/sys/kernel/panic: Permission denied",
            "can't set date: Operation not permitted",
            "chroot");
  }

  /** As its root, in its user namespace, and yet among the host's processes, files and mounts. */
  @Test
  void RT60_rootOfItsNamespaceCanDoNothingToAProcessOfTheHost() throws Exception {
    start(AUTO);
    String pid = Integer.toString(mydocker.info("box").pid());
    String jvm = Long.toString(ProcessHandle.current().pid());
    String[] join = {"nsenter", "-t", pid, "-U", "-S", "0", "-G", "0", "sh", "-c", ""};
    List<String> attempts =
        List.of(
            "kill -0 " + jvm,
            "head -c 1 /proc/" + jvm + "/environ",
            "ls /proc/" + jvm + "/fd/",
            "mount -t tmpfs t /mnt",
            "hostname other",
            "cat /etc/shadow",
            "echo 0 > /proc/sys/kernel/panic",
            "mknod " + host + "/m c 1 1");
    for (String attempt : attempts) {
      join[join.length - 1] = attempt;
      assertThat(program(join))
          .as(attempt)
          .containsPattern("[Dd]enied|not permitted|must be root")
          .doesNotEndWith(" 0");
    }
    join[join.length - 1] = "id -u; kill -0 " + pid;
    assertThat(program(join)).isEqualTo("0 0");
  }

  @Test
  void RT60_theReadOnlyTreesOfTheKernelStaySo() throws Exception {
    start(AUTO);
    assertThat(say("touch /sys/x; echo 1 >/proc/sys/kernel/panic; touch /sys/fs/cgroup/x"))
        .contains("touch: /sys/x: Read-only", "panic: Read-only", "cgroup/x: Read-only");
  }

  @Test
  void RT60_idsThatItDoesNotHaveCannotBeTaken() throws Exception {
    start(AUTO + ":size=100");
    assertThat(say("chown 100 /tmp; stat -c %u /tmp; touch /f; chown 99 /f; stat -c %u /f"))
        .isEqualTo("chown: /tmp: Invalid argument\n0\n99");
  }
}
