package dev.mydocker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.json.Json;
import dev.mydocker.kernel.Linux;
import dev.mydocker.testing.ImageLayout;
import dev.mydocker.testing.NothingLeft;
import dev.mydocker.testing.TestContainer;
import dev.mydocker.testing.TestEngine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a container sees of files: its root, the kernel's file systems, what the user mounts. */
@ExtendWith(NothingLeft.class)
class FilesystemIT {
  private static final byte[] NONE = {};

  private final TestEngine engine = TestEngine.shared();

  @TempDir Path host;

  private static String mountsBelow(String path) {
    return "cut -d' ' -f5,6 /proc/self/mountinfo | grep '^" + path + "[ /]' | sort";
  }

  // ---- the root and the kernel's file systems
  // ----------------------------------------------------

  @Tag("smoke")
  @Test
  void theHostsTreeIsGone() throws Exception {
    assertThat(engine.sh("", "ls " + engine.root() + " 2>&1; ls /..").lines())
        .first()
        .asString()
        .contains("No such file");
    assertThat(
            engine.sh("", "cut -d' ' -f5 /proc/self/mountinfo | grep -c ' /mnt/\\|^/work'").line())
        .isEqualTo("0");
  }

  @Test
  void rootIsTheImagesAndWritable() throws Exception {
    assertThat(
            engine
                .sh("", "ls / | tr '\\n' ' '; stat -c %a:%u:%g / /tmp; echo x >/new; cat /new")
                .lines())
        .containsExactly("bin dev etc home proc root run sys tmp usr var 755:0:0", "1777:0:0", "x");
  }

  @Test
  void whatOneContainerWritesNoOtherSees() throws Exception {
    engine.sh("", "echo spoiled >/etc/passwd; rm /bin/ls");
    assertThat(engine.sh("", "ls /etc/passwd; grep -c root /etc/passwd").lines())
        .containsExactly("/etc/passwd", "1");
  }

  @Test
  void RT29_kernelFileSystemsAreMountedAsDockerMountsThem() throws Exception {
    List<String> mounts = engine.sh("", mountsBelow("/dev") + ";" + mountsBelow("/sys")).lines();
    assertThat(mounts)
        .contains(
            "/dev rw,nosuid",
            "/dev/pts rw,nosuid,noexec,relatime",
            "/dev/shm rw,nosuid,nodev,noexec,relatime",
            "/dev/mqueue rw,nosuid,nodev,noexec,relatime",
            "/sys ro,nosuid,nodev,noexec,relatime");
    assertThat(mounts)
        .filteredOn(line -> line.startsWith("/sys/fs/cgroup"))
        .isNotEmpty()
        .allMatch(line -> line.contains(" ro,nosuid,nodev,noexec"));
  }

  @Test
  void standardDeviceNodesAndLinks() throws Exception {
    assertThat(engine.sh("", "cd /dev; stat -c '%n %a %F %t:%T' * | sort").lines())
        .containsExactly(
            "fd 777 symbolic link 0:0",
            "full 666 character special file 1:7",
            "mqueue 1777 directory 0:0",
            "null 666 character special file 1:3",
            "ptmx 777 symbolic link 0:0",
            "pts 755 directory 0:0",
            "random 666 character special file 1:8",
            "shm 1777 directory 0:0",
            "stderr 777 symbolic link 0:0",
            "stdin 777 symbolic link 0:0",
            "stdout 777 symbolic link 0:0",
            "tty 666 character special file 5:0",
            "urandom 666 character special file 1:9",
            "zero 666 character special file 1:5");
  }

  @Test
  void deviceNodesWork() throws Exception {
    assertThat(
            engine
                .sh(
                    "-u 1000",
                    "head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; cat /dev/null |"
                        + " wc -c; (echo x >/dev/full) 2>/dev/null || echo full; ls /dev/pts;"
                        + " exec 5<>/dev/ptmx && ls /dev/pts")
                .lines())
        .containsExactly("4", "4", "0", "full", "ptmx", "0", "ptmx");
  }

  @Test
  void terminalsAreNoneOfTheHosts() throws Exception {
    assertThat(engine.sh("", "ls /dev/pts").line()).isEqualTo("ptmx");
  }

  @Test
  void otherDevicesCanBeMadeAndNotOpened() throws Exception {
    assertThat(
            engine
                .sh(
                    "",
                    "mknod /tmp/mem c 1 1 && (cat /tmp/mem 2>&1 | head -c 60);"
                        + " mknod /tmp/sda b 8 0 && (cat /tmp/sda 2>&1 | head -c 60)")
                .out())
        .isEqualTo(
            "cat: can't open '/tmp/mem': Operation not permitted\n"
                + "cat: can't open '/tmp/sda': Operation not permitted\n");
  }

  @Test
  void RT34_deviceNodeOfALayerCannotBeOpened() throws Exception {
    String image =
        ImageLayout.in(host)
            .busybox()
            .layer(new ImageLayout.Layer().block("x/sda", 8, 0).block("x/vda", 254, 0))
            .end();
    assertThat(engine.run("--rm", image, "sh", "-c", "cat /x/sda /x/vda 2>&1").out())
        .isEqualTo(
            "cat: can't open '/x/sda': Operation not permitted\n"
                + "cat: can't open '/x/vda': Operation not permitted\n");
  }

  @ParameterizedTest
  @CsvSource({"'',65536", "--shm-size=1m,1024", "--shm-size=128k,128"})
  void sizeOfSharedMemory(String flags, long kilobytes) throws Exception {
    assertThat(engine.sh(flags, "df -k /dev/shm | awk 'END {print $2}'").line())
        .isEqualTo(Long.toString(kilobytes));
  }

  // ---- what is hidden ---------------------------------------------------------------------------

  @Tag("smoke")
  @Test
  void RT29_maskedPathsHaveNothing() throws Exception {
    String script =
        "for p in /proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys"
            + " /proc/latency_stats /proc/sched_debug /proc/scsi /proc/timer_list"
            + " /proc/timer_stats /sys/firmware /sys/devices/virtual/powercap"
            + " /sys/devices/system/cpu/cpu*/thermal_throttle; do"
            + " if [ -d $p ]; then [ -z \"$(ls -A $p)\" ] || echo $p has something;"
            + " (echo x >$p/x) 2>/dev/null && echo $p can be written;"
            + " elif [ -e $p ]; then [ -z \"$(cat $p)\" ] || echo $p can be read; fi;"
            + " umount $p 2>/dev/null && echo $p can be unmounted; done; echo end";
    assertThat(engine.sh("", script).out()).isEqualTo("end\n");
  }

  @Test
  void writeProtectedPathsRefuseWrites() throws Exception {
    String script =
        "for p in /proc/sys/kernel/panic /proc/sysrq-trigger /proc/irq/default_smp_affinity"
            + " /sys/kernel/mm/ksm/run /sys/fs/cgroup/pids/pids.max; do"
            + " [ -e $p ] && (echo 1 >$p) 2>/dev/null && echo $p was written; done; echo end;"
            + " mount -o remount,rw /proc/sys 2>/dev/null; echo $?";
    assertThat(engine.sh("", script).out()).isEqualTo("end\n1\n");
  }

  @Test
  void privilegedHidesNothingAndHasTheHostsDevices() throws Exception {
    TestEngine.Result result =
        engine.sh(
            "--privileged",
            mountsBelow("/proc")
                + "; cut -d' ' -f5,6 /proc/self/mountinfo | grep '^/sys ';"
                + " ls /dev; mount -t tmpfs x /mnt 2>/dev/null || mkdir /mnt && mount -t tmpfs x"
                + " /mnt && echo mounted");
    assertThat(result.lines())
        .startsWith("/proc rw,nosuid,nodev,noexec,relatime", "/sys rw,nosuid,nodev,noexec,relatime")
        .endsWith("mounted")
        .contains("null", "tty");
    for (String device : List.of("kmsg", "loop-control", "fuse", "vda")) {
      if (Files.exists(Path.of("/dev", device))) {
        assertThat(result.lines()).contains(device);
      }
    }
  }

  @Test
  void RT19_RT20_cgroupsCanBeSeenAndNotWritten() throws Exception {
    String script =
        "cut -d: -f3 /proc/self/cgroup | sort -u; cd /sys/fs/cgroup;"
            + " find . -name release_agent | wc -l; find . -name cgroup.procs | while read f; do"
            + " (echo 0 >$f) 2>/dev/null && echo $f was written; done;"
            + " mount -t cgroup -o memory x /tmp 2>/dev/null && echo mounted;"
            + " mount -t cgroup2 x /tmp 2>/dev/null && echo mounted; echo end";
    List<String> lines = engine.sh("", script).lines();
    assertThat(lines).first().isEqualTo("/");
    assertThat(lines).endsWith("end").noneMatch(l -> l.contains("written") || l.equals("mounted"));
  }

  @Test
  void aContainersCgroupDirectoryIsItsOwn() throws Exception {
    try (TestContainer container =
        engine
            .startSh(
                "-m 64m",
                "cat /sys/fs/cgroup/memory/memory.limit_in_bytes"
                    + " /sys/fs/cgroup/memory.max 2>/dev/null; echo up; sleep 60")
            .await("up")) {
      assertThat(container.out()).startsWith("67108864");
    }
  }

  // ---- what the user mounts ---------------------------------------------------------------------

  @Tag("smoke")
  @Test
  void boundDirectoryIsSharedBothWays() throws Exception {
    Files.writeString(host.resolve("from-host"), "hello");
    assertThat(
            engine
                .sh("-v " + host + ":/data", "cat /data/from-host; echo hi >/data/from-box")
                .out())
        .isEqualTo("hello");
    assertThat(host.resolve("from-box")).hasContent("hi");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-v %s:/data:ro", "--mount type=bind,source=%s,target=/data,readonly"})
  void readOnlyBindRefusesWrites(String flag) throws Exception {
    Files.createDirectory(host.resolve("sub"));
    TestEngine.Result result =
        engine.sh(
            String.format(flag, host),
            "touch /data/x; touch /data/sub/y; mount -o remount,rw /data; ls -A /data");
    assertThat(result.out()).isEqualTo("sub\n");
    assertThat(result.err()).contains("Read-only file system");
  }

  @Test
  void RT48_readOnlyReachesWhatIsMountedBelow() throws Exception {
    Path below = Files.createDirectory(host.resolve("below"));
    mount("tmpfs", below);
    try {
      assertThat(engine.sh("-v " + host + ":/data:ro", "touch /data/below/x; echo $?").line())
          .isEqualTo("1");
      assertThat(
              engine
                  .run(
                      "--rm",
                      "--mount",
                      "type=bind,src=" + host + ",dst=/data,ro,bind-recursive=writable",
                      TestEngine.BUSYBOX,
                      "touch",
                      "/data/below/x")
                  .code())
          .isZero();
      assertThat(
              engine
                  .run(
                      "--rm",
                      "--mount",
                      "type=bind,src=" + host + ",dst=/data,bind-recursive=disabled",
                      TestEngine.BUSYBOX,
                      "ls",
                      "-A",
                      "/data/below")
                  .out())
          .isEmpty();
    } finally {
      unmount(below);
    }
  }

  @Test
  void boundFile() throws Exception {
    Path file = Files.writeString(host.resolve("file"), "content");
    assertThat(engine.sh("-v " + file + ":/a/b/file", "cat /a/b/file; echo new >/a/b/file").out())
        .isEqualTo("content");
    assertThat(file).hasContent("new");
  }

  @Test
  void missingSourceOfVolumeIsMadeAndOfMountIsRefused() throws Exception {
    Path missing = host.resolve("not/there");
    assertThatThrownBy(
            () ->
                engine.run(
                    "--rm",
                    "--mount",
                    "type=bind,src=" + missing + ",dst=/d",
                    TestEngine.BUSYBOX,
                    "true"))
        .hasMessage("invalid mount: bind source path does not exist: \"" + missing + "\"");
    assertThat(missing).doesNotExist();
    assertThat(engine.sh("-v " + missing + ":/d", "touch /d/x").code()).isZero();
    assertThat(missing.resolve("x")).exists();
  }

  @Test
  void mountPointsOfTheUserMayLieInEachOther() throws Exception {
    Path outer = Files.createDirectory(host.resolve("outer"));
    Path inner = Files.createDirectory(host.resolve("inner"));
    assertThat(
            engine
                .sh(
                    "-v " + inner + ":/d/in -v " + outer + ":/d --tmpfs /d/in/t",
                    "touch /d/o /d/in/i /d/in/t/t; ls -R /d")
                .lines())
        .contains("o", "i", "t");
    assertThat(outer.resolve("o")).exists();
    assertThat(inner.resolve("i")).exists();
    assertThat(inner.resolve("t/t")).doesNotExist();
  }

  @Test
  void mountOfTheHostIsSeenLaterWithSlaveAndNotWithout() throws Exception {
    Path point = Files.createDirectory(host.resolve("point"));
    mount("tmpfs", host);
    share(host);
    Files.createDirectory(point);
    try (TestContainer slave =
            engine
                .startSh("-i -v " + host + ":/d:rslave", "echo up; read x; ls /d/point")
                .await("up");
        TestContainer alone =
            engine.startSh("-i -v " + host + ":/d", "echo up; read x; ls /d/point").await("up")) {
      mount("tmpfs", point);
      Files.createFile(point.resolve("seen"));
      slave.stdin("\n".getBytes(StandardCharsets.UTF_8));
      alone.stdin("\n".getBytes(StandardCharsets.UTF_8));
      assertThat(slave.end().out()).isEqualTo("up\nseen\n");
      assertThat(alone.end().out()).isEqualTo("up\n");
    } finally {
      unmount(point);
      unmount(host);
    }
  }

  @Test
  void mountsOfAContainerNeverReachTheHost() throws Exception {
    mount("tmpfs", host);
    share(host);
    try {
      assertThat(
              engine
                  .sh(
                      "--privileged -v " + host + ":/d:rslave",
                      "mkdir /d/m && mount -t tmpfs x /d/m && touch /d/m/inside && echo done")
                  .line())
          .isEqualTo("done");
      assertThat(host.resolve("m/inside")).doesNotExist();
    } finally {
      unmount(host);
    }
  }

  private static void mount(String type, Path on) {
    byte[] name = type.getBytes(StandardCharsets.UTF_8);
    assertThat(Linux.mount(name, on.toString().getBytes(StandardCharsets.UTF_8), name, 0, NONE))
        .isZero();
  }

  private static void share(Path mounted) {
    long shared = 1 << 20;
    byte[] on = mounted.toString().getBytes(StandardCharsets.UTF_8);
    assertThat(Linux.mount(NONE, on, NONE, shared, NONE)).isZero();
  }

  private static void unmount(Path from) {
    int detach = 2;
    Linux.umount2(from.toString().getBytes(StandardCharsets.UTF_8), detach);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--tmpfs /t|rw,nosuid,nodev,noexec,relatime|1777",
        "--tmpfs /t:size=1m,mode=700,exec|rw,nosuid,nodev,relatime|700",
        "--tmpfs /t:ro,uid=5|ro,nosuid,nodev,noexec,relatime|1777",
        "--mount type=tmpfs,target=/t,tmpfs-mode=750|rw,nosuid,nodev,noexec,relatime|750",
      })
  void tmpfsIsMountedAsAskedFor(String flag, String options, String mode) throws Exception {
    assertThat(engine.sh(flag, mountsBelow("/t") + "; stat -c %a /t").lines())
        .containsExactly("/t " + options, mode);
  }

  @Test
  void readOnlyRootRefusesWritesAndMountsStayWritable() throws Exception {
    TestEngine.Result result =
        engine.sh(
            "--read-only --tmpfs /run -v " + host + ":/data",
            "for p in /x /etc/hosts /etc/x /sys/x /proc/x; do (echo 1 >$p) 2>/dev/null && echo $p;"
                + " done; for p in /run/x /data/x /dev/shm/x /dev/x; do echo 1 >$p || echo $p;"
                + " done; mount -o remount,rw / 2>/dev/null; touch /y 2>/dev/null; ls /y");
    assertThat(result.out()).isEmpty();
  }

  @Test
  void readOnlyRootStillGetsItsMountPoints() throws Exception {
    assertThat(
            engine
                .sh("--read-only -v " + host + ":/new/point -w /made", "pwd; ls -d /new/point")
                .lines())
        .containsExactly("/made", "/new/point");
  }

  @Test
  void imagesVolumesAreWritableWithAReadOnlyRoot() throws Exception {
    String image =
        ImageLayout.in(host)
            .busybox()
            .config(
                Json.object()
                    .put("Volumes", Json.object().put("/var", Json.object().build()).build()))
            .end();
    assertThat(engine.run("--rm", "--read-only", image, "touch", "/var/x").code()).isZero();
    assertThat(engine.run("--rm", image, "touch", "/var/x").code()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/proc", "/proc/sys", "/proc/self/attr", "/sys/fs", "/sys"})
  void RT13_imagesVolumeOverTheKernelsIsRefused(String volume) throws Exception {
    String image =
        ImageLayout.in(host)
            .busybox()
            .config(
                Json.object()
                    .put("Volumes", Json.object().put(volume, Json.object().build()).build()))
            .end();
    assertThatThrownBy(() -> engine.run("--rm", image, "true")).hasMessageContaining(volume);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/proc", "/proc/sys", "/proc/self/attr", "/proc/1/root"})
  void RT13_usersVolumeOverProcIsRefused(String target) {
    assertThatThrownBy(() -> engine.sh("-v " + host + ":" + target, "true"))
        .hasMessageContaining(target);
  }

  @Test
  void RT36_otherUsersCannotEnterTheState() throws Exception {
    engine.sh("", "true");
    for (Path directory :
        List.of(
            engine.root().resolve("layers"),
            engine.root().resolve("images"),
            engine.root().resolve("containers"),
            engine.runRoot().resolve("containers"))) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
          .as(directory.toString())
          .isEqualTo("rwx------");
    }
  }

  /** The image has a program of root's that everybody may run, and a file that all may write. */
  @Test
  void RT36_anotherUserOfThisHostReachesNothingOfIt() throws Exception {
    ImageLayout.Layer layer =
        new ImageLayout.Layer()
            .file("root-shell", 04755, Files.readAllBytes(Path.of("/bin/busybox")))
            .file("open", 0666, new byte[0]);
    String image = ImageLayout.in(host).busybox().layer(layer).end();
    Path top = engine.root().getParent();
    Set<PosixFilePermission> own = Files.getPosixFilePermissions(top);
    String script = "touch /var/made; chmod 4777 /var/made; echo up; sleep 60";
    try (TestContainer box = engine.start("--rm", image, "sh", "-c", script).await("up")) {
      // As /var/lib and /run are.
      Files.setPosixFilePermissions(top, PosixFilePermissions.fromString("rwxr-xr-x"));
      assertThat(asOther("find", top.toString(), "!", "-type", "d")).isEmpty();
      for (Path found : existing(engine.root(), "root-shell", "open", "made")) {
        assertThat(asOther("stat", "-c", "%n", found.toString())).isEmpty();
      }
      assertThat(asOther("ls", "/proc/" + box.pid() + "/root")).isEmpty();
    } finally {
      Files.setPosixFilePermissions(top, own);
    }
  }

  private static List<Path> existing(Path root, String... names) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      List<Path> found =
          all.filter(path -> List.of(names).contains(path.getFileName().toString())).toList();
      assertThat(found).hasSizeGreaterThanOrEqualTo(names.length);
      return found;
    }
  }

  /** What a command prints that user 1000 runs. */
  private static String asOther(String... command) throws Exception {
    List<String> all =
        new ArrayList<>(List.of("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"));
    all.addAll(List.of(command));
    Process process =
        new ProcessBuilder(all).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
