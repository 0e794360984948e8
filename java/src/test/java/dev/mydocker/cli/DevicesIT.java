package dev.mydocker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mydocker.kernel.KernelException;
import dev.mydocker.kernel.Linux;
import dev.mydocker.testing.Cli;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which devices a container can use. */
class DevicesIT {
  /** Uses what every container has, then nodes of a disk and of the memory that it makes. */
  private static final String ATTEMPTS =
      "cd /tmp; rm -f sda mem; head -c 4 /dev/zero | wc -c; echo x >/dev/null && echo written;"
          + " mknod sda b 8 0 && cat sda; mknod mem c 1 1 && cat mem; (: >mem); :";

  private static final String ANSWERS =
      "4\nwritten\ncat: can't open 'sda': Operation not permitted\n"
          + "cat: can't open 'mem': Operation not permitted\n"
          + "sh: can't create mem: Operation not permitted\n";

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

  private String node(String name, int major, int minor, int mode) throws KernelException {
    Path path = host.resolve(name);
    byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
    KernelException.check(
        Linux.mknodat(Linux.AT_FDCWD, bytes, Linux.S_IFCHR | mode, major, minor), "mknodat", bytes);
    return path.toString();
  }

  /** What a script says in a new container of that flag. */
  private String in(String flag, String script) throws Exception {
    mydocker.good("run", "-d", "--name", "box", flag, CommandLine.BUSYBOX, "sleep", "1000");
    return say(script);
  }

  /** What a script says in the container. */
  private String say(String script) throws Exception {
    String both = "{ " + script + "; } 2>&1";
    return mydocker.engine().find("box").execute("sh", "-c", both).out();
  }

  @Test
  void chosenDeviceIsTheHosts() throws Exception {
    String zero = node("zero", 1, 5, 0640);
    assertThat(
            in(
                "--device=" + zero + ":/dev/z",
                "stat -c '%a %F %t:%T' /dev/z; head -c 3 /dev/z | wc -c"))
        .isEqualTo("640 character special file 1:5\n3\n");
  }

  @Test
  void accessThatWasNotGivenIsRefused() throws Exception {
    String fuse = node("fuse", 10, 229, 0666);
    assertThat(in("--device=" + fuse + ":/dev/f:r", "(: </dev/f) && echo read; (: >/dev/f)"))
        .isEqualTo("read\nsh: can't create /dev/f: Operation not permitted\n");
  }

  @Test
  void directoryAndLinkAreFollowed() throws Exception {
    Files.createDirectories(host.resolve("some/deep"));
    Files.createFile(host.resolve("some/file"));
    node("some/deep/zero", 1, 5, 0666);
    Path link = Files.createSymbolicLink(host.resolve("link"), host.resolve("some"));
    assertThat(in("--device=" + link + ":/x", "find /x; head -c 1 /x/*/zero | wc -c"))
        .isEqualTo("/x\n/x/deep\n/x/deep/zero\n1\n");
  }

  @Test
  void ruleIsForNodesThatTheContainerMakes() throws Exception {
    assertThat(
            in(
                "--device-cgroup-rule=c 10:229 r",
                "mknod /tmp/fuse c 10 229; (: </tmp/fuse) && echo read; (: >/tmp/fuse)"))
        .isEqualTo("read\nsh: can't create /tmp/fuse: Operation not permitted\n");
  }

  @Test
  void whatIsNoDeviceIsRefused() {
    for (String flag : new String[] {"--device=/dev/mydocker-nope", "--device=/etc/passwd"}) {
      assertThat(mydocker.bad("run", flag, CommandLine.BUSYBOX, "true"))
          .contains("error gathering device information while adding custom device");
    }
  }

  @Test
  void inspectShowsWhatWasAsked() {
    mydocker.good(
        "create",
        "--name",
        "box",
        "--device=/dev/zero:/z:r",
        "--device-cgroup-rule=b *:* m",
        CommandLine.BUSYBOX);
    assertThat(
            mydocker.good(
                "inspect",
                "-f",
                "{{json .HostConfig.Devices}} {{.HostConfig.DeviceCgroupRules}}",
                "box"))
        .isEqualTo(
            "[{\"PathOnHost\":\"/dev/zero\",\"PathInContainer\":\"/z\","
                + "\"CgroupPermissions\":\"r\"}] [\"b *:* m\"]");
  }

  @Test
  void RT33_rulesStayWhenItIsChangedPausedAndStartedAgain() throws Exception {
    String attempts = "(: </x/fuse) && echo read; (: >/x/fuse); " + ATTEMPTS;
    String answers = "read\nsh: can't create /x/fuse: Operation not permitted\n" + ANSWERS;
    assertThat(in("--device=" + node("fuse", 10, 229, 0600) + ":/x/fuse:r", attempts))
        .isEqualTo(answers);
    mydocker.good("update", "--pids-limit", "50", "box");
    mydocker.good("pause", "box");
    mydocker.good("unpause", "box");
    assertThat(say(attempts)).isEqualTo(answers);
    mydocker.good("restart", "-t", "0", "box");
    assertThat(say(attempts)).isEqualTo(answers);
  }

  @Test
  void RT34_deviceNodeOfAVolumeCannotBeOpened() throws Exception {
    mydocker.good("volume", "create", "data");
    Path content = Path.of(mydocker.good("volume", "inspect", "-f", "{{.Mountpoint}}", "data"));
    byte[] disk = content.resolve("sda").toString().getBytes(StandardCharsets.UTF_8);
    Linux.mknodat(Linux.AT_FDCWD, disk, Linux.S_IFBLK | 0666, 8, 0);
    assertThat(in("--volume=data:/d", "cat /d/sda"))
        .matches("cat: can't open '/d/sda': (Operation not permitted|Permission denied)\n");
    mydocker.good("rm", "-f", "box");
    mydocker.good("volume", "rm", "data");
  }

  /** In a mount namespace without the devices controller of v1, where the v2 hierarchy is. */
  @Test
  void RT33_theSameHoldsOnV2() throws Exception {
    assumeTrue(Files.readString(Path.of("/proc/self/mountinfo")).contains(" - cgroup2 "));
    String script =
        """
        exec unshare -m sh -c '
          [ ! -d /sys/fs/cgroup/devices ] || umount /sys/fs/cgroup/devices || exit
          attempts() { "$@" exec box sh -c "ATTEMPTS" 2>&1; }
          "$@" run -d --name box --device-cgroup-rule "c 10:229 r" IMAGE sleep 1000 >/dev/null
          attempts "$@"
          "$@" update --pids-limit 50 box >/dev/null
          "$@" pause box >/dev/null
          "$@" unpause box >/dev/null
          attempts "$@"
          "$@" exec box sh -c "mknod /fuse c 10 229; (: </fuse) && echo read; (: >/fuse); :" 2>&1
          "$@" rm -f box >/dev/null
          "$@" run --rm --privileged IMAGE sh -c "head -c 1 /dev/kmsg | wc -c"
        ' sh "$@"
        """
            .replace("ATTEMPTS", ATTEMPTS)
            .replace("IMAGE", CommandLine.BUSYBOX);
    Cli.Result result = Cli.under(script, mydocker.line().toArray(String[]::new));
    assertThat(result.err()).isEmpty();
    assertThat(result.out())
        .isEqualTo(
            ANSWERS + ANSWERS + "read\nsh: can't create /fuse: Operation not permitted\n1\n");
  }
}
