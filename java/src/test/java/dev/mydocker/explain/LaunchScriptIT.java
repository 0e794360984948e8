package dev.mydocker.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mydocker.cgroup.CgroupStep;
import dev.mydocker.kernel.Fd;
import dev.mydocker.kernel.Linux;
import dev.mydocker.launch.CgroupEntry;
import dev.mydocker.launch.Launcher;
import dev.mydocker.launch.MonitorClient;
import dev.mydocker.launch.Output;
import dev.mydocker.launch.PlanCompiler;
import dev.mydocker.launch.Slot;
import dev.mydocker.launch.Stdio;
import dev.mydocker.spec.Spec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs scripts as root, over a root made of busybox, and looks from the inside. */
class LaunchScriptIT {
  private static final Path CGROUPS = Path.of("/sys/fs/cgroup");
  private static final boolean HAS_V1 = Files.isDirectory(CGROUPS.resolve("pids"));

  /** What a process can tell about its container; ids of mounts and devices differ each time. */
  private static final String LOOK =
      """
      echo pid $$; echo hostname $(hostname); pwd; umask
      while read id parent device rest; do echo "mount $rest"; done < /proc/self/mountinfo
      grep -E '^(Cap|NoNewPrivs|Uid|Gid|Groups|SigBlk)' /proc/self/status
      while read key value; do
        # The last seven digits: libc does not let a program reset the signals 32 and 33.
        [ $key != SigIgn: ] || echo ignored ${value#?????????}
      done < /proc/self/status
      cat /proc/self/limits; cat /proc/self/cgroup; cat /proc/self/oom_score_adj
      stat -c '%A %u:%g %t,%T %n' /* /dev/* /dev/pts/*; readlink /dev/fd /dev/ptmx /proc/self/fd/0
      cat /proc/sys/net/ipv4/ip_forward; ls /proc/acpi /sys/firmware; wc -c < /proc/timer_list
      ip link show lo | grep -o 'LOOPBACK,UP'; cat /etc/hosts; ls /data; env | sort
      touch /x; touch /data/x; echo 1 > /proc/sys/net/ipv4/ip_forward
      tr '\\0' ' ' < /proc/1/cmdline; cat /proc/1/comm; exit 7
      """;

  @TempDir Path directory;
  private final String name = "mydocker-script-" + ProcessHandle.current().pid();
  private List<String> mountsBefore;

  @BeforeEach
  void makeRoot() throws Exception {
    mountsBefore = Files.readAllLines(Path.of("/proc/self/mounts"));
    Path bin = Files.createDirectories(directory.resolve("layers/aa/bin"));
    Files.createDirectories(directory.resolve("layers/bb/etc"));
    Files.copy(Path.of("/bin/busybox"), bin.resolve("busybox"));
    for (String applet :
        List.of(
            "sh",
            "id",
            "cat",
            "ls",
            "grep",
            "hostname",
            "touch",
            "wc",
            "ip",
            "env",
            "sort",
            "tr",
            "readlink",
            "kill",
            "sleep",
            "stat")) {
      Files.createSymbolicLink(bin.resolve(applet), Path.of("busybox"));
    }
    Files.writeString(directory.resolve("hosts-file"), "127.0.0.1 localhost\n");
    Files.createDirectories(directory.resolve("data"));
    Files.writeString(directory.resolve("data/inside"), "x");
  }

  @AfterEach
  void theHostIsAsBefore() throws Exception {
    assertThat(Files.readAllLines(Path.of("/proc/self/mounts"))).isEqualTo(mountsBefore);
    assertThat(directory.resolve("c")).doesNotExist();
    assertThat(cgroup("pids")).doesNotExist();
    assertThat(cgroup("memory")).doesNotExist();
  }

  private Path cgroup(String controller) {
    return HAS_V1 ? CGROUPS.resolve(controller).resolve(name) : CGROUPS.resolve(name);
  }

  /** Docker's usual container: what the specification's compiler makes of no options. */
  private Launches usual() {
    Launches l = new Launches();
    Path c = directory.resolve("c");
    l.overlay =
        new PlanCompiler.Overlay(
            directory.resolve("layers").toString(),
            List.of("bb", "aa"),
            c.resolve("upper").toString(),
            c.resolve("work").toString(),
            c.resolve("rootfs").toString());
    for (String d : List.of("", "upper", "work", "rootfs")) {
      l.directories.add(c.resolve(d).toString());
    }
    l.files.put(c.resolve("hosts").toString(), "127.0.0.1 localhost it's $(here)\n");
    l.fileSources = Set.of(c.resolve("hosts").toString());
    l.capabilities = Launches.DEFAULT_CAPABILITIES;
    l.args = List.of("sh", "-c", LOOK);
    l.mounts =
        new ArrayList<>(
            List.of(
                mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
                mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
                mount(
                    "/dev/pts",
                    "devpts",
                    "devpts",
                    "nosuid",
                    "noexec",
                    "newinstance",
                    "ptmxmode=0666",
                    "mode=0620",
                    "gid=5"),
                mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
                mount("/sys/fs/cgroup", "cgroup", "cgroup", "ro", "nosuid", "noexec", "nodev"),
                mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
                mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777"),
                mount("/etc/hosts", "bind", c.resolve("hosts").toString(), "rbind", "rprivate"),
                mount(
                    "/data",
                    "bind",
                    directory.resolve("data").toString(),
                    "rbind",
                    "ro",
                    "noatime",
                    "rprivate")));
    l.devices =
        List.of(
            Launches.device("/dev/null", 1, 3),
            Launches.device("/dev/zero", 1, 5),
            Launches.device("/dev/tty", 5, 0));
    l.masked = List.of("/proc/acpi", "/proc/timer_list", "/sys/firmware", "/no/such");
    l.protectedPaths = List.of("/proc/sys", "/proc/bus");
    l.sysctl = Map.of("net.ipv4.ip_forward", "0");
    cgroups(l);
    return l;
  }

  private void cgroups(Launches l) {
    List<String> controllers = HAS_V1 ? List.of("pids", "memory") : List.of("");
    List<PlanCompiler.CgroupMount> views = new ArrayList<>();
    for (String controller : controllers) {
      Path path = cgroup(controller);
      l.cgroup.add(new CgroupStep.MakeDirectory(path.toString(), false, "its own cgroup"));
      if (HAS_V1) {
        l.entries.add(new CgroupEntry(path.resolve("tasks").toString(), "its limits"));
      } else {
        l.unified = Optional.of(path.toString());
      }
      views.add(
          HAS_V1
              ? new PlanCompiler.CgroupMount(controller, "cgroup", List.of(controller, ""))
              : new PlanCompiler.CgroupMount("", "cgroup2", List.of()));
    }
    if (HAS_V1) {
      write(l, "pids", "pids.max", "64");
      write(l, "memory", "memory.limit_in_bytes", "67108864");
    }
    l.cgroups = views;
  }

  private void write(Launches l, String controller, String file, String value) {
    String path = cgroup(controller).resolve(file).toString();
    l.cgroup.add(new CgroupStep.Write(path, value, true, "--" + controller));
  }

  private static Spec.Mount mount(String to, String type, String from, String... options) {
    return new Spec.Mount(to, type, from, List.of(options));
  }

  record Result(int code, String out, String err) {}

  private Result runScript(LaunchScript.Launch launch) throws Exception {
    return start(launch).end();
  }

  /** A script that runs. */
  private record Started(Process process, Path out, Path err) {
    Result end() throws Exception {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    }
  }

  private Started start(LaunchScript.Launch launch) throws Exception {
    Path script = directory.resolve("script");
    Files.writeString(script, LaunchScript.of(launch));
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    ProcessBuilder builder = new ProcessBuilder("sh", script.toString());
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    return new Started(builder.start(), out, err);
  }

  /** The same plan by mydocker itself. */
  private Result launch(LaunchScript.Launch launch) throws Exception {
    for (String d : launch.directories()) {
      Files.createDirectories(Path.of(d));
    }
    for (Map.Entry<String, String> file : launch.files().entrySet()) {
      Files.writeString(Path.of(file.getKey()), file.getValue());
    }
    for (CgroupStep step : launch.cgroup()) {
      if (step instanceof CgroupStep.Write w) {
        Files.writeString(Path.of(w.path()), w.value());
      } else {
        Files.createDirectory(Path.of(step.path()));
      }
    }
    try {
      return launchPrepared(launch);
    } finally {
      deleteTree(directory.resolve("c"));
      for (CgroupStep step : launch.cgroup()) {
        if (step instanceof CgroupStep.MakeDirectory) {
          Files.delete(Path.of(step.path()));
        }
      }
    }
  }

  private Result launchPrepared(LaunchScript.Launch launch) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    try (Fd run = open(directory, Linux.O_PATH);
        Fd life = open(directory.resolve("life"), Linux.O_RDWR | Linux.O_CREAT)) {
      Map<Integer, Fd> slots = new HashMap<>(Map.of(Slot.RUN_DIRECTORY, run, Slot.LIFE, life));
      if (launch.unified().isPresent()) {
        slots.put(Slot.CGROUP, open(Path.of(launch.unified().get()), Linux.O_PATH));
      }
      Launcher.Request request =
          new Launcher.Request("test", launch.plan(), new Stdio.Streams(false), slots);
      Launcher.Launched launched =
          Launcher.launch(request, (point, initPid) -> {}, new ArrayList<>());
      try (Fd monitor = launched.monitor();
          MonitorClient client = launched.client()) {
        int code = client.relay(output(out, err), status -> {}).orElseThrow().code();
        Linux.waitPidfd(monitor.number(), true, new int[2]);
        return new Result(
            code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
      }
    }
  }

  private static Output output(ByteArrayOutputStream out, ByteArrayOutputStream err) {
    return new Output() {
      @Override
      public void stdout(byte[] bytes, int offset, int length) {
        out.write(bytes, offset, length);
      }

      @Override
      public void stderr(byte[] bytes, int offset, int length) {
        err.write(bytes, offset, length);
      }
    };
  }

  private static Fd open(Path path, int flags) throws IOException {
    byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
    int mode = (flags & Linux.O_CREAT) == 0 ? 0 : 0600;
    return Fd.of(Linux.openat2(Linux.AT_FDCWD, bytes, flags, mode, 0), "openat2", path.toString());
  }

  private static void deleteTree(Path path) throws IOException {
    try (Stream<Path> tree = Files.walk(path)) {
      for (Path p : tree.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(p);
      }
    }
  }

  private void givesTheSame(Launches l) throws Exception {
    LaunchScript.Launch launch = l.launch();
    Result own = launch(launch);
    Result script = runScript(launch);
    assertThat(script.out()).isEqualTo(own.out());
    assertThat(script.err()).isEqualTo(own.err());
    assertThat(script.code()).isEqualTo(own.code()).isEqualTo(7);
    assertThat(own.out()).contains("pid 1\n");
  }

  @Test
  void theScriptGivesTheContainerThatMydockerGives() throws Exception {
    Launches l = usual();
    l.hostname = "my_box.example";
    l.cwd = "/made/for it";
    givesTheSame(l);
  }

  @Test
  void aUserGetsTheSameIdsGroupsAndCapabilities() throws Exception {
    Launches l = usual();
    l.user = new Spec.User(1000, 100, List.of(7L, 20L), OptionalInt.of(027));
    l.noNewPrivileges = true;
    l.readOnly = true;
    l.capabilities = List.of("CAP_KILL");
    l.rlimits =
        List.of(
            new Spec.RlimitEntry("RLIMIT_NOFILE", 100, 200),
            new Spec.RlimitEntry("RLIMIT_CORE", 0, 0));
    givesTheSame(l);
  }

  @Test
  void hostileWordsStayWords() throws Exception {
    Launches l = usual();
    String hostile = "a'b\"c $(touch /tmp/mydocker-owned) `id`;\n\tEND\n\\ -n é";
    l.args =
        List.of(
            "sh",
            "-c",
            "printf '%s|' \"$@\" \"$V\"; pwd; touch m%s/x; exit 7",
            "--",
            hostile,
            "-e");
    l.env = List.of("PATH=/bin", "V=" + hostile, "x.y=" + hostile);
    l.cwd = "/" + hostile;
    l.causes = Map.of("cwd", "x\ntouch /tmp/mydocker-owned\n");
    String data = directory.resolve("data").toString();
    l.mounts.add(mount("/" + hostile + "/m%s", "bind", data, "rbind", "ro", "rprivate"));
    LaunchScript.Launch launch = l.launch();
    Result script = runScript(launch);
    assertThat(script.err()).isEqualTo("touch: m%s/x: Read-only file system\n");
    assertThat(script.out()).isEqualTo(hostile + "|-e|" + hostile + "|/" + hostile + "\n");
    assertThat(script.code()).isEqualTo(7);
    assertThat(Path.of("/tmp/mydocker-owned")).doesNotExist();
  }

  @Test
  void aLinkOfTheImageDoesNotLeadToTheHost() throws Exception {
    Path host = Files.createDirectories(directory.resolve("host"));
    Path bb = directory.resolve("layers/bb");
    Files.createSymbolicLink(bb.resolve("up"), Path.of("../../../../../../.." + host));
    Files.createSymbolicLink(bb.resolve("absolute"), host);
    Launches l = usual();
    l.mounts.add(mount("/absolute/a", "tmpfs", "tmpfs", "size=4k"));
    l.mounts.add(mount("/up/b", "tmpfs", "tmpfs", "size=4k"));
    l.args = List.of("sh", "-c", "grep -c ' " + host + "/[ab] ' /proc/mounts; exit 7");
    Result script = runScript(l.launch());
    assertThat(script.err()).isEmpty();
    assertThat(script.out()).isEqualTo("2\n");
    assertThat(host).isEmptyDirectory();
  }

  @Test
  void noProgramWithPrivilegesLoadsALibraryOfTheImage() throws Exception {
    Files.writeString(directory.resolve("layers/bb/etc/ld.so.preload"), "/hostile.so\n");
    Launches l = usual();
    l.user = new Spec.User(1000, 1000, List.of(), OptionalInt.empty());
    l.args = List.of("sh", "-c", "exit 7");
    Result script = runScript(l.launch());
    assertThat(script.code()).isEqualTo(7);
    // env alone, which is the container's user by then, looks at it.
    assertThat(script.err()).containsOnlyOnce("/hostile.so");
  }

  @Test
  void aLinkInThePlaceOfProcIsRefused() throws Exception {
    Files.createDirectories(directory.resolve("layers/bb/elsewhere"));
    Files.createSymbolicLink(directory.resolve("layers/bb/proc"), Path.of("elsewhere"));
    Result script = runScript(usual().launch());
    assertThat(script.code()).isEqualTo(125);
    assertThat(script.err()).isEqualTo("/proc leads through a symbolic link\n");
  }

  @Test
  void exitCodesAreThoseOfTheCommandLine() throws Exception {
    Launches missing = usual();
    missing.args = List.of("no-such-command");
    assertThat(runScript(missing.launch()).code()).isEqualTo(127);
    Launches directoryAsCommand = usual();
    directoryAsCommand.args = List.of("/bin");
    assertThat(runScript(directoryAsCommand.launch()).code()).isEqualTo(126);
    Launches noPath = usual();
    noPath.env = List.of("A=b");
    noPath.args = List.of("sh", "-c", "exit 3");
    assertThat(runScript(noPath.launch()).code()).isEqualTo(3);
    Launches badMount = usual();
    badMount.mounts.add(mount("/x", "nosuchfs", "none"));
    assertThat(runScript(badMount.launch()).code()).isEqualTo(125);
  }

  @Test
  void aStoppedScriptLeavesNothing() throws Exception {
    Launches l = usual();
    l.args = List.of("sh", "-c", "echo up; sleep 1000 & sleep 1000");
    Started started = start(l.launch());
    while (Files.size(started.out()) == 0) {
      assertThat(started.process().isAlive()).isTrue();
      Thread.sleep(20);
    }
    started.process().destroy();
    assertThat(started.end().code()).isEqualTo(143);
  }

  @Test
  void aContainerWithTheHostsPidsLeavesNoProcess() throws Exception {
    Launches l = usual();
    l.namespaces.removeIf(n -> n.type().equals("pid"));
    l.args = List.of("sh", "-c", "sleep 1000 >/dev/null 2>&1 & exit 7");
    assertThat(runScript(l.launch()).code()).isEqualTo(7);
  }

  @Test
  void anotherProcessesNamespaceIsJoined() throws Exception {
    Process other =
        new ProcessBuilder("unshare", "--uts", "sh", "-c", "hostname joined; echo up; read x")
            .start();
    try {
      assertThat(other.getInputStream().read()).isEqualTo('u');
      Launches l = usual();
      l.namespaces.removeIf(n -> n.type().equals("uts"));
      String path = "/proc/" + other.pid() + "/ns/uts";
      l.namespaces.add(new Spec.Namespace("uts", Optional.of(path)));
      l.args = List.of("hostname");
      assertThat(runScript(l.launch()).out()).isEqualTo("joined\n");
    } finally {
      other.getOutputStream().close();
      other.waitFor();
    }
  }

  @Test
  void rootOfAUserNamespaceIsAnotherUserOfTheHost() throws Exception {
    // JUnit's directory is its owner's alone.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    Launches l = usual();
    l.namespaces.add(new Spec.Namespace("user", Optional.empty()));
    l.idMappings = List.of(new Spec.IdMapping(0, 100000, 65536));
    String layers = directory.resolve("layers").toString();
    assertThat(new ProcessBuilder("chown", "-R", "100000:100000", layers).start().waitFor())
        .isZero();
    // A user namespace may make no device nodes: the host's are bound.
    l.devices = List.of();
    l.mounts.add(mount("/dev/null", "bind", "/dev/null", "bind"));
    l.fileSources = Set.of("/dev/null", directory.resolve("c/hosts").toString());
    // Nor may it change the times' attribute of a mount of another one's, mount_setattr(2).
    l.mounts.removeIf(m -> m.destination().equals("/data"));
    l.args = List.of("sh", "-c", "id -u; cat /proc/self/uid_map; exit 7");
    Result script = runScript(l.launch());
    assertThat(script.err()).isEmpty();
    assertThat(script.out().replaceAll(" +", " ")).isEqualTo("0\n 0 100000 65536\n");
  }

  @Test
  void aTerminalContainerNeedsATerminal() throws Exception {
    Launches l = usual();
    l.terminal = true;
    Result script = runScript(l.launch());
    assertThat(script.code()).isEqualTo(125);
    assertThat(script.err()).contains("start this script from a terminal");
  }

  @Test
  void aTerminalContainerUsesTheTerminalOfItsCaller() throws Exception {
    Launches l = usual();
    l.terminal = true;
    l.args =
        List.of(
            "sh", "-c", "test -t 0 && test -t 1 && stat -c '%F %n' /dev/console; echo $$; exit 7");
    Path script = directory.resolve("script");
    Files.writeString(script, LaunchScript.of(l.launch()));
    ProcessBuilder builder = new ProcessBuilder("script", "-qec", "sh " + script, "/dev/null");
    Path out = directory.resolve("out");
    Process terminal = builder.redirectErrorStream(true).redirectOutput(out.toFile()).start();
    assertThat(terminal.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(out)).isEqualTo("character special file /dev/console\r\n1\r\n");
    assertThat(terminal.exitValue()).isEqualTo(7);
  }

  @Test
  void aWordWithANulIsRefused() {
    Launches l = usual();
    l.args = List.of("sh", "a\0b");
    assertThatThrownBy(() -> LaunchScript.of(l.launch()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
